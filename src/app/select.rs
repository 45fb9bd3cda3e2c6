//! Which snapshot a report is about, over which period, and against which baseline. Pure: no disk, no clock.
//!
//! A period is judged by the state at its end: the first snapshot at or after the end, at most some days later, else the
//! newest before it. The baseline is chosen in the same way for the start.

use chrono::{Duration, NaiveDate};

use super::error::Error;
use crate::{
    model::{
        ids::SnapshotId,
        time::{self, Timestamp},
    },
    report::Choice,
};

/// Days under review when nobody names a period.
const DEFAULT_DAYS: i64 = 90;

/// A stretch of time; both ends belong to it. A period that somebody names covers whole days in UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Period {
    /// First instant.
    pub(super) start: Timestamp,
    /// Last instant, to the microsecond in which tables keep time.
    pub(super) end: Timestamp,
}

impl Period {
    /// Parses `2026-Q3`, `2026-09` or `FROM..TO`, where both are days and `TO` is the last day covered.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::usage(
                format!("{text:?} is not a period"),
                "write a quarter (2026-Q3), a month (2026-09) or two days (2026-07-01..2026-09-30)",
            )
        };
        let period = match text.split_once("..") {
            Some((from, to)) => between(from, to),
            None => match text.split_once('-') {
                Some((year, "Q1" | "q1")) => months(year, 1, 3),
                Some((year, "Q2" | "q2")) => months(year, 4, 3),
                Some((year, "Q3" | "q3")) => months(year, 7, 3),
                Some((year, "Q4" | "q4")) => months(year, 10, 3),
                Some((year, month)) if month.len() == 2 => month.parse().ok().and_then(|month| months(year, month, 1)),
                _ => None,
            },
        };
        period.filter(|p| p.start <= p.end).ok_or_else(wrong)
    }

    /// The days before a snapshot, up to it.
    fn before(as_of: Timestamp) -> Self {
        Self { start: as_of - Duration::days(DEFAULT_DAYS), end: as_of }
    }

    /// The first instant after it.
    fn after(&self) -> Timestamp {
        self.end + Duration::microseconds(1)
    }
}

/// From the start of one day to the end of another.
fn days(first: NaiveDate, last: NaiveDate) -> Period {
    Period { start: time::start_of(first), end: time::start_of(time::day_after(last)) - Duration::microseconds(1) }
}

/// Some months of a year.
fn months(year: &str, first: u32, count: u32) -> Option<Period> {
    let year: i32 = year.parse().ok().filter(|_| year.len() == 4)?;
    let start = time::date(year, first, 1)?;
    let last = start.checked_add_months(chrono::Months::new(count))?.pred_opt()?;
    Some(days(start, last))
}

/// From one day to another.
fn between(from: &str, to: &str) -> Option<Period> {
    Some(days(time::parse_date(from)?, time::parse_date(to)?))
}

/// What a report is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Selection {
    /// The snapshot.
    pub(super) snapshot: SnapshotId,
    /// What it is compared with.
    pub(super) baseline: Option<SnapshotId>,
    /// The period under review.
    pub(super) period: Period,
    /// The period as typed; `None` where nobody named one and it ends with the snapshot.
    pub(super) asked: Option<String>,
}

impl Selection {
    /// How far the snapshots are from the ends of the period, for whoever reads the report.
    pub(super) fn choice(&self) -> Choice {
        let distance = |id: &SnapshotId, from: Timestamp| (id.as_of() - from).num_seconds();
        let named = self.asked.is_some();
        Choice {
            asked: self.asked.clone(),
            covered_until: self.snapshot.as_of().min(self.period.end),
            after_end: named.then(|| distance(&self.snapshot, self.period.after())),
            baseline_after_start: self.baseline.as_ref().map(|id| distance(id, self.period.start)),
        }
    }
}

/// Which one of several snapshots.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Which {
    /// Nobody said.
    Default,
    /// `latest` of a snapshot, `none` of a baseline.
    Word,
    /// This one.
    Id(SnapshotId),
}

impl Which {
    /// Parses a flag's value: an id, or one of its words.
    fn parse(flag: &str, text: Option<&str>, word: &str, default: Option<&str>) -> Result<Self, Error> {
        match text {
            None => Ok(Self::Default),
            Some(text) if Some(text) == default => Ok(Self::Default),
            Some(text) if text == word => Ok(Self::Word),
            Some(text) => text.parse().map(Self::Id).map_err(|error| {
                Error::usage(format!("{flag}: {error}"), "`rollcall snapshots ORG` lists the ids that there are")
            }),
        }
    }
}

