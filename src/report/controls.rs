//! Frameworks: which points they make, and which rows of a report speak to each.
//!
//! A framework is a TOML file that maps a requirement to analyzers, from the framework's side, so that a new one touches
//! no analyzer. What a report says about a requirement is what it found, never that the requirement is met: that is for
//! the auditor.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::{
    Input, SourceFact,
    build::SOURCE,
    coverage_of,
    error::Error,
    toml_file::{TomlFile, looks_like_a_path},
    wording::unknown,
};
use crate::model::{
    coverage::{Coverage, Source},
    outcome::{Outcome, Row},
    verdict::Verdict,
};

/// The word for a snapshot to compare with, among the evidence that a requirement can rest on.
pub const BASELINE: &str = "baseline";

/// The frameworks that are embedded.
pub(super) static EMBEDDED: include_dir::Dir<'_> =
    include_dir::include_dir!("$CARGO_MANIFEST_DIR/report_templates/controls");

/// A framework of controls.
#[derive(Clone, Debug)]
pub struct Framework {
    /// Its id: the file's name without its ending.
    pub id: String,
    /// Its name, e.g. `SOC 2`.
    pub name: String,
    /// The edition that is meant.
    pub edition: String,
    /// Its points, in the file's order.
    pub requirements: Vec<Requirement>,
    /// The file, for errors.
    file: TomlFile,
}

/// What stands in a framework's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Version of the format, checked before everything else.
    #[serde(rename = "version")]
    _version: u32,
    /// Name.
    framework: String,
    /// Edition.
    edition: String,
    /// Points.
    requirements: Vec<Requirement>,
}

/// A point of a framework.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Its id, e.g. `CC6.2`.
    pub id: Spanned<String>,
    /// Title, in our words.
    pub title: String,
    /// What it asks for, in our words.
    pub asks: String,
    /// The rows that speak to it; none where a report shows something and judges nothing.
    #[serde(default)]
    pub looks_at: Vec<Look>,
    /// Further evidence that must be there in full: sources, or [`BASELINE`].
    #[serde(default)]
    sources: Vec<Spanned<String>>,
    /// Anchors of further sections that show something about it.
    #[serde(default)]
    sections: Vec<Spanned<String>>,
}

/// Rows of an analyzer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The analyzer.
    analyzer: Spanned<String>,
    /// Kinds of subject; all where none is named.
    #[serde(default)]
    subjects: Vec<Spanned<String>>,
}

/// What a report found about a requirement; the first that applies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A row is `fail` or `review`.
    Open,
    /// A row is `unknown`, or evidence that it needs was not read in full.
    NotFullyAssessed,
    /// A finding is accepted under an exception.
    Accepted,
    /// No row that was judged speaks to it; there may be rows that are only listed.
    NothingJudged,
    /// Every row that was judged passes, and nothing is missing.
    NoFinding,
}

impl State {
    /// The word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::NotFullyAssessed => "not-fully-assessed",
            Self::Accepted => "accepted",
            Self::NothingJudged => "nothing-judged",
            Self::NoFinding => "no-finding",
        }
    }
}

/// A requirement with what the report found.
#[derive(Clone, Debug)]
pub struct Assessed<'a> {
    /// Its framework.
    pub framework: &'a Framework,
    /// The requirement.
    pub requirement: &'a Requirement,
    /// What was found.
    pub state: State,
    /// The rows that speak to it by verdict, those of gaps left out; every verdict is there.
    pub counts: BTreeMap<Verdict, usize>,
    /// Evidence that it needs and that is not there in full: sources in report order, then `period` and `baseline`.
    pub missing: Vec<String>,
    /// The rows that are open or accepted, in report order.
    pub findings: Vec<Finding<'a>>,
}

/// A row that speaks to a requirement and that somebody must act on, or has accepted.
#[derive(Clone, Copy, Debug)]
pub struct Finding<'a> {
    /// The analyzer's result.
    pub outcome: &'a Outcome,
    /// The row.
    pub row: &'a Row,
}

