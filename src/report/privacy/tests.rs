//! What is replaced, what stays, and that nobody can tell one from the other without the key.

use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        coverage::Source,
        evidence::Request,
        import::Import,
        outcome::{CellKind, ColumnSpec},
    },
    report::{
        Format, template,
        testing::{self, Sample},
        write,
    },
};

/// Some people.
fn personal() -> Personal {
    let mut personal = Personal::new(&[7; 32], "0f");
    for value in
        ["Ada Lovelace", "Ada", "ada@corp.example", "Grant", "reason", "Subject", "o'neil@corp.example", "cleo"]
    {
        personal.hide(value);
    }
    for value in ["cleo", "ada-l", "acme/arm"] {
        personal.show(value);
    }
    personal
}

/// A text after the pass, without outcomes.
fn text(personal: &Personal, text: &str) -> String {
    let outcome = testing::inactive_seats();
    Pass::new(personal, std::slice::from_ref(&outcome)).text(text)
}

#[test]
fn known_values_are_replaced_as_whole_words_the_longest_first() {
    let personal = personal();
    let of = |value: &str| personal.pseudonym(value);
    let (name, first, address) = (of("Ada Lovelace"), of("Ada"), of("ada@corp.example"));
    for (from, to) in [
        ("asked Ada Lovelace.", format!("asked {name}.")),
        ("ADA LOVELACE asked", format!("{name} asked")),
        ("Ada asked (Ada)", format!("{first} asked ({first})")),
        ("ada-l and Adalbert, AdaL, xAda", "ada-l and Adalbert, AdaL, xAda".to_owned()),
        ("Ada/x, x.Ada, _Ada-", format!("{first}/x, x.{first}, _{first}-")),
        ("the grant of Grant", format!("the {} of {0}", of("Grant"))),
        ("the subject is Subject", format!("the subject is {}", of("Subject"))),
        ("Ada@Corp.Example; ada@corp.example", format!("{address}; {address}")),
        ("<o'neil@corp.example>", format!("<{}>", of("o'neil@corp.example"))),
        ("the reason is cleo", "the reason is cleo".to_owned()),
    ] {
        assert_eq!(text(&personal, from), to, "{from}");
    }
}

#[test]
fn what_reads_like_an_address_is_replaced_though_nobody_knows_it() {
    let personal = personal();
    for (from, address) in [
        ("by bo.b+x@mail.example.", "bo.b+x@mail.example"),
        ("*@corp.example", "*@corp.example"),
        ("mailto:x@y", "x@y"),
        ("jim.ada@corp.example", "jim.ada@corp.example"),
        ("ünal@exämple.example", "ünal@exämple.example"),
    ] {
        let expected = from.replace(address, &personal.pseudonym(address));
        assert_eq!(text(&personal, from), expected, "{from}");
    }
    for fine in ["@bob", "bob@", "a @ b", "@@", "acme/arm@", ""] {
        assert_eq!(text(&personal, fine), fine);
    }
}

#[test]
fn pseudonyms_depend_on_the_secret_and_the_snapshot_and_not_on_case() {
    let of = |secret: u8, sha: &str, value: &str| Personal::new(&[secret; 32], sha).pseudonym(value);
    let one = of(1, "aa", "ada@corp.example");
    assert!(one.len() == 19 && one.starts_with("redacted-"), "{one}");
    assert_eq!(of(1, "aa", " ADA@corp.example "), one);
    assert_ne!(of(2, "aa", "ada@corp.example"), one);
    assert_ne!(of(1, "ab", "ada@corp.example"), one);
    assert!(!format!("{:?}", personal()).contains("Ada"));
}

#[test]
fn logins_and_repositories_stay_whole_though_a_name_stands_in_them() {
    let mut personal = personal();
    personal.show("acme/Ada-model");
    personal.show("Ada Lovelace");
    let of = |value: &str| personal.pseudonym(value);
    for (from, to) in [
        ("ada-l reads acme/Ada-model.", "ada-l reads acme/Ada-model.".to_owned()),
        ("(group/ada-l)", "(group/ada-l)".to_owned()),
        ("acme/Ada-other", format!("acme/{}-other", of("Ada"))),
        ("Ada Lovelace", of("Ada Lovelace")),
    ] {
        assert_eq!(text(&personal, from), to, "{from}");
    }
}

