//! A small invented organization for the tests of this room: one outcome per analyzer, one gap on request.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Choice, Input, TrendPoint, document::Paper, template};
use crate::model::{
    coverage::{Coverage, Source},
    exception::{ExceptionOutcome, ExceptionState},
    follow_up::{Fate, FollowUp, Followed},
    ids::SnapshotId,
    manifest::Manifest,
    outcome::{Bar, Cell, Chart, KeyFigure, Meta, Outcome, Row, TieOut},
    params::Params,
    people::{FACTS, PERSON, PersonFinding, PersonRow, Phase, Step},
    time::{self, Timestamp},
    verdict::{Severity, Verdict},
};

mod dump;
mod evidence;
mod metas;

pub(super) use dump::{charts, dump, targets};
use evidence::{exception, manifest, request};
use metas::{ACCESS, CHANGES, INACTIVE, LEAVERS, ORPHANED, OWNERS, PRIVILEGED, SPEND};

/// Key figures of a snapshot.
pub(super) fn point(as_of: &str, known: &[(&str, i64)], seats: Option<BTreeMap<String, u64>>) -> TrendPoint {
    let as_of = at(as_of);
    let manifest_sha256 = format!("{:02x}", as_of.timestamp() / 86_400 % 256).repeat(32);
    TrendPoint { snapshot: SnapshotId::of(as_of), as_of, manifest_sha256, figures: figures(known), seats }
}

/// Key figures of the sample: one member could not be judged.
fn headline() -> BTreeMap<String, KeyFigure> {
    let whole = [
        ("members", 4),
        ("effective_owners", 1),
        ("orphaned_paths", 1),
        ("monthly_cost_usd", 8000),
        ("reclaimable", 1),
    ];
    let mut all = figures(&whole);
    all.insert("inactive_seats".to_owned(), KeyFigure { value: 1, at_least: true });
    all
}

/// Key figures that are known whole.
pub(super) fn figures(known: &[(&str, i64)]) -> BTreeMap<String, KeyFigure> {
    known.iter().map(|(id, value)| ((*id).to_owned(), KeyFigure { value: *value, at_least: false })).collect()
}

/// An instant.
pub(super) fn at(text: &str) -> Timestamp {
    time::parse(text).unwrap_or_default()
}

/// A row; its severity follows the verdict.
fn row((kind, subject): (&str, &str), verdict: Verdict, rule: &str, reason: &str, cells: Vec<Cell>) -> Row {
    let severity = match verdict {
        Verdict::Fail | Verdict::Unknown => Severity::High,
        Verdict::Review | Verdict::Accepted => Severity::Medium,
        Verdict::Listed | Verdict::Pass => Severity::Info,
    };
    Row {
        subject_kind: kind.to_owned(),
        subject: subject.to_owned(),
        verdict,
        severity,
        rule: rule.to_owned(),
        also: Vec::new(),
        reason: reason.to_owned(),
        cells,
    }
}

/// Totals.
fn totals(value: serde_json::Value) -> BTreeMap<String, serde_json::Value> {
    serde_json::from_value(value).unwrap_or_default()
}

