//! Deletion on purpose: what goes, what stays, and that the chain is proved over the gap.

use std::fs;

use super::*;
use crate::{
    model::{ids::SnapshotId, sums},
    store::{
        Error, Pruned, disk,
        verify::{Kind, verify},
    },
};

/// Three quarters, each with an event of its own.
fn quarters() -> Fixture {
    let f = Fixture::new();
    f.collect("2026-01-01", Some(&[("e1", "2025-12-01")]));
    f.collect("2026-04-01", Some(&[("e1", "2025-12-01"), ("e2", "2026-03-01")]));
    f.collect("2026-07-01", Some(&[("e2", "2026-03-01"), ("e3", "2026-06-01")]));
    f
}

fn tool() -> Tool {
    Tool { name: "rollcall".to_owned(), version: "0.0.0".to_owned() }
}

/// Deletes what is older than a date.
fn prune(f: &Fixture, before: &str) -> Vec<String> {
    let gone = f.org.prune(&f.lock, at(before), at("2027-01-01"), &tool()).unwrap();
    gone.into_iter().map(|head| head.id.to_string()).collect()
}

fn ids(f: &Fixture) -> Vec<String> {
    f.org.ids().unwrap().iter().map(SnapshotId::to_string).collect()
}

/// The path and the explanation of the first difference.
fn difference(f: &Fixture) -> (PathBuf, String) {
    match verify(f.org.dir()) {
        Err(Error::Differs { path, what, .. }) => (path, what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn old_snapshots_go_and_the_chain_is_proved_over_the_gap() {
    let f = quarters();
    let sealed: Vec<_> = f.org.snapshots().unwrap();
    assert_eq!(prune(&f, "2026-04-01"), ["20260101T000000Z"], "the day itself stays");
    assert_eq!(prune(&f, "2026-04-02"), ["20260401T000000Z"]);
    assert_eq!(ids(&f), ["20260701T000000Z"]);
    let listed = f.org.pruned().unwrap();
    let expected: Vec<_> = sealed[..2]
        .iter()
        .map(|head| Pruned {
            id: head.id.clone(),
            manifest_sha256: head.manifest_sha256.clone(),
            previous: head.manifest.previous.clone(),
            pruned_at: at("2027-01-01"),
            tool: tool(),
        })
        .collect();
    assert_eq!(listed, expected);
    let verified = verify(f.org.dir()).unwrap();
    assert_eq!((verified.kind, verified.snapshots.len(), verified.unchecked.len()), (Kind::Org, 1, 1));
    assert!(verified.unchecked[0].what.contains("2 snapshots 20260101T000000Z to 20260401T000000Z"), "{verified:?}");
    verify(&f.path("snapshots/20260701T000000Z")).unwrap();
    // The archive that the newest one reads is whole, and the next collection goes on from it.
    let newest = f.newest();
    assert_eq!(f.org.read(&newest.id).unwrap().audit_parts.len(), 3);
    f.collect("2026-10-01", Some(&[("e3", "2026-06-01"), ("e4", "2026-09-01")]));
    verify(f.org.dir()).unwrap();
    assert_eq!(prune(&f, "2030-01-01"), ["20260701T000000Z"]);
    verify(f.org.dir()).unwrap();
}

#[test]
fn the_newest_is_never_deleted_and_nothing_is_asked_for_twice() {
    let f = quarters();
    assert_eq!(f.org.prunable(at("2030-01-01")).unwrap().len(), 2);
    assert!(prune(&f, "2026-01-01").is_empty());
    assert!(!f.path("pruned.jsonl").exists());
    prune(&f, "2030-01-01");
    assert!(prune(&f, "2030-01-01").is_empty());
    assert_eq!(ids(&f), ["20260701T000000Z"]);
    assert!(!f.path(".staging").exists());
}

#[test]
fn a_deletion_that_was_interrupted_is_told_and_finished() {
    let f = quarters();
    let copy = f.dir.path().join("copy");
    copy_tree(&f.path("snapshots/20260401T000000Z"), &copy);
    prune(&f, "2026-07-01");
    copy_tree(&copy, &f.path("snapshots/20260401T000000Z"));
    let verified = verify(f.org.dir()).unwrap();
    assert!(verified.unchecked.iter().any(|not| not.by.contains("run `rollcall prune` again")), "{verified:?}");
    assert_eq!(prune(&f, "2026-07-01"), ["20260401T000000Z"]);
    assert_eq!(f.org.pruned().unwrap().len(), 2);
    assert_eq!(verify(f.org.dir()).unwrap().unchecked.len(), 1);
}

/// Copies a folder of files.
fn copy_tree(from: &std::path::Path, to: &std::path::Path) {
    for file in disk::files(from).unwrap() {
        let path = to.join(&file);
        disk::make_dir(path.parent().unwrap()).unwrap();
        fs::copy(from.join(&file), path).unwrap();
    }
}

#[test]
fn a_list_that_was_changed_does_not_bridge_the_gap() {
    let f = quarters();
    prune(&f, "2026-07-01");
    let path = f.path("pruned.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let digest = f.org.pruned().unwrap()[1].manifest_sha256.clone();
    for changed in [
        String::new(),
        format!("{}\n", lines[0]),
        format!("{}\n", lines[1]),
        format!("{}\n{}\n", lines[1], lines[0]),
        text.replace(&digest, &"0".repeat(64)),
        text.replace("2026", "2025"),
        format!("{text}x\n"),
    ] {
        fs::write(&path, &changed).unwrap();
        let (found, what) = difference(&f);
        let expected = [path.clone(), f.path("snapshots/20260401T000000Z/manifest.json")];
        assert!(expected.contains(&found), "{}: {what}", found.display());
    }
    fs::remove_file(&path).unwrap();
    assert!(difference(&f).1.contains("a snapshot was removed"));
    fs::write(&path, &text).unwrap();
    verify(f.org.dir()).unwrap();
}

#[test]
fn a_list_does_not_excuse_the_loss_of_the_newest() {
    let f = quarters();
    let heads = f.org.snapshots().unwrap();
    prune(&f, "2026-07-01");
    let line = Pruned {
        id: heads[2].id.clone(),
        manifest_sha256: heads[2].manifest_sha256.clone(),
        previous: heads[2].manifest.previous.clone(),
        pruned_at: at("2027-01-01"),
        tool: tool(),
    };
    let path = f.path("pruned.jsonl");
    let text = fs::read_to_string(&path).unwrap() + &serde_json::to_string(&line).unwrap() + "\n";
    fs::write(&path, text).unwrap();
    assert_eq!(difference(&f).0, path);
}

#[test]
fn nothing_is_deleted_from_a_broken_chain() {
    let f = quarters();
    let manifest = f.path("snapshots/20260101T000000Z/manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"team\"", "\"plus\"")).unwrap();
    assert!(matches!(f.org.prune(&f.lock, at("2027-01-01"), at("2027-01-01"), &tool()), Err(Error::Differs { .. })));
    assert_eq!(ids(&f).len(), 3);
}

#[test]
fn a_signature_beside_the_list_is_no_stray_file() {
    let f = quarters();
    let dir = f.path("snapshots/20260701T000000Z");
    fs::write(dir.join(sums::SIGNATURE), "signature").unwrap();
    verify(&dir).unwrap();
    fs::write(dir.join("tables").join(sums::SIGNATURE), "signature").unwrap();
    assert!(verify(&dir).is_err());
}
