//! Writes a commented configuration, and never over one that is there.

use std::{fs, io, io::Write as _, path::Path};

use super::error::Error;
use crate::config::keys;

/// Writes the sample configuration to `path`.
///
/// # Errors
/// When the file is there or cannot be written.
pub(super) fn init(path: &Path) -> Result<(), Error> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Error::Exists { path: path.to_owned(), hint: "edit it, or move it away and run `rollcall init` again" }
        } else {
            Error::io("create", path)(error)
        }
    })?;
    file.write_all(keys::sample().as_bytes()).map_err(Error::io("write", path))
}
