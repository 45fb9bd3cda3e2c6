//! Tables of typed cells on a sheet.

use std::borrow::Cow;

use rust_xlsxwriter::{
    ConditionalFormatCell, ConditionalFormatCellRule, ExcelDateTime, IgnoreError, Worksheet, XlsxError,
};

use super::{Book, style::Styles, text};
use crate::{
    model::{
        outcome::{Cell, CellKind},
        verdict::Verdict,
    },
    report::render::csv,
};

/// Rows under the header that a sheet can hold.
pub(super) const CAPACITY: usize = 1_048_575;

/// Whole numbers beyond this lose digits in a spreadsheet, which counts in floating point.
const EXACT: u64 = 1 << 53;

/// Widest a column gets, in characters; what is longer is broken into lines.
const WIDEST: usize = 60;

/// Widest for all but sentences.
const WIDE: usize = 30;

/// Characters on a printed line that can still be read; a wider sheet is printed side by side.
const LINE: usize = 280;

/// Narrowest.
const NARROW: usize = 6;

/// A column.
pub(super) struct Head {
    /// What stands over it.
    pub(super) title: String,
    /// What its cells are.
    pub(super) kind: CellKind,
    /// Whether its cells are sentences.
    pub(super) prose: bool,
    /// Whether its cells are verdicts.
    pub(super) verdict: bool,
}

impl Head {
    /// A column of a kind.
    pub(super) fn new(title: impl Into<String>, kind: CellKind) -> Self {
        Self { title: title.into(), kind, prose: false, verdict: false }
    }

    /// A column of sentences.
    pub(super) fn prose(title: impl Into<String>) -> Self {
        Self { prose: true, ..Self::new(title, CellKind::Text) }
    }

    /// A column of verdicts.
    pub(super) fn verdict(title: impl Into<String>) -> Self {
        Self { verdict: true, ..Self::new(title, CellKind::Text) }
    }
}

/// A sheet that is being filled from top to bottom.
pub(super) struct Grid<'b, 'w> {
    /// Formats and words.
    book: &'b Book<'b>,
    /// The sheet.
    pub(super) sheet: &'w mut Worksheet,
    /// Next free row.
    pub(super) at: u32,
    /// Width of each column in characters.
    widths: Vec<usize>,
}

impl<'b, 'w> Grid<'b, 'w> {
    /// An empty sheet.
    pub(super) const fn new(book: &'b Book<'b>, sheet: &'w mut Worksheet) -> Self {
        Self { book, sheet, at: 0, widths: Vec::new() }
    }

    /// A heading, after an empty row.
    pub(super) fn heading(&mut self, heading: &str) -> Result<(), XlsxError> {
        self.at += u32::from(self.at > 0);
        self.sheet.write_string_with_format(self.at, 0, self.fit(heading), &self.book.styles.heading)?;
        self.at += 1;
        Ok(())
    }

    /// A sentence across the columns up to `last`.
    pub(super) fn note(&mut self, note: &str, last: u16) -> Result<(), XlsxError> {
        let (fitting, format) = (self.fit(note), &self.book.styles.note);
        if last == 0 {
            self.sheet.write_string_with_format(self.at, 0, fitting, format)?;
        } else {
            self.sheet.merge_range(self.at, 0, self.at, last, &fitting, format)?;
        }
        self.at += 1;
        Ok(())
    }

