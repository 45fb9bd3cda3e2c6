//! Collections in which repositories, grants, commits and SCIM answer in part.

use std::io;

use super::*;
use crate::{
    hub::{self, Client, Endpoint, Options},
    model::evidence::{BodySink, Request, Spool},
};

/// A disk that is full.
#[derive(Debug)]
struct Full;

impl Spool for Full {
    fn finished(&self, _: Source, _: &str) -> Option<Request> {
        None
    }
    fn begin(&self, _: Source) -> io::Result<Box<dyn BodySink>> {
        Err(io::ErrorKind::StorageFull.into())
    }
    fn open(&self, _: &str) -> io::Result<Box<dyn io::Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
    fn finish(&self, _: Source, _: &Request) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn without_a_token_a_hub_or_a_disk_nothing_is_collected() {
    let hub = acme().await;
    let with = |change: fn(&mut Options), spool: Arc<dyn Spool>| {
        let mut options = hub.options(spool);
        change(&mut options);
        Client::new(options).unwrap()
    };
    let client = with(|options| options.token = None, Arc::new(MemorySpool::default()));
    assert!(matches!(collect(&client, &everything(), &Silent).await, Err(Error::NoToken { .. })));
    assert!(hub.paths().is_empty());

    // Port 9 (discard) has no listener on a test machine.
    let nowhere = |options: &mut Options| options.endpoint = Endpoint::parse("http://127.0.0.1:9", false).unwrap();
    let client = with(nowhere, Arc::new(MemorySpool::default()));
    let error = collect(&client, &everything(), &Silent).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { why, .. } if why.contains("no connection")), "{error}");

    let error = collect(&with(|_| {}, Arc::new(Full)), &everything(), &Silent).await.unwrap_err();
    assert!(matches!(error, Error::Storage(hub::Error::Storage { source_name: Source::Whoami, .. })), "{error}");
}

/// Path of a SCIM list.
fn scim(tree: &str, list: &str, start: u32) -> String {
    format!("{ORG}/{tree}/v2/{list}?startIndex={start}&count=1000")
}

