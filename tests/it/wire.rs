//! The wire, one row a fault: what a broken answer costs, what becomes of its source, and what must never leak.

use std::{
    fs,
    io::{self, Read as _},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use rollcall::{
    demo::{ORG, TOKEN},
    hub::endpoints::ENDPOINTS,
};
use serde_json::Value;

use crate::{
    common::{Run, Sandbox, files},
    faults,
    faulty::{Answer, Ask, Faulty},
};

/// When the collections of this file speak of.
const AS_OF: &str = "2026-10-01T06:00:00Z";

/// How long a source may be read in these tests: far below the ten minutes that waiting out a bogus header would take.
const PATIENCE: Duration = Duration::from_secs(120);

/// One fault in the answers for the members.
pub(crate) struct Fault {
    /// What it is.
    pub(crate) name: &'static str,
    /// Requests that meet it, counted per path from 1.
    pub(crate) when: fn(&Ask) -> bool,
    /// What it does to an answer; the text is the URL of another host.
    pub(crate) what: fn(&Ask, &mut Answer, &str),
    /// What becomes of the members.
    pub(crate) coverage: &'static str,
    /// A word of why.
    pub(crate) why: &'static str,
    /// How often the first page is asked for.
    pub(crate) asked: usize,
}

/// The first request of a page.
pub(crate) const ONCE: fn(&Ask) -> bool = |ask| ask.nth == 1;
/// The first two requests of a page.
const TWICE: fn(&Ask) -> bool = |ask| ask.nth <= 2;
/// Every request.
pub(crate) const ALWAYS: fn(&Ask) -> bool = |_| true;
/// The page after the first, always.
pub(crate) const SECOND_PAGE: fn(&Ask) -> bool = |ask| ask.target.contains("cursor");

/// A fault that is got over.
pub(crate) const fn healed(
    name: &'static str,
    asked: usize,
    when: fn(&Ask) -> bool,
    what: fn(&Ask, &mut Answer, &str),
) -> Fault {
    Fault { name, when, what, coverage: "collected", why: "", asked }
}

/// A fault that leaves nothing, named by `why`.
pub(crate) const fn failed(
    name: &'static str,
    asked: usize,
    why: &'static str,
    what: fn(&Ask, &mut Answer, &str),
) -> Fault {
    Fault { name, when: ALWAYS, what, coverage: "failed", why, asked }
}

/// A fault that leaves the first page, named by `why`.
pub(crate) const fn partial(
    name: &'static str,
    why: &'static str,
    when: fn(&Ask) -> bool,
    what: fn(&Ask, &mut Answer, &str),
) -> Fault {
    Fault { name, when, what, coverage: "partial", why, asked: 1 }
}

/// Every fault; it befalls the answers for the members alone.
const FAULTS: &[Fault] = &[
    healed("429 that says nothing", 2, ONCE, |_, a, _| a.say(429, r#"{"error":"slow down"}"#)),
    healed("429 with Retry-After", 2, ONCE, |_, a, _| {
        a.say(429, "{}");
        a.set("retry-after", "1");
    }),
    healed("429 with t", 2, ONCE, |_, a, _| {
        a.say(429, "{}");
        a.set("ratelimit", "\"api\";r=0;t=1");
        a.set("ratelimit-policy", "\"fixed window\";\"api\";q=100;w=1");
    }),
    healed("500 twice", 3, TWICE, |_, a, _| a.say(500, r#"{"error":"oops"}"#)),
    healed("503 that asks for a year", 2, ONCE, |_, a, _| {
        a.say(503, "");
        a.set("retry-after", "Fri, 01 Oct 2027 06:00:00 GMT");
    }),
    failed("502 for good", 5, "502", |_, a, _| a.say(502, "<html>Bad Gateway</html>")),
    healed("reset before the answer", 3, TWICE, |_, a, _| {
        a.body.clear();
        a.reset = true;
    }),
    healed("reset inside the body", 2, ONCE, |_, a, _| {
        a.missing = a.body.len() / 2;
        a.body.truncate(a.missing);
        a.reset = true;
    }),
    failed("reset for good", 5, "no answer", |_, a, _| {
        a.body.clear();
        a.reset = true;
    }),
    healed("a body shorter than promised", 2, ONCE, |_, a, _| {
        a.missing = 7;
        a.body.truncate(a.body.len() - 7);
    }),
    failed("JSON cut off at the length it states", 5, "cut off", |_, a, _| a.body.truncate(a.body.len() - 1)),
    failed("no JSON", 5, "not valid JSON", |_, a, _| a.body = b"[{\"user\": ada}]".to_vec()),
    failed("JSON with something behind it", 5, "not valid JSON", |_, a, _| a.body.extend(b"]")),
    failed("a web page", 5, "text/html", |_, a, _| {
        a.say(200, "<!doctype html><title>Sign in</title>");
        a.set("content-type", "text/html; charset=utf-8");
    }),
    healed("a web page once", 2, ONCE, |_, a, _| a.say(200, "<html></html>")),
    healed("nothing at all once", 2, ONCE, |_, a, _| a.body.clear()),
    failed("another shape", 1, "not the list", |_, a, _| a.say(200, r#"{"members":[]}"#)),
    healed("gzip", 1, ALWAYS, |_, a, _| {
        a.body = gzip(&a.body);
        a.set("content-encoding", "gzip");
    }),
    healed("gzip cut off once", 2, ONCE, |_, a, _| {
        a.body = gzip(&a.body);
        a.body.truncate(a.body.len() / 2);
        a.set("content-encoding", "gzip");
    }),
    healed("a slow body", 1, ONCE, |_, a, _| a.pause = Duration::from_millis(150)),
    healed("a page of 16 MB", 1, ALWAYS, |_, a, _| swell(a)),
    healed("a redirect on the same host", 2, ONCE, |ask, a, _| {
        a.say(307, "");
        a.set("location", &format!("{}&again=1", ask.target));
    }),
    failed("a redirect to another host", 1, "another host", |ask, a, other| {
        a.say(302, "");
        a.set("location", &format!("{other}{}", ask.target));
    }),
    failed("a redirect to another scheme", 1, "another host", |ask, a, other| {
        a.say(308, "");
        a.set("location", &format!("{}{}", other.replace("http:", "https:"), ask.target));
    }),
    failed("a redirect in a loop", 1, "loop", |ask, a, _| {
        a.say(301, "");
        a.set("location", &ask.target);
    }),
    failed("a redirect to another path", 1, "not asked for", |_, a, _| {
        a.say(302, "");
        a.set("location", "/login");
    }),
    failed("a redirect with the token", 1, "repeats the access token", |ask, a, _| {
        a.say(302, "");
        a.set("location", &format!("{}&token={TOKEN}", ask.target));
    }),
    failed("a body with the token", 1, "repeats the access token", |_, a, _| {
        a.body = String::from_utf8_lossy(&a.body).replacen("\"user\":\"", &format!("\"user\":\"{TOKEN}"), 1).into();
    }),
    failed("a body with the token behind escapes", 1, "repeats the access token", |_, a, _| {
        let escaped = TOKEN.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<Vec<_>>().concat();
        a.body = format!("[{{\"_id\":\"1\",\"user\":\"ada\",\"{escaped}\":1}}]").into();
    }),
    failed("a media type with the token", 1, "repeats the access token", |_, a, _| {
        a.say(200, "<html></html>");
        a.set("content-type", &format!("text/{TOKEN}"));
    }),
    failed("a refusal with the token at its cut", 1, "repeats the access token", |_, a, _| {
        a.say(403, &format!(r#"{{"error":"{} {TOKEN}"}}"#, "x".repeat(190)));
    }),
    healed("a date that no calendar has", 1, ALWAYS, |_, a, _| a.set("date", "31 Dec 262142 23:59:59 -0900")),
    healed("a quota beyond every number", 1, ALWAYS, |_, a, _| {
        let most = u64::MAX;
        a.set("ratelimit", &format!("\"api\";r={most};t={most}"));
        a.set("ratelimit-policy", &format!("\"fixed window\";\"api\";q={most};w={most}"));
    }),
    healed("a quota in floating point", 1, ALWAYS, |_, a, _| {
        a.set("ratelimit", "\"api\";r=9e18;t=1e308");
        a.set("ratelimit-policy", "\"fixed window\";\"api\";q=1e308;w=9e18");
    }),
    healed("503 that asks for the end of time", 2, ONCE, |_, a, _| {
        a.say(503, "");
        a.set("retry-after", "31 Dec 262142 23:59:59 -0900");
    }),
    Fault {
        name: "a link to another path",
        when: ONCE,
        what: |_, a, _| a.set("link", "</api/whoami-v2?cursor=x>; rel=\"next\""),
        coverage: "partial",
        why: "another path",
        asked: 1,
    },
    Fault {
        name: "a link that cannot be read",
        when: ONCE,
        what: |ask, a, _| a.set("link", &format!("<{}&cursor=x>; rel='next'", ask.target)),
        coverage: "partial",
        why: "cannot be read",
        asked: 1,
    },
    Fault {
        name: "a link to another host",
        when: ONCE,
        what: |ask, a, other| a.set("link", &format!("<{other}{}&cursor=x>; rel=\"next\"", ask.target)),
        coverage: "partial",
        why: "another host",
        asked: 1,
    },
    Fault {
        name: "a link to another scheme",
        when: ONCE,
        what: |ask, a, _| a.set("link", &format!("<https://127.0.0.1{}&cursor=x>; rel=\"next\"", ask.target)),
        coverage: "partial",
        why: "another host",
        asked: 1,
    },
    Fault {
        name: "a link in a loop",
        when: ALWAYS,
        what: |ask, a, _| a.set("link", &format!("<{}>; rel=\"next\"", ask.target)),
        coverage: "partial",
        why: "earlier page",
        asked: 1,
    },
    Fault {
        name: "a second page that fails for good",
        when: SECOND_PAGE,
        what: |_, a, _| a.say(500, r#"{"error":"oops"}"#),
        coverage: "partial",
        why: "500",
        asked: 1,
    },
    Fault {
        name: "a page without end",
        when: SECOND_PAGE,
        what: |_, a, _| a.body.truncate(a.body.len() - 1),
        coverage: "partial",
        why: "cut off",
        asked: 1,
    },
    Fault {
        name: "a refusal",
        when: ALWAYS,
        what: |_, a, _| a.say(403, r#"{"error":"not you"}"#),
        coverage: "forbidden",
        why: "not you",
        asked: 1,
    },
    Fault {
        name: "nothing there",
        when: ALWAYS,
        what: |_, a, _| a.say(404, r#"{"error":"no"}"#),
        coverage: "absent",
        why: "404",
        asked: 1,
    },
];

/// Bytes as a gzip member of stored blocks: no compression, and every check in place.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut blocks = bytes.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step));
    out.extend((!crc).to_le_bytes());
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out
}

/// Makes a page of members 16 MB long, by fields that nobody reads.
fn swell(answer: &mut Answer) {
    let Ok(mut members) = serde_json::from_slice::<Vec<Value>>(&answer.body) else { return };
    // Below the MiB above which an item is left out.
    let each = 800 << 10;
    for member in &mut members {
        member["details"] = "x".repeat(each).into();
    }
    answer.body = serde_json::to_vec(&members).unwrap_or_default();
}

/// The manifest of the first snapshot in a store, if one was sealed.
pub(crate) fn manifest(sandbox: &Sandbox, store: &str) -> io::Result<Option<Value>> {
    let folder = sandbox.path(store).join(ORG).join("snapshots");
    let Some(path) = files(&folder).unwrap_or_default().into_iter().find(|path| path.ends_with("manifest.json")) else {
        return Ok(None);
    };
    assert!(folder.join(&path).with_file_name("SHA256SUMS").exists(), "half a snapshot: {}", path.display());
    Ok(Some(serde_json::from_slice(&fs::read(folder.join(path))?)?))
}

/// Asserts that the token is in no output and no file, compressed ones included.
fn assert_no_token(run: &Run, sandbox: &Sandbox) -> io::Result<()> {
    assert!(!run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN), "{run:?}");
    for path in files(&sandbox.path("."))? {
        let full = sandbox.path(".").join(&path);
        let mut bytes = fs::read(&full)?;
        if path.extension().is_some_and(|e| e == "zst") {
            let mut decoded = Vec::new();
            zstd::Decoder::new(&*bytes)?.read_to_end(&mut decoded)?;
            bytes = decoded;
        }
        let found = bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes());
        assert!(!found, "{} holds the token", path.display());
    }
    Ok(())
}

/// Collects the members through one fault and compares what became of them.
fn meet(fault: &'static Fault) -> io::Result<()> {
    let name = fault.name;
    let other = Faulty::start(|_, _| {})?;
    let url = other.url.clone();
    let hub = Faulty::start_at(AS_OF, move |ask, answer| {
        if ask.path.ends_with("/members") && (fault.when)(ask) {
            (fault.what)(ask, answer, &url);
        }
    })?;
    let sandbox = Sandbox::new()?;
    let begun = Instant::now();
    let run = hub.run(&sandbox, &format!("collect {ORG} --only members --as-of {AS_OF}"))?;
    assert!(begun.elapsed() < PATIENCE, "{name} took {:?}", begun.elapsed());
    assert_eq!(run.code, 0, "{name}: {run:?}");
    let verified = sandbox.run("verify rollcall-store")?;
    assert_eq!(verified.code, 0, "{name}: {verified:?}");
    let manifest = manifest(&sandbox, "rollcall-store")?.unwrap_or_default();
    let members = &manifest["sources"]["members"];
    assert_eq!(members["coverage"], fault.coverage, "{name}: {members}");
    let why = members["why"].as_str().unwrap_or_default();
    assert!(why.contains(fault.why), "{name}: {why}");
    let first_page = |ask: &&Ask| ask.path.ends_with("/members") && !ask.target.contains("cursor");
    assert_eq!(hub.asks().iter().filter(first_page).count(), fault.asked, "{name}: {:?}", hub.asks());
    assert!(other.asks().is_empty(), "{name}: another host was asked");
    let rows = members["rows"].as_u64().unwrap_or_default();
    match fault.coverage {
        "collected" => assert!(rows > 20, "{name}: {members}"),
        "partial" => assert_eq!(rows, 20, "{name}: {members}"),
        _ => assert_eq!((rows, &manifest["tables"]["members"]), (0, &Value::Null), "{name}"),
    }
    assert_no_token(&run, &sandbox)
}

/// Runs every item on a few threads; most of the time is spent waiting.
pub(crate) fn side_by_side<T: Sync>(items: &[T], run: impl Fn(&T) + Sync) {
    let next = Mutex::new(items.iter());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(item) = { next.lock().map(|mut items| items.next()).ok().flatten() } {
                    run(item);
                }
            });
        }
    });
}

#[test]
fn every_fault_of_the_wire_ends_as_it_should() {
    let faults: Vec<&'static Fault> = FAULTS.iter().chain(faults::FAULTS).collect();
    assert!(faults.len() >= 60, "{} faults", faults.len());
    // All of them are met, so that a failure names each fault that ends otherwise.
    let failed = Mutex::new(Vec::new());
    side_by_side(&faults, |fault| {
        if std::panic::catch_unwind(|| meet(fault).unwrap()).is_err() {
            failed.lock().unwrap_or_else(PoisonError::into_inner).push(fault.name);
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Whether a path is one of a declared call, with anything but slashes in its holes; `{repo}` is two parts.
fn is_declared(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    ENDPOINTS.iter().any(|call| {
        let declared = call.path.replace("{repo}", "{org}/{name}");
        let declared: Vec<&str> = declared.split('/').collect();
        let fits = |(declared, part): (&&str, &&str)| declared.starts_with('{') || declared == part;
        declared.len() == parts.len() && declared.iter().zip(&parts).all(fits)
    })
}

#[test]
fn a_whole_collection_is_declared_calls_by_get_and_nothing_else() {
    let hub = Faulty::start_at(AS_OF, |_, _| {}).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let run = hub.run(&sandbox, &format!("collect {ORG} --with-commits --all-gated --as-of {AS_OF}")).unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    let asks = hub.asks();
    assert!(asks.len() > 60, "{} requests", asks.len());
    for ask in asks {
        assert!(ask.method == "GET" && is_declared(&ask.path), "{ask:?}");
    }
    assert!(!is_declared("/api/settings/webhooks") && !is_declared("/api/organizations/acme/members/ada/role"));
}

#[test]
fn a_gap_is_code_3_where_completeness_is_required() {
    for (code, status) in [(0, 200), (3, 403)] {
        let hub = Faulty::start(move |ask, answer| {
            if status != 200 && ask.path.ends_with("/settings/tokens") {
                answer.say(status, "{}");
            }
        });
        let (hub, sandbox) = (hub.unwrap(), Sandbox::new().unwrap());
        let run = hub.run(&sandbox, &format!("collect {ORG} --require-complete")).unwrap();
        assert_eq!(run.code, code, "{run:?}");
    }
}

#[test]
fn what_is_no_hub_or_refuses_the_token_leaves_no_snapshot() {
    type What = fn(&Ask, &mut Answer);
    let faults: [(&str, What); 5] = [
        ("cannot be reached", |_, answer| answer.say(503, "{}")),
        ("cannot be reached", |_, answer| answer.say(200, "<html></html>")),
        ("cannot be reached", |_, answer| {
            answer.body.clear();
            answer.reset = true;
        }),
        ("does not accept", |_, answer| answer.say(401, r#"{"error":"Invalid credentials"}"#)),
        ("knows no organization", |ask, answer| {
            if ask.path == "/api/whoami-v2" {
                answer.say(500, "{}");
            } else {
                answer.say(404, "{}");
            }
        }),
    ];
    side_by_side(&faults, |(words, fault)| {
        let fault = *fault;
        let hub = Faulty::start(fault).unwrap();
        let sandbox = Sandbox::new().unwrap();
        let run = hub.run(&sandbox, &format!("collect {ORG}")).unwrap();
        let [what, _, _] = run.three_lines(4);
        assert!(what.contains(words), "{what}");
        assert!(!sandbox.path("rollcall-store").exists(), "{run:?}");
        assert!(hub.asks().len() <= 20, "{:?}", hub.asks());
        assert_no_token(&run, &sandbox).unwrap();
    });
}

#[test]
fn a_whoami_that_fails_is_a_gap_of_its_own() {
    let hub = Faulty::start(|ask, answer| {
        if ask.path == "/api/whoami-v2" {
            answer.say(500, "{}");
        }
    });
    let (hub, sandbox) = (hub.unwrap(), Sandbox::new().unwrap());
    let run = hub.run(&sandbox, &format!("collect {ORG} --only members")).unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(sandbox.run("verify rollcall-store").unwrap().code, 0);
    let manifest = manifest(&sandbox, "rollcall-store").unwrap().unwrap();
    let coverage = |source: &str| manifest["sources"][source]["coverage"].clone();
    assert_eq!((coverage("whoami"), coverage("members")), ("failed".into(), "collected".into()));
}