#[test]
fn names_of_files_and_words_about_the_token_are_replaced() {
    let mut sample = Sample::new();
    let file = "leavers_of-ada_lovelace.csv";
    sample.manifest.imports = vec![Import {
        source: Source::Roster,
        file: file.to_owned(),
        sha256: "ab".repeat(32),
        bytes: 1,
        rows: 1,
        extracted_on: None,
        extracted_from: None,
        recognized_as: None,
        imported_at: None,
        max_age_days: None,
        mapped: false,
        raw: String::new(),
    }];
    sample.manifest.collector.security_restrictions = vec!["asked of Ada Lovelace".to_owned()];
    let personal = personal();
    let redacted = redact(&sample.input(), &personal);
    assert_eq!(redacted.manifest.imports[0].file, personal.pseudonym(file));
    assert!(!format!("{:?}", redacted.manifest).to_lowercase().contains("lovelace"));
}

#[test]
fn a_personal_column_is_replaced_whatever_it_holds() {
    static META: Meta = Meta {
        id: "some-check",
        question: "Is it so?",
        needs: &[],
        subjects: &["member"],
        charts: &[],
        columns: &[
            ColumnSpec { name: "fullname", kind: CellKind::Text, privacy: Privacy::Personal, doc: "A name." },
            ColumnSpec { name: "owners", kind: CellKind::List, privacy: Privacy::Public, doc: "Logins." },
            ColumnSpec { name: "places", kind: CellKind::List, privacy: Privacy::Personal, doc: "Places." },
        ],
        rules: &[],
    };
    let list = |items: &[&str]| Cell::List(items.iter().map(|item| (*item).to_owned()).collect());
    let mut outcome = testing::inactive_seats();
    outcome.meta = &META;
    outcome.rows.truncate(1);
    // A name that is a login, too, is public everywhere but in the column of names.
    outcome.rows[0].cells =
        vec![Cell::Text("cleo".to_owned()), list(&["cleo", "x@y.example"]), list(&["Lyon", "Rome"])];
    let personal = personal();
    let of = |value: &str| personal.pseudonym(value);
    let redacted = Pass::new(&personal, std::slice::from_ref(&outcome)).outcome(&outcome);
    let expected = vec![Cell::Text(of("cleo")), list(&["cleo", &of("x@y.example")]), list(&[&of("Lyon"), &of("Rome")])];
    assert_eq!(redacted.rows[0].cells, expected);
}

/// A sample in which an address stands wherever somebody could put one.
fn leaky() -> Sample {
    const ADDRESS: &str = "zed@leak.example";
    let mut sample = Sample::new();
    for outcome in &mut sample.outcomes {
        outcome.limits.push(ADDRESS.to_owned());
        outcome.totals.insert("who".to_owned(), serde_json::json!([{ ADDRESS: ADDRESS }]));
        for row in &mut outcome.rows {
            row.reason = format!("{}, says Zed Leak <{ADDRESS}>", row.reason);
            row.subject = if row.subject_kind == "invite" { ADDRESS.to_owned() } else { row.subject.clone() };
            for (cell, column) in row.cells.iter_mut().zip(outcome.meta.columns) {
                if column.privacy == Privacy::Personal {
                    *cell = Cell::Text("Zed".to_owned());
                }
            }
        }
        for bar in outcome.charts.iter_mut().flat_map(|chart| &mut chart.bars) {
            bar.label = format!("{} {ADDRESS}", bar.label);
        }
    }
    for exception in &mut sample.exceptions {
        exception.exception.approved_by = "Zed Leak".to_owned();
        exception.exception.reason = format!("asked {ADDRESS}");
        exception.exception.subject = ADDRESS.to_owned();
        exception.note = format!("by {ADDRESS}");
    }
    for tie in &mut sample.tie_outs {
        tie.explanation = ADDRESS.to_owned();
    }
    sample.manifest.collector.token_name = Some("Zed's token".to_owned());
    for record in sample.manifest.sources.values_mut() {
        record.why = Some(format!("refused to {ADDRESS}"));
        for request in &mut record.requests {
            request.url = format!("https://hub.example/?q={ADDRESS}");
            request.error = Some(ADDRESS.to_owned());
        }
    }
    sample
}

