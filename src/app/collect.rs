//! Collects one organization: roster, lock, staging, sources, archive, invites, seal.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use serde_json::json;

use super::{
    Console, VERSION, clock, engine::Engine, error::Error, history, request::Collect as Ask, settings::Settings,
};
use crate::{
    analyze,
    collect::{self, Collected, Progress, roster},
    config, hub,
    model::{
        coverage::{Coverage, Source},
        evidence::Body,
        ids::{OrgName, SnapshotId},
        manifest::{FORMAT, Manifest, SourceRecord, Tool},
        time::Timestamp,
    },
    store::{self, Appended, OrgStore, Staging, Store},
    table::access::Person,
};

/// A snapshot that was sealed.
#[derive(Debug)]
pub(super) struct Sealed {
    /// Its id.
    pub(super) id: SnapshotId,
    /// Its folder.
    pub(super) dir: PathBuf,
    /// Sources that an analyzer needs and that are gaps.
    pub(super) gaps: Vec<Source>,
}

/// What a collection is made with.
#[derive(Debug)]
pub(super) struct Collector<'a> {
    /// What holds for this run.
    pub(super) settings: &'a Settings,
    /// Runs the requests.
    pub(super) engine: &'a Engine,
    /// Where to speak.
    pub(super) console: &'a Arc<dyn Console>,
}

/// A roster that was read, with the bytes it was read from.
#[derive(Debug)]
struct Roster {
    /// The file as it is.
    bytes: Vec<u8>,
    /// Its people.
    people: Vec<Person>,
}

/// One attempt at a collection.
#[derive(Debug)]
struct Attempt {
    /// Where the snapshot will be.
    place: OrgStore,
    /// The Hub.
    endpoint: String,
    /// When it began.
    started_at: Timestamp,
}

