//! The seam to printpdf: paper, links and fonts go in, a file in memory comes out, and the contents of its pages are put
//! in.

use lopdf::{Dictionary, Document as File, Object, Stream};
use printpdf::{PdfDocument, PdfSaveOptions};

use super::{embed, emit, error::Error, flow::Layout};

/// Encodes a layout. Its pages are used up, and its structure learns which content is whose.
pub(super) fn encode(layout: &mut Layout<'_>) -> Result<File, Error> {
    emit::mark_used(layout);
    let (fonts, remapped) = embed::fonts(&layout.set.shaper)?;
    let mut pdf = PdfDocument::new("");
    pdf.resources.fonts = fonts;
    let mut contents = Vec::new();
    for (page, number) in std::mem::take(&mut layout.pages).into_iter().zip(0_u32..) {
        let (drawn, links) = emit::page(layout, &remapped, &page, number);
        // Compressed when it is written: a compressor takes and gives back a quarter of a megabyte, and what is kept in
        // between would stand in the way of the next.
        contents.push(Stream::new(Dictionary::new(), drawn));
        pdf.pages.push(emit::sheet(layout, links));
    }
    layout.set.tree.order();
    if let Some(first) = pdf.pages.first_mut() {
        // What is drawn here is replaced below; the engine learns the glyphs from it.
        first.ops.extend(emit::catalogue(&layout.set.shaper, &remapped));
    }
    let mut file = convert(&pdf)?;
    for (page, content) in file.get_pages().into_values().zip(contents) {
        let at = file.get_dictionary(page).and_then(|p| p.get(b"Contents")).and_then(Object::as_reference);
        file.objects.insert(at.map_err(Error::Assemble)?, Object::Stream(content));
    }
    Ok(file)
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
