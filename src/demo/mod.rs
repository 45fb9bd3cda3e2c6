//! The sample organization, and a Hub on loopback that serves it.
//!
//! `fixtures/sample` holds people, repositories, groups and so on as readable tables. From them this room makes, without
//! a clock and without chance, what the Hub would answer at each of four quarters ([`quarters`]), and the files a user
//! would have beside it ([`files`]). [`Server`] answers over HTTP as the Hub does: paging, clamped limits, rate limits,
//! errors. It writes nothing and changes nothing, whatever is asked of it.

mod chance;
mod company;
mod data;
mod error;
mod event;
mod history;
mod routine;
mod server;
mod state;
#[cfg(test)]
mod tests;
mod words;
mod world;

pub use server::{Options, Server};

use crate::model::time::Timestamp;

/// The sample organization's name.
pub const ORG: &str = world::ORG;

/// The token that the fixture Hub accepts. It is no secret and opens nothing else.
pub const TOKEN: &str = "hf_sample_organization_only";

/// `as_of` of the four quarters, oldest first.
#[must_use]
pub fn quarters() -> &'static [Timestamp] {
    world::QUARTERS.as_slice()
}

/// Name and content of the files a user would have beside the tool at a quarter: `rollcall.toml` and `people.csv`.
///
/// A quarter beyond the last is the last.
///
/// # Panics
/// Never: the sample is embedded, and a test makes the files of every quarter.
#[must_use]
pub fn files(quarter: usize) -> Vec<(&'static str, String)> {
    company::files(world::world(), quarter).expect("the embedded sample makes the files; a test makes them all")
}
