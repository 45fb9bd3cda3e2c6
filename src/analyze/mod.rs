//! Judgement: from one sealed snapshot to rows with verdicts.
//!
//! Reads tables, the audit archive and the configuration it is given; never the clock, the network or a path of its
//! own. Each analyzer is a file under [`checks`]; what they share is derived once in `derived`. A source that was
//! not seen becomes a row of its own and an `unknown` wherever a rule rests on it.
//!
//! The rules are plain functions over records rather than polars plans: nearly all of them need more than two nested
//! conditions. polars reads the one table that can be large, the audit log, in a single streaming pass.

pub mod checks;
mod derived;
pub mod effective;
mod error;
mod exceptions;
mod findings;
mod follow_up;
mod gaps;
mod headline;
mod judged;
mod people;
mod scan;
#[cfg(test)]
mod tests;
mod tie_outs;

use std::{collections::BTreeMap, path::PathBuf};

use checks::REGISTRY;
use derived::view::View;
use judged::Judged;

pub use self::{
    derived::memory::Memory,
    error::Error,
    findings::Finding,
    follow_up::{Side, follow_up},
};
use crate::{
    model::{
        coverage::Source,
        exception::{Exception, ExceptionOutcome},
        manifest::Manifest,
        outcome::{Chart, KeyFigure, Meta, Outcome, TieOut},
        params::Params,
        people::PersonRow,
        time::Timestamp,
    },
    table::{
        Tables,
        access::{Invite, Seen},
    },
};

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Manifest of the snapshot.
    pub manifest: &'a Manifest,
    /// Thresholds and prices.
    pub params: &'a Params,
    /// Tables of the snapshot.
    pub tables: &'a Tables,
    /// Parts of the audit archive that this snapshot reads.
    pub audit_parts: &'a [PathBuf],
    /// Accepted risks.
    pub exceptions: &'a [Exception],
    /// First and last instant of the period under review; what lies after the snapshot was not seen.
    pub period: (Timestamp, Timestamp),
    /// What the snapshot is compared with; `None` without a baseline.
    pub baseline: Option<Baseline<'a>>,
}

/// The snapshot that another one is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Baseline<'a> {
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// Its tables.
    pub tables: &'a Tables,
}

impl Inputs<'_> {
    /// From when events that changed something are of interest.
    fn since(&self) -> Timestamp {
        self.baseline.map_or(self.period.0, |baseline| baseline.manifest.as_of.min(self.period.0))
    }
}

/// The judgement of one snapshot.
#[derive(Clone, PartialEq, Debug)]
pub struct Analysis {
    /// One per analyzer, in the order of [`checks::REGISTRY`].
    pub outcomes: Vec<Outcome>,
    /// What became of each exception, in the order of the configuration.
    pub exceptions: Vec<ExceptionOutcome>,
    /// Figures compared with the same figures from elsewhere.
    pub tie_outs: Vec<TieOut>,
    /// Key figures by tile id; one that is not known is left out.
    pub headline: BTreeMap<String, KeyFigure>,
    /// Every open finding and every accepted one, in the order of analyzers.
    pub findings: Vec<Finding>,
    /// The open findings by person, worst first, then those that belong to nobody.
    pub people: Vec<PersonRow>,
}

