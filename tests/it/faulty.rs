//! A Hub that misbehaves on purpose: it stands before the sample's Hub and changes single answers on their way.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use rollcall::demo::{Options, Server, TOKEN};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    time::sleep,
};

use crate::common::{Run, Sandbox};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// How many requests have come so far, this one included.
    pub(crate) number: usize,
    /// The method, as it was sent.
    pub(crate) method: String,
    /// How many of them were for this path.
    pub(crate) nth: usize,
    /// Path with query.
    pub(crate) target: String,
    /// Path.
    pub(crate) path: String,
    /// When it came.
    pub(crate) at: Instant,
}

/// An answer on its way to the client.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Status.
    pub(crate) status: u16,
    /// Headers, `content-length` left out.
    pub(crate) headers: Vec<(String, String)>,
    /// Body.
    pub(crate) body: Vec<u8>,
    /// Bytes of the body that are promised and held back.
    pub(crate) missing: usize,
    /// Resets the connection after what is sent; with nothing sent at all when the body is empty.
    pub(crate) reset: bool,
    /// Pause before every tenth part of the body.
    pub(crate) pause: Duration,
    /// Never answers.
    pub(crate) hold: bool,
}

impl Answer {
    /// Becomes another answer, with a JSON body.
    pub(crate) fn say(&mut self, status: u16, body: &str) {
        self.status = status;
        self.body = body.as_bytes().to_vec();
        self.headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    }

    /// Sets a header.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }
}

/// What is done to an answer.
type Rule = dyn Fn(&Ask, &mut Answer) + Send + Sync;

/// What all misbehaving Hubs of the tests share.
struct Shared {
    /// Serves.
    runtime: Runtime,
    /// The sample's Hub.
    sample: Server,
}

/// The sample's Hub at its first quarter, when it is smallest.
fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let runtime = Runtime::new().expect("a runtime");
        let sample = runtime.block_on(Server::start_with(0, 0, Options { quota: 1_000_000, ..Options::default() }));
        Shared { runtime, sample: sample.expect("a port on loopback") }
    })
}

/// A misbehaving Hub.
#[derive(Debug)]
pub(crate) struct Faulty {
    /// Its URL.
    pub(crate) url: String,
    /// Every request so far.
    asks: Arc<Mutex<Vec<Ask>>>,
}

impl Faulty {
    /// Starts one on this machine's clock; `rule` may change every answer.
    pub(crate) fn start(rule: impl Fn(&Ask, &mut Answer) + Send + Sync + 'static) -> io::Result<Self> {
        Self::serving(rule)
    }

    /// Starts one whose clock stands at `at`.
    pub(crate) fn start_at(at: &str, rule: impl Fn(&Ask, &mut Answer) + Send + Sync + 'static) -> io::Result<Self> {
        let date = http_date(at);
        Self::serving(move |ask, answer| {
            answer.set("date", &date);
            rule(ask, answer);
        })
    }

    /// Starts one.
    fn serving(rule: impl Fn(&Ask, &mut Answer) + Send + Sync + 'static) -> io::Result<Self> {
        let shared = shared();
        let listener = shared.runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let url = format!("http://{}", listener.local_addr()?);
        let upstream = shared.sample.url().trim_start_matches("http://").parse::<SocketAddr>();
        let upstream = upstream.map_err(io::Error::other)?;
        let asks = Arc::new(Mutex::new(Vec::new()));
        let (rule, seen): (Arc<Rule>, _) = (Arc::new(rule), Arc::clone(&asks));
        shared.runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (rule, seen) = (Arc::clone(&rule), Arc::clone(&seen));
                tokio::spawn(async move { serve(stream, upstream, &*rule, &seen).await });
            }
        });
        Ok(Self { url, asks })
    }

    /// Every request so far.
    pub(crate) fn asks(&self) -> Vec<Ask> {
        self.asks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs the program against it, with the sample's token.
    pub(crate) fn run(&self, sandbox: &Sandbox, line: &str) -> io::Result<Run> {
        let words = line.split_whitespace();
        Run::of(sandbox.command().args(words).env("HF_TOKEN", TOKEN).env("HF_ENDPOINT", &self.url))
    }

    /// Starts the program against it and leaves it running.
    pub(crate) fn spawn(&self, sandbox: &Sandbox, line: &str) -> io::Result<Child> {
        Command::new(program())
            .args(line.split_whitespace())
            .env_clear()
            .env("HOME", sandbox.path("home"))
            .env("HF_TOKEN", TOKEN)
            .env("HF_ENDPOINT", &self.url)
            .current_dir(sandbox.path("."))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
    }
}

