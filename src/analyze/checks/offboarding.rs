//! `offboarding`: whether those who left are really out, and how fast that was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    super::{
        Check, Summary,
        derived::{
            lifecycle::Former,
            view::{Principal, View},
        },
        judged::{Hit, Judged, found},
    },
    MISSING, column, count, rule,
};
use crate::{
    model::{
        coverage::Source,
        ids::fold,
        outcome::{Cell, CellKind, Meta},
        time::{self, Timestamp},
        verdict::{Severity, Verdict},
    },
    table::access::Person,
};

/// The analyzer.
pub(super) const CHECK: Check = Check { meta: &META, judge, sum };

/// Sources in which a leaver may still be found.
const NEEDS: &[Source] =
    &[Source::Members, Source::ResourceGroups, Source::GatedAccess, Source::Tokens, Source::Scim, Source::AuditLog];

/// Declaration.
pub(super) static META: Meta = Meta {
    id: "offboarding",
    question: "Are those who left really out, and how long did that take?",
    needs: NEEDS,
    subjects: &["person"],
    columns: &[
        column("terminated_on", CellKind::Date, "Last working day of the roster; empty when not known."),
        column(
            "removed_at",
            CellKind::Time,
            "When they left the organization; empty while they are in it or when not known.",
        ),
        column(
            "hours_to_removal",
            CellKind::Integer,
            "Whole hours from the end of the last working day; 0 when earlier, empty when either is not known.",
        ),
        column("within_sla", CellKind::Boolean, "Whether that is within sla_hours; empty when not known."),
        column(
            "still_member",
            CellKind::Boolean,
            "Whether they are on the list of members; empty when it was not read whole.",
        ),
        column("group_paths", CellKind::List, "Resource groups that still name them."),
        column("gated_grants", CellKind::List, "Repositories that still grant them access."),
        column("live_tokens", CellKind::Integer, "Tokens of theirs that are not revoked; empty when tokens are a gap."),
        column("scim_active", CellKind::Boolean, "Whether SCIM still wants them in; empty without a match."),
        column(
            "repos_created",
            CellKind::Integer,
            "Repositories of today that the log says they created; empty when none is found and the log or the list has a gap.",
        ),
    ],
    rules: &[
        rule(
            "residual-access",
            Verdict::Fail,
            Severity::Critical,
            "A membership, group, grant, live token or active SCIM user is left.",
        ),
        rule(
            "late-removal",
            Verdict::Fail,
            Severity::Medium,
            "Removed later than sla_hours after the end of the last working day.",
        ),
        MISSING,
        rule(
            "clean",
            Verdict::Pass,
            Severity::Info,
            "Nothing is left, and the removal was in time where that can be told.",
        ),
    ],
};

/// A leaver, as all sources together know them.
struct Leaver<'v> {
    /// Hub login, when any source knows one.
    login: Option<&'v str>,
    /// Current membership, by position.
    member: Option<usize>,
    /// Former membership.
    former: Option<&'v Former>,
    /// Roster entry.
    person: Option<&'v Person>,
}

/// One row per terminated person who matches a principal, and per former member who left in the period.
fn judge(view: &View<'_>) -> Vec<Judged> {
    leavers(view).iter().map(|leaver| row(view, leaver)).collect()
}

/// Everybody to judge.
fn leavers<'v>(view: &'v View<'_>) -> Vec<Leaver<'v>> {
    let mut leavers: Vec<Leaver<'v>> = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let terminated = |person: Option<&'v Person>| person.filter(|person| view.is_terminated(Some(person)));
    for (i, member) in view.tables.members.iter().enumerate() {
        if let Some(person) = terminated(view.person_of[i]) {
            seen.insert(fold(&person.email));
            leavers.push(Leaver { login: Some(&member.username), member: Some(i), former: None, person: Some(person) });
        }
    }
    for (i, former) in view.former.iter().enumerate() {
        let person = terminated(view.person(Principal::Former(i), Some(&former.login), None));
        let in_period = view.period.0 <= former.left_at && former.left_at <= view.period.1;
        if in_period || person.is_some() {
            seen.extend(person.map(|person| fold(&person.email)));
            leavers.push(Leaver { login: Some(&former.login), member: None, former: Some(former), person });
        }
    }
    for (login, email) in others(view) {
        let principal = view.principal(None, login);
        if matches!(principal, Principal::Member(_) | Principal::Former(_)) {
            continue;
        }
        if let Some(person) = terminated(view.person(principal, login, email))
            && seen.insert(fold(&person.email))
        {
            leavers.push(Leaver { login, member: None, former: None, person: Some(person) });
        }
    }
    leavers
}

