//! Imports a file that the Hub cannot be asked for: checked whole, then kept as it is, with its date.

use std::{path::Path, sync::Arc};

use chrono::NaiveDate;

use super::{Console, clock, error::Error, request::Import as Ask, settings::Settings};
use crate::{
    collect::{audit_file, invites_file, roster},
    config,
    model::{
        coverage::Source,
        ids::OrgName,
        import::{DateFrom, Import},
        params::Roster,
        time::{self, Timestamp},
    },
    store::Store,
};

/// What a file turned out to hold.
struct Found {
    /// Rows or events.
    rows: usize,
    /// The product whose layout it has.
    recognized_as: Option<&'static str>,
    /// Whether the configuration's mapping decided.
    mapped: bool,
    /// Newest instant in it, when it is a log.
    newest: Option<Timestamp>,
}

/// Imports a file; gives the folder it is kept in.
///
/// # Errors
/// When the file cannot be read whole, its date is not known or lies ahead, or the store refuses.
pub(super) fn import(
    settings: &Settings,
    org: &OrgName,
    ask: &Ask,
    console: &Arc<dyn Console>,
) -> Result<String, Error> {
    let bytes = std::fs::read(&ask.file).map_err(Error::io("read", &ask.file))?;
    let name = ask.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let now = clock::now();
    let mapping = settings.config.values.roster.clone().unwrap_or_default();
    let found = examine(ask.source, &bytes, &name, &mapping)?;
    let (extracted_on, extracted_from) = date(ask, &name, found.newest, now)?;
    let import = Import {
        source: ask.source,
        file: name,
        sha256: config::sha256(&bytes),
        bytes: bytes.len() as u64,
        rows: found.rows as u64,
        extracted_on: Some(extracted_on),
        extracted_from: Some(extracted_from),
        recognized_as: found.recognized_as.map(str::to_owned),
        imported_at: Some(now),
        max_age_days: None,
        mapped: found.mapped,
        raw: String::new(),
    };
    let place = Store::new(settings.store.clone()).org(org);
    let lock = place.lock(now)?;
    let before = place.newest_import(ask.source)?;
    let kept = place.keep_import(&lock, &import, &bytes)?;
    console.say(&describe(&import));
    if before.is_some_and(|before| before.import.extracted_on > import.extracted_on) {
        console.say("warning: the import before this one was extracted later; the newest import counts");
    }
    if ask.source == Source::Roster && !mapping.file.is_empty() {
        let file = &mapping.file;
        console.say(&format!("warning: [roster] names {file}, which counts as long as it is configured"));
    }
    console.say(&format!("the next `rollcall collect {org}` takes it into its snapshot"));
    Ok(format!("{}\n", kept.dir.display()))
}

/// One line on what was imported.
fn describe(import: &Import) -> String {
    let rows = import.rows;
    let what = match (&import.recognized_as, import.source) {
        (Some(product), _) => format!("{rows} people, in the layout of {product}"),
        (None, Source::Roster) => format!("{rows} people"),
        (None, Source::AuditLog) => format!("{rows} events"),
        (None, _) => format!("{rows} pending invites"),
    };
    let dated = import.extracted_on.map(time::format).unwrap_or_default();
    let from = import.extracted_from.map(DateFrom::words).unwrap_or_default();
    format!("imported {}: {what}; extracted {dated} {from}; SHA-256 {}", import.file, import.sha256)
}

/// Reads a file to its end.
fn examine(source: Source, bytes: &[u8], name: &str, mapping: &Roster) -> Result<Found, Error> {
    let found = |rows| Found { rows, recognized_as: None, mapped: false, newest: None };
    match source {
        Source::Roster => {
            let read = roster::read(bytes, name, mapping).map_err(Error::Import)?;
            let recognized_as = read.recognized_as;
            Ok(Found { recognized_as, mapped: mapping.is_mapping(), ..found(read.people.len()) })
        }
        Source::AuditLog => {
            let log = audit_file::parse(bytes, name).map_err(Error::ImportLog)?;
            Ok(Found { newest: log.newest, ..found(log.events.len()) })
        }
        _ => Ok(found(invites_file::parse(bytes, name).map_err(Error::Import)?.len())),
    }
}

