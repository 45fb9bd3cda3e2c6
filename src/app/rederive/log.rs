//! The audit log of a snapshot under comparison: its export is appended to the archive once more, and everything that the
//! manifest says of events, gaps and coverage is held against that.

use std::collections::BTreeSet;

use super::{Before, Case};
use crate::{
    app::{error::Error, imported},
    collect::{Collected, audit_file},
    model::{coverage::Source, import::DateFrom, manifest::Audit, time::Timestamp},
    store::{Again, Archived, Export},
    table::{activity::AuditEvent, diff, packed::Packed},
};

impl Case<'_> {
    /// Puts the imported log in the place of the one that the Hub did not give; gives where it ends.
    pub(super) fn take_log(&self, collected: &mut Collected) -> Result<Option<Timestamp>, Error> {
        let Some((path, bytes)) = self.original(Source::AuditLog)? else { return Ok(None) };
        let Some(import) = self.sealed.manifest.import(Source::AuditLog) else { return Ok(None) };
        let name = path.display().to_string();
        let log = audit_file::parse(&bytes, &name).map_err(|error| Error::contradicts(path, error.to_string()))?;
        if import.rows != log.events.len() as u64 {
            return Err(self.manifest_differs("its count of the events in the imported log is not that of the file"));
        }
        if import.extracted_from == Some(DateFrom::File) && import.extracted_on != log.newest {
            return Err(self.manifest_differs("it dates the imported log by its content, which has another date"));
        }
        if let Some(record) = collected.sources.get_mut(&Source::AuditLog) {
            if record.coverage.has_rows() {
                return Err(self.manifest_differs("it names an imported log although the Hub gave its own"));
            }
            imported::take_log(record, import);
            if let Some(why) = &log.doubt {
                record.make_partial(why);
            }
        }
        (collected.events, collected.unknown_types) = (log.events, log.unknown_types);
        Ok(Some(import.extracted_on.unwrap_or_default()))
    }

    /// Appends the export once more, and lowers the record of the log as the first append did.
    pub(super) fn append_again(
        &self,
        collected: &mut Collected,
        ends_at: Option<Timestamp>,
        archived: &mut Archived,
    ) -> Result<Again, Error> {
        let before = match &self.before {
            Before::None => Some(Audit::default()),
            Before::There(manifest, _) => Some(manifest.audit.clone()),
            Before::Gone => None,
        };
        let record = collected.sources.get_mut(&Source::AuditLog);
        let was_read = record.as_ref().is_some_and(|record| record.coverage.has_rows());
        let export = was_read.then_some(Export { events: &collected.events, ends_at });
        let again = self.place.append_again(&self.sealed.manifest, before, export, archived)?;
        if let (Some(why), Some(record)) = (&again.partial, record) {
            record.make_partial(why);
        }
        Ok(again)
    }

    /// Compares the events in each part that the snapshot brought with those of its export that belong there.
    pub(super) fn events_agree(&self, again: &Again, export: &Packed<AuditEvent>) -> Result<(), Error> {
        let id = &self.sealed.manifest.id;
        let missing = |event: &str| Err(self.archive_differs(format!("event {event} of snapshot {id} is missing")));
        let foreign = |event: &str| {
            Err(self.archive_differs(format!(
                "event {event}, which snapshot {id} is said to have brought, is not in its raw answers"
            )))
        };
        let brought = self.place.brought(&self.sealed.manifest)?;
        for (part, numbers) in &again.brought {
            if !brought.contains_key(part) {
                return export.get(numbers.iter().copied().take(1)).first().map_or(Ok(()), |e| missing(&e.event_id));
            }
        }
        for (part, found) in &brought {
            let sent = export.get(again.brought.get(part).into_iter().flatten().copied());
            let Some(first) = diff::first(found, &sent) else { continue };
            let (there, here) = (found.get(first.row - 1), sent.get(first.row - 1));
            let ids: BTreeSet<_> = sent.iter().map(|event| &event.event_id).collect();
            return match (there, here) {
                (Some(there), _) if !ids.contains(&there.event_id) => foreign(&there.event_id),
                (Some(there), Some(here)) if there.event_id == here.event_id => {
                    let (event, column) = (&here.event_id, first.column.unwrap_or_default());
                    Err(self.archive_differs(format!(
                        "event {event}, column {column}: it does not follow from the raw answers of {id}"
                    )))
                }
                (_, Some(here)) => missing(&here.event_id),
                (Some(there), None) => foreign(&there.event_id),
                (None, None) => Ok(()),
            };
        }
        Ok(())
    }

    /// Compares every audit fact of the manifest with what the append says when it is made again.
    pub(super) fn audit_agrees(&self, again: &Again, collected: &Collected) -> Result<(), Error> {
        // Without `..`, so that a new fact is not forgotten here.
        let Audit { events_new, events_in_archive, oldest, newest, observed_since, log_gaps, unknown_types, parts } =
            &self.sealed.manifest.audit;
        let derived = &again.audit;
        let facts = [
            ("number of new events", *events_new == derived.events_new),
            ("number of events in the archive", *events_in_archive == derived.events_in_archive),
            ("oldest event", *oldest == derived.oldest),
            ("newest event", *newest == derived.newest),
            ("instant since which the log was observed", *observed_since == derived.observed_since),
            ("list of log gaps", *log_gaps == derived.log_gaps),
            ("list of unknown event types", *unknown_types == collected.unknown_types),
            ("list of parts of the archive", *parts == derived.parts),
        ];
        match facts.iter().find(|(_, agrees)| !agrees) {
            None => Ok(()),
            Some((fact, _)) => Err(self.manifest_differs(format!(
                "its {fact} is not what follows from its export and from the archive before it"
            ))),
        }
    }

    /// The error for the archive.
    fn archive_differs(&self, what: impl Into<String>) -> Error {
        Error::contradicts(self.place.dir().join("audit_events"), what)
    }
}
