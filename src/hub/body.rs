//! A response body on its way to the spool: piece by piece, checked while it passes, kept only when it is whole.
//!
//! The network hands its pieces to a thread, which decompresses, counts, looks for our tokens, writes, and reads the
//! JSON to its end. Nothing of that holds more than a few pieces.

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;
use reqwest::{
    Response,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use serde::de::IgnoredAny;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::{
    bounds::{Limits, size},
    client::Client,
    secrets::{REPEATS_TOKEN, Search},
};
use crate::model::{
    coverage::Source,
    evidence::{Body, BodySink},
};

/// How much of a refusal's body is kept; of a longer one nothing is.
pub(super) const REFUSAL: usize = 64 << 10;

/// Pieces between the network and the check; bounds memory.
const AHEAD: usize = 8;

/// Why a body is not whole.
#[derive(Debug)]
pub(super) enum Broken {
    /// The network failed, or it is no JSON; worth another try.
    Answer(String),
    /// It is larger than allowed, or repeats the token; not worth another try.
    Refused(String),
    /// The disk failed.
    Disk(io::Error),
}

/// Streams a successful body into `sink`; keeps it only when it is one complete JSON value within the limits. `sent` is
/// when the request was.
pub(super) async fn keep(
    client: &Client,
    source: Source,
    (mut response, sent): (Response, Instant),
    sink: Box<dyn BodySink>,
) -> Result<Body, Broken> {
    let limits = client.options.limits;
    let (kind, packed) = (content_type(&response), is_packed(&response));
    let (feed, network) = mpsc::channel(AHEAD);
    let secrets = client.secrets.clone();
    let check = tokio::task::spawn_blocking(move || {
        let pieces = Pieces { network, piece: Vec::new(), at: 0, received: 0 };
        let mut passage = Passage {
            from: if packed { From::Packed(Box::new(MultiGzDecoder::new(pieces))) } else { From::Plain(pieces) },
            search: secrets.search(),
            sink,
            limits,
            most: limits.body(source),
            decoded: 0,
            broken: None,
        };
        let read = serde_json::from_reader::<_, IgnoredAny>(BufReader::new(&mut passage));
        passage.end(read, &kind)
    });
    let mut received = 0_u64;
    let broken_off = loop {
        let piece = match timeout_at(sent + limits.time_for(received), response.chunk()).await {
            Ok(Ok(Some(piece))) => piece,
            Ok(Ok(None)) => break None,
            Ok(Err(error)) => {
                let why = format!("the answer broke off: {}", super::client::chain(&error));
                break Some(Broken::Answer(client.secrets.strike(&why)));
            }
            Err(_elapsed) => {
                break Some(Broken::Answer(format!("the answer was not whole in time, after {received} bytes")));
            }
        };
        received = received.saturating_add(piece.len() as u64);
        // Counted before it is decoded as well: compressed bytes may become nothing at all.
        if received > limits.body(source) {
            break Some(Broken::Refused(format!("the answer is larger than {}", size(limits.body(source)))));
        }
        if feed.send(piece.to_vec()).await.is_err() {
            // The check has ended before the body: the rest of it need not be read.
            break None;
        }
    };
    drop(feed);
    let checked = match check.await {
        Ok(checked) => checked,
        Err(error) => Err((None, Broken::Answer(format!("the answer could not be checked: {error}")))),
    };
    match (checked, broken_off) {
        (Ok(sink), None) => sink.close().map_err(Broken::Disk),
        (Ok(sink), Some(broken)) => {
            sink.discard();
            Err(broken)
        }
        (Err((sink, broken)), broken_off) => {
            if let Some(sink) = sink {
                sink.discard();
            }
            // What broke off is no JSON for that reason alone.
            Err(match (broken, broken_off) {
                (Broken::Answer(_), Some(cause)) => cause,
                (broken, _) => broken,
            })
        }
    }
}

/// Whether a body is compressed in the one way that is asked for.
fn is_packed(response: &Response) -> bool {
    let encoding = response.headers().get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    encoding.is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("gzip"))
}

/// A sink, and what is wrong with what was written to it.
type Spoilt = (Option<Box<dyn BodySink>>, Broken);

/// Where the bytes of a body come from.
enum From {
    /// As they were received.
    Plain(Pieces),
    /// Compressed.
    Packed(Box<MultiGzDecoder<Pieces>>),
}

