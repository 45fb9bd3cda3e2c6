//! Deletes old snapshots, when told so twice.

use super::{VERSION, clock, error::Error, request::Prune, settings::Settings};
use crate::{
    model::{ids::OrgName, manifest::Tool, time},
    store::{Head, Store},
};

/// Deletes an organization's snapshots older than a date, or, without `--yes`, only says which they are.
///
/// # Errors
/// When the date is none, the chain is broken, somebody else writes, or the disk refuses.
pub(super) fn prune(settings: &Settings, org: &OrgName, ask: &Prune) -> Result<String, Error> {
    let date = time::parse_date(&ask.before)
        .ok_or_else(|| Error::usage(format!("--before {:?} is not a date", ask.before), "write it like 2026-01-31"))?;
    let before = time::start_of(date);
    let place = Store::new(settings.store.clone()).org(org);
    if !ask.yes {
        let found = place.prunable(before)?;
        let mut text = listing(&found, "would be deleted", org, &ask.before);
        if !found.is_empty() {
            text += "nothing was deleted: add --yes to delete for good\n";
        }
        return Ok(text);
    }
    // A store that is not there is told before a folder for its lock is made.
    place.prunable(before)?;
    let now = clock::now();
    let lock = place.lock(now)?;
    let tool = Tool { name: "rollcall".to_owned(), version: VERSION.to_owned() };
    let gone = place.prune(&lock, before, now, &tool)?;
    tracing::info!(org = %org, snapshots = gone.len(), "pruned");
    Ok(listing(&gone, "was deleted", org, &ask.before))
}

/// What goes or went, a line each.
fn listing(heads: &[Head], what: &str, org: &OrgName, before: &str) -> String {
    if heads.is_empty() {
        return format!("no snapshot of {org} is older than {before}, the newest aside, which always stays\n");
    }
    let lines: Vec<_> = heads.iter().map(|head| format!("{org}/{} {what}\n", head.id)).collect();
    lines.concat()
}
