//! Sealed snapshots: listed, opened, and refused when they are not what their manifest says.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{OrgStore, archive, disk, error::Error, layout, parquet, tables};
use crate::{
    model::{
        ids::{SnapshotId, fold},
        manifest::{FORMAT, Manifest},
        time,
    },
    table::{Tables, access::Seen},
};

/// A snapshot in a list.
#[derive(Clone, PartialEq, Debug)]
pub struct Head {
    /// Its id.
    pub id: SnapshotId,
    /// Its manifest.
    pub manifest: Manifest,
    /// SHA-256 of `manifest.json`, hexadecimal.
    pub manifest_sha256: String,
    /// Bytes of its folder and of the parts that it brought to the audit archive.
    pub bytes_on_disk: u64,
}

/// An opened snapshot.
#[derive(Clone, PartialEq, Debug)]
pub struct Snapshot {
    /// Its manifest.
    pub manifest: Manifest,
    /// SHA-256 of `manifest.json`, hexadecimal.
    pub manifest_sha256: String,
    /// Its tables; a table that was not written is empty, and its source's coverage tells why.
    pub tables: Tables,
    /// The parts of the audit archive that it reads, in byte order of their names.
    pub audit_parts: Vec<PathBuf>,
}

impl OrgStore {
    /// The sealed snapshots, oldest first.
    ///
    /// # Errors
    /// [`Error::NoOrg`] when the organization has no folder; [`Error::Damaged`] or [`Error::NewerFormat`] for the first
    /// manifest that cannot be read.
    pub fn snapshots(&self) -> Result<Vec<Head>, Error> {
        self.must_exist()?;
        self.ids()?.into_iter().map(|id| self.head(id)).collect()
    }

    /// The newest sealed snapshot; `None` when there is none, or no folder.
    ///
    /// # Errors
    /// When its manifest cannot be read.
    pub fn newest(&self) -> Result<Option<Head>, Error> {
        self.ids()?.pop().map(|id| self.head(id)).transpose()
    }

    /// Opens a snapshot.
    ///
    /// # Errors
    /// [`Error::NoOrg`], [`Error::NoSnapshot`]; [`Error::Damaged`] when a table or a part of the archive is missing or
    /// has another digest than the manifest says, so that nothing is concluded from evidence that was changed;
    /// [`Error::Schema`] when a table is sound and has other columns. Bodies are left to `verify`.
    pub fn read(&self, id: &SnapshotId) -> Result<Snapshot, Error> {
        self.open(id, &BTreeMap::new())
    }

    /// Opens a snapshot, of whose parts of the archive some are known to be what they were.
    fn open(&self, id: &SnapshotId, known: &BTreeMap<String, String>) -> Result<Snapshot, Error> {
        let dir = self.existing(id)?;
        let (manifest, manifest_sha256) = self.manifest(&dir, id)?;
        let tables = tables::read(&dir, &manifest)?;
        let mut audit_parts = Vec::with_capacity(manifest.audit.parts.len());
        for (part, sha256) in &manifest.audit.parts {
            let path = archive::existing(&self.paths, part)?;
            if layout::part_id(part).is_some_and(|brought_by| *id < brought_by) {
                return Err(Error::damaged(
                    manifest_path(&dir),
                    format!("it names {part}, which a later snapshot brought"),
                ));
            }
            if known.get(part) != Some(sha256) {
                let (found, _) = disk::digest_file(&path)?;
                if found != *sha256 {
                    return Err(parquet::not_as_sealed(&path, &found, sha256));
                }
            }
            audit_parts.push(path);
        }
        Ok(Snapshot { manifest, manifest_sha256, tables, audit_parts })
    }

    /// Opens a snapshot that lies before one that was opened already: parts of the archive that both read are not
    /// hashed again.
    ///
    /// # Errors
    /// As [`OrgStore::read`].
    pub fn read_before(&self, id: &SnapshotId, later: &Snapshot) -> Result<Snapshot, Error> {
        self.open(id, &later.manifest.audit.parts)
    }

    /// What a snapshot remembers of members and invitees, with its manifest; no other table is read.
    ///
    /// # Errors
    /// As [`OrgStore::read`].
    pub fn seen(&self, id: &SnapshotId) -> Result<(Manifest, Vec<Seen>), Error> {
        let dir = self.existing(id)?;
        let (manifest, _) = self.manifest(&dir, id)?;
        let seen = tables::listed(&dir, &manifest.tables)?;
        Ok((manifest, seen))
    }

