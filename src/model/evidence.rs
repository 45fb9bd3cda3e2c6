//! Where a fact comes from: one request, its body, its digest; and the seam through which bodies reach the disk.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};

use super::{coverage::Source, ids::SnapshotId, time::Timestamp};

/// One answered request, as the manifest and the report's request log show it. Never holds a header we sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Request {
    /// Always `GET`.
    pub method: String,
    /// Full URL, query included.
    pub url: String,
    /// Status of the last answer; `None` when none arrived.
    pub status: Option<u16>,
    /// When the last attempt was sent.
    pub started_at: Timestamp,
    /// The Hub's clock: the `Date` header of the answer; `None` when it sent none that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// Milliseconds from sending to the last byte.
    pub ms: u64,
    /// Bytes of the decoded body.
    pub bytes: u64,
    /// SHA-256 of the decoded body in hexadecimal; `None` without a body.
    pub sha256: Option<String>,
    /// Rows read from the body; `None` when it was not parsed.
    pub rows: Option<u64>,
    /// Path of the kept body inside the snapshot, `raw/<source>/<nnnn>.json.zst`; `None` without a body.
    pub raw: Option<String>,
    /// Attempts made, the last one included; 0 when nothing was sent.
    pub attempts: u32,
    /// Why the answer is not usable, in one line; `None` when it is.
    pub error: Option<String>,
    /// Target of `Link: rel="next"` as the server sent it; `None` without one.
    pub next: Option<String>,
    /// Whether the answer has a `Link` header that cannot be read whole, so that there may be a next page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub link_unreadable: bool,
    /// Snapshot that was given this answer, when the Hub was not asked again; `None` for an answer of this collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_snapshot: Option<SnapshotId>,
}

impl Request {
    /// A request that was not sent at `at`, to which there is no answer and no reason yet.
    #[must_use]
    pub fn unanswered(url: &str, at: Timestamp) -> Self {
        Self {
            method: "GET".to_owned(),
            url: url.to_owned(),
            status: None,
            started_at: at,
            date: None,
            ms: 0,
            bytes: 0,
            sha256: None,
            rows: None,
            raw: None,
            attempts: 0,
            error: None,
            next: None,
            link_unreadable: false,
            from_snapshot: None,
        }
    }
}

/// Keeps response bodies, and hands back those that an interrupted collection had already finished.
///
/// Implemented by the store; the Hub client writes every body through it, so that memory stays bounded and what is
/// parsed is what is sealed.
pub trait Spool: Send + Sync + std::fmt::Debug {
    /// A finished request of an earlier attempt for the same source and URL, if this collection resumes one.
    fn finished(&self, source: Source, url: &str) -> Option<Request>;

    /// Takes over what the snapshot before was answered to the same question, if that was after `touched`, when what
    /// is asked about last changed. It then counts as finished. Nothing happens where there is no such answer, or
    /// its body is no longer what it was.
    ///
    /// # Errors
    /// When the disk refuses the copy.
    fn carry(&self, _source: Source, _url: &str, _touched: Timestamp) -> io::Result<()> {
        Ok(())
    }

    /// Opens a new body file for a source; bodies of one source are numbered in the order of this call.
    ///
    /// # Errors
    /// When the disk refuses (full, read-only).
    fn begin(&self, source: Source) -> io::Result<Box<dyn BodySink>>;

    /// Reads a kept body, decompressed. `raw` is [`Request::raw`].
    ///
    /// # Errors
    /// When the file is missing or unreadable.
    fn open(&self, raw: &str) -> io::Result<Box<dyn Read + Send>>;

    /// Writes a finished request to the journal; from here on it survives a crash.
    ///
    /// # Errors
    /// When the disk refuses.
    fn finish(&self, source: Source, request: &Request) -> io::Result<()>;
}

/// A body being written.
pub trait BodySink: Send {
    /// Appends decoded bytes.
    ///
    /// # Errors
    /// When the disk refuses.
    fn write(&mut self, chunk: &[u8]) -> io::Result<()>;

    /// Finishes the file: its path inside the snapshot, the decoded size, and the SHA-256 of the decoded bytes.
    ///
    /// # Errors
    /// When the disk refuses.
    fn close(self: Box<Self>) -> io::Result<Body>;

    /// Throws the file away (a broken attempt); its number is used by the next body.
    fn discard(self: Box<Self>);
}

/// A finished body file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Body {
    /// `raw/<source>/<nnnn>.json.zst`.
    pub raw: String,
    /// Decoded bytes.
    pub bytes: u64,
    /// SHA-256 of the decoded bytes, hexadecimal.
    pub sha256: String,
}
