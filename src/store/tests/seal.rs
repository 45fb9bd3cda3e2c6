//! What a seal writes, what it refuses, and what is read back.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::{
    store::{Error, disk, parquet},
    table::access::{Invite, Person, Repo},
};

#[test]
fn a_snapshot_is_read_back_as_it_was_sealed() {
    let f = Fixture::new();
    let (first, _) = f.collect("2026-07-01T06:00:00Z", Some(&[("e1", "2026-06-01")]));
    let (second, _) = f.collect("2026-10-01T06:00:00Z", Some(&[("e1", "2026-06-01"), ("e2", "2026-09-01")]));

    let heads = f.org.snapshots().unwrap();
    assert_eq!(heads.iter().map(|h| &h.id).collect::<Vec<_>>(), [&first.id, &second.id]);
    assert!(heads[0].bytes_on_disk > 0);
    let previous = heads[1].manifest.previous.clone().unwrap();
    assert_eq!((previous.id, previous.sha256), (first.id.clone(), first.manifest_sha256));

    let snapshot = f.org.read(&second.id).unwrap();
    assert_eq!(snapshot.tables, tables());
    assert_eq!(snapshot.manifest, heads[1].manifest);
    assert_eq!(snapshot.manifest_sha256, second.manifest_sha256);
    assert_eq!(
        snapshot.audit_parts,
        [
            f.path("audit_events/month=2026-06/20260701T060000Z.parquet"),
            f.path("audit_events/month=2026-09/20261001T060000Z.parquet")
        ]
    );
    assert_eq!(f.org.read(&first.id).unwrap().audit_parts.len(), 1);
    let (manifest, seen) = f.org.seen(&first.id).unwrap();
    assert_eq!((manifest.id, seen), (first.id, tables().seen));
    assert_eq!(f.org.store.orgs().unwrap(), [OrgName::new("acme").unwrap()]);
}

#[test]
fn the_manifest_is_pretty_and_ends_its_last_line() {
    let f = Fixture::new();
    let (sealed, _) = f.collect("2026-10-01T06:00:00Z", None);
    let text = fs::read_to_string(sealed.dir.join("manifest.json")).unwrap();
    assert!(text.starts_with("{\n  \"format\": \"rollcall.snapshot/1\","), "{text}");
    assert!(text.ends_with("}\n"));
    assert_eq!(disk::sha256(text.as_bytes()), sealed.manifest_sha256);
    assert!(!sealed.dir.join("journal.jsonl").exists());
    assert!(!f.path(".staging").exists());
}

#[test]
fn a_source_that_was_refused_has_no_table_and_one_that_was_empty_has() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    let mut manifest = manifest(&staging);
    for (source, coverage) in [
        (Source::Members, Coverage::Collected),
        (Source::Tokens, Coverage::Forbidden),
        (Source::Repos, Coverage::Partial),
        (Source::Scim, Coverage::PlanRequired),
        (Source::ServiceAccounts, Coverage::Failed),
    ] {
        manifest.sources.insert(source, record(coverage, Vec::new()));
    }
    let sealed = staging.seal(manifest, &Tables::default()).unwrap();
    let written: Vec<_> = disk::files(&sealed.dir.join("tables")).unwrap();
    let expected = ["invites", "members", "repos", "scim_groups", "scim_users", "seen"].map(|t| format!("{t}.parquet"));
    assert_eq!(written, expected);
    let tables = f.newest().manifest.tables;
    assert_eq!(tables.keys().map(|t| format!("{t}.parquet")).collect::<Vec<_>>(), expected);
    assert_eq!(tables["members"].columns[0].kind, "text");
}

#[test]
fn what_is_sealed_is_sealed_and_time_runs_forward() {
    let f = Fixture::new();
    let (sealed, _) = f.collect("2026-10-01T06:00:00Z", None);
    assert!(
        matches!(f.org.stage(&f.lock, &ask("2026-10-01T06:00:00.5Z")), Err(Error::Sealed { id, .. }) if id == sealed.id)
    );
    let as_of = |t: &str| Ask { as_of: Some(at(t)), ..ask("2026-12-01") };
    assert!(matches!(f.org.stage(&f.lock, &as_of("2026-10-01T06:00:00Z")), Err(Error::Sealed { .. })));
    let error = f.org.stage(&f.lock, &as_of("2026-09-30")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a snapshot as of 2026-09-30T00:00:00Z would lie before the newest one of acme, 20261001T060000Z"
    );
    f.org.stage(&f.lock, &as_of("2026-10-01T06:00:01Z")).unwrap();
}

