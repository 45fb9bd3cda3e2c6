//! The files of one folder against its `SHA256SUMS`, and those of a snapshot against its manifest.

use std::{collections::BTreeMap, fs, path::Path};

use chrono::TimeDelta;

use super::{Kind, check::Check};
use crate::{
    model::{
        ids::SnapshotId,
        manifest::{HubClock, Manifest},
        sums::SIGNATURE,
        time::{self, Timestamp},
    },
    store::{
        disk,
        error::{Advice, Error},
        layout, sums,
    },
};

/// Hours that lie at most between two attempts at one collection.
const RESUMABLE: TimeDelta = TimeDelta::hours(24);

/// How far a machine's clock may be set back or forward during a collection.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

impl Check {
    /// Compares a folder with its `SHA256SUMS`; gives the digest of each file.
    pub(super) fn list(&mut self, dir: &Path) -> Result<BTreeMap<String, String>, Error> {
        let listed = self.held_to_list(dir).map_err(|error| match error {
            // A report follows from the snapshots, so nobody needs a backup of it.
            Error::Differs { path, what, .. } if matches!(self.done.kind, Kind::Report | Kind::Reports) => {
                Error::Differs { path, what, advice: Advice::Remake }
            }
            other => other,
        })?;
        self.done.checks += 1;
        Ok(listed)
    }

    /// [`Check::list`], whatever lies in the folder.
    fn held_to_list(&mut self, dir: &Path) -> Result<BTreeMap<String, String>, Error> {
        let path = dir.join(layout::SUMS);
        if !path.is_file() {
            return Err(Error::differs(path, "it is not there: nothing tells what the files beside it should be"));
        }
        let text = disk::read(&path)?;
        let listed = sums::parse(&text).map_err(|line| {
            Error::differs(
                path.clone(),
                format!("line {line} is not as rollcall writes it: the list was changed afterwards"),
            )
        })?;
        let present = disk::files(dir)?;
        // A signature is made over the finished list, so the list cannot name it.
        let unlisted = [layout::SUMS, SIGNATURE];
        for file in listed.keys() {
            let path = dir.join(file);
            match fs::symlink_metadata(&path) {
                Ok(m) if m.is_file() && present.contains(file) => {}
                Ok(m) if m.is_file() => {
                    let what = format!("it lists {file:?}, which is no path inside this folder");
                    return Err(Error::differs(dir.join(layout::SUMS), what));
                }
                Ok(_) => return Err(Error::differs(path, "it is listed in SHA256SUMS and is no longer a plain file")),
                Err(_) => {
                    let what = "it is listed in SHA256SUMS and is not there: it was removed or renamed afterwards";
                    return Err(Error::differs(path, what));
                }
            }
        }
        if let Some(file) =
            present.iter().find(|file| !unlisted.contains(&file.as_str()) && !listed.contains_key(*file))
        {
            return Err(Error::added(dir.join(file), "it is not listed in SHA256SUMS: it was added afterwards"));
        }
        for (file, expected) in &listed {
            let path = dir.join(file);
            let (found, _) = disk::digest_file(&path)?;
            self.done.files += 1;
            if found != *expected {
                return Err(Error::differs(
                    path,
                    format!(
                        "its SHA-256 is {found} and SHA256SUMS lists {expected}: one of the two was changed afterwards"
                    ),
                ));
            }
        }
        if sums::text(&listed).as_bytes() != text {
            return Err(Error::differs(
                path,
                "its lines are not in the order in which rollcall writes them: it was changed afterwards",
            ));
        }
        Ok(listed)
    }
}

