//! Words and paper: outcomes become CSV, JSON, PDF, HTML and Markdown. Nothing is judged or computed here.
//!
//! A [`template`] chooses sections and columns, [`build`] makes a [`document`] of them, [`render`] turns it into bytes,
//! and [`files`] puts those on the disk as one folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Serialize;

use crate::model::{
    coverage::{Coverage, Source},
    exception::ExceptionOutcome,
    follow_up::FollowUp,
    ids::SnapshotId,
    manifest::Manifest,
    outcome::{KeyFigure, Outcome, Row, TieOut},
    params::Params,
    people::PersonRow,
    sums,
    time::Timestamp,
};

mod build;
pub mod controls;
mod data_files;
pub mod document;
pub mod error;
mod files;
#[cfg(test)]
mod formats_tests;
mod layout;
mod marks;
pub mod privacy;
pub mod render;
pub mod several;
pub mod sources;
pub mod template;
#[cfg(test)]
mod testing;
mod toml_file;
pub mod wording;
mod words;

pub use error::Error;
pub use files::Written;
pub use render::Format;
pub use template::Template;

/// Everything a report is made of. Two equal inputs give the same bytes in every format.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Manifest of the snapshot.
    pub manifest: &'a Manifest,
    /// SHA-256 of `manifest.json`, hexadecimal.
    pub manifest_sha256: String,
    /// Version of the tool that reports.
    pub tool_version: String,
    /// First and last instant of the period under review.
    pub period: (Timestamp, Timestamp),
    /// How far the snapshots are from the ends of the period.
    pub choice: Choice,
    /// Thresholds and prices in force.
    pub params: &'a Params,
    /// One per analyzer, in report order.
    pub outcomes: &'a [Outcome],
    /// Fate of each configured exception.
    pub exceptions: &'a [ExceptionOutcome],
    /// Figures compared.
    pub tie_outs: &'a [TieOut],
    /// The open findings by person.
    pub people: &'a [PersonRow],
    /// What became of the findings of the baseline; `None` without one.
    pub follow_up: Option<&'a FollowUp>,
    /// Key figures by tile id (`members`, `effective_owners`, `inactive_seats`, `orphaned_paths`, `monthly_cost_usd`,
    /// `reclaimable`); one that is not known is left out.
    pub headline: BTreeMap<String, KeyFigure>,
    /// The snapshot that this one is compared with; `None` without one.
    pub baseline: Option<TrendPoint>,
    /// Key figures of this snapshot and of those before it in the store, oldest first.
    pub trend: Vec<TrendPoint>,
    /// Classification word of the foot; may be empty.
    pub classification: String,
    /// Paper of the PDF.
    pub paper: document::Paper,
    /// Whether personal values were replaced; the report says so.
    pub redacted: bool,
}

/// How far the snapshots of a report are from the ends of its period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The period as typed, e.g. `2026-Q3`; `None` where nobody named one and it ends with the snapshot.
    pub asked: Option<String>,
    /// Last instant of the period that evidence covers; of a period that nobody saw, before its start.
    pub covered_until: Timestamp,
    /// Seconds from the end of the period to the snapshot, negative where it is older; `None` where nobody named a
    /// period.
    pub after_end: Option<i64>,
    /// Seconds from the start of the period to the baseline, negative where it is older; `None` without a baseline.
    pub baseline_after_start: Option<i64>,
}

impl Choice {
    /// Of an answer about one instant, which has no period.
    #[must_use]
    pub const fn at(as_of: Timestamp) -> Self {
        Self { asked: None, covered_until: as_of, after_end: None, baseline_after_start: None }
    }
}

/// Key figures of one snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrendPoint {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// Its instant.
    pub as_of: Timestamp,
    /// SHA-256 of its `manifest.json`, hexadecimal.
    pub manifest_sha256: String,
    /// Figures by tile id; one that is not known is left out.
    pub figures: BTreeMap<String, KeyFigure>,
    /// Seats by `seat_status`; `None` where the list of members has a hole.
    pub seats: Option<BTreeMap<String, u64>>,
}

/// The files of a report that are not on the disk yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Made {
    /// The files, by path inside the report folder.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The fonts of this machine that its PDFs are set in; whoever has others gets other bytes.
    pub fonts: BTreeSet<String>,
}

/// Makes a report in every format.
///
/// # Errors
/// When a template asks for what the analysis does not have, or a file cannot be made.
pub fn make(input: &Input<'_>, templates: &[Template], formats: &[Format]) -> Result<Made, Error> {
    check(input, templates)?;
    let mut made = Made::default();
    for format in formats {
        render::render(input, templates, *format, &mut made)?;
    }
    Ok(made)
}

