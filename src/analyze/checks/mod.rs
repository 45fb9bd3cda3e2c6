//! The analyzers, one file each, and their registry.

pub(super) mod access;
mod change_events;
mod change_rows;
mod changes;
mod inactive_seats;
mod offboarding;
mod orphaned_access;
mod orphaned_grants;
mod orphaned_rows;
mod owner_coverage;
mod owners;
mod privileged_activity;
mod seat_bridge;
mod seat_spend;

use super::Check;
use crate::model::{
    coverage::Source,
    outcome::{CellKind, ColumnSpec, Privacy, RuleSpec},
    verdict::{Severity, Verdict},
};

/// Every analyzer, in the order of reports.
pub(crate) static REGISTRY: [Check; 8] = [
    inactive_seats::CHECK,
    orphaned_access::CHECK,
    owner_coverage::CHECK,
    seat_spend::CHECK,
    offboarding::CHECK,
    changes::CHECK,
    privileged_activity::CHECK,
    access::CHECK,
];

/// A public column.
const fn column(name: &'static str, kind: CellKind, doc: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, privacy: Privacy::Public, doc }
}

/// A column of personal values.
const fn personal(name: &'static str, kind: CellKind, doc: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, privacy: Privacy::Personal, doc }
}

/// A rule.
const fn rule(id: &'static str, verdict: Verdict, severity: Severity, doc: &'static str) -> RuleSpec {
    RuleSpec { id, verdict, severity, doc }
}

/// The rule of gaps, the same in every analyzer.
const MISSING: RuleSpec =
    rule("source-missing", Verdict::Unknown, Severity::High, "A source that this rests on could not be seen.");

/// Sources that the population needs: all that any analyzer needs.
const ALL_NEEDS: &[Source] = &[
    Source::Members,
    Source::ResourceGroups,
    Source::Repos,
    Source::GatedAccess,
    Source::Tokens,
    Source::ServiceAccounts,
    Source::Scim,
    Source::AuditLog,
];

/// `1 day`, `2 days`: a count with its noun.
fn count(n: impl Into<i64>, noun: &str) -> String {
    let n = n.into();
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
