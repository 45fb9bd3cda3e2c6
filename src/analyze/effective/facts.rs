//! What was seen about each principal and each repository, as the rules want to know it.

use std::collections::BTreeMap;

use super::{
    super::derived::view::{Principal, View},
    rows::Whose,
};
use crate::{
    model::{
        access::{
            Fact, Facts, Group, Holder, Place, Tokens, Visibility,
            token::{self, Token},
        },
        coverage::Source,
        ids::fold,
        role,
    },
    table::access::{Repo, ServiceToken},
};

/// Somebody who could have access.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Someone {
    /// Login as the Hub spells it.
    pub(super) login: String,
    /// Stable id, when known.
    pub(super) id: Option<String>,
    /// Kind, as columns name it.
    pub(super) kind: &'static str,
    /// What they are to the organization.
    principal: Principal,
}

impl Someone {
    /// Whether they are a member or a service account.
    pub(super) const fn belongs(&self) -> bool {
        matches!(self.principal, Principal::Member(_) | Principal::ServiceAccount)
    }

    /// The key of what is known about them.
    fn key(&self) -> Key {
        Key::of(self.principal, &self.login)
    }
}

/// One principal, however a table spells it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Key {
    /// A member, by position.
    Member(usize),
    /// Anybody else, by folded login.
    Login(String),
}

impl Key {
    /// The key of a principal.
    fn of(principal: Principal, login: &str) -> Self {
        match principal {
            Principal::Member(i) => Self::Member(i),
            Principal::Former(_) | Principal::ServiceAccount | Principal::Outsider => Self::Login(fold(login)),
        }
    }
}

/// Everybody who could have access, and the places and grants of each.
#[derive(Debug)]
pub(super) struct Evidence<'v, 'a> {
    /// The snapshot.
    view: &'v View<'a>,
    /// By folded login; a second one of that login, whose id is another, comes after the first by id.
    people: BTreeMap<(String, String), Someone>,
    /// Roles in groups, by group and principal; the highest of several.
    places: BTreeMap<(&'a str, Key), Option<&'a str>>,
    /// Accepted requests by folded repository; a grantee whose name is hidden has no key.
    grants: BTreeMap<String, Vec<Option<Key>>>,
    /// Live tokens by folded login of their service account.
    tokens: BTreeMap<String, Vec<&'a ServiceToken>>,
}

impl<'v, 'a> Evidence<'v, 'a> {
    /// Indexes a snapshot.
    pub(super) fn of(view: &'v View<'a>) -> Self {
        let mut all = Self {
            view,
            people: BTreeMap::new(),
            places: BTreeMap::new(),
            grants: BTreeMap::new(),
            tokens: BTreeMap::new(),
        };
        let tables = view.tables;
        for (i, member) in tables.members.iter().enumerate() {
            all.add(Principal::Member(i), &member.username, Some(&member.user_id));
        }
        for account in &tables.service_accounts {
            all.add(Principal::ServiceAccount, &account.username, Some(&account.account_id));
            let live = tables.service_tokens.iter().filter(|token| {
                token.account_id == account.account_id && token.expires_at.is_none_or(|end| end > view.as_of())
            });
            all.tokens.insert(fold(&account.username), live.collect());
        }
        for (i, former) in view.former.iter().enumerate() {
            all.add(Principal::Former(i), &former.login, former.id.as_deref());
        }
        all.groups_of_users();
        all.accepted();
        all
    }

    /// Takes the users of every group.
    fn groups_of_users(&mut self) {
        for user in &self.view.tables.group_users {
            let key = self.meet(user.user_id.as_deref(), &user.username);
            let rank = |role: Option<&str>| role.map(role::rank);
            let role = user.role.as_deref();
            let slot = self.places.entry((&user.group_id, key)).or_insert(role);
            // A role that is not visible may be any: it wins over none that is lower.
            if slot.is_some() && (role.is_none() || rank(role) > rank(*slot)) {
                *slot = role;
            }
        }
    }

    /// Takes every accepted request.
    fn accepted(&mut self) {
        for grant in self.view.tables.gated_access.iter().filter(|grant| grant.status == "accepted") {
            let key = grant.username.as_deref().map(|login| self.meet(grant.user_id.as_deref(), login));
            let keys = self.grants.entry(fold(&grant.repo)).or_default();
            if key.is_none() || !keys.contains(&key) {
                keys.push(key);
            }
        }
    }

    /// The key of somebody whom a table names; strangers are added.
    fn meet(&mut self, id: Option<&str>, login: &str) -> Key {
        let principal = self.view.principal(id, Some(login));
        if principal == Principal::ServiceAccount
            && let Some(account) = self.view.account(id, login)
        {
            return Key::of(principal, &account.username);
        }
        self.add(principal, login, id);
        Key::of(principal, login)
    }

    /// Adds somebody who is not there yet.
    fn add(&mut self, principal: Principal, login: &str, id: Option<&str>) {
        let known =
            matches!(principal, Principal::Member(i) if fold(&self.view.tables.members[i].username) != fold(login));
        if !known {
            let kind = self.view.kind(principal);
            let one = Someone { login: login.to_owned(), id: id.map(str::to_owned), kind, principal };
            let first = (fold(login), String::new());
            let taken = self.people.get(&first).is_some_and(|other| other.key() != one.key());
            let key = if taken { (first.0, one.id.clone().unwrap_or_default()) } else { first };
            self.people.entry(key).or_insert(one);
        }
    }

    /// Everybody, by folded login.
    pub(super) fn people(&self) -> impl Iterator<Item = &Someone> {
        self.people.values()
    }

