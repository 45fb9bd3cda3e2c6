//! `orphaned-access`: access outside the plain organization role, and whether anybody still stands behind it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    super::{
        Check, Summary,
        derived::view::View,
        judged::{Hit, Judged},
    },
    MISSING, column, orphaned_grants, orphaned_rows, personal, rule,
};
use crate::model::{
    coverage::Source,
    outcome::{Bar, CellKind, Chart, Meta},
    verdict::{Severity, Verdict},
};

/// The analyzer.
pub(super) const CHECK: Check = Check { meta: &META, judge, sum };

/// Declaration.
pub(super) static META: Meta = Meta {
    id: "orphaned-access",
    question: "Which access outside the plain organization role belongs to nobody any more?",
    needs: super::ALL_NEEDS,
    subjects: &["member", "group-user", "gated-grant", "token", "service-account", "invite", "activity", "repo"],
    charts: &["paths"],
    columns: &[
        column("principal", CellKind::Text, "Login of whoever has the access; empty when hidden or several."),
        column(
            "principal_kind",
            CellKind::Text,
            "member, external, former-member, outsider, service-account or invitee.",
        ),
        column("principal_id", CellKind::Text, "Stable id; empty when not known."),
        personal("email", CellKind::Text, "Verified, SCIM, grant or invitation address; empty when none is visible."),
        column("resource_kind", CellKind::Text, "org, resource-group or repo."),
        column("resource", CellKind::Text, "Name of the organization or group, path of the repository."),
        column("permission", CellKind::Text, "Role or permission that the path gives; empty when not visible."),
        column(
            "path",
            CellKind::Text,
            "org-role, resource-group:<name>, gated-grant, token, service-token, invite or audit-log.",
        ),
        column("granted_at", CellKind::Time, "When access was given; empty when not known."),
        column("granted_by", CellKind::Text, "Login of who gave it; empty when the Hub names nobody."),
        column("last_used_at", CellKind::Time, "Newest use or activity that was seen; empty when none was."),
        column("repo_visibility", CellKind::Text, "public, private or protected; empty when not stated."),
        column("repo_gated", CellKind::Text, "false, auto or manual; empty when not stated."),
        column("employment_status", CellKind::Text, "Status of the roster; empty without a match."),
        column("scim_active", CellKind::Boolean, "Whether SCIM still wants them in; empty without a match."),
        column("grant_count", CellKind::Integer, "Grantees that a repo row stands for; empty elsewhere."),
    ],
    rules: &[
        rule(
            "activity-after-removal",
            Verdict::Fail,
            Severity::Critical,
            "A former member authored an audit event after leaving.",
        ),
        rule(
            "scim-deprovisioned",
            Verdict::Fail,
            Severity::Critical,
            "The identity provider has switched the member off.",
        ),
        rule("terminated-with-access", Verdict::Fail, Severity::Critical, "The roster says that the person has left."),
        rule("former-member-grant", Verdict::Fail, Severity::High, "An accepted grant of a former member."),
        rule(
            "group-user-not-member",
            Verdict::Fail,
            Severity::High,
            "A group user who is neither a member nor a service account.",
        ),
        rule("inactive-external", Verdict::Fail, Severity::High, "An external collaborator who is proved inactive."),
        rule("token-outlives-membership", Verdict::Fail, Severity::High, "The token's owner is no member."),
        rule("stale-invite", Verdict::Fail, Severity::Low, "The invite has been pending for too long."),
        rule("broad-token", Verdict::Review, Severity::Medium, "A write token reaches everything its owner reaches."),
        rule("external-collaborator", Verdict::Review, Severity::Medium, "An external collaborator."),
        rule(
            "not-in-roster",
            Verdict::Review,
            Severity::Medium,
            "The roster knows nobody behind the login or address.",
        ),
        rule(
            "scim-conflict",
            Verdict::Review,
            Severity::Medium,
            "Two SCIM users match the member, one active and one not; the active one counts for every other rule.",
        ),
        rule("service-account-idle", Verdict::Review, Severity::Medium, "No token, or none used within the threshold."),
        rule(
            "grant-on-private-repo",
            Verdict::Review,
            Severity::Low,
            "The grant has no effect until the repository is public.",
        ),
        rule(
            "grant-on-ungated-repo",
            Verdict::Review,
            Severity::Low,
            "The grant returns when the repository is gated again.",
        ),
        rule(
            "outside-grantees",
            Verdict::Review,
            Severity::Low,
            "Grantees who are not known as members; a pass where gating is automatic.",
        ),
        rule(
            "service-token-no-expiry",
            Verdict::Review,
            Severity::Low,
            "A token of the service account never expires.",
        ),
        rule(
            "unmanaged-by-scim",
            Verdict::Review,
            Severity::Low,
            "A member whom the identity provider does not manage.",
        ),
        rule("unused-token", Verdict::Review, Severity::Low, "The token was not used within the threshold, or never."),
        MISSING,
        rule("in-order", Verdict::Pass, Severity::Info, "No other rule applies."),
    ],
};

