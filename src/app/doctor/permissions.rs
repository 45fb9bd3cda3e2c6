//! The permissions of a token against those that reading takes. Pure: no request, no clock.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    collect::{Grant, Reach},
    hub::endpoints::ENDPOINTS,
    model::{
        coverage::{Plan, Source},
        ids::OrgName,
    },
};

/// The one permission called `write` that reading takes: the Hub records each export.
const RECORDS_ITSELF: &str = "org.auditLog.write";

/// Permissions that are needed, with the sources that they open; sources that the plan lacks need none.
pub(super) fn needed(plan: &Plan) -> BTreeMap<&'static str, BTreeSet<Source>> {
    let mut needed: BTreeMap<_, BTreeSet<Source>> = BTreeMap::new();
    for call in ENDPOINTS.iter().filter(|call| plan.includes(call.source)) {
        if let Some(permission) = call.permission {
            needed.entry(permission).or_default().insert(call.source);
        }
    }
    needed
}

/// How far a token's permissions are stated to open something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stated {
    /// For the whole organization.
    Yes,
    /// For some of its repositories, or some of the permissions.
    InPart,
    /// Not at all.
    No,
}

impl Stated {
    /// The word in tables.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::InPart => "in part",
            Self::No => "no",
        }
    }
}

/// How far a permission is stated.
fn stated(permission: &str, grants: &[Grant]) -> Stated {
    let mut best = Stated::No;
    for grant in grants.iter().filter(|grant| grant.permission == permission) {
        match grant.reach {
            Reach::Org | Reach::Everywhere => return Stated::Yes,
            Reach::Repo(_) => best = Stated::InPart,
            Reach::Elsewhere(_) => {}
        }
    }
    best
}

/// Permissions that a source takes, as far as is known.
pub(super) fn of_source(source: Source) -> BTreeSet<&'static str> {
    ENDPOINTS.iter().filter(|call| call.source == source).filter_map(|call| call.permission).collect()
}

/// How far the permissions of a source are stated; `None` when nobody knows which it takes.
pub(super) fn stated_for(source: Source, grants: &[Grant]) -> Option<Stated> {
    let all: Vec<_> = of_source(source).into_iter().map(|permission| stated(permission, grants)).collect();
    match all.as_slice() {
        [] => None,
        all if all.iter().all(|stated| *stated == Stated::Yes) => Some(Stated::Yes),
        all if all.iter().all(|stated| *stated == Stated::No) => Some(Stated::No),
        _ => Some(Stated::InPart),
    }
}

/// A permission that a fine-grained token does not state for the whole organization.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Missing {
    /// The permission.
    pub(super) permission: &'static str,
    /// The sources it opens.
    pub(super) sources: BTreeSet<Source>,
}

/// Needed permissions that are not stated for the whole organization.
pub(super) fn missing(plan: &Plan, grants: &[Grant]) -> Vec<Missing> {
    let lacking = needed(plan).into_iter().filter(|(permission, _)| stated(permission, grants) != Stated::Yes);
    lacking.map(|(permission, sources)| Missing { permission, sources }).collect()
}

/// A permission that a token has and rollcall does not need.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Excess {
    /// The permission.
    pub(super) permission: String,
    /// Where it holds, in words.
    pub(super) on: String,
    /// What it would let somebody do.
    pub(super) why: &'static str,
}

/// Whether a permission is to change something, by its name.
fn writes(permission: &str) -> bool {
    permission.rsplit('.').next() == Some("write")
}

/// Permissions beyond those that reading takes on any plan: what writes, what opens nothing that is read here, and
/// everything outside the organization.
pub(super) fn excess(org: &OrgName, grants: &[Grant]) -> Vec<Excess> {
    let known: BTreeSet<_> = ENDPOINTS.iter().filter_map(|call| call.permission).collect();
    let beyond = |grant: &&Grant| {
        let elsewhere = matches!(grant.reach, Reach::Elsewhere(_));
        let changes = writes(&grant.permission) && grant.permission != RECORDS_ITSELF;
        elsewhere || changes || !known.contains(grant.permission.as_str())
    };
    let excess = grants.iter().filter(beyond).map(|grant| {
        let why = match (&grant.reach, grant.permission.as_str()) {
            (Reach::Elsewhere(_), _) => "it is not the organization's",
            (_, "org.write") => "it changes things; whether listing tokens takes it is not documented: try without",
            (_, word) if writes(word) => "it changes things, and rollcall only reads",
            _ => "nothing that rollcall reads takes it",
        };
        let on = match &grant.reach {
            Reach::Org => org.to_string(),
            Reach::Everywhere => "everything".to_owned(),
            Reach::Repo(name) | Reach::Elsewhere(name) => crate::hub::one_line(name),
        };
        Excess { permission: crate::hub::one_line(&grant.permission), on, why }
    });
    excess.collect()
}

