//! Reads one list or one document of the Hub to its end, and says how that went.

use std::{io::Read, sync::Arc};

use serde_json::{Value, value::RawValue};

use super::{Error, Progress, decode};
use crate::{
    hub::{self, Client, endpoints::Call},
    model::{coverage::Source, evidence::Request, time::Timestamp},
};

/// Reads for one source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    /// The Hub.
    pub(super) client: &'a Client,
    /// Told of every answer.
    pub(super) progress: &'a dyn Progress,
    /// The source.
    pub(super) source: Source,
}

/// What reading one list or document gave.
#[derive(Debug)]
pub(super) struct Part<T> {
    /// What was understood.
    pub(super) items: Vec<T>,
    /// Every request made.
    pub(super) requests: Vec<Request>,
    /// Why it is not the whole; `None` when it is.
    pub(super) failure: Option<Failure>,
}

/// Why something was not read, or not to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Failure {
    /// Status of the refusal; `None` when it was none (no answer, a broken page, items left out).
    pub(super) status: Option<u16>,
    /// One clause for the report.
    pub(super) why: String,
    /// Permission that a fine-grained token needs, when that may be what is missing.
    pub(super) needs: Option<&'static str>,
}

impl Failure {
    /// Something that is missing for another reason than a refusal.
    pub(super) fn hole(why: impl Into<String>) -> Self {
        Self { status: None, why: why.into(), needs: None }
    }
}

impl Reader<'_> {
    /// Takes over the answer of the snapshot before, if it was given after what it speaks of last changed.
    ///
    /// # Errors
    /// When the spool cannot be written.
    pub(super) fn carry(&self, call: &Call, values: &[(&str, &str)], touched: Timestamp) -> Result<(), Error> {
        let url = self.client.endpoint().url(call, values);
        let storage = |source| hub::Error::Storage { doing: "taking over", source_name: self.source, source };
        Ok(self.client.spool().carry(self.source, url.as_str(), touched).map_err(storage)?)
    }

    /// Reads a list of objects through all its pages.
    ///
    /// # Errors
    /// When the spool cannot be written or read back.
    pub(super) async fn list<T, F>(&self, call: &Call, values: &[(&str, &str)], parse: F) -> Result<Part<T>, Error>
    where
        T: Send + 'static,
        F: Fn(&Value) -> Result<T, String> + Send + Sync + 'static,
    {
        self.raw_list(call, values, move |raw| parse(&decode::item(raw)?)).await
    }

    /// Reads a list through all its pages, each item as it was sent.
    ///
    /// # Errors
    /// When the spool cannot be written or read back.
    pub(super) async fn raw_list<T, F>(&self, call: &Call, values: &[(&str, &str)], parse: F) -> Result<Part<T>, Error>
    where
        T: Send + 'static,
        F: Fn(&RawValue) -> Result<T, String> + Send + Sync + 'static,
    {
        let parse = Arc::new(parse);
        let mut part = Part { items: Vec::new(), requests: Vec::new(), failure: None };
        let (mut left_out, mut first) = (0_u64, None);
        let path = self.path(call, values);
        let mut pager = self.client.pager(self.source, self.client.endpoint().url(call, values));
        while let Some(mut request) = pager.next().await? {
            let parse = Arc::clone(&parse);
            let most = call.items.saturating_sub(left_out.saturating_add(part.items.len() as u64));
            let mut more = false;
            match self.body(&request, move |body| decode::array(body, parse.as_ref(), most)).await? {
                Some(Ok(page)) => {
                    more = page.more;
                    request.rows = Some(page.items.len() as u64);
                    left_out += page.left_out;
                    first = first.or(page.first);
                    part.items.extend(page.items);
                }
                Some(Err(why)) => request.error = Some(why),
                None => {}
            }
            self.progress.advance(self.source, request.rows.unwrap_or(0));
            let failure = self.failure(call, &request);
            part.requests.push(request);
            if failure.is_some() {
                part.failure = failure;
                return Ok(part);
            }
            if more {
                part.failure = Some(Failure::hole(format!("{path}: the list holds more than {} items", call.items)));
                return Ok(part);
            }
            if call.paging == hub::endpoints::Paging::Newest {
                break;
            }
        }
        if let Some(why) = pager.broken().filter(|_| call.paging != hub::endpoints::Paging::Newest) {
            part.failure = Some(Failure::hole(format!("{path}: {why}")));
        } else if let Some(first) = first {
            let why = format!("{path}: {left_out} unreadable, the first being {first}");
            part.failure = Some(Failure::hole(why));
        }
        Ok(part)
    }

    /// Reads one object.
    ///
    /// # Errors
    /// When the spool cannot be written or read back.
    pub(super) async fn document(&self, call: &Call, values: &[(&str, &str)]) -> Result<Part<Value>, Error> {
        let part = self.document_at(call, &self.client.endpoint().url(call, values)).await?;
        self.progress.advance(self.source, part.items.len() as u64);
        Ok(part)
    }

    /// Reads one object from a URL of a call, without telling of it.
    ///
    /// # Errors
    /// When the spool cannot be written or read back.
    pub(super) async fn document_at(&self, call: &Call, url: &url::Url) -> Result<Part<Value>, Error> {
        let mut request = self.client.get(self.source, url).await?;
        let mut items = Vec::new();
        match self.body(&request, decode::object).await? {
            Some(Ok(value)) => {
                request.rows = Some(1);
                items.push(value);
            }
            Some(Err(why)) => request.error = Some(why),
            None => {}
        }
        let failure = self.failure(call, &request);
        Ok(Part { items, requests: vec![request], failure })
    }

    /// Hands the kept body of a good answer to `decode`, on a thread that may block; `None` for a bad answer.
    async fn body<T, F>(&self, request: &Request, decode: F) -> Result<Option<T>, Error>
    where
        T: Send + 'static,
        F: FnOnce(Box<dyn Read + Send>) -> T + Send + 'static,
    {
        let (None, Some(raw)) = (&request.error, request.raw.clone()) else { return Ok(None) };
        let spool = self.client.spool();
        let task = tokio::task::spawn_blocking(move || spool.open(&raw).map(decode));
        let read = match task.await {
            Ok(read) => read,
            Err(error) => Err(std::io::Error::other(error)),
        };
        let storage = |source| hub::Error::Storage { doing: "reading", source_name: self.source, source };
        Ok(Some(read.map_err(storage)?))
    }

    /// The failure in an answer; `None` when it is good.
    fn failure(&self, call: &Call, request: &Request) -> Option<Failure> {
        let error = request.error.as_ref()?;
        // An answer that repeats the token is broken, whatever its status says.
        let status = request.status.filter(|status| *status >= 400 && error != hub::REPEATS_TOKEN);
        let path = url::Url::parse(&request.url).map(|url| url.path().to_owned()).unwrap_or_default();
        tracing::debug!(source = self.source.name(), status, "not read");
        let needs = call.permission.filter(|_| matches!(status, Some(401 | 403)));
        Some(Failure { status, why: format!("{path}: {error}"), needs })
    }

    /// Path of a call on this Hub.
    fn path(&self, call: &Call, values: &[(&str, &str)]) -> String {
        self.client.endpoint().url(call, values).path().to_owned()
    }
}
