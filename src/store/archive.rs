//! The audit archive: append-only, without duplicates, and honest about what was never seen.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use chrono::TimeDelta;

use super::{
    disk,
    error::Error,
    layout::{self, OrgPaths, StagingPaths},
    parquet,
};
use crate::{
    model::{
        ids::SnapshotId,
        manifest::{Audit, LogGap},
        time::{self, Timestamp},
    },
    table::{activity::AuditEvent, packed::Packed},
};

/// Events that an export holds at most, the newest ones (the Hub's documented limit).
pub(super) const EXPORT_LIMIT: usize = 100_000;

/// The archive as a snapshot will see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// For the manifest; `unknown_types` is left empty.
    pub audit: Audit,
    /// Why the source is only partial, in one sentence; `None` when it is whole, and when it was not read.
    pub partial: Option<String>,
    /// Every part that the snapshot reads, those of this collection (not yet sealed) included, in byte order of their
    /// names. The new ones move into the archive when the snapshot is sealed.
    pub parts: Vec<PathBuf>,
}

/// Where events are appended.
pub(super) struct Target<'a> {
    /// The organization's folder, with the archive so far.
    pub(super) org: &'a OrgPaths,
    /// Where new parts are written.
    pub(super) staging: &'a StagingPaths,
    /// The snapshot that brings them.
    pub(super) id: &'a SnapshotId,
    /// Its instant.
    pub(super) as_of: Timestamp,
    /// [`EXPORT_LIMIT`], smaller in tests.
    pub(super) limit: usize,
}

/// Rows of a part that are in memory as records at once, and in one row group of its file.
const BATCH: usize = 4096;

/// One event of an export, as far as the archive must know it to place it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    /// Its id.
    id: Box<str>,
    /// Its number in the export.
    number: usize,
    /// When it happened.
    created_at: Timestamp,
    /// Whether the archive has it.
    known: bool,
}

impl Target<'_> {
    /// Appends an export to the archive that `before` describes; `None` when the log was not read this time.
    pub(super) fn append(&self, before: Audit, export: Option<&Packed<AuditEvent>>) -> Result<Appended, Error> {
        let mut parts = BTreeMap::new();
        for part in before.parts.keys() {
            parts.insert(part.clone(), existing(self.org, part)?);
        }
        let mut placed = None;
        if let Some(events) = export {
            let mut index = index(events);
            let archived = parts.values().zip(before.parts.values().map(String::as_str));
            let archived_since = scan(archived, &mut index, last_gap(&before))?;
            placed = Some(Placed { sent: events.len(), index, archived_since });
        }
        let Decided { mut audit, partial, new } = decide(before, placed, (self.id, self.as_of), self.limit);
        for (part, numbers) in new {
            let Some(events) = export else { continue };
            let path = self.staging.relative(&part);
            disk::make_dir(path.parent().unwrap_or(&path))?;
            let batches = numbers.chunks(BATCH).map(|batch| events.get(batch.iter().copied()));
            let written = parquet::write_batches(&path, batches)?;
            audit.parts.insert(part.clone(), written.sha256);
            parts.insert(part, path);
        }
        Ok(Appended { audit, partial, parts: parts.into_values().collect() })
    }
}

/// An export, held against the archive.
#[derive(Debug)]
pub(super) struct Placed {
    /// Events that it holds, those with the same id included.
    sent: usize,
    /// Its events in the order of their ids, each id once.
    index: Vec<Entry>,
    /// Oldest event of the archive at or after the end of the last log gap; `None` when there is none.
    archived_since: Option<Timestamp>,
}

impl Placed {
    /// An export, held against an archive that `archived` tells of: whether it has an event, and its oldest one at or
    /// after an instant.
    pub(super) fn against(
        events: &Packed<AuditEvent>,
        before: &Audit,
        (has, oldest_since): (impl Fn(&str) -> bool, impl Fn(Option<Timestamp>) -> Option<Timestamp>),
    ) -> Self {
        let mut index = index(events);
        for entry in &mut index {
            entry.known = has(&entry.id);
        }
        Self { sent: events.len(), index, archived_since: oldest_since(last_gap(before)) }
    }
}

