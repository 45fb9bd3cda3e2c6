//! The points of frameworks in the JSON of a report, each with what was found about it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    model::{outcome::Cell, verdict::Verdict},
    report::{
        controls::{Assessed, Finding, State},
        template::Template,
    },
};

/// A point of a framework.
#[derive(Serialize)]
pub(super) struct Control<'a> {
    /// Framework.
    framework: &'a str,
    /// Its edition.
    edition: &'a str,
    /// Id inside the framework.
    id: &'a str,
    /// Title.
    title: &'a str,
    /// `open`, `not-fully-assessed`, `accepted`, `nothing-judged` or `no-finding`; never that it is met.
    result: State,
    /// Rows that speak to it, by verdict; every verdict is there.
    counts: BTreeMap<Verdict, usize>,
    /// What was looked at: `orphaned-access (token)`.
    looked_at: Vec<String>,
    /// Evidence that it needs and that is not there in full: names of sources, `period`, `baseline`.
    missing: Vec<String>,
    /// The rows that are open or accepted, of the analyzers in this file.
    findings: Vec<FindingKey<'a>>,
}

/// What a row is found by among the rows of its analyzer.
#[derive(Serialize)]
struct FindingKey<'a> {
    /// Its analyzer.
    analyzer: &'a str,
    /// Its rule.
    rule: &'a str,
    /// Its verdict.
    verdict: Verdict,
    /// Kind of its subject.
    subject_kind: &'a str,
    /// Its subject.
    subject: &'a str,
    /// Its resource; null where the analyzer has none.
    resource: Option<String>,
}

impl<'a> FindingKey<'a> {
    /// The key of a row.
    fn of(Finding { outcome, row }: Finding<'a>) -> Self {
        let resource = outcome.cell(row, "resource").map(Cell::to_text).filter(|text| !text.is_empty());
        let (subject_kind, subject) = (row.subject_kind.as_str(), row.subject.as_str());
        Self { analyzer: outcome.meta.id, rule: &row.rule, verdict: row.verdict, subject_kind, subject, resource }
    }
}

impl<'a> Control<'a> {
    /// A point as it was found, in a report by a template.
    pub(super) fn of(assessed: Assessed<'a>, template: &Template) -> Self {
        let Assessed { framework, requirement, state, counts, missing, findings } = assessed;
        let shown = findings.into_iter().filter(|finding| template.shows(finding.outcome.meta.id));
        Self {
            framework: &framework.name,
            edition: &framework.edition,
            id: requirement.id.get_ref(),
            title: &requirement.title,
            result: state,
            counts,
            looked_at: requirement.looks().collect(),
            missing,
            findings: shown.map(FindingKey::of).collect(),
        }
    }
}
