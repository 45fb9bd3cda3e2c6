//! A snapshot that a wrong clock dated ahead is set aside: moved whole, with the parts that it brought to the archive, to
//! where no collection and no report meets it. Nothing of it is deleted or rewritten, and `verify` tells of it.

use std::path::{Path, PathBuf};

use chrono::SubsecRound as _;
use serde::{Deserialize, Serialize};

use super::{
    OrgStore, archive, disk,
    error::Error,
    layout::{self, OrgPaths},
    lock::Lock,
    read::Head,
};
use crate::model::{
    ids::{OrgName, SnapshotId},
    manifest::{Manifest, Tool},
    time::Timestamp,
};

/// Name of the snapshot's folder where it is set aside.
pub(super) const SNAPSHOT: &str = "snapshot";

/// Name of the record beside it.
const RECORD: &str = "set-aside.json";

/// The record of a snapshot that was set aside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Aside {
    /// The organization.
    pub org: OrgName,
    /// The snapshot.
    pub id: SnapshotId,
    /// SHA-256 of its `manifest.json`, hexadecimal.
    pub manifest_sha256: String,
    /// When it was set aside, whole seconds.
    pub set_aside_at: Timestamp,
    /// The tool that did it.
    pub tool: Tool,
}

impl OrgStore {
    /// Ids of the snapshots that were set aside, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be listed.
    pub fn aside(&self) -> Result<Vec<SnapshotId>, Error> {
        self.plain()?;
        ids(&self.paths)
    }

    /// The snapshot that [`OrgStore::set_aside`] would move: the newest, when it has this id and is dated later than
    /// `now`.
    ///
    /// # Errors
    /// [`Error::NoOrg`]; [`Error::NotAhead`] for any other snapshot, which stays where it is; [`Error::Damaged`] when its
    /// manifest cannot be read.
    pub fn ahead(&self, id: &SnapshotId, now: Timestamp) -> Result<Head, Error> {
        self.must_exist()?;
        let refused = |why| Error::NotAhead { org: self.org.clone(), id: id.clone(), why };
        let newest = self.newest()?.filter(|newest| newest.id == *id);
        let newest = newest.ok_or_else(|| refused("it is not the newest snapshot, and only that one may go"))?;
        if newest.id.as_of() <= now {
            return Err(refused("it is not dated later than now, so nothing stands against the next collection"));
        }
        Ok(newest)
    }

    /// Moves the newest snapshot, dated later than `now`, with the parts that it brought to the archive, to where no
    /// report reads it; gives the folder.
    ///
    /// The snapshot moves last, so a crash before leaves it where it was and the next call finishes the work.
    ///
    /// # Errors
    /// As [`OrgStore::ahead`], and whatever the disk refuses.
    pub fn set_aside(&self, lock: &Lock, id: &SnapshotId, now: Timestamp, tool: &Tool) -> Result<PathBuf, Error> {
        lock.assert_of(self);
        let head = self.ahead(id, now)?;
        let place = self.paths.set_aside(id);
        disk::make_dir(&place)?;
        let path = place.join(RECORD);
        if !path.exists() {
            let record = Aside {
                org: self.org.clone(),
                id: id.clone(),
                manifest_sha256: head.manifest_sha256,
                set_aside_at: now.trunc_subsecs(0),
                tool: tool.clone(),
            };
            let mut text =
                serde_json::to_vec_pretty(&record).map_err(|source| Error::Json { path: path.clone(), source })?;
            text.push(b'\n');
            disk::replace(&path, &text)?;
        }
        for part in own_parts(&head.manifest) {
            let (from, to) = (self.paths.relative(part), place.join(part));
            let (month, goal) = (from.parent().unwrap_or(&from), to.parent().unwrap_or(&to));
            disk::no_link(month)?;
            if from.is_file() {
                disk::make_dir(goal)?;
                disk::rename(&from, &to)?;
                disk::sync_dir(goal)?;
                disk::sync_dir(month)?;
                disk::remove_if_empty(month);
            }
        }
        disk::remove_if_empty(&self.paths.archive());
        disk::rename(&self.paths.snapshot(id), &place.join(SNAPSHOT))?;
        for folder in [&place, &self.paths.snapshots(), &self.paths.0.join(layout::SET_ASIDE), &self.paths.0] {
            disk::sync_dir(folder)?;
        }
        Ok(place)
    }
}

/// Parts of the archive that a snapshot brought, by path relative to the organization's folder.
fn own_parts(manifest: &Manifest) -> impl Iterator<Item = &String> {
    manifest.audit.parts.keys().filter(|part| layout::part_id(part).as_ref() == Some(&manifest.id))
}

/// Ids of the snapshots that were set aside, oldest first.
pub(super) fn ids(org: &OrgPaths) -> Result<Vec<SnapshotId>, Error> {
    let entries = disk::entries(&org.0.join(layout::SET_ASIDE))?;
    Ok(entries.into_iter().filter_map(|(name, _)| name.parse().ok()).collect())
}

/// The record in the folder of a snapshot that was set aside.
pub(super) fn record(place: &Path) -> Result<Aside, Error> {
    for (name, kind) in disk::entries(place)? {
        if ![(RECORD, false), (SNAPSHOT, true), (layout::ARCHIVE, true)].contains(&(name.as_str(), kind.is_dir())) {
            return Err(Error::added(place.join(name), "it was not set aside with the snapshot: it was put here"));
        }
    }
    let path = place.join(RECORD);
    let Some(text) = disk::read_if_there(&path)? else {
        return Err(Error::damaged(path, "nothing tells when and by what this was set aside"));
    };
    serde_json::from_slice(&text).map_err(|source| Error::Damaged {
        path,
        what: "it does not tell what was set aside".to_owned(),
        source: Some(source.into()),
    })
}

/// Compares the parts that were set aside with their digests in the manifest.
pub(super) fn parts_agree(place: &Path, manifest: &Manifest) -> Result<(), Error> {
    let own: Vec<_> = own_parts(manifest).collect();
    for part in &own {
        let path = archive::existing(&OrgPaths(place.to_owned()), part)?;
        if Some(&disk::digest_file(&path)?.0) != manifest.audit.parts.get(*part) {
            return Err(Error::differs(path, "its SHA-256 is not the one in the manifest that was set aside with it"));
        }
    }
    let found = disk::files(&place.join(layout::ARCHIVE))?.into_iter().map(|f| format!("{}/{f}", layout::ARCHIVE));
    let stray = found.into_iter().find(|part| !own.contains(&part));
    stray.map_or(Ok(()), |part| Err(Error::added(place.join(part), "the manifest set aside with it does not name it")))
}
