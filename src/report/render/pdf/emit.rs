//! From laid-out pages to the engine's operators, each piece of content marked with the structure it belongs to.

use std::collections::BTreeMap;

use printpdf::{
    Actions, BorderArray, Codepoint, Color, ColorArray, Destination, DictItem, HighlightingMode, LineCapStyle,
    LineDashPattern, LinePoint, LinkAnnotation, Op, PaintMode, PdfFontHandle, PdfPage, Point, Polygon, PolygonRing, Pt,
    Rect, Rgb, TextItem, TextMatrix, WindingOrder,
};
use subsetter::GlyphRemapper;

use super::{
    embed::{Remapped, font_id},
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

/// The operators of one page: what it draws, and its links.
pub(super) fn page(layout: &mut Layout<'_>, remapped: &Remapped, page: &Page, number: u32) -> (Vec<Op>, Vec<Op>) {
    let mut pen = Pen {
        shaper: &layout.set.shaper,
        tree: &mut layout.set.tree,
        anchors: &layout.anchors,
        remapped,
        height: layout.geometry.height,
        number,
        ops: Vec::with_capacity(page.items.len() * 5),
        links: Vec::new(),
        font: None,
        fill: None,
        stroke: None,
        content: 0,
    };
    for same in page.items.chunk_by(|a, b| a.node() == b.node()) {
        pen.marked(same);
    }
    (pen.ops, pen.links)
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

/// Writes the operators of one page.
struct Pen<'l, 'f> {
    /// Glyphs.
    shaper: &'l Shaper<'f>,
    /// Structure.
    tree: &'l mut Tree,
    /// Places that links lead to.
    anchors: &'l [Option<(usize, f64)>],
    /// Glyph numbers of the subsets.
    remapped: &'l [Option<GlyphRemapper>],
    /// Height of the page: its operators count from below.
    height: f64,
    /// Number of the page, from 0.
    number: u32,
    /// Operators so far.
    ops: Vec<Op>,
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
            self.ops.push(Op::EndMarkedContent);
        }
    }

    /// Opens marked content.
    fn begin(&mut self, node: NodeId) {
        if node == Tree::ARTIFACT {
            self.ops.push(Op::BeginMarkedContent { tag: "Artifact".to_owned() });
            return;
        }
        let entry = &mut self.tree.nodes[node as usize];
        entry.kids.push(Kid::Content(self.number, self.content));
        let map = BTreeMap::from([("MCID".to_owned(), DictItem::Int(i64::from(self.content)))]);
        self.ops.push(Op::BeginMarkedContentWithProperties {
            tag: entry.role.to_owned(),
            properties: DictItem::Dict { map },
        });
        self.content += 1;
    }

    /// Sets the fill colour.
    fn fill_with(&mut self, colour: Colour) {
        if self.fill != Some(colour) {
            self.fill = Some(colour);
            self.ops.push(Op::SetFillColor { col: rgb(colour) });
        }
    }

    /// Fills a polygon.
    fn polygon(&mut self, points: &[(f32, f32)], colour: Colour) {
        self.fill_with(colour);
        let points = points.iter().map(|p| LinePoint { p: self.point(*p), bezier: false }).collect();
        let rings = vec![PolygonRing { points }];
        let (mode, winding_order) = (PaintMode::Fill, WindingOrder::NonZero);
        self.ops.push(Op::DrawPolygon { polygon: Polygon { rings, mode, winding_order } });
    }

    /// Draws a line.
    fn line(&mut self, points: &[(f32, f32)], (colour, width, dashed): (Colour, f32, bool)) {
        let last = self.stroke.replace((colour, width, dashed));
        if last.is_none_or(|l| l.0 != colour) {
            self.ops.push(Op::SetOutlineColor { col: rgb(colour) });
        }
        if last.is_none_or(|l| l.1.to_bits() != width.to_bits()) {
            self.ops.push(Op::SetOutlineThickness { pt: Pt(width) });
        }
        if last.map_or(dashed, |l| l.2 != dashed) {
            let mut dash = LineDashPattern::default();
            if dashed {
                dash.pattern.extend([3.0, 2.0]);
            }
            self.ops.push(Op::SetLineDashPattern { dash });
            self.ops.push(Op::SetLineCapStyle { cap: LineCapStyle::Butt });
        }
        let points = points.iter().map(|p| LinePoint { p: self.point(*p), bezier: false }).collect();
        self.ops.push(Op::DrawLine { line: printpdf::Line { points, is_closed: false } });
    }

    /// A point counted from below.
    fn point(&self, (x, y): (f32, f32)) -> Point {
        Point { x: Pt(hundredth(f64::from(x))), y: Pt(hundredth(self.height - f64::from(y))) }
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
    fn text(&mut self, (x, y): (f32, f32), (face, size, ink): (u8, f32, Colour), words: &[WordId]) {
        self.fill_with(ink);
        self.ops.push(Op::StartTextSection);
        if self.font != Some((face, size)) {
            self.font = Some((face, size));
            self.ops.push(Op::SetFont { font: PdfFontHandle::External(font_id(face)), size: Pt(size) });
        }
        let Point { x, y } = self.point((x, y));
        self.ops.push(Op::SetTextMatrix { matrix: TextMatrix::Translate(x, y) });
        let mut line = Plain::default();
        for id in words {
            let word = self.shaper.word(*id);
            if word.plain {
                line.add(word);
            } else {
                line.show(&mut self.ops);
                self.shaped(word);
            }
        }
        line.show(&mut self.ops);
        self.ops.push(Op::EndTextSection);
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
        let map = BTreeMap::from([("ActualText".to_owned(), utf16(text))]);
        self.ops
            .push(Op::BeginMarkedContentWithProperties { tag: "Span".to_owned(), properties: DictItem::Dict { map } });
        let remap = |gid| self.remapped[usize::from(word.face)].as_ref().and_then(|r| r.get(gid)).unwrap_or(0);
        let mut rise = 0;
        let mut items = Vec::new();
        for glyph in glyphs {
            if glyph.dy != rise {
                show(&mut self.ops, &mut items);
                rise = glyph.dy;
                let size = self.font.map_or(0.0, |(_, size)| f64::from(size));
                self.ops.push(Op::SetLineOffset { multiplier: hundredth(f64::from(rise) * size / 1000.0) });
            }
            if glyph.dx != 0 {
                items.push(TextItem::Offset(thousandths(-glyph.dx)));
            }
            let offset = thousandths(glyph.width + glyph.dx - glyph.advance);
            items.push(TextItem::GlyphIds(vec![Codepoint::new(remap(glyph.gid), offset)]));
        }
        show(&mut self.ops, &mut items);
        if rise != 0 {
            self.ops.push(Op::SetLineOffset { multiplier: 0.0 });
        }
        self.ops.push(Op::EndMarkedContent);
    }
}

/// Plain words being joined into one operator.
#[derive(Default)]
struct Plain {
    /// Finished parts.
    items: Vec<TextItem>,
    /// Characters since the last kern.
    text: String,
}

impl Plain {
    /// Appends a word, whose glyphs are its characters one by one.
    fn add(&mut self, word: &Word) {
        for (c, glyph) in word.text.chars().zip(&word.glyphs) {
            self.text.push(c);
            if glyph.advance != glyph.width {
                self.items.push(TextItem::Text(std::mem::take(&mut self.text)));
                self.items.push(TextItem::Offset(thousandths(glyph.width - glyph.advance)));
            }
        }
    }

    /// Writes what was joined.
    fn show(&mut self, ops: &mut Vec<Op>) {
        if !self.text.is_empty() {
            self.items.push(TextItem::Text(std::mem::take(&mut self.text)));
        }
        show(ops, &mut self.items);
    }
}

/// Writes the items, if any.
fn show(ops: &mut Vec<Op>, items: &mut Vec<TextItem>) {
    if !items.is_empty() {
        ops.push(Op::ShowText { items: std::mem::take(items) });
    }
}

/// Whole thousandths as the engine takes them.
fn thousandths(n: i32) -> f32 {
    hundredth(f64::from(n))
}

/// A text string of the file format.
fn utf16(text: &str) -> DictItem {
    let data = [0xFE, 0xFF].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect();
    DictItem::String { data, literal: false }
}

/// A colour in the engine's terms.
fn rgb(Colour(r, g, b): Colour) -> Color {
    let part = |c: u8| (f32::from(c) / 255.0 * 1000.0).round() / 1000.0;
    Color::Rgb(Rgb { r: part(r), g: part(g), b: part(b), icc_profile: None })
}