/// The page that creates the right token, its form filled in.
pub(super) fn link(endpoint: &str, org: &OrgName, plan: &Plan) -> String {
    let mut link = format!("{endpoint}/settings/tokens/new?tokenType=fineGrained&orgs={org}");
    for permission in needed(plan).keys() {
        link.push_str("&orgPermissions=");
        link.push_str(permission);
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A permission with its reach.
    fn grant(permission: &str, reach: Reach) -> Grant {
        Grant { permission: permission.to_owned(), reach }
    }

    /// The organization.
    fn acme() -> OrgName {
        OrgName::new("acme").unwrap()
    }

    /// Every permission that an Enterprise Plus organization takes.
    fn right() -> Vec<Grant> {
        needed(&Plan::Plus).into_keys().map(|permission| grant(permission, Reach::Org)).collect()
    }

    #[test]
    fn the_right_token_lacks_nothing_and_has_nothing_to_spare() {
        assert_eq!(missing(&Plan::Plus, &right()), []);
        assert_eq!(excess(&acme(), &right()), []);
        for source in [Source::Members, Source::Repos, Source::AuditLog, Source::Scim] {
            assert_eq!(stated_for(source, &right()), Some(Stated::Yes), "{source}");
        }
        assert_eq!(stated_for(Source::Tokens, &right()), None, "nobody knows what the token list takes");
    }

    #[test]
    fn a_plan_without_a_source_needs_no_permission_for_it() {
        let of = |plan: &Plan| needed(plan).into_keys().collect::<Vec<_>>();
        assert!(of(&Plan::Plus).contains(&"org.networkSecurity.read"));
        assert!(!of(&Plan::Enterprise).contains(&"org.networkSecurity.read"));
        assert!(of(&Plan::Team).contains(&"org.auditLog.write") && !of(&Plan::Free).contains(&"org.auditLog.write"));
        assert_eq!(of(&Plan::Other), of(&Plan::Plus), "an unknown plan may have everything");
        assert!(needed(&Plan::Plus)["org.members.read"].contains(&Source::Scim));
        assert!(!needed(&Plan::Team)["org.members.read"].contains(&Source::Scim));
    }

    #[test]
    fn a_permission_on_one_repository_is_none_on_the_organization() {
        let one = [grant("repo.content.read", Reach::Repo("acme/arm".to_owned())), grant("org.repos.read", Reach::Org)];
        assert_eq!(stated_for(Source::Repos, &one), Some(Stated::InPart));
        let lacking = missing(&Plan::Team, &one);
        assert!(lacking.iter().any(|m| m.permission == "repo.content.read"), "{lacking:?}");
        assert!(!lacking.iter().any(|m| m.permission == "org.repos.read"), "{lacking:?}");
        let other = [grant("org.members.read", Reach::Elsewhere("org other".to_owned()))];
        assert_eq!(stated_for(Source::Members, &other), Some(Stated::No));
    }

    #[test]
    fn whatever_writes_or_reaches_further_is_too_much() {
        let grants = [
            grant("org.auditLog.write", Reach::Org),
            grant("org.members.write", Reach::Org),
            grant("org.billing.read", Reach::Org),
            grant("org.read", Reach::Elsewhere("org other".to_owned())),
            grant("discussion.write", Reach::Everywhere),
            grant("repo.write", Reach::Repo("acme/arm".to_owned())),
        ];
        let too_much: Vec<_> = excess(&acme(), &grants).into_iter().map(|e| (e.permission, e.on)).collect();
        let expected = [
            ("org.members.write", "acme"),
            ("org.billing.read", "acme"),
            ("org.read", "org other"),
            ("discussion.write", "everything"),
            ("repo.write", "acme/arm"),
        ];
        assert_eq!(too_much, expected.map(|(p, on)| (p.to_owned(), on.to_owned())));
    }

    #[test]
    fn the_link_asks_for_exactly_what_is_needed() {
        let link = link("https://hub.example", &acme(), &Plan::Free);
        let expected = "https://hub.example/settings/tokens/new?tokenType=fineGrained&orgs=acme\
                        &orgPermissions=org.members.read&orgPermissions=org.read&orgPermissions=org.repos.read\
                        &orgPermissions=repo.access.read&orgPermissions=repo.content.read";
        assert_eq!(link, expected);
    }
}
