//! The sample organization over time: the files with ids, who is who, and the one audit log.
//!
//! The log is made once, to its end; a quarter sees what happened before it. So two quarters never disagree about an
//! event they both see.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::NaiveDate;

use super::{
    chance::{days_before, early, hash, midnight, moment, object_id},
    data::{Data, Group, GroupUser, Person, Repo, Service, ServiceToken, Token},
    error::Error,
    event::{Event, Log},
    history, routine,
};
use crate::model::{
    ids::repo_path,
    time::{self, Timestamp},
};

/// The sample organization's name.
pub(super) const ORG: &str = "tidewater-labs";

/// First day of the log; what happened earlier left no event.
pub(super) fn log_start() -> NaiveDate {
    date(2025, 2, 10)
}

/// First day of the token approval policy; older tokens carry no approval.
pub(super) fn approval_start() -> NaiveDate {
    date(2025, 9, 2)
}

/// A day that is known to exist.
fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MIN)
}

/// The instants of the four quarters, oldest first.
pub(super) static QUARTERS: LazyLock<[Timestamp; 4]> = LazyLock::new(|| {
    [date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)]
        .map(|day| time::start_of(day) + chrono::TimeDelta::hours(6))
});

/// The sample organization, expanded once per process.
pub(super) fn world() -> &'static World {
    /// The one copy.
    static WORLD: LazyLock<World> =
        LazyLock::new(|| World::load().expect("the embedded sample data holds together; a test reads all of it"));
    &WORLD
}

/// The sample organization over time.
#[derive(Debug)]
pub(super) struct World {
    /// The files.
    pub(super) data: Data,
    /// Index in `data.people` by login.
    people: BTreeMap<String, usize>,
    /// Every event to the end, oldest first.
    pub(super) events: Vec<Event>,
}

impl World {
    /// Reads the files and makes the log.
    ///
    /// # Errors
    /// When a row does not parse or names what no file declares.
    pub(super) fn load() -> Result<Self, Error> {
        let data = Data::load()?;
        let people = data.people.iter().enumerate().map(|(i, p)| (p.login.clone(), i)).collect();
        let mut world = Self { data, people, events: Vec::new() };
        world.check()?;
        let mut log = Log::new();
        history::members::write(&world, &mut log);
        history::groups::write(&world, &mut log);
        history::repos::write(&world, &mut log);
        history::access::write(&world, &mut log)?;
        routine::write(&world, &mut log);
        world.events = log.finish(&world);
        Ok(world)
    }

    /// Checks that every name in the files is declared.
    fn check(&self) -> Result<(), Error> {
        let data = &self.data;
        let known = |login: &str| self.person(login).is_some() || data.services.iter().any(|s| s.login == login);
        let group = |name: &str| name.is_empty() || data.groups.iter().any(|g| g.name == name);
        let repo = |path: &str| data.repos.iter().any(|r| r.path() == path);
        let member = |login: &str| login.is_empty() || self.person(login).is_some();
        let unknown = |file, name: &str| Err(Error::Unknown { file, name: name.to_owned() });
        for user in &data.group_users {
            for (ok, name) in
                [(known(&user.login), &user.login), (member(&user.by), &user.by), (group(&user.group), &user.group)]
            {
                if !ok {
                    return unknown("group_users.csv", name);
                }
            }
        }
        for r in &data.repos {
            let groups = std::iter::once(&r.group.first).chain(r.group.changes.iter().map(|(_, g)| g));
            let names = std::iter::once(&r.creator).chain(&r.committers.0).map(|login| (member(login), login));
            if let Some((_, name)) = groups.map(|g| (group(g), g)).chain(names).find(|(ok, _)| !ok) {
                return unknown("repos.csv", name);
            }
        }
        if let Some(grant) = data.grants.iter().find(|g| !repo(&g.repo)) {
            return unknown("grants.csv", &grant.repo);
        }
        if let Some(token) = data.tokens.iter().find(|t| !member(&t.owner)) {
            return unknown("tokens.csv", &token.owner);
        }
        if let Some(token) = data.service_tokens.iter().find(|t| !known(&t.account)) {
            return unknown("service_tokens.csv", &token.account);
        }
        match data.departments.iter().find(|d| !member(&d.head)) {
            Some(department) => unknown("departments.csv", &department.head),
            None => Ok(()),
        }
    }

