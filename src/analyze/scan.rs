//! One pass over the audit archive for everything that an analysis needs of it.
//!
//! The archive may hold millions of events; what is kept here grows with the number of authors, of events that tell who
//! came and went, and of privileged events of the period, not with the log.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use polars::prelude::{
    DataFrame, Engine, Int64Chunked, LazyFrame, ParquetReader, PlRefPath, PlanCallback, PolarsResult, ScanArgsParquet,
    SerReader as _, StringChunked, col, polars_err,
};

use super::error::Error;
use crate::model::{event_types, time::Timestamp};

/// Somebody an event is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    /// Login or e-mail address, as the Hub spells it.
    pub(crate) name: String,
    /// Stable id, when the event has one.
    pub(crate) id: Option<String>,
}

/// An event that tells who came, who went, who was invited, what was created, or what a privilege was used for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Event {
    /// Stable id.
    pub(crate) id: String,
    /// When.
    pub(crate) at: Timestamp,
    /// Event type.
    pub(crate) kind: String,
    /// Stable id of the author.
    pub(crate) author_id: Option<String>,
    /// Login of the author.
    pub(crate) author: Option<String>,
    /// What the Hub calls the author: `user`, `system` or a word it has added since; `None` when not sent.
    pub(crate) author_type: Option<String>,
    /// Whom it is about; empty when the event does not say.
    pub(crate) targets: Vec<Target>,
    /// Role that the event names; of a changed role the new one.
    pub(crate) role: Option<String>,
    /// The role before, of a changed role; `None` when the event does not say.
    pub(crate) role_before: Option<String>,
    /// Path form of the repository it is about.
    pub(crate) repo: Option<String>,
    /// `web`, `token` or `oauth`.
    pub(crate) via: &'static str,
    /// Network address as the Hub shows it.
    pub(crate) ip: Option<String>,
    /// Country.
    pub(crate) country: Option<String>,
    /// The Hub's sentence.
    pub(crate) message: Option<String>,
}

/// One author of events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Author {
    /// Stable id.
    pub(crate) id: Option<String>,
    /// Login.
    pub(crate) login: Option<String>,
    /// Newest event of any type, by an author of any type but `system`.
    pub(crate) newest: Timestamp,
    /// Newest event that counts as activity, with its type; `None` when all that was done is exporting the log, or the
    /// Hub calls the author anything but `user`.
    pub(crate) active: Option<(Timestamp, String)>,
}

/// What one pass over the log found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Log {
    /// Authors of every type but `system`, by id and login.
    pub(crate) authors: Vec<Author>,
    /// Events about coming, going, inviting and creating, and of the period those that used a privilege or changed a
    /// repository; oldest first.
    pub(crate) events: Vec<Event>,
}

/// The observer's own event: reading the log is not activity.
const EXPORT: &str = "org.audit_log.export";

/// Whether events of this type tell that somebody joined.
pub(crate) fn is_join(kind: &str) -> bool {
    matches!(kind, "org.add_user" | "org.invite.accept" | "org.sso_join") || kind.starts_with("org.join.")
}

/// Whether events of this type open an invitation.
pub(crate) fn is_invite(kind: &str) -> bool {
    matches!(kind, "org.invite_user" | "org.invite.email")
}

/// Whether events of this type are kept whole, however old.
fn is_life(kind: &str) -> bool {
    is_join(kind) || is_invite(kind) || matches!(kind, "org.remove_user" | "org.leave" | "repo.create")
}

/// Single types of privileged events.
const PRIVILEGED: [&str; 12] = [
    "org.change_role",
    "org.add_user",
    "org.remove_user",
    "org.update_settings",
    "org.update_join_settings",
    "org.sso_join",
    "org.rotate_token",
    "repo.delete",
    "repo.move",
    "repo.update_settings",
    "repo.update_resource_group",
    "repo.add_trusted_publisher",
];

/// Families of privileged events.
const FAMILIES: [&str; 7] = [
    "org.invite",
    "org.join.",
    "org.settings.",
    "org.token_approval.",
    "org.service_account.",
    "resource_group.",
    "billing.",
];

/// Whether a type is new to this version and may change who has access, or how safe it is: nobody knows yet what it
/// does.
pub(crate) fn is_unknown(kind: &str) -> bool {
    (kind.starts_with("org.") || kind.starts_with("resource_group.")) && !event_types::is_known(kind)
}

/// Whether events of this type change who has access, or how safe it is.
pub(crate) fn is_privileged(kind: &str) -> bool {
    PRIVILEGED.contains(&kind)
        || FAMILIES.iter().any(|family| kind.starts_with(family))
        || kind.starts_with("repo.") && kind.contains("secret")
        || is_unknown(kind)
}

