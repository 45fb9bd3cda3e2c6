//! Every call this tool makes, as data: what it reads, what it needs, how it is paged.
//!
//! Nothing outside this list is ever asked for. `rollcall explain` prints it.

use crate::model::coverage::Source;

/// How the answers of a call continue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paging {
    /// One answer; a `Link` is followed all the same should one appear.
    Single,
    /// `Link: <…>; rel="next"`.
    Link,
    /// SCIM: `startIndex`, `count`, `totalResults`.
    Scim,
    /// The newest page only.
    Newest,
}

impl Paging {
    /// The style in words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "one answer",
            Self::Link => "Link headers",
            Self::Scim => "startIndex and totalResults",
            Self::Newest => "newest page only",
        }
    }
}

/// One call, always a GET.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Call {
    /// The source it belongs to.
    pub source: Source,
    /// Path, with the names of its parts in braces.
    pub path: &'static str,
    /// Query, in order; a value in braces is filled in.
    pub query: &'static [(&'static str, &'static str)],
    /// Permission a fine-grained token needs as far as is known; `None` when any token will do or nobody knows.
    pub permission: Option<&'static str>,
    /// Lowest plan that has it: `team`, `enterprise`, `plus`; `None` when every plan does.
    pub plan: Option<&'static str>,
    /// How its answers continue.
    pub paging: Paging,
    /// Items of one list, over all its pages, after which the rest is not read: ten times what is documented or known.
    pub items: u64,
}

impl Call {
    /// Items asked for per page; `None` where the call has no such parameter.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        let (_, value) = self.query.iter().find(|(key, _)| matches!(*key, "limit" | "count"))?;
        value.parse().ok()
    }
}

/// Items of a call that has one document.
const ONE: u64 = 1;

/// People, their SCIM users and groups: ten times the 10 000 of the largest page that the Hub documents.
const PEOPLE: u64 = 100_000;

/// Tokens: ten for each of these people.
const TOKENS_OF_PEOPLE: u64 = 10 * PEOPLE;

/// Repositories, service accounts and resource groups: ten times the 20 000 repositories of a large organization.
const THINGS: u64 = 200_000;

/// People who asked for one gated repository: several times the number of the most famous ones.
const ASKERS: u64 = 5_000_000;

/// Events: ten times the 100 000 that the Hub documents for an export.
const EVENTS: u64 = 1_000_000;

/// Commits of the newest page: ten times the 1000 that the Hub documents for a page.
const NEWEST: u64 = 10_000;

/// A call that every plan has.
const fn call(
    source: Source,
    path: &'static str,
    permission: Option<&'static str>,
    (paging, items): (Paging, u64),
) -> Call {
    Call { source, path, query: &[], permission, plan: None, paging, items }
}

/// Whose token reads.
pub const WHOAMI: Call = call(Source::Whoami, "/api/whoami-v2", None, (Paging::Single, ONE));

/// The organization's public counters.
pub const OVERVIEW: Call =
    call(Source::Overview, "/api/organizations/{org}/overview", Some("org.read"), (Paging::Single, ONE));

/// Members with what the token may see of them.
pub const MEMBERS: Call = Call {
    query: &[("limit", "1000")],
    ..call(Source::Members, "/api/organizations/{org}/members", Some("org.members.read"), (Paging::Link, PEOPLE))
};

/// Resource groups with users and resources.
pub const RESOURCE_GROUPS: Call = Call {
    plan: Some("team"),
    ..call(
        Source::ResourceGroups,
        "/api/organizations/{org}/resource-groups",
        Some("resourceGroup.read"),
        (Paging::Single, THINGS),
    )
};

/// Every repository with visibility and storage.
pub const REPOSITORIES: Call = call(
    Source::Repos,
    "/api/organizations/{org}/settings/repositories",
    Some("org.repos.read"),
    (Paging::Single, THINGS),
);

/// What is asked of models and datasets; with `expand` the Hub sends nothing else.
const EXPAND: &[(&str, &str)] = &[
    ("author", "{org}"),
    ("expand", "author"),
    ("expand", "private"),
    ("expand", "gated"),
    ("expand", "disabled"),
    ("expand", "lastModified"),
    ("expand", "createdAt"),
    ("expand", "resourceGroup"),
    ("expand", "usedStorage"),
    ("limit", "1000"),
];

/// What is asked of spaces, which are never gated.
const EXPAND_SPACES: &[(&str, &str)] = &[
    ("author", "{org}"),
    ("expand", "author"),
    ("expand", "private"),
    ("expand", "disabled"),
    ("expand", "lastModified"),
    ("expand", "createdAt"),
    ("expand", "resourceGroup"),
    ("expand", "usedStorage"),
    ("limit", "1000"),
];

/// Models with gating and creation.
pub const MODELS: Call =
    Call { query: EXPAND, ..call(Source::Repos, "/api/models", Some("repo.content.read"), (Paging::Link, THINGS)) };

/// Datasets with gating and creation.
pub const DATASETS: Call =
    Call { query: EXPAND, ..call(Source::Repos, "/api/datasets", Some("repo.content.read"), (Paging::Link, THINGS)) };

