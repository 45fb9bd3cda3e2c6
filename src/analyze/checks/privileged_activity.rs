//! `privileged-activity`: what was done in the period that changes access or security.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::{
    super::{
        Check, Summary,
        derived::{
            lifecycle::Left,
            view::{Principal, View},
        },
        judged::{Hit, Judged, found},
        scan::{Event, Target, is_privileged, is_unknown},
    },
    MISSING, column, personal, rule,
};
use crate::model::{
    coverage::Source,
    ids::fold,
    outcome::{Cell, CellKind, Meta},
    role, time,
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
    charts: &[],
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
        column(
            "restored_at",
            CellKind::Time,
            "When the setting was next switched on again; empty when it was not, or nothing was switched off.",
        ),
        column("restored_by", CellKind::Text, "Login of who did; empty when it was not, or the event names none."),
    ],
    rules: &[
        rule("by-former-member", Verdict::Fail, Severity::Critical, "Its author had left the organization before."),
        rule(
            "self-grant",
            Verdict::Review,
            Severity::High,
            "Its author is the one it is about, and it adds or raises access, or does not say that it lowers it.",
        ),
        rule("control-weakened", Verdict::Review, Severity::Medium, "A setting was switched off."),
        rule(
            "unknown-type",
            Verdict::Review,
            Severity::Low,
            "This version does not know the type, which by its name is about the organization or a resource group.",
        ),
        MISSING,
        rule("recorded", Verdict::Listed, Severity::Info, "Recorded, for the reader to know."),
    ],
};

/// One row per privileged event of the period.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let (from, to) = view.period;
    let restored = Restored::of(view);
    let events = view.log.events.iter().filter(|event| is_privileged(&event.kind) && (from..=to).contains(&event.at));
    events.map(|event| row(view, event, &restored)).collect()
}

/// The row of one event.
fn row(view: &View<'_>, event: &Event, restored: &Restored<'_>) -> Judged {
    let is_system = event.author_type.as_deref() == Some("system");
    let author = view.principal(event.author_id.as_deref(), event.author.as_deref());
    let kind = if is_system { "system" } else { view.kind(author) };
    let who = event.author.as_deref().unwrap_or("somebody");
    let mut hits = Vec::new();
    if let (Principal::Former(i), false) = (author, is_system) {
        hits.extend(after_leaving(event, who, view.former[i].left));
    }
    hits.extend(self_grant(view, event, author));
    if let Some(setting) = switched_off(&event.kind) {
        let reason = format!("{who} switched off {setting}");
        hits.push(Hit::review("control-weakened", Severity::Medium, reason));
    }
    if is_unknown(&event.kind) {
        let reason = format!("this version does not know what {} by {who} changes", event.kind);
        hits.push(Hit::review("unknown-type", Severity::Low, reason));
    }
    if hits.is_empty() {
        hits.push(Hit::listed("recorded", format!("{} by {who}", event.kind)));
    }
    let targets: Vec<String> = event.targets.iter().map(|target| target.name.clone()).collect();
    let restored = restored.after(event);
    let cells: [(&str, Cell); 12] = [
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
        ("restored_at", restored.map(|event| event.at).into()),
        ("restored_by", restored.and_then(|event| event.author.clone()).into()),
    ];
    Judged::new(&META, ("event", &event.id), hits, cells)
}

/// The rule of events by people who had left. Between the last sight of somebody and the first list without them nobody
/// knows whether they still were a member.
fn after_leaving(event: &Event, who: &str, left: Left) -> Option<Hit> {
    let did = format!("{who} left {} and authored {} on {}", left.words(), event.kind, time::format(event.at));
    match left {
        left if event.at > left.by() => Some(Hit::fail("by-former-member", Severity::Critical, did)),
        Left::Between(seen, _) if event.at > seen => {
            Some(Hit::missing(format!("{did}: whether that was after leaving cannot be told")))
        }
        Left::Between(..) | Left::On(_) => None,
    }
}