/// What an append does, decided before anything is written. The same export over the same archive decides the same, so
/// verification can hold a manifest to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Decided {
    /// For the manifest; the parts in `new` are left out of its `parts`, since only writing tells their digests.
    pub(super) audit: Audit,
    /// Why the source is only partial; `None` when it is whole, and when it was not read.
    pub(super) partial: Option<String>,
    /// Per new part, the numbers of its events in the export, in the order of the file.
    pub(super) new: BTreeMap<String, Vec<usize>>,
}

/// Decides what an append to the archive that `before` describes does; `export` is `None` when the log was not read this
/// time, and `limit` is what the Hub gives at most.
pub(super) fn decide(
    before: Audit,
    export: Option<Placed>,
    (id, as_of): (&SnapshotId, Timestamp),
    limit: usize,
) -> Decided {
    let mut audit = Audit { events_new: 0, observed_since: None, unknown_types: BTreeMap::new(), ..before };
    let Some(Placed { sent, mut index, archived_since }) = export else {
        return Decided { audit, partial: None, new: BTreeMap::new() };
    };
    let mut partial = None;
    let last_gap = last_gap(&audit);
    let oldest_sent = index.iter().map(|e| e.created_at).min();
    let unbroken = audit.events_in_archive == 0 || index.iter().any(|e| e.known);
    audit.observed_since = if unbroken {
        let sent = index.iter().map(|e| e.created_at).filter(|t| last_gap.is_none_or(|gap| gap <= *t));
        sent.chain(archived_since).min()
    } else {
        oldest_sent
    };
    if let Some(newest) = audit.newest.filter(|_| !unbroken) {
        let to = oldest_sent.unwrap_or(as_of);
        let gap = LogGap { from: newest.min(to), to };
        partial = Some(gap_sentence(&gap, sent == 0));
        audit.log_gaps.push(gap);
    } else if audit.events_in_archive == 0 && sent == 0 {
        partial = Some("the first export holds no event, so nothing shows since when the log is kept".to_owned());
    } else if audit.events_in_archive == 0 && sent >= limit {
        partial = Some(limit_sentence(sent, audit.observed_since));
    }
    index.retain(|entry| !entry.known);
    index.sort_unstable_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    audit.events_new = index.len() as u64;
    audit.events_in_archive += audit.events_new;
    audit.oldest = audit.oldest.into_iter().chain(index.first().map(|e| e.created_at)).min();
    audit.newest = audit.newest.into_iter().chain(index.last().map(|e| e.created_at)).max();
    let mut new = BTreeMap::<_, Vec<_>>::new();
    for entry in &index {
        new.entry(layout::part(entry.created_at, id)).or_default().push(entry.number);
    }
    Decided { audit, partial, new }
}

/// What changes when the log is an imported one that ends at `seen_until`: what happened after its end was not seen. A
/// log that ends more than a day before the snapshot is partial, and nobody was observed up to the snapshot.
pub(super) fn end_at(audit: &mut Audit, partial: &mut Option<String>, seen_until: Timestamp, as_of: Timestamp) {
    if as_of - seen_until <= TimeDelta::days(1) {
        return;
    }
    audit.observed_since = None;
    let (from, to) = (time::format(seen_until), time::format(as_of));
    let ends = format!("the imported log ends at {from}: what happened between {from} and {to} was not seen");
    *partial = Some(partial.take().map_or_else(|| ends.clone(), |why| format!("{why}; {ends}")));
}

/// End of the last log gap; `None` without one.
fn last_gap(audit: &Audit) -> Option<Timestamp> {
    audit.log_gaps.iter().map(|gap| gap.to).max()
}

/// The events of an export in the order of their ids; of several with one id, the first.
fn index(events: &Packed<AuditEvent>) -> Vec<Entry> {
    let entry = |(number, event): (usize, AuditEvent)| Entry {
        id: event.event_id.into_boxed_str(),
        number,
        created_at: event.created_at,
        known: false,
    };
    let mut index: Vec<_> = events.iter().enumerate().map(entry).collect();
    index.sort_unstable();
    index.dedup_by(|later, first| later.id == first.id);
    index
}