/// Spaces with creation.
pub const SPACES: Call = Call {
    query: EXPAND_SPACES,
    ..call(Source::Repos, "/api/spaces", Some("repo.content.read"), (Paging::Link, THINGS))
};

/// Buckets.
pub const BUCKETS: Call =
    call(Source::Repos, "/api/buckets/{org}", Some("repo.content.read"), (Paging::Single, THINGS));

/// Kernels.
pub const KERNELS: Call = Call {
    query: &[("author", "{org}"), ("limit", "1000")],
    ..call(Source::Repos, "/api/kernels", Some("repo.content.read"), (Paging::Link, THINGS))
};

/// Requests and grants of one gated repository.
pub const ACCESS: Call = Call {
    query: &[("limit", "1000")],
    ..call(
        Source::GatedAccess,
        "/api/{types}/{repo}/user-access-request/{status}",
        Some("repo.access.read"),
        (Paging::Link, ASKERS),
    )
};

/// Members' tokens, revoked ones included.
pub const TOKENS: Call = Call {
    query: &[("q", "status:all"), ("limit", "100")],
    plan: Some("team"),
    ..call(Source::Tokens, "/api/organizations/{org}/settings/tokens", None, (Paging::Link, TOKENS_OF_PEOPLE))
};

/// Service accounts.
pub const SERVICE_ACCOUNTS: Call = Call {
    plan: Some("enterprise"),
    ..call(
        Source::ServiceAccounts,
        "/api/organizations/{org}/service-accounts",
        Some("org.serviceAccounts.read"),
        (Paging::Single, THINGS),
    )
};

/// Tokens of one service account.
pub const SERVICE_ACCOUNT: Call = Call {
    plan: Some("enterprise"),
    ..call(
        Source::ServiceAccounts,
        "/api/organizations/{org}/service-accounts/{id}",
        Some("org.serviceAccounts.read"),
        (Paging::Single, ONE),
    )
};

/// One list of a SCIM tree.
const fn scim(path: &'static str, plan: &'static str) -> Call {
    Call {
        query: &[("startIndex", "1"), ("count", "1000")],
        plan: Some(plan),
        ..call(Source::Scim, path, Some("org.members.read"), (Paging::Scim, PEOPLE))
    }
}

/// Users of the managed tree.
pub const SCIM_USERS: Call = scim("/api/organizations/{org}/scim/v2/Users", "plus");

/// Groups of the managed tree.
pub const SCIM_GROUPS: Call = scim("/api/organizations/{org}/scim/v2/Groups", "plus");

/// Users of the tree by invitation.
pub const PROVISIONING_USERS: Call = scim("/api/organizations/{org}/scim-provisioning/v2/Users", "enterprise");

/// Groups of the tree by invitation.
pub const PROVISIONING_GROUPS: Call = scim("/api/organizations/{org}/scim-provisioning/v2/Groups", "enterprise");

/// The audit log, at most its newest 100 000 events. Asking is itself recorded in the log.
pub const AUDIT_LOG: Call = Call {
    plan: Some("team"),
    ..call(
        Source::AuditLog,
        "/api/organizations/{org}/audit-log/export",
        Some("org.auditLog.write"),
        (Paging::Single, EVENTS),
    )
};

/// Network rules.
pub const NETWORK_SECURITY: Call = Call {
    plan: Some("plus"),
    ..call(
        Source::NetworkSecurity,
        "/api/organizations/{org}/settings/network-security",
        Some("org.networkSecurity.read"),
        (Paging::Single, ONE),
    )
};

/// Newest commits of one repository.
pub const COMMITS: Call = Call {
    query: &[("limit", "1000")],
    ..call(Source::Commits, "/api/{types}/{repo}/commits/main", Some("repo.content.read"), (Paging::Newest, NEWEST))
};

/// Every call, in the order of sources.
pub static ENDPOINTS: [Call; 21] = [
    WHOAMI,
    OVERVIEW,
    MEMBERS,
    RESOURCE_GROUPS,
    REPOSITORIES,
    MODELS,
    DATASETS,
    SPACES,
    BUCKETS,
    KERNELS,
    ACCESS,
    TOKENS,
    SERVICE_ACCOUNTS,
    SERVICE_ACCOUNT,
    SCIM_USERS,
    SCIM_GROUPS,
    PROVISIONING_USERS,
    PROVISIONING_GROUPS,
    AUDIT_LOG,
    NETWORK_SECURITY,
    COMMITS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_stay_inside_the_documented_ranges() {
        for call in &ENDPOINTS {
            let most = match call.source {
                Source::Tokens => 100,
                Source::Members => 10_000,
                _ => 1000,
            };
            if let Some(limit) = call.limit() {
                assert!((10..=most).contains(&limit), "{}", call.path);
            }
        }
        assert_eq!((MEMBERS.limit(), TOKENS.limit(), SCIM_USERS.limit()), (Some(1000), Some(100), Some(1000)));
    }

    #[test]
    fn every_source_of_the_hub_has_a_call_and_they_are_in_report_order() {
        let sources: Vec<_> = ENDPOINTS.iter().map(|call| call.source).collect();
        assert!(sources.is_sorted());
        for source in Source::ALL {
            let file = matches!(source, Source::Roster | Source::Invites);
            assert_eq!(sources.contains(&source), !file, "{source}");
        }
    }
}
