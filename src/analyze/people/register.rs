//! Which accounts are one person. Accounts are one person when they share an address; names and the identity provider's
//! own ids never join. Who would be two people of the roster is taken apart again.

use std::collections::{BTreeMap, BTreeSet};

use super::super::derived::{
    memory::MEMBER,
    people::Roster,
    view::{Principal, View},
};
use crate::model::ids::fold;

/// Accounts that may share an address; one that more of them share is nobody's own, and joins nobody.
const SHARED: usize = 3;

/// Where an address is known from, the weightiest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Weight {
    /// Verified by the Hub.
    Verified,
    /// The identity provider's.
    Scim,
    /// The roster's.
    Roster,
    /// That of a grant.
    Grant,
    /// That of an invitation.
    Invite,
    /// One that an earlier snapshot saw.
    Earlier,
}

/// What an account is known as; the first names the person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Standing {
    /// A current member.
    Member,
    /// A former member.
    Former,
    /// Somebody in a group, with a grant, a token, or an event.
    Named,
    /// A pending invite, or an address alone.
    Invited,
    /// A user of the identity provider whom the Hub does not know.
    Directory,
}

/// What an account holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Holdings {
    /// Names of resource groups.
    pub(super) groups: BTreeSet<String>,
    /// Paths of repositories with an accepted request.
    pub(super) grants: BTreeSet<String>,
    /// Tokens that are not revoked.
    pub(super) tokens: usize,
    /// Pending invites.
    pub(super) invites: usize,
    /// Role that an invite offers.
    pub(super) offered: Option<String>,
    /// Whether SCIM wants them in; an active user outweighs one that is not.
    pub(super) scim_active: Option<bool>,
    /// Price per month of each seat, in cents; `None` for one whose price is not known.
    pub(super) seats: Vec<Option<i64>>,
}

/// One account, or an address that no account is known for.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Stable id.
    id: Option<String>,
    /// Login as first spelt; `None` for an address alone.
    pub(super) login: Option<String>,
    /// What it is known as.
    standing: Standing,
    /// Position among the members.
    pub(super) member: Option<usize>,
    /// Folded addresses; the weightiest first once [`Register::settle`] was called.
    pub(super) addresses: Vec<(Weight, String)>,
    /// What it holds.
    pub(super) holds: Holdings,
    /// How many of its addresses, the weightiest first, may join it with others.
    joins: usize,
}

/// Every account that the evidence names.
#[derive(Debug, Default)]
pub(super) struct Register {
    /// Accounts in the order in which they were met.
    pub(super) accounts: Vec<Account>,
    /// By stable id.
    by_id: BTreeMap<String, usize>,
    /// By folded login; the first that was met.
    by_login: BTreeMap<String, usize>,
    /// Addresses without an account.
    by_address: BTreeMap<String, usize>,
}

impl Register {
    /// Every account of a snapshot, with what it holds.
    pub(super) fn of(view: &View<'_>) -> Self {
        let mut register = Self::default();
        register.members(view);
        register.holders(view);
        register.directory(view);
        register.invites(view);
        for person in &view.tables.people {
            if let Some(i) = person.username.as_ref().and_then(|login| register.by_login.get(&fold(login))) {
                register.accounts[*i].know(Weight::Roster, &person.email);
            }
        }
        register
    }

    /// Members and former members.
    fn members(&mut self, view: &View<'_>) {
        for (i, member) in view.tables.members.iter().enumerate() {
            let account = self.account(Some(&member.user_id), Some(&member.username), Standing::Member);
            account.member = Some(i);
            if let Some(email) = &member.verified_email {
                account.know(Weight::Verified, email);
            }
            for email in view.scim_of[i].iter().flat_map(|user| &user.emails) {
                account.know(Weight::Scim, email);
            }
        }
        for former in &view.former {
            let account = if former.login.contains('@') {
                self.address(&former.login)
            } else {
                self.account(former.id.as_deref(), Some(&former.login), Standing::Former)
            };
            for (i, email) in former.emails.iter().enumerate() {
                account.know(if i == 0 { Weight::Verified } else { Weight::Earlier }, email);
            }
        }
        for row in view.tables.seen.iter().filter(|row| row.kind == MEMBER) {
            if let Some(i) = row.user_id.as_ref().and_then(|id| self.by_id.get(id)) {
                row.emails.iter().for_each(|email| self.accounts[*i].know(Weight::Earlier, email));
            }
        }
    }

