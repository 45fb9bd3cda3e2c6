//! Page after page of one list, and never off the configured Hub.

use std::collections::BTreeSet;

use url::Url;

use super::{client::Client, error::Error};
use crate::model::{coverage::Source, evidence::Request};

/// Pages after which a list is taken to be endless.
const MOST_PAGES: usize = 10_000;

/// Walks `Link: rel="next"` from a first URL.
#[derive(Debug)]
pub struct Pager<'c> {
    /// Asks.
    client: &'c Client,
    /// Source of every page.
    source: Source,
    /// Path of every page.
    path: String,
    /// Page to ask for; `None` at the end.
    next: Option<Url>,
    /// Every page asked for.
    seen: BTreeSet<String>,
    /// Decoded bytes of the pages so far.
    bytes: u64,
    /// Why the walk ended early.
    broken: Option<String>,
}

impl<'c> Pager<'c> {
    /// A walk that begins at `first`.
    pub(super) fn new(client: &'c Client, source: Source, first: Url) -> Self {
        let (path, seen) = (first.path().to_owned(), BTreeSet::new());
        Self { client, source, path, next: Some(first), seen, bytes: 0, broken: None }
    }

    /// The next page, answered or refused; `None` at the end.
    ///
    /// # Errors
    /// When the spool cannot be written.
    pub async fn next(&mut self) -> Result<Option<Request>, Error> {
        let Some(url) = self.next.take() else { return Ok(None) };
        self.seen.insert(url.as_str().to_owned());
        let answer = self.client.get(self.source, &url).await?;
        self.bytes = self.bytes.saturating_add(answer.bytes);
        if let Some(error) = &answer.error {
            self.broken = Some(error.clone());
        } else if answer.link_unreadable {
            self.broken = Some("the header that names the next page (`Link`) cannot be read".to_owned());
        } else if let Some(target) = &answer.next {
            match self.follow(&url, target) {
                Ok(next) => self.next = Some(next),
                Err(why) => self.broken = Some(why),
            }
        }
        Ok(Some(answer))
    }

    /// Why the list ended before its last page; `None` when it was read to its end.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The URL of a page link, if it may be followed.
    fn follow(&self, from: &Url, target: &str) -> Result<Url, String> {
        let mut url = from.join(target).map_err(|_error| "the link to the next page is unreadable".to_owned())?;
        url.set_fragment(None);
        if let Some(why) = self.client.list_is_full(self.bytes) {
            return Err(why);
        }
        if !self.client.endpoint().covers(&url) {
            return Err("the link to the next page leads to another host".to_owned());
        }
        if url.path() != self.path {
            return Err("the link to the next page leads to another path".to_owned());
        }
        if self.seen.contains(url.as_str()) {
            return Err("the link to the next page leads back to an earlier page".to_owned());
        }
        if self.seen.len() >= MOST_PAGES {
            return Err(format!("the list does not end within {MOST_PAGES} pages"));
        }
        Ok(url)
    }
}
