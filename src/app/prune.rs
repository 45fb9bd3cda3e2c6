//! Deletes old snapshots, or sets aside one that a wrong clock dated ahead, when told so twice.

use super::{
    VERSION, clock,
    error::Error,
    request::{Going, Prune},
    settings::Settings,
};
use crate::{
    model::{
        ids::{OrgName, SnapshotId},
        manifest::Tool,
        time,
    },
    store::{Head, OrgStore, Store},
};

/// Deletes an organization's snapshots older than a date, or sets the newest one aside; without `--yes` it only says which
/// they are.
///
/// # Errors
/// When the date is none, the chain is broken, the snapshot is not dated ahead, somebody else writes, or the disk refuses.
pub(super) fn prune(settings: &Settings, org: &OrgName, ask: &Prune) -> Result<String, Error> {
    let place = Store::new(settings.store.clone()).org(org);
    let before = match &ask.going {
        Going::Before(before) => before,
        Going::SetAside(id) => return set_aside(&place, id, ask.yes),
    };
    let date = time::parse_date(before)
        .ok_or_else(|| Error::usage(format!("--before {before:?} is not a date"), "write it like 2026-01-31"))?;
    let start = time::start_of(date);
    // A store that is not there is told before a folder for its lock is made.
    let found = place.prunable(start)?;
    if !ask.yes {
        let mut text = listing(&found, "would be deleted", org, before);
        if !found.is_empty() {
            text += "nothing was deleted: add --yes to delete for good\n";
        }
        return Ok(text);
    }
    let now = clock::now();
    let lock = place.lock(now)?;
    let gone = place.prune(&lock, start, now, &tool())?;
    tracing::info!(org = %org, snapshots = gone.len(), "pruned");
    Ok(listing(&gone, "was deleted", org, before))
}

/// Sets aside the newest snapshot, which is dated later than now.
fn set_aside(place: &OrgStore, id: &SnapshotId, yes: bool) -> Result<String, Error> {
    let (now, org) = (clock::now(), place.org());
    place.ahead(id, now)?;
    if !yes {
        let dated = time::format(id.as_of());
        return Ok(format!(
            "{org}/{id} would be set aside: it is dated {dated}, and now is {}\n\
             nothing was moved: add --yes to move it; nothing of it is deleted, and `rollcall verify` tells of it\n",
            time::format(now)
        ));
    }
    let lock = place.lock(now)?;
    let folder = place.set_aside(&lock, id, now, &tool())?;
    tracing::info!(org = %org, snapshot = %id, "set aside");
    Ok(format!("{org}/{id} was set aside in {}\n", folder.display()))
}

/// This tool.
fn tool() -> Tool {
    Tool { name: "rollcall".to_owned(), version: VERSION.to_owned() }
}

/// What goes or went, a line each.
fn listing(heads: &[Head], what: &str, org: &OrgName, before: &str) -> String {
    if heads.is_empty() {
        return format!("no snapshot of {org} is older than {before}, the newest aside, which always stays\n");
    }
    let lines: Vec<_> = heads.iter().map(|head| format!("{org}/{} {what}\n", head.id)).collect();
    lines.concat()
}
