//! Words and paper: outcomes become CSV, JSON and PDF. Nothing is judged or computed here.

use std::collections::BTreeMap;

use crate::model::{
    exception::ExceptionOutcome,
    manifest::Manifest,
    outcome::{Outcome, TieOut},
    params::Params,
    time::Timestamp,
};

pub mod document;
pub mod render;

/// Everything a report is made of. Two equal inputs give the same bytes in every format.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Manifest of the snapshot.
    pub manifest: &'a Manifest,
    /// SHA-256 of `manifest.json`, hexadecimal.
    pub manifest_sha256: String,
    /// Version of the tool that reports.
    pub tool_version: String,
    /// First and last instant of the period under review.
    pub period: (Timestamp, Timestamp),
    /// Thresholds and prices in force.
    pub params: &'a Params,
    /// One per analyzer, in report order.
    pub outcomes: &'a [Outcome],
    /// Fate of each configured exception.
    pub exceptions: &'a [ExceptionOutcome],
    /// Figures compared.
    pub tie_outs: &'a [TieOut],
    /// Figures of the baseline by tile id (`members`, `effective_owners`, `inactive_seats`, `orphaned_paths`,
    /// `monthly_cost_usd`, `reclaimable`); empty without a baseline.
    pub baseline: BTreeMap<String, i64>,
    /// `as_of` of the baseline; `None` without one.
    pub baseline_as_of: Option<Timestamp>,
    /// Seats by status over the snapshots in the store, oldest first: date and count by `seat_status`.
    pub trend: Vec<(Timestamp, BTreeMap<String, u64>)>,
    /// Classification word of the foot; may be empty.
    pub classification: String,
    /// Paper of the PDF.
    pub paper: document::Paper,
}
