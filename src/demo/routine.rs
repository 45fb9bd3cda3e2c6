//! What members do from day to day, at the pace their row says.

use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::{
    chance::{Dice, between, hash, object_id},
    data::{Person, Repo},
    event::{Author, Log, Via},
    history::on_repo,
    words::Pace,
    world::{QUARTERS, World, approval_start, full_name, log_start},
};
use crate::model::time::Timestamp;

/// Writes the routine of everybody.
pub(super) fn write(world: &World, log: &mut Log) {
    for person in &world.data.people {
        let mut dice = Dice::of(&format!("routine {}", person.login));
        for day in days(person, &mut dice) {
            session(world, log, person, (day, &mut dice));
        }
    }
}

/// The days on which somebody does something, in order.
fn days(person: &Person, dice: &mut Dice) -> Vec<NaiveDate> {
    let end = QUARTERS.last().map_or_else(log_start, Timestamp::date_naive);
    // The first Monday of the log; every week draws its own day, so that nobody pauses longer than their pace.
    let first = log_start();
    let offset = hash(&person.login) % 4;
    let mut found = Vec::new();
    for week in 0..=(end - first).num_days().unsigned_abs() / 7 {
        let monday = first + Days::new(7 * week);
        match person.activity.pace {
            Pace::Daily => found.extend((0..5).map(|d| monday + Days::new(d)).filter(|_| dice.chance(55))),
            Pace::Weekly => found.push(monday + Days::new(dice.below(5))),
            Pace::Monthly if week % 4 == offset => found.push(monday + Days::new(dice.below(5))),
            Pace::Monthly | Pace::None => {}
        }
    }
    found.retain(|day| *day < end && person.joined_on() < *day && person.is_active(*day));
    if let Some(until) = person.activity.until.filter(|day| *day >= first && !found.contains(day)) {
        found.push(until);
    }
    found
}

/// A few events of one day, some minutes apart.
fn session(world: &World, log: &mut Log, person: &Person, (day, dice): (NaiveDate, &mut Dice)) {
    let login = person.login.as_str();
    let start = between(day, (7, 17), &format!("session {login} {day}"));
    let role = person.role.before(day);
    for step in 0..=dice.below(2) {
        let at = start + TimeDelta::seconds(i64::try_from(step * 700 + dice.below(600)).unwrap_or(0));
        let drawn = dice.pick(kinds(role)).copied().unwrap_or(SIGN_IN);
        // Signing in is always possible: a pace of once a week is an event in each week.
        let (kind, (data, message)) = match told(world, drawn, (at, dice)) {
            Some(told) => (drawn, told),
            None => (SIGN_IN, (Value::Null, "Signed in".to_owned())),
        };
        let via = match kind {
            SIGN_IN => Via::Web,
            "oauth.token" => Via::OAuth,
            _ => via(world, person, (day, dice)),
        };
        log.add_via(at, Author::Member(login), kind, (data, message, via));
    }
}

/// The type of a sign-in.
const SIGN_IN: &str = "org.sso_login";

/// The types of event that a role's routine is made of; more mentions make one more frequent.
fn kinds(role: &str) -> &'static [&'static str] {
    match role {
        "admin" => &[
            "org.sso_login",
            "org.sso_login",
            "org.sso_login",
            "jobs.create",
            "repo.update_settings",
            "repo.add_variable",
            "collection.create",
            "scheduled_job.update_schedule",
        ],
        "write" => &[
            "org.sso_login",
            "org.sso_login",
            "jobs.create",
            "jobs.create",
            "jobs.cancel",
            "repo.update_variable",
            "repo.add_variable",
            "repo.update_secret",
            "spaces.update_sleep_time",
            "spaces.update_hardware",
            "scheduled_job.run",
            "repo.delete_lfs_file",
        ],
        "contributor" => &[
            "org.sso_login",
            "org.sso_login",
            "jobs.create",
            "jobs.create",
            "jobs.update_labels",
            "scheduled_job.create",
            "collection.create",
            "oauth.token",
        ],
        _ => &["org.sso_login", "org.sso_login", "org.sso_login", "oauth.token"],
    }
}

/// What an event of a type says; `None` where there is nothing yet that it could be about.
fn told(world: &World, kind: &str, (at, dice): (Timestamp, &mut Dice)) -> Option<(Value, String)> {
    let day = at.date_naive();
    let salt = dice.roll().to_string();
    if kind.starts_with("repo.") || kind.starts_with("spaces.") {
        let space = kind.starts_with("spaces.");
        let fits = |r: &&Repo| r.exists(day) && r.created < day && (!space || r.kind == "space");
        let repos: Vec<_> = world.data.repos.iter().filter(fits).filter(|r| r.kind != "kernel").collect();
        let repo = dice.pick(&repos)?;
        let name = full_name(&repo.name);
        let mut data = on_repo(&name, &repo.kind, &salt);
        let (what, key, value) = match kind {
            "repo.update_settings" => ("Updated settings of", "discussionsDisabled", json!(dice.chance(50))),
            "repo.update_secret" => ("Updated a secret of", "key", json!("HF_TOKEN")),
            "repo.delete_lfs_file" => ("Deleted a large file of", "oid", json!(salt)),
            "spaces.update_hardware" => ("Changed the hardware of", "hardware", json!("t4-small")),
            "spaces.update_sleep_time" => ("Changed the sleep time of", "sleepTime", json!(3600)),
            _ => ("Changed a variable of", "key", json!("MODE")),
        };
        data[key] = value;
        return Some((data, format!("{what} {} {name}", repo.kind)));
    }
    let id = object_id(at, &salt);
    Some(match kind {
        "collection.create" => (json!({ "collection": { "id": id } }), "Created a collection".to_owned()),
        "oauth.token" => (Value::Null, "Issued an OAuth token".to_owned()),
        "org.sso_login" => (json!({ "provider": "oidc" }), "Signed in".to_owned()),
        kind if kind.starts_with("scheduled_job.") => {
            (json!({ "scheduledJob": { "id": id } }), "Changed a scheduled job".to_owned())
        }
        _ => {
            let data =
                json!({ "job": { "id": id, "flavor": "t4-small", "dockerImage": "registry.example.org/train:3" } });
            (data, "Created or changed a job".to_owned())
        }
    })
}

/// How it was done: mostly in the browser, sometimes with a token that was in use on that day.
fn via(world: &World, person: &Person, (day, dice): (NaiveDate, &mut Dice)) -> Via {
    let usable = |used: &super::words::Dated| used.word == "live" || used.day.is_some_and(|last| day <= last);
    let mut tokens = world.data.tokens.iter().filter(|t| t.owner == person.login);
    let live = tokens.find(|t| t.created < day && usable(&t.used) && t.name != super::history::access::REVIEW_TOKEN);
    match live {
        Some(token) if dice.chance(35) => Via::Token(token.name.clone()),
        _ if dice.chance(4) && day > approval_start() => Via::OAuth,
        _ => Via::Web,
    }
}