/// The outcome of `inactive-seats`: one row of each interesting kind.
pub(super) fn inactive_seats() -> Outcome {
    let active = |t: &str| Cell::from(time::parse(t));
    let mut quiet = row(
        ("member", "=grace"),
        Verdict::Fail,
        "inactive",
        "Last active 120 days ago (2026-06-03), threshold 90; \"idle\", she said.",
        vec![
            "admin".into(),
            false.into(),
            active("2026-06-03T06:00:00Z"),
            120_i64.into(),
            Cell::Money(2000),
            "Grace H.".into(),
        ],
    );
    quiet.also = vec!["new-member".to_owned(), "other".to_owned()];
    let rows = vec![
        quiet,
        row(
            ("member", "dennis"),
            Verdict::Unknown,
            "activity-unknown",
            "The log reaches back 20 days only.",
            vec!["read".into(), true.into(), Cell::Empty, Cell::Empty, Cell::Money(2000), "Dennis R.".into()],
        ),
        row(
            ("member", "ci-release-bot"),
            Verdict::Accepted,
            "inactive",
            "Last active 200 days ago; accepted until 2027-03-31: break-glass account.",
            vec![
                "write".into(),
                false.into(),
                active("2026-03-15T06:00:00Z"),
                200_i64.into(),
                Cell::Money(2000),
                "CI".into(),
            ],
        ),
        row(
            ("member", "ada"),
            Verdict::Pass,
            "active",
            "Last active 3 days ago.",
            vec![
                "admin".into(),
                false.into(),
                active("2026-09-28T06:00:00Z"),
                3_i64.into(),
                Cell::Money(2000),
                "Ada L.".into(),
            ],
        ),
    ];
    let totals =
        json!({"members": 4, "active": 1, "inactive": 1, "never_active": 0, "new": 0, "unknown": 1, "unconfirmed": 0});
    let chart = Chart {
        id: "idle-days",
        title: "Members by idle days".to_owned(),
        alt: "One member is idle for more than 90 days.".to_owned(),
        unit: "members",
        legend: vec![("members".to_owned(), Verdict::Pass)],
        bars: vec![Bar { label: "0–29".to_owned(), parts: vec![1] }, Bar { label: "90+".to_owned(), parts: vec![2] }],
        threshold: Some((1, "90 days".to_owned())),
    };
    let limits = vec!["Commits were not collected.".to_owned()];
    Outcome { meta: &INACTIVE, rows, totals: self::totals(totals), limits, charts: vec![chart] }
}

/// The outcome of another analyzer.
fn outcome(meta: &'static Meta, rows: Vec<Row>, totals: serde_json::Value) -> Outcome {
    Outcome { meta, rows, totals: self::totals(totals), limits: Vec::new(), charts: Vec::new() }
}

/// All outcomes, in report order.
fn outcomes() -> Vec<Outcome> {
    let grant = vec!["eve".into(), "datasets/acme/voices".into(), "read".into(), Cell::Empty];
    let token =
        vec!["ada".into(), "acme".into(), "write".into(), vec!["acme/one".to_owned(), "acme/two".to_owned()].into()];
    vec![
        inactive_seats(),
        outcome(
            &OWNERS,
            vec![row(
                ("org", "acme"),
                Verdict::Fail,
                "single-owner",
                "1 owner on paper, 2 needed.",
                vec![1_i64.into(), 1_i64.into()],
            )],
            json!({"owners_on_paper": 1, "effective_owners": 1, "unverified_owners": 0, "groups": 0, "repos": 0}),
        ),
        outcome(
            &ORPHANED,
            vec![
                row(
                    ("gated-grant", "eve"),
                    Verdict::Fail,
                    "former-member-grant",
                    "Left on 2026-08-01; the grant of 2026-01-05 is still accepted.",
                    grant,
                ),
                row(
                    ("token", "66f0"),
                    Verdict::Review,
                    "broad-token",
                    "A write token reaches everything that ada reaches.",
                    token,
                ),
            ],
            json!({"paths_judged": 2, "paths_flagged": 2}),
        ),
        seat_spend(),
        outcome(&LEAVERS, Vec::new(), json!({"people": 0, "failing": 0})),
        outcome(&CHANGES, Vec::new(), json!({"changes": 0, "by_change": {}})),
        outcome(&PRIVILEGED, Vec::new(), json!({"events": 0, "by_type": {}})),
        population(),
    ]
}

