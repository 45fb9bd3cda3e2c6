//! Accepted risks: which rows an exception covers, and what is wrong with exceptions themselves.

use std::collections::BTreeSet;

use globset::GlobBuilder;

use super::judged::{Hit, Judged};
use crate::model::{
    exception::{Exception, ExceptionOutcome, ExceptionState},
    ids::fold,
    manifest::Manifest,
    outcome::{Cell, Meta},
    time,
    verdict::Verdict,
};

/// Subjects from which an exception is over-broad.
const MAX_SUBJECTS: usize = 10;
/// Days that an exception may reach ahead.
const MAX_DAYS: i64 = 366;

/// An analyzer and one of its rules.
type Named = (&'static str, &'static str);

/// Rules that say that somebody is not active.
const INACTIVITY: &[Named] = &[
    ("inactive-seats", "inactive"),
    ("inactive-seats", "never-active"),
    ("inactive-seats", "inactivity-unconfirmed"),
    ("seat-spend", "inactive"),
    ("seat-spend", "never-active"),
    ("seat-spend", "unconfirmed"),
    ("owner-coverage", "owner-inactive"),
    ("orphaned-access", "inactive-external"),
];
/// Rules that say that somebody is not active because of a leave.
const LEAVE: &[Named] = &[("inactive-seats", "on-leave"), ("seat-spend", "on-leave")];
/// Rules that say that an invite is stale.
const STALE_INVITE: &[Named] = &[("orphaned-access", "stale-invite"), ("seat-spend", "stale-invite")];

/// What is accepted once is accepted wherever the same fact is judged: an exception for a rule on the left covers each
/// rule on the right. Inactivity covers a leave, which is inactivity with an explanation; a leave that has ended covers
/// nothing.
const SAME_FACT: [(&[Named], &[Named]); 4] =
    [(INACTIVITY, INACTIVITY), (INACTIVITY, LEAVE), (LEAVE, LEAVE), (STALE_INVITE, STALE_INVITE)];

