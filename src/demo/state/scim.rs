//! What the identity provider has provisioned: members and pending invitations, and groups by department.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Now, by};
use crate::demo::{
    chance::{days_before, midnight, object_id},
    data::Person,
    world::{ORG, log_start},
};

/// SCIM users, by id.
pub(super) fn users(now: &Now<'_>) -> Vec<Value> {
    let world = now.world;
    let members = world.data.people.iter().filter(|p| provisioned(p, now.day)).map(|p| {
        let active = p.scim.since("off", now.day).is_none();
        let name = if p.scim.word == "alias" { alias(&p.login) } else { p.login.clone() };
        user(&p.id(), &name, (&p.name, &p.email), active)
    });
    let pending = world.data.provisioned.iter().filter(|p| p.since < now.day).map(|p| {
        let id = object_id(midnight(p.since), &format!("scim {}", p.login));
        user(&id, &p.login, (&p.name, &p.email), p.active)
    });
    by(members.chain(pending).collect(), "id")
}

/// Whether the identity provider knows a member; whoever leaves the organization leaves its listing.
fn provisioned(person: &Person, day: NaiveDate) -> bool {
    person.scim.word != "no" && person.is_member(day)
}

/// Another user name for a login: initial and surname.
fn alias(login: &str) -> String {
    let (first, last) = login.split_once('-').unwrap_or((login, ""));
    format!("{}{last}", first.get(..1).unwrap_or(first))
}

/// One SCIM user.
fn user(id: &str, login: &str, (name, email): (&str, &str), active: bool) -> Value {
    let (given, family) = name.split_once(' ').unwrap_or((name, ""));
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": id,
        "externalId": format!("idp|{}", &id[16..]),
        "userName": login,
        "displayName": name,
        "name": { "givenName": given, "familyName": family, "formatted": name },
        "emails": [{ "value": email, "primary": true, "type": "work" }],
        "active": active,
        "meta": { "resourceType": "User", "location": location("Users", id) },
    })
}

/// SCIM groups, one for each department and one that is empty.
pub(super) fn groups(now: &Now<'_>) -> Vec<Value> {
    let world = now.world;
    let departments = world.data.departments.iter().map(|d| {
        let of = |p: &&Person| p.department == d.department && provisioned(p, now.day);
        let active = world.data.people.iter().filter(of).filter(|p| p.scim.since("off", now.day).is_none());
        let name = format!("hf-{}", d.department.to_lowercase().replace(' ', "-"));
        group(&name, active.map(Person::id).collect())
    });
    by(departments.chain([group("hf-contractors", Vec::new())]).collect(), "id")
}

/// One SCIM group.
fn group(name: &str, members: Vec<String>) -> Value {
    let id = object_id(midnight(days_before(log_start(), 30)), name);
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": id,
        "displayName": name,
        "externalId": format!("idp-g|{}", &id[16..]),
        "members": members.into_iter().map(|value| json!({ "value": value })).collect::<Vec<_>>(),
        "meta": { "resourceType": "Group", "location": location("Groups", &id) },
    })
}

/// Where the Hub says that an entry lives.
fn location(kind: &str, id: &str) -> String {
    format!("https://huggingface.co/api/organizations/{ORG}/scim-provisioning/v2/{kind}/{id}")
}
