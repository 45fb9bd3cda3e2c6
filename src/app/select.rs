//! Which snapshot a report is about, over which period, and against which baseline. Pure: no disk, no clock.

use chrono::{Datelike as _, Duration, NaiveDate};

use super::error::Error;
use crate::model::{
    ids::SnapshotId,
    time::{self, Timestamp},
};

/// Days under review when nobody names a period.
const DEFAULT_DAYS: i64 = 90;

/// A stretch of time; both ends belong to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Period {
    /// First instant.
    pub(super) start: Timestamp,
    /// Last instant.
    pub(super) end: Timestamp,
}

impl Period {
    /// Parses `2026-Q3`, `2026-09` or `FROM..TO`, where both are days or instants and `TO` belongs to the period.
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

    /// Whether an instant belongs to it.
    fn contains(&self, t: Timestamp) -> bool {
        self.start <= t && t <= self.end
    }
}

/// Some months of a year.
fn months(year: &str, first: u32, count: u32) -> Option<Period> {
    let year: i32 = year.parse().ok().filter(|_| year.len() == 4)?;
    let start = NaiveDate::from_ymd_opt(year, first, 1)?;
    let last = start.checked_add_months(chrono::Months::new(count))?.with_day(1)?;
    Some(Period { start: time::start_of(start), end: time::start_of(last) - Duration::seconds(1) })
}

/// From one end to the other.
fn between(from: &str, to: &str) -> Option<Period> {
    let start = time::parse(from)?;
    let end = match time::parse_date(to) {
        Some(day) => time::start_of(time::day_after(day)) - Duration::seconds(1),
        None => time::parse(to)?,
    };
    Some(Period { start, end })
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
}

impl Asked {
    /// Parses the flags.
    ///
    /// # Errors
    /// When a period or an id makes no sense.
    pub(super) fn parse(period: Option<&str>, snapshot: Option<&str>, baseline: Option<&str>) -> Result<Self, Error> {
        let period = period.map(|text| Period::parse(text).map(|period| (text.to_owned(), period))).transpose()?;
        let snapshot = Which::parse("--snapshot", snapshot, "latest", None)?;
        let baseline = Which::parse("--baseline", baseline, "none", Some("auto"))?;
        Ok(Self { period, snapshot, baseline })
    }

    /// Chooses among the snapshots of an organization, which are sorted oldest first.
    ///
    /// A named snapshot wins; else the newest inside the period; else the newest of all. The baseline is the newest at
    /// or before the start of the period.
    ///
    /// # Errors
    /// When nothing fits.
    pub(super) fn select(&self, ids: &[SnapshotId]) -> Result<Selection, Error> {
        let there = |id: &SnapshotId| {
            if ids.contains(id) {
                Ok(id.clone())
            } else {
                Err(Error::NoSuchSnapshot { id: id.clone(), there: listed(ids) })
            }
        };
        let chosen = match (&self.snapshot, &self.period) {
            (Which::Id(id), _) => Some(there(id)?),
            (Which::Default, Some((_, within))) => ids.iter().rfind(|id| within.contains(id.as_of())).cloned(),
            (Which::Default | Which::Word, _) => ids.last().cloned(),
        };
        let Some(snapshot) = chosen else {
            let period = self.period.as_ref().map_or_else(|| "any time".to_owned(), |(text, _)| text.clone());
            return Err(Error::NoneInside { period, there: listed(ids) });
        };
        let period = self.period.as_ref().map_or_else(|| Period::before(snapshot.as_of()), |(_, period)| *period);
        let baseline = match &self.baseline {
            Which::Word => None,
            Which::Default => ids.iter().rfind(|id| id.as_of() <= period.start && **id < snapshot).cloned(),
            Which::Id(id) => Some(there(id)?),
        };
        if let Some(baseline) = baseline.as_ref().filter(|baseline| **baseline >= snapshot) {
            return Err(Error::usage(
                format!("the baseline {baseline} is not older than the snapshot {snapshot}"),
                "name an older snapshot with --baseline, or leave it to `auto`",
            ));
        }
        Ok(Selection { snapshot, baseline, period })
    }
}