/// Every cell of a spreadsheet.
fn cells_of(bytes: &[u8]) -> String {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let sheets = calamine::Reader::worksheets(&mut book);
    let cells = sheets.iter().flat_map(|(_, range)| range.cells());
    cells.map(|(_, _, cell)| cell.to_string()).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_format_shows_a_personal_value_and_two_passes_give_the_same_bytes() {
    let sample = leaky();
    let mut personal = Personal::new(&[7; 32], "0f");
    personal.hide("Zed Leak");
    let out = tempfile::tempdir().unwrap();
    let templates = [template::load("access-review", None).unwrap()];
    let original = sample.input();
    let mut folders = Vec::new();
    for name in ["a", "b"] {
        let redacted = redact(&original, &personal);
        let input = redacted.input(&original);
        assert_eq!(input.outcomes.len(), original.outcomes.len());
        let written = write(&input, &templates, &Format::ALL, &out.path().join(name)).unwrap();
        folders.push(std::fs::read_to_string(written.dir.join("SHA256SUMS")).unwrap());
        for file in written.files {
            let bytes = std::fs::read(&file).unwrap();
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            if file.extension().is_some_and(|e| e == "pdf") {
                let pdf = lopdf::Document::load_mem(&bytes).unwrap();
                text = pdf.extract_text(&pdf.get_pages().keys().copied().collect::<Vec<_>>()).unwrap();
                text.retain(|c| !c.is_whitespace());
                assert!(text.contains("Redacted.Names"), "the reader must be told");
            }
            if file.extension().is_some_and(|e| e == "xlsx") {
                text = cells_of(&bytes);
                assert!(text.contains("Names, addresses and other personal values"), "the reader must be told");
            }
            let found = ["zed@", "Zed", "leak.example"].into_iter().find(|word| text.contains(word));
            assert_eq!(found, None, "{}", file.display());
        }
    }
    assert_eq!(folders[0], folders[1]);
}

/// A value in other spellings.
fn spellings(value: &str) -> Vec<String> {
    use unicode_normalization::UnicodeNormalization as _;
    let escaped = |keep: fn(u8) -> bool| {
        let of = |b: u8| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") };
        value.bytes().map(of).collect::<String>()
    };
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
        ' ' => '\u{3000}',
        c => c,
    };
    vec![
        value.to_owned(),
        value.to_uppercase(),
        value.to_lowercase(),
        value.replace('i', "ı").to_uppercase().replace('I', "İ"),
        value.nfd().collect(),
        value.nfc().collect(),
        value.to_uppercase().nfd().collect(),
        value.chars().map(wide).collect(),
        escaped(|b| b.is_ascii_alphanumeric()),
        escaped(|_| false),
        escaped(|b| b.is_ascii_alphanumeric()).replace('%', "%25"),
        value.replace('@', "%40").replace('a', "a\u{ad}"),
        value.replace(' ', "\u{a0}\n"),
    ]
}

/// Names of several scripts, and an address.
const NAMES: [&str; 9] = [
    "Émile Roux",
    "Émile",
    "Jürgen Weiß",
    "Weiß",
    "ılgaz Kılıç",
    "Nguyễn Thị Minh",
    "李明",
    "김철수",
    "zoë.o'neil+x@corp.example",
];

