//! One GET, however many attempts it takes: retries, redirects, pacing, and the record of it.

use std::{
    error::Error as _,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, LOCATION},
    redirect::Policy,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep, timeout, timeout_at},
};
use url::Url;

use super::{
    attempt::{Attempt, Outcome},
    bounds::Limits,
    endpoint::Endpoint,
    error::Error,
    limits,
    pacer::{Pacer, Pass, Waiting},
    pager::Pager,
    retry,
    secrets::{REPEATS_TOKEN, Secrets},
    token::Token,
    vitals::Vitals,
};
use crate::model::{
    coverage::Source,
    evidence::{Request, Spool},
    time::{self, Timestamp},
};

/// Redirects followed for one request.
const HOPS: usize = 5;

/// Requests in a row without any answer after which a request is tried only once.
const SILENT: u32 = 8;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a client needs.
pub struct Options {
    /// The Hub.
    pub endpoint: Endpoint,
    /// Access token; `None` asks as nobody.
    pub token: Option<Token>,
    /// Token for SCIM; `None` uses the access token there too.
    pub scim_token: Option<Token>,
    /// Requests in flight at most; 0 counts as 1.
    pub concurrency: usize,
    /// Tells the time of requests.
    pub clock: Clock,
    /// Keeps bodies.
    pub spool: Arc<dyn Spool>,
    /// Told how many seconds the rate limit makes us wait.
    pub waiting: Waiting,
    /// How much is read, and for how long.
    pub limits: Limits,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("endpoint", &self.endpoint)
            .field("token", &self.token)
            .field("scim_token", &self.scim_token)
            .field("concurrency", &self.concurrency)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Reads the Hub. The only request it can make is a GET.
pub struct Client {
    /// The HTTP library, which follows no redirect by itself and keeps no cookie.
    http: reqwest::Client,
    /// What it was made with.
    pub(super) options: Options,
    /// `Authorization` of ordinary and of SCIM requests.
    authorization: (Option<HeaderValue>, Option<HeaderValue>),
    /// Finds our tokens in answers.
    pub(super) secrets: Arc<Secrets>,
    /// When its time is over; `None` when that is further away than the clock can tell.
    ends: Option<Instant>,
    /// Paces.
    pacer: Pacer,
    /// One permit per request in flight.
    slots: Semaphore,
    /// Whether the Hub has answered anything.
    heard: AtomicBool,
    /// Requests in a row that got no answer.
    silent: AtomicU32,
    /// What the answers say beside their bodies.
    vitals: Mutex<Vitals>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("options", &self.options).finish_non_exhaustive()
    }
}

/// When a request left, once the quota had let it.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    /// On the wall.
    pub(super) at: Timestamp,
    /// On the stopwatch.
    pub(super) began: Instant,
}

/// What following redirects came to.
pub(super) enum Followed {
    /// A final answer, and when the request for it was sent.
    Answer(Response, Instant),
    /// An answer that is neither read nor followed: its status, why, and its `Date`.
    Astray(StatusCode, String, Option<Timestamp>),
    /// No answer.
    Silence(Silence),
}

/// Why no answer came.
pub(super) enum Silence {
    /// The network failed.
    Error(reqwest::Error),
    /// There was none within the time for a request.
    Late,
}

impl Client {
    /// A client for one collection. Its time runs from here.
    ///
    /// # Errors
    /// When a token cannot be sent as a header, or TLS cannot be set up.
    pub fn new(options: Options) -> Result<Self, Error> {
        let header = |token: &Option<Token>, kind| match token {
            Some(token) => token.header().map(Some).ok_or(Error::Token { kind }),
            None => Ok(None),
        };
        let ordinary = header(&options.token, "access")?;
        let scim = header(&options.scim_token, "SCIM")?.or_else(|| ordinary.clone());
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([
                (ACCEPT, HeaderValue::from_static("application/json")),
                (ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
            ]))
            // Received bytes are counted before they are decoded, which only we can do.
            .no_gzip()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(Duration::from_secs(60));
        if options.endpoint.is_plain() || options.endpoint.is_loopback() {
            // A proxy of the environment would see the token of a plain-http request, and does not know this machine.
            builder = builder.no_proxy();
        }
        Ok(Self {
            http: builder.build().map_err(Error::Setup)?,
            authorization: (ordinary, scim),
            secrets: Arc::new(Secrets::new([&options.token, &options.scim_token].into_iter().flatten())),
            ends: Instant::now().checked_add(options.limits.deadline),
            pacer: Pacer::new(Arc::clone(&options.waiting)),
            slots: Semaphore::new(options.concurrency.max(1)),
            heard: AtomicBool::new(false),
            silent: AtomicU32::new(0),
            vitals: Mutex::default(),
            options,
        })
    }

