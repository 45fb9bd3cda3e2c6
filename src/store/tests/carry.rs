//! Answers of the snapshot before that are evidence in the next, too.

use std::{fs, io::Read as _};

use super::*;

const URL: &str = "https://hub.example/members";

/// Seals a first snapshot, whose one answer was given on 1 July at six, and stages a second.
fn two() -> (Fixture, Sealed, Staging) {
    let f = Fixture::new();
    let (first, _) = f.collect("2026-07-01T06:00:00Z", None);
    let second = f.stage("2026-08-01T06:00:00Z");
    (f, first, second)
}

/// What the second snapshot has of the first one's answer after what it speaks of was touched at an instant.
fn carried(staging: &Staging, touched: &str) -> Option<Request> {
    let spool = staging.spool();
    spool.carry(Source::Members, URL, at(touched)).unwrap();
    spool.finished(Source::Members, URL)
}

#[test]
fn an_answer_given_after_the_last_change_is_taken_over_once() {
    let (_f, first, second) = two();
    assert_eq!(carried(&second, "2026-07-01T06:00:00Z"), None, "it may have changed while it was asked for");
    assert_eq!(carried(&second, "2026-07-01T05:30:00Z"), None, "two clocks may be an hour apart");
    let request = carried(&second, "2026-06-30").unwrap();
    assert_eq!((request.started_at, request.from_snapshot), (at("2026-07-01T06:00:00Z"), Some(first.id)));
    let mut text = String::new();
    second.spool().open(request.raw.as_deref().unwrap()).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "[]");
    carried(&second, "2026-06-30");
    let spool = second.spool();
    spool.carry(Source::Members, "https://hub.example/other", at("2026-06-30")).unwrap();
    spool.carry(Source::Tokens, URL, at("2026-06-30")).unwrap();
    assert_eq!(spool.finished(Source::Tokens, URL), None);
    assert_eq!(crate::store::disk::files(&second.paths.snapshot()).unwrap().len(), 1, "one body, and nothing else");
}

#[test]
fn a_body_that_was_changed_is_not_taken_over() {
    let (_f, first, second) = two();
    let body = first.dir.join("raw/members/0001.json.zst");
    let other = zstd::encode_all(&b"[{\"user\":\"eve\"}]"[..], 1).unwrap();
    fs::remove_file(&body).unwrap();
    fs::write(&body, other).unwrap();
    assert_eq!(carried(&second, "2026-06-30"), None);
    assert_eq!(crate::store::disk::files(&second.paths.snapshot()).unwrap(), Vec::<String>::new());
}

#[test]
fn what_was_taken_over_survives_a_kill_and_names_where_it_came_from_first() {
    let (f, first, second) = two();
    let request = carried(&second, "2026-06-30").unwrap();
    drop(second);
    let mut again = f.stage("2026-08-01T07:00:00Z");
    assert_eq!(again.spool().finished(Source::Members, URL), Some(request.clone()));
    again.append_events(&log(&[]), false).unwrap();
    let mut manifest = manifest(&again);
    manifest.sources.insert(Source::Members, record(Coverage::Collected, vec![request]));
    again.seal(manifest, &tables()).unwrap();
    let third = f.stage("2026-09-01T06:00:00Z");
    assert_eq!(carried(&third, "2026-06-30").unwrap().from_snapshot, Some(first.id));
}
