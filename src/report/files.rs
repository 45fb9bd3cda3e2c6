//! The report folder on disk: it appears whole or not at all.
//!
//! Files are written to a folder beside, flushed to the disk, and moved into place; `SHA256SUMS` comes last, so a
//! folder without it is an unfinished one. Files are for their owner only: reports hold personal data. Links are never
//! followed: a file that is one is replaced, and a folder that is one is refused.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::error::Error;
use crate::{
    disk::{self, Work},
    model::sums::{self, FILE as SUMS},
};

/// What was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The report folder.
    pub dir: PathBuf,
    /// The files of this run, `SHA256SUMS` last.
    pub files: Vec<PathBuf>,
    /// Files that were there and stay, relative to the folder.
    pub earlier: Vec<String>,
}

/// The list of the digests of files.
pub(super) fn list(files: &BTreeMap<String, Vec<u8>>) -> String {
    sums::text(&files.iter().map(|(path, bytes)| (path.clone(), hex::encode(Sha256::digest(bytes)))).collect())
}

/// An operation on a path that failed.
fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { doing, path, source }
}

/// Writes files, by path relative to the folder, into `out/<name>`.
///
/// Files that an earlier run left there stay, and keep the digest that run gave them: whoever changed them since is
/// still found out.
///
/// # Errors
/// When the disk refuses; then nothing of this run is left, or, when it refuses while files are being moved into an
/// existing folder, no `SHA256SUMS`.
pub(super) fn publish(out: &Path, name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Written, Error> {
    create_folder(out)?;
    let dir = out.join(name);
    disk::no_link(&dir).map_err(failed("write into", &dir))?;
    let work = Work::new(out).map_err(failed("create a folder in", out))?;
    let staging = work.path().join("new");
    create_folder(&staging)?;
    let mut sums = if dir.is_dir() { sums_of_earlier_runs(&dir)? } else { BTreeMap::new() };
    for (path, bytes) in files {
        write(&staging.join(path), bytes)?;
        sums.insert(path.clone(), hex::encode(Sha256::digest(bytes)));
    }
    let earlier: Vec<String> = sums.keys().filter(|path| !files.contains_key(*path)).cloned().collect();
    write(&staging.join(SUMS), sums::text(&sums).as_bytes())?;
    sync_folders(&staging, files)?;

    if dir.exists() {
        replace(&staging, &dir, files)?;
    } else {
        fs::rename(&staging, &dir).map_err(failed("create", &dir))?;
    }
    sync_folder(out)?;
    let paths = files.keys().map(String::as_str).chain([SUMS]);
    Ok(Written { files: paths.map(|p| dir.join(p)).collect(), dir, earlier })
}

/// Moves files into a folder that is there already. Its `SHA256SUMS` goes first: a list that no longer fits would
/// accuse files of having been changed.
fn replace(staging: &Path, dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    let sums = dir.join(SUMS);
    match fs::remove_file(&sums) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed("replace", &sums)(e)),
        _ => {}
    }
    for path in files.keys() {
        let to = dir.join(path);
        if let Some(parent) = to.parent() {
            create_folder(parent)?;
        }
        fs::rename(staging.join(path), &to).map_err(failed("replace", &to))?;
    }
    sync_folders(dir, files)?;
    fs::rename(staging.join(SUMS), &sums).map_err(failed("replace", &sums))?;
    sync_folder(dir)
}

/// Digests of the files that are in a report folder: as its `SHA256SUMS` has them, else by reading them.
fn sums_of_earlier_runs(dir: &Path) -> Result<BTreeMap<String, String>, Error> {
    let sums = dir.join(SUMS);
    disk::no_link(&sums).map_err(failed("read", &sums))?;
    let listed = match fs::read_to_string(&sums) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(failed("read", &sums)(e)),
    };
    let listed: BTreeMap<&str, &str> =
        listed.lines().filter_map(|l| l.split_once("  ")).map(|(sum, path)| (path, sum)).collect();
    let mut found = BTreeMap::new();
    for path in regular_files(dir)? {
        let Some(name) = path.strip_prefix(dir).ok().and_then(Path::to_str) else { continue };
        if name == SUMS {
            continue;
        }
        let sum = match listed.get(name) {
            Some(sum) => (*sum).to_owned(),
            None => digest(&path)?,
        };
        found.insert(name.to_owned(), sum);
    }
    Ok(found)
}

