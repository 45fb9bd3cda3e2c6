//! The chain of manifests: each snapshot names the one before it, and `pruned.jsonl` bridges what was deleted.

use std::path::PathBuf;

use chrono::TimeDelta;

use super::{
    disk,
    error::Error,
    layout::{self, OrgPaths},
    prune::{self, Pruned},
    verify::Unchecked,
};
use crate::model::{
    ids::SnapshotId,
    manifest::{Manifest, Previous},
    time,
};

/// How far the Hub's clock may seem to run back between two snapshots.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// Compares the manifest of the snapshot before, or its line in the list of deleted ones, with its digest in the one
/// after.
pub(super) fn previous_agrees(org: &OrgPaths, previous: &Previous, id: &SnapshotId) -> Result<(), Error> {
    let path = org.snapshot(&previous.id).join(layout::MANIFEST);
    if !path.is_file() {
        let pruned = prune::list(org)?;
        return match pruned.iter().find(|one| one.id == previous.id) {
            Some(one) if one.is(previous) => Ok(()),
            Some(_) => Err(Error::contradicts(
                org.pruned(),
                format!("its SHA-256 of {} is not the one that {id} recorded when it was sealed", previous.id),
            )),
            None => Err(Error::differs(
                path,
                format!("it is not there, although {id} was sealed after it: a snapshot was removed"),
            )),
        };
    }
    let (found, _) = disk::digest_file(&path)?;
    if found != previous.sha256 {
        return Err(Error::differs(
            path,
            format!("its SHA-256 is not the one that {id} recorded when it was sealed: it was changed afterwards"),
        ));
    }
    Ok(())
}

/// The snapshots of an organization in the order in which they were met.
#[derive(Debug)]
pub(super) struct Chain {
    /// Deleted ones, oldest first.
    pruned: Vec<Pruned>,
    /// Deleted ones that are nevertheless there.
    left: Vec<SnapshotId>,
    /// What the first one that is there names as the one before it.
    first: Option<Previous>,
    /// The newest one so far.
    newest: Option<Manifest>,
}

impl Chain {
    /// The chain of an organization, none of its snapshots met yet.
    pub(super) fn of(org: &OrgPaths) -> Result<Self, Error> {
        Ok(Self { pruned: prune::list(org)?, left: Vec::new(), first: None, newest: None })
    }

    /// Adds the next snapshot, which must follow the one before it on the disk or in the list.
    pub(super) fn add(&mut self, path: PathBuf, manifest: Manifest, sha256: &str) -> Result<(), Error> {
        if let Some(one) = self.pruned.iter().find(|one| one.id == manifest.id) {
            if one.manifest_sha256 != sha256 {
                let what = "the snapshot is listed as deleted with another SHA-256: it was put here afterwards";
                return Err(Error::contradicts(path, what));
            }
            self.left.push(manifest.id.clone());
        }
        let named = manifest.previous.as_ref().map(|p| &p.id);
        let listed = named.filter(|id| self.newest.is_none() && self.pruned.iter().any(|one| one.id == **id));
        let before = self.newest.as_ref().map(|m| &m.id).or(listed);
        if before != named {
            let name = |id: Option<&SnapshotId>| id.map_or_else(|| "none".to_owned(), ToString::to_string);
            let what = format!("it was sealed after {}, and before it now lies {}", name(named), name(before));
            return Err(Error::contradicts(path, what));
        }
        let clocks = self.newest.as_ref().map(|before| (&before.hub_clock, &manifest.hub_clock));
        if let Some((before, own)) = clocks.filter(|(before, own)| before.is_of_hub() && own.is_of_hub())
            && let (Some(last), Some(first)) = (before.last, own.first)
            && first + CLOCKS < last
        {
            let (first, last) = (time::format(first), time::format(last));
            let what = format!(
                "by the Hub's clock its answers begin at {first}, and those of the snapshot before it end at {last}: an \
                 older snapshot was put under a new id"
            );
            return Err(Error::contradicts(path, what));
        }
        if self.newest.is_none() {
            self.first.clone_from(&manifest.previous);
        }
        self.newest = Some(manifest);
        Ok(())
    }

    /// The newest snapshot, once all were added.
    pub(super) const fn newest(&self) -> Option<&Manifest> {
        self.newest.as_ref()
    }

    /// Snapshots that are listed as deleted.
    pub(super) fn pruned(&self) -> impl Iterator<Item = &SnapshotId> {
        self.pruned.iter().map(|one| &one.id)
    }

    /// Fails when deleted snapshots are listed after which none follows, for the newest is never deleted, or after which
    /// another one follows than the first that is left.
    pub(super) fn end(&self, org: &OrgPaths) -> Result<(), Error> {
        let last = self.pruned.last().map(|one| &one.id);
        let newest = self.newest.as_ref().map(|m| &m.id);
        if last.is_some() && last >= newest {
            return Err(Error::contradicts(org.pruned(), "it lists the newest snapshot, which is never deleted"));
        }
        let gone = self.pruned.iter().rfind(|one| !self.left.contains(&one.id));
        if let Some(gone) = gone.filter(|gone| self.first.as_ref().is_none_or(|first| !gone.is(first))) {
            let what = format!("it lists {} as deleted, and the first snapshot that is left does not name it", gone.id);
            return Err(Error::contradicts(org.pruned(), what));
        }
        Ok(())
    }

    /// What was deleted and can no longer be checked.
    pub(super) fn gone(&self) -> Option<Unchecked> {
        let gone: Vec<_> = self.pruned.iter().filter(|one| !self.left.contains(&one.id)).collect();
        let (first, last) = (gone.first()?, gone.last()?);
        let which = match gone.len() {
            1 => format!("the snapshot {} was", first.id),
            n => format!("the {n} snapshots {} to {} were", first.id, last.id),
        };
        let when = time::format_date(last.pruned_at.date_naive());
        let what = format!(
            "{which} deleted by `prune`, last on {when}, which only pruned.jsonl tells: what was in them is gone"
        );
        Some(Unchecked::minor(what, "verify a copy of the store that is older than that day"))
    }

    /// Snapshots that are listed as deleted and still there.
    pub(super) fn unfinished(&self) -> Option<Unchecked> {
        let first = self.left.first()?;
        let what = format!("whether the snapshot {first} belongs here: it is listed as deleted and still there");
        Some(Unchecked::minor(what, "run `rollcall prune` again, and verify then"))
    }
}
