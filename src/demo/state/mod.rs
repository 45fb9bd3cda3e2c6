//! The organization as the Hub's answers show it at one instant.

use std::collections::BTreeMap;

use chrono::{NaiveDate, SecondsFormat};
use serde_json::Value;

use super::{error::Error, event, world::World};
use crate::model::time::Timestamp;

mod access;
mod members;
mod repos;
mod scim;

/// Every answer of the fixture Hub at one instant, before paging and filters.
#[derive(Debug)]
pub(super) struct State {
    /// `/api/whoami-v2`.
    pub(super) whoami: Value,
    /// `/api/organizations/{org}/overview`.
    pub(super) overview: Value,
    /// Members, by id.
    pub(super) members: Vec<Value>,
    /// Resource groups, by id.
    pub(super) groups: Vec<Value>,
    /// `settings/repositories`.
    pub(super) repositories: Vec<Value>,
    /// Lists of repositories by plural type (`models`), full items, oldest first.
    pub(super) repos: BTreeMap<&'static str, Vec<Value>>,
    /// Commits by path form, newest first.
    pub(super) commits: BTreeMap<String, Vec<Value>>,
    /// Access requests by path form, newest first.
    pub(super) requests: BTreeMap<String, Vec<Value>>,
    /// Tokens of members, revoked ones included, by id.
    pub(super) tokens: Vec<Value>,
    /// Service accounts with their tokens.
    pub(super) services: Vec<Value>,
    /// SCIM users, by id.
    pub(super) scim_users: Vec<Value>,
    /// SCIM groups, by id.
    pub(super) scim_groups: Vec<Value>,
    /// Collections.
    pub(super) collections: Vec<Value>,
    /// `audit-log/export`, one array.
    pub(super) audit_log: Vec<u8>,
}

impl State {
    /// The organization at `as_of`.
    ///
    /// # Errors
    /// When the log cannot be written as JSON, which no sample data causes.
    pub(super) fn at(world: &World, as_of: Timestamp) -> Result<Self, Error> {
        let now = Now { world, as_of, day: as_of.date_naive() };
        let commits = repos::commits(&now);
        let repos = repos::lists(&now, &commits);
        let members = members::members(&now);
        Ok(Self {
            whoami: members::whoami(&now),
            overview: members::overview(members.len(), &repos),
            groups: members::groups(&now),
            repositories: repos::inventory(&now, &commits),
            requests: access::requests(&now),
            tokens: access::tokens(&now),
            services: access::services(&now),
            scim_users: scim::users(&now),
            scim_groups: scim::groups(&now),
            collections: repos::collections(&now),
            audit_log: event::export(world, as_of).map_err(|source| Error::Export { source })?,
            members,
            repos,
            commits,
        })
    }
}

/// The instant at which the organization is looked at.
#[derive(Clone, Copy, Debug)]
struct Now<'a> {
    /// The organization over time.
    world: &'a World,
    /// The instant.
    as_of: Timestamp,
    /// Its day; what happened on an earlier day has happened.
    day: NaiveDate,
}

impl Now<'_> {
    /// An instant shortly before now, for what goes on until now.
    fn lately(&self, salt: &str) -> Timestamp {
        let minutes = super::chance::hash(salt) % 500;
        self.as_of - chrono::TimeDelta::minutes(i64::try_from(minutes + 5).unwrap_or(5))
    }

    /// The last use of a token as its `used` cell says; `None` for never.
    fn last_use(&self, used: &super::words::Dated, salt: &str) -> Option<Timestamp> {
        match used.day {
            // Late in the day, after whatever was done with the token on it.
            Some(day) if day < self.day => Some(super::chance::between(day, (23, 24), salt).max(late(day))),
            Some(_) => Some(self.lately(salt)),
            None => (used.word == "live").then(|| self.lately(salt)),
        }
    }
}

/// A quarter past eleven in the evening.
fn late(day: NaiveDate) -> Timestamp {
    super::chance::midnight(day) + chrono::TimeDelta::minutes(23 * 60 + 15)
}

/// A timestamp as the Hub writes it, with milliseconds.
pub(super) fn stamp(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Sorts answers by a text field.
fn by(mut items: Vec<Value>, key: &str) -> Vec<Value> {
    items.sort_by(|a, b| a[key].as_str().cmp(&b[key].as_str()));
    items
}
