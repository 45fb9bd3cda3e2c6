//! The bounds against Hubs that would never end or never stop growing.

use std::{io::Write as _, sync::Arc, time::Duration};

use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    time::{Instant, sleep},
};
use url::Url;

use super::{
    Client, Endpoint, Limits,
    attempt::{Attempt, Outcome},
    testing::{Hub, MemorySpool, Reply, json, reply},
};
use crate::model::{coverage::Source, evidence::Request};

/// A client of a Hub with other bounds.
fn bounded(hub: &Hub, spool: &Arc<MemorySpool>, limits: Limits) -> Client {
    let mut options = hub.options(Arc::<MemorySpool>::clone(spool));
    options.limits = limits;
    Client::new(options).unwrap()
}

/// Asks for a path of a Hub.
async fn ask(client: &Client, source: Source, path: &str) -> Request {
    let url = Url::parse(&format!("{}{path}", client.endpoint())).unwrap();
    client.get(source, &url).await.unwrap()
}

/// Bytes as gzip.
fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A compressed answer.
fn gzip(body: Vec<u8>) -> Reply {
    Reply { body, ..json("") }.header("content-encoding", "gzip")
}

/// One attempt at a server that says `first` and then `again` for ever; gives the error of the record.
async fn dripping(first: &'static [u8], again: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await;
        let mut words = first;
        while stream.write_all(words).await.is_ok() {
            sleep(Duration::from_millis(20)).await;
            words = again;
        }
    });
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    let mut options = hub.options(Arc::<MemorySpool>::clone(&spool));
    options.endpoint = Endpoint::parse(url.as_str(), false).unwrap();
    options.limits.attempt = Duration::from_millis(300);
    let client = Client::new(options).unwrap();
    let began = Instant::now();
    let attempt = Attempt { client: &client, source: Source::Members, url: &url, number: 1, last: true };
    let outcome = attempt.run().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(spool.kept(), 0);
    let Outcome::Broken { request, .. } = outcome else { panic!("it was an answer") };
    request.error.unwrap()
}

#[tokio::test]
async fn an_answer_that_never_ends_is_given_up() {
    let head = b"HTTP/1.1 200 X\r\ncontent-length: 9999999\r\n\r\n[";
    let error = dripping(head, b" ").await;
    assert!(error.starts_with("the answer was not whole in time, after "), "{error}");
    let refusal = b"HTTP/1.1 500 X\r\ncontent-length: 9999999\r\n\r\n{";
    assert_eq!(dripping(refusal, b" ").await, "HTTP 500");
    assert_eq!(dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n").await, "no answer in time");
}

#[tokio::test]
async fn received_bytes_add_time() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", json(format!("[{}1]", "1,".repeat(300_000))));
    let limits = Limits { attempt: Duration::from_secs(1), bytes_per_second: 1 << 10, ..Limits::default() };
    assert_eq!(ask(&bounded(&hub, &spool, limits), Source::Members, "/a").await.error, None);
    assert_eq!(limits.time_for(600_000), Duration::from_secs(586));
}

#[tokio::test]
async fn past_the_deadline_nothing_is_sent() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/good", json("[]")).on("/slow", Reply { delay: Duration::from_secs(20), ..json("[]") });
    let client = bounded(&hub, &spool, Limits { deadline: Duration::from_secs(1), ..Limits::default() });
    let began = Instant::now();
    let good = ask(&client, Source::Members, "/good").await;
    assert_eq!(good.error, None);
    for path in ["/slow", "/good?again", "/slow"] {
        let answer = ask(&client, Source::Members, path).await;
        assert_eq!(answer.error.as_deref(), Some("the deadline of 1 s passed"), "{path}");
        assert_eq!((answer.status, answer.attempts), (None, 0));
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(hub.paths(), ["/good", "/slow"]);
    assert_eq!(ask(&client, Source::Members, "/good").await, good, "what was read stands");
}

