//! The findings of all analyzers by person: a view, not a judgement. It adds nothing to counts and controls.

use std::cmp::Reverse;

use super::{
    data_file::{DataFileSpec, column, personal},
    outcome::{Cell, CellKind, ColumnSpec},
    verdict::{Severity, Verdict},
};

/// The kind of the rows that are about a person.
pub const PERSON: &str = "person";

/// Kinds of the rows that are about nobody in particular, in the order in which they follow the people.
pub const THINGS: [&str; 5] = ["org", "resource-group", "repo", "service-account", "source"];

/// Columns that hold what is known about a person, beside the findings.
pub const FACTS: usize = 15;

/// Facts that stand before the findings.
const LEADING: usize = 7;

/// Columns before the first fact.
const KEYS: usize = 2;

/// Columns between the leading facts and the others.
const FINDINGS: usize = 3;

/// The declaration.
pub static FILE: DataFileSpec = DataFileSpec {
    id: "people",
    doc: "csv/people.csv, and people[] in JSON: one row per person with an open finding (fail, review or unknown) in any \
          analyzer, worst first; after them what belongs to nobody in particular. A view of the same findings: it adds \
          nothing to counts and controls. Accounts that share an address are one person; CSV has every analyzer, JSON \
          those that its template names.",
    columns: &[
        column("kind", CellKind::Text, "person; then org, resource-group, repo, service-account, source."),
        column(
            "person",
            CellKind::Text,
            "Login, of several accounts the current member's; the address where no login is known; of other kinds the name.",
        ),
        personal("fullname", CellKind::Text, "Display name on the Hub, else the roster's; empty when neither has one."),
        personal(
            "email",
            CellKind::Text,
            "Verified, SCIM, roster, grant or invitation address, the first that is known.",
        ),
        column("employment_status", CellKind::Text, "Status of the roster; empty without a match."),
        column("terminated_on", CellKind::Date, "Last working day of the roster; empty without one."),
        column("department", CellKind::Text, "Department of the roster; empty without a match."),
        personal("manager_email", CellKind::Text, "Manager of the roster; empty without a match."),
        column(
            "role",
            CellKind::Text,
            "Highest role in the organization, else the role offered by an invite; empty when not visible.",
        ),
        column("worst_verdict", CellKind::Text, "Verdict of the worst finding: fail, review or unknown."),
        column("worst_severity", CellKind::Text, "Severity of the worst finding."),
        column("findings", CellKind::List, "Every open finding as analyzer/rule, worst first."),
        column(
            "org_role",
            CellKind::List,
            "Role of each current membership; an item of another account than `person` has its login before it, here and in the next two columns.",
        ),
        column("group_paths", CellKind::List, "Resource groups; empty when there is none, or none could be seen."),
        column(
            "gated_grants",
            CellKind::List,
            "Repositories with an accepted request; empty when there is none, or none could be seen.",
        ),
        column("live_tokens", CellKind::Integer, "Tokens not revoked; empty where tokens could not be seen."),
        column("pending_invites", CellKind::Integer, "Pending invites; empty where they cannot be known."),
        column("scim_active", CellKind::Boolean, "Whether SCIM still wants them in; empty without a match."),
        column(
            "monthly_cost_usd",
            CellKind::Money,
            "Price of their seats per month; empty when not known or without a seat.",
        ),
        column("last_active_at", CellKind::Time, "Newest activity of a current member; empty when none was seen."),
        column("actions", CellKind::List, "What to do, in the order in which it must be done."),
    ],
};

/// Whether a step belongs to ending somebody's access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// The step ends it.
    End,
    /// The step makes sense for somebody who stays.
    Keep,
    /// The step is needed either way.
    Both,
}

/// Where a finding stands among the things to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Position among the steps.
    pub order: usize,
    /// Position inside the step: of several findings the first tells what to do.
    pub place: usize,
    /// Whether it ends access.
    pub phase: Phase,
}

/// A rule that applies to a person or thing, and needs somebody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonFinding {
    /// Analyzer id.
    pub analyzer: &'static str,
    /// Rule id.
    pub rule: &'static str,
    /// Worst verdict of the rows that it stands for.
    pub verdict: Verdict,
    /// Severity of that row.
    pub severity: Severity,
    /// How many rows it stands for.
    pub rows: usize,
    /// When it is to be acted upon.
    pub step: Step,
}

/// Everything about one person, or one thing.
#[derive(Clone, PartialEq, Debug)]
pub struct PersonRow {
    /// [`PERSON`] or one of [`THINGS`].
    pub kind: &'static str,
    /// See the column of this name.
    pub person: String,
    /// What is known about them, in the order of [`PersonRow::fact_columns`].
    pub facts: [Cell; FACTS],
    /// Open findings, worst first; each rule of each analyzer once.
    pub findings: Vec<PersonFinding>,
}

impl PersonRow {
    /// Columns of [`PersonRow::facts`].
    pub fn fact_columns() -> impl Iterator<Item = &'static ColumnSpec> {
        let (before, after) = (&FILE.columns[KEYS..KEYS + LEADING], &FILE.columns[KEYS + LEADING + FINDINGS..]);
        before.iter().chain(after).take(FACTS)
    }

    /// The row, in the order of [`FILE`]: `shows` tells which facts may be seen, `actions` what to do. `None` without a
    /// finding.
    pub fn cells(&self, shows: impl Fn(&ColumnSpec) -> bool, actions: Vec<String>) -> Option<Vec<Cell>> {
        let worst = self.findings.iter().map(|f| (f.verdict, f.severity)).min()?;
        let fact =
            |(column, cell): (&'static ColumnSpec, &Cell)| if shows(column) { cell.clone() } else { Cell::Empty };
        let facts: Vec<Cell> = Self::fact_columns().zip(&self.facts).map(fact).collect();
        let named: Vec<String> = self.findings.iter().map(|f| format!("{}/{}", f.analyzer, f.rule)).collect();
        let mut cells: Vec<Cell> = vec![self.kind.into(), self.person.as_str().into()];
        cells.extend_from_slice(&facts[..LEADING]);
        cells.extend([worst.0.word().into(), worst.1.word().into(), named.into()]);
        cells.extend_from_slice(&facts[LEADING..]);
        cells.push(actions.into());
        Some(cells)
    }

    /// Where a row stands: people first, then things by kind; worst first, and of equals whoever has more findings.
    #[must_use]
    pub fn rank(&self) -> impl Ord + use<> {
        let kind = THINGS.iter().position(|kind| *kind == self.kind).map_or(0, |at| at + 1);
        let worst = self.findings.iter().map(|f| (f.verdict, f.severity)).min();
        let rows: usize = self.findings.iter().map(|f| f.rows).sum();
        (kind, worst, Reverse(rows), self.person.clone())
    }
}

/// The findings that say what to do, one for each step, in the order in which the steps must be done. What is meant for
/// somebody who stays is left out where access has to end.
#[must_use]
pub fn to_do(findings: &[PersonFinding]) -> Vec<&PersonFinding> {
    let ends = findings.iter().any(|finding| finding.step.phase == Phase::End);
    let mut steps: Vec<&PersonFinding> =
        findings.iter().filter(|finding| !(ends && finding.step.phase == Phase::Keep)).collect();
    steps.sort_by_key(|finding| (finding.step.order, finding.step.place, finding.analyzer));
    steps.dedup_by_key(|finding| finding.step.order);
    steps
}
