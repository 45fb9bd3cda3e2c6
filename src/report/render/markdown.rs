//! `<template>.md`: the cover and the summary, one screen for a ticket or a chat.
//!
//! Everything that came from the Hub is escaped: a display name is not a link, an image or a heading.

use std::fmt::Write as _;

use crate::{
    model::{text, verdict::Verdict},
    report::document::{Block, Document, Section, SectionKind, Span, Text, Tile},
};

/// The Markdown file of a document: its cover and the section after it.
#[must_use]
pub fn render(document: &Document) -> String {
    let mut out = format!("# {}: {}\n\n", escape(&document.title), escape(&document.org));
    let is_cover = |s: &&Section| matches!(s.kind, SectionKind::Cover | SectionKind::Masthead);
    let cover = document.sections.iter().filter(is_cover);
    let summary = document.sections.iter().filter(|s| !is_cover(s)).take(1);
    for section in cover.chain(summary) {
        for block in &section.blocks {
            write_block(&mut out, block);
        }
    }
    out
}

/// Adds a block and an empty line; pictures and tables are left to the other formats.
fn write_block(out: &mut String, block: &Block) {
    // Writing to a string cannot fail.
    let _ = match block {
        Block::Heading { text, .. } => write!(out, "## {}\n\n", escape(text)),
        Block::Paragraph(text) | Block::Note(text) => write!(out, "{}\n\n", inline(text)),
        Block::Badge(verdict, text) => write!(out, "**{} {}**\n\n", mark(*verdict), inline(text)),
        Block::Bullets(items) => list(out, items, |_| "-".to_owned()),
        Block::Numbered(items) => list(out, items, |at| format!("{}.", at + 1)),
        Block::Facts(facts) => {
            let items: Vec<Text> = facts
                .iter()
                .map(|(label, value)| std::iter::once(Span::Plain(format!("{label}: "))).chain(value.clone()).collect())
                .collect();
            list(out, &items, |_| "-".to_owned())
        }
        Block::Tiles(tiles) => tile_table(out, tiles),
        Block::Charts(_) | Block::Table(_) | Block::SignOff(_) | Block::Code(_) => Ok(()),
    };
}

/// A list.
fn list(out: &mut String, items: &[Text], mark: impl Fn(usize) -> String) -> std::fmt::Result {
    for (at, item) in items.iter().enumerate() {
        writeln!(out, "{} {}", mark(at), inline(item))?;
    }
    writeln!(out)
}

/// Tiles as a table.
fn tile_table(out: &mut String, tiles: &[Tile]) -> std::fmt::Result {
    writeln!(out, "| | | |\n|---|---:|---|")?;
    for tile in tiles {
        let verdict = tile.verdict.map(|v| format!("{} ", mark(v))).unwrap_or_default();
        writeln!(out, "| {} | {verdict}**{}** | {} |", escape(&tile.label), escape(&tile.value), escape(&tile.note))?;
    }
    writeln!(out)
}

/// Spans in one line. Page numbers mean nothing here and go, with the words that lead to them.
fn inline(text: &Text) -> String {
    let mut out = String::new();
    for (at, span) in text.iter().enumerate() {
        let leads_to_page = matches!(text.get(at + 1), Some(Span::PageOf(_)));
        match span {
            Span::Plain(_) | Span::PageOf(_) if leads_to_page => {}
            Span::PageOf(_) => {}
            Span::Plain(text) | Span::Link { text, .. } => out.push_str(&escape(text)),
            Span::Strong(text) => drop(write!(out, "**{}**", escape(text))),
            Span::Mono(text) => drop(write!(out, "`{}`", text::line(&text.replace(['`', '\n', '\r'], "'")))),
            Span::Verdict(verdict) => drop(write!(out, "{} {verdict}", mark(*verdict))),
        }
    }
    out
}

/// The shape of a verdict.
const fn mark(verdict: Verdict) -> char {
    match verdict {
        Verdict::Fail => '●',
        Verdict::Review => '◆',
        Verdict::Unknown => '?',
        Verdict::Accepted => '○',
        Verdict::Listed => '–',
        Verdict::Pass => '✓',
    }
}

/// Plain text that stays plain text: nothing in it is markup, and it stays on its line.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' => out.extend(['\\', c]),
            '\n' | '\r' | '\t' => out.push(' '),
            c if text::hides(c) => out.push_str(&text::line(&c.to_string()).replace('\\', "\\\\")),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        build, template,
        testing::{self, Sample},
    };

    #[test]
    fn one_screen() {
        let text = render(&build::build(&Sample::new().input(), &template::load("access-review", None).unwrap()));
        testing::snapshot("report-markdown", &text);
    }

    #[test]
    fn names_from_the_hub_are_not_markup() {
        assert_eq!(escape("[x](http://a.example)\n# <b>"), "\\[x\\](http://a.example) \\# \\<b\\>");
        assert_eq!(escape("a\u{202e}b\u{1b}"), r"a\\u{202e}b\\u{1b}");
        assert_eq!(inline(&vec![Span::Mono("a`b".to_owned())]), "`a'b`");
    }
}