    /// Somebody by login.
    pub(super) fn someone(&self, login: &str) -> Option<&Someone> {
        self.people.get(&(fold(login), String::new()))
    }

    /// The role in the organization, where it is visible.
    pub(super) fn org_role(&self, one: &Someone) -> Option<&'a str> {
        match one.principal {
            Principal::Member(i) => self.view.tables.members[i].role.as_deref(),
            _ => None,
        }
    }

    /// Groups with the role in each, e.g. `speech (write)`.
    pub(super) fn groups(&self, one: &Someone) -> Vec<String> {
        let key = one.key();
        let places = self.places.iter().filter(|((_, of), _)| *of == key);
        let mut groups: Vec<_> = places
            .map(|((group, _), role)| {
                format!("{} ({})", self.view.group_name(group), role.unwrap_or("role not visible"))
            })
            .collect();
        groups.sort();
        groups
    }

    /// Somebody with the roles that a row shows.
    pub(super) fn whose<'f>(&'f self, one: &'f Someone, repo: &'f Repo) -> Whose<'f> {
        Whose::One(one, self.org_role(one), self.group_role(one, repo))
    }

    /// What decides about somebody and a repository.
    pub(super) fn facts<'f>(&'f self, one: &Someone, repo: &'f Repo) -> Facts<'f> {
        let key = one.key();
        let holder = match one.principal {
            Principal::Member(i) => Holder::Member(self.view.tables.members[i].role.as_deref()),
            Principal::ServiceAccount => Holder::Account(self.tokens(&one.login, repo)),
            Principal::Former(_) | Principal::Outsider if self.view.is_gap(Source::Members) => Holder::Unlisted,
            Principal::Former(_) | Principal::Outsider if self.view.is_gap(Source::ServiceAccounts) => Holder::Unlisted,
            Principal::Former(_) | Principal::Outsider => Holder::Outsider,
        };
        let accepted = self.grants.get(&fold(&repo.repo));
        let granted = match accepted {
            Some(keys) if keys.iter().flatten().any(|of| *of == key) => Fact::Yes,
            Some(keys) if keys.iter().any(Option::is_none) => Fact::Unseen,
            _ if self.view.is_gap(Source::GatedAccess) => Fact::Unseen,
            _ => Fact::No,
        };
        let creator = match self.view.creator(&repo.repo) {
            Some(by) if Key::of(self.view.principal(by.id, Some(by.login)), by.login) == key => Fact::Yes,
            Some(_) => Fact::No,
            None => Fact::Unseen,
        };
        Facts { holder, group: self.group(&key, repo), granted, creator, ..about(repo) }
    }

    /// What decides about people who are nobody in particular.
    pub(super) fn everybody(repo: &Repo) -> Facts<'_> {
        about(repo)
    }

    /// What decides about somebody whose request was accepted and whose name is hidden.
    pub(super) fn grantee(repo: &Repo) -> Facts<'_> {
        Facts { granted: Fact::Yes, ..about(repo) }
    }

    /// Number of accepted people whose names are hidden.
    pub(super) fn hidden(&self, repo: &Repo) -> Option<usize> {
        let hidden = self.grants.get(&fold(&repo.repo))?.iter().filter(|key| key.is_none()).count();
        (hidden > 0).then_some(hidden)
    }

    /// Somebody's role in the group of a repository.
    pub(super) fn group_role<'f>(&'f self, one: &Someone, repo: &'f Repo) -> Option<&'f str> {
        self.places.get(&(repo.group_id.as_deref()?, one.key())).copied().flatten()
    }

    /// The group of a repository and the place in it.
    fn group<'f>(&'f self, key: &Key, repo: &'f Repo) -> Group<'f> {
        let gap = self.view.is_gap(Source::ResourceGroups);
        let Some(id) = repo.group_id.as_deref() else { return if gap { Group::Unseen } else { Group::Free } };
        let place = match self.places.get(&(id, key.clone())) {
            Some(Some(role)) => Place::Role(role),
            Some(None) => Place::Hidden,
            // A group that only the repository names was not looked into.
            None if gap || self.view.group(id).is_none() => Place::Unseen,
            None => Place::Outside,
        };
        Group::In(self.view.group_name(id), place)
    }

    /// What the tokens of a service account permit.
    fn tokens(&self, login: &str, repo: &Repo) -> Tokens {
        let live = self.tokens.get(&fold(login)).map_or(&[][..], Vec::as_slice).iter();
        let live = live.map(|token| Token { role: token.role.as_deref(), permissions: token.permissions.as_deref() });
        let tokens = token::tokens(live, repo.repo_id.as_deref());
        Tokens { unseen: tokens.unseen || self.view.is_gap(Source::ServiceAccounts), ..tokens }
    }
}

/// What was seen of a repository, for people who are nobody in particular.
fn about(repo: &Repo) -> Facts<'_> {
    let gates = matches!(repo.repo_type.as_str(), "model" | "dataset");
    Facts {
        holder: Holder::Outsider,
        group: Group::Free,
        visibility: match repo.visibility.as_deref() {
            Some("public") => Visibility::Public,
            Some("private") => Visibility::Private,
            Some("protected") => Visibility::Protected,
            _ => Visibility::Unseen,
        },
        gated: match repo.gated.as_deref() {
            Some("false") => Fact::No,
            Some("auto" | "manual") => Fact::Yes,
            // Only models and datasets can be gated.
            None if !gates => Fact::No,
            _ => Fact::Unseen,
        },
        granted: Fact::No,
        creator: Fact::No,
    }
}
