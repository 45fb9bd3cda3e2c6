//! Folders and files of a store: created for their owner only, synced, hashed, renamed, removed.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Read, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::error::Error;
use crate::disk as owner;

/// Creates a folder and its parents, each readable by its owner only; one that exists is left as it is.
pub(super) fn make_dir(path: &Path) -> Result<(), Error> {
    owner::folder(path).map_err(Error::io("create the folder", path))
}

/// Lets an open fail at a link instead of following it: whoever may put a link into a store must not choose which file
/// we read, lock or append to.
pub(super) fn follow_no_link(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// Whether a link lies at a path.
pub(super) fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink())
}

/// Whether a folder, and no link to one, lies at a path.
pub(super) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.is_dir())
}

/// Fails where a link lies at a path.
pub(super) fn no_link(path: &Path) -> Result<(), Error> {
    if is_link(path) { Err(Error::Link { path: path.to_owned() }) } else { Ok(()) }
}

/// Opens a file for reading; a link is not followed.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let refused = || io::Error::other("it is a link, and links are not followed in a store");
    // Systems without the flag look first.
    if cfg!(not(unix)) && is_link(path) {
        return Err(refused());
    }
    let opened = follow_no_link(fs::OpenOptions::new().read(true)).open(path);
    opened.map_err(|error| if is_link(path) { refused() } else { error })
}

/// Creates a new file readable by its owner only.
pub(super) fn create(path: &Path) -> Result<File, Error> {
    owner::private().open(path).map_err(Error::io("create", path))
}

/// Opens a file for appending, created readable by its owner only.
pub(super) fn append(path: &Path) -> Result<File, Error> {
    let mut options = owner::private();
    let options = options.create_new(false).create(true).append(true);
    follow_no_link(options).open(path).map_err(Error::io("open", path))
}

/// Creates a file with these bytes and flushes it to the disk.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = create(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::io("write", path))
}

/// A new file that is hashed while it is written.
#[derive(Debug)]
pub(super) struct Hashed {
    /// The file.
    file: BufWriter<File>,
    /// Digest so far.
    hash: Sha256,
}

impl Hashed {
    /// Creates the file, readable by its owner only.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        Ok(Self { file: BufWriter::new(create(path)?), hash: Sha256::new() })
    }

    /// Flushes the file to the disk and gives its SHA-256, hexadecimal.
    pub(super) fn end(mut self, path: &Path) -> Result<String, Error> {
        self.file.flush().and_then(|()| self.file.get_ref().sync_all()).map_err(Error::io("write", path))?;
        Ok(hex::encode(self.hash.finalize()))
    }
}

impl io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Replaces a file by these bytes: written beside, flushed, renamed.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let beside = path.with_extension("new");
    remove_file(&beside)?;
    write(&beside, bytes)?;
    rename(&beside, path)
}

/// Reads a whole file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(Error::io("read", path))?;
    Ok(bytes)
}

/// Reads a whole file; `None` when it is not there.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match read(path) {
        Err(Error::Io { source, .. })
            if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// Renames a file or a folder.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(Error::io("move a finished file to", to))
}

/// Removes a file; one that is not there is as good as removed.
pub(super) fn remove_file(path: &Path) -> Result<(), Error> {
    absent_is_fine(fs::remove_file(path)).map_err(Error::io("remove", path))
}

/// Removes a folder and all in it; one that is not there is as good as removed.
pub(super) fn remove_dir(path: &Path) -> Result<(), Error> {
    absent_is_fine(fs::remove_dir_all(path)).map_err(Error::io("remove the folder", path))
}

/// Removes a folder if nothing is in it, and says nothing otherwise.
pub(super) fn remove_if_empty(path: &Path) {
    // A folder with something in it refuses, which is what is wanted; any other failure leaves an empty folder.
    let _ = fs::remove_dir(path);
}

/// Success where the only failure is that nothing was there.
fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Flushes a folder's entries to the disk.
pub(super) fn sync_dir(path: &Path) -> Result<(), Error> {
    // Elsewhere a folder cannot be opened as a file, and renames are durable by themselves.
    if cfg!(unix) {
        File::open(path).and_then(|dir| dir.sync_all()).map_err(Error::io("flush the folder", path))?;
    }
    Ok(())
}