/// Logins and addresses of principals outside the list of members.
fn others<'v>(view: &'v View<'_>) -> Vec<(Option<&'v str>, Option<&'v str>)> {
    let tables = view.tables;
    let groups = tables.group_users.iter().map(|user| (Some(user.username.as_str()), None));
    let grants = tables.gated_access.iter().filter(|grant| grant.status == "accepted");
    let grants = grants.map(|grant| (grant.username.as_deref(), grant.email.as_deref()));
    let tokens = tables.tokens.iter().map(|token| (token.owner.as_deref(), None));
    let scim = tables.scim_users.iter();
    let scim = scim.map(|user| (Some(user.username.as_str()), user.emails.first().map(String::as_str)));
    let invites = view.invites.iter().map(|invite| {
        let login = (!invite.invitee.contains('@')).then_some(invite.invitee.as_str());
        (login, invite.email.as_deref())
    });
    groups.chain(grants).chain(tokens).chain(scim).chain(invites).collect()
}

/// What is left of somebody's access.
#[derive(Debug, Default)]
struct Residue {
    /// Names of resource groups.
    groups: Vec<String>,
    /// Paths of repositories with an accepted grant.
    grants: Vec<String>,
    /// Live tokens.
    tokens: i64,
    /// SCIM user.
    scim_active: Option<bool>,
}

