//! Accepted risks: an owner, a reason and an end.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// One `[[exceptions]]` entry. Turns a `fail` or `review` into `accepted` until it expires, wherever the same fact is
/// judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Analyzer id.
    pub analyzer: String,
    /// Rule id.
    pub rule: String,
    /// Exact subject, case folded; a glob when `pattern` is true.
    pub subject: String,
    /// Exact resource; `None` covers every resource of the subject.
    #[serde(default)]
    pub resource: Option<String>,
    /// Why the risk is accepted.
    pub reason: String,
    /// Who accepted it.
    pub approved_by: String,
    /// Last day on which it holds, at most 366 days after `as_of`.
    #[serde(with = "iso_date")]
    pub expires: NaiveDate,
    /// Whether `subject` is a glob.
    #[serde(default)]
    pub pattern: bool,
}

/// Dates as `YYYY-MM-DD` text.
mod iso_date {
    use chrono::NaiveDate;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::model::time;

    /// Writes the date.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde's `with` asks for")]
    pub(super) fn serialize<S: Serializer>(date: &NaiveDate, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&time::format_date(*date))
    }

    /// Reads the date.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<NaiveDate, D::Error> {
        let text = String::deserialize(d)?;
        time::parse_date(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is not a date like 2027-03-31")))
    }
}

/// What became of an exception in one analysis.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExceptionState {
    /// It covers at least one `fail` or `review`, of its own rule or of another that judges the same fact.
    InForce,
    /// Its last day is before `as_of`; the rows it named count again.
    Expired,
    /// No `fail` or `review` matches it.
    Unused,
    /// It covers more than ten subjects, and therefore nothing.
    OverBroad,
    /// It ends more than 366 days after `as_of`, and therefore covers nothing.
    TooLong,
}

/// An exception with its fate; every state but `in-force` is a finding of its own.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExceptionOutcome {
    /// The entry as configured.
    #[serde(flatten)]
    pub exception: Exception,
    /// What became of it.
    pub state: ExceptionState,
    /// Rows it matched, in every analyzer that judges the fact.
    pub matched: usize,
    /// One sentence for the report.
    pub note: String,
}
