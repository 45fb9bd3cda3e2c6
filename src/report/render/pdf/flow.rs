//! Pieces down the page: page breaks, what stays together, repeated table heads, head and foot of each page.

use super::{
    error::Error,
    fonts::Fonts,
    piece::{Item, Mark, Piece, Tree, stroke},
    set::{Line, Setter},
    style::{Geometry, HAIR, HAIRLINE, MARGIN, MARGINAL, Style},
};
use crate::report::{
    document::{Document, SectionKind},
    words::Words,
};

/// A finished page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What it shows, in drawing order.
    pub(super) items: Vec<Item>,
}

/// An entry of the outline.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    /// 0 for sections, 1 for their headings.
    pub(super) depth: u8,
    /// Its words.
    pub(super) title: String,
    /// Page from 0, and distance from its top.
    pub(super) at: (usize, f64),
}

/// A document being laid out.
pub(super) struct Layout<'f> {
    /// Sets its text.
    pub(super) set: Setter<'f>,
    /// Its paper.
    pub(super) geometry: Geometry,
    /// Finished pages and the current one.
    pub(super) pages: Vec<Page>,
    /// Where each anchor is.
    pub(super) anchors: Vec<Option<(usize, f64)>>,
    /// The outline.
    pub(super) outline: Vec<Entry>,
    /// Top of the free space on the current page.
    y: f64,
    /// Pieces that wait for the one they belong to.
    pending: Vec<Piece>,
    /// Head to repeat at the top of each further page.
    repeat: Option<Piece>,
    /// Whether the words being set introduce the block after them, and stay with it.
    pub(super) introduces: bool,
    /// Whether the section being set has a heading of level 2.
    pub(super) divided: bool,
}

impl<'f> Layout<'f> {
    /// An empty layout.
    pub(super) fn new(doc: &Document, fonts: &'f Fonts) -> Result<Self, Error> {
        let geometry = Geometry::of(doc.paper);
        Ok(Self {
            set: Setter::new(doc, fonts)?,
            geometry,
            pages: vec![Page::default()],
            anchors: vec![None; doc.sections.len()],
            outline: Vec::new(),
            y: geometry.top(),
            pending: Vec::new(),
            repeat: None,
            introduces: false,
            divided: false,
        })
    }

    /// Starts over with the page numbers just found; keeps what was shaped.
    pub(super) fn restart(&mut self, found: Vec<usize>) {
        self.set.pages = found;
        self.set.tree = Tree::new();
        self.pages = vec![Page::default()];
        self.anchors.fill(None);
        self.outline.clear();
        self.y = self.geometry.top();
        self.repeat = None;
    }

    /// Whether nothing stands on the current page yet.
    fn at_top(&self) -> bool {
        self.y <= self.geometry.top()
    }

    /// Adds a piece.
    pub(super) fn push(&mut self, piece: Piece) {
        let keep = piece.keep;
        self.pending.push(piece);
        let waiting: f64 = self.pending.iter().map(|p| p.before + p.height).sum();
        // What is kept together must leave room for company; beyond half a page it no longer does.
        if !keep || waiting > self.geometry.body() / 2.0 {
            self.flush();
        }
    }

    /// Places what waits.
    pub(super) fn flush(&mut self) {
        let group = std::mem::take(&mut self.pending);
        let height: f64 = group.iter().map(|p| p.before + p.height).sum();
        if !group.is_empty() && self.y + height > self.geometry.bottom() && !self.at_top() {
            self.turn();
        }
        for piece in group {
            let before = if self.at_top() { 0.0 } else { piece.before };
            if self.y + before + piece.height > self.geometry.bottom() && !self.at_top() {
                self.turn();
            }
            self.put(piece);
        }
    }

    /// Puts a piece at the current place.
    fn put(&mut self, piece: Piece) {
        if !self.at_top() {
            self.y += piece.before;
        }
        let page = self.pages.len() - 1;
        for mark in &piece.marks {
            match mark {
                Mark::Anchor(anchor) => self.anchors[*anchor as usize] = Some((page, self.y)),
                Mark::Outline(depth, title) => {
                    self.outline.push(Entry { depth: *depth, title: title.clone(), at: (page, self.y) });
                }
                Mark::Picture(node, x, width) => {
                    if let Some(picture) = &mut self.set.tree.nodes[*node as usize].picture {
                        picture.place = [MARGIN + x, self.y, *width, piece.height];
                    }
                }
            }
        }
        let height = piece.height;
        self.pages[page].items.extend(piece.place(MARGIN, self.y));
        self.y += height;
    }

    /// Turns to a new page, with the head of a table that goes on.
    fn turn(&mut self) {
        self.pages.push(Page::default());
        self.y = self.geometry.top();
        if let Some(head) = self.repeat.clone() {
            self.put(head);
        }
    }

    /// Starts a new page unless the current one is still empty.
    pub(super) fn new_page(&mut self) {
        self.flush();
        self.repeat = None;
        if !self.at_top() {
            self.turn();
        }
    }

    /// Leaves white space, for the cover.
    pub(super) fn skip_to(&mut self, y: f64) {
        self.flush();
        self.y = self.y.max(y);
    }

    /// Sets or drops the head that further pages repeat.
    pub(super) fn repeat(&mut self, head: Option<Piece>) {
        self.flush();
        self.repeat = head;
    }

    /// A piece of lines one under the other.
    pub(super) fn stack(&mut self, lines: &[Line], style: Style, x: f64, node: u32) -> Piece {
        let mut piece = Piece::default();
        for line in lines {
            self.set.draw(line, (x, piece.height + style.baseline()), node, &mut piece);
            piece.height += style.leading;
        }
        piece
    }

    /// Draws head and foot, once the number of pages is known. A cover has no head.
    pub(super) fn margins(&mut self, doc: &Document, words: &Words) {
        let head = format!("{} · {} · {}", doc.org, doc.title, doc.snapshot);
        let short: String = doc.manifest_sha256.chars().take(12).collect();
        let (measure, count) = (self.geometry.measure(), self.pages.len());
        let head = self.set.one_line(&head, MARGINAL, measure);
        // Marks come first: what is too long for the line is cut at its end.
        let tail: String = doc
            .marks
            .iter()
            .chain([&short, &doc.classification])
            .filter(|s| !s.is_empty())
            .fold(String::new(), |t, s| t + " · " + s);
        let cover = doc.sections.first().is_some_and(|s| s.kind == SectionKind::Cover);
        for at in 0..count {
            let mut piece = Piece::default();
            if at > 0 || !cover {
                self.set.draw(&head, (0.0, MARGINAL.baseline()), Tree::ARTIFACT, &mut piece);
            }
            self.pages[at].items.extend(piece.place(MARGIN, MARGIN));
            let page = words.say("pdf.page", &[("page", &(at + 1).to_string()), ("pages", &count.to_string())]);
            let foot = self.set.one_line(&format!("{page}{tail}"), MARGINAL, measure);
            let mut piece = Piece::default();
            piece.items.push(stroke(&[(0.0, 0.0), (measure, 0.0)], HAIR, HAIRLINE, Tree::ARTIFACT));
            self.set.draw(&foot, (0.0, 2.0 + MARGINAL.baseline()), Tree::ARTIFACT, &mut piece);
            let y = self.geometry.height - MARGIN - MARGINAL.leading;
            self.pages[at].items.extend(piece.place(MARGIN, y));
        }
    }
}