/// Marks the events of an export that the archive, given as paths and digests, has already; its oldest event at or
/// after the end of the last log gap. Memory is bounded by the export and one part, not by the archive.
fn scan<'a>(
    parts: impl Iterator<Item = (&'a PathBuf, &'a str)>,
    export: &mut [Entry],
    last_gap: Option<Timestamp>,
) -> Result<Option<Timestamp>, Error> {
    let mut since: Option<Timestamp> = None;
    for (path, sha256) in parts {
        for (id, created_at) in parquet::ids_and_times(path, sha256)? {
            if let Ok(at) = export.binary_search_by(|entry| (*entry.id).cmp(&id)) {
                export[at].known = true;
            }
            if last_gap.is_none_or(|gap| gap <= created_at) {
                since = since.into_iter().chain([created_at]).min();
            }
        }
    }
    Ok(since)
}

/// Why a log gap makes the source partial.
fn gap_sentence(gap: &LogGap, empty: bool) -> String {
    let (from, to) = (time::format(gap.from), time::format(gap.to));
    if empty {
        return format!("the export is empty although events are archived: nothing was seen between {from} and {to}");
    }
    format!("the export shares no event with the archive: what happened between {from} and {to} was not seen")
}

/// Why a first export at the limit makes the source partial.
fn limit_sentence(sent: usize, oldest: Option<Timestamp>) -> String {
    let before = oldest.map_or_else(String::new, |t| format!(" before {}", time::format(t)));
    format!(
        "the export holds {sent} events, as many as the Hub gives, and none is archived: what happened{before} was not seen"
    )
}

/// A part of the archive that a manifest names, which must be there.
pub(super) fn existing(org: &OrgPaths, part: &str) -> Result<PathBuf, Error> {
    let path = org.relative(part);
    if layout::part_id(part).is_none() {
        return Err(Error::damaged(path, "a manifest names it as a part of the audit archive, which it cannot be"));
    }
    disk::no_link(path.parent().unwrap_or(&path))?;
    if path.is_file() {
        Ok(path)
    } else {
        Err(Error::damaged(path, "a manifest names this part of the audit archive and it is not there"))
    }
}

/// Removes parts that a crash left behind between their move into the archive and that of their snapshot.
///
/// Only what is younger than the newest snapshot can be such a part; anything else stays, for `verify` to name.
pub(super) fn remove_unsealed(org: &OrgPaths, newest: Option<&SnapshotId>) -> Result<(), Error> {
    for (part, id) in parts_on_disk(org)? {
        if id.is_some_and(|id| newest.is_none_or(|newest| *newest < id)) {
            let path = org.relative(&part);
            disk::remove_file(&path)?;
            disk::remove_if_empty(path.parent().unwrap_or(&path));
        }
    }
    disk::remove_if_empty(&org.archive());
    Ok(())
}

/// Files of the archive, relative to the organization's folder, with the snapshots their names tell.
pub(super) fn parts_on_disk(org: &OrgPaths) -> Result<Vec<(String, Option<SnapshotId>)>, Error> {
    let files = disk::files(&org.archive())?.into_iter().map(|file| format!("{}/{file}", layout::ARCHIVE));
    Ok(files.map(|part| (part.clone(), layout::part_id(&part))).collect())
}

/// Moves staged parts into the archive and makes their places durable.
pub(super) fn publish(org: &OrgPaths, staging: &StagingPaths) -> Result<(), Error> {
    for part in disk::files(&staging.archive())? {
        let part = Path::new(layout::ARCHIVE).join(part);
        let (from, to) = (staging.0.join(&part), org.0.join(&part));
        let month = to.parent().unwrap_or(&to);
        disk::no_link(month)?;
        disk::make_dir(month)?;
        disk::rename(&from, &to)?;
        disk::sync_dir(month)?;
    }
    if org.archive().is_dir() {
        disk::sync_dir(&org.archive())?;
    }
    Ok(())
}