    /// Users of groups, grantees and owners of tokens. Service accounts are nobody.
    fn holders(&mut self, view: &View<'_>) {
        let is_nobody = |id: Option<&str>, login: Option<&str>| {
            id.is_none() && login.is_none() || view.principal(id, login) == Principal::ServiceAccount
        };
        for user in &view.tables.group_users {
            let (id, login) = (user.user_id.as_deref(), Some(user.username.as_str()));
            if !is_nobody(id, login) {
                let groups = &mut self.account(id, login, Standing::Named).holds.groups;
                groups.insert(view.group_name(&user.group_id).to_owned());
            }
        }
        for grant in view.tables.gated_access.iter().filter(|grant| grant.status == "accepted") {
            let (id, login) = (grant.user_id.as_deref(), grant.username.as_deref());
            if !is_nobody(id, login) {
                let account = self.account(id, login, Standing::Named);
                account.holds.grants.insert(grant.repo.clone());
                if let Some(email) = &grant.email {
                    account.know(Weight::Grant, email);
                }
            }
        }
        for token in view.tables.tokens.iter().filter(|token| token.status != "revoked") {
            let (id, login) = (token.owner_id.as_deref(), token.owner.as_deref());
            if !is_nobody(id, login) {
                self.account(id, login, Standing::Named).holds.tokens += 1;
            }
        }
    }

    /// Users of the identity provider.
    fn directory(&mut self, view: &View<'_>) {
        for user in &view.tables.scim_users {
            let account = if user.username.contains('@') {
                self.address(&user.username)
            } else {
                self.account(None, Some(&user.username), Standing::Directory)
            };
            for email in std::iter::once(&user.username).chain(&user.emails).filter(|email| email.contains('@')) {
                account.know(Weight::Scim, email);
            }
            let active = &mut account.holds.scim_active;
            *active = (*active).max(user.active);
        }
    }

    /// Pending invites.
    fn invites(&mut self, view: &View<'_>) {
        for invite in &view.invites {
            let account = if invite.invitee.contains('@') {
                self.address(&invite.invitee)
            } else {
                self.account(None, Some(&invite.invitee), Standing::Invited)
            };
            if let Some(email) = &invite.email {
                account.know(Weight::Invite, email);
            }
            account.holds.invites += 1;
            account.holds.offered = invite.role.clone().or(account.holds.offered.take());
        }
    }

    /// The account with an id, or with a login where one of the two has no id; a new one where there is none.
    pub(super) fn account(&mut self, id: Option<&str>, login: Option<&str>, standing: Standing) -> &mut Account {
        let at = self.place(id, login, standing);
        &mut self.accounts[at]
    }

    /// The same by position.
    pub(super) fn place(&mut self, id: Option<&str>, login: Option<&str>, standing: Standing) -> usize {
        let by_id = id.and_then(|id| self.by_id.get(id)).copied();
        let by_login = login.and_then(|login| self.by_login.get(&fold(login))).copied();
        // Two different ids are two accounts, whatever their login.
        let same = by_login.filter(|i| id.is_none() || self.accounts[*i].id.is_none());
        let at = by_id.or(same).unwrap_or(self.accounts.len());
        if at == self.accounts.len() {
            let login = login.map(str::to_owned);
            let (holds, addresses) = (Holdings::default(), Vec::new());
            self.accounts.push(Account {
                id: None,
                login,
                standing,
                member: None,
                addresses,
                holds,
                joins: usize::MAX,
            });
        }
        let account = &mut self.accounts[at];
        account.standing = account.standing.min(standing);
        if account.login.is_none() {
            account.login = login.map(str::to_owned);
        }
        if let Some(id) = id {
            account.id.get_or_insert_with(|| id.to_owned());
            self.by_id.entry(id.to_owned()).or_insert(at);
        }
        if let Some(login) = login {
            self.by_login.entry(fold(login)).or_insert(at);
        }
        at
    }

    /// What is known of an address alone.
    fn address(&mut self, email: &str) -> &mut Account {
        let at = self.place_of_address(email);
        &mut self.accounts[at]
    }

    /// The same by position.
    pub(super) fn place_of_address(&mut self, email: &str) -> usize {
        if let Some(at) = self.by_address.get(&fold(email)) {
            return *at;
        }
        let at = self.place(None, None, Standing::Invited);
        self.accounts[at].know(Weight::Invite, email);
        self.by_address.insert(fold(email), at);
        at
    }