/// Types of events that give access to those they are about.
const ADDS: [&str; 2] = ["org.add_user", "resource_group.add_users"];
/// Types of events that change the role of those they are about.
const CHANGES: [&str; 2] = ["org.change_role", "resource_group.change_role"];

/// The rule of people who give access to themselves. Accepting an invitation and joining are none: somebody else opened
/// that door.
fn self_grant(view: &View<'_>, event: &Event, author: Principal) -> Option<Hit> {
    let (adds, changes) = (ADDS.contains(&event.kind.as_str()), CHANGES.contains(&event.kind.as_str()));
    if !(adds || changes && !is_lowered(event))
        || !event.targets.iter().any(|target| is_author(view, event, author, target))
    {
        return None;
    }
    let who = event.author.as_deref().unwrap_or("somebody");
    let what = match (adds, &event.role_before, &event.role) {
        (true, _, _) => "gave access to themselves".to_owned(),
        (false, Some(before), Some(after)) => format!("changed their own role from {before} to {after}"),
        (false, None, Some(after)) => format!("changed their own role to {after}; the event does not say from which"),
        (false, _, None) => "changed their own role; the event does not say to which".to_owned(),
    };
    Some(Hit::review("self-grant", Severity::High, format!("{who} {what} ({})", event.kind)))
}

/// Whether a change of role gives less access than before for certain: both roles are known, or nothing is left.
fn is_lowered(event: &Event) -> bool {
    let rank = |role: &Option<String>| role.as_deref().filter(|role| role::is_standard(role)).map(role::rank);
    match (rank(&event.role_before), rank(&event.role)) {
        (_, Some(0)) => true,
        (Some(before), Some(after)) => after <= before,
        _ => false,
    }
}

/// Whether an event is about its own author: by id where both have one, else by login, else by an address of theirs.
fn is_author(view: &View<'_>, event: &Event, author: Principal, target: &Target) -> bool {
    if let (Some(a), Some(b)) = (&event.author_id, &target.id) {
        return a == b;
    }
    let by_login = event.author.as_ref().is_some_and(|login| fold(login) == fold(&target.name));
    let is_person = matches!(author, Principal::Member(_) | Principal::Former(_));
    let by_email = || is_person && view.who(None, None, Some(&target.name)) == author;
    by_login || target.name.contains('@') && by_email()
}

/// The setting that an event of this type switches off.
fn switched_off(kind: &str) -> Option<&str> {
    kind.strip_suffix(".disable").or_else(|| kind.strip_suffix(".disabled"))
}

/// The setting that an event of this type switches on.
fn switched_on(kind: &str) -> Option<&str> {
    kind.strip_suffix(".enable").or_else(|| kind.strip_suffix(".enabled"))
}

/// When settings were switched on again.
struct Restored<'v> {
    /// Events by the setting that they switch on, oldest first.
    by_setting: HashMap<&'v str, Vec<&'v Event>>,
}

impl<'v> Restored<'v> {
    /// Looks through the log.
    fn of(view: &'v View<'_>) -> Self {
        let mut by_setting: HashMap<&str, Vec<&Event>> = HashMap::new();
        for event in &view.log.events {
            if let Some(setting) = switched_on(&event.kind) {
                by_setting.entry(setting).or_default().push(event);
            }
        }
        Self { by_setting }
    }

    /// The next event that switches on what an event switches off.
    fn after(&self, event: &Event) -> Option<&'v Event> {
        let events = self.by_setting.get(switched_off(&event.kind)?)?;
        events.get(events.partition_point(|on| (on.at, &on.id) <= (event.at, &event.id))).copied()
    }
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
    match view.window.observed_since {
        None => limits.push("No stretch of the log reaches up to this snapshot: events may be missing.".to_owned()),
        Some(since) if since > view.period.0 => limits.push(format!(
            "The log is continuous from {} only: earlier events of the period may be missing.",
            time::format(since)
        )),
        Some(_) => {}
    }
    Summary { totals, limits, charts: Vec::new() }
}
