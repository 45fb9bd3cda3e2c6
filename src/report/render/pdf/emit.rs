//! From laid-out pages to their contents in the file's own language, each piece marked with the structure it belongs to.
//!
//! The engine keeps an operator in some hundred bytes. Contents of long tables are written here instead, each page as
//! soon as it is asked for.

use std::io::Write as _;

use printpdf::{
    Actions, BorderArray, Codepoint, ColorArray, Destination, HighlightingMode, LinkAnnotation, Op, PdfFontHandle,
    PdfPage, Pt, Rect, TextItem,
};

use super::{
    embed::{Remapped, font_id},
    file::utf16,
    flow::{Layout, Page},
    piece::{Item, Kid, NodeId, Tree},
    shape::{Glyph, Shaper, Word, WordId},
    style::Colour,
};

/// Marks the glyphs that are drawn.
pub(super) fn mark_used(layout: &mut Layout<'_>) {
    for page in &layout.pages {
        for item in &page.items {
            if let Item::Text { words, .. } = item {
                words.iter().for_each(|w| layout.set.shaper.mark_used(*w));
            }
        }
    }
}

/// What one page draws, and its links.
pub(super) fn page(layout: &mut Layout<'_>, remapped: &Remapped, page: &Page, number: u32) -> (Vec<u8>, Vec<Op>) {
    let mut pen = Pen {
        shaper: &layout.set.shaper,
        tree: &mut layout.set.tree,
        anchors: &layout.anchors,
        remapped,
        height: layout.geometry.height,
        number,
        out: Vec::new(),
        links: Vec::new(),
        font: None,
        fill: None,
        stroke: None,
        content: 0,
    };
    for same in page.items.chunk_by(|a, b| a.node() == b.node()) {
        pen.marked(same);
    }
    (pen.out, pen.links)
}

/// Operators that use every glyph of every face once, so that the engine knows them all.
pub(super) fn catalogue(shaper: &Shaper<'_>, remapped: &Remapped) -> Vec<Op> {
    let mut ops = vec![Op::StartTextSection];
    for ((face, new), at) in shaper.faces.iter().zip(remapped).zip(0_u8..) {
        let Some(new) = new else { continue };
        let glyph = |(gid, text): (&u16, &String)| Some(Codepoint::with_cid(new.get(*gid)?, 0.0, text.clone()));
        ops.push(Op::SetFont { font: PdfFontHandle::External(font_id(at)), size: Pt(1.0) });
        ops.push(Op::ShowText { items: vec![TextItem::GlyphIds(face.map.used.iter().filter_map(glyph).collect())] });
    }
    ops.push(Op::EndTextSection);
    ops
}

/// A sheet of the layout's paper.
pub(super) fn sheet(layout: &Layout<'_>, ops: Vec<Op>) -> PdfPage {
    let paper = rect((0.0, 0.0), (layout.geometry.width, layout.geometry.height));
    PdfPage { media_box: paper.clone(), trim_box: paper.clone(), crop_box: paper, ops }
}

/// A rectangle in the engine's terms.
fn rect((x, y): (f64, f64), (w, h): (f64, f64)) -> Rect {
    let pt = |v| Pt(hundredth(v));
    Rect { x: pt(x), y: pt(y), width: pt(w), height: pt(h), mode: None, winding_order: None }
}

/// Rounded to what matters on paper, so that numbers stay short in the file.
#[expect(clippy::cast_possible_truncation, reason = "coordinates of a page")]
fn hundredth(v: f64) -> f32 {
    ((v * 100.0).round() / 100.0) as f32
}

/// Writes one page.
struct Pen<'l, 'f> {
    /// Glyphs.
    shaper: &'l Shaper<'f>,
    /// Structure.
    tree: &'l mut Tree,
    /// Places that links lead to.
    anchors: &'l [Option<(usize, f64)>],
    /// Glyph numbers of the subsets.
    remapped: &'l Remapped,
    /// Height of the page: its operators count from below.
    height: f64,
    /// Number of the page, from 0.
    number: u32,
    /// The page so far.
    out: Vec<u8>,
    /// Links so far.
    links: Vec<Op>,
    /// Face and size in force.
    font: Option<(u8, f32)>,
    /// Fill colour in force.
    fill: Option<Colour>,
    /// Line colour, width and dashes in force.
    stroke: Option<(Colour, f32, bool)>,
    /// Marked contents so far.
    content: u32,
}

