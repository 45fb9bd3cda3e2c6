//! The vocabulary of an access review.
//!
//! Plain values that every other room speaks in: who can be reached ([`ids`]), when ([`time`]), what was
//! looked at and what could not be ([`coverage`], [`evidence`], [`manifest`]), and what was decided
//! ([`verdict`], [`outcome`]). Nothing here opens a file or a socket, knows polars or reads the clock.

pub mod access;
pub mod coverage;
pub mod data_file;
pub mod event_types;
pub mod evidence;
pub mod exception;
pub mod follow_up;
pub mod ids;
pub mod import;
pub mod manifest;
pub mod outcome;
pub mod params;
pub mod people;
pub mod role;
pub mod sums;
pub mod text;
pub mod time;
pub mod verdict;
