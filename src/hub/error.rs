//! What can stop the Hub client. A refused or broken answer is not among it: that is evidence, and recorded as such.

use std::io;

use crate::model::coverage::Source;

/// Why the client could not be made or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The endpoint is not a URL this tool may talk to.
    #[error("{endpoint:?} cannot be the Hub's endpoint: {why}")]
    Endpoint {
        /// The text as given, without credentials.
        endpoint: String,
        /// What is wrong with it.
        why: String,
    },
    /// The endpoint would carry the token in the clear.
    #[error("plain http to {host} would send the token in the clear")]
    PlainHttp {
        /// Host of the endpoint.
        host: String,
    },
    /// The token holds characters that no HTTP header can carry.
    #[error("the {kind} token holds a line break or another character that no header can carry")]
    Token {
        /// `access` or `SCIM`.
        kind: &'static str,
    },
    /// TLS or the HTTP library could not be set up.
    #[error("setting up the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// A body could not be written or read back.
    #[error("{doing} an answer for {source_name}")]
    Storage {
        /// `writing` or `reading`.
        doing: &'static str,
        /// The source whose answer it was.
        source_name: Source,
        /// What the disk said.
        #[source]
        source: io::Error,
    },
}