/// What was asked for, before anybody knows which snapshots there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Asked {
    /// `--period`, as typed and as parsed.
    period: Option<(String, Period)>,
    /// `--snapshot`.
    snapshot: Which,
    /// `--baseline`.
    baseline: Which,
    /// How long after an end of the period a snapshot may be that shows the state at that end.
    grace: Duration,
}

impl Asked {
    /// Parses the flags; `grace_days` is `[report] grace_days`.
    ///
    /// # Errors
    /// When a period or an id makes no sense.
    pub(super) fn parse(
        period: Option<&str>,
        snapshot: Option<&str>,
        baseline: Option<&str>,
        grace_days: i64,
    ) -> Result<Self, Error> {
        let period = period.map(|text| Period::parse(text).map(|period| (text.to_owned(), period))).transpose()?;
        let snapshot = Which::parse("--snapshot", snapshot, "latest", None)?;
        let baseline = Which::parse("--baseline", baseline, "none", Some("auto"))?;
        Ok(Self { period, snapshot, baseline, grace: Duration::days(grace_days) })
    }

    /// Chooses among the snapshots of an organization, which are sorted oldest first.
    ///
    /// What somebody names wins. Else the snapshot is the one that shows the state at the end of the period, or the
    /// newest where nobody named a period; and the baseline, which is always older, shows the state at its start.
    ///
    /// # Errors
    /// When nothing fits.
    pub(super) fn select(&self, ids: &[SnapshotId]) -> Result<Selection, Error> {
        let chosen = match (&self.snapshot, &self.period) {
            (Which::Id(id), _) => Some(there(id, ids)?),
            (Which::Default, Some((_, period))) => self.state_at(period.after(), ids),
            (Which::Default | Which::Word, _) => ids.last().cloned(),
        };
        let snapshot = chosen.ok_or_else(|| self.none(ids))?;
        let period = self.period.as_ref().map_or_else(|| Period::before(snapshot.as_of()), |(_, period)| *period);
        let older = &ids[..ids.iter().take_while(|id| **id < snapshot).count()];
        let baseline = match &self.baseline {
            Which::Word => None,
            Which::Default => self.state_at(period.start, older),
            Which::Id(id) => Some(there(id, ids)?),
        };
        if let Some(baseline) = baseline.as_ref().filter(|baseline| **baseline >= snapshot) {
            return Err(Error::usage(
                format!("the baseline {baseline} is not older than the snapshot {snapshot}"),
                "name an older snapshot with --baseline, or leave it to `auto`",
            ));
        }
        Ok(Selection { snapshot, baseline, period, asked: self.period.as_ref().map(|(text, _)| text.clone()) })
    }

    /// The snapshot that shows the state at an instant: the first at or after it within the grace, else the newest
    /// before it.
    fn state_at(&self, at: Timestamp, ids: &[SnapshotId]) -> Option<SnapshotId> {
        let later = ids.iter().find(|id| id.as_of() >= at).filter(|id| id.as_of() - at <= self.grace);
        later.or_else(|| ids.iter().rfind(|id| id.as_of() < at)).cloned()
    }

    /// The error where nothing fits.
    fn none(&self, ids: &[SnapshotId]) -> Error {
        let Some((asked, period)) = self.period.as_ref().filter(|_| !ids.is_empty()) else { return Error::NoSnapshots };
        let after = ids.first().map(|first| time::span((first.as_of() - period.after()).num_seconds()));
        Error::NoState {
            period: asked.clone(),
            first: format!("{} after its end", after.unwrap_or_default()),
            grace_days: self.grace.num_days(),
            there: listed(ids),
        }
    }
}

/// A named snapshot, if there is such a one.
fn there(id: &SnapshotId, ids: &[SnapshotId]) -> Result<SnapshotId, Error> {
    if ids.contains(id) { Ok(id.clone()) } else { Err(Error::NoSuchSnapshot { id: id.clone(), there: listed(ids) }) }
}

/// The snapshot of a flag or argument: an id, or `latest`, which is the default. `ids` are sorted, oldest first.
///
/// # Errors
/// When the text is no id, or there is no such snapshot.
pub(super) fn one(flag: &str, text: Option<&str>, ids: &[SnapshotId]) -> Result<SnapshotId, Error> {
    let snapshot = Which::parse(flag, text, "latest", None)?;
    let asked = Asked { snapshot, baseline: Which::Word, period: None, grace: Duration::zero() };
    asked.select(ids).map(|selection| selection.snapshot)
}

