//! Repositories, their commits and the collections.

use std::collections::BTreeMap;

use chrono::Days;
use serde_json::{Value, json};

use super::{
    Now, by,
    members::{avatar, org_entity, users},
    stamp,
};
use crate::{
    demo::{
        chance::{Dice, hash, moment},
        data::Repo,
        world::{ORG, collection_id, full_name, group_created, group_id, repo_created},
    },
    model::time::Timestamp,
};

/// Plural of each type, as paths of the Hub spell it.
const TYPES: [(&str, &str); 5] =
    [("model", "models"), ("dataset", "datasets"), ("space", "spaces"), ("bucket", "buckets"), ("kernel", "kernels")];

/// The repositories that exist now.
fn existing<'a>(now: &Now<'a>) -> impl Iterator<Item = &'a Repo> {
    let (world, day) = (now.world, now.day);
    world.data.repos.iter().filter(move |r| r.exists(day))
}

/// Commits of every repository by path form, newest first. Buckets have none that the Hub would show.
pub(super) fn commits(now: &Now<'_>) -> BTreeMap<String, Vec<Value>> {
    existing(now).map(|repo| (repo.path(), history(now, repo))).collect()
}

/// Commits of one repository: one on most weeks, by its creator while active and by the further committers.
fn history(now: &Now<'_>, repo: &Repo) -> Vec<Value> {
    let world = now.world;
    let path = repo.path();
    let mut dice = Dice::of(&format!("commits {path}"));
    let mut found = vec![commit(&path, repo_created(repo), "system", "initial commit")];
    let weeks = (now.day - repo.created).num_days().unsigned_abs() / 7;
    for week in 0..=weeks {
        let day = repo.created + Days::new(7 * week + 1 + dice.below(4));
        let creator = world.person(&repo.creator).filter(|p| p.is_active(day));
        let others = repo.committers.0.iter().filter_map(|login| world.person(login));
        let authors: Vec<_> = creator.into_iter().chain(others.filter(|p| p.is_member(day))).collect();
        let (skip, author) = (dice.chance(25), dice.pick(&authors).copied());
        if let Some(author) = author.filter(|_| !skip && day < now.day) {
            let at = moment(day, &format!("commit {path}"));
            let titles = ["Update README.md", "Upload files", "Fix the configuration", "Retrain", "Tidy up"];
            let title = dice.pick(&titles).copied().unwrap_or("Update");
            found.push(commit(&path, at, &author.login, title));
        }
    }
    found.reverse();
    found
}

/// One commit.
fn commit(path: &str, at: Timestamp, author: &str, title: &str) -> Value {
    let salt = format!("{path} {}", at.timestamp_millis());
    let id = format!("{:016x}{:016x}{:08x}", hash(&salt), hash(path), at.timestamp());
    json!({
        "id": id,
        "title": title,
        "message": "",
        "authors": [{ "user": author, "avatar": avatar(author) }],
        "date": stamp(at),
    })
}

/// Bytes of a size in gigabytes.
fn bytes(gb: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "sizes of the sample are some terabytes at most")]
    let bytes = (gb * 1_073_741_824.0) as i64;
    bytes
}

/// Date of the newest commit.
fn updated(repo: &Repo, commits: &[Value]) -> Value {
    commits.first().map_or_else(|| json!(stamp(repo_created(repo))), |c| c["date"].clone())
}

/// `settings/repositories`, largest first.
pub(super) fn inventory(now: &Now<'_>, commits: &BTreeMap<String, Vec<Value>>) -> Vec<Value> {
    let total: f64 = existing(now).map(|r| r.gb).sum();
    let mut items: Vec<_> = existing(now).collect();
    items.sort_by(|a, b| b.gb.total_cmp(&a.gb).then_with(|| a.name.cmp(&b.name)));
    let item = |r: &Repo| {
        json!({
            "id": full_name(&r.name),
            "type": r.kind,
            "updatedAt": updated(r, commits.get(&r.path()).map_or(&[], Vec::as_slice)),
            "visibility": r.visibility.before(now.day),
            "storage": bytes(r.gb),
            "storagePercent": (r.gb / total * 10_000.0).round() / 100.0,
        })
    };
    items.into_iter().map(item).collect()
}

