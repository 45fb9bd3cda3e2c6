//! What became of a source: every request, every failure, and the coverage that follows from them.

use std::collections::BTreeMap;

use super::read::{Failure, Part};
use crate::model::{
    coverage::{Coverage, Plan, Source},
    evidence::Request,
    manifest::SourceRecord,
};

/// Reasons that a record spells out; more are counted.
const REASONS: usize = 3;

/// The account of one source while it is read.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Ledger {
    /// The source.
    source: Source,
    /// Requests made.
    requests: Vec<Request>,
    /// Lists and documents read to their end.
    whole: u64,
    /// What was not.
    failures: Vec<Failure>,
    /// What the answers leave out although they were read whole.
    hidden: Vec<String>,
    /// Rows of the main table.
    pub(super) rows: u64,
    /// Counts the Hub states itself.
    pub(super) tie_outs: BTreeMap<String, i64>,
}

impl Ledger {
    /// An empty account.
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            requests: Vec::new(),
            whole: 0,
            failures: Vec::new(),
            hidden: Vec::new(),
            rows: 0,
            tie_outs: BTreeMap::new(),
        }
    }

    /// Enters a part; hands back its items.
    pub(super) fn take<T>(&mut self, part: Part<T>) -> Vec<T> {
        match part.failure {
            Some(failure) => self.failures.push(failure),
            None => self.whole += 1,
        }
        self.requests.extend(part.requests);
        part.items
    }

    /// Enters requests whose outcome is judged elsewhere.
    pub(super) fn requests(&mut self, requests: Vec<Request>) {
        self.requests.extend(requests);
    }

    /// Enters something read to its end.
    pub(super) fn whole(&mut self) {
        self.whole += 1;
    }

    /// Enters that what was read may leave things out. Where nothing could be read, there is already a reason for that.
    pub(super) fn leaves_out(&mut self, why: &str) {
        let nothing = self.whole == 0 && self.rows == 0;
        if !nothing || self.failures.is_empty() {
            self.whole();
            self.hole(why);
        }
    }

    /// Enters a hole.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.failures.push(failure);
    }

    /// Enters a hole that is no refusal.
    pub(super) fn hole(&mut self, why: impl Into<String>) {
        self.failures.push(Failure::hole(why));
    }

    /// Enters a field that is missing from `n` rows: read, and still not seen.
    pub(super) fn hides(&mut self, field: &str, n: usize) {
        if n > 0 {
            self.hidden.push(format!("{field} is not visible on {n} of {} rows", self.rows));
        }
    }

    /// Status of the first refusal.
    pub(super) fn first_status(&self) -> Option<u16> {
        self.failures.first().and_then(|failure| failure.status)
    }

    /// The record, given the organization's plan.
    pub(super) fn record(mut self, plan: &Plan) -> SourceRecord {
        let nothing = self.whole == 0 && self.rows == 0;
        let coverage = match self.failures.first() {
            None => Coverage::Collected,
            Some(first) if nothing => coverage(self.source, first.status, plan),
            Some(_) => Coverage::Partial,
        };
        let failed = (!self.failures.is_empty()).then(|| reasons(&self.failures, coverage));
        let notes: Vec<String> = failed.into_iter().chain(self.hidden).collect();
        let why = (!notes.is_empty()).then(|| notes.join("; "));
        self.requests.sort_by(|a, b| {
            let key = |r: &Request| (r.raw.is_none(), r.raw.clone(), r.started_at, r.url.clone());
            key(a).cmp(&key(b))
        });
        SourceRecord { coverage, why, rows: self.rows, requests: self.requests, tie_outs: self.tie_outs }
    }
}

/// The record of a source that was not read.
pub(super) fn unread(coverage: Coverage, why: impl Into<String>) -> SourceRecord {
    SourceRecord { coverage, why: Some(why.into()), rows: 0, requests: Vec::new(), tie_outs: BTreeMap::new() }
}

