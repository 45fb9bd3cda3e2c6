//! From characters to glyphs: shaping, measuring and the memory of what was already shaped.
//!
//! All lengths are whole thousandths of an em, the unit in which the PDF states glyph widths, so that what is measured
//! here is what a viewer draws.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rustybuzz::{
    Direction, Feature, Script, ShapePlan, UnicodeBuffer,
    ttf_parser::{GlyphId, Tag},
};

use super::{
    error::Error,
    fonts::{Fonts, Loaded, index_of},
    style::Family,
};

/// The one ASCII character whose shape in `JetBrains` Mono depends on what stands before it.
const LONE: char = '`';

/// Position of a word in the shaper's memory.
pub(super) type WordId = u32;

/// A glyph of a word, in visual order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Glyph {
    /// Id in the original font.
    pub(super) gid: u16,
    /// Width as the PDF states it.
    pub(super) width: i32,
    /// Advance after shaping.
    pub(super) advance: i32,
    /// Shift to the right of where it would stand.
    pub(super) dx: i32,
    /// Shift upwards.
    pub(super) dy: i32,
    /// Byte in the word of the first character it stands for.
    pub(super) cluster: u32,
}

/// A shaped piece of text in one face and direction.
#[derive(Debug)]
pub(super) struct Word {
    /// Face that sets it.
    pub(super) face: u8,
    /// Whether it reads from right to left.
    pub(super) rtl: bool,
    /// Its characters.
    pub(super) text: Box<str>,
    /// Its glyphs.
    pub(super) glyphs: Box<[Glyph]>,
    /// Sum of the advances.
    pub(super) width: i32,
    /// Whether the text follows from the glyphs one by one; else the PDF states it beside them.
    pub(super) plain: bool,
    /// Whether its glyphs are known to be drawn.
    used: bool,
}

impl Word {
    /// The characters of the cluster that starts at a byte.
    pub(super) fn letter(&self, start: u32) -> &str {
        let end = self.glyphs.iter().map(|g| g.cluster).filter(|c| *c > start).min();
        let end = end.map_or(self.text.len(), |e| e as usize);
        self.text.get(start as usize..end).unwrap_or_default()
    }
}

/// What the PDF's character map says about a face: a glyph is a character and back.
#[derive(Debug, Default)]
pub(super) struct CharMap {
    /// Glyph of a character.
    pub(super) glyph: BTreeMap<char, u16>,
    /// Character of a glyph.
    pub(super) character: BTreeMap<u16, char>,
    /// Every glyph in use, and what it stands for to readers who look at it alone.
    pub(super) used: BTreeMap<u16, String>,
}

/// A face in use.
pub(super) struct FaceInUse<'f> {
    /// The face.
    pub(super) loaded: Loaded<'f>,
    /// Its character map.
    pub(super) map: CharMap,
    /// Words by text, left to right and right to left.
    words: [HashMap<Box<str>, WordId>; 2],
    /// Tabular figures of an embedded face.
    figures: Vec<(u16, i32)>,
    /// ASCII characters of an embedded face, each by the one after it.
    pairs: HashMap<(u8, Option<u8>), Glyph>,
    /// Shaping plans by direction and script.
    plans: Vec<(bool, Script, ShapePlan)>,
}

/// Shapes and remembers.
pub(super) struct Shaper<'f> {
    /// Where further faces come from.
    fonts: &'f Fonts,
    /// Faces in use; the embedded ones first.
    pub(super) faces: Vec<FaceInUse<'f>>,
    /// All words.
    words: Vec<Word>,
    /// Face of a character that the embedded faces lack; `None` when no font has it.
    fallback: HashMap<char, Option<u8>>,
    /// Characters that no font shows, printed as escapes.
    pub(super) missing: BTreeSet<char>,
    /// Recycled between words.
    buffer: UnicodeBuffer,
}

