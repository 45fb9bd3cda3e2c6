//! `manifest.json`: the sealed description of a snapshot.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{
    coverage::{Coverage, Plan, Source},
    evidence::Request,
    ids::{OrgName, SnapshotId},
    import::Import,
    time::Timestamp,
};

/// Value of [`Manifest::format`].
pub const FORMAT: &str = "rollcall.snapshot/1";

/// Everything a reader must know about a snapshot before believing a row of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`]; a reader refuses any other.
    pub format: String,
    /// The tool that collected.
    pub tool: Tool,
    /// Identity, [`as_of`](Self::as_of) in compact form.
    pub id: SnapshotId,
    /// The organization as it was asked for.
    pub org: OrgName,
    /// Instant the collection started, whole seconds; every age is counted from here.
    pub as_of: Timestamp,
    /// Wall clock when the (last) attempt started.
    pub started_at: Timestamp,
    /// Wall clock when the last source was read.
    pub finished_at: Timestamp,
    /// The Hub's own clock at the first and the last answer: the witness of `as_of`.
    pub hub_clock: HubClock,
    /// Whether `as_of` lies more than 24 h before the first answer: then somebody chose the date, and every report says so.
    pub dated_by_hand: bool,
    /// Whether it was read from the sample organization: nothing in it is real, and every page says so.
    pub sample: bool,
    /// Base URL of the Hub.
    pub endpoint: String,
    /// Whose token read.
    pub collector: Collector,
    /// Plan and where it is known from.
    pub plan: PlanFact,
    /// Per source, all of [`Source::ALL`].
    pub sources: BTreeMap<Source, SourceRecord>,
    /// The newest snapshot, this one included, whose list of members was read whole; `None` when there is none. Who is not
    /// on a list that was not read whole may have been a member all the same.
    pub members_listed_at: Option<Timestamp>,
    /// Files that were read in place of, or beside, the Hub; in the order of their sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Import>,
    /// Per table that was written.
    pub tables: BTreeMap<String, TableRecord>,
    /// The audit log and its archive.
    pub audit: Audit,
    /// SHA-256 of the effective configuration in canonical JSON.
    pub config_sha256: String,
    /// The snapshot before this one in the same store; `None` for the first.
    pub previous: Option<Previous>,
}

/// What the Hub's clock said, from the `Date` header of its answers.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HubClock {
    /// `Date` of the first answer; where the Hub sends none, when the first request left by this machine's clock.
    pub first: Option<Timestamp>,
    /// `Date` of the last answer, or the same of the last request.
    pub last: Option<Timestamp>,
    /// `hub`, or `machine` where the Hub sends no `Date`.
    pub from: String,
}

/// Minutes by which `as_of` may lie after the first answer: what clocks and the way explain.
const AHEAD_MINUTES: i64 = 5;

/// Hours by which `as_of` may lie before the first answer: a collection can be resumed for as long.
const BEHIND_HOURS: i64 = 24;

impl HubClock {
    /// What the answers of one collection say. Those taken over from an earlier snapshot do not count.
    ///
    /// The first answer is that to whoami, which is asked alone; where it has no `Date`, the oldest of all.
    #[must_use]
    pub fn of<'r>(sources: impl IntoIterator<Item = (&'r Source, &'r SourceRecord)>) -> Self {
        let of_record = |(source, record): (&'r Source, &'r SourceRecord)| {
            let own = record.requests.iter().filter(|request| request.from_snapshot.is_none());
            own.map(move |request| (*source, request))
        };
        let requests: Vec<_> = sources.into_iter().flat_map(of_record).collect();
        let dates = || requests.iter().filter_map(|(source, request)| Some((*source, request.date?)));
        let whoami = dates().find(|(source, _)| *source == Source::Whoami).map(|(_, date)| date);
        let first = whoami.or_else(|| dates().map(|(_, date)| date).min());
        if first.is_some() {
            return Self { first, last: dates().map(|(_, date)| date).max(), from: "hub".to_owned() };
        }
        let sent = || requests.iter().map(|(_, request)| request.started_at);
        Self { first: sent().min(), last: sent().max(), from: "machine".to_owned() }
    }

    /// Whether it is the Hub's own clock, and not the machine's in its place.
    #[must_use]
    pub fn is_of_hub(&self) -> bool {
        self.from == "hub"
    }

    /// Whether `as_of` lies so far after the first answer that it cannot be when the collection started.
    #[must_use]
    pub fn is_before(&self, as_of: Timestamp) -> bool {
        self.first.is_some_and(|first| as_of - first > TimeDelta::minutes(AHEAD_MINUTES))
    }

    /// Whether `as_of` lies so far before the first answer that somebody, or a wrong clock, chose it.
    #[must_use]
    pub fn is_dated_by_hand(&self, as_of: Timestamp) -> bool {
        self.first.is_some_and(|first| first - as_of > TimeDelta::hours(BEHIND_HOURS))
    }
}

