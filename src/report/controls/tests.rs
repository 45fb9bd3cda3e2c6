//! What a framework may say, and what a report finds about its points.

use proptest::prelude::*;

use super::*;
use crate::model::outcome::Row;
use crate::report::{
    template,
    testing::{self, Sample},
};

/// A framework with all that is obligatory.
const SMALL: &str = "version = 1\nframework = \"F\"\nedition = \"1\"\n[[requirements]]\nid = \"1.1\"\ntitle = \"T\"\nasks = \"A\"\nlooks_at = [\n  { analyzer = \"orphaned-access\", subjects = [\"token\"] },\n]\n";

/// Reads a framework.
fn read(text: &str) -> Result<Framework, Error> {
    parse("own", TomlFile::embedded("own.toml".to_owned(), text))
}

/// The error of a framework that is wrong, in itself or for the sample.
fn error(text: &str) -> String {
    let sample = Sample::new();
    let checked = read(text).and_then(|f| f.check_against(&sample.outcomes, &BTreeSet::new()));
    checked.unwrap_err().to_string()
}

/// What the sample's report finds about the only requirement.
fn found(sample: &Sample, text: &str) -> (State, Vec<usize>, Vec<String>) {
    let framework = [read(text).unwrap()];
    let input = sample.input();
    let assessed = assess(&input, &framework).remove(0);
    (assessed.state, assessed.counts.into_values().collect(), assessed.missing)
}

#[test]
fn every_embedded_framework_reads_and_the_auditors_report_has_its_sections() {
    let frameworks = all().unwrap();
    assert_eq!(frameworks.len(), 5);
    let template = template::load("soc2-evidence", None).unwrap();
    let anchors: BTreeSet<&str> = template.layout.sections.iter().map(crate::report::layout::Section::anchor).collect();
    for framework in &frameworks {
        let sections = framework.requirements.iter().flat_map(Requirement::anchors);
        let lost: Vec<&str> = sections.filter(|s| !anchors.contains(s)).collect();
        assert!(lost.is_empty(), "{}: no section of the auditor's report is called {lost:?}", framework.id);
    }
}

#[test]
fn the_worst_row_that_speaks_to_a_requirement_decides() {
    let mut sample = Sample::new();
    assert_eq!(found(&sample, SMALL), (State::Open, vec![0, 1, 0, 0, 0, 0], vec![]));
    let invites = SMALL.replace("token", "invite");
    assert_eq!(found(&sample, &invites).0, State::NothingJudged);
    let seats = SMALL.replace("orphaned-access", "inactive-seats").replace(", subjects = [\"token\"]", "");
    assert_eq!(found(&sample, &seats).1, [1, 0, 1, 1, 0, 1]);
    sample.outcomes[0].rows.retain(|r| !matches!(r.verdict, Verdict::Fail));
    assert_eq!(found(&sample, &seats).0, State::NotFullyAssessed);
    sample.outcomes[0].rows.retain(|r| r.verdict != Verdict::Unknown);
    assert_eq!(found(&sample, &seats).0, State::Accepted);
    sample.outcomes[0].rows.retain(|r| r.verdict == Verdict::Pass);
    assert_eq!(found(&sample, &seats).0, State::NoFinding);
}

#[test]
fn a_gap_is_never_no_finding() {
    let mut sample = Sample::new();
    let seats = SMALL.replace("orphaned-access", "inactive-seats").replace(", subjects = [\"token\"]", "");
    sample.outcomes[0].rows.retain(|r| r.verdict == Verdict::Pass);
    sample.open_a_gap(Source::Tokens);
    assert_eq!(found(&sample, &seats), (State::NotFullyAssessed, vec![0, 0, 0, 0, 0, 1], vec!["tokens".to_owned()]));
    // Evidence that nobody asked for is missing where a requirement rests on it.
    let sample = Sample::new();
    let roster = SMALL.replace("token", "invite").replace("title", "sources = [\"roster\"]\ntitle");
    assert_eq!(found(&sample, &roster), (State::NotFullyAssessed, vec![0; 6], vec!["roster".to_owned()]));
}

#[test]
fn what_nobody_judged_is_nothing_judged() {
    let mut sample = Sample::new();
    let listed = SMALL.replace("orphaned-access", "access").replace(", subjects = [\"token\"]", "");
    assert_eq!(found(&sample, &listed), (State::NothingJudged, vec![0, 0, 0, 0, 2, 0], vec![]));
    let both = listed
        .replace("  { analyzer = \"access\" },", "  { analyzer = \"access\" },\n  { analyzer = \"inactive-seats\" },");
    sample.outcomes[0].rows.retain(|r| r.verdict == Verdict::Pass);
    assert_eq!(found(&sample, &both), (State::NoFinding, vec![0, 0, 0, 0, 2, 1], vec![]));
}

#[test]
fn changes_without_a_baseline_are_never_no_finding() {
    let mut sample = Sample::new();
    sample.outcomes[0].rows.retain(|r| r.verdict == Verdict::Pass);
    let seats = SMALL.replace("orphaned-access", "inactive-seats").replace(", subjects = [\"token\"]", "");
    let seats = seats.replace("title", "sources = [\"baseline\"]\ntitle");
    assert_eq!(found(&sample, &seats), (State::NotFullyAssessed, vec![0, 0, 0, 0, 0, 1], vec!["baseline".to_owned()]));
    sample.baseline_members = Some(4);
    assert_eq!(found(&sample, &seats), (State::NoFinding, vec![0, 0, 0, 0, 0, 1], vec![]));
}