impl Made {
    /// Adds a file that no template may be called like.
    ///
    /// # Errors
    /// When a template is called so.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        if self.files.contains_key(name) {
            return Err(Error::SameName(name.to_owned()));
        }
        self.files.insert(name.to_owned(), bytes);
        Ok(())
    }

    /// Writes the files into `out/<org>-<snapshot id>`.
    ///
    /// # Errors
    /// When a file cannot be written. Then no file of this run is in place, unless an existing folder was being renewed:
    /// such a folder is left without `SHA256SUMS`.
    pub fn publish(&self, input: &Input<'_>, out: &Path) -> Result<Written, Error> {
        files::publish(out, &format!("{}-{}", input.manifest.org, input.manifest.id), &self.files)
    }

    /// The files with their list, as they stand in a report folder that holds nothing else.
    #[must_use]
    pub fn listed(mut self) -> BTreeMap<String, Vec<u8>> {
        let list = files::list(&self.files);
        self.files.insert(sums::FILE.to_owned(), list.into_bytes());
        self.files
    }
}

/// Makes a report and writes it.
#[cfg(test)]
fn write(input: &Input<'_>, templates: &[Template], formats: &[Format], out: &Path) -> Result<Written, Error> {
    make(input, templates, formats)?.publish(input, out)
}

/// Checks that templates and outcomes fit together.
fn check(input: &Input<'_>, templates: &[Template]) -> Result<(), Error> {
    for (at, template) in templates.iter().enumerate() {
        if templates[..at].iter().any(|t| t.name() == template.name()) {
            return Err(Error::SameName(template.name().to_owned()));
        }
        template.check_against(input.outcomes, input.params)?;
    }
    for outcome in input.outcomes {
        let columns = outcome.meta.columns.len();
        if let Some(row) = outcome.rows.iter().find(|r| r.cells.len() != columns) {
            let (subject, cells) = (row.subject.clone(), row.cells.len());
            return Err(Error::Shape { analyzer: outcome.meta.id, subject, cells, columns });
        }
        // Frameworks name kinds of subject; one that no analyzer declares would speak to nothing.
        let declared =
            |r: &&Row| r.subject_kind == build::SOURCE || outcome.meta.subjects.contains(&r.subject_kind.as_str());
        if let Some(row) = outcome.rows.iter().find(|r| !declared(r)) {
            return Err(Error::Kind { analyzer: outcome.meta.id, kind: row.subject_kind.clone() });
        }
    }
    Ok(())
}

/// What a snapshot was read for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum ReadFor {
    /// It is the state under review.
    State,
    /// It is what the state is compared with.
    Baseline,
    /// Its key figures are shown over time.
    Trend,
}

/// A snapshot that the report rests on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct SnapshotRead<'a> {
    /// Its id.
    id: &'a str,
    /// Its instant.
    as_of: Timestamp,
    /// SHA-256 of its manifest, hexadecimal.
    manifest_sha256: &'a str,
    /// What it was read for.
    read_for: Vec<ReadFor>,
}

/// Every snapshot that a report rests on, the newest first.
fn snapshots_read<'a>(input: &'a Input<'_>) -> Vec<SnapshotRead<'a>> {
    let state = (ReadFor::State, input.manifest.id.as_str(), input.manifest.as_of, input.manifest_sha256.as_str());
    let named = |what: ReadFor, point: &'a TrendPoint| {
        (what, point.snapshot.as_str(), point.as_of, point.manifest_sha256.as_str())
    };
    let baseline = input.baseline.iter().map(|point| named(ReadFor::Baseline, point));
    // A trend of one point is none.
    let trend = input.trend.iter().filter(|_| input.trend.len() > 1).map(|point| named(ReadFor::Trend, point));
    let mut all: BTreeMap<&str, SnapshotRead<'a>> = BTreeMap::new();
    for (what, id, as_of, manifest_sha256) in std::iter::once(state).chain(baseline).chain(trend) {
        let new = SnapshotRead { id, as_of, manifest_sha256, read_for: Vec::new() };
        all.entry(id).or_insert(new).read_for.push(what);
    }
    all.into_values().rev().collect()
}

/// What became of a source, and who needs it.
#[derive(Debug)]
struct SourceFact<'a> {
    /// The source.
    source: Source,
    /// Its coverage.
    coverage: Coverage,
    /// Whether that is a hole in the evidence.
    gap: bool,
    /// Why it is not `collected`.
    why: Option<&'a str>,
    /// Rows read; `None` where nothing could be read, which is not the same as none.
    rows: Option<u64>,
    /// Number of requests.
    requests: usize,
    /// Ids of the analyzers that rest on it.
    needed_by: Vec<&'static str>,
}