/// The regular files under a folder; links are not followed.
fn regular_files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut found, mut folders) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(failed("list", &folder))? {
            let entry = entry.map_err(failed("list", &folder))?;
            let kind = entry.file_type().map_err(failed("list", &folder))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// SHA-256 of a file, without holding it in memory.
fn digest(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(failed("read", path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut buffer).map_err(failed("read", path))? {
            0 => return Ok(hex::encode(hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Writes a new file and waits until it is on the disk.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(parent) = path.parent() {
        create_folder(parent)?;
    }
    disk::write(path, bytes).map_err(failed("write", path))
}

/// Creates a folder and those above it, for the owner only.
fn create_folder(path: &Path) -> Result<(), Error> {
    disk::folder(path).map_err(failed("create", path))
}

/// Makes the entries of a folder and of the folders of `files` last.
fn sync_folders(dir: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    let mut folders: Vec<PathBuf> = files.keys().filter_map(|p| dir.join(p).parent().map(Path::to_owned)).collect();
    folders.push(dir.to_owned());
    folders.sort();
    folders.dedup();
    folders.iter().rev().try_for_each(|f| sync_folder(f))
}

/// Makes the entries of a folder last. Systems that cannot open folders do without.
fn sync_folder(path: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        File::open(path).and_then(|f| f.sync_all()).map_err(failed("flush", path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files by path.
    fn files(list: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        list.iter().map(|(p, b)| ((*p).to_owned(), b.as_bytes().to_vec())).collect()
    }

    #[test]
    fn a_folder_appears_with_its_digests_and_nothing_beside_it() {
        let out = tempfile::tempdir().unwrap();
        let written = publish(out.path(), "acme-1", &files(&[("a.json", "{}"), ("csv/b.csv", "x\n")])).unwrap();
        let sums = fs::read_to_string(written.dir.join(SUMS)).unwrap();
        assert_eq!(
            sums,
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a  a.json\n\
             73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac  csv/b.csv\n"
        );
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
        assert_eq!(written.files.len(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folders_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let out = tempfile::tempdir().unwrap();
        let written = publish(&out.path().join("new"), "acme-1", &files(&[("csv/b.csv", "x\n")])).unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&written.dir), 0o700);
        assert_eq!(mode(&written.dir.join("csv")), 0o700);
        assert!(written.files.iter().all(|f| mode(f) == 0o600));
    }

    #[test]
    fn a_second_run_replaces_its_files_and_keeps_the_digests_of_others() {
        let out = tempfile::tempdir().unwrap();
        let first = publish(out.path(), "acme-1", &files(&[("a.pdf", "1"), ("a.json", "1")])).unwrap();
        let before = fs::read_to_string(first.dir.join(SUMS)).unwrap();
        fs::write(first.dir.join("a.pdf"), "changed by somebody").unwrap();
        fs::write(first.dir.join("note.txt"), "1").unwrap();
        publish(out.path(), "acme-1", &files(&[("a.json", "2")])).unwrap();
        let after = fs::read_to_string(first.dir.join(SUMS)).unwrap();
        let line = |text: &str, name: &str| text.lines().find(|l| l.ends_with(name)).map(str::to_owned);
        assert_eq!(line(&after, "a.pdf"), line(&before, "a.pdf"));
        assert_ne!(line(&after, "a.json"), line(&before, "a.json"));
        assert!(line(&after, "note.txt").is_some());
        assert_eq!(fs::read(first.dir.join("a.json")).unwrap(), b"2");
    }

    #[test]
    fn a_refusing_disk_leaves_nothing() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join("acme-1"), "a file where the folder should be").unwrap();
        assert!(publish(out.path(), "acme-1", &files(&[("a.json", "{}")])).is_err());
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
        assert!(publish(&out.path().join("acme-1"), "x", &files(&[])).is_err());
    }
}
