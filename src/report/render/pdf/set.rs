//! Setting text: lines of a given width, nothing wider than it, in visual order.

use std::collections::BTreeMap;

use unicode_bidi::{BidiInfo, Level};

use super::{
    error::Error,
    flat::{Attr, Flat, Run, solid},
    fonts::Fonts,
    piece::{Item, NodeId, Piece, Tree, f32_of},
    shape::{Shaper, WordId},
    style::{Colour, Style},
};
use crate::report::document::{Document, Span};

/// Characters after which an overlong word is preferably divided.
const SOFT: &[char] = &['/', '-', '_', '.', ':', '@', '=', '&', '?', ',', ';', '|', '+', '}'];

/// Sets text and builds the structure it belongs to.
pub(super) struct Setter<'f> {
    /// Glyphs.
    pub(super) shaper: Shaper<'f>,
    /// Structure of the document.
    pub(super) tree: Tree,
    /// Sections that can be linked to.
    anchors: BTreeMap<String, u32>,
    /// Page of each anchor as the previous pass found it, counted from 1.
    pub(super) pages: Vec<usize>,
}

/// Neighbours in one style on one line.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Frag {
    /// Left edge, from the left edge of the line.
    pub(super) x: f64,
    /// Width.
    pub(super) width: f64,
    /// Face.
    pub(super) face: u8,
    /// Size in points.
    pub(super) size: f64,
    /// Colour.
    pub(super) ink: Colour,
    /// Anchor it links to.
    pub(super) link: Option<u32>,
    /// Its words from left to right.
    pub(super) words: Vec<WordId>,
}

/// A line of text.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Line {
    /// What is on it, from left to right.
    pub(super) frags: Vec<Frag>,
    /// Width without trailing space.
    pub(super) width: f64,
}

impl<'f> Setter<'f> {
    /// A setter for the first pass over a document.
    pub(super) fn new(doc: &Document, fonts: &'f Fonts) -> Result<Self, Error> {
        let anchors: BTreeMap<_, _> = doc.sections.iter().zip(0..).map(|(s, at)| (s.id.clone(), at)).collect();
        // Page numbers of the first pass are guesses with one digit; later passes put them right.
        Ok(Self { shaper: Shaper::new(fonts)?, tree: Tree::new(), anchors, pages: vec![8; doc.sections.len()] })
    }

    /// The anchor of a section, `None` when there is no such section.
    pub(super) fn anchor(&self, id: &str) -> Option<u32> {
        self.anchors.get(id).copied()
    }

    /// The page number of an anchor as text; a dash for a section that does not exist.
    pub(super) fn page_of(&self, anchor: Option<u32>) -> String {
        anchor.and_then(|a| self.pages.get(a as usize)).map_or_else(|| "–".to_owned(), usize::to_string)
    }

    /// Width of a word at `size` points.
    pub(super) fn points(&self, word: WordId, size: f64) -> f64 {
        f64::from(self.shaper.word(word).width) * size / 1000.0
    }

    /// The lines of a text. An empty text has one empty line.
    pub(super) fn lines(&mut self, text: &[Span], style: Style, width: f64) -> Vec<Line> {
        let flat = self.flatten(text, style);
        self.break_lines(&flat, width)
    }

    /// The lines of a plain string.
    pub(super) fn plain_lines(&mut self, text: &str, style: Style, width: f64) -> Vec<Line> {
        self.lines(&[Span::Plain(text.to_owned())], style, width)
    }

    /// One line of a plain string, cut with an ellipsis where it does not fit: for the margins of a page only, whose
    /// full text stands elsewhere.
    pub(super) fn one_line(&mut self, text: &str, style: Style, width: f64) -> Line {
        let fits = |lines: Vec<Line>| (lines.len() == 1).then(|| lines.into_iter().next()).flatten();
        if let Some(line) = fits(self.plain_lines(text, style, width)) {
            return line;
        }
        let count = text.chars().count().min(400);
        (0..count)
            .rev()
            .find_map(|n| {
                let short: String = text.chars().take(n).chain(['…']).collect();
                fits(self.plain_lines(&short, style, width))
            })
            .unwrap_or_default()
    }

    /// Fills lines greedily.
    pub(super) fn break_lines(&mut self, flat: &Flat, width: f64) -> Vec<Line> {
        let mut lines: Vec<Vec<Run>> = Vec::new();
        let mut line: Vec<Run> = Vec::new();
        let (mut used, mut at) = (0.0, 0);
        while at < flat.runs.len() {
            let end = flat.runs[at..].iter().position(|r| r.brk).map_or(flat.runs.len(), |n| at + n + 1);
            let unit = &flat.runs[at..end];
            let solid = solid(unit);
            let whole: f64 = unit.iter().map(|r| r.width).sum();
            // A hundredth of a point is rounding.
            if used + solid <= width + 0.01 {
                line.extend_from_slice(unit);
                used += whole;
            } else if line.is_empty() {
                let mut parts = self.divide(flat, unit, width);
                line = parts.pop().unwrap_or_default();
                used = line.iter().map(|r| r.width).sum();
                lines.append(&mut parts);
            } else {
                lines.push(std::mem::take(&mut line));
                used = 0.0;
                continue;
            }
            at = end;
        }
        if !line.is_empty() || lines.is_empty() {
            lines.push(line);
        }
        lines.into_iter().map(|runs| self.line(flat, runs)).collect()
    }