/// An analyzer: a declaration and two functions, so that neither its rows nor its totals can name somebody else's.
#[derive(Debug)]
pub(crate) struct Check {
    /// The declaration.
    pub(crate) meta: &'static Meta,
    /// Judges every subject; rows of gaps are added by the engine.
    pub(crate) judge: fn(&View<'_>) -> Vec<Judged>,
    /// Settles what depends on exceptions, and adds up.
    pub(crate) sum: fn(&View<'_>, &mut [Judged]) -> Summary,
}

/// What an analyzer adds up from its rows.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Totals by name.
    pub(crate) totals: BTreeMap<String, serde_json::Value>,
    /// What could not be looked at.
    pub(crate) limits: Vec<String>,
    /// Pictures.
    pub(crate) charts: Vec<Chart>,
}

/// Judges a snapshot with every analyzer.
///
/// The log is read once. The same inputs give the same analysis.
///
/// # Errors
/// When the audit archive cannot be read.
pub fn analyze(inputs: &Inputs<'_>) -> Result<Analysis, Error> {
    Ok(judge(inputs, &scan::read(inputs.audit_parts, inputs.since())?))
}

/// Judges several snapshots of one organization, oldest first, and hands each judgement on.
///
/// A later snapshot reads the parts of the log that an earlier one reads, and more; each part is read once.
///
/// # Errors
/// When the audit archive cannot be read.
pub fn analyze_each(inputs: &[Inputs<'_>], mut each: impl FnMut(Analysis)) -> Result<(), Error> {
    let Some(since) = inputs.iter().map(Inputs::since).min() else { return Ok(()) };
    let mut scanner = scan::Scanner::new(since);
    for input in inputs {
        if !scanner.is_part_of(input.audit_parts) {
            scanner = scan::Scanner::new(since);
        }
        scanner.read(input.audit_parts)?;
        let log = scanner.take();
        each(judge(input, &log));
        scanner.put_back(log);
    }
    Ok(())
}

/// Judges a snapshot whose log has been read.
fn judge(inputs: &Inputs<'_>, log: &scan::Log) -> Analysis {
    let view = View::of(inputs, log);
    let mut checked: Vec<(&'static Meta, Vec<Judged>)> = REGISTRY
        .iter()
        .map(|check| {
            let gaps = gaps::of(check.meta, inputs.manifest).into_iter();
            let mut rows: Vec<Judged> =
                gaps.map(|source| Judged::source(check.meta, inputs.manifest, source)).collect();
            rows.extend(gaps::period(check.meta, inputs));
            rows.extend((check.judge)(&view));
            (check.meta, rows)
        })
        .collect();
    let exceptions = exceptions::apply(&mut checked, inputs.exceptions, inputs.manifest);
    checks::access::mark(&mut checked, inputs.manifest.org.as_str());
    let mut outcomes = Vec::new();
    let mut gathering = people::Gathering::new(&view);
    for (check, (meta, mut rows)) in REGISTRY.iter().zip(checked) {
        let Summary { totals, limits, charts } = (check.sum)(&view, &mut rows);
        gathering.take(meta, &rows, &exceptions);
        let mut rows: Vec<_> = rows.into_iter().map(Judged::into_row).collect();
        judged::sort(meta, &mut rows);
        outcomes.push(Outcome { meta, rows, totals, limits, charts });
    }
    let tie_outs = tie_outs::of(&view, &outcomes);
    let headline = headline::of(inputs.manifest, &outcomes);
    let (findings, people) = gathering.finish();
    Analysis { outcomes, exceptions, tie_outs, headline, findings, people }
}

/// The derived tables of a snapshot.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Derived {
    /// `invites`.
    pub invites: Vec<Invite>,
    /// `seen`.
    pub seen: Vec<Seen>,
    /// [`Manifest::members_listed_at`].
    pub members_listed_at: Option<Timestamp>,
}

/// Derives the tables of a snapshot that follow from its other tables, from the log, and from what the snapshot before
/// remembers. `manifest` tells the instant and what was read.
///
/// # Errors
/// When the audit archive cannot be read.
pub fn derive(
    manifest: &Manifest,
    tables: &Tables,
    before: &Memory,
    audit_parts: &[PathBuf],
) -> Result<Derived, Error> {
    let log = scan::read(audit_parts, manifest.as_of)?;
    Ok(derived::view::before_sealing(manifest, tables, before, &log))
}

/// How many members the roster of a snapshot knows, by login, verified or SCIM address.
#[must_use]
pub fn members_in_roster(tables: &Tables) -> usize {
    derived::view::members_in_roster(tables)
}

/// Declarations of all analyzers, in report order.
pub fn metas() -> impl Iterator<Item = &'static Meta> {
    REGISTRY.iter().map(|check| check.meta)
}

/// The sources that any analyzer needs and that are holes in this snapshot's evidence.
#[must_use]
pub fn gaps_of(manifest: &Manifest) -> Vec<Source> {
    let needed: Vec<Source> = metas().flat_map(|meta| gaps::of(meta, manifest)).collect();
    Source::ALL.into_iter().filter(|source| needed.contains(source)).collect()
}
