//! Files and folders for their owner only: new ones are private, links are not followed, and what a run that was killed
//! left behind is removed by the next.
//!
//! Whatever the program writes is made here; the store adds digests and its own errors.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Begin of the names of folders for work under way.
const PREFIX: &str = ".rollcall-work-";

/// Attempts at a folder for work under way; another run that tidies up may take one before it is held.
const ATTEMPTS: usize = 8;

/// Creates a folder and those above it, for its owner only; one that is there is left as it is.
///
/// # Errors
/// When the path itself is a link, or the disk refuses.
pub fn folder(path: &Path) -> io::Result<()> {
    no_link(path)?;
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Fails where a path is a link, whatever it leads to. Links above it are the user's way to say where it is.
///
/// # Errors
/// When it is one, or cannot be looked at.
pub fn no_link(path: &Path) -> io::Result<()> {
    // A slash at the end would have the link followed.
    match fs::symlink_metadata(path.components().collect::<PathBuf>()) {
        Ok(found) if found.is_symlink() => {
            Err(io::Error::other("it is a link, and links are not followed where something is written"))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Options of a new file for its owner only; what is there, be it a link, is never opened.
#[must_use]
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a new file for its owner only and waits until it is on the disk.
///
/// # Errors
/// When something, be it a link, has its name, or the disk refuses.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Writes a file for its owner only in the place of what is there; of a link, the link is replaced and not its target.
///
/// # Errors
/// When the disk refuses.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let work = Work::new(parent)?;
    let beside = work.path().join("new");
    write(&beside, bytes)?;
    fs::rename(&beside, path)
}

/// A folder for work under way, beside what it becomes: for its owner only, and gone when it is dropped.
///
/// It is held as long as it is used. A run that was killed holds nothing any more, so the next one in the same place
/// removes what it left.
#[derive(Debug)]
pub struct Work {
    /// The folder.
    folder: tempfile::TempDir,
    /// Holds it; `None` where the system cannot hold a folder.
    _held: Option<File>,
}

impl Work {
    /// Makes one in a folder, after removing those that nobody holds.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn new(parent: &Path) -> io::Result<Self> {
        remove_left_over(parent);
        for _ in 0..ATTEMPTS {
            let mut builder = tempfile::Builder::new();
            builder.prefix(PREFIX);
            #[cfg(unix)]
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
            let folder = builder.tempdir_in(parent)?;
            let held = hold(folder.path());
            if folder.path().is_dir() {
                return Ok(Self { folder, _held: held });
            }
        }
        Err(io::Error::other("another run removes every folder for work under way"))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Holds a folder until the file is closed; `None` when somebody else does, or the system cannot.
fn hold(folder: &Path) -> Option<File> {
    let file = File::open(folder).ok()?;
    fs4::FileExt::try_lock(&file).is_ok().then_some(file)
}

/// Removes folders for work under way that nobody holds. What cannot be removed is somebody else's.
fn remove_left_over(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.filter_map(Result::ok) {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if let Some(held) = hold(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
            drop(held);
        }
    }
}

/// Who but the owner may do what with a file or folder; `None` where nobody may, where there is nothing, and on systems
/// without such modes.
#[must_use]
pub fn open_to_others(path: &Path, modes: u32) -> Option<&'static str> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).ok()?) & modes;
        match (mode & 0o070 != 0, mode & 0o007 != 0) {
            (_, true) => Some("everybody on this machine"),
            (true, false) => Some("its group"),
            (false, false) => None,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (path, modes);
        None
    }
}

#[cfg(test)]
mod tests;
