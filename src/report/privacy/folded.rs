//! Texts as they are compared: a name is the same name in capitals, in another form of Unicode, in full-width letters or
//! behind the escapes of a URL, and each place of the folded text knows where it stands in the original.

use unicode_normalization::{
    UnicodeNormalization as _,
    char::{canonical_combining_class, decompose_compatible, is_combining_mark},
};

use crate::model::text::hides;

/// A folded text.
#[derive(Debug)]
pub(super) struct Folded {
    /// Without case, compatibility forms, escapes and what takes no room; blanks are single.
    pub(super) text: String,
    /// Per byte, where the characters that it comes from begin and end; `None` where that is the same place.
    spans: Option<Vec<(usize, usize)>>,
}

/// A character and where it stands in the original: as an escape, at three places or more.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The character.
    c: char,
    /// Its first byte.
    start: usize,
    /// Behind its last byte.
    end: usize,
}

impl Folded {
    /// Folds a text.
    pub(super) fn of(text: &str) -> Self {
        // Almost every text is of this kind.
        let plain = |b: u8| (b.is_ascii_graphic() && b != b'%') || b == b' ';
        if text.bytes().all(plain) && !text.contains("  ") {
            return Self { text: text.to_ascii_lowercase(), spans: None };
        }
        let mut pieces: Vec<Piece> =
            text.char_indices().map(|(start, c)| Piece { c, start, end: start + c.len_utf8() }).collect();
        // What was escaped twice is written out twice; each time the text gets shorter.
        while let Some(plain) = unescape(&pieces) {
            pieces = plain;
        }
        let mut folded = Self { text: String::with_capacity(text.len()), spans: Some(Vec::with_capacity(text.len())) };
        let mut rest = pieces.as_slice();
        while let [first, more @ ..] = rest {
            let marks = more.iter().take_while(|piece| is_mark(piece.c)).count();
            let letter = &rest[..=marks];
            let end = letter.last().map_or(first.end, |last| last.end);
            for c in letter.iter().map(|piece| piece.c).nfkd() {
                folded.push(c, (first.start, end));
            }
            rest = &more[marks..];
        }
        folded
    }

    /// Adds a decomposed character.
    fn push(&mut self, c: char, span: (usize, usize)) {
        // The dot of a Turkish capital I is no other letter.
        let is_dot = c == '\u{307}' && self.text.ends_with('i');
        if is_dot || (hides(c) && !c.is_control() && !c.is_whitespace()) {
            return;
        }
        let before = self.text.len();
        if c.is_whitespace() {
            if self.text.ends_with(' ') {
                if let Some(last) = self.spans.as_mut().and_then(|spans| spans.last_mut()) {
                    last.1 = span.1;
                }
                return;
            }
            self.text.push(' ');
        } else if !c.is_alphanumeric() {
            self.text.push(c);
        } else {
            // Down, up and down again: `ẞ` is `ß` is `SS` is `ss`, and `ı` is `I` is `i`.
            let folded = c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
            self.text.extend(folded);
        }
        let added = self.text.len() - before;
        self.spans.iter_mut().for_each(|spans| spans.extend(std::iter::repeat_n(span, added)));
    }

    /// Where a stretch of the folded text stands in the original; `None` where that cuts a letter.
    pub(super) fn place(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let Some(spans) = &self.spans else { return Some((start, end)) };
        let (first, last) = (spans.get(start)?, spans.get(end.checked_sub(1)?)?);
        let cuts = (start > 0 && spans[start - 1] == *first) || spans.get(end) == Some(last);
        (!cuts).then_some((first.0, last.1))
    }

    /// Whether a stretch is no part of a longer word: no letter, digit or mark joins its first or its last letter.
    pub(super) fn stands_alone(&self, start: usize, end: usize) -> bool {
        let joins = |inside: Option<char>, outside: Option<char>| {
            let word = |c: char| c.is_alphanumeric() || is_combining_mark(c);
            inside.zip(outside).is_some_and(|(i, o)| word(i) && word(o) && !(is_unspaced(i) && o.is_alphanumeric()))
        };
        // What takes no room is not in the folded text, and keeps apart all the same.
        let touch = |at: usize| self.spans.as_ref().is_none_or(|spans| spans[at - 1].1 >= spans[at].0);
        let inside = &self.text[start..end];
        // A mark belongs to the letter before it.
        let before = self.text[..start].chars().rev().find(|c| !is_combining_mark(*c)).filter(|_| touch(start));
        let after = self.text[end..].chars().next().filter(|_| touch(end));
        !joins(inside.chars().next(), before) && !joins(inside.chars().next_back(), after)
    }

    /// Stretches that read like an address.
    pub(super) fn addresses(&self) -> Vec<(usize, usize)> {
        let ends = |c: char| c.is_whitespace() || c.is_control() || ",;:<>()[]{}\"'`|/".contains(c);
        let text = &self.text;
        let (mut found, mut at) = (Vec::new(), 0);
        for (sign, _) in text.match_indices('@') {
            if sign < at {
                continue;
            }
            let start = text[at..sign].char_indices().rev().find(|(_, c)| ends(*c));
            let start = start.map_or(at, |(i, c)| at + i + c.len_utf8());
            let end = text[sign..].find(ends).map_or(text.len(), |i| sign + i);
            let end = start + text[start..end].trim_end_matches(['.', '!', '?', '@']).len();
            if start < sign && sign + 1 < end {
                found.push((start, end));
                at = end;
            }
        }
        found
    }
}

/// Whether a character is part of the letter before it.
fn is_mark(c: char) -> bool {
    let mut first = None;
    decompose_compatible(c, |c| {
        first.get_or_insert(c);
    });
    canonical_combining_class(first.unwrap_or(c)) != 0
}

/// Whether a letter is of a script in which words are not kept apart, or of one that ties endings to names.
const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// A text with its percent escapes written out, as far as they are UTF-8; `None` when there are none.
fn unescape(pieces: &[Piece]) -> Option<Vec<Piece>> {
    let (mut out, mut any) = (Vec::with_capacity(pieces.len()), false);
    let mut rest = pieces;
    while let Some(first) = rest.first() {
        let escapes = |n: usize| rest[..n * 3].chunks(3).map(byte).collect::<Option<Vec<u8>>>();
        let letter = (1..=rest.len().min(12) / 3).find_map(|n| {
            let c = std::str::from_utf8(&escapes(n)?).ok()?.chars().next()?;
            Some((Piece { c, start: first.start, end: rest[n * 3 - 1].end }, n * 3))
        });
        any |= letter.is_some();
        let (piece, taken) = letter.unwrap_or((*first, 1));
        out.push(piece);
        rest = &rest[taken..];
    }
    any.then_some(out)
}

/// The byte that an escape stands for.
fn byte(escape: &[Piece]) -> Option<u8> {
    let [sign, high, low] = escape else { return None };
    let (high, low) = (high.c.to_digit(16)?, low.c.to_digit(16)?);
    if sign.c == '%' { u8::try_from(high << 4 | low).ok() } else { None }
}
