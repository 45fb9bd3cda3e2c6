//! Verification: whole evidence passes, and every way of changing it is named.

use std::{fs, process::Command};

use super::*;
use crate::store::{
    Error, disk,
    verify::{Found, Kind, verify},
};

/// Two snapshots with bodies, tables and archive parts.
fn sealed() -> Fixture {
    let f = Fixture::new();
    f.collect("2026-07-01", Some(&[("e1", "2026-06-01")]));
    f.collect("2026-10-01", Some(&[("e1", "2026-06-01"), ("e2", "2026-09-01")]));
    f
}

/// The path and the explanation of the first difference.
fn difference(path: &std::path::Path) -> (PathBuf, String) {
    match verify(path) {
        Err(Error::Differs { path, what, .. }) => (path, what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn untouched_evidence_passes_at_every_level() {
    let f = sealed();
    let root = f.dir.path().join("store");
    let store = verify(&root).unwrap();
    assert_eq!((store.kind, store.files), (Kind::Store, 2 * 5 + 2));
    let names: Vec<_> = store.snapshots.iter().map(Found::name).collect();
    assert_eq!(names, ["acme/20260701T000000Z", "acme/20261001T000000Z"]);
    assert!(store.unchecked.is_empty());
    assert_eq!(verify(f.org.dir()).unwrap().kind, Kind::Org);
    let snapshot = f.path("snapshots/20261001T000000Z");
    let one = verify(&snapshot).unwrap();
    assert_eq!((one.kind, one.files, one.unchecked.len()), (Kind::Snapshot, 5 + 2, 0));

    // Carried away from its store it can still be verified by itself, and what cannot is said.
    let copy = f.dir.path().join("copy");
    let status = Command::new("cp").arg("-r").arg(&snapshot).arg(&copy).status().unwrap();
    assert!(status.success());
    let copied = verify(&copy).unwrap();
    assert_eq!((copied.kind, copied.files, copied.unchecked.len()), (Kind::Snapshot, 5, 2));
}

#[test]
fn a_flipped_byte_is_found_in_every_file_at_every_place() {
    let f = sealed();
    let names = disk::files(f.org.dir()).unwrap();
    assert_eq!(names.len(), 2 * 6 + 2 + 1, "{names:?}");
    for name in names.iter().filter(|name| *name != ".lock") {
        let path = f.path(name);
        let bytes = fs::read(&path).unwrap();
        for at in [0, 1, bytes.len() / 3, bytes.len() / 2, bytes.len() - 2, bytes.len() - 1] {
            for mask in [0x01, 0x20] {
                let mut flipped = bytes.clone();
                flipped[at] ^= mask;
                fs::write(&path, flipped).unwrap();
                let (found, what) = difference(f.org.dir());
                let file = path.file_name().unwrap().to_str().unwrap();
                assert!(found == path || what.contains(file), "{name} at {at}: {} {what}", found.display());
            }
        }
        fs::write(&path, bytes).unwrap();
    }
    verify(f.org.dir()).unwrap();
}

#[test]
fn files_removed_added_or_replaced_are_named() {
    let f = sealed();
    let dir = f.path("snapshots/20260701T000000Z");
    for name in ["manifest.json", "SHA256SUMS", "tables/members.parquet", "raw/members/0001.json.zst"] {
        let path = dir.join(name);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(difference(f.org.dir()).0, path);
        assert_eq!(difference(&dir).0, path);
        fs::write(&path, bytes).unwrap();
    }
    for name in ["note.txt", "tables/more.parquet", ".hidden"] {
        let path = dir.join(name);
        fs::write(&path, "added").unwrap();
        assert_eq!(
            difference(&dir),
            (path.clone(), "it is not listed in SHA256SUMS: it was added afterwards".to_owned())
        );
        fs::remove_file(&path).unwrap();
    }
    for name in [
        "snapshots/notes",
        "audit_events/month=2026-06/extra.parquet",
        "audit_events/month=2026-06/20260615T000000Z.parquet",
    ] {
        let path = f.path(name);
        fs::write(&path, "added").unwrap();
        assert_eq!(difference(f.org.dir()).0, path);
        fs::remove_file(&path).unwrap();
    }
    let part = f.path("audit_events/month=2026-06/20260701T000000Z.parquet");
    fs::remove_file(&part).unwrap();
    assert_eq!(difference(&dir).0, part);
}

/// Writes `SHA256SUMS` anew, as somebody would who wants a change to pass.
fn list_anew(dir: &std::path::Path) {
    fs::write(dir.join("SHA256SUMS"), crate::store::sums::render(dir).unwrap()).unwrap();
}

#[test]
fn a_change_that_is_listed_anew_still_contradicts_the_manifest_or_the_next_one() {
    let f = sealed();
    let dir = f.path("snapshots/20260701T000000Z");
    let read = |name: &str| fs::read(dir.join(name)).unwrap();
    let table = read("tables/members.parquet");
    fs::write(dir.join("tables/members.parquet"), read("tables/invites.parquet")).unwrap();
    list_anew(&dir);
    assert_eq!(difference(&dir).0, dir.join("tables/members.parquet"));
    fs::write(dir.join("tables/members.parquet"), table).unwrap();

    let body = read("raw/members/0001.json.zst");
    fs::write(dir.join("raw/members/0001.json.zst"), zstd::encode_all(&b"[{}]"[..], 0).unwrap()).unwrap();
    list_anew(&dir);
    let (path, what) = difference(&dir);
    assert_eq!(path, dir.join("raw/members/0001.json.zst"));
    assert!(what.contains("https://hub.example/members"), "{what}");
    fs::write(dir.join("raw/members/0001.json.zst"), body).unwrap();

    let manifest = String::from_utf8(read("manifest.json")).unwrap();
    fs::write(dir.join("manifest.json"), manifest.replace("\"team\"", "\"plus\"")).unwrap();
    list_anew(&dir);
    verify(&dir).unwrap();
    let (path, what) = difference(f.org.dir());
    assert_eq!(path, dir.join("manifest.json"));
    assert!(what.contains("20261001T000000Z recorded"), "{what}");
}

#[test]
fn a_manifest_with_a_date_that_no_clock_shows_is_a_difference_and_stops_no_reader() {
    let f = sealed();
    let dir = f.path("snapshots/20260701T000000Z");
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(dir.join("manifest.json")).unwrap()).unwrap();
    for (key, date) in [
        ("finished_at", "+262142-12-31T23:59:59Z"),
        ("started_at", "-262143-01-01T00:00:00Z"),
        ("as_of", "1969-12-31T00:00:00Z"),
    ] {
        let mut forged = manifest.clone();
        forged[key] = date.into();
        fs::write(dir.join("manifest.json"), forged.to_string()).unwrap();
        list_anew(&dir);
        let (path, what) = difference(&dir);
        assert!(path == dir.join("manifest.json") && what.contains("outside the years 1970 to 9999"), "{key}: {what}");
        assert!(f.org.snapshots().is_err(), "{key}");
    }
}

#[test]
fn a_list_or_a_manifest_that_names_a_file_elsewhere_is_not_followed() {
    let f = sealed();
    let dir = f.path("snapshots/20260701T000000Z");
    let outside = f.dir.path().join("outside.zst");
    fs::write(&outside, "not ours").unwrap();
    let sums = fs::read_to_string(dir.join("SHA256SUMS")).unwrap();
    let elsewhere = "../../../../outside.zst";
    assert!(dir.join(elsewhere).is_file());
    let line = format!("{}  {elsewhere}\n", disk::sha256(b"not ours"));
    fs::write(dir.join("SHA256SUMS"), format!("{line}{sums}")).unwrap();
    assert!(difference(&dir).1.contains("no path inside this folder"));

    let manifest = fs::read_to_string(dir.join("manifest.json")).unwrap();
    for path in [elsewhere, outside.to_str().unwrap()] {
        fs::write(dir.join("manifest.json"), manifest.replace("raw/members/0001.json.zst", path)).unwrap();
        list_anew(&dir);
        let (found, what) = difference(&dir);
        assert_eq!(found, dir.join("manifest.json"));
        assert!(what.contains("does not list"), "{what}");
    }
}

#[test]
fn a_snapshot_taken_out_of_the_chain_is_missed() {
    let f = sealed();
    f.collect("2026-11-01", None);
    fs::remove_dir_all(f.path("snapshots/20261001T000000Z")).unwrap();
    let (path, what) = difference(f.org.dir());
    assert_eq!(path, f.path("snapshots/20261001T000000Z/manifest.json"));
    assert!(what.contains("a snapshot was removed"), "{what}");
}

#[test]
fn a_snapshot_put_into_the_chain_is_noticed() {
    let (f, other) = (Fixture::new(), Fixture::new());
    for fixture in [&f, &other] {
        fixture.collect("2026-07-01", None);
    }
    f.collect("2026-11-01", None);
    let (forged, _) = other.collect("2026-10-01", None);
    let place = f.path("snapshots/20261001T000000Z");
    assert!(Command::new("cp").arg("-r").arg(forged.dir).arg(&place).status().unwrap().success());
    verify(&place).unwrap();
    let (path, what) = difference(f.org.dir());
    assert_eq!(path, f.path("snapshots/20261101T000000Z/manifest.json"));
    assert_eq!(what, "it was sealed after 20260701T000000Z, and before it now lies 20261001T000000Z");
}

#[test]
fn a_list_in_another_order_was_not_written_by_us() {
    let f = sealed();
    let path = f.path("snapshots/20260701T000000Z/SHA256SUMS");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.lines().rev().flat_map(|line| [line, "\n"]).collect::<String>()).unwrap();
    assert_eq!(difference(f.org.dir()).0, path);
}

#[test]
fn a_report_folder_is_verified_by_its_list_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("csv")).unwrap();
    fs::write(dir.path().join("csv/access.csv"), "subject\n").unwrap();
    list_anew(dir.path());
    let report = verify(dir.path()).unwrap();
    assert_eq!((report.kind, report.files), (Kind::Report, 1));
    fs::write(dir.path().join("csv/access.csv"), "subject,\n").unwrap();
    assert_eq!(difference(dir.path()).0, dir.path().join("csv/access.csv"));
}

