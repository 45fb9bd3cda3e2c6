//! Derives a sealed snapshot's tables and events again from its raw answers, and compares them with what was sealed.
//!
//! The collection is run once more over a client that gets every answer from the snapshot and nothing from the
//! network, so the parser is the one that collected.

use std::{io::Read as _, path::PathBuf, sync::Arc};

mod log;

use super::{
    VERSION,
    engine::Engine,
    error::Error,
    imported::{self, Against},
};
use crate::{
    analyze::{self, Memory},
    collect::{self, Collected, Progress, invites_file, roster},
    config::Config,
    hub,
    model::{
        coverage::{Coverage, Source},
        evidence::{Request, Spool as _},
        manifest::{HubClock, Manifest, SourceRecord},
        params::Roster,
    },
    store::{Archived, OrgStore, Replay, Snapshot, verify::Unchecked},
    table::{access::Seen, diff},
};

/// Comparisons of one snapshot: records of the sources, tables, events, audit facts, files, imported invites, what is
/// derived from the snapshot before, people, plan.
const COMPARISONS: usize = 9;

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
    /// The snapshot before it.
    before: Before,
}

/// The snapshot before the one under comparison, as far as it matters for the next.
enum Before {
    /// There was none.
    None,
    /// Its manifest, and what it remembers.
    There(Box<Manifest>, Vec<Seen>),
    /// It is not here: it was deleted, or a bundle holds one snapshot only.
    Gone,
}

impl Before {
    /// The snapshot before one that lies in a store.
    fn of(place: &OrgStore, manifest: &Manifest) -> Result<Self, Error> {
        let Some(previous) = &manifest.previous else { return Ok(Self::None) };
        if !place.snapshot_dir(&previous.id).is_dir() {
            return Ok(Self::Gone);
        }
        let (manifest, seen) = place.seen(&previous.id)?;
        Ok(Self::There(Box::new(manifest), seen))
    }
}

/// What a derivation found in order.
#[derive(Debug)]
pub(super) struct Derived {
    /// Comparisons that were made.
    pub(super) made: usize,
    /// Comparisons that could not be made.
    pub(super) unchecked: Vec<Unchecked>,
}

impl Rederiver<'_> {
    /// Derives a snapshot again. Gives what could be compared, and what not.
    ///
    /// The version that collected does not matter as long as this one reads the same from the answers. Where it does
    /// not, and another version collected, the difference says so: a version in a manifest excuses nothing.
    ///
    /// # Errors
    /// [`Error::Differs`] for the first table, row and column, event, audit fact or coverage that does not follow from
    /// the answers.
    pub(super) fn check(&self, place: &OrgStore, sealed: &Snapshot, archived: &mut Archived) -> Result<Derived, Error> {
        let version = &sealed.manifest.tool.version;
        self.derive(place, sealed, archived).map_err(|error| match error {
            Error::Differs { path, what, advice } if version != VERSION => Error::Differs {
                path,
                advice,
                what: format!(
                    "{what}. rollcall {version} collected this, and this is {VERSION}: if rollcall {version} finds no \
                     difference, the two read the same answers differently; if it finds one, this was changed"
                ),
            },
            other => other,
        })
    }

    /// [`Rederiver::check`], whatever the version.
    fn derive(&self, place: &OrgStore, sealed: &Snapshot, archived: &mut Archived) -> Result<Derived, Error> {
        let case = Case { place, sealed, before: Before::of(place, &sealed.manifest)? };
        let mut collected = self.collect(&case)?;
        let ends_at = case.take_log(&mut collected)?;
        let again = case.append_again(&mut collected, ends_at, archived)?;
        case.records_agree(&collected)?;
        if let Some(found) = diff::first_of_hub(&sealed.tables, &collected.tables) {
            return Err(case.table_differs(&found));
        }
        case.events_agree(&again, &collected.events)?;
        case.audit_agrees(&again, &collected)?;
        case.files_agree()?;
        case.invites_file_agrees()?;
        let mut unchecked = case.derived_agree()?;
        unchecked.extend(self.people_agree(&case)?);
        unchecked.extend(self.plan_agrees(&case)?);
        Ok(Derived { made: COMPARISONS.saturating_sub(unchecked.len()), unchecked })
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

    /// Compares a plan that was configured with the configuration, if that is known here; any other plan is in the answers.
    ///
    /// A plan decides which sources may be missing without a gap.
    fn plan_agrees(&self, case: &Case<'_>) -> Result<Option<Unchecked>, Error> {
        let manifest = &case.sealed.manifest;
        if manifest.plan.from != "configuration" {
            return Ok(None);
        }
        let configured = self.config.and_then(|config| config.org(&manifest.org)).and_then(|org| org.plan.as_ref());
        if configured == Some(&manifest.plan.name) {
            return Ok(None);
        }
        if self.config.is_some_and(|config| config.digest() == manifest.config_sha256) {
            return Err(
                case.manifest_differs("its plan is said to be configured, and the configuration has another or none")
            );
        }
        let what = format!(
            "whether {:?}, the plan of {}, was configured: the configuration of that day is not known here",
            manifest.plan.name, manifest.id
        );
        Ok(Some(Unchecked::essential(what, "give the configuration that it was collected with to --config")))
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
                Ok(Some(Unchecked::essential(what, "give the configuration that it was collected with to --config")))
            }
            agreed => agreed.map(|()| None),
        }
    }
}