#[test]
fn days_that_no_evidence_covers_are_missing() {
    let mut sample = Sample::new();
    let seats = SMALL.replace("orphaned-access", "inactive-seats").replace(", subjects = [\"token\"]", "");
    sample.outcomes[0].rows.retain(|r| r.verdict == Verdict::Pass);
    sample.open_a_gap(Source::Tokens);
    let mut period = sample.outcomes[0].rows[0].clone();
    period.subject = "period".to_owned();
    sample.outcomes[0].rows.insert(0, period);
    assert_eq!(found(&sample, &seats).2, ["tokens", "period"]);
}

#[test]
fn a_point_on_leavers_rests_on_a_roster_and_one_on_changes_on_a_baseline() {
    for framework in all().unwrap() {
        for requirement in &framework.requirements {
            let says = |word: &str| requirement.evidence().any(|w| w == word);
            let looks = |analyzer: &str| requirement.analyzers().any(|id| id == analyzer);
            let id = format!("{} {}", framework.id, requirement.id.get_ref());
            assert_eq!(says(BASELINE), looks("changes"), "{id}");
            assert!(says("roster") || !looks("offboarding"), "{id}");
        }
    }
    // In the sample nobody asked for a roster: none of these is in order.
    let (mut sample, frameworks) = (Sample::new(), all().unwrap());
    for outcome in &mut sample.outcomes {
        outcome.rows.retain(|r| r.verdict == Verdict::Pass);
    }
    let input = sample.input();
    let all = assess(&input, &frameworks);
    for id in ["CC6.2", "A.5.18", "6.2"] {
        let point = all.iter().find(|a| a.requirement.id.get_ref() == id).unwrap();
        assert_eq!(point.state, State::NotFullyAssessed, "{id}");
        assert!(point.missing.contains(&"roster".to_owned()), "{id}: {:?}", point.missing);
    }
}

proptest! {
    #[test]
    fn a_requirement_looks_in_order_only_where_all_of_it_is(
        verdicts in proptest::collection::vec(0..6_usize, 0..6),
        gap in any::<bool>(),
    ) {
        let mut sample = Sample::new();
        let row = sample.outcomes[0].rows[3].clone();
        let verdicts: Vec<Verdict> = verdicts.into_iter().map(|at| Verdict::ALL[at]).collect();
        sample.outcomes[0].rows = verdicts.iter().map(|v| Row { verdict: *v, ..row.clone() }).collect();
        if gap {
            sample.open_a_gap(Source::Tokens);
        }
        let seats = SMALL.replace("orphaned-access", "inactive-seats").replace(", subjects = [\"token\"]", "");
        let (state, counts, missing) = found(&sample, &seats);
        let has = |v: Verdict| verdicts.contains(&v);
        prop_assert_eq!(counts.iter().sum::<usize>(), verdicts.len(), "a gap is no row of anybody");
        prop_assert_eq!(missing.is_empty(), !gap);
        prop_assert_eq!(state == State::Open, has(Verdict::Fail) || has(Verdict::Review));
        let whole = !gap && !has(Verdict::Unknown);
        prop_assert_eq!(state == State::NoFinding, whole && has(Verdict::Pass) && verdicts.iter().all(|v| matches!(v, Verdict::Listed | Verdict::Pass)));
        prop_assert_eq!(state == State::NothingJudged, whole && verdicts.iter().all(|v| *v == Verdict::Listed));
    }
}

#[test]
fn what_a_framework_gets_wrong_names_line_and_key() {
    assert_eq!(
        error(&SMALL.replace("\"token\"", "\"tokn\"")),
        "own.toml:9: key `subjects`: unknown kind of subject \"tokn\"; did you mean \"token\"?"
    );
    assert_eq!(
        error(&SMALL.replace("orphaned-access", "orphaned-acess")),
        "own.toml:9: key `analyzer`: unknown analyzer \"orphaned-acess\"; did you mean \"orphaned-access\"?"
    );
    assert_eq!(error(&SMALL.replace("asks", "ask")), "own.toml:7: unknown key \"ask\"; did you mean \"asks\"?");
    assert_eq!(
        error(&SMALL.replace("title", "sections = [\"scop\"]\ntitle")),
        "own.toml:6: key `sections`: unknown section \"scop\"; did you mean \"scope\"?"
    );
    assert_eq!(
        error(&SMALL.replace("title", "sources = [\"tokns\"]\ntitle")),
        "own.toml:6: key `sources`: unknown source \"tokns\"; did you mean \"tokens\"?"
    );
    let twice = format!("{SMALL}{}", SMALL.split_once("edition = \"1\"\n").unwrap().1);
    assert_eq!(error(&twice), "own.toml:12: key `id`: the requirement \"1.1\" is there twice");
    assert!(error(&SMALL.replace("version = 1", "version = 2")).contains("own.toml:1: key `version`: 2 is not"));
}

#[test]
fn a_requirement_that_nothing_shows_is_refused() {
    let (before, _) = SMALL.split_once("looks_at").unwrap();
    assert_eq!(error(before), "own.toml:5: the requirement \"1.1\" needs `looks_at` or `sections`");
    assert_eq!(testing::inactive_seats().meta.subjects, ["member"]);
}
