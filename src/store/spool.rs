//! The spool of an unfinished collection: response bodies, compressed, numbered per source, and their journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufWriter, Read, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use sha2::{Digest as _, Sha256};

use super::{
    disk,
    error::Error,
    journal::{self, Finished},
    layout::{self, StagingPaths},
};
use crate::model::{
    coverage::Source,
    evidence::{Body, BodySink, Request, Spool},
    ids::SnapshotId,
    time::Timestamp,
};

/// How far the clock of the Hub and ours may be apart before an answer no longer counts as given after a change.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// Response bodies of one collection on disk.
#[derive(Debug)]
pub(super) struct DiskSpool(Arc<Shared>);

/// What the spool and the bodies being written share.
#[derive(Debug)]
struct Shared {
    /// The folder that becomes the snapshot.
    snapshot: PathBuf,
    /// Requests that an earlier attempt finished.
    earlier: Finished,
    /// The snapshot before; `None` when this is the first.
    previous: Option<Previous>,
    /// What changes while bodies are written.
    state: Mutex<State>,
}

/// What may be taken over from the snapshot before.
#[derive(Debug)]
pub(super) struct Previous {
    /// Its id.
    pub(super) id: SnapshotId,
    /// Its folder.
    pub(super) folder: PathBuf,
    /// Its usable requests, by source and URL.
    pub(super) requests: Finished,
}

/// What changes while bodies are written.
#[derive(Debug)]
struct State {
    /// The journal, open at its end.
    journal: File,
    /// Requests taken over from the snapshot before, by source and URL.
    carried: Finished,
    /// Bodies that belong to the evidence: of finished requests and of imported files.
    kept: BTreeSet<String>,
    /// Numbering of each source.
    numbers: BTreeMap<Source, Numbers>,
}

/// Numbering of one source's bodies.
#[derive(Debug, Default)]
struct Numbers {
    /// The highest number given so far.
    last: u32,
    /// Numbers below it that were given back.
    free: BTreeSet<u32>,
}

impl Numbers {
    /// The lowest number not in use.
    fn take(&mut self) -> u32 {
        self.free.pop_first().unwrap_or_else(|| {
            self.last += 1;
            self.last
        })
    }
}

impl DiskSpool {
    /// Opens the spool of a collection: requests an earlier attempt finished are taken over, everything it left
    /// unfinished is removed, and numbers go on after the highest one taken over.
    pub(super) fn open(paths: &StagingPaths, previous: Option<Previous>) -> Result<Self, Error> {
        let snapshot = paths.snapshot();
        disk::make_dir(&snapshot)?;
        let earlier = journal::recover(&paths.journal(), &snapshot)?;
        let mut kept = BTreeSet::new();
        let mut numbers = BTreeMap::<Source, Numbers>::new();
        for ((source, _), request) in &earlier {
            let Some(raw) = &request.raw else { continue };
            let numbers = numbers.entry(*source).or_default();
            numbers.last = numbers.last.max(layout::raw_number(*source, raw).unwrap_or_default());
            kept.insert(raw.clone());
        }
        remove_all_but(&snapshot, &kept)?;
        let journal = disk::append(&paths.journal())?;
        let state = State { journal, carried: Finished::new(), kept, numbers };
        Ok(Self(Arc::new(Shared { snapshot, earlier, previous, state: Mutex::new(state) })))
    }

    /// Keeps the original of an imported file beside the bodies.
    pub(super) fn keep(&self, source: Source, extension: &str, bytes: &[u8]) -> io::Result<Body> {
        let mut sink = DiskBody::create(&self.0, source, extension)?;
        sink.write(bytes)?;
        let body = Box::new(sink).close()?;
        self.0.state().kept.insert(body.raw.clone());
        Ok(body)
    }

    /// Copies a body of the snapshot before; `None` when it is no longer what its request says.
    fn copy(&self, source: Source, previous: &Previous, request: &Request) -> io::Result<Option<Body>> {
        let Some(raw) = request.raw.as_deref().filter(|raw| layout::raw_number(source, raw).is_some()) else {
            return Ok(None);
        };
        let path = previous.folder.join(raw);
        // Compared before anything is written: a body that was tampered with is asked for again.
        if !disk::digest_decoded(&path).is_ok_and(|(sha256, _)| Some(&sha256) == request.sha256.as_ref()) {
            return Ok(None);
        }
        let mut from = zstd::Decoder::new(disk::open(&path)?)?;
        let mut sink: Box<dyn BodySink> = Box::new(DiskBody::create(&self.0, source, "json")?);
        let mut chunk = vec![0; 64 << 10];
        loop {
            match from.read(&mut chunk).map_err(|e| located(&e, "read", &path))? {
                0 => return sink.close().map(Some),
                n => sink.write(&chunk[..n])?,
            }
        }
    }

    /// Bodies that belong to the evidence, as paths inside the snapshot.
    pub(super) fn kept(&self) -> BTreeSet<String> {
        self.0.state().kept.clone()
    }
}

/// Removes every file below a snapshot's folder that is not in `kept`.
pub(super) fn remove_all_but(snapshot: &Path, kept: &BTreeSet<String>) -> Result<(), Error> {
    for file in disk::files(snapshot)? {
        if !kept.contains(&file) {
            disk::remove_file(&snapshot.join(file))?;
        }
    }
    Ok(())
}

