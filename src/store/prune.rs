//! Deletion on purpose: the oldest snapshots go, and `pruned.jsonl` keeps what proves the chain over the gap.
//!
//! Parts of the audit archive stay, for every later snapshot reads them.

use std::path::Path;

use chrono::SubsecRound as _;
use serde::{Deserialize, Serialize};

use super::{
    OrgStore, disk,
    error::Error,
    layout::{self, OrgPaths},
    lock::Lock,
    read::Head,
};
use crate::model::{
    ids::SnapshotId,
    manifest::{Previous, Tool},
    time::Timestamp,
};

/// One line of `pruned.jsonl`: a snapshot that was deleted on purpose.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Pruned {
    /// The snapshot.
    pub id: SnapshotId,
    /// SHA-256 of its `manifest.json`, as the next snapshot recorded it.
    pub manifest_sha256: String,
    /// The snapshot before it; `None` for the first.
    pub previous: Option<Previous>,
    /// When it was deleted, whole seconds.
    pub pruned_at: Timestamp,
    /// The tool that deleted it.
    pub tool: Tool,
}

impl Pruned {
    /// Whether it is the snapshot that a link names.
    pub(super) fn is(&self, link: &Previous) -> bool {
        self.id == link.id && self.manifest_sha256 == link.sha256
    }

    /// The link by which the next snapshot names it.
    fn link(&self) -> Previous {
        Previous { id: self.id.clone(), sha256: self.manifest_sha256.clone() }
    }
}

impl OrgStore {
    /// Snapshots that were deleted on purpose, oldest first; none without a list.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the list cannot be read or its links do not fit.
    pub fn pruned(&self) -> Result<Vec<Pruned>, Error> {
        list(&self.paths)
    }

    /// The snapshots that [`OrgStore::prune`] would delete: older than `before`, oldest first, never the newest.
    ///
    /// # Errors
    /// [`Error::NoOrg`]; [`Error::Damaged`] when a manifest cannot be read; [`Error::Differs`] when the chain is
    /// broken, for deleting would hide what happened.
    pub fn prunable(&self, before: Timestamp) -> Result<Vec<Head>, Error> {
        let mut heads = self.snapshots()?;
        for pair in heads.windows(2) {
            let [one, next] = pair else { continue };
            if next.manifest.previous != Some(Previous { id: one.id.clone(), sha256: one.manifest_sha256.clone() }) {
                let path = self.paths.snapshot(&next.id);
                let what =
                    format!("it does not follow {} as it lies there: nothing is deleted from a broken chain", one.id);
                return Err(Error::contradicts(path, what));
            }
        }
        heads.pop();
        heads.retain(|head| head.id.as_of() < before);
        Ok(heads)
    }

    /// Deletes the snapshots older than `before`, but never the newest; gives what it deleted.
    ///
    /// The list is durable before the first file goes, so a crash in between leaves a snapshot that is listed and
    /// still there, and the next call finishes the work.
    ///
    /// # Errors
    /// As [`OrgStore::prunable`], and whatever the disk refuses.
    pub fn prune(&self, lock: &Lock, before: Timestamp, now: Timestamp, tool: &Tool) -> Result<Vec<Head>, Error> {
        lock.assert_of(self);
        let heads = self.prunable(before)?;
        if heads.is_empty() {
            return Ok(heads);
        }
        let mut listed = list(&self.paths)?;
        for head in &heads {
            let pruned = Pruned {
                id: head.id.clone(),
                manifest_sha256: head.manifest_sha256.clone(),
                previous: head.manifest.previous.clone(),
                pruned_at: now.trunc_subsecs(0),
                tool: tool.clone(),
            };
            if !listed.iter().any(|one| one.is(&pruned.link())) {
                listed.push(pruned);
            }
        }
        let path = self.paths.pruned();
        linked(&path, &listed)?;
        disk::make_dir(&self.paths.stagings())?;
        let beside = self.paths.beside(layout::PRUNED);
        disk::remove_file(&beside)?;
        disk::write(&beside, &text(&path, &listed)?)?;
        disk::rename(&beside, &path)?;
        disk::sync_dir(&self.paths.0)?;
        for head in &heads {
            let going = self.paths.going(&head.id);
            disk::remove_dir(&going)?;
            disk::rename(&self.paths.snapshot(&head.id), &going)?;
            disk::sync_dir(&self.paths.snapshots())?;
            disk::remove_dir(&going)?;
        }
        disk::remove_if_empty(&self.paths.stagings());
        Ok(heads)
    }
}

/// The list as it is written.
fn text(path: &Path, listed: &[Pruned]) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    for one in listed {
        serde_json::to_writer(&mut text, one).map_err(|source| Error::Json { path: path.to_owned(), source })?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Reads an organization's list and checks its links.
pub(super) fn list(org: &OrgPaths) -> Result<Vec<Pruned>, Error> {
    let path = org.pruned();
    let Some(text) = disk::read_if_there(&path)? else { return Ok(Vec::new()) };
    let mut listed = Vec::new();
    for (number, line) in (1..).zip(text.split(|b| *b == b'\n')).filter(|(_, line)| !line.is_empty()) {
        let one = serde_json::from_slice::<Pruned>(line).map_err(|source| Error::Damaged {
            path: path.clone(),
            what: format!("line {number} does not tell of a deleted snapshot"),
            source: Some(source.into()),
        })?;
        listed.push(one);
    }
    linked(&path, &listed)?;
    if self::text(&path, &listed)? != text {
        return Err(Error::damaged(path, "its lines are not as rollcall writes them: the list was changed"));
    }
    Ok(listed)
}

/// Checks that the list begins with the first snapshot and that each one follows the one before.
fn linked(path: &Path, listed: &[Pruned]) -> Result<(), Error> {
    let mut before: Option<Previous> = None;
    for one in listed {
        if one.previous != before || before.is_some_and(|before| one.id <= before.id) {
            let what = format!("{} does not follow the snapshot listed before it: the list was changed", one.id);
            return Err(Error::damaged(path, what));
        }
        before = Some(one.link());
    }
    Ok(())
}