#[tokio::test]
async fn repositories_are_joined_from_whichever_list_answers() {
    let hub = acme_but(&list("models"), reply(500, "{}").header("retry-after", "0")).await;
    hub.only(
        &list("datasets"),
        json(r#"[{"id":"acme/open","private":true},{"id":"other/x"},{"id":"acme/new","private":true,"gated":"auto"}]"#),
    );
    hub.only(&access("models/acme/arm", "pending"), reply(404, "{}"));
    hub.only(&access("models/acme/arm", "rejected"), reply(400, "{}"));
    for status in ["pending", "accepted", "rejected"] {
        hub.only(&access("datasets/acme/new", status), json("[]"));
        hub.only(&access("datasets/acme/open", status), reply(404, "{}"));
    }
    let all = read(&hub, &everything()).await.unwrap();
    let (coverage, why) = of(&all, Source::Repos);
    assert_eq!(coverage, Coverage::Partial);
    assert!(why.contains("/api/models: HTTP 500") && why.contains("1 listed repositories are not"), "{why}");
    let repos: Vec<_> = all.tables.repos.iter().map(|r| (r.repo.as_str(), r.visibility.as_deref())).collect();
    let expected =
        [("acme/arm", Some("private")), ("datasets/acme/new", Some("private")), ("datasets/acme/open", Some("public"))];
    assert_eq!(repos, expected);
    // Of arm and open nobody says whether they are gated: 404 and 400 then only say that they are not.
    assert_eq!((of(&all, Source::GatedAccess).0, all.tables.gated_access.len()), (Coverage::Collected, 1));
}

#[tokio::test]
async fn grants_that_cannot_be_read_are_named() {
    let hub = acme_but(&access("models/acme/arm", "accepted"), reply(400, r#"{"error":"not gated"}"#)).await;
    let all = read(&hub, &everything()).await.unwrap();
    let (coverage, why) = of(&all, Source::GatedAccess);
    assert_eq!(coverage, Coverage::Partial);
    assert!(why.starts_with("the requests of 1 repository could not be read whole (acme/arm); "), "{why}");

    for status in ["pending", "accepted", "rejected"] {
        hub.only(&access("models/acme/arm", status), reply(403, "{}"));
    }
    assert_eq!(of(&read(&hub, &everything()).await.unwrap(), Source::GatedAccess).0, Coverage::Forbidden);

    let all = read(&hub, &Plan { all_gated: true, ..everything() }).await.unwrap();
    assert!(hub.paths().contains(&access("datasets/acme/open", "accepted")));
    let (coverage, why) = of(&all, Source::GatedAccess);
    assert!(coverage == Coverage::Forbidden && why.contains("acme/arm, datasets/acme/open"), "{coverage} {why}");
}

#[tokio::test]
async fn without_a_list_of_repositories_grants_and_commits_are_as_unread() {
    let hub = acme_but(&format!("{ORG}/settings/repositories"), reply(403, r#"{"error":"no"}"#)).await;
    for kind in ["models", "datasets", "spaces"] {
        hub.only(&list(kind), reply(404, "{}"));
    }
    hub.only("/api/buckets/acme", reply(404, "{}"));
    hub.only("/api/kernels?author=acme&limit=1000", reply(404, "{}"));
    let all = read(&hub, &Plan { with_commits: true, ..everything() }).await.unwrap();
    for source in [Source::Repos, Source::GatedAccess, Source::Commits] {
        let (coverage, why) = of(&all, source);
        assert!(coverage == Coverage::Forbidden && why.contains("HTTP 403: no"), "{source}: {coverage} {why}");
    }
}

#[tokio::test]
async fn a_list_that_is_not_whole_makes_the_grants_partial_where_nothing_else_names_the_repositories() {
    let hub = acme_but(&format!("{ORG}/settings/repositories"), reply(403, "{}")).await;
    hub.only(&list("models"), json(r#"[{"id":"acme/arm","gated":"manual"}]"#).next("/api/models?cursor=gone"));
    let (coverage, why) =
        (read(&hub, &everything()).await.unwrap().sources.remove(&Source::GatedAccess).unwrap(), "not whole");
    assert_eq!(coverage.coverage, Coverage::Partial);
    assert!(coverage.why.unwrap().contains(why));
    hub.only(&list("models"), json(r#"[{"id":"acme/arm","gated":"manual"}]"#));
    hub.only(&list("spaces"), reply(404, "{}"));
    let all = read(&hub, &everything()).await.unwrap();
    assert_eq!(of(&all, Source::Repos).0, Coverage::Partial);
    assert_eq!(of(&all, Source::GatedAccess).0, Coverage::Collected, "spaces are never gated");
}

#[tokio::test]
async fn commits_are_read_from_the_newest_page_when_asked_for() {
    let hub = acme().await;
    hub.on(
        "/api/models/acme/arm/commits/main?limit=1000",
        json(r#"[{"date":"2026-09-16T10:00:00Z","authors":[{"user":"bob"},{"user":"system"}]}]"#).next("/older"),
    )
    .on("/api/datasets/acme/open/commits/main?limit=1000", reply(404, "{}"));
    let all = read(&hub, &Plan { with_commits: true, ..everything() }).await.unwrap();
    assert_eq!((all.tables.commits.len(), of(&all, Source::Commits).0), (1, Coverage::Partial));
    assert!(!hub.paths().contains(&"/older".to_owned()));
}

#[tokio::test]
async fn the_other_scim_tree_is_asked_when_the_first_is_refused() {
    let hub = acme_but(&scim("scim", "Users", 1), reply(404, "{}")).await;
    hub.on(
        &scim("scim-provisioning", "Users", 1),
        json(r#"{"totalResults":1,"Resources":[{"id":"p1","userName":"ada"}]}"#),
    )
    .on(&scim("scim-provisioning", "Groups", 1), json(r#"{"totalResults":0}"#));
    let all = read(&hub, &everything()).await.unwrap();
    assert_eq!(of(&all, Source::Scim), (Coverage::Collected, ""));
    assert_eq!(all.tables.scim_users[0].tree, "scim-provisioning");
    assert_eq!(all.sources[&Source::Scim].requests.len(), 3);

    hub.only(&scim("scim-provisioning", "Groups", 1), reply(403, "{}"));
    assert_eq!(of(&read(&hub, &everything()).await.unwrap(), Source::Scim).0, Coverage::Partial);

    hub.only(&scim("scim-provisioning", "Users", 1), reply(403, "{}"));
    assert_eq!(
        of(&read(&hub, &everything()).await.unwrap(), Source::Scim).0,
        Coverage::Absent,
        "the first answer decides"
    );

    hub.only(&scim("scim", "Users", 1), reply(402, "{}"));
    assert_eq!(
        of(&read(&hub, &everything()).await.unwrap(), Source::Scim).0,
        Coverage::PlanRequired,
        "the first answer decides"
    );
    let invited = json(r#"{"totalResults":1,"Resources":[{"id":"p1","userName":"ada","active":false}]}"#);
    hub.only(&scim("scim-provisioning", "Users", 1), invited);
    hub.only(&scim("scim-provisioning", "Groups", 1), json(r#"{"totalResults":0}"#));
    let all = read(&hub, &everything()).await.unwrap();
    assert_eq!((of(&all, Source::Scim).0, all.tables.scim_users.len()), (Coverage::Collected, 1));
}

#[tokio::test]
async fn scim_lists_that_repeat_or_fall_short_are_partial_and_end() {
    let page = r#"{"totalResults":5,"Resources":[{"id":"c1","userName":"ada"}]}"#;
    let hub = acme_but(&scim("scim", "Users", 1), json(page)).await;
    hub.only(&scim("scim", "Users", 2), json(page));
    let all = read(&hub, &everything()).await.unwrap();
    let (coverage, why) = of(&all, Source::Scim);
    assert_eq!((coverage, all.tables.scim_users.len()), (Coverage::Partial, 1));
    assert!(why.contains("1 of 5 sent"), "{why}");

    hub.only(&scim("scim", "Users", 1), json(r#"{"Resources":[{"id":"c1","userName":"ada"}]}"#));
    hub.only(&scim("scim", "Users", 2), json(r#"{"Resources":[]}"#));
    assert_eq!(of(&read(&hub, &everything()).await.unwrap(), Source::Scim).0, Coverage::Collected);

    hub.only(&scim("scim", "Users", 1), json(r#"{"error":"odd"}"#));
    assert_eq!(of(&read(&hub, &everything()).await.unwrap(), Source::Scim).0, Coverage::Failed);
}
