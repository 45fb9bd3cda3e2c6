//! Whole collections against scripted Hubs.

use std::sync::Arc;

use super::*;
use crate::{
    hub::testing::{Hub, MemorySpool, json, reply},
    model::ids::OrgName,
};

/// Ignores everything.
#[derive(Debug)]
struct Silent;

impl Progress for Silent {
    fn start(&self, _: Source, _: Option<u64>) {}
    fn advance(&self, _: Source, _: u64) {}
    fn finish(&self, _: Source, _: &SourceRecord) {}
    fn waiting(&self, _: u64) {}
}

/// The organization's path.
const ORG: &str = "/api/organizations/acme";

/// A plan that leaves nothing out.
fn everything() -> Plan {
    let org = OrgName::new("acme").unwrap();
    Plan { org, skipped: Vec::new(), with_commits: false, all_gated: false, plan: None, as_of: None }
}

/// The list of a type of repository, as it is asked for.
fn list(kind: &str) -> String {
    let gated = if kind == "spaces" { "" } else { "&expand=gated" };
    format!(
        "/api/{kind}?author=acme&expand=author&expand=private{gated}&expand=disabled&expand=lastModified\
         &expand=createdAt&expand=resourceGroup&expand=usedStorage&limit=1000"
    )
}

/// Requests of a repository, as they are asked for.
fn access(repo: &str, status: &str) -> String {
    format!("/api/{repo}/user-access-request/{status}?limit=1000")
}

