//! The judgement of a sealed snapshot, and of those before it that are shown beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    error::Error,
    select::{Period, Selection},
    settings::Settings,
};
use crate::{
    analyze::{self, Analysis, Baseline, Inputs, Side},
    model::{
        coverage::Source, follow_up::FollowUp, ids::SnapshotId, manifest::Manifest, outcome::Cell, verdict::Verdict,
    },
    report::TrendPoint,
    store::{OrgStore, Snapshot},
};

/// Snapshots that a trend shows, the newest included.
const TREND: usize = 12;

/// What a judgement is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// The period under review.
    pub(super) period: Period,
    /// The snapshot to compare with; `None` without one.
    pub(super) baseline: Option<&'a Snapshot>,
}

/// Judges one sealed snapshot.
///
/// # Errors
/// When the snapshot or the audit archive cannot be read.
pub(super) fn judge(
    place: &OrgStore,
    id: &SnapshotId,
    settings: &Settings,
    question: Question<'_>,
) -> Result<(Snapshot, Analysis), Error> {
    let snapshot = place.read(id)?;
    let analysis = analyze::analyze(&Inputs {
        manifest: &snapshot.manifest,
        params: &settings.config.params(),
        tables: &snapshot.tables,
        audit_parts: &snapshot.audit_parts,
        exceptions: &settings.config.values.exceptions,
        period: (question.period.start, question.period.end),
        baseline: question.baseline.map(|b| Baseline { manifest: &b.manifest, tables: &b.tables }),
    })
    .map_err(Error::Analyze)?;
    Ok((snapshot, analysis))
}

/// The snapshots before `id` that make its trend, oldest first: all of them, or of many the first, the last, and those
/// spread evenly between, so that with `id` there are twelve.
pub(super) fn trend_ids(all: &[SnapshotId], id: &SnapshotId) -> Vec<SnapshotId> {
    let earlier: Vec<&SnapshotId> = all.iter().filter(|other| *other < id).collect();
    let shown = earlier.len().min(TREND - 1);
    let gaps = shown.saturating_sub(1).max(1);
    (0..shown).map(|n| earlier[n * (earlier.len() - 1) / gaps].clone()).collect()
}

/// Every snapshot that the report on a selection reads, oldest first; `all` are those of the store, oldest first.
pub(super) fn read(all: &[SnapshotId], selection: &Selection) -> BTreeSet<String> {
    let beside = trend_ids(all, &selection.snapshot).into_iter().chain(selection.baseline.clone());
    beside.chain([selection.snapshot.clone()]).map(|id| id.to_string()).collect()
}

/// A judgement of a snapshot, and of those before it that are compared with it.
#[derive(Debug)]
pub(super) struct Judged {
    /// The snapshot.
    pub(super) snapshot: Snapshot,
    /// Its judgement.
    pub(super) analysis: Analysis,
    /// Key figures of earlier snapshots and of this one, oldest first.
    pub(super) trend: Vec<TrendPoint>,
    /// Key figures of the baseline; `None` without one.
    pub(super) baseline: Option<TrendPoint>,
    /// What became of the baseline's findings; `None` without one.
    pub(super) follow_up: Option<FollowUp>,
}

