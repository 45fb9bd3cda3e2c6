//! Verification: re-hash everything, and name the first thing that differs and what that means.
//!
//! Three independent records must agree: `SHA256SUMS`, the digests in the manifest, and the digest of each manifest in
//! the next one. Changing evidence without trace means changing every later snapshot, too.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    archive,
    chain::{self, Chain},
    disk,
    error::Error,
    imports,
    layout::{self, OrgPaths},
    read, sums,
};
use crate::model::{
    ids::SnapshotId,
    manifest::{Manifest, Previous},
    sums::SIGNATURE,
};

/// Folder of a bundle that holds the snapshot and the parts of the archive that it reads, as in a store.
pub const EVIDENCE: &str = "evidence";

/// What was verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Every organization of a store.
    Store,
    /// Every snapshot of an organization, their chain and the audit archive.
    Org,
    /// One snapshot.
    Snapshot,
    /// A folder with a `SHA256SUMS` and nothing else to tie it to, such as a report.
    Report,
    /// A folder of such folders, e.g. the one that `report` writes into.
    Reports,
    /// A bundle: evidence and report of one snapshot.
    Bundle,
}

impl Kind {
    /// The kind in a sentence.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Org => "organization",
            Self::Snapshot => "snapshot",
            Self::Report => "report",
            Self::Reports => "folder of reports",
            Self::Bundle => "bundle",
        }
    }
}

/// A check that was not made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unchecked {
    /// What was not checked, and why, as the rest of a sentence.
    pub what: String,
    /// What would check it, as the rest of a sentence that asks for it.
    pub by: String,
}

impl Unchecked {
    /// A check that was not made.
    pub fn new(what: impl Into<String>, by: impl Into<String>) -> Self {
        Self { what: what.into(), by: by.into() }
    }
}

/// A verification that found no difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// What was verified.
    pub kind: Kind,
    /// Files whose bytes were hashed.
    pub files: usize,
    /// Snapshots verified, as `<org>/<id>`, in the order of the check.
    pub snapshots: Vec<String>,
    /// Of these, the ones that lie in an organization's folder: that folder and the id.
    pub homes: Vec<(PathBuf, SnapshotId)>,
    /// Names of the folders of reports that were verified, in byte order.
    pub reports: Vec<String>,
    /// What could not be checked from here.
    pub unchecked: Vec<Unchecked>,
}

/// Verifies a store, an organization's folder, a snapshot's folder, a report's folder or an unpacked
/// bundle.
///
/// # Errors
/// [`Error::Differs`] for the first difference; [`Error::NotOurs`] for a path of another kind; [`Error::NewerFormat`];
/// [`Error::Io`] when something cannot be read.
pub fn verify(path: &Path) -> Result<Verified, Error> {
    let real = fs::canonicalize(path).map_err(Error::io("find", path))?;
    let mut check = Check::new(Kind::Report);
    check.path(path, &real).map_err(as_difference)?;
    Ok(check.done)
}

/// Verifies the `evidence` folder of a bundle whose files were compared with its list already.
///
/// # Errors
/// As [`verify`].
pub fn verify_evidence(evidence: &Path) -> Result<Verified, Error> {
    let mut check = Check::new(Kind::Bundle);
    check.evidence(evidence).map_err(as_difference)?;
    Ok(check.done)
}

/// A damaged file is a difference, too, once it is looked for.
fn as_difference(error: Error) -> Error {
    match error {
        Error::Damaged { path, what, source: None } => Error::Differs { path, what },
        Error::Damaged { path, what, source: Some(source) } => {
            Error::Differs { path, what: format!("{what}: {source}") }
        }
        other => other,
    }
}

/// The error for a difference.
fn differs(path: PathBuf, what: impl Into<String>) -> Error {
    Error::Differs { path, what: what.into() }
}

