//! Key figures as cards, three in a row.

use super::{
    flow::Layout,
    piece::{Item, NodeId, Piece, Tree, f32_of, f64_of, fill},
    set::Line,
    style::{ACCENT, BODY, FIGURE, GUTTER, NOTE, QUIET, SURFACE, Style, verdict_colour},
};
use crate::report::document::{Span, Tile};

/// Cards in a row.
const COLUMNS: u32 = 3;
/// Inner margin of a card.
const PAD: f64 = 12.0;

/// The lines of a card: label, figure and note, each with its style.
type Card = Vec<(Vec<Line>, Style)>;

impl Layout<'_> {
    /// Lays out tiles.
    pub(super) fn tiles(&mut self, tiles: &[Tile], node: NodeId) {
        let width = (self.geometry.measure() - GUTTER * f64::from(COLUMNS - 1)) / f64::from(COLUMNS);
        for row in tiles.chunks(COLUMNS as usize) {
            let cards: Vec<Card> = row.iter().map(|tile| self.card(tile, width - 2.0 * PAD)).collect();
            let height = cards.iter().map(height).fold(0.0, f64::max);
            if height > self.geometry.body() / 2.0 {
                for tile in row {
                    let text = format!("{}: {}. {}", tile.label, tile.value, tile.note);
                    self.paragraph(&[Span::Plain(text)], BODY, 8.0, node);
                }
                continue;
            }
            let mut piece = Piece::new(GUTTER, height);
            for ((card, tile), column) in cards.iter().zip(row).zip(0_u32..) {
                self.draw_card(card, tile, (f64::from(column) * (width + GUTTER), width), (&mut piece, node));
            }
            self.push(piece);
        }
    }

    /// Sets the texts of a card.
    fn card(&mut self, tile: &Tile, width: f64) -> Card {
        let label = NOTE.ink(QUIET);
        let mut card = vec![(self.set.plain_lines(&tile.label, label, width), label)];
        let mut figure = FIGURE;
        let mut value = self.set.plain_lines(&tile.value, figure, width);
        for (size, leading) in [(16.0, 20.0), (11.0, 16.0), (BODY.size, BODY.leading)] {
            if value.len() > 1 && size < figure.size {
                figure = figure.sized(size, leading);
                value = self.set.plain_lines(&tile.value, figure, width);
            }
        }
        card.push((value, figure));
        let mut note: Vec<Span> = tile.verdict.map(Span::Verdict).into_iter().collect();
        if !tile.note.is_empty() {
            note.extend((!note.is_empty()).then(|| Span::Plain(" · ".to_owned())));
            note.push(Span::Plain(tile.note.clone()));
        }
        card.push((self.set.lines(&note, NOTE, width), NOTE));
        card
    }

    /// Draws a card at its place in a row.
    fn draw_card(&mut self, card: &Card, tile: &Tile, (x, width): (f64, f64), (piece, node): (&mut Piece, NodeId)) {
        let height = piece.height;
        let edge = tile.verdict.map_or(ACCENT, verdict_colour);
        piece.items.push(fill((x, 0.0), (width, height), SURFACE, Tree::ARTIFACT));
        piece.items.push(fill((x, 0.0), (width, 2.0), edge, Tree::ARTIFACT));
        let node = self.set.tree.add(node, "P");
        let link = tile.link.as_ref().and_then(|to| self.set.anchor(to));
        let node = if link.is_some() { self.set.tree.add(node, "Link") } else { node };
        if let Some(anchor) = link {
            let (w, h) = (f32_of(width), f32_of(height));
            piece.items.push(Item::Link { x: f32_of(x), y: 0.0, w, h, anchor, node });
        }
        let mut y = PAD;
        for (lines, style) in card {
            for line in lines {
                self.set.draw(line, (x + PAD, y + style.baseline()), node, piece);
                y += style.leading;
            }
        }
    }
}

/// Height of a card.
fn height(card: &Card) -> f64 {
    card.iter().map(|(lines, style)| style.leading * f64_of(lines.len() as u64)).sum::<f64>() + 2.0 * PAD - 4.0
}