impl Pen<'_, '_> {
    /// Draws neighbours of one node as one marked content.
    fn marked(&mut self, items: &[Item]) {
        let node = items.first().map_or(Tree::ARTIFACT, Item::node);
        let drawn = items.iter().any(|i| !matches!(i, Item::Link { .. }));
        if drawn {
            self.begin(node);
        }
        for item in items {
            match item {
                Item::Text { x, y, size, ink, face, words, .. } => self.text((*x, *y), (*face, *size, *ink), words),
                Item::Fill { points, colour, .. } => self.polygon(points, *colour),
                Item::Stroke { points, colour, width, dashed, .. } => self.line(points, (*colour, *width, *dashed)),
                Item::Link { x, y, w, h, anchor, node } => self.link((*x, *y), (*w, *h), *anchor, *node),
            }
        }
        if drawn {
            self.op("EMC");
        }
    }

    /// Opens marked content.
    fn begin(&mut self, node: NodeId) {
        if node == Tree::ARTIFACT {
            self.op("/Artifact BMC");
            return;
        }
        let entry = &mut self.tree.nodes[node as usize];
        entry.kids.push(Kid::Content(self.number, self.content));
        let (role, number) = (entry.role, self.content);
        self.write(format_args!("/{role}<</MCID {number}>>BDC\n"));
        self.content += 1;
    }

    /// Writes formatted text.
    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // A vector takes everything.
        let _ = self.out.write_fmt(text);
    }

    /// Writes an operator, after its operands.
    fn op(&mut self, operator: &str) {
        self.out.extend_from_slice(operator.as_bytes());
        self.out.push(b'\n');
    }

    /// Writes a number with at most two decimals, and a space.
    fn number(&mut self, v: f64) {
        number(&mut self.out, v);
        self.out.push(b' ');
    }

    /// Writes a colour.
    fn colour(&mut self, Colour(r, g, b): Colour) {
        for part in [r, g, b] {
            self.write(format_args!("{} ", (f64::from(part) / 255.0 * 1000.0).round() / 1000.0));
        }
    }

    /// Sets the fill colour.
    fn fill_with(&mut self, colour: Colour) {
        if self.fill != Some(colour) {
            self.fill = Some(colour);
            self.colour(colour);
            self.op("rg");
        }
    }

    /// Draws a path.
    fn path(&mut self, points: &[(f32, f32)]) {
        for (n, point) in points.iter().enumerate() {
            self.point(*point);
            self.op(if n == 0 { "m" } else { "l" });
        }
    }

    /// Fills a polygon.
    fn polygon(&mut self, points: &[(f32, f32)], colour: Colour) {
        self.fill_with(colour);
        self.path(points);
        self.op("f");
    }

    /// Draws a line.
    fn line(&mut self, points: &[(f32, f32)], (colour, width, dashed): (Colour, f32, bool)) {
        let last = self.stroke.replace((colour, width, dashed));
        if last.is_none_or(|l| l.0 != colour) {
            self.colour(colour);
            self.op("RG");
        }
        if last.is_none_or(|l| l.1.to_bits() != width.to_bits()) {
            self.number(f64::from(width));
            self.op("w");
        }
        if last.map_or(dashed, |l| l.2 != dashed) {
            self.op(if dashed { "[3 2]0 d" } else { "[]0 d" });
        }
        self.path(points);
        self.op("S");
    }

    /// Writes a point, counted from below.
    fn point(&mut self, (x, y): (f32, f32)) {
        self.number(f64::from(x));
        self.number(self.height - f64::from(y));
    }

    /// Adds a link to an anchor.
    fn link(&mut self, (x, y): (f32, f32), (w, h): (f32, f32), anchor: u32, node: NodeId) {
        let Some((page, top)) = self.anchors.get(anchor as usize).copied().flatten() else { return };
        let bottom = self.height - f64::from(y) - f64::from(h);
        let at = rect((f64::from(x), bottom), (f64::from(w), f64::from(h)));
        let top = Some(hundredth(self.height - top + 8.0));
        let destination = Destination::Xyz { page: page + 1, left: Some(0.0), top, zoom: None };
        let link = LinkAnnotation::new(
            at,
            Actions::go_to(destination),
            Some(BorderArray::Solid([0.0, 0.0, 0.0])),
            Some(ColorArray::Transparent),
            Some(HighlightingMode::None),
        );
        if let (true, Ok(at)) = (node != Tree::ARTIFACT, u32::try_from(self.links.len())) {
            self.tree.nodes[node as usize].kids.push(Kid::Annotation(self.number, at));
        }
        self.links.push(Op::LinkAnnotation { link });
    }

    /// Draws words on a baseline.
    fn text(&mut self, at: (f32, f32), (face, size, ink): (u8, f32, Colour), words: &[WordId]) {
        self.fill_with(ink);
        self.op("BT");
        if self.font != Some((face, size)) {
            self.font = Some((face, size));
            self.write(format_args!("/{} ", font_id(face).0));
            self.number(f64::from(size));
            self.op("Tf");
        }
        self.point(at);
        self.op("Td");
        let shaper = self.shaper;
        let mut line = Shown::default();
        for id in words {
            let word = shaper.word(*id);
            if word.plain {
                word.glyphs.iter().for_each(|g| self.glyph(&mut line, face, g));
            } else {
                line.show(&mut self.out);
                self.shaped(word);
            }
        }
        line.show(&mut self.out);
        self.op("ET");
    }

    /// Adds a glyph to what is shown.
    fn glyph(&self, line: &mut Shown, face: u8, glyph: &Glyph) {
        let new = self.remapped[usize::from(face)].as_ref().and_then(|r| r.get(glyph.gid)).unwrap_or(0);
        line.kern(-glyph.dx);
        line.glyph(new);
        line.kern(glyph.width + glyph.dx - glyph.advance);
    }

    /// Draws a word that is more than its characters one by one, with the characters beside it.
    fn shaped(&mut self, word: &Word) {
        if !word.rtl {
            self.span(word, &word.glyphs, &word.text);
            return;
        }
        // Readers of PDF expect right-to-left text in visual order and turn it themselves: each letter is a unit of
        // its own, and the letters of a ligature come last first.
        for letter in word.glyphs.chunk_by(|a, b| a.cluster == b.cluster) {
            let text = letter.first().map_or("", |g| word.letter(g.cluster));
            self.span(word, letter, &text.chars().rev().collect::<String>());
        }
    }

    /// Draws glyphs that stand for `text` together.
    fn span(&mut self, word: &Word, glyphs: &[Glyph], text: &str) {
        self.out.extend_from_slice(b"/Span<</ActualText");
        utf16(&mut self.out, text);
        self.op(">>BDC");
        let mut rise = 0;
        let mut line = Shown::default();
        for glyph in glyphs {
            if glyph.dy != rise {
                line.show(&mut self.out);
                rise = glyph.dy;
                let size = self.font.map_or(0.0, |(_, size)| f64::from(size));
                self.number(f64::from(rise) * size / 1000.0);
                self.op("Ts");
            }
            self.glyph(&mut line, word.face, glyph);
        }
        line.show(&mut self.out);
        if rise != 0 {
            self.op("0 Ts");
        }
        self.op("EMC");
    }
}

