//! Collects one organization: roster, lock, staging, sources, archive, invites, seal.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::{
    Console, VERSION, clock,
    engine::Engine,
    error::Error,
    imported::{self, Against, File, Files},
    request::Collect as Ask,
    settings::Settings,
    witness,
};
use crate::{
    analyze::{self, Memory},
    bundle::Key,
    collect::{self, Collected, Progress},
    config, demo, hub,
    model::{
        coverage::Source,
        ids::{OrgName, SnapshotId},
        import::Import,
        manifest::{FORMAT, HubClock, Manifest, SourceRecord, Tool},
        time::Timestamp,
    },
    store::{self, Appended, Lock, OrgStore, Staging, Store},
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
    /// Whether somebody, or a wrong clock, chose its date.
    pub(super) dated_by_hand: bool,
}

/// What a snapshot is sealed with.
struct Seal<'a> {
    /// The right to write.
    lock: &'a Lock,
    /// The key that signs it; `None` leaves it unsigned.
    key: Option<Key>,
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
    /// Tells the time: this machine's, but for the sample organization.
    pub(super) clock: Clock,
}

/// Tells the time.
#[derive(Clone)]
pub(super) struct Clock(pub(super) hub::Clock);

impl Clock {
    /// This machine's clock.
    pub(super) fn of_machine() -> Self {
        Self(Arc::new(clock::now))
    }

