//! Holds a bundle to its list without unpacking more of it than the caller wants to look into.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use zip::{CompressionMethod, ZipArchive, read::ZipFile};

use super::{error::Error, names, write::copy};
use crate::model::sums;

/// Bytes of the list, and of a signature, that are read at most; a bundle of a million files needs less.
const LONGEST: u64 = 256 << 20;

/// A bundle whose files are as its list says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Files in the list.
    pub files: usize,
    /// The list, byte for byte.
    pub list: Vec<u8>,
    /// The signature over the list; `None` when nobody signed it.
    pub signature: Option<Vec<u8>>,
}

/// Compares every file of a bundle with its list, and unpacks those under some folders into `into`.
///
/// # Errors
/// [`Error::Repacked`] for files of a bundle in another program's archive; [`Error::Differs`] for the first other thing
/// that is not as a bundle is written; [`Error::Io`] when something cannot be read or unpacked.
pub fn check(path: &Path, folders: &[&str], into: &Path) -> Result<Checked, Error> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let zip = ZipArchive::new(io::BufReader::new(file)).map_err(|error| match error {
        zip::result::ZipError::Io(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            Error::Io { doing: "read", path: path.to_owned(), source }
        }
        other => Error::Differs {
            path: path.to_owned(),
            what: format!("it cannot be read as zip ({other}): it is cut off, changed, or no bundle"),
        },
    })?;
    let mut bundle = Bundle { path, zip };
    let places = bundle.places()?;
    let Some(at) = places.get(sums::FILE) else {
        return Err(bundle.differs(sums::FILE, "it is not there: nothing tells what the files in the bundle should be"));
    };
    let list = bundle.small(*at)?;
    let signature = places.get(sums::SIGNATURE).map(|at| bundle.small(*at)).transpose()?;
    let listed = sums::parse(&list).map_err(|line| {
        let what = format!("line {line} is not as rollcall writes it: the list was changed afterwards");
        bundle.differs(sums::FILE, what)
    })?;
    if sums::text(&listed).as_bytes() != list {
        return Err(bundle.differs(sums::FILE, "its lines are not in the order in which rollcall writes them"));
    }
    if let Some(name) = listed.keys().find(|name| !places.contains_key(*name)) {
        return Err(bundle.differs(name, "it is listed in SHA256SUMS and is not there: it was removed afterwards"));
    }
    let own = |name: &str| [sums::FILE, sums::SIGNATURE].contains(&name);
    if let Some(name) = places.keys().find(|name| !own(name) && !listed.contains_key(*name)) {
        return Err(bundle.differs(name, "it is not listed in SHA256SUMS: it was added afterwards"));
    }
    let written = listed.keys().map(String::as_str).chain([sums::FILE, sums::SIGNATURE]);
    if !written.filter_map(|name| places.get(name)).is_sorted() {
        let what = "its entries are not in the order in which rollcall writes them".to_owned();
        return Err(Error::Repacked { path: path.to_owned(), what });
    }
    bundle.is_without_gaps()?;
    for (name, expected) in &listed {
        let Some(at) = places.get(name) else { continue };
        let below = |folder: &&str| name.strip_prefix(*folder).is_some_and(|rest| rest.starts_with('/'));
        let wanted = folders.iter().any(below);
        let found = bundle.digest(*at, name, wanted.then(|| into.join(name)))?;
        if found != *expected {
            let what = format!("its SHA-256 is {found} and SHA256SUMS lists {expected}: one of the two was changed");
            return Err(bundle.differs(name, what));
        }
    }
    Ok(Checked { files: listed.len(), list, signature })
}

/// A bundle being read.
struct Bundle<'a> {
    /// The file.
    path: &'a Path,
    /// Its archive.
    zip: ZipArchive<io::BufReader<File>>,
}

