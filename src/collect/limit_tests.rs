//! Collections of a Hub whose answers have no end, no readable continuation, or our own token in them.

use std::time::Duration;

use super::*;
use crate::{
    collect::members,
    hub::{
        Client, Limits,
        endpoints::{Call, MEMBERS},
        testing::Reply,
    },
};

/// A client of a Hub with a deadline.
fn until(hub: &Hub, deadline: Duration) -> Client {
    let mut options = hub.options(Arc::new(MemorySpool::default()));
    options.limits = Limits { deadline, ..Limits::default() };
    Client::new(options).unwrap()
}

/// The first page of members as it is asked for.
fn members_page() -> String {
    format!("{ORG}/members?limit=1000")
}

#[tokio::test]
async fn a_list_is_read_as_far_as_its_limit_of_items() {
    let hub = acme().await;
    let client = hub.client(&Arc::new(MemorySpool::default()));
    let reader = Reader { client: &client, progress: &Silent, source: Source::Members };
    for (most, read, pages) in [(1, 1, 1), (2, 2, 2), (3, 3, 2), (4, 4, 2), (9, 4, 2)] {
        let asked = hub.paths().len();
        let client = hub.client(&Arc::new(MemorySpool::default()));
        let reader = Reader { client: &client, ..reader };
        let part = reader.list(&Call { items: most, ..MEMBERS }, &[("org", "acme")], members::member).await.unwrap();
        let why = part.failure.map(|failure| failure.why);
        let more = format!("{ORG}/members: the list holds more than {most} items");
        assert_eq!(why, (most < 4).then_some(more), "{most}");
        assert_eq!((part.items.len(), hub.paths().len() - asked), (read, pages), "{most}");
    }
    let mut calls = crate::hub::endpoints::ENDPOINTS.iter();
    assert!(calls.all(|call| call.items > 0 && call.limit().is_none_or(|limit| call.items >= 10 * u64::from(limit))));
}

#[tokio::test]
async fn a_list_whose_continuation_cannot_be_read_is_partial() {
    let page = json(r#"[{"_id":"u1","user":"ada"}]"#);
    for link in ["<{hub}/x>; rel='next'", "garbage", "<{hub}/y"] {
        let hub = acme_but(&members_page(), page.clone().header("link", link)).await;
        let all = read(&hub, &everything()).await.unwrap();
        let (coverage, why) = of(&all, Source::Members);
        assert_eq!((coverage, all.tables.members.len()), (Coverage::Partial, 1), "{link}");
        assert!(why.contains("`Link`"), "{why}");
        assert!(all.sources[&Source::Members].requests[0].link_unreadable);
    }
}

#[tokio::test]
async fn a_source_whose_answer_repeats_the_token_has_failed_and_shows_nothing_of_it() {
    let answers: [Reply; 3] = [
        json(r#"[{"_id":"u1","user":"\u0068f_invented"}]"#),
        reply(403, r#"{"error":"hf_invented may not"}"#),
        json(r#"[{"_id":"u1","user":"ada"}]"#).next("{hub}/x?token=hf_invented"),
    ];
    for answer in answers {
        let hub = acme_but(&members_page(), answer).await;
        let all = read(&hub, &everything()).await.unwrap();
        let why = format!("{ORG}/members: the answer repeats the access token");
        assert_eq!(of(&all, Source::Members), (Coverage::Failed, why.as_str()));
        assert!(!format!("{all:?}").contains("invented") && all.tables.members.is_empty());
    }
}

#[tokio::test]
async fn a_deadline_leaves_what_was_read_and_names_itself_where_nothing_was() {
    let hub = acme().await;
    let forever = Duration::from_secs(60);
    hub.delay(&format!("{ORG}/scim/v2/Users?startIndex=2&count=1000"), forever);
    hub.delay(&format!("{ORG}/service-accounts"), forever);
    let client = until(&hub, Duration::from_secs(3));
    let all = collect(&client, &everything(), &Silent).await.unwrap();
    let why = format!("{ORG}/service-accounts: the deadline of 3 s passed");
    assert_eq!(of(&all, Source::ServiceAccounts), (Coverage::Failed, why.as_str()));
    let (coverage, why) = of(&all, Source::Scim);
    assert_eq!((coverage, all.tables.scim_users.len()), (Coverage::Partial, 1));
    assert!(why.contains("the deadline of 3 s passed"), "{why}");
    assert_eq!(of(&all, Source::Members).0, Coverage::Collected);
    let groups = |path: &String| path.contains("/scim/v2/Groups");
    assert!(!hub.paths().iter().any(groups), "nothing is sent any more");
}