/// The decoded bytes on their way to whoever reads the JSON.
struct Passage<'s> {
    /// Where they come from.
    from: From,
    /// Looks for our tokens.
    search: Search<'s>,
    /// Where they are kept.
    sink: Box<dyn BodySink>,
    /// What is allowed.
    limits: Limits,
    /// How many there may be.
    most: u64,
    /// How many there were.
    decoded: u64,
    /// Why no more are handed on.
    broken: Option<Broken>,
}

impl Passage<'_> {
    /// Bytes received so far.
    fn received(&self) -> u64 {
        match &self.from {
            From::Plain(pieces) => pieces.received,
            From::Packed(decoder) => decoder.get_ref().received,
        }
    }

    /// What is wrong with the bytes that came last; they are kept if nothing is.
    fn look_at(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.decoded = self.decoded.saturating_add(bytes.len() as u64);
        if self.decoded > self.most {
            return Err(Broken::Refused(format!("the answer is larger than {}", size(self.most))));
        }
        if matches!(self.from, From::Packed(_)) && !self.limits.allow(self.received(), self.decoded) {
            let why = format!("the answer is compressed more than {} times", self.limits.ratio);
            return Err(Broken::Refused(why));
        }
        if self.search.feed(bytes) {
            return Err(Broken::Refused(REPEATS_TOKEN.to_owned()));
        }
        self.sink.write(bytes).map_err(Broken::Disk)
    }

    /// The sink, when all went well.
    fn end(self, read: serde_json::Result<IgnoredAny>, kind: &str) -> Result<Box<dyn BodySink>, Spoilt> {
        match (self.broken, read) {
            (Some(broken), _) => Err((Some(self.sink), broken)),
            (None, Ok(_)) => Ok(self.sink),
            (None, Err(error)) => {
                let why = not_json(&error, kind, self.decoded);
                Err((Some(self.sink), Broken::Answer(why)))
            }
        }
    }
}

impl Read for Passage<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.from {
            From::Plain(pieces) => pieces.read(buffer),
            From::Packed(decoder) => decoder.read(buffer),
        };
        let count = match read {
            Ok(count) => count,
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::UnexpectedEof => format!("the answer is cut off after {} bytes", self.decoded),
                    _ => format!("the answer is not valid gzip: {error}"),
                };
                self.broken = Some(Broken::Answer(why));
                return Err(error);
            }
        };
        self.look_at(&buffer[..count]).map_err(|broken| {
            self.broken = Some(broken);
            io::Error::other("not read to its end")
        })?;
        Ok(count)
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

/// What the network received, as a reader.
struct Pieces {
    /// Where they come from.
    network: mpsc::Receiver<Vec<u8>>,
    /// The one being read.
    piece: Vec<u8>,
    /// How much of it was read.
    at: usize,
    /// Bytes received, in all pieces so far.
    received: u64,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.network.blocking_recv() {
                Some(piece) => {
                    self.received = self.received.saturating_add(piece.len() as u64);
                    (self.piece, self.at) = (piece, 0);
                }
                None => return Ok(0),
            }
        }
        let rest = &self.piece[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// The body of a refusal; nothing when it is longer than 64 KiB or did not arrive whole in time. A part of it would be
/// of little use, and could end inside a token.
pub(super) async fn refusal(limits: &Limits, mut response: Response, sent: Instant) -> Vec<u8> {
    let packed = is_packed(&response);
    let mut body = Vec::new();
    loop {
        match timeout_at(sent + limits.time_for(body.len() as u64), response.chunk()).await {
            Ok(Ok(Some(piece))) if body.len() + piece.len() <= REFUSAL => body.extend_from_slice(&piece),
            Ok(Ok(None)) => break,
            _ => return Vec::new(),
        }
    }
    if !packed {
        return body;
    }
    let mut decoded = Vec::new();
    let read = MultiGzDecoder::new(&*body).take(REFUSAL as u64 + 1).read_to_end(&mut decoded);
    if read.is_ok_and(|count| count <= REFUSAL) { decoded } else { Vec::new() }
}

/// The media type of an answer without its parameters; empty when it names none.
pub(super) fn content_type(response: &Response) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    super::text::one_line(value.unwrap_or_default().split(';').next().unwrap_or_default())
}