/// A Hub with a small organization in which every endpoint answers.
async fn acme() -> Hub {
    let hub = Hub::start().await;
    hub.on(
        "/api/whoami-v2",
        json(
            r#"{"type":"user","id":"u1","name":"ada","auth":{"type":"access_token","accessToken":{"displayName":"review",
            "role":"write","createdAt":"2026-09-01T08:00:00.000Z"}},"orgs":[{"name":"acme","id":"o1","plan":"plus",
            "roleInOrg":"admin","securityRestrictions":[]}]}"#,
        ),
    )
    .on(&format!("{ORG}/overview"), json(r#"{"name":"acme","numUsers":3,"plan":"plus"}"#))
    .on(
        &format!("{ORG}/members?limit=1000"),
        json(r#"[{"_id":"u2","user":"bob","role":"read"},{"_id":"u1","user":"ada","role":"admin"}]"#)
            .next("{hub}/api/organizations/acme/members?cursor=2"),
    )
    .on(
        &format!("{ORG}/members?cursor=2"),
        json(r#"[{"_id":"u2","user":"bob"},{"_id":"u3","user":"cy","role":"write"}]"#),
    )
    .on(
        &format!("{ORG}/resource-groups"),
        json(r#"[{"id":"g1","name":"vision","users":[{"_id":"u2","name":"bob","role":"admin"}],"resources":[{"type":"model","name":"acme/arm"}]}]"#),
    )
    .on(
        &format!("{ORG}/settings/repositories"),
        json(r#"[{"id":"acme/arm","type":"model","visibility":"private","storage":7},{"id":"acme/open","type":"dataset","visibility":"public"}]"#),
    )
    .on(&list("models"), json(r#"[{"_id":"r1","id":"acme/arm","private":true,"gated":"manual"}]"#))
    .on(&list("datasets"), json(r#"[{"_id":"r2","id":"acme/open","private":false,"gated":false}]"#))
    .on(&list("spaces"), json("[]"))
    .on("/api/buckets/acme", json("[]"))
    .on("/api/kernels?author=acme&limit=1000", json("[]"))
    .on(&access("models/acme/arm", "pending"), json("[]"))
    .on(&access("models/acme/arm", "accepted"), json(r#"[{"requestId":"q1","user":{"_id":"x1","user":"zoe"}}]"#))
    .on(&access("models/acme/arm", "rejected"), json("[]"))
    .on(&format!("{ORG}/settings/tokens?q=status%3Aall&limit=100"), json(r#"[{"_id":"t1","role":"read","owner":{"name":"bob"}}]"#))
    .on(&format!("{ORG}/service-accounts"), json(r#"[{"_id":"s1","user":"acme-bot"}]"#))
    .on(&format!("{ORG}/service-accounts/s1"), json(r#"{"_id":"s1","user":"acme-bot","accessTokens":[{"_id":"st1"}]}"#))
    .on(
        &format!("{ORG}/scim/v2/Users?startIndex=1&count=1000"),
        json(r#"{"totalResults":2,"Resources":[{"id":"c1","userName":"ada","active":true}]}"#),
    )
    .on(
        &format!("{ORG}/scim/v2/Users?startIndex=2&count=1000"),
        json(r#"{"totalResults":2,"Resources":[{"id":"c2","userName":"bob","active":false}]}"#),
    )
    .on(
        &format!("{ORG}/scim/v2/Groups?startIndex=1&count=1000"),
        json(r#"{"totalResults":1,"Resources":[{"id":"cg","displayName":"hf","members":[{"value":"c1"}]}]}"#),
    )
    .on(
        &format!("{ORG}/audit-log/export"),
        json(r#"[{"_id":"e2","createdAt":"2026-09-18T16:30:00Z","type":"org.brand_new"},{"_id":"e1","createdAt":"2026-09-17T16:30:00Z","type":"org.remove_user","data":{"user":"mallory"}}]"#),
    )
    .on(&format!("{ORG}/settings/network-security"), json(r#"{"enforceAuth":true,"ipRanges":[]}"#));
    hub
}

/// Collects from a Hub into a fresh spool.
async fn read(hub: &Hub, plan: &Plan) -> Result<Collected, Error> {
    collect(&hub.client(&Arc::new(MemorySpool::default())), plan, &Silent).await
}

/// Coverage and reason of a source.
fn of(collected: &Collected, source: Source) -> (Coverage, &str) {
    let record = &collected.sources[&source];
    (record.coverage, record.why.as_deref().unwrap_or_default())
}

/// Replaces an answer of the organization for good.
async fn acme_but(path: &str, answer: crate::hub::testing::Reply) -> Hub {
    let hub = acme().await;
    hub.only(path, answer);
    hub
}

#[tokio::test]
async fn an_organization_in_which_everything_answers_is_collected_whole() {
    let hub = acme().await;
    let all = read(&hub, &everything()).await.unwrap();
    for (source, record) in &all.sources {
        let expected = if *source == Source::Commits { Coverage::NotRequested } else { Coverage::Collected };
        assert_eq!(record.coverage, expected, "{source}: {:?}", record.why);
    }
    let t = &all.tables;
    let logins: Vec<_> = t.members.iter().map(|m| m.username.as_str()).collect();
    assert_eq!(logins, ["ada", "bob", "cy"], "by id, once each");
    assert_eq!(t.members[1].role.as_deref(), Some("read"));
    assert_eq!(t.repos[0].repo, "acme/arm");
    assert_eq!((t.repos[0].group_id.as_deref(), t.repos[0].gated.as_deref()), (Some("g1"), Some("manual")));
    assert_eq!((t.repos.len(), t.gated_access.len(), t.tokens.len(), t.service_tokens.len()), (2, 1, 1, 1));
    assert_eq!((t.scim_users.len(), t.scim_groups.len(), t.network_security.len()), (2, 1, 1));
    assert_eq!((all.events.len(), all.unknown_types.get("org.brand_new")), (2, Some(&1)));
    assert_eq!((all.plan.name.as_str(), all.plan.from.as_str()), ("plus", "whoami"));
    assert_eq!(all.sources[&Source::Overview].tie_outs["numUsers"], 3);
    assert_eq!(all.sources[&Source::Scim].tie_outs["totalResults"], 2);
    let members = &all.sources[&Source::Members];
    assert_eq!((members.rows, members.requests.len(), members.requests[0].rows), (3, 2, Some(2)));
    assert_eq!(hub.paths()[0], "/api/whoami-v2");
    assert!(!hub.heads().contains("POST") && !format!("{all:?}").contains("hf_invented"));
}

#[tokio::test]
async fn the_same_answers_give_the_same_tables_in_any_order() {
    let slow = acme().await;
    for (at, path) in
        [access("models/acme/arm", "pending"), list("models"), "/api/buckets/acme".to_owned()].iter().enumerate()
    {
        slow.delay(path, std::time::Duration::from_millis(200 - 60 * at as u64));
    }
    let (first, second) =
        (read(&acme().await, &everything()).await.unwrap(), read(&slow, &everything()).await.unwrap());
    assert_eq!((first.tables, first.events), (second.tables, second.events));
}

#[tokio::test]
async fn a_collection_that_resumes_asks_for_nothing_twice() {
    let (hub, spool) = (acme().await, Arc::new(MemorySpool::default()));
    let first = collect(&hub.client(&spool), &everything(), &Silent).await.unwrap();
    let asked = hub.paths().len();
    let second = collect(&hub.client(&spool), &everything(), &Silent).await.unwrap();
    assert_eq!(hub.paths().len(), asked);
    assert_eq!((first.tables, first.sources), (second.tables, second.sources));
}

#[tokio::test]
async fn a_refused_source_is_a_gap_with_its_reason() {
    let hub =
        acme_but(&format!("{ORG}/settings/tokens?q=status%3Aall&limit=100"), reply(403, r#"{"error":"Forbidden\n"}"#))
            .await;
    hub.only(&format!("{ORG}/resource-groups"), reply(404, "{}"));
    hub.only(&format!("{ORG}/audit-log/export"), reply(402, r#"{"error":"no plan"}"#));
    hub.only(&format!("{ORG}/service-accounts/s1"), reply(403, "{}"));
    let all = read(&hub, &everything()).await.unwrap();
    let path = "/api/organizations/acme/settings/tokens";
    assert_eq!(of(&all, Source::Tokens), (Coverage::Forbidden, format!("{path}: HTTP 403: Forbidden").as_str()));
    assert_eq!(of(&all, Source::ResourceGroups).0, Coverage::Absent);
    assert_eq!(of(&all, Source::AuditLog).0, Coverage::PlanRequired);
    let (coverage, why) = of(&all, Source::ServiceAccounts);
    assert_eq!(coverage, Coverage::Partial);
    assert!(why.ends_with("(a fine-grained token needs `org.serviceAccounts.read`)"), "{why}");
}

#[tokio::test]
async fn a_missing_plan_explains_a_refusal_only_where_the_plan_lacks_the_source() {
    let hub = acme().await;
    hub.only("/api/whoami-v2", json(r#"{"name":"ada","orgs":[{"name":"acme"}]}"#));
    hub.only(&format!("{ORG}/overview"), json(r#"{"name":"acme"}"#));
    for path in ["resource-groups", "service-accounts", "audit-log/export", "settings/network-security"] {
        hub.only(&format!("{ORG}/{path}"), reply(403, "{}"));
    }
    hub.only(&format!("{ORG}/settings/repositories"), reply(403, "{}"));
    let all = read(&hub, &everything()).await.unwrap();
    assert_eq!((all.plan.name.as_str(), all.plan.from.as_str()), ("free", "default"));
    for source in [Source::ResourceGroups, Source::ServiceAccounts, Source::AuditLog, Source::NetworkSecurity] {
        assert_eq!(of(&all, source).0, Coverage::PlanRequired, "{source}");
        assert!(!of(&all, source).1.contains("needs"), "no permission would help");
    }
    assert_eq!(of(&all, Source::Repos).0, Coverage::Partial);
    assert!(Coverage::PlanRequired.is_gap(Source::AuditLog, &all.plan.plan()));
    let team = Plan { plan: Some("Enterprise".to_owned()), ..everything() };
    let all = read(&hub, &team).await.unwrap();
    assert_eq!((all.plan.name.as_str(), all.plan.from.as_str()), ("enterprise", "configuration"));
    assert_eq!(of(&all, Source::ServiceAccounts).0, Coverage::Forbidden);
    assert_eq!(of(&all, Source::NetworkSecurity).0, Coverage::PlanRequired);
}

#[tokio::test]
async fn a_configured_plan_below_the_real_one_hides_no_refusal() {
    let hub = acme_but(&format!("{ORG}/resource-groups"), reply(403, "{}")).await;
    hub.only(&format!("{ORG}/overview"), json(r#"{"name":"acme","numUsers":3,"plan":"team"}"#));
    for (plan, expected) in [("free", "plus"), ("Enterprise", "plus"), ("plus", "plus")] {
        let all = read(&hub, &Plan { plan: Some(plan.to_owned()), ..everything() }).await.unwrap();
        assert_eq!(all.plan.name, expected);
        assert_eq!(all.plan.from, if plan == "plus" { "configuration" } else { "whoami" });
        assert_eq!(of(&all, Source::ResourceGroups).0, Coverage::Forbidden, "{plan}");
    }
}

#[tokio::test]
async fn lists_that_leave_things_out_are_partial() {
    let hub = acme().await;
    hub.only(
        "/api/whoami-v2",
        json(r#"{"name":"ada","id":"u1","orgs":[{"name":"acme","plan":"plus","roleInOrg":"write"}]}"#),
    );
    hub.only(&format!("{ORG}/overview"), json(r#"{"name":"acme","numUsers":70}"#));
    let all = read(&hub, &everything()).await.unwrap();
    for source in [Source::ResourceGroups, Source::Repos, Source::GatedAccess] {
        assert_eq!(of(&all, source).0, Coverage::Partial, "{source}");
        assert!(of(&all, source).1.contains("role write"), "{source}");
    }
    assert_eq!(of(&all, Source::Members).0, Coverage::Partial);
    assert!(of(&all, Source::Members).1.contains("counts 70 members and lists 3"));
    assert_eq!(of(&all, Source::Tokens).0, Coverage::Collected);
    // A refusal stays one.
    hub.only(&format!("{ORG}/resource-groups"), reply(403, "{}"));
    assert_eq!(of(&read(&hub, &everything()).await.unwrap(), Source::ResourceGroups).0, Coverage::Forbidden);
}

#[tokio::test]
async fn a_date_that_has_not_come_ends_a_collection_after_whoami() {
    let hub = acme().await;
    let whoami = json(r#"{"name":"ada","orgs":[{"name":"acme","roleInOrg":"admin"}]}"#);
    hub.only("/api/whoami-v2", whoami.clone().header("date", "Thu, 01 Oct 2026 05:54:59 GMT"));
    let dated = Plan { as_of: crate::model::time::parse("2026-10-01T06:00:00Z"), ..everything() };
    let error = read(&hub, &dated).await.unwrap_err();
    assert!(matches!(error, Error::Ahead { is_of_hub: true, .. }), "{error}");
    assert_eq!(hub.paths(), ["/api/whoami-v2"]);
    // Without a `Date`, this machine's clock is the witness until a later answer has one.
    hub.only("/api/whoami-v2", whoami);
    assert!(read(&hub, &dated).await.is_ok());
    let overview = json(r#"{"name":"acme","numUsers":3}"#).header("date", "Thu, 01 Oct 2026 05:00:00 GMT");
    hub.only(&format!("{ORG}/overview"), overview);
    assert!(matches!(read(&hub, &dated).await, Err(Error::Ahead { is_of_hub: true, .. })));
}

#[tokio::test]
async fn what_ends_a_collection_is_told_apart() {
    let hub =
        acme_but("/api/whoami-v2", reply(401, r#"{"error":"Invalid credentials in Authorization header"}"#)).await;
    let error = read(&hub, &everything()).await.unwrap_err();
    assert!(matches!(&error, Error::TokenRefused { why, .. } if why.contains("Invalid credentials")), "{error}");
    assert_eq!(hub.paths().len(), 1);

    let hub = Hub::start().await;
    hub.on("/api/whoami-v2", json(r#"{"name":"ada","orgs":[]}"#));
    let error = read(&hub, &everything()).await.unwrap_err();
    assert!(matches!(&error, Error::UnknownOrg { login, .. } if login == "ada"), "{error}");
    assert_eq!(hub.paths().len(), 3);

    let hub = acme_but("/api/whoami-v2", reply(403, "{}")).await;
    let all = read(&hub, &everything()).await.unwrap();
    assert_eq!(of(&all, Source::Whoami).0, Coverage::Forbidden);
    assert_eq!((all.plan.name.as_str(), all.plan.from.as_str()), ("plus", "overview"));
}

#[tokio::test]
async fn skipped_sources_are_not_asked() {
    let hub = acme().await;
    let plan =
        Plan { skipped: vec![Source::Repos, Source::Members, Source::AuditLog], with_commits: true, ..everything() };
    let all = read(&hub, &plan).await.unwrap();
    for source in [Source::Repos, Source::Members, Source::AuditLog, Source::GatedAccess, Source::Commits] {
        assert_eq!(of(&all, source).0, Coverage::Skipped, "{source}");
    }
    assert!(!hub.paths().iter().any(|path| path.contains("audit-log") || path.contains("/api/models")));
}

#[tokio::test]
async fn broken_pages_and_items_leave_the_rest_standing() {
    let hub =
        acme_but(&format!("{ORG}/members?cursor=2"), json(r#"[{"user":"nobody"},{"_id":"u3","user":"cy"}]"#)).await;
    hub.only(
        &format!("{ORG}/audit-log/export"),
        json(r#"[{"_id":"e1","createdAt":"2026-09-17T16:30:00Z","type":"x"}]"#).next("http://evil.example/"),
    );
    hub.only(&list("models"), json("[]").next("http://evil.example/"));
    hub.only(&format!("{ORG}/resource-groups"), json("{}"));
    hub.only(&format!("{ORG}/settings/network-security"), json("[]"));
    let all = read(&hub, &everything()).await.unwrap();
    assert_eq!((of(&all, Source::Members).0, all.tables.members.len()), (Coverage::Partial, 3));
    assert_eq!(
        of(&all, Source::Members).1,
        "/api/organizations/acme/members: 1 unreadable, the first being `[0]`: no `_id`; role is not visible on 1 of 3 rows; \
         twoFaEnabled is not visible on 3 of 3 rows"
    );
    assert_eq!((of(&all, Source::AuditLog).0, all.events.len()), (Coverage::Partial, 1));
    assert_eq!(of(&all, Source::Repos).0, Coverage::Partial);
    assert_eq!(of(&all, Source::ResourceGroups).0, Coverage::Failed);
    assert_eq!(of(&all, Source::NetworkSecurity).0, Coverage::Failed);
    assert_eq!(of(&all, Source::GatedAccess).0, Coverage::Collected, "the settings name every repository");
}

#[path = "part_tests.rs"]
mod parts;

#[path = "limit_tests.rs"]
mod limits;
