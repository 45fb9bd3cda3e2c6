//! Finds out what a path is, and verifies it: a store, an organization, a snapshot, a report, a bundle.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{EVIDENCE, Found, Kind, Unchecked, Verified, belongs, files};
use crate::{
    model::{
        ids::{OrgName, SnapshotId},
        manifest::{Manifest, Previous},
        time,
    },
    store::{
        archive, aside,
        chain::{self, Chain},
        disk,
        error::Error,
        imports,
        layout::{self, OrgPaths},
        read,
    },
};

/// A verification under way.
pub(super) struct Check {
    /// What was done so far.
    pub(super) done: Verified,
    /// Digests of the archive parts hashed so far; every snapshot names those of all earlier ones.
    parts: BTreeMap<PathBuf, String>,
    /// Whether the snapshot before need not be there, as in a bundle.
    alone: bool,
}

impl Check {
    /// A verification of which nothing is done yet.
    pub(super) const fn new(kind: Kind) -> Self {
        let done =
            Verified { kind, files: 0, checks: 0, snapshots: Vec::new(), reports: Vec::new(), unchecked: Vec::new() };
        Self { done, parts: BTreeMap::new(), alone: false }
    }

    /// Finds out what `path` is (`real` is the same without `.` and links) and verifies it.
    pub(super) fn path(&mut self, path: &Path, real: &Path) -> Result<(), Error> {
        if path.join(layout::MANIFEST).is_file() || path.join(layout::SUMS).is_file() {
            let id: Option<SnapshotId> =
                real.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            let parent = real.parent().filter(|p| p.file_name().is_some_and(|name| name == layout::SNAPSHOTS));
            return match (parent.and_then(Path::parent), id) {
                (Some(org), Some(id)) => {
                    self.done.kind = Kind::Snapshot;
                    self.alone = is_evidence(org.parent());
                    self.snapshot(path, Some((&OrgPaths(org.to_owned()), &id))).map(|_| ())
                }
                _ if path.join(layout::MANIFEST).is_file() => {
                    self.done.kind = Kind::Snapshot;
                    self.snapshot(path, None).map(|_| ())
                }
                _ if path.join(EVIDENCE).is_dir() => {
                    self.list(path)?;
                    self.evidence(&path.join(EVIDENCE))
                }
                _ => self.list(path).map(|_| ()),
            };
        }
        if let Some(evidence) =
            [Some(real), real.parent()].into_iter().flatten().find(|folder| is_evidence(Some(folder)))
        {
            return self.evidence(evidence);
        }
        if is_org(path) {
            self.done.kind = Kind::Org;
            return self.org(&OrgPaths(path.to_owned()));
        }
        let entries = disk::entries(path)?;
        // Through a link, too: a store is still a store when somebody replaced its only organization by one.
        if entries.iter().any(|(name, _)| is_org(&path.join(name))) {
            return self.store(path, &entries);
        }
        let folders = entries.into_iter().filter(|(_, kind)| kind.is_dir()).map(|(name, _)| name);
        self.reports(path, folders.map(|name| (path.join(&name), name)).collect())
    }

    /// Verifies every organization of a store, which holds nothing else.
    fn store(&mut self, path: &Path, entries: &[(String, fs::FileType)]) -> Result<(), Error> {
        self.done.kind = Kind::Store;
        for (name, kind) in entries {
            let folder = path.join(name);
            if !kind.is_dir() && !kind.is_file() {
                return Err(Error::added(folder, belongs::LINK));
            }
            if !kind.is_dir() || OrgName::new(name.as_str()).is_err() {
                return Err(Error::added(folder, "it does not belong into a store, which holds organizations only"));
            }
            self.org(&OrgPaths(folder))?;
        }
        self.done.checks += 1;
        Ok(())
    }

    /// Compares each report of a folder with its list.
    fn reports(&mut self, path: &Path, folders: Vec<(PathBuf, String)>) -> Result<(), Error> {
        let (reports, others): (Vec<_>, Vec<_>) =
            folders.into_iter().partition(|(folder, _)| folder.join(layout::SUMS).is_file());
        if reports.is_empty() {
            return Err(Error::NotOurs { path: path.to_owned() });
        }
        self.done.kind = Kind::Reports;
        for (folder, name) in reports {
            self.list(&folder)?;
            self.done.reports.push(name);
        }
        self.done.unchecked.extend(others.into_iter().map(|(_, name)| {
            let what = format!("the folder {name:?}: no SHA256SUMS lies in it");
            Unchecked::essential(what, "write its report again: a finished one has a list")
        }));
        Ok(())
    }

