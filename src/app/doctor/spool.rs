//! Keeps answers in memory until the command ends; nothing reaches the disk.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write as _},
    sync::{Arc, Mutex, PoisonError},
};

use crate::model::{
    coverage::Source,
    evidence::{Body, BodySink, Request, Spool},
};

/// Bodies by name. They are compressed: an export of the audit log can be a hundred megabytes.
type Bodies = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Bodies of one command.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Finished bodies.
    bodies: Bodies,
    /// Number of the last body that was begun.
    last: Mutex<u64>,
}

/// A body being kept.
struct Kept {
    /// Its name.
    raw: String,
    /// Its bytes so far.
    encoder: zstd::Encoder<'static, Vec<u8>>,
    /// How many they are before compression.
    bytes: u64,
    /// Where it goes.
    bodies: Bodies,
}

impl Spool for Memory {
    fn finished(&self, _: Source, _: &str) -> Option<Request> {
        None
    }

    fn begin(&self, source: Source) -> io::Result<Box<dyn BodySink>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        let encoder = zstd::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL)?;
        let raw = format!("{source}/{last}");
        Ok(Box::new(Kept { raw, encoder, bytes: 0, bodies: Arc::clone(&self.bodies) }))
    }

    fn open(&self, raw: &str) -> io::Result<Box<dyn Read + Send>> {
        let bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let body = bodies.get(raw).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(zstd::Decoder::new(io::Cursor::new(body.clone()))?))
    }

    fn finish(&self, _: Source, _: &Request) -> io::Result<()> {
        Ok(())
    }
}

impl BodySink for Kept {
    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.bytes += chunk.len() as u64;
        self.encoder.write_all(chunk)
    }

    fn close(self: Box<Self>) -> io::Result<Body> {
        let Self { raw, encoder, bytes, bodies } = *self;
        let compressed = encoder.finish()?;
        bodies.lock().unwrap_or_else(PoisonError::into_inner).insert(raw.clone(), compressed);
        // Nothing is sealed, so that nobody will ever ask for a digest.
        Ok(Body { raw, bytes, sha256: String::new() })
    }

    fn discard(self: Box<Self>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_read_back_and_what_was_thrown_away_is_not() {
        let memory = Memory::default();
        let mut kept = memory.begin(Source::Members).unwrap();
        let mut lost = memory.begin(Source::Members).unwrap();
        kept.write(b"[1,").unwrap();
        lost.write(b"[3]").unwrap();
        kept.write(b"2]").unwrap();
        let body = kept.close().unwrap();
        lost.discard();
        let mut text = String::new();
        memory.open(&body.raw).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), body.bytes), ("[1,2]", 5));
        assert!(memory.open("members/2").is_err());
    }
}