/// Some ids for an error, newest first.
fn listed(ids: &[SnapshotId]) -> String {
    let shown: Vec<_> = ids.iter().rev().take(5).map(SnapshotId::as_str).collect();
    match ids.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} older ones", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Snapshots of four quarters.
    fn quarters() -> Vec<SnapshotId> {
        ["20260101T060000Z", "20260401T060000Z", "20260701T060000Z", "20261001T060000Z"]
            .iter()
            .map(|id| id.parse().unwrap())
            .collect()
    }

    /// Ends of a period as text.
    fn ends(text: &str) -> (String, String) {
        let period = Period::parse(text).unwrap();
        (time::format(period.start), time::format(period.end))
    }

    #[test]
    fn periods_cover_whole_days_to_their_last_microsecond() {
        assert_eq!(ends("2026-Q3"), ("2026-07-01T00:00:00Z".to_owned(), "2026-09-30T23:59:59Z".to_owned()));
        assert_eq!(ends("2026-Q4").1, "2026-12-31T23:59:59Z");
        assert_eq!(ends("2028-02").1, "2028-02-29T23:59:59Z");
        assert_eq!(ends("2026-07-01..2026-07-01").1, "2026-07-01T23:59:59Z");
        assert_eq!(Period::parse("2026-Q3").unwrap().after(), time::parse("2026-10-01T00:00:00Z").unwrap());
        let instants = "2026-07-01T06:00:00Z..2026-07-02T06:00:00+02:00";
        for wrong in ["2026", "2026-Q5", "2026-13", "26-Q1", "2026-7", "2026-09-30..2026-09-01", "a..b", "", instants] {
            assert!(Period::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// Snapshots with these ids.
    fn taken(ids: &[&str]) -> Vec<SnapshotId> {
        ids.iter().map(|id| id.parse().unwrap()).collect()
    }

    /// Parses and selects.
    fn select(
        ids: &[SnapshotId],
        period: Option<&str>,
        snapshot: Option<&str>,
        baseline: Option<&str>,
    ) -> Result<Selection, Error> {
        Asked::parse(period, snapshot, baseline, 15)?.select(ids)
    }

    /// The snapshot and the baseline of a period.
    fn chosen(ids: &[SnapshotId], period: &str) -> (String, Option<String>) {
        let Selection { snapshot, baseline, .. } = select(ids, Some(period), None, None).unwrap();
        (snapshot.to_string(), baseline.map(|id| id.to_string()))
    }

    #[test]
    fn the_newest_snapshot_and_the_quarter_before_are_the_default() {
        let chosen = select(&quarters(), None, None, None).unwrap();
        assert_eq!(chosen.snapshot.as_str(), "20261001T060000Z");
        assert_eq!(chosen.baseline.clone().unwrap().as_str(), "20260701T060000Z");
        assert_eq!(time::format(chosen.period.start), "2026-07-03T06:00:00Z");
        let choice = chosen.choice();
        assert_eq!((choice.asked, choice.after_end), (None, None));
        assert_eq!(choice.covered_until, chosen.period.end);
    }

    #[test]
    fn a_quarter_is_reviewed_by_the_state_at_its_end_against_that_at_its_start() {
        let both = |state: &str, baseline: &str| (state.to_owned(), Some(baseline.to_owned()));
        assert_eq!(chosen(&quarters(), "2026-Q3"), both("20261001T060000Z", "20260701T060000Z"));
        assert_eq!(chosen(&quarters(), "2026-Q2"), both("20260701T060000Z", "20260401T060000Z"));
        let choice = select(&quarters(), Some("2026-Q3"), None, None).unwrap().choice();
        assert_eq!((choice.after_end, choice.baseline_after_start), (Some(6 * 3_600), Some(6 * 3_600)));
        assert_eq!(time::format(choice.covered_until), "2026-09-30T23:59:59Z");
    }

    #[test]
    fn a_period_beyond_the_evidence_is_covered_as_far_as_its_snapshot() {
        let beyond = select(&quarters(), Some("2026-Q4"), None, None).unwrap();
        assert_eq!((beyond.snapshot.as_str(), beyond.period), ("20261001T060000Z", Period::parse("2026-Q4").unwrap()));
        assert_eq!(
            beyond.baseline.as_ref().map(SnapshotId::as_str),
            Some("20260701T060000Z"),
            "never the state itself"
        );
        let choice = beyond.choice();
        assert_eq!(time::format(choice.covered_until), "2026-10-01T06:00:00Z");
        assert_eq!(choice.after_end, Some(6 * 3_600 - 92 * 86_400));
    }

    #[test]
    fn a_snapshot_within_the_grace_shows_the_state_and_a_later_one_does_not() {
        let sixteen = taken(&["20260620T000000Z", "20260920T000000Z", "20261016T000000Z"]);
        assert_eq!(chosen(&sixteen, "2026-Q3").0, "20261016T000000Z", "fifteen days to the second");
        let later = taken(&["20260620T000000Z", "20260920T000000Z", "20261016T000001Z"]);
        assert_eq!(chosen(&later, "2026-Q3"), ("20260920T000000Z".to_owned(), Some("20260620T000000Z".to_owned())));
        let sharp = taken(&["20261001T000000Z", "20261002T000000Z"]);
        assert_eq!(chosen(&sharp, "2026-Q3"), ("20261001T000000Z".to_owned(), None), "at the end counts as after it");
        assert_eq!(chosen(&later[..2], "2026-09-20..2026-09-20").0, "20260920T000000Z");
        let error = select(&later[2..], Some("2026-Q3"), None, None).unwrap_err();
        assert!(matches!(&error, Error::NoState { grace_days: 15, .. }), "{error}");
    }

    #[test]
    fn names_win_and_must_fit() {
        let ids = quarters();
        let later = select(&ids, Some("2026-Q2"), Some("latest"), None).unwrap();
        assert_eq!(
            (later.snapshot.as_str(), later.baseline.unwrap().as_str()),
            ("20261001T060000Z", "20260401T060000Z")
        );
        assert_eq!(select(&ids, None, None, Some("none")).unwrap().baseline, None);
        assert_eq!(select(&ids, None, None, Some("auto")).unwrap(), select(&ids, None, None, None).unwrap());
        assert!(matches!(select(&[], None, None, None), Err(Error::NoSnapshots)));
        assert!(matches!(select(&[], Some("2026-Q3"), None, None), Err(Error::NoSnapshots)));
        assert!(matches!(select(&ids, None, Some("20270101T060000Z"), None), Err(Error::NoSuchSnapshot { .. })));
        assert!(matches!(select(&ids, None, Some("newest"), None), Err(Error::Usage { .. })));
        let same = select(&ids, None, Some("20260401T060000Z"), Some("20260401T060000Z"));
        assert!(matches!(same, Err(Error::Usage { .. })));
    }

    proptest::proptest! {
        #[test]
        fn no_snapshot_is_nearer_to_the_ends_than_the_chosen_ones(days in proptest::collection::btree_set(0_i64..400, 1..12)) {
            let first = time::parse("2026-01-01T06:00:00Z").unwrap();
            let ids: Vec<SnapshotId> = days.iter().map(|day| SnapshotId::of(first + Duration::days(*day))).collect();
            let Ok(chosen) = select(&ids, Some("2026-Q3"), None, None) else {
                // Only where every snapshot is more than the grace after the end.
                proptest::prop_assert!(ids[0].as_of() > time::parse("2026-10-16T00:00:00Z").unwrap());
                return Ok(());
            };
            let fits = |id: &SnapshotId, at: Timestamp, ids: &[SnapshotId]| {
                let inside = |t: Timestamp| at <= t && t <= at + Duration::days(15);
                let nearer = |other: &&SnapshotId| if inside(id.as_of()) {
                    at <= other.as_of() && other.as_of() < id.as_of()
                } else {
                    inside(other.as_of()) || (id.as_of() < other.as_of() && other.as_of() < at)
                };
                !ids.iter().any(|other| nearer(&other)) && (inside(id.as_of()) || id.as_of() < at)
            };
            proptest::prop_assert!(fits(&chosen.snapshot, chosen.period.after(), &ids));
            let older: Vec<SnapshotId> = ids.iter().filter(|id| **id < chosen.snapshot).cloned().collect();
            match &chosen.baseline {
                Some(baseline) => proptest::prop_assert!(*baseline < chosen.snapshot && fits(baseline, chosen.period.start, &older)),
                None => proptest::prop_assert!(older.iter().all(|id| id.as_of() - chosen.period.start > Duration::days(15))),
            }
        }
    }
}
