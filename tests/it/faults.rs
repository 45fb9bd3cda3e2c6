//! Faults that somebody would choose on purpose: links, redirects, headers and bodies made to mislead.

use rollcall::demo::TOKEN;

use crate::{
    faulty::Answer,
    wire::{ALWAYS, Fault, ONCE, SECOND_PAGE, failed, healed, partial},
};

/// The target of the page after the first.
fn next_of(target: &str) -> String {
    format!("{target}&cursor=x")
}

/// The token with each of its bytes in another spelling.
fn spelt(one: impl Fn(u8) -> String) -> String {
    TOKEN.bytes().map(one).collect::<Vec<_>>().concat()
}

/// The token as JSON may also write it.
fn escaped() -> String {
    spelt(|byte| format!("\\u{byte:04x}"))
}

/// The token as a URL may also write it.
fn percent() -> String {
    spelt(|byte| format!("%{byte:02X}"))
}

/// The token in hexadecimal.
fn hexadecimal() -> String {
    spelt(|byte| format!("{byte:02x}"))
}

/// Gives the first member a field with this JSON text as its value.
fn add(answer: &mut Answer, field: &str, json: &str) {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    answer.body = text.replacen('{', &format!("{{\"{field}\":\"{json}\","), 1).into_bytes();
}

/// Every one of them; it befalls the answers for the members alone.
pub(crate) const FAULTS: &[Fault] = &[
    // Page links that cannot be read, or lead astray.
    partial("a link with a byte that no URL has", "cannot be read", ONCE, |ask, a, _| {
        a.set("link", &format!("<{}é>; rel=\"next\"", next_of(&ask.target)));
    }),
    partial("a link without its end", "cannot be read", ONCE, |ask, a, _| {
        a.set("link", &format!("<{}; rel=\"next\"", next_of(&ask.target)));
    }),
    partial("a link without brackets", "cannot be read", ONCE, |ask, a, _| {
        a.set("link", &format!("{}; rel=\"next\"", next_of(&ask.target)));
    }),
    partial("a link with the wrong quotes", "cannot be read", ONCE, |ask, a, _| {
        a.set("link", &format!("<{}>; rel='next'", next_of(&ask.target)));
    }),
    partial("a link whose quotes do not end", "cannot be read", ONCE, |ask, a, _| {
        a.set("link", &format!("<{}>; rel=\"next", next_of(&ask.target)));
    }),
    partial("two links to the next page", "cannot be read", ONCE, |ask, a, _| {
        let (one, two) = (next_of(&ask.target), next_of(&next_of(&ask.target)));
        a.set("link", &format!("<{one}>; rel=\"next\", <{two}>; rel=\"next\""));
    }),
    partial("a link that is no link", "cannot be read", ONCE, |_, a, _| a.set("link", "next")),
    partial("a link to another path", "another path", ONCE, |ask, a, _| {
        let other = ask.target.replace("/members", "/settings/tokens");
        a.set("link", &format!("<{}>; rel=\"next\"", next_of(&other)));
    }),
    partial("a link to another organization", "another path", ONCE, |ask, a, _| {
        let other = ask.target.replace("/organizations/", "/organizations/../organizations/x");
        a.set("link", &format!("<{}>; rel=\"next\"", next_of(&other)));
    }),
    partial("a link without a scheme to another host", "another host", ONCE, |ask, a, other| {
        let host = other.trim_start_matches("http:");
        a.set("link", &format!("<{host}{}>; rel=\"next\"", next_of(&ask.target)));
    }),
    partial("a link with credentials", "another host", ONCE, |ask, a, _| {
        a.set("link", &format!("<http://me:me@127.0.0.1{}>; rel=\"next\"", next_of(&ask.target)));
    }),
    partial("a link that runs", "another host", ONCE, |_, a, _| {
        a.set("link", "<javascript:alert(1)>; rel=\"next\"");
    }),
    // Redirects.
    failed("a redirect without a target", 1, "readable target", |_, a, _| a.say(302, "")),
    failed("a redirect to an unreadable target", 1, "readable target", |_, a, _| {
        a.say(302, "");
        a.set("location", "/é");
    }),
    failed("a redirect to a path that is not declared", 1, "redirect", |_, a, _| {
        a.say(302, "");
        a.set("location", "/api/settings/webhooks");
    }),
    failed("a redirect with credentials", 1, "another host", |ask, a, other| {
        a.say(302, "");
        a.set("location", &format!("{}{}", other.replace("http://", "http://me:me@"), ask.target));
    }),
    failed("a redirect that runs", 1, "another host", |_, a, _| {
        a.say(302, "");
        a.set("location", "javascript:alert(1)");
    }),
    failed("more than five redirects", 6, "five redirects", |ask, a, _| {
        a.say(302, "");
        a.set("location", &format!("{}&again=1", ask.target));
    }),
    failed("a redirect to a place that names the token", 1, "repeats the access token", |_, a, _| {
        a.say(302, "");
        a.set("location", &format!("/api/{TOKEN}"));
    }),
    // The token, given back.
    failed("the token in a field", 1, "repeats the access token", |_, a, _| add(a, "x", TOKEN)),
    failed("the token in the name of a field", 1, "repeats the access token", |_, a, _| add(a, TOKEN, "x")),
    failed("the token in escapes", 1, "repeats the access token", |_, a, _| add(a, "x", &escaped())),
    failed("the token in escapes as the name of a field", 1, "repeats the access token", |_, a, _| {
        add(a, &escaped(), "x");
    }),
    failed("the token in percent signs", 1, "repeats the access token", |_, a, _| add(a, "x", &percent())),
    failed("the token in hexadecimal", 1, "repeats the access token", |_, a, _| add(a, "x", &hexadecimal())),
    failed("the token in the type of a page", 1, "repeats the access token", |_, a, _| {
        a.say(200, "<html></html>");
        a.set("content-type", &format!("text/{TOKEN}"));
    }),
    failed("the token in a refusal", 1, "repeats the access token", |_, a, _| {
        a.say(403, &format!("{{\"error\":\"{}{TOKEN}\"}}", "x".repeat(190)));
        a.set("x-error-message", TOKEN);
    }),
    partial("the token on the second page", "repeats the access token", SECOND_PAGE, |_, a, _| add(a, "x", TOKEN)),
    failed("the token in a link", 1, "repeats the access token", |ask, a, _| {
        a.set("link", &format!("<{}&t={TOKEN}>; rel=\"next\"", ask.target));
    }),
    // Headers that no Hub means.
    healed("a date at the end of all calendars", 1, ALWAYS, |_, a, _| {
        a.set("date", "31 Dec 262142 23:59:59 -2359");
    }),
    healed("a quota beyond all numbers", 1, ALWAYS, |_, a, _| {
        let most = u64::MAX;
        a.set("ratelimit", &format!("\"api\";r={most};t={most}"));
        a.set("ratelimit-policy", &format!("\"fixed window\";\"api\";q={most};w={most}"));
    }),
    healed("a quota of fractions beyond all numbers", 1, ALWAYS, |_, a, _| {
        a.set("ratelimit", "\"api\";r=9e18;t=9e18");
        a.set("ratelimit-policy", "\"fixed window\";\"api\";q=1e308;w=1e308");
    }),
    healed("503 until the end of time", 2, ONCE, |_, a, _| {
        a.say(503, "");
        a.set("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT");
    }),
    healed("503 until the end of all calendars", 2, ONCE, |_, a, _| {
        a.say(503, "");
        a.set("retry-after", "31 Dec 262142 23:59:59 -2359");
    }),
    healed("two lengths", 2, ONCE, |_, a, _| a.set("content-length", "7")),
    healed("parts that are none", 2, ONCE, |_, a, _| a.set("transfer-encoding", "chunked")),
    healed("a head of a megabyte", 2, ONCE, |_, a, _| a.set("x-long", &"x".repeat(1 << 20))),
    healed("a head with a byte that ends texts", 2, ONCE, |_, a, _| a.set("x-odd", "a\0b")),
    // Bodies in another spelling, and odd statuses.
    failed("bytes that are no text", 1, "not readable", |_, a, _| a.body = b"[{\"user\":\"\xff\xfe\"}]".to_vec()),
    failed("two bytes a letter", 5, "not valid JSON", |_, a, _| {
        a.body = String::from_utf8_lossy(&a.body).encode_utf16().flat_map(u16::to_le_bytes).collect();
    }),
    failed("a list within a list without end", 5, "cut off", |_, a, _| a.body = b"[".repeat(1 << 20)),
    partial("a second page that is nothing", "not the list", SECOND_PAGE, |_, a, _| a.body = b"null".to_vec()),
    failed("a success without content", 1, "204", |_, a, _| a.say(204, "")),
    failed("a part of an answer", 1, "206", |_, a, _| a.status = 206),
    failed("not modified", 1, "readable target", |_, a, _| a.say(304, "")),
    failed("a status that is none", 1, "799", |_, a, _| a.say(799, "{}")),
    failed("a wrong request", 1, "400", |_, a, _| a.say(400, r#"{"error":"limit"}"#)),
];
