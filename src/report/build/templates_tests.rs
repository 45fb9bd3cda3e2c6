//! Tests of the other embedded templates, and of what a template can ask for.

use super::build;
use crate::{
    model::{coverage::Source, verdict::Verdict},
    report::{
        document::{Block, Document, SectionKind},
        error::Error,
        template,
        testing::{self, Sample},
    },
};

/// The document of a sample by an embedded template.
fn document(sample: &Sample, name: &str) -> Document {
    build(&sample.input(), &template::load(name, None).unwrap())
}

/// The document of a sample by a template of a user.
fn own(sample: &Sample, sections: &str) -> Document {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    let text = format!("version = 1\ntitle = \"T\"\naudience = \"A\"\nlanguage = \"en\"\n{sections}");
    std::fs::write(&path, text).unwrap();
    let template = template::load(path.to_str().unwrap(), None).unwrap();
    template.check_against(&sample.outcomes, &sample.params).unwrap();
    build(&sample.input(), &template)
}

/// Only some sections of a document, as text.
fn only(mut document: Document, ids: &[&str]) -> String {
    document.sections.retain(|s| ids.contains(&s.id.as_str()));
    assert_eq!(document.sections.len(), ids.len());
    testing::dump(&document)
}

#[test]
fn seat_spend_is_a_page_on_money_and_a_list() {
    let document = document(&Sample::new(), "seat-spend");
    let kinds: Vec<SectionKind> = document.sections.iter().map(|s| s.kind).collect();
    assert_eq!(kinds, [SectionKind::Masthead, SectionKind::Flow, SectionKind::Page]);
    testing::snapshot("report-seat-spend", &testing::dump(&document));
}

#[test]
fn the_auditor_gets_everything_that_is_kept() {
    let mut sample = Sample::new();
    sample.open_a_gap(Source::Tokens);
    let text = only(document(&sample, "soc2-evidence"), &["controls", "scope", "sign-off", "manifest"]);
    testing::snapshot("report-evidence", &text);
}

#[test]
fn a_page_that_was_never_read_shows() {
    let mut sample = Sample::new();
    let ends = |sample: &Sample| {
        let text = only(document(sample, "soc2-evidence"), &["scope"]);
        let row = text.lines().find(|l| l.contains("`members` | `/api/organizations/acme/members?limit=500`")).unwrap();
        row.rsplit(" | ").next().unwrap().to_owned()
    };
    assert_eq!(ends(&sample), "read");
    let record = sample.manifest.sources.get_mut(&Source::Members).unwrap();
    let mut further = record.requests[0].clone();
    record.requests[0].next = Some("/api/organizations/acme/members?limit=500&cursor=b".to_owned());
    assert_eq!(ends(&sample), "a further page was never read");
    further.url = "https://hub.example/api/organizations/acme/members?limit=500&cursor=b".to_owned();
    sample.manifest.sources.get_mut(&Source::Members).unwrap().requests.push(further);
    assert_eq!(ends(&sample), "read");
    // An export that is cut off names no further page.
    sample.manifest.sources.get_mut(&Source::Members).unwrap().coverage = crate::model::coverage::Coverage::Partial;
    assert_eq!(ends(&sample), "not known: the source is a gap");
}

#[test]
fn requests_beyond_the_stated_number_are_counted() {
    let mut sample = Sample::new();
    let record = sample.manifest.sources.get_mut(&Source::Members).unwrap();
    record.requests = vec![record.requests[0].clone(); 502];
    let text = only(document(&sample, "soc2-evidence"), &["manifest"]);
    assert_eq!(text.matches("| `https://hub.example/api/organizations/acme/members?limit=500` | 200").count(), 500);
    assert!(text.contains("~ 2 further requests; the manifest lists all."), "{text}");
    assert!(!only(document(&sample, "access-review"), &["manifest"]).contains("Every request"));
}

