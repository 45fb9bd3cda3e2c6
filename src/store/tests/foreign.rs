//! What does not belong into a store, and what is there although it should not be: each is named.

use std::{fs, path::Path};

use super::*;
use crate::{
    model::ids::SnapshotId,
    store::{Advice, Error, disk, verify::verify},
};

/// Two snapshots with bodies, tables and archive parts.
fn sealed() -> Fixture {
    let f = Fixture::new();
    f.collect("2026-07-01", Some(&[("e1", "2026-06-01")]));
    f.collect("2026-10-01", Some(&[("e1", "2026-06-01"), ("e2", "2026-09-01")]));
    f
}

/// The path, the explanation and the advice of the first difference.
fn difference(path: &Path) -> (PathBuf, String, Advice) {
    match verify(path) {
        Err(Error::Differs { path, what, advice }) => (path, what, advice),
        other => panic!("{other:?}"),
    }
}

/// Writes `SHA256SUMS` anew, as somebody would who wants a change to pass.
fn list_anew(dir: &Path) {
    fs::write(dir.join("SHA256SUMS"), crate::store::sums::render(dir).unwrap()).unwrap();
}

#[test]
fn files_and_folders_that_do_not_belong_are_named_wherever_they_lie() {
    let f = sealed();
    let root = f.dir.path().join("store");
    for name in ["notes.txt", "snapshots/.hidden", "audit_events/readme", "imports/roster", "witness/x", "pruned.new"] {
        let path = f.path(name);
        disk::make_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "added").unwrap();
        let (found, what, advice) = difference(f.org.dir());
        assert_eq!((&found, advice), (&path, Advice::TakeOut), "{name}: {what}");
        assert_eq!(difference(&root).0, path);
        fs::remove_file(&path).unwrap();
    }
    for name in [
        "extra",
        ".lock.d",
        ".staging/extra",
        "audit_events/month=2026-6",
        "imports/unheard-of",
        "witness/20260701T000000Z",
        "set-aside/extra",
        "snapshots/.20270101T000000Z",
    ] {
        let path = f.path(name);
        disk::make_dir(&path).unwrap();
        assert_eq!(difference(f.org.dir()).0, path);
        fs::remove_dir(&path).unwrap();
    }
    for name in ["README", ".hidden"] {
        fs::write(root.join(name), "added").unwrap();
        assert_eq!(difference(&root).0, root.join(name));
        fs::remove_file(root.join(name)).unwrap();
    }
    fs::create_dir(root.join("no org")).unwrap();
    assert_eq!(difference(&root).0, root.join("no org"));
    fs::remove_dir(root.join("no org")).unwrap();
    verify(&root).unwrap();
}

#[test]
#[cfg(unix)]
fn a_link_in_a_store_is_a_difference_wherever_it_lies() {
    use std::os::unix::fs::symlink;
    let f = sealed();
    let root = f.dir.path().join("store");
    let away = f.dir.path().join("away");
    let names = [
        "acme",
        "acme/.lock",
        "acme/snapshots",
        "acme/snapshots/20260701T000000Z",
        "acme/snapshots/20260701T000000Z/tables",
        "acme/snapshots/20260701T000000Z/manifest.json",
        "acme/snapshots/20260701T000000Z/raw/members/0001.json.zst",
        "acme/audit_events",
        "acme/audit_events/month=2026-06",
        "acme/audit_events/month=2026-06/20260701T000000Z.parquet",
    ];
    for name in names {
        let path = root.join(name);
        fs::rename(&path, &away).unwrap();
        symlink(&away, &path).unwrap();
        let (found, what, _) = difference(&root);
        assert!(found == path && what.contains("it is a link"), "{name}: {} {what}", found.display());
        fs::remove_file(&path).unwrap();
        fs::rename(&away, &path).unwrap();
    }
    for name in ["link", "acme/imports", "acme/.staging", "acme/witness", "acme/redaction.key"] {
        symlink("/", root.join(name)).unwrap();
        assert_eq!(difference(&root).0, root.join(name));
        fs::remove_file(root.join(name)).unwrap();
    }
    verify(&root).unwrap();
}

