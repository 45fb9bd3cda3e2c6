//! The three kinds of pictures: columns over an axis, bars beside their labels, a whole in its parts.

use super::{
    chart::occurrence,
    flow::Layout,
    piece::{NodeId, Piece, f64_of, fill, stroke},
    set::Line,
    style::{CHART, Family, HAIR, HAIRLINE, INK, QUIET, Style, WHITE, verdict_colour, verdict_shape},
};
use crate::{
    model::{
        outcome::{Bar, Chart},
        verdict::Verdict,
    },
    report::document::{ChartBlock, ChartStyle},
};

/// Height of a column chart's plot.
const PLOT: f64 = 104.0;
/// Marks that an eye still counts.
const MARKS: u64 = 100;
/// A mark.
const MARK: Style = CHART.sized(10.5, 14.0);
/// Values on bars.
const VALUE: Style = CHART.ink(INK);

/// A picture in the making.
pub(super) struct Drawing {
    /// What is drawn so far.
    pub(super) piece: Piece,
    /// Structure.
    pub(super) node: NodeId,
    /// Width of the picture.
    pub(super) width: f64,
}

/// Where a line of text goes.
#[derive(Clone, Copy)]
enum Anchor {
    /// Starts here.
    Start,
    /// Is centred here.
    Middle,
    /// Ends here.
    End,
}

