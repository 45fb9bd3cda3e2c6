//! Events that the state implies: whoever is a member joined, whatever exists was made, whatever changed was changed.
//!
//! The shape of an event's `data` is undocumented, so the sample uses every shape that a reader has to expect.

use serde_json::{Value, json};

use super::{chance::hash, data::Person, world::World};

pub(super) mod access;
pub(super) mod groups;
pub(super) mod members;
pub(super) mod repos;

/// `data` that names a person, in one of the shapes the Hub may use, with further keys.
fn about(world: &World, login: &str, salt: &str, more: &[(&str, &str)]) -> Value {
    let id = world.person(login).map(Person::id);
    let mut data = match hash(salt) % 5 {
        0 => json!({ "user": login }),
        1 => json!({ "username": login }),
        2 => json!({ "user": { "_id": id, "user": login } }),
        3 => json!({ "member": { "_id": id, "username": login } }),
        _ => json!({ "users": [login] }),
    };
    for (key, value) in more {
        data[*key] = json!(value);
    }
    data
}

/// `data` that names a repository, in one of the shapes the Hub may use.
pub(super) fn on_repo(full_name: &str, kind: &str, salt: &str) -> Value {
    match hash(salt) % 5 {
        0 if kind == "model" => json!({ "repo": full_name }),
        0 | 1 => json!({ "repo": full_name, "type": kind }),
        2 => json!({ "repo": { "name": full_name, "type": kind } }),
        3 => json!({ "repository": { "id": full_name, "type": kind } }),
        _ => json!({ "repoName": full_name, "repoType": kind }),
    }
}
