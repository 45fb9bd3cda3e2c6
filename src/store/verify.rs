//! Verification: re-hash everything, and name the first thing that differs and what that means.
//!
//! Three independent records must agree: `SHA256SUMS`, the digests in the manifest, and the digest of each manifest in
//! the next one. Changing evidence without trace means changing every later snapshot, too. Whatever lies in a store and
//! does not belong there is a difference as well: an unknown file or folder, and any link.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::error::Error;
use crate::model::ids::{OrgName, SnapshotId};

mod belongs;
mod check;
mod files;

use check::Check;

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
    /// Whether, as long as it is not made, a change of what a verdict rests on could pass unseen.
    pub essential: bool,
}

impl Unchecked {
    /// A check without which a change of what a verdict rests on could pass unseen.
    pub fn essential(what: impl Into<String>, by: impl Into<String>) -> Self {
        Self { what: what.into(), by: by.into(), essential: true }
    }

    /// A check that others stand in for, or that concerns what is known to be gone.
    pub fn minor(what: impl Into<String>, by: impl Into<String>) -> Self {
        Self { what: what.into(), by: by.into(), essential: false }
    }
}

/// A snapshot that was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its folder.
    pub dir: PathBuf,
    /// The organization's folder that it lies in; `None` for one that was carried out of its store.
    pub home: Option<PathBuf>,
    /// The organization, as its manifest has it.
    pub org: OrgName,
    /// Its id.
    pub id: SnapshotId,
    /// SHA-256 of its `manifest.json`, hexadecimal.
    pub manifest_sha256: String,
}

impl Found {
    /// `<org>/<id>`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.org, self.id)
    }
}

/// A verification that found no difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// What was verified.
    pub kind: Kind,
    /// Files whose bytes were hashed.
    pub files: usize,
    /// Checks that were made: a list of digests held against its folder, a manifest against its tables, its bodies and
    /// its own times, a link of the chain, the parts of the archive, and so on; each counts once per snapshot.
    pub checks: usize,
    /// Snapshots verified, in the order of the check: within an organization oldest first.
    pub snapshots: Vec<Found>,
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

/// A damaged file is a difference, too, once it is looked for; so is a link.
fn as_difference(error: Error) -> Error {
    match error {
        Error::Damaged { path, what, source: None } => Error::differs(path, what),
        Error::Damaged { path, what, source: Some(source) } => Error::differs(path, format!("{what}: {source}")),
        Error::Link { path } => Error::added(path, belongs::LINK),
        other => other,
    }
}