/// Glyphs being joined into one operator.
#[derive(Default)]
struct Shown {
    /// Finished strings and the kerns between them.
    parts: Vec<u8>,
    /// The string since the last kern.
    string: Vec<u8>,
    /// Kern that comes next, in thousandths.
    kern: i32,
    /// Whether there is any kern.
    kerned: bool,
}

impl Shown {
    /// Moves what follows to the left.
    fn kern(&mut self, by: i32) {
        self.kern += by;
    }

    /// Appends a glyph.
    fn glyph(&mut self, gid: u16) {
        if self.kern != 0 {
            self.close();
            let _ = write!(self.parts, "{}", self.kern);
            self.kern = 0;
            self.kerned = true;
        }
        for byte in gid.to_be_bytes() {
            match byte {
                b'(' | b')' | b'\\' => self.string.extend([b'\\', byte]),
                b'\r' => self.string.extend(br"\r"),
                _ => self.string.push(byte),
            }
        }
    }

    /// Ends the current string.
    fn close(&mut self) {
        if !self.string.is_empty() {
            self.parts.push(b'(');
            self.parts.append(&mut self.string);
            self.parts.push(b')');
        }
    }

    /// Writes what was joined, and starts anew.
    fn show(&mut self, out: &mut Vec<u8>) {
        self.close();
        if self.kern != 0 {
            let _ = write!(self.parts, "{}", self.kern);
            self.kerned = true;
        }
        if !self.parts.is_empty() {
            let (before, after) = if self.kerned { ("[", "]TJ\n") } else { ("", "Tj\n") };
            out.extend_from_slice(before.as_bytes());
            out.append(&mut self.parts);
            out.extend_from_slice(after.as_bytes());
        }
        (self.kern, self.kerned) = (0, false);
    }
}

/// Writes a number with at most two decimals: what matters on paper.
fn number(out: &mut Vec<u8>, v: f64) {
    #[expect(clippy::cast_possible_truncation, reason = "coordinates of a page")]
    let hundredths = (v * 100.0).round() as i64;
    if hundredths < 0 {
        out.push(b'-');
    }
    let (whole, part) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    let _ = match part {
        0 => write!(out, "{whole}"),
        tenth if tenth.is_multiple_of(10) => write!(out, "{whole}.{}", tenth / 10),
        _ => write!(out, "{whole}.{part:02}"),
    };
}
