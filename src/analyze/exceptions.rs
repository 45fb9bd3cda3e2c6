//! Accepted risks: which rows an exception covers, and what is wrong with exceptions themselves.

use std::collections::BTreeSet;

use globset::GlobBuilder;

use super::judged::Judged;
use crate::model::{
    exception::{Exception, ExceptionOutcome, ExceptionState},
    ids::fold,
    outcome::{Cell, Meta},
    time::{self, Timestamp},
    verdict::Verdict,
};

/// Subjects from which an exception is over-broad.
const MAX_SUBJECTS: usize = 10;
/// Days that an exception may reach ahead.
const MAX_DAYS: i64 = 366;

/// Applies the exceptions to the rows of all analyzers and tells what became of each.
///
/// An exception covers one rule. Where another `fail` or `review` rule applies to the same row the row keeps that
/// verdict: accepting one risk must not hide another.
pub(crate) fn apply(
    checks: &mut [(&'static Meta, Vec<Judged>)],
    exceptions: &[Exception],
    as_of: Timestamp,
) -> Vec<ExceptionOutcome> {
    let outcomes: Vec<ExceptionOutcome> = exceptions.iter().map(|e| judge(checks, e, as_of)).collect();
    for (meta, rows) in checks {
        let in_force: Vec<&Exception> = outcomes
            .iter()
            .filter(|o| o.state == ExceptionState::InForce && o.exception.analyzer == meta.id)
            .map(|o| &o.exception)
            .collect();
        for row in rows.iter_mut().filter(|_| !in_force.is_empty()) {
            cover(meta, row, &in_force);
        }
    }
    outcomes
}

/// Covers one row with the exceptions in force.
fn cover(meta: &Meta, row: &mut Judged, exceptions: &[&Exception]) {
    let covering: Vec<&&Exception> = exceptions.iter().filter(|e| matches(meta, row, e)).collect();
    if covering.is_empty() {
        return;
    }
    let is_covered = |rule: &str| covering.iter().any(|e| e.rule == rule);
    let open = row.hits().iter().any(|hit| needs_decision(hit.verdict) && !is_covered(hit.rule));
    if open {
        for exception in covering {
            row.demote(&exception.rule);
        }
        return;
    }
    let note = row.worst().and_then(|worst| covering.iter().find(|e| e.rule == worst.rule)).map(|e| {
        format!("accepted until {} by {}: {}", time::format_date(e.expires), e.approved_by.trim(), e.reason.trim())
    });
    row.accepted = note;
}

/// Whether a verdict can be accepted.
fn needs_decision(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Review)
}

/// Whether an exception names a rule that applies to a row with a verdict that can be accepted.
fn matches(meta: &Meta, row: &Judged, exception: &Exception) -> bool {
    let rule = row.hits().iter().any(|hit| hit.rule == exception.rule && needs_decision(hit.verdict));
    rule && matches_subject(exception, &row.subject)
        && exception.resource.as_deref().is_none_or(|resource| match row.cell(meta, "resource") {
            Cell::Text(text) => fold(text) == fold(resource),
            _ => false,
        })
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
fn judge(checks: &[(&'static Meta, Vec<Judged>)], exception: &Exception, as_of: Timestamp) -> ExceptionOutcome {
    let today = as_of.date_naive();
    let matched: Vec<&Judged> = checks
        .iter()
        .filter(|(meta, _)| meta.id == exception.analyzer)
        .flat_map(|(meta, rows)| rows.iter().filter(|row| matches(meta, row, exception)))
        .collect();
    let subjects: BTreeSet<String> = matched.iter().map(|row| fold(&row.subject)).collect();
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
