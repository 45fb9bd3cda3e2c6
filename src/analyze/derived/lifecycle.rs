//! When members joined and when former members left.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::super::{
    Past,
    scan::{Event, Log, Target, is_join},
};
use crate::{
    model::{ids::fold, time::Timestamp},
    table::access::{Member, ScimUser},
};

/// When and how somebody joined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Joined {
    /// The newest event about it, else the first snapshot that has them.
    pub(crate) at: Timestamp,
    /// Author of the event when it is somebody else.
    pub(crate) by: Option<String>,
}

/// Somebody who was a member and is none now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Former {
    /// Stable id, when known.
    pub(crate) id: Option<String>,
    /// Login, as last spelt.
    pub(crate) login: String,
    /// Verified address in the last snapshot that has them.
    pub(crate) email: Option<String>,
    /// When they left.
    pub(crate) left_at: Timestamp,
    /// Whether `left_at` is only the first snapshot without them.
    pub(crate) approximate: bool,
}

/// The current members by id, login and address.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    /// Position by id.
    ids: BTreeMap<String, usize>,
    /// Position by folded login.
    logins: BTreeMap<String, usize>,
    /// Position by folded verified or SCIM address.
    emails: BTreeMap<String, usize>,
}

impl Roll {
    /// Indexes members, with the SCIM user of each.
    pub(crate) fn of(members: &[Member], scim: &[Option<&ScimUser>]) -> Self {
        let mut roll = Self::default();
        for (i, member) in members.iter().enumerate() {
            roll.ids.insert(member.user_id.clone(), i);
            roll.logins.insert(fold(&member.username), i);
            let scim_emails = scim.get(i).copied().flatten().map_or(&[][..], |user| &user.emails);
            for email in member.verified_email.iter().chain(scim_emails) {
                roll.emails.entry(fold(email)).or_insert(i);
            }
        }
        roll
    }

    /// The member with an id, or with a login where one of the two has no id.
    pub(crate) fn find(&self, id: Option<&str>, login: Option<&str>) -> Option<usize> {
        match id {
            Some(id) => self.ids.get(id).copied(),
            None => login.and_then(|login| self.logins.get(&fold(login))).copied(),
        }
    }

    /// The member with a login.
    pub(crate) fn find_login(&self, login: &str) -> Option<usize> {
        self.logins.get(&fold(login)).copied()
    }

    /// The member with a verified or SCIM address.
    pub(crate) fn find_email(&self, email: &str) -> Option<usize> {
        self.emails.get(&fold(email)).copied()
    }

    /// The member an event is about; an address counts where it is a member's.
    pub(crate) fn find_target(&self, target: &Target) -> Option<usize> {
        self.find(target.id.as_deref(), Some(&target.name)).or_else(|| self.find_email(&target.name))
    }
}

/// Whom a join event is about: its targets other than its author, else its author.
///
/// Somebody who accepts an invitation to an address is the author of an event about that address: both count.
pub(crate) fn subjects(event: &Event) -> Vec<Target> {
    let is_author = |target: &Target| match (&target.id, &event.author_id) {
        (Some(a), Some(b)) => a == b,
        _ => event.author.as_ref().is_some_and(|author| fold(author) == fold(&target.name)),
    };
    let mut subjects: Vec<Target> = event.targets.iter().filter(|t| !is_author(t)).cloned().collect();
    if event.kind != "org.add_user" && subjects.iter().all(|t| t.name.contains('@')) || subjects.is_empty() {
        subjects.extend(event.author.iter().map(|login| Target { name: login.clone(), id: event.author_id.clone() }));
    }
    subjects
}

/// When each current member joined; `None` where neither the log nor an earlier snapshot tells.
pub(crate) fn joined(
    members: &[Member],
    roll: &Roll,
    log: &Log,
    past: &[Past],
    as_of: Timestamp,
) -> Vec<Option<Joined>> {
    let mut joined: Vec<Option<Joined>> = vec![None; members.len()];
    for event in log.events.iter().filter(|e| is_join(&e.kind)) {
        for subject in subjects(event) {
            let Some(slot) = roll.find_target(&subject).and_then(|i| joined.get_mut(i)) else { continue };
            let by = event.author.clone().filter(|author| fold(author) != fold(&subject.name));
            *slot = Some(Joined { at: event.at, by });
        }
    }
    // From the newest snapshot back to the newest that lacks them; what was the oldest since is where they came.
    let mut open: Vec<(usize, Timestamp)> =
        (0..members.len()).filter(|&i| joined[i].is_none()).map(|i| (i, as_of)).collect();
    for p in past.iter().rev() {
        if open.is_empty() {
            break;
        }
        let roll: HashSet<&str> = p.members.iter().map(|m| m.user_id.as_str()).collect();
        open.retain_mut(|(i, first)| {
            if roll.contains(members[*i].user_id.as_str()) {
                *first = p.as_of;
            } else if !p.members_gap {
                // Only a list that was read whole shows that somebody was not on it.
                joined[*i] = Some(Joined { at: *first, by: None });
                return false;
            }
            true
        });
    }
    joined
}