/// Judges a snapshot against its baseline, and those before it for the trend. The log is read once.
///
/// # Errors
/// When a snapshot or the audit archive cannot be read.
pub(super) fn judge_with_trend(place: &OrgStore, selection: &Selection, settings: &Settings) -> Result<Judged, Error> {
    let id = &selection.snapshot;
    let snapshot = place.read(id)?;
    let shown = trend_ids(&place.ids()?, id);
    let mut ids = shown.clone();
    ids.extend(selection.baseline.clone());
    ids.sort();
    ids.dedup();
    let earlier = ids.iter().map(|id| place.read_before(id, &snapshot)).collect::<Result<Vec<_>, _>>()?;
    let baseline = earlier.iter().find(|s| Some(&s.manifest.id) == selection.baseline.as_ref());
    let params = settings.config.params();
    let period = (selection.period.start, selection.period.end);
    let inputs: Vec<Inputs<'_>> = earlier
        .iter()
        .chain([&snapshot])
        .map(|of| Inputs {
            manifest: &of.manifest,
            params: &params,
            tables: &of.tables,
            audit_parts: &of.audit_parts,
            exceptions: &settings.config.values.exceptions,
            // What nobody saw of the period is missing for the snapshot under review, not for those shown beside it.
            period: if of.manifest.id == *id { period } else { (period.0, period.1.min(of.manifest.as_of)) },
            baseline: baseline
                .filter(|_| of.manifest.id == *id)
                .map(|b| Baseline { manifest: &b.manifest, tables: &b.tables }),
        })
        .collect();
    let (mut points, mut newest, mut before) = (Vec::new(), None, None);
    let mut judged = earlier.iter().chain(std::slice::from_ref(&snapshot));
    analyze::analyze_each(&inputs, |analysis| {
        let of = judged.next();
        points.extend(of.map(|of| point(of, &analysis)));
        let is_baseline = selection.baseline.is_some() && of.map(|of| &of.manifest.id) == selection.baseline.as_ref();
        *(if is_baseline { &mut before } else { &mut newest }) = Some(analysis);
    })
    .map_err(Error::Analyze)?;
    let analysis = newest.expect("the snapshot itself is among the inputs");
    let now = Side { manifest: &snapshot.manifest, tables: &snapshot.tables, analysis: &analysis };
    let follow_up = baseline
        .zip(before.as_ref())
        .map(|(of, analysis)| analyze::follow_up(Side { manifest: &of.manifest, tables: &of.tables, analysis }, now));
    let baseline = points.iter().find(|p| Some(&p.snapshot) == selection.baseline.as_ref()).cloned();
    points.retain(|point| point.snapshot == *id || shown.contains(&point.snapshot));
    Ok(Judged { snapshot, analysis, trend: points, baseline, follow_up })
}

/// Key figures of one judgement.
fn point(of: &Snapshot, analysis: &Analysis) -> TrendPoint {
    TrendPoint {
        snapshot: of.manifest.id.clone(),
        as_of: of.manifest.as_of,
        manifest_sha256: of.manifest_sha256.clone(),
        figures: analysis.headline.clone(),
        seats: seats(&of.manifest, analysis),
    }
}

/// Seats by status, those under an exception as `accepted`; `None` where the list of members has a hole: a lower bar would look like fewer seats.
fn seats(manifest: &Manifest, analysis: &Analysis) -> Option<BTreeMap<String, u64>> {
    if manifest.is_gap(Source::Members) {
        return None;
    }
    let mut seats = BTreeMap::new();
    for outcome in analysis.outcomes.iter().filter(|outcome| outcome.meta.id == "seat-spend") {
        for row in &outcome.rows {
            if let Some(status) = outcome.cell(row, "seat_status").filter(|cell| **cell != Cell::Empty) {
                let accepted = row.verdict == Verdict::Accepted;
                let status = if accepted { row.verdict.word().to_owned() } else { status.to_text() };
                *seats.entry(status).or_default() += 1;
            }
        }
    }
    Some(seats)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of the trend.
    fn shown(days: &[&str], id: &str) -> Vec<String> {
        let all = |day: &&str| format!("{}T060000Z", day.replace('-', "")).parse().unwrap();
        let ids = trend_ids(&days.iter().map(all).collect::<Vec<_>>(), &id.parse().unwrap());
        ids.iter().map(|id| id.as_str()[..8].to_owned()).collect()
    }

    #[test]
    fn few_snapshots_are_all_shown_and_later_ones_never() {
        let days = ["2026-09-01", "2026-09-20", "2026-10-01", "2026-11-01"];
        assert_eq!(shown(&days, "20261001T060000Z"), ["20260901", "20260920"]);
        assert_eq!(shown(&[], "20261001T060000Z"), Vec::<String>::new());
    }

    #[test]
    fn many_snapshots_are_shown_from_first_to_last() {
        let days: Vec<String> = (0..800)
            .map(|n| (chrono::NaiveDate::from_ymd_opt(2024, 8, 1).unwrap() + chrono::Duration::days(n)).to_string())
            .collect();
        let days: Vec<&str> = days.iter().map(String::as_str).collect();
        let all = shown(&days, "20261010T070000Z");
        assert_eq!(all.len(), 11);
        assert_eq!((all[0].as_str(), all[10].as_str()), ("20240801", "20261009"));
        let within_a_month = shown(&days[..20], "20241001T070000Z");
        assert_eq!((within_a_month.len(), within_a_month[10].as_str()), (11, "20240820"));
        let apart: BTreeSet<_> = within_a_month.iter().collect();
        assert_eq!(apart.len(), 11, "each once");
    }
}
