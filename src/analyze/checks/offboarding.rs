//! `offboarding`: whether those who left are really out, and how fast that was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    super::{
        Check, Summary,
        derived::{
            lifecycle::{Former, Left},
            view::{Principal, View},
        },
        judged::{Hit, Judged, found},
    },
    MISSING, column, count, rule,
};
use crate::{
    model::{
        coverage::{Coverage, Source},
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
    charts: &[],
    columns: &[
        column("terminated_on", CellKind::Date, "Last working day of the roster; empty when not known."),
        column(
            "removed_at",
            CellKind::Time,
            "When they left the organization, by an event; empty while they are in it or when no event tells.",
        ),
        column(
            "hours_to_removal",
            CellKind::Integer,
            "Hours from the end of the last working day, rounded up; 0 when earlier, empty when either is not known.",
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
        column("pending_invites", CellKind::Integer, "Invites for them that are pending; empty when not known."),
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
            "A membership, group, grant, live token, pending invite or active SCIM user is left.",
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

/// Who somebody is among those to judge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// A former member who left in the period and of whom the roster says nothing, by position.
    Former(usize),
    /// A terminated person, by position in the roster.
    Person(usize),
}

/// A leaver, as all sources together know them, and what is left of their access.
#[derive(Default)]
struct Leaver<'v> {
    /// Hub login, when any source knows one.
    login: Option<&'v str>,
    /// Whether they are on the list of members.
    is_member: bool,
    /// Former membership, the newest.
    former: Option<&'v Former>,
    /// Roster entry.
    person: Option<&'v Person>,
    /// Names of resource groups.
    groups: BTreeSet<&'v str>,
    /// Paths of repositories with an accepted grant.
    grants: BTreeSet<&'v str>,
    /// Live tokens.
    tokens: i64,
    /// Pending invites.
    invites: i64,
    /// Whether any SCIM user of theirs is active; `None` without one.
    scim_active: Option<bool>,
}

/// One row per terminated person who matches a principal, and per former member who left in the period.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let created = created(view);
    // Without a roster nobody can be called a leaver, whether it was asked for or not.
    let unasked = view.manifest.coverage(Source::Roster) == Coverage::NotRequested;
    let source = unasked.then(|| Judged::source(&META, view.manifest, Source::Roster));
    source.into_iter().chain(leavers(view).iter().map(|leaver| row(view, leaver, &created))).collect()
}

/// Everybody to judge, with what every source that knows a login or an address still has of them.
fn leavers<'v>(view: &'v View<'_>) -> Vec<Leaver<'v>> {
    let mut all = Leavers::of(view);
    let tables = view.tables;
    for (i, member) in tables.members.iter().enumerate() {
        if let Some(leaver) = all.find(Principal::Member(i), Some(&member.username), &[]) {
            leaver.is_member = true;
        }
    }
    for (i, former) in view.former.iter().enumerate() {
        let login = Some(former.login.as_str()).filter(|login| !login.contains('@'));
        if let Some(leaver) = all.find(Principal::Former(i), login, &[]) {
            let newest = leaver.former.filter(|other| other.left.by() >= former.left.by());
            leaver.former = newest.or(Some(former));
        }
    }
    for user in &tables.group_users {
        let principal = view.principal(user.user_id.as_deref(), Some(&user.username));
        if let Some(leaver) = all.find(principal, Some(&user.username), &[]) {
            leaver.groups.insert(view.group_name(&user.group_id));
        }
    }
    for grant in tables.gated_access.iter().filter(|grant| grant.status == "accepted") {
        let (login, email) = (grant.username.as_deref(), grant.email.as_deref());
        let principal = view.who(grant.user_id.as_deref(), login, email);
        if let Some(leaver) = all.find(principal, login, email.as_slice()) {
            leaver.grants.insert(&grant.repo);
        }
    }
    for token in &tables.tokens {
        let principal = view.principal(token.owner_id.as_deref(), token.owner.as_deref());
        if let Some(leaver) = all.find(principal, token.owner.as_deref(), &[]) {
            leaver.tokens += i64::from(token.status != "revoked");
        }
    }
    for user in &tables.scim_users {
        let emails: Vec<&str> = user.emails.iter().map(String::as_str).collect();
        let login = Some(user.username.as_str());
        let found = emails.iter().map(|email| view.who(None, login, Some(email))).find(|p| *p != Principal::Outsider);
        let principal = found.unwrap_or_else(|| view.who(None, login, login));
        if let Some(leaver) = all.find(principal, login, &emails) {
            leaver.scim_active = leaver.scim_active.max(user.active);
        }
    }
    for invite in &view.invites {
        let login = (!invite.invitee.contains('@')).then_some(invite.invitee.as_str());
        let email = invite.email.as_deref().or(Some(invite.invitee.as_str()).filter(|_| login.is_none()));
        if let Some(leaver) = all.find(view.who(None, login, email), login, email.as_slice()) {
            leaver.invites += 1;
        }
    }
    all.found.into_values().collect()
}

/// The leavers that were found so far.
struct Leavers<'v, 'a> {
    /// The snapshot.
    view: &'v View<'a>,
    /// Position in the roster by folded address.
    people: BTreeMap<String, usize>,
    /// By who they are.
    found: BTreeMap<Key, Leaver<'v>>,
}

impl<'v, 'a> Leavers<'v, 'a> {
    /// Nobody yet.
    fn of(view: &'v View<'a>) -> Self {
        let people = view.tables.people.iter().enumerate().map(|(i, person)| (fold(&person.email), i)).collect();
        Self { view, people, found: BTreeMap::new() }
    }

    /// The leaver behind a principal; `None` when it is nobody who left.
    fn find(&mut self, principal: Principal, login: Option<&'v str>, emails: &[&str]) -> Option<&mut Leaver<'v>> {
        let view = self.view;
        let person = view.person(principal, login, emails.first().copied());
        let more = || view.roster.find(None, emails.iter().copied());
        let person = person.or_else(|| more().filter(|_| principal != Principal::ServiceAccount));
        let terminated = person.filter(|person| view.is_terminated(Some(person)));
        let key = match (terminated, principal) {
            (Some(person), _) => Key::Person(*self.people.get(&fold(&person.email))?),
            (None, Principal::Former(i)) if view.former[i].left.may_be_within(view.period) => Key::Former(i),
            _ => return None,
        };
        let leaver = self.found.entry(key).or_default();
        leaver.person = terminated;
        leaver.login = leaver.login.or(login.filter(|login| !login.contains('@')));
        Some(leaver)
    }
}

/// How many of the repositories of today each login created.
fn created(view: &View<'_>) -> BTreeMap<String, usize> {
    let mut created = BTreeMap::new();
    for creator in view.tables.repos.iter().filter_map(|repo| view.creator(&repo.repo)) {
        *created.entry(fold(creator.login)).or_default() += 1;
    }
    created
}

/// The row of one leaver.
fn row(view: &View<'_>, leaver: &Leaver<'_>, created: &BTreeMap<String, usize>) -> Judged {
    let terminated_on = leaver.person.and_then(|person| person.terminated_on);
    let end = terminated_on.map(|day| time::start_of(time::day_after(day)));
    let left = leaver.former.map(|former| former.left);
    let removed_at = left.and_then(Left::at);
    let late = end.zip(removed_at).map(|(end, at)| seconds_late(end, at));
    let sla = view.params.analyzers.offboarding.sla_hours;
    let still_member = if leaver.is_member { Some(true) } else { (!view.is_gap(Source::Members)).then_some(false) };
    let names = |set: &BTreeSet<&str>| Cell::from(set.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    let known = |source: Source, n: i64| Cell::from((!view.is_gap(source) || n > 0).then_some(n));
    let n = leaver.login.and_then(|login| created.get(&fold(login))).copied().unwrap_or_default();
    let cells: [(&str, Cell); 11] = [
        ("terminated_on", terminated_on.into()),
        ("removed_at", removed_at.into()),
        ("hours_to_removal", late.map(hours).into()),
        ("within_sla", late.map(|late| late <= sla * HOUR).into()),
        ("still_member", still_member.into()),
        ("group_paths", names(&leaver.groups)),
        ("gated_grants", names(&leaver.grants)),
        ("live_tokens", known(Source::Tokens, leaver.tokens)),
        ("pending_invites", known(Source::AuditLog, leaver.invites)),
        ("scim_active", leaver.scim_active.into()),
        ("repos_created", known_created(view, n).into()),
    ];
    let address = leaver.person.map(|person| person.email.as_str());
    let subject = leaver.login.or(address).or_else(|| leaver.former.map(|former| former.login.as_str()));
    Judged::new(&META, ("person", subject.unwrap_or_default()), hits(view, leaver, (end, left)), cells)
}

/// Repositories created, where the log and the list of repositories can tell that there are no others.
fn known_created(view: &View<'_>, n: usize) -> Option<usize> {
    (n > 0 || !view.is_gap(Source::AuditLog) && !view.is_gap(Source::Repos)).then_some(n)
}

/// Seconds in an hour.
const HOUR: i64 = 3_600;

/// Seconds from the end of the last working day to the removal; 0 when that was earlier.
fn seconds_late(end: Timestamp, removed_at: Timestamp) -> i64 {
    (removed_at - end).num_seconds().max(0)
}

/// Seconds as hours, rounded up.
const fn hours(seconds: i64) -> i64 {
    seconds / HOUR + (seconds % HOUR > 0) as i64
}

/// What is left of somebody's access, in words.
fn rest(leaver: &Leaver<'_>) -> Vec<String> {
    let n = |items: usize| i64::try_from(items).unwrap_or(i64::MAX);
    let counted = [
        (n(leaver.groups.len()), "resource group"),
        (n(leaver.grants.len()), "gated grant"),
        (leaver.tokens, "live token"),
        (leaver.invites, "pending invite"),
    ];
    let mut rest: Vec<String> = leaver.is_member.then(|| "the membership".to_owned()).into_iter().collect();
    rest.extend(counted.into_iter().filter(|(n, _)| *n > 0).map(|(n, noun)| count(n, noun)));
    rest.extend((leaver.scim_active == Some(true)).then(|| "an active SCIM user".to_owned()));
    rest
}

/// The rules that apply.
fn hits(view: &View<'_>, leaver: &Leaver<'_>, (end, left): (Option<Timestamp>, Option<Left>)) -> Vec<Hit> {
    let mut hits = Vec::new();
    let rest = rest(leaver);
    if !rest.is_empty() {
        let reason = format!("still there: {}", rest.join(", "));
        hits.push(Hit::fail("residual-access", Severity::Critical, reason));
    }
    let in_time = end.zip(left).map(|(end, left)| timeliness(view, end, left));
    match &in_time {
        Some(Timeliness::Late(reason)) => hits.push(Hit::fail("late-removal", Severity::Medium, reason.clone())),
        Some(Timeliness::Unknown(reason)) => hits.push(Hit::missing(reason.clone())),
        Some(Timeliness::InTime(_)) | None => {}
    }
    let unknown = matches!(in_time, Some(Timeliness::Unknown(_)));
    if rest.is_empty() && !unknown {
        let gaps = NEEDS.iter().filter(|source| view.is_gap(**source)).map(|source| source.name());
        let gaps: Vec<&str> = gaps.collect();
        if !gaps.is_empty() {
            hits.push(Hit::missing(format!("nothing was found, but not everything was seen: {}", gaps.join(", "))));
        } else if !view.roster_counts() {
            let reason = "nothing was found under the names that are known, but no current roster tells who left";
            hits.push(Hit::missing(reason));
        }
    }
    if hits.is_empty() {
        let when =
            if let Some(Timeliness::InTime(when)) = in_time { format!(", removed {when}") } else { String::new() };
        hits.push(Hit::pass("clean", format!("nothing is left{when}")));
    }
    hits
}

/// Whether a removal was in time.
enum Timeliness {
    /// In time: how long it took.
    InTime(String),
    /// Too late: why.
    Late(String),
    /// It cannot be told: why.
    Unknown(String),
}

/// Compares a removal with the end of the last working day. Where only a range is known, both its ends must agree.
fn timeliness(view: &View<'_>, end: Timestamp, left: Left) -> Timeliness {
    let sla = view.params.analyzers.offboarding.sla_hours;
    let limit = count(sla, "hour");
    let is_late = |at: Timestamp| seconds_late(end, at) > sla * HOUR;
    match left {
        Left::On(at) => {
            let took = format!("{} after the end of the last working day", count(hours(seconds_late(end, at)), "hour"));
            if is_late(at) {
                Timeliness::Late(format!("removed {took}; the limit is {limit}"))
            } else {
                Timeliness::InTime(took)
            }
        }
        Left::Between(after, by) => match (is_late(after), is_late(by)) {
            (true, _) => Timeliness::Late(format!("removed {}; the limit is {limit}", left.words())),
            (_, false) => Timeliness::InTime(left.words()),
            (false, true) => Timeliness::Unknown(format!(
                "left {}, and no event tells when: whether that was within {limit} cannot be told",
                left.words()
            )),
        },
    }
}

/// Leavers, and what nobody can see.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let people = || rows.iter().filter(|row| row.subject_kind == "person");
    let failing = people().filter(|row| row.verdict() == Verdict::Fail).count();
    let in_roster = view.tables.people.iter().filter(|person| view.is_terminated(Some(person))).count();
    let judged = leavers(view).iter().filter(|leaver| leaver.person.is_some()).count();
    let unread = NEEDS.iter().any(|source| view.is_gap(*source));
    let of_roster = |n: usize| if view.has_roster() { n.into() } else { Value::Null };
    let totals: BTreeMap<String, Value> = BTreeMap::from([
        ("people".to_owned(), found(rows, people().count())),
        ("failing".to_owned(), found(rows, failing)),
        ("terminated_in_roster".to_owned(), of_roster(in_roster)),
        ("terminated_judged".to_owned(), of_roster(judged)),
        // Where a source was not read whole, whoever was not found may be there.
        ("found_nowhere".to_owned(), if unread { Value::Null } else { of_roster(in_roster - judged) }),
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
