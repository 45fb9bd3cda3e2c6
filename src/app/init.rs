//! Writes a commented configuration, and never over one that is there.

use std::{io, path::Path};

use super::error::Error;
use crate::{config::keys, disk};

/// Writes the sample configuration to `path`.
///
/// # Errors
/// When the file is there or cannot be written.
pub(super) fn init(path: &Path) -> Result<(), Error> {
    disk::write(path, keys::sample().as_bytes()).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Error::Exists { path: path.to_owned(), hint: "edit it, or move it away and run `rollcall init` again" }
        } else {
            Error::io("write", path)(error)
        }
    })
}