    /// Now.
    fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
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
    /// Whether the sample organization is read.
    sample: bool,
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
        let place = Store::new(self.settings.store.clone()).org(org);
        let now = self.clock.now();
        let files = Files::read(self.settings, &place, &ask.skipped())?;
        let key_to_sign = ask.sign.as_deref().map(|path| Key::load(path, self.settings.agent())).transpose()?;
        let endpoint = hub::Endpoint::parse(&self.settings.endpoint, self.settings.allow_http).map_err(Error::Hub)?;
        let token = self.settings.token()?;
        let scim_token = self.settings.scim_token();
        let mut plan = collect::Plan {
            org: org.clone(),
            skipped: ask.skipped(),
            with_commits: ask.commits(),
            all_gated: ask.all_gated,
            plan: self.settings.config.org(org).and_then(|table| table.plan.clone()),
            as_of: None,
        };
        let key = key(&endpoint.to_string(), &plan, [Some(&token.token), scim_token]);
        let lock = place.lock(now)?;
        let staging = place.stage(&lock, &store::Ask { as_of: self.settings.as_of, now, key })?;
        plan.as_of = Some(staging.as_of());
        let resumed = staging.resumed();
        if resumed {
            self.console.say(&format!("resuming the collection of {org} that began at {}", staging.id()));
        }
        tracing::info!(org = %org, token_from = %token.from, resumed, "collecting");
        let sample = token.token.expose_secret() == demo::TOKEN;
        let attempt = Attempt { place, endpoint: endpoint.to_string(), started_at: now, sample };
        let usual = hub::Limits::default();
        let limits = hub::Limits { deadline: ask.deadline.unwrap_or(usual.deadline), ..usual };
        let client = hub::Client::new(hub::Options {
            endpoint,
            token: Some(hub::Token::from(&token.token)),
            scim_token: scim_token.map(hub::Token::from),
            concurrency: self.settings.concurrency,
            limits,
            clock: Arc::clone(&self.clock.0),
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
            Ok(collected) => self.seal((attempt, Seal { lock: &lock, key: key_to_sign }), staging, collected, files),
            // Its date cannot be right, so nobody is to resume it.
            Err(Error::Collect(collect::Error::Ahead { as_of, began, is_of_hub })) => {
                staging.abandon()?;
                let asked = self.settings.as_of.is_some();
                Err(Error::Ahead { as_of, began, is_of_hub, asked })
            }
            // Nothing was read that a resume could use: leave no trace of the attempt.
            Err(error @ (Error::Collect(_) | Error::Hub(_))) if !resumed && error.is_before_reading() => {
                staging.abandon()?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Turns what was collected into a sealed snapshot.
    fn seal(
        &self,
        (attempt, seal): (Attempt, Seal<'_>),
        mut staging: Staging,
        mut collected: Collected,
        mut files: Files,
    ) -> Result<Sealed, Error> {
        let place = &attempt.place;
        self.engine.check()?;
        let finished_at = self.clock.now();
        let mut sources = std::mem::take(&mut collected.sources);
        let mut imports = Vec::new();
        let Appended { mut audit, partial, parts } =
            append(place, &mut staging, &mut collected, (&mut files, &mut sources, &mut imports))?;
        audit.unknown_types = std::mem::take(&mut collected.unknown_types);
        if let (Some(why), Some(record)) = (partial, sources.get_mut(&Source::AuditLog)) {
            record.make_partial(&why);
        }
        if let Some(File { bytes, mut import, rows }) = files.roster.take() {
            import.raw = staging.keep_file(Source::Roster, "csv", &bytes)?.raw;
            collected.tables.people = rows;
            imports.push(import);
        }
        if let Some(File { bytes, mut import, rows }) = files.invites.take() {
            import.raw = staging.keep_file(Source::Invites, "csv", &bytes)?.raw;
            collected.tables.invites_file = rows;
            imports.push(import);
        }
        let max_age_days = self.settings.config.values.roster.clone().unwrap_or_default().max_age_days;
        for import in &mut imports {
            import.max_age_days = Some(max_age_days);
        }
        let of = |source| imports.iter().find(|import| import.source == source);
        let against = Against::of(staging.as_of(), &collected.tables);
        sources.insert(Source::Roster, imported::record(of(Source::Roster), files.left_out, against));
        sources.insert(Source::Invites, imported::record(of(Source::Invites), false, against));
        self.console.finish(Source::Roster, &sources[&Source::Roster]);
        for warning in &files.warnings {
            self.console.say(&format!("warning: {warning}"));
        }
        let hub_clock = HubClock::of(&sources);
        let dated_by_hand = hub_clock.is_dated_by_hand(staging.as_of());
        let mut manifest = Manifest {
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
            imports,
            tables: BTreeMap::new(),
            audit,
            config_sha256: self.settings.config.digest(),
            hub_clock,
            dated_by_hand,
            sample: attempt.sample,
            members_listed_at: None,
            previous: None,
        };
        let derived = analyze::derive(&manifest, &collected.tables, &memory(place, staging.previous())?, &parts)
            .map_err(Error::Analyze)?;
        (collected.tables.invites, collected.tables.seen) = (derived.invites, derived.seen);
        manifest.members_listed_at = derived.members_listed_at;
        let gaps = analyze::gaps_of(&manifest);
        let sign = |list: &[u8]| {
            let signature = seal.key.as_ref().map(|key| key.sign(list)).transpose()?;
            Ok::<_, Error>(signature.map(String::into_bytes))
        };
        let sealed = staging.seal_signed(manifest, &collected.tables, sign)?;
        tracing::info!(snapshot = %sealed.id, gaps = gaps.len(), "sealed");
        self.witness(place, seal.lock, &sealed);
        Ok(Sealed { id: sealed.id, dir: sealed.dir, gaps, dated_by_hand })
    }
}

impl Collector<'_> {
    /// Says the checkpoint line of a sealed snapshot, tells it to the configured witness, and keeps the answer. What goes
    /// wrong here is a warning: the snapshot is sealed.
    fn witness(&self, place: &OrgStore, lock: &Lock, sealed: &store::Sealed) {
        let line = witness::checkpoint(place.org(), sealed);
        self.console.say(&line);
        let Some(answer) = witness::ask(&self.settings.config, &line) else { return };
        let kept = answer.and_then(|answer| {
            let kept = place.keep_witness(lock, &sealed.id, &answer);
            kept.map_err(|error| format!("its answer cannot be kept ({error})"))
        });
        if let Err(why) = kept {
            // Should this fail, too, the warning still stands.
            let _ = place.expect_witness(lock);
            self.console.say(&format!(
                "warning: the witness was not told of {}: {why}; keep the checkpoint line elsewhere by hand",
                sealed.id
            ));
        }
    }
}

/// What a snapshot remembers; nothing where there is none.
///
/// # Errors
/// When it cannot be read.
pub(super) fn memory(place: &OrgStore, id: Option<&SnapshotId>) -> Result<Memory, Error> {
    let Some(id) = id else { return Ok(Memory::default()) };
    let (manifest, seen) = place.seen(id)?;
    Ok(Memory { seen, members_listed_at: manifest.members_listed_at })
}

/// Everything that decides what is asked and as whom, as one digest: a staging of another question is not resumed.
fn key(endpoint: &str, plan: &collect::Plan, tokens: [Option<&SecretString>; 2]) -> String {
    let skipped: Vec<_> = plan.skipped.iter().map(|source| source.name()).collect();
    let question = json!([
        VERSION,
        endpoint,
        plan.org,
        skipped,
        plan.with_commits,
        plan.all_gated,
        plan.plan,
        tokens.map(|token| token.map(|t| config::sha256(t.expose_secret().as_bytes()))),
    ]);
    config::sha256(question.to_string().as_bytes())
}

/// Adds the events of the Hub's log, or else of an imported one, to the archive.
fn append(
    place: &OrgStore,
    staging: &mut Staging,
    collected: &mut Collected,
    (files, sources, imports): (&mut Files, &mut BTreeMap<Source, SourceRecord>, &mut Vec<Import>),
) -> Result<Appended, Error> {
    let events = std::mem::take(&mut collected.events);
    let Some(record) = sources.get_mut(&Source::AuditLog) else { return Ok(staging.append_events(&events, false)?) };
    let Some(File { bytes, mut import, rows }) = files.log(place, record.coverage)? else {
        return Ok(staging.append_events(&events, record.coverage.has_rows())?);
    };
    import.raw = staging.keep_file(Source::AuditLog, "json", &bytes)?.raw;
    imported::take_log(record, &import);
    if let Some(why) = &rows.doubt {
        record.make_partial(why);
    }
    collected.unknown_types = rows.unknown_types;
    // An import always has a date; without one nothing would be known to have been seen.
    let appended = staging.append_imported(&rows.events, import.extracted_on.unwrap_or_default())?;
    imports.push(import);
    Ok(appended)
}
