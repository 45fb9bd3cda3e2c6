//! Answers that repeat a token, in bodies and in headers: none of it is kept or said.

use std::sync::Arc;

use url::Url;

use super::{
    REPEATS_TOKEN, Token,
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

/// Asks a Hub that has one answer; gives the record, what was kept, and how often it was asked.
async fn ask(answer: Reply) -> (Request, usize, usize) {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", answer);
    let url = Url::parse(&format!("{}/a", hub.url)).unwrap();
    let request = hub.client(&spool).get(Source::Members, &url).await.unwrap();
    assert!(spool.journal.lock().unwrap().is_empty() || request.error.is_none());
    (request, spool.kept(), hub.paths().len())
}

/// Asserts that an answer is broken for that reason, is not asked for again, and leaves nothing.
async fn assert_nothing_is_left(answer: Reply) {
    let words = format!("{answer:?}");
    let (request, kept, asked) = ask(answer).await;
    assert_eq!(request.error.as_deref(), Some(REPEATS_TOKEN), "{words}");
    assert_eq!((kept, asked, &request.raw, &request.next), (0, 1, &None, &None), "{words}");
}

#[tokio::test]
async fn a_body_that_repeats_the_token_is_not_kept_whatever_its_status() {
    for spelt in SPELT {
        for body in [format!("[\"{spelt}\"]"), format!("[{{\"a\":{{\"x{spelt}y\":1}}}}]")] {
            for status in [200, 403, 404, 429, 500] {
                assert_nothing_is_left(reply(status, body.clone())).await;
            }
        }
        let page = format!("<p>{spelt}</p>");
        assert_nothing_is_left(reply(503, page).header("content-type", "text/html")).await;
    }
}

#[tokio::test]
async fn a_header_that_repeats_the_token_leaves_nothing_of_the_answer() {
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
                assert_nothing_is_left(reply(status, "[1").header(name, value.clone())).await;
            }
        }
    }
}

#[tokio::test]
async fn a_token_is_found_across_the_pieces_of_a_body() {
    for before in [8_180, 16_370, 65_530] {
        assert_nothing_is_left(json(format!("[\"{}hf_invented\"]", " ".repeat(before)))).await;
    }
}

#[tokio::test]
async fn a_refusal_is_kept_whole_or_not_at_all() {
    let long = reply(500, format!("\"{}hf_inv", "x".repeat(70_000))).header("content-type", "text/plain");
    let (request, kept, _) = ask(long.header("retry-after", "0")).await;
    assert_eq!((request.error.as_deref(), kept), (Some("HTTP 500"), 0));
    let torn = Reply { missing: 5, ..reply(403, "not with hf_invented").header("content-type", "text/plain") };
    let (request, kept, _) = ask(torn).await;
    assert_eq!((request.error.as_deref(), kept), (Some("HTTP 403"), 0));
}

#[tokio::test]
async fn a_token_too_short_to_be_searched_for_breaks_no_answer() {
    let (hub, spool) = (Hub::start().await, Arc::new(MemorySpool::default()));
    hub.on("/a", json("[\"replay\"]").header("x-note", "replay"));
    let mut options = hub.options(Arc::<MemorySpool>::clone(&spool));
    options.token = Some(Token::new("replay".to_owned()));
    let client = super::Client::new(options).unwrap();
    let url = Url::parse(&format!("{}/a", hub.url)).unwrap();
    assert_eq!(client.get(Source::Members, &url).await.unwrap().error, None);
}