/// Looks for a leaver in every source.
fn residue(view: &View<'_>, leaver: &Leaver<'_>) -> Residue {
    let id =
        leaver.member.map(|i| view.tables.members[i].user_id.as_str()).or(leaver.former.and_then(|f| f.id.as_deref()));
    let is_them = |other_id: Option<&str>, login: Option<&str>| match (id, other_id) {
        (Some(a), Some(b)) => a == b,
        _ => leaver.login.zip(login).is_some_and(|(a, b)| fold(a) == fold(b)),
    };
    let by_email = |email: Option<&str>| {
        leaver.person.zip(email).is_some_and(|(person, email)| fold(&person.email) == fold(email))
    };
    let tables = view.tables;
    let users = tables.group_users.iter().filter(|user| is_them(user.user_id.as_deref(), Some(&user.username)));
    let grants = tables.gated_access.iter().filter(|grant| {
        let named = is_them(grant.user_id.as_deref(), grant.username.as_deref()) || by_email(grant.email.as_deref());
        grant.status == "accepted" && named
    });
    let tokens = tables
        .tokens
        .iter()
        .filter(|token| token.status != "revoked" && is_them(token.owner_id.as_deref(), token.owner.as_deref()));
    let principal = leaver.member.map_or(Principal::Outsider, Principal::Member);
    let email = leaver.person.map(|p| p.email.as_str()).or(leaver.former.and_then(|f| f.email.as_deref()));
    let scim = view.scim_user(principal, leaver.login, email);
    Residue {
        groups: users
            .map(|user| view.group_name(&user.group_id).to_owned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        grants: grants.map(|grant| grant.repo.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
        tokens: i64::try_from(tokens.count()).unwrap_or(i64::MAX),
        scim_active: scim.and_then(|user| user.active),
    }
}

/// The row of one leaver.
fn row(view: &View<'_>, leaver: &Leaver<'_>) -> Judged {
    let left = residue(view, leaver);
    let terminated_on = leaver.person.and_then(|person| person.terminated_on);
    let removed_at = leaver.former.map(|former| former.left_at);
    let hours = terminated_on.zip(removed_at).map(|(day, at)| hours_late(time::start_of(time::day_after(day)), at));
    let sla = view.params.analyzers.offboarding.sla_hours;
    let created = view.tables.repos.iter().filter(|repo| {
        let creator = view.creator(&repo.repo).map(|creator| fold(creator.login));
        creator.is_some() && creator == leaver.login.map(fold)
    });
    let still_member =
        if leaver.member.is_some() { Some(true) } else { (!view.is_gap(Source::Members)).then_some(false) };
    let cells: [(&str, Cell); 10] = [
        ("terminated_on", terminated_on.into()),
        ("removed_at", removed_at.into()),
        ("hours_to_removal", hours.into()),
        ("within_sla", hours.map(|hours| hours <= sla).into()),
        ("still_member", still_member.into()),
        ("group_paths", left.groups.clone().into()),
        ("gated_grants", left.grants.clone().into()),
        ("live_tokens", (!view.is_gap(Source::Tokens) || left.tokens > 0).then_some(left.tokens).into()),
        ("scim_active", left.scim_active.into()),
        ("repos_created", known_created(view, created.count()).into()),
    ];
    let subject = leaver.login.or(leaver.person.map(|person| person.email.as_str())).unwrap_or_default();
    Judged::new(&META, ("person", subject), hits(view, leaver, &left, hours), cells)
}

/// Repositories created, where the log and the list of repositories can tell that there are no others.
fn known_created(view: &View<'_>, n: usize) -> Option<usize> {
    (n > 0 || !view.is_gap(Source::AuditLog) && !view.is_gap(Source::Repos)).then_some(n)
}

/// Whole hours from the end of the last working day to the removal; 0 when that was earlier.
fn hours_late(end: Timestamp, removed_at: Timestamp) -> i64 {
    (removed_at - end).num_seconds().max(0) / 3_600
}

/// The rules that apply.
fn hits(view: &View<'_>, leaver: &Leaver<'_>, left: &Residue, hours: Option<i64>) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut rest = Vec::new();
    if leaver.member.is_some() {
        rest.push("the membership".to_owned());
    }
    let n = |items: usize| i64::try_from(items).unwrap_or(i64::MAX);
    if !left.groups.is_empty() {
        rest.push(count(n(left.groups.len()), "resource group"));
    }
    if !left.grants.is_empty() {
        rest.push(count(n(left.grants.len()), "gated grant"));
    }
    if left.tokens > 0 {
        rest.push(count(left.tokens, "live token"));
    }
    if left.scim_active == Some(true) {
        rest.push("an active SCIM user".to_owned());
    }
    if !rest.is_empty() {
        let reason = format!("still there: {}", rest.join(", "));
        hits.push(Hit::fail("residual-access", Severity::Critical, reason));
    }
    let sla = view.params.analyzers.offboarding.sla_hours;
    if let Some(hours) = hours.filter(|hours| *hours > sla) {
        let reason = format!("removed {} after the end of the last working day, more than {sla}", count(hours, "hour"));
        hits.push(Hit::fail("late-removal", Severity::Medium, reason));
    }
    let gaps: Vec<&str> = NEEDS.iter().filter(|source| view.is_gap(**source)).map(|source| source.name()).collect();
    if !gaps.is_empty() && rest.is_empty() {
        hits.push(Hit::missing(format!("nothing was found, but not everything was seen: {}", gaps.join(", "))));
    }
    if let Some(age) = view.stale_roster().filter(|_| hits.is_empty()) {
        hits.push(Hit::missing(format!("nothing was found, but the roster was {age} days old")));
    }
    if hits.is_empty() {
        let when = hours
            .map_or_else(String::new, |hours| format!(", removed {} after the last working day", count(hours, "hour")));
        let invited = if is_invited(view, leaver) { " but a pending invite" } else { "" };
        hits.push(Hit::pass("clean", format!("nothing is left{invited}{when}")));
    }
    hits
}

/// Whether an invite for a leaver is pending; `orphaned-access` judges it.
fn is_invited(view: &View<'_>, leaver: &Leaver<'_>) -> bool {
    let email = leaver.person.map(|person| fold(&person.email));
    view.invites.iter().any(|invite| {
        leaver.login.is_some_and(|login| fold(login) == invite.invitee) || email.is_some() && invite.email == email
    })
}

/// Leavers, and what nobody can see.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let people = || rows.iter().filter(|row| row.subject_kind == "person");
    let residual = people().filter(|row| row.verdict() == Verdict::Fail).count();
    let totals: BTreeMap<String, Value> = BTreeMap::from([
        ("people".to_owned(), found(rows, people().count())),
        ("failing".to_owned(), found(rows, residual)),
    ]);
    let mut limits = vec![
        "Manual step: a leaver's personal tokens keep working outside the organization; only their owner can revoke them."
            .to_owned(),
    ];
    if !view.has_roster() {
        limits.push("No roster was given: only those who left the organization in the period are listed.".to_owned());
    }
    limits.extend(view.roster_limit());
    Summary { totals, limits, charts: Vec::new() }
}