/// Everybody who was a member and is none now, by folded login.
///
/// `members_gap`: with a hole in the list of members, not being on it proves nothing; only the log speaks then.
pub(crate) fn former(roll: &Roll, log: &Log, past: &[Past], (as_of, members_gap): (Timestamp, bool)) -> Vec<Former> {
    let mut gone = Gone::default();
    for event in &log.events {
        match event.kind.as_str() {
            "org.remove_user" => event.targets.iter().for_each(|target| gone.left(target, event.at)),
            "org.leave" => {
                if let Some(login) = &event.author {
                    gone.left(&Target { name: login.clone(), id: event.author_id.clone() }, event.at);
                }
            }
            kind if is_join(kind) => subjects(event).iter().for_each(|subject| gone.came(subject, event.at)),
            _ => {}
        }
    }
    if !members_gap {
        for (member, seen) in sightings(past) {
            gone.seen(member, seen);
        }
    }
    let absent_after =
        |seen: Timestamp| past.iter().find(|p| p.as_of > seen && !p.members_gap).map_or(as_of, |p| p.as_of);
    gone.people
        .into_values()
        .filter(|trace| {
            roll.find(trace.id.as_deref(), Some(&trace.login)).is_none() && roll.find_login(&trace.login).is_none()
        })
        .filter(|trace| trace.left.is_some() || trace.seen.is_some())
        .map(|trace| {
            // An event older than the last sight of them is about an earlier stay.
            let last_sight = trace.seen.max(trace.came);
            let left = trace.left.filter(|left| last_sight.is_none_or(|sight| *left >= sight));
            let left_at = left.unwrap_or_else(|| absent_after(last_sight.unwrap_or(as_of)));
            Former { id: trace.id, login: trace.login, email: trace.email, left_at, approximate: left.is_none() }
        })
        .collect()
}

/// Each record of a member with the last time it was seen, in the order of these. A record that did not change is
/// shared by the snapshots that hold it, so that it is looked at once.
fn sightings(past: &[Past]) -> Vec<(&Member, Timestamp)> {
    let mut last: HashMap<*const Member, (usize, usize)> = HashMap::new();
    for (i, p) in past.iter().enumerate() {
        for (j, member) in p.members.iter().enumerate() {
            last.insert(Arc::as_ptr(member), (i, j));
        }
    }
    let mut places: Vec<(usize, usize)> = last.into_values().collect();
    places.sort_unstable();
    places.into_iter().map(|(i, j)| (&*past[i].members[j], past[i].as_of)).collect()
}

/// Traces of one person outside the current list.
#[derive(Debug, Default)]
struct Trace {
    /// Stable id, when any trace has one.
    id: Option<String>,
    /// Login, as last spelt.
    login: String,
    /// Verified address in the last snapshot that has them.
    email: Option<String>,
    /// Newest removal or leave.
    left: Option<Timestamp>,
    /// Newest join.
    came: Option<Timestamp>,
    /// Last snapshot that has them.
    seen: Option<Timestamp>,
}

/// Traces by folded login; an id leads to the login it was first seen with.
#[derive(Debug, Default)]
struct Gone {
    /// By folded login.
    people: BTreeMap<String, Trace>,
    /// Folded login by id.
    logins: BTreeMap<String, String>,
}

impl Gone {
    /// The trace of somebody.
    fn trace(&mut self, id: Option<&str>, login: &str) -> &mut Trace {
        let known = id.and_then(|id| self.logins.get(id)).cloned();
        let key = known.unwrap_or_else(|| fold(login));
        if let Some(id) = id {
            self.logins.entry(id.to_owned()).or_insert_with(|| key.clone());
        }
        let trace = self.people.entry(key).or_default();
        login.clone_into(&mut trace.login);
        if trace.id.is_none() {
            trace.id = id.map(str::to_owned);
        }
        trace
    }

