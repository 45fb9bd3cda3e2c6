//! `<template>.html`: the report on a screen, in one file that asks for nothing.
//!
//! [`view`] turns the document into what `report_templates/html/page.html` asks for, [`chart`] draws pictures. The
//! template engine escapes every text; the page's policy allows its own style and script by their digests and nothing
//! else, so that whatever the Hub sent stays text even where an escape were missing.

use base64ct::{Base64, Encoding as _};
use minijinja::{Environment, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use self::view::{Section, Shown};
use crate::report::{
    document::{Document, Paper},
    words::Words,
};

mod chart;
#[cfg(test)]
mod tests;
mod view;

/// The page.
const PAGE: &str = include_str!("../../../../report_templates/html/page.html");
/// How it looks.
const STYLE: &str = include_str!("../../../../report_templates/html/style.css");
/// What it does.
const SCRIPT: &str = include_str!("../../../../report_templates/html/script.js");

/// Why a page cannot be made: the template asks for something that is not there.
pub type Error = minijinja::Error;

/// What the page template is given.
#[derive(Debug, Serialize)]
struct Page {
    /// Content-Security-Policy.
    policy: String,
    /// Style sheet.
    style: String,
    /// Script.
    script: &'static str,
    /// BCP 47 tag.
    language: String,
    /// Title of the report.
    title: Shown,
    /// The organization.
    org: Shown,
    /// Snapshot id.
    snapshot: String,
    /// First digits of the manifest's digest.
    manifest: String,
    /// Classification word; may be empty.
    classification: Shown,
    /// What holds for the whole report.
    marks: Vec<Shown>,
    /// `as_of`, RFC 3339.
    as_of: String,
    /// Program and version.
    tool: String,
    /// Sections.
    sections: Vec<Section>,
    /// Fixed words.
    words: Fixed,
}

/// Fixed words of the page.
#[derive(Debug, Serialize)]
struct Fixed {
    /// Contents.
    contents: String,
    /// Label of a filter.
    filter: String,
    /// What a filter looks for.
    filter_hint: String,
    /// After the count of a table that is shown in part.
    first: String,
    /// Before the manifest's digest.
    manifest: String,
    /// The button that shows all of such a table.
    more: String,
    /// The numbers of a picture.
    numbers: String,
    /// Column of a picture's parts.
    part: String,
    /// Column of shares.
    share: String,
    /// Skip link.
    skip: String,
    /// Before the snapshot's id.
    snapshot: String,
    /// What a column's button does.
    sort: String,
    /// The button for dark and light.
    theme: String,
    /// What it offers on a light page.
    theme_dark: String,
    /// What it offers on a dark page.
    theme_light: String,
    /// Column of sums.
    total: String,
}

impl Fixed {
    /// The words of one language.
    fn of(words: &Words) -> Self {
        Self {
            contents: words.get("html.contents"),
            filter: words.get("html.filter"),
            filter_hint: words.get("html.filter-hint"),
            first: words.get("html.first"),
            manifest: words.get("html.manifest"),
            more: words.get("html.more"),
            numbers: words.get("html.numbers"),
            part: words.get("html.part"),
            share: words.get("html.share"),
            skip: words.get("html.skip"),
            snapshot: words.get("html.snapshot"),
            sort: words.get("html.sort"),
            theme: words.get("html.theme"),
            theme_dark: words.get("html.theme-dark"),
            theme_light: words.get("html.theme-light"),
            total: words.get("html.total"),
        }
    }
}

/// The page of a document.
///
/// # Errors
/// When the template asks for something that is not there; never because of what the document says.
pub fn render(document: &Document) -> Result<Vec<u8>, Error> {
    let words = Words::of(&document.language).unwrap_or_else(Words::english);
    let size = match document.paper {
        Paper::A4 => "A4",
        Paper::Letter => "letter",
    };
    let style = format!("{STYLE}@page{{size:{size}}}\n");
    let sections = view::sections(document, &words);
    let page = Page {
        policy: policy(&style, SCRIPT),
        style,
        script: SCRIPT,
        language: document.language.clone(),
        title: Shown::new(&document.title),
        org: Shown::new(&document.org),
        snapshot: document.snapshot.clone(),
        manifest: document.manifest_sha256.chars().take(12).collect(),
        classification: Shown::new(&document.classification),
        marks: document.marks.iter().map(|mark| Shown::new(mark)).collect(),
        as_of: crate::model::time::format(document.as_of),
        tool: document.tool.clone(),
        sections,
        words: Fixed::of(&words),
    };
    let mut engine = Environment::new();
    engine.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    // The name's ending switches the escaping on.
    engine.add_template("page.html", PAGE)?;
    engine.get_template("page.html")?.render(Serde(&page)).map(String::into_bytes)
}

/// The policy of a page: its own style and script, and nothing else from anywhere.
fn policy(style: &str, script: &str) -> String {
    let digest = |text: &str| Base64::encode_string(&Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(style),
        digest(script)
    )
}
