//! One attempt at a request: what came back, what of it is kept, and whether to try again.

use std::{io, time::Duration};

use reqwest::{Response, StatusCode};
use tokio::time::Instant;
use url::Url;

use super::{
    body::{self, Broken},
    client::{Client, Followed, Silence, chain, joined, joined_bytes},
    error::Error,
    limits, link, retry,
    secrets::REPEATS_TOKEN,
    text,
};
use crate::model::{
    coverage::Source,
    evidence::{Body, Request},
    time::{self, Timestamp},
};

/// One attempt.
pub(super) struct Attempt<'a> {
    /// Sends.
    pub(super) client: &'a Client,
    /// Source of the request.
    pub(super) source: Source,
    /// What is asked for.
    pub(super) url: &'a Url,
    /// Number of the attempt, from 1.
    pub(super) number: u32,
    /// Whether no other attempt follows, so that the body of a failure is kept.
    pub(super) last: bool,
}

/// What to do with an attempt.
pub(super) enum Outcome {
    /// It is an answer.
    Done(Request),
    /// It is a 429, to be tried again after this long; `None` leaves the wait to the backoff.
    Throttled(Request, Option<Duration>),
    /// It is broken.
    Broken {
        /// The record, should it be the last attempt.
        request: Request,
        /// How long the answer asks to be left alone.
        wait: Option<Duration>,
        /// Whether to give up soon: nobody has ever answered.
        soon: bool,
    },
}

impl Attempt<'_> {
    /// Sends, reads, keeps.
    pub(super) async fn run(self) -> Result<Outcome, Error> {
        let (sent, followed) = self.client.follow(self.source, self.url).await;
        let mut record = self.record(sent.at);
        let outcome = match followed {
            Followed::Silence(silence) => {
                record.error = Some(self.client.secrets.strike(&words_of(&silence)));
                let refused = matches!(&silence, Silence::Error(error) if error.is_connect());
                let soon = refused && !self.client.heard();
                Outcome::Broken { request: record, wait: None, soon }
            }
            Followed::Astray(status, why, date) => {
                record.status = Some(status.as_u16());
                record.date = date;
                record.error = Some(why);
                Outcome::Done(record)
            }
            Followed::Answer(response, began) => {
                record.date = time::parse_header(&joined(&response, "date"));
                if response.status() == StatusCode::OK {
                    self.good((response, began), record).await?
                } else {
                    self.refused((response, began), record).await?
                }
            }
        };
        Ok(stamp(outcome, sent.began))
    }

    /// The record of an attempt that has no answer yet.
    fn record(&self, started_at: Timestamp) -> Request {
        Request { attempts: self.number, ..Request::unanswered(self.url.as_str(), started_at) }
    }

    /// A 200: kept when its body is whole.
    async fn good(&self, (response, began): (Response, Instant), mut record: Request) -> Result<Outcome, Error> {
        record.status = Some(200);
        let next = link::next(&joined_bytes(&response, "link"));
        let sink = self.client.options.spool.begin(self.source).map_err(|error| self.storage(error))?;
        match body::keep(self.client, self.source, (response, began), sink).await {
            Ok(body) => {
                record.link_unreadable = next.is_err();
                record.next = next.unwrap_or_default();
                keep(&mut record, body);
                Ok(Outcome::Done(record))
            }
            Err(Broken::Answer(why)) => {
                record.error = Some(why);
                Ok(Outcome::Broken { request: record, wait: None, soon: false })
            }
            Err(Broken::Refused(why)) => {
                record.error = Some(why);
                Ok(Outcome::Done(record))
            }
            Err(Broken::Disk(error)) => Err(self.storage(error)),
        }
    }

    /// Anything but a 200: its words are recorded, and its body kept when it is final.
    async fn refused(&self, (response, began): (Response, Instant), mut record: Request) -> Result<Outcome, Error> {
        let status = response.status();
        let now = (self.client.options.clock)();
        let retry_after = joined(&response, "retry-after");
        let retry_after = Some(retry_after.as_str()).filter(|text| !text.is_empty());
        let stated = limits::parse(&joined(&response, "ratelimit"), &joined(&response, "ratelimit-policy"));
        let headers = [joined(&response, "x-error-code"), joined(&response, "x-error-message")];
        let kind = body::content_type(&response);
        let body = body::refusal(&self.client.options.limits, response, began).await;
        record.status = Some(status.as_u16());
        if self.client.secrets.are_in(&body) {
            record.error = Some(REPEATS_TOKEN.to_owned());
            return Ok(Outcome::Done(record));
        }
        record.error = Some(words(status, &headers, &body, &kind));
        let throttled = status == StatusCode::TOO_MANY_REQUESTS;
        let again = throttled || status.is_server_error();
        if !body.is_empty() && (!again || self.last) {
            let kept = self.write(&body).map_err(|error| self.storage(error))?;
            keep(&mut record, kept);
        }
        if throttled {
            // When the window is spent the pacer knows its end from the same headers and waits for it.
            let paced = stated.iter().any(|limit| limit.left == 0 && limit.resets.is_some());
            let wait = if paced { Some(Duration::ZERO) } else { retry::after_throttle(retry_after, now) };
            return Ok(Outcome::Throttled(record, wait));
        }
        if status.is_server_error() {
            let wait = retry::after_failure(retry_after, now);
            return Ok(Outcome::Broken { request: record, wait, soon: false });
        }
        Ok(Outcome::Done(record))
    }

    /// Writes a small body.
    fn write(&self, body: &[u8]) -> io::Result<Body> {
        let mut sink = self.client.options.spool.begin(self.source)?;
        if let Err(error) = sink.write(body) {
            sink.discard();
            return Err(error);
        }
        sink.close()
    }

    /// A failure of the spool.
    fn storage(&self, error: io::Error) -> Error {
        Error::Storage { doing: "writing", source_name: self.source, source: error }
    }
}

/// Takes a kept body into the record.
fn keep(record: &mut Request, body: Body) {
    record.bytes = body.bytes;
    record.sha256 = Some(body.sha256);
    record.raw = Some(body.raw);
}

/// Writes down how long it took.
fn stamp(mut outcome: Outcome, began: Instant) -> Outcome {
    let (Outcome::Done(request) | Outcome::Throttled(request, _) | Outcome::Broken { request, .. }) = &mut outcome;
    request.ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    outcome
}

/// What a refusal says, with its status: `HTTP 403: …`.
fn words(status: StatusCode, headers: &[String; 2], body: &[u8], kind: &str) -> String {
    let [code, message] = headers;
    let said = text::of_body(body, kind).or_else(|| Some(text::one_line(message)).filter(|text| !text.is_empty()));
    let code = Some(text::one_line(code)).filter(|code| !code.is_empty());
    let mut line = format!("HTTP {}", status.as_u16());
    if let Some(code) = code {
        line = format!("{line} {code}");
    }
    match said {
        Some(said) => format!("{line}: {said}"),
        None => line,
    }
}

/// Why no answer came.
fn words_of(silence: &Silence) -> String {
    let Silence::Error(error) = silence else { return "no answer in time".to_owned() };
    let what = match error {
        _ if error.is_timeout() && error.is_connect() => "no connection in time",
        _ if error.is_timeout() => "no answer in time",
        _ if error.is_connect() => "no connection",
        _ => "no answer",
    };
    format!("{what}: {}", chain(error))
}
