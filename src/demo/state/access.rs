//! Access requests, tokens of members, and service accounts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Now, by,
    members::{avatar, identity, org_entity},
    stamp,
};
use crate::demo::{
    chance::{days_before, early, hash, midnight, moment, object_id},
    data::{Grant, Repo, Token},
    world::{
        approval_start, last4, service_created, service_id, service_token_created, service_token_id, steward,
        token_created, token_id,
    },
};

/// Access requests by path form of the repository, newest first.
pub(super) fn requests(now: &Now<'_>) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for grant in now.world.data.grants.iter().filter(|g| g.requested < now.day) {
        let exists = now.world.data.repos.iter().any(|r| r.path() == grant.repo && r.created < now.day);
        if exists {
            let list = found.entry(grant.repo.clone()).or_default();
            list.extend((1..=grant.count).map(|number| request(now, grant, number)));
        }
    }
    for list in found.values_mut() {
        let key = |v: &Value| (v["timestamp"].as_str().map(str::to_owned), v["requestId"].as_str().map(str::to_owned));
        list.sort_by_key(|v| std::cmp::Reverse(key(v)));
    }
    found
}

/// One request of a row; `number` counts from 1 where the row stands for several people.
fn request(now: &Now<'_>, grant: &Grant, number: u32) -> Value {
    let salt = format!("{} {} {number} {}", grant.repo, grant.user, grant.requested);
    let asked = early(grant.requested, &salt);
    let decided = grant.decided.day.filter(|day| *day < now.day);
    let mut item = json!({
        "requestId": object_id(asked, &salt),
        "status": if decided.is_some() { grant.decided.word.as_str() } else { "pending" },
        "timestamp": stamp(asked),
        "fields": { "Purpose": "Research", "I agree to the terms": "yes" },
    });
    if let Some(day) = decided {
        item["reviewedAt"] = json!(stamp(moment(day, &salt)));
    }
    if grant.user != "hidden" {
        item["user"] = grantee(now, grant, number);
    }
    match grant.granted_by.as_str() {
        "" => {}
        "nobody" => item["grantedBy"] = json!({}),
        login => {
            // A grant without a request has no form.
            item["fields"] = json!({});
            let (id, name, full) = identity(now.world, login);
            item["grantedBy"] = json!({
                "_id": id, "user": name, "fullname": full, "avatarUrl": avatar(login), "isPro": false, "type": "user",
            });
        }
    }
    item
}

/// Who asked.
fn grantee(now: &Now<'_>, grant: &Grant, number: u32) -> Value {
    let (id, login, name, email) = if let Some(person) = now.world.person(&grant.user) {
        let (id, _, name) = identity(now.world, &grant.user);
        (id, person.login.clone(), name, person.email.clone())
    } else {
        let numbered = |text: &str, sep: &str| match grant.count {
            0 | 1 => text.to_owned(),
            _ => format!("{text}{sep}{number:03}"),
        };
        let login = numbered(&grant.user, "-");
        let id = object_id(midnight(days_before(grant.requested, 30 + hash(&login) % 600)), &login);
        let email = grant.email.split_once('@').map(|(local, at)| format!("{}@{at}", numbered(local, "-")));
        (id, login, numbered(&grant.name, " "), email.unwrap_or_default())
    };
    let mut user = json!({
        "_id": id, "user": login, "fullname": name, "avatarUrl": avatar(&login), "isPro": false, "type": "user",
        "verifiedOrgNames": [], "orgs": [],
    });
    // The address goes with the request form; who was let in without one has not shared it.
    if !email.is_empty() && (grant.granted_by.is_empty() || grant.granted_by == "nobody") {
        user["email"] = json!(email);
    }
    user
}

/// `settings/tokens`, revoked ones included.
pub(super) fn tokens(now: &Now<'_>) -> Vec<Value> {
    let world = now.world;
    let listed = world.data.tokens.iter().filter(|t| {
        let owned = world.person(&t.owner).is_some_and(|p| p.is_member(now.day));
        t.created < now.day && (owned || t.flags.has("outlives"))
    });
    by(listed.map(|t| token(now, t)).collect(), "_id")
}

