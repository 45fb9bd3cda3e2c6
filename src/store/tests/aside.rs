//! A snapshot that a wrong clock dated years ahead: it stands in nobody's way, and nothing of it is lost or hidden.

use std::fs;

use super::*;
use crate::store::{Error, disk, verify::verify};

const E1: (&str, &str) = ("e1", "2026-06-01");
const E2: (&str, &str) = ("e2", "2026-09-01");

/// A snapshot of July, and one of the year 2036.
fn with_one_ahead() -> (Fixture, Sealed) {
    let f = Fixture::new();
    f.collect("2026-07-01", Some(&[E1]));
    let (ahead, _) = f.collect("2036-10-01", Some(&[E1, E2]));
    (f, ahead)
}

fn tool() -> Tool {
    Tool { name: "rollcall".to_owned(), version: "0.0.0".to_owned() }
}

/// Every file of the organization's folder but the lock, with its bytes.
fn contents(f: &Fixture) -> Vec<(String, Vec<u8>)> {
    let files = disk::files(f.org.dir()).unwrap().into_iter().filter(|name| name != ".lock");
    files.map(|name| (name.clone(), fs::read(f.path(&name)).unwrap())).collect()
}

#[test]
fn a_snapshot_dated_ahead_keeps_others_out_until_it_is_set_aside() {
    let (f, ahead) = with_one_ahead();
    let now = at("2026-10-01");
    match f.org.stage(&f.lock, &ask("2026-10-01")) {
        Err(Error::OutOfOrder { newest, ahead: true, .. }) => assert_eq!(newest, ahead.id),
        other => panic!("{other:?}"),
    }
    let before = contents(&f);
    let folder = f.org.set_aside(&f.lock, &ahead.id, now, &tool()).unwrap();
    assert_eq!(folder, f.path("set-aside/20361001T000000Z"));
    // Everything is there, byte for byte, with one record more.
    let after = contents(&f);
    assert_eq!(after.len(), before.len() + 1);
    for (name, bytes) in &before {
        let own = name.contains("20361001T000000Z");
        let moved = name.replace("snapshots/20361001T000000Z", "set-aside/20361001T000000Z/snapshot");
        let moved = moved.replace("audit_events", "set-aside/20361001T000000Z/audit_events");
        let place = if own { &moved } else { name };
        assert!(after.contains(&(place.clone(), bytes.clone())), "{name} is not at {place}");
    }
    let verified = verify(f.org.dir()).unwrap();
    let told: Vec<_> =
        verified.unchecked.iter().filter(|not| not.what.contains("was set aside on 2026-10-01")).collect();
    assert_eq!((told.len(), verified.snapshots.len()), (1, 1), "{verified:?}");
    // The next collection follows the snapshot before, and brings the events again.
    let (_, appended) = f.collect("2026-10-01", Some(&[E1, E2]));
    assert_eq!((appended.audit.events_new, appended.audit.events_in_archive), (1, 2));
    verify(f.org.dir()).unwrap();
}

#[test]
fn only_the_newest_goes_and_only_while_it_is_dated_ahead() {
    let (f, ahead) = with_one_ahead();
    let first = f.org.ids().unwrap().remove(0);
    let refused = |id, now: &str| match f.org.set_aside(&f.lock, id, at(now), &tool()) {
        Err(Error::NotAhead { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert!(refused(&first, "2020-01-01").contains("not the newest"));
    assert!(refused(&ahead.id, "2036-10-01").contains("not dated later than now"));
    assert_eq!(f.org.ids().unwrap().len(), 2);
    assert!(!f.path("set-aside").exists());
}

#[test]
fn a_setting_aside_that_was_interrupted_is_finished_by_the_next_call() {
    let (f, ahead) = with_one_ahead();
    let now = at("2026-10-01");
    // The record is written and the part has moved; the snapshot has not.
    let place = f.path("set-aside/20361001T000000Z");
    f.org.set_aside(&f.lock, &ahead.id, now, &tool()).unwrap();
    fs::rename(place.join("snapshot"), f.path("snapshots/20361001T000000Z")).unwrap();
    assert!(verify(f.org.dir()).is_err());
    f.org.set_aside(&f.lock, &ahead.id, at("2026-10-02"), &tool()).unwrap();
    let verified = verify(f.org.dir()).unwrap();
    assert!(verified.unchecked[0].what.contains("was set aside on 2026-10-01"), "{verified:?}");
}

#[test]
fn what_was_set_aside_is_held_to_its_digests() {
    let (f, ahead) = with_one_ahead();
    let place = f.org.set_aside(&f.lock, &ahead.id, at("2026-10-01"), &tool()).unwrap();
    let differs = |path: &std::path::Path, change: &dyn Fn()| {
        let bytes = fs::read(path).ok();
        change();
        match verify(f.org.dir()) {
            Err(Error::Differs { .. }) => {}
            other => panic!("{}: {other:?}", path.display()),
        }
        match bytes {
            Some(bytes) => fs::write(path, bytes).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        verify(f.org.dir()).unwrap();
    };
    for name in [
        "snapshot/manifest.json",
        "snapshot/tables/members.parquet",
        "audit_events/month=2026-09/20361001T000000Z.parquet",
        "set-aside.json",
        "more.txt",
    ] {
        let path = place.join(name);
        differs(&path, &|| fs::write(&path, "changed").unwrap());
    }
}