impl<'f> Shaper<'f> {
    /// A shaper with the embedded faces.
    pub(super) fn new(fonts: &'f Fonts) -> Result<Self, Error> {
        let faces = Fonts::load_embedded()?.into_iter().map(FaceInUse::new).collect();
        Ok(Self {
            fonts,
            faces,
            words: Vec::new(),
            fallback: HashMap::new(),
            missing: BTreeSet::new(),
            buffer: UnicodeBuffer::new(),
        })
    }

    /// A word by its id.
    pub(super) fn word(&self, id: WordId) -> &Word {
        &self.words[id as usize]
    }

    /// Shapes `text` in `face`, or remembers it.
    pub(super) fn shape(&mut self, face: u8, rtl: bool, text: &str) -> WordId {
        if let Some(&id) = self.faces[usize::from(face)].words[usize::from(rtl)].get(text) {
            return id;
        }
        let word = self.faces[usize::from(face)].shape(face, rtl, text, &mut self.buffer);
        // Four billion words do not fit in memory first.
        let id = WordId::try_from(self.words.len()).unwrap_or(WordId::MAX);
        self.words.push(word);
        self.faces[usize::from(face)].words[usize::from(rtl)].insert(text.into(), id);
        id
    }

    /// The face that shows `c` in a text set in `family`: its own, Inter, one already in use, one of the system.
    /// `None` when there is none.
    pub(super) fn face_for(&mut self, family: Family, c: char) -> Option<u8> {
        let own = index_of(family);
        if self.shows(own, c) {
            return Some(own);
        }
        if self.shows(0, c) {
            return Some(0);
        }
        if let Some(&known) = self.fallback.get(&c) {
            return known;
        }
        let found = self.find(c.encode_utf8(&mut [0; 4]));
        if found.is_none() {
            self.missing.insert(c);
        }
        self.fallback.insert(c, found);
        found
    }

    /// A fallback face with every character of `text`, loaded when needed.
    pub(super) fn find(&mut self, text: &str) -> Option<u8> {
        let loaded = self.fonts.find(text)?;
        // Two files may give the same name to fonts of which one lacks what the other has.
        let is_it = |f: &FaceInUse<'_>| std::ptr::eq(f.loaded.data, loaded.data) && f.loaded.index == loaded.index;
        if let Some(at) = self.faces.iter().position(is_it) {
            return u8::try_from(at).ok();
        }
        let at = u8::try_from(self.faces.len()).ok()?;
        self.faces.push(FaceInUse::new(loaded));
        Some(at)
    }

    /// Whether a loaded face has a glyph for `c`.
    pub(super) fn shows(&self, face: u8, c: char) -> bool {
        self.faces[usize::from(face)].loaded.shows(c)
    }

    /// Marks the glyphs of a word as drawn. Only these are embedded.
    pub(super) fn mark_used(&mut self, id: WordId) {
        let word = &mut self.words[id as usize];
        if std::mem::replace(&mut word.used, true) {
            return;
        }
        let map = &mut self.faces[usize::from(word.face)].map;
        for glyph in &word.glyphs {
            let text =
                || map.character.get(&glyph.gid).map_or_else(|| word.letter(glyph.cluster).to_owned(), char::to_string);
            map.used.entry(glyph.gid).or_insert_with(text);
        }
    }
}

impl<'f> FaceInUse<'f> {
    /// A face that nothing was set in yet.
    fn new(loaded: Loaded<'f>) -> Self {
        let figures = if loaded.embedded { figures(&loaded) } else { Vec::new() };
        Self {
            loaded,
            map: CharMap::default(),
            words: Default::default(),
            figures,
            pairs: HashMap::new(),
            plans: Vec::new(),
        }
    }

