//! Answers that repeat a token, in bodies and in headers: none of it is kept or said.

use std::sync::Arc;

use url::Url;

use super::{
    Client, REPEATS_TOKEN, Token,
    testing::{Hub, MemorySpool, Reply, json, reply},
};
use crate::model::{coverage::Source, evidence::Request};

/// The client's token in other spellings: JSON escapes, percent-encoding, base64 and hexadecimal.
const SPELT: [&str; 7] = [
    "hf_invented",
    r"\u0068f_invented",
    "%68f_%69nvented",
    r"\u002568f_invented",
    "aGZfaW52ZW50ZWQ=",
    "Bearer aGZfaW52ZW50ZWQ",
    "68665F696e76656e746564",
];

/// A Hub with a client, which is asked for another path each time.
struct Asked {
    /// The Hub.
    hub: Hub,
    /// What was kept.
    spool: Arc<MemorySpool>,
    /// Asks.
    client: Client,
}

impl Asked {
    /// A fresh one.
    async fn new() -> Self {
        let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
        let client = hub.client(&spool);
        Self { hub, spool, client }
    }

    /// The record of an answer, and how often it was asked for.
    async fn ask(&self, answer: Reply) -> (Request, usize) {
        let before = self.hub.paths().len();
        let path = format!("/{before}");
        self.hub.on(&path, answer);
        let url = Url::parse(&format!("{}{path}", self.hub.url)).unwrap();
        let request = self.client.get(Source::Members, &url).await.unwrap();
        (request, self.hub.paths().len() - before)
    }

    /// Asserts that an answer is broken for that reason, is not asked for again, and leaves nothing.
    async fn assert_nothing_is_left(&self, answer: Reply) {
        let words = format!("{answer:?}");
        let (request, asked) = self.ask(answer).await;
        assert_eq!(request.error.as_deref(), Some(REPEATS_TOKEN), "{words}");
        assert_eq!((asked, &request.raw, &request.next), (1, &None, &None), "{words}");
        assert_eq!((self.spool.kept(), self.spool.journal.lock().unwrap().len()), (0, 0), "{words}");
    }
}

#[tokio::test]
async fn a_body_that_repeats_the_token_is_not_kept_whatever_its_status() {
    let hub = Asked::new().await;
    for spelt in SPELT {
        for body in [format!("[\"{spelt}\"]"), format!("[{{\"a\":{{\"x{spelt}y\":1}}}}]")] {
            for status in [200, 403, 404, 429, 500] {
                hub.assert_nothing_is_left(reply(status, body.clone())).await;
            }
        }
        let page = format!("<p>{spelt}</p>");
        hub.assert_nothing_is_left(reply(503, page).header("content-type", "text/html")).await;
    }
}

#[tokio::test]
async fn a_header_that_repeats_the_token_leaves_nothing_of_the_answer() {
    let hub = Asked::new().await;
    for spelt in SPELT {
        for (name, value) in [
            ("content-type", format!("text/{spelt}")),
            ("link", format!("</a?cursor={spelt}>; rel=\"next\"")),
            ("location", format!("/api/buckets/{spelt}")),
            ("x-error-message", format!("{}{spelt}", "é".repeat(195))),
            ("x-error-code", spelt.to_owned()),
            ("ratelimit", format!("\"{spelt}\";r=0;t=9")),
            ("date", spelt.to_owned()),
            ("x-request-id", spelt.to_owned()),
        ] {
            for status in [200, 302, 403, 503] {
                hub.assert_nothing_is_left(reply(status, "[1").header(name, value.clone())).await;
            }
        }
    }
}

#[tokio::test]
async fn a_token_is_found_across_the_pieces_of_a_body() {
    let hub = Asked::new().await;
    for before in [8_180, 16_370, 65_530] {
        hub.assert_nothing_is_left(json(format!("[\"{}hf_invented\"]", " ".repeat(before)))).await;
    }
}

#[tokio::test]
async fn a_refusal_is_kept_whole_or_not_at_all() {
    let hub = Asked::new().await;
    let long = reply(500, format!("\"{}hf_inv", "x".repeat(70_000))).header("content-type", "text/plain");
    let (request, _) = hub.ask(long.header("retry-after", "0")).await;
    assert_eq!((request.error.as_deref(), hub.spool.kept()), (Some("HTTP 500"), 0));
    let torn = Reply { missing: 5, ..reply(403, "not with hf_invented").header("content-type", "text/plain") };
    let (request, _) = hub.ask(torn).await;
    assert_eq!((request.error.as_deref(), hub.spool.kept()), (Some("HTTP 403"), 0));
}

#[tokio::test]
async fn a_token_too_short_to_be_searched_for_breaks_no_answer() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", json("[\"replay\"]").header("x-note", "replay"));
    let mut options = hub.options(Arc::<MemorySpool>::clone(&spool));
    options.token = Some(Token::new("replay".to_owned()));
    let client = Client::new(options).unwrap();
    let url = Url::parse(&format!("{}/a", hub.url)).unwrap();
    assert_eq!(client.get(Source::Members, &url).await.unwrap().error, None);
}