#[tokio::test]
async fn a_wait_for_the_quota_counts_towards_the_deadline() {
    for (name, value) in
        [("retry-after", "200"), ("ratelimit", "\"api\";r=0;t=3000"), ("ratelimit", "\"api\";r=0;t=9e18")]
    {
        let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
        hub.on("/a", reply(429, "{}").header(name, value));
        let client = bounded(&hub, &spool, Limits { deadline: Duration::from_secs(1), ..Limits::default() });
        let began = Instant::now();
        let answer = ask(&client, Source::Members, "/a").await;
        assert_eq!(answer.error.as_deref(), Some("the deadline of 1 s passed"), "{value}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_compressed_answer_is_kept_decoded_and_a_bomb_is_not() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    let numbers: Vec<_> = (0..9_000).map(|n| n.to_string()).collect();
    let whole = format!("[{}]", numbers.join(","));
    let bomb = packed(format!("[{}]", " ".repeat(8 << 20)).as_bytes());
    assert!(bomb.len() < 10_000);
    let cut = packed(whole.as_bytes());
    hub.on("/plain", json(whole.clone()))
        .on("/packed", gzip(packed(whole.as_bytes())))
        .on("/bomb", gzip(bomb))
        .on("/token", gzip(packed(b"[\"hf_invented\"]")))
        .on("/cut", gzip(cut[..cut.len() - 4].to_vec()));
    hub.on("/cut", json("[]"));
    hub.on("/refused", Reply { status: 403, ..gzip(packed(br#"{"error":"not you"}"#)) });
    hub.on("/refused-bomb", Reply { status: 403, ..gzip(packed(&vec![b' '; 1 << 20])) });
    let client = bounded(&hub, &spool, Limits::default());
    let plain = ask(&client, Source::Members, "/plain").await;
    let answer = ask(&client, Source::Members, "/packed").await;
    assert_eq!(answer.error, None);
    assert_eq!((answer.bytes, &answer.sha256), (plain.bytes, &plain.sha256), "of the decoded body");
    let error = |path: &'static str| async { ask(&client, Source::Members, path).await.error };
    assert_eq!(error("/bomb").await.as_deref(), Some("the answer is compressed more than 200 times"));
    assert_eq!(error("/token").await.as_deref(), Some(super::REPEATS_TOKEN));
    assert_eq!(error("/refused").await.as_deref(), Some("HTTP 403: not you"));
    assert_eq!(error("/refused-bomb").await.as_deref(), Some("HTTP 403"));
    assert_eq!(ask(&client, Source::Members, "/cut").await.attempts, 2, "an end without its sum is no end");
    assert_eq!(hub.paths().iter().filter(|path| *path == "/bomb").count(), 1, "not worth another try");
    assert!(hub.heads().to_lowercase().contains("accept-encoding: gzip\r\n"));
}

#[tokio::test]
async fn a_body_has_a_largest_size_for_each_kind_of_call() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    let body = format!("[{}]", " ".repeat(200));
    // Two hundred empty blocks: received bytes that decode to nothing.
    let empty = [&packed(b"")[..10], &[0, 0, 0, 0xff, 0xff].repeat(200)].concat();
    hub.on("/a", json(body.clone())).on("/b", json(body.clone())).on("/c", gzip(empty));
    hub.on("/d", gzip(packed(body.as_bytes())));
    let limits = Limits { page: 100, export: 300, ..Limits::default() };
    let client = bounded(&hub, &spool, limits);
    let large = Some("the answer is larger than 100 bytes".to_owned());
    assert_eq!(ask(&client, Source::Members, "/a").await.error, large);
    assert_eq!(ask(&client, Source::Members, "/c").await.error, large);
    assert_eq!(ask(&client, Source::Members, "/d").await.error, large);
    assert_eq!(ask(&client, Source::AuditLog, "/b").await.error, None);
    assert_eq!((hub.paths().len(), spool.kept()), (4, 1), "not worth another try");
}

#[tokio::test]
async fn the_pages_of_a_list_have_a_size_together() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    let page = || json(format!("[{}]", "0,".repeat(60) + "0"));
    for (path, next) in [("/l", "/l?p=2"), ("/l?p=2", "/l?p=3"), ("/l?p=3", "/l?p=4"), ("/l?p=4", "/l?p=5")] {
        hub.on(path, page().next(next));
    }
    let client = bounded(&hub, &spool, Limits { export: 300, ..Limits::default() });
    let mut pager = client.pager(Source::Members, Url::parse(&format!("{}/l", hub.url)).unwrap());
    let mut count = 0;
    while pager.next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!((count, pager.broken()), (3, Some("the pages of the list are larger than 300 bytes")));
}
