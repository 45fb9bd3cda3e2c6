//! The faces texts are set in: three embedded ones and, per glyph, whatever the system has for other scripts.
//!
//! A choice never depends on the order in which the file system lists fonts.

use std::{fmt, sync::OnceLock};

use fontdb::{Database, ID};
use rustybuzz::Face;
use sha2::{Digest as _, Sha256};

use super::{error::Error, style::Family};

/// Inter Regular.
const SANS: &[u8] = include_bytes!("../../../../report_templates/fonts/Inter-Regular.ttf");
/// Inter `SemiBold`.
const STRONG: &[u8] = include_bytes!("../../../../report_templates/fonts/Inter-SemiBold.ttf");
/// `JetBrains` Mono.
const MONO: &[u8] = include_bytes!("../../../../report_templates/fonts/JetBrainsMono-Regular.ttf");

/// The embedded faces in the order of [`Family`]; names as they stand in the PDF.
const EMBEDDED: [(&str, &[u8]); 3] =
    [("Inter-Regular", SANS), ("Inter-SemiBold", STRONG), ("JetBrainsMono-Regular", MONO)];

/// Where glyphs come from.
pub struct Fonts {
    /// Faces of the system, searched when an embedded face lacks a glyph; listed at the first need.
    fallback: OnceLock<Vec<Candidate>>,
    /// Their files.
    database: OnceLock<Database>,
    /// Whether the system is asked at all.
    system: bool,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fonts").field("system", &self.system).finish_non_exhaustive()
    }
}

/// A face of the system.
struct Candidate {
    /// Key in the database.
    id: ID,
    /// Face inside its file.
    index: u32,
    /// `PostScript` name.
    name: String,
    /// Its bytes, once it is used.
    data: OnceLock<Vec<u8>>,
}

/// A face ready for shaping.
pub(super) struct Loaded<'f> {
    /// `PostScript` name.
    pub(super) name: String,
    /// The font file.
    pub(super) data: &'f [u8],
    /// Face inside it.
    pub(super) index: u32,
    /// Parsed.
    pub(super) face: Face<'f>,
    /// Whether it is one of ours.
    pub(super) embedded: bool,
}

impl Loaded<'_> {
    /// Whether the face shows `c`.
    pub(super) fn shows(&self, c: char) -> bool {
        self.face.glyph_index(c).is_some_and(|g| g.0 != 0)
    }

    /// The file's SHA-256, hexadecimal: whoever has this very file can set the same report.
    pub(super) fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.data))
    }
}

impl Fonts {
    /// The embedded faces, and those of the system where they lack a glyph.
    #[must_use]
    pub fn system() -> Self {
        Self { fallback: OnceLock::new(), database: OnceLock::new(), system: true }
    }

    /// The embedded faces only: the same bytes on every machine, other scripts as visible escapes.
    #[must_use]
    pub fn embedded() -> Self {
        Self { fallback: OnceLock::new(), database: OnceLock::new(), system: false }
    }

    /// The embedded faces, and one file in place of those of the system.
    #[cfg(test)]
    pub(super) fn with(data: &[u8]) -> Self {
        let fonts = Self::system();
        fonts.database.get_or_init(|| {
            let mut database = Database::new();
            database.load_font_data(data.to_vec());
            database
        });
        fonts
    }

    /// The embedded faces, indexed by [`Family`].
    pub(super) fn load_embedded<'f>() -> Result<Vec<Loaded<'f>>, Error> {
        EMBEDDED
            .iter()
            .map(|(name, data)| {
                let face = Face::from_slice(data, 0).ok_or_else(|| Error::Font { name: (*name).to_owned() })?;
                Ok(Loaded { name: (*name).to_owned(), data, index: 0, face, embedded: true })
            })
            .collect()
    }

    /// The files of the system's fonts.
    fn database(&self) -> &Database {
        self.database.get_or_init(|| {
            let mut database = Database::new();
            if self.system {
                database.load_system_fonts();
            }
            database
        })
    }

    /// Faces to search, best first.
    fn candidates(&self) -> &[Candidate] {
        self.fallback.get_or_init(|| {
            let database = self.database();
            let mut all: Vec<_> = database
                .faces()
                .filter(|f| {
                    f.style == fontdb::Style::Normal
                        && f.weight == fontdb::Weight::NORMAL
                        && f.stretch == fontdb::Stretch::Normal
                })
                .map(|f| {
                    let family = f.families.first().map(|(name, _)| name.clone()).unwrap_or_default();
                    (rank(&family, f.monospaced), family, f.post_script_name.clone(), f.index, f.id)
                })
                .collect();
            all.sort_by(|a, b| (&a.0, &a.1, &a.2, a.3).cmp(&(&b.0, &b.1, &b.2, b.3)));
            all.into_iter()
                .map(|(_, _, name, index, id)| Candidate { id, index, name, data: OnceLock::new() })
                .collect()
        })
    }

    /// The first face of the system that draws every character of `text`; `None` when there is none.
    pub(super) fn find(&self, text: &str) -> Option<Loaded<'_>> {
        let database = self.database();
        let candidate = self
            .candidates()
            .iter()
            .find(|c| database.with_face_data(c.id, |data, index| draws(data, index, text)).unwrap_or(false))?;
        let data = candidate
            .data
            .get_or_init(|| database.with_face_data(candidate.id, |data, _| data.to_vec()).unwrap_or_default());
        let face = Face::from_slice(data, candidate.index)?;
        Some(Loaded { name: candidate.name.clone(), data, index: candidate.index, face, embedded: false })
    }
}

/// Preference of a family: Noto Sans, then other Noto, then the rest; of the pan-CJK faces one, always the same.
fn rank(family: &str, monospaced: bool) -> (u8, bool, bool) {
    let kind = match family {
        f if f.starts_with("Noto Sans") => 0,
        f if f.starts_with("Noto") => 1,
        _ => 2,
    };
    let other_cjk = family.contains("CJK") && !family.ends_with("SC");
    (kind, monospaced || family.contains("Mono"), other_cjk)
}

/// Whether a face has an outline for each character. Colour and bitmap faces have none that a PDF could embed.
fn draws(data: &[u8], index: u32, text: &str) -> bool {
    let Ok(face) = rustybuzz::ttf_parser::Face::parse(data, index) else { return false };
    let tables = face.tables();
    let outlines = tables.glyf.is_some() || tables.cff.is_some();
    let coloured = tables.colr.is_some() || tables.sbix.is_some() || tables.cbdt.is_some() || tables.svg.is_some();
    outlines && !coloured && text.chars().all(|c| face.glyph_index(c).is_some_and(|g| g.0 != 0))
}

/// Position of a family's face among the loaded ones.
pub(super) const fn index_of(family: Family) -> u8 {
    match family {
        Family::Sans => 0,
        Family::Strong => 1,
        Family::Mono => 2,
    }
}
