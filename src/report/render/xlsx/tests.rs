//! Spreadsheets as a reader opens them.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        coverage::Source,
        outcome::{Cell, Outcome},
        time,
    },
    report::{
        render::csv,
        template,
        testing::{self, Sample},
    },
};

/// The template of the tests.
fn access_review() -> Template {
    template::load("access-review", None).unwrap()
}

/// The sample's spreadsheet.
fn bytes(sample: &Sample) -> Vec<u8> {
    render(&sample.input(), &access_review()).unwrap()
}

/// A spreadsheet, read by somebody else's code.
fn open(bytes: &[u8]) -> Xlsx<Cursor<Vec<u8>>> {
    calamine::open_workbook_from_rs(Cursor::new(bytes.to_vec())).unwrap()
}

/// Cells of a sheet, row by row.
fn sheet(bytes: &[u8], name: &str) -> Vec<Vec<Data>> {
    let range = open(bytes).worksheet_range(name).unwrap();
    range.rows().map(<[Data]>::to_vec).collect()
}

/// Every text of a sheet.
fn texts(bytes: &[u8], name: &str) -> String {
    let cells = sheet(bytes, name).into_iter().flatten();
    cells.map(|cell| if let Data::String(text) = cell { text + "\n" } else { String::new() }).collect()
}

/// The CSV's text for a cell of a spreadsheet.
fn as_csv(cell: &Data, kind: crate::model::outcome::CellKind) -> String {
    use crate::model::outcome::{CellKind, money};
    #[expect(clippy::cast_possible_truncation, reason = "small numbers of the sample")]
    let whole = |n: f64| n.round() as i64;
    match cell {
        Data::Empty => String::new(),
        Data::String(text) => csv::safe_text(text),
        Data::Bool(b) => b.to_string(),
        Data::Float(n) if kind == CellKind::Money => money(whole(n * 100.0)),
        Data::Float(n) => whole(*n).to_string(),
        Data::Int(n) => n.to_string(),
        Data::DateTime(t) => {
            let seconds = whole((t.as_f64() - 25_569.0) * 86_400.0);
            let instant = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
            if kind == CellKind::Date { time::format_date(instant.date_naive()) } else { time::format(instant) }
        }
        other => panic!("{other:?} is no cell of ours"),
    }
}

