//! Writes a bundle: files stored in byte order of their names, their list, and a signature over it.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{error::Error, names, sign::Key};
use crate::{
    disk::{self, Work},
    model::sums,
};

/// Where the bytes of a file come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// From memory.
    Bytes(Vec<u8>),
    /// From the disk.
    File(PathBuf),
}

/// A bundle that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// Files in it, list and signature included.
    pub files: usize,
    /// Its size.
    pub bytes: u64,
}

/// Writes files, by name, with their list and, if there is a key, a signature over the list.
///
/// The bundle appears whole or not at all, for its owner only. A file of the same name and bytes is left as it is.
///
/// # Errors
/// [`Error::Name`] for a name that no bundle may hold; [`Error::Exists`] when another file has the bundle's name;
/// [`Error::Stopped`] when `goes_on`, which is asked before each file, says no; what the key or the disk refuses.
pub fn write(
    out: &Path,
    files: &BTreeMap<String, Content>,
    key: Option<&Key>,
    goes_on: &dyn Fn() -> bool,
) -> Result<Written, Error> {
    for name in files.keys() {
        let taken = [sums::FILE, sums::SIGNATURE].contains(&name.as_str()).then_some("the bundle writes it itself");
        if let Some(why) = names::fault(name).or(taken) {
            return Err(Error::Name { name: name.clone(), why });
        }
    }
    if let Some((_, name)) = names::clash(files.keys().map(String::as_str).chain([sums::FILE, sums::SIGNATURE])) {
        let why = "another file has the same name where neither case nor the form of Unicode count";
        return Err(Error::Name { name: name.to_owned(), why });
    }
    let folder = out.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    // A link that is there stays, and is not what is written.
    disk::no_link(out).map_err(Error::io("write the bundle", out))?;
    disk::folder(folder).map_err(Error::io("create the folder", folder))?;
    let work = Work::new(folder).map_err(Error::io("create a folder in", folder))?;
    let mut beside = tempfile::NamedTempFile::new_in(work.path()).map_err(Error::io("create a file in", folder))?;
    let zip = ZipWriter::new(beside.as_file_mut());
    let count = Archive { out, zip, digests: BTreeMap::new(), goes_on }.fill(files, key)?;
    beside.as_file().sync_all().map_err(Error::io("flush", out))?;
    let (sha256, bytes) = digest_of(beside.path())?;
    match beside.persist_noclobber(out) {
        Ok(_) => {}
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => {
            if !out.is_file() || digest_of(out)?.0 != sha256 {
                return Err(Error::Exists { path: out.to_owned() });
            }
        }
        Err(e) => return Err(Error::io("move the finished bundle to", out)(e.error)),
    }
    Ok(Written { path: out.to_owned(), sha256, files: count, bytes })
}

/// SHA-256 and length of a file.
fn digest_of(path: &Path) -> Result<(String, u64), Error> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    copy(file, &mut io::sink()).map_err(Error::io("read", path))
}

/// An archive being written.
struct Archive<'a, W: Write + Seek> {
    /// The bundle, for errors.
    out: &'a Path,
    /// The writer.
    zip: ZipWriter<W>,
    /// Digests of the files so far.
    digests: BTreeMap<String, String>,
    /// Whether to go on.
    goes_on: &'a dyn Fn() -> bool,
}

impl<W: Write + Seek> Archive<'_, W> {
    /// Writes everything; gives the number of files.
    fn fill(mut self, files: &BTreeMap<String, Content>, key: Option<&Key>) -> Result<usize, Error> {
        for (name, content) in files {
            let sha256 = match content {
                Content::Bytes(bytes) => self.put(name, bytes.as_slice(), bytes.len() as u64, self.out)?,
                Content::File(path) => {
                    let file = File::open(path).map_err(Error::io("read", path))?;
                    let length = file.metadata().map_err(Error::io("read", path))?.len();
                    self.put(name, file, length, path)?
                }
            };
            self.digests.insert(name.clone(), sha256);
        }
        let list = sums::text(&self.digests).into_bytes();
        self.put(sums::FILE, list.as_slice(), list.len() as u64, self.out)?;
        let mut count = files.len() + 1;
        if let Some(key) = key {
            let signature = key.sign(&list)?.into_bytes();
            self.put(sums::SIGNATURE, signature.as_slice(), signature.len() as u64, self.out)?;
            count += 1;
        }
        self.zip.finish().map_err(|source| Error::Zip { path: self.out.to_owned(), source })?;
        Ok(count)
    }

    /// Writes one file; gives its SHA-256. `from` is where its bytes come from, for errors.
    fn put(&mut self, name: &str, content: impl Read, length: u64, from: &Path) -> Result<String, Error> {
        if !(self.goes_on)() {
            return Err(Error::Stopped);
        }
        // Nothing of the machine or the moment gets in; most of it is compressed already, and stored bytes do not
        // depend on the version of a compressor.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o600)
            .large_file(length >= u64::from(u32::MAX));
        let failed = |source| Error::Zip { path: self.out.to_owned(), source };
        self.zip.start_file(name, options).map_err(failed)?;
        let (sha256, copied) = copy(content, &mut self.zip).map_err(Error::io("copy into the bundle", from))?;
        if copied != length {
            let grown = io::Error::other("its length changed while it was read");
            return Err(Error::io("copy into the bundle", from)(grown));
        }
        Ok(sha256)
    }
}

/// Copies everything; SHA-256 and length of it.
pub(super) fn copy(mut from: impl Read, to: &mut impl Write) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok((hex::encode(hash.finalize()), length)),
            Ok(n) => {
                hash.update(&buffer[..n]);
                to.write_all(&buffer[..n])?;
                length += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
