//! When members joined and when former members left.

use std::collections::{BTreeMap, HashMap};

use super::{
    super::scan::{Event, Log, Target, is_join},
    memory::MEMBER,
};
use crate::{
    model::{
        ids::fold,
        time::{self, Timestamp},
    },
    table::access::{Member, ScimUser, Seen},
};

/// When and how somebody joined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Joined {
    /// The newest event about it, else the first snapshot that has them.
    pub(crate) at: Timestamp,
    /// Author of the event when it is somebody else.
    pub(crate) by: Option<String>,
}

/// When somebody left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Left {
    /// An event tells.
    On(Timestamp),
    /// No event tells: after the first instant, which still knew them, and by the second, which did not.
    Between(Timestamp, Timestamp),
}

impl Left {
    /// The instant by which they had left for certain.
    pub(crate) const fn by(self) -> Timestamp {
        match self {
            Self::On(at) | Self::Between(_, at) => at,
        }
    }

    /// The instant of the event; `None` when no event tells.
    pub(crate) const fn at(self) -> Option<Timestamp> {
        match self {
            Self::On(at) => Some(at),
            Self::Between(..) => None,
        }
    }

    /// Whether they may have left within a stretch of time, both ends included.
    pub(crate) fn may_be_within(self, (from, to): (Timestamp, Timestamp)) -> bool {
        match self {
            Self::On(at) => (from..=to).contains(&at),
            Self::Between(after, by) => after < to && from <= by,
        }
    }

    /// `on 2026-09-11`, or `between 2026-07-01 and 2026-10-01`.
    pub(crate) fn words(self) -> String {
        let day = |t: Timestamp| time::format_date(t.date_naive());
        match self {
            Self::On(at) => format!("on {}", day(at)),
            Self::Between(after, by) => format!("between {} and {}", day(after), day(by)),
        }
    }
}

/// Somebody who was a member and is none now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Former {
    /// Stable id, when known.
    pub(crate) id: Option<String>,
    /// Login, as last spelt; the address where nothing else is known.
    pub(crate) login: String,
    /// Addresses, folded; the verified one that was last seen is the first.
    pub(crate) emails: Vec<String>,
    /// When they left.
    pub(crate) left: Left,
}

impl Former {
    /// The verified address that was last seen.
    pub(crate) fn email(&self) -> Option<&str> {
        self.emails.first().map(String::as_str)
    }
}

/// The current members by id, login and address.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    /// Position by id.
    ids: BTreeMap<String, usize>,
    /// Position by folded login.
    logins: BTreeMap<String, usize>,
    /// Position by folded address: verified, SCIM, and those known from before.
    emails: BTreeMap<String, usize>,
}