    /// Shapes one word.
    fn shape(&mut self, face: u8, rtl: bool, text: &str, buffer: &mut UnicodeBuffer) -> Word {
        let simple = self.loaded.embedded && !rtl && text.is_ascii() && !text.contains(LONE);
        let glyphs = if simple { self.ascii(text, buffer) } else { self.glyphs(rtl, text, buffer) };
        let plain = !rtl && self.map.learn(text, &glyphs);
        let width = glyphs.iter().map(|g| g.advance).sum();
        Word { face, rtl, text: text.into(), glyphs, width, plain, used: false }
    }

    /// The glyphs of an ASCII text in an embedded face. Without ligatures each depends on its neighbour only, and most
    /// of a long report's words occur once: logins, repositories, digests.
    fn ascii(&mut self, text: &str, buffer: &mut UnicodeBuffer) -> Box<[Glyph]> {
        let bytes = text.as_bytes();
        let mut glyphs = Vec::with_capacity(bytes.len());
        for (at, first) in bytes.iter().enumerate() {
            let pair = (*first, bytes.get(at + 1).copied());
            let glyph = if let Some(known) = self.pairs.get(&pair) {
                *known
            } else {
                let glyph = self.glyphs(false, &text[at..text.len().min(at + 2)], buffer)[0];
                self.pairs.insert(pair, glyph);
                glyph
            };
            glyphs.push(Glyph { cluster: u32::try_from(at).unwrap_or(u32::MAX), ..glyph });
        }
        glyphs.into()
    }

    /// The glyphs of a text, in visual order.
    fn glyphs(&mut self, rtl: bool, text: &str, recycled: &mut UnicodeBuffer) -> Box<[Glyph]> {
        let mut buffer = std::mem::take(recycled);
        buffer.push_str(text);
        if text.is_ascii() {
            // Punctuation by itself looks as it does beside letters.
            buffer.set_script(rustybuzz::script::LATIN);
        }
        buffer.guess_segment_properties();
        buffer.set_direction(if rtl { Direction::RightToLeft } else { Direction::LeftToRight });
        let script = buffer.script();
        let at = self.plans.iter().position(|(r, s, _)| *r == rtl && *s == script).unwrap_or_else(|| {
            let features = features(self.loaded.embedded);
            let plan = ShapePlan::new(&self.loaded.face, buffer.direction(), Some(script), None, &features);
            self.plans.push((rtl, script, plan));
            self.plans.len() - 1
        });
        let shaped = rustybuzz::shape_with_plan(&self.loaded.face, &self.plans[at].2, buffer);
        let upem = self.loaded.face.units_per_em();
        let scale = |units: i32| units * 1000 / upem;
        let glyphs = shaped
            .glyph_infos()
            .iter()
            .zip(shaped.glyph_positions())
            .map(|(info, pos)| {
                let digit = text.as_bytes().get(info.cluster as usize).map(|b| usize::from(b.wrapping_sub(b'0')));
                let figure = digit.and_then(|d| self.figures.get(d));
                if let Some((gid, width)) = figure {
                    // Figures stand under each other: no kerning.
                    let (gid, width) = (*gid, scale(*width));
                    return Glyph { gid, width, advance: width, dx: 0, dy: 0, cluster: info.cluster };
                }
                let gid = u16::try_from(info.glyph_id).unwrap_or(0);
                let own = i32::from(self.loaded.face.glyph_hor_advance(GlyphId(gid)).unwrap_or(0));
                let width = scale(own);
                // Kerning below two thousandths is rounding, and every kern costs bytes.
                let after = text.get(info.cluster as usize..).and_then(|rest| rest.chars().nth(1));
                let before_figure = !self.figures.is_empty() && after.is_some_and(|c| c.is_ascii_digit());
                let kern = if before_figure { 0 } else { scale(pos.x_advance - own) };
                let advance = if kern.abs() < 2 { width } else { width + kern };
                Glyph { gid, width, advance, dx: scale(pos.x_offset), dy: scale(pos.y_offset), cluster: info.cluster }
            })
            .collect();
        *recycled = shaped.clear();
        glyphs
    }
}

