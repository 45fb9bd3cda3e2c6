//! Whom and what an audit event is about, from its `data`, whose shape the Hub does not document.

use serde_json::Value;

use super::wire;
use crate::model::ids::repo_path;

/// Keys that may name the target, the first that is not null decides.
const TARGETS: [&str; 7] = ["user", "username", "member", "invitee", "email", "target", "users"];

/// Keys of an object that name a person.
const PERSON: [&str; 4] = ["user", "username", "name", "email"];

/// Keys that may name the repository, the first with a `/` in its value decides.
const REPOS: [&str; 6] = ["repo", "repository", "resource", "name", "repoName", "repoId"];

/// The targets of an event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Targets {
    /// Logins or addresses joined by `;`; `None` when `data` names nobody.
    pub(super) names: Option<String>,
    /// Their ids in the same order, joined by `;`, empty where unknown; `None` when none is known.
    pub(super) ids: Option<String>,
}

/// Whom `data` names.
pub(super) fn targets(data: &Value) -> Targets {
    let people: Vec<_> = entries(data).iter().filter_map(person).collect();
    let join = |texts: Vec<String>| texts.join(";");
    let names = people.iter().map(|(name, _)| one(name)).collect();
    let ids = people.iter().map(|(_, id)| one(id.as_deref().unwrap_or_default())).collect();
    Targets {
        names: (!people.is_empty()).then(|| join(names)),
        ids: people.iter().any(|(_, id)| id.is_some()).then(|| join(ids)),
    }
}

/// A name as one of the joined: no login or address holds a `;`, and one that does must not read as two people.
fn one(name: &str) -> String {
    name.replace(';', "%3B")
}

/// What the deciding key holds, as a list.
fn entries(data: &Value) -> &[Value] {
    match TARGETS.iter().find_map(|key| data.get(*key).filter(|value| !value.is_null())) {
        Some(Value::Array(entries)) => entries,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    }
}

/// The role that `data` names: its `role`, else what a role changes `to`, else the role beside the first target.
pub(super) fn role(data: &Value) -> Option<String> {
    // A move of a repository has a `to` as well, which is a name.
    let to = || string(data, "to").filter(|word| !word.contains(['/', '@']));
    string(data, "role").or_else(to).or_else(|| entries(data).iter().find_map(|entry| string(entry, "role")))
}

/// The role that `data` says a changed role was before: its `from`.
pub(super) fn role_before(data: &Value) -> Option<String> {
    // A move of a repository has a `from` as well, which is a name.
    string(data, "from").filter(|word| !word.contains(['/', '@']))
}

/// Name and id of one person: a text, or an object that names one.
fn person(value: &Value) -> Option<(String, Option<String>)> {
    match value {
        Value::String(name) if !name.is_empty() => Some((name.clone(), None)),
        Value::Object(_) => {
            let name = PERSON.iter().find_map(|key| string(value, key))?;
            Some((name, wire::id(value)))
        }
        _ => None,
    }
}

/// The repository that `data` names, in path form.
pub(super) fn repo(data: &Value) -> Option<String> {
    let outer = || known_type(data, "type").or_else(|| known_type(data, "repoType"));
    REPOS.iter().find_map(|key| {
        let value = data.get(*key)?;
        let name = match value {
            Value::String(name) => Some(name.clone()),
            Value::Object(_) => ["name", "id"].iter().filter_map(|key| string(value, key)).find(|n| n.contains('/')),
            _ => None,
        };
        let name = name.filter(|name| name.contains('/'))?;
        let kind = known_type(value, "type").or_else(|| string(value, "type")).or_else(outer);
        Some(path(kind.as_deref().unwrap_or("model"), &name))
    })
}

/// The path form of a name that may already be one.
fn path(kind: &str, name: &str) -> String {
    let prefixes = ["models/", "datasets/", "spaces/", "buckets/", "kernels/"];
    match prefixes.iter().find_map(|prefix| Some((prefix, name.strip_prefix(prefix)?))) {
        Some((prefix, bare)) if bare.contains('/') => repo_path(prefix.trim_end_matches("s/"), bare),
        _ => repo_path(kind, name),
    }
}

/// A type of repository, whose plural is understood too; any other word in that field is about something else.
fn known_type(item: &Value, key: &str) -> Option<String> {
    let word = string(item, key)?.to_lowercase();
    let kind = word.strip_suffix('s').unwrap_or(&word);
    matches!(kind, "model" | "dataset" | "space" | "bucket" | "kernel").then(|| kind.to_owned())
}

