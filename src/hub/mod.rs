//! The Hub over HTTP: GET, and nothing else.
//!
//! Paces itself by the Hub's rate-limit headers, retries what is worth retrying, follows pages on the configured
//! scheme, host and port only, and writes every body through a [`Spool`](crate::model::evidence::Spool) before
//! anybody parses it. Returns bytes and provenance; knows nothing of tables.
