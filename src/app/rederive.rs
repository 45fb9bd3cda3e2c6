//! Derives a sealed snapshot's tables and events again from its raw answers, and compares them with what was sealed.
//!
//! The collection is run once more over a client that gets every answer from the snapshot and nothing from the
//! network, so the parser is the one that collected.

use std::{collections::BTreeMap, io::Read as _, path::PathBuf, sync::Arc};

use super::{
    VERSION,
    collect::memory,
    engine::Engine,
    error::Error,
    imported::{self, Against},
};
use crate::{
    analyze,
    collect::{self, Collected, Progress, audit_file, invites_file, roster},
    config::Config,
    hub,
    model::{
        coverage::{Coverage, Source},
        evidence::Spool as _,
        manifest::{HubClock, SourceRecord},
        params::Roster,
    },
    store::{Archived, OrgStore, Replay, Snapshot, verify::Unchecked},
    table::{activity::AuditEvent, diff},
};

/// What is needed to derive anything again.
#[derive(Debug)]
pub(super) struct Rederiver<'a> {
    /// Runs the collection.
    pub(super) engine: &'a Engine,
    /// The configuration here, or that of a bundle; `None` when there is none that can be read.
    pub(super) config: Option<&'a Config>,
}

/// Watches nothing.
#[derive(Debug)]
struct Unwatched;

impl Progress for Unwatched {
    fn start(&self, _source: Source, _total: Option<u64>) {}
    fn advance(&self, _source: Source, _rows: u64) {}
    fn finish(&self, _source: Source, _record: &SourceRecord) {}
    fn waiting(&self, _seconds: u64) {}
}

/// One snapshot under comparison.
struct Case<'a> {
    /// Where it lies.
    place: &'a OrgStore,
    /// As it was sealed.
    sealed: &'a Snapshot,
}

