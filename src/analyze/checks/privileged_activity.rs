//! `privileged-activity`: what was done in the period that changes access or security.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::{
        Check, Summary,
        derived::view::{Principal, View},
        judged::{Hit, Judged, found},
        scan::{Event, is_privileged},
    },
    MISSING, column, personal, rule,
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
    id: "privileged-activity",
    question: "Who changed access or security in the period, and did anybody weaken a control?",
    needs: &[Source::Members, Source::AuditLog],
    subjects: &["event"],
    columns: &[
        column("created_at", CellKind::Time, "When."),
        column("type", CellKind::Text, "Event type, as the Hub names it."),
        column("actor", CellKind::Text, "Login of the author; empty when the event names none."),
        column("actor_kind", CellKind::Text, "member, external, former-member, outsider, service-account or system."),
        personal("target", CellKind::List, "Logins or addresses the event is about; empty when it does not say."),
        column("resource", CellKind::Text, "Repository the event is about; empty when it does not say."),
        column("via", CellKind::Text, "web, token or oauth."),
        personal("ip", CellKind::Text, "Network address as the Hub shows it; empty when not sent."),
        personal("country", CellKind::Text, "Country; empty when not sent."),
        personal("message", CellKind::Text, "The Hub's sentence; empty when not sent."),
    ],
    rules: &[
        rule("by-former-member", Verdict::Fail, Severity::Critical, "Its author had left the organization before."),
        rule("control-weakened", Verdict::Review, Severity::Medium, "A security setting was switched off."),
        MISSING,
        rule("recorded", Verdict::Listed, Severity::Info, "Recorded, for the reader to know."),
    ],
};

/// One row per privileged event of the period.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let (from, to) = view.period;
    let events = view.log.events.iter().filter(|event| is_privileged(&event.kind) && (from..=to).contains(&event.at));
    events.map(|event| row(view, event)).collect()
}

/// The row of one event.
fn row(view: &View<'_>, event: &Event) -> Judged {
    let is_system = event.author_type.as_deref() == Some("system");
    let author = view.principal(event.author_id.as_deref(), event.author.as_deref());
    let kind = if is_system { "system" } else { view.kind(author) };
    let who = event.author.as_deref().unwrap_or("somebody");
    let mut hits = Vec::new();
    if let Principal::Former(i) = author
        && !is_system
        && event.at > view.former[i].left.by()
    {
        let left = view.former[i].left.words();
        let reason = format!("{who} left {left} and authored {} on {}", event.kind, time::format(event.at));
        hits.push(Hit::fail("by-former-member", Severity::Critical, reason));
    }
    if event.kind.ends_with(".disable") || event.kind.ends_with(".disabled") {
        let reason = format!("{who} switched a control off: {}", event.kind);
        hits.push(Hit::review("control-weakened", Severity::Medium, reason));
    }
    if hits.is_empty() {
        hits.push(Hit::listed("recorded", format!("{} by {who}", event.kind)));
    }
    let targets: Vec<String> = event.targets.iter().map(|target| target.name.clone()).collect();
    let cells: [(&str, Cell); 10] = [
        ("created_at", event.at.into()),
        ("type", event.kind.as_str().into()),
        ("actor", event.author.clone().into()),
        ("actor_kind", kind.into()),
        ("target", targets.into()),
        ("resource", event.repo.clone().into()),
        ("via", event.via.into()),
        ("ip", event.ip.clone().into()),
        ("country", event.country.clone().into()),
        ("message", event.message.clone().into()),
    ];
    Judged::new(&META, ("event", &event.id), hits, cells)
}

/// Events, by type.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let mut by_type: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.subject_kind == "event") {
        *by_type.entry(row.cell(&META, "type").to_text()).or_default() += 1;
    }
    let events = found(rows, by_type.values().sum());
    let totals: BTreeMap<String, Value> =
        BTreeMap::from([("events".to_owned(), events), ("by_type".to_owned(), json!(by_type))]);
    let mut limits = vec![
        "The Hub logs no reads, no decisions on access requests, and no personal tokens that members create."
            .to_owned(),
    ];
    if view.window.observed_since.is_none_or(|since| since > view.period.0) {
        let since = view.window.observed_since.map_or_else(|| "nowhere".to_owned(), time::format);
        limits.push(format!("The log is continuous from {since} only: earlier events of the period may be missing."));
    }
    Summary { totals, limits, charts: Vec::new() }
}