#[test]
fn a_manifest_that_names_a_body_nobody_kept_is_not_sealed() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    let mut page = fetch(&*staging.spool(), Source::Members, "https://hub.example/", b"[]");
    page.raw = Some("raw/members/0009.json.zst".to_owned());
    let mut manifest = manifest(&staging);
    manifest.sources.insert(Source::Members, record(Coverage::Collected, vec![page]));
    let error = staging.seal(manifest, &tables()).unwrap_err();
    assert!(matches!(error, Error::NotKept { .. }), "{error}");
    assert!(f.org.snapshots().unwrap().is_empty());
}

#[test]
fn an_imported_file_is_kept_beside_the_bodies_and_a_broken_attempt_is_not() {
    let f = Fixture::new();
    let staging = f.stage("2026-10-01T06:00:00Z");
    let body = staging.keep_file(Source::Roster, "../CSV", b"email\nada@example.com\n").unwrap();
    assert_eq!((body.raw.as_str(), body.bytes), ("raw/roster/0001.CSV.zst", 22));
    staging.spool().begin(Source::Members).unwrap().close().unwrap();
    let sealed = staging.seal(manifest(&staging_like(&f)), &Tables::default()).unwrap();
    assert_eq!(disk::files(&sealed.dir.join("raw")).unwrap(), ["roster/0001.CSV.zst"]);
    let (sha256, bytes) = disk::digest_decoded(&sealed.dir.join(&body.raw)).unwrap();
    assert_eq!((sha256, bytes), (body.sha256, body.bytes));
}

/// Another staging, for its manifest only; `seal` fills in the identity of the right one.
fn staging_like(f: &Fixture) -> Staging {
    f.org.stage(&f.lock, &Ask { key: "another".to_owned(), ..ask("2026-10-01T06:00:05Z") }).unwrap()
}

#[test]
#[cfg(unix)]
fn files_and_folders_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let f = Fixture::new();
    f.collect("2026-10-01T06:00:00Z", Some(&[("e1", "2026-09-01")]));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let root = f.dir.path().join("store");
    let files = disk::files(&root).unwrap();
    assert!(files.len() >= 6, "{files:?}");
    for file in files {
        let path = root.join(file);
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        for folder in path.ancestors().skip(1).take_while(|p| p.starts_with(&root)) {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
        }
    }
}

#[test]
fn unknown_names_are_told_with_those_that_there_are() {
    let f = Fixture::new();
    let (sealed, _) = f.collect("2026-10-01T06:00:00Z", None);
    let other = f.org.store.org(&OrgName::new("acmee").unwrap());
    assert!(matches!(other.snapshots(), Err(Error::NoOrg { known, .. }) if known == [f.org.org().clone()]));
    let id = "20200101T000000Z".parse().unwrap();
    assert!(matches!(f.org.read(&id), Err(Error::NoSnapshot { known, .. }) if known == [sealed.id]));
}

#[test]
fn a_later_format_and_a_broken_manifest_are_told_apart() {
    let f = Fixture::new();
    let (sealed, _) = f.collect("2026-10-01T06:00:00Z", None);
    let path = sealed.dir.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("snapshot/1", "snapshot/2").replace("\"org\"", "\"tenant\"")).unwrap();
    let error = f.org.read(&sealed.id).unwrap_err();
    assert!(error.to_string().ends_with("holds \"rollcall.snapshot/2\", which was written by a newer rollcall"));
    fs::write(&path, &text[..text.len() / 2]).unwrap();
    assert!(matches!(f.org.snapshots(), Err(Error::Damaged { source: Some(_), .. })));
    fs::write(&path, text.replace("\"acme\"", "\"umbra\"")).unwrap();
    assert!(matches!(f.org.read(&sealed.id), Err(Error::Damaged { source: None, .. })));
}