    /// The header of a table and its rows.
    pub(super) fn table<'c>(
        &mut self,
        heads: &[Head],
        rows: impl Iterator<Item = Vec<Cow<'c, Cell>>>,
    ) -> Result<(), XlsxError> {
        let styles = &self.book.styles;
        for (column, head) in (0_u16..).zip(heads) {
            let right = matches!(head.kind, CellKind::Integer | CellKind::Money);
            let format = if right { &styles.header_right } else { &styles.header };
            self.sheet.write_string_with_format(self.at, column, &head.title, format)?;
            // Room for the button of the filter.
            self.widen(column, text::width(&head.title) + 3);
        }
        self.sheet.set_row_height(self.at, 20)?;
        self.at += 1;
        let first = self.at;
        for cells in rows {
            let mut lines = 1;
            for ((column, head), cell) in (0_u16..).zip(heads).zip(&cells) {
                let most = if head.prose { WIDEST } else { WIDE };
                let (width, taken) = self.cell(column, head.kind, cell, most)?;
                self.widen(column, width.min(most));
                lines = taken.max(lines);
            }
            // Programs do not agree on who makes room for a text of several lines.
            if lines > 1 {
                self.sheet.set_row_height(self.at, text::height(lines))?;
            }
            self.at += 1;
        }
        let Some(last) = self.at.checked_sub(1).filter(|last| *last >= first) else { return Ok(()) };
        for (column, _) in (0_u16..).zip(heads).filter(|(_, head)| head.verdict) {
            colour_verdicts(self.sheet, column, first, last)?;
        }
        let right = u16::try_from(heads.len()).unwrap_or(u16::MAX).saturating_sub(1);
        self.sheet.ignore_error_range(first, 0, last, right, IgnoreError::NumberStoredAsText)?;
        Ok(())
    }

    /// Writes a cell; gives its width in characters, and its lines in a column so many characters wide.
    fn cell(&mut self, column: u16, kind: CellKind, cell: &Cell, most: usize) -> Result<(usize, usize), XlsxError> {
        let (row, format) = (self.at, self.book.styles.of(kind));
        match cell {
            Cell::Empty => self.sheet.write_blank(row, column, format)?,
            Cell::Integer(n) if n.unsigned_abs() <= EXACT => {
                self.sheet.write_number_with_format(row, column, float(*n), format)?
            }
            Cell::Money(cents) if cents.unsigned_abs() <= EXACT => {
                self.sheet.write_number_with_format(row, column, float(*cents) / 100.0, format)?
            }
            Cell::Boolean(b) => self.sheet.write_boolean_with_format(row, column, *b, format)?,
            Cell::Time(t) => match ExcelDateTime::from_timestamp(t.timestamp()) {
                Ok(instant) => self.sheet.write_datetime_with_format(row, column, instant, format)?,
                Err(_) => return self.text(column, &cell.to_text(), most),
            },
            Cell::Date(d) => {
                let midnight = crate::model::time::start_of(*d).timestamp();
                match ExcelDateTime::from_timestamp(midnight) {
                    Ok(day) => self.sheet.write_datetime_with_format(row, column, day, format)?,
                    Err(_) => return self.text(column, &cell.to_text(), most),
                }
            }
            Cell::Text(_) | Cell::List(_) | Cell::Integer(_) | Cell::Money(_) => {
                return self.text(column, &cell.to_text(), most);
            }
        };
        Ok((cell.to_text().len(), 1))
    }

    /// Writes a text; gives its width and lines.
    fn text(&mut self, column: u16, value: &str, most: usize) -> Result<(usize, usize), XlsxError> {
        let fitting = self.fit(value);
        let format = self.book.styles.text(csv::is_formula(&fitting));
        let width = text::width(&fitting);
        let lines = text::lines(&fitting, most);
        self.sheet.write_string_with_format(self.at, column, fitting, format)?;
        Ok((width, lines))
    }

    /// A text that a cell can hold.
    fn fit(&self, text: &str) -> String {
        text::fit(text, &self.book.words.get("xlsx.cut"))
    }

    /// Makes a column at least so wide.
    fn widen(&mut self, column: u16, width: usize) {
        let column = usize::from(column);
        if self.widths.len() <= column {
            self.widths.resize(column + 1, NARROW);
        }
        self.widths[column] = self.widths[column].max(width);
    }

    /// Sets the widths that the cells asked for.
    pub(super) fn finish(self) -> Result<(), XlsxError> {
        let pages = self.widths.iter().sum::<usize>().div_ceil(LINE).max(1);
        self.sheet.set_print_fit_to_pages(u16::try_from(pages).unwrap_or(u16::MAX), 0);
        for (column, width) in (0_u16..).zip(&self.widths) {
            self.sheet.set_column_width(column, float(i64::try_from(*width).unwrap_or_default()) * 1.08 + 1.5)?;
        }
        Ok(())
    }
}

/// A whole number as spreadsheets have it.
#[expect(clippy::cast_precision_loss, reason = "callers keep to numbers that are exact in floating point")]
const fn float(n: i64) -> f64 {
    n as f64
}

/// Rules that colour a column of verdicts, also after somebody sorts, filters or changes one.
fn colour_verdicts(sheet: &mut Worksheet, column: u16, first: u32, last: u32) -> Result<(), XlsxError> {
    for verdict in Verdict::ALL {
        let rule = ConditionalFormatCell::new()
            .set_rule(ConditionalFormatCellRule::EqualTo(verdict.word()))
            .set_format(Styles::verdict(verdict));
        sheet.add_conditional_format(first, column, last, column, &rule)?;
    }
    Ok(())
}