    /// Joins accounts to persons: for each account the number of its person, and for each person its accounts, the one
    /// that names the person first.
    pub(super) fn settle(&mut self, roster: &Roster<'_>) -> (Vec<usize>, Vec<Vec<usize>>) {
        for account in &mut self.accounts {
            account.addresses.sort();
            let mut seen = BTreeSet::new();
            account.addresses.retain(|(_, address)| seen.insert(address.clone()));
        }
        let nobodys = self.nobodys();
        // At most twice: first each account keeps its weightiest address, then none.
        loop {
            let persons = self.joined(&nobodys);
            let mut rows: Vec<(usize, BTreeSet<String>)> = vec![(0, BTreeSet::new()); self.accounts.len()];
            for (account, person) in self.accounts.iter().zip(&persons) {
                rows[*person].0 += 1;
                rows[*person].1.extend(account.roster_rows(roster, &nobodys));
            }
            let mut split = false;
            for (account, person) in self.accounts.iter_mut().zip(&persons) {
                let (accounts, named) = &rows[*person];
                if *accounts > 1 && named.len() > 1 && account.joins > 0 {
                    account.joins = usize::from(account.joins > 1);
                    split = true;
                }
            }
            if !split {
                return self.numbered(&persons);
            }
        }
    }

    /// Addresses that too many accounts share.
    fn nobodys(&self) -> BTreeSet<String> {
        let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
        let counts = |account: &&Account| account.login.is_some() && account.standing != Standing::Directory;
        for (_, address) in self.accounts.iter().filter(counts).flat_map(|account| &account.addresses) {
            *holders.entry(address).or_default() += 1;
        }
        let too_many = holders.into_iter().filter(|(_, n)| *n > SHARED);
        too_many.map(|(address, _)| address.to_owned()).collect()
    }

    /// For each account the first one that it is one person with.
    fn joined(&self, nobodys: &BTreeSet<String>) -> Vec<usize> {
        let mut first: Vec<usize> = (0..self.accounts.len()).collect();
        let mut by_address: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, account) in self.accounts.iter().enumerate() {
            for address in account.joining(nobodys) {
                let other = *by_address.entry(address).or_insert(i);
                let (a, b) = (root(&mut first, i), root(&mut first, other));
                first[a.max(b)] = a.min(b);
            }
        }
        (0..first.len()).map(|i| root(&mut first, i)).collect()
    }

    /// Persons by number instead of by their first account, and their accounts.
    fn numbered(&self, firsts: &[usize]) -> (Vec<usize>, Vec<Vec<usize>>) {
        let mut numbers: BTreeMap<usize, usize> = BTreeMap::new();
        let mut accounts: Vec<Vec<usize>> = Vec::new();
        let mut of = Vec::with_capacity(firsts.len());
        for (i, first) in firsts.iter().enumerate() {
            let number = *numbers.entry(*first).or_insert(accounts.len());
            if number == accounts.len() {
                accounts.push(Vec::new());
            }
            accounts[number].push(i);
            of.push(number);
        }
        for of_person in &mut accounts {
            of_person.sort_by_cached_key(|i| self.accounts[*i].rank());
        }
        (of, accounts)
    }
}

/// The first account that `i` was joined with; shortens the way there.
fn root(first: &mut [usize], mut i: usize) -> usize {
    while first[i] != i {
        first[i] = first[first[i]];
        i = first[i];
    }
    i
}

impl Account {
    /// Adds an address.
    pub(super) fn know(&mut self, weight: Weight, email: &str) {
        self.addresses.push((weight, fold(email)));
    }

    /// The name that the person goes by if this account is the first.
    pub(super) fn name(&self) -> &str {
        let address = || self.addresses.first().map(|(_, address)| address.as_str());
        self.login.as_deref().or_else(address).unwrap_or_default()
    }

    /// Where it stands among the accounts of its person.
    fn rank(&self) -> (bool, Standing, String) {
        (self.login.is_none(), self.standing, fold(self.name()))
    }

    /// The addresses that join it with others. An account whose person was taken apart has its weightiest at most.
    fn joining<'r>(&'r self, nobodys: &'r BTreeSet<String>) -> impl Iterator<Item = &'r str> {
        let own = self.addresses.iter().take(self.joins).map(|(_, address)| address.as_str());
        // What is nobody's own joins no account; what stands for the address itself keeps it.
        own.filter(|address| self.login.is_none() || !nobodys.contains(*address))
    }

    /// The rows of the roster that its login and its addresses name, each by its address.
    fn roster_rows(&self, roster: &Roster<'_>, nobodys: &BTreeSet<String>) -> BTreeSet<String> {
        let by_login = self.login.as_deref().and_then(|login| roster.find(Some(login), []));
        let by_address = self.joining(nobodys).filter_map(|address| roster.find(None, [address]));
        by_login.into_iter().chain(by_address).map(|person| fold(&person.email)).collect()
    }
}
