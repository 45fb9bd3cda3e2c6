//! Why the store could not do what it was asked for.

use std::{io, path::PathBuf};

use crate::{
    model::{
        ids::{OrgName, SnapshotId},
        time::{self, Timestamp},
    },
    table,
};

/// What somebody should do who meets a difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// A sealed file was changed or is missing: one from before the change can take its place.
    Restore,
    /// Something was put here that does not belong: once it is taken out, the rest can be verified.
    TakeOut,
    /// What was sealed contradicts itself, its answers or what was noted elsewhere: no file of this copy mends it.
    Investigate,
    /// A report was changed: it can be made again.
    Remake,
    /// A bundle is not as it was made: whoever made it can hand it over again.
    AskAgain,
    /// A signature is missing or not one of an allowed signer.
    Sign,
}

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk refused: full, read-only, not permitted, not there.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was being done, a verb and its object.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Another process writes to this organization's folder.
    #[error("{} is held by {}", path.display(), holder(*pid, *since))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Process id of the holder; `None` when the file does not tell.
        pid: Option<u32>,
        /// When the holder took the lock; `None` when the file does not tell.
        since: Option<Timestamp>,
    },
    /// A snapshot with this id exists; what is sealed is never rewritten.
    #[error("snapshot {id} of {org} is already sealed")]
    Sealed {
        /// The organization.
        org: OrgName,
        /// The id.
        id: SnapshotId,
    },
    /// A collection would lie before the newest snapshot; evidence is appended in the order of time.
    #[error("a snapshot as of {} would lie before the newest one of {org}, {newest}", time::format(*as_of))]
    OutOfOrder {
        /// The organization.
        org: OrgName,
        /// The instant that was asked for.
        as_of: Timestamp,
        /// The newest sealed snapshot.
        newest: SnapshotId,
        /// Whether that one is dated later than now: a wrong clock dated it, and it keeps every other out.
        ahead: bool,
    },
    /// The store has no folder for the organization.
    #[error("the store {} has no organization {org} ({})", root.display(), listed(known, "it has none"))]
    NoOrg {
        /// The organization.
        org: OrgName,
        /// The store.
        root: PathBuf,
        /// Organizations that it has.
        known: Vec<OrgName>,
    },
    /// The organization has no such snapshot.
    #[error("{org} has no snapshot {id} ({})", listed(known, "it has none"))]
    NoSnapshot {
        /// The organization.
        org: OrgName,
        /// The id.
        id: SnapshotId,
        /// Snapshots that it has, oldest first.
        known: Vec<SnapshotId>,
    },
    /// A later version of the tool wrote the snapshot.
    #[error("{} holds {format:?}, which was written by a newer rollcall", path.display())]
    NewerFormat {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        format: String,
    },
    /// A sealed file is missing, unreadable or contradicts its manifest.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In what way.
        what: String,
        /// The reader's reason, where there is one.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A table file has another schema than the declared one.
    #[error("{} does not hold the table it should", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Table, column, expected and found.
        #[source]
        source: table::error::Error,
    },
    /// Records could not be written as a table file.
    #[error("could not write {} as Parquet", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// polars' reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The manifest could not be written as JSON.
    #[error("could not write {} as JSON", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The serializer's reason.
        #[source]
        source: serde_json::Error,
    },
    /// The manifest to be sealed names a response body that was not kept.
    #[error("the manifest names {raw}, which was not kept")]
    NotKept {
        /// [`Request::raw`](crate::model::evidence::Request::raw).
        raw: String,
    },
    /// Verification found a difference; the first one, in the order of the check.
    #[error("{}: {what}", path.display())]
    Differs {
        /// The file that differs.
        path: PathBuf,
        /// What differs and what that means.
        what: String,
        /// What to do about it.
        advice: Advice,
    },
    /// A link where the store keeps a file or a folder of its own.
    #[error("{} is a link", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A snapshot that cannot be set aside.
    #[error("snapshot {id} of {org} is not set aside")]
    NotAhead {
        /// The organization.
        org: OrgName,
        /// The id that was asked for.
        id: SnapshotId,
        /// Why not, as a sentence.
        why: &'static str,
    },
    /// A path that is neither a store, an organization, a snapshot nor a report.
    #[error("{} holds nothing that can be verified: no snapshots folder, no manifest.json, no SHA256SUMS", path.display())]
    NotOurs {
        /// The path.
        path: PathBuf,
    },
}

impl Error {
    /// For `map_err`: an I/O failure with what was being done and where.
    pub(super) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// A difference in a file that was changed or is missing.
    pub(super) fn differs(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Differs { path: path.into(), what: what.into(), advice: Advice::Restore }
    }

    /// A difference: something is here that does not belong.
    pub(super) fn added(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Differs { path: path.into(), what: what.into(), advice: Advice::TakeOut }
    }

    /// A difference that no file of this copy mends.
    pub(super) fn contradicts(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Differs { path: path.into(), what: what.into(), advice: Advice::Investigate }
    }

    /// A damaged file without an inner reason.
    pub(super) fn damaged(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), what: what.into(), source: None }
    }
}

/// Who holds a lock, in words.
fn holder(pid: Option<u32>, since: Option<Timestamp>) -> String {
    let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    since.map_or_else(|| who.clone(), |t| format!("{who} since {}", time::format(t)))
}

/// `it has a, b, c`, or `none` when the list is empty.
fn listed<T: std::fmt::Display>(items: &[T], none: &str) -> String {
    if items.is_empty() {
        return none.to_owned();
    }
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    format!("it has {}", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_what_an_operator_needs() {
        let locked = Error::Locked { path: "s/acme/.lock".into(), pid: Some(7), since: time::parse("2026-10-01") };
        assert_eq!(locked.to_string(), "s/acme/.lock is held by process 7 since 2026-10-01T00:00:00Z");
        let no_org = Error::NoOrg {
            org: OrgName::new("acmee").unwrap(),
            root: "s".into(),
            known: vec![OrgName::new("acme").unwrap(), OrgName::new("umbra").unwrap()],
        };
        assert_eq!(no_org.to_string(), "the store s has no organization acmee (it has acme, umbra)");
    }
}
