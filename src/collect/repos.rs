//! `repos`: the inventory, joined from the organization's settings and the public lists of each type.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::{
    hub::endpoints::{self, Call},
    model::{
        ids::{fold, repo_path, split_repo_path},
        time::Timestamp,
    },
    table::access::{GroupResource, Repo},
};

/// The lists beside `settings/repositories`, with the type they list.
const LISTS: [(&str, Call); 5] = [
    ("model", endpoints::MODELS),
    ("dataset", endpoints::DATASETS),
    ("space", endpoints::SPACES),
    ("bucket", endpoints::BUCKETS),
    ("kernel", endpoints::KERNELS),
];

/// The inventory.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Inventory {
    /// Repositories, by path.
    pub(super) repos: Vec<Repo>,
    /// Types of which some repositories may be missing.
    pub(super) incomplete: Vec<&'static str>,
    /// When the content of a repository last changed, by path; one of which no list says so is not in it.
    changed: BTreeMap<String, Timestamp>,
}

impl Inventory {
    /// When a repository was last touched, as far as that is certain: a list says when its content changed, and an
    /// update that the inventory dates later counts as well. `None` where no list speaks of the content.
    pub(super) fn touched(&self, repo: &Repo) -> Option<Timestamp> {
        self.changed.get(&fold(&repo.repo)).map(|changed| repo.updated_at.map_or(*changed, |u| u.max(*changed)))
    }
}

/// What one item says of a repository.
pub(super) struct Said {
    /// `org/name`.
    name: String,
    /// `model`, `dataset`, …
    repo_type: String,
    /// When its content last changed; `None` when the item does not say.
    changed: Option<Timestamp>,
    /// What it says.
    repo: Repo,
}

/// Asks all six lists.
///
/// # Errors
/// When an answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, Inventory), Error> {
    let values = [("org", org)];
    let list = |kind: &'static str, call| reader.list(call, &values, move |item| listed(item, kind));
    let [model, dataset, space, bucket, kernel] = &LISTS;
    let (settings, models, datasets, spaces, buckets, kernels) = tokio::try_join!(
        reader.list(&endpoints::REPOSITORIES, &values, inventoried),
        list(model.0, &model.1),
        list(dataset.0, &dataset.1),
        list(space.0, &space.1),
        list(bucket.0, &bucket.1),
        list(kernel.0, &kernel.1),
    )?;
    let mut ledger = Ledger::new(reader.source);
    let mut repos = Inventory::default();
    let all_named = settings.failure.is_none();
    let mut foreign = 0_u64;
    let mut known: BTreeMap<String, Repo> = BTreeMap::new();
    let mut enter = |said: Said, known: &mut BTreeMap<String, Repo>| {
        if belongs(&said.name, org) {
            join(known, said);
        } else {
            foreign += 1;
        }
    };
    for said in ledger.take(settings) {
        enter(said, &mut known);
    }
    for ((kind, _), part) in LISTS.iter().zip([models, datasets, spaces, buckets, kernels]) {
        if part.failure.is_some() && !all_named {
            repos.incomplete.push(*kind);
        }
        for said in ledger.take(part) {
            if let Some(changed) = said.changed {
                repos.changed.insert(fold(&said.repo.repo), changed);
            }
            enter(said, &mut known);
        }
    }
    if foreign > 0 {
        ledger.hole(format!("{foreign} listed repositories are not the organization's and were left out"));
    }
    repos.repos = known.into_values().collect();
    repos.repos.sort_by(|a, b| a.repo.cmp(&b.repo));
    ledger.rows = repos.repos.len() as u64;
    Ok((ledger, repos))
}

/// Whether a name is `org/…` with nothing behind a second slash, and no step to another folder.
pub(super) fn belongs(name: &str, org: &str) -> bool {
    name.split_once('/').is_some_and(|(owner, rest)| {
        fold(owner) == fold(org) && !matches!(rest, "" | "." | "..") && !rest.contains(['/', '\\'])
    })
}

