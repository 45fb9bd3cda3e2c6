//! What a snapshot remembers of those before it: the table `seen`, so that it is judged from itself.
//!
//! Each snapshot derives the table from that of the one before and from its own members and invites. Deleting older
//! snapshots therefore changes no judgement.

use std::collections::{BTreeMap, HashMap};

use crate::{
    model::{ids::fold, time::Timestamp},
    table::access::{Invite, Member, ScimUser, Seen},
};

/// Kind of a row about a member.
pub(crate) const MEMBER: &str = "member";

/// Kind of a row about an invitee.
pub(crate) const INVITEE: &str = "invitee";

/// What the snapshot before one remembers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Memory {
    /// Its table `seen`.
    pub seen: Vec<Seen>,
    /// The newest snapshot whose list of members was read whole; `None` when there is none.
    pub members_listed_at: Option<Timestamp>,
}

/// The instant of a snapshot, and whether a list of it was read whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    /// The instant.
    pub(crate) as_of: Timestamp,
    /// Whether who is not on the list was not there.
    pub(crate) whole: bool,
}

/// The members ever seen, by id.
pub(crate) fn members(before: &Memory, members: &[Member], scim: &[Option<&ScimUser>], listed: Listed) -> Vec<Seen> {
    let mut rows: BTreeMap<String, Seen> = BTreeMap::new();
    for row in before.seen.iter().filter(|row| row.kind == MEMBER) {
        if let Some(id) = &row.user_id {
            rows.insert(id.clone(), missed(row, listed));
        }
    }
    for (i, member) in members.iter().enumerate() {
        let earlier = rows.remove(&member.user_id);
        let scim_emails = scim.get(i).copied().flatten().map_or(&[][..], |user| &user.emails);
        let known = earlier.as_ref().map_or(&[][..], |row| &row.emails);
        let emails = distinct(member.verified_email.iter().chain(scim_emails).chain(known));
        let (first_seen, missing_before) = match earlier {
            Some(row) if row.first_missing.is_none_or(|missing| missing == listed.as_of) => {
                (row.first_seen, row.missing_before)
            }
            _ => (listed.as_of, before.members_listed_at),
        };
        rows.insert(
            member.user_id.clone(),
            Seen {
                kind: MEMBER.to_owned(),
                user_id: Some(member.user_id.clone()),
                username: Some(member.username.clone()),
                emails,
                first_seen,
                last_seen: listed.as_of,
                first_missing: None,
                missing_before,
            },
        );
    }
    rows.into_values().collect()
}

/// The invitees ever seen, by login and addresses.
pub(crate) fn invitees(before: &[Seen], invites: &[Invite], listed: Listed) -> Vec<Seen> {
    let earlier: Vec<&Seen> = before.iter().filter(|row| row.kind == INVITEE).collect();
    let index = Invitees::of(before);
    let mut pending = vec![false; earlier.len()];
    let mut rows = Vec::new();
    for invite in invites {
        let (login, emails) = names(invite);
        let known = index.all(login.as_deref(), &emails);
        let mut first_seen = listed.as_of;
        let mut addresses = emails;
        for at in known {
            pending[at] = true;
            if earlier[at].first_missing.is_none() {
                first_seen = first_seen.min(earlier[at].first_seen);
            }
            addresses.extend(earlier[at].emails.iter().cloned());
        }
        rows.push(Seen {
            kind: INVITEE.to_owned(),
            user_id: None,
            username: login,
            emails: distinct(addresses.iter()),
            first_seen,
            last_seen: listed.as_of,
            first_missing: None,
            missing_before: None,
        });
    }
    let gone = earlier.iter().zip(pending).filter(|(_, pending)| !pending);
    rows.extend(gone.map(|(row, _)| missed(row, listed)));
    rows.sort_by(|a, b| (&a.username, &a.emails).cmp(&(&b.username, &b.emails)));
    rows
}

/// A row of somebody whom a list does not have.
fn missed(row: &Seen, listed: Listed) -> Seen {
    let first_missing = row.first_missing.or_else(|| listed.whole.then_some(listed.as_of));
    Seen { first_missing, ..row.clone() }
}

/// Addresses in their order, each once, case folded.
fn distinct<'a>(emails: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for email in emails.map(|email| fold(email)) {
        if !all.contains(&email) {
            all.push(email);
        }
    }
    all
}

/// Folded login and addresses of an invite.
fn names(invite: &Invite) -> (Option<String>, Vec<String>) {
    let invitee = fold(&invite.invitee);
    let mut emails: Vec<String> = invite.email.iter().map(|email| fold(email)).collect();
    if !invitee.contains('@') {
        return (Some(invitee), emails);
    }
    if !emails.contains(&invitee) {
        emails.insert(0, invitee);
    }
    (None, emails)
}

/// The invitees of a table `seen`, by login and by address.
#[derive(Debug, Default)]
pub(crate) struct Invitees<'a> {
    /// Rows of kind `invitee`.
    rows: Vec<&'a Seen>,
    /// Positions by folded login or address.
    by_name: HashMap<String, Vec<usize>>,
}