    /// The person with a login.
    pub(super) fn person(&self, login: &str) -> Option<&Person> {
        self.people.get(login).map(|i| &self.data.people[*i])
    }

    /// Whether somebody is in a resource group when `day` begins: leaving the organization ends it, unless it does not.
    pub(super) fn in_group(&self, user: &GroupUser, day: NaiveDate) -> bool {
        let left = self.person(&user.login).and_then(|p| p.left.day).filter(|_| !user.flags.has("outlives"));
        user.added < day && user.removed.is_none_or(|gone| gone >= day) && left.is_none_or(|gone| gone >= day)
    }
}

impl Person {
    /// The day of joining.
    pub(super) fn joined_on(&self) -> NaiveDate {
        self.joined.day.unwrap_or_else(log_start)
    }

    /// Whether they are a member when `day` begins.
    pub(super) fn is_member(&self, day: NaiveDate) -> bool {
        self.joined_on() < day && self.left.day.is_none_or(|left| left >= day)
    }

    /// Whether they do things on `day`: a member, not past their last active day, not of pace `none`.
    pub(super) fn is_active(&self, day: NaiveDate) -> bool {
        self.is_member(day)
            && self.left.day.is_none_or(|left| left > day)
            && self.activity.pace != super::words::Pace::None
            && self.activity.until.is_none_or(|until| day <= until)
    }

    /// Id of the account, which is older than the membership.
    pub(super) fn id(&self) -> String {
        let day = days_before(self.joined_on(), 20 + hash(&self.login) % 400);
        object_id(midnight(day), &self.login)
    }
}

impl Repo {
    /// Path form.
    pub(super) fn path(&self) -> String {
        repo_path(&self.kind, &full_name(&self.name))
    }

    /// Id.
    pub(super) fn id(&self) -> String {
        object_id(repo_created(self), &self.path())
    }

    /// Whether it exists when `day` begins.
    pub(super) fn exists(&self, day: NaiveDate) -> bool {
        self.created < day && self.deleted.is_none_or(|gone| gone >= day)
    }
}

/// The login of an owner who can be relied on, one of two.
pub(super) fn steward(salt: &str) -> &'static str {
    if hash(salt).is_multiple_of(3) { "tomas-okafor" } else { "mara-lindqvist" }
}

/// `organization/name`.
pub(super) fn full_name(name: &str) -> String {
    format!("{ORG}/{name}")
}

/// When a repository was made.
pub(super) fn repo_created(repo: &Repo) -> Timestamp {
    early(repo.created, &format!("create {} {}", repo.kind, repo.name))
}

/// When a token was made.
pub(super) fn token_created(token: &Token) -> Timestamp {
    early(token.created, &format!("token {} {}", token.owner, token.name))
}

/// Id of a token.
pub(super) fn token_id(token: &Token) -> String {
    object_id(token_created(token), &format!("token {} {}", token.owner, token.name))
}

/// Last four characters of a token, which is all that anybody has of it.
pub(super) fn last4(salt: &str) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut dice = super::chance::Dice::of(salt);
    (0..4).filter_map(|_| dice.pick(LETTERS)).map(|b| char::from(*b)).collect()
}

/// When a resource group was made.
pub(super) fn group_created(group: &Group) -> Timestamp {
    early(group.created, &format!("group {}", group.name))
}

/// Id of a resource group.
pub(super) fn group_id(group: &Group) -> String {
    object_id(group_created(group), &format!("group {}", group.name))
}

/// Id of the collection of a resource group.
pub(super) fn collection_id(group: &Group) -> String {
    object_id(group_created(group), &format!("collection {}", group.name))
}

/// When a service account was made.
pub(super) fn service_created(service: &Service) -> Timestamp {
    early(service.created, &format!("service {}", service.login))
}

/// Id of a service account.
pub(super) fn service_id(service: &Service) -> String {
    object_id(service_created(service), &format!("service {}", service.login))
}

/// When a token of a service account was made, after the account.
pub(super) fn service_token_created(token: &ServiceToken) -> Timestamp {
    moment(token.created, &format!("service token {} {}", token.account, token.name))
}

/// Id of a token of a service account.
pub(super) fn service_token_id(token: &ServiceToken) -> String {
    object_id(service_token_created(token), &format!("service token {} {}", token.account, token.name))
}
