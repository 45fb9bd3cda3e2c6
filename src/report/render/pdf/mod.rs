//! The PDF of a [`Document`]: laid out here, encoded by printpdf, completed with lopdf.
//!
//! A document passes through these files from top to bottom: [`flat`] and [`set`] turn texts into lines of shaped words
//! ([`shape`], [`fonts`], [`visible`]); [`blocks`], [`table`], [`tiles`] and [`chart`] turn blocks into pieces;
//! [`flow`] puts pieces on pages; [`emit`], [`embed`] and [`engine`] hand pages and fonts to printpdf; [`finish`] adds
//! outline and metadata, [`structure`] what is read aloud, and [`mod@file`] writes. The same document in the same fonts
//! gives the same bytes; what was set in fonts of the machine, or in none, stands on the last page.

mod blocks;
mod chart;
mod chart_kinds;
mod embed;
mod emit;
mod engine;
mod error;
mod file;
mod finish;
mod flat;
mod flow;
mod fonts;
mod piece;
#[cfg(test)]
pub(super) mod sample;
mod set;
mod shape;
mod structure;
mod style;
mod table;
#[cfg(test)]
mod tests;
mod tiles;
mod visible;
mod widths;

pub(super) use self::{
    chart::occurrence,
    chart_kinds::{nice_step, percent},
    style::verdict_shape,
    visible::text as visible_text,
};
pub use self::{error::Error, fonts::Fonts};
use self::{finish::Extras, flow::Layout, piece::Tree, style::NOTE};
use crate::report::{
    document::{Document, Span},
    words::Words,
};

/// Layouts until page numbers in the text agree with the pages. Two do unless a number's width moves a page break.
const PASSES: usize = 4;

/// Characters without a font that are named.
const SHOWN: usize = 12;

/// A finished PDF.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Number of pages.
    pub pages: usize,
    /// What a reader should know about its fonts, also printed on the last page; empty when there is nothing to say.
    pub warnings: Vec<String>,
    /// The fonts of this machine in it, each with its face and its SHA-256.
    pub borrowed: Vec<String>,
}

/// Renders a document with the embedded fonts and, for other scripts, those of the system.
///
/// # Errors
/// When a font is broken or the file cannot be assembled; never because of what the document says.
pub fn render(doc: &Document) -> Result<Rendered, Error> {
    render_with(doc, &Fonts::system())
}

/// Renders a document with given fonts.
///
/// # Errors
/// When a font is broken or the file cannot be assembled; never because of what the document says.
pub fn render_with(doc: &Document, fonts: &Fonts) -> Result<Rendered, Error> {
    let words = Words::of(&doc.language).unwrap_or_else(Words::english);
    let mut layout = Layout::new(doc, fonts)?;
    let mut warnings = Vec::new();
    for pass in 1..=PASSES {
        layout.document(doc);
        warnings = remarks(&layout, &words);
        layout.remarks(&warnings);
        let found: Vec<usize> = layout.anchors.iter().map(|a| a.map_or(0, |(page, _)| page + 1)).collect();
        if found == layout.set.pages || pass == PASSES {
            break;
        }
        layout.restart(found);
    }
    layout.margins(doc, &words);
    let pages = layout.pages.len();
    let file = engine::encode(&mut layout)?;
    let extras = Extras {
        doc,
        outline: &layout.outline,
        tree: &layout.set.tree,
        height: layout.geometry.height,
        link: words.get("pdf.link"),
    };
    let borrowed = borrowed(&layout);
    Ok(Rendered { bytes: finish::finish(file, &extras)?, pages, warnings, borrowed })
}

/// The fonts of this machine that a document is set in.
fn borrowed(layout: &Layout<'_>) -> Vec<String> {
    let faces = layout.set.shaper.faces.iter().filter(|face| !face.loaded.embedded);
    let named = |font: &fonts::Loaded<'_>| format!("{} (face {}, SHA-256 {})", font.name, font.index, font.digest());
    faces.map(|face| named(&face.loaded)).collect()
}

/// What is to be said about fonts: which were borrowed, and what none of them could show.
fn remarks(layout: &Layout<'_>, words: &Words) -> Vec<String> {
    let shaper = &layout.set.shaper;
    let mut remarks = Vec::new();
    let borrowed = borrowed(layout);
    if !borrowed.is_empty() {
        remarks.push(words.say("pdf.fonts", &[("fonts", &borrowed.join(", "))]));
    }
    if !shaper.missing.is_empty() {
        let some: Vec<String> = shaper.missing.iter().take(SHOWN).map(|c| visible::escape(*c)).collect();
        let some = some.join(", ");
        remarks.push(match shaper.missing.len().saturating_sub(SHOWN) {
            0 => words.say("pdf.missing", &[("characters", &some)]),
            n => words.say("pdf.missing-more", &[("characters", &some), ("n", &n.to_string())]),
        });
    }
    remarks
}

impl Layout<'_> {
    /// Prints the remarks after everything else.
    fn remarks(&mut self, remarks: &[String]) {
        for (n, remark) in remarks.iter().enumerate() {
            let before = if n == 0 { 24.0 } else { 4.0 };
            self.paragraph(&[Span::Plain(remark.clone())], NOTE, before, Tree::ROOT);
        }
        self.flush();
    }
}