/// Applies the exceptions to the rows of all analyzers and tells what became of each.
///
/// An exception covers `fail` and `review` rules. Where another open rule applies to the same row the row keeps that
/// verdict: accepting one risk must hide neither another nor missing evidence.
pub(crate) fn apply(
    checks: &mut [(&'static Meta, Vec<Judged>)],
    exceptions: &[Exception],
    manifest: &Manifest,
) -> Vec<ExceptionOutcome> {
    let org = manifest.org.as_str();
    let outcomes: Vec<ExceptionOutcome> = exceptions.iter().map(|e| judge(checks, e, manifest)).collect();
    let in_force = || outcomes.iter().filter(|o| o.state == ExceptionState::InForce).map(|o| &o.exception);
    for (meta, rows) in checks {
        let ours: Vec<&Exception> =
            in_force().filter(|e| meta.rules.iter().any(|rule| is_same_fact(e, meta.id, rule.id))).collect();
        for row in rows.iter_mut().filter(|_| !ours.is_empty()) {
            cover(&Place { meta, org }, row, &ours);
        }
    }
    outcomes
}

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    /// Its analyzer.
    meta: &'static Meta,
    /// The organization, which is the resource of rows without a column for it.
    org: &'a str,
}

/// Covers one row with the exceptions in force.
fn cover(place: &Place<'_>, row: &mut Judged, exceptions: &[&Exception]) {
    let exceptions: Vec<&Exception> = exceptions.iter().filter(|e| is_about(place, row, e)).copied().collect();
    let covering = |hit: &Hit| exceptions.iter().find(|e| covers(e, place.meta, hit)).copied();
    let covered: Vec<(&'static str, &Exception)> =
        row.hits().iter().filter_map(|hit| Some((hit.rule, covering(hit)?))).collect();
    if covered.is_empty() {
        return;
    }
    let accepted = row.hits().iter().all(|hit| !hit.verdict.is_open() || covering(hit).is_some());
    let named = row.worst().map(|worst| worst.rule).filter(|_| accepted);
    let notes: Vec<String> = covered.iter().map(|(rule, e)| note(place.meta, rule, named, e)).collect();
    if !accepted {
        for (rule, _) in &covered {
            row.demote(rule);
        }
    }
    row.accept(accepted, notes.join("; "));
}

/// Names an exception and its reason; the rule that it covers is said where it is not the one that names the row.
///
/// Who approved it stands in the section on exceptions alone: not every reader of a row is meant to have the address.
fn note(meta: &Meta, rule: &str, named: Option<&str>, e: &Exception) -> String {
    let rule = if named == Some(rule) { String::new() } else { format!("{rule} ") };
    let elsewhere = e.analyzer != meta.id;
    let under = if elsewhere { format!(" under the exception for {} {}", e.analyzer, e.rule) } else { String::new() };
    format!("{rule}accepted until {}{under}: {}", time::format_date(e.expires), e.reason.trim())
}

/// Whether a rule of an analyzer judges the fact that an exception accepts.
fn is_same_fact(e: &Exception, analyzer: &str, rule: &str) -> bool {
    let is = |names: &[Named], analyzer: &str, rule: &str| names.contains(&(analyzer, rule));
    (e.analyzer == analyzer && e.rule == rule)
        || SAME_FACT.iter().any(|(named, judged)| is(named, &e.analyzer, &e.rule) && is(judged, analyzer, rule))
}

/// Whether an exception in force covers a rule that applies to a row of the organization.
pub(crate) fn is_accepted(
    outcomes: &[ExceptionOutcome],
    org: &str,
    (meta, row): (&'static Meta, &Judged),
    hit: &Hit,
) -> bool {
    let in_force = outcomes.iter().filter(|outcome| outcome.state == ExceptionState::InForce);
    in_force.map(|outcome| &outcome.exception).any(|e| covers(e, meta, hit) && is_about(&Place { meta, org }, row, e))
}

/// Whether an exception covers a rule that applies: only what was judged can be accepted.
fn covers(e: &Exception, meta: &Meta, hit: &Hit) -> bool {
    matches!(hit.verdict, Verdict::Fail | Verdict::Review) && is_same_fact(e, meta.id, hit.rule)
}

/// Whether an exception names a row's subject and resource.
fn is_about(place: &Place<'_>, row: &Judged, e: &Exception) -> bool {
    matches_subject(e, &row.subject)
        && e.resource.as_deref().is_none_or(|resource| match row.cell(place.meta, "resource") {
            Cell::Text(text) => fold(text) == fold(resource),
            _ => !place.meta.columns.iter().any(|c| c.name == "resource") && fold(place.org) == fold(resource),
        })
}

/// Whether an exception covers a rule that applies to a row.
fn matches(place: &Place<'_>, row: &Judged, e: &Exception) -> bool {
    row.hits().iter().any(|hit| covers(e, place.meta, hit)) && is_about(place, row, e)
}

/// Whether an exception names a subject.
fn matches_subject(exception: &Exception, subject: &str) -> bool {
    if !exception.pattern {
        return fold(&exception.subject) == fold(subject);
    }
    GlobBuilder::new(exception.subject.trim())
        .case_insensitive(true)
        .literal_separator(false)
        .build()
        .is_ok_and(|glob| glob.compile_matcher().is_match(subject))
}

/// What becomes of one exception.
fn judge(checks: &[(&'static Meta, Vec<Judged>)], exception: &Exception, manifest: &Manifest) -> ExceptionOutcome {
    let today = manifest.as_of.date_naive();
    let of_analyzer = |(meta, rows): &'_ (&'static Meta, Vec<Judged>)| {
        let place = Place { meta, org: manifest.org.as_str() };
        rows.iter().filter(|row| matches(&place, row, exception)).map(|row| fold(&row.subject)).collect::<Vec<_>>()
    };
    let matched: Vec<String> = checks.iter().flat_map(of_analyzer).collect();
    let subjects: BTreeSet<&String> = matched.iter().collect();
    let ends = time::format_date(exception.expires);
    let days = (exception.expires - today).num_days();
    let (state, note) = if days < 0 {
        (ExceptionState::Expired, format!("expired on {ends}, {} days ago; what it covered counts again", -days))
    } else if days > MAX_DAYS {
        (ExceptionState::TooLong, format!("ends on {ends}, more than {MAX_DAYS} days ahead, and covers nothing"))
    } else if matched.is_empty() {
        (ExceptionState::Unused, "no fail or review matches it; it can be removed".to_owned())
    } else if subjects.len() > MAX_SUBJECTS {
        let n = subjects.len();
        (ExceptionState::OverBroad, format!("matches {n} subjects, more than {MAX_SUBJECTS}, and covers nothing"))
    } else {
        (ExceptionState::InForce, format!("in force until {ends}"))
    };
    ExceptionOutcome { exception: exception.clone(), state, matched: matched.len(), note }
}

/// Every rule that shares its fact with others.
#[cfg(test)]
pub(crate) fn shared() -> impl Iterator<Item = Named> {
    SAME_FACT.iter().flat_map(|(named, judged)| named.iter().chain(*judged)).copied()
}
