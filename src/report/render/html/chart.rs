//! Pictures as SVG: shapes and texts with their places. Colours and patterns are the style sheet's.

use serde::Serialize;

use super::view::Shown;
use crate::{
    model::{
        outcome::{Bar, Chart},
        verdict::Verdict,
    },
    report::{
        document::{ChartBlock, ChartStyle},
        render::pdf::{nice_step, occurrence, percent, verdict_shape},
    },
};

/// Width of a picture.
const WIDTH: f64 = 480.0;
/// Height of a column chart's plot.
const PLOT: f64 = 150.0;
/// Size of letters.
const SIZE: f64 = 12.0;
/// Marks that an eye still counts.
const MARKS: u64 = 100;
/// Distance of lines.
const LEADING: f64 = 15.0;

/// A picture.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    /// Title.
    title: Shown,
    /// What it says, in a sentence.
    alt: Shown,
    /// Unit.
    unit: Shown,
    /// Drawing; `None` when every number is 0.
    drawing: Option<Drawing>,
    /// Legend: class and name; empty when the numbers say it.
    legend: Vec<(String, Shown)>,
    /// The parts of a whole: class, name, number, share; empty for other kinds.
    parts: Vec<(String, Shown, String, String)>,
    /// Every number: label, parts, sum.
    numbers: Vec<(Shown, Vec<u64>, u64)>,
    /// Names of the columns of `numbers`.
    names: Vec<Shown>,
}

/// Shapes and texts.
#[derive(Default, Debug, Serialize)]
pub(super) struct Drawing {
    /// Width of the picture.
    width: String,
    /// Height of the picture.
    height: String,
    /// Rectangles: place, size and class.
    boxes: Vec<Shape>,
    /// Lines: from, to and class.
    lines: Vec<Shape>,
    /// Texts.
    texts: Vec<Label>,
}

/// A rectangle (`x y width height`) or a line (`x1 y1 x2 y2`).
#[derive(Debug, Serialize)]
struct Shape {
    /// Its four numbers.
    at: [String; 4],
    /// Class.
    class: String,
}

/// A line of text.
#[derive(Debug, Serialize)]
struct Label {
    /// Place.
    x: String,
    /// Baseline.
    y: String,
    /// `s`, `m` or `e`: starts, is centred or ends there; and the tone.
    class: &'static str,
    /// Text.
    text: Shown,
}

