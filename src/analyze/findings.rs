//! Open findings: each rule of a row that needs somebody and that no exception covers.

use super::{exceptions, judged::Judged};
use crate::model::{
    exception::ExceptionOutcome,
    outcome::{Cell, Meta},
    verdict::{Severity, Verdict},
};

/// A rule that applies to a subject and needs somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Analyzer id.
    pub analyzer: &'static str,
    /// Kind of the subject.
    pub subject_kind: &'static str,
    /// The subject.
    pub subject: String,
    /// The analyzer's column `resource`; empty where it has none.
    pub resource: String,
    /// Rule id.
    pub rule: &'static str,
    /// `fail`, `review` or `unknown`; `accepted` where an exception covers it.
    pub verdict: Verdict,
    /// Severity.
    pub severity: Severity,
}

/// The findings of one row of an organization, the accepted ones included, worst first.
pub(super) fn of(meta: &'static Meta, row: &Judged, org: &str, exceptions: &[ExceptionOutcome]) -> Vec<Finding> {
    let resource = match row.cell(meta, "resource") {
        Cell::Text(text) => text.clone(),
        _ => String::new(),
    };
    let mut found: Vec<Finding> = Vec::new();
    for hit in row.hits().iter().filter(|hit| hit.verdict.is_open()) {
        if found.iter().any(|finding| finding.rule == hit.rule) {
            continue;
        }
        let accepted = exceptions::is_accepted(exceptions, org, (meta, row), hit);
        found.push(Finding {
            analyzer: meta.id,
            subject_kind: row.subject_kind,
            subject: row.subject.clone(),
            resource: resource.clone(),
            rule: hit.rule,
            verdict: if accepted { Verdict::Accepted } else { hit.verdict },
            severity: hit.severity,
        });
    }
    found
}