impl Bundle<'_> {
    /// The error for a difference in one of its files.
    fn differs(&self, name: &str, what: impl Into<String>) -> Error {
        Error::Differs { path: self.path.join(name), what: what.into() }
    }

    /// The error for an archive that was not written as a bundle.
    fn odd(&self, what: impl Into<String>) -> Error {
        Error::Differs { path: self.path.to_owned(), what: what.into() }
    }

    /// Where each file stands, once every entry is known to be a plain file that can be read in one way only.
    fn places(&mut self) -> Result<BTreeMap<String, usize>, Error> {
        if self.zip.has_duplicate_names() {
            return Err(self.odd("two of its entries have the same name: programs would disagree about what it holds"));
        }
        if self.zip.offset() != 0 || !self.zip.comment().is_empty() {
            return Err(self.odd("bytes stand before it or a comment behind it: rollcall writes neither"));
        }
        let mut places = BTreeMap::new();
        let mut foreign = None;
        for at in 0..self.zip.len() {
            let entry = self.zip.by_index_raw(at).map_err(|e| Self::unreadable(self.path, &e))?;
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            let is_dir = entry.is_dir();
            let is_packed = entry.compression() != CompressionMethod::Stored || entry.size() != entry.compressed_size();
            let fault = fault(&entry);
            drop(entry);
            let path = if is_dir { name.trim_end_matches('/') } else { &name };
            if let Some(why) = fault.or_else(|| names::fault(path)) {
                return Err(self.odd(format!("its entry {name:?} is refused: {why}")));
            }
            if is_dir || is_packed {
                let how = if is_dir { "a folder" } else { "compressed" };
                foreign.get_or_insert_with(|| format!("its entry {name:?} is {how}, and rollcall writes none so"));
            }
            if !is_dir {
                places.insert(name, at);
            }
        }
        if let Some(what) = foreign.filter(|_| places.contains_key(sums::FILE)) {
            return Err(Error::Repacked { path: self.path.to_owned(), what });
        }
        if let Some((one, other)) = names::clash(places.keys().map(String::as_str)) {
            return Err(self.odd(format!(
                "its entries {one:?} and {other:?} are one file where neither case nor the form of Unicode count"
            )));
        }
        // Entries that lie over each other, or that the directory does not name, are found here.
        self.zip.validate_header_consistency().map_err(|e| Self::unreadable(self.path, &e))?;
        Ok(places)
    }

    /// Checks that every byte belongs to an entry, to the directory or to its end: what lies between them is in no list.
    fn is_without_gaps(&mut self) -> Result<(), Error> {
        let mut spans = Vec::new();
        for at in 0..self.zip.len() {
            let entry = self.zip.by_index_raw(at).map_err(|e| Self::unreadable(self.path, &e))?;
            let data = entry.data_start().unwrap_or_default();
            spans.push((entry.header_start(), data.saturating_add(entry.compressed_size())));
        }
        spans.push((self.zip.central_directory_start(), 0));
        spans.sort_unstable();
        let mut end = 0;
        for (start, next) in spans {
            if start != end {
                return Err(self.odd(format!("bytes from {end} to {start} belong to none of its entries")));
            }
            end = next;
        }
        let directory = self.zip.central_directory_start();
        if !ends_as_written(self.path, directory).map_err(Error::io("read", self.path))? {
            return Err(self.odd("bytes stand behind its last entry that are not its directory: rollcall writes none"));
        }
        Ok(())
    }

    /// The error for an entry that cannot be read.
    fn unreadable(path: &Path, error: &zip::result::ZipError) -> Error {
        Error::Differs { path: path.to_owned(), what: format!("it cannot be read as zip ({error}): it was changed") }
    }

    /// A short file.
    fn small(&mut self, at: usize) -> Result<Vec<u8>, Error> {
        let path = self.path;
        let entry = self.zip.by_index_raw(at).map_err(|e| Self::unreadable(path, &e))?;
        let mut bytes = Vec::new();
        entry.take(LONGEST).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
        Ok(bytes)
    }

    /// SHA-256 of a file, which is unpacked to `to` on the way.
    fn digest(&mut self, at: usize, name: &str, to: Option<PathBuf>) -> Result<String, Error> {
        let path = self.path;
        let entry = self.zip.by_index_raw(at).map_err(|e| Self::unreadable(path, &e))?;
        let Some(to) = to else {
            return Ok(copy(entry, &mut io::sink()).map_err(Error::io("read", &path.join(name)))?.0);
        };
        let folder = to.parent().unwrap_or(&to);
        crate::disk::folder(folder).map_err(Error::io("create the folder", folder))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&to).map_err(Error::io("unpack", &to))?;
        Ok(copy(entry, &mut file).map_err(Error::io("unpack", &to))?.0)
    }
}

/// Whether an archive ends with the directory that begins at `directory` and its end record, and nothing else.
fn ends_as_written(path: &Path, directory: u64) -> io::Result<bool> {
    /// Bytes of the end record, of the one for large archives, and of the pointer to that.
    const END: [u64; 3] = [22, 56, 20];
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let Some(at) = length.checked_sub(END[0]) else { return Ok(false) };
    let mut end = [0; 22];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut end)?;
    let [.., a, b, c, d, _, _, _, _, _, _] = end;
    let mut size = u64::from(u32::from_le_bytes([a, b, c, d]));
    let mut directory_end = at;
    // Fields that are too small for a large archive are full of ones.
    if end[8..20].chunks(2).any(|field| field == [0xff, 0xff]) && at >= END[1] + END[2] {
        let mut large = [0; 56];
        file.seek(SeekFrom::Start(at - END[1] - END[2]))?;
        file.read_exact(&mut large)?;
        if large.starts_with(b"PK\x06\x06") {
            size = large[40..48].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            directory_end = at - END[1] - END[2];
        }
    }
    Ok(end.starts_with(b"PK\x05\x06") && end.ends_with(&[0, 0]) && directory.checked_add(size) == Some(directory_end))
}

/// Why an entry is not one that any program should read; `None` when it may be.
fn fault<R: io::Read>(entry: &ZipFile<'_, R>) -> Option<&'static str> {
    if std::str::from_utf8(entry.name_raw()).is_err() {
        return Some("its name is not UTF-8");
    }
    if entry.encrypted() {
        return Some("it is encrypted");
    }
    if entry.is_symlink() {
        return Some("it is no plain file");
    }
    None
}