/// Name and version of the tool.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Tool {
    /// `rollcall`.
    pub name: String,
    /// Semantic version.
    pub version: String,
}

/// Whose token read, from `/api/whoami-v2`. Never the token.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Collector {
    /// `name`.
    pub login: String,
    /// `id`.
    pub user_id: Option<String>,
    /// `auth.type`, for example `access_token`.
    pub auth_type: Option<String>,
    /// `auth.accessToken.role`: `read`, `write`, `fineGrained`.
    pub token_role: Option<String>,
    /// `auth.accessToken.createdAt`; tells the collector's own token among the members' tokens.
    pub token_created_at: Option<Timestamp>,
    /// `auth.accessToken.displayName`.
    pub token_name: Option<String>,
    /// Permissions of a fine-grained token for this organization, sorted; empty for others.
    pub permissions: Vec<String>,
    /// `orgs[].id` of this organization.
    pub org_id: Option<String>,
    /// `orgs[].roleInOrg`; `None` when the token's owner is not a member.
    pub role_in_org: Option<String>,
    /// `orgs[].securityRestrictions`, sorted: why this credential cannot see the organization right now.
    pub security_restrictions: Vec<String>,
}

/// The plan and its origin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlanFact {
    /// Wire value: `team`, `enterprise`, `plus`, `academia`; `free` when the Hub names none.
    pub name: String,
    /// `configuration`, `whoami`, `overview` or `default`.
    pub from: String,
}

impl PlanFact {
    /// The plan as a value.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan::of(&self.name)
    }
}

/// What became of one source.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Coverage.
    pub coverage: Coverage,
    /// Why it is not `collected`, in one sentence without secrets, and which fields its rows leave out; `None` when
    /// there is nothing to say.
    pub why: Option<String>,
    /// Rows read.
    pub rows: u64,
    /// Every request made for it, in the order of their `raw` numbers.
    pub requests: Vec<Request>,
    /// Counts the Hub states itself (`totalResults`, `numUsers`), to be tied to `rows`.
    pub tie_outs: BTreeMap<String, i64>,
}

impl SourceRecord {
    /// Lowers it to `partial`, keeping what was already known to be missing.
    pub fn make_partial(&mut self, why: &str) {
        self.coverage = Coverage::Partial;
        self.why = Some(match self.why.take() {
            Some(before) => format!("{before}; {why}"),
            None => why.to_owned(),
        });
    }
}

/// One table file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TableRecord {
    /// Rows.
    pub rows: u64,
    /// Columns in file order.
    pub columns: Vec<ColumnRecord>,
    /// SHA-256 of the Parquet file, hexadecimal.
    pub sha256: String,
}

/// One column of a table file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ColumnRecord {
    /// Name.
    pub name: String,
    /// `text`, `integer`, `boolean`, `timestamp[us, UTC]`, `date`, `list<text>`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The audit log as this snapshot sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Audit {
    /// Events that this snapshot brought and no earlier one had.
    pub events_new: u64,
    /// Events of the archive that this snapshot reads.
    pub events_in_archive: u64,
    /// Oldest event of the archive; `None` when it is empty.
    pub oldest: Option<Timestamp>,
    /// Newest event of the archive.
    pub newest: Option<Timestamp>,
    /// Oldest event of the continuous stretch that ends at `as_of`; `None` when there is none.
    pub observed_since: Option<Timestamp>,
    /// Stretches between two exports that share no event.
    pub log_gaps: Vec<LogGap>,
    /// Event types outside the declared list, with their counts in this export.
    pub unknown_types: BTreeMap<String, u64>,
    /// Files of the archive that this snapshot reads, by path relative to the organization's folder.
    pub parts: BTreeMap<String, String>,
}

/// A stretch of time in which the log was not seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogGap {
    /// Newest event known before it.
    pub from: Timestamp,
    /// Oldest event known after it, or `as_of` when the export was empty.
    pub to: Timestamp,
}

