//! What earlier snapshots contribute, and the judgement of a sealed one.

use std::collections::BTreeMap;

use super::{error::Error, select::Period, settings::Settings};
use crate::{
    analyze::{self, Analysis, Baseline, Inputs, Past},
    model::{coverage::Source, ids::SnapshotId, manifest::Manifest, outcome::Cell, time::Timestamp},
    store::{OrgStore, Snapshot},
};

/// Snapshots whose seats are shown as a trend.
const TREND: usize = 8;

/// The snapshots before one, oldest first.
///
/// # Errors
/// When one of them cannot be read.
pub(super) fn before(place: &OrgStore, id: &SnapshotId) -> Result<Vec<Past>, Error> {
    let earlier = place.ids()?.into_iter().filter(|other| other < id);
    earlier.map(|id| past(place, id)).collect()
}

/// What one snapshot contributes to the judgement of later ones.
///
/// # Errors
/// When it cannot be read.
pub(super) fn past(place: &OrgStore, id: SnapshotId) -> Result<Past, Error> {
    let (manifest, members, invites) = place.read_members_and_invites(&id)?;
    let members_gap = manifest.is_gap(Source::Members);
    Ok(Past { id, as_of: manifest.as_of, members_gap, members, invites })
}

/// What a judgement is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// The period under review.
    pub(super) period: Period,
    /// The snapshot to compare with; `None` without one.
    pub(super) baseline: Option<&'a Snapshot>,
}

/// Judges one sealed snapshot; `history` holds the snapshots of the organization, of which the earlier ones count.
///
/// # Errors
/// When the snapshot or the audit archive cannot be read.
pub(super) fn judge(
    place: &OrgStore,
    id: &SnapshotId,
    history: &[Past],
    (settings, question): (&Settings, Question<'_>),
) -> Result<(Snapshot, Analysis), Error> {
    let snapshot = place.read(id)?;
    let earlier = history.iter().take_while(|past| past.id < *id).count();
    let analysis = analyze::analyze(&Inputs {
        manifest: &snapshot.manifest,
        params: &settings.config.params(),
        tables: &snapshot.tables,
        past: &history[..earlier],
        audit_parts: &snapshot.audit_parts,
        exceptions: &settings.config.values.exceptions,
        period: (question.period.start, question.period.end),
        baseline: question.baseline.map(|b| Baseline { manifest: &b.manifest, tables: &b.tables }),
    })
    .map_err(Error::Analyze)?;
    Ok((snapshot, analysis))
}

/// The snapshots whose seats make the trend up to `id`, oldest first, `id` left out.
pub(super) fn trend_ids(history: &[Past], id: &SnapshotId) -> Vec<SnapshotId> {
    let earlier: Vec<_> = history.iter().map(|past| past.id.clone()).filter(|other| other < id).collect();
    earlier[earlier.len().saturating_sub(TREND - 1)..].to_vec()
}

/// Seats by status in one analysis; `None` where the list of members has a hole: a lower bar would look like fewer seats.
pub(super) fn seats(manifest: &Manifest, analysis: &Analysis) -> Option<(Timestamp, BTreeMap<String, u64>)> {
    if manifest.is_gap(Source::Members) {
        return None;
    }
    let mut seats = BTreeMap::new();
    for outcome in analysis.outcomes.iter().filter(|outcome| outcome.meta.id == "seat-spend") {
        for row in &outcome.rows {
            if let Some(status) = outcome.cell(row, "seat_status").filter(|cell| **cell != Cell::Empty) {
                *seats.entry(status.to_text()).or_default() += 1;
            }
        }
    }
    Some((manifest.as_of, seats))
}
