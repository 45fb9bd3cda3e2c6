//! `csv/<analyzer>.csv`: one file per analyzer, every column, every row, safe to open in a spreadsheet; and the files
//! that belong to no analyzer in the same way.
//!
//! RFC 4180 with LF, UTF-8 without a mark, a header. Every text is quoted; numbers, dates and truth values are plain, and
//! what is absent is nothing at all. Logins and display names are chosen by strangers, and not every spreadsheet splits
//! where we do, nor minds quotes when it does:
//!
//! - what hides stands as an escape (`\u{202e}`, `\t`, `\n`), so a file holds no tab and a record is one line;
//! - `;` and `|` are written `\;` and `\|`, those between the items of our own lists too;
//! - where a cell, or a part of it behind `;`, `|` or a tab, would run, that part and the cell get a leading `'`.
//!
//! JSON keeps the unaltered cells.

use crate::{
    model::{
        data_file::DataFile,
        outcome::{COMMON, Cell, Outcome, Row},
        text,
    },
    report::error::Error,
};

/// The CSV file of one analyzer.
///
/// # Errors
/// When a row does not have one cell per column.
pub fn render(outcome: &Outcome) -> Result<Vec<u8>, Error> {
    let header = COMMON.iter().chain(outcome.meta.columns).map(|c| c.name);
    write(header, outcome.rows.iter().map(record)).map_err(|source| Error::Csv { file: outcome.meta.id, source })
}

/// The CSV file of what belongs to no analyzer.
///
/// # Errors
/// When a row does not have one cell per column.
pub(crate) fn render_file(file: &DataFile) -> Result<Vec<u8>, Error> {
    let header = file.spec.columns.iter().map(|c| c.name);
    let rows = file.rows.iter().map(|row| row.iter().map(safe_cell).collect());
    write(header, rows).map_err(|source| Error::Csv { file: file.spec.id, source })
}

/// A header and rows, of cells as [`safe_cell`] gives them, as a file.
///
/// # Errors
/// When a row does not have one cell per column.
pub(crate) fn write<'h>(
    header: impl Iterator<Item = &'h str>,
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<Vec<u8>, csv::Error> {
    // Which cells are quoted hangs on their kind, which the writer cannot know.
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::Any(b'\n'))
        .quote_style(csv::QuoteStyle::Never)
        .from_writer(Vec::new());
    writer.write_record(header.map(quoted))?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

/// The cells of a row as they stand in the file.
fn record(row: &Row) -> Vec<String> {
    let common = [
        quoted(&row.subject_kind),
        quoted(&row.subject),
        quoted(row.verdict.word()),
        quoted(row.severity.word()),
        quoted(&row.rule),
        quoted(&row.also.join(";")),
        quoted(&row.reason),
    ];
    common.into_iter().chain(row.cells.iter().map(safe_cell)).collect()
}

/// A cell as it stands in the file. Numbers, dates and truth values stay plain, so that `-5` remains a number.
pub(crate) fn safe_cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(_) | Cell::List(_) => quoted(&cell.to_text()),
        Cell::Empty | Cell::Integer(_) | Cell::Boolean(_) | Cell::Time(_) | Cell::Date(_) | Cell::Money(_) => {
            cell.to_text()
        }
    }
}

/// A text as it stands in the file: safe, and in quotes; an empty one is nothing at all.
fn quoted(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("\"{}\"", safe_text(text).replace('"', "\"\""))
}

/// A text of which no spreadsheet runs a part, on one line, in which nothing hides.
pub(crate) fn safe_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut runs = false;
    for part in text.split_inclusive(SEPARATORS) {
        let body = part.strip_suffix(SEPARATORS).unwrap_or(part);
        if is_formula(part) {
            runs = true;
            // In front of the whole there will be one.
            safe.push_str(if safe.is_empty() { "" } else { "'" });
        }
        safe.push_str(&text::line(body));
        match &part[body.len()..] {
            separator @ (";" | "|") => safe.extend(["\\", separator]),
            tab => safe.push_str(&text::line(tab)),
        }
    }
    if runs { format!("'{safe}") } else { safe }
}

/// Where spreadsheets split a line beside the comma, some of them inside quotes.
const SEPARATORS: [char; 3] = [';', '\t', '|'];