impl Layout<'_> {
    /// Draws the numbers of a chart, which are not all zero.
    pub(super) fn plot(&mut self, block: &ChartBlock, drawing: &mut Drawing) {
        let chart = &block.chart;
        match block.style {
            ChartStyle::Columns => {
                if !self.columns(chart, drawing) {
                    self.bars(chart, drawing);
                }
                self.legend(chart, drawing);
            }
            ChartStyle::Dots if chart.bars.iter().map(total).sum::<u64>() <= MARKS => self.dots(chart, drawing),
            ChartStyle::Share if chart.bars.len() == 1 || chart.legend.len() < 2 => self.shares(chart, drawing),
            // Several wholes, each in parts: their parts are compared side by side.
            ChartStyle::Bars | ChartStyle::Share | ChartStyle::Dots => {
                self.bars(chart, drawing);
                self.legend(chart, drawing);
            }
        }
    }

    /// A line of marks per bar, its label at the left.
    fn dots(&mut self, chart: &Chart, drawing: &mut Drawing) {
        let labels: Vec<Vec<Line>> =
            chart.bars.iter().map(|bar| self.set.plain_lines(&bar.label, VALUE, drawing.width * 0.4)).collect();
        let left = labels.iter().flatten().map(|line| line.width).fold(0.0, f64::max) + 12.0;
        for (bar, label) in chart.bars.iter().zip(&labels) {
            let top = drawing.piece.height;
            self.caption(drawing, label, (0.0, top + 2.0), (VALUE, Anchor::Start));
            let (mut x, mut y) = (left, top);
            for (part, (_, verdict)) in bar.parts.iter().zip(&chart.legend) {
                let style = MARK.ink(verdict_colour(*verdict));
                let mark = self.set.plain_lines(verdict_shape(*verdict), style, f64::MAX);
                for _ in 0..*part {
                    if x + MARK.leading > drawing.width && x > left {
                        (x, y) = (left, y + MARK.leading);
                    }
                    for line in &mark {
                        self.set.draw(line, (x, y + style.baseline()), drawing.node, &mut drawing.piece);
                    }
                    x += MARK.leading;
                }
            }
            let count = self.set.plain_lines(&total(bar).to_string(), VALUE, f64::MAX);
            self.caption(drawing, &count, (x + 2.0, y + 2.0), (VALUE, Anchor::Start));
            let lines = f64_of(label.len() as u64);
            drawing.piece.height = (y + MARK.leading).max(top + lines * VALUE.leading) + 4.0;
        }
    }

    /// Puts lines of text, centred on each other.
    fn caption(&mut self, drawing: &mut Drawing, lines: &[Line], at: (f64, f64), (style, anchor): (Style, Anchor)) {
        let mut y = at.1;
        for line in lines {
            let x = match anchor {
                Anchor::Start => at.0,
                Anchor::Middle => at.0 - line.width / 2.0,
                Anchor::End => at.0 - line.width,
            };
            let x = x.clamp(0.0, (drawing.width - line.width).max(0.0));
            self.set.draw(line, (x, y + style.baseline()), drawing.node, &mut drawing.piece);
            y += style.leading;
        }
    }

    /// Columns over an axis. Draws nothing and answers `false` when the labels do not fit under them.
    fn columns(&mut self, chart: &Chart, drawing: &mut Drawing) -> bool {
        let most = chart.bars.iter().map(total).max().unwrap_or(0).max(1);
        let step = nice_step(most);
        let top_value = most.div_ceil(step).saturating_mul(step);
        let axis = self.set.plain_lines(&top_value.to_string(), CHART, f64::MAX);
        let left = axis.iter().map(|l| l.width).fold(0.0, f64::max) + 6.0;
        let slot = (drawing.width - left) / f64_of(chart.bars.len() as u64);
        let mut labels = Vec::new();
        for bar in &chart.bars {
            let flat = self.set.flatten(&[crate::report::document::Span::Plain(bar.label.clone())], CHART);
            let lines = self.set.break_lines(&flat, slot - 3.0);
            if flat.longest_unit() > slot - 3.0 || lines.len() > 3 {
                return false;
            }
            labels.push(lines);
        }
        let band = if chart.threshold.is_some() { 14.0 } else { 0.0 };
        let top = drawing.piece.height + band + 12.0;
        let base = top + PLOT;
        for tick in 0..=(top_value / step) {
            let y = base - PLOT * f64_of(tick.saturating_mul(step)) / f64_of(top_value);
            let colour = if tick == 0 { QUIET } else { HAIR };
            drawing.piece.items.push(stroke(&[(left, y), (drawing.width, y)], colour, HAIRLINE, drawing.node));
            let text = self.set.plain_lines(&tick.saturating_mul(step).to_string(), CHART, f64::MAX);
            self.caption(drawing, &text, (left - 5.0, y - 5.0), (CHART, Anchor::End));
        }
        let wide = (slot * 0.62).min(44.0);
        for (n, bar) in chart.bars.iter().enumerate() {
            let middle = left + slot * (f64_of(n as u64) + 0.5);
            let mut y = base;
            for (k, part) in bar.parts.iter().enumerate().filter(|(_, part)| **part > 0) {
                let high = (PLOT * f64_of(*part) / f64_of(top_value)).max(0.75);
                y -= high;
                drawing.texture((middle - wide / 2.0, y), (wide, high), tone(chart, k));
            }
            let sum = self.set.plain_lines(&total(bar).to_string(), VALUE, f64::MAX);
            // White behind the figure, where a line of the grid would cross it.
            let taken = sum.iter().map(|l| l.width).fold(0.0, f64::max) + 2.0;
            drawing.piece.items.push(fill((middle - taken / 2.0, y - 10.0), (taken, 8.0), WHITE, drawing.node));
            self.caption(drawing, &sum, (middle, y - 11.0), (VALUE, Anchor::Middle));
            self.caption(drawing, &labels[n], (middle, base + 3.0), (CHART, Anchor::Middle));
        }
        if let Some((before, label)) = &chart.threshold {
            let x = left + slot * f64_of((*before).min(chart.bars.len()) as u64);
            drawing.dashed(&[(x, base), (x, top - 12.0)]);
            let line = self.set.one_line(label, VALUE, drawing.width);
            let (at, anchor) =
                if x + 4.0 + line.width <= drawing.width { (x + 4.0, Anchor::Start) } else { (x - 4.0, Anchor::End) };
            self.caption(drawing, &[line], (at, top - band - 12.0), (VALUE, anchor));
        }
        let tallest = labels.iter().map(Vec::len).max().unwrap_or(0);
        drawing.piece.height = base + 4.0 + CHART.leading * f64_of(tallest as u64);
        true
    }

    /// Horizontal bars, their labels at the left.
    fn bars(&mut self, chart: &Chart, drawing: &mut Drawing) {
        let most = chart.bars.iter().map(total).max().unwrap_or(0).max(1);
        let style = CHART.ink(INK);
        let room = drawing.width * 0.38;
        let labels: Vec<Vec<Line>> =
            chart.bars.iter().map(|bar| self.set.plain_lines(&bar.label, style, room)).collect();
        let left = labels.iter().flatten().map(|l| l.width).fold(0.0, f64::max) + 8.0;
        let widest = self.set.plain_lines(&most.to_string(), VALUE, f64::MAX);
        let right = widest.iter().map(|l| l.width).fold(0.0, f64::max) + 5.0;
        let plot = (drawing.width - left - right).max(20.0);
        let mut y = drawing.piece.height + 2.0;
        for (n, (bar, label)) in chart.bars.iter().zip(&labels).enumerate() {
            if let Some((_, words)) = chart.threshold.as_ref().filter(|(before, _)| *before == n) {
                self.threshold_row(drawing, words, y);
                y += 14.0;
            }
            let high = CHART.leading * f64_of(label.len() as u64);
            self.caption(drawing, label, (0.0, y), (style, Anchor::Start));
            let mut x = left;
            for (k, part) in bar.parts.iter().enumerate().filter(|(_, part)| **part > 0) {
                let wide = (plot * f64_of(*part) / f64_of(most)).max(0.75);
                drawing.texture((x, y + high / 2.0 - 4.5), (wide, 9.0), tone(chart, k));
                x += wide;
            }
            let sum = self.set.plain_lines(&total(bar).to_string(), VALUE, f64::MAX);
            self.caption(drawing, &sum, (x + 4.0, y + high / 2.0 - 5.0), (VALUE, Anchor::Start));
            y += high + 6.0;
        }
        if let Some((_, words)) = chart.threshold.as_ref().filter(|(before, _)| *before >= chart.bars.len()) {
            self.threshold_row(drawing, words, y);
            y += 14.0;
        }
        let (from, to) = ((left, drawing.piece.height), (left, y - 4.0));
        drawing.piece.items.push(stroke(&[from, to], QUIET, HAIRLINE, drawing.node));
        drawing.piece.height = y;
    }

    /// The threshold between two bars.
    fn threshold_row(&mut self, drawing: &mut Drawing, words: &str, y: f64) {
        let line = self.set.one_line(words, VALUE, drawing.width);
        let end = (drawing.width - line.width - 4.0).max(0.0);
        drawing.dashed(&[(0.0, y + 5.0), (end, y + 5.0)]);
        self.caption(drawing, &[line], (drawing.width, y), (VALUE, Anchor::End));
    }

    /// One bar in its parts, and a line for each part with its number and share.
    fn shares(&mut self, chart: &Chart, drawing: &mut Drawing) {
        // Several bars of one part each are a whole in as many parts.
        let parts: Vec<(String, u64, (Verdict, usize))> = if chart.bars.len() > 1 {
            let of = |n: usize| chart.legend.get(n).or_else(|| chart.legend.first()).map_or(Verdict::Pass, |l| l.1);
            chart.bars.iter().enumerate().map(|(n, b)| (b.label.clone(), total(b), (of(n), n))).collect()
        } else {
            let bar = chart.bars.iter().flat_map(|b| b.parts.iter().enumerate());
            let name = |k: usize| chart.legend.get(k).map(|l| l.0.clone()).unwrap_or_default();
            bar.map(|(k, n)| (name(k), *n, tone(chart, k))).collect()
        };
        let sum = parts.iter().fold(0_u64, |sum, p| sum.saturating_add(p.1));
        let top = drawing.piece.height + 2.0;
        let mut x = 0.0;
        for (_, n, tone) in &parts {
            let wide = drawing.width * f64_of(*n) / f64_of(sum.max(1));
            drawing.texture((x, top), (wide, 18.0), *tone);
            x += wide;
        }
        let mut y = top + 26.0;
        let strong = Style { family: Family::Strong, ..VALUE };
        let widest = |lines: &[Line]| lines.iter().map(|l| l.width).fold(0.0, f64::max);
        let share = widest(&self.set.plain_lines("> 99 %", CHART, f64::MAX)) + 8.0;
        for (name, n, tone) in &parts {
            let value = self.set.plain_lines(&n.to_string(), strong, f64::MAX);
            let taken = widest(&value) + share;
            let name = self.set.plain_lines(name, VALUE, (drawing.width - taken - 24.0).max(40.0));
            let of_all = self.set.plain_lines(&percent(*n, sum), CHART, f64::MAX);
            drawing.texture((0.0, y + 1.5), (7.0, 7.0), *tone);
            self.caption(drawing, &name, (12.0, y), (VALUE, Anchor::Start));
            self.caption(drawing, &value, (drawing.width - share, y), (strong, Anchor::End));
            self.caption(drawing, &of_all, (drawing.width, y), (CHART, Anchor::End));
            y += CHART.leading * f64_of(name.len() as u64) + 4.0;
            drawing.piece.items.push(stroke(&[(0.0, y - 2.0), (drawing.width, y - 2.0)], HAIR, HAIRLINE, drawing.node));
        }
        drawing.piece.height = y;
    }
}

