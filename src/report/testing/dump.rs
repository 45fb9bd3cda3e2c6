//! Documents as text, and what is in them, for comparing.

use std::fmt::Write as _;

use crate::{
    model::outcome::Chart,
    report::document::{Block, Document, Span, Text},
};

/// A document as text: one line per block, row or item.
pub(in crate::report) fn dump(document: &Document) -> String {
    let mut out = format!("{} · {} · {}\n", document.title, document.org, document.snapshot);
    if let Some(back) = &document.back {
        let _ = writeln!(out, "[{}]({})", back.text, back.to);
    }
    for section in &document.sections {
        let _ = writeln!(out, "\n== {} [{}] {:?}", section.title, section.id, section.kind);
        for block in &section.blocks {
            for line in lines(block) {
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
    }
    out
}

/// The lines of a block.
fn lines(block: &Block) -> Vec<String> {
    let row = |cells: &Vec<Text>| format!("  | {}", cells.iter().map(show).collect::<Vec<_>>().join(" | "));
    match block {
        Block::Heading { level, text } => vec![format!("{} {text}", "#".repeat(usize::from(*level)))],
        Block::Paragraph(text) => vec![show(text)],
        Block::Note(text) => vec![format!("~ {}", show(text))],
        Block::Bullets(items) => items.iter().map(|i| format!("- {}", show(i))).collect(),
        Block::Numbered(items) => items.iter().enumerate().map(|(at, i)| format!("{}. {}", at + 1, show(i))).collect(),
        Block::Facts(facts) => facts.iter().map(|(label, value)| format!("  {label}: {}", show(value))).collect(),
        Block::Badge(verdict, text) => vec![format!("[{verdict}] {}", show(text))],
        Block::Tiles(tiles) => tiles
            .iter()
            .map(|t| format!("[] {} = {} ({}) {:?} {:?}", t.label, t.value, t.note, t.verdict, t.link))
            .collect(),
        Block::Charts(charts) => {
            charts.iter().map(|c| format!("<{} {:?}> {}", c.chart.id, c.style, c.chart.alt)).collect()
        }
        Block::Table(table) => {
            let header = table.columns.iter().map(|c| c.title.clone()).collect::<Vec<_>>().join(" | ");
            let empty = table.rows.is_empty().then(|| format!("  ({})", table.empty));
            std::iter::once(format!("  || {header}")).chain(table.rows.iter().map(row)).chain(empty).collect()
        }
        Block::SignOff(boxes) => boxes.iter().map(|b| format!("  __ {}", b.join(", "))).collect(),
        Block::Code(code) => code.iter().map(|l| format!("  $ {l}")).collect(),
    }
}

/// A text with its marks.
fn show(text: &Text) -> String {
    let span = |s: &Span| match s {
        Span::Plain(t) => t.clone(),
        Span::Strong(t) => format!("*{t}*"),
        Span::Mono(t) => format!("`{t}`"),
        Span::Verdict(v) => format!("<{v}>"),
        Span::Link { to, text } => format!("[{text}]({to})"),
        Span::PageOf(to) => format!("p.({to})"),
    };
    text.iter().map(span).collect()
}

/// Every anchor that a document points to.
pub(in crate::report) fn targets(document: &Document) -> Vec<String> {
    let mut out = Vec::new();
    for block in document.sections.iter().flat_map(|s| &s.blocks) {
        if let Block::Tiles(tiles) = block {
            out.extend(tiles.iter().filter_map(|t| t.link.clone()));
        }
        let texts: Vec<&Text> = match block {
            Block::Paragraph(t) | Block::Note(t) | Block::Badge(_, t) => vec![t],
            Block::Bullets(items) | Block::Numbered(items) => items.iter().collect(),
            Block::Facts(facts) => facts.iter().map(|(_, t)| t).collect(),
            Block::Table(table) => table.rows.iter().flatten().collect(),
            _ => Vec::new(),
        };
        out.extend(texts.into_iter().flatten().filter_map(|span| match span {
            Span::Link { to, .. } | Span::PageOf(to) => Some(to.clone()),
            _ => None,
        }));
    }
    out
}

/// Every picture of a document.
pub(in crate::report) fn charts(document: &Document) -> Vec<Chart> {
    let blocks = document.sections.iter().flat_map(|s| &s.blocks);
    let charts = blocks.filter_map(|b| if let Block::Charts(charts) = b { Some(charts) } else { None });
    charts.flatten().map(|c| c.chart.clone()).collect()
}
