//! Which characters are printed as they are, and which as a visible escape.
//!
//! Names come from outside. A character that draws nothing, moves text or reverses it would let two different names
//! look alike on paper, so it is spelled out.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use crate::model::text::hides;

/// Combining marks in a row that still read as one letter.
const MARKS: usize = 4;

/// Watches a text character by character.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Combining marks since the last base.
    marks: usize,
    /// The character before; `None` at the start.
    before: Option<char>,
}

impl Watch {
    /// Whether `c`, coming next, is to be escaped.
    pub(super) fn hides(&mut self, c: char) -> bool {
        if c.is_ascii() {
            self.marks = 0;
            self.before = Some(c);
            return c.is_ascii_control();
        }
        let mark = is_mark(c);
        self.marks = if mark { self.marks + 1 } else { 0 };
        // What no font can be expected to show is no better than what hides.
        let shapeless = matches!(c.general_category(), GeneralCategory::PrivateUse | GeneralCategory::Unassigned);
        let hidden =
            shapeless || (hides(c) && !joins(c, self.before)) || self.marks > MARKS || (mark && self.before.is_none());
        // A mark after something escaped has nothing to stand on.
        self.before = if hidden { None } else { Some(c) };
        hidden
    }
}

/// A whole text with everything hidden spelled out.
pub(in crate::report::render) fn text(text: &str) -> String {
    let mut watch = Watch::default();
    text.chars().map(|c| if watch.hides(c) { escape(c) } else { c.to_string() }).collect()
}

/// The visible form of a character.
pub(super) fn escape(c: char) -> String {
    match c {
        '\n' => r"\n".to_owned(),
        '\r' => r"\r".to_owned(),
        '\t' => r"\t".to_owned(),
        _ => format!(r"\u{{{:x}}}", u32::from(c)),
    }
}

/// Whether a character combines with the one before.
pub(super) fn is_mark(c: char) -> bool {
    matches!(
        c.general_category(),
        GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark | GeneralCategory::EnclosingMark
    )
}

/// Joiners are part of the spelling of Persian, Hindi and their neighbours, and a disguise elsewhere.
pub(super) fn joins(c: char, before: Option<char>) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
        && before.is_some_and(|b| matches!(b, '\u{600}'..='\u{7ff}' | '\u{900}'..='\u{dff}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_draws_nothing_is_spelled_out() {
        assert_eq!(text("a\u{202e}b"), r"a\u{202e}b");
        assert_eq!(text("a\u{200b}\u{feff}\u{ad}b"), r"a\u{200b}\u{feff}\u{ad}b");
        assert_eq!(text("a\tb\nc\0"), r"a\tb\nc\u{0}");
        assert_eq!(text("\u{3164}x\u{2003}y"), r"\u{3164}x\u{2003}y");
        assert_eq!(text("ad\u{200d}min"), r"ad\u{200d}min");
    }

    #[test]
    fn spelling_stays() {
        for name in
            ["Zoë Nguyễn", "Nguye\u{302}\u{303}n", "می\u{200c}خواهم", "क्\u{200d}ष", "李 明", "שלום", "12\u{202f}345"]
        {
            assert_eq!(text(name), name);
        }
    }

    #[test]
    fn stacked_marks_end() {
        let zalgo = format!("a{}", "\u{301}".repeat(6));
        assert_eq!(text(&zalgo), format!("a{}{}", "\u{301}".repeat(4), r"\u{301}\u{301}"));
    }
}