#[test]
fn passes_are_listed_where_the_template_asks_for_them() {
    let sample = Sample::new();
    let section = "[[sections]]\nkind = \"analyzer\"\nanalyzer = \"inactive-seats\"\ntitle = \"I\"\n";
    assert!(!testing::dump(&own(&sample, section)).contains("Last active 3 days ago."));
    let all = format!("{section}verdicts = [\"fail\", \"unknown\", \"accepted\", \"pass\"]\n");
    assert!(testing::dump(&own(&sample, &all)).contains("Last active 3 days ago."));
    let list = format!("{section}parts = [\"list\"]\nverdicts = [\"fail\", \"pass\"]\n");
    let text = testing::dump(&own(&sample, &list));
    assert!(text.contains("<pass> | *ada*") && text.contains("<fail> | *=grace*"), "{text}");
    assert!(!text.contains("dennis") && !text.contains("## "), "{text}");
    assert!(text.contains("leaves out rows with the verdict accepted, unknown: 2 rows"), "{text}");
}

#[test]
fn a_section_without_its_answer_still_says_what_is_missing() {
    let mut sample = Sample::new();
    sample.open_a_gap(Source::Tokens);
    let section = "[[sections]]\nkind = \"analyzer\"\nanalyzer = \"inactive-seats\"\nparts = [\"list\"]\n";
    let document = own(&sample, section);
    assert!(matches!(document.sections[0].blocks[0], Block::Badge(Verdict::Unknown, _)));
    sample.outcomes[0].rows.clear();
    let text = testing::dump(&own(&sample, section));
    assert!(text.contains("Nothing was judged"), "{text}");
}

#[test]
fn no_picture_is_drawn_from_the_few_members_that_were_read() {
    let mut sample = Sample::new();
    assert!(!testing::charts(&document(&sample, "access-review")).is_empty());
    sample.open_a_gap(Source::Members);
    let charts = testing::charts(&document(&sample, "access-review"));
    assert!(charts.is_empty(), "{charts:?}");
}

#[test]
fn a_picture_over_a_gap_says_that_something_may_be_missing() {
    let mut sample = Sample::new();
    let title = |sample: &Sample| testing::charts(&document(sample, "access-review"))[0].title.clone();
    assert_eq!(title(&sample), "Members by idle days");
    sample.open_a_gap(Source::Tokens);
    assert_eq!(title(&sample), "Members by idle days (incomplete)");
}

#[test]
fn whoever_collected_decides_on_nobody_of_that_name() {
    let mut sample = Sample::new();
    let text = only(document(&sample, "access-review"), &["sign-off"]);
    assert!(text.contains("<review> `broad-token` 66f0"), "a token of whoever collected: {text}");
    sample.manifest.collector.login = "DENNIS".to_owned();
    let text = only(document(&sample, "access-review"), &["sign-off"]);
    assert!(text.contains("<unknown> `activity-unknown` dennis") && !text.contains("broad-token"), "{text}");
}

#[test]
fn who_collected_may_be_unknown_and_that_is_said() {
    let mut sample = Sample::new();
    sample.manifest.collector.login = String::new();
    let text = only(document(&sample, "access-review"), &["sign-off"]);
    assert!(text.contains("~ Who collected the evidence is not known"), "{text}");
}

#[test]
fn answers_to_the_same_question_are_one_line() {
    let mut sample = Sample::new();
    let record = sample.manifest.sources.get_mut(&Source::Members).unwrap();
    let asked = |url: &str| crate::model::evidence::Request { url: url.to_owned(), ..record.requests[0].clone() };
    record.requests = [
        "https://hub.example/api/models/acme/one/user-access-request/pending?limit=1000",
        "https://hub.example/api/models/acme/two/user-access-request/pending?limit=1000&cursor=x",
        "https://hub.example/api/organizations/acme/service-accounts/65a0b1c2d3e4f5a6b7c8d9e0",
        "https://hub.example/api/organizations/acme/service-accounts/75a0b1c2d3e4f5a6b7c8d9e1",
        "no address at all",
    ]
    .map(asked)
    .to_vec();
    let text = only(document(&sample, "soc2-evidence"), &["scope"]);
    for row in [
        "| `/api/models/{repo}/user-access-request/pending?limit=1000` | 2 | 8 |",
        "| `/api/organizations/acme/service-accounts/{id}` | 2 | 8 |",
        "| `no address at all` | 1 | 4 |",
    ] {
        assert!(text.contains(row), "{row}: {text}");
    }
}

