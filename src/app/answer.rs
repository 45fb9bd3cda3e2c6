//! What `access` and `diff` have in common: one analyzer's result on stdout, in three forms, and how the command ends.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::Value;

use super::{
    Console, VERSION,
    error::{Error, Exit},
    personal,
    report::reaches,
    request::{Common, Form},
    settings::Settings,
};
use crate::{
    model::{
        outcome::{Outcome, Row},
        text,
        time::Timestamp,
    },
    report::{
        self,
        document::Paper,
        privacy,
        render::{answer, csv},
    },
    store::{OrgStore, Snapshot},
};

/// Columns of a terminal on which every table fits.
const WIDTH: u16 = 100;

/// Columns of text between tables.
pub(super) const TEXT_WIDTH: usize = 78;

/// Most columns that a line of a whole column gets.
const NAMES: usize = 52;

/// Most columns that a word gets without being broken.
const WORD: usize = 28;

/// What a result rests on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis<'a> {
    /// The organization in the store.
    pub(super) place: &'a OrgStore,
    /// The snapshot that was judged.
    pub(super) snapshot: &'a Snapshot,
    /// First and last instant that it is about.
    pub(super) period: (Timestamp, Timestamp),
    /// Configuration.
    pub(super) settings: &'a Settings,
}

/// How a result is shown.
pub(super) struct Shape<'a> {
    /// Name and version of the JSON.
    pub(super) format: &'a str,
    /// The question, for the JSON.
    pub(super) asked: Vec<(&'static str, Value)>,
    /// The text for people.
    pub(super) text: &'a dyn Fn(&Outcome) -> String,
}

/// Shows a result, without personal values if so asked, and tells how the command ends.
///
/// # Errors
/// When stdout is closed, or the store's secret can be neither read nor made.
pub(super) fn show(
    outcome: &Outcome,
    (basis, form): (Basis<'_>, Form),
    shape: &Shape<'_>,
    (common, console): (&Common, &Arc<dyn Console>),
) -> Result<Exit, Error> {
    let Basis { place, snapshot, period, settings } = basis;
    let exceptions = &settings.config.values.exceptions;
    let outcomes = std::slice::from_ref(outcome);
    let input = report::Input {
        manifest: &snapshot.manifest,
        manifest_sha256: snapshot.manifest_sha256.clone(),
        tool_version: VERSION.to_owned(),
        period,
        choice: report::Choice::at(snapshot.manifest.as_of),
        params: &settings.config.params(),
        outcomes,
        exceptions: &[],
        tie_outs: &[],
        people: &[],
        follow_up: None,
        headline: BTreeMap::new(),
        baseline: None,
        trend: Vec::new(),
        classification: String::new(),
        paper: Paper::A4,
        redacted: false,
    };
    let redacted =
        if common.redact { Some(privacy::redact(&input, &personal::of(place, snapshot, exceptions)?)) } else { None };
    let input = redacted.as_ref().map_or_else(|| input.clone(), |redacted| redacted.input(&input));
    let shown = input.outcomes.first().unwrap_or(outcome);
    let data = match form {
        Form::Text => (shape.text)(shown),
        Form::Csv => String::from_utf8_lossy(&csv::render(shown)?).into_owned(),
        Form::Json => answer::render(shape.format, &shape.asked, &input, shown)?,
    };
    console.print(&data).map_err(Error::Output)?;
    if common.require_complete && gaps(outcome).next().is_some() {
        return Ok(Exit::Gaps);
    }
    let reached = common.fail_on.is_some_and(|bar| reaches(&outcome.rows, bar));
    Ok(if reached { Exit::Verdicts } else { Exit::Done })
}

/// The rows of gaps.
pub(super) fn gaps(outcome: &Outcome) -> impl Iterator<Item = &Row> {
    outcome.rows.iter().filter(|row| is_gap(row))
}

/// Whether a row is that of a gap.
pub(super) fn is_gap(row: &Row) -> bool {
    row.subject_kind == "source"
}

/// The gaps as text, before everything else; nothing where there are none.
pub(super) fn gap_lines(outcome: &Outcome) -> String {
    let mut lines = String::new();
    for (i, row) in gaps(outcome).enumerate() {
        if i == 0 {
            lines.push_str("gaps: what rests on these is unknown\n");
        }
        for (at, line) in wrapped(&text::line(&row.reason), TEXT_WIDTH - 4).into_iter().enumerate() {
            let _ = writeln!(lines, "{}{line}", if at == 0 { "  " } else { "    " });
        }
    }
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines
}

/// A table that fits a terminal, without the blanks at the ends of its lines. Its cells wrap between words, those of the
/// columns `whole` only where a line is very long.
pub(super) fn table(header: &[&str], rows: &[Vec<String>], whole: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row.clone());
    }
    let longest = |column: usize, part: fn(&str) -> Vec<&str>| {
        let cells = rows.iter().filter_map(|row| row.get(column)).flat_map(|cell| part(cell));
        cells.map(|part| part.chars().count()).max().unwrap_or(0)
    };
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        let room = if whole.contains(&i) {
            longest(i, |cell| cell.lines().collect()).min(NAMES)
        } else {
            longest(i, |cell| cell.split_whitespace().collect()).min(WORD)
        };
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(u16::try_from(room + 2).unwrap_or(0))));
    }
    let lines: Vec<_> = table.trim_fmt().lines().map(|line| format!("{}\n", line.trim_end())).collect();
    lines.concat()
}

/// Words in lines of at most `width` characters; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The cell of a row as text, fit for one line.
pub(super) fn cell(outcome: &Outcome, row: &Row, column: &str) -> String {
    text::line(&outcome.cell(row, column).map(crate::model::outcome::Cell::to_text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_whole_words() {
        assert_eq!(wrapped("a bc def g", 4), ["a bc", "def", "g"]);
        assert_eq!(wrapped("abcdef gh", 4), ["abcdef", "gh"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