/// Flushes a folder, its folders and their files to the disk.
pub(super) fn sync_tree(dir: &Path) -> Result<(), Error> {
    for (name, kind) in entries(dir)? {
        let path = dir.join(name);
        if kind.is_dir() {
            sync_tree(&path)?;
        } else {
            let file = fs::OpenOptions::new().write(true).open(&path);
            file.and_then(|f| f.sync_all()).map_err(Error::io("flush", &path))?;
        }
    }
    sync_dir(dir)
}

/// Names and kinds in a folder, sorted; none when it is not there. A name that is not UTF-8 is spelt with U+FFFD.
pub(super) fn entries(dir: &Path) -> Result<Vec<(String, fs::FileType)>, Error> {
    let found = match fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other,
    };
    let list = found.and_then(|entries| {
        entries
            .map(|entry| {
                let entry = entry?;
                Ok((entry.file_name().to_string_lossy().into_owned(), entry.file_type()?))
            })
            .collect::<io::Result<Vec<_>>>()
    });
    let mut list = list.map_err(Error::io("list the folder", dir))?;
    list.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(list)
}

/// Everything below a folder that is not a folder, as `/`-separated relative paths in byte order.
pub(super) fn files(dir: &Path) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    walk(dir, "", &mut found)?;
    found.sort();
    Ok(found)
}

/// Collects the files below `dir` under `prefix`.
fn walk(dir: &Path, prefix: &str, found: &mut Vec<String>) -> Result<(), Error> {
    for (name, kind) in entries(dir)? {
        let relative = format!("{prefix}{name}");
        if kind.is_dir() {
            walk(&dir.join(name), &format!("{relative}/"), found)?;
        } else {
            found.push(relative);
        }
    }
    Ok(())
}

/// The first thing below a folder that is neither a plain file nor a folder: a link, a socket, a device.
pub(super) fn odd(dir: &Path) -> Result<Option<PathBuf>, Error> {
    for (name, kind) in entries(dir)? {
        let path = dir.join(name);
        if kind.is_dir() {
            if let Some(odd) = odd(&path)? {
                return Ok(Some(odd));
            }
        } else if !kind.is_file() {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// SHA-256 of bytes in memory, hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 (hexadecimal) and length of everything a reader gives.
pub(super) fn digest(mut from: impl Read) -> io::Result<(String, u64)> {
    let (mut hash, mut length) = (Sha256::new(), 0);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((hex::encode(hash.finalize()), length)),
            Ok(n) => {
                hash.update(&buffer[..n]);
                length += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

/// SHA-256 (hexadecimal) and length of a file.
pub(super) fn digest_file(path: &Path) -> Result<(String, u64), Error> {
    open(path).and_then(digest).map_err(Error::io("read", path))
}

/// SHA-256 (hexadecimal) and length of what a compressed file decodes to.
pub(super) fn digest_decoded(path: &Path) -> io::Result<(String, u64)> {
    digest(zstd::Decoder::new(open(path)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_never_replaces_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write(&path, b"one").unwrap();
        assert!(matches!(write(&path, b"two"), Err(Error::Io { doing: "create", .. })));
        assert_eq!(read(&path).unwrap(), b"one");
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
    }

    #[test]
    #[cfg(unix)]
    fn no_link_is_read_hashed_or_appended_to() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        write(&target, b"mine").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(read(&link).is_err() && read_if_there(&link).is_err() && digest_file(&link).is_err());
        assert!(append(&link).is_err() && create(&link).is_err() && no_link(&link).is_err());
        assert_eq!(odd(dir.path()).unwrap(), Some(link));
        assert_eq!(read(&target).unwrap(), b"mine");
    }

    #[test]
    fn digests_are_those_of_sha256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
        assert_eq!(digest(&b""[..]).unwrap(), (empty.to_owned(), 0));
        let long = vec![7; 200_000];
        assert_eq!(digest(&long[..]).unwrap(), (sha256(&long), 200_000));
    }

    #[test]
    fn files_are_listed_in_byte_order_of_their_paths() {
        let dir = tempfile::tempdir().unwrap();
        make_dir(&dir.path().join("a/b")).unwrap();
        for name in ["a/b/1", "a.x", "a/0", "Z"] {
            write(&dir.path().join(name), b"").unwrap();
        }
        assert_eq!(files(dir.path()).unwrap(), ["Z", "a.x", "a/0", "a/b/1"]);
        assert!(files(&dir.path().join("none")).unwrap().is_empty());
    }
}
