//! Spans become one string with attributes: what is printed, in which face, and where a line may end.

use unicode_bidi::{BidiInfo, Level};
use unicode_linebreak::{BreakOpportunity, linebreaks};

use super::{
    set::Setter,
    shape::WordId,
    style::{ACCENT, Colour, Family, QUIET, Style, verdict_colour, verdict_shape},
    visible::{self, Watch},
};
use crate::report::document::Span;

/// Monospace letters are wide and tall; this makes them sit with the text around.
const MONO_SCALE: f64 = 0.92;

/// How a stretch of text is set.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Attr {
    /// Face asked for.
    pub(super) family: Family,
    /// Size in points.
    pub(super) size: f64,
    /// Colour.
    pub(super) ink: Colour,
    /// Anchor it links to.
    pub(super) link: Option<u32>,
    /// No line ends inside.
    glue: bool,
    /// No line ends before it.
    tied: bool,
}

/// A word or the space after it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Run {
    /// Its glyphs.
    pub(super) word: WordId,
    /// Width in points.
    pub(super) width: f64,
    /// Index of its attributes.
    pub(super) attr: u16,
    /// Embedding level; odd ones read from right to left.
    pub(super) level: u8,
    /// Whether it is space.
    pub(super) space: bool,
    /// Whether a line may end after it.
    pub(super) brk: bool,
}

/// A text ready to be broken into lines.
#[derive(Debug, Default)]
pub(super) struct Flat {
    /// Words and spaces in logical order.
    pub(super) runs: Vec<Run>,
    /// Their attributes.
    pub(super) attrs: Vec<Attr>,
    /// Whether any run reads from right to left.
    pub(super) rtl: bool,
}

impl Flat {
    /// Width of the longest piece that no line break divides, without its trailing space.
    pub(super) fn longest_unit(&self) -> f64 {
        self.runs.chunk_by(|a, _| !a.brk).map(solid).fold(0.0, f64::max)
    }

    /// Width on one line.
    pub(super) fn width(&self) -> f64 {
        self.runs.iter().map(|r| r.width).sum()
    }
}

/// The string under construction.
#[derive(Default)]
struct Draft {
    /// What is printed.
    text: String,
    /// Start, attributes and face of each stretch.
    stretches: Vec<(usize, u16, u8)>,
    /// Attributes.
    attrs: Vec<Attr>,
    /// Whether a character may read from right to left.
    maybe_rtl: bool,
}

impl Draft {
    /// Starts a stretch where attributes or face change.
    fn stretch(&mut self, attr: u16, face: u8) {
        if self.stretches.last().is_none_or(|s| (s.1, s.2) != (attr, face)) {
            self.stretches.push((self.text.len(), attr, face));
        }
    }

    /// Index of attributes.
    fn attr(&mut self, attr: Attr) -> u16 {
        if let Some(at) = self.attrs.iter().rposition(|a| *a == attr && !a.glue) {
            return u16::try_from(at).unwrap_or(0);
        }
        self.attrs.push(attr);
        u16::try_from(self.attrs.len() - 1).unwrap_or(0)
    }

    /// Appends the visible form of a character.
    fn spell_out(&mut self, c: char, attr: Attr) {
        let attr = mono(Attr { ink: QUIET, glue: true, ..attr });
        let id = self.attr(attr);
        self.stretch(id, super::fonts::index_of(Family::Mono));
        self.text.push_str(&visible::escape(c));
    }
}

