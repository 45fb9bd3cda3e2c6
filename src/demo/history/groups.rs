//! How resource groups were made and filled.

use serde_json::{Value, json};

use crate::demo::{
    chance::{early, hash, moment},
    data::{Group, GroupUser},
    event::{Author, Log},
    world::{World, group_created, group_id, steward},
};

/// Writes everything that happened to resource groups and their users.
pub(crate) fn write(world: &World, log: &mut Log) {
    for group in &world.data.groups {
        let by = Author::Member(steward(&group.name));
        let told = (json!({ "resourceGroup": named(group) }), format!("Created resource group {}", group.name));
        log.add(group_created(group), by, "resource_group.create", told);
        if !group.auto_join.is_empty() {
            let data =
                json!({ "resourceGroup": named(group), "autoJoin": { "enabled": true, "role": group.auto_join } });
            let told = (data, format!("Enabled auto-join of resource group {}", group.name));
            log.add(moment(group.created, &group.name), by, "resource_group.settings", told);
        }
    }
    for user in &world.data.group_users {
        if let Some(group) = world.data.groups.iter().find(|g| g.name == user.group) {
            membership(log, group, user);
        }
    }
}

/// A group as events name it.
fn named(group: &Group) -> Value {
    json!({ "id": group_id(group), "name": group.name })
}

/// The events of one user of one group.
fn membership(log: &mut Log, group: &Group, user: &GroupUser) {
    let salt = format!("{} {}", group.name, user.login);
    let steward = steward(&salt);
    let by = Author::Member(if user.by.is_empty() { steward } else { &user.by });
    let (login, name) = (&user.login, &group.name);
    let first = &user.role.first;
    let users = match hash(&salt) % 3 {
        0 => json!([login]),
        1 => json!([{ "user": login, "role": first }]),
        _ => json!([{ "username": login, "role": first }]),
    };
    let data = json!({ "resourceGroup": named(group), "users": users, "role": first });
    let told = (data, format!("Added {login} to resource group {name}"));
    log.add(moment(user.added, &salt), by, "resource_group.add_users", told);
    let mut from = first;
    for (day, to) in &user.role.changes {
        let data = json!({ "resourceGroup": named(group), "user": login, "from": from, "to": to });
        let told = (data, format!("Changed role of {login} in resource group {name} from {from} to {to}"));
        log.add(moment(*day, &salt), Author::Member(steward), "resource_group.change_role", told);
        from = to;
    }
    if let Some(day) = user.removed {
        let data = json!({ "resourceGroup": named(group), "users": [login] });
        let told = (data, format!("Removed {login} from resource group {name}"));
        log.add(early(day, &salt), Author::Member(steward), "resource_group.remove_users", told);
    }
}
