//! Tests of the roster.

use proptest::prelude::*;

use super::*;

/// The mapping of the sample in the README.
fn mapping() -> Roster {
    let columns = [("email", "Work Email"), ("status", "Employment Status"), ("terminated_on", "Termination Date")];
    let list = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    Roster {
        file: "people.csv".to_owned(),
        columns: columns.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        status_values: [
            ("terminated".to_owned(), list(&["Terminated", "Left"])),
            ("leave".to_owned(), list(&["On Leave"])),
        ]
        .into(),
        ..Roster::default()
    }
}

/// Header of the test files.
const HEADER: &str = "Work Email,Employment Status,Termination Date,department";

/// Reads a text under [`mapping`].
fn read(text: &str) -> Result<Vec<Person>, Error> {
    parse(text.as_bytes(), "people.csv", &mapping())
}

/// The faults of a text that must be wrong.
fn faults(text: &str) -> Vec<String> {
    match read(text).unwrap_err() {
        Error::Lines { faults, .. } => faults.iter().map(ToString::to_string).collect(),
        other => vec![other.to_string()],
    }
}

#[test]
fn people_are_mapped_and_sorted_by_folded_address() {
    let people = read(&format!(
        "{HEADER}\nzoe@example.org,active,,R&D\nAda@example.org,LEFT,2026-09-30,\n bo@example.org , on leave ,,\n"
    ))
    .unwrap();
    let rows: Vec<_> = people.iter().map(|p| (p.email.as_str(), p.status.as_str())).collect();
    assert_eq!(rows, [("Ada@example.org", "terminated"), ("bo@example.org", "leave"), ("zoe@example.org", "active")]);
    assert_eq!(people[0].terminated_on, time::parse_date("2026-09-30"));
    assert_eq!(people[0].department, None);
    assert_eq!(people[2].department.as_deref(), Some("R&D"));
}

#[test]
fn mark_semicolons_and_header_case_are_tolerated() {
    let text = "\u{feff}WORK EMAIL ;employment status;Termination Date\r\na@example.org;Terminated;2026-01-02\r\n";
    let people = read(text).unwrap();
    assert_eq!((people.len(), people[0].status.as_str()), (1, "terminated"));
}

#[test]
fn commas_inside_a_semicolon_header_do_not_mislead() {
    let text = "Work Email;Employment Status;Termination Date;Name, first, last, all\na@example.org;active;;x\n";
    assert_eq!(read(text).unwrap().len(), 1);
}

#[test]
fn every_faulty_line_is_named_with_its_column() {
    let text = format!(
        "{HEADER}\na@example.org,active,,\n\n,active,,\r\nb@example.org,gone,,\r\n\"c@example.org\",active,30.09.2026,\"two\nlines\"\nA@EXAMPLE.ORG,active,,\nd@example.org,active\nnobody,active,,\n,,,\n"
    );
    assert_eq!(
        faults(&text),
        [
            "line 4, column \"Work Email\": no e-mail address; add it or remove the line",
            "line 5, column \"Employment Status\": \"gone\" is not a known status; map it to one of active, leave, contractor, terminated under `status_values` in [roster]",
            "line 6, column \"Termination Date\": \"30.09.2026\" is not a date; write it as 2026-09-30, or set `date_order` in [roster]",
            "line 8, column \"Work Email\": \"A@EXAMPLE.ORG\" is already on line 2; keep one line for each person",
            "line 9: 2 cells where the header has 4; quote cells that hold the separator",
            "line 10, column \"Work Email\": \"nobody\" is not an e-mail address",
        ]
    );
}

#[test]
fn a_roster_without_people_and_a_login_on_two_lines_are_errors() {
    let error = parse(b"email,status,username\n", "people.csv", &Roster::default()).unwrap_err().to_string();
    assert!(error.contains("nobody under the header"), "{error}");
    let text = "email,status,username\na@x.example,active,Ada\nb@x.example,active,bo\nc@x.example,terminated,ADA\n";
    let error = parse(text.as_bytes(), "people.csv", &Roster::default()).unwrap_err().to_string();
    assert!(error.contains("line 4") && error.contains("already on line 2"), "{error}");
}

#[test]
fn at_most_twenty_faults_are_listed_and_all_are_counted() {
    let text = format!("{HEADER}\n{}", "a@example.org,gone,,\n".repeat(25));
    let error = read(&text).unwrap_err();
    let Error::Lines { faults, total, .. } = &error else { panic!("{error}") };
    assert_eq!((faults.len(), *total), (20, 25));
    assert!(error.to_string().ends_with("; and 5 more"), "{error}");
}

#[test]
fn a_missing_column_says_which_there_are() {
    let error = read("Mail,Employment Status,Termination Date\n").unwrap_err().to_string();
    assert!(error.contains("line 1: there is no column \"Work Email\" for email"), "{error}");
    assert!(error.contains("Mail, Employment Status"), "{error}");
    let twice = read("Work Email,work email,Employment Status,Termination Date\n").unwrap_err().to_string();
    assert!(twice.contains("twice"), "{twice}");
    assert!(read("").unwrap_err().to_string().contains("is empty"));
}

#[test]
fn an_optional_column_may_be_missing_unless_the_mapping_names_it() {
    let mut plain = Roster { file: "p.csv".to_owned(), ..Roster::default() };
    let text = "email,status\na@example.org,contractor\n";
    assert_eq!(parse(text.as_bytes(), "p.csv", &plain).unwrap()[0].status, "contractor");
    plain.columns.insert("department".to_owned(), "Dept".to_owned());
    assert!(parse(text.as_bytes(), "p.csv", &plain).is_err());
}

#[test]
fn other_encodings_name_the_line() {
    let error = parse(b"email,status\na@example.org,active\nJos\xe9,x\n", "p.csv", &Roster::default()).unwrap_err();
    assert_eq!(error, Error::Encoding { file: "p.csv".to_owned(), line: 3 });
}

proptest! {
    #[test]
    fn whatever_is_written_by_the_rules_is_read_back(
        people in prop::collection::btree_map("[a-z]{1,8}@example\\.org", ("[ -~é中]{0,12}", 0_usize..4), 1..20),
        semicolon: bool, crlf: bool, mark: bool,
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(if semicolon { b';' } else { b',' })
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(if mark { "\u{feff}".as_bytes().to_vec() } else { Vec::new() });
        writer.write_record(["email", "name", "status"]).unwrap();
        for (email, (name, status)) in &people {
            writer.write_record([email, name, STATUSES[*status]]).unwrap();
        }
        let read = parse(&writer.into_inner().unwrap(), "p.csv", &Roster::default()).unwrap();
        prop_assert_eq!(read.len(), people.len());
        for (person, (email, (name, status))) in read.iter().zip(&people) {
            prop_assert_eq!(&person.email, email);
            prop_assert_eq!(person.name.as_deref().unwrap_or_default(), name.trim());
            prop_assert_eq!(person.status.as_str(), STATUSES[*status]);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, "p.csv", &Roster::default());
    }
}