impl Roll {
    /// Indexes members, with the SCIM user of each and what is remembered of them.
    pub(crate) fn of(members: &[Member], scim: &[Option<&ScimUser>], seen: &[Seen]) -> Self {
        let mut roll = Self::default();
        for (i, member) in members.iter().enumerate() {
            roll.ids.insert(member.user_id.clone(), i);
            roll.logins.insert(fold(&member.username), i);
            let scim_emails = scim.get(i).copied().flatten().map_or(&[][..], |user| &user.emails);
            for email in member.verified_email.iter().chain(scim_emails) {
                roll.emails.entry(fold(email)).or_insert(i);
            }
        }
        for row in seen.iter().filter(|row| row.kind == MEMBER) {
            let Some(i) = row.user_id.as_ref().and_then(|id| roll.ids.get(id)).copied() else { continue };
            for email in &row.emails {
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

    /// The member with an address.
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
pub(crate) fn joined(members: &[Member], roll: &Roll, log: &Log, seen: &[Seen]) -> Vec<Option<Joined>> {
    let mut joined: Vec<Option<Joined>> = vec![None; members.len()];
    // A snapshot that has them shows when they came only where the one before lacks them.
    for row in seen.iter().filter(|row| row.kind == MEMBER && row.missing_before.is_some()) {
        if let Some(i) = row.user_id.as_deref().and_then(|id| roll.find(Some(id), None)) {
            joined[i] = Some(Joined { at: row.first_seen, by: None });
        }
    }
    for event in log.events.iter().filter(|e| is_join(&e.kind)) {
        for subject in subjects(event) {
            let Some(slot) = roll.find_target(&subject).and_then(|i| joined.get_mut(i)) else { continue };
            let by = event.author.clone().filter(|author| fold(author) != fold(&subject.name));
            *slot = Some(Joined { at: event.at, by });
        }
    }
    joined
}

/// Everybody who was a member and is none now, by login.
///
/// `members_gap`: with a hole in the list of members, not being on it proves nothing; only the log tells then.
pub(crate) fn former(roll: &Roll, log: &Log, seen: &[Seen], (as_of, members_gap): (Timestamp, bool)) -> Vec<Former> {
    let mut gone = Gone::default();
    for row in seen.iter().filter(|row| row.kind == MEMBER) {
        if row.user_id.as_deref().and_then(|id| roll.find(Some(id), None)).is_none() {
            gone.seen(row);
        }
    }
    for event in &log.events {
        match event.kind.as_str() {
            "org.remove_user" => {
                for target in event.targets.iter().filter(|target| roll.find_target(target).is_none()) {
                    gone.left(target, event.at);
                }
            }
            "org.leave" => {
                let author =
                    event.author.iter().map(|login| Target { name: login.clone(), id: event.author_id.clone() });
                for author in author.filter(|author| roll.find_target(author).is_none()) {
                    gone.left(&author, event.at);
                }
            }
            kind if is_join(kind) => {
                let subjects = subjects(event);
                if subjects.iter().all(|subject| roll.find_target(subject).is_none()) {
                    gone.came(event, &subjects);
                }
            }
            _ => {}
        }
    }
    let mut all: Vec<Former> = gone.people.into_iter().filter_map(|trace| trace.former(as_of, members_gap)).collect();
    all.sort_by(|a, b| (fold(&a.login), &a.id).cmp(&(fold(&b.login), &b.id)));
    all
}

/// Traces of one person outside the current list.
#[derive(Debug, Default)]
struct Trace {
    /// Stable id, when any trace has one.
    id: Option<String>,
    /// Login, as last spelt; an address until a login is known.
    login: String,
    /// Addresses, folded, the last verified one first.
    emails: Vec<String>,
    /// Newest removal or leave.
    left: Option<Timestamp>,
    /// Newest join.
    came: Option<Timestamp>,
    /// Last snapshot that has them, and the first whole list after it that lacks them.
    seen: Option<(Timestamp, Option<Timestamp>)>,
}

impl Trace {
    /// The former member, if these traces show one.
    fn former(self, as_of: Timestamp, members_gap: bool) -> Option<Former> {
        // An event older than the last sight of them is about an earlier stay.
        let sight = self.seen.map(|(last, _)| last).max(self.came);
        let event = self.left.filter(|left| sight.is_none_or(|sight| *left > sight));
        let left = match (event, sight, self.seen) {
            (Some(at), ..) => Left::On(at),
            // Came and left again; somebody removed only before the last sight is back, and was not seen since.
            (None, Some(after), seen) if !members_gap && (seen.is_some() || self.left.is_some()) => {
                let missing = seen.and_then(|(_, missing)| missing).filter(|missing| *missing > after);
                Left::Between(after, missing.unwrap_or(as_of))
            }
            _ => return None,
        };
        Some(Former { id: self.id, login: self.login, emails: self.emails, left })
    }
}

/// Traces of people, found by id, login and address.
#[derive(Debug, Default)]
struct Gone {
    /// The people.
    people: Vec<Trace>,
    /// Position by id.
    ids: HashMap<String, usize>,
    /// Position by folded login or address.
    names: HashMap<String, usize>,
}

impl Gone {
    /// The trace of somebody: by id where both have one, else by login or address.
    fn find(&mut self, who: &Target) -> usize {
        let by_id = who.id.as_ref().and_then(|id| self.ids.get(id)).copied();
        let name = fold(&who.name);
        let by_name = self.names.get(&name).copied().filter(|at| {
            // Two different ids are two people, whatever their login.
            self.people[*at].id.as_ref().zip(who.id.as_ref()).is_none_or(|(a, b)| a == b)
        });
        let at = by_id.or(by_name).unwrap_or_else(|| {
            self.people.push(Trace::default());
            self.people.len() - 1
        });
        if let Some(id) = &who.id {
            self.ids.insert(id.clone(), at);
            self.people[at].id.get_or_insert_with(|| id.clone());
        }
        self.call(at, &who.name);
        at
    }

    /// Notes a name of somebody.
    fn call(&mut self, at: usize, name: &str) {
        let folded = fold(name);
        let trace = &mut self.people[at];
        if !name.contains('@') || trace.login.is_empty() {
            name.clone_into(&mut trace.login);
        }
        if name.contains('@') && !trace.emails.contains(&folded) {
            trace.emails.push(folded.clone());
        }
        // Who has the name last is meant by it.
        self.names.insert(folded, at);
    }

    /// Notes a removal or leave.
    fn left(&mut self, who: &Target, at: Timestamp) {
        let person = self.find(who);
        let trace = &mut self.people[person];
        trace.left = trace.left.max(Some(at));
    }

    /// Notes a join. Who accepts an invitation to an address has that address.
    fn came(&mut self, event: &Event, subjects: &[Target]) {
        let is_author = |subject: &&Target| event.author.as_ref() == Some(&subject.name);
        let others_are_addresses = || subjects.iter().all(|s| is_author(&s) || s.name.contains('@'));
        if let Some(author) = subjects.iter().find(is_author).filter(|_| others_are_addresses()) {
            let person = self.find(author);
            for address in subjects.iter().filter(|subject| subject.name.contains('@')) {
                self.call(person, &address.name);
            }
            let trace = &mut self.people[person];
            trace.came = trace.came.max(Some(event.at));
            return;
        }
        for subject in subjects {
            let person = self.find(subject);
            let trace = &mut self.people[person];
            trace.came = trace.came.max(Some(event.at));
        }
    }

    /// Notes what is remembered.
    fn seen(&mut self, row: &Seen) {
        let name = row.username.clone().or_else(|| row.emails.first().cloned()).unwrap_or_default();
        let person = self.find(&Target { name, id: row.user_id.clone() });
        for email in &row.emails {
            self.call(person, email);
        }
        self.people[person].seen = Some((row.last_seen, row.first_missing));
    }
}
