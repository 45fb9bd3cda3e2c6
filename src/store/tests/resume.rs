//! A collection that was killed, at every step, and the next one.

use std::{fs, io::Read as _};

use super::*;
use crate::store::{Error, disk};

const URL: &str = "https://hub.example/members?cursor=";

/// Bodies below the snapshot's folder.
fn bodies(staging: &Staging) -> Vec<String> {
    disk::files(&staging.paths.snapshot()).unwrap()
}

#[test]
fn finished_pages_are_used_again_with_the_first_as_of() {
    let f = Fixture::new();
    let first = f.stage("2026-10-01T06:00:00.7Z");
    assert!(!first.resumed());
    assert_eq!(first.as_of(), at("2026-10-01T06:00:00Z"));
    let page = fetch(&*first.spool(), Source::Members, &format!("{URL}1"), b"[1]");
    drop(first);

    let second = f.stage("2026-10-02T05:59:59Z");
    assert!(second.resumed());
    assert_eq!((second.as_of(), second.started_at()), (at("2026-10-01T06:00:00Z"), at("2026-10-01T06:00:00.7Z")));
    let spool = second.spool();
    assert_eq!(spool.finished(Source::Members, &format!("{URL}1")), Some(page.clone()));
    assert_eq!(spool.finished(Source::Members, &format!("{URL}2")), None);
    assert_eq!(spool.finished(Source::Tokens, &format!("{URL}1")), None);
    let mut text = String::new();
    spool.open(page.raw.as_deref().unwrap()).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "[1]");
    let next = fetch(&*spool, Source::Members, &format!("{URL}2"), b"[2]");
    assert_eq!(next.raw.as_deref(), Some("raw/members/0002.json.zst"));
}

#[test]
fn a_body_that_was_being_written_is_gone_after_a_kill() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    let spool = staging.spool();
    fetch(&*spool, Source::Members, URL, b"[1]");
    let mut half = spool.begin(Source::Members).unwrap();
    half.write(b"[2").unwrap();
    let closed = spool.begin(Source::Members).unwrap().close().unwrap();
    std::mem::forget(half);
    assert_eq!(bodies(&staging).len(), 3);
    drop((staging, spool));

    let staging = f.stage("2026-10-01T07:00:00Z");
    assert_eq!(bodies(&staging), ["raw/members/0001.json.zst"]);
    assert_ne!(closed.raw, "raw/members/0001.json.zst");
}

#[test]
fn a_torn_journal_line_counts_as_a_request_not_made() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    for page in 1..=3 {
        fetch(&*staging.spool(), Source::Members, &format!("{URL}{page}"), b"[1]");
    }
    let journal = staging.paths.journal();
    drop(staging);
    let text = fs::read(&journal).unwrap();
    // Cut anywhere inside the last line, its line feed alone included: a whole line without it is still whole.
    for cut in [1, 2, 40] {
        fs::write(&journal, &text[..text.len() - cut]).unwrap();
        let staging = f.stage("2026-10-01T06:30:00Z");
        let spool = staging.spool();
        let finished = |page: u8| spool.finished(Source::Members, &format!("{URL}{page}")).is_some();
        assert!(finished(1) && finished(2));
        assert_eq!(finished(3), cut == 1, "cut {cut}");
        if cut > 1 {
            let again = fetch(&*spool, Source::Members, &format!("{URL}3"), b"[1]");
            assert_eq!(again.raw.as_deref(), Some("raw/members/0003.json.zst"));
        }
        drop((staging, spool));
        // What was appended after the torn line is read by the next attempt.
        assert!(f.stage("2026-10-01T06:40:00Z").spool().finished(Source::Members, &format!("{URL}3")).is_some());
    }
}

#[test]
fn a_body_that_is_not_what_the_journal_says_is_fetched_again() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    let page = fetch(&*staging.spool(), Source::Members, URL, b"[1]");
    let path = staging.paths.snapshot().join(page.raw.unwrap());
    drop(staging);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    let staging = f.stage("2026-10-01T06:10:00Z");
    assert_eq!(staging.spool().finished(Source::Members, URL), None);
    assert!(bodies(&staging).is_empty());
}

#[test]
fn a_refusal_is_asked_again() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    let spool = staging.spool();
    let mut refused = fetch(&*spool, Source::Tokens, URL, b"{}");
    refused.status = Some(403);
    spool.finish(Source::Tokens, &refused).unwrap();
    let mut broken = fetch(&*spool, Source::Repos, URL, b"{}");
    broken.error = Some("truncated".to_owned());
    spool.finish(Source::Repos, &broken).unwrap();
    drop((staging, spool));
    let spool = f.stage("2026-10-01T06:10:00Z").spool();
    // Each has an earlier line that says otherwise; the last one counts.
    assert_eq!(spool.finished(Source::Tokens, URL), None);
    assert_eq!(spool.finished(Source::Repos, URL), None);
}

#[test]
fn a_discarded_body_gives_its_number_back() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    let spool = staging.spool();
    let (one, two) = (spool.begin(Source::Repos).unwrap(), spool.begin(Source::Repos).unwrap());
    let other = spool.begin(Source::Tokens).unwrap();
    one.discard();
    assert_eq!(two.close().unwrap().raw, "raw/repos/0002.json.zst");
    assert_eq!(other.close().unwrap().raw, "raw/tokens/0001.json.zst");
    assert_eq!(spool.begin(Source::Repos).unwrap().close().unwrap().raw, "raw/repos/0001.json.zst");
    // A task that was cancelled drops its body.
    drop(spool.begin(Source::Repos).unwrap());
    assert_eq!(spool.begin(Source::Repos).unwrap().close().unwrap().raw, "raw/repos/0003.json.zst");
}