/// Whether events of this type are kept whole when they happened in the window.
fn is_recent(kind: &str) -> bool {
    is_privileged(kind) || kind == "repo.duplication"
}

/// Text columns that the pass reads, in the order in which [`Pass::take`] takes them apart.
const TEXTS: [&str; 15] = [
    "event_id",
    "type",
    "author_id",
    "author",
    "author_type",
    "target",
    "target_id",
    "role",
    "role_before",
    "repo",
    "token_id",
    "oauth_client",
    "ip",
    "country",
    "message",
];

/// Reads the log of a snapshot; privileged events only `since` an instant.
///
/// # Errors
/// When a part of the archive is missing or is no Parquet file of the declared columns.
pub(crate) fn read(parts: &[PathBuf], since: Timestamp) -> Result<Log, Error> {
    let mut scanner = Scanner::new(since);
    scanner.read(parts)?;
    Ok(scanner.take())
}

/// Size in bytes up to which a part is decoded as a whole. Collecting daily leaves thousands of small parts, for each
/// of which the streaming engine would start its threads.
const SMALL: u64 = 2 << 20;

/// Reads a log that grows: part after part, each once.
#[derive(Debug)]
pub(crate) struct Scanner {
    /// What was seen so far.
    pass: Arc<Mutex<Pass>>,
    /// The parts that were read.
    read: BTreeSet<PathBuf>,
}

impl Scanner {
    /// Has read nothing yet; keeps privileged events `since` an instant.
    pub(crate) fn new(since: Timestamp) -> Self {
        let pass = Pass { since, authors: HashMap::new(), events: Vec::new() };
        Self { pass: Arc::new(Mutex::new(pass)), read: BTreeSet::new() }
    }

    /// Whether everything read so far is among these parts.
    pub(crate) fn is_part_of(&self, parts: &[PathBuf]) -> bool {
        let parts: BTreeSet<&PathBuf> = parts.iter().collect();
        self.read.iter().all(|part| parts.contains(part))
    }

    /// Reads those of the parts that were not read before, one after the other: together, the engine would decode all
    /// of them ahead.
    ///
    /// # Errors
    /// When a part is missing or is no Parquet file of the declared columns.
    pub(crate) fn read(&mut self, parts: &[PathBuf]) -> Result<(), Error> {
        for part in parts {
            if !self.read.contains(part) {
                self.part(part).map_err(|source| Error::Archive { source: source.into() })?;
                self.read.insert(part.clone());
            }
        }
        Ok(())
    }

    /// Reads one part.
    fn part(&self, part: &Path) -> PolarsResult<()> {
        let names = TEXTS.iter().chain(&["created_at"]);
        if std::fs::metadata(part).is_ok_and(|file| file.len() <= SMALL) {
            let columns = names.map(|name| (*name).to_owned()).collect();
            let frame = ParquetReader::new(File::open(part)?).with_columns(Some(columns)).finish()?;
            return locked(&self.pass)?.take(&frame);
        }
        let args = ScanArgsParquet {
            glob: false,
            low_memory: true,
            hive_options: polars::prelude::HiveOptions::new_disabled(),
            ..Default::default()
        };
        let sink = Arc::clone(&self.pass);
        let take = PlanCallback::new(move |batch: DataFrame| locked(&sink)?.take(&batch).map(|()| false));
        LazyFrame::scan_parquet(PlRefPath::try_from_path(part)?, args)?
            .select(names.map(|name| col(*name)).collect::<Vec<_>>())
            .sink_batches(take, false, None)?
            .collect_with_engine(Engine::Streaming)?;
        Ok(())
    }

    /// What was read so far. The scanner is empty until it is [put back](Self::put_back).
    pub(crate) fn take(&mut self) -> Log {
        self.pass.lock().unwrap_or_else(PoisonError::into_inner).finish()
    }

    /// Goes on from what was read before.
    pub(crate) fn put_back(&mut self, Log { authors, events }: Log) {
        let mut pass = self.pass.lock().unwrap_or_else(PoisonError::into_inner);
        pass.authors = authors.into_iter().map(|author| ((author.id.clone(), author.login.clone()), author)).collect();
        pass.events = events;
    }
}

/// The pass, unless a batch failed while it was being taken in.
fn locked(pass: &Mutex<Pass>) -> PolarsResult<MutexGuard<'_, Pass>> {
    pass.lock().map_err(|_poisoned| polars_err!(ComputeError: "an earlier batch failed"))
}