    /// Notes a removal or leave.
    fn left(&mut self, who: &Target, at: Timestamp) {
        let trace = self.trace(who.id.as_deref(), &who.name);
        trace.left = trace.left.max(Some(at));
    }

    /// Notes a join.
    fn came(&mut self, who: &Target, at: Timestamp) {
        let trace = self.trace(who.id.as_deref(), &who.name);
        trace.came = trace.came.max(Some(at));
    }

    /// Notes that a snapshot has them.
    fn seen(&mut self, member: &Member, at: Timestamp) {
        let trace = self.trace(Some(&member.user_id), &member.username);
        trace.seen = trace.seen.max(Some(at));
        trace.email = member.verified_email.clone().or(trace.email.take());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::ids::SnapshotId;

    /// A member as one list has it: number, and which of three spellings, of which the last is shared by two numbers.
    type Entry = (u8, u8);

    /// The record of an entry.
    fn member((id, spelling): Entry) -> Member {
        Member {
            user_id: id.to_string(),
            username: if spelling == 2 { format!("M{}", id % 3) } else { format!("m{id}") },
            fullname: None,
            role: Some("read".to_owned()),
            is_external: None,
            two_factor: None,
            verified_email: (spelling == 1).then(|| format!("m{id}@acme.example")),
            is_pro: None,
        }
    }

    /// Instant number `i`.
    fn at(i: usize) -> Timestamp {
        Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(i64::try_from(i).unwrap())
    }

    /// Earlier snapshots; `shared` keeps a record once that the snapshot before has too, as the store does.
    fn history(lists: &[(BTreeMap<u8, u8>, bool)], shared: bool) -> Vec<Past> {
        let mut past: Vec<Past> = Vec::new();
        for (i, (list, members_gap)) in lists.iter().enumerate() {
            let before = past.last().filter(|_| shared);
            let record = |(id, spelling): (&u8, &u8)| {
                let record = member((*id, *spelling));
                let known = before.and_then(|before| before.members.iter().find(|known| ***known == record));
                known.cloned().unwrap_or_else(|| Arc::new(record))
            };
            let members = list.iter().map(record).collect();
            let (id, as_of) = (SnapshotId::of(at(i)), at(i));
            past.push(Past { id, as_of, members_gap: *members_gap, members, invites: Vec::new() });
        }
        past
    }

    /// When a member joined, found the plain way: the first list with them after the last whole one without them.
    fn expected(member: &Member, past: &[Past], as_of: Timestamp) -> Option<Timestamp> {
        let has = |p: &Past| p.members.iter().any(|m| m.user_id == member.user_id);
        let lacking = past.iter().rposition(|p| !p.members_gap && !has(p))?;
        Some(past[lacking + 1..].iter().find(|p| has(p)).map_or(as_of, |p| p.as_of))
    }

    /// One list, on which nobody shares a login, and whether it is a gap.
    fn list() -> impl Strategy<Value = (BTreeMap<u8, u8>, bool)> {
        let rows = proptest::collection::btree_map(0_u8..5, 0_u8..3, 0..5);
        let unique = |rows: BTreeMap<u8, u8>| {
            let mut taken = std::collections::BTreeSet::new();
            rows.into_iter().filter(|(id, spelling)| taken.insert(fold(&member((*id, *spelling)).username))).collect()
        };
        (rows.prop_map(unique), proptest::bool::weighted(0.2))
    }

    proptest! {
        #[test]
        fn records_kept_once_tell_the_same_history(
            lists in proptest::collection::vec((list(), 1_usize..4), 0..6),
            gap: bool,
        ) {
            let lists: Vec<_> = lists.into_iter().flat_map(|(list, days)| vec![list; days]).collect();
            let (alone, shared) = (history(&lists, false), history(&lists, true));
            let now = [member((0, 0)), member((1, 1)), member((7, 0))];
            let (roll, log, as_of) = (Roll::of(&now, &[]), Log::default(), at(lists.len()));
            let gone = |past: &[Past]| former(&roll, &log, past, (as_of, gap));
            prop_assert_eq!(gone(&shared), gone(&alone));
            let came: Vec<_> = joined(&now, &roll, &log, &shared, as_of).into_iter().map(|j| j.map(|j| j.at)).collect();
            let wanted: Vec<_> = now.iter().map(|member| expected(member, &alone, as_of)).collect();
            prop_assert_eq!(came, wanted);
        }
    }
}