/// Enters what an item says beside what is known: what was said first stands, what was not said is filled in.
fn join(known: &mut BTreeMap<String, Repo>, said: Said) {
    let key = fold(&repo_path(&said.repo_type, &said.name));
    let Some(repo) = known.get_mut(&key) else {
        known.insert(key, said.repo);
        return;
    };
    let new = said.repo;
    repo.repo_id = repo.repo_id.take().or(new.repo_id);
    repo.visibility = repo.visibility.take().or(new.visibility);
    repo.gated = repo.gated.take().or(new.gated);
    repo.disabled = repo.disabled.or(new.disabled);
    repo.group_id = repo.group_id.take().or(new.group_id);
    repo.storage_bytes = repo.storage_bytes.or(new.storage_bytes);
    repo.created_at = repo.created_at.or(new.created_at);
    repo.updated_at = repo.updated_at.or(new.updated_at);
}

/// A repository of which only the name is known.
fn named(name: &str, repo_type: &str) -> Repo {
    Repo {
        repo: repo_path(repo_type, name),
        repo_type: repo_type.to_owned(),
        repo_id: None,
        visibility: None,
        gated: None,
        disabled: None,
        group_id: None,
        storage_bytes: None,
        created_at: None,
        updated_at: None,
    }
}

/// One item of `settings/repositories`.
pub(super) fn inventoried(item: &Value) -> Result<Said, String> {
    let name = wire::needed(item, &["id", "name"])?;
    let repo_type = wire::needed(item, &["type"])?;
    let repo = Repo {
        visibility: visibility(item),
        storage_bytes: size(item, "storage"),
        updated_at: wire::time(item, "updatedAt")?,
        ..named(&name, &repo_type)
    };
    Ok(Said { name, repo_type, changed: None, repo })
}

/// One item of the list of a type.
pub(super) fn listed(item: &Value, kind: &str) -> Result<Said, String> {
    let name = wire::needed(item, &["id", "modelId", "name"])?;
    let group = item.get("resourceGroup").unwrap_or(&Value::Null);
    let changed = wire::time(item, "lastModified")?;
    let repo = Repo {
        repo_id: wire::text(item, "_id"),
        visibility: visibility(item),
        gated: gated(item),
        disabled: disabled(item),
        group_id: wire::id(group),
        storage_bytes: size(item, "usedStorage").or_else(|| size(item, "size")),
        created_at: wire::time(item, "createdAt")?,
        updated_at: changed.or(wire::time(item, "updatedAt")?),
        ..named(&name, kind)
    };
    Ok(Said { name, repo_type: kind.to_owned(), changed, repo })
}

/// `visibility`, else what `private` says of it.
fn visibility(item: &Value) -> Option<String> {
    let of_flag = || wire::flag(item, "private").map(|private| if private { "private" } else { "public" }.to_owned());
    wire::text(item, "visibility").or_else(of_flag)
}

/// `false`, or the mode.
pub(super) fn gated(item: &Value) -> Option<String> {
    wire::flag(item, "gated").map(|flag| flag.to_string()).or_else(|| wire::text(item, "gated"))
}

/// A flag, or for buckets an object with a reason.
fn disabled(item: &Value) -> Option<bool> {
    wire::flag(item, "disabled").or_else(|| item.get("disabled").filter(|value| value.is_object()).map(|_| true))
}

/// A number of bytes; one that cannot be read is unknown like one that is not there, for nothing is judged by it.
fn size(item: &Value, key: &str) -> Option<i64> {
    wire::integer(item, key).unwrap_or_default()
}

/// Sets the group of each repository that a group names among its resources; the others keep what the lists say.
pub(super) fn assign_groups(repos: &mut [Repo], resources: &[GroupResource]) {
    let mut groups: BTreeMap<String, &str> = BTreeMap::new();
    for resource in resources {
        let key = fold(&repo_path(&resource.resource_type, &resource.resource_name));
        groups.entry(key).or_insert(&resource.group_id);
    }
    for repo in repos {
        if let Some(group) = groups.get(&fold(&repo.repo)) {
            repo.group_id = Some((*group).to_owned());
        }
    }
}

