//! A response body on its way to the spool: chunk by chunk, checked while it passes, kept only when it is whole.

use std::io::{self, BufReader, Read};

use reqwest::Response;
use serde::de::IgnoredAny;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::model::evidence::{Body, BodySink};

/// Largest body that is read: far above any export the Hub documents.
const LARGEST: u64 = 2 << 30;

/// How much of a refusal's body is kept.
pub(super) const REFUSAL: usize = 64 << 10;

/// Chunks between the network and the check; bounds memory.
const AHEAD: usize = 8;

/// Why a body is not whole.
#[derive(Debug)]
pub(super) enum Broken {
    /// The network failed or the JSON is no JSON; worth another try.
    Answer(String),
    /// It is too large; not worth another try.
    TooLarge,
    /// The disk failed.
    Disk(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Streams a successful body into `sink`; keeps it only when it is one complete JSON value.
pub(super) async fn keep(response: Response, mut sink: Box<dyn BodySink>) -> Result<Body, Broken> {
    match stream(response, sink.as_mut()).await {
        Ok(()) => Ok(sink.close()?),
        Err(broken) => {
            sink.discard();
            Err(broken)
        }
    }
}

/// Writes every chunk and has the whole checked on the way.
async fn stream(mut response: Response, sink: &mut dyn BodySink) -> Result<(), Broken> {
    let kind = content_type(&response);
    let (mut feed, check) = checker();
    let mut read = 0_u64;
    loop {
        let chunk = match response.chunk().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(error) => {
                return Err(Broken::Answer(format!("the answer broke off: {}", super::client::chain(&error))));
            }
        };
        read += chunk.len() as u64;
        if read > LARGEST {
            return Err(Broken::TooLarge);
        }
        sink.write(&chunk)?;
        if let Some(sender) = &feed
            && sender.send(chunk.to_vec()).await.is_err()
        {
            // The check has ended before the body: it is no JSON, and the rest of it need not be read.
            feed = None;
            break;
        }
    }
    drop(feed);
    match check.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Broken::Answer(not_json(&error, &kind, read))),
        Err(error) => Err(Broken::Answer(format!("the answer could not be checked: {error}"))),
    }
}

/// Says that a body is no JSON without quoting it.
fn not_json(error: &serde_json::Error, kind: &str, read: u64) -> String {
    let at = format!("line {}, column {}", error.line(), error.column());
    match (read, error.is_eof()) {
        (0, _) => "the answer is empty".to_owned(),
        (_, true) => format!("the answer is cut off after {read} bytes"),
        _ if kind.is_empty() => format!("the answer is not valid JSON ({at})"),
        _ => format!("the answer is not valid JSON ({kind}, {at})"),
    }
}

/// A check that reads JSON from what is sent to it, beside the network.
fn checker() -> (Option<mpsc::Sender<Vec<u8>>>, JoinHandle<serde_json::Result<()>>) {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let check = tokio::task::spawn_blocking(move || {
        let reader = BufReader::new(Chunks { receiver, chunk: Vec::new(), at: 0 });
        serde_json::from_reader::<_, IgnoredAny>(reader).map(|_| ())
    });
    (Some(sender), check)
}

/// Chunks as a reader.
struct Chunks {
    /// Where they come from.
    receiver: mpsc::Receiver<Vec<u8>>,
    /// The one being read.
    chunk: Vec<u8>,
    /// How much of it was read.
    at: usize,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.chunk.len() {
            match self.receiver.blocking_recv() {
                Some(chunk) => (self.chunk, self.at) = (chunk, 0),
                None => return Ok(0),
            }
        }
        let rest = &self.chunk[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// The first 64 KiB of a refusal; what the network does not deliver is left out.
pub(super) async fn refusal(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < REFUSAL
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(REFUSAL);
    body
}

/// The media type of an answer without its parameters; empty when it names none.
pub(super) fn content_type(response: &Response) -> String {
    let value = response.headers().get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    super::text::one_line(value.unwrap_or_default().split(';').next().unwrap_or_default())
}
