//! What is fuzzed: each reader of bytes that come from outside. Shared by the fuzz targets and by the test that runs
//! them without instrumentation.
#![allow(dead_code, reason = "each fuzz target is a program of its own and uses one of these")]

use std::{collections::BTreeMap, time::Duration};

use rollcall::{
    collect::{probe, roster},
    config::Config,
    hub,
    model::{coverage::Source, manifest::Manifest, params::Roster, time},
};

/// A body of the Hub, read as the answer of each source in turn.
pub(crate) fn wire(bytes: &[u8]) {
    for source in Source::ALL {
        if let Ok(held) = probe::held(source, bytes) {
            assert_eq!(Ok(held), probe::held(source, bytes), "{source}: the same bytes were read in two ways");
        }
    }
}

/// A roster file.
pub(crate) fn roster(bytes: &[u8]) {
    let words = BTreeMap::from([("terminated".to_owned(), vec!["Left".to_owned()])]);
    let mapping =
        Roster { file: "people.csv".to_owned(), columns: BTreeMap::new(), status_values: words, ..Roster::default() };
    if let Err(error) = roster::parse(bytes, "people.csv", &mapping) {
        assert!(!error.to_string().is_empty());
    }
}

/// A configuration file.
pub(crate) fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let known = BTreeMap::from([("inactive-seats", vec!["inactive"])]);
    match Config::parse(text, &known) {
        Ok(config) => assert_eq!(config.digest(), config.digest()),
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
}

/// A manifest: what is read is written and read back as the same.
pub(crate) fn manifest(bytes: &[u8]) {
    let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) else { return };
    let written = serde_json::to_vec(&manifest).unwrap_or_default();
    let again: Manifest = serde_json::from_slice(&written).unwrap_or_else(|e| panic!("{e}"));
    assert!(again == manifest, "a manifest changed by being written");
}

/// A `Link` header: what it names can be asked for.
pub(crate) fn link(bytes: &[u8]) {
    if let Ok(Some(target)) = hub::probe::link(bytes) {
        assert!(target.is_ascii() && !target.contains(['<', '>', '"', ' ']), "{target}");
        assert!(bytes.is_ascii(), "a header outside ASCII was read");
    }
}

/// `RateLimit` on the first line, `RateLimit-Policy` on the others: no wait is longer than an hour.
pub(crate) fn rate_limit(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (limit, policy) = text.split_once('\n').unwrap_or((&text, ""));
    let wait = hub::probe::rate_limit(limit, policy);
    assert!(wait <= Duration::from_secs(3600), "{wait:?}");
}

/// A `Date` header: what is read can be written and read again.
pub(crate) fn date(bytes: &[u8]) {
    if let Some(date) = hub::probe::date(&String::from_utf8_lossy(bytes)) {
        assert_eq!(time::parse(&time::format(date)), Some(date));
    }
}

/// A `Retry-After` header: no wait is longer than five minutes.
pub(crate) fn retry_after(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for now in ["1970-01-01T00:00:00Z", "2026-10-01T06:00:00Z", "9999-12-31T23:59:59Z"] {
        let wait = time::parse(now).and_then(|now| hub::probe::retry_after(&text, now));
        assert!(wait.unwrap_or_default() <= Duration::from_secs(300), "{wait:?}");
    }
}