#[test]
fn a_listed_file_that_is_missing_or_broken_is_damage_and_never_an_empty_table() {
    let f = Fixture::new();
    let (sealed, _) = f.collect("2026-10-01T06:00:00Z", Some(&[("e1", "2026-09-01")]));
    let damaged = || matches!(f.org.read(&sealed.id), Err(Error::Damaged { .. }));
    let path = sealed.dir.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"rows\": 2,", "\"rows\": 3,")).unwrap();
    assert!(damaged());
    fs::write(&path, text).unwrap();
    let part = f.path("audit_events/month=2026-09/20261001T060000Z.parquet");
    for path in [sealed.dir.join("tables/members.parquet"), part] {
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(damaged(), "{}", path.display());
        fs::write(&path, [&bytes[..], b"!"].concat()).unwrap();
        assert!(damaged(), "{}", path.display());
        fs::write(&path, &bytes).unwrap();
        assert!(!damaged());
    }
    // One flipped byte of this file is enough to make a decoder abort the process.
    let path = sealed.dir.join("tables/members.parquet");
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x80;
        fs::write(&path, flipped).unwrap();
        assert!(damaged(), "{at}");
    }
}

#[test]
fn a_sound_file_with_other_columns_names_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("members.parquet");
    let written = parquet::write::<Invite>(&path, &[]).unwrap();
    match parquet::read::<Member>(&path, &written.sha256) {
        Err(Error::Schema { source, .. }) => {
            assert_eq!(source.to_string(), "table members: column user_id should be text and is absent");
        }
        other => panic!("{other:?}"),
    }
}

/// Any text, the awkward ones included.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just("\u{0}\n\"; ".to_owned()), "\\PC{0,12}"]
}

/// Any instant that a table holds: of the years 1970 to 9999.
fn instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..253_402_300_800_000_000).prop_map(|t| Timestamp::from_timestamp_micros(t).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn records_survive_parquet_and_the_same_records_are_the_same_bytes(
        repos in prop::collection::vec(
            (text(), prop::option::of(text()), prop::option::of(any::<bool>()), prop::option::of(any::<i64>()), prop::option::of(instant())),
            0..20,
        ),
        invites in prop::collection::vec((text(), prop::collection::vec(text(), 0..4)), 0..20),
        dates in prop::collection::vec(prop::option::of(-100_000..100_000_i32), 0..20),
    ) {
        let repos: Vec<_> = repos.into_iter().map(|(repo, gated, disabled, storage_bytes, created_at)| Repo {
            repo, repo_type: "model".to_owned(), repo_id: None, visibility: None, gated, disabled, group_id: None,
            storage_bytes, created_at, updated_at: None,
        }).collect();
        let invites: Vec<_> = invites.into_iter().map(|(invitee, source)| Invite {
            invitee, email: None, role: None, invited_at: None, invited_by: None, source,
        }).collect();
        let people: Vec<_> = dates.into_iter().map(|date| Person {
            email: "ada@example.com".to_owned(), username: None, name: None, status: "active".to_owned(),
            terminated_on: date.and_then(chrono::NaiveDate::from_epoch_days), manager_email: None, department: None,
        }).collect();
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            let path = |table: &str| dir.path().join(format!("{table}-{name}"));
            let written_repos = parquet::write(&path("repos"), &repos).unwrap();
            let written_invites = parquet::write(&path("invites"), &invites).unwrap();
            let written_people = parquet::write(&path("people"), &people).unwrap();
            prop_assert_eq!(&parquet::read::<Repo>(&path("repos"), &written_repos.sha256).unwrap(), &repos);
            prop_assert_eq!(&parquet::read::<Invite>(&path("invites"), &written_invites.sha256).unwrap(), &invites);
            prop_assert_eq!(&parquet::read::<Person>(&path("people"), &written_people.sha256).unwrap(), &people);
        }
        for table in ["repos", "invites", "people"] {
            let read = |name: &str| fs::read(dir.path().join(format!("{table}-{name}"))).unwrap();
            prop_assert_eq!(read("a"), read("b"));
        }
    }
}