    /// Divides a unit that is wider than a line, after [`SOFT`] characters where that leaves lines reasonably full.
    fn divide(&mut self, flat: &Flat, unit: &[Run], width: f64) -> Vec<Vec<Run>> {
        let mut clusters: Vec<(usize, usize, usize, f64)> = Vec::new();
        let solid = unit.iter().rposition(|r| !r.space).map_or(0, |at| at + 1);
        for (n, run) in unit[..solid].iter().enumerate() {
            let word = self.shaper.word(run.word);
            let mut starts: Vec<(usize, i32)> = Vec::new();
            for glyph in &word.glyphs {
                match starts.last_mut() {
                    Some(last) if last.0 == glyph.cluster as usize => last.1 += glyph.advance,
                    _ => starts.push((glyph.cluster as usize, glyph.advance)),
                }
            }
            starts.sort_unstable();
            let size = flat.attrs[usize::from(run.attr)].size;
            for (i, (start, advance)) in starts.iter().enumerate() {
                let end = starts.get(i + 1).map_or(word.text.len(), |s| s.0);
                clusters.push((n, *start, end, f64::from(*advance) * size / 1000.0));
            }
        }
        let mut parts = Vec::new();
        let mut from = 0;
        while from < clusters.len() {
            let (mut to, mut used, mut soft) = (from, 0.0, None);
            while to < clusters.len() && (to == from || used + clusters[to].3 <= width) {
                used += clusters[to].3;
                let (run, start, end, _) = clusters[to];
                to += 1;
                if used > width / 2.0 && self.shaper.word(unit[run].word).text[start..end].ends_with(SOFT) {
                    soft = Some(to);
                }
            }
            if to < clusters.len()
                && let Some(soft) = soft
            {
                to = soft;
            }
            parts.push(self.part(flat, unit, &clusters[from..to]));
            from = to;
        }
        if let Some(last) = parts.last_mut() {
            last.extend_from_slice(&unit[solid..]);
        }
        parts
    }

    /// The runs of some clusters of a unit.
    fn part(&mut self, flat: &Flat, unit: &[Run], clusters: &[(usize, usize, usize, f64)]) -> Vec<Run> {
        let mut runs = Vec::new();
        for same in clusters.chunk_by(|a, b| a.0 == b.0) {
            let (Some(first), Some(last)) = (same.first(), same.last()) else { continue };
            let run = unit[first.0];
            let word = self.shaper.word(run.word);
            if first.1 == 0 && last.2 == word.text.len() {
                runs.push(run);
                continue;
            }
            let (face, rtl, text) = (word.face, word.rtl, word.text[first.1..last.2].to_owned());
            let cut = self.shaper.shape(face, rtl, &text);
            let width = self.points(cut, flat.attrs[usize::from(run.attr)].size);
            runs.push(Run { word: cut, width, brk: false, ..run });
        }
        runs
    }

    /// Orders the runs of a line visually and joins neighbours in one style.
    fn line(&self, flat: &Flat, mut runs: Vec<Run>) -> Line {
        while runs.last().is_some_and(|r| r.space) {
            runs.pop();
        }
        if flat.rtl {
            let levels: Vec<Level> =
                runs.iter().map(|r| Level::new(r.level).unwrap_or_else(|_| Level::ltr())).collect();
            runs = BidiInfo::reorder_visual(&levels).into_iter().map(|at| runs[at]).collect();
        }
        let mut line = Line::default();
        let mut last: Option<(Attr, u8)> = None;
        for run in runs {
            let attr = flat.attrs[usize::from(run.attr)];
            let face = self.shaper.word(run.word).face;
            let joins = last == Some((attr, face));
            match line.frags.last_mut() {
                Some(frag) if joins => {
                    frag.words.push(run.word);
                    frag.width += run.width;
                }
                _ => line.frags.push(Frag {
                    x: line.width,
                    width: run.width,
                    face,
                    size: attr.size,
                    ink: attr.ink,
                    link: attr.link,
                    words: vec![run.word],
                }),
            }
            line.width += run.width;
            last = Some((attr, face));
        }
        line
    }

    /// Draws a line at `x`, its baseline `y` below the top of the piece.
    pub(super) fn draw(&mut self, line: &Line, (x, y): (f64, f64), node: NodeId, piece: &mut Piece) {
        for frag in &line.frags {
            let mut own = node;
            if let (Some(anchor), true) = (frag.link, node != Tree::ARTIFACT) {
                own = self.tree.add(node, "Link");
                piece.items.push(Item::Link {
                    x: f32_of(x + frag.x),
                    y: f32_of(y - frag.size),
                    w: f32_of(frag.width),
                    h: f32_of(frag.size * 1.3),
                    anchor,
                    node: own,
                });
            }
            piece.items.push(Item::Text {
                x: f32_of(x + frag.x),
                y: f32_of(y),
                size: f32_of(frag.size),
                ink: frag.ink,
                face: frag.face,
                words: frag.words.clone().into_boxed_slice(),
                node: own,
            });
        }
    }
}
