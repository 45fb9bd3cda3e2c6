//! What ends a collection that a Hub would keep for ever, and what becomes of answers that cannot be read whole.

use std::{
    io::{self, Write as _},
    net::TcpListener,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use rollcall::demo::{ORG, TOKEN};
use serde_json::Value;

use crate::{
    common::{Run, Sandbox},
    faulty::{Answer, Ask, Faulty},
    wire::manifest,
};

/// When the collections of this file speak of.
const AS_OF: &str = "2026-10-01T06:00:00Z";

/// Collects from a Hub with one fault, demanding completeness; the snapshot verifies. Gives the run and a source.
fn collect(
    flags: &str,
    source: &str,
    fault: impl Fn(&Ask, &mut Answer) + Send + Sync + 'static,
) -> io::Result<(Run, Value)> {
    let (hub, sandbox) = (Faulty::start_at(AS_OF, fault)?, Sandbox::new()?);
    let run = hub.run(&sandbox, &format!("collect {ORG} --require-complete --as-of {AS_OF} {flags}"))?;
    let sealed = manifest(&sandbox, "rollcall-store")?.unwrap_or_else(|| panic!("{run:?}"));
    let verified = sandbox.run("verify rollcall-store")?;
    assert_eq!(verified.code, 0, "{verified:?}");
    Ok((run, sealed["sources"][source].clone()))
}

/// Asserts that a source is a gap for a reason that is printed, and that completeness was missed.
fn assert_gap((run, source): (Run, Value), coverage: &str, why: &str) {
    assert_eq!((run.code, &source["coverage"]), (3, &Value::from(coverage)), "{run:?} {source}");
    assert!(source["why"].as_str().unwrap_or_default().contains(why), "{source}");
    assert!(run.stderr.contains(why), "{run:?}");
}

#[test]
fn a_deadline_ends_a_collection_with_what_was_read() {
    let began = Instant::now();
    let gap =
        collect("--deadline 4s", "tokens", |ask, answer| answer.hold = ask.path.ends_with("/settings/tokens")).unwrap();
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_gap(gap, "failed", "the deadline of 4 s passed");
    let gap = collect("--deadline 4s", "members", |ask, answer| {
        answer.hold = ask.target.contains("cursor") && ask.path.ends_with("/members");
    })
    .unwrap();
    assert_eq!(gap.1["rows"], 20, "what was read stands");
    assert_gap(gap, "partial", "the deadline of 4 s passed");
}

#[test]
fn a_link_that_cannot_be_read_is_a_gap_and_no_end() {
    for link in
        ["</api/x?cursor=b>; rel='next'", "<https://h/\u{e9}>; rel=\"next\"", "next page", "</api/x>; rel=\"next"]
    {
        let gap = collect("", "members", move |ask, answer| {
            if ask.path.ends_with("/members") {
                answer.set("link", link);
            }
        })
        .unwrap();
        assert_eq!(gap.1["requests"][0]["link_unreadable"], true);
        assert_gap(gap, "partial", "cannot be read");
    }
}

#[test]
fn an_item_larger_than_a_mebibyte_is_left_out() {
    let gap = collect("", "members", |ask, answer| {
        if ask.nth == 1 && ask.path.ends_with("/members") {
            let mut members: Vec<Value> = serde_json::from_slice(&answer.body).unwrap();
            members[2]["details"] = "x".repeat(1 << 20).into();
            answer.body = serde_json::to_vec(&members).unwrap();
        }
    })
    .unwrap();
    assert_eq!(gap.1["requests"][0]["rows"], 19, "{}", gap.1);
    assert_gap(gap, "partial", "1 unreadable, the first being `[2]`: larger than 1 MiB");
}

#[test]
fn an_answer_that_swells_is_not_read() {
    let gap = collect("", "members", |ask, answer| {
        if ask.path.ends_with("/members") {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&vec![b' '; 4 << 20]).unwrap();
            answer.body = encoder.finish().unwrap();
            answer.set("content-encoding", "gzip");
        }
    })
    .unwrap();
    assert_gap(gap, "failed", "the answer is compressed more than 200 times");
}

#[test]
fn no_proxy_of_the_environment_is_used_for_plain_http() {
    let (hub, sandbox) = (Faulty::start_at(AS_OF, |_, _| {}).unwrap(), Sandbox::new().unwrap());
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    // Not loopback by its name, and this machine all the same.
    let endpoint = hub.url.replace("127.0.0.1", "0.0.0.0");
    let mut command = sandbox.command();
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
        command.env(name, &address);
    }
    command.env("HF_TOKEN", TOKEN).env("HF_ENDPOINT", endpoint);
    let line = format!("collect {ORG} --only members --allow-http --deadline 20s --as-of {AS_OF}");
    let run = Run::of(command.args(line.split_whitespace())).unwrap();
    assert!(proxy.accept().is_err(), "the proxy was asked: {run:?}");
    assert!(!hub.asks().is_empty(), "{run:?}");
}
