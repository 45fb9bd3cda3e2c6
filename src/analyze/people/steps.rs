//! In which order findings must be acted upon. The words for each are those of the report.

use crate::model::people::{
    Phase::{self, Both, End, Keep},
    Step,
};

/// Every analyzer: the rule stands in each of them.
const ANY: &str = "*";

/// The steps in order. Findings of one step are settled by one act: the first of them tells which.
///
/// What may be an attack comes first, then whoever must not have access, then the owners without whom nobody can act;
/// what only needs better evidence comes last.
const STEPS: &[(Phase, &[(&str, &str)])] = &[
    (Both, &[("orphaned-access", "activity-after-removal"), ("privileged-activity", "by-former-member")]),
    (
        Both,
        &[
            ("owner-coverage", "no-owner"),
            ("owner-coverage", "single-owner"),
            ("owner-coverage", "single-effective-owner"),
        ],
    ),
    (
        End,
        &[
            ("owner-coverage", "owner-terminated"),
            ("owner-coverage", "owner-deprovisioned"),
            ("orphaned-access", "scim-deprovisioned"),
        ],
    ),
    (
        End,
        &[
            ("orphaned-access", "terminated-with-access"),
            ("offboarding", "residual-access"),
            ("seat-spend", "terminated"),
        ],
    ),
    (End, &[("orphaned-access", "former-member-grant")]),
    (End, &[("orphaned-access", "group-user-not-member")]),
    (Both, &[("orphaned-access", "token-outlives-membership")]),
    (Both, &[("privileged-activity", "self-grant")]),
    (Both, &[("privileged-activity", "control-weakened")]),
    (Both, &[("changes", "made-public")]),
    (Both, &[("changes", "unexplained-change")]),
    (Both, &[("privileged-activity", "unknown-type")]),
    (Keep, &[("owner-coverage", "owner-external")]),
    (Keep, &[("owner-coverage", "owner-without-2fa"), ("changes", "two-factor-lost")]),
    (Keep, &[("changes", "privilege-increase")]),
    (Keep, &[("owner-coverage", "owner-inactive")]),
    (
        Keep,
        &[
            ("orphaned-access", "inactive-external"),
            ("inactive-seats", "inactive"),
            ("inactive-seats", "never-active"),
            ("seat-spend", "inactive"),
            ("seat-spend", "never-active"),
        ],
    ),
    (Keep, &[("inactive-seats", "on-leave"), ("seat-spend", "on-leave")]),
    (Keep, &[("seat-spend", "duplicate")]),
    (Keep, &[("orphaned-access", "not-in-roster")]),
    (Keep, &[("orphaned-access", "scim-conflict")]),
    (Keep, &[("orphaned-access", "external-collaborator")]),
    (Keep, &[("orphaned-access", "unmanaged-by-scim")]),
    (Keep, &[("orphaned-access", "unused-token")]),
    (Keep, &[("orphaned-access", "broad-token")]),
    (Both, &[("orphaned-access", "stale-invite"), ("seat-spend", "stale-invite")]),
    (Keep, &[("orphaned-access", "grant-on-private-repo"), ("orphaned-access", "grant-on-ungated-repo")]),
    (Both, &[("orphaned-access", "outside-grantees")]),
    (Both, &[("orphaned-access", "service-account-idle")]),
    (Both, &[("orphaned-access", "service-token-no-expiry")]),
    (Both, &[("owner-coverage", "group-without-admin"), ("owner-coverage", "group-no-effective-admin")]),
    (Both, &[("owner-coverage", "group-single-admin")]),
    (Both, &[("owner-coverage", "no-effective-owner"), ("owner-coverage", "creator-left")]),
    (Both, &[("owner-coverage", "org-admins-only"), ("owner-coverage", "creator-unknown")]),
    (Both, &[("owner-coverage", "too-many-owners")]),
    (Both, &[("offboarding", "late-removal")]),
    (Keep, &[("inactive-seats", "inactivity-unconfirmed"), ("seat-spend", "unconfirmed")]),
    (
        Keep,
        &[
            ("inactive-seats", "activity-unknown"),
            ("owner-coverage", "owner-activity-unknown"),
            ("seat-spend", "unknown"),
        ],
    ),
    (Keep, &[("owner-coverage", "owner-2fa-unknown")]),
    (Both, &[("owner-coverage", "roles-not-visible")]),
    (Both, &[(ANY, "source-missing")]),
];

/// Where a rule of an analyzer stands; one that no step names comes last.
pub(super) fn of(analyzer: &str, rule: &str) -> Step {
    let named = |(by, id): &(&str, &str)| (*by == ANY || *by == analyzer) && *id == rule;
    let found = STEPS.iter().enumerate().find_map(|(order, (phase, rules))| {
        let place = rules.iter().position(named)?;
        Some(Step { order, place, phase: *phase })
    });
    found.unwrap_or(Step { order: STEPS.len(), place: 0, phase: Both })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::analyze::metas;

    #[test]
    fn every_rule_that_needs_somebody_has_its_step_and_no_rule_has_two() {
        let rules = metas().flat_map(|meta| meta.rules.iter().map(move |rule| (meta.id, rule)));
        for (analyzer, rule) in rules.filter(|(_, rule)| rule.verdict.is_open()) {
            assert!(of(analyzer, rule.id).order < STEPS.len(), "{analyzer}/{} has no step", rule.id);
        }
        let named: Vec<_> = STEPS.iter().flat_map(|(_, rules)| *rules).collect();
        assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len());
    }
}
