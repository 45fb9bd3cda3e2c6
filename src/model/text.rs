//! Text from outside, made fit to be shown: what draws nothing, moves the cursor or turns the direction of a line is
//! spelled out, so that two different names never look alike and no name speaks to a terminal.

use std::fmt::Write as _;

/// Whether a character could make what is on the screen differ from what is in the text: control characters, those
/// that turn the direction of text, separators of lines, and those that take no room.
#[must_use]
pub fn hides(c: char) -> bool {
    c.is_control()
        || reorders(c)
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Whether a character turns the direction of the text that follows it, up to the end of the line.
#[must_use]
pub const fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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

    proptest! {
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
