//! A sealed snapshot as the Hub once answered: every request is answered from its raw bodies, none from anywhere else.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use super::disk;
use crate::model::{
    coverage::Source,
    evidence::{BodySink, Request, Spool},
    manifest::Manifest,
    time::Timestamp,
};

/// What a request is told that no snapshot has an answer to.
const NOT_RECORDED: &str = "was not recorded";

/// Requests by source and URL, with how often each was asked for.
type Asked = BTreeMap<(Source, String), usize>;

/// Answers requests from the raw bodies of a sealed snapshot. Nothing can be written to it.
#[derive(Debug)]
pub struct Replay {
    /// The snapshot's folder.
    snapshot: PathBuf,
    /// Its requests; names that differ can still lead to one URL, which was then asked for more than once.
    recorded: BTreeMap<(Source, String), Vec<Request>>,
    /// An instant for answers that do not exist.
    as_of: Timestamp,
    /// What was asked for so far and how often, whether it is recorded or not.
    asked: Mutex<Asked>,
}

impl Replay {
    /// The answers that a snapshot in `folder` recorded.
    #[must_use]
    pub fn new(folder: PathBuf, manifest: &Manifest) -> Self {
        let mut recorded: BTreeMap<_, Vec<Request>> = BTreeMap::new();
        for (source, record) in &manifest.sources {
            for request in &record.requests {
                let mut request = request.clone();
                // A body that was kept whole and could not be understood is judged again, by reading it.
                if request.status == Some(200) && request.raw.is_some() {
                    request.error = None;
                }
                request.rows = None;
                recorded.entry((*source, request.url.clone())).or_default().push(request);
            }
        }
        Self { snapshot: folder, recorded, as_of: manifest.as_of, asked: Mutex::default() }
    }

    /// The first request that was asked for and is not recorded.
    #[must_use]
    pub fn missing(&self) -> Option<(Source, String)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.keys().find(|key| !self.recorded.contains_key(*key)).cloned()
    }

    /// The first request that is recorded and was not asked for.
    #[must_use]
    pub fn unused(&self) -> Option<(Source, String)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = |key| asked.get(key).copied().unwrap_or_default();
        self.recorded.iter().find(|(key, requests)| times(key) < requests.len()).map(|(key, _)| key.clone())
    }
}

impl Spool for Replay {
    fn finished(&self, source: Source, url: &str) -> Option<Request> {
        let key = (source, url.to_owned());
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry(key.clone()).or_default();
        let answer = self.recorded.get(&key).and_then(|requests| requests.get(*times).or(requests.last())).cloned();
        *times += 1;
        drop(asked);
        // Never `None`: the client would then ask the network.
        Some(answer.unwrap_or_else(|| Request {
            error: Some(NOT_RECORDED.to_owned()),
            ..Request::unanswered(url, self.as_of)
        }))
    }

    fn begin(&self, _source: Source) -> io::Result<Box<dyn BodySink>> {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "a sealed snapshot keeps no new answer"))
    }

    fn open(&self, raw: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(zstd::Decoder::new(disk::open(&self.snapshot.join(raw))?)?))
    }

    fn finish(&self, _source: Source, _request: &Request) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::PermissionDenied, "a sealed snapshot keeps no new request"))
    }
}
