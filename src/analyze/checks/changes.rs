//! `changes`: what is different since the baseline, and whether the log explains it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{
        Check, Summary,
        derived::view::View,
        judged::{Hit, Judged, found},
        scan::Event,
    },
    MISSING, change_rows, column, rule,
};
use crate::model::{
    coverage::Source,
    outcome::{Cell, CellKind, Meta},
    time,
    verdict::{Severity, Verdict},
};

/// The analyzer.
pub(super) const CHECK: Check = Check { meta: &META, judge, sum };

/// Declaration.
pub(super) static META: Meta = Meta {
    id: "changes",
    question: "What changed since the baseline, and does the log explain it?",
    needs: &[
        Source::Members,
        Source::ResourceGroups,
        Source::Repos,
        Source::GatedAccess,
        Source::Tokens,
        Source::ServiceAccounts,
        Source::AuditLog,
        Source::NetworkSecurity,
    ],
    subjects: &["member", "group-user", "repo", "gated-grant", "token", "service-account", "org"],
    charts: &[],
    columns: &[
        column("change", CellKind::Text, "What happened, e.g. joined, role-changed, visibility-changed."),
        column("before", CellKind::Text, "Value in the baseline; empty when there was none."),
        column("after", CellKind::Text, "Value now; empty when there is none."),
        column("explained_by", CellKind::Text, "Id of the newest event that explains it; empty without one."),
        column("actor", CellKind::Text, "Author of that event; empty without one."),
        column("changed_at", CellKind::Time, "Time of that event; empty without one."),
        column(
            "resource",
            CellKind::Text,
            "Group, repository or setting it is about; empty for the organization itself.",
        ),
    ],
    rules: &[
        rule(
            "unexplained-change",
            Verdict::Review,
            Severity::Medium,
            "The log has such events, is continuous between the snapshots, and has none for this.",
        ),
        rule("made-public", Verdict::Review, Severity::Medium, "A private repository is public now."),
        rule(
            "two-factor-lost",
            Verdict::Review,
            Severity::Medium,
            "A member who had two-factor authentication has it no longer.",
        ),
        rule(
            "privilege-increase",
            Verdict::Review,
            Severity::Low,
            "More access than before for somebody who was there.",
        ),
        MISSING,
        rule("explained", Verdict::Pass, Severity::Info, "An event explains it."),
        rule("not-logged", Verdict::Listed, Severity::Info, "The Hub logs no such change."),
    ],
};

/// One difference between two snapshots.
pub(super) struct Change<'v> {
    /// Kind and name of the subject.
    pub(super) subject: (&'static str, String),
    /// What happened.
    pub(super) what: &'static str,
    /// Value in the baseline.
    pub(super) before: Option<String>,
    /// Value now.
    pub(super) after: Option<String>,
    /// What it is about.
    pub(super) resource: Option<String>,
    /// The newest event that explains it.
    pub(super) event: Option<&'v Event>,
    /// Whether the Hub logs such changes at all.
    pub(super) logged: bool,
    /// The rule that asks for a decision whether an event explains it or not; `None` when there is none.
    pub(super) concern: Option<&'static Concern>,
}

/// A rule about what the change is, not about how it is explained.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Concern {
    /// Rule id.
    rule: &'static str,
    /// Its severity.
    severity: Severity,
    /// What there is to decide on.
    why: &'static str,
}

/// More access than before for somebody who was there.
pub(super) const INCREASE: Concern =
    Concern { rule: "privilege-increase", severity: Severity::Low, why: "more access than before" };
/// A private repository is public now.
pub(super) const MADE_PUBLIC: Concern =
    Concern { rule: "made-public", severity: Severity::Medium, why: "everybody can find it now" };
/// A second factor is gone.
pub(super) const FACTOR_LOST: Concern =
    Concern { rule: "two-factor-lost", severity: Severity::Medium, why: "two-factor authentication is off now" };