/// An instant as the header `Date` says it.
pub(crate) fn http_date(at: &str) -> String {
    let at = rollcall::model::time::parse(at).expect("an instant");
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The built program.
pub(crate) fn program() -> PathBuf {
    assert_cmd::cargo::cargo_bin!("rollcall").to_owned()
}

/// Answers the one request of a connection.
async fn serve(mut stream: TcpStream, upstream: SocketAddr, rule: &Rule, asks: &Mutex<Vec<Ask>>) -> io::Result<()> {
    let Some(head) = head(&mut stream).await? else { return Ok(()) };
    let word = |at| head.split(' ').nth(at).unwrap_or_default().to_owned();
    let (method, target) = (word(0), word(1));
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let ask = {
        let mut asks = asks.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = asks.iter().filter(|ask| ask.path == path).count() + 1;
        let ask = Ask { number: asks.len() + 1, method, nth, target, path, at: Instant::now() };
        asks.push(ask.clone());
        ask
    };
    let mut answer = forward(upstream, &narrow_ask(&head)).await?;
    narrow_answer(&ask, &mut answer);
    rule(&ask, &mut answer);
    send(stream, answer).await
}

/// Reads the head of a request; `None` when the client hangs up.
async fn head(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut chunk).await? {
            0 => return Ok(None),
            count => bytes.extend_from_slice(&chunk[..count]),
        }
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Asks the sample's Hub the same.
async fn forward(upstream: SocketAddr, head: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(upstream).await?;
    let lines = head.trim_end().lines().filter(|line| !line.to_lowercase().starts_with("connection:"));
    let head = format!("{}\r\nconnection: close\r\n\r\n", lines.collect::<Vec<_>>().join("\r\n"));
    stream.write_all(head.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len() - 4);
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let own = ["content-length", "connection", "ratelimit", "ratelimit-policy"];
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.filter(|(name, _)| !own.contains(name)).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let body = bytes.split_off(end + 4);
    let (status, pause) = (status.unwrap_or(500), Duration::ZERO);
    Ok(Answer { status, headers, body, missing: 0, reset: false, pause, hold: false })
}

/// Asks for short pages of members, so that there are several.
fn narrow_ask(head: &str) -> String {
    head.replacen("/members?limit=1000", "/members?limit=20", 1)
}

/// Leaves one gated repository, so that a whole collection is some thirty requests.
fn narrow_answer(ask: &Ask, answer: &mut Answer) {
    if !matches!(ask.path.as_str(), "/api/models" | "/api/datasets") {
        return;
    }
    let Ok(mut list) = serde_json::from_slice::<Vec<serde_json::Value>>(&answer.body) else { return };
    let mut left = usize::from(ask.path == "/api/models");
    for item in &mut list {
        let gated = item["gated"] != serde_json::json!(false);
        if gated && left == 0 {
            item["gated"] = false.into();
        }
        left -= usize::from(gated && left > 0);
    }
    answer.body = serde_json::to_vec(&list).unwrap_or_default();
}

/// Puts an answer on the wire.
async fn send(mut stream: TcpStream, answer: Answer) -> io::Result<()> {
    if answer.hold {
        std::future::pending::<()>().await;
    }
    let length = answer.body.len() + answer.missing;
    let mut head = format!("HTTP/1.1 {} X\r\ncontent-length: {length}\r\nconnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    if !(answer.reset && answer.body.is_empty()) {
        stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    }
    for part in answer.body.chunks((answer.body.len() / 10).max(1)) {
        sleep(answer.pause).await;
        stream.write_all(part).await?;
    }
    if answer.reset {
        // What was sent must arrive before the reset overtakes it.
        stream.flush().await?;
        sleep(Duration::from_millis(50)).await;
        stream.set_zero_linger()?;
        return Ok(());
    }
    stream.shutdown().await
}