/// A coordinate with one decimal.
fn coordinate(n: f64) -> String {
    let text = format!("{n:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "pictures are not that precise")]
fn float(n: u64) -> f64 {
    n as f64
}

/// All parts of a bar together.
fn total(bar: &Bar) -> u64 {
    bar.parts.iter().fold(0, |sum, n| sum.saturating_add(*n))
}

/// Class of a chart's `k`th part: colour, pattern, and depth where a verdict comes twice.
fn tone(chart: &Chart, k: usize) -> String {
    let verdict = chart.legend.get(k).map_or("pass", |l| l.1.word());
    format!("t-{verdict} r{}", occurrence(chart, k).min(2))
}

/// The picture of a chart.
pub(super) fn picture(block: &ChartBlock) -> Picture {
    let chart = &block.chart;
    let mut picture = Picture {
        title: Shown::new(&chart.title),
        alt: Shown::new(&chart.alt),
        unit: Shown::new(chart.unit),
        drawing: None,
        legend: Vec::new(),
        parts: Vec::new(),
        numbers: chart.bars.iter().map(|b| (Shown::new(&b.label), b.parts.clone(), total(b))).collect(),
        names: chart.legend.iter().map(|(name, _)| Shown::new(name)).collect(),
    };
    if chart.bars.iter().map(total).all(|n| n == 0) {
        return picture;
    }
    if block.style == ChartStyle::Share && (chart.bars.len() == 1 || chart.legend.len() < 2) {
        picture.parts = parts(chart);
        picture.drawing = Some(share(&parts_of(chart)));
        return picture;
    }
    if block.style == ChartStyle::Dots && chart.bars.iter().map(total).sum::<u64>() <= MARKS {
        picture.drawing = Some(dots(chart));
        return picture;
    }
    let drawing = if block.style == ChartStyle::Columns { columns(chart) } else { None };
    picture.drawing = Some(drawing.unwrap_or_else(|| bars(chart)));
    let entries = chart.legend.iter().enumerate().filter(|(_, (name, _))| !name.is_empty());
    picture.legend = entries.map(|(k, (name, _))| (tone(chart, k), Shown::new(name))).collect();
    picture
}

/// The parts of a whole: class, name, number.
fn parts_of(chart: &Chart) -> Vec<(String, &str, u64)> {
    if chart.bars.len() > 1 {
        // Several bars of one part each are a whole in as many parts.
        let verdict = |n: usize| chart.legend.get(n).or(chart.legend.first()).map_or("pass", |l| l.1.word());
        let part =
            |(n, bar): (usize, &'_ _)| -> (String, u64) { (format!("t-{} r{}", verdict(n), n.min(2)), total(bar)) };
        let bars = chart.bars.iter().enumerate();
        return bars
            .map(|(n, bar)| part((n, bar)))
            .zip(&chart.bars)
            .map(|((c, n), b)| (c, b.label.as_str(), n))
            .collect();
    }
    let name = |k: usize| chart.legend.get(k).map_or("", |l| l.0.as_str());
    let bar = chart.bars.iter().flat_map(|b| b.parts.iter().enumerate());
    bar.map(|(k, n)| (tone(chart, k), name(k), *n)).collect()
}

/// The parts of a whole with their shares, for the table under the bar.
fn parts(chart: &Chart) -> Vec<(String, Shown, String, String)> {
    let parts = parts_of(chart);
    let sum = parts.iter().fold(0_u64, |sum, p| sum.saturating_add(p.2));
    parts.into_iter().map(|(class, name, n)| (class, Shown::new(name), n.to_string(), percent(n, sum))).collect()
}

/// One bar in its parts.
fn share(parts: &[(String, &str, u64)]) -> Drawing {
    let sum = parts.iter().fold(0_u64, |sum, p| sum.saturating_add(p.2)).max(1);
    let mut drawing = Drawing::default();
    let mut x = 1.0;
    for (class, _, n) in parts.iter().filter(|p| p.2 > 0) {
        let wide = (WIDTH - 2.0) * float(*n) / float(sum);
        drawing.rectangle((x, 1.0), (wide, 26.0), class.clone());
        x += wide;
    }
    drawing.sized(28.0)
}

/// Columns over an axis; `None` when the labels do not fit under them.
fn columns(chart: &Chart) -> Option<Drawing> {
    let most = chart.bars.iter().map(total).max().unwrap_or(0).max(1);
    let step = nice_step(most);
    let top_value = most.div_ceil(step).saturating_mul(step);
    let left = width(&top_value.to_string()) + 8.0;
    let slot = (WIDTH - left) / float(chart.bars.len() as u64);
    let mut labels = Vec::new();
    for bar in &chart.bars {
        let word = bar.label.split_whitespace().map(width).fold(0.0, f64::max);
        let lines = wrap(&bar.label, slot - 4.0);
        if word > slot - 4.0 || lines.len() > 3 {
            return None;
        }
        labels.push(lines);
    }
    let mut drawing = Drawing::default();
    let top = if chart.threshold.is_some() { 34.0 } else { 18.0 };
    let base = top + PLOT;
    for tick in 0..=(top_value / step) {
        let value = tick.saturating_mul(step);
        let y = base - PLOT * float(value) / float(top_value);
        drawing.line((left, y), (WIDTH, y), if tick == 0 { "axis" } else { "grid" });
        drawing.label(&value.to_string(), (left - 6.0, y + 4.0), "e quiet");
    }
    let wide = (slot * 0.62).min(56.0);
    for (n, bar) in chart.bars.iter().enumerate() {
        let middle = left + slot * (float(n as u64) + 0.5);
        let mut y = base;
        for (k, part) in bar.parts.iter().enumerate().filter(|(_, part)| **part > 0) {
            let high = (PLOT * float(*part) / float(top_value)).max(1.0);
            y -= high;
            drawing.rectangle((middle - wide / 2.0, y), (wide, high), tone(chart, k));
        }
        drawing.label(&total(bar).to_string(), (middle, y - 5.0), "m value");
        for (line, text) in (0_u64..).zip(&labels[n]) {
            drawing.label(text, (middle, base + LEADING * (float(line) + 1.0)), "m quiet");
        }
    }
    if let Some((before, words)) = &chart.threshold {
        let x = left + slot * float((*before).min(chart.bars.len()) as u64);
        drawing.line((x, base), (x, 4.0), "limit");
        let fits = x + 6.0 + width(words) <= WIDTH;
        let (x, class) = if fits { (x + 6.0, "s value") } else { (x - 6.0, "e value") };
        drawing.label(words, (x, 13.0), class);
    }
    let tallest = labels.iter().map(Vec::len).max().unwrap_or(0) as u64;
    Some(drawing.sized(base + 6.0 + LEADING * float(tallest)))
}

/// A line of marks per bar, its label at the left.
fn dots(chart: &Chart) -> Drawing {
    let left = chart.bars.iter().map(|bar| width(&bar.label)).fold(0.0, f64::max) + 14.0;
    let mut drawing = Drawing::default();
    let mut y = 4.0;
    for bar in &chart.bars {
        drawing.label(&bar.label, (0.0, y + 13.0), "s");
        let mut x = left + 6.0;
        for (part, (_, verdict)) in bar.parts.iter().zip(&chart.legend) {
            for _ in 0..*part {
                if x > WIDTH - 30.0 {
                    (x, y) = (left + 6.0, y + 20.0);
                }
                drawing.label(verdict_shape(*verdict), (x, y + 13.0), mark(*verdict));
                x += 18.0;
            }
        }
        drawing.label(&total(bar).to_string(), (x, y + 13.0), "s value");
        y += 24.0;
    }
    drawing.sized(y)
}

/// Class of a verdict's mark.
const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "m mark-fail",
        Verdict::Review => "m mark-review",
        Verdict::Unknown => "m mark-unknown",
        Verdict::Accepted => "m mark-accepted",
        Verdict::Listed => "m mark-listed",
        Verdict::Pass => "m mark-pass",
    }
}

/// Horizontal bars, their labels at the left.
fn bars(chart: &Chart) -> Drawing {
    let most = chart.bars.iter().map(total).max().unwrap_or(0).max(1);
    let labels: Vec<Vec<String>> = chart.bars.iter().map(|bar| wrap(&bar.label, WIDTH * 0.4)).collect();
    let left = labels.iter().flatten().map(|l| width(l)).fold(0.0, f64::max) + 10.0;
    let plot = (WIDTH - left - width(&most.to_string()) - 8.0).max(20.0);
    let mut drawing = Drawing::default();
    let mut y = 4.0;
    for n in 0..=chart.bars.len() {
        if let Some((_, words)) = chart.threshold.as_ref().filter(|(before, _)| (*before).min(chart.bars.len()) == n) {
            let end = (WIDTH - width(words) - 6.0).max(0.0);
            drawing.line((0.0, y + 8.0), (end, y + 8.0), "limit");
            drawing.label(words, (WIDTH, y + 12.0), "e value");
            y += 20.0;
        }
        let (Some(bar), Some(label)) = (chart.bars.get(n), labels.get(n)) else { continue };
        let high = LEADING * float(label.len().max(1) as u64);
        for (line, text) in (0_u64..).zip(label) {
            drawing.label(text, (0.0, y + 12.0 + LEADING * float(line)), "s");
        }
        let mut x = left;
        for (k, part) in bar.parts.iter().enumerate().filter(|(_, part)| **part > 0) {
            let wide = (plot * float(*part) / float(most)).max(1.0);
            drawing.rectangle((x, y + high / 2.0 - 6.5), (wide, 13.0), tone(chart, k));
            x += wide;
        }
        drawing.label(&total(bar).to_string(), (x + 6.0, y + high / 2.0 + 4.5), "s value");
        y += high + 9.0;
    }
    drawing.line((left, 0.0), (left, y - 4.0), "axis");
    drawing.sized(y)
}

impl Drawing {
    /// Adds a rectangle.
    fn rectangle(&mut self, at: (f64, f64), size: (f64, f64), class: String) {
        self.boxes.push(Shape { at: [at.0, at.1, size.0, size.1].map(coordinate), class });
    }

    /// Adds a line.
    fn line(&mut self, from: (f64, f64), to: (f64, f64), class: &str) {
        self.lines.push(Shape { at: [from.0, from.1, to.0, to.1].map(coordinate), class: class.to_owned() });
    }

    /// Adds a line of text.
    fn label(&mut self, text: &str, (x, y): (f64, f64), class: &'static str) {
        self.texts.push(Label { x: coordinate(x), y: coordinate(y), class, text: Shown::new(text) });
    }

    /// Sets the size.
    fn sized(self, height: f64) -> Self {
        Self { width: coordinate(WIDTH), height: coordinate(height), ..self }
    }
}

/// About the width of a text, rather too wide than too narrow: the font is the reader's.
fn width(text: &str) -> f64 {
    let em = |c: char| match c {
        '0'..='9' => 0.6,
        'i' | 'l' | 'j' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | ';' | '-' | '\'' | '|' => 0.36,
        'm' | 'w' | 'M' | 'W' => 0.92,
        'A'..='Z' => 0.7,
        c if c < '\u{1100}' => 0.58,
        '\u{2000}'..='\u{206f}' => 0.6,
        _ => 1.05,
    };
    text.chars().map(em).sum::<f64>() * SIZE
}

/// A text in lines of a width; words that are too long are broken.
fn wrap(text: &str, room: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut last = String::new();
    for word in text.split_whitespace() {
        let joined = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
        if width(&joined) <= room {
            last = joined;
        } else {
            if !last.is_empty() {
                lines.push(std::mem::take(&mut last));
            }
            for c in word.chars() {
                if !last.is_empty() && width(&last) + width(c.encode_utf8(&mut [0; 4])) > room {
                    lines.push(std::mem::take(&mut last));
                }
                last.push(c);
            }
        }
    }
    lines.push(last);
    lines.retain(|line| !line.is_empty());
    lines
}