    /// Every file that a snapshot consists of, the parts of the archive that it reads included: the path relative to
    /// the organization's folder, and where it lies.
    ///
    /// # Errors
    /// When its folder cannot be listed.
    pub fn files_of(&self, manifest: &Manifest) -> Result<Vec<(String, PathBuf)>, Error> {
        let folder = format!("{}/{}", layout::SNAPSHOTS, manifest.id);
        let own = disk::files(&self.paths.snapshot(&manifest.id))?.into_iter().map(|file| format!("{folder}/{file}"));
        let all = own.chain(manifest.audit.parts.keys().cloned());
        Ok(all.map(|file| (file.clone(), self.paths.relative(&file))).collect())
    }

    /// The head of a snapshot whose folder is there.
    fn head(&self, id: SnapshotId) -> Result<Head, Error> {
        let dir = self.paths.snapshot(&id);
        let (manifest, manifest_sha256) = self.manifest(&dir, &id)?;
        let mut bytes_on_disk = 0;
        let brought = manifest.audit.parts.keys().filter(|part| layout::part_id(part).as_ref() == Some(&id));
        let files = disk::files(&dir)?.into_iter().map(|file| dir.join(file));
        for file in files.chain(brought.map(|part| self.paths.relative(part))) {
            // A part that is missing weighs nothing; opening the snapshot says that it is missing.
            bytes_on_disk += std::fs::metadata(&file).map_or(0, |m| m.len());
        }
        Ok(Head { id, manifest, manifest_sha256, bytes_on_disk })
    }

    /// The manifest in a snapshot's folder, which must speak of that snapshot of this organization.
    fn manifest(&self, dir: &Path, id: &SnapshotId) -> Result<(Manifest, String), Error> {
        let (manifest, sha256) = load_manifest(dir, Some(id))?;
        if fold(manifest.org.as_str()) != fold(self.org.as_str()) {
            let what = format!("it is a manifest of {} in the folder of {}", manifest.org, self.org);
            return Err(Error::damaged(manifest_path(dir), what));
        }
        Ok((manifest, sha256))
    }

    /// The folder of a snapshot that must be there.
    fn existing(&self, id: &SnapshotId) -> Result<PathBuf, Error> {
        self.must_exist()?;
        let dir = self.paths.snapshot(id);
        if disk::is_folder(&dir) {
            return Ok(dir);
        }
        Err(Error::NoSnapshot { org: self.org.clone(), id: id.clone(), known: self.ids()? })
    }

    /// Fails when the organization has no folder.
    ///
    /// # Errors
    /// [`Error::NoOrg`]; [`Error::Link`] when it, or one of its own folders, is a link.
    pub fn must_exist(&self) -> Result<(), Error> {
        self.plain()?;
        if self.paths.0.is_dir() {
            return Ok(());
        }
        let root = self.store.root.clone();
        Err(Error::NoOrg { org: self.org.clone(), root, known: self.store.orgs()? })
    }
}

/// Path of the manifest in a snapshot's folder.
fn manifest_path(snapshot: &Path) -> PathBuf {
    snapshot.join(layout::MANIFEST)
}

/// Reads a manifest and its SHA-256. `id` is what the folder's name says; `None` for a folder that may be named freely.
pub(super) fn load_manifest(snapshot: &Path, id: Option<&SnapshotId>) -> Result<(Manifest, String), Error> {
    let path = manifest_path(snapshot);
    if !path.is_file() {
        return Err(Error::damaged(path, "the snapshot has no manifest"));
    }
    let bytes = disk::read(&path)?;
    let broken = |source: serde_json::Error| Error::Damaged {
        path: path.clone(),
        what: "it cannot be read as a manifest".to_owned(),
        source: Some(source.into()),
    };
    // The format first: a later one may have moved anything else.
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(broken)?;
    match value.get("format").and_then(serde_json::Value::as_str) {
        Some(FORMAT) => {}
        Some(format) if format.starts_with("rollcall.snapshot/") => {
            return Err(Error::NewerFormat { path, format: format.to_owned() });
        }
        _ => return Err(Error::damaged(path, "it does not say that it is a manifest of rollcall")),
    }
    if let Some(text) = out_of_range(&value) {
        return Err(Error::damaged(path, format!("it holds {text:?}, which is outside the years 1970 to 9999")));
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(broken)?;
    if let Some(id) = id.filter(|id| **id != manifest.id) {
        return Err(Error::damaged(path, format!("it is the manifest of {} in the folder of {id}", manifest.id)));
    }
    Ok((manifest, disk::sha256(&bytes)))
}

/// The first instant in a document that no reader of dates takes.
fn out_of_range(value: &serde_json::Value) -> Option<&str> {
    match value {
        serde_json::Value::String(text) => time::is_out_of_range(text).then_some(text),
        serde_json::Value::Array(items) => items.iter().find_map(out_of_range),
        serde_json::Value::Object(fields) => fields.values().find_map(out_of_range),
        _ => None,
    }
}
