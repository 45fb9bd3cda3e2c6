//! Approvals of tokens, service accounts, exports of the log, and the single events.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::about;
use crate::{
    demo::{
        chance::{moment, object_id},
        data::{Single, Token},
        error::Error,
        event::{Author, Log, Via},
        world::{
            QUARTERS, World, approval_start, service_created, service_id, service_token_created, steward,
            token_created, token_id,
        },
    },
    model::time,
};

/// The owner who runs the reviews.
pub(crate) const OPERATOR: &str = "mara-lindqvist";

/// The name of the token that reads.
pub(crate) const REVIEW_TOKEN: &str = "access-review";

/// Writes everything about tokens and service accounts, and what no other file implies.
///
/// # Errors
/// When a single event has an instant or a `data` that does not parse.
pub(crate) fn write(world: &World, log: &mut Log) -> Result<(), Error> {
    for token in &world.data.tokens {
        approval(world, log, token);
    }
    services(world, log);
    for quarter in QUARTERS.iter() {
        let told = (Value::Null, "Exported the audit log".to_owned(), Via::Token(REVIEW_TOKEN.to_owned()));
        log.add_via(*quarter + TimeDelta::seconds(2), Author::Member(OPERATOR), "org.audit_log.export", told);
    }
    for single in &world.data.singles {
        one(world, log, single)?;
    }
    Ok(())
}

/// The events of one token under the approval policy. An owner's fine-grained token is approved without a request.
fn approval(world: &World, log: &mut Log, token: &Token) {
    let salt = format!("approval {} {}", token.owner, token.name);
    let steward = Author::Member(steward(&salt));
    let data = |more: &[(&str, &str)]| {
        let mut data = about(world, &token.owner, &salt, more);
        data["token"] = json!({ "id": token_id(token), "displayName": token.name });
        data
    };
    let message = |what: &str| format!("{what} token {} of {}", token.name, token.owner);
    let owner_by_role = world.person(&token.owner).is_some_and(|p| p.role.before(token.created) == "admin");
    if token.created >= approval_start() && !owner_by_role {
        let request = "org.token_approval.authorization_request";
        let asked = (json!({ "token": { "id": token_id(token) } }), message("Requested approval of"));
        log.add(token_created(token), Author::Member(&token.owner), request, asked);
        let decided = moment(token.created, &salt);
        match token.status.word.as_str() {
            "pending" => {}
            "denied" => log.add(decided, steward, &format!("{request}.denied"), (data(&[]), message("Denied"))),
            _ => log.add(decided, steward, &format!("{request}.authorized"), (data(&[]), message("Authorized"))),
        }
    }
    if let Some(day) = token.status.day {
        let kind = "org.token_approval.authorization_request.revoked";
        log.add(moment(day, &salt), steward, kind, (data(&[("reason", "policy")]), message("Revoked")));
    }
}

/// The events of service accounts and their tokens, and what the accounts do by night.
fn services(world: &World, log: &mut Log) {
    for service in &world.data.services {
        let by = Author::Member(steward(&service.login));
        let account = json!({ "serviceAccount": { "id": service_id(service), "name": service.name } });
        let told = (account.clone(), format!("Created service account {}", service.name));
        log.add(service_created(service), by, "org.service_account.create", told);
        for token in world.data.service_tokens.iter().filter(|t| t.account == service.login) {
            let told = (account.clone(), format!("Created a token for service account {}", service.name));
            log.add(service_token_created(token), by, "org.service_account.token.create", told);
        }
    }
    for token in world.data.service_tokens.iter().filter(|t| t.used.word == "live") {
        let nights = QUARTERS.last().map_or(0, |end| (end.date_naive() - token.created).num_days()) / 7;
        for week in 0..nights {
            let at = service_token_created(token) + TimeDelta::days(7 * week + 1);
            let job = json!({ "job": { "id": object_id(at, &token.name), "flavor": "cpu-upgrade" } });
            let told = (job, "Created a job".to_owned(), Via::Token(token.name.clone()));
            log.add_via(at, Author::Service(&token.account), "jobs.create", told);
        }
    }
}

/// One event of `events.csv`.
fn one(world: &World, log: &mut Log, single: &Single) -> Result<(), Error> {
    let unknown = |name: &str| Error::Unknown { file: "events.csv", name: name.to_owned() };
    let at = time::parse(&single.at).ok_or_else(|| unknown(&single.at))?;
    let data = if single.data.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&single.data).map_err(|_json| unknown(&single.data))?
    };
    let author = match single.author.as_str() {
        "system" => Author::System,
        login if world.person(login).is_some() => Author::Member(login),
        other => return Err(unknown(other)),
    };
    let via = match single.via.as_str() {
        "web" => Via::Web,
        "oauth" => Via::OAuth,
        other => match other.strip_prefix("token ") {
            Some(name) if world.data.tokens.iter().any(|t| t.owner == single.author && t.name == name) => {
                Via::Token(name.to_owned())
            }
            _ => return Err(unknown(other)),
        },
    };
    log.add_via(at, author, &single.kind, (data, single.message.clone(), via));
    Ok(())
}
