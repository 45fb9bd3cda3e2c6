//! `resource_groups`: groups with their users and resources, in the present form and the one before July 2026.

use serde_json::Value;

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::{
    hub::endpoints,
    table::access::{GroupResource, GroupUser, ResourceGroup},
};

/// Rows of the three tables.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Groups {
    /// Groups, by id.
    pub(super) all: Vec<ResourceGroup>,
    /// Users, by group and login.
    pub(super) users: Vec<GroupUser>,
    /// Resources, by group, type and name.
    pub(super) resources: Vec<GroupResource>,
}

/// One group as it was read.
pub(super) struct Group {
    /// The group.
    row: ResourceGroup,
    /// Its users.
    users: Vec<GroupUser>,
    /// Its resources.
    resources: Vec<GroupResource>,
    /// What of it could not be read.
    holes: Vec<String>,
}

/// Asks.
///
/// # Errors
/// When an answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, Groups), Error> {
    let mut ledger = Ledger::new(reader.source);
    let mut read = Groups::default();
    for group in ledger.take(reader.list(&endpoints::RESOURCE_GROUPS, &[("org", org)], group).await?) {
        if read.all.iter().any(|known| known.group_id == group.row.group_id) {
            continue;
        }
        for hole in group.holes {
            ledger.hole(hole);
        }
        read.all.push(group.row);
        read.users.extend(group.users);
        read.resources.extend(group.resources);
    }
    read.all.sort_by(|a, b| a.group_id.cmp(&b.group_id));
    read.users.sort_by(|a, b| (&a.group_id, &a.username, &a.user_id).cmp(&(&b.group_id, &b.username, &b.user_id)));
    read.users.dedup();
    read.resources.sort_by(|a, b| {
        (&a.group_id, &a.resource_type, &a.resource_name).cmp(&(&b.group_id, &b.resource_type, &b.resource_name))
    });
    read.resources.dedup();
    ledger.rows = read.all.len() as u64;
    Ok((ledger, read))
}

/// One item.
pub(super) fn group(item: &Value) -> Result<Group, String> {
    let group_id = wire::needed(item, &["id", "_id"])?;
    let name = wire::needed(item, &["name"])?;
    let auto_join = item.get("autoJoin");
    let mut holes = Vec::new();
    let mut hole = |what: &str| holes.push(format!("resource group {name:?} has {what}"));
    let users = members(item, &group_id, &mut hole);
    let resources = resources(item, &group_id, &mut hole);
    let row = ResourceGroup {
        group_id,
        auto_join: auto_join.and_then(|join| wire::flag(join, "enabled")),
        auto_join_role: auto_join.and_then(|join| wire::text(join, "role")),
        name: name.clone(),
    };
    Ok(Group { row, users, resources, holes })
}

/// The users of a group; one without a login is a hole.
fn members(item: &Value, group_id: &str, hole: &mut impl FnMut(&str)) -> Vec<GroupUser> {
    let Some(list) = wire::list(item, "users") else {
        hole("no list of users");
        return Vec::new();
    };
    let mut users = Vec::new();
    for user in list {
        match wire::first_text(user, &["name", "user", "username"]) {
            Some(username) => users.push(GroupUser {
                group_id: group_id.to_owned(),
                user_id: wire::id(user),
                username,
                role: wire::text(user, "role"),
                added_by: wire::login(user, "addedBy"),
            }),
            None => hole("a user without a login"),
        }
    }
    users
}

/// The resources of a group: `resources`, or `repos` where the Hub still sends only those.
fn resources(item: &Value, group_id: &str, hole: &mut impl FnMut(&str)) -> Vec<GroupResource> {
    let (new, old) = (wire::list(item, "resources"), wire::list(item, "repos"));
    let Some(list) = new.filter(|list| !list.is_empty()).or(old).or(new) else {
        hole("no list of resources");
        return Vec::new();
    };
    let mut resources = Vec::new();
    for resource in list {
        match (wire::text(resource, "type"), resource_name(resource)) {
            (Some(resource_type), Some(resource_name)) => resources.push(GroupResource {
                group_id: group_id.to_owned(),
                resource_type,
                resource_name,
                private: wire::flag(resource, "private"),
            }),
            _ => hole("a resource without a type or a name"),
        }
    }
    resources
}

/// `org/name` of a repository; the slug or id of anything else, whose name need not be unique.
fn resource_name(resource: &Value) -> Option<String> {
    let kind = wire::text(resource, "type").unwrap_or_default();
    let is_repo = matches!(kind.as_str(), "model" | "dataset" | "space" | "bucket" | "kernel");
    let keys: &[&str] = if is_repo { &["name", "id"] } else { &["slug", "id", "_id", "name"] };
    wire::first_text(resource, keys)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_of_resources_are_read() {
        let new = group(&json!({"id": "g", "name": "vision", "users": [], "repos": [], "resources": [
            {"type": "model", "name": "acme/arm", "private": true},
            {"type": "collection", "id": "c1", "slug": "acme/vision-c1"},
            {"type": "job", "id": "j1", "name": "train"}]}));
        let names: Vec<_> = new.unwrap().resources.into_iter().map(|r| r.resource_name).collect();
        assert_eq!(names, ["acme/arm", "acme/vision-c1", "j1"]);
        let old = json!({"id": "g", "name": "vision", "users": [], "repos": [{"type": "space", "name": "acme/demo"}]});
        assert_eq!(group(&old).unwrap().resources[0].resource_name, "acme/demo");
    }

    #[test]
    fn missing_lists_and_nameless_users_are_holes() {
        let read = group(
            &json!({"id": "g", "name": "v", "users": [{"_id": "1"}, {"name": "bob", "addedBy": {"user": "ada"}}]}),
        );
        let read = read.unwrap();
        assert_eq!(read.holes.len(), 2, "{:?}", read.holes);
        assert_eq!((read.users.len(), read.users[0].added_by.as_deref()), (1, Some("ada")));
        assert_eq!(read.users[0].user_id, None);
        assert_eq!(group(&json!({"id": "g", "name": "v"})).unwrap().holes.len(), 2);
    }
}
