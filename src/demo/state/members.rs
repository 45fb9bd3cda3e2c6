//! Members, resource groups, the overview and who is asking.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Now, by, stamp};
use crate::demo::{
    data::{Group, Person},
    history::access::{OPERATOR, REVIEW_TOKEN},
    world::{ORG, World, collection_id, full_name, group_id, service_id, steward, token_created},
};

/// Id of the organization.
const ORG_ID: &str = "64058f000000000000000001";

/// Display name of the organization.
const FULL_NAME: &str = "Tidewater Labs";

/// The entity that the organization is in a token's scopes.
pub(super) fn org_entity() -> Value {
    json!({ "_id": ORG_ID, "name": ORG, "type": "org" })
}

/// `/api/organizations/{org}/members`.
pub(super) fn members(now: &Now<'_>) -> Vec<Value> {
    let world = now.world;
    let current = world.data.people.iter().filter(|p| p.is_member(now.day));
    by(current.map(|p| member(now, p)).collect(), "_id")
}

/// One member as an owner sees them.
fn member(now: &Now<'_>, person: &Person) -> Value {
    let mut item = json!({
        "_id": person.id(),
        "user": person.login,
        "fullname": person.name,
        "avatarUrl": avatar(&person.login),
        "isPro": person.flags.has("pro"),
        "type": "user",
        "isFollowing": false,
        "role": person.role.before(now.day),
        "resourceGroups": memberships(now, &person.login),
        "verifiedEmail": if person.flags.has("no-email") { Value::Null } else { json!(person.email) },
        "isExternalCollaborator": person.flags.has("external"),
    });
    match person.two_factor.before(now.day) {
        "hidden" => {}
        state => item["twoFaEnabled"] = json!(state == "yes"),
    }
    item
}

/// The resource groups of one member.
fn memberships(now: &Now<'_>, login: &str) -> Vec<Value> {
    let groups = now.world.data.groups.iter().filter(|g| g.created < now.day);
    let mine = groups.filter_map(|group| {
        let users = users(now, group);
        let role = users.iter().find(|u| u.login == login)?.role.clone();
        Some(json!({ "id": group_id(group), "name": group.name, "numUsers": users.len(), "role": role }))
    });
    mine.collect()
}

/// One user of one group.
pub(super) struct User<'a> {
    /// Login.
    login: &'a str,
    /// Role in the group.
    role: String,
    /// Who added them; `None` for those who joined by themselves.
    added_by: Option<String>,
}

/// The users of one group, in the order in which they came.
pub(super) fn users<'a>(now: &Now<'a>, group: &Group) -> Vec<User<'a>> {
    let world = now.world;
    let listed = world.data.group_users.iter().filter(|u| u.group == group.name && world.in_group(u, now.day));
    let mut users: Vec<_> = listed
        .map(|u| {
            let steward = steward(&format!("{} {}", u.group, u.login)).to_owned();
            let by = if u.by.is_empty() { steward } else { u.by.clone() };
            User { login: &u.login, role: u.role.before(now.day).to_owned(), added_by: Some(by) }
        })
        .collect();
    if !group.auto_join.is_empty() {
        let fresh = |p: &&Person| p.is_member(now.day) && p.joined_on() > group.created;
        users.extend(world.data.people.iter().filter(fresh).map(|p| User {
            login: &p.login,
            role: group.auto_join.clone(),
            added_by: None,
        }));
    }
    users
}

/// `/api/organizations/{org}/resource-groups`.
pub(super) fn groups(now: &Now<'_>) -> Vec<Value> {
    let existing = now.world.data.groups.iter().filter(|g| g.created < now.day);
    by(existing.map(|g| group(now, g)).collect(), "id")
}

