//! Unfinished collections: started, resumed, thrown away.

use std::{path::Path, sync::Arc};

use chrono::{SubsecRound as _, TimeDelta};
use serde::{Deserialize, Serialize};

use super::{
    OrgStore, archive, disk,
    error::Error,
    layout::StagingPaths,
    lock::Lock,
    read::Head,
    spool::{DiskSpool, Previous},
};
use crate::{
    model::{
        coverage::Source,
        evidence::{Body, Request, Spool},
        ids::SnapshotId,
        manifest::Audit,
        time::Timestamp,
    },
    table::{activity::AuditEvent, packed::Packed},
};

/// How long an unfinished collection may be resumed, in hours after its first attempt started.
const RESUMABLE_HOURS: i64 = 24;

/// What a collection is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// The instant the snapshot is to speak of (`--as-of`), cut to whole seconds; `None` takes `now`.
    pub as_of: Option<Timestamp>,
    /// The wall clock.
    pub now: Timestamp,
    /// Digest of everything that decides what is requested; only a collection with the same key is resumed.
    pub key: String,
}

/// What `staging.json` remembers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Description {
    /// [`Ask::key`].
    key: String,
    /// The snapshot's `as_of`.
    as_of: Timestamp,
    /// When the first attempt started.
    started_at: Timestamp,
}

/// An unfinished collection. Dropping it keeps it for the next attempt; [`Staging::abandon`] does not.
#[derive(Debug)]
pub struct Staging {
    /// The organization's folder.
    pub(super) org: OrgStore,
    /// The snapshot to be.
    pub(super) id: SnapshotId,
    /// Its paths.
    pub(super) paths: StagingPaths,
    /// The snapshot before it.
    pub(super) previous: Option<Head>,
    /// Bodies.
    pub(super) spool: Arc<DiskSpool>,
    /// The audit archive as it will be, once [`Staging::append_events`] was called.
    pub(super) audit: Option<Audit>,
    /// What it was asked for.
    description: Description,
    /// Whether an earlier attempt is continued.
    resumed: bool,
}

impl OrgStore {
    /// Resumes the organization's unfinished collection, or starts one.
    ///
    /// Resumed is the newest one that is less than 24 h old, has the same key, and the same `as_of` where one is
    /// asked for. What can no longer be resumed is removed, together with parts of the audit archive that no sealed
    /// snapshot brought.
    ///
    /// # Errors
    /// [`Error::Sealed`] when the snapshot exists, [`Error::OutOfOrder`] when it would lie before the newest one, and
    /// whatever the disk refuses. A newest manifest that cannot be read stops here: nothing can be chained to it.
    pub fn stage(&self, lock: &Lock, ask: &Ask) -> Result<Staging, Error> {
        lock.assert_of(self);
        let previous = self.newest()?;
        let asked = ask.as_of.map(|t| t.trunc_subsecs(0));
        if let Some(as_of) = asked {
            self.check_order(as_of, previous.as_ref(), ask.now)?;
        }
        archive::remove_unsealed(&self.paths, previous.as_ref().map(|p| &p.id))?;
        let open = self.resumable(ask.now, previous.as_ref())?;
        let found = open.into_iter().rfind(|d| d.key == ask.key && asked.is_none_or(|t| t == d.as_of));
        let resumed = found.is_some();
        let description = match found {
            Some(description) => description,
            None => self.start(ask, asked, previous.as_ref())?,
        };
        let id = SnapshotId::of(description.as_of);
        let paths = self.paths.staging(&id);
        let spool = Arc::new(DiskSpool::open(&paths, previous.as_ref().map(|head| self.carriable(head)))?);
        Ok(Staging { org: self.clone(), id, paths, previous, spool, audit: None, description, resumed })
    }

    /// The answers of a snapshot that the next may take over.
    fn carriable(&self, head: &Head) -> Previous {
        let usable = |request: &&Request| request.error.is_none() && request.raw.is_some();
        let requests = head.manifest.sources.iter().flat_map(|(source, record)| {
            let requests = record.requests.iter().filter(usable);
            requests.map(|request| ((*source, request.url.clone()), request.clone()))
        });
        Previous { id: head.id.clone(), folder: self.paths.snapshot(&head.id), requests: requests.collect() }
    }

    /// Starts a collection in an empty folder.
    fn start(&self, ask: &Ask, asked: Option<Timestamp>, previous: Option<&Head>) -> Result<Description, Error> {
        let as_of = asked.unwrap_or_else(|| ask.now.trunc_subsecs(0));
        self.check_order(as_of, previous, ask.now)?;
        let description = Description { key: ask.key.clone(), as_of, started_at: ask.now };
        let paths = self.paths.staging(&SnapshotId::of(as_of));
        disk::remove_dir(&paths.0)?;
        disk::make_dir(&paths.0)?;
        let path = paths.description();
        let text = serde_json::to_vec(&description).map_err(|source| Error::Json { path: path.clone(), source })?;
        disk::replace(&path, &text)?;
        Ok(description)
    }

