//! What the terminal shows after a report: verdicts by analyzer, gaps, exceptions that no longer hold, files written.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use comfy_table::{CellAlignment, Table, presets};

use super::{answer, select::Selection};
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
        let Selection { snapshot, baseline, period, asked } = self.selection;
        let baseline = baseline.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string);
        let asked = asked.as_ref().map(|asked| format!("  ({})", text::line(asked))).unwrap_or_default();
        let (from, to) = (time::format(period.start), time::format(period.end));
        let mut head =
            format!("{}  snapshot {snapshot}  baseline {baseline}\nperiod {from} to {to}{asked}\n", self.manifest.org);
        let choice = self.selection.choice();
        let distances = [
            ("snapshot", choice.after_end, "the end"),
            ("baseline", choice.baseline_after_start.filter(|_| choice.asked.is_some()), "the start"),
        ];
        for (what, seconds, end) in distances {
            let Some(seconds) = seconds else { continue };
            let side = if seconds < 0 { "before" } else { "after" };
            let _ = writeln!(head, "{what} {} {side} {end} of the period", time::span(seconds));
        }
        if choice.covered_until < period.end {
            let from = time::format(choice.covered_until.max(period.start));
            let _ = writeln!(head, "no evidence covers the days of the period from {from} to {to}");
        }
        head
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
        for (source, why) in self.manifest.hidden_fields() {
            let _ = writeln!(text, "\nhidden from this token: {source}: {why}");
        }
        let gaps: Vec<_> = Source::ALL.into_iter().filter(|source| self.manifest.is_gap(*source)).collect();
        let line = |source: &Source| {
            let (coverage, why) = (self.manifest.coverage(*source), self.manifest.why(*source));
            format!("{:<17} {:<13} {why}", source.name(), coverage.word())
        };
        let mut lines: Vec<String> = gaps.iter().map(line).collect();
        // Other evidence that an analyzer lacks: days of the period, a roster, what the baseline did not see.
        let told = |name: &str| gaps.iter().any(|source| source.name() == name);
        let others = self.outcomes.iter().flat_map(answer::gaps).filter(|row| !told(&row.subject));
        let others: BTreeSet<_> = others.map(|row| (&row.subject, &row.reason)).collect();
        lines.extend(others.iter().map(|(name, reason)| format!("{name:<17} {}", text::line(reason))));
        if lines.is_empty() {
            text.push_str("\nno source is a gap\n");
            return;
        }
        text.push_str("\ngaps: what rests on these is unknown\n");
        for line in lines {
            let _ = writeln!(text, "  {line}");
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
