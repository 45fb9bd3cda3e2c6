//! From the Hub's answers to records: what was read, what could not be, and why.
//!
//! [`collect`] asks whoami first and alone, then the overview and the members, then everything else side by side.
//! Each source has its file; what became of it is kept in a ledger and ends as a
//! [`SourceRecord`]. A refused source is a gap, never an error.

mod audit;
pub mod audit_file;
mod commits;
mod decode;
mod doctor;
mod error;
mod gated;
mod groups;
pub mod invites_file;
mod layouts;
mod ledger;
mod members;
mod network;
mod overview;
pub mod probe;
mod read;
mod repos;
pub mod roster;
mod run;
mod scim;
mod service_accounts;
mod target;
mod tokens;
mod whoami;
mod wire;

use std::collections::BTreeMap;

pub use doctor::{Examination, examine};
pub use error::Error;
pub use run::collect;
pub use whoami::{Grant, Reach};

use crate::{
    model::{
        coverage::Source,
        ids::OrgName,
        manifest::{Collector, PlanFact, SourceRecord},
        time::Timestamp,
    },
    table::{Tables, activity::AuditEvent, packed::Packed},
};

/// What to collect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The organization.
    pub org: OrgName,
    /// Sources left out by `--skip` or not among `--only`.
    pub skipped: Vec<Source>,
    /// Whether commits are read (`--with-commits`).
    pub with_commits: bool,
    /// Whether every public model and dataset is asked for grants (`--all-gated`), not only gated ones.
    pub all_gated: bool,
    /// Plan from the configuration; the highest of this and what the Hub says counts.
    pub plan: Option<String>,
    /// Instant that the snapshot is to speak of, held against the Hub's clock before anything but whoami is read;
    /// `None` where nothing is to be sealed.
    pub as_of: Option<Timestamp>,
}

/// Everything one collection brought.
#[derive(Clone, PartialEq, Debug)]
pub struct Collected {
    /// Whose token read.
    pub collector: Collector,
    /// The organization's plan.
    pub plan: PlanFact,
    /// One record per source of the Hub; files are added by the caller.
    pub sources: BTreeMap<Source, SourceRecord>,
    /// Tables, sorted as [`Tables`] says; `invites`, `invites_file` and `people` are left empty.
    pub tables: Tables,
    /// Events of the export, as sent.
    pub events: Packed<AuditEvent>,
    /// Event types that are not declared, with counts.
    pub unknown_types: BTreeMap<String, u64>,
}

/// Told what is being read; drawn by the command line.
pub trait Progress: Send + Sync + std::fmt::Debug {
    /// A source starts; `total` requests if known.
    fn start(&self, source: Source, total: Option<u64>);
    /// A request of a source was answered; `rows` read from it.
    fn advance(&self, source: Source, rows: u64);
    /// A source is done.
    fn finish(&self, source: Source, record: &SourceRecord);
    /// The rate limit makes us wait.
    fn waiting(&self, seconds: u64);
}