/// What became of every source, in report order, and which of some analyzers need it.
fn coverage_of<'a>(input: &'a Input<'_>, outcomes: &[&Outcome]) -> Vec<SourceFact<'a>> {
    let fact = |source: Source| {
        let record = input.manifest.sources.get(&source);
        let coverage = input.manifest.coverage(source);
        let gap = input.manifest.is_gap(source);
        let empty_by_plan = coverage == Coverage::PlanRequired && !gap;
        let asked_for = source.is_opt_in() && coverage != Coverage::NotRequested;
        let needs = |o: &&&Outcome| {
            let has_row = |o: &Outcome| o.rows.iter().any(|r| r.subject_kind == "source" && r.subject == source.name());
            asked_for || o.meta.needs.contains(&source) || has_row(o)
        };
        SourceFact {
            source,
            coverage,
            gap,
            why: record.and_then(|r| r.why.as_deref()).filter(|w| !w.is_empty()),
            rows: record.map(|r| r.rows).filter(|_| coverage.has_rows() || empty_by_plan),
            requests: record.map_or(0, |r| r.requests.len()),
            needed_by: outcomes.iter().filter(needs).map(|o| o.meta.id).collect(),
        }
    };
    Source::ALL.into_iter().map(fact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use testing::Sample;

    #[test]
    fn a_report_folder_holds_what_was_asked_for() {
        let (sample, out) = (Sample::new(), tempfile::tempdir().unwrap());
        let templates = [template::load("access-review", None).unwrap()];
        let written = write(&sample.input(), &templates, &Format::ALL, out.path()).unwrap();
        assert!(written.dir.ends_with("acme-20261001T060000Z"));
        let names: Vec<_> =
            written.files.iter().map(|f| f.strip_prefix(&written.dir).unwrap().to_str().unwrap().to_owned()).collect();
        let expected = [
            "access-review.html",
            "access-review.json",
            "access-review.md",
            "access-review.ocsf.jsonl",
            "access-review.oscal.json",
            "access-review.pdf",
            "access-review.xlsx",
            "csv/access.csv",
            "csv/changes.csv",
            "csv/follow-up.csv",
            "csv/inactive-seats.csv",
            "csv/offboarding.csv",
            "csv/orphaned-access.csv",
            "csv/owner-coverage.csv",
            "csv/people.csv",
            "csv/privileged-activity.csv",
            "csv/requests.csv",
            "csv/seat-spend.csv",
            "SHA256SUMS",
        ];
        assert_eq!(names, expected);
        assert!(written.files.iter().all(|f| f.is_file()));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        let (sample, out) = (Sample::new(), tempfile::tempdir().unwrap());
        let templates = [template::load("access-review", None).unwrap()];
        let formats = Format::ALL;
        let sums = |dir: &str| {
            let written = write(&sample.input(), &templates, &formats, &out.path().join(dir)).unwrap();
            std::fs::read_to_string(written.dir.join("SHA256SUMS")).unwrap()
        };
        assert_eq!(sums("a"), sums("b"));
    }

    #[test]
    fn what_does_not_fit_together_is_refused_before_anything_is_written() {
        let (mut sample, out) = (Sample::new(), tempfile::tempdir().unwrap());
        let template = template::load("access-review", None).unwrap();
        let same = [template.clone(), template.clone()];
        let error = write(&sample.input(), &same, &[Format::Csv], out.path()).unwrap_err();
        assert!(matches!(error, Error::SameName(_)));
        sample.outcomes[0].rows[0].cells.pop();
        let error = write(&sample.input(), &[template], &[Format::Csv], out.path()).unwrap_err();
        assert!(error.to_string().contains("gave 5 cells for 6 columns"), "{error}");
        sample.outcomes[0].rows[0].subject_kind = "ghost".to_owned();
        sample.outcomes[0].rows[0].cells.push(crate::model::outcome::Cell::Empty);
        let template = template::load("access-review", None).unwrap();
        let error = write(&sample.input(), &[template], &[Format::Csv], out.path()).unwrap_err();
        assert!(matches!(error, Error::Kind { .. }), "{error}");
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
    }

    #[test]
    fn rows_of_a_source_that_was_not_read_are_not_zero() {
        let mut sample = Sample::new();
        sample.open_a_gap(Source::Tokens);
        let input = sample.input();
        let facts = coverage_of(&input, &input.outcomes.iter().collect::<Vec<_>>());
        let fact = |s: Source| facts.iter().find(|f| f.source == s).unwrap();
        assert_eq!((fact(Source::Tokens).rows, fact(Source::Tokens).gap), (None, true));
        assert_eq!(fact(Source::Members).rows, Some(4));
        assert_eq!(fact(Source::Commits).rows, None);
        assert_eq!(fact(Source::Tokens).needed_by, ["inactive-seats", "orphaned-access", "seat-spend"]);
    }
}
