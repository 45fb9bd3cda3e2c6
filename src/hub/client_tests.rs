//! The client against scripted Hubs: what it retries, follows, keeps and refuses.

use std::sync::Arc;

use super::*;
use crate::hub::testing::{Hub, MemorySpool, Reply, json, reply};

/// Asks a fresh client for a path of the Hub.
async fn ask(hub: &Hub, spool: &Arc<MemorySpool>, path: &str) -> Request {
    let client = hub.client(spool);
    let url = Url::parse(&format!("{}{path}", hub.url)).unwrap();
    client.get(Source::Members, &url).await.unwrap()
}

/// A reply whose connection ends in the middle of the body.
fn torn(body: &str) -> Reply {
    Reply { missing: 3, ..json(body) }
}

#[tokio::test]
async fn a_good_answer_is_kept_byte_for_byte_and_journaled() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", json("[1, 2]\n").next("/a?p=2"));
    let answer = ask(&hub, &spool, "/a").await;
    assert_eq!((answer.status, answer.bytes, answer.attempts, answer.error.as_deref()), (Some(200), 7, 1, None));
    assert_eq!(answer.raw.as_deref(), Some("raw/members/0001.json.zst"));
    assert_eq!(answer.next.as_deref(), Some("/a?p=2"));
    assert_eq!(answer.sha256.as_ref().map(String::len), Some(64));
    assert_eq!(spool.journal.lock().unwrap().len(), 1);

    assert_eq!(ask(&hub, &spool, "/a").await, answer, "a finished answer comes from the spool");
    assert_eq!(hub.paths().len(), 1);
    let heads = hub.heads().to_lowercase();
    assert!(heads.starts_with("get /a http/1.1"), "{heads}");
    assert!(heads.contains("authorization: bearer hf_invented"), "{heads}");
    assert!(heads.contains(&format!("user-agent: rollcall/{}", env!("CARGO_PKG_VERSION"))), "{heads}");
}

#[tokio::test]
async fn broken_answers_are_tried_again_until_one_is_whole() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", reply(503, "{}").header("retry-after", "0"))
        .on("/a", torn("[1,2,3]"))
        .on("/a", json("<html>").header("content-type", "text/html"))
        .on("/a", reply(0, ""))
        .on("/a", json("[]"));
    let answer = ask(&hub, &spool, "/a").await;
    assert_eq!((answer.attempts, answer.error.as_deref(), spool.kept()), (5, None, 1));
}

#[tokio::test]
async fn a_lasting_server_error_is_given_up_after_four_retries_and_its_words_are_kept() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", reply(500, r#"{"error":"oh\nno"}"#).header("retry-after", "0"));
    let answer = ask(&hub, &spool, "/a").await;
    assert_eq!(hub.paths().len(), 5);
    assert_eq!((answer.status, answer.attempts), (Some(500), 5));
    assert_eq!(answer.error.as_deref(), Some("HTTP 500: oh no"));
    assert_eq!((spool.kept(), spool.journal.lock().unwrap().len()), (1, 0));
}

#[tokio::test]
async fn a_page_that_stays_cut_off_is_no_answer() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", json("[{\"_id\":1},"));
    let answer = ask(&hub, &spool, "/a").await;
    assert_eq!((answer.status, answer.raw.as_deref(), spool.kept()), (Some(200), None, 0));
    assert_eq!(answer.error.as_deref(), Some("the answer is cut off after 11 bytes"));
}

#[tokio::test]
async fn refusals_are_answers_and_are_not_tried_again() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", reply(400, r#"{"error":"no"}"#).header("x-error-code", "RepoNotGated"));
    let answer = ask(&hub, &spool, "/a").await;
    assert_eq!(answer.error.as_deref(), Some("HTTP 400 RepoNotGated: no"));
    assert_eq!((hub.paths().len(), spool.kept()), (1, 1));
    let answer = ask(&hub, &spool, "/nothing").await;
    assert_eq!((answer.status, answer.error.as_deref()), (Some(404), Some("HTTP 404: Not found")));
}

#[tokio::test]
async fn a_429_is_waited_for_and_does_not_use_up_the_retries() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    for _ in 0..7 {
        hub.on("/a", reply(429, "{}").header("retry-after", "0"));
    }
    hub.on("/a", reply(429, "{}").header("ratelimit", "\"api\";r=0;t=0"));
    hub.on("/a", json("[]"));
    let began = Instant::now();
    let answer = ask(&hub, &spool, "/a").await;
    assert_eq!((answer.attempts, answer.error), (9, None));
    assert!(began.elapsed() >= Duration::from_millis(900), "t = 0 may hide a second");
}

#[tokio::test]
async fn the_token_goes_nowhere_but_to_the_configured_hub() {
    let (hub, evil, spool) = (Hub::start().await, Hub::start().await, Arc::new(MemorySpool::default()));
    evil.on("/x", json("[]"));
    hub.on("/a", reply(302, "").header("location", format!("{}/x", evil.url)));
    let answer = ask(&hub, &spool, "/a").await;
    assert_eq!((answer.status, answer.error.as_deref()), (Some(302), Some("redirect to another host")));
    assert_eq!(evil.paths().len(), 0);
}