/// Which sources can be compared: those that were read whole both times.
pub(super) fn comparable(view: &View<'_>, source: Source) -> bool {
    let Some(baseline) = view.baseline else { return false };
    let whole = |manifest: &crate::model::manifest::Manifest| {
        manifest.sources.contains_key(&source) && !manifest.is_gap(source)
    };
    whole(baseline.manifest) && whole(view.manifest)
}

/// One row per difference.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let Some(baseline) = view.baseline else { return Vec::new() };
    let continuous = !view.is_gap(Source::AuditLog)
        && view.window.observed_since.is_some_and(|since| since <= baseline.manifest.as_of);
    // A gap of the snapshot has its row already. The log of the baseline is not compared: what counts is whether the log
    // of the snapshot reaches back to it.
    let compared = META.needs.iter().filter(|source| **source != Source::AuditLog);
    let gaps = compared.filter(|source| !view.is_gap(**source) && !comparable(view, **source));
    let gaps = gaps.map(|source| {
        let reason = format!(
            "{source} was {} in the baseline {}: what changed there cannot be told",
            baseline.manifest.coverage(*source),
            baseline.manifest.id
        );
        Judged::new(&META, ("source", source.name()), vec![Hit::unknown("source-missing", Severity::High, reason)], [])
    });
    let changes = change_rows::all(view, baseline);
    gaps.chain(changes.into_iter().map(|change| row(change, continuous))).collect()
}

/// The row of one difference.
fn row(change: Change<'_>, continuous: bool) -> Judged {
    let values = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!(": from {before} to {after}"),
        (None, Some(after)) => format!(": now {after}"),
        (Some(before), None) => format!(": was {before}"),
        (None, None) => String::new(),
    };
    let what = format!("{}{values}", change.what.replace('-', " "));
    let mut hits = Vec::new();
    match (change.event, change.logged) {
        (Some(event), _) => {
            let who = event.author.as_deref().unwrap_or("somebody");
            hits.push(Hit::pass("explained", format!("{what}; {} by {who} on {}", event.kind, time::format(event.at))));
        }
        (None, true) if continuous => {
            let reason = format!("{what}; the log is continuous and has no event for it");
            hits.push(Hit::review("unexplained-change", Severity::Medium, reason));
        }
        (None, true) => hits.push(Hit::missing(format!("{what}; the log does not reach over the whole time between"))),
        (None, false) => hits.push(Hit::listed("not-logged", format!("{what}; the Hub logs no such change"))),
    }
    if let Some(Concern { rule, severity, why }) = change.concern {
        hits.push(Hit::review(rule, *severity, format!("{what}; {why}")));
        hits.retain(|hit| hit.verdict.is_open());
    }
    let cells: [(&str, Cell); 7] = [
        ("change", change.what.into()),
        ("before", change.before.into()),
        ("after", change.after.into()),
        ("explained_by", change.event.map(|event| event.id.clone()).into()),
        ("actor", change.event.and_then(|event| event.author.clone()).into()),
        ("changed_at", change.event.map(|event| event.at).into()),
        ("resource", change.resource.into()),
    ];
    Judged::new(&META, (change.subject.0, &change.subject.1), hits, cells)
}

/// Changes, by kind.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let mut by_change: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.subject_kind != "source") {
        *by_change.entry(row.cell(&META, "change").to_text()).or_default() += 1;
    }
    let changes = if view.baseline.is_some() { found(rows, by_change.values().sum()) } else { Value::Null };
    let totals: BTreeMap<String, Value> =
        BTreeMap::from([("changes".to_owned(), changes), ("by_change".to_owned(), json!(by_change))]);
    let limits = match view.baseline {
        None => vec!["There is no baseline: what changed cannot be told.".to_owned()],
        Some(baseline) => vec![
            format!(
                "Compared with the snapshot {} as of {}.",
                baseline.manifest.id,
                time::format(baseline.manifest.as_of)
            ),
            "The Hub logs no renames, no decisions on access requests and no loss of a second factor.".to_owned(),
        ],
    };
    Summary { totals, limits, charts: Vec::new() }
}
