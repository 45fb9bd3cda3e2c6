//! An imported file as evidence: which file, of which date, and how it was understood.

use serde::{Deserialize, Serialize};

use super::{coverage::Source, time::Timestamp};

/// How an extract's date is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateFrom {
    /// The user gave it.
    Asked,
    /// The file's content tells.
    File,
    /// The file's name tells.
    FileName,
}

impl DateFrom {
    /// Where the date is from, to follow "dated".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Asked => "as stated at the import",
            Self::File => "by its content",
            Self::FileName => "by its name",
        }
    }
}

/// One file that was read in place of, or beside, the Hub.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Import {
    /// What it is a source of: `roster`, `invites` or `audit_log`.
    pub source: Source,
    /// Its name, without folders.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Rows or events in it.
    pub rows: u64,
    /// When it was extracted; a day counts from its first second (UTC). `None` for a configured file whose name does
    /// not tell.
    pub extracted_on: Option<Timestamp>,
    /// How that is known.
    pub extracted_from: Option<DateFrom>,
    /// The product whose layout it has; `None` when a mapping, or nothing, was needed.
    pub recognized_as: Option<String>,
    /// When it was imported; `None` for a configured file.
    pub imported_at: Option<Timestamp>,
    /// Whether the configuration's mapping decided how it was read.
    pub mapped: bool,
    /// The kept original inside the snapshot, `raw/<source>/<nnnn>.<extension>.zst`; empty in the folder of imports.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub raw: String,
}

impl Import {
    /// Whole days from the extract to an instant; `None` when the date is not known.
    #[must_use]
    pub fn age_days(&self, as_of: Timestamp) -> Option<i64> {
        self.extracted_on.map(|t| super::time::age_days(as_of, t))
    }

    /// Whether the extract is known to be older than so many days.
    #[must_use]
    pub fn is_stale(&self, as_of: Timestamp, max_days: i64) -> bool {
        self.age_days(as_of).is_some_and(|age| age > max_days)
    }
}