/// All parts of a bar together.
fn total(bar: &Bar) -> u64 {
    bar.parts.iter().fold(0, |sum, n| sum.saturating_add(*n))
}

/// Colour and pattern of a chart's `k`th part.
fn tone(chart: &Chart, k: usize) -> (Verdict, usize) {
    (chart.legend.get(k).map_or(Verdict::Pass, |l| l.1), occurrence(chart, k))
}

/// A step of 1, 2 or 5 times a power of ten that divides an axis into at most four parts.
pub(in crate::report::render) fn nice_step(most: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if most.div_ceil(step) <= 4 || step == u64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// A share in whole per cent; never 0 % of something and never 100 % of less than all.
pub(in crate::report::render) fn percent(n: u64, of: u64) -> String {
    let (n, of) = (u128::from(n), u128::from(of.max(1)));
    let share = (n * 100 + of / 2) / of;
    match share {
        0 if n > 0 => "< 1 %".to_owned(),
        100 if n < of => "> 99 %".to_owned(),
        _ => format!("{share} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_at_most_four_round_steps() {
        assert_eq!([1, 4, 5, 9, 37, 100, 1001].map(nice_step), [1, 1, 2, 5, 10, 50, 500]);
        for most in (1..5000).chain([u64::MAX]) {
            assert!(most.div_ceil(nice_step(most)) <= 4, "{most}");
        }
    }

    #[test]
    fn shares_do_not_round_something_away() {
        assert_eq!(percent(1, 1000), "< 1 %");
        assert_eq!(percent(999, 1000), "> 99 %");
        assert_eq!(percent(0, 1000), "0 %");
        assert_eq!(percent(1, 3), "33 %");
        assert_eq!(percent(3, 3), "100 %");
        assert_eq!(percent(0, 0), "0 %");
    }
}