/// The snapshot of a flag or argument: an id, or `latest`, which is the default. `ids` are sorted, oldest first.
///
/// # Errors
/// When the text is no id, or there is no such snapshot.
pub(super) fn one(flag: &str, text: Option<&str>, ids: &[SnapshotId]) -> Result<SnapshotId, Error> {
    Asked { snapshot: Which::parse(flag, text, "latest", None)?, baseline: Which::Word, period: None }
        .select(ids)
        .map(|selection| selection.snapshot)
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
    fn periods_hold_their_last_day() {
        assert_eq!(ends("2026-Q3"), ("2026-07-01T00:00:00Z".to_owned(), "2026-09-30T23:59:59Z".to_owned()));
        assert_eq!(ends("2026-Q4").1, "2026-12-31T23:59:59Z");
        assert_eq!(ends("2028-02").1, "2028-02-29T23:59:59Z");
        assert_eq!(ends("2026-07-01..2026-07-01").1, "2026-07-01T23:59:59Z");
        assert_eq!(ends("2026-07-01T06:00:00Z..2026-07-02T06:00:00+02:00").1, "2026-07-02T04:00:00Z");
        for wrong in ["2026", "2026-Q5", "2026-13", "26-Q1", "2026-7", "2026-09-30..2026-09-01", "a..b", ""] {
            assert!(Period::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// Parses and selects.
    fn select(
        ids: &[SnapshotId],
        period: Option<&str>,
        snapshot: Option<&str>,
        baseline: Option<&str>,
    ) -> Result<Selection, Error> {
        Asked::parse(period, snapshot, baseline)?.select(ids)
    }

    #[test]
    fn the_newest_snapshot_and_the_quarter_before_are_the_default() {
        let chosen = select(&quarters(), None, None, None).unwrap();
        assert_eq!(chosen.snapshot.as_str(), "20261001T060000Z");
        assert_eq!(chosen.baseline.unwrap().as_str(), "20260701T060000Z");
        assert_eq!(time::format(chosen.period.start), "2026-07-03T06:00:00Z");
    }

    #[test]
    fn a_period_picks_the_newest_inside_and_the_newest_before() {
        let chosen = select(&quarters(), Some("2026-02-01..2026-09-30"), None, None).unwrap();
        assert_eq!(chosen.snapshot.as_str(), "20260701T060000Z");
        assert_eq!(chosen.baseline.unwrap().as_str(), "20260101T060000Z");
        let sharp = select(&quarters(), Some("2026-07-01T06:00:00Z..2026-12-31"), None, None).unwrap();
        assert_eq!(sharp.baseline.unwrap().as_str(), "20260701T060000Z", "at the start counts as before it");
        let first = select(&quarters(), Some("2026-Q1"), None, None).unwrap();
        assert_eq!((first.snapshot.as_str(), first.baseline), ("20260101T060000Z", None));
        assert!(matches!(select(&quarters(), Some("2025-Q1"), None, None), Err(Error::NoneInside { .. })));
    }

    #[test]
    fn names_win_and_must_fit() {
        let ids = quarters();
        let later = select(&ids, Some("2026-Q3"), Some("latest"), None).unwrap();
        assert_eq!(
            (later.snapshot.as_str(), later.baseline.unwrap().as_str()),
            ("20261001T060000Z", "20260401T060000Z")
        );
        assert_eq!(select(&ids, None, None, Some("none")).unwrap().baseline, None);
        assert_eq!(select(&ids, None, None, Some("auto")).unwrap(), select(&ids, None, None, None).unwrap());
        assert!(matches!(select(&[], None, None, None), Err(Error::NoneInside { .. })));
        assert!(matches!(select(&ids, None, Some("20270101T060000Z"), None), Err(Error::NoSuchSnapshot { .. })));
        assert!(matches!(select(&ids, None, Some("newest"), None), Err(Error::Usage { .. })));
        let same = select(&ids, None, Some("20260401T060000Z"), Some("20260401T060000Z"));
        assert!(matches!(same, Err(Error::Usage { .. })));
    }
}
