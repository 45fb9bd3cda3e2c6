//! The fixture Hub: the sample organization over HTTP on loopback.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State as Shared},
    http::{HeaderName, HeaderValue, Method, header},
    response::Response,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::Instant};

use self::{
    answer::Answer,
    clock::Clock,
    limit::{Bucket, Window},
    routes::Call,
};
use super::{TOKEN, quarters, state::State, world::world};
use crate::model::time::Timestamp;

mod answer;
mod clock;
mod limit;
mod paging;
mod routes;
mod scim;

/// How the fixture Hub limits its callers, and what its clock shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Requests to the API in one window; pages that are no API have a tenth of it. 6000 is the quota of an Enterprise organization.
    pub quota: u32,
    /// Seconds in a window.
    pub window_seconds: u32,
    /// What its clock shows when somebody first asks; `None` follows this machine's clock.
    pub clock: Option<Timestamp>,
}

impl Default for Options {
    fn default() -> Self {
        Self { quota: 6000, window_seconds: 300, clock: None }
    }
}

/// How long [`Server::stop`] waits for answers under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running fixture Hub. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    address: SocketAddr,
    /// What its answers share.
    hub: Arc<Hub>,
    /// Tells it to stop.
    stop: oneshot::Sender<()>,
    /// Its task.
    task: JoinHandle<io::Result<()>>,
}

/// What the answers share.
#[derive(Debug)]
struct Hub {
    /// The organization.
    state: State,
    /// Its clock; `None` follows this machine's.
    clock: Option<Clock>,
    /// Rate limit.
    window: Mutex<Window>,
    /// Method and path with query of every request.
    requests: Mutex<Vec<String>>,
    /// Number of the next request id.
    next: AtomicU64,
    /// `127.0.0.1:port`, for callers that send no `Host`.
    authority: String,
}

impl Server {
    /// Serves the sample organization at a quarter on 127.0.0.1; port 0 takes any. A quarter beyond the last is the last.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(quarter: usize, port: u16) -> io::Result<Self> {
        Self::start_with(quarter, port, Options::default()).await
    }

    /// As [`Server::start`], with a rate limit and a clock of one's own.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start_with(quarter: usize, port: u16, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let as_of = quarters()[quarter.min(quarters().len() - 1)];
        let hub = Arc::new(Hub {
            state: State::at(world(), as_of).map_err(io::Error::other)?,
            clock: options.clock.map(Clock::at),
            window: Mutex::new(Window::new(options, Instant::now())),
            requests: Mutex::default(),
            next: AtomicU64::new(1),
            authority: address.to_string(),
        });
        let router = Router::new().fallback(handle).with_state(Arc::clone(&hub));
        let (stop, stopped) = oneshot::channel();
        let serve = axum::serve(listener, router).with_graceful_shutdown(async {
            // An error means that the handle was dropped: stop as well.
            stopped.await.unwrap_or(());
        });
        let task = tokio::spawn(async { serve.await });
        Ok(Self { address, hub, stop, task })
    }

    /// Where it listens, as an endpoint for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its clock, for a client that is to run on the same one; `None` follows this machine's.
    #[must_use]
    pub fn clock(&self) -> Option<impl Fn() -> Timestamp + Send + Sync + 'static + use<>> {
        self.hub.clock.is_some().then(|| {
            let hub = Arc::clone(&self.hub);
            move || hub.clock.as_ref().map(Clock::now).unwrap_or_default()
        })
    }

    /// Sets a clock of its own to another time.
    pub fn turn_clock(&self, at: Timestamp) {
        if let Some(clock) = &self.hub.clock {
            clock.turn(at);
        }
    }

    /// Method and path with query of every request so far.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.hub.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops taking requests and waits a moment for answers under way.
    pub async fn stop(self) {
        let Self { stop, mut task, .. } = self;
        // A send fails only when the task has ended already.
        let _ended = stop.send(());
        if tokio::time::timeout(PATIENCE, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// Answers one request: log, limit, method, token, then the route.
async fn handle(Shared(hub): Shared<Arc<Hub>>, request: Request) -> Response {
    let target = request.uri().path_and_query().map_or("/", |p| p.as_str());
    hub.requests.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{} {target}", request.method()));
    let bucket = if request.uri().path().starts_with("/api/") { Bucket::Api } else { Bucket::Pages };
    let seen = hub.window.lock().unwrap_or_else(PoisonError::into_inner).take(bucket, Instant::now());
    let answer = if !seen.allowed {
        Answer::error(429, "Too Many Requests")
    } else if request.method() != Method::GET {
        Answer::error(405, "Method Not Allowed").with(header::ALLOW, "GET")
    } else if !bears_token(&request) {
        Answer::error(401, "Invalid credentials in Authorization header")
    } else {
        let host = request.headers().get(header::HOST).and_then(|h| h.to_str().ok());
        let host = host.filter(|h| is_authority(h)).unwrap_or(&hub.authority);
        let call = Call::new(host, request.uri().path(), request.uri().query().unwrap_or_default());
        routes::answer(&hub.state, &call)
    };
    let number = hub.next.fetch_add(1, Ordering::Relaxed);
    let mut response = respond(answer, &seen, number);
    // Without one of ours, the server adds this machine's time.
    if let Some(date) = hub.clock.as_ref().and_then(|clock| HeaderValue::from_str(&clock.header()).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Whether a request carries the sample's token.
fn bears_token(request: &Request) -> bool {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scheme = sent.and_then(|value| value.split_once(' '));
    scheme.is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token.trim() == TOKEN)
}

/// Whether a `Host` can stand in a link as it is.
fn is_authority(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
}

/// Puts an answer on the wire, with the headers that every answer of the Hub carries.
fn respond(answer: Answer, seen: &limit::Seen, number: u64) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    let id = format!("Root=1-{number:08x}-{:024x}", u128::from(number));
    let common = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8".to_owned()),
        (HeaderName::from_static("x-request-id"), id),
        (HeaderName::from_static("ratelimit"), seen.limit_header()),
        (HeaderName::from_static("ratelimit-policy"), seen.policy_header()),
    ];
    for (name, value) in common.into_iter().chain(answer.headers) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests;
