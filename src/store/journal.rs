//! The journal of an unfinished collection: one JSON line per finished request, durable before the next one counts.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write as _},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{disk, error::Error, layout};
use crate::model::{coverage::Source, evidence::Request};

/// Finished requests by source and URL.
pub(super) type Finished = BTreeMap<(Source, String), Request>;

/// One line.
#[derive(Serialize, Deserialize)]
struct Line {
    /// The source.
    source: Source,
    /// The request.
    request: Request,
}

/// Appends one line and waits until the disk has it.
pub(super) fn append(file: &mut File, source: Source, request: &Request) -> io::Result<()> {
    // One write, so that a kill between two leaves no half line in front of a whole one.
    file.write_all(&line(source, request)?)?;
    file.sync_data()
}

/// The line of a request, line feed included.
fn line(source: Source, request: &Request) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line { source, request: request.clone() })?;
    line.push(b'\n');
    Ok(line)
}

/// Reads the requests that a resumed collection may use again, and rewrites the journal to exactly these.
///
/// Usable is an answer that was usable then and whose body is on disk, whole, with the same digest. A refusal is
/// asked again: it may have been mended since. A line that does not parse was torn by a kill; its request counts as
/// not made.
pub(super) fn recover(journal: &Path, snapshot: &Path) -> Result<Finished, Error> {
    let text = disk::read_if_there(journal)?.unwrap_or_default();
    let mut finished = Finished::new();
    for line in text.split(|b| *b == b'\n') {
        // Of several lines of one request the last one counts, so a refusal outlives an earlier answer.
        if let Ok(Line { source, request }) = serde_json::from_slice(line) {
            finished.insert((source, request.url.clone()), request);
        }
    }
    finished.retain(|(source, _), request| is_whole(*source, request, snapshot));
    let mut kept = Vec::new();
    for ((source, _), request) in &finished {
        kept.extend(line(*source, request).map_err(Error::io("write", journal))?);
    }
    disk::replace(journal, &kept)?;
    Ok(finished)
}

/// Whether a request was answered usably and its body is on disk as it was received.
fn is_whole(source: Source, request: &Request, snapshot: &Path) -> bool {
    let usable = request.error.is_none() && request.status.is_some_and(|s| (200..300).contains(&s));
    let Some(raw) = request.raw.as_deref().filter(|raw| layout::raw_number(source, raw).is_some()) else {
        return false;
    };
    usable
        && disk::digest_decoded(&snapshot.join(raw)).is_ok_and(|(sha256, _)| Some(&sha256) == request.sha256.as_ref())
}
