//! What the terminal shows after a report: verdicts by analyzer, gaps, exceptions that no longer hold, files written.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use comfy_table::{CellAlignment, Table, presets};

use super::select::Selection;
use crate::model::{
    coverage::Source,
    exception::{ExceptionOutcome, ExceptionState},
    manifest::Manifest,
    outcome::Outcome,
    text, time,
    verdict::{Severity, Verdict},
};

/// How much an exception that is not in force matters; it is a `review`.
pub(super) const EXCEPTION_SEVERITY: Severity = Severity::Medium;

/// What was judged and written.
#[derive(Debug)]
pub(super) struct Summary<'a> {
    /// Manifest of the snapshot.
    pub(super) manifest: &'a Manifest,
    /// Its judgement, as in the report.
    pub(super) outcomes: &'a [Outcome],
    /// Exceptions and their fate, as in the report.
    pub(super) exceptions: &'a [ExceptionOutcome],
    /// Which snapshot, period and baseline.
    pub(super) selection: &'a Selection,
    /// Folder of the report.
    pub(super) dir: &'a Path,
    /// Files in it.
    pub(super) files: &'a [PathBuf],
}

impl Summary<'_> {
    /// The summary as text.
    pub(super) fn to_text(&self) -> String {
        let mut text = self.head();
        let _ = writeln!(text, "\n{}", self.verdicts());
        self.gaps(&mut text);
        self.exceptions(&mut text);
        let _ = writeln!(text, "\nwritten to {}", self.dir.display());
        for file in self.files {
            let shown = file.strip_prefix(self.dir).unwrap_or(file);
            let _ = writeln!(text, "  {}", shown.display());
        }
        text
    }

    /// What the report is about.
    fn head(&self) -> String {
        let Selection { snapshot, baseline, period } = self.selection;
        let baseline = baseline.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        format!(
            "{}  snapshot {snapshot}  baseline {baseline}\nperiod {} to {}\n",
            self.manifest.org,
            time::format(period.start),
            time::format(period.end)
        )
    }

    /// Verdicts by analyzer.
    fn verdicts(&self) -> String {
        let mut table = plain_table(&["analyzer", "fail", "review", "unknown", "accepted", "listed", "pass"]);
        for outcome in self.outcomes {
            let counts = Verdict::ALL.map(|verdict| outcome.count(verdict).to_string());
            table.add_row(std::iter::once(outcome.meta.id.to_owned()).chain(counts));
        }
        table.trim_fmt()
    }

    /// What could not be seen.
    fn gaps(&self, text: &mut String) {
        let gaps: Vec<_> = Source::ALL.into_iter().filter(|source| self.manifest.is_gap(*source)).collect();
        for (source, why) in self.manifest.hidden_fields() {
            let _ = writeln!(text, "\nhidden from this token: {source}: {why}");
        }
        if gaps.is_empty() {
            text.push_str("\nno source is a gap\n");
            return;
        }
        text.push_str("\ngaps: what rests on these is unknown\n");
        for source in gaps {
            let (coverage, why) = (self.manifest.coverage(source), self.manifest.why(source));
            let _ = writeln!(text, "  {:<17} {:<13} {why}", source.name(), coverage.word());
        }
    }

    /// Exceptions that are findings themselves.
    fn exceptions(&self, text: &mut String) {
        let odd = self.exceptions.iter().filter(|e| e.state != ExceptionState::InForce);
        for (i, outcome) in odd.enumerate() {
            if i == 0 {
                text.push_str("\nexceptions that need a decision\n");
            }
            let e = &outcome.exception;
            let (subject, note) = (text::line(&e.subject), text::line(&outcome.note));
            let _ = writeln!(text, "  {} {} {subject}: {note}", e.analyzer, e.rule);
        }
    }
}

/// A table without lines, its numbers to the right.
pub(super) fn plain_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.to_vec());
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding(if i == 0 { (0, 1) } else { (1, 1) });
        if i > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