/// Compares the sheets of an outcome with its CSV, cell by cell.
fn same_as_csv(bytes: &[u8], outcome: &Outcome) {
    let kinds: Vec<_> = crate::model::outcome::COMMON.iter().chain(outcome.meta.columns).map(|c| c.kind).collect();
    let file = csv::render(outcome).unwrap();
    let records: Vec<Vec<String>> = ::csv::Reader::from_reader(file.as_slice())
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    let rows = sheet(bytes, outcome.meta.id);
    assert_eq!(rows.len(), records.len() + 1, "{}", outcome.meta.id);
    for (row, record) in rows.iter().skip(1).zip(records) {
        let got: Vec<String> = row.iter().zip(&kinds).map(|(cell, kind)| as_csv(cell, *kind)).collect();
        // A tab that is spelled out does not tell that CSV put a mark before it.
        let unmarked = |cells: &[String]| cells.iter().map(|cell| cell.replace('\'', "")).collect::<Vec<_>>();
        assert_eq!(unmarked(&got), unmarked(&record));
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let sample = Sample::new();
    assert_eq!(bytes(&sample), bytes(&sample));
}

#[test]
fn every_cell_is_the_csvs_and_has_a_type() {
    let sample = Sample::new();
    let file = bytes(&sample);
    for outcome in sample.outcomes.iter().filter(|o| !o.rows.is_empty()) {
        same_as_csv(&file, outcome);
    }
    let rows = sheet(&file, "inactive-seats");
    assert_eq!(rows[0][9], Data::String("last_active_at (UTC)".to_owned()));
    assert_eq!(rows[1][1], Data::String("=grace".to_owned()), "a text is not altered");
    assert_eq!(rows[1][8], Data::Bool(false));
    assert!(matches!(rows[1][9], Data::DateTime(_)));
    assert_eq!((&rows[1][10], &rows[1][11]), (&Data::Float(120.0), &Data::Float(20.0)));
    assert_eq!(rows[2][9], Data::Empty, "unknown is empty and never 0");
    let names = open(&file).sheet_names();
    let ids: Vec<&str> = sample.outcomes.iter().map(|o| o.meta.id).collect();
    assert_eq!(names.len(), 5 + ids.len());
    assert_eq!(names[..4], ["Cover", "Summary", "Coverage", "Controls"]);
    assert_eq!(names[4..names.len() - 1], ids);
}

#[test]
fn every_control_is_a_row_with_its_counts() {
    let rows = sheet(&bytes(&Sample::new()), "Controls");
    let controls: usize = access_review().frameworks.iter().map(|f| f.requirements.len()).sum();
    assert_eq!(rows.len(), controls + 1);
    let row = rows.iter().find(|row| row[1] == Data::String("7.2.5.1".to_owned())).unwrap();
    assert_eq!(row[3], Data::String("Open".to_owned()));
    assert_eq!(row[4..9], [0.0, 1.0, 0.0, 0.0, 0.0].map(Data::Float), "fail, review, unknown, accepted, pass");
}

#[test]
fn what_looks_like_a_formula_or_a_link_is_a_text() {
    let mut sample = Sample::new();
    let hostile = "=HYPERLINK(\"http://evil.example\",\"x\")";
    sample.outcomes[0].rows[0].reason = hostile.to_owned();
    sample.outcomes[0].rows[1].subject = "https://evil.example/".to_owned();
    let file = bytes(&sample);
    let text = texts(&file, "inactive-seats");
    assert!(text.contains(hostile) && text.contains("https://evil.example/"));
    let mut book = open(&file);
    for name in book.sheet_names() {
        assert!(book.worksheet_formula(&name).unwrap().is_empty(), "{name}");
    }
}

#[test]
fn a_gap_is_on_the_cover_in_the_coverage_and_on_every_sheet_that_rests_on_it() {
    let mut sample = Sample::new();
    sample.give(Source::Roster);
    sample.baseline_members = Some(4);
    sample.outcomes[0].rows.retain(|row| row.verdict != crate::model::verdict::Verdict::Unknown);
    assert!(texts(&bytes(&sample), "Cover").contains("Evidence complete"));
    sample.open_a_gap(Source::Tokens);
    let file = bytes(&sample);
    let cover = texts(&file, "Cover");
    assert!(cover.contains("1 gap in the evidence") && cover.contains("(tokens)"), "{cover}");
    assert!(cover.contains("403: the token lacks a permission") && !cover.contains("Evidence complete"), "{cover}");
    let coverage = sheet(&file, "Coverage");
    assert_eq!(coverage[1][1], Data::String("forbidden (refused (401 or 403))".to_owned()));
    assert_eq!((&coverage[1][2], &coverage[1][3]), (&Data::Bool(true), &Data::Empty), "gaps first, and not 0 rows");
    let rows = sheet(&file, "inactive-seats");
    assert_eq!(rows[1][..3], ["source", "tokens", "unknown"].map(|t| Data::String(t.to_owned())));
    assert!(texts(&file, "Summary").contains("Gap: tokens (forbidden)"));
    let complete = texts(&file, "Summary").matches("\nno gap\n").count();
    let unaffected = sample.outcomes.iter().filter(|o| !o.meta.needs.contains(&Source::Tokens)).count();
    assert_eq!(complete, unaffected);
}

#[test]
fn an_empty_sheet_says_why_it_is_empty() {
    let mut sample = Sample::new();
    let note = |sample: &Sample| sheet(&bytes(sample), "offboarding")[2][0].clone();
    assert!(note(&sample).to_string().starts_with("No rows: nothing of this kind was judged"));
    sample.open_a_gap(Source::Members);
    assert_eq!(sheet(&bytes(&sample), "offboarding").len(), 2, "the gap is a row");
    for outcome in &mut sample.outcomes {
        outcome.rows.clear();
    }
    sample.exceptions.clear();
    sample.tie_outs.clear();
    let file = bytes(&sample);
    assert!(texts(&file, "access").contains("No rows"));
    assert!(texts(&file, "Exceptions").contains("No exceptions are configured"));
}

#[test]
fn rows_that_a_sheet_cannot_hold_go_on_in_the_next_and_it_says_so() {
    let sample = Sample::new();
    let file = workbook(&sample.input(), &access_review(), 3).unwrap();
    let (first, second) = (sheet(&file, "inactive-seats"), sheet(&file, "inactive-seats 2"));
    assert_eq!((first.len(), second.len()), (4, 2));
    assert_eq!(first[0], second[0]);
    assert_eq!(second[1][1], Data::String("ada".to_owned()));
    let summary = texts(&file, "Summary");
    assert!(
        summary.contains("inactive-seats, inactive-seats 2") && summary.contains("goes on in the next"),
        "{summary}"
    );
    assert!(!texts(&bytes(&sample), "Summary").contains("goes on"));
}

#[test]
fn what_a_cell_cannot_hold_is_not_lost_silently() {
    let mut sample = Sample::new();
    let row = &mut sample.outcomes[0].rows[0];
    row.reason = "x".repeat(40_000);
    row.cells[2] = Cell::from(chrono::DateTime::from_timestamp(-62_135_596_800, 0));
    row.cells[3] = Cell::Integer(i64::MAX);
    row.cells[4] = Cell::Money(i64::MIN);
    let rows = sheet(&bytes(&sample), "inactive-seats");
    assert!(rows[1][6].to_string().ends_with("see the CSV"));
    assert_eq!(rows[1][9], Data::String("0001-01-01T00:00:00Z".to_owned()));
    assert_eq!(rows[1][10], Data::String(i64::MAX.to_string()));
    assert_eq!(rows[1][11], Data::String("-92233720368547758.08".to_owned()));
}

#[test]
fn marks_stand_at_the_foot_of_every_sheet() {
    let mut sample = Sample::new();
    sample.manifest.sample = true;
    sample.manifest.dated_by_hand = true;
    let (input, template) = (sample.input(), access_review());
    let (front, words) = (build::front(&input, &template), template.words());
    let book = Book { input: &input, template: &template, front, words, styles: style::Styles::new(), capacity: 9 };
    let foot = book.footer("Cover");
    assert!(foot.ends_with("sample data · dated by hand · Confidential"), "{foot}");
    assert!(foot.chars().count() <= 255, "a foot that a spreadsheet takes");
}

#[test]
fn a_redacted_book_says_so() {
    let sample = Sample::new();
    let cover = |redacted| {
        let input = Input { redacted, ..sample.input() };
        texts(&render(&input, &access_review()).unwrap(), "Cover")
    };
    assert!(cover(true).contains("redacted\nNames, addresses"));
    assert!(!cover(false).contains("redacted"));
}

/// A name that somebody chose in order to be noticed.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[=+@-]?[<>&\"'_x0-9A-F\r\n\t;\u{1}\u{202e}\u{fffe}😀é ]{0,24}", "_x[0-9A-F]{4}_{0,2}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn texts_come_back_as_they_stand_in_the_csv(
        subject in nasty(), reason in nasty(), items in prop::collection::vec(nasty(), 1..4), word in nasty(),
    ) {
        let mut sample = Sample::new();
        sample.outcomes[0].rows[0].subject = subject;
        sample.outcomes[0].rows[0].reason = reason;
        sample.outcomes[2].rows[1].cells[3] = Cell::List(items);
        sample.exceptions[0].note.clone_from(&word);
        sample.manifest.collector.login = word;
        let file = bytes(&sample);
        same_as_csv(&file, &sample.outcomes[0]);
        same_as_csv(&file, &sample.outcomes[2]);
    }
}

#[test]
fn names_of_the_world_stand_as_they_are() {
    let mut outcome = testing::inactive_seats();
    outcome.rows[0].cells[5] = "Zoë Nguyễn 李 明 שלום".into();
    let mut sample = Sample::new();
    sample.outcomes[0] = outcome;
    assert!(texts(&bytes(&sample), "inactive-seats").contains("Zoë Nguyễn 李 明 שלום"));
}
