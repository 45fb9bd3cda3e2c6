//! The append of a sealed snapshot's export, made once more: what its manifest must say of the audit log.
//!
//! Nothing is written. The digests of parts are not made again: another version of the encoder writes the same events in
//! other bytes. The events in each part are compared instead, and the part with the digest in the manifest.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    OrgStore,
    archive::{self, Decided, Placed},
    error::Error,
    layout, parquet,
};
use crate::{
    model::{
        ids::SnapshotId,
        manifest::{Audit, Manifest},
        time::Timestamp,
    },
    table::{activity::AuditEvent, packed::Packed},
};

/// Events that one organization's archive held at some time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Archived {
    /// Parts that were read.
    parts: BTreeSet<String>,
    /// Ids of their events.
    ids: BTreeSet<String>,
    /// When they happened.
    times: BTreeSet<Timestamp>,
}

impl Archived {
    /// Whether an event was there.
    #[must_use]
    pub fn has(&self, event_id: &str) -> bool {
        self.ids.contains(event_id)
    }

    /// The oldest event at or after an instant, or of all; `None` when there is none.
    fn oldest_since(&self, since: Option<Timestamp>) -> Option<Timestamp> {
        match since {
            Some(since) => self.times.range(since..).next().copied(),
            None => self.times.first().copied(),
        }
    }
}

/// An export that a snapshot read, from its raw answers.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// Its events, in its order.
    pub events: &'a Packed<AuditEvent>,
    /// Where an imported log ends; `None` for the Hub's own.
    pub ends_at: Option<Timestamp>,
}

/// What an append says when it is made again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Again {
    /// The audit facts. `unknown_types` is left empty, and the digest of a part that the snapshot brought is the one in
    /// its manifest.
    pub audit: Audit,
    /// Why the source is only partial; `None` when it is whole, and when it was not read.
    pub partial: Option<String>,
    /// Per part that the snapshot brought, the numbers of its events in the export, in the order of the file.
    pub brought: BTreeMap<String, Vec<usize>>,
}

impl OrgStore {
    /// Appends the export of a sealed snapshot once more, to the archive as it was before. `before` is what the manifest
    /// of the snapshot before says of it; without it, the parts tell what they can, and the log gaps before this
    /// snapshot are taken from its own manifest. `export` is `None` when the log was not read.
    ///
    /// Parts that `archived` knows are not read again, so one snapshot after the other, oldest first, costs no more
    /// than the newest alone.
    ///
    /// # Errors
    /// When a part is missing, changed or unreadable.
    pub fn append_again(
        &self,
        manifest: &Manifest,
        before: Option<Audit>,
        export: Option<Export<'_>>,
        archived: &mut Archived,
    ) -> Result<Again, Error> {
        let earlier: BTreeMap<_, _> = parts(manifest, |id| *id < manifest.id).collect();
        for (part, sha256) in &earlier {
            if archived.parts.insert((*part).to_owned()) {
                for (id, created_at) in parquet::ids_and_times(&archive::existing(&self.paths, part)?, sha256)? {
                    archived.ids.insert(id);
                    archived.times.insert(created_at);
                }
            }
        }
        let alone = before.is_none();
        let before = before.unwrap_or_else(|| Audit {
            events_in_archive: archived.ids.len() as u64,
            oldest: archived.times.first().copied(),
            newest: archived.times.last().copied(),
            log_gaps: manifest.audit.log_gaps.clone(),
            parts: earlier.iter().map(|(part, sha256)| ((*part).to_owned(), (*sha256).to_owned())).collect(),
            ..Audit::default()
        });
        let known = (|id: &str| archived.has(id), |since| archived.oldest_since(since));
        let placed = export.map(|export| Placed::against(export.events, &before, known));
        let decided = archive::decide(before, placed, (&manifest.id, manifest.as_of), archive::EXPORT_LIMIT);
        let Decided { mut audit, mut partial, new: brought } = decided;
        if alone && audit.log_gaps.len() > manifest.audit.log_gaps.len() {
            // The gap that this export shows was among those taken from the manifest already: the last of them.
            let own = audit.log_gaps.pop();
            audit.log_gaps.pop();
            audit.log_gaps.extend(own);
        }
        if let Some(ends_at) = export.and_then(|export| export.ends_at) {
            archive::end_at(&mut audit, &mut partial, ends_at, manifest.as_of);
        }
        for part in brought.keys() {
            audit.parts.insert(part.clone(), manifest.audit.parts.get(part).cloned().unwrap_or_default());
        }
        Ok(Again { audit, partial, brought })
    }

    /// The audit events in each part that a snapshot brought to the archive, in the order of the file.
    ///
    /// # Errors
    /// When a part is missing, changed or unreadable.
    pub fn brought(&self, manifest: &Manifest) -> Result<BTreeMap<String, Vec<AuditEvent>>, Error> {
        let own = parts(manifest, |id| *id == manifest.id);
        own.map(|(part, sha256)| {
            let events = parquet::read::<AuditEvent>(&archive::existing(&self.paths, part)?, sha256)?;
            Ok((part.to_owned(), events))
        })
        .collect()
    }
}

/// Parts of the archive that a snapshot reads and snapshots of this kind brought, with their digests.
fn parts(manifest: &Manifest, of: impl Fn(&SnapshotId) -> bool) -> impl Iterator<Item = (&str, &str)> {
    let parts = manifest.audit.parts.iter().map(|(part, sha256)| (part.as_str(), sha256.as_str()));
    parts.filter(move |(part, _)| layout::part_id(part).is_some_and(|id| of(&id)))
}