/// When the file was extracted: as asked, else by its content, else by its name. A file's own times change with every
/// copy, so they prove nothing.
fn date(ask: &Ask, name: &str, newest: Option<Timestamp>, now: Timestamp) -> Result<(Timestamp, DateFrom), Error> {
    let found = match &ask.extracted_on {
        Some(text) => {
            let asked = time::parse(text).ok_or_else(|| {
                Error::usage(
                    format!("--extracted-on {text:?} is neither a day nor an instant"),
                    "write it like 2026-09-30 or 2026-09-30T08:00:00Z",
                )
            })?;
            // A day without an hour reaches to its end; what the log itself shows of it is proved.
            let day = time::parse_date(text).is_some();
            match newest {
                Some(newest) if newest > asked && day && newest.date_naive() == asked.date_naive() => newest,
                Some(newest) if newest > asked => {
                    let newest = time::format(newest);
                    return Err(Error::usage(
                        format!("{name} holds an event of {newest}, after the date of --extracted-on"),
                        "give the day on which the file was downloaded",
                    ));
                }
                _ => asked,
            }
        }
        None => match newest.or_else(|| of_name(name).map(time::start_of)) {
            Some(date) => date,
            None => {
                return Err(Error::usage(
                    format!("nothing in {name} or its name tells when it was extracted"),
                    "give the day with --extracted-on 2026-09-30",
                ));
            }
        },
    };
    if found > now {
        return Err(Error::usage(
            format!("{name} would have been extracted at {}, which lies ahead", time::format(found)),
            "give the day on which it was extracted to --extracted-on, and check this machine's clock",
        ));
    }
    let from = match (&ask.extracted_on, newest) {
        (Some(_), _) => DateFrom::Asked,
        (None, Some(_)) => DateFrom::File,
        (None, None) => DateFrom::FileName,
    };
    Ok((found, from))
}

/// The only date in a file's name, as `2026-09-30`; `None` without one, or with several.
pub(super) fn of_name(name: &str) -> Option<NaiveDate> {
    let stem = Path::new(name).file_stem()?.to_string_lossy().into_owned();
    let digit = |at: usize| stem.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let bounded = |at: usize| (at == 0 || !digit(at - 1)) && !digit(at + 10);
    let dates = (0..stem.len()).filter(|at| bounded(*at)).filter_map(|at| stem.get(at..at + 10));
    let mut dates = dates.filter_map(time::parse_date).collect::<Vec<_>>();
    dates.dedup();
    if dates.len() == 1 { dates.pop() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The date of a file, asked for or not.
    fn dated(name: &str, asked: Option<&str>, newest: Option<&str>) -> Result<(String, DateFrom), Error> {
        let ask = Ask { source: Source::Roster, file: name.into(), extracted_on: asked.map(str::to_owned) };
        let newest = newest.and_then(time::parse);
        let now = time::parse("2026-10-01T06:00:00Z").unwrap();
        date(&ask, name, newest, now).map(|(t, from)| (time::format(t), from))
    }

    #[test]
    fn a_date_is_asked_for_or_in_the_file_or_in_its_name() {
        let day = "2026-09-30T00:00:00Z".to_owned();
        assert_eq!(dated("people-2026-09-30.csv", None, None).unwrap(), (day.clone(), DateFrom::FileName));
        assert_eq!(dated("people.csv", Some("2026-09-30"), None).unwrap(), (day, DateFrom::Asked));
        let newest = "2026-09-30T15:00:00Z";
        assert_eq!(dated("l.json", None, Some(newest)).unwrap(), (newest.to_owned(), DateFrom::File));
        assert_eq!(dated("l.json", Some("2026-09-30"), Some(newest)).unwrap(), (newest.to_owned(), DateFrom::Asked));
        assert_eq!(of_name("2026-09-01_2026-09-30.csv"), None);
        assert_eq!(of_name("é2026-09-30.csv"), time::parse_date("2026-09-30"));
        assert_eq!(of_name("120260-09-301.csv"), None);
    }

    #[test]
    fn a_date_that_is_missing_wrong_or_ahead_is_an_error() {
        for (name, asked, newest) in [
            ("people.csv", None, None),
            ("people-2026-13-30.csv", None, None),
            ("people-2026-10-02.csv", None, None),
            ("people.csv", Some("soon"), None),
            ("people.csv", Some("2026-10-01T06:00:01Z"), None),
            ("l.json", Some("2026-09-29"), Some("2026-09-30T15:00:00Z")),
        ] {
            assert!(matches!(dated(name, asked, newest), Err(Error::Usage { .. })), "{name} {asked:?}");
        }
    }
}
