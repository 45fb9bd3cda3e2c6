//! Sections and their blocks as pieces: headings, paragraphs, lists, facts, badges, code, lines to sign on.

use super::{
    flow::Layout,
    piece::{Mark, NUMBERED, NodeId, Piece, Tree, fill, frame, stroke},
    set::Line,
    style::{
        ACCENT, BODY, CELL, CODE, Family, GUTTER, H1, H2, H3, HAIR, HAIRLINE, NOTE, ORGANIZATION, QUIET, SURFACE,
        Style, TITLE, tint, verdict_colour, verdict_shape,
    },
};
use crate::{
    model::verdict::Verdict,
    report::document::{Back, Block, Document, Section, SectionKind, Span, Text},
};

/// Facts from which short ones stand two to a row.
const PAIRED: usize = 6;

/// Indent of list items.
const INDENT: f64 = 16.0;

impl Layout<'_> {
    /// Lays out a document.
    pub(super) fn document(&mut self, doc: &Document) {
        for (section, anchor) in doc.sections.iter().zip(0..) {
            self.section(doc, section, anchor);
        }
        self.flush();
    }

    /// Lays out a section.
    fn section(&mut self, doc: &Document, section: &Section, anchor: u32) {
        let node = self.set.tree.add(Tree::ROOT, "Sect");
        self.divided = false;
        let marks = vec![Mark::Anchor(anchor), Mark::Outline(0, section.title.clone())];
        match section.kind {
            SectionKind::Cover => self.cover(doc, node, marks),
            SectionKind::Masthead => self.masthead(doc, node, marks),
            SectionKind::Page | SectionKind::Flow => {
                if section.kind == SectionKind::Page {
                    self.new_page();
                }
                self.section_title(&section.title, node, (marks, doc.back_from(section)));
            }
        }
        for (n, block) in section.blocks.iter().enumerate() {
            let words = |b: &Block| matches!(b, Block::Paragraph(_) | Block::Note(_));
            let headed = n > 0 && matches!(section.blocks[n - 1], Block::Heading { .. });
            self.introduces = words(block)
                && section.blocks.get(n + 1).is_some_and(|next| {
                    matches!(next, Block::Table(_) | Block::Code(_) | Block::SignOff(_)) || (headed && words(next))
                });
            self.block(block, node);
        }
        self.introduces = false;
        self.flush();
    }

    /// The upper half of the cover: a bar, the title, the organization.
    fn cover(&mut self, doc: &Document, node: NodeId, marks: Vec<Mark>) {
        self.new_page();
        self.skip_to(self.geometry.height * 0.14);
        let mut bar = Piece { marks, keep: true, ..Piece::new(0.0, 24.0) };
        bar.items.push(fill((0.0, 0.0), (56.0, 5.0), ACCENT, Tree::ARTIFACT));
        self.push(bar);
        let measure = self.geometry.measure();
        for (text, style, role) in [(&doc.title, TITLE, "H1"), (&doc.org, ORGANIZATION, "P")] {
            let mut style = style;
            let mut lines = self.set.plain_lines(text, style, measure);
            // A very long title is set smaller rather than over a whole page.
            for (size, leading) in [(22.0, 28.0), (14.0, 20.0), (BODY.size, BODY.leading)] {
                if lines.len() > 3 && size < style.size {
                    style = style.sized(size, leading);
                    lines = self.set.plain_lines(text, style, measure);
                }
            }
            let node = self.set.tree.add(node, role);
            self.run_of_lines(&lines, style, (0.0, 4.0), node);
        }
        self.skip_to(self.geometry.height * 0.44);
    }

    /// The head of a short report: the organization, and the title in the size of a section's.
    fn masthead(&mut self, doc: &Document, node: NodeId, marks: Vec<Mark>) {
        self.new_page();
        let title = format!("{}: {}", doc.title, doc.org);
        self.section_title(&title, node, (marks, None));
    }

    /// The title of a section, never alone at a page's foot.
    fn section_title(&mut self, title: &str, section: NodeId, (marks, back): (Vec<Mark>, Option<&Back>)) {
        let node = self.set.tree.add(section, "H1");
        let lines = self.set.plain_lines(title, H1, self.geometry.measure());
        let mut bar = Piece { marks, keep: true, ..Piece::new(32.0, 12.0) };
        bar.items.push(fill((0.0, 0.0), (28.0, 3.0), ACCENT, Tree::ARTIFACT));
        if let Some(back) = back {
            let node = self.set.tree.add(section, "P");
            let link = [Span::Link { to: back.to.clone(), text: back.text.clone() }];
            for line in self.set.lines(&link, NOTE, self.geometry.measure() / 2.0).iter().take(1) {
                let at = (self.geometry.measure() - line.width, NOTE.baseline());
                self.set.draw(line, at, node, &mut bar);
            }
        }
        self.push(bar);
        self.heading_lines(&lines, H1, 0.0, node);
        self.push(Piece { keep: true, ..Piece::new(0.0, 4.0) });
    }

    /// Lines that stay with what follows.
    fn heading_lines(&mut self, lines: &[Line], style: Style, before: f64, node: NodeId) {
        for (n, line) in lines.iter().enumerate() {
            let mut piece = self.stack(std::slice::from_ref(line), style, 0.0, node);
            piece.before = if n == 0 { before } else { 0.0 };
            piece.keep = true;
            self.push(piece);
        }
    }

    /// Lays out a block.
    fn block(&mut self, block: &Block, node: NodeId) {
        match block {
            Block::Heading { level, text } => self.heading(*level, text, node),
            Block::Paragraph(text) => self.paragraph(text, BODY, 8.0, node),
            Block::Note(text) => self.paragraph(text, NOTE, 6.0, node),
            Block::Bullets(items) => self.list(items, false, node),
            Block::Numbered(items) => self.list(items, true, node),
            Block::Facts(facts) => self.facts(facts, node),
            Block::Badge(verdict, text) => self.badge(*verdict, text, node),
            Block::Tiles(tiles) => self.tiles(tiles, node),
            Block::Charts(charts) => self.charts(charts, node),
            Block::Table(table) => self.table(table, node),
            Block::SignOff(boxes) => self.sign_off(boxes, node),
            Block::Code(lines) => self.code(lines, node),
        }
    }

    /// A heading inside a section.
    fn heading(&mut self, level: u8, text: &str, node: NodeId) {
        let (style, before) = if level <= 2 { (H2, 20.0) } else { (H3, 12.0) };
        self.divided |= level <= 2;
        // To a reader no level is left out.
        let node = self.set.tree.add(node, if level > 2 && self.divided { "H3" } else { "H2" });
        let lines = self.set.plain_lines(text, style, self.geometry.measure());
        if level <= 2 {
            self.push(Piece { keep: true, marks: vec![Mark::Outline(1, text.to_owned())], ..Piece::new(before, 0.0) });
            self.heading_lines(&lines, style, 0.0, node);
        } else {
            self.heading_lines(&lines, style, before, node);
        }
    }

    /// Running text.
    pub(super) fn paragraph(&mut self, text: &[Span], style: Style, before: f64, node: NodeId) {
        let node = self.set.tree.add(node, "P");
        let lines = self.set.lines(text, style, self.geometry.measure());
        self.run_of_lines(&lines, style, (0.0, before), node);
    }

    /// Lines that may be divided between pages, but not one by itself.
    fn run_of_lines(&mut self, lines: &[Line], style: Style, (x, before): (f64, f64), node: NodeId) {
        for (n, line) in lines.iter().enumerate() {
            let mut piece = self.stack(std::slice::from_ref(line), style, x, node);
            piece.before = if n == 0 { before } else { 0.0 };
            let last = n + 1 == lines.len();
            piece.keep = if last { self.introduces } else { n == 0 || n + 2 == lines.len() };
            self.push(piece);
        }
    }

    /// A list with bullets or numbers.
    fn list(&mut self, items: &[Text], numbered: bool, node: NodeId) {
        let list = self.set.tree.add(node, if numbered { NUMBERED } else { "L" });
        for (n, item) in items.iter().enumerate() {
            let entry = self.set.tree.add(list, "LI");
            let label = self.set.tree.add(entry, "Lbl");
            let body = self.set.tree.add(entry, "LBody");
            let (marker, style) = if numbered {
                (format!("{}.", n + 1), Style { family: Family::Strong, ..BODY.ink(ACCENT) })
            } else {
                ("•".to_owned(), BODY.ink(ACCENT))
            };
            let marker = self.set.plain_lines(&marker, style, f64::MAX);
            // Room for the widest number; bullets keep the plain indent.
            let indent = marker.iter().map(|l| l.width + 6.0).fold(INDENT, f64::max);
            let lines = self.set.lines(item, BODY, self.geometry.measure() - indent);
            for (k, line) in lines.iter().enumerate() {
                let mut piece = Piece::new(
                    if k > 0 {
                        0.0
                    } else if n == 0 {
                        8.0
                    } else {
                        3.0
                    },
                    BODY.leading,
                );
                if k == 0 {
                    for line in &marker {
                        self.set.draw(line, (2.0, BODY.baseline()), label, &mut piece);
                    }
                }
                self.set.draw(line, (indent, BODY.baseline()), body, &mut piece);
                piece.keep = lines.len() > 1 && (k == 0 || k == lines.len() - 2);
                self.push(piece);
            }
        }
    }

    /// Labels and values in two columns, with hairlines between.
    pub(super) fn facts(&mut self, facts: &[(String, Text)], node: NodeId) {
        let measure = self.geometry.measure();
        let label_style = CELL.ink(QUIET).sized(8.5, BODY.leading);
        let mut column: f64 = 72.0;
        for (label, _) in facts {
            let flat = self.set.flatten(&[Span::Plain(label.clone())], label_style);
            column = column.max(flat.width());
        }
        if self.facts_side_by_side(facts, node) {
            return;
        }
        let column = column.min(measure * 0.32) + 16.0;
        let table = self.set.tree.add(node, "Table");
        self.push(Piece { keep: true, ..Piece::new(8.0, 0.0) });
        for (label, value) in facts {
            let row = self.set.tree.add(table, "TR");
            let (th, td) = (self.set.tree.add(row, "TH"), self.set.tree.add(row, "TD"));
            let labels = self.set.plain_lines(label, label_style, column - 16.0);
            let values = self.set.lines(value, BODY, measure - column);
            let count = labels.len().max(values.len());
            let whole = 22.0 + BODY.leading * super::piece::f64_of(count as u64) < self.geometry.body();
            for n in 0..count {
                let (first, last) = (n == 0, n + 1 == count);
                let mut piece = Piece::new(0.0, BODY.leading);
                let top = if first { 4.0 } else { 0.0 };
                piece.height += top + if last { 4.0 } else { 0.0 };
                if let Some(line) = labels.get(n) {
                    self.set.draw(line, (0.0, top + BODY.baseline()), th, &mut piece);
                }
                if let Some(line) = values.get(n) {
                    self.set.draw(line, (column, top + BODY.baseline()), td, &mut piece);
                }
                if last {
                    let y = piece.height - HAIRLINE / 2.0;
                    piece.items.push(stroke(&[(0.0, y), (measure, y)], HAIR, HAIRLINE, Tree::ARTIFACT));
                }
                piece.keep = whole && !last;
                self.push(piece);
            }
        }
    }

    /// Many short facts as two pairs a row. Draws nothing and answers `false` when they are few, or one is long.
    fn facts_side_by_side(&mut self, facts: &[(String, Text)], node: NodeId) -> bool {
        let gap = 2.0 * GUTTER;
        let half = (self.geometry.measure() - gap) / 2.0;
        let label_style = CELL.ink(QUIET).sized(8.5, BODY.leading);
        let fits = |(label, value): &(String, Text)| {
            let label = self.set.flatten(&[Span::Plain(label.clone())], label_style).width();
            label + 12.0 + self.set.flatten(value, BODY).width() <= half
        };
        if facts.len() < PAIRED || !facts.iter().all(fits) {
            return false;
        }
        let table = self.set.tree.add(node, "Table");
        self.push(Piece { keep: true, ..Piece::new(8.0, 0.0) });
        let rows = facts.len().div_ceil(2);
        for n in 0..rows {
            let row = self.set.tree.add(table, "TR");
            let mut piece = Piece::new(0.0, BODY.leading + 8.0);
            for (side, fact) in [facts.get(n), facts.get(rows + n)].into_iter().enumerate() {
                let Some((label, value)) = fact else { continue };
                let x = if side == 0 { 0.0 } else { half + gap };
                let (th, td) = (self.set.tree.add(row, "TH"), self.set.tree.add(row, "TD"));
                for line in self.set.plain_lines(label, label_style, half) {
                    self.set.draw(&line, (x, 4.0 + BODY.baseline()), th, &mut piece);
                }
                for line in self.set.lines(value, BODY, f64::MAX) {
                    self.set.draw(&line, (x + half - line.width, 4.0 + BODY.baseline()), td, &mut piece);
                }
                let y = piece.height - HAIRLINE / 2.0;
                piece.items.push(stroke(&[(x, y), (x + half, y)], HAIR, HAIRLINE, Tree::ARTIFACT));
            }
            piece.keep = n + 1 < rows;
            self.push(piece);
        }
        true
    }

    /// A strip in the colour of a verdict.
    fn badge(&mut self, verdict: Verdict, text: &[Span], node: NodeId) {
        let node = self.set.tree.add(node, "P");
        let colour = verdict_colour(verdict);
        let style = Style { family: Family::Strong, ..BODY.ink(colour).sized(10.5, 16.0) };
        let shape = self.set.plain_lines(verdict_shape(verdict), style, f64::MAX);
        let lines = self.set.lines(text, style, self.geometry.measure() - 44.0);
        let background = tint(colour, 0.08);
        for (n, line) in lines.iter().enumerate() {
            let (first, last) = (n == 0, n + 1 == lines.len());
            let top = if first { 8.0 } else { 0.0 };
            let mut piece =
                Piece::new(if first { 16.0 } else { 0.0 }, top + style.leading + if last { 8.0 } else { 0.0 });
            let size = (self.geometry.measure(), piece.height);
            piece.items.push(fill((0.0, 0.0), size, background, Tree::ARTIFACT));
            piece.items.push(fill((0.0, 0.0), (3.0, size.1), colour, Tree::ARTIFACT));
            if first {
                for mark in &shape {
                    self.set.draw(mark, (14.0, top + style.baseline()), node, &mut piece);
                }
            }
            self.set.draw(line, (32.0, top + style.baseline()), node, &mut piece);
            piece.keep = first && !last;
            self.push(piece);
        }
    }

    /// Commands, on a quiet ground.
    fn code(&mut self, code: &[String], node: NodeId) {
        let measure = self.geometry.measure();
        let node = self.set.tree.add(node, "P");
        let mut lines = Vec::new();
        for line in code {
            lines.extend(self.set.plain_lines(line, CODE, measure - 24.0));
        }
        for (n, line) in lines.iter().enumerate() {
            let (first, last) = (n == 0, n + 1 == lines.len());
            let top = if first { 8.0 } else { 0.0 };
            let mut piece =
                Piece::new(if first { 8.0 } else { 0.0 }, top + CODE.leading + if last { 8.0 } else { 0.0 });
            // A hair taller than the piece, so that no seam shows between two of them.
            let height = piece.height + if last { 0.0 } else { 0.3 };
            piece.items.push(fill((0.0, 0.0), (measure, height), SURFACE, Tree::ARTIFACT));
            self.set.draw(line, (12.0, top + CODE.baseline()), node, &mut piece);
            piece.keep = first && !last;
            self.push(piece);
        }
    }

    /// A box per signatory, with a line over each caption.
    fn sign_off(&mut self, boxes: &[Vec<String>], node: NodeId) {
        let measure = self.geometry.measure();
        let columns: u32 = 4;
        let (pad, gap) = (12.0, 16.0);
        let width = (measure - 2.0 * pad - gap * f64::from(columns - 1)) / f64::from(columns);
        for captions in boxes {
            let node = self.set.tree.add(node, "P");
            let mut piece = Piece::new(8.0, 0.0);
            for row in captions.chunks(columns as usize) {
                let cells: Vec<_> = row.iter().map(|c| self.set.plain_lines(c, NOTE, width)).collect();
                let tallest = cells.iter().map(Vec::len).max().unwrap_or(0);
                let rule = piece.height + 32.0;
                for (lines, column) in cells.iter().zip(0_u32..) {
                    let x = pad + f64::from(column) * (width + gap);
                    piece.items.push(stroke(&[(x, rule), (x + width, rule)], QUIET, HAIRLINE, Tree::ARTIFACT));
                    let mut y = rule + 2.0;
                    for line in lines {
                        self.set.draw(line, (x, y + NOTE.baseline()), node, &mut piece);
                        y += NOTE.leading;
                    }
                }
                piece.height = rule + 2.0 + NOTE.leading * super::piece::f64_of(tallest as u64);
            }
            piece.height += 6.0;
            if piece.height > self.geometry.body() {
                // Captions of this length are text, not captions.
                for caption in captions {
                    self.paragraph(&[Span::Plain(caption.clone())], NOTE, 24.0, node);
                }
                continue;
            }
            piece.items.push(frame((0.0, 0.0), (measure, piece.height), HAIR, HAIRLINE, Tree::ARTIFACT));
            self.push(piece);
        }
    }
}