#[test]
fn an_old_snapshot_under_a_new_id_contradicts_itself() {
    let f = sealed();
    let (old, new) = (f.path("snapshots/20260701T000000Z"), f.path("snapshots/20261101T000000Z"));
    let newest = f.newest();
    for file in disk::files(&old).unwrap() {
        disk::make_dir(new.join(&file).parent().unwrap()).unwrap();
        fs::copy(old.join(&file), new.join(&file)).unwrap();
    }
    let mut forged: Manifest = serde_json::from_slice(&fs::read(old.join("manifest.json")).unwrap()).unwrap();
    let previous = crate::model::manifest::Previous { id: newest.id, sha256: newest.manifest_sha256 };
    forged.previous = Some(previous);
    forged.audit = newest.manifest.audit;
    forged.as_of = at("2026-11-01");
    let write = |manifest: &Manifest| {
        let mut text = serde_json::to_vec_pretty(manifest).unwrap();
        text.push(b'\n');
        fs::write(new.join("manifest.json"), text).unwrap();
        list_anew(&new);
    };
    forged.id = "20261101T000001Z".parse().unwrap();
    write(&forged);
    assert!(difference(f.org.dir()).1.contains("in the folder of"));
    forged.id = SnapshotId::of(forged.as_of);
    write(&forged);
    let (path, what, advice) = difference(f.org.dir());
    assert_eq!((path, advice), (new.join("manifest.json"), Advice::Investigate));
    assert!(what.contains("before 2026-11-01T00:00:00Z, of which it speaks: an older snapshot"), "{what}");
    // With its own times moved along, those of its requests still stand against it.
    (forged.started_at, forged.finished_at) = (at("2026-11-01"), at("2026-11-01T00:01:00Z"));
    write(&forged);
    assert!(difference(f.org.dir()).1.contains("was asked for at 2026-07-01T00:00:00Z"));
    forged.finished_at = at("2026-10-01");
    write(&forged);
    assert!(difference(f.org.dir()).1.contains("ended before it began"));
}

#[test]
fn answers_of_the_hub_do_not_run_back_from_snapshot_to_snapshot() {
    let by_the_hub =
        |first: &str, last: &str| HubClock { first: Some(at(first)), last: Some(at(last)), from: "hub".to_owned() };
    for (first, is_back) in [("2026-07-01", false), ("2026-06-01", true)] {
        let f = Fixture::new();
        for (day, clock) in [
            ("2026-07-01", by_the_hub("2026-07-01", "2026-07-01T00:09:00Z")),
            ("2026-10-01", by_the_hub(first, "2026-10-01")),
        ] {
            let staging = f.stage(day);
            let manifest = Manifest { hub_clock: clock, ..manifest(&staging) };
            staging.seal(manifest, &tables()).unwrap();
        }
        match verify(f.org.dir()) {
            Err(Error::Differs { what, .. }) => assert!(is_back && what.contains("put under a new id"), "{what}"),
            other => assert!(!is_back && other.is_ok(), "{other:?}"),
        }
    }
}

