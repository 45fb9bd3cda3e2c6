//! An answer before it is on the wire.

use axum::{
    body::Bytes,
    http::{HeaderName, StatusCode, header},
};
use serde::Serialize;
use serde_json::json;

/// Status, headers of its own, and body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Answer {
    /// Status.
    pub(super) status: StatusCode,
    /// Headers beyond those of every answer.
    pub(super) headers: Vec<(HeaderName, String)>,
    /// Body.
    pub(super) body: Bytes,
}

/// Header with the Hub's word for an error.
const ERROR_CODE: HeaderName = HeaderName::from_static("x-error-code");

/// Header with the Hub's sentence for an error.
const ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-error-message");

impl Answer {
    /// 200 with a value as JSON.
    pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::bytes(body),
            Err(_) => Self::error(500, "The sample cannot be written as JSON"),
        }
    }

    /// 200 with a body that is JSON already.
    pub(super) fn bytes(body: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), body: body.into() }
    }

    /// An error as the Hub words it.
    pub(super) fn error(status: u16, message: &str) -> Self {
        let body = json!({ "error": message }).to_string();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: vec![(ERROR_MESSAGE, message.to_owned())], body: body.into() }
    }

    /// 404 with the Hub's word for what is missing.
    pub(super) fn missing(code: &str, message: &str) -> Self {
        Self::error(404, message).with(ERROR_CODE, code)
    }

    /// 404 for a repository that is not there, or not for this caller.
    pub(super) fn no_repo() -> Self {
        Self::missing("RepoNotFound", "Repository not found")
    }

    /// The answer with one more header.
    pub(super) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer with a link to its next page, if there is one.
    pub(super) fn with_next(self, next: Option<String>) -> Self {
        match next {
            Some(url) => self.with(header::LINK, format!("<{url}>; rel=\"next\"")),
            None => self,
        }
    }
}
