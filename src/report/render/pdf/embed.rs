//! Font programs for the file: only the glyphs in use, with names and numbers that depend on nothing but them.

use printpdf::{FontId, ParsedFont, PdfFont, PdfFontMap};
use subsetter::GlyphRemapper;

use super::{
    error::Error,
    shape::{FaceInUse, Shaper},
};

/// New glyph numbers of each face; `None` for faces nothing was set in.
pub(super) type Remapped = Vec<Option<GlyphRemapper>>;

/// Name of a face inside the file.
pub(super) fn font_id(face: u8) -> FontId {
    FontId(format!("T{face}"))
}

/// Subsets every face in use.
pub(super) fn fonts(shaper: &Shaper<'_>) -> Result<(PdfFontMap, Remapped), Error> {
    let mut map = PdfFontMap::default();
    let mut all = Vec::new();
    for (face, at) in shaper.faces.iter().zip(0_u8..) {
        if face.map.used.is_empty() {
            all.push(None);
            continue;
        }
        let mut remapper = GlyphRemapper::new();
        for gid in face.map.used.keys() {
            remapper.remap(*gid);
        }
        map.map.insert(font_id(at), PdfFont::new(subset(face, at, &remapper)?));
        all.push(Some(remapper));
    }
    Ok((map, all))
}

/// The reduced font as the engine wants it.
fn subset(face: &FaceInUse<'_>, at: u8, remapper: &GlyphRemapper) -> Result<ParsedFont, Error> {
    let name = || face.loaded.name.clone();
    let program = subsetter::subset(face.loaded.data, face.loaded.index, remapper)
        .map_err(|source| Error::Subset { name: name(), source })?;
    // The only warning is that a subset has no character map; ours is set below.
    let mut warnings = Vec::new();
    let mut font = ParsedFont::from_bytes(&program, 0, &mut warnings).ok_or_else(|| Error::Font { name: name() })?;
    // The tag before the name marks a subset and must differ between subsets.
    let tag: String = ['R', 'C', 'A', 'A', char::from(b'A' + at / 26), char::from(b'A' + at % 26)].iter().collect();
    font.font_name = Some(format!("{tag}+{}", name()));
    font.codepoint_to_glyph =
        face.map.glyph.iter().filter_map(|(c, gid)| Some((u32::from(*c), remapper.get(*gid)?))).collect();
    font.pdf_font_metrics.us_weight_class = face.loaded.face.weight().to_number();
    Ok(font)
}