#[test]
fn a_witness_that_was_told_of_a_snapshot_shows_that_it_was_removed() {
    let f = sealed();
    let newest = f.newest().id;
    let path = f.org.keep_witness(&f.lock, &newest, b"receipt 7\n").unwrap();
    assert_eq!((fs::read(&path).unwrap(), path), (b"receipt 7\n".to_vec(), f.path("witness/20261001T000000Z")));
    f.org.keep_witness(&f.lock, &newest, b"another").unwrap();
    assert_eq!(fs::read(f.path("witness/20261001T000000Z")).unwrap(), b"receipt 7\n", "what was answered stays");
    let verified = verify(f.org.dir()).unwrap();
    assert!(verified.unchecked[0].what.contains("of 1 of 2 snapshots, the first of them 20260701"), "{verified:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &str| fs::metadata(f.path(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("witness"), mode("witness/20261001T000000Z")), (0o700, 0o600));
    }
    // The newest snapshot goes, with the part that it brought: the witness knows of it.
    fs::remove_dir_all(f.path("snapshots/20261001T000000Z")).unwrap();
    fs::remove_dir_all(f.path("audit_events/month=2026-09")).unwrap();
    let (path, what, advice) = difference(f.org.dir());
    assert_eq!((path, advice), (f.path("snapshots/20261001T000000Z"), Advice::Investigate));
    assert!(what.contains("a snapshot was removed"), "{what}");
    let left = f.path("snapshots/20260701T000000Z");
    let away = f.dir.path().join("away");
    fs::rename(&left, &away).unwrap();
    fs::rename(f.path("audit_events"), f.dir.path().join("events")).unwrap();
    fs::remove_dir(f.path("snapshots")).unwrap();
    assert!(difference(f.org.dir()).1.contains("a snapshot was removed"), "when nothing else is left, too");
    fs::create_dir(f.path("snapshots")).unwrap();
    fs::rename(&away, &left).unwrap();
    fs::rename(f.dir.path().join("events"), f.path("audit_events")).unwrap();
    fs::remove_dir_all(f.path("witness")).unwrap();
    verify(f.org.dir()).unwrap();
}

#[test]
fn a_witness_of_a_snapshot_that_was_deleted_on_purpose_may_stay() {
    let f = sealed();
    let oldest = f.org.ids().unwrap().remove(0);
    f.org.keep_witness(&f.lock, &oldest, b"").unwrap();
    let tool = Tool { name: "rollcall".to_owned(), version: "0.0.0".to_owned() };
    f.org.prune(&f.lock, at("2026-08-01"), at("2027-01-01"), &tool).unwrap();
    verify(f.org.dir()).unwrap();
}

#[test]
fn a_record_of_a_deletion_that_rollcall_did_not_write_is_named() {
    let f = sealed();
    f.collect("2026-11-01", None);
    let tool = Tool { name: "rollcall".to_owned(), version: "0.0.0".to_owned() };
    f.org.prune(&f.lock, at("2026-08-01"), at("2027-01-01"), &tool).unwrap();
    let path = f.path("pruned.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    verify(f.org.dir()).unwrap();
    // Written by hand, in another form.
    fs::write(&path, text.replace("\",\"", "\", \"")).unwrap();
    assert_eq!(difference(f.org.dir()).0, path);
    // A snapshot that never was, listed after the last one that went.
    let mut invented = f.org.pruned().unwrap_err().to_string();
    assert!(invented.contains("pruned.jsonl"), "{invented}");
    fs::write(&path, &text).unwrap();
    let last = f.org.pruned().unwrap().remove(0);
    let line = crate::store::Pruned {
        id: "20260801T000000Z".parse().unwrap(),
        manifest_sha256: "0".repeat(64),
        previous: Some(crate::model::manifest::Previous { id: last.id, sha256: last.manifest_sha256 }),
        ..f.org.pruned().unwrap().remove(0)
    };
    invented = format!("{text}{}\n", serde_json::to_string(&line).unwrap());
    fs::write(&path, invented).unwrap();
    let (found, what, _) = difference(f.org.dir());
    assert!(found == path && what.contains("the first snapshot that is left does not name it"), "{what}");
}

#[test]
fn unfinished_work_is_counted_and_hides_nothing() {
    let f = sealed();
    let staging = f.stage("2026-12-01");
    let verified = verify(f.org.dir()).unwrap();
    assert!(verified.unchecked.iter().any(|not| not.what.contains("an unfinished collection")), "{verified:?}");
    staging.abandon().unwrap();
    assert!(verify(f.org.dir()).unwrap().unchecked.is_empty());
}