    /// Verifies one snapshot; `home` is its place in a store, if it lies in one.
    fn snapshot(&mut self, dir: &Path, home: Option<(&OrgPaths, &SnapshotId)>) -> Result<(Manifest, String), Error> {
        belongs::plain(dir)?;
        let listed = self.list(dir)?;
        let (manifest, sha256) = read::load_manifest(dir, home.map(|(_, id)| id))?;
        files::times_agree(dir, &manifest)?;
        files::tables_agree(dir, &listed, &manifest)?;
        files::bodies_agree(dir, &listed, &manifest)?;
        self.done.checks += 3;
        match home {
            Some((org, _)) => {
                match &manifest.previous {
                    Some(previous) if self.alone && !org.snapshot(&previous.id).exists() => self.say_alone(previous),
                    Some(previous) => {
                        chain::previous_agrees(org, previous, &manifest.id)?;
                        self.done.checks += 1;
                    }
                    None => {}
                }
                self.parts_agree(org, dir, &manifest)?;
            }
            None => self.say_unchecked(&manifest),
        }
        self.done.snapshots.push(Found {
            dir: dir.to_owned(),
            home: home.map(|(org, _)| org.0.clone()),
            org: manifest.org.clone(),
            id: manifest.id.clone(),
            manifest_sha256: sha256.clone(),
        });
        Ok((manifest, sha256))
    }

    /// Says what a snapshot outside of its store does not allow to check.
    fn say_unchecked(&mut self, manifest: &Manifest) {
        let parts = manifest.audit.parts.len();
        if parts > 0 {
            let what = format!("the {parts} files of the audit archive that it reads: they do not lie beside it");
            self.done.unchecked.push(Unchecked::essential(what, "verify it in its store or in a bundle"));
        }
        if let Some(previous) = &manifest.previous {
            self.say_alone(previous);
        }
    }

    /// Says that the snapshot before is not there to be compared.
    fn say_alone(&mut self, previous: &Previous) {
        let what = format!("the snapshot before it, {}: it does not lie beside it", previous.id);
        self.done.unchecked.push(Unchecked::minor(what, "verify the store that holds both"));
    }

    /// Compares the archive parts that a manifest names with their digests there.
    fn parts_agree(&mut self, org: &OrgPaths, dir: &Path, manifest: &Manifest) -> Result<(), Error> {
        for (part, expected) in &manifest.audit.parts {
            let path = archive::existing(org, part)?;
            if layout::part_id(part).is_none_or(|id| manifest.id < id) {
                let what = format!("it names {part}, which a later snapshot brought");
                return Err(Error::contradicts(dir.join(layout::MANIFEST), what));
            }
            if !self.parts.contains_key(&path) {
                self.parts.insert(path.clone(), disk::digest_file(&path)?.0);
                self.done.files += 1;
            }
            if self.parts.get(&path) != Some(expected) {
                let what = format!(
                    "its SHA-256 is not {expected}, as the manifest of {} says: audit events were changed afterwards",
                    manifest.id
                );
                return Err(Error::differs(path, what));
            }
        }
        self.done.checks += 1;
        Ok(())
    }

    /// Verifies every snapshot of an organization, their chain, the whole archive, and that nothing else lies there.
    fn org(&mut self, org: &OrgPaths) -> Result<(), Error> {
        if disk::is_link(&org.0) {
            return Err(Error::added(&org.0, belongs::LINK));
        }
        belongs::plain(&org.0)?;
        belongs::only(org)?;
        let mut chain = Chain::of(org)?;
        let mut there = Vec::new();
        for (name, kind) in disk::entries(&org.snapshots())? {
            let dir = org.snapshots().join(&name);
            let Some(id) = name.parse::<SnapshotId>().ok().filter(|_| kind.is_dir()) else {
                return Err(Error::added(dir, "it is no snapshot: it was put here by something else"));
            };
            let (manifest, sha256) = self.snapshot(&dir, Some((org, &id)))?;
            chain.add(dir.join(layout::MANIFEST), manifest, &sha256)?;
            there.push(id);
        }
        chain.end(org)?;
        for dir in imports::folders(org)? {
            self.list(&dir)?;
            if !imports::agrees(&dir)? {
                let what = "its record does not describe the file beside it: one was changed afterwards";
                return Err(Error::differs(dir, what));
            }
        }
        self.set_aside(org)?;
        let deleted: Vec<_> = chain.pruned().cloned().collect();
        self.done.unchecked.extend(belongs::witnessed(org, &there, &deleted)?);
        self.done.unchecked.extend(chain.gone());
        self.done.unchecked.extend(chain.unfinished());
        self.done.unchecked.extend(belongs::unfinished(org)?);
        no_stray_parts(org, chain.newest())?;
        // Links, names, the order of the chain, witness and archive.
        self.done.checks += 5;
        Ok(())
    }