/// What the pass has seen so far. Batches may come in any order.
#[derive(Debug)]
struct Pass {
    /// From when privileged events are kept.
    since: Timestamp,
    /// By id and login.
    authors: HashMap<(Option<String>, Option<String>), Author>,
    /// Events kept whole.
    events: Vec<Event>,
}

/// The columns of one batch.
struct Batch<'a> {
    /// Texts in the order of [`TEXTS`].
    texts: [&'a StringChunked; 15],
    /// Microseconds since 1970.
    created_at: Int64Chunked,
}

impl<'a> Batch<'a> {
    /// Looks at a frame.
    fn of(frame: &'a DataFrame) -> PolarsResult<Self> {
        let texts = TEXTS.iter().map(|name| frame.column(name)?.str()).collect::<PolarsResult<Vec<_>>>()?;
        let texts = texts.try_into().map_err(|_count| polars_err!(ComputeError: "another number of columns"))?;
        Ok(Self { texts, created_at: frame.column("created_at")?.datetime()?.physical().clone() })
    }
}

impl Pass {
    /// Takes in one batch.
    fn take(&mut self, frame: &DataFrame) -> PolarsResult<()> {
        let batch = Batch::of(frame)?;
        let mut rows = batch.texts.map(StringChunked::iter);
        for at in batch.created_at.iter() {
            let texts = rows.each_mut().map(|column| column.next().flatten());
            let [_, kind, author_id, author, author_type, ..] = texts;
            let (Some(at), Some(kind)) = (at.and_then(Timestamp::from_timestamp_micros), kind) else { continue };
            if author_type != Some("system") {
                self.author(author_id, author, (at, kind), author_type == Some("user"));
            }
            if is_life(kind) || at >= self.since && is_recent(kind) {
                self.events.push(event(at, texts));
            }
        }
        Ok(())
    }

    /// Notes that somebody did something. `is_user`: no other word for an author proves that a person was active.
    fn author(&mut self, id: Option<&str>, login: Option<&str>, (at, kind): (Timestamp, &str), is_user: bool) {
        if id.is_none() && login.is_none() {
            return;
        }
        let key = (id.map(str::to_owned), login.map(str::to_owned));
        let seen = self.authors.entry(key).or_insert_with_key(|(id, login)| Author {
            id: id.clone(),
            login: login.clone(),
            newest: at,
            active: None,
        });
        seen.newest = seen.newest.max(at);
        if kind == EXPORT || !is_user {
            return;
        }
        // Two events at the same instant: the first type in byte order, so that the order of batches does not matter.
        let newer = seen.active.as_ref().is_none_or(|(t, k)| at > *t || at == *t && kind < k.as_str());
        if newer {
            seen.active = Some((at, kind.to_owned()));
        }
    }

    /// Sorts what was found.
    fn finish(&mut self) -> Log {
        let mut authors: Vec<Author> = std::mem::take(&mut self.authors).into_values().collect();
        authors.sort_by(|a, b| (&a.id, &a.login).cmp(&(&b.id, &b.login)));
        let mut events = std::mem::take(&mut self.events);
        events.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Log { authors, events }
    }
}

/// An event of its columns, in the order of [`TEXTS`].
fn event(at: Timestamp, texts: [Option<&str>; 15]) -> Event {
    let [
        event_id,
        kind,
        author_id,
        author,
        author_type,
        target,
        target_id,
        role,
        role_before,
        repo,
        token,
        oauth,
        ip,
        country,
        message,
    ] = texts;
    let own = |text: Option<&str>| text.map(str::to_owned);
    Event {
        id: event_id.unwrap_or_default().to_owned(),
        at,
        kind: kind.unwrap_or_default().to_owned(),
        author_id: own(author_id),
        author: own(author),
        author_type: own(author_type),
        targets: targets(target, target_id),
        role: own(role),
        role_before: own(role_before),
        repo: own(repo),
        via: match (token, oauth) {
            (_, Some(_)) => "oauth",
            (Some(_), None) => "token",
            (None, None) => "web",
        },
        ip: own(ip),
        country: own(country),
        message: own(message),
    }
}

/// Splits the joined targets of an event.
fn targets(names: Option<&str>, ids: Option<&str>) -> Vec<Target> {
    let Some(names) = names.filter(|n| !n.is_empty()) else { return Vec::new() };
    let mut ids = ids.unwrap_or_default().split(';').map(|id| (!id.is_empty()).then(|| id.to_owned()));
    names.split(';').map(|name| Target { name: name.to_owned(), id: ids.next().flatten() }).collect()
}

#[cfg(test)]
mod tests;