#[tokio::test]
async fn redirects_on_the_same_hub_are_followed_but_not_for_ever() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    let of = |org: &str| format!("/api/buckets/{org}");
    hub.on("/a", reply(307, "").header("location", of("b"))).on(&of("b"), json("[]"));
    let answer = ask(&hub, &spool, "/a").await;
    assert!(answer.error.is_none() && answer.url.ends_with("/a"), "{answer:?}");

    hub.on(&of("c"), reply(301, "").header("location", of("d")))
        .on(&of("d"), reply(301, "").header("location", "{hub}/api/buckets/c"));
    assert_eq!(ask(&hub, &spool, &of("c")).await.error.as_deref(), Some("redirect in a loop"));

    for n in 0..9 {
        hub.on(&of(&format!("r{n}")), reply(302, "").header("location", of(&format!("r{}", n + 1))));
    }
    assert_eq!(ask(&hub, &spool, &of("r0")).await.error.as_deref(), Some("more than five redirects"));
    assert_eq!(ask(&hub, &spool, &of("r4")).await.error.as_deref(), Some("HTTP 404: Not found"));
}

#[tokio::test]
async fn a_redirect_leads_to_a_declared_call_only() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    let commits = "/api/models/acme/old/commits/main";
    let renamed = "/api/models/acme/new/commits/main?limit=1000";
    hub.on(commits, reply(308, "").header("location", renamed)).on(renamed, json("[]"));
    assert_eq!(ask(&hub, &spool, commits).await.error, None);
    for target in ["/login", "/api/models/acme/new", "/api/models/acme/new/commits/main/x", "{hub}/", "//"] {
        hub.only("/a", reply(302, "").header("location", target));
        hub.on("/login", json("[]"));
        let answer = ask(&hub, &spool, "/a").await;
        let error = answer.error.unwrap();
        assert!(error.starts_with("redirect "), "{target}: {error}");
    }
    assert!(!hub.paths().contains(&"/login".to_owned()));
}

#[tokio::test]
async fn a_hub_that_is_not_there_is_reported_soon() {
    let spool = Arc::new(MemorySpool::default());
    let url = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let hub = Hub::start().await;
    let mut client = hub.client(&spool);
    client.options.endpoint = Endpoint::parse(&url, false).unwrap();
    let began = Instant::now();
    let answer = client.get(Source::Whoami, &Url::parse(&url).unwrap()).await.unwrap();
    assert_eq!((answer.status, answer.attempts), (None, 3));
    assert!(answer.error.unwrap().starts_with("no connection: "));
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn pages_are_followed_on_the_same_hub_only_and_never_twice() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", json("[1]").next("/a?cursor=2"))
        .on("/a?cursor=2", json("[2]").next("{hub}/a?cursor=3"))
        .on("/a?cursor=3", json("[3]"))
        .on("/loop", json("[1]").next("{hub}/loop?p=2"))
        .on("/loop?p=2", json("[1]").next("{hub}/loop#again"))
        .on("/hostile", json("[1]").next("http://evil.example/a"))
        .on("/sly", json("[1]").next(&hub.url.replace("http://", "http://me:x@")))
        .on("/torn", json("[1]").next("/torn?p=2"))
        .on("/aside", json("[1]").next("/api/whoami-v2"))
        .on("/garbled", json("[1]").header("link", "<{hub}/garbled?p=2>; rel='next'"))
        .on("/accented", json("[1]").header("link", "<{hub}/accented?p=é>; rel=\"next\""));
    for (path, pages, broken) in [
        ("/a", 3, None),
        ("/loop", 2, Some("the link to the next page leads back to an earlier page")),
        ("/hostile", 1, Some("the link to the next page leads to another host")),
        ("/sly", 1, Some("the link to the next page leads to another host")),
        ("/torn", 2, Some("HTTP 404: Not found")),
        ("/aside", 1, Some("the link to the next page leads to another path")),
        ("/garbled", 1, Some("the header that names the next page (`Link`) cannot be read")),
        ("/accented", 1, Some("the header that names the next page (`Link`) cannot be read")),
    ] {
        let client = hub.client(&spool);
        let mut pager = client.pager(Source::Members, Url::parse(&format!("{}{path}", hub.url)).unwrap());
        let mut count = 0;
        while pager.next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!((count, pager.broken()), (pages, broken), "{path}");
    }
}

#[tokio::test]
async fn the_quota_is_never_overdrawn_by_concurrent_requests() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    let limited = |left: u32| {
        json("[]")
            .header("ratelimit", format!("\"api\";r={left};t=1"))
            .header("ratelimit-policy", "\"fixed window\";\"api\";q=3;w=1")
    };
    for n in 0..7 {
        hub.on(&format!("/{n}"), limited(2 - n % 3));
    }
    let client = hub.client(&spool);
    let began = Instant::now();
    let urls: Vec<_> = (0..7).map(|n| Url::parse(&format!("{}/{n}", hub.url)).unwrap()).collect();
    let all = urls.iter().map(|url| client.get(Source::Members, url));
    futures_util::future::join_all(all).await;
    assert!(began.elapsed() >= Duration::from_secs(2), "seven requests at three a second take three windows");
}

#[tokio::test]
async fn a_clock_that_jumps_changes_neither_waits_nor_durations() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    let policy = "\"fixed window\";\"api\";q=9;w=1";
    let spent = reply(429, "{}").header("ratelimit", "\"api\";r=0;t=1").header("ratelimit-policy", policy);
    hub.on("/a", spent).on("/a", reply(500, "{}")).on("/a", json("[]"));
    let asked = AtomicU32::new(0);
    let mut options = hub.options(Arc::<MemorySpool>::clone(&spool));
    options.clock = Arc::new(move || {
        let year = if asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) { 2046 } else { 2006 };
        time::parse(&format!("{year}-10-01T06:00:00Z")).unwrap()
    });
    let client = Client::new(options).unwrap();
    let began = Instant::now();
    let answer = client.get(Source::Members, &Url::parse(&format!("{}/a", hub.url)).unwrap()).await.unwrap();
    let took = began.elapsed();
    assert_eq!((answer.attempts, answer.error), (3, None));
    assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(20), "{took:?}");
    assert!(answer.ms < 20_000, "{} ms", answer.ms);
}
