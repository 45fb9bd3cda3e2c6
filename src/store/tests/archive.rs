//! The audit archive over several collections.

use super::*;
use crate::{
    model::manifest::LogGap,
    store::{Error, disk, parquet},
};

const E1: (&str, &str) = ("e1", "2026-06-01T10:00:00Z");
const E2: (&str, &str) = ("e2", "2026-06-20T10:00:00Z");
const E3: (&str, &str) = ("e3", "2026-07-02T10:00:00Z");
const E4: (&str, &str) = ("e4", "2026-08-02T10:00:00Z");
const E5: (&str, &str) = ("e5", "2026-09-02T10:00:00Z");

fn gap(from: &str, to: &str) -> LogGap {
    LogGap { from: at(from), to: at(to) }
}

/// Events in a part, in file order.
fn events(path: &std::path::Path) -> Vec<AuditEvent> {
    parquet::read(path, &disk::digest_file(path).unwrap().0).unwrap()
}

/// Ids in a part of the archive, in file order.
fn ids(f: &Fixture, part: &str) -> Vec<String> {
    events(&f.path(&format!("audit_events/{part}"))).into_iter().map(|e| e.event_id).collect()
}

#[test]
fn overlapping_exports_are_archived_once_and_observed_from_the_oldest_event() {
    let f = Fixture::new();
    let (_, first) = f.collect("2026-07-01", Some(&[E2, E1, E1]));
    assert_eq!(first.partial, None);
    assert_eq!((first.audit.events_new, first.audit.events_in_archive), (2, 2));
    assert_eq!(first.audit.observed_since, Some(at(E1.1)));

    let (_, second) = f.collect("2026-10-01", Some(&[E5, E4, E3, E2]));
    assert_eq!(second.partial, None);
    let audit = f.newest().manifest.audit;
    assert_eq!((audit.events_new, audit.events_in_archive), (3, 5));
    assert_eq!((audit.oldest, audit.newest), (Some(at(E1.1)), Some(at(E5.1))));
    assert_eq!(audit.observed_since, Some(at(E1.1)));
    assert!(audit.log_gaps.is_empty());

    assert_eq!(ids(&f, "month=2026-06/20260701T000000Z.parquet"), ["e1", "e2"]);
    let files = disk::files(&f.path("audit_events")).unwrap();
    assert_eq!(
        files,
        [
            "month=2026-06/20260701T000000Z.parquet",
            "month=2026-07/20261001T000000Z.parquet",
            "month=2026-08/20261001T000000Z.parquet",
            "month=2026-09/20261001T000000Z.parquet",
        ]
    );
    let named: Vec<_> = audit.parts.keys().map(|p| p.trim_start_matches("audit_events/").to_owned()).collect();
    assert_eq!(named, files);
    for (part, sha256) in &audit.parts {
        assert_eq!(&disk::digest_file(&f.path(part)).unwrap().0, sha256);
    }
}

#[test]
fn an_export_that_shares_no_event_leaves_a_gap_that_stays() {
    let f = Fixture::new();
    f.collect("2026-07-01", Some(&[E1, E2]));
    let (_, second) = f.collect("2026-08-15", Some(&[E4]));
    assert_eq!(second.audit.log_gaps, [gap(E2.1, E4.1)]);
    assert_eq!(second.audit.observed_since, Some(at(E4.1)));
    assert_eq!(
        second.partial.as_deref(),
        Some(
            "the export shares no event with the archive: what happened between 2026-06-20T10:00:00Z and 2026-08-02T10:00:00Z was not seen"
        )
    );
    let (_, third) = f.collect("2026-10-01", Some(&[E4, E5]));
    assert_eq!(third.partial, None);
    assert_eq!(third.audit.log_gaps, [gap(E2.1, E4.1)]);
    assert_eq!(third.audit.observed_since, Some(at(E4.1)));
    assert_eq!((third.audit.events_in_archive, third.audit.oldest), (4, Some(at(E1.1))));
}

#[test]
fn an_empty_export_is_a_gap_up_to_as_of_unless_the_archive_is_empty_too() {
    let f = Fixture::new();
    let (_, none) = f.collect("2026-05-01", Some(&[]));
    assert!(none.partial.unwrap().starts_with("the first export holds no event"));
    assert_eq!(none.audit, Audit::default());

    let (_, first) = f.collect("2026-07-01", Some(&[E1, E2]));
    assert_eq!((first.partial, first.audit.observed_since), (None, Some(at(E1.1))));
    let (_, empty) = f.collect("2026-07-15", Some(&[]));
    assert!(empty.partial.unwrap().starts_with("the export is empty although events are archived"));
    assert_eq!(empty.audit.log_gaps, [gap(E2.1, "2026-07-15")]);
    assert_eq!((empty.audit.observed_since, empty.audit.events_in_archive), (None, 2));
    assert_eq!(empty.parts.len(), 1);

    let (_, after) = f.collect("2026-10-01", Some(&[E2, E3, E4, E5]));
    assert_eq!(after.partial, None);
    assert_eq!(after.audit.observed_since, Some(at(E4.1)), "what was seen before the gap's end does not count");
}