impl Case<'_> {
    /// The error for a manifest that says something else than the answers.
    fn manifest_differs(&self, what: impl Into<String>) -> Error {
        let path = self.place.snapshot_dir(&self.sealed.manifest.id).join("manifest.json");
        Error::contradicts(path, what)
    }

    /// The error for a table that says something else than the answers.
    fn table_differs(&self, found: &diff::Difference) -> Error {
        let folder = self.place.snapshot_dir(&self.sealed.manifest.id).join("tables");
        let path = folder.join(format!("{}.parquet", found.table));
        Error::contradicts(path, format!("{found}: it does not follow from the raw answers"))
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
            if recorded.coverage != derived.coverage {
                let (is, would) = (recorded.coverage, derived.coverage);
                return Err(
                    self.manifest_differs(format!("it says that {source} is {is}, the raw answers make it {would}"))
                );
            }
            if recorded.why != derived.why {
                return Err(self
                    .manifest_differs(format!("what it says is missing of {source} is not what the raw answers say")));
            }
            if (recorded.rows, &recorded.tie_outs) != (derived.rows, &derived.tie_outs) {
                return Err(self.manifest_differs(format!("its counts of {source} are not those of the raw answers")));
            }
            self.carried_agree(*source, recorded)?;
            // An answer that is said to be unusable, or to hold fewer rows, may hide some.
            if recorded.requests != derived.requests {
                return Err(self.manifest_differs(format!(
                    "its account of the requests for {source} does not fit the raw answers"
                )));
            }
        }
        Ok(())
    }

    /// Compares answers that were taken over with what the snapshot before was answered, where it is there.
    fn carried_agree(&self, source: Source, recorded: &SourceRecord) -> Result<(), Error> {
        let Before::There(before, _) = &self.before else { return Ok(()) };
        let had = before.sources.get(&source).map_or(&[][..], |record| &record.requests);
        for request in recorded.requests.iter().filter(|request| request.from_snapshot.is_some()) {
            let is_it = |earlier: &Request| {
                let from = earlier.from_snapshot.as_ref().unwrap_or(&before.id);
                (&earlier.url, &earlier.sha256, earlier.started_at, Some(from))
                    == (&request.url, &request.sha256, request.started_at, request.from_snapshot.as_ref())
            };
            if !had.iter().any(is_it) {
                let what = format!("it takes {} over from an earlier snapshot, which has no such answer", request.url);
                return Err(self.manifest_differs(what));
            }
        }
        Ok(())
    }

    /// Derives invites and memory again, where the snapshot before is there; else says that this was not done.
    fn derived_agree(&self) -> Result<Vec<Unchecked>, Error> {
        let Snapshot { manifest, tables, audit_parts, .. } = self.sealed;
        let before = match &self.before {
            Before::None => Memory::default(),
            Before::There(before, seen) => Memory { seen: seen.clone(), members_listed_at: before.members_listed_at },
            Before::Gone => {
                let what = format!(
                    "whether the invites of {}, what it remembers and its older log gaps follow: the snapshot before \
                     it is not here",
                    manifest.id
                );
                return Ok(vec![Unchecked::minor(what, "verify a store that holds the snapshot before it")]);
            }
        };
        let mut own = tables.clone();
        (own.invites, own.seen) = (Vec::new(), Vec::new());
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
        opened.and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|error| {
            Error::contradicts(&path, format!("the original of the imported file cannot be read: {error}"))
        })?;
        Ok(Some((path, bytes)))
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
            Some((path, bytes)) => {
                invites_file::parse(&bytes, "the file").map_err(|error| Error::contradicts(path, error.to_string()))?
            }
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
        let people =
            roster::parse(&bytes, "the file", mapping).map_err(|error| Error::contradicts(path, error.to_string()))?;
        match diff::first(&self.sealed.tables.people, &people) {
            Some(found) => Err(self.table_differs(&found)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