/// A verification under way.
struct Check {
    /// What was done so far.
    done: Verified,
    /// Digests of the archive parts hashed so far; every snapshot names those of all earlier ones.
    parts: BTreeMap<PathBuf, String>,
    /// Whether the snapshot before need not be there, as in a bundle.
    alone: bool,
}

impl Check {
    /// A verification of which nothing is done yet.
    const fn new(kind: Kind) -> Self {
        let done = Verified {
            kind,
            files: 0,
            snapshots: Vec::new(),
            homes: Vec::new(),
            reports: Vec::new(),
            unchecked: Vec::new(),
        };
        Self { done, parts: BTreeMap::new(), alone: false }
    }

    /// Finds out what `path` is (`real` is the same without `.` and links) and verifies it.
    fn path(&mut self, path: &Path, real: &Path) -> Result<(), Error> {
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
        let folders = disk::entries(path)?.into_iter().filter(|(_, kind)| kind.is_dir()).map(|(name, _)| name);
        let folders: Vec<_> = folders.map(|name| (path.join(&name), name)).collect();
        let orgs: Vec<_> = folders.iter().map(|(folder, _)| folder).filter(|folder| is_org(folder)).cloned().collect();
        if orgs.is_empty() {
            return self.reports(path, folders);
        }
        self.done.kind = Kind::Store;
        orgs.into_iter().try_for_each(|org| self.org(&OrgPaths(org)))
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
            Unchecked::new(what, "write its report again: a finished one has a list")
        }));
        Ok(())
    }

    /// Compares a folder with its `SHA256SUMS`; gives the digest of each file.
    fn list(&mut self, dir: &Path) -> Result<BTreeMap<String, String>, Error> {
        let path = dir.join(layout::SUMS);
        if !path.is_file() {
            return Err(differs(path, "it is not there: nothing tells what the files beside it should be"));
        }
        let text = disk::read(&path)?;
        let listed = sums::parse(&text).map_err(|line| {
            differs(path.clone(), format!("line {line} is not as rollcall writes it: the list was changed afterwards"))
        })?;
        let present = disk::files(dir)?;
        // A signature is made over the finished list, so the list cannot name it.
        let unlisted = [layout::SUMS, SIGNATURE];
        for file in listed.keys() {
            let path = dir.join(file);
            match fs::symlink_metadata(&path) {
                Ok(m) if m.is_file() && present.contains(file) => {}
                Ok(m) if m.is_file() => {
                    let what = format!("it lists {file:?}, which is no path inside this folder");
                    return Err(differs(dir.join(layout::SUMS), what));
                }
                Ok(_) => return Err(differs(path, "it is listed in SHA256SUMS and is no longer a plain file")),
                Err(_) => {
                    let what = "it is listed in SHA256SUMS and is not there: it was removed or renamed afterwards";
                    return Err(differs(path, what));
                }
            }
        }
        if let Some(file) =
            present.iter().find(|file| !unlisted.contains(&file.as_str()) && !listed.contains_key(*file))
        {
            return Err(differs(dir.join(file), "it is not listed in SHA256SUMS: it was added afterwards"));
        }
        for (file, expected) in &listed {
            let path = dir.join(file);
            let (found, _) = disk::digest_file(&path)?;
            self.done.files += 1;
            if found != *expected {
                return Err(differs(
                    path,
                    format!(
                        "its SHA-256 is {found} and SHA256SUMS lists {expected}: one of the two was changed afterwards"
                    ),
                ));
            }
        }
        if sums::text(&listed).as_bytes() != text {
            return Err(differs(
                path,
                "its lines are not in the order in which rollcall writes them: it was changed afterwards",
            ));
        }
        Ok(listed)
    }

    /// Verifies one snapshot; `home` is its place in a store, if it lies in one.
    fn snapshot(&mut self, dir: &Path, home: Option<(&OrgPaths, &SnapshotId)>) -> Result<(Manifest, String), Error> {
        let listed = self.list(dir)?;
        let (manifest, sha256) = read::load_manifest(dir, home.map(|(_, id)| id))?;
        tables_agree(dir, &listed, &manifest)?;
        bodies_agree(dir, &listed, &manifest)?;
        match home {
            Some((org, id)) => {
                self.done.homes.push((org.0.clone(), id.clone()));
                match &manifest.previous {
                    Some(previous) if self.alone && !org.snapshot(&previous.id).exists() => self.say_alone(previous),
                    Some(previous) => chain::previous_agrees(org, previous, &manifest.id)?,
                    None => {}
                }
                self.parts_agree(org, dir, &manifest)?;
            }
            None => self.say_unchecked(&manifest),
        }
        self.done.snapshots.push(format!("{}/{}", manifest.org, manifest.id));
        Ok((manifest, sha256))
    }

    /// Says what a snapshot outside of its store does not allow to check.
    fn say_unchecked(&mut self, manifest: &Manifest) {
        let parts = manifest.audit.parts.len();
        if parts > 0 {
            let what = format!("the {parts} files of the audit archive that it reads: they do not lie beside it");
            self.done.unchecked.push(Unchecked::new(what, "verify it in its store or in a bundle"));
        }
        if let Some(previous) = &manifest.previous {
            self.say_alone(previous);
        }
    }

    /// Says that the snapshot before is not there to be compared.
    fn say_alone(&mut self, previous: &Previous) {
        let what = format!("the snapshot before it, {}: it does not lie beside it", previous.id);
        self.done.unchecked.push(Unchecked::new(what, "verify the store that holds both"));
    }

    /// Compares the archive parts that a manifest names with their digests there.
    fn parts_agree(&mut self, org: &OrgPaths, dir: &Path, manifest: &Manifest) -> Result<(), Error> {
        for (part, expected) in &manifest.audit.parts {
            let path = archive::existing(org, part)?;
            if layout::part_id(part).is_none_or(|id| manifest.id < id) {
                let what = format!("it names {part}, which a later snapshot brought");
                return Err(differs(dir.join(layout::MANIFEST), what));
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
                return Err(differs(path, what));
            }
        }
        Ok(())
    }

    /// Verifies every snapshot of an organization, their chain and the whole archive.
    fn org(&mut self, org: &OrgPaths) -> Result<(), Error> {
        let mut chain = Chain::of(org)?;
        for (name, kind) in disk::entries(&org.snapshots())? {
            if name.starts_with('.') {
                continue;
            }
            let dir = org.snapshots().join(&name);
            let Some(id) = name.parse::<SnapshotId>().ok().filter(|_| kind.is_dir()) else {
                return Err(differs(dir, "it is no snapshot: it was put here by something else"));
            };
            let (manifest, sha256) = self.snapshot(&dir, Some((org, &id)))?;
            chain.add(dir.join(layout::MANIFEST), manifest, &sha256)?;
        }
        chain.end(org)?;
        for dir in imports::folders(org)? {
            self.list(&dir)?;
            if !imports::agrees(&dir)? {
                return Err(differs(
                    dir,
                    "its record does not describe the file beside it: one was changed afterwards",
                ));
            }
        }
        self.done.unchecked.extend(chain.gone());
        self.done.unchecked.extend(chain.unfinished());
        no_stray_parts(org, chain.newest())
    }

    /// Verifies the snapshots of a bundle, each without the ones before it.
    fn evidence(&mut self, evidence: &Path) -> Result<(), Error> {
        self.done.kind = Kind::Bundle;
        self.alone = true;
        for (org, _) in disk::entries(evidence)?.into_iter().filter(|(_, kind)| kind.is_dir()) {
            let org = OrgPaths(evidence.join(org));
            let mut parts = BTreeMap::new();
            for (name, _) in disk::entries(&org.snapshots())? {
                let dir = org.snapshots().join(&name);
                let Ok(id) = name.parse::<SnapshotId>() else {
                    return Err(differs(dir, "it is no snapshot: it was put here by something else"));
                };
                parts.extend(self.snapshot(&dir, Some((&org, &id)))?.0.audit.parts);
            }
            let found = archive::parts_on_disk(&org)?;
            if let Some((part, _)) = found.iter().find(|(part, _)| !parts.contains_key(part)) {
                return Err(differs(org.relative(part), "no snapshot of the bundle reads it"));
            }
        }
        if self.done.snapshots.is_empty() {
            return Err(differs(evidence.to_owned(), "no snapshot lies in it"));
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
    path.join(layout::IMPORTS).is_dir() || path.join(layout::SNAPSHOTS).is_dir() || path.join(layout::ARCHIVE).is_dir()
}

/// Compares the tables in a folder with those that its manifest describes.
fn tables_agree(dir: &Path, listed: &BTreeMap<String, String>, manifest: &Manifest) -> Result<(), Error> {
    for (table, record) in &manifest.tables {
        let file = format!("tables/{table}.parquet");
        match listed.get(&file) {
            Some(sha256) if *sha256 == record.sha256 => {}
            Some(_) => {
                return Err(differs(
                    dir.join(file),
                    "its SHA-256 is not the one in manifest.json: it was replaced afterwards",
                ));
            }
            None => return Err(differs(dir.join(file), "manifest.json lists it and it is not there")),
        }
    }
    let table = |file: &str| file.strip_prefix("tables/").and_then(|f| f.strip_suffix(".parquet")).map(str::to_owned);
    let stray = listed.keys().find(|file| table(file).is_some_and(|name| !manifest.tables.contains_key(&name)));
    stray.map_or(Ok(()), |file| Err(differs(dir.join(file), "manifest.json does not list this table")))
}

/// Compares what each kept body decodes to with the digest of the answer as it arrived.
fn bodies_agree(dir: &Path, listed: &BTreeMap<String, String>, manifest: &Manifest) -> Result<(), Error> {
    for import in &manifest.imports {
        let path = dir.join(&import.raw);
        if !listed.contains_key(&import.raw) {
            let what = format!("it names the imported file {:?}, which SHA256SUMS does not list", import.raw);
            return Err(differs(dir.join(layout::MANIFEST), what));
        }
        let found = disk::digest_decoded(&path).map_err(|e| {
            differs(path.clone(), format!("it cannot be decompressed ({e}): it is not what was imported"))
        })?;
        if found != (import.sha256.clone(), import.bytes) {
            return Err(differs(
                path,
                "it decodes to something else than the imported file that manifest.json records",
            ));
        }
    }
    for request in manifest.sources.values().flat_map(|source| &source.requests) {
        let Some(raw) = &request.raw else { continue };
        // A manifest that was tampered with may name any path; what is not listed here is not opened.
        if !listed.contains_key(raw) {
            let what = format!("it names the body {raw:?}, which SHA256SUMS does not list");
            return Err(differs(dir.join(layout::MANIFEST), what));
        }
        let path = dir.join(raw);
        let found = disk::digest_decoded(&path).map_err(|e| {
            differs(path.clone(), format!("it cannot be decompressed ({e}): it is not the body that was received"))
        })?;
        if Some(&found.0) != request.sha256.as_ref() || found.1 != request.bytes {
            let what =
                format!("it decodes to something else than what {} answered, as manifest.json records it", request.url);
            return Err(differs(path, what));
        }
    }
    Ok(())
}

/// Finds a file of the archive that the newest snapshot does not read. A part that waits for its snapshot to be sealed
/// is none.
fn no_stray_parts(org: &OrgPaths, newest: Option<&Manifest>) -> Result<(), Error> {
    for (part, id) in archive::parts_on_disk(org)? {
        let waits = id.is_some_and(|id| newest.is_none_or(|m| m.id < id) && org.staging(&id).0.is_dir());
        if !waits && newest.is_none_or(|m| !m.audit.parts.contains_key(&part)) {
            return Err(differs(
                org.relative(&part),
                "no snapshot brought it: it was added afterwards, or its snapshot was removed",
            ));
        }
    }
    Ok(())
}