/// Loads an embedded framework by name, or a user's own by a path relative to `folder`; `named` is where the template
/// `by` asks for it.
pub(super) fn load(named: &Spanned<String>, by: &TomlFile, folder: Option<&Path>) -> Result<Framework, Error> {
    let name = named.get_ref().as_str();
    if let Some(file) = EMBEDDED.get_file(format!("{name}.toml")) {
        let path = format!("report_templates/controls/{name}.toml");
        return parse(name, TomlFile::embedded(path, file.contents_utf8().unwrap_or_default()));
    }
    if !looks_like_a_path(name) {
        return Err(by.unknown(named, "controls", "framework", &names()));
    }
    let path = folder.unwrap_or_else(|| Path::new("")).join(name.trim_start_matches("./"));
    let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    parse(&id, TomlFile::read(path)?)
}

/// Names of the embedded frameworks.
pub(super) fn names() -> Vec<&'static str> {
    EMBEDDED.files().filter_map(|file| file.path().file_stem()?.to_str()).collect()
}

/// The embedded frameworks.
///
/// # Errors
/// Never, as a test checks.
pub fn all() -> Result<Vec<Framework>, Error> {
    let nobody = TomlFile::embedded(String::new(), "");
    names().into_iter().map(|name| load(&Spanned::new(0..0, name.to_owned()), &nobody, None)).collect()
}

/// Reads a framework.
fn parse(id: &str, file: TomlFile) -> Result<Framework, Error> {
    let File { framework, edition, requirements, .. } = file.parse()?;
    let mut seen = BTreeSet::new();
    for requirement in &requirements {
        if !seen.insert(requirement.id.get_ref()) {
            let message = format!("key `id`: the requirement {:?} is there twice", requirement.id.get_ref());
            return Err(file.wrong(requirement.id.span().start, message));
        }
        if requirement.looks_at.is_empty() && requirement.sections.is_empty() {
            let message = format!("the requirement {:?} needs `looks_at` or `sections`", requirement.id.get_ref());
            return Err(file.wrong(requirement.id.span().start, message));
        }
    }
    Ok(Framework { id: id.to_owned(), name: framework, edition, requirements, file })
}

impl Framework {
    /// Its text, when it is a user's own.
    pub(super) fn own_text(&self) -> Option<&str> {
        let embedded = EMBEDDED.get_file(format!("{}.toml", self.id)).and_then(|file| file.contents_utf8());
        (embedded != Some(&self.file.text)).then_some(&self.file.text)
    }

    /// Checks that what the framework names is in an analysis: a name that nothing answers to would look like a
    /// requirement without findings.
    pub(super) fn check_against(&self, outcomes: &[Outcome], anchors: &BTreeSet<&str>) -> Result<(), Error> {
        let ids: Vec<&str> = outcomes.iter().map(|o| o.meta.id).collect();
        for requirement in &self.requirements {
            for look in &requirement.looks_at {
                let outcome = outcomes
                    .iter()
                    .find(|o| o.meta.id == look.analyzer.get_ref())
                    .ok_or_else(|| self.file.unknown(&look.analyzer, "analyzer", "analyzer", &ids))?;
                let kinds = outcome.meta.subjects;
                if let Some(kind) = look.subjects.iter().find(|kind| !kinds.contains(&kind.get_ref().as_str())) {
                    return Err(self.file.unknown(kind, "subjects", "kind of subject", kinds));
                }
            }
            if let Some(word) = requirement.sources.iter().find(|s| !evidence_words().contains(&s.get_ref().as_str())) {
                return Err(self.file.unknown(word, "sources", "source", &evidence_words()));
            }
            let known: Vec<&str> = anchors.iter().chain(&ids).copied().chain(super::layout::words()).collect();
            if let Some(section) = requirement.sections.iter().find(|s| !known.contains(&s.get_ref().as_str())) {
                let message = format!("key `sections`: {}", unknown("section", section.get_ref(), &known));
                return Err(self.file.wrong(section.span().start, message));
            }
        }
        Ok(())
    }

    /// What a report found about each requirement.
    fn assess<'a>(&'a self, input: &'a Input<'_>, unread: &BTreeSet<&str>) -> Vec<Assessed<'a>> {
        let one = |requirement: &'a Requirement| requirement.assess(self, input.outcomes, unread);
        self.requirements.iter().map(one).collect()
    }
}

/// The words for evidence that a requirement can rest on.
fn evidence_words() -> Vec<&'static str> {
    Source::ALL.iter().map(|source| source.name()).chain([BASELINE]).collect()
}

