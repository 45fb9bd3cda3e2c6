//! The probes against a scripted Hub.

use std::sync::Arc;

use super::*;
use crate::{
    hub::testing::{Hub, MemorySpool, Reply, json, reply},
    model::ids::OrgName,
};

/// The organization's path.
const ORG: &str = "/api/organizations/acme";

/// A page of a list of gated repositories, as it is asked for.
fn gated(kind: &str) -> String {
    format!("/api/{kind}?author=acme&gated=true&expand=gated&limit=10")
}

/// A Hub in which every probe is answered.
async fn acme() -> Hub {
    let hub = Hub::start().await;
    hub.on(
        "/api/whoami-v2",
        json(r#"{"name":"ada","auth":{"accessToken":{"role":"fineGrained","fineGrained":{"scoped":[{"entity":{"name":"acme"},
            "permissions":["org.read"]}]}}},"orgs":[{"name":"acme","plan":"plus","roleInOrg":"admin"}]}"#),
    )
    .on(&format!("{ORG}/overview"), json(r#"{"name":"acme"}"#))
    .on(&format!("{ORG}/members?limit=10"), json(r#"[{"_id":"u1","user":"ada","role":"admin","twoFaEnabled":true}]"#)
        .next("{hub}/api/organizations/acme/members?cursor=2"))
    .on(&format!("{ORG}/resource-groups"), json("[]"))
    .on(&format!("{ORG}/settings/repositories?limit=1"), json("[]"))
    .on(&gated("models"), json(r#"[{"id":"acme/open","gated":false},{"id":"other/arm","gated":"auto"}]"#))
    .on(&gated("datasets"), json(r#"[{"id":"acme/pick","gated":"manual"},{"id":"acme/place","gated":"auto"}]"#))
    .on("/api/spaces?author=acme&limit=1", json("[]"))
    .on("/api/buckets/acme", json("[]"))
    .on("/api/kernels?author=acme&limit=1", json("[]"))
    .on("/api/datasets/acme/pick/user-access-request/accepted?limit=10", json("[]"))
    .on(&format!("{ORG}/settings/tokens?q=status%3Aall&limit=1"), json("[]"))
    .on(&format!("{ORG}/service-accounts"), json(r#"[{"_id":"s1"},{"_id":"s2"}]"#))
    .on(&format!("{ORG}/service-accounts/s1"), json("{}"))
    .on(&format!("{ORG}/scim-provisioning/v2/Users?startIndex=1&count=1"), json(r#"{"totalResults":0}"#))
    .on(&format!("{ORG}/scim-provisioning/v2/Groups?startIndex=1&count=1"), json(r#"{"Resources":[]}"#))
    .on(&format!("{ORG}/settings/network-security"), json(r#"{"ipRanges":[]}"#))
    .on(&format!("{ORG}/audit-log/export"), json(r#"[{"_id":"e1"},{"_id":"e2"}]"#));
    hub
}

/// Examines a Hub.
async fn examined(hub: &Hub, export: bool) -> Result<Examination, Error> {
    let org = OrgName::new("acme").unwrap();
    let plan = Plan { org, skipped: Vec::new(), with_commits: false, all_gated: false, plan: None, as_of: None };
    examine(&hub.client(&Arc::new(MemorySpool::default())), &plan, export).await
}

/// Coverage and reason of a source, with one answer of the organization replaced.
async fn with(path: &str, answer: Reply, source: Source) -> (Coverage, String) {
    let hub = acme().await;
    hub.only(path, answer);
    let record = examined(&hub, false).await.unwrap().sources.remove(&source).unwrap();
    (record.coverage, record.why.unwrap_or_default())
}

#[tokio::test]
async fn every_source_is_asked_once_and_no_page_is_followed() {
    let hub = acme().await;
    let found = examined(&hub, false).await.unwrap();
    for (source, record) in &found.sources {
        let unasked = matches!(source, Source::AuditLog | Source::Commits);
        let expected = if unasked { Coverage::NotRequested } else { Coverage::Collected };
        assert_eq!(record.coverage, expected, "{source}: {:?}", record.why);
    }
    let paths = hub.paths();
    let distinct: std::collections::BTreeSet<_> = paths.iter().collect();
    assert_eq!((paths.len(), distinct.len()), (18, 18), "{paths:#?}");
    assert!(!paths.iter().any(|path| path.contains("cursor") || path.contains("audit-log")), "{paths:#?}");
    assert!(!hub.heads().contains("POST"));
    assert_eq!(found.grants.len(), 1);
    assert_eq!((found.plan.name.as_str(), found.listed), ("plus", true));
}

#[tokio::test]
async fn the_log_is_exported_on_demand_only() {
    let hub = acme().await;
    let log = examined(&hub, true).await.unwrap().sources.remove(&Source::AuditLog).unwrap();
    assert_eq!((log.coverage, log.rows), (Coverage::Collected, 2));
    assert_eq!(hub.paths().iter().filter(|path| path.contains("audit-log")).count(), 1);
    hub.only(&format!("{ORG}/audit-log/export"), reply(403, "{}"));
    let log = examined(&hub, true).await.unwrap().sources.remove(&Source::AuditLog).unwrap();
    assert_eq!(log.coverage, Coverage::Forbidden);
    hub.only("/api/whoami-v2", json(r#"{"name":"ada","orgs":[{"name":"acme"}]}"#));
    let log = examined(&hub, false).await.unwrap().sources.remove(&Source::AuditLog).unwrap();
    assert_eq!(log.coverage, Coverage::PlanRequired, "a free organization has no log to ask for");
}

#[tokio::test]
async fn what_cannot_be_read_is_told_from_what_is_not_there() {
    let refused = || reply(403, r#"{"error":"Forbidden"}"#);
    let (coverage, why) = with(&format!("{ORG}/members?limit=10"), refused(), Source::Members).await;
    assert_eq!(coverage, Coverage::Forbidden);
    assert!(why.contains("HTTP 403: Forbidden") && why.contains("`org.members.read`"), "{why}");
    let hidden = json(r#"[{"_id":"u1","user":"ada"}]"#);
    let (coverage, why) = with(&format!("{ORG}/members?limit=10"), hidden, Source::Members).await;
    assert_eq!(coverage, Coverage::Collected);
    assert!(why.contains("role is not visible on 1 of 1 rows"), "{why}");
    let (coverage, _) = with(&format!("{ORG}/service-accounts/s1"), refused(), Source::ServiceAccounts).await;
    assert_eq!(coverage, Coverage::Partial);
    let (coverage, _) = with("/api/buckets/acme", refused(), Source::Repos).await;
    assert_eq!(coverage, Coverage::Partial);
    let (coverage, _) =
        with(&format!("{ORG}/settings/tokens?q=status%3Aall&limit=1"), json("{}"), Source::Tokens).await;
    assert_eq!(coverage, Coverage::Failed, "an object is no list of tokens");
    let users = format!("{ORG}/scim-provisioning/v2/Users?startIndex=1&count=1");
    assert_eq!(with(&users, json("{}"), Source::Scim).await.0, Coverage::Absent, "the managed tree's answer decides");
}

#[tokio::test]
async fn grants_are_not_called_readable_when_no_gated_repository_could_be_found() {
    let none = with(&gated("datasets"), json("[]"), Source::GatedAccess).await;
    assert_eq!(none.0, Coverage::NotRequested);
    let unlisted = with(&gated("datasets"), reply(403, "{}"), Source::GatedAccess).await;
    assert_eq!(unlisted.0, Coverage::Forbidden, "{}", unlisted.1);
    let refused =
        with("/api/datasets/acme/pick/user-access-request/accepted?limit=10", reply(403, "{}"), Source::GatedAccess);
    assert!(refused.await.1.contains("`repo.access.read`"));
}

#[tokio::test]
async fn a_refused_token_and_an_unknown_organization_end_it() {
    let hub = acme().await;
    hub.only("/api/whoami-v2", reply(401, "{}"));
    assert!(matches!(examined(&hub, false).await, Err(Error::TokenRefused { .. })));
    let hub = Hub::start().await;
    hub.on("/api/whoami-v2", json(r#"{"name":"ada","orgs":[]}"#));
    let error = examined(&hub, false).await.unwrap_err();
    assert!(matches!(&error, Error::UnknownOrg { login, .. } if login == "ada"), "{error}");
    assert_eq!(hub.paths().len(), 3);
}
