//! `csv/<analyzer>.csv`: one file per analyzer, every column, every row, safe to open in a spreadsheet; and the files
//! that belong to no analyzer in the same way.
//!
//! RFC 4180 with LF, UTF-8 without a mark, a header. Logins and display names are chosen by strangers: a text that a
//! spreadsheet would run gets a leading `'`, and control characters that no CSV reader agrees upon are made visible.
//! JSON keeps the unaltered cells.

use crate::{
    model::{
        data_file::DataFile,
        outcome::{COMMON, Cell, Outcome, Row},
        text::{self, reorders},
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

/// A header and rows as a file.
fn write<'h>(
    header: impl Iterator<Item = &'h str>,
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

/// The cells of a row as they stand in the file, before quoting.
fn record(row: &Row) -> Vec<String> {
    let common = [
        safe_text(&row.subject_kind),
        safe_text(&row.subject),
        row.verdict.word().to_owned(),
        row.severity.word().to_owned(),
        safe_text(&row.rule),
        safe_text(&row.also.join(";")),
        safe_text(&row.reason),
    ];
    common.into_iter().chain(row.cells.iter().map(safe_cell)).collect()
}

/// A cell as text. Numbers, dates and truth values stay plain, so that `-5` remains a number.
fn safe_cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(_) | Cell::List(_) => safe_text(&cell.to_text()),
        Cell::Empty | Cell::Integer(_) | Cell::Boolean(_) | Cell::Time(_) | Cell::Date(_) | Cell::Money(_) => {
            cell.to_text()
        }
    }
}

/// A text that no spreadsheet runs and no CSV reader chokes on, and that reads as it is.
pub(crate) fn safe_text(text: &str) -> String {
    let shown = shown(text);
    if is_formula(&shown) { format!("'{shown}") } else { shown }
}

/// A text in which nothing hides: what would turn its direction or end a file stands as something that can be seen.
pub(super) fn shown(text: &str) -> String {
    text::escape(text, turns).chars().map(visible).collect()
}

/// Whether a character makes a cell read other than it is: an override of the direction of text, or a line separator
/// that some programs end the row at. The two marks that spelling needs stay.
const fn turns(c: char) -> bool {
    (reorders(c) && !matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a spreadsheet would take the text for a formula or command. Spreadsheets skip blanks before the first
/// character, and in some languages take the full-width signs for the plain ones.
pub(super) fn is_formula(text: &str) -> bool {
    let skipped = |c: char| (c.is_whitespace() && c != '\t' && c != '\r') || matches!(c, '\u{200b}' | '\u{feff}');
    let first = text.chars().find(|c| !skipped(*c));
    first.is_some_and(|c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'))
}

/// Shows a control character that readers drop, refuse or end the file at: NUL stops some at the row. Tab and line
/// ends are well defined inside quotes and stay.
fn visible(c: char) -> char {
    match c {
        '\t' | '\n' | '\r' => c,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        '\u{80}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
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

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        for bad in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\u{a0}=1", "\n=1", " \t1", "\u{feff}=1", "＝1"]
        {
            assert_eq!(safe_text(bad), format!("'{bad}"));
        }
        for good in ["ada", "'=1", "a=1", "", "  ada", "1-1"] {
            assert_eq!(safe_text(good), good);
        }
    }

    #[test]
    fn numbers_and_dates_stay_plain() {
        assert_eq!(safe_cell(&Cell::Integer(-5)), "-5");
        assert_eq!(safe_cell(&Cell::Money(-550)), "-5.50");
        assert_eq!(safe_cell(&Cell::Text("-5".to_owned())), "'-5");
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(safe_text("ada\u{202e}nimda\u{2066}"), r"ada\u{202e}nimda\u{2066}");
        assert_eq!(safe_text("a\0b\x1bc\x7fd\u{9b}e"), "a␀b␛c␡d\u{fffd}e");
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
            prop_assert_eq!(&records[1], &record(&outcome.rows[0]));
        }

        #[test]
        fn no_text_starts_with_a_sign_that_runs(text in "[ \t\r\n\u{a0}\u{feff}\0]{0,3}[=+@-]?\\PC*") {
            let safe = safe_text(&text);
            let first = safe.trim_start_matches([' ', '\n', '\u{a0}', '\u{feff}']).chars().next();
            prop_assert!(!matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r')), "{:?}", safe);
            prop_assert!(!safe.contains('\0'));
        }
    }
}