    /// Verifies what was set aside, and says that no report reads it.
    fn set_aside(&mut self, org: &OrgPaths) -> Result<(), Error> {
        for id in aside::ids(org)? {
            let place = org.set_aside(&id);
            let dir = place.join(aside::SNAPSHOT);
            let record = aside::record(&place)?;
            let when = time::format_date(record.set_aside_at.date_naive());
            if !dir.is_dir() {
                let what = format!("the snapshot {id}: its setting aside on {when} was interrupted");
                let by = format!("run `rollcall prune {} --set-aside {id} --yes` again", record.org);
                self.done.unchecked.push(Unchecked::minor(what, by));
                continue;
            }
            let listed = self.list(&dir)?;
            let (manifest, sha256) = read::load_manifest(&dir, Some(&id))?;
            if sha256 != record.manifest_sha256 {
                let what = "it is not the manifest that was set aside: it was changed afterwards";
                return Err(Error::differs(dir.join(layout::MANIFEST), what));
            }
            files::tables_agree(&dir, &listed, &manifest)?;
            files::bodies_agree(&dir, &listed, &manifest)?;
            aside::parts_agree(&place, &manifest)?;
            self.done.checks += 3;
            let what =
                format!("the snapshot {id}: it was dated ahead and was set aside on {when}, and no report reads it");
            let by = format!("read {} and the reason that was noted on that day", place.display());
            self.done.unchecked.push(Unchecked::minor(what, by));
        }
        Ok(())
    }

    /// Verifies the snapshots of a bundle, each without the ones before it.
    pub(super) fn evidence(&mut self, evidence: &Path) -> Result<(), Error> {
        self.done.kind = Kind::Bundle;
        self.alone = true;
        belongs::plain(evidence)?;
        for (org, _) in disk::entries(evidence)?.into_iter().filter(|(_, kind)| kind.is_dir()) {
            let org = OrgPaths(evidence.join(org));
            let mut parts = BTreeMap::new();
            for (name, _) in disk::entries(&org.snapshots())? {
                let dir = org.snapshots().join(&name);
                let Ok(id) = name.parse::<SnapshotId>() else {
                    return Err(Error::added(dir, "it is no snapshot: it was put here by something else"));
                };
                parts.extend(self.snapshot(&dir, Some((&org, &id)))?.0.audit.parts);
            }
            let found = archive::parts_on_disk(&org)?;
            if let Some((part, _)) = found.iter().find(|(part, _)| !parts.contains_key(part)) {
                return Err(Error::added(org.relative(part), "no snapshot of the bundle reads it"));
            }
        }
        if self.done.snapshots.is_empty() {
            return Err(Error::differs(evidence.to_owned(), "no snapshot lies in it"));
        }
        Ok(())
    }
}

/// Whether a folder is the `evidence` of an unpacked bundle, which holds one snapshot of its chain.
fn is_evidence(folder: Option<&Path>) -> bool {
    let Some(folder) = folder.filter(|folder| folder.file_name().is_some_and(|name| name == EVIDENCE)) else {
        return false;
    };
    folder.parent().is_some_and(|bundle| bundle.join(layout::SUMS).is_file())
}

/// Whether a folder is an organization's.
fn is_org(path: &Path) -> bool {
    let own = [layout::IMPORTS, layout::SNAPSHOTS, layout::ARCHIVE, layout::WITNESS, layout::SET_ASIDE];
    own.iter().any(|name| path.join(name).is_dir())
}

/// Finds a file of the archive that the newest snapshot does not read. A part that waits for its snapshot to be sealed
/// is none.
fn no_stray_parts(org: &OrgPaths, newest: Option<&Manifest>) -> Result<(), Error> {
    for (part, id) in archive::parts_on_disk(org)? {
        let waits = id.is_some_and(|id| newest.is_none_or(|m| m.id < id) && org.staging(&id).0.is_dir());
        if !waits && newest.is_none_or(|m| !m.audit.parts.contains_key(&part)) {
            return Err(Error::contradicts(
                org.relative(&part),
                "no snapshot brought it: it was added afterwards, or its snapshot was removed",
            ));
        }
    }
    Ok(())
}