#[test]
fn only_the_same_request_of_the_same_day_is_resumed() {
    let f = Fixture::new();
    drop(f.stage("2026-10-01T06:00:00Z"));
    let other_key = Ask { key: "other".to_owned(), ..ask("2026-10-01T07:00:00Z") };
    let other = f.org.stage(&f.lock, &other_key).unwrap();
    assert!(!other.resumed());
    drop(other);
    let same = Ask { as_of: Some(at("2026-10-01T06:00:00.9Z")), ..ask("2026-10-01T08:00:00Z") };
    assert!(f.org.stage(&f.lock, &same).unwrap().resumed());
    let elsewhen = Ask { as_of: Some(at("2026-10-01T06:00:01Z")), ..ask("2026-10-01T08:00:00Z") };
    assert!(!f.org.stage(&f.lock, &elsewhen).unwrap().resumed());

    let late = f.stage("2026-10-02T08:00:00Z");
    assert!(!late.resumed());
    assert_eq!(late.as_of(), at("2026-10-02T08:00:00Z"));
    let left = disk::entries(&f.path(".staging")).unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn nothing_is_resumed_behind_a_snapshot_that_was_sealed_meanwhile() {
    let f = Fixture::new();
    let other = Ask { key: "other".to_owned(), ..ask("2026-10-01T06:00:00Z") };
    drop(f.org.stage(&f.lock, &other).unwrap());
    f.collect("2026-10-01T07:00:00Z", None);
    let late = f.org.stage(&f.lock, &Ask { now: at("2026-10-01T08:00:00Z"), ..other }).unwrap();
    assert!(!late.resumed());
    assert_eq!(late.as_of(), at("2026-10-01T08:00:00Z"));
}

#[test]
fn a_collection_with_another_key_in_the_same_second_starts_empty() {
    let f = Fixture::new();
    let first = f.stage("2026-10-01T06:00:00Z");
    fetch(&*first.spool(), Source::Members, URL, b"[1]");
    drop(first);
    let second = f.org.stage(&f.lock, &Ask { key: "other".to_owned(), ..ask("2026-10-01T06:00:00Z") }).unwrap();
    assert!(!second.resumed());
    assert!(bodies(&second).is_empty());
    assert_eq!(second.spool().finished(Source::Members, URL), None);
}

#[test]
fn an_interrupted_collection_seals_the_same_tables() {
    let whole = Fixture::new();
    let (sealed, _) = whole.collect("2026-10-01T06:00:00Z", Some(&[("e1", "2026-09-01")]));

    let f = Fixture::new();
    let mut staging = f.stage("2026-10-01T06:00:00Z");
    staging.append_events(&log(&[("e1", "2026-09-01"), ("e2", "2026-08-01")]), true).unwrap();
    // Killed while sealing: tables and a manifest lie there already.
    let folder = staging.paths.snapshot();
    disk::make_dir(&folder.join("tables")).unwrap();
    for file in ["tables/members.parquet", "manifest.json", "SHA256SUMS"] {
        disk::write(&folder.join(file), b"half").unwrap();
    }
    drop(staging);
    let (again, _) = f.collect("2026-10-01T09:00:00Z", Some(&[("e1", "2026-09-01")]));
    assert_eq!(again.id, sealed.id);
    let read = |s: &Sealed, file: &str| fs::read(s.dir.join(file)).unwrap();
    for file in ["tables/members.parquet", "tables/invites.parquet", "SHA256SUMS"] {
        assert_eq!(read(&sealed, file), read(&again, file), "{file}");
    }
    assert_eq!(disk::files(&f.path("audit_events")).unwrap(), ["month=2026-09/20261001T060000Z.parquet"]);
}

#[test]
fn archive_parts_of_a_snapshot_that_never_was_are_removed() {
    let f = Fixture::new();
    f.collect("2026-10-01T06:00:00Z", Some(&[("e1", "2026-09-01")]));
    let orphan = f.path("audit_events/month=2026-10/20261005T060000Z.parquet");
    disk::make_dir(orphan.parent().unwrap()).unwrap();
    disk::write(&orphan, b"killed between the two renames").unwrap();
    f.stage("2026-10-06T06:00:00Z");
    assert_eq!(disk::files(&f.path("audit_events")).unwrap(), ["month=2026-09/20261001T060000Z.parquet"]);
}

#[test]
fn an_abandoned_collection_leaves_no_folder() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    fetch(&*staging.spool(), Source::Whoami, URL, b"{}");
    staging.abandon().unwrap();
    let Fixture { dir, org, lock } = f;
    drop(lock);
    assert!(!org.dir().exists());
    assert!(!dir.path().join("store").exists());
}

#[test]
fn what_cannot_be_written_is_an_error_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    fs::write(&root, "a file where the store should be").unwrap();
    let org = Store::new(root.clone()).org(&OrgName::new("acme").unwrap());
    match org.lock(at("2026-10-01")).unwrap_err() {
        Error::Io { doing: "create the folder", path, .. } => assert_eq!(path, root.join("acme")),
        other => panic!("{other}"),
    }
}