#[test]
fn a_log_that_was_not_read_keeps_the_archive_and_observes_nothing() {
    let f = Fixture::new();
    f.collect("2026-07-01", Some(&[E1, E2]));
    let (_, unread) = f.collect("2026-08-01", None);
    assert_eq!(unread.partial, None);
    let audit = f.newest().manifest.audit;
    assert_eq!((audit.events_new, audit.events_in_archive, audit.observed_since), (0, 2, None));
    assert_eq!((audit.oldest, audit.newest, audit.parts.len()), (Some(at(E1.1)), Some(at(E2.1)), 1));

    let (_, again) = f.collect("2026-10-01", Some(&[E2, E3]));
    assert_eq!(again.audit.observed_since, Some(at(E1.1)), "the overlap shows that nothing was missed");
    assert!(again.audit.log_gaps.is_empty());
}

#[test]
fn an_export_at_the_limit_is_partial_only_without_an_archive() {
    let f = Fixture::new();
    let mut staging = f.stage("2026-07-01");
    let first = staging.append_up_to(&log(&[E1, E2]), true, 2).unwrap();
    assert_eq!(
        first.partial.as_deref(),
        Some(
            "the export holds 2 events, as many as the Hub gives, and none is archived: what happened before 2026-06-01T10:00:00Z was not seen"
        )
    );
    assert_eq!(first.audit.observed_since, Some(at(E1.1)));
    assert_eq!(staging.append_up_to(&log(&[E1, E2]), true, 3).unwrap().partial, None);
    let manifest = manifest(&staging);
    staging.seal(manifest, &tables()).unwrap();

    let mut staging = f.stage("2026-08-01");
    assert_eq!(staging.append_up_to(&log(&[E2, E3]), true, 2).unwrap().partial, None);
}

#[test]
fn parts_are_readable_before_the_seal_and_reach_the_archive_with_it() {
    let f = Fixture::new();
    let mut staging = f.stage("2026-07-01");
    staging.append_events(&log(&[E1, E3]), true).unwrap();
    let appended = staging.append_events(&log(&[E2, E1]), true).unwrap();
    assert_eq!(appended.parts.len(), 1, "the second call replaces the first");
    assert!(events(&appended.parts[0]).into_iter().eq(log(&[E1, E2]).iter()));
    assert!(!f.path("audit_events").exists());
    let manifest = manifest(&staging);
    let sealed = staging.seal(manifest, &tables()).unwrap();
    assert_eq!(f.org.read(&sealed.id).unwrap().audit_parts.len(), 1);
}

#[test]
fn unknown_types_are_the_callers_and_are_not_carried_forward() {
    let f = Fixture::new();
    let staging = f.stage("2026-07-01");
    let mut manifest = manifest(&staging);
    manifest.audit.unknown_types.insert("org.teleport".to_owned(), 3);
    manifest.audit.events_new = 99;
    staging.seal(manifest, &tables()).unwrap();
    let audit = f.newest().manifest.audit;
    assert_eq!((audit.unknown_types.get("org.teleport"), audit.events_new), (Some(&3), 0));
    let (_, next) = f.collect("2026-08-01", Some(&[E1]));
    assert!(next.audit.unknown_types.is_empty());
}

#[test]
fn a_missing_or_changed_part_stops_the_next_collection() {
    let f = Fixture::new();
    f.collect("2026-07-01", Some(&[E1]));
    let mut staging = f.stage("2026-08-01");
    let part = f.path("audit_events/month=2026-06/20260701T000000Z.parquet");
    std::fs::write(&part, "changed").unwrap();
    assert!(matches!(staging.append_events(&log(&[E1]), true), Err(Error::Damaged { .. })));
    std::fs::remove_file(&part).unwrap();
    assert!(matches!(staging.append_events(&log(&[E1]), true), Err(Error::Damaged { .. })));
}

#[test]
fn events_of_one_instant_are_ordered_by_id_and_the_first_of_two_with_one_id_is_kept() {
    let f = Fixture::new();
    let export = log(&[("b", E1.1), ("a", E1.1), ("b", E2.1)]);
    let mut staging = f.stage("2026-07-01");
    let appended = staging.append_events(&export, true).unwrap();
    assert!(events(&appended.parts[0]).into_iter().eq(log(&[("a", E1.1), ("b", E1.1)]).iter()));
}
