//! The files that a collection takes in: the configured roster, and the newest import of each source.

use super::{error::Error, import, settings::Settings};
use crate::{
    analyze,
    collect::{audit_file, invites_file, roster},
    config,
    model::{
        coverage::{Coverage, Source},
        import::{DateFrom, Import},
        manifest::SourceRecord,
        time::{self, Timestamp},
    },
    store::{Kept, OrgStore},
    table::{
        Tables,
        access::{InvitedFile, Person},
    },
};

/// A file that was read, with the bytes it was read from.
#[derive(Debug)]
pub(super) struct File<T> {
    /// The file as it is.
    pub(super) bytes: Vec<u8>,
    /// What is known of it.
    pub(super) import: Import,
    /// What it holds.
    pub(super) rows: T,
}

/// The files of one collection, all but the log read.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// People.
    pub(super) roster: Option<File<Vec<Person>>>,
    /// Pending invites.
    pub(super) invites: Option<File<Vec<InvitedFile>>>,
    /// The audit log; read only when the Hub does not give its own.
    log: Option<Kept>,
    /// Whether there was a roster that was left out.
    pub(super) left_out: bool,
    /// What the user should know, one sentence each.
    pub(super) warnings: Vec<String>,
}

impl Files {
    /// Reads what there is and is not skipped.
    ///
    /// # Errors
    /// When a file cannot be read, or not under the mapping of today.
    pub(super) fn read(settings: &Settings, place: &OrgStore, skipped: &[Source]) -> Result<Self, Error> {
        let mut files = Self::default();
        let configured = settings.config.values.roster.as_ref().filter(|roster| !roster.file.is_empty());
        let kept = place.newest_import(Source::Roster)?;
        if skipped.contains(&Source::Roster) {
            files.left_out = configured.is_some() || kept.is_some();
        } else if let Some(mapping) = configured {
            files.roster = Some(of_configuration(settings, mapping)?);
            if kept.is_some() {
                // Warnings are said in redacted runs too, and a file may be called after somebody.
                files
                    .warnings
                    .push("the roster is the file that [roster] names; the imported one is not read".to_owned());
            }
        } else if let Some(kept) = kept {
            let bytes = place.original(&kept)?;
            let mapping = settings.config.values.roster.clone().unwrap_or_default();
            let read = roster::read(&bytes, &kept.import.file, &mapping)?;
            let import = Import {
                rows: read.people.len() as u64,
                recognized_as: read.recognized_as.map(str::to_owned),
                mapped: mapping.is_mapping(),
                ..kept.import
            };
            files.roster = Some(File { bytes, import, rows: read.people });
        }
        if let Some(kept) = place.newest_import(Source::Invites)? {
            let bytes = place.original(&kept)?;
            let rows = invites_file::parse(&bytes, &kept.import.file).map_err(Error::Roster)?;
            files.invites = Some(File { bytes, import: kept.import, rows });
        }
        files.log = place.newest_import(Source::AuditLog)?.filter(|_| !skipped.contains(&Source::AuditLog));
        Ok(files)
    }

    /// The imported log, where the Hub gave none of its own.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn log(&mut self, place: &OrgStore, hub: Coverage) -> Result<Option<File<audit_file::Log>>, Error> {
        let Some(kept) = self.log.take() else { return Ok(None) };
        if hub.has_rows() {
            self.warnings.push("the Hub gave the audit log itself; the imported one is not read".to_owned());
            return Ok(None);
        }
        let bytes = place.original(&kept)?;
        let rows = audit_file::parse(&bytes, &kept.import.file).map_err(Error::ImportLog)?;
        Ok(Some(File { bytes, import: kept.import, rows }))
    }
}

/// The roster that the configuration names.
fn of_configuration(settings: &Settings, mapping: &crate::model::params::Roster) -> Result<File<Vec<Person>>, Error> {
    let path = settings.config.resolve(&mapping.file);
    let bytes = std::fs::read(&path).map_err(|source| Error::RosterFile { path: path.clone(), source })?;
    let read = roster::read(&bytes, &path.display().to_string(), mapping)?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stated = mapping.extracted_on.map(|day| (day, DateFrom::Configured));
    let dated = stated.or_else(|| import::of_name(&file).map(|day| (day, DateFrom::FileName)));
    let import = Import {
        source: Source::Roster,
        sha256: config::sha256(&bytes),
        bytes: bytes.len() as u64,
        rows: read.people.len() as u64,
        extracted_on: dated.map(|(day, _)| time::start_of(day)),
        extracted_from: dated.map(|(_, from)| from),
        recognized_as: read.recognized_as.map(str::to_owned),
        imported_at: None,
        max_age_days: None,
        mapped: mapping.is_mapping(),
        raw: String::new(),
        file,
    };
    Ok(File { bytes, import, rows: read.people })
}

/// What a file is held against when it becomes a source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Against {
    /// Instant of the snapshot.
    pub(super) as_of: Timestamp,
    /// Members, and how many of them the roster knows.
    pub(super) members: (usize, usize),
}

impl Against {
    /// The snapshot with these tables.
    pub(super) fn of(as_of: Timestamp, tables: &Tables) -> Self {
        Self { as_of, members: (tables.members.len(), analyze::members_in_roster(tables)) }
    }
}

/// The record of a source that is a file. One whose date is unknown or too long ago is only partial, and so is a roster
/// that knows fewer than half of the members: it may be that of another company.
pub(super) fn record(import: Option<&Import>, left_out: bool, against: Against) -> SourceRecord {
    let (coverage, why) = match (import, left_out) {
        (Some(import), _) => {
            let (members, known) = against.members;
            let foreign = import.source == Source::Roster && known * 2 < members;
            let foreign = foreign.then(|| format!("it knows {known} of {members} members"));
            let doubts: Vec<_> = import.doubt(against.as_of).into_iter().chain(foreign).collect();
            let coverage = if doubts.is_empty() { Coverage::Imported } else { Coverage::Partial };
            (coverage, Some(std::iter::once(sentence(import)).chain(doubts).collect::<Vec<_>>().join("; ")))
        }
        (None, true) => (Coverage::Skipped, Some("left out by the user".to_owned())),
        (None, false) => (Coverage::NotRequested, None),
    };
    let rows = import.map_or(0, |import| import.rows);
    SourceRecord { coverage, why, rows, requests: Vec::new(), tie_outs: std::collections::BTreeMap::new() }
}

/// Where a source's rows are from.
pub(super) fn sentence(import: &Import) -> String {
    format!("read from a file with SHA-256 {}", import.sha256)
}

/// Makes the record of the refused audit log that of the imported one; what the Hub said stays.
pub(super) fn take_log(record: &mut SourceRecord, import: &Import) {
    let refused = record.why.take().map(|why| format!("; the Hub: {why}")).unwrap_or_default();
    record.coverage = Coverage::Imported;
    record.why = Some(format!("{}{refused}", sentence(import)));
    record.rows = import.rows;
}
