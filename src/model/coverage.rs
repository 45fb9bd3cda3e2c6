//! Sources, what became of each, and when that is a hole in the evidence.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A source of evidence. The order is that of reports.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `/api/whoami-v2`: whose token reads, and what it may read.
    Whoami,
    /// `/api/organizations/{org}/overview`: the Hub's own counters.
    Overview,
    /// `/api/organizations/{org}/members`.
    Members,
    /// `…/resource-groups`.
    ResourceGroups,
    /// `…/settings/repositories` and the lists of models, datasets, spaces, buckets and kernels.
    Repos,
    /// `…/user-access-request/{pending,accepted,rejected}` of gated repositories.
    GatedAccess,
    /// `…/settings/tokens`.
    Tokens,
    /// `…/service-accounts` and one page for each.
    ServiceAccounts,
    /// `…/scim/v2` or `…/scim-provisioning/v2`.
    Scim,
    /// `…/audit-log/export`.
    AuditLog,
    /// `…/settings/network-security`.
    NetworkSecurity,
    /// Newest commits of each repository (opt-in).
    Commits,
    /// People from a directory or an HR system (a file, opt-in).
    Roster,
    /// Pending invites from the Members page (a file, opt-in).
    Invites,
}

impl Source {
    /// Every source, in report order.
    pub const ALL: [Self; 14] = [
        Self::Whoami,
        Self::Overview,
        Self::Members,
        Self::ResourceGroups,
        Self::Repos,
        Self::GatedAccess,
        Self::Tokens,
        Self::ServiceAccounts,
        Self::Scim,
        Self::AuditLog,
        Self::NetworkSecurity,
        Self::Commits,
        Self::Roster,
        Self::Invites,
    ];

    /// The source's name in files, flags and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whoami => "whoami",
            Self::Overview => "overview",
            Self::Members => "members",
            Self::ResourceGroups => "resource_groups",
            Self::Repos => "repos",
            Self::GatedAccess => "gated_access",
            Self::Tokens => "tokens",
            Self::ServiceAccounts => "service_accounts",
            Self::Scim => "scim",
            Self::AuditLog => "audit_log",
            Self::NetworkSecurity => "network_security",
            Self::Commits => "commits",
            Self::Roster => "roster",
            Self::Invites => "invites",
        }
    }

    /// Whether the source is read only when asked for.
    #[must_use]
    pub const fn is_opt_in(self) -> bool {
        matches!(self, Self::Commits | Self::Roster | Self::Invites)
    }

    /// Whether a missing plan means that the thing exists and cannot be seen, rather than that there is none.
    #[must_use]
    pub const fn exists_without_plan(self) -> bool {
        !matches!(self, Self::ResourceGroups | Self::ServiceAccounts | Self::Scim | Self::NetworkSecurity)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl std::str::FromStr for Source {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|x| x.name() == s).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|x| x.name()).collect();
            format!("{s:?} is not a source ({})", known.join(", "))
        })
    }
}

/// What became of a source in one snapshot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// Read to its last page.
    Collected,
    /// Read from a file.
    Imported,
    /// Some of it was read.
    Partial,
    /// 401 or 403.
    Forbidden,
    /// 404.
    Absent,
    /// The Hub did not answer, or not in a readable way.
    Failed,
    /// The organization's plan does not include it.
    PlanRequired,
    /// `--skip`, or not among `--only`.
    Skipped,
    /// Opt-in and not asked for.
    NotRequested,
}

impl Coverage {
    /// The coverage's word in manifests and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Collected => "collected",
            Self::Imported => "imported",
            Self::Partial => "partial",
            Self::Forbidden => "forbidden",
            Self::Absent => "absent",
            Self::Failed => "failed",
            Self::PlanRequired => "plan_required",
            Self::Skipped => "skipped",
            Self::NotRequested => "not_requested",
        }
    }

    /// Whether this coverage of `source` is a hole in the evidence of an organization with this plan.
    ///
    /// A plan without a feature means that there are no groups, service accounts, SCIM users or network rules; the
    /// audit log and members' tokens exist on every plan and merely cannot be seen. Where the plan includes the source,
    /// a refusal that asks for a plan is a refusal like any other.
    #[must_use]
    pub fn is_gap(self, source: Source, plan: &Plan) -> bool {
        match self {
            Self::Collected | Self::Imported | Self::NotRequested => false,
            Self::Partial | Self::Forbidden | Self::Absent | Self::Failed | Self::Skipped => true,
            Self::PlanRequired => source.exists_without_plan() || plan.includes(source),
        }
    }

    /// Whether at least some rows of the source were read.
    #[must_use]
    pub const fn has_rows(self) -> bool {
        matches!(self, Self::Collected | Self::Imported | Self::Partial)
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The organization's plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Plan {
    /// No paid plan.
    Free,
    /// Team; Academia has the same features.
    Team,
    /// Enterprise.
    Enterprise,
    /// Enterprise Plus.
    Plus,
    /// A plan the Hub has added since.
    Other,
}

impl Plan {
    /// The plan of its wire value; `academia` counts as `team`.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "free" => Self::Free,
            "team" | "academia" => Self::Team,
            "enterprise" => Self::Enterprise,
            "plus" => Self::Plus,
            _ => Self::Other,
        }
    }

    /// How much the plan includes. An unknown plan includes everything: a refusal is then a refusal and never read as
    /// "there is none".
    #[must_use]
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Free => 0,
            Self::Team => 1,
            Self::Enterprise => 2,
            Self::Plus | Self::Other => 3,
        }
    }

    /// Whether the plan includes what `source` reads.
    #[must_use]
    pub const fn includes(&self, source: Source) -> bool {
        let needed = match source {
            Source::AuditLog | Source::ResourceGroups | Source::Tokens => 1,
            Source::ServiceAccounts | Source::Scim => 2,
            Source::NetworkSecurity => 3,
            _ => 0,
        };
        self.rank() >= needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_plan_is_a_gap_only_where_the_thing_exists_without_it() {
        for source in Source::ALL {
            let gap = Coverage::PlanRequired.is_gap(source, &Plan::Free);
            let none = matches!(
                source,
                Source::ResourceGroups | Source::ServiceAccounts | Source::Scim | Source::NetworkSecurity
            );
            assert_eq!(gap, !none, "{source}");
        }
    }

    #[test]
    fn a_refusal_that_asks_for_a_plan_is_a_gap_where_the_plan_includes_the_source() {
        let gap = |source, plan| Coverage::PlanRequired.is_gap(source, &Plan::of(plan));
        assert!(gap(Source::Scim, "enterprise") && !gap(Source::Scim, "team"));
        assert!(gap(Source::ResourceGroups, "academia") && !gap(Source::ResourceGroups, "free"));
        assert!(gap(Source::NetworkSecurity, "plus") && !gap(Source::NetworkSecurity, "enterprise"));
        assert!(gap(Source::NetworkSecurity, "a plan of next year"));
    }

    #[test]
    fn names_round_trip() {
        for source in Source::ALL {
            assert_eq!(source.name().parse::<Source>(), Ok(source));
            assert_eq!(serde_json::to_value(source).unwrap(), source.name());
        }
    }
}