impl<'a> Invitees<'a> {
    /// Indexes a table.
    pub(crate) fn of(seen: &'a [Seen]) -> Self {
        let mut index = Self::default();
        for row in seen.iter().filter(|row| row.kind == INVITEE) {
            let at = index.rows.len();
            for name in row.username.iter().chain(&row.emails) {
                index.by_name.entry(fold(name)).or_default().push(at);
            }
            index.rows.push(row);
        }
        index
    }

    /// Positions of the rows that share the login or an address, in order.
    fn all(&self, login: Option<&str>, emails: &[String]) -> Vec<usize> {
        let names = login.into_iter().map(fold).chain(emails.iter().map(|email| fold(email)));
        let mut all: Vec<usize> = names.filter_map(|name| self.by_name.get(&name)).flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// When the pending invite of a login or an address was first seen; `None` when it was not, or not ever since.
    pub(crate) fn first_seen(&self, login: Option<&str>, emails: &[String]) -> Option<Timestamp> {
        let rows = self.all(login, emails).into_iter().map(|at| self.rows[at]);
        rows.filter(|row| row.first_missing.is_none()).map(|row| row.first_seen).min()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Instant number `i`.
    fn at(i: usize) -> Timestamp {
        Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(i64::try_from(i).unwrap())
    }

    /// A member by number.
    fn member(n: u8) -> Member {
        Member {
            user_id: n.to_string(),
            username: format!("m{n}"),
            fullname: None,
            role: None,
            is_external: None,
            two_factor: None,
            verified_email: Some(format!("M{n}@acme.example")),
            is_pro: None,
        }
    }

    /// Snapshots one after the other: who is on the list, and whether it was read whole.
    fn walk(lists: &[(BTreeSet<u8>, bool)]) -> Memory {
        let mut memory = Memory::default();
        for (i, (list, whole)) in lists.iter().enumerate() {
            let now: Vec<Member> = list.iter().map(|n| member(*n)).collect();
            let listed = Listed { as_of: at(i), whole: *whole };
            let seen = members(&memory, &now, &[], listed);
            let members_listed_at = if *whole { Some(at(i)) } else { memory.members_listed_at };
            memory = Memory { seen, members_listed_at };
        }
        memory
    }

    proptest! {
        /// The table says what one who looks at every list would say.
        #[test]
        fn the_memory_of_the_last_snapshot_is_that_of_all_of_them(
            lists in proptest::collection::vec((proptest::collection::btree_set(0_u8..4, 0..4), any::<bool>()), 0..7),
        ) {
            let memory = walk(&lists);
            let ever: BTreeSet<u8> = lists.iter().flat_map(|(list, _)| list.clone()).collect();
            prop_assert_eq!(memory.seen.len(), ever.len());
            for n in ever {
                let row = memory.seen.iter().find(|row| row.user_id.as_deref() == Some(&n.to_string())).unwrap();
                let has = |i: usize| lists[i].0.contains(&n);
                let lacks = |i: usize| lists[i].1 && !has(i);
                let last = (0..lists.len()).rfind(|i| has(*i)).unwrap();
                prop_assert_eq!(row.last_seen, at(last));
                prop_assert_eq!(row.first_missing, (last + 1..lists.len()).find(|i| lacks(*i)).map(at));
                let lacking = (0..last).rfind(|i| lacks(*i));
                prop_assert_eq!(row.missing_before, lacking.map(at));
                let first = (lacking.map_or(0, |i| i + 1)..lists.len()).find(|i| has(*i)).unwrap();
                prop_assert_eq!(row.first_seen, at(first));
            }
        }
    }

    /// An invite of a login or an address.
    fn invite(invitee: &str, email: Option<&str>) -> Invite {
        Invite {
            invitee: invitee.to_owned(),
            email: email.map(str::to_owned),
            role: None,
            invited_at: None,
            invited_by: None,
            source: Vec::new(),
        }
    }

    #[test]
    fn an_invite_dates_from_its_newest_stretch() {
        let listed = |i| Listed { as_of: at(i), whole: true };
        let first = invitees(&[], &[invite("b@acme.example", None)], listed(0));
        let named = invitees(&first, &[invite("bo", Some("B@acme.example"))], listed(1));
        assert_eq!((named.len(), named[0].first_seen), (1, at(0)), "the login became known");
        let taken = invitees(&named, &[], listed(2));
        assert_eq!(taken[0].first_missing, Some(at(2)));
        assert_eq!(Invitees::of(&taken).first_seen(Some("bo"), &[]), None);
        let again = invitees(&taken, &[invite("bo", None)], listed(3));
        assert_eq!((again.len(), again[0].first_seen), (1, at(3)));
        let unseen = invitees(&again, &[], Listed { as_of: at(4), whole: false });
        assert_eq!(unseen[0].first_missing, None, "a list with a hole shows nobody's absence");
    }
}
