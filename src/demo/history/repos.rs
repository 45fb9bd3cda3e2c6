//! How repositories were made, opened, gated, moved into groups and deleted.

use serde_json::json;

use super::on_repo;
use crate::demo::{
    chance::moment,
    data::Repo,
    event::{Author, Log},
    world::{World, full_name, repo_created, steward},
};

/// Writes everything that happened to repositories.
pub(crate) fn write(world: &World, log: &mut Log) {
    for repo in &world.data.repos {
        let told = |what: &str| format!("{what} {} {}", repo.kind, full_name(&repo.name));
        let mut data = on_repo(&full_name(&repo.name), &repo.kind, &repo.name);
        data["visibility"] = json!(repo.visibility.first);
        log.add(repo_created(repo), Author::Member(&repo.creator), "repo.create", (data, told("Created")));
        changes(world, log, repo);
        if let Some(day) = repo.deleted {
            let data = on_repo(&full_name(&repo.name), &repo.kind, "delete");
            let by = Author::Member(steward(&repo.name));
            log.add(moment(day, &repo.name), by, "repo.delete", (data, told("Deleted")));
        }
    }
}

/// Changes of visibility, gating and group.
fn changes(world: &World, log: &mut Log, repo: &Repo) {
    let histories = [
        (&repo.visibility, "repo.update_settings", "visibility"),
        (&repo.gated, "repo.update_settings", "gated"),
        (&repo.group, "repo.update_resource_group", "resourceGroup"),
    ];
    for (history, kind, key) in histories {
        for (day, value) in &history.changes {
            let salt = format!("{kind} {key} {}", repo.name);
            let mut data = on_repo(&full_name(&repo.name), &repo.kind, &salt);
            data[key] = json!(value);
            let creator = world.person(&repo.creator).filter(|p| p.is_active(*day));
            let by = creator.map_or(steward(&salt), |p| p.login.as_str());
            let told = format!("Updated {key} of {} {}", repo.kind, full_name(&repo.name));
            log.add(moment(*day, &salt), Author::Member(by), kind, (data, told));
        }
    }
}
