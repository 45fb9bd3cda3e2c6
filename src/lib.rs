//! Access reviews for Hugging Face organizations, with evidence that survives an audit.
//!
//! # The house
//!
//! ```text
//! main → cli → app → { config, demo, hub, collect, store, analyze, report, bundle } → table → model
//!                                                              store, report, bundle, app → disk
//! ```
//!
//! Rooms look down only, `collect` may use `hub`, and neighbours meet in [`app`] alone; a test reads every import and
//! compares it with this picture.
//!
//! | room | does |
//! |---|---|
//! | [`cli`] | what was typed becomes a request; progress, colour, exit codes |
//! | [`app`] | one flow per command; the only room that sees both ends |
//! | [`config`] | `rollcall.toml`, compared with its declared keys |
//! | [`hub`] | the Hub over HTTP: GET and nothing else, paced, every body kept |
//! | [`collect`] | answers become records; what was refused becomes a gap |
//! | [`store`] | snapshots on disk: staged, sealed by one rename, never rewritten |
//! | [`analyze`] | a sealed snapshot becomes rows with verdicts |
//! | [`report`] | rows become words, paper and spreadsheets; nothing is judged here |
//! | [`bundle`] | evidence and report in one file, listed, signed, and checked |
//! | [`demo`] | an invented organization and a Hub on loopback that serves it |
//! | [`table`] | the data dictionary: each table declared once |
//! | [`disk`] | files and folders for their owner only, for whoever writes |
//! | [`model`] | the vocabulary: plain values without files, sockets or clock |
//!
//! # How data flows
//!
//! ```text
//! HTTP ─hub─▶ bytes + provenance ─collect─▶ records + coverage ─store─▶ raw/ tables/ manifest.json, sealed
//!                                                                          │
//!                               files ◀─report── outcomes ◀─analyze─┘
//! ```
//!
//! Collecting happens once; judging happens offline, as often as one likes, and gives the same bytes for the same
//! snapshot, configuration and version. Three kinds of bad news are never mixed: an *error* (we cannot go on), a *gap*
//! (evidence is missing; go on and say so) and a *verdict* (the organization's matter).

pub mod analyze;
pub mod app;
pub mod bundle;
pub mod cli;
pub mod collect;
pub mod config;
pub mod demo;
pub mod disk;
pub mod hub;
pub mod model;
pub mod report;
pub mod store;
pub mod table;