#[test]
fn another_language_has_its_words_and_the_same_figures() {
    let sample = Sample::new();
    let german = template::load("access-review", Some("de")).unwrap();
    let text = testing::dump(&build(&sample.input(), &german));
    for words in
        ["Zugriffsprüfung · acme", "== Inaktive Plätze [inactive-seats]", "Zurück zur Übersicht", "*Welche Mitglieder"]
    {
        assert!(text.contains(words), "{words}");
    }
    let digits = |text: &str| {
        text.lines()
            .filter(|l| l.starts_with("[] "))
            .map(|l| l.split(" = ").nth(1).unwrap()[..2].to_owned())
            .collect::<Vec<_>>()
    };
    let english = testing::dump(&document(&sample, "access-review"));
    assert_eq!(digits(&text)[0], digits(&english)[0]);
    assert_eq!(text.matches("\n== ").count(), english.matches("\n== ").count());
    let error = template::load("access-review", Some("xx")).unwrap_err();
    assert!(matches!(error, Error::Language { .. }));
    assert_eq!(error.to_string(), "there are no words in the language \"xx\" (known: de, en)");
}

#[test]
fn a_framework_beside_a_users_template_is_found_and_its_errors_name_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let template = folder.path().join("report.toml");
    let text = "version = 1\ntitle = \"T\"\naudience = \"A\"\nlanguage = \"en\"\ncontrols = [\"cis\", \"./ours.toml\"]\n\
        [[sections]]\nkind = \"controls\"\ntitle = \"C\"\n";
    std::fs::write(&template, text).unwrap();
    let ours = "version = 1\nframework = \"Ours\"\nedition = \"1\"\n[[requirements]]\nid = \"R1\"\ntitle = \"T\"\n\
        asks = \"A\"\nlooks_at = [{ analyzer = \"inactive-seats\" }]\n";
    let load = || template::load(template.to_str().unwrap(), None);
    assert!(matches!(load(), Err(Error::ReadTemplate { .. })), "there is no such file yet");
    std::fs::write(folder.path().join("ours.toml"), ours).unwrap();
    let sample = Sample::new();
    let text = testing::dump(&build(&sample.input(), &load().unwrap()));
    assert!(
        text.contains("| *R1* T | *Open*: 1\u{a0}<fail>, 1\u{a0}<unknown>, 1\u{a0}<accepted>, 1\u{a0}<pass>"),
        "{text}"
    );
    std::fs::write(folder.path().join("ours.toml"), ours.replace("inactive-seats", "inactive-seat")).unwrap();
    let error = load().unwrap().check_against(&sample.outcomes, &sample.params).unwrap_err().to_string();
    assert!(error.contains("ours.toml:8: key `analyzer`: unknown analyzer \"inactive-seat\""), "{error}");
    std::fs::write(folder.path().join("ours.toml"), ours.replace("asks", "aks")).unwrap();
    let error = load().unwrap_err().to_string();
    assert!(error.ends_with("ours.toml:7: unknown key \"aks\"; did you mean \"asks\"?"), "{error}");
    std::fs::write(&template, text_with(&text_of(&template), "\"cis\"", "\"ciss\"")).unwrap();
    let error = load().unwrap_err().to_string();
    assert!(
        error.ends_with("report.toml:5: key `controls`: unknown framework \"ciss\"; did you mean \"cis\"?"),
        "{error}"
    );
}

/// The text of a file.
fn text_of(path: &std::path::Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A text with a part replaced.
fn text_with(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old));
    text.replace(old, new)
}

#[test]
fn a_template_rests_on_what_it_shows_draws_or_answers() {
    let ids = ["seat-spend", "access", "orphaned-access", "changes", "offboarding"];
    let rests = |name: &str| {
        let template = template::load(name, None).unwrap();
        ids.into_iter().filter(|id| template.rests_on(id)).collect::<Vec<_>>()
    };
    assert_eq!(rests("seat-spend"), ids[..1]);
    assert_eq!(rests("soc2-evidence"), ids);
}
