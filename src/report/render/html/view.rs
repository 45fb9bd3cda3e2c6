//! A document as the page template wants it: texts fit to be shown, links that lead somewhere, labels of tables.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use unicode_bidi::{BidiClass, bidi_class};

use super::chart::{self, Picture};
use crate::{
    model::verdict::Verdict,
    report::{
        document::{self, Align, Document, SectionKind, Span, Tile},
        render::pdf::{verdict_shape, visible_text},
        words::Words,
    },
};

/// Rows from which a table scrolls in a box of its own.
const LONG: usize = 200;
/// Columns from which a table scrolls sideways on any screen.
const WIDE: usize = 10;

/// Letters up to which a word in a cell is not broken: a date, a role.
const SHORT: usize = 12;

/// A text without characters that hide something.
#[derive(Clone, Default, Debug, Serialize)]
pub(super) struct Shown {
    /// The text.
    pub(super) text: String,
    /// Whether parts of it run from right to left, so that it must not mix with its neighbours.
    rtl: bool,
}

impl Shown {
    /// Makes a text fit to be shown.
    pub(super) fn new(text: &str) -> Self {
        let rtl = |c| matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::AN);
        Self { text: visible_text(text), rtl: !text.is_ascii() && text.chars().any(rtl) }
    }
}

/// A section.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    /// Anchor.
    pub(super) id: String,
    /// Title.
    title: Shown,
    /// `cover`, `page` or `flow`.
    pub(super) kind: &'static str,
    /// Anchor and text of the way back.
    back: Option<(String, Shown)>,
    /// Content.
    blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Block {
    /// Heading.
    Heading {
        /// Level in the page, 3 or 4.
        level: u8,
        /// Text.
        text: Shown,
    },
    /// Paragraph or note.
    Paragraph {
        /// `note` or nothing.
        class: &'static str,
        /// Text.
        text: Vec<Inline>,
    },
    /// Bullets or numbers.
    List {
        /// `ul` or `ol`.
        tag: &'static str,
        /// Entries.
        items: Vec<Vec<Inline>>,
    },
    /// Labels and values.
    Facts {
        /// The pairs.
        items: Vec<(Shown, Vec<Inline>)>,
    },
    /// Strip in a verdict's colour.
    Badge {
        /// Verdict.
        verdict: Mark,
        /// Text.
        text: Vec<Inline>,
    },
    /// Key figures.
    Tiles {
        /// The figures.
        items: Vec<Figure>,
    },
    /// Pictures.
    Charts {
        /// The pictures.
        items: Vec<Picture>,
    },
    /// Table.
    Table(Box<Table>),
    /// Lines to sign on.
    Sign {
        /// Captions per box.
        boxes: Vec<Vec<Shown>>,
    },
    /// Commands.
    Code {
        /// Lines.
        lines: Vec<Shown>,
    },
}

/// A verdict with its shape.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Mark {
    /// Word, also the class.
    word: &'static str,
    /// Shape.
    shape: &'static str,
}

impl Mark {
    /// The mark of a verdict.
    const fn of(verdict: Verdict) -> Self {
        Self { word: verdict.word(), shape: verdict_shape(verdict) }
    }
}

/// A run of text.
#[derive(Debug, Serialize)]
struct Inline {
    /// `plain`, `strong`, `mono`, `verdict` or `link`.
    kind: &'static str,
    /// Text; a verdict's word.
    #[serde(flatten)]
    shown: Shown,
    /// Anchor of a link; shape of a verdict.
    extra: String,
}

/// A key figure.
#[derive(Debug, Serialize)]
struct Figure {
    /// What it counts.
    label: Shown,
    /// The figure.
    value: Shown,
    /// Second line.
    note: Shown,
    /// Verdict.
    verdict: Option<Mark>,
    /// Anchor.
    link: Option<String>,
}

/// A table.
#[derive(Debug, Serialize)]
struct Table {
    /// What it is called.
    label: String,
    /// `long`, `wide`, or nothing.
    class: String,
    /// Columns.
    columns: Vec<Column>,
    /// Cells.
    rows: Vec<Vec<Cell>>,
    /// Said instead of an empty table.
    empty: Shown,
    /// How many rows are shown, with `{shown}` to be put in.
    count: String,
}

