//! The audit archive: append-only, without duplicates, and honest about what was never seen.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

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
        let mut audit = Audit { events_new: 0, observed_since: None, unknown_types: BTreeMap::new(), ..before };
        let mut partial = None;
        if let Some(events) = export {
            let sent = events.len();
            let mut index = index(events);
            let last_gap = audit.log_gaps.iter().map(|gap| gap.to).max();
            let archived = parts.values().zip(audit.parts.values().map(String::as_str));
            let archived_since = scan(archived, &mut index, last_gap)?;
            let oldest_sent = index.iter().map(|e| e.created_at).min();
            let unbroken = audit.events_in_archive == 0 || index.iter().any(|e| e.known);
            audit.observed_since = if unbroken {
                let sent = index.iter().map(|e| e.created_at).filter(|t| last_gap.is_none_or(|gap| gap <= *t));
                sent.chain(archived_since).min()
            } else {
                oldest_sent
            };
            if let Some(newest) = audit.newest.filter(|_| !unbroken) {
                let to = oldest_sent.unwrap_or(self.as_of);
                let gap = LogGap { from: newest.min(to), to };
                partial = Some(gap_sentence(&gap, sent == 0));
                audit.log_gaps.push(gap);
            } else if audit.events_in_archive == 0 && sent == 0 {
                partial =
                    Some("the first export holds no event, so nothing shows since when the log is kept".to_owned());
            } else if audit.events_in_archive == 0 && sent >= self.limit {
                partial = Some(limit_sentence(sent, audit.observed_since));
            }
            index.retain(|entry| !entry.known);
            self.write((events, index), &mut audit, &mut parts)?;
        }
        Ok(Appended { audit, partial, parts: parts.into_values().collect() })
    }

    /// Writes the events that are new as one part per month and accounts for them.
    fn write(
        &self,
        (events, mut new): (&Packed<AuditEvent>, Vec<Entry>),
        audit: &mut Audit,
        parts: &mut BTreeMap<String, PathBuf>,
    ) -> Result<(), Error> {
        new.sort_unstable_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        audit.events_new = new.len() as u64;
        audit.events_in_archive += audit.events_new;
        audit.oldest = audit.oldest.into_iter().chain(new.first().map(|e| e.created_at)).min();
        audit.newest = audit.newest.into_iter().chain(new.last().map(|e| e.created_at)).max();
        let part = |entry: &Entry| layout::part(entry.created_at, self.id);
        for month in new.chunk_by(|a, b| part(a) == part(b)) {
            let part = part(&month[0]);
            let path = self.staging.relative(&part);
            disk::make_dir(path.parent().unwrap_or(&path))?;
            let batches = month.chunks(BATCH).map(|batch| events.get(batch.iter().map(|entry| entry.number)));
            let written = parquet::write_batches(&path, batches)?;
            audit.parts.insert(part.clone(), written.sha256);
            parts.insert(part, path);
        }
        Ok(())
    }
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
        disk::make_dir(month)?;
        disk::rename(&from, &to)?;
        disk::sync_dir(month)?;
    }
    if org.archive().is_dir() {
        disk::sync_dir(&org.archive())?;
    }
    Ok(())
}