impl Collector<'_> {
    /// Collects an organization and seals the snapshot.
    ///
    /// Everything that the user can have got wrong is looked at first: nothing is asked of the Hub, and no folder is
    /// made, before configuration, roster, endpoint and token are known to be usable.
    ///
    /// # Errors
    /// When nothing could be sealed. What was read so far is kept for the next run where that is of use.
    pub(super) fn collect(&self, org: &OrgName, ask: &Ask) -> Result<Sealed, Error> {
        let roster = self.roster(ask)?;
        let endpoint = hub::Endpoint::parse(&self.settings.endpoint, self.settings.allow_http).map_err(Error::Hub)?;
        let token = self.settings.token()?;
        let scim_token = self.settings.scim_token();
        let plan = collect::Plan {
            org: org.clone(),
            skipped: ask.skipped(),
            with_commits: ask.commits(),
            all_gated: ask.all_gated,
            plan: self.settings.config.org(org).and_then(|table| table.plan.clone()),
        };
        let key = key(&endpoint.to_string(), &plan, [Some(&token.token), scim_token.as_ref()]);
        let place = Store::new(self.settings.store.clone()).org(org);
        let now = clock::now();
        let lock = place.lock(now)?;
        let staging = place.stage(&lock, &store::Ask { as_of: self.settings.as_of, now, key })?;
        let resumed = staging.resumed();
        if resumed {
            self.console.say(&format!("resuming the collection of {org} that began at {}", staging.id()));
        }
        tracing::info!(org = %org, token_from = %token.from, resumed, "collecting");
        let attempt = Attempt { place, endpoint: endpoint.to_string(), started_at: now };
        let client = hub::Client::new(hub::Options {
            endpoint,
            token: Some(hub::Token::new(token.token)),
            scim_token: scim_token.map(hub::Token::new),
            concurrency: self.settings.concurrency,
            clock: Arc::new(clock::now),
            spool: staging.spool(),
            waiting: {
                let console = Arc::clone(self.console);
                Arc::new(move |seconds| console.waiting(seconds))
            },
        });
        let collected = client.map_err(Error::Hub).and_then(|client| {
            let progress: &dyn Progress = &**self.console;
            self.engine.run(collect::collect(&client, &plan, progress))?.map_err(Error::Collect)
        });
        match collected {
            Ok(collected) => self.seal(attempt, staging, collected, roster),
            // Nothing was read that a resume could use: leave no trace of the attempt.
            Err(error @ (Error::Collect(_) | Error::Hub(_))) if !resumed && error.is_before_reading() => {
                staging.abandon()?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the configured roster; `None` when there is none or it is skipped.
    fn roster(&self, ask: &Ask) -> Result<Option<Roster>, Error> {
        let Some(mapping) = self.settings.config.values.roster.as_ref() else { return Ok(None) };
        if ask.skipped().contains(&Source::Roster) {
            return Ok(None);
        }
        let path = self.settings.config.resolve(&mapping.file);
        let bytes = std::fs::read(&path).map_err(|source| Error::RosterFile { path: path.clone(), source })?;
        let people = roster::parse(&bytes, &path.display().to_string(), mapping)?;
        Ok(Some(Roster { bytes, people }))
    }

    /// Turns what was collected into a sealed snapshot.
    fn seal(
        &self,
        attempt: Attempt,
        mut staging: Staging,
        mut collected: Collected,
        roster: Option<Roster>,
    ) -> Result<Sealed, Error> {
        let place = &attempt.place;
        self.engine.check()?;
        let finished_at = clock::now();
        let read = collected.sources.get(&Source::AuditLog).is_some_and(|s| s.coverage.has_rows());
        let Appended { mut audit, partial, parts } =
            staging.append_events(&std::mem::take(&mut collected.events), read)?;
        audit.unknown_types = std::mem::take(&mut collected.unknown_types);
        let mut sources = std::mem::take(&mut collected.sources);
        if let (Some(why), Some(record)) = (partial, sources.get_mut(&Source::AuditLog)) {
            make_partial(record, &why);
        }
        let kept = roster.as_ref().map(|r| staging.keep_file(Source::Roster, "csv", &r.bytes)).transpose()?;
        let skipped = self.settings.config.values.roster.is_some();
        sources.insert(Source::Roster, file_record(kept.as_ref(), roster.as_ref().map(|r| r.people.len()), skipped));
        sources.insert(Source::Invites, file_record(None, None, false));
        self.console.finish(Source::Roster, &sources[&Source::Roster]);
        collected.tables.people = roster.map(|r| r.people).unwrap_or_default();
        let past = history::before(place, staging.id())?;
        collected.tables.invites =
            analyze::pending_invites(&collected.tables, &past, &parts, staging.as_of()).map_err(Error::Analyze)?;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            tool: Tool { name: "rollcall".to_owned(), version: VERSION.to_owned() },
            id: staging.id().clone(),
            org: place.org().clone(),
            as_of: staging.as_of(),
            started_at: attempt.started_at,
            finished_at,
            endpoint: attempt.endpoint,
            collector: collected.collector,
            plan: collected.plan,
            sources,
            tables: BTreeMap::new(),
            audit,
            config_sha256: self.settings.config.digest(),
            previous: None,
        };
        let gaps = analyze::gaps_of(&manifest);
        let sealed = staging.seal(manifest, &collected.tables)?;
        tracing::info!(snapshot = %sealed.id, gaps = gaps.len(), "sealed");
        Ok(Sealed { id: sealed.id, dir: sealed.dir, gaps })
    }
}

/// Everything that decides what is asked and as whom, as one digest: a staging of another question is not resumed.
fn key(endpoint: &str, plan: &collect::Plan, tokens: [Option<&String>; 2]) -> String {
    let skipped: Vec<_> = plan.skipped.iter().map(|source| source.name()).collect();
    let question = json!([
        VERSION,
        endpoint,
        plan.org,
        skipped,
        plan.with_commits,
        plan.all_gated,
        plan.plan,
        tokens.map(|token| token.map(|t| config::sha256(t.as_bytes()))),
    ]);
    config::sha256(question.to_string().as_bytes())
}

/// Lowers a source to `partial`, keeping what was already known to be missing.
fn make_partial(record: &mut SourceRecord, why: &str) {
    record.coverage = Coverage::Partial;
    record.why = Some(match record.why.take() {
        Some(before) => format!("{before}; {why}"),
        None => why.to_owned(),
    });
}

/// The record of a source that is a file.
fn file_record(kept: Option<&Body>, rows: Option<usize>, skipped: bool) -> SourceRecord {
    let (coverage, why) = match (rows, skipped) {
        (Some(_), _) => {
            let digest = kept.map(|body| format!("read from a file with SHA-256 {}", body.sha256));
            (Coverage::Imported, digest)
        }
        (None, true) => (Coverage::Skipped, Some("left out by the user".to_owned())),
        (None, false) => (Coverage::NotRequested, None),
    };
    let rows = rows.map_or(0, |rows| u64::try_from(rows).unwrap_or(u64::MAX));
    SourceRecord { coverage, why, rows, requests: Vec::new(), tie_outs: BTreeMap::new() }
}
