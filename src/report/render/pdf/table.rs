//! Tables: repeated heads, whole rows, hairlines, numbers at the right.

use super::{
    flow::Layout,
    piece::{NodeId, Piece, Tree, f64_of, stroke},
    set::Line,
    style::{CELL, HAIR, HAIRLINE, HEAD, NOTE, QUIET},
    widths::{self, Cell, Wish},
};
use crate::report::document::{Align, Column, Span, Table, Text};

/// Space above and below the lines of a row.
const PAD: f64 = 3.0;
/// Rows that are measured for column widths; more of them change little.
const SAMPLE: usize = 200;

/// Columns narrower than this hold no words; such a table is set as lists.
const NARROWEST: f64 = 24.0;

/// Column heads up to this width stay on one line.
const SHORT_HEAD: f64 = 40.0;

/// A table's grid.
struct Grid {
    /// Left edge, width and alignment of each column.
    columns: Vec<(f64, f64, Align)>,
    /// Height of the head.
    head: f64,
}

impl Layout<'_> {
    /// Lays out a table.
    pub(super) fn table(&mut self, table: &Table, node: NodeId) {
        if table.rows.is_empty() {
            self.paragraph(&[Span::Plain(table.empty.clone())], NOTE, 8.0, node);
            return;
        }
        let widest = table.rows.iter().map(Vec::len).max().unwrap_or(0);
        // A cell without a column is still evidence.
        let spare = Column { title: String::new(), weight: 1.0, align: Align::Left };
        let columns: Vec<&Column> = table
            .columns
            .iter()
            .chain(std::iter::repeat_n(&spare, widest.saturating_sub(table.columns.len())))
            .collect();
        if columns.is_empty() {
            return;
        }
        if self.geometry.measure() / f64_of(columns.len() as u64) < NARROWEST {
            for row in &table.rows {
                let facts: Vec<_> = columns.iter().zip(row).map(|(c, cell)| (c.title.clone(), cell.clone())).collect();
                self.facts(&facts, node);
            }
            return;
        }
        let mut grid = self.grid(table, &columns);
        let node = self.set.tree.add(node, "Table");
        let head = self.head(&columns, &mut grid, node);
        let repeated = head.repeated();
        self.push(head);
        for (n, row) in table.rows.iter().enumerate() {
            self.row(row, &grid, node);
            if n == 0 {
                self.repeat(Some(repeated.clone()));
            }
        }
        self.repeat(None);
    }

    /// Measures the columns.
    fn grid(&mut self, table: &Table, columns: &[&Column]) -> Grid {
        let count = f64_of(columns.len() as u64);
        let gutter = match columns.len() {
            0..7 => 10.0,
            7..13 => 8.0,
            _ => 4.0,
        };
        let total = self.geometry.measure() - gutter * (count - 1.0);
        let mut wishes: Vec<Wish> = columns
            .iter()
            .map(|c| {
                let flat = self.set.flatten(&[Span::Plain(c.title.clone())], HEAD);
                let most = flat.width() + 0.5;
                // Short heads stay on one line.
                let least = if most <= SHORT_HEAD { most } else { flat.longest_unit() + 0.5 };
                Wish { weight: f64::from(c.weight), least, most, grows: c.align == Align::Left }
            })
            .collect();
        let mut sample = Vec::new();
        for row in table.rows.iter().step_by(table.rows.len().div_ceil(SAMPLE)) {
            let mut wide = Vec::with_capacity(row.len());
            for (cell, wish) in row.iter().zip(&mut wishes) {
                let flat = self.set.flatten(cell, CELL);
                let cell = Cell { word: flat.longest_unit() + 0.5, line: flat.width() + 0.5 };
                wish.most = wish.most.max(cell.line);
                wide.push(cell);
            }
            sample.push(wide);
        }
        let mut x = 0.0;
        let columns = widths::divide(&wishes, &sample, total)
            .into_iter()
            .zip(columns)
            .map(|(width, column)| {
                let left = x;
                x += width + gutter;
                (left, width, column.align)
            })
            .collect();
        Grid { columns, head: 0.0 }
    }

    /// The column heads, which stay with the first row.
    fn head(&mut self, columns: &[&Column], grid: &mut Grid, node: NodeId) -> Piece {
        let row = self.set.tree.add(node, "TR");
        let cells: Vec<Vec<Line>> = columns
            .iter()
            .zip(&grid.columns)
            .map(|(c, (_, width, _))| self.set.plain_lines(&c.title, HEAD, *width))
            .collect();
        let tallest = cells.iter().map(Vec::len).max().unwrap_or(0);
        let mut piece = Piece::new(10.0, HEAD.leading * f64_of(tallest as u64) + PAD + 1.0);
        piece.keep = true;
        for (lines, (x, width, align)) in cells.iter().zip(&grid.columns) {
            let cell = self.set.tree.add(row, "TH");
            // Heads of one line stand on the rule, beside those of two.
            let mut y = HEAD.leading * f64_of((tallest - lines.len()) as u64);
            for line in lines {
                self.set.draw(line, (left(line, *x, *width, *align), y + HEAD.baseline()), cell, &mut piece);
                y += HEAD.leading;
            }
        }
        let y = piece.height - 0.4;
        piece.items.push(stroke(&[(0.0, y), (self.geometry.measure(), y)], QUIET, 0.8, Tree::ARTIFACT));
        grid.head = piece.height;
        piece
    }

    /// A row: one piece, or one per line when it alone is higher than a page.
    fn row(&mut self, row: &[Text], grid: &Grid, node: NodeId) {
        let cells: Vec<Vec<Line>> =
            row.iter().zip(&grid.columns).map(|(cell, (_, width, _))| self.set.lines(cell, CELL, *width)).collect();
        let tallest = cells.iter().map(Vec::len).max().unwrap_or(0);
        let node = self.set.tree.add(node, "TR");
        let nodes: Vec<NodeId> = grid.columns.iter().map(|_| self.set.tree.add(node, "TD")).collect();
        let whole = 2.0 * PAD + CELL.leading * f64_of(tallest as u64);
        // The head is repeated above; half a page of it would be no head.
        let fits = whole <= self.geometry.body() - grid.head;
        let slice = if fits { tallest.max(1) } else { 1 };
        for from in (0..tallest.max(1)).step_by(slice) {
            let (first, last) = (from == 0, from + slice >= tallest);
            let top = if first { PAD } else { 0.0 };
            let height = top + CELL.leading * f64_of(slice as u64) + if last { PAD } else { 0.0 };
            let mut piece = Piece::new(0.0, height);
            for ((lines, (x, width, align)), cell) in cells.iter().zip(&grid.columns).zip(&nodes) {
                let mut y = top;
                for line in lines.iter().skip(from).take(slice) {
                    self.set.draw(line, (left(line, *x, *width, *align), y + CELL.baseline()), *cell, &mut piece);
                    y += CELL.leading;
                }
            }
            if last {
                let y = height - HAIRLINE / 2.0;
                piece.items.push(stroke(&[(0.0, y), (self.geometry.measure(), y)], HAIR, HAIRLINE, Tree::ARTIFACT));
            }
            self.push(piece);
        }
    }
}

/// Left end of a line in its column.
fn left(line: &Line, x: f64, width: f64, align: Align) -> f64 {
    match align {
        Align::Left => x,
        Align::Right => x + (width - line.width).max(0.0),
    }
}
