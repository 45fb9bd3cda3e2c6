//! Snapshots on disk: staged, sealed by one rename, never rewritten.
//!
//! One folder per organization holds its sealed snapshots and the append-only archive of its audit events; see
//! `layout.rs` for the paths. Writing takes an [`OrgStore::lock`], an [`OrgStore::stage`] that resumes an interrupted
//! collection or starts one, and a [`Staging::seal`]; a crash anywhere before the last rename leaves no snapshot.
//! Reading needs no lock: what is sealed does not change. [`verify::verify`] re-hashes everything, a [`Replay`] answers
//! requests from what was sealed, and [`OrgStore::prune`] is the only way in which anything sealed goes.
//!
//! The store knows neither the Hub nor what a column means, and never asks for the time.

use std::path::{Path, PathBuf};

use crate::model::ids::{OrgName, SnapshotId};

pub mod again;
pub mod archive;
pub mod aside;
mod chain;
mod disk;
pub mod error;
pub mod imports;
mod journal;
mod layout;
pub mod lock;
mod parquet;
pub mod prune;
pub mod read;
pub mod replay;
mod seal;
mod secret;
mod spool;
pub mod stage;
mod sums;
mod tables;
pub mod verify;
mod witness;

#[cfg(test)]
mod tests;

pub use again::{Again, Archived, Export};
pub use archive::Appended;
pub use aside::Aside;
pub use error::{Advice, Error};
pub use imports::Kept;
pub use lock::Lock;
pub use prune::Pruned;
pub use read::{Head, Snapshot};
pub use replay::Replay;
pub use seal::Sealed;
pub use stage::{Ask, Staging};

use layout::OrgPaths;

/// A folder with one folder per organization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// The folder; need not exist yet.
    root: PathBuf,
}

impl Store {
    /// The store in a folder, which is created by the first collection.
    #[must_use]
    pub const fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The organization whose folder this is, however its store is called; `None` for a folder that cannot be one.
    #[must_use]
    pub fn org_at(folder: &Path) -> Option<OrgStore> {
        let org = OrgName::new(folder.file_name()?.to_str()?).ok()?;
        Some(Self::new(folder.parent()?.to_owned()).org(&org))
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Organizations with a folder for snapshots, sorted; none when the store does not exist yet.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn orgs(&self) -> Result<Vec<OrgName>, Error> {
        let folders = disk::entries(&self.root)?.into_iter().filter(|(_, kind)| kind.is_dir());
        let names = folders.filter_map(|(name, _)| OrgName::new(name).ok());
        Ok(names.filter(|org| self.org(org).paths.snapshots().is_dir()).collect())
    }

    /// One organization of the store, whether it has a folder yet or not.
    #[must_use]
    pub fn org(&self, org: &OrgName) -> OrgStore {
        OrgStore { store: self.clone(), org: org.clone(), paths: OrgPaths(self.root.join(org.as_str())) }
    }
}

/// One organization's folder in a store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrgStore {
    /// The store.
    store: Store,
    /// The organization.
    org: OrgName,
    /// Its paths.
    paths: OrgPaths,
}

impl OrgStore {
    /// The organization.
    #[must_use]
    pub const fn org(&self) -> &OrgName {
        &self.org
    }

    /// The organization's folder; may not exist.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.paths.0
    }

    /// Folder of a sealed snapshot; may not exist.
    #[must_use]
    pub fn snapshot_dir(&self, id: &SnapshotId) -> PathBuf {
        self.paths.snapshot(id)
    }

    /// Ids of the sealed snapshots, oldest first; names that are no ids are left out.
    ///
    /// # Errors
    /// When the folder cannot be listed, or the organization's folder or one of its own is a link.
    pub fn ids(&self) -> Result<Vec<SnapshotId>, Error> {
        self.plain()?;
        let folders = disk::entries(&self.paths.snapshots())?.into_iter().filter(|(_, kind)| kind.is_dir());
        let mut ids: Vec<SnapshotId> = folders.filter_map(|(name, _)| name.parse().ok()).collect();
        ids.sort();
        Ok(ids)
    }

    /// Fails when the organization's folder, or what lies in it under a name of ours, is a link: a store keeps its files
    /// where it is, and nowhere that somebody else chose.
    fn plain(&self) -> Result<(), Error> {
        disk::no_link(&self.paths.0)?;
        layout::OWN.iter().try_for_each(|(name, _)| disk::no_link(&self.paths.0.join(name)))
    }
}