/// The outcome of `seat-spend`.
pub(super) fn seat_spend() -> Outcome {
    let by_department = json!([{"department": "Research", "seats": 3, "monthly_cost_usd": "60.00", "removable_seats": 1}, {"department": null, "seats": 1, "monthly_cost_usd": "20.00", "removable_seats": 0}]);
    let by_manager =
        json!([{"manager_email": "mo@acme.example", "seats": 4, "monthly_cost_usd": "80.00", "removable_seats": 1}]);
    let line = |seats: i64| json!({"seats": seats, "monthly_usd": format!("{}.00", seats * 20), "annual_usd": format!("{}.00", seats * 240)});
    let unknown = json!({"seats": null, "monthly_usd": null, "annual_usd": null});
    let bridge = json!({
        "contracted": unknown, "invoiced": unknown, "counted": line(4), "in_use": line(3), "accepted": line(0),
        "removable": line(1), "possible": line(0), "after_removal": line(3), "saved_at_renewal": line(1),
        "saved_if_lowered": line(0),
    });
    let seat = |name: &str, verdict, rule: &str, from: Option<&str>| {
        let from = Cell::from(from.and_then(time::parse_date));
        row(
            ("member", name),
            verdict,
            rule,
            "The seat costs 20.00 USD a month.",
            vec![Cell::Money(2000), from, "Research".into()],
        )
    };
    let seats = Chart {
        id: "seats",
        title: "Billed seats by status".to_owned(),
        alt: "1 of 4 billed seats can be removed.".to_owned(),
        unit: "seats",
        legend: vec![("used".to_owned(), Verdict::Pass), ("removable".to_owned(), Verdict::Fail)],
        bars: vec![
            Bar { label: "used".to_owned(), parts: vec![3, 0] },
            Bar { label: "removable".to_owned(), parts: vec![0, 1] },
        ],
        threshold: None,
    };
    let mut spend = outcome(
        &SPEND,
        vec![seat("=grace", Verdict::Fail, "inactive", Some("2026-11-01")), seat("ada", Verdict::Pass, "used", None)],
        json!({"plan": "team", "price_usd": "20.00", "price_basis": "list price of the plan team", "seats_billed": 4,
                "seats_without_invites": 4, "purchased": null, "over_under": null, "monthly_cost_usd": "80.00",
                "annual_cost_usd": "960.00", "next_renewal": "2026-11-01", "reclaimable_seats": 1, "possible_seats": 0,
                "saved_at_renewal_monthly_usd": "20.00", "saved_if_lowered_monthly_usd": "0.00", "bridge": bridge,
                "by_department": by_department, "by_manager": by_manager}),
    );
    spend.charts.push(seats);
    spend
}

/// The outcome of `access`.
fn population() -> Outcome {
    let role = |name: &str, idle: i64| {
        let cells = vec![
            name.into(),
            "member".into(),
            "acme".into(),
            "write".into(),
            "org-role".into(),
            Cell::Empty,
            idle.into(),
            Cell::Empty,
        ];
        row(("member", name), Verdict::Listed, "listed", "Role write in the organization.", cells)
    };
    outcome(
        &ACCESS,
        vec![role("ada", 3), role("dennis", 7)],
        json!({"principals": 2, "entitlements": 2, "by_path": {"org-role": 2}}),
    )
}

/// A finding of somebody; the steps are in the order of this table.
fn finding(analyzer: &'static str, rule: &'static str, verdict: Verdict, order: usize) -> PersonFinding {
    let severity = if verdict == Verdict::Fail { Severity::High } else { Severity::Medium };
    PersonFinding { analyzer, rule, verdict, severity, rows: 1, step: Step { order, place: 0, phase: Phase::Both } }
}

