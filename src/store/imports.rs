//! Imported files: kept byte for byte from the import to the next collection, and after it.

use std::path::PathBuf;

use chrono::SubsecRound as _;

use super::{
    OrgStore, disk,
    error::Error,
    layout::{self, OrgPaths},
    lock::Lock,
    sums,
};
use crate::model::{coverage::Source, ids::SnapshotId, import::Import};

/// Name of the original in an import's folder.
const ORIGINAL: &str = "original";

/// Name of the record beside it.
const RECORD: &str = "import.json";

/// Hexadecimal digits of the digest in a folder's name.
const DIGITS: usize = 12;

/// A kept import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// What is known of it.
    pub import: Import,
    /// Its folder.
    pub dir: PathBuf,
}

impl OrgStore {
    /// Keeps an imported file: written beside, flushed, renamed. Nothing that was kept before is touched.
    ///
    /// # Errors
    /// When the disk refuses, or the same file was imported in the same second.
    pub fn keep_import(&self, lock: &Lock, import: &Import, original: &[u8]) -> Result<Kept, Error> {
        lock.assert_of(self);
        let at = import.imported_at.unwrap_or_default().trunc_subsecs(0);
        let digest = import.sha256.get(..DIGITS).unwrap_or(&import.sha256);
        let name = format!("{}-{digest}", SnapshotId::of(at));
        // A folder without a description goes with the next collection, should this one not get far.
        let beside = self.paths.stagings().join(format!("import-{name}"));
        disk::remove_dir(&beside)?;
        disk::make_dir(&beside)?;
        let path = beside.join(RECORD);
        let mut text =
            serde_json::to_vec_pretty(import).map_err(|source| Error::Json { path: path.clone(), source })?;
        text.push(b'\n');
        disk::write(&path, &text)?;
        disk::write(&beside.join(ORIGINAL), original)?;
        disk::write(&beside.join(layout::SUMS), sums::render(&beside)?.as_bytes())?;
        disk::sync_tree(&beside)?;
        let dir = self.paths.imports_of(import.source);
        disk::no_link(&dir)?;
        disk::make_dir(&dir)?;
        let to = dir.join(&name);
        disk::rename(&beside, &to)?;
        for folder in [&dir, &self.paths.imports(), &self.paths.0] {
            disk::sync_dir(folder)?;
        }
        disk::remove_if_empty(&self.paths.stagings());
        Ok(Kept { import: import.clone(), dir: to })
    }

    /// The newest import of a source, by the time of the import; `None` when there is none.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub fn newest_import(&self, source: Source) -> Result<Option<Kept>, Error> {
        self.plain()?;
        disk::no_link(&self.paths.imports_of(source))?;
        let mut names = disk::entries(&self.paths.imports_of(source))?.into_iter().filter(|(_, kind)| kind.is_dir());
        let Some((name, _)) = names.next_back() else { return Ok(None) };
        let dir = self.paths.imports_of(source).join(name);
        let path = dir.join(RECORD);
        let import: Import = serde_json::from_slice(&disk::read(&path)?)
            .map_err(|_error| Error::damaged(path.clone(), "it is not the record of an import"))?;
        if import.source != source {
            return Err(Error::damaged(path, "it is the record of another source"));
        }
        Ok(Some(Kept { import, dir }))
    }

    /// The original of an import, compared with its digest.
    ///
    /// # Errors
    /// When it cannot be read or was changed.
    pub fn original(&self, kept: &Kept) -> Result<Vec<u8>, Error> {
        let path = kept.dir.join(ORIGINAL);
        let bytes = disk::read(&path)?;
        if disk::sha256(&bytes) == kept.import.sha256 {
            Ok(bytes)
        } else {
            Err(Error::damaged(path, "its SHA-256 is not the one of the file that was imported"))
        }
    }
}

/// Folders of all imports of an organization.
pub(super) fn folders(org: &OrgPaths) -> Result<Vec<PathBuf>, Error> {
    let mut folders = Vec::new();
    for (source, _) in disk::entries(&org.imports())?.into_iter().filter(|(_, kind)| kind.is_dir()) {
        let dir = org.imports().join(source);
        folders.extend(disk::entries(&dir)?.into_iter().map(|(name, _)| dir.join(name)));
    }
    Ok(folders)
}

/// Whether the record in an import's folder speaks of the original beside it.
pub(super) fn agrees(dir: &std::path::Path) -> Result<bool, Error> {
    let record: Option<Import> = serde_json::from_slice(&disk::read(&dir.join(RECORD))?).ok();
    let (sha256, bytes) = disk::digest_file(&dir.join(ORIGINAL))?;
    Ok(record.is_some_and(|import| import.sha256 == sha256 && import.bytes == bytes))
}
