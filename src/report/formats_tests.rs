//! What must hold in every format of a report, whatever the template.

use serde_json::Value;

use super::{
    Format, make,
    template::{self, Template},
    testing::{self, Sample},
};
use crate::model::{
    coverage::Source,
    import::Import,
    outcome::{Cell, Row, TieOut},
    verdict::Verdict,
};

/// Formats of which a template has a file of its own.
const OF_A_TEMPLATE: [Format; 7] =
    [Format::Pdf, Format::Html, Format::Json, Format::Md, Format::Xlsx, Format::Oscal, Format::Ocsf];

/// The pages of a PDF as text without blanks.
fn pages(bytes: &[u8]) -> Vec<String> {
    let pdf = lopdf::Document::load_mem(bytes).unwrap();
    let page = |n: u32| pdf.extract_text(&[n]).unwrap().split_whitespace().collect();
    pdf.get_pages().into_keys().map(page).collect()
}

/// A file as one text: of a spreadsheet its cells, of a PDF its pages without blanks.
fn text(bytes: &[u8], format: Format) -> String {
    match format {
        Format::Pdf => pages(bytes).concat(),
        Format::Xlsx => {
            let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
            let sheets = calamine::Reader::worksheets(&mut book);
            let cells = sheets.iter().flat_map(|(_, range)| range.cells());
            cells.map(|(_, _, cell)| cell.to_string()).collect::<Vec<_>>().join("\n")
        }
        _ => String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// The file of a template in a format.
fn made(sample: &Sample, template: &Template, format: Format) -> Vec<u8> {
    let made = make(&sample.input(), std::slice::from_ref(template), &[format]).unwrap();
    made.files.into_values().next().unwrap()
}

/// The JSON of a template.
fn json(sample: &Sample, name: &str) -> Value {
    serde_json::from_slice(&made(sample, &template::load(name, None).unwrap(), Format::Json)).unwrap()
}

#[test]
fn marks_stand_on_every_page_and_in_every_format() {
    let plain = Sample::new();
    let mut marked = Sample::new();
    marked.manifest.sample = true;
    marked.manifest.dated_by_hand = true;
    marked.manifest.hub_clock.first = Some(testing::at("2026-11-24T20:00:00Z"));
    let says = |text: &str| {
        let text: String = text.split_whitespace().collect::<String>().to_lowercase();
        let sample = text.contains("sampledata") || text.contains("\"sample\":true") || text.contains("\"sample\"");
        let dated = ["datedbyhand", "\"dated_by_hand\":true", "dated-by-hand"].iter().any(|word| text.contains(word));
        (sample, dated)
    };
    for template in template::names().into_iter().map(|name| template::load(name, None).unwrap()) {
        for format in OF_A_TEMPLATE {
            let bytes = made(&marked, &template, format);
            assert_eq!(says(&text(&bytes, format)), (true, true), "{} {format}", template.name());
            if format == Format::Pdf {
                for (at, page) in pages(&bytes).iter().enumerate() {
                    assert!(page.contains("·sampledata·datedbyhand·"), "{}: page {}", template.name(), at + 1);
                }
            }
        }
        let unmarked = text(&made(&plain, &template, Format::Pdf), Format::Pdf);
        assert_eq!(says(&unmarked), (false, false));
        let value = json(&plain, template.name());
        assert_eq!((&value["snapshot"]["sample"], &value["snapshot"]["dated_by_hand"]), (&false.into(), &false.into()));
        let clock = &json(&marked, template.name())["snapshot"]["hub_clock"]["first"];
        assert_eq!(*clock, "2026-11-24T20:00:00Z");
    }
    let cover = testing::dump(&super::build::build(&marked.input(), &template::load("seat-spend", None).unwrap()));
    assert!(cover.contains("the Hub's clock read 2026-11-24T20:00:00Z at the first answer"), "{cover}");
}

#[test]
fn a_file_holds_what_its_template_names_and_no_more() {
    const SECRET: &str = "secret-of-somebody";
    let mut sample = Sample::new();
    sample.exceptions[1].exception.approved_by = SECRET.to_owned();
    for outcome in sample.outcomes.iter_mut().filter(|o| o.meta.id != "seat-spend") {
        let cells = vec![Cell::Text(SECRET.to_owned()); outcome.meta.columns.len()];
        for row in &mut outcome.rows {
            row.subject = SECRET.to_owned();
            row.reason = SECRET.to_owned();
        }
        let kind = outcome.meta.subjects[0].to_owned();
        let first = sample_row(SECRET, kind, cells);
        outcome.rows.push(first);
        outcome.limits.push(SECRET.to_owned());
        outcome.totals.insert("who".to_owned(), SECRET.into());
    }
    let template = template::load("seat-spend", None).unwrap();
    for format in OF_A_TEMPLATE {
        assert!(!text(&made(&sample, &template, format), format).contains(SECRET), "{format}");
    }
    let value = json(&sample, "seat-spend");
    assert_eq!(value["analyzers"].as_object().unwrap().keys().collect::<Vec<_>>(), ["seat-spend"]);
    assert!(value["exceptions"].is_null() && value["totals"].as_object().unwrap().len() == 1);
    for item in value["coverage"].as_array().unwrap() {
        let needed = item["needed_by"].as_array().unwrap();
        assert!(needed.iter().all(|id| id == "seat-spend"), "{item}");
    }
    // The review names them all, and has them all.
    let all = json(&sample, "access-review");
    assert_eq!(all["analyzers"].as_object().unwrap().len(), sample.outcomes.len());
    assert_eq!(all["exceptions"].as_array().unwrap().len(), 2);
}

/// An open row of a subject.
fn sample_row(subject: &str, kind: String, cells: Vec<Cell>) -> Row {
    let mut row = testing::inactive_seats().rows.remove(0);
    row.subject = subject.to_owned();
    row.reason = subject.to_owned();
    Row { subject_kind: kind, cells, ..row }
}

#[test]
fn a_difference_has_one_sign_in_every_format() {
    let mut sample = Sample::new();
    sample.tie_outs = vec![TieOut {
        counted: Some(41),
        stated: Some(47),
        difference: Some(-6),
        explained: Some(-4),
        unexplained: Some(-2),
        ..sample.tie_outs[0].clone()
    }];
    let template = template::load("access-review", None).unwrap();
    let document = testing::dump(&super::build::build(&sample.input(), &template));
    assert!(document.contains("| 41 (members) | 47 (overview) | -6 | -4 | <review> -2 |"), "{document}");
    let tie = &json(&sample, "access-review")["tie_outs"][0];
    let keys = ["difference", "explained", "unexplained"].map(|key| tie[key].as_i64().unwrap());
    assert_eq!(keys, [-6, -4, -2]);
    let book = made(&sample, &template, Format::Xlsx);
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(book)).unwrap();
    let summary = calamine::Reader::worksheet_range(&mut book, "Summary").unwrap();
    let row = summary.rows().find(|row| row[2] == calamine::Data::Float(41.0)).unwrap();
    assert_eq!(row[3..7], [47.0, -6.0, -4.0, -2.0].map(calamine::Data::Float));
    let page = String::from_utf8(made(&sample, &template, Format::Html)).unwrap();
    assert!(page.contains(">-6</td>") && page.contains(">-4</td>"), "the page has the same");
}

#[test]
fn every_snapshot_that_was_read_is_named_with_its_digest() {
    let mut sample = Sample::new();
    sample.baseline_members = Some(4);
    sample.trend = ["2026-07-01T06:00:00Z", "2026-08-01T06:00:00Z", "2026-10-01T06:00:00Z"]
        .map(|day| testing::point(day, &[("members", 4)], None))
        .to_vec();
    let names = ["20261001T060000Z", "20260801T060000Z", "20260701T060000Z"];
    let sums: Vec<String> = sample.trend[..2].iter().rev().map(|point| point.manifest_sha256.clone()).collect();
    for template in template::names().into_iter().map(|name| template::load(name, None).unwrap()) {
        let value = json(&sample, template.name());
        let read = value["snapshots"].as_array().unwrap();
        assert_eq!(read.iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>(), names);
        let uses: Vec<String> = read.iter().map(|item| item["read_for"].to_string()).collect();
        assert_eq!(uses, [r#"["state","trend"]"#, r#"["trend"]"#, r#"["baseline","trend"]"#]);
        let (pdf, book) = (made(&sample, &template, Format::Pdf), made(&sample, &template, Format::Xlsx));
        let (pdf, book) = (text(&pdf, Format::Pdf), text(&book, Format::Xlsx));
        for name in names {
            assert!(pdf.contains(name) && book.contains(name), "{}: {name}", template.name());
        }
        let full = template.name() != "seat-spend";
        for sum in &sums {
            assert!(book.contains(sum) && (!full || pdf.contains(sum)), "{}: {sum}", template.name());
        }
    }
}

#[test]
fn every_section_with_open_rows_is_in_the_count_to_sign() {
    let mut sample = Sample::new();
    sample.open_a_gap(Source::Members);
    for outcome in &mut sample.outcomes {
        let cells = vec![Cell::Empty; outcome.meta.columns.len()];
        outcome.rows.push(sample_row("somebody", outcome.meta.subjects[0].to_owned(), cells));
    }
    for name in ["access-review", "soc2-evidence"] {
        let document = super::build::build(&sample.input(), &template::load(name, None).unwrap());
        let lines = testing::dump(&document);
        let section = lines.split("\n== ").find(|s| s.contains("[sign-off]")).unwrap();
        let rows: Vec<Vec<&str>> =
            section.lines().filter(|l| l.starts_with("  | ")).map(|l| l[4..].split(" | ").collect()).collect();
        let number = |cell: &str| cell.trim_matches('*').parse::<usize>().unwrap();
        let rows_of = |verdict| sample.outcomes.iter().map(|o| o.count(verdict)).sum::<usize>();
        for outcome in &sample.outcomes {
            let row = rows.iter().find(|row| row[0].ends_with(&format!("({})", outcome.meta.id))).unwrap();
            assert_eq!(number(row[1]), outcome.count(Verdict::Fail), "{name}: {row:?}");
            let missing = outcome.rows.iter().filter(|r| r.subject_kind == "source").count();
            assert_eq!(number(row[3]) + number(row[4]), outcome.count(Verdict::Unknown), "{name}: {row:?}");
            assert_eq!(number(row[4]), missing, "{name}: rows of missing evidence are told apart: {row:?}");
        }
        let all = rows.last().unwrap();
        assert_eq!(number(all[1]), rows_of(Verdict::Fail));
        assert_eq!(number(all[2]), rows_of(Verdict::Review) + 1, "and an exception that no longer holds");
        assert_eq!(number(all[7]), rows_of(Verdict::Listed));
    }
}

#[test]
fn a_point_leads_to_its_findings_and_what_is_listed_is_none() {
    let value = json(&Sample::new(), "access-review");
    let controls = value["controls"].as_array().unwrap();
    let of = |id: &str| controls.iter().find(|c| c["id"] == id).unwrap();
    assert_eq!((&of("5.1")["result"], &of("5.1")["counts"]["listed"]), (&"nothing-judged".into(), &2.into()));
    for control in controls {
        let findings = control["findings"].as_array().unwrap();
        let counts = |verdict: &str| control["counts"][verdict].as_u64().unwrap();
        let open = counts("fail") + counts("review") + counts("unknown") + counts("accepted");
        assert_eq!(findings.len() as u64, open, "{control}");
        for finding in findings {
            let rows = value["analyzers"][finding["analyzer"].as_str().unwrap()]["rows"].as_array().unwrap();
            let same = |row: &&Value| ["subject_kind", "subject", "rule"].iter().all(|key| row[key] == finding[key]);
            assert!(rows.iter().any(|row| same(&row)), "{finding}");
        }
    }
    assert_eq!(of("CC4.1")["missing"], serde_json::json!(["baseline"]));
}

#[test]
fn what_matters_most_is_taken_from_every_section() {
    let mut sample = Sample::new();
    for outcome in sample.outcomes.iter_mut().filter(|o| o.meta.id != "offboarding") {
        outcome.rows.retain(|row| matches!(row.verdict, Verdict::Listed | Verdict::Pass));
    }
    sample.exceptions.clear();
    let summary = |sample: &Sample| {
        let document = super::build::build(&sample.input(), &template::load("access-review", None).unwrap());
        let text = testing::dump(&document);
        text.split("\n== ").find(|s| s.contains("[summary]")).unwrap().to_owned()
    };
    sample.give(Source::Roster);
    sample.baseline_members = Some(4);
    assert!(summary(&sample).contains("No row of this report needs a decision."), "{}", summary(&sample));
    let leavers = &mut sample.outcomes[4];
    let cells = vec![Cell::Empty; leavers.meta.columns.len()];
    let row = Row { rule: "residual-access".to_owned(), ..sample_row("gone", "person".to_owned(), cells) };
    leavers.rows.push(row);
    let text = summary(&sample);
    assert!(text.contains("`residual-access`") && !text.contains("needs a decision"), "{text}");
}

#[test]
fn an_empty_section_says_what_could_not_be_looked_at() {
    let mut sample = Sample::new();
    sample.outcomes[5].limits.push("There is no baseline to compare with.".to_owned());
    let text = testing::dump(&super::build::build(&sample.input(), &template::load("access-review", None).unwrap()));
    let section = text.split("\n== ").find(|s| s.contains("[changes]")).unwrap();
    let (before, _) = section.split_once("## How it was judged").unwrap();
    assert!(before.contains("- There is no baseline to compare with."), "{section}");
    let population = text.split("\n== ").find(|s| s.contains("[access]")).unwrap();
    assert!(population.contains("2 rows are listed and judged by nobody."), "{population}");
    assert!(population.contains("Nothing is judged here: the rows are listed only."), "{population}");
}

#[test]
fn the_cover_says_that_an_old_roster_proves_little() {
    let mut sample = Sample::new();
    let cover = |sample: &Sample, name: &str| {
        let text = testing::dump(&super::build::build(&sample.input(), &template::load(name, None).unwrap()));
        text.split("\n== ").nth(1).unwrap().to_owned()
    };
    let of = |source, extracted: Option<&str>| Import {
        source,
        file: "people.csv".to_owned(),
        sha256: "ab".repeat(32),
        bytes: 1,
        rows: 1,
        extracted_on: extracted.map(testing::at),
        extracted_from: None,
        recognized_as: None,
        imported_at: None,
        max_age_days: (source == Source::Roster).then_some(30),
        mapped: false,
        raw: String::new(),
    };
    for name in ["access-review", "seat-spend"] {
        sample.manifest.imports = vec![of(Source::Roster, Some("2026-06-20T00:00:00Z"))];
        let text = cover(&sample, name);
        assert!(text.contains("(it was 103 days old, more than 30)"), "{text}");
        sample.manifest.imports = vec![of(Source::Roster, None)];
        assert!(cover(&sample, name).contains("of a roster, only what it says about people who left counts"));
        sample.manifest.imports =
            vec![of(Source::Roster, Some("2026-09-30T00:00:00Z")), of(Source::AuditLog, Some("2026-01-01T00:00:00Z"))];
        assert!(!cover(&sample, name).contains("people.csv"), "a young one, and a log, whose events have their dates");
    }
}
