//! The chain of manifests: each snapshot names the one before it, and `pruned.jsonl` bridges what was deleted.

use std::path::PathBuf;

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

/// The error for a difference.
fn differs(path: PathBuf, what: impl Into<String>) -> Error {
    Error::Differs { path, what: what.into() }
}

/// Compares the manifest of the snapshot before, or its line in the list of deleted ones, with its digest in the one
/// after.
pub(super) fn previous_agrees(org: &OrgPaths, previous: &Previous, id: &SnapshotId) -> Result<(), Error> {
    let path = org.snapshot(&previous.id).join(layout::MANIFEST);
    if !path.is_file() {
        let pruned = prune::list(org)?;
        return match pruned.iter().find(|one| one.id == previous.id) {
            Some(one) if one.is(previous) => Ok(()),
            Some(_) => Err(differs(
                org.pruned(),
                format!("its SHA-256 of {} is not the one that {id} recorded when it was sealed", previous.id),
            )),
            None => Err(differs(
                path,
                format!("it is not there, although {id} was sealed after it: a snapshot was removed"),
            )),
        };
    }
    let (found, _) = disk::digest_file(&path)?;
    if found != previous.sha256 {
        return Err(differs(
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
    /// The newest one so far.
    newest: Option<Manifest>,
}

impl Chain {
    /// The chain of an organization, none of its snapshots met yet.
    pub(super) fn of(org: &OrgPaths) -> Result<Self, Error> {
        Ok(Self { pruned: prune::list(org)?, left: Vec::new(), newest: None })
    }

    /// Adds the next snapshot, which must follow the one before it on the disk or in the list.
    pub(super) fn add(&mut self, path: PathBuf, manifest: Manifest, sha256: &str) -> Result<(), Error> {
        if let Some(one) = self.pruned.iter().find(|one| one.id == manifest.id) {
            if one.manifest_sha256 != sha256 {
                let what = "the snapshot is listed as deleted with another SHA-256: it was put here afterwards";
                return Err(differs(path, what));
            }
            self.left.push(manifest.id.clone());
        }
        let named = manifest.previous.as_ref().map(|p| &p.id);
        let listed = named.filter(|id| self.newest.is_none() && self.pruned.iter().any(|one| one.id == **id));
        let before = self.newest.as_ref().map(|m| &m.id).or(listed);
        if before != named {
            let name = |id: Option<&SnapshotId>| id.map_or_else(|| "none".to_owned(), ToString::to_string);
            let what = format!("it was sealed after {}, and before it now lies {}", name(named), name(before));
            return Err(differs(path, what));
        }
        self.newest = Some(manifest);
        Ok(())
    }

    /// The newest snapshot, once all were added.
    pub(super) const fn newest(&self) -> Option<&Manifest> {
        self.newest.as_ref()
    }

    /// Fails when deleted snapshots are listed after which none follows: the newest is never deleted.
    pub(super) fn end(&self, org: &OrgPaths) -> Result<(), Error> {
        let last = self.pruned.last().map(|one| &one.id);
        let newest = self.newest.as_ref().map(|m| &m.id);
        if last.is_some() && last >= newest {
            return Err(differs(org.pruned(), "it lists the newest snapshot, which is never deleted"));
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
        let what =
            format!("{which} deleted by `prune`, last on {when}: the chain names them, and what was in them is gone");
        Some(Unchecked::new(what, "verify a copy of the store that is older than that day"))
    }

    /// Snapshots that are listed as deleted and still there.
    pub(super) fn unfinished(&self) -> Option<Unchecked> {
        let first = self.left.first()?;
        let what = format!("whether the snapshot {first} belongs here: it is listed as deleted and still there");
        Some(Unchecked::new(what, "run `rollcall prune` again, and verify then"))
    }
}
