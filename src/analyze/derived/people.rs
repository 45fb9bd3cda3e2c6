//! Matching principals with the roster and with SCIM. Case folded everywhere.

use std::collections::BTreeMap;

use crate::{
    model::{ids::fold, time::Timestamp},
    table::access::{Member, Person, ScimUser},
};

/// The roster by login and by address.
#[derive(Debug, Default)]
pub(crate) struct Roster<'a> {
    /// By folded Hub login.
    by_login: BTreeMap<String, &'a Person>,
    /// By folded address.
    by_email: BTreeMap<String, &'a Person>,
}

impl<'a> Roster<'a> {
    /// Indexes the people of a snapshot.
    pub(crate) fn of(people: impl IntoIterator<Item = &'a Person>) -> Self {
        let mut roster = Self::default();
        for person in people {
            roster.by_email.insert(fold(&person.email), person);
            if let Some(login) = &person.username {
                roster.by_login.insert(fold(login), person);
            }
        }
        roster
    }

    /// The person behind a login and addresses, which come in the order of their weight: verified, SCIM, grant.
    pub(crate) fn find<'e>(
        &self,
        login: Option<&str>,
        emails: impl IntoIterator<Item = &'e str>,
    ) -> Option<&'a Person> {
        let by_login = login.and_then(|login| self.by_login.get(&fold(login)));
        by_login.or_else(|| emails.into_iter().find_map(|email| self.by_email.get(&fold(email)))).copied()
    }
}

/// Whether a person's employment has ended by the day of `as_of`.
pub(crate) fn is_terminated(person: &Person, as_of: Timestamp) -> bool {
    person.status == "terminated" && person.terminated_on.is_none_or(|day| day <= as_of.date_naive())
}

/// SCIM users by login and by address.
#[derive(Debug, Default)]
pub(crate) struct Scim<'a> {
    /// By folded `userName`.
    by_login: BTreeMap<String, Vec<&'a ScimUser>>,
    /// By folded address.
    by_email: BTreeMap<String, Vec<&'a ScimUser>>,
}

impl<'a> Scim<'a> {
    /// Indexes the SCIM users of a snapshot.
    pub(crate) fn of(users: &'a [ScimUser]) -> Self {
        let mut scim = Self::default();
        for user in users {
            scim.by_login.entry(fold(&user.username)).or_default().push(user);
            for email in &user.emails {
                scim.by_email.entry(fold(email)).or_default().push(user);
            }
        }
        scim
    }

    /// Every SCIM user of a login or of an address, those of the login first.
    fn matches(&self, login: &str, email: Option<&str>) -> impl Iterator<Item = &'a ScimUser> + Clone {
        let by_login = self.by_login.get(&fold(login)).into_iter();
        let by_email = email.and_then(|email| self.by_email.get(&fold(email))).into_iter();
        by_login.chain(by_email).flatten().copied()
    }

    /// The SCIM user of a login, else of an address. Where several match, an active one is taken: a leftover of an
    /// earlier account must not make somebody look deprovisioned.
    pub(crate) fn find(&self, login: &str, email: Option<&str>) -> Option<&'a ScimUser> {
        let mut users = self.matches(login, email);
        users.clone().find(|user| user.active == Some(true)).or_else(|| users.next())
    }

    /// The SCIM users of a member of whom one is active and one is not: the active one and the other.
    pub(crate) fn conflict(&self, member: &Member) -> Option<(&'a ScimUser, &'a ScimUser)> {
        let users = self.matches(&member.username, member.verified_email.as_deref());
        let with = |active| users.clone().find(|user| user.active == Some(active));
        with(true).zip(with(false))
    }

    /// The SCIM user of a member.
    pub(crate) fn of_member(&self, member: &Member) -> Option<&'a ScimUser> {
        self.find(&member.username, member.verified_email.as_deref())
    }
}