/// One token of a member.
fn token(now: &Now<'_>, token: &Token) -> Value {
    let (id, name, full) = identity(now.world, &token.owner);
    let made = token_created(token);
    let salt = token_id(token);
    let mut item = json!({
        "_id": salt,
        "displayName": token.name,
        "role": token.role,
        "last4": last4(&salt),
        "createdAt": stamp(made),
        "owner": { "_id": id, "name": name, "fullname": full, "avatarUrl": avatar(&token.owner) },
    });
    if let Some(used) = now.last_use(&token.used, &salt) {
        item["lastUsedAt"] = json!(stamp(used.max(made)));
    }
    if let Some(authorization) = authorization(now, token) {
        item["authorization"] = authorization;
    }
    if !token.scopes.is_empty() {
        let scoped: Vec<_> = token.scopes.split(" | ").filter_map(|scope| scope_of(now, scope)).collect();
        item["fineGrained"] = json!({ "scoped": scoped });
    }
    item
}

/// The approval of a token; `None` for one that is older than the policy.
fn authorization(now: &Now<'_>, token: &Token) -> Option<Value> {
    let revoked = token.status.since("revoked", now.day).is_some();
    if token.created < approval_start() && !revoked {
        return None;
    }
    let asked = token_created(token);
    let status = match token.status.word.as_str() {
        "revoked" if revoked => "revoked",
        "revoked" => "approved",
        word => word,
    };
    let mut item = json!({ "status": status, "requestedAt": stamp(asked) });
    if status == "approved" {
        let owner_by_role = now.world.person(&token.owner).is_some_and(|p| p.role.before(token.created) == "admin");
        let salt = format!("approval {} {}", token.owner, token.name);
        let (login, at) =
            if owner_by_role { (token.owner.as_str(), asked) } else { (steward(&salt), moment(token.created, &salt)) };
        let (_, name, full) = identity(now.world, login);
        item["authorizedAt"] = json!(stamp(at));
        item["authorizer"] = json!({ "name": name, "fullname": full, "avatarUrl": avatar(login) });
    }
    Some(item)
}

/// One scope: `org: permissions` or `repository path: permissions`; `None` where the repository is not there yet.
fn scope_of(now: &Now<'_>, scope: &str) -> Option<Value> {
    let (entity, permissions) = scope.split_once(": ")?;
    let entity = if entity == "org" {
        json!({ "_id": org_entity()["_id"], "type": "org" })
    } else {
        let repo = now.world.data.repos.iter().find(|r| r.path() == entity)?;
        json!({ "_id": repo.id(), "type": repo.kind })
    };
    Some(json!({ "entity": entity, "permissions": permissions.split_whitespace().collect::<Vec<_>>() }))
}

/// Service accounts with their tokens.
pub(super) fn services(now: &Now<'_>) -> Vec<Value> {
    let world = now.world;
    let made = world.data.services.iter().filter(|s| s.created < now.day);
    let items = made.map(|service| {
        let tokens = world.data.service_tokens.iter().filter(|t| t.account == service.login && t.created < now.day);
        let tokens: Vec<_> = tokens
            .map(|t| {
                let id = service_token_id(t);
                let repos = world.data.repos.iter().filter(|r| t.repos.has(&r.path()));
                let repos: Vec<_> = repos.map(Repo::id).collect();
                let mut item = json!({
                    "_id": id,
                    "displayName": t.name,
                    "createdAt": stamp(service_token_created(t)),
                    "role": "fineGrained",
                    "permissions": t.permissions.0,
                    "repoPermissions": if repos.is_empty() { vec![] } else { vec!["repo.write"] },
                    "repoIds": repos,
                    "endpointPatterns": [],
                    "last4": last4(&id),
                    "skipNetworkSecurity": false,
                });
                if let Some(used) = now.last_use(&t.used, &id) {
                    item["lastUsedAt"] = json!(stamp(used));
                }
                if let Some(expires) = t.expires {
                    item["expiration"] = json!(stamp(midnight(expires)));
                }
                item
            })
            .collect();
        json!({
            "_id": service_id(service),
            "user": service.login,
            "name": service.name,
            "email": format!("{}@example.org", service.login),
            "description": service.description,
            "createdAt": stamp(service_created(service)),
            "accessTokens": tokens,
        })
    });
    items.collect()
}
