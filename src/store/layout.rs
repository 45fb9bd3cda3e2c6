//! The only place that joins paths of a store.
//!
//! ```text
//! STORE/ORG/.lock                                   one writer
//! STORE/ORG/redaction.key                           secret behind the pseudonyms of `--redact`
//! STORE/ORG/.staging/<id>/staging.json              what an unfinished collection was asked for
//! STORE/ORG/.staging/<id>/journal.jsonl             its finished requests
//! STORE/ORG/.staging/<id>/snapshot/…                becomes snapshots/<id> by one rename
//! STORE/ORG/.staging/<id>/audit_events/month=…      become parts of the archive just before
//! STORE/ORG/snapshots/<id>/{manifest.json,SHA256SUMS,tables/,raw/}
//! STORE/ORG/audit_events/month=YYYY-MM/<id>.parquet
//! STORE/ORG/imports/<source>/<time>-<digest>/…     files that were imported, with their records
//! STORE/ORG/pruned.jsonl                            snapshots that were deleted on purpose
//! STORE/ORG/witness/<id>                            what the witness answered when <id> was sealed
//! STORE/ORG/set-aside/<id>/{set-aside.json,snapshot/,audit_events/}   a snapshot that a wrong clock dated ahead
//! ```

use std::path::{Path, PathBuf};

use crate::model::{coverage::Source, ids::SnapshotId, time::Timestamp};

/// Name of a snapshot's manifest.
pub(super) const MANIFEST: &str = "manifest.json";
/// Name of the list of digests.
pub(super) const SUMS: &str = crate::model::sums::FILE;
/// Folder of the sealed snapshots.
pub(super) const SNAPSHOTS: &str = "snapshots";
/// Folder of the audit archive.
pub(super) const ARCHIVE: &str = "audit_events";
/// Folder of imported files.
pub(super) const IMPORTS: &str = "imports";
/// Folder of unfinished collections.
pub(super) const STAGING: &str = ".staging";
/// Folder of what the witness answered.
pub(super) const WITNESS: &str = "witness";
/// Folder of snapshots that a wrong clock dated ahead.
pub(super) const SET_ASIDE: &str = "set-aside";
/// The lock file.
const LOCK: &str = ".lock";
/// The secret behind the pseudonyms of redacted reports.
const REDACTION_KEY: &str = "redaction.key";
/// The list of snapshots that were deleted on purpose.
pub(super) const PRUNED: &str = "pruned.jsonl";
/// Everything that belongs into an organization's folder: its name, and whether it is a folder.
pub(super) const OWN: [(&str, bool); 9] = [
    (LOCK, false),
    (REDACTION_KEY, false),
    (PRUNED, false),
    (STAGING, true),
    (SNAPSHOTS, true),
    (ARCHIVE, true),
    (IMPORTS, true),
    (WITNESS, true),
    (SET_ASIDE, true),
];
/// Prefix of a month's folder; the hive column `month`.
const MONTH: &str = "month=";

/// Paths below one organization's folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct OrgPaths(pub(super) PathBuf);

impl OrgPaths {
    /// The lock file.
    pub(super) fn lock(&self) -> PathBuf {
        self.0.join(LOCK)
    }

    /// The secret behind the pseudonyms of redacted reports.
    pub(super) fn redaction_key(&self) -> PathBuf {
        self.0.join(REDACTION_KEY)
    }

    /// Folder of the sealed snapshots.
    pub(super) fn snapshots(&self) -> PathBuf {
        self.0.join(SNAPSHOTS)
    }

    /// A sealed snapshot.
    pub(super) fn snapshot(&self, id: &SnapshotId) -> PathBuf {
        self.snapshots().join(id.as_str())
    }

    /// Folder of the audit archive.
    pub(super) fn archive(&self) -> PathBuf {
        self.0.join(ARCHIVE)
    }

    /// Folder of imported files.
    pub(super) fn imports(&self) -> PathBuf {
        self.0.join(IMPORTS)
    }

    /// Folder of the imported files of one source.
    pub(super) fn imports_of(&self, source: Source) -> PathBuf {
        self.imports().join(source.name())
    }

    /// Folder of unfinished collections.
    pub(super) fn stagings(&self) -> PathBuf {
        self.0.join(STAGING)
    }

    /// The list of snapshots that were deleted on purpose.
    pub(super) fn pruned(&self) -> PathBuf {
        self.0.join(PRUNED)
    }

    /// What the witness answered when a snapshot was sealed.
    pub(super) fn witness(&self, id: &SnapshotId) -> PathBuf {
        self.0.join(WITNESS).join(id.as_str())
    }

    /// Where a snapshot lies that a wrong clock dated ahead.
    pub(super) fn set_aside(&self, id: &SnapshotId) -> PathBuf {
        self.0.join(SET_ASIDE).join(id.as_str())
    }