impl Rederiver<'_> {
    /// Derives a snapshot again. Gives what could not be compared.
    ///
    /// # Errors
    /// [`Error::Differs`] for the first table, row and column, event or coverage that does not follow from the answers.
    pub(super) fn check(
        &self,
        place: &OrgStore,
        sealed: &Snapshot,
        archived: &mut Archived,
    ) -> Result<Vec<Unchecked>, Error> {
        let manifest = &sealed.manifest;
        if manifest.tool.version != VERSION {
            let version = &manifest.tool.version;
            let what = format!(
                "whether the tables of {} follow from its answers: rollcall {version} read them, and this is {VERSION}",
                manifest.id
            );
            return Ok(vec![Unchecked::new(what, format!("verify it with rollcall {version}"))]);
        }
        let case = Case { place, sealed };
        let mut collected = self.collect(&case)?;
        case.take_log(&mut collected)?;
        case.records_agree(&collected)?;
        if let Some(found) = diff::first_of_hub(&sealed.tables, &collected.tables) {
            return Err(case.table_differs(&found));
        }
        let export: Vec<AuditEvent> = collected.events.iter().collect();
        case.events_agree(&export, archived)?;
        case.files_agree()?;
        case.invites_file_agrees()?;
        let mut unchecked = case.derived_agree()?;
        unchecked.extend(self.people_agree(&case)?);
        Ok(unchecked)
    }

    /// Runs the collection over the recorded answers, and holds the requests to those that were recorded.
    fn collect(&self, case: &Case<'_>) -> Result<Collected, Error> {
        let (mut replay, mut collected) = self.replay(case, false)?;
        // The manifest does not say whether every public repository was asked; the requests do.
        if replay.unused().is_some_and(|(source, _)| source == Source::GatedAccess) {
            (replay, collected) = self.replay(case, true)?;
        }
        if let Some((source, url)) = replay.missing() {
            let what = format!("{url} was not recorded, although {source} cannot have been read without it");
            return Err(case.manifest_differs(what));
        }
        if let Some((source, url)) = replay.unused() {
            let what = format!("it records {url} for {source}, which the other answers give no reason to ask for");
            return Err(case.manifest_differs(what));
        }
        collected
    }

    /// One run; the outer error is ours, the inner one tells that the answers make no snapshot.
    fn replay(&self, case: &Case<'_>, all_gated: bool) -> Result<(Arc<Replay>, Result<Collected, Error>), Error> {
        let manifest = &case.sealed.manifest;
        let replay = Arc::new(Replay::new(case.place.snapshot_dir(&manifest.id), manifest));
        let endpoint = hub::Endpoint::parse(&manifest.endpoint, true)
            .map_err(|error| case.manifest_differs(format!("its endpoint is none: {error}")))?;
        let client = hub::Client::new(hub::Options {
            endpoint,
            // Nothing is sent, and so no answer is searched for it; a collection merely refuses to begin without a token.
            token: Some(hub::Token::new("replay".to_owned())),
            scim_token: None,
            concurrency: 1,
            clock: {
                let as_of = manifest.as_of;
                Arc::new(move || as_of)
            },
            spool: replay.clone(),
            waiting: Arc::new(|_seconds| {}),
            limits: hub::Limits::default(),
        })
        .map_err(Error::Hub)?;
        let skipped = |source: &Source| manifest.coverage(*source) == Coverage::Skipped;
        let plan = collect::Plan {
            org: manifest.org.clone(),
            skipped: Source::ALL.into_iter().filter(skipped).collect(),
            with_commits: manifest.coverage(Source::Commits) != Coverage::NotRequested,
            all_gated,
            plan: (manifest.plan.from == "configuration").then(|| manifest.plan.name.clone()),
            as_of: Some(manifest.as_of),
        };
        let collected = self.engine.run(collect::collect(&client, &plan, &Unwatched))?;
        let collected =
            collected.map_err(|error| case.manifest_differs(format!("its answers do not make a snapshot: {error}")));
        Ok((replay, collected))
    }

    /// Reads the roster again from its kept original, if a mapping of its columns is known here.
    ///
    /// People who follow from their file under any mapping follow from it; where they do not, that is a difference only
    /// under the mapping that was used.
    fn people_agree(&self, case: &Case<'_>) -> Result<Option<Unchecked>, Error> {
        let manifest = &case.sealed.manifest;
        if !manifest.coverage(Source::Roster).has_rows() {
            return Ok(None);
        }
        // A recognized layout, or none at all, needs no configuration.
        let unmapped = manifest.import(Source::Roster).is_none_or(|import| !import.mapped);
        let is_the_one = self.config.is_some_and(|config| config.digest() == manifest.config_sha256);
        let mapping = self.config.and_then(|config| config.values.roster.clone()).unwrap_or_default();
        let agreed = match case.people_agree(&mapping) {
            Err(Error::Differs { .. }) if unmapped && !is_the_one => case.people_agree(&Roster::default()),
            agreed => agreed,
        };
        match agreed {
            Err(Error::Differs { .. }) if !unmapped && !is_the_one => {
                let what = format!(
                    "whether the people of {} follow from their file: the mapping of its columns is not known here",
                    manifest.id
                );
                Ok(Some(Unchecked::new(what, "give the configuration that it was collected with to --config")))
            }
            agreed => agreed.map(|()| None),
        }
    }
}

