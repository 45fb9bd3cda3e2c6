//! Pictures: frame, title and legend of a chart, its textures, and the table that replaces a picture nobody could read.

use super::{
    chart_kinds::Drawing,
    flow::Layout,
    piece::{Item, Mark, NodeId, Picture, Piece, f64_of, fill, frame, stroke},
    style::{CHART, Colour, GUTTER, H3, NOTE, QUIET, WHITE, tint, verdict_colour},
};
use crate::{
    model::{outcome::Chart, verdict::Verdict},
    report::document::{Align, ChartBlock, Column, Span, Table, plain},
};

/// Side of the little square in a legend.
const SWATCH: f64 = 7.0;

impl Layout<'_> {
    /// Lays out one picture across the page or two side by side.
    pub(super) fn charts(&mut self, charts: &[ChartBlock], node: NodeId) {
        for pair in charts.chunks(2) {
            let gap = 2.0 * GUTTER;
            let width = if pair.len() == 1 { self.geometry.measure() } else { (self.geometry.measure() - gap) / 2.0 };
            let mut row = Piece::new(16.0, 0.0);
            let mut x = 0.0;
            for block in pair {
                let figure = self.set.tree.add(node, "Figure");
                let piece = self.chart(block, width, figure);
                if piece.height > self.geometry.body() {
                    self.set.tree.nodes[figure as usize].role = "Div";
                    self.chart_as_table(&block.chart, figure);
                    continue;
                }
                let picture = Picture { alt: block.chart.alt.clone(), place: [0.0; 4] };
                self.set.tree.nodes[figure as usize].picture = Some(Box::new(picture));
                row.marks.push(Mark::Picture(figure, x, width));
                row.height = row.height.max(piece.height);
                row.items.extend(piece.place(x, 0.0));
                x += width + gap;
            }
            if !row.items.is_empty() {
                self.push(row);
            }
        }
    }

    /// One picture.
    fn chart(&mut self, block: &ChartBlock, width: f64, node: NodeId) -> Piece {
        let mut drawing = Drawing { piece: Piece::default(), node, width };
        for line in self.set.plain_lines(&block.chart.title, H3, width) {
            self.set.draw(&line, (0.0, drawing.piece.height + H3.baseline()), node, &mut drawing.piece);
            drawing.piece.height += H3.leading;
        }
        if !block.chart.unit.is_empty() {
            for line in self.set.plain_lines(block.chart.unit, CHART, width) {
                self.set.draw(&line, (0.0, drawing.piece.height + CHART.baseline()), node, &mut drawing.piece);
                drawing.piece.height += CHART.leading;
            }
        }
        drawing.piece.height += 4.0;
        if block.chart.bars.iter().flat_map(|b| &b.parts).all(|n| *n == 0) {
            for line in self.set.plain_lines(&block.chart.alt, NOTE, width) {
                self.set.draw(&line, (0.0, drawing.piece.height + NOTE.baseline()), node, &mut drawing.piece);
                drawing.piece.height += NOTE.leading;
            }
            return drawing.piece;
        }
        self.plot(block, &mut drawing);
        drawing.piece
    }

    /// The legend, in as many lines as it takes.
    pub(super) fn legend(&mut self, chart: &Chart, drawing: &mut Drawing) {
        let entries: Vec<_> = chart.legend.iter().filter(|(name, _)| !name.is_empty()).collect();
        if entries.is_empty() {
            return;
        }
        let (mut x, mut y) = (0.0, drawing.piece.height + 6.0);
        for (n, (name, verdict)) in chart.legend.iter().enumerate().filter(|(_, (name, _))| !name.is_empty()) {
            let room = drawing.width - SWATCH - 4.0;
            let lines = self.set.plain_lines(name, CHART, room);
            let wide = lines.iter().map(|l| l.width).fold(0.0, f64::max) + SWATCH + 4.0;
            if x > 0.0 && x + wide > drawing.width {
                x = 0.0;
                y += CHART.leading + 2.0;
            }
            let tone = (*verdict, occurrence(chart, n));
            drawing.texture((x, y + 1.5), (SWATCH, SWATCH), tone);
            for (k, line) in lines.iter().enumerate() {
                let at = (x + SWATCH + 4.0, y + CHART.leading * f64_of(k as u64) + CHART.baseline());
                self.set.draw(line, at, drawing.node, &mut drawing.piece);
            }
            y += CHART.leading * f64_of(lines.len().saturating_sub(1) as u64);
            x += wide + 14.0;
        }
        drawing.piece.height = y + CHART.leading + 2.0;
    }

    /// The numbers of a chart as a table.
    fn chart_as_table(&mut self, chart: &Chart, node: NodeId) {
        let column = |title: &str, align| Column { title: title.to_owned(), weight: 1.0, align };
        let mut columns = vec![Column { weight: 3.0, ..column(&chart.title, Align::Left) }];
        columns.extend(chart.legend.iter().map(|(name, _)| column(name, Align::Right)));
        let rows = chart
            .bars
            .iter()
            .map(|bar| {
                let mut row = vec![plain(bar.label.clone())];
                row.extend(bar.parts.iter().map(|n| plain(n.to_string())));
                row
            })
            .collect();
        self.paragraph(&[Span::Plain(chart.alt.clone())], NOTE, 8.0, node);
        self.table(&Table { columns, rows, empty: chart.alt.clone() }, node);
    }
}