/// One resource group.
fn group(now: &Now<'_>, group: &Group) -> Value {
    let world = now.world;
    let users: Vec<_> = users(now, group)
        .into_iter()
        .map(|u| {
            let (id, name, full) = identity(world, u.login);
            let mut item = json!({
                "type": "user", "_id": id, "name": name, "fullname": full, "avatarUrl": avatar(u.login), "role": u.role,
            });
            if let Some(by) = u.added_by {
                item["addedBy"] = json!(by);
            }
            item
        })
        .collect();
    let held = world.data.repos.iter().filter(|r| r.exists(now.day) && r.group.before(now.day) == group.name);
    let repos: Vec<_> = held
        .map(|r| {
            json!({
                "type": r.kind,
                "name": full_name(&r.name),
                "private": r.visibility.before(now.day) != "public",
                "addedBy": r.creator,
            })
        })
        .collect();
    let mut resources = repos.clone();
    let collection = collection_id(group);
    resources.push(json!({
        "type": "collection", "id": collection, "slug": format!("{ORG}/{}-{collection}", group.name),
        "title": group.description, "private": true,
    }));
    json!({
        "id": group_id(group),
        "name": group.name,
        "description": group.description,
        "autoJoin": if group.auto_join.is_empty() {
            json!({ "enabled": false })
        } else {
            json!({ "enabled": true, "role": group.auto_join, "scope": "all" })
        },
        "users": users,
        "resources": resources,
        "repos": repos,
    })
}

/// Id, login and display name of a member or a service account, as lists other than the members' spell them.
pub(super) fn identity(world: &World, login: &str) -> (String, String, String) {
    if let Some(person) = world.person(login) {
        let spelt = if person.flags.has("shouts") { login.to_uppercase() } else { login.to_owned() };
        return (person.id(), spelt, person.name.clone());
    }
    let service = world.data.services.iter().find(|s| s.login == login);
    (
        service.map(service_id).unwrap_or_default(),
        login.to_owned(),
        service.map_or_else(String::new, |s| s.name.clone()),
    )
}

/// Path of a picture.
pub(super) fn avatar(login: &str) -> String {
    format!("/avatars/{login}.svg")
}

/// `/api/organizations/{org}/overview`.
pub(super) fn overview(members: usize, repos: &BTreeMap<&'static str, Vec<Value>>) -> Value {
    let public =
        |kind: &str| repos.get(kind).map_or(0, |list| list.iter().filter(|r| r["private"] == json!(false)).count());
    json!({
        "avatarUrl": avatar(ORG),
        "name": ORG,
        "fullname": FULL_NAME,
        "type": "org",
        "details": "Robots, voices and maps for harbours. Invented.",
        "isVerified": true,
        "isFollowing": false,
        "numUsers": members,
        "numModels": public("models"),
        "numDatasets": public("datasets"),
        "numSpaces": public("spaces"),
        "numFollowers": 0,
        "numPapers": 2,
        "plan": "enterprise",
    })
}

/// `/api/whoami-v2`: the owner who runs the reviews, with the token that reads.
pub(super) fn whoami(now: &Now<'_>) -> Value {
    let world = now.world;
    let token = world.data.tokens.iter().find(|t| t.owner == OPERATOR && t.name == REVIEW_TOKEN);
    let person = world.person(OPERATOR);
    let permissions: Vec<_> = token
        .and_then(|t| t.scopes.strip_prefix("org: "))
        .map(|scopes| scopes.split_whitespace().collect())
        .unwrap_or_default();
    let groups: Vec<_> = memberships(now, OPERATOR)
        .into_iter()
        .map(|g| json!({ "id": g["id"], "name": g["name"], "role": g["role"] }))
        .collect();
    let period_end = now.as_of + chrono::TimeDelta::days(92);
    json!({
        "auth": {
            "type": "access_token",
            "accessToken": {
                "displayName": REVIEW_TOKEN,
                "role": token.map(|t| t.role.as_str()),
                "createdAt": token.map(|t| stamp(token_created(t))),
                "fineGrained": {
                    "scoped": [{ "entity": org_entity(), "permissions": permissions }],
                    "global": [],
                    "canReadGatedRepos": false,
                },
            },
        },
        "type": "user",
        "id": person.map(Person::id),
        "name": OPERATOR,
        "fullname": person.map(|p| p.name.as_str()),
        "email": person.map(|p| p.email.as_str()),
        "emailVerified": true,
        "canPay": true,
        "billingMode": "postpaid",
        "avatarUrl": avatar(OPERATOR),
        "periodEnd": period_end.timestamp(),
        "isPro": false,
        "orgs": [{
            "type": "org",
            "id": ORG_ID,
            "name": ORG,
            "fullname": FULL_NAME,
            "email": null,
            "canPay": true,
            "billingMode": "postpaid",
            "avatarUrl": avatar(ORG),
            "periodEnd": period_end.timestamp(),
            "plan": "enterprise",
            "roleInOrg": "admin",
            "securityRestrictions": [],
            "resourceGroups": groups,
        }],
    })
}
