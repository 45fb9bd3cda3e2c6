//! The seam to printpdf: pages and fonts go in, a file in memory comes out.
//!
//! The engine holds every operator of every page of a document at once. Long reports would not fit, so pages are encoded
//! a few at a time, and a last document brings their contents, the links and the fonts together.

use lopdf::{Document as File, Object, Stream};
use printpdf::{Op, PdfDocument, PdfPage, PdfSaveOptions};

use super::{embed, emit, error::Error, flow::Layout};

/// Pages encoded at a time.
const BATCH: usize = 16;

/// Encodes a layout. Its pages are used up, and its structure learns which content is whose.
pub(super) fn encode(layout: &mut Layout<'_>) -> Result<File, Error> {
    emit::mark_used(layout);
    let (fonts, remapped) = embed::fonts(&layout.set.shaper)?;
    let mut batch = PdfDocument::new("");
    batch.resources.fonts = fonts;
    let mut contents = Vec::new();
    let mut sheets = Vec::new();
    let mut pages = std::mem::take(&mut layout.pages).into_iter().zip(0_u32..).peekable();
    while pages.peek().is_some() {
        for (page, number) in pages.by_ref().take(BATCH) {
            let (drawn, links) = emit::page(layout, &remapped, &page, number);
            batch.pages.push(emit::sheet(layout, drawn));
            sheets.push(emit::sheet(layout, links));
        }
        contents.extend(streams(&batch)?);
        batch.pages.clear();
    }
    layout.set.tree.order();
    let glyphs = emit::catalogue(&layout.set.shaper, &remapped);
    batch.pages = with_glyphs(sheets, glyphs);
    let mut file = convert(&batch)?;
    for (page, content) in file.get_pages().into_values().zip(contents) {
        let at = file.get_dictionary(page).and_then(|p| p.get(b"Contents")).and_then(Object::as_reference);
        file.objects.insert(at.map_err(Error::Assemble)?, Object::Stream(content));
    }
    Ok(file)
}

/// Puts operators before those of the first sheet.
fn with_glyphs(mut sheets: Vec<PdfPage>, mut glyphs: Vec<Op>) -> Vec<PdfPage> {
    if let Some(first) = sheets.first_mut() {
        glyphs.append(&mut first.ops);
        first.ops = glyphs;
    }
    sheets
}

/// The compressed contents of some pages.
fn streams(batch: &PdfDocument) -> Result<Vec<Stream>, Error> {
    let mut file = convert(batch)?;
    let mut streams = Vec::new();
    for page in file.get_pages().into_values() {
        let at = file.get_dictionary(page).and_then(|p| p.get(b"Contents")).and_then(Object::as_reference);
        let stream = file.get_object_mut(at.map_err(Error::Assemble)?).and_then(Object::as_stream_mut);
        let mut stream =
            std::mem::replace(stream.map_err(Error::Assemble)?, Stream::new(lopdf::Dictionary::new(), Vec::new()));
        stream.compress().map_err(Error::Assemble)?;
        streams.push(stream);
    }
    Ok(streams)
}

/// Runs the engine. Anything it complains about would be missing from a page.
fn convert(pdf: &PdfDocument) -> Result<File, Error> {
    let mut complaints = Vec::new();
    let file = pdf.to_lopdf_document(&PdfSaveOptions::default(), &mut complaints);
    match complaints.first() {
        Some(first) => Err(Error::Engine(first.msg.clone())),
        None => Ok(file),
    }
}