impl CharMap {
    /// Whether each glyph of `text` stands for one character, by itself and nowhere else for another; remembers it.
    fn learn(&mut self, text: &str, glyphs: &[Glyph]) -> bool {
        let pairs = || text.char_indices().zip(glyphs);
        let one_to_one = text.chars().count() == glyphs.len()
            && pairs().all(|((at, c), g)| {
                u32::try_from(at).is_ok_and(|at| at == g.cluster)
                    && g.dx == 0
                    && g.dy == 0
                    && self.glyph.get(&c).is_none_or(|known| *known == g.gid)
                    && self.character.get(&g.gid).is_none_or(|known| *known == c)
            });
        if !one_to_one {
            return false;
        }
        for ((_, c), g) in pairs() {
            // Two new characters of this word may share a glyph; the second then spoils it.
            if *self.character.entry(g.gid).or_insert(c) != c || *self.glyph.entry(c).or_insert(g.gid) != g.gid {
                return false;
            }
        }
        true
    }
}

/// No ligatures in the embedded faces, so that logins and commands can be copied and searched.
fn features(embedded: bool) -> Vec<Feature> {
    let off = |tag: &[u8; 4]| Feature::new(Tag::from_bytes(tag), 0, ..);
    if embedded { [b"liga", b"clig", b"calt", b"dlig"].map(off).into() } else { Vec::new() }
}

/// The tabular figures of a face, 0 to 9: glyph and advance in font units. Applied to whole words, the feature would
/// also widen hyphens and full stops.
fn figures(loaded: &Loaded<'_>) -> Vec<(u16, i32)> {
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str("0123456789");
    let shaped = rustybuzz::shape(&loaded.face, &[Feature::new(Tag::from_bytes(b"tnum"), 1, ..)], buffer);
    let glyphs = shaped.glyph_infos().iter().map(|info| u16::try_from(info.glyph_id).unwrap_or(0));
    glyphs.map(|gid| (gid, i32::from(loaded.face.glyph_hor_advance(GlyphId(gid)).unwrap_or(0)))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn figures_are_equally_wide_and_hyphens_are_not_touched() {
        let fonts = Fonts::embedded();
        let mut shaper = Shaper::new(&fonts).unwrap();
        let mut width = |face, text: &str| {
            let id = shaper.shape(face, false, text);
            shaper.word(id).width
        };
        for face in [0, 1, 2] {
            assert_eq!(width(face, "1111"), width(face, "0000"), "face {face}");
            assert_eq!(width(face, "74.71"), width(face, "00.00"), "face {face}");
        }
        // Inter's tabular hyphen is as wide as a figure.
        assert!(width(0, "-") < width(0, "0"));
    }

    #[test]
    fn every_letter_keeps_its_own_glyph() {
        let fonts = Fonts::embedded();
        let mut shaper = Shaper::new(&fonts).unwrap();
        for face in [0, 1, 2] {
            for text in ["office-affiliate", "a->b", "!==", "www.x.org", "Nguyễn", "Ελένη"] {
                let id = shaper.shape(face, false, text);
                assert!(shaper.word(id).plain, "{text} in face {face}");
            }
        }
    }

    #[test]
    fn a_word_is_shaped_once() {
        let fonts = Fonts::embedded();
        let mut shaper = Shaper::new(&fonts).unwrap();
        let first = shaper.shape(0, false, "member");
        assert_eq!(shaper.shape(0, false, "member"), first);
        assert_ne!(shaper.shape(1, false, "member"), first);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn letters_depend_on_their_neighbours_only(text in "[!-_a-~]{1,40}") {
            let mut buffer = UnicodeBuffer::new();
            for face in Fonts::load_embedded().unwrap() {
                let mut face = FaceInUse::new(face);
                prop_assert_eq!(face.ascii(&text, &mut buffer), face.glyphs(false, &text, &mut buffer));
            }
        }
    }
}
