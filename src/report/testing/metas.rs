//! Declarations of the sample's analyzers.

use crate::model::{
    coverage::Source,
    outcome::{CellKind, ColumnSpec, Meta, Privacy, RuleSpec},
    verdict::{Severity, Verdict},
};

/// A column.
const fn col(name: &'static str, kind: CellKind) -> ColumnSpec {
    ColumnSpec { name, kind, privacy: Privacy::Public, doc: "A column." }
}

/// A rule.
const fn rule(id: &'static str, verdict: Verdict, severity: Severity, doc: &'static str) -> RuleSpec {
    RuleSpec { id, verdict, severity, doc }
}

/// `inactive-seats`.
pub(super) static INACTIVE: Meta = Meta {
    id: "inactive-seats",
    question: "Which members hold a seat and show no sign of using it?",
    needs: &[Source::Members, Source::AuditLog, Source::Tokens],
    subjects: &["member"],
    charts: &["idle-days"],
    columns: &[
        col("role", CellKind::Text),
        col("is_external", CellKind::Boolean),
        col("last_active_at", CellKind::Time),
        col("idle_days", CellKind::Integer),
        col("monthly_cost_usd", CellKind::Money),
        col("fullname", CellKind::Text),
    ],
    rules: &[
        rule("inactive", Verdict::Fail, Severity::High, "No sign of activity for the threshold or longer."),
        rule("activity-unknown", Verdict::Unknown, Severity::High, "The log is too young."),
        rule("active", Verdict::Pass, Severity::Info, "A sign of activity younger than the threshold."),
    ],
};

/// `owner-coverage`.
pub(super) static OWNERS: Meta = Meta {
    id: "owner-coverage",
    question: "Is there always somebody who can act?",
    needs: &[Source::Members, Source::ResourceGroups, Source::Repos],
    subjects: &["org", "owner", "resource-group", "repo"],
    charts: &["owners", "owner-states"],
    columns: &[col("owners_on_paper", CellKind::Integer), col("effective_owners", CellKind::Integer)],
    rules: &[rule("single-owner", Verdict::Fail, Severity::High, "Fewer owners than needed.")],
};

/// `orphaned-access`.
pub(super) static ORPHANED: Meta = Meta {
    id: "orphaned-access",
    question: "Which ways in are left for people who are gone?",
    needs: &[Source::Members, Source::GatedAccess, Source::Tokens],
    subjects: &["member", "group-user", "gated-grant", "token", "service-account", "invite", "activity", "repo"],
    charts: &["paths"],
    columns: &[
        col("principal", CellKind::Text),
        col("resource", CellKind::Text),
        col("permission", CellKind::Text),
        col("scopes", CellKind::List),
    ],
    rules: &[
        rule("former-member-grant", Verdict::Fail, Severity::High, "Accepted grant of a former member."),
        rule("broad-token", Verdict::Review, Severity::Medium, "The token has the role write."),
    ],
};

/// `seat-spend`.
pub(super) static SPEND: Meta = Meta {
    id: "seat-spend",
    question: "What do the seats cost?",
    needs: &[Source::Members, Source::AuditLog, Source::Tokens, Source::Scim],
    subjects: &["member", "invite"],
    charts: &["seats", "departments"],
    columns: &[
        col("monthly_cost_usd", CellKind::Money),
        col("reclaimable_from", CellKind::Date),
        col("department", CellKind::Text),
    ],
    rules: &[
        rule("inactive", Verdict::Fail, Severity::Medium, "The holder is inactive."),
        rule("used", Verdict::Pass, Severity::Info, "The seat is used."),
    ],
};

/// `offboarding`.
pub(super) static LEAVERS: Meta = Meta {
    id: "offboarding",
    question: "Are those who left really out?",
    needs: &[Source::Members],
    subjects: &["person"],
    charts: &[],
    columns: &[
        col("terminated_on", CellKind::Date),
        col("removed_at", CellKind::Time),
        col("group_paths", CellKind::List),
        col("gated_grants", CellKind::List),
        col("live_tokens", CellKind::Integer),
    ],
    rules: &[rule("residual-access", Verdict::Fail, Severity::Critical, "Something is left.")],
};

/// `changes`.
pub(super) static CHANGES: Meta = Meta {
    id: "changes",
    question: "What changed?",
    needs: &[Source::Members],
    subjects: &["member", "repo", "gated-grant"],
    charts: &[],
    columns: &[col("actor", CellKind::Text), col("resource", CellKind::Text)],
    rules: &[rule("explained", Verdict::Pass, Severity::Info, "An event explains it.")],
};

/// `privileged-activity`.
pub(super) static PRIVILEGED: Meta = Meta {
    id: "privileged-activity",
    question: "Who changed access or security?",
    needs: &[Source::AuditLog],
    subjects: &["event"],
    charts: &[],
    columns: &[
        col("created_at", CellKind::Time),
        col("type", CellKind::Text),
        col("actor", CellKind::Text),
        col("target", CellKind::List),
    ],
    rules: &[rule("recorded", Verdict::Listed, Severity::Info, "Recorded.")],
};

/// `access`.
pub(super) static ACCESS: Meta = Meta {
    id: "access",
    question: "Who can reach what, and by which path?",
    needs: &[Source::Members],
    subjects: &["member"],
    charts: &[],
    columns: &[
        col("principal", CellKind::Text),
        col("principal_kind", CellKind::Text),
        col("resource", CellKind::Text),
        col("permission", CellKind::Text),
        col("path", CellKind::Text),
        col("last_active_at", CellKind::Time),
        col("idle_days", CellKind::Integer),
        col("fullname", CellKind::Text),
    ],
    rules: &[],
};