/// Findings by person.
fn people() -> Vec<PersonRow> {
    let facts = |fullname: &str, email: &str, role: &str, cost: Cell| -> [Cell; FACTS] {
        let mut facts = [const { Cell::Empty }; FACTS];
        facts[0] = fullname.into();
        facts[1] = email.into();
        facts[6] = role.into();
        facts[7] = if role.is_empty() { Cell::Empty } else { vec![role.to_owned()].into() };
        facts[13] = cost;
        facts
    };
    let nobody = || facts("", "", "", Cell::Empty);
    let of = |kind, person: &str, facts, findings| PersonRow { kind, person: person.to_owned(), facts, findings };
    vec![
        of(
            PERSON,
            "=grace",
            facts("Grace H.", "grace@acme.example", "admin", Cell::Money(2000)),
            vec![
                finding("inactive-seats", "inactive", Verdict::Fail, 5),
                finding("seat-spend", "inactive", Verdict::Fail, 5),
            ],
        ),
        of(
            PERSON,
            "eve",
            facts("", "eve@home.example", "", Cell::Empty),
            vec![finding("orphaned-access", "former-member-grant", Verdict::Fail, 2)],
        ),
        of(
            PERSON,
            "ada",
            facts("Ada L.", "", "admin", Cell::Money(2000)),
            vec![finding("orphaned-access", "broad-token", Verdict::Review, 6)],
        ),
        of("org", "acme", nobody(), vec![finding("owner-coverage", "single-owner", Verdict::Fail, 1)]),
    ]
}

/// What became of the findings of a baseline: one of each fate.
pub(super) fn follow_up() -> FollowUp {
    let judged = |verdict| Some((verdict, Severity::High));
    let of =
        |fate, (analyzer, rule): (&'static str, &'static str), (kind, subject): (&'static str, &str), before, now| {
            let missing = if fate == Fate::CannotTell { vec!["tokens".to_owned()] } else { Vec::new() };
            let (subject, resource) = (subject.to_owned(), "acme".to_owned());
            Followed { fate, analyzer, rule, subject_kind: kind, subject, resource, before, now, missing }
        };
    let fail = || judged(Verdict::Fail);
    FollowUp {
        baseline: SnapshotId::of(at("2026-07-01T06:00:00Z")),
        as_of: at("2026-07-01T06:00:00Z"),
        findings: vec![
            of(Fate::CannotTell, ("orphaned-access", "unused-token"), ("token", "66f1"), fail(), None),
            of(Fate::StillOpen, ("inactive-seats", "inactive"), ("member", "=grace"), fail(), fail()),
            of(Fate::New, ("seat-spend", "inactive"), ("member", "=grace"), None, fail()),
            of(Fate::Closed, ("orphaned-access", "stale-invite"), ("invite", "new@home.example"), fail(), None),
        ],
    }
}

/// The same outcomes, in which every total that the embedded templates and words ask for is there; those that this file
/// gives no value are not known.
fn asked_for(mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let is_total = |name: &str| !name.contains('.') && Verdict::ALL.iter().all(|v| v.word() != name);
    let templates = template::names().into_iter().filter_map(|name| template::load(name, None).ok());
    for template in templates {
        let mut asked: Vec<(String, String)> = Vec::new();
        for (id, words) in &template.wording {
            asked.extend(words.figures().filter(|name| is_total(name)).map(|name| (id.clone(), name.to_owned())));
        }
        for section in &template.layout.sections {
            let Some(id) = section.analyzer.as_ref().or(section.analyzers.first()) else { continue };
            let totals = section.facts.iter().map(|f| &f.total).chain(section.breakdowns.iter().map(|b| &b.total));
            asked.extend(totals.map(|total| (id.get_ref().clone(), total.get_ref().clone())));
        }
        for (id, total) in asked {
            let outcome = outcomes.iter_mut().find(|outcome| outcome.meta.id == id);
            outcome.map(|outcome| outcome.totals.entry(total).or_default());
        }
    }
    outcomes
}