/// Compares the times in a manifest with each other: those of its requests with its own, and the first answer with the
/// instant that it speaks of. An older snapshot that was put under a new id contradicts itself here.
pub(super) fn times_agree(dir: &Path, manifest: &Manifest) -> Result<(), Error> {
    let differs = |what: String| Err(Error::contradicts(dir.join(layout::MANIFEST), what));
    let Manifest { id, as_of, started_at, finished_at, .. } = manifest;
    if SnapshotId::of(*as_of) != *id {
        return differs(format!("it speaks of {}, and its id is {id}", time::format(*as_of)));
    }
    if *finished_at + CLOCKS < *started_at {
        return differs("it says that its collection ended before it began".to_owned());
    }
    let collected = |at: Timestamp| *started_at - RESUMABLE - CLOCKS <= at && at <= *finished_at + CLOCKS;
    for request in manifest.sources.values().flat_map(|source| &source.requests) {
        match &request.from_snapshot {
            Some(earlier) if earlier >= id => {
                return differs(format!("it takes an answer over from {earlier}, which is not older"));
            }
            None if !collected(request.started_at) => {
                let (at, from, to) = (request.started_at, *started_at, *finished_at);
                let [at, from, to] = [at, from, to].map(time::format);
                return differs(format!(
                    "it says that {} was asked for at {at}, and that it was collected from {from} to {to}",
                    request.url
                ));
            }
            _ => {}
        }
    }
    let clock = HubClock::of(&manifest.sources);
    if let Some(first) = clock.first.filter(|_| clock.is_before(*as_of)) {
        let (first, as_of) = (time::format(first), time::format(*as_of));
        return differs(format!(
            "its first answer was given at {first}, before {as_of}, of which it speaks: an older snapshot was put under a \
             new id"
        ));
    }
    Ok(())
}

/// Compares the tables in a folder with those that its manifest describes.
pub(super) fn tables_agree(dir: &Path, listed: &BTreeMap<String, String>, manifest: &Manifest) -> Result<(), Error> {
    for (table, record) in &manifest.tables {
        let file = format!("tables/{table}.parquet");
        match listed.get(&file) {
            Some(sha256) if *sha256 == record.sha256 => {}
            Some(_) => {
                return Err(Error::differs(
                    dir.join(file),
                    "its SHA-256 is not the one in manifest.json: it was replaced afterwards",
                ));
            }
            None => return Err(Error::differs(dir.join(file), "manifest.json lists it and it is not there")),
        }
    }
    let table = |file: &str| file.strip_prefix("tables/").and_then(|f| f.strip_suffix(".parquet")).map(str::to_owned);
    let stray = listed.keys().find(|file| table(file).is_some_and(|name| !manifest.tables.contains_key(&name)));
    stray.map_or(Ok(()), |file| Err(Error::added(dir.join(file), "manifest.json does not list this table")))
}

/// Compares what each kept body decodes to with the digest of the answer as it arrived.
pub(super) fn bodies_agree(dir: &Path, listed: &BTreeMap<String, String>, manifest: &Manifest) -> Result<(), Error> {
    for import in &manifest.imports {
        let path = dir.join(&import.raw);
        if !listed.contains_key(&import.raw) {
            let what = format!("it names the imported file {:?}, which SHA256SUMS does not list", import.raw);
            return Err(Error::differs(dir.join(layout::MANIFEST), what));
        }
        let found = disk::digest_decoded(&path).map_err(|e| {
            Error::differs(path.clone(), format!("it cannot be decompressed ({e}): it is not what was imported"))
        })?;
        if found != (import.sha256.clone(), import.bytes) {
            return Err(Error::differs(
                path,
                "it decodes to something else than the imported file that manifest.json records",
            ));
        }
    }
    for request in manifest.sources.values().flat_map(|source| &source.requests) {
        let Some(raw) = &request.raw else { continue };
        // A manifest that was tampered with may name any path; what is not listed here is not opened.
        if !listed.contains_key(raw) {
            let what = format!("it names the body {raw:?}, which SHA256SUMS does not list");
            return Err(Error::differs(dir.join(layout::MANIFEST), what));
        }
        let path = dir.join(raw);
        let found = disk::digest_decoded(&path).map_err(|e| {
            Error::differs(
                path.clone(),
                format!("it cannot be decompressed ({e}): it is not the body that was received"),
            )
        })?;
        if Some(&found.0) != request.sha256.as_ref() || found.1 != request.bytes {
            let what =
                format!("it decodes to something else than what {} answered, as manifest.json records it", request.url);
            return Err(Error::differs(path, what));
        }
    }
    Ok(())
}