    /// The Hub it reads.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.options.endpoint
    }

    /// Where bodies are kept.
    #[must_use]
    pub fn spool(&self) -> Arc<dyn Spool> {
        Arc::clone(&self.options.spool)
    }

    /// Whether it reads as somebody.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.authorization.0.is_some()
    }

    /// The Hub's clock and the quota as the newest answers tell them.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        self.vitals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests in flight at most.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        self.options.concurrency.max(1)
    }

    /// Why no page is asked for after so many decoded bytes of a list; `None` while there may be more.
    #[must_use]
    pub fn list_is_full(&self, decoded: u64) -> Option<String> {
        self.options.limits.list_is_full(decoded)
    }

    /// A walk over the pages that begin at `first`.
    #[must_use]
    pub fn pager(&self, source: Source, first: Url) -> Pager<'_> {
        Pager::new(self, source, first)
    }

    /// Asks for `url` until there is an answer to record, good or bad.
    ///
    /// The answer is good when its [`error`](Request::error) is `None`: its body is then one whole JSON value, kept in
    /// the spool. An answer that an earlier attempt of the collection finished is not asked for again. When the time of
    /// the client is over nothing is sent any more, and what is under way is given up: the error says so.
    ///
    /// # Errors
    /// When the spool cannot be written.
    pub async fn get(&self, source: Source, url: &Url) -> Result<Request, Error> {
        if let Some(done) = self.options.spool.finished(source, url.as_str()) {
            return Ok(done);
        }
        let Some(ends) = self.ends else { return self.ask(source, url).await };
        if Instant::now() < ends
            && let Ok(answer) = timeout_at(ends, self.ask(source, url)).await
        {
            return answer;
        }
        let error = Some(self.options.limits.out_of_time());
        Ok(Request { error, ..Request::unanswered(url.as_str(), (self.options.clock)()) })
    }

    /// Asks the Hub, however many attempts it takes.
    async fn ask(&self, source: Source, url: &Url) -> Result<Request, Error> {
        let (mut failed, mut throttled, mut attempts) = (0, 0, 0);
        let (mut delays, mut throttle_delays) = (retry::delays(), retry::delays());
        loop {
            attempts += 1;
            let slot = self.slots.acquire().await;
            let last = failed >= self.retries() || throttled + 1 >= retry::THROTTLED;
            let outcome = Attempt { client: self, source, url, number: attempts, last }.run().await?;
            drop(slot);
            let wait = match outcome {
                Outcome::Done(request) => return self.finish(source, request),
                Outcome::Throttled(request, wait) => {
                    throttled += 1;
                    if throttled >= retry::THROTTLED {
                        return Ok(request);
                    }
                    wait.or_else(|| throttle_delays.next())
                }
                Outcome::Broken { request, wait, soon } => {
                    let retries = if soon { self.retries().min(retry::FIRST_RETRIES) } else { self.retries() };
                    if failed >= retries {
                        self.count_silence(&request);
                        return Ok(request);
                    }
                    failed += 1;
                    wait.or_else(|| delays.next())
                }
            };
            let wait = wait.unwrap_or_default();
            tracing::debug!(source = source.name(), attempt = attempts, seconds = wait.as_secs(), "asking again");
            if throttled > 0 && wait.as_secs() > 0 {
                (self.options.waiting)(wait.as_secs());
            }
            sleep(wait).await;
        }
    }

    /// Records an answer; a good one is written to the journal, a refusal is asked again by a resumed collection.
    fn finish(&self, source: Source, request: Request) -> Result<Request, Error> {
        self.silent.store(0, Ordering::Relaxed);
        if request.error.is_none() {
            let finished = self.options.spool.finish(source, &request);
            finished.map_err(|error| Error::Storage { doing: "writing", source_name: source, source: error })?;
        }
        Ok(request)
    }

    /// Retries a request has left to it: a Hub that went away is not asked five times for each of its repositories.
    fn retries(&self) -> u32 {
        if self.silent.load(Ordering::Relaxed) >= SILENT { 0 } else { retry::RETRIES }
    }

    /// Counts a request that got no answer at all.
    fn count_silence(&self, request: &Request) {
        if request.status.is_none() {
            self.silent.fetch_add(1, Ordering::Relaxed);
        } else {
            self.silent.store(0, Ordering::Relaxed);
        }
    }

    /// Whether the Hub has answered anything yet.
    pub(super) fn heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    /// Sends a GET and follows redirects to declared calls on the same scheme, host and port.
    pub(super) async fn follow(&self, source: Source, url: &Url) -> (Sent, Followed) {
        let mut at = url.clone();
        let mut seen = vec![at.clone()];
        let mut first = None;
        loop {
            let pass = self.pacer.admit(source).await;
            let now = || Sent { at: (self.options.clock)(), began: Instant::now() };
            let sent = *first.get_or_insert_with(now);
            let began = Instant::now();
            let response = match timeout(self.options.limits.attempt, self.send(source, &at, pass)).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => return (sent, Followed::Silence(Silence::Error(error.without_url()))),
                Err(_elapsed) => return (sent, Followed::Silence(Silence::Late)),
            };
            let status = response.status();
            if self.is_repeated_in(response.headers()) {
                return (sent, Followed::Astray(status, REPEATS_TOKEN.to_owned(), None));
            }
            if !status.is_redirection() {
                return (sent, Followed::Answer(response, began));
            }
            let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let date = time::parse_header(&joined(&response, "date"));
            let astray = |why: &str| (sent, Followed::Astray(status, why.to_owned(), date));
            let Some(mut next) = target.and_then(|target| at.join(target).ok()) else {
                return astray("redirect without a readable target");
            };
            next.set_fragment(None);
            if !self.endpoint().covers(&next) {
                return astray("redirect to another host");
            }
            if !self.endpoint().declares(&next) {
                return astray("redirect to a path that is not asked for");
            }
            if seen.contains(&next) {
                return astray("redirect in a loop");
            }
            if seen.len() > HOPS {
                return astray("more than five redirects");
            }
            seen.push(next.clone());
            at = next;
        }
    }

    /// Whether a header repeats one of our tokens.
    fn is_repeated_in(&self, headers: &HeaderMap) -> bool {
        headers.values().any(|value| self.secrets.are_in(value.as_bytes()))
    }

    /// Sends one GET and tells the pacer what its answer says, unless it repeats a token.
    async fn send(&self, source: Source, url: &Url, pass: Pass<'_>) -> Result<Response, reqwest::Error> {
        let (ordinary, scim) = &self.authorization;
        let authorization = if source == Source::Scim { scim } else { ordinary };
        let mut request = self.http.get(url.clone());
        if let Some(value) = authorization {
            request = request.header(reqwest::header::AUTHORIZATION, value.clone());
        }
        let sent = (self.options.clock)();
        let response = request.send().await?;
        self.heard.store(true, Ordering::Relaxed);
        if self.is_repeated_in(response.headers()) {
            return Ok(response);
        }
        let stated = limits::parse(&joined(&response, "ratelimit"), &joined(&response, "ratelimit-policy"));
        let span = (sent, (self.options.clock)());
        self.vitals.lock().unwrap_or_else(PoisonError::into_inner).hear(&joined(&response, "date"), span, &stated);
        if stated.is_empty() && response.status().is_server_error() {
            // Something in front of the Hub answered; whether the Hub counted the request is not known.
            drop(pass);
        } else {
            pass.answered(&stated);
        }
        Ok(response)
    }
}

/// Every value of a header, joined by commas; empty without one.
pub(super) fn joined(response: &Response, name: &str) -> String {
    let values = response.headers().get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(", ")
}

/// Every value of a header as bytes, joined by commas; empty without one.
pub(super) fn joined_bytes(response: &Response, name: &str) -> Vec<u8> {
    let values: Vec<_> = response.headers().get_all(name).iter().map(HeaderValue::as_bytes).collect();
    values.join(&b", "[..])
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = inner.source();
    }
    super::text::one_line(&text)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