    /// A file that is written here before it is moved to its place; what a crash leaves is written anew.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.stagings().join(name)
    }

    /// Where a snapshot lies while it is being deleted; what a crash leaves there goes with the next collection.
    pub(super) fn going(&self, id: &SnapshotId) -> PathBuf {
        self.stagings().join(format!("{id}.pruned"))
    }

    /// An unfinished collection.
    pub(super) fn staging(&self, id: &SnapshotId) -> StagingPaths {
        StagingPaths(self.stagings().join(id.as_str()))
    }

    /// A file by its path relative to the organization's folder, as manifests write it.
    pub(super) fn relative(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }
}

/// Paths of one unfinished collection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct StagingPaths(pub(super) PathBuf);

impl StagingPaths {
    /// What the collection was asked for.
    pub(super) fn description(&self) -> PathBuf {
        self.0.join("staging.json")
    }

    /// Its finished requests.
    pub(super) fn journal(&self) -> PathBuf {
        self.0.join("journal.jsonl")
    }

    /// The folder that becomes the snapshot.
    pub(super) fn snapshot(&self) -> PathBuf {
        self.0.join("snapshot")
    }

    /// Its parts of the audit archive.
    pub(super) fn archive(&self) -> PathBuf {
        self.0.join(ARCHIVE)
    }

    /// A staged part by its path relative to the organization's folder.
    pub(super) fn relative(&self, part: &str) -> PathBuf {
        self.0.join(part)
    }
}

/// A table's file inside a snapshot.
pub(super) fn table(snapshot: &Path, name: &str) -> PathBuf {
    snapshot.join("tables").join(format!("{name}.parquet"))
}

/// Path of a kept body inside the snapshot.
pub(super) fn raw(source: Source, number: u32, extension: &str) -> String {
    format!("raw/{source}/{number:04}.{extension}.zst")
}

/// The number in a path that [`raw`] made for `source`; `None` for any other path.
pub(super) fn raw_number(source: Source, path: &str) -> Option<u32> {
    let file = path.strip_prefix("raw/")?.strip_prefix(source.name())?.strip_prefix('/')?;
    let (number, extension) = file.split_once('.')?;
    let known = extension.strip_suffix(".zst")?.bytes().all(|b| b.is_ascii_alphanumeric());
    if known { number.parse().ok() } else { None }
}

/// A part of the audit archive, relative to the organization's folder.
pub(super) fn part(month_of: Timestamp, id: &SnapshotId) -> String {
    format!("{ARCHIVE}/{MONTH}{}/{id}.parquet", month_of.format("%Y-%m"))
}

/// Whether a folder of the archive is one that [`part`] names.
pub(super) fn is_month(name: &str) -> bool {
    let Some(month) = name.strip_prefix(MONTH) else { return false };
    month.len() == 7 && month.bytes().enumerate().all(|(i, b)| if i == 4 { b == b'-' } else { b.is_ascii_digit() })
}

/// The snapshot that brought a part; `None` for a path that [`part`] cannot have made.
pub(super) fn part_id(path: &str) -> Option<SnapshotId> {
    let (month, file) = path.strip_prefix(ARCHIVE)?.strip_prefix('/')?.split_once('/')?;
    if is_month(month) { file.strip_suffix(".parquet")?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time;

    #[test]
    fn parts_are_named_by_month_and_snapshot_and_by_nothing_else() {
        let id: SnapshotId = "20261001T060000Z".parse().unwrap();
        let path = part(time::parse("2026-09-30T23:59:59Z").unwrap(), &id);
        assert_eq!(path, "audit_events/month=2026-09/20261001T060000Z.parquet");
        assert_eq!(part_id(&path), Some(id));
        for bad in [
            "audit_events/20261001T060000Z.parquet",
            "audit_events/month=2026-09/x.parquet",
            "audit_events/month=../../20261001T060000Z.parquet",
            "audit_events/month=2026-9/20261001T060000Z.parquet",
            "../audit_events/month=2026-09/20261001T060000Z.parquet",
        ] {
            assert_eq!(part_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn raw_paths_carry_their_number() {
        assert_eq!(raw(Source::Members, 7, "json"), "raw/members/0007.json.zst");
        assert_eq!(raw_number(Source::Members, "raw/members/0007.json.zst"), Some(7));
        assert_eq!(raw_number(Source::Members, "raw/members/12345.csv.zst"), Some(12_345));
        for bad in ["raw/tokens/0007.json.zst", "raw/members/../0001.json.zst", "raw/members/0001.json", "0001"] {
            assert_eq!(raw_number(Source::Members, bad), None, "{bad}");
        }
    }
}