/// A column.
#[derive(Debug, Serialize)]
struct Column {
    /// Header.
    title: Shown,
    /// Share of the width in per cent.
    width: String,
    /// Whether numbers stand in it.
    right: bool,
}

/// A cell.
#[derive(Debug, Serialize)]
struct Cell {
    /// What it is sorted by, where that is not its text.
    sort: Option<usize>,
    /// `n` in a column of numbers, `short` for a word or date that is not to be broken, or nothing.
    class: &'static str,
    /// Its text.
    text: Vec<Inline>,
}

/// What the parts of a document need to know of each other.
struct Context<'a> {
    /// Titles of sections by anchor.
    titles: BTreeMap<&'a str, &'a str>,
    /// Words that lead to a page number, and mean nothing where there are no pages.
    to_page: [String; 2],
    /// Fixed words.
    words: &'a Words,
    /// Names of tables so far.
    labels: BTreeSet<String>,
}

/// The sections of a document.
pub(super) fn sections(document: &Document, words: &Words) -> Vec<Section> {
    let mut context = Context {
        titles: document.sections.iter().map(|s| (s.id.as_str(), s.title.as_str())).collect(),
        to_page: [words.get("cover.gaps-page"), words.get("summary.action-page")],
        words,
        labels: BTreeSet::new(),
    };
    let way = |section| document.back_from(section).map(|back| (back.to.clone(), Shown::new(&back.text)));
    document.sections.iter().map(|section| Section { back: way(section), ..context.section(section) }).collect()
}