#[test]
fn what_is_not_ours_is_refused_rather_than_passed() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(verify(dir.path()), Err(Error::NotOurs { .. })));
    assert!(matches!(verify(&dir.path().join("none")), Err(Error::Io { .. })));
}

#[test]
fn a_collection_under_way_is_no_difference() {
    let f = sealed();
    let mut staging = f.stage("2026-12-01");
    fetch(&*staging.spool(), Source::Members, "https://hub.example/members", b"[]");
    staging.append_events(&log(&[("e2", "2026-09-01"), ("e3", "2026-11-01")]), true).unwrap();
    verify(f.org.dir()).unwrap();
    // Killed between the two renames of the seal: the next collection clears it up.
    let part = f.path("audit_events/month=2026-11/20261201T000000Z.parquet");
    disk::make_dir(part.parent().unwrap()).unwrap();
    disk::write(&part, b"").unwrap();
    verify(f.org.dir()).unwrap();
}

#[test]
fn sha256sum_agrees_with_no_rollcall_around() {
    let f = sealed();
    let dir = f.path("snapshots/20261001T000000Z");
    let run = || Command::new("sha256sum").args(["--strict", "--quiet", "-c", "SHA256SUMS"]).current_dir(&dir).output();
    // Where the tool is not installed there is nothing to compare with.
    let Ok(output) = run() else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::write(dir.join("manifest.json"), "{}").unwrap();
    assert!(!run().unwrap().status.success());
}
