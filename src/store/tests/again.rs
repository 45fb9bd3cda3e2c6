//! An append made again says what the first one said, with the snapshot before it and without.

use super::*;
use crate::store::{Again, Archived, Export};

const E1: (&str, &str) = ("e1", "2026-05-01T10:00:00Z");
const E2: (&str, &str) = ("e2", "2026-06-01T10:00:00Z");
const E3: (&str, &str) = ("e3", "2026-08-01T10:00:00Z");
const E4: (&str, &str) = ("e4", "2026-09-01T10:00:00Z");

/// The day of a collection and its export; `None` when the log was not read.
type Exported = (&'static str, Option<&'static [(&'static str, &'static str)]>);

/// Exports of five collections, with a gap, an unread log and an empty export among them.
const EXPORTS: [Exported; 5] = [
    ("2026-07-01", Some(&[E2, E1, E1])),
    ("2026-08-02", Some(&[E3])),
    ("2026-08-03", None),
    ("2026-09-02", Some(&[E4, E3])),
    ("2026-10-01", Some(&[])),
];

/// The append of the snapshot at `at` made again.
fn again(f: &Fixture, at: usize, before: Option<Audit>) -> Again {
    let head = &f.org.snapshots().unwrap()[at];
    let events = EXPORTS[at].1.map(log);
    let export = events.as_ref().map(|events| Export { events, ends_at: None });
    f.org.append_again(&head.manifest, before, export, &mut Archived::default()).unwrap()
}

#[test]
fn an_append_made_again_says_the_same_with_the_snapshot_before_and_without() {
    let f = Fixture::new();
    let mut before = Audit::default();
    for (at, (day, export)) in EXPORTS.into_iter().enumerate() {
        let (_, first) = f.collect(day, export);
        for before in [Some(before), None] {
            let again = again(&f, at, before);
            assert_eq!((&again.audit, &again.partial), (&first.audit, &first.partial), "{day}");
            let brought: Vec<_> = f.org.brought(&f.newest().manifest).unwrap().into_keys().collect();
            assert_eq!(again.brought.into_keys().collect::<Vec<_>>(), brought, "{day}");
        }
        before = first.audit;
    }
    assert_eq!(before.log_gaps.len(), 2);
}

#[test]
fn nothing_is_written_and_parts_are_read_once() {
    let f = Fixture::new();
    let mut archived = Archived::default();
    for (day, export) in EXPORTS {
        f.collect(day, export);
    }
    let files = crate::store::disk::files(f.org.dir()).unwrap();
    let heads = f.org.snapshots().unwrap();
    for (head, (_, export)) in heads.iter().zip(EXPORTS) {
        let events = export.map(log);
        let export = events.as_ref().map(|events| Export { events, ends_at: None });
        f.org.append_again(&head.manifest, None, export, &mut archived).unwrap();
    }
    assert_eq!(crate::store::disk::files(f.org.dir()).unwrap(), files);
    assert_eq!(["e1", "e2", "e3", "e4", "e5"].map(|id| archived.has(id)), [true, true, true, true, false]);
}
