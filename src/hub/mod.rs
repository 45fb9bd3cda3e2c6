//! The Hub over HTTP: GET, and nothing else.
//!
//! Paces itself by the Hub's rate-limit headers, retries what is worth retrying, follows pages on the configured
//! scheme, host and port only, and writes every body through a [`Spool`](crate::model::evidence::Spool) before
//! anybody parses it. Returns bytes and provenance; knows nothing of tables.

mod attempt;
mod body;
mod bounds;
#[cfg(test)]
mod bounds_tests;
mod client;
mod endpoint;
pub mod endpoints;
mod error;
#[cfg(test)]
mod leak_tests;
mod limits;
mod link;
mod pacer;
mod pager;
pub mod probe;
mod quota;
mod retry;
mod secrets;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod token;
mod vitals;

pub use bounds::Limits;
pub use client::{Client, Clock, Options};
pub use endpoint::Endpoint;
pub use error::Error;
pub use pacer::Waiting;
pub use pager::Pager;
pub use secrets::REPEATS_TOKEN;
pub use text::one_line;
pub use token::Token;
pub use vitals::{Quota, Vitals};
