//! For tests: a Hub that follows a script, and a spool in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    io::{self, Cursor, Read},
    sync::{Arc, Mutex},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use super::{Client, Endpoint, Limits, Options, Token};
use crate::model::{
    coverage::Source,
    evidence::{Body, BodySink, Request, Spool},
    time,
};

/// Bodies and journal in memory.
#[derive(Debug, Default)]
pub(crate) struct MemorySpool {
    /// Bodies by path, shared with the sinks.
    bodies: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// Number of the next body per source, shared with the sinks.
    numbers: Arc<Mutex<BTreeMap<Source, u32>>>,
    /// Finished requests.
    pub(crate) journal: Mutex<Vec<(Source, Request)>>,
}

/// A body being written to memory.
struct MemorySink {
    /// Where it goes.
    bodies: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// Its path.
    raw: String,
    /// What was written.
    bytes: Vec<u8>,
}

impl Spool for MemorySpool {
    fn finished(&self, source: Source, url: &str) -> Option<Request> {
        self.journal.lock().unwrap().iter().find(|(s, r)| *s == source && r.url == url).map(|(_, r)| r.clone())
    }

    fn begin(&self, source: Source) -> io::Result<Box<dyn BodySink>> {
        let mut numbers = self.numbers.lock().unwrap();
        let number = numbers.entry(source).or_default();
        *number += 1;
        let raw = format!("raw/{source}/{number:04}.json.zst");
        Ok(Box::new(MemorySink { bodies: Arc::clone(&self.bodies), raw, bytes: Vec::new() }))
    }

    fn open(&self, raw: &str) -> io::Result<Box<dyn Read + Send>> {
        let bodies = self.bodies.lock().unwrap();
        let body = bodies.get(raw).ok_or_else(|| io::Error::other(format!("{raw} was never kept")))?;
        Ok(Box::new(Cursor::new(body.clone())))
    }

    fn finish(&self, source: Source, request: &Request) -> io::Result<()> {
        self.journal.lock().unwrap().push((source, request.clone()));
        Ok(())
    }
}

impl MemorySpool {
    /// Number of kept bodies.
    pub(crate) fn kept(&self) -> usize {
        self.bodies.lock().unwrap().len()
    }
}

impl BodySink for MemorySink {
    fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    fn close(self: Box<Self>) -> io::Result<Body> {
        use std::fmt::Write as _;
        let mut sha256 = String::new();
        for byte in Sha256::digest(&self.bytes) {
            write!(sha256, "{byte:02x}").unwrap();
        }
        let body = Body { raw: self.raw.clone(), bytes: self.bytes.len() as u64, sha256 };
        self.bodies.lock().unwrap().insert(self.raw, self.bytes);
        Ok(body)
    }

    fn discard(self: Box<Self>) {}
}

/// One scripted answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// Status; 0 closes the connection without a word.
    pub(crate) status: u16,
    /// Headers, `{hub}` stands for the server's own URL.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// Body.
    pub(crate) body: Vec<u8>,
    /// Bytes of the body that are held back although `Content-Length` promises them.
    pub(crate) missing: usize,
    /// How long it takes.
    pub(crate) delay: Duration,
}

/// A 200 with a JSON body.
pub(crate) fn json(body: impl Into<String>) -> Reply {
    reply(200, body)
}

/// An answer with a status and a JSON body.
pub(crate) fn reply(status: u16, body: impl Into<String>) -> Reply {
    let headers = vec![("content-type", "application/json".to_owned())];
    Reply { status, headers, body: body.into().into_bytes(), missing: 0, delay: Duration::ZERO }
}

impl Reply {
    /// With another header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// With a link to the next page.
    pub(crate) fn next(self, target: &str) -> Self {
        self.header("link", format!("<{target}>; rel=\"next\""))
    }
}

/// What a test Hub answers: a path with its query to what it says there, one after the other, the last one for good.
type Script = Arc<Mutex<BTreeMap<String, VecDeque<Reply>>>>;

/// A Hub on loopback.
#[derive(Debug)]
pub(crate) struct Hub {
    /// Its URL.
    pub(crate) url: String,
    /// What it answers.
    script: Script,
    /// Request heads it has seen, whole.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Hub {
    /// Starts one; paths without a script are answered by 404.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hub = Self { url: url.clone(), script: Arc::default(), seen: Arc::default() };
        let (script, seen) = (Arc::clone(&hub.script), Arc::clone(&hub.seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, url.clone(), Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        hub
    }

    /// Adds an answer.
    pub(crate) fn on(&self, path: &str, reply: Reply) -> &Self {
        self.script.lock().unwrap().entry(path.to_owned()).or_default().push_back(reply);
        self
    }

    /// Replaces the answers of a path by one.
    pub(crate) fn only(&self, path: &str, reply: Reply) {
        self.script.lock().unwrap().insert(path.to_owned(), VecDeque::from([reply]));
    }

    /// Makes every answer of a path take its time.
    pub(crate) fn delay(&self, path: &str, delay: Duration) {
        for reply in self.script.lock().unwrap().get_mut(path).into_iter().flatten() {
            reply.delay = delay;
        }
    }

    /// Paths asked for, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter_map(|head| head.split(' ').nth(1)).map(str::to_owned).collect()
    }

    /// Everything it was sent.
    pub(crate) fn heads(&self) -> String {
        self.seen.lock().unwrap().join("\n")
    }

    /// A client of it, with the token `hf_invented`.
    pub(crate) fn client(&self, spool: &Arc<MemorySpool>) -> Client {
        Client::new(self.options(Arc::<MemorySpool>::clone(spool))).unwrap()
    }

    /// What such a client is made with.
    pub(crate) fn options(&self, spool: Arc<dyn Spool>) -> Options {
        Options {
            endpoint: Endpoint::parse(&self.url, false).unwrap(),
            token: Some(Token::new("hf_invented".to_owned())),
            scim_token: None,
            concurrency: 4,
            clock: Arc::new(|| time::parse("2026-10-01T06:00:00Z").unwrap()),
            spool,
            waiting: Arc::new(|_| {}),
            limits: Limits::default(),
        }
    }
}

/// Answers one connection.
async fn serve(mut stream: TcpStream, url: String, script: Script, seen: Arc<Mutex<Vec<String>>>) {
    let mut buffer = Vec::new();
    loop {
        while !buffer.windows(4).any(|w| w == b"\r\n\r\n") {
            let mut chunk = [0; 4096];
            match stream.read(&mut chunk).await {
                Ok(n) if n > 0 => buffer.extend_from_slice(&chunk[..n]),
                _ => return,
            }
        }
        let head = String::from_utf8_lossy(&buffer).into_owned();
        buffer.clear();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        seen.lock().unwrap().push(head);
        let reply = {
            let mut script = script.lock().unwrap();
            let queue = script.get_mut(&path);
            let next = queue.and_then(|q| if q.len() > 1 { q.pop_front() } else { q.front().cloned() });
            next.unwrap_or_else(|| reply(404, r#"{"error":"Not found"}"#))
        };
        tokio::time::sleep(reply.delay).await;
        if reply.status == 0 {
            return;
        }
        let mut out = format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
        for (name, value) in &reply.headers {
            out = format!("{out}{name}: {}\r\n", value.replace("{hub}", &url));
        }
        out.push_str("\r\n");
        let body = &reply.body[..reply.body.len() - reply.missing];
        if stream.write_all(out.as_bytes()).await.is_err() || stream.write_all(body).await.is_err() {
            return;
        }
        if reply.missing > 0 {
            return;
        }
    }
}
