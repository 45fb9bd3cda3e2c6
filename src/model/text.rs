//! Text from outside, made fit to be shown: what draws nothing, moves the cursor or turns the direction of a line is
//! spelled out, so that two different names never look alike and no name speaks to a terminal.

use std::fmt::Write as _;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Whether a character could make what is on the screen differ from what is in the text: control characters, those
/// that turn the direction of text, separators of lines, those that take no room, and blanks that look like another.
///
/// This is the one table of every output; what an output adds to it is about its own syntax or its fonts.
#[must_use]
pub fn hides(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    match c.general_category() {
        GeneralCategory::Control | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => true,
        // The number signs of Arabic, Syriac and Kaithi have a shape.
        GeneralCategory::Format => !matches!(
            c,
            '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{110bd}' | '\u{110cd}'
        ),
        GeneralCategory::SpaceSeparator => !matches!(c, '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{3000}'),
        _ => draws_nothing(c),
    }
}

/// Letters, marks, symbols and unassigned characters that draw nothing: what Unicode calls `Default_Ignorable_Code_Point`
/// beyond the format characters, the blank Braille cell, and the last of the Egyptian format controls, which is a mark.
const fn draws_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2065}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{13440}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Text for one line: everything that [`hides`], line ends and tabs too, stands as an escape like `\u{1b}`.
#[must_use]
pub fn line(text: &str) -> String {
    escape(text, hides)
}

/// Text of several lines: as [`line()`], but line feeds and tabs stay.
#[must_use]
pub fn block(text: &str) -> String {
    escape(text, |c| hides(c) && !matches!(c, '\n' | '\t'))
}

/// Text in which the characters that `hidden` names stand as escapes.
#[must_use]
pub fn escape(text: &str, hidden: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !hidden(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_speaks_to_a_terminal_is_spelled_out() {
        assert_eq!(line("a\u{1b}[31mb\u{9b}c\0"), r"a\u{1b}[31mb\u{9b}c\u{0}");
        assert_eq!(line("ada\u{202e}nimda\r\n\t"), r"ada\u{202e}nimda\r\n\t");
        assert_eq!(block("a\n\tb\rc\u{2028}"), "a\n\tb\\rc\\u{2028}");
        assert_eq!(line("\u{e0041}\u{200b}\u{feff}"), r"\u{e0041}\u{200b}\u{feff}");
    }

    #[test]
    fn names_of_the_world_stay() {
        for name in ["Zoë Nguyễn", "李 明", "שלום", "山田\u{3000}太郎", "naïve–dash", "🤖"] {
            assert_eq!(line(name), name);
        }
    }

    #[test]
    fn every_character_that_draws_nothing_is_in_the_table() {
        // Default_Ignorable_Code_Point of Unicode 16, and others that leave no trace on a page.
        let ignorable = [
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x202a..=0x202e,
            0x2060..=0x206f,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfff8,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
        ];
        let others =
            [0x2028..=0x2029, 0x2800..=0x2800, 0xfff9..=0xfffb, 0x13430..=0x13440, 0x80..=0x9f, 0x2000..=0x2008];
        for c in ignorable.into_iter().chain(others).flatten().filter_map(char::from_u32) {
            assert!(hides(c), "U+{:04X}", u32::from(c));
        }
    }

    proptest! {
        #[test]
        fn a_character_hides_by_its_category(c in any::<char>()) {
            use GeneralCategory as G;
            let shaped = matches!(u32::from(c), 0x600..=0x605 | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x110bd | 0x110cd);
            match c.general_category() {
                G::Control | G::LineSeparator | G::ParagraphSeparator => prop_assert!(hides(c)),
                G::Format => prop_assert_eq!(hides(c), !shaped),
                G::UppercaseLetter | G::LowercaseLetter | G::DecimalNumber | G::DashPunctuation | G::MathSymbol
                | G::CurrencySymbol | G::OpenPunctuation | G::ClosePunctuation => prop_assert!(!hides(c)),
                _ => {}
            }
        }

        #[test]
        fn nothing_hidden_is_left_and_nothing_else_is_touched(text in any::<String>()) {
            let shown = line(&text);
            prop_assert!(!shown.chars().any(hides));
            if !text.chars().any(hides) {
                prop_assert_eq!(&shown, &text);
            }
            prop_assert!(!block(&text).chars().any(|c| hides(c) && c != '\n' && c != '\t'));
        }
    }
}