/// Link to the snapshot before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Previous {
    /// Its id.
    pub id: SnapshotId,
    /// SHA-256 of its `manifest.json`.
    pub sha256: String,
}

impl Manifest {
    /// The imported file of a source.
    #[must_use]
    pub fn import(&self, source: Source) -> Option<&Import> {
        self.imports.iter().find(|import| import.source == source)
    }

    /// Coverage of a source; a source that the manifest does not name was not asked for.
    #[must_use]
    pub fn coverage(&self, source: Source) -> Coverage {
        self.sources.get(&source).map_or(Coverage::NotRequested, |s| s.coverage)
    }

    /// Whether `source` is a hole in this snapshot's evidence.
    #[must_use]
    pub fn is_gap(&self, source: Source) -> bool {
        self.coverage(source).is_gap(source, &self.plan.plan())
    }

    /// Sources that were read whole and still leave out fields, with what they leave out.
    pub fn hidden_fields(&self) -> impl Iterator<Item = (Source, &str)> {
        let collected = self.sources.iter().filter(|(_, record)| record.coverage == Coverage::Collected);
        collected.filter_map(|(source, record)| Some((*source, record.why.as_deref()?)))
    }

    /// Why a source is not `collected`, or an empty text.
    #[must_use]
    pub fn why(&self, source: Source) -> &str {
        self.sources.get(&source).and_then(|s| s.why.as_deref()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time;

    /// A source that was asked once, at second `sent`, and answered with a `Date` of second `date`.
    fn asked(sent: i64, date: Option<i64>) -> SourceRecord {
        let at = |second: i64| time::parse("2026-10-01T06:00:00Z").unwrap() + TimeDelta::seconds(second);
        let request = Request {
            method: "GET".to_owned(),
            url: "https://hub.example/".to_owned(),
            status: Some(200),
            started_at: at(sent),
            date: date.map(at),
            ms: 1,
            bytes: 2,
            sha256: None,
            rows: None,
            raw: None,
            attempts: 1,
            error: None,
            next: None,
            link_unreadable: false,
            from_snapshot: None,
        };
        let (coverage, requests) = (Coverage::Collected, vec![request]);
        SourceRecord { coverage, why: None, rows: 0, requests, tie_outs: BTreeMap::new() }
    }

    /// The clock of sources as seconds after the start, with its origin.
    fn clock(sources: &[(Source, SourceRecord)]) -> (i64, i64, String) {
        let clock = HubClock::of(sources.iter().map(|(source, record)| (source, record)));
        let second = |t: Option<Timestamp>| (t.unwrap() - time::parse("2026-10-01T06:00:00Z").unwrap()).num_seconds();
        (second(clock.first), second(clock.last), clock.from)
    }

    #[test]
    fn the_first_answer_is_that_to_whoami_and_answers_taken_over_do_not_count() {
        let whoami = (Source::Whoami, asked(0, Some(10)));
        let members = (Source::Members, asked(1, Some(5)));
        let mut carried = (Source::Commits, asked(-900, Some(-900)));
        carried.1.requests[0].from_snapshot = Some(SnapshotId::of(time::parse("2026-09-01T06:00:00Z").unwrap()));
        let tokens = (Source::Tokens, asked(2, Some(12)));
        let all = [carried.clone(), whoami, members.clone(), tokens];
        assert_eq!(clock(&all), (10, 12, "hub".to_owned()));
        assert_eq!(clock(&[members, (Source::Whoami, asked(0, None))]), (5, 5, "hub".to_owned()));
        let silent = [carried, (Source::Whoami, asked(3, None)), (Source::Members, asked(4, None))];
        assert_eq!(clock(&silent), (3, 4, "machine".to_owned()));
    }

    #[test]
    fn five_minutes_ahead_and_a_day_behind_are_in_time() {
        let first = time::parse("2026-10-01T06:00:00Z").unwrap();
        let clock = HubClock { first: Some(first), last: Some(first), from: "hub".to_owned() };
        let seconds = TimeDelta::seconds;
        assert!(!clock.is_before(first + seconds(300)) && clock.is_before(first + seconds(301)));
        assert!(!clock.is_dated_by_hand(first - seconds(86_400)) && clock.is_dated_by_hand(first - seconds(86_401)));
        assert!(!HubClock::default().is_before(first) && !HubClock::default().is_dated_by_hand(first));
    }
}