impl Case<'_> {
    /// The error for a manifest that says something else than the answers.
    fn manifest_differs(&self, what: impl Into<String>) -> Error {
        let path = self.place.snapshot_dir(&self.sealed.manifest.id).join("manifest.json");
        Error::Differs { path, what: what.into() }
    }

    /// The error for a table that says something else than the answers.
    fn table_differs(&self, found: &diff::Difference) -> Error {
        let folder = self.place.snapshot_dir(&self.sealed.manifest.id).join("tables");
        let path = folder.join(format!("{}.parquet", found.table));
        Error::Differs { path, what: format!("{found}: it does not follow from the raw answers") }
    }

    /// The error for the archive.
    fn archive_differs(&self, what: impl Into<String>) -> Error {
        Error::Differs { path: self.place.dir().join("audit_events"), what: what.into() }
    }

    /// Compares what the manifest says of collector, plan and sources with what the answers say.
    fn records_agree(&self, collected: &Collected) -> Result<(), Error> {
        let manifest = &self.sealed.manifest;
        if collected.collector != manifest.collector || collected.plan != manifest.plan {
            return Err(self.manifest_differs("its collector or its plan is not the one in the raw answers"));
        }
        let clock = HubClock::of(&collected.sources);
        if clock != manifest.hub_clock || clock.is_dated_by_hand(manifest.as_of) != manifest.dated_by_hand {
            return Err(self.manifest_differs("what it says of the Hub's clock is not what its answers say"));
        }
        for (source, derived) in &collected.sources {
            let Some(recorded) = manifest.sources.get(source) else {
                return Err(self.manifest_differs(format!("it does not say what became of {source}")));
            };
            // The archive knows of gaps that one export does not show.
            let lowered = *source == Source::AuditLog && recorded.coverage == Coverage::Partial;
            if recorded.coverage != derived.coverage
                && !(lowered && matches!(derived.coverage, Coverage::Collected | Coverage::Imported))
            {
                let (is, would) = (recorded.coverage, derived.coverage);
                return Err(
                    self.manifest_differs(format!("it says that {source} is {is}, the raw answers make it {would}"))
                );
            }
            if (recorded.rows, &recorded.tie_outs) != (derived.rows, &derived.tie_outs) {
                return Err(self.manifest_differs(format!("its counts of {source} are not those of the raw answers")));
            }
            // An answer that is said to be unusable, or to hold fewer rows, may hide some.
            if recorded.requests != derived.requests {
                return Err(self.manifest_differs(format!(
                    "its account of the requests for {source} does not fit the raw answers"
                )));
            }
        }
        if collected.unknown_types != manifest.audit.unknown_types {
            return Err(self.manifest_differs("its unknown event types are not those of the raw answers"));
        }
        Ok(())
    }

    /// Compares the events that the snapshot brought with those of its export that the archive did not have.
    fn events_agree(&self, export: &[AuditEvent], archived: &mut Archived) -> Result<(), Error> {
        let manifest = &self.sealed.manifest;
        let read = manifest.coverage(Source::AuditLog).has_rows();
        let mut derived = BTreeMap::new();
        for event in export.iter().filter(|_| read) {
            derived.entry(event.event_id.as_str()).or_insert(event);
        }
        self.place.archived_before(manifest, archived)?;
        derived.retain(|id, _| !archived.has(id));
        let brought = self.place.brought(manifest)?;
        for event in &brought {
            let id = event.event_id.as_str();
            let Some(sent) = derived.remove(id) else {
                return Err(self.archive_differs(format!(
                    "event {id}, which snapshot {} is said to have brought, is not in its raw answers",
                    manifest.id
                )));
            };
            if let Some(found) = diff::first(std::slice::from_ref(event), std::slice::from_ref(sent)) {
                let column = found.column.unwrap_or_default();
                return Err(self.archive_differs(format!(
                    "event {id}, column {column}: it does not follow from the raw answers of {}",
                    manifest.id
                )));
            }
        }
        match derived.keys().next() {
            Some(id) => Err(self.archive_differs(format!("event {id} of snapshot {} is missing", manifest.id))),
            None => Ok(()),
        }
    }

    /// Derives invites and memory again, where the snapshot before is there; else says that this was not done.
    fn derived_agree(&self) -> Result<Vec<Unchecked>, Error> {
        let Snapshot { manifest, tables, audit_parts, .. } = self.sealed;
        let previous = manifest.previous.as_ref().map(|previous| &previous.id);
        if previous.is_some_and(|id| !self.place.snapshot_dir(id).is_dir()) {
            let what = format!(
                "whether the invites of {} and what it remembers follow: the snapshot before it is not here",
                manifest.id
            );
            return Ok(vec![Unchecked::new(what, "verify a store that holds the snapshot before it")]);
        }
        let mut own = tables.clone();
        (own.invites, own.seen) = (Vec::new(), Vec::new());
        let before = memory(self.place, previous)?;
        let derived = analyze::derive(manifest, &own, &before, audit_parts).map_err(Error::Analyze)?;
        if derived.members_listed_at != manifest.members_listed_at {
            return Err(self.manifest_differs("when the members were last read whole does not follow"));
        }
        let found = diff::first(&tables.invites, &derived.invites).or_else(|| diff::first(&tables.seen, &derived.seen));
        found.map_or_else(|| Ok(Vec::new()), |found| Err(self.table_differs(&found)))
    }

    /// The original of an imported file, with its path for errors; `None` when none was imported.
    fn original(&self, source: Source) -> Result<Option<(PathBuf, Vec<u8>)>, Error> {
        let manifest = &self.sealed.manifest;
        let Some(import) = manifest.import(source) else { return Ok(None) };
        let folder = self.place.snapshot_dir(&manifest.id);
        let path = folder.join(&import.raw);
        let mut bytes = Vec::new();
        let opened = Replay::new(folder, manifest).open(&import.raw);
        opened.and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| Error::Differs {
            path: path.clone(),
            what: format!("the original of the imported file cannot be read: {error}"),
        })?;
        Ok(Some((path, bytes)))
    }

    /// Puts the imported log in the place of the one that the Hub did not give.
    fn take_log(&self, collected: &mut Collected) -> Result<(), Error> {
        let Some((path, bytes)) = self.original(Source::AuditLog)? else { return Ok(()) };
        let name = path.display().to_string();
        let log = audit_file::parse(&bytes, &name).map_err(|error| Error::Differs { path, what: error.to_string() })?;
        if let Some(record) = collected.sources.get_mut(&Source::AuditLog) {
            if record.coverage.has_rows() {
                return Err(self.manifest_differs("it names an imported log although the Hub gave its own"));
            }
            record.rows = log.events.len() as u64;
            record.coverage = if log.doubt.is_some() { Coverage::Partial } else { Coverage::Imported };
        }
        (collected.events, collected.unknown_types) = (log.events, log.unknown_types);
        Ok(())
    }

    /// Compares what the manifest says of the sources that are files with what follows from their dates and rows.
    fn files_agree(&self) -> Result<(), Error> {
        let Snapshot { manifest, tables, .. } = self.sealed;
        let against = Against::of(manifest.as_of, tables);
        for source in [Source::Roster, Source::Invites] {
            let left_out = manifest.coverage(source) == Coverage::Skipped;
            if manifest.sources.get(&source) != Some(&imported::record(manifest.import(source), left_out, against)) {
                return Err(self.manifest_differs(format!("what it says of {source} does not follow from the file")));
            }
        }
        Ok(())
    }

    /// Compares the imported invites with those in the kept file.
    fn invites_file_agrees(&self) -> Result<(), Error> {
        let derived = match self.original(Source::Invites)? {
            Some((path, bytes)) => invites_file::parse(&bytes, "the file")
                .map_err(|error| Error::Differs { path, what: error.to_string() })?,
            None => Vec::new(),
        };
        let found = diff::first(&self.sealed.tables.invites_file, &derived);
        found.map_or(Ok(()), |found| Err(self.table_differs(&found)))
    }

    /// Compares the people with those in the kept file.
    fn people_agree(&self, mapping: &Roster) -> Result<(), Error> {
        let Some((path, bytes)) = self.original(Source::Roster)? else {
            return Err(self.manifest_differs("it does not name the file that its roster was read from"));
        };
        let people = roster::parse(&bytes, "the file", mapping)
            .map_err(|error| Error::Differs { path, what: error.to_string() })?;
        match diff::first(&self.sealed.tables.people, &people) {
            Some(found) => Err(self.table_differs(&found)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "rederive_tests.rs"]
mod tests;