    /// Refuses an instant at or before the newest snapshot.
    fn check_order(&self, as_of: Timestamp, newest: Option<&Head>, now: Timestamp) -> Result<(), Error> {
        let id = SnapshotId::of(as_of);
        if self.paths.snapshot(&id).exists() {
            return Err(Error::Sealed { org: self.org.clone(), id });
        }
        match newest {
            Some(newest) if id < newest.id => {
                let (org, newest) = (self.org.clone(), newest.id.clone());
                let ahead = now < newest.as_of();
                Err(Error::OutOfOrder { org, as_of, newest, ahead })
            }
            _ => Ok(()),
        }
    }

    /// Unfinished collections that can be resumed at `now`, oldest first; removes all others.
    fn resumable(&self, now: Timestamp, newest: Option<&Head>) -> Result<Vec<Description>, Error> {
        let mut open = Vec::new();
        for (name, _) in disk::entries(&self.paths.stagings())?.into_iter().filter(|(_, kind)| kind.is_dir()) {
            let folder = StagingPaths(self.paths.stagings().join(&name));
            let description = describe(&folder.description())?.filter(|d| {
                let age = now - d.started_at;
                let id = SnapshotId::of(d.as_of);
                id.as_str() == name
                    && (TimeDelta::zero()..TimeDelta::hours(RESUMABLE_HOURS)).contains(&age)
                    && newest.is_none_or(|newest| newest.id < id)
            });
            match description {
                // Whoever puts a link into an unfinished collection must not choose what it resumes from.
                Some(description) if disk::odd(&folder.0)?.is_none() => open.push(description),
                _ => disk::remove_dir(&folder.0)?,
            }
        }
        Ok(open)
    }
}

/// Reads a `staging.json`; `None` when it is missing or does not parse.
fn describe(path: &Path) -> Result<Option<Description>, Error> {
    Ok(disk::read_if_there(path)?.and_then(|text| serde_json::from_slice(&text).ok()))
}

impl Staging {
    /// Id of the snapshot to be.
    #[must_use]
    pub const fn id(&self) -> &SnapshotId {
        &self.id
    }

    /// The snapshot before it; `None` for the first.
    #[must_use]
    pub fn previous(&self) -> Option<&SnapshotId> {
        self.previous.as_ref().map(|head| &head.id)
    }

    /// The instant the snapshot speaks of: that of the first attempt, whole seconds.
    #[must_use]
    pub const fn as_of(&self) -> Timestamp {
        self.description.as_of
    }

    /// When the first attempt started.
    #[must_use]
    pub const fn started_at(&self) -> Timestamp {
        self.description.started_at
    }

    /// Whether an earlier attempt is continued.
    #[must_use]
    pub const fn resumed(&self) -> bool {
        self.resumed
    }

    /// Where response bodies go.
    #[must_use]
    pub fn spool(&self) -> Arc<dyn Spool> {
        self.spool.clone()
    }

    /// Keeps the original of an imported file as `raw/<source>/<nnnn>.<extension>.zst`. Anything but letters and
    /// digits is left out of the extension.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep_file(&self, source: Source, extension: &str, bytes: &[u8]) -> Result<Body, Error> {
        let clean: String = extension.chars().filter(char::is_ascii_alphanumeric).collect();
        let extension = if clean.is_empty() { "bin" } else { &clean };
        self.spool.keep(source, extension, bytes).map_err(Error::io("keep an imported file in", &self.paths.0))
    }

    /// Adds the events of an export to the audit archive; `read` tells whether the log was read this time.
    ///
    /// Nothing reaches the archive before [`Staging::seal`]; until then the new parts lie in the staging.
    ///
    /// # Errors
    /// When the disk refuses, or a part of the archive is missing or unreadable.
    pub fn append_events(&mut self, events: &Packed<AuditEvent>, read: bool) -> Result<archive::Appended, Error> {
        self.append_up_to(events, read, archive::EXPORT_LIMIT)
    }

    /// Adds the events of an imported log, which ends at `seen_until`. What happened after its end was not seen: a log
    /// that ends more than a day before the snapshot is partial, and nobody was observed up to the snapshot.
    ///
    /// # Errors
    /// As [`Staging::append_events`].
    pub fn append_imported(
        &mut self,
        events: &Packed<AuditEvent>,
        seen_until: Timestamp,
    ) -> Result<archive::Appended, Error> {
        let mut appended = self.append_events(events, true)?;
        archive::end_at(&mut appended.audit, &mut appended.partial, seen_until, self.as_of());
        self.audit = Some(appended.audit.clone());
        Ok(appended)
    }

    /// [`Staging::append_events`] with another limit of the Hub's export.
    pub(super) fn append_up_to(
        &mut self,
        events: &Packed<AuditEvent>,
        read: bool,
        limit: usize,
    ) -> Result<archive::Appended, Error> {
        disk::remove_dir(&self.paths.archive())?;
        let before = self.previous.as_ref().map(|p| p.manifest.audit.clone()).unwrap_or_default();
        let target =
            archive::Target { org: &self.org.paths, staging: &self.paths, id: &self.id, as_of: self.as_of(), limit };
        let appended = target.append(before, read.then_some(events))?;
        self.audit = Some(appended.audit.clone());
        Ok(appended)
    }

    /// Throws the collection away: for a failure that the next attempt would meet again.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn abandon(self) -> Result<(), Error> {
        let Self { org, paths, spool, .. } = self;
        drop(spool);
        disk::remove_dir(&paths.0)?;
        disk::remove_if_empty(&org.paths.stagings());
        Ok(())
    }
}