/// Everything that an [`Input`] borrows.
#[derive(Debug)]
pub(super) struct Sample {
    /// The manifest.
    pub(super) manifest: Manifest,
    /// Thresholds.
    pub(super) params: Params,
    /// Outcomes in report order.
    pub(super) outcomes: Vec<Outcome>,
    /// Exceptions.
    pub(super) exceptions: Vec<ExceptionOutcome>,
    /// Comparisons.
    pub(super) tie_outs: Vec<TieOut>,
    /// Findings by person.
    pub(super) people: Vec<PersonRow>,
    /// What became of the findings of the baseline.
    pub(super) follow_up: Option<FollowUp>,
    /// Key figures.
    pub(super) headline: BTreeMap<String, KeyFigure>,
    /// Members in the baseline; `None` without a baseline.
    pub(super) baseline_members: Option<i64>,
    /// Seats over time.
    pub(super) trend: Vec<TrendPoint>,
}

impl Sample {
    /// An organization whose evidence is complete.
    pub(super) fn new() -> Self {
        let tie = TieOut {
            name: "members".to_owned(),
            counted_from: "members".to_owned(),
            counted: Some(4),
            stated_by: "overview".to_owned(),
            stated: Some(5),
            difference: Some(-1),
            explained: Some(0),
            explanation: "Nothing explains the difference.".to_owned(),
            unexplained: Some(-1),
        };
        let nothing = TieOut { stated: None, difference: None, explained: None, unexplained: None, ..tie.clone() };
        let missing = TieOut { explanation: String::new(), ..nothing };
        Self {
            manifest: manifest(),
            params: Params::default(),
            outcomes: asked_for(outcomes()),
            exceptions: vec![
                exception("ci-release-bot", ExceptionState::InForce),
                exception("gone", ExceptionState::Unused),
            ],
            tie_outs: vec![tie, missing],
            people: people(),
            follow_up: None,
            headline: headline(),
            baseline_members: None,
            trend: Vec::new(),
        }
    }

    /// What a report is made of.
    pub(super) fn input(&self) -> Input<'_> {
        Input {
            manifest: &self.manifest,
            manifest_sha256: "0f".repeat(32),
            tool_version: "0.1.0".to_owned(),
            period: (at("2026-07-03T06:00:00Z"), self.manifest.as_of),
            choice: Choice::at(self.manifest.as_of),
            params: &self.params,
            outcomes: &self.outcomes,
            exceptions: &self.exceptions,
            tie_outs: &self.tie_outs,
            people: &self.people,
            follow_up: self.follow_up.as_ref(),
            headline: self.headline.clone(),
            baseline: self.baseline_members.map(|n| point("2026-07-01T06:00:00Z", &[("members", n)], None)),
            trend: self.trend.clone(),
            classification: "Confidential".to_owned(),
            paper: Paper::A4,
            redacted: false,
        }
    }

    /// Makes an opt-in source one that was read.
    pub(super) fn give(&mut self, source: Source) {
        if let Some(record) = self.manifest.sources.get_mut(&source) {
            record.coverage = Coverage::Imported;
        }
    }

    /// Makes a source a gap, as analyzers report it.
    pub(super) fn open_a_gap(&mut self, source: Source) {
        if let Some(record) = self.manifest.sources.get_mut(&source) {
            record.coverage = Coverage::Forbidden;
            record.why = Some("403: the token lacks a permission".to_owned());
            record.rows = 0;
            record.requests = vec![request(403)];
        }
        for outcome in &mut self.outcomes {
            if outcome.meta.needs.contains(&source) {
                let cells = vec![Cell::Empty; outcome.meta.columns.len()];
                let reason = "Nothing can be said about it.";
                let gap = row(("source", source.name()), Verdict::Unknown, "source-missing", reason, cells);
                outcome.rows.insert(0, gap);
                let id = match outcome.meta.id {
                    "inactive-seats" => "inactive_seats",
                    "orphaned-access" => "orphaned_paths",
                    "seat-spend" => "reclaimable",
                    _ => continue,
                };
                if let Some(figure) = self.headline.get_mut(id) {
                    figure.at_least = true;
                }
            }
        }
    }
}

/// Compares a text with the one kept under `tests/snapshots`.
pub(super) fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