impl Shared {
    /// The changing part. A thread that panicked while holding it left it whole: every change is one step.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spool for DiskSpool {
    fn finished(&self, source: Source, url: &str) -> Option<Request> {
        let key = (source, url.to_owned());
        self.0.earlier.get(&key).cloned().or_else(|| self.0.state().carried.get(&key).cloned())
    }

    fn carry(&self, source: Source, url: &str, touched: Timestamp) -> io::Result<()> {
        let Some(previous) = &self.0.previous else { return Ok(()) };
        let key = (source, url.to_owned());
        let Some(request) = previous.requests.get(&key).filter(|r| touched + CLOCKS < r.started_at) else {
            return Ok(());
        };
        if self.finished(source, url).is_some() {
            return Ok(());
        }
        let Some(body) = self.copy(source, previous, request)? else { return Ok(()) };
        let from_snapshot = request.from_snapshot.clone().or_else(|| Some(previous.id.clone()));
        let request = Request { raw: Some(body.raw), from_snapshot, ..request.clone() };
        self.finish(source, &request)?;
        self.0.state().carried.insert(key, request);
        Ok(())
    }

    fn begin(&self, source: Source) -> io::Result<Box<dyn BodySink>> {
        Ok(Box::new(DiskBody::create(&self.0, source, "json")?))
    }

    fn open(&self, raw: &str) -> io::Result<Box<dyn Read + Send>> {
        let path = self.0.snapshot.join(raw);
        let open = || zstd::Decoder::new(disk::open(&path)?);
        Ok(Box::new(open().map_err(|e| located(&e, "read", &path))?))
    }

    fn finish(&self, source: Source, request: &Request) -> io::Result<()> {
        let mut state = self.0.state();
        journal::append(&mut state.journal, source, request)
            .map_err(|e| located(&e, "write the journal of", &self.0.snapshot))?;
        state.kept.extend(request.raw.clone());
        Ok(())
    }
}

/// The same failure, naming what was being done and where.
fn located(error: &io::Error, doing: &str, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("could not {doing} {}: {error}", path.display()))
}

/// A body being written.
struct DiskBody {
    /// The spool it belongs to.
    shared: Arc<Shared>,
    /// Its source.
    source: Source,
    /// Its number.
    number: u32,
    /// Its path inside the snapshot.
    raw: String,
    /// The compressed file; `None` once finished or thrown away.
    encoder: Option<zstd::Encoder<'static, BufWriter<File>>>,
    /// Digest of the decoded bytes so far.
    hash: Sha256,
    /// Decoded bytes so far.
    bytes: u64,
}

impl DiskBody {
    /// Creates the next file of a source.
    fn create(shared: &Arc<Shared>, source: Source, extension: &str) -> io::Result<Self> {
        let number = shared.state().numbers.entry(source).or_default().take();
        let raw = layout::raw(source, number, extension);
        let path = shared.snapshot.join(&raw);
        let open = || {
            disk::make_dir(path.parent().unwrap_or(&path)).and_then(|()| disk::create(&path)).map_err(|e| match e {
                Error::Io { source, .. } => source,
                other => io::Error::other(other),
            })
        };
        let encoder = open().and_then(|file| {
            let mut encoder = zstd::Encoder::new(BufWriter::new(file), zstd::DEFAULT_COMPRESSION_LEVEL)?;
            encoder.include_checksum(true)?;
            Ok(encoder)
        });
        let encoder = Some(encoder.map_err(|e| located(&e, "create", &path))?);
        Ok(Self { shared: shared.clone(), source, number, raw, encoder, hash: Sha256::new(), bytes: 0 })
    }

    /// Its file.
    fn path(&self) -> PathBuf {
        self.shared.snapshot.join(&self.raw)
    }

    /// Ends the compressed stream; the bytes reach the system, and the disk when the snapshot is sealed. A crash
    /// before that is found by the digest in the journal.
    fn end(&mut self) -> io::Result<()> {
        let Some(encoder) = self.encoder.take() else { return Ok(()) };
        encoder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(())
    }

    /// Removes the file and gives its number back.
    fn undo(&self) {
        // A file that cannot be removed is in nobody's list and goes when the snapshot is sealed or resumed; its
        // number must not be given again, for the name is taken.
        if disk::remove_file(&self.path()).is_ok() {
            self.shared.state().numbers.entry(self.source).or_default().free.insert(self.number);
        }
    }
}

impl BodySink for DiskBody {
    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        let path = self.path();
        let Some(encoder) = &mut self.encoder else { return Ok(()) };
        encoder.write_all(chunk).map_err(|e| located(&e, "write", &path))?;
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
        Ok(())
    }

    fn close(mut self: Box<Self>) -> io::Result<Body> {
        if let Err(e) = self.end() {
            self.undo();
            return Err(located(&e, "write", &self.path()));
        }
        let sha256 = hex::encode(std::mem::take(&mut self.hash).finalize());
        Ok(Body { raw: self.raw.clone(), bytes: self.bytes, sha256 })
    }

    fn discard(self: Box<Self>) {
        // Dropping an unfinished body throws it away.
    }
}

impl Drop for DiskBody {
    fn drop(&mut self) {
        if self.encoder.take().is_some() {
            self.undo();
        }
    }
}