/// A field that is a text and not empty.
fn string(item: &Value, key: &str) -> Option<String> {
    item.get(key)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_key_that_is_not_null_names_the_target() {
        for (data, names, ids) in [
            (json!({"user": "bob"}), Some("bob"), None),
            (json!({"user": null, "username": "bob"}), Some("bob"), None),
            (json!({"email": "b@x.example", "invitee": "bob"}), Some("bob"), None),
            (json!({"users": "a", "target": "b"}), Some("b"), None),
            (json!({"user": 7, "username": "bob"}), None, None),
            (json!({"user": {"fullname": "Bob"}, "username": "bob"}), None, None),
            (json!({"member": {"_id": "1", "name": "n", "username": "bob"}}), Some("bob"), Some("1")),
            (json!({"member": {"id": "1", "user": "u", "username": "bob"}}), Some("u"), Some("1")),
            (json!({"target": {"email": "b@x.example"}}), Some("b@x.example"), None),
            (
                json!({"users": [{"user": "a", "_id": "1"}, "b", 7, {"user": "c", "id": "3"}]}),
                Some("a;b;c"),
                Some("1;;3"),
            ),
            (json!({"users": [{"user": "a"}, "b"]}), Some("a;b"), None),
            (json!({"users": []}), None, None),
            (json!({"role": "read"}), None, None),
            (json!("bob"), None, None),
            (json!(["bob"]), None, None),
            (Value::Null, None, None),
        ] {
            let found = targets(&data);
            assert_eq!((found.names.as_deref(), found.ids.as_deref()), (names, ids), "{data}");
        }
    }

    #[test]
    fn a_name_with_a_semicolon_is_one_person_and_nobody_else() {
        let found = targets(&json!({"users": ["ada;bob", {"user": "cleo", "_id": "1;2"}]}));
        assert_eq!((found.names.as_deref(), found.ids.as_deref()), (Some("ada%3Bbob;cleo"), Some(";1%3B2")));
    }

    #[test]
    fn the_role_stands_in_the_data_or_beside_the_target() {
        for (data, expected) in [
            (json!({"user": "bob", "role": "read", "to": "write"}), Some("read")),
            (json!({"user": "bob", "from": "read", "to": "no_access"}), Some("no_access")),
            (json!({"users": ["ada", {"user": "bob", "role": "admin"}]}), Some("admin")),
            (json!({"user": {"name": "bob", "role": "contributor"}}), Some("contributor")),
            (json!({"repo": "acme/arm", "to": "acme/leg"}), None),
            (json!({"invitee": {"email": "b@x.example", "role": "admin"}}), Some("admin")),
            (json!({"user": "bob", "role": null}), None),
            (json!({"role": 7}), None),
            (json!("read"), None),
        ] {
            assert_eq!(role(&data).as_deref(), expected, "{data}");
        }
    }

    #[test]
    fn the_first_value_with_a_slash_names_the_repository() {
        for (data, expected) in [
            (json!({"repo": "acme/arm"}), Some("acme/arm")),
            (json!({"repo": "arm", "name": "acme/arm"}), Some("acme/arm")),
            (json!({"repo": {"name": "acme/arm", "type": "dataset"}, "type": "space"}), Some("datasets/acme/arm")),
            (json!({"repo": {"name": "arm", "id": "acme/arm"}, "type": "space"}), Some("spaces/acme/arm")),
            (json!({"repoName": "acme/arm", "repoType": "dataset"}), Some("datasets/acme/arm")),
            (json!({"repoId": "acme/arm", "type": "kernels"}), Some("kernels/acme/arm")),
            (json!({"resource": {"id": "acme/logs", "type": "bucket"}}), Some("buckets/acme/logs")),
            (json!({"repo": "datasets/acme/arm", "type": "dataset"}), Some("datasets/acme/arm")),
            (json!({"repo": "models/acme/arm"}), Some("acme/arm")),
            (json!({"repo": "acme/arm", "type": "visibility", "repoType": "space"}), Some("spaces/acme/arm")),
            (json!({"repo": {"name": "acme/arm", "type": "notebook"}}), Some("notebooks/acme/arm")),
            (json!({"repo": {"name": "arm"}}), None),
            (json!({"repo": ["acme/arm"]}), None),
            (json!({"message": "acme/arm"}), None),
            (json!(7), None),
        ] {
            assert_eq!(repo(&data).as_deref(), expected, "{data}");
        }
    }

    /// Any JSON, with the keys that matter among others.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z/;@]{0,6}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("(user|users|name|email|id|_id|repo|type|x)", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_data_is_survived_and_ids_go_with_names(data in any_json()) {
            let found = targets(&data);
            prop_assert!(found.ids.is_none() || found.names.is_some());
            let parts = |joined: Option<&String>| joined.map_or(0, |names| names.split(';').count());
            prop_assert_eq!(parts(found.names.as_ref()), entries(&data).iter().filter_map(person).count());
            prop_assert!(found.ids.is_none() || parts(found.ids.as_ref()) == parts(found.names.as_ref()));
            prop_assert!(repo(&data).is_none_or(|path| path.contains('/')));
        }

        #[test]
        fn a_text_an_object_and_a_list_of_it_name_the_same(name in "[a-z0-9-]{1,12}") {
            let expected = Some(name.clone());
            for value in [json!(name), json!({"username": name}), json!([name]), json!([{"user": name}])] {
                prop_assert_eq!(&targets(&json!({"member": value})).names, &expected);
            }
        }
    }
}