/// One row per access path outside the plain organization role.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let mut paths = Vec::new();
    paths.extend(orphaned_rows::members(view));
    paths.extend(orphaned_rows::group_users(view));
    paths.extend(orphaned_grants::grants(view));
    paths.extend(orphaned_rows::tokens(view));
    paths.extend(orphaned_rows::service_accounts(view));
    paths.extend(orphaned_rows::invites(view));
    paths.extend(orphaned_rows::activity(view));
    paths.into_iter().map(|path| path.judge(view)).collect()
}

/// One access path with the rules that apply, before it is a row.
pub(super) struct Path {
    /// Kind and name of the subject.
    pub(super) subject: (&'static str, String),
    /// Rules that apply; none means in order.
    pub(super) hits: Vec<Hit>,
    /// What to say when none applies.
    pub(super) in_order: String,
    /// Columns.
    pub(super) cells: Vec<(&'static str, crate::model::outcome::Cell)>,
}

impl Path {
    /// The row. Without the list of members nothing can be said of any path.
    fn judge(self, view: &View<'_>) -> Judged {
        // Whoever stands behind a service account, or behind the grantees of a repository, is in no roster.
        let gap = view.roster_gap().filter(|_| !matches!(self.subject.0, "service-account" | "repo"));
        let hits = if view.is_gap(Source::Members) {
            vec![Hit::missing("the list of members is not complete: nothing can be said of this access")]
        } else if self.hits.is_empty() {
            vec![Hit::pass_unless(gap, "in-order", self.in_order)]
        } else if let Some(gap) = gap
            && self.hits.iter().all(|hit| hit.verdict == Verdict::Pass)
        {
            self.hits.into_iter().map(|hit| Hit::pass_unless(Some(gap), hit.rule, hit.reason)).collect()
        } else {
            self.hits
        };
        Judged::new(&META, (self.subject.0, &self.subject.1), hits, self.cells)
    }
}

/// Kinds of paths with their names in the picture.
const KINDS: [(&str, &str); 8] = [
    ("member", "members"),
    ("group-user", "group users"),
    ("gated-grant", "gated grants"),
    ("token", "tokens"),
    ("service-account", "service accounts"),
    ("invite", "invites"),
    ("activity", "activity after leaving"),
    ("repo", "outside grantees, by repository"),
];

/// Totals, and paths by kind.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let paths = || rows.iter().filter(|row| row.subject_kind != "source");
    let judged = paths().filter(|row| row.verdict().is_judged()).count();
    let flagged = paths().filter(|row| matches!(row.verdict(), Verdict::Fail | Verdict::Review)).count();
    // None among paths that could not be judged is not none.
    let unknown = rows.iter().any(|row| row.verdict() == Verdict::Unknown);
    let total = |n: usize| if n == 0 && unknown { Value::Null } else { n.into() };
    let totals: BTreeMap<String, Value> =
        BTreeMap::from([("paths_judged".to_owned(), total(judged)), ("paths_flagged".to_owned(), total(flagged))]);
    let bar = |(kind, label): &(&'static str, &str)| {
        let n = |verdict| paths().filter(|row| row.subject_kind == *kind && row.verdict() == verdict).count() as u64;
        Bar { label: (*label).to_owned(), parts: Verdict::ALL.map(n).to_vec() }
    };
    let chart = Chart {
        id: "paths",
        title: "Access paths by kind and verdict".to_owned(),
        alt: format!(
            "Of {} access paths {flagged} need a decision, and {} could not be judged.",
            paths().count(),
            paths().filter(|row| row.verdict() == Verdict::Unknown).count()
        ),
        unit: "paths",
        legend: Verdict::ALL.map(|verdict| (verdict.word().to_owned(), verdict)).to_vec(),
        bars: KINDS.iter().map(bar).filter(|bar| bar.parts.iter().any(|n| *n > 0)).collect(),
        threshold: None,
    };
    Summary { totals, limits: limits(view), charts: vec![chart] }
}

/// Rules that do not apply because their source was not given or is a gap.
fn limits(view: &View<'_>) -> Vec<String> {
    let mut limits = Vec::new();
    if !view.has_roster() {
        limits.push("No roster was given: the rules terminated-with-access and not-in-roster do not apply.".to_owned());
    }
    limits.extend(view.roster_limit());
    match (view.is_gap(Source::Scim), view.tables.scim_users.is_empty()) {
        (true, _) => limits.push(
            "SCIM was not read whole: the rules scim-deprovisioned and scim-conflict apply to users that were read, \
             unmanaged-by-scim does not apply."
                .to_owned(),
        ),
        (false, true) => limits.push(
            "SCIM has no users: the rules scim-deprovisioned, scim-conflict and unmanaged-by-scim do not apply."
                .to_owned(),
        ),
        (false, false) => {}
    }
    let unseen = view.tables.members.iter().filter(|member| member.is_external.is_none()).count();
    if unseen > 0 {
        limits.push(format!(
            "Whether a member is an external collaborator is not visible for {unseen} of {} members: the rules \
             external-collaborator, inactive-external and unmanaged-by-scim do not apply to them.",
            view.tables.members.len()
        ));
    }
    if view.is_gap(Source::AuditLog) {
        limits.push(
            "The audit log is not complete: invites, leavers and activity after leaving may be missing.".to_owned(),
        );
    }
    limits.push(
        "Grants survive a repository's gating being switched off; such repositories are asked for grants only with --all-gated."
            .to_owned(),
    );
    limits
}
