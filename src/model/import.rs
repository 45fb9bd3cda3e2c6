//! An imported file as evidence: which file, of which date, and how it was understood.

use serde::{Deserialize, Serialize};

use super::{coverage::Source, time::Timestamp};

/// How an extract's date is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateFrom {
    /// The user gave it at the import.
    Asked,
    /// The configuration gives it.
    Configured,
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
            Self::Configured => "as configured",
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
    /// Days after which it proves nothing about the day of a snapshot, as configured at the collection; `None` in the
    /// folder of imports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<i64>,
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

    /// Why it proves nothing about the day of a snapshot, in words; `None` when its date is known and near enough.
    #[must_use]
    pub fn doubt(&self, as_of: Timestamp) -> Option<String> {
        let Some(extracted_on) = self.extracted_on else { return Some("nothing tells when it was made".to_owned()) };
        if extracted_on > as_of {
            return Some("it is dated after the snapshot".to_owned());
        }
        let age = super::time::age_days(as_of, extracted_on);
        let max = self.max_age_days.filter(|max| age > *max)?;
        Some(format!("it was {age} days old, more than {max}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time;

    #[test]
    fn an_extract_counts_when_it_is_dated_and_near_enough() {
        let as_of = time::parse("2026-10-01T06:00:00Z").unwrap();
        let doubt = |extracted_on: Option<&str>| {
            let import = Import {
                source: Source::Roster,
                file: "people.csv".to_owned(),
                sha256: String::new(),
                bytes: 0,
                rows: 1,
                extracted_on: extracted_on.and_then(time::parse),
                extracted_from: None,
                recognized_as: None,
                imported_at: None,
                max_age_days: Some(30),
                mapped: false,
                raw: String::new(),
            };
            import.doubt(as_of)
        };
        assert_eq!(doubt(Some("2026-09-30")), None);
        assert_eq!(doubt(Some("2026-09-01")), None, "the last day on which it counts");
        assert_eq!(doubt(Some("2026-08-31")).as_deref(), Some("it was 31 days old, more than 30"));
        assert_eq!(doubt(Some("2026-10-02")).as_deref(), Some("it is dated after the snapshot"));
        assert_eq!(doubt(None).as_deref(), Some("nothing tells when it was made"));
    }
}