proptest! {
    #[test]
    fn no_spelling_of_a_personal_value_is_left_between_any_neighbours(
        at in 0..NAMES.len(), how in 0..13_usize,
        before in "\\PC{0,6}[^\\pL\\pN\\pM]|", after in "([^\\pL\\pN\\pM]\\PC{0,6})?",
    ) {
        let mut personal = Personal::new(&[7; 32], "0f");
        for name in NAMES {
            personal.hide(name);
        }
        let joins = |c: char| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
        // Some signs stand for a letter.
        prop_assume!(!Folded::of(&before).text.ends_with(joins) && !Folded::of(&after).text.starts_with(joins));
        let spelled = spellings(NAMES[at]).swap_remove(how);
        let shown = text(&personal, &format!("{before}{spelled}{after}"));
        let folded = |text: &str| Folded::of(text).text;
        prop_assert!(!folded(&shown).contains(&folded(NAMES[at])), "{:?}", shown);
        prop_assert!(shown.contains("redacted-"));
        prop_assert_eq!(text(&personal, &spelled), personal.pseudonym(NAMES[at]), "one value has one pseudonym");
    }

    #[test]
    fn no_text_panics_and_no_address_survives(
        before in "\\PC{0,12}", local in "[a-z.+]{0,6}[a-z]", domain in "[a-z]{1,6}\\.example", after in "\\PC{0,12}",
    ) {
        let address = format!("{local}@{domain}");
        let shown = text(&personal(), &format!("{before} {address} {after}"));
        prop_assert!(!shown.contains(&address), "{}", shown);
    }
}

#[test]
fn people_and_what_became_of_findings_name_nobody() {
    let mut sample = Sample::new();
    sample.people[1].person = "eve@home.example".to_owned();
    sample.follow_up = Some(testing::follow_up());
    let personal = personal();
    let redacted = redact(&sample.input(), &personal);
    let shown = format!("{:?}{:?}", redacted.people, redacted.follow_up);
    for value in ["Grace H.", "grace@acme.example", "eve@home.example", "Ada L.", "new@home.example"] {
        assert!(!shown.contains(value), "{value} in {shown}");
        assert!(shown.contains(&personal.pseudonym(value)), "{value}");
    }
    assert!(shown.contains("=grace"), "logins are public");
    let (before, after) = (sample.input(), redacted.input(&sample.input()));
    assert_eq!(before.people.len(), after.people.len());
    assert_eq!(before.follow_up.map(|f| f.findings.len()), after.follow_up.map(|f| f.findings.len()));
}

#[test]
fn an_address_in_a_request_is_replaced_however_it_is_spelled() {
    let mut sample = Sample::new();
    let personal = personal();
    let requests = &mut sample.manifest.sources.get_mut(&Source::Members).unwrap().requests;
    let urls = [
        "https://hub.example/api?limit=500&cursor=a%2Fb",
        "https://hub.example/api?email=ada@corp.example",
        "https://hub.example/api?email=ada%40corp.example&limit=5",
        "https://hub.example/api?name=Ada%20Lovelace",
        "https://hub.example/api?q=bo%40mail.example&x=1",
    ];
    *requests = urls.iter().map(|url| Request { url: (*url).to_owned(), ..requests[0].clone() }).collect();
    let redacted = redact(&sample.input(), &personal);
    let shown: Vec<&str> =
        redacted.manifest.sources[&Source::Members].requests.iter().map(|r| r.url.as_str()).collect();
    assert_eq!(shown[0], urls[0], "what holds nothing personal stays as it was sent");
    assert!(shown[1].ends_with(&personal.pseudonym("ada@corp.example")), "{}", shown[1]);
    assert!(shown[2].ends_with(&format!("{}&limit=5", personal.pseudonym("ada@corp.example"))), "{}", shown[2]);
    assert!(shown[4].contains(&format!("q={}&x", personal.pseudonym("bo@mail.example"))), "{}", shown[4]);
    assert!(shown[3].ends_with(&personal.pseudonym("Ada Lovelace")), "{}", shown[3]);
    assert!(!shown.concat().contains("corp.example"), "{shown:?}");
}