/// The plural in the Hub's API paths and the `org/name` of a repository.
pub(super) fn api_name(repo: &Repo) -> (String, String) {
    let (_, name) = split_repo_path(&repo.repo);
    (format!("{}s", repo.repo_type), name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The inventory of some items of the settings and of the list of models.
    fn joined(settings: &[Value], models: &[Value]) -> Vec<Repo> {
        let mut known = BTreeMap::new();
        for item in settings {
            join(&mut known, inventoried(item).unwrap());
        }
        for item in models {
            join(&mut known, listed(item, "model").unwrap());
        }
        known.into_values().collect()
    }

    #[test]
    fn settings_win_for_visibility_storage_and_update_and_lists_tell_the_rest() {
        let settings = json!({"id": "acme/arm", "type": "model", "visibility": "protected", "storage": 5,
            "updatedAt": "2026-09-16T10:00:00Z"});
        let list = json!({"_id": "r1", "id": "Acme/arm", "private": true, "gated": "auto", "usedStorage": 9,
            "lastModified": "2026-01-01T00:00:00Z", "createdAt": "2025-01-01T00:00:00Z", "disabled": false,
            "resourceGroup": {"id": "g1"}});
        let repos = joined(&[settings], std::slice::from_ref(&list));
        assert_eq!(repos.len(), 1);
        let repo = &repos[0];
        assert_eq!((repo.visibility.as_deref(), repo.storage_bytes), (Some("protected"), Some(5)));
        assert_eq!((repo.gated.as_deref(), repo.group_id.as_deref()), (Some("auto"), Some("g1")));
        assert_eq!((repo.repo_id.as_deref(), repo.disabled), (Some("r1"), Some(false)));
        assert!(repo.updated_at > repo.created_at);
        let alone = &joined(&[], &[list])[0];
        assert_eq!((alone.visibility.as_deref(), alone.storage_bytes), (Some("private"), Some(9)));
    }

    #[test]
    fn only_a_list_tells_that_the_content_was_not_touched() {
        let time = |text: &str| crate::model::time::parse(text).unwrap();
        let (early, late) = (time("2026-01-01T00:00:00Z"), time("2026-02-01T00:00:00Z"));
        let changed = BTreeMap::from([("acme/arm".to_owned(), early)]);
        let repos = Inventory { changed, ..Inventory::default() };
        let repo = |name: &str, updated_at| Repo { updated_at, ..named(name, "model") };
        assert_eq!(repos.touched(&repo("Acme/arm", None)), Some(early));
        assert_eq!(repos.touched(&repo("acme/arm", Some(late))), Some(late), "the later of both");
        let before = time("2025-12-01T00:00:00Z");
        assert_eq!(repos.touched(&repo("acme/arm", Some(before))), Some(early), "whichever it is");
        assert_eq!(repos.touched(&repo("acme/leg", Some(early))), None, "an update need not be one of the content");
    }

    #[test]
    fn what_nobody_states_stays_unknown() {
        let repo = &joined(&[], &[json!({"id": "acme/arm"})])[0];
        assert_eq!((&repo.visibility, &repo.gated, repo.disabled), (&None, &None, None));
        let gate = |value: Value| listed(&json!({"id": "a/b", "gated": value}), "model").unwrap().repo.gated;
        assert_eq!(gate(json!(false)).as_deref(), Some("false"));
        assert_eq!(gate(json!("manual")).as_deref(), Some("manual"));
        assert_eq!(gate(json!(null)), None);
        let bucket = listed(&json!({"id": "a/b", "size": 3, "disabled": {"reason": "x"}}), "bucket").unwrap();
        assert_eq!((bucket.repo.disabled, bucket.repo.storage_bytes), (Some(true), Some(3)));
        assert_eq!((bucket.repo.repo_id, bucket.repo.repo.as_str()), (None, "buckets/a/b"));
    }

    #[test]
    fn names_of_other_owners_do_not_belong() {
        for (name, ours) in [
            ("acme/arm", true),
            ("ACME/arm", true),
            ("acmeX/arm", false),
            ("acme", false),
            ("acme/", false),
            ("acme/a/b", false),
            ("acme/..", false),
            ("acme/..\\x", false),
            ("../acme", false),
        ] {
            assert_eq!(belongs(name, "Acme"), ours, "{name}");
        }
    }

    #[test]
    fn a_group_that_names_the_repository_wins_over_the_list() {
        let mut repos =
            joined(&[], &[json!({"id": "acme/arm", "resourceGroup": {"id": "old"}}), json!({"id": "acme/leg"})]);
        let resource = |group: &str, kind: &str, name: &str| GroupResource {
            group_id: group.to_owned(),
            resource_type: kind.to_owned(),
            resource_name: name.to_owned(),
            private: None,
        };
        let resources = [resource("new", "model", "acme/ARM"), resource("other", "dataset", "acme/leg")];
        assign_groups(&mut repos, &resources);
        assert_eq!(repos[0].group_id.as_deref(), Some("new"));
        assert_eq!(repos[1].group_id, None);
    }
}
