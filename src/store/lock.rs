//! One writer per organization: an advisory lock that the system releases when its holder dies.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use fs4::TryLockError;
use serde::{Deserialize, Serialize};

use super::{OrgStore, disk, error::Error, layout::OrgPaths};
use crate::model::time::Timestamp;

/// Times a lock is tried again when its file was removed in the meantime by a holder that left nothing behind.
const TRIES: u32 = 16;

/// The right to write to one organization's folder, held until it is dropped.
///
/// Dropping it in a folder that holds nothing else removes the folder: a collection that found no such organization
/// leaves no trace.
#[derive(Debug)]
pub struct Lock {
    /// The locked file; closing it releases the lock.
    _file: File,
    /// The organization's folder.
    paths: OrgPaths,
    /// The store's folder, when this lock created it.
    new_root: Option<PathBuf>,
}

/// What a lock file tells about its holder.
#[derive(Serialize, Deserialize, Debug)]
struct Holder {
    /// Process id.
    pid: u32,
    /// When the lock was taken.
    since: Timestamp,
}

impl OrgStore {
    /// Takes the organization's lock, creating its folder if need be. `now` is written into the file for others.
    ///
    /// A holder that died holds nothing: the system released its lock.
    ///
    /// # Errors
    /// [`Error::Locked`] while another process, or another [`Lock`] of this one, holds it; [`Error::Link`] when the lock
    /// file, the organization's folder or one of its folders is a link.
    pub fn lock(&self, now: Timestamp) -> Result<Lock, Error> {
        let path = self.paths.lock();
        self.plain()?;
        let new_root = (!self.store.root.exists()).then(|| self.store.root.clone());
        for _ in 0..TRIES {
            disk::make_dir(&self.paths.0)?;
            let mut file = match open(&path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(Error::io("open the lock file", &path))?,
            };
            match fs4::FileExt::try_lock(&file) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(held(path, file)),
                Err(TryLockError::Error(source)) => return Err(Error::Io { doing: "lock", path, source }),
            }
            if !is_at(&file, &path) {
                continue;
            }
            describe(&mut file, now).map_err(Error::io("write the lock file", &path))?;
            return Ok(Lock { _file: file, paths: self.paths.clone(), new_root });
        }
        Err(Error::Locked { path, pid: None, since: None })
    }
}

/// Opens or creates the lock file without changing what its holder wrote.
fn open(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    disk::follow_no_link(&mut options).open(path)
}

/// Whether `path` still leads to the open file. A holder may have removed the file between our opening and locking it.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(theirs)) => (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()),
        _ => false,
    }
}

/// An open file cannot be removed here.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Writes who holds the lock.
fn describe(file: &mut File, now: Timestamp) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Holder { pid: std::process::id(), since: now })?;
    line.push(b'\n');
    file.set_len(0)?;
    file.write_all(&line)?;
    file.sync_all()
}

/// The error that names the holder, as far as its file tells.
fn held(path: PathBuf, mut file: File) -> Error {
    let mut text = String::new();
    let holder = file.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str::<Holder>(&text).ok());
    Error::Locked { path, pid: holder.as_ref().map(|h| h.pid), since: holder.map(|h| h.since) }
}

impl Lock {
    /// Panics when the lock is another organization's: a defect of the caller, not of the store.
    pub(super) fn assert_of(&self, org: &OrgStore) {
        assert_eq!(self.paths, org.paths, "a lock gives the right to its own organization's folder only");
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Still under the lock: nobody else can be adding to the folder. Whatever fails here only leaves an empty
        // folder or an unlocked lock file, and both are harmless.
        let Ok(entries) = disk::entries(&self.paths.0) else { return };
        if entries.iter().any(|(name, _)| Path::new(name) != self.paths.lock().file_name().unwrap_or_default()) {
            return;
        }
        if disk::remove_file(&self.paths.lock()).is_ok() {
            disk::remove_if_empty(&self.paths.0);
        }
        if let Some(root) = &self.new_root {
            disk::remove_if_empty(root);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{ids::OrgName, time},
        store::Store,
    };

    fn now() -> Timestamp {
        time::parse("2026-10-01T06:00:00Z").unwrap()
    }

    #[test]
    fn a_second_writer_is_told_who_holds_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let org = Store::new(dir.path().join("store")).org(&OrgName::new("acme").unwrap());
        let lock = org.lock(now()).unwrap();
        match org.lock(now()).unwrap_err() {
            Error::Locked { path, pid, since } => {
                assert_eq!(path, org.dir().join(".lock"));
                assert_eq!((pid, since), (Some(std::process::id()), Some(now())));
            }
            other => panic!("{other}"),
        }
        drop(lock);
        org.lock(now()).unwrap();
    }

    #[test]
    fn organizations_do_not_lock_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path().to_owned());
        let _one = store.org(&OrgName::new("acme").unwrap()).lock(now()).unwrap();
        let _two = store.org(&OrgName::new("umbra").unwrap()).lock(now()).unwrap();
    }

    #[test]
    fn a_dead_holders_file_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let org = Store::new(dir.path().to_owned()).org(&OrgName::new("acme").unwrap());
        disk::make_dir(org.dir()).unwrap();
        disk::write(&org.paths.lock(), b"{\"pid\":1,\"since\":\"2020-01-01T00:00:00Z\"}\n").unwrap();
        org.lock(now()).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_lock_file_that_was_removed_meanwhile_is_not_the_one_at_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".lock");
        let file = open(&path).unwrap();
        assert!(is_at(&file, &path));
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&file, &path));
        let _other = open(&path).unwrap();
        assert!(!is_at(&file, &path));
    }

    #[test]
    #[cfg(unix)]
    fn no_writer_follows_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let org = Store::new(dir.path().join("store")).org(&OrgName::new("acme").unwrap());
        let outside = dir.path().join("outside");
        disk::make_dir(&outside).unwrap();
        let target = outside.join("thesis");
        disk::write(&target, b"mine").unwrap();
        let refused = |link: &Path, to: &Path| {
            disk::make_dir(link.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(to, link).unwrap();
            match org.lock(now()) {
                Err(Error::Link { path }) => assert_eq!(path, link),
                other => panic!("{}: {other:?}", link.display()),
            }
            fs::remove_file(link).unwrap();
        };
        refused(org.dir(), &outside);
        refused(&org.paths.lock(), &target);
        for name in [".staging", "snapshots", "audit_events", "imports", "witness", "set-aside"] {
            refused(&org.dir().join(name), &outside);
        }
        assert_eq!(disk::files(&outside).unwrap(), ["thesis"]);
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        // One that is put there after it was looked for is not opened either.
        let link = outside.join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(open(&target).is_ok() && open(&link).is_err());
        fs::remove_file(&link).unwrap();
        org.lock(now()).unwrap();
    }

    #[test]
    fn nothing_written_leaves_no_folder_and_something_written_stays() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("store");
        let org = Store::new(root.clone()).org(&OrgName::new("acme").unwrap());
        drop(org.lock(now()).unwrap());
        assert!(!root.exists());

        let lock = org.lock(now()).unwrap();
        disk::make_dir(&org.paths.stagings()).unwrap();
        drop(lock);
        assert!(org.paths.lock().exists());
    }
}
