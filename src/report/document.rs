//! A report as a reader sees it, before it becomes paper or screen.
//!
//! [`build`](super::build) makes it from outcomes, template and words; each renderer of
//! [`render`](super::render) lays it out. Texts are plain: whatever the Hub sent stays data and is never markup.

use crate::model::{outcome::Chart, time::Timestamp, verdict::Verdict};

/// Paper format.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Paper {
    /// 210 × 297 mm.
    #[default]
    A4,
    /// 8.5 × 11 in.
    Letter,
}

/// A whole report.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    /// Title, e.g. `Access review`.
    pub title: String,
    /// The organization.
    pub org: String,
    /// Snapshot id.
    pub snapshot: String,
    /// SHA-256 of the manifest, hexadecimal; the foot shows its first twelve digits.
    pub manifest_sha256: String,
    /// Classification word of the foot, e.g. `Confidential`; may be empty.
    pub classification: String,
    /// BCP 47 language tag.
    pub language: String,
    /// The snapshot's `as_of`; the only date in the metadata.
    pub as_of: Timestamp,
    /// `rollcall <version>`.
    pub tool: String,
    /// Paper.
    pub paper: Paper,
    /// Sections in order; the first is the cover.
    pub sections: Vec<Section>,
    /// The way back from every section that starts a page; `None` in a report without a summary.
    pub back: Option<Back>,
    /// What holds for the whole report, e.g. `sample data`: in a few words at the foot of every page.
    pub marks: Vec<String>,
}

/// The way back to the summary: beside a section's title on paper, after the section on a screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Back {
    /// Anchor of the summary.
    pub to: String,
    /// Text of the link.
    pub text: String,
}

impl Document {
    /// The way back from a section; `None` for the summary, and for sections below another.
    #[must_use]
    pub fn back_from(&self, section: &Section) -> Option<&Back> {
        self.back.as_ref().filter(|back| section.kind == SectionKind::Page && section.id != back.to)
    }
}

/// A section; each is in the outline.
#[derive(Clone, PartialEq, Debug)]
pub struct Section {
    /// Anchor, unique in the document.
    pub id: String,
    /// Title; the cover's is not printed.
    pub title: String,
    /// How the section is set.
    pub kind: SectionKind,
    /// Its content.
    pub blocks: Vec<Block>,
}

/// How a section is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SectionKind {
    /// The first page: large title, no running head.
    Cover,
    /// The head of the first page: title and organization, and what follows goes on below.
    Masthead,
    /// Starts on a new page.
    Page,
    /// Follows the section before.
    Flow,
}

/// A piece of a section.
#[derive(Clone, PartialEq, Debug)]
pub enum Block {
    /// A heading inside a section, level 2 or 3; level 2 is in the outline.
    Heading {
        /// 2 or 3.
        level: u8,
        /// Text.
        text: String,
    },
    /// Running text.
    Paragraph(Text),
    /// A smaller, quieter paragraph: method, limits, footnotes.
    Note(Text),
    /// Unnumbered list.
    Bullets(Vec<Text>),
    /// Numbered list.
    Numbered(Vec<Text>),
    /// Label and value pairs in two columns.
    Facts(Vec<(String, Text)>),
    /// A strip with the word, shape and colour of a verdict, e.g. *Evidence complete*.
    Badge(Verdict, Text),
    /// Key figures, set in a row of up to three.
    Tiles(Vec<Tile>),
    /// Pictures side by side, at most two.
    Charts(Vec<ChartBlock>),
    /// A table.
    Table(Table),
    /// Lines to sign on: one box per signatory with these captions.
    SignOff(Vec<Vec<String>>),
    /// Preformatted monospace lines (commands); wrapped, never clipped.
    Code(Vec<String>),
}

/// A text of spans.
pub type Text = Vec<Span>;

/// A run of text in one style.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Span {
    /// Plain text.
    Plain(String),
    /// Emphasized text.
    Strong(String),
    /// Ids, hashes, commands: monospace, may break anywhere.
    Mono(String),
    /// A verdict's shape and word in its colour.
    Verdict(Verdict),
    /// A link to a section by its anchor.
    Link {
        /// Anchor.
        to: String,
        /// Text.
        text: String,
    },
    /// The page number of a section, a link to it; on a screen the text `there`.
    PageOf(String),
}

/// A key figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tile {
    /// What it counts.
    pub label: String,
    /// The figure, large.
    pub value: String,
    /// A second line, e.g. the change since the baseline; may be empty.
    pub note: String,
    /// Colour and shape, when the figure is good or bad.
    pub verdict: Option<Verdict>,
    /// Anchor of the section it comes from.
    pub link: Option<String>,
}

/// How a chart is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChartStyle {
    /// Vertical bars in order (a distribution), with the threshold as a line.
    Columns,
    /// Horizontal bars, longest label at the left.
    Bars,
    /// One bar split in parts with their shares (a whole and its parts).
    Share,
    /// A mark per subject, a line per bar; bars where there are too many to count by eye.
    Dots,
}

/// A chart in a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChartBlock {
    /// The numbers.
    pub chart: Chart,
    /// The drawing.
    pub style: ChartStyle,
}

/// Alignment of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers and money.
    Right,
}

/// A column of a table.
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    /// Header.
    pub title: String,
    /// Share of the width relative to the other columns.
    pub weight: f32,
    /// Alignment.
    pub align: Align,
}

/// A table. Headers repeat on every page, rows are never split unless one alone is higher than a page.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    /// Columns.
    pub columns: Vec<Column>,
    /// Cells, row by row.
    pub rows: Vec<Vec<Text>>,
    /// Said instead of an empty table.
    pub empty: String,
}

/// A plain text.
#[must_use]
pub fn plain(text: impl Into<String>) -> Text {
    vec![Span::Plain(text.into())]
}

/// An emphasized text.
#[must_use]
pub fn strong(text: impl Into<String>) -> Text {
    vec![Span::Strong(text.into())]
}

/// A monospace text.
#[must_use]
pub fn mono(text: impl Into<String>) -> Text {
    vec![Span::Mono(text.into())]
}