impl Context<'_> {
    /// A section.
    fn section(&mut self, section: &document::Section) -> Section {
        let kind = match section.kind {
            // A screen has no pages: both are the head of the file.
            SectionKind::Cover | SectionKind::Masthead => "cover",
            SectionKind::Page => "page",
            SectionKind::Flow => "flow",
        };
        let mut heading = "";
        let mut blocks = Vec::new();
        for block in &section.blocks {
            if let document::Block::Heading { text, .. } = block {
                heading = text;
            }
            blocks.push(self.block(block, (&section.title, heading)));
        }
        Section { id: section.id.clone(), title: Shown::new(&section.title), kind, back: None, blocks }
    }

    /// A block.
    fn block(&mut self, block: &document::Block, place: (&str, &str)) -> Block {
        let texts = |items: &[document::Text]| items.iter().map(|item| self.text(item)).collect();
        match block {
            document::Block::Heading { level, text } => {
                Block::Heading { level: if *level <= 2 { 3 } else { 4 }, text: Shown::new(text) }
            }
            document::Block::Paragraph(text) => Block::Paragraph { class: "", text: self.text(text) },
            document::Block::Note(text) => Block::Paragraph { class: "note", text: self.text(text) },
            document::Block::Bullets(items) => Block::List { tag: "ul", items: texts(items) },
            document::Block::Numbered(items) => Block::List { tag: "ol", items: texts(items) },
            document::Block::Facts(facts) => {
                Block::Facts { items: facts.iter().map(|(l, v)| (Shown::new(l), self.text(v))).collect() }
            }
            document::Block::Badge(verdict, text) => {
                Block::Badge { verdict: Mark::of(*verdict), text: self.text(text) }
            }
            document::Block::Tiles(tiles) => Block::Tiles { items: tiles.iter().map(|t| self.tile(t)).collect() },
            document::Block::Charts(charts) => Block::Charts { items: charts.iter().map(chart::picture).collect() },
            document::Block::Table(table) => Block::Table(Box::new(self.table(table, place))),
            document::Block::SignOff(boxes) => {
                Block::Sign { boxes: boxes.iter().map(|b| b.iter().map(|c| Shown::new(c)).collect()).collect() }
            }
            document::Block::Code(lines) => Block::Code { lines: lines.iter().map(|l| Shown::new(l)).collect() },
        }
    }

    /// An anchor, if a section has it.
    fn anchor(&self, to: &str) -> Option<String> {
        self.titles.contains_key(to).then(|| to.to_owned())
    }

    /// A text. Where the paper names a page, the screen names the section.
    fn text(&self, text: &[Span]) -> Vec<Inline> {
        let mut out = Vec::new();
        let mut push = |kind, text: &str, extra: String| out.push(Inline { kind, shown: Shown::new(text), extra });
        let link = |to: &str| self.anchor(to).map_or(("plain", String::new()), |to| ("link", to));
        for (at, span) in text.iter().enumerate() {
            let to_page = matches!(text.get(at + 1), Some(Span::PageOf(_)));
            // A link that a page number follows on paper says it all.
            let linked = |at: usize, to: &str| matches!(text.get(at), Some(Span::Link { to: link, .. }) if link == to);
            match (span, text.get(at + 1)) {
                (Span::Plain(_), Some(Span::PageOf(to))) if at > 0 && linked(at - 1, to) => continue,
                (Span::PageOf(to), _) if at > 1 && linked(at - 2, to) => continue,
                _ => {}
            }
            match span {
                Span::Plain(words) if to_page && self.to_page.contains(words) => {
                    push("plain", &self.words.get("html.see"), String::new());
                }
                Span::Plain(words) => push("plain", words, String::new()),
                Span::Strong(words) => push("strong", words, String::new()),
                Span::Mono(words) => push("mono", words, String::new()),
                Span::Verdict(verdict) => push("verdict", verdict.word(), verdict_shape(*verdict).to_owned()),
                Span::Link { to, text } => {
                    let (kind, to) = link(to);
                    // A space at the end is not part of what is underlined.
                    let words = text.trim_end_matches(' ');
                    push(kind, words, to);
                    push("plain", &text[words.len()..], String::new());
                }
                Span::PageOf(to) => {
                    let title = self.titles.get(to.as_str()).copied().unwrap_or(to);
                    let (kind, to) = link(to);
                    push(kind, title, to);
                }
            }
        }
        out
    }

    /// A key figure.
    fn tile(&self, tile: &Tile) -> Figure {
        Figure {
            label: Shown::new(&tile.label),
            value: Shown::new(&tile.value),
            note: Shown::new(&tile.note),
            verdict: tile.verdict.map(Mark::of),
            link: tile.link.as_ref().and_then(|to| self.anchor(to)),
        }
    }

    /// A table under the headings of a section.
    fn table(&mut self, table: &document::Table, (section, heading): (&str, &str)) -> Table {
        let section = visible_text(section);
        let label = if heading.is_empty() {
            self.words.say("html.table", &[("section", &section)])
        } else {
            format!("{section}: {}", visible_text(heading))
        };
        let mut unique = label.clone();
        let mut n = 1;
        while !self.labels.insert(unique.clone()) {
            n += 1;
            unique = format!("{label} ({n})");
        }
        let all: f32 = table.columns.iter().map(|c| c.weight).sum();
        let right = |at: usize| table.columns.get(at).is_some_and(|c| c.align == Align::Right);
        let column = |(at, c): (usize, &document::Column)| Column {
            title: Shown::new(&c.title),
            width: format!("{:.1}%", if all > 0.0 { c.weight / all * 100.0 } else { 0.0 }),
            right: right(at),
        };
        let sort = |cell: &[Span]| match cell {
            [Span::Verdict(verdict)] => Verdict::ALL.iter().position(|v| v == verdict),
            _ => None,
        };
        let class = |at: usize, cell: &[Span]| match cell {
            _ if right(at) => "n",
            [Span::Plain(text)] if text.len() <= SHORT && !text.contains(' ') => "short",
            _ => "",
        };
        let cell = |(at, c): (usize, &document::Text)| Cell { sort: sort(c), class: class(at, c), text: self.text(c) };
        let long = table.rows.len() >= LONG;
        let wide = table.columns.len() >= WIDE;
        let rows = table.rows.len().to_string();
        Table {
            label: unique,
            class: [(long, " long"), (wide, " wide")].iter().filter(|(is, _)| *is).map(|(_, class)| *class).collect(),
            columns: table.columns.iter().enumerate().map(column).collect(),
            rows: table.rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect(),
            empty: Shown::new(&table.empty),
            count: self.words.say("html.count", &[("shown", "{shown}"), ("all", &rows)]),
        }
    }
}