/// How many legend entries before the `n`th take the same verdict's colour.
pub(in crate::report::render) fn occurrence(chart: &Chart, n: usize) -> usize {
    let verdict = chart.legend.get(n).map(|(_, v)| *v);
    chart.legend.iter().take(n).filter(|(_, v)| Some(*v) == verdict).count()
}

impl Drawing {
    /// Fills a rectangle in the colour and pattern of a verdict; patterns keep parts apart without colour.
    pub(super) fn texture(&mut self, at: (f64, f64), size: (f64, f64), (verdict, repeat): (Verdict, usize)) {
        if size.0 <= 0.0 || size.1 <= 0.0 {
            return;
        }
        // Two parts of one verdict differ in depth.
        let colour = match repeat {
            0 => verdict_colour(verdict),
            1 => tint(verdict_colour(verdict), 0.65),
            _ => tint(verdict_colour(verdict), 0.4),
        };
        let (ground, hatch) = match verdict {
            Verdict::Fail => (colour, None),
            Verdict::Review => (colour, Some(WHITE)),
            Verdict::Unknown => (tint(colour, 0.12), Some(colour)),
            Verdict::Accepted => (WHITE, None),
            Verdict::Listed => (tint(colour, 0.2), None),
            Verdict::Pass => (tint(colour, 0.45), None),
        };
        self.piece.items.push(fill(at, size, ground, self.node));
        if let Some(hatch) = hatch {
            self.hatch(at, size, hatch);
        }
        self.piece.items.push(frame(at, size, colour, 0.6_f64.min(size.0 / 2.0).min(size.1 / 2.0), self.node));
    }

    /// Diagonal lines inside a rectangle.
    fn hatch(&mut self, (left, top): (f64, f64), (wide, high): (f64, f64), ink: Colour) {
        let step = 3.5;
        let mut reach = step;
        while reach < wide + high {
            let from = (left + (reach - high).max(0.0), top + reach.min(high));
            let to = (left + reach.min(wide), top + (reach - wide).max(0.0));
            self.piece.items.push(stroke(&[from, to], ink, 0.7, self.node));
            reach += step;
        }
    }

    /// A dashed line.
    pub(super) fn dashed(&mut self, points: &[(f64, f64)]) {
        if let Item::Stroke { points, colour, width, node, .. } = stroke(points, QUIET, 0.8, self.node) {
            self.piece.items.push(Item::Stroke { points, colour, width, dashed: true, node });
        }
    }
}