/// Whether a spreadsheet would take the text for a formula or command. Spreadsheets skip blanks before the first
/// character, a quote that a wrong split leaves there ends before it begins, and some take the full-width signs for the
/// plain ones.
pub(super) fn is_formula(text: &str) -> bool {
    let skipped = |c: char| c == '"' || ((c.is_whitespace() || text::hides(c)) && c != '\t' && c != '\r');
    let first = text.chars().find(|c| !skipped(*c));
    first.is_some_and(|c| {
        matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠' | '﹢' | '﹣' | '﹦' | '﹫' | '−')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::testing;

    /// The records of a CSV file, header first.
    fn read(bytes: &[u8]) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn every_column_is_there_in_order_and_empty_cells_are_empty() {
        let outcome = testing::inactive_seats();
        testing::snapshot("report-csv", &String::from_utf8(render(&outcome).unwrap()).unwrap());
    }

    #[test]
    fn an_analyzer_without_rows_still_has_its_header() {
        let mut outcome = testing::inactive_seats();
        outcome.rows.clear();
        assert_eq!(read(&render(&outcome).unwrap()).len(), 1);
    }

    /// A cell as it stands in a file whose separator is something else, or whose quotes are not minded: the parts.
    fn split_anyhow(text: &str) -> Vec<String> {
        let line = quoted(text);
        let separators = [';', '\t', '|', '\n', '\r'];
        line.split(separators).map(|part| part.trim_matches(['"', ' ', '\u{a0}', '\u{3000}']).to_owned()).collect()
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\u{a0}=1", "＝1", "＋1", "－1", "＠x", "\"=1"] {
            assert_eq!(safe_text(bad), format!("'{bad}"));
        }
        for (bad, safe) in [
            ("\t=1", r"'\t'=1"),
            ("\r=1", r"'\r=1"),
            ("\n=1", r"'\n=1"),
            (" \t1", r"' \t1"),
            ("\u{feff}=1", r"'\u{feff}=1"),
            ("\u{200b}=1", r"'\u{200b}=1"),
        ] {
            assert_eq!(safe_text(bad), safe);
        }
        for good in ["ada", "'=1", "a=1", "", "  ada", "1-1"] {
            assert_eq!(safe_text(good), good);
        }
    }

    #[test]
    fn what_runs_where_another_separator_splits_is_text() {
        for (bad, safe) in [
            ("x;=1+1", r"'x\;'=1+1"),
            ("x\t=1+1", r"'x\t'=1+1"),
            ("x|=1+1", r"'x\|'=1+1"),
            ("x; @SUM(A1)", r"'x\;' @SUM(A1)"),
            ("x;\"=1+1", "'x\\;'\"=1+1"),
            ("=1;=2", r"'=1\;'=2"),
            ("a;b|c\td", r"a\;b\|c\td"),
            (";＝1", r"'\;'＝1"),
        ] {
            assert_eq!(safe_text(bad), safe);
        }
        let list = Cell::List(vec!["a".to_owned(), "=b;c".to_owned()]);
        assert_eq!(safe_cell(&list), r#""'a\;'=b%3Bc""#, "our own lists are written in the same way");
    }

    #[test]
    fn texts_are_quoted_and_numbers_and_dates_stay_plain() {
        assert_eq!(safe_cell(&Cell::Integer(-5)), "-5");
        assert_eq!(safe_cell(&Cell::Money(-550)), "-5.50");
        assert_eq!(safe_cell(&Cell::Boolean(true)), "true");
        assert_eq!(safe_cell(&Cell::Empty), "");
        assert_eq!(safe_cell(&Cell::Text("-5".to_owned())), "\"'-5\"");
        assert_eq!(safe_cell(&Cell::Text("a\"b".to_owned())), r#""a""b""#);
        assert_eq!(safe_cell(&Cell::Text(String::new())), "");
    }

    #[test]
    fn what_hides_is_spelled_out() {
        assert_eq!(safe_text("ada\u{202e}nimda\u{2066}"), r"ada\u{202e}nimda\u{2066}");
        assert_eq!(safe_text("a\0b\x1bc\x7fd\u{9b}e"), r"a\u{0}b\u{1b}c\u{7f}d\u{9b}e");
        assert_eq!(safe_text("a\u{3164}b\u{2800}c\u{fe0f}d\u{e0041}"), r"a\u{3164}b\u{2800}c\u{fe0f}d\u{e0041}");
    }

    proptest! {
        #[test]
        fn reading_back_gives_the_cells(
            subject in any::<String>(), reason in "\\PC*|[=+@\"\r\n,;\t '-]*", also in prop::collection::vec("[\"a,;\n]{0,4}", 0..3),
        ) {
            let mut outcome = testing::inactive_seats();
            outcome.rows[0].subject = subject;
            outcome.rows[0].reason = reason;
            outcome.rows[0].also = also;
            let records = read(&render(&outcome).unwrap());
            prop_assert_eq!(records.len(), outcome.rows.len() + 1);
            let row = &outcome.rows[0];
            let expected = [&*row.subject, &*row.also.join(";"), &*row.reason].map(safe_text);
            prop_assert_eq!([1, 5, 6].map(|at| records[1][at].clone()), expected);
        }

        #[test]
        fn no_text_starts_with_a_sign_that_runs(
            text in prop::collection::vec("[ \t\r\n\u{a0}\u{feff}\0\"\u{3000};|]{0,3}[=+@＝＋－＠-]?\\PC{0,4}", 0..5),
        ) {
            for part in split_anyhow(&text.concat()) {
                let first = part.chars().next();
                let runs = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
                prop_assert!(!first.is_some_and(|c| runs.contains(&c)), "{:?}", part);
            }
            prop_assert!(!safe_text(&text.concat()).contains(text::hides));
        }
    }
}