/// The coverage of a source of which nothing was read.
fn coverage(source: Source, status: Option<u16>, plan: &Plan) -> Coverage {
    match status {
        Some(402) => Coverage::PlanRequired,
        Some(403 | 404) if !plan.includes(source) => Coverage::PlanRequired,
        Some(401 | 403) => Coverage::Forbidden,
        Some(404) => Coverage::Absent,
        _ => Coverage::Failed,
    }
}

/// The reasons in one line. Where the plan lacks the source no permission would help, so none is named.
fn reasons(failures: &[Failure], coverage: Coverage) -> String {
    let mut all: Vec<String> = Vec::new();
    for failure in failures {
        let why = match failure.needs.filter(|_| coverage != Coverage::PlanRequired) {
            Some(permission) => format!("{} (a fine-grained token needs `{permission}`)", failure.why),
            None => failure.why.clone(),
        };
        if !all.contains(&why) {
            all.push(why);
        }
    }
    let more = all.len().saturating_sub(REASONS);
    let mut line = all[..all.len() - more].join("; ");
    if more > 0 {
        line = format!("{line}; and {more} more");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A part with a number of items and perhaps a failure.
    fn part(items: usize, failure: Option<(Option<u16>, &str)>) -> Part<usize> {
        let failure = failure.map(|(status, why)| Failure { status, why: why.to_owned(), needs: None });
        Part { items: (0..items).collect(), requests: Vec::new(), failure }
    }

    /// The coverage of a source of which one list was read.
    fn of_one(source: Source, plan: &str, items: usize, failure: Option<u16>) -> Coverage {
        let mut ledger = Ledger::new(source);
        ledger.rows = ledger.take(part(items, Some((failure, "x")))).len() as u64;
        ledger.record(&Plan::of(plan)).coverage
    }

    #[test]
    fn a_refusal_is_told_from_a_missing_plan() {
        use Coverage::{Absent, Failed, Forbidden, PlanRequired};
        for (source, plan, status, coverage) in [
            (Source::Members, "free", 401, Forbidden),
            (Source::Members, "free", 403, Forbidden),
            (Source::Members, "free", 404, Absent),
            (Source::Tokens, "free", 403, PlanRequired),
            (Source::Tokens, "free", 401, Forbidden),
            (Source::Tokens, "team", 403, Forbidden),
            (Source::Tokens, "team", 402, PlanRequired),
            (Source::Scim, "academia", 404, PlanRequired),
            (Source::Scim, "enterprise", 404, Absent),
            (Source::NetworkSecurity, "enterprise", 403, PlanRequired),
            (Source::NetworkSecurity, "unknown", 403, Forbidden),
            (Source::Tokens, "free", 400, Failed),
            (Source::Tokens, "free", 500, Failed),
        ] {
            assert_eq!(of_one(source, plan, 0, Some(status)), coverage, "{source} on {plan}: {status}");
        }
        assert_eq!(of_one(Source::Members, "team", 0, None), Failed);
    }

    #[test]
    fn what_was_read_before_a_failure_makes_it_partial() {
        assert_eq!(of_one(Source::Members, "team", 3, None), Coverage::Partial);
        assert_eq!(of_one(Source::Members, "team", 3, Some(403)), Coverage::Partial);
        let mut ledger = Ledger::new(Source::Repos);
        ledger.take(part(0, None));
        ledger.take(part(0, Some((Some(403), "no"))));
        assert_eq!(ledger.record(&Plan::Team).coverage, Coverage::Partial, "one list was read whole, though empty");
    }

    #[test]
    fn reasons_are_few_and_not_repeated() {
        let mut ledger = Ledger::new(Source::Repos);
        for why in ["a", "b", "a", "c", "d", "e"] {
            ledger.hole(why);
        }
        assert_eq!(ledger.record(&Plan::Team).why.as_deref(), Some("a; b; c; and 2 more"));
        assert_eq!(Ledger::new(Source::Repos).record(&Plan::Team).why, None);
    }
}
