//! The key figures of a snapshot, to be shown on its summary and compared with those of other snapshots.
//!
//! One table says from which sources each is counted. What was found over a gap is a lower bound, and nothing found
//! over a gap is no figure at all: that holds for tiles, trends, baselines and summaries alike.

use std::collections::BTreeMap;

use serde_json::Value;

use super::gaps;
use crate::model::{
    coverage::Source,
    manifest::Manifest,
    outcome::{KeyFigure, Outcome},
    verdict::Verdict,
};

/// How one figure is counted.
struct Count {
    /// Tile id.
    id: &'static str,
    /// Analyzer.
    analyzer: &'static str,
    /// Key of its total; `None` counts the rows that fail.
    total: Option<&'static str>,
    /// The sources it is counted from; empty for all that the analyzer needs.
    sources: &'static [Source],
    /// The kind of the rows of which one that is unknown might have counted; `None` for none, empty for every kind.
    undecided: Option<&'static str>,
}

/// Every key figure.
const COUNTS: [Count; 6] = {
    use Source::{AuditLog, Invites, Members, Scim};
    const fn count(id: &'static str, analyzer: &'static str, total: Option<&'static str>) -> Count {
        Count { id, analyzer, total, sources: &[], undecided: Some("") }
    }
    [
        Count { sources: &[Members], undecided: None, ..count("members", "inactive-seats", Some("members")) },
        Count { undecided: Some("org"), ..count("effective_owners", "owner-coverage", Some("effective_owners")) },
        count("inactive_seats", "inactive-seats", None),
        count("orphaned_paths", "orphaned-access", None),
        Count {
            sources: &[Members, AuditLog, Scim, Invites],
            undecided: None,
            ..count("monthly_cost_usd", "seat-spend", Some("monthly_cost_usd"))
        },
        count("reclaimable", "seat-spend", Some("reclaimable_seats")),
    ]
};

/// The figures by tile id; one that is not known is left out.
pub(super) fn of(manifest: &Manifest, outcomes: &[Outcome]) -> BTreeMap<String, KeyFigure> {
    COUNTS.iter().filter_map(|count| Some((count.id.to_owned(), figure(count, manifest, outcomes)?))).collect()
}

/// One figure; `None` where it is not known.
fn figure(count: &Count, manifest: &Manifest, outcomes: &[Outcome]) -> Option<KeyFigure> {
    let outcome = outcomes.iter().find(|outcome| outcome.meta.id == count.analyzer)?;
    let value = match count.total {
        None => i64::try_from(outcome.count(Verdict::Fail)).ok()?,
        Some(total) => match outcome.totals.get(total)? {
            // Money is a text with two decimals.
            Value::String(text) => cents(text)?,
            number => number.as_i64()?,
        },
    };
    let counted_from = |source: &Source| count.sources.is_empty() || count.sources.contains(source);
    let over_a_gap = gaps::of(outcome.meta, manifest).iter().any(counted_from);
    let undecided = count.undecided.is_some_and(|kind| {
        let of_kind = |subject_kind: &str| kind.is_empty() || kind == subject_kind;
        outcome.rows.iter().any(|row| row.verdict == Verdict::Unknown && of_kind(&row.subject_kind))
    });
    let at_least = over_a_gap || undecided;
    (value != 0 || !at_least).then_some(KeyFigure { value, at_least })
}

/// Reads `1234.00`.
fn cents(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.')?;
    if fraction.len() != 2 {
        return None;
    }
    format!("{whole}{fraction}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_are_read_exactly() {
        assert_eq!(cents("1234.05"), Some(123_405));
        assert_eq!(cents("-0.05"), Some(-5));
        assert_eq!(cents("12"), None);
        assert_eq!(cents("12.5"), None);
    }
}
