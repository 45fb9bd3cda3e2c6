//! `changes`: what is different since the baseline, and whether the log explains it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{
        Check, Summary,
        derived::view::View,
        judged::{Hit, Judged},
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
    /// Whether somebody who was there has more access than before.
    pub(super) increase: bool,
}

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
    let gaps = META.needs.iter().filter(|source| baseline.manifest.is_gap(**source) && !view.is_gap(**source));
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
    let from = change.before.as_deref().unwrap_or("nothing");
    let to = change.after.as_deref().unwrap_or("nothing");
    let what = format!("{}: from {from} to {to}", change.what.replace('-', " "));
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
    if change.increase {
        let reason = format!("{what}; more access than before");
        hits.push(Hit::review("privilege-increase", Severity::Low, reason));
        hits.retain(|hit| !matches!(hit.verdict, Verdict::Listed | Verdict::Pass));
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
    let mut by_change: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.subject_kind != "source") {
        *by_change.entry(row.cell(&META, "change").to_text()).or_default() += 1;
    }
    let changes: u64 = by_change.values().sum();
    let known = |value: Value| if view.baseline.is_some() { value } else { Value::Null };
    let totals: BTreeMap<String, Value> =
        BTreeMap::from([("changes".to_owned(), known(changes.into())), ("by_change".to_owned(), json!(by_change))]);
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
