//! The sheets of an analyzer: every row, every column.

use std::borrow::Cow;

use rust_xlsxwriter::{Workbook, XlsxError};

use super::{
    Book, style,
    table::{Grid, Head},
    text::sheet_name,
};
use crate::{
    model::{
        outcome::{COMMON, Cell, CellKind, ColumnSpec, Outcome, Row},
        verdict::Verdict,
    },
    report::build::About,
};

/// Writes the rows of an analyzer on as many sheets as they need.
pub(super) fn analyzer(book: &Book<'_>, workbook: &mut Workbook, about: &About<'_>) -> Result<(), XlsxError> {
    let outcome = about.outcome;
    let heads: Vec<Head> = COMMON.iter().chain(outcome.meta.columns).map(head).collect();
    let mut parts: Vec<&[Row]> = outcome.rows.chunks(book.capacity).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    for (part, name) in parts.into_iter().zip(names(book, outcome)) {
        let sheet = book.sheet(workbook, &name)?;
        if !about.gaps.is_empty() {
            sheet.set_tab_color(style::colour(style::colours(Verdict::Unknown).0));
        }
        let mut grid = Grid::new(book, sheet);
        grid.table(&heads, part.iter().map(cells))?;
        let (last_row, last_column) = (grid.at.saturating_sub(1), last(&heads));
        if part.is_empty() {
            grid.at += 1;
            let key = if about.gaps.is_empty() { "xlsx.empty" } else { "xlsx.empty-gaps" };
            grid.note(&book.words.get(key), last_column.min(6))?;
        }
        // Kind and subject stay in sight; so does the header, on screen and on every page.
        grid.sheet.set_freeze_panes(1, 2)?;
        grid.sheet.set_repeat_rows(0, 0)?;
        grid.sheet.set_repeat_columns(0, 1)?;
        grid.sheet.autofilter(0, 0, last_row, last_column)?;
        grid.finish()?;
    }
    Ok(())
}

/// Names of the sheets of an analyzer.
pub(super) fn names(book: &Book<'_>, outcome: &Outcome) -> Vec<String> {
    let sheets = outcome.rows.len().div_ceil(book.capacity).max(1);
    (1..=sheets).map(|n| sheet_name(outcome.meta.id, n)).collect()
}

/// Index of the last column.
fn last(heads: &[Head]) -> u16 {
    u16::try_from(heads.len().saturating_sub(1)).unwrap_or(u16::MAX)
}

/// The head of a column. Instants say that they are UTC, because their cells cannot.
fn head(column: &ColumnSpec) -> Head {
    match (column.name, column.kind) {
        ("verdict", _) => Head::verdict(column.name),
        ("reason", _) => Head::prose(column.name),
        (name, CellKind::Time) => Head::new(format!("{name} (UTC)"), column.kind),
        (name, kind) => Head::new(name, kind),
    }
}

/// The cells of a row.
fn cells(row: &Row) -> Vec<Cow<'_, Cell>> {
    let text = |text: &str| Cow::Owned(Cell::from(text));
    let mut out = vec![
        text(&row.subject_kind),
        text(&row.subject),
        text(row.verdict.word()),
        text(row.severity.word()),
        text(&row.rule),
        text(&row.also.join(";")),
        text(&row.reason),
    ];
    out.extend(row.cells.iter().map(Cow::Borrowed));
    out
}