impl Setter<'_> {
    /// Prepares a text for setting in `style`.
    pub(super) fn flatten(&mut self, text: &[Span], style: Style) -> Flat {
        let mut draft = Draft::default();
        for span in text {
            let base =
                Attr { family: style.family, size: style.size, ink: style.ink, link: None, glue: false, tied: false };
            match span {
                Span::Plain(s) => self.put(&mut draft, s, base),
                Span::Strong(s) => self.put(&mut draft, s, Attr { family: Family::Strong, ..base }),
                Span::Mono(s) => self.put(&mut draft, s, mono(base)),
                Span::Verdict(v) => {
                    let attr = Attr { family: Family::Strong, ink: verdict_colour(*v), glue: true, ..base };
                    self.put(&mut draft, &format!("{} {}", verdict_shape(*v), v.word()), attr);
                }
                Span::Link { to, text } => {
                    self.put(&mut draft, text, linked(base, self.anchor(to)));
                }
                Span::PageOf(to) => {
                    let target = self.anchor(to);
                    let page = self.page_of(target);
                    self.put(&mut draft, &page, Attr { tied: true, ..linked(base, target) });
                }
            }
        }
        self.runs(draft)
    }

    /// Appends a string, choosing faces and spelling out what cannot or must not be drawn.
    fn put(&mut self, draft: &mut Draft, text: &str, attr: Attr) {
        let id = draft.attr(attr);
        let own = super::fonts::index_of(attr.family);
        let mut watch = Watch::default();
        // Start and face of the last base, so that marks stay with it.
        let mut base: Option<(usize, u8, char)> = None;
        for c in text.chars() {
            if matches!(c, ' '..='~') {
                let _ = watch.hides(c);
                base = Some((draft.text.len(), own, c));
                draft.stretch(id, own);
                draft.text.push(c);
                continue;
            }
            if watch.hides(c) {
                draft.spell_out(c, attr);
                base = None;
                continue;
            }
            let belongs = visible::is_mark(c) || matches!(c, '\u{200c}' | '\u{200d}');
            let face = match base {
                Some((start, face, letter)) if belongs => self.face_of_mark(draft, (start, face, letter), c, id),
                _ => self.shaper.face_for(attr.family, c),
            };
            let Some(face) = face else {
                draft.spell_out(c, attr);
                base = None;
                continue;
            };
            draft.maybe_rtl |= matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}');
            if !belongs {
                base = Some((draft.text.len(), face, c));
            }
            draft.stretch(id, face);
            draft.text.push(c);
        }
    }

    /// The face for a mark: that of its base, or one that has both, into which the base then moves.
    fn face_of_mark(&mut self, draft: &mut Draft, base: (usize, u8, char), mark: char, attr: u16) -> Option<u8> {
        let (start, face, letter) = base;
        if self.shaper.shows(face, mark) {
            return Some(face);
        }
        let Some(both) = self.shaper.find(&format!("{letter}{mark}")) else {
            self.shaper.missing.insert(mark);
            return None;
        };
        draft.stretches.retain(|s| s.0 < start);
        draft.stretches.push((start, attr, both));
        Some(both)
    }

    /// Cuts the string into words and shapes them.
    fn runs(&mut self, draft: Draft) -> Flat {
        let Draft { text, stretches, attrs, maybe_rtl } = draft;
        let levels = if maybe_rtl { BidiInfo::new(&text, Some(Level::ltr())).levels } else { Vec::new() };
        let level = |at: usize| levels.get(at).map_or(0, Level::number);
        let mut breaks = linebreaks(&text)
            .filter(|(at, kind)| matches!(kind, BreakOpportunity::Allowed) && !inside_name(&text, *at))
            .map(|(at, _)| at)
            .peekable();
        let mut flat = Flat { runs: Vec::new(), attrs, rtl: false };
        let mut stretch = 0;
        let (mut start, mut before): (usize, Option<(usize, u8, bool)>) = (0, None);
        for (at, c) in text.char_indices() {
            while stretches.get(stretch + 1).is_some_and(|s| s.0 <= at) {
                stretch += 1;
            }
            let now = (stretch, level(at), c == ' ');
            let mut allowed = breaks.next_if_eq(&at).is_some();
            if let Some(last) = before {
                let attr = flat.attrs[usize::from(stretches[stretch].1)];
                allowed &= if last.0 == stretch { !attr.glue } else { !attr.tied };
                if allowed || last != now {
                    self.push_run(&mut flat, &text[start..at], (stretches[last.0], last.1, last.2), allowed);
                    start = at;
                }
            }
            before = Some(now);
        }
        if let Some(last) = before {
            self.push_run(&mut flat, &text[start..], (stretches[last.0], last.1, last.2), true);
        }
        flat
    }

    /// Shapes one run.
    fn push_run(&mut self, flat: &mut Flat, text: &str, what: ((usize, u16, u8), u8, bool), brk: bool) {
        let ((_, attr, face), level, space) = what;
        flat.rtl |= level > 0;
        let word = self.shaper.shape(face, level % 2 == 1, text);
        let width = self.points(word, flat.attrs[usize::from(attr)].size);
        flat.runs.push(Run { word, width, attr, level, space, brk });
    }
}

/// Whether a line would end inside a login, a path or an option. These stay whole as long as a line can hold them.
fn inside_name(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let graphic = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_none_or(u8::is_ascii_graphic);
    graphic(at.checked_sub(1)) && graphic(Some(at))
}

/// Width of some runs without the space at their end.
pub(super) fn solid(runs: &[Run]) -> f64 {
    let end = runs.iter().rposition(|r| !r.space).map_or(0, |at| at + 1);
    runs[..end].iter().map(|r| r.width).sum()
}

/// The attributes of a link. One that leads nowhere is plain text.
fn linked(attr: Attr, link: Option<u32>) -> Attr {
    Attr { ink: if link.is_some() { ACCENT } else { attr.ink }, link, ..attr }
}

/// The monospaced variant of attributes.
fn mono(attr: Attr) -> Attr {
    if attr.family == Family::Mono { attr } else { Attr { family: Family::Mono, size: attr.size * MONO_SCALE, ..attr } }
}
