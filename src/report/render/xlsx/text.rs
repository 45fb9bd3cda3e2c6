//! Texts that a spreadsheet can hold.

use crate::model::text;

/// UTF-16 units that a cell holds.
const CELL: usize = 32_767;

/// Characters that the name of a sheet may have.
const NAME: usize = 31;

/// A text in which nothing hides, cut visibly where a cell could not hold it.
pub(super) fn fit(text: &str, cut: &str) -> String {
    let shown = text::line(text);
    if shown.len() <= CELL || shown.encode_utf16().count() <= CELL {
        return shown;
    }
    let room = CELL.saturating_sub(cut.encode_utf16().count());
    let mut units = 0;
    let keeps = |c: &char| {
        units += c.len_utf16();
        units <= room
    };
    shown.chars().take_while(keeps).collect::<String>() + cut
}

/// How many characters of the usual width a line of the text takes.
pub(super) fn width(text: &str) -> usize {
    let of = |line: &str| line.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum();
    text.lines().map(of).max().unwrap_or(0)
}

/// How many lines a text takes in a cell of so many digits' width; letters take a little less room than digits.
pub(super) fn lines(text: &str, room: usize) -> usize {
    let of = |line: &str| width(line).div_ceil(room + room / 12 + 1).max(1);
    text.lines().map(of).sum::<usize>().max(1)
}

/// Height in points of a row whose tallest cell has so many lines; a row cannot be higher than the last.
pub(super) fn height(lines: usize) -> u32 {
    u32::try_from(lines.clamp(1, 26)).unwrap_or(1) * 15 + 1
}

/// A text for a page's foot, where `&` would be a command, of at most so many UTF-16 units.
pub(super) fn literal(text: &str, room: usize) -> String {
    let mut out = String::new();
    let mut units = 0;
    for c in text::line(text).chars() {
        units += if c == '&' { 2 } else { c.len_utf16() };
        if units > room {
            break;
        }
        match c {
            '&' => out.push_str("&&"),
            c => out.push(c),
        }
    }
    out
}

/// The name of an analyzer's `n`-th sheet: short enough, and without what such names may not have.
pub(super) fn sheet_name(id: &str, n: usize) -> String {
    let end = if n == 1 { String::new() } else { format!(" {n}") };
    let safe = |c: char| if c.is_control() || "[]:*?/\\'".contains(c) { '-' } else { c };
    let room = NAME - end.len();
    id.chars().map(safe).take(room).collect::<String>() + &end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_where_everybody_sees_it() {
        let fits = "é".repeat(CELL);
        assert_eq!(fit(&fits, "… cut"), fits);
        let cut = fit(&"😀".repeat(CELL), "… cut");
        assert!(cut.ends_with("😀… cut"));
        assert!((CELL - 1..=CELL).contains(&cut.encode_utf16().count()));
    }

    #[test]
    fn names_of_sheets_fit_and_stay_apart() {
        assert_eq!(sheet_name("inactive-seats", 1), "inactive-seats");
        assert_eq!(sheet_name("inactive-seats", 2), "inactive-seats 2");
        let long = "a".repeat(40);
        assert_eq!(sheet_name(&long, 12).len(), 31);
        assert!(sheet_name(&long, 12).ends_with("aa 12"));
        assert_eq!(sheet_name("a/b:c'", 1), "a-b-c-");
    }

    #[test]
    fn a_foot_has_no_commands_and_an_end() {
        assert_eq!(literal("R&D\n&P", 60), "R&&D\\n&&P");
        assert_eq!(literal("a&&&", 4), "a&&");
        assert_eq!(literal(&"x".repeat(300), 60).len(), 60);
    }

    #[test]
    fn wide_characters_take_two_places() {
        assert_eq!((width("abc\nde"), width("李明"), width("")), (3, 4, 0));
    }

    #[test]
    fn a_row_is_as_high_as_its_longest_text() {
        assert_eq!((lines("", 60), lines("abc", 60), lines("abc\nde", 60), lines(&"x ".repeat(70), 60)), (1, 1, 2, 3));
        assert_eq!((height(1), height(3), height(1000)), (16, 46, 391));
    }
}