/// The lists by plural type, each oldest first.
pub(super) fn lists(now: &Now<'_>, commits: &BTreeMap<String, Vec<Value>>) -> BTreeMap<&'static str, Vec<Value>> {
    let of = |kind: &str| existing(now).filter(|r| r.kind == kind).map(|r| item(now, r, commits)).collect();
    TYPES.iter().map(|(kind, plural)| (*plural, by(of(kind), "createdAt"))).collect()
}

/// One repository with every field that a list may be asked for.
fn item(now: &Now<'_>, repo: &Repo, commits: &BTreeMap<String, Vec<Value>>) -> Value {
    let path = repo.path();
    let history = commits.get(&path).map_or(&[][..], Vec::as_slice);
    let changed = updated(repo, history);
    let visibility = repo.visibility.before(now.day);
    let mut item = json!({
        "id": full_name(&repo.name),
        "author": ORG,
        "private": visibility != "public",
        "createdAt": stamp(repo_created(repo)),
    });
    let mut set = |key: &str, value: Value| item[key] = value;
    if let Some(group) = now.world.data.groups.iter().find(|g| g.name == repo.group.before(now.day)) {
        let number = users(now, group).len();
        set("resourceGroup", json!({ "id": group_id(group), "name": group.name, "numUsers": number }));
    }
    if repo.kind == "bucket" {
        set("updatedAt", changed);
        set("size", json!(bytes(repo.gb)));
        set("totalFiles", json!(hash(&path) % 5000));
        set("repoType", json!("bucket"));
        set("cdnRegions", json!([]));
        return item;
    }
    if repo.kind != "kernel" {
        // Buckets and kernels are listed without a stable id and without their storage.
        set("_id", json!(repo.id()));
        set("usedStorage", json!(bytes(repo.gb)));
        set("tags", json!(["region:eu"]));
        set("trendingScore", json!(0));
        set("disabled", json!(false));
    }
    let gated = match repo.gated.before(now.day) {
        "false" => json!(false),
        mode => json!(mode),
    };
    set("lastModified", changed);
    set("likes", json!(hash(&path) % 90));
    set("sha", history.first().map_or(Value::Null, |c| c["id"].clone()));
    match repo.kind.as_str() {
        "space" => {
            set("sdk", json!("docker"));
            set("subdomain", json!(format!("{ORG}-{}", repo.name)));
            set("region", json!("eu"));
            set(
                "runtime",
                json!({ "stage": "RUNNING", "hardware": { "current": "cpu-basic", "requested": "cpu-basic" } }),
            );
        }
        kind => {
            set("gated", gated);
            set("downloads", json!(hash(&path) % 4000));
            if kind == "model" {
                set("modelId", json!(full_name(&repo.name)));
                set("pipeline_tag", json!("robotics"));
                set("library_name", json!("transformers"));
            }
        }
    }
    item
}

/// One collection for each resource group that holds something public.
pub(super) fn collections(now: &Now<'_>) -> Vec<Value> {
    let held =
        |name: &str| existing(now).any(|r| r.group.before(now.day) == name && r.visibility.before(now.day) == "public");
    let groups = now.world.data.groups.iter().filter(|g| g.created < now.day && held(&g.name));
    groups
        .map(|group| {
            let id = collection_id(group);
            let owner = org_entity();
            json!({
                "slug": format!("{ORG}/{}-{id}", group.name),
                "title": group.description,
                "lastUpdated": stamp(group_created(group)),
                "gating": false,
                "owner": {
                    "_id": owner["_id"], "avatarUrl": avatar(ORG), "fullname": "Tidewater Labs", "name": ORG,
                    "isHf": false, "isHfAdmin": false, "isMod": false, "type": "org", "plan": "enterprise",
                    "isUserFollowing": false,
                },
                "theme": "blue",
                "private": false,
                "upvotes": 0,
                "isUpvotedByUser": false,
                "items": [],
            })
        })
        .collect()
}