/// What a report found about each requirement of some frameworks.
pub(super) fn assess<'a>(input: &'a Input<'_>, frameworks: &'a [Framework]) -> Vec<Assessed<'a>> {
    let mut unread: BTreeSet<&str> = BTreeSet::new();
    unread.extend(coverage_of(input, &[]).iter().filter(|fact| !read_in_full(fact)).map(|fact| fact.source.name()));
    if input.baseline.is_none() {
        unread.insert(BASELINE);
    }
    frameworks.iter().flat_map(|framework| framework.assess(input, &unread)).collect()
}

impl Requirement {
    /// Whether rows of an analyzer about a kind of subject speak to it.
    #[must_use]
    pub fn covers(&self, analyzer: &str, kind: &str) -> bool {
        let all = |look: &Look| look.subjects.is_empty() || look.subjects.iter().any(|s| s.get_ref() == kind);
        self.looks_at.iter().any(|look| look.analyzer.get_ref() == analyzer && all(look))
    }

    /// The analyzers whose rows speak to it, in the file's order.
    pub fn analyzers(&self) -> impl Iterator<Item = &str> {
        self.looks_at.iter().map(|look| look.analyzer.get_ref().as_str())
    }

    /// Anchors of the sections that show something about it: those of its analyzers, then the others.
    pub(super) fn anchors(&self) -> impl Iterator<Item = &str> {
        self.analyzers().chain(self.sections.iter().map(|s| s.get_ref().as_str()))
    }

    /// The rows that speak to it, in words: `orphaned-access (token, service-account)`.
    pub fn looks(&self) -> impl Iterator<Item = String> {
        self.looks_at.iter().map(|look| {
            let kinds: Vec<&str> = look.subjects.iter().map(|s| s.get_ref().as_str()).collect();
            let all = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
            format!("{}{all}", look.analyzer.get_ref())
        })
    }

    /// Evidence that it rests on beside that of its analyzers: names of sources, or [`BASELINE`].
    pub fn evidence(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|word| word.get_ref().as_str())
    }

    /// What a report found about it; `unread` names the evidence that is not there in full.
    fn assess<'a>(
        &'a self,
        framework: &'a Framework,
        outcomes: &'a [Outcome],
        unread: &BTreeSet<&str>,
    ) -> Assessed<'a> {
        let mut counts: BTreeMap<Verdict, usize> = Verdict::ALL.into_iter().map(|v| (v, 0)).collect();
        let mut missing: BTreeSet<&str> = self.evidence().filter(|word| unread.contains(word)).collect();
        let mut findings = Vec::new();
        for outcome in outcomes.iter().filter(|o| self.analyzers().any(|id| id == o.meta.id)) {
            for row in &outcome.rows {
                if row.subject_kind == SOURCE {
                    missing.insert(row.subject.as_str());
                } else if self.covers(outcome.meta.id, &row.subject_kind) {
                    *counts.entry(row.verdict).or_default() += 1;
                    if row.verdict.is_open() || row.verdict == Verdict::Accepted {
                        findings.push(Finding { outcome, row });
                    }
                }
            }
        }
        let has = |verdict: Verdict| counts.get(&verdict).is_some_and(|n| *n > 0);
        let state = if has(Verdict::Fail) || has(Verdict::Review) {
            State::Open
        } else if has(Verdict::Unknown) || !missing.is_empty() {
            State::NotFullyAssessed
        } else if has(Verdict::Accepted) {
            State::Accepted
        } else if has(Verdict::Pass) {
            State::NoFinding
        } else {
            State::NothingJudged
        };
        Assessed { framework, requirement: self, state, counts, missing: in_order(missing), findings }
    }
}

/// Names of evidence: sources in report order, then the others.
pub(super) fn in_order(mut names: BTreeSet<&str>) -> Vec<String> {
    let sources: Vec<&str> = Source::ALL.iter().map(|source| source.name()).filter(|name| names.remove(name)).collect();
    sources.into_iter().chain(names).map(str::to_owned).collect()
}

/// Whether everything that there is of a source was read.
fn read_in_full(fact: &SourceFact<'_>) -> bool {
    match fact.coverage {
        Coverage::Collected | Coverage::Imported => true,
        Coverage::PlanRequired => !fact.gap,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
