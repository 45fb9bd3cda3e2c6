//! The `Link` header (RFC 8288): where the next page is.

/// That a header is there and cannot be read whole, so that nobody knows whether there is a next page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Unreadable;

/// Longest header that is read, in bytes. Each page link is kept for as long as its list is read.
const LONGEST: usize = 8 << 10;

/// The target of the link with the relation `next`, as it was sent; `None` without one. `header` holds every value of
/// the header, joined by commas.
///
/// Several links, other parameters, quoted commas and semicolons, several relations in one parameter and any case of
/// names are understood. Whether the target may be followed is not decided here.
///
/// # Errors
/// When the header is longer than 8 KiB, a part of it is no link, holds a byte outside ASCII, or when two links name different next pages.
pub(super) fn next(header: &[u8]) -> Result<Option<String>, Unreadable> {
    if header.len() > LONGEST {
        return Err(Unreadable);
    }
    let text = std::str::from_utf8(header).ok().filter(|text| text.is_ascii()).ok_or(Unreadable)?;
    let mut rest = Rest(text);
    let mut found: Option<String> = None;
    loop {
        rest.blank();
        if rest.0.is_empty() {
            return Ok(found);
        }
        // A list may have empty places.
        if rest.eat(',') {
            continue;
        }
        let (target, is_next) = rest.link()?;
        if is_next && found.as_ref().is_some_and(|found| *found != target) {
            return Err(Unreadable);
        }
        if is_next {
            found = Some(target);
        }
        rest.blank();
        if !rest.0.is_empty() && !rest.eat(',') {
            return Err(Unreadable);
        }
    }
}

/// What is left to read.
struct Rest<'h>(&'h str);

impl<'h> Rest<'h> {
    /// Passes over blanks.
    fn blank(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    /// Passes over a character, if it is the next one.
    fn eat(&mut self, c: char) -> bool {
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Takes characters as long as they are of a kind.
    fn take(&mut self, of: impl Fn(char) -> bool) -> &'h str {
        let end = self.0.find(|c| !of(c)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// A link: its target, and whether the target is the next page.
    fn link(&mut self) -> Result<(String, bool), Unreadable> {
        if !self.eat('<') {
            return Err(Unreadable);
        }
        let target = self.take(|c| !matches!(c, '<' | '>' | '"') && !c.is_ascii_control()).trim();
        if !self.eat('>') || target.contains(' ') {
            return Err(Unreadable);
        }
        let mut relations: Option<String> = None;
        loop {
            self.blank();
            if !self.eat(';') {
                break;
            }
            self.blank();
            let name = self.take(is_token);
            if name.is_empty() {
                // Some servers end a link with a semicolon.
                continue;
            }
            let value = self.value()?;
            if name.eq_ignore_ascii_case("rel") {
                // The standard has one of them; with two nobody knows which one is meant.
                if relations.is_some() {
                    return Err(Unreadable);
                }
                relations = Some(value.filter(|value| is_relations(value)).ok_or(Unreadable)?);
            }
        }
        // The standard demands a relation; without one the header was cut, or was not written for programs.
        let relations = relations.ok_or(Unreadable)?;
        let is_next = relations.split(' ').any(|word| word.eq_ignore_ascii_case("next"));
        Ok((target.to_owned(), is_next))
    }

    /// The value of a parameter, without quotes; `None` when it has none.
    fn value(&mut self) -> Result<Option<String>, Unreadable> {
        self.blank();
        if !self.eat('=') {
            return Ok(None);
        }
        self.blank();
        if !self.eat('"') {
            let value = self.take(is_token);
            return if value.is_empty() { Err(Unreadable) } else { Ok(Some(value.to_owned())) };
        }
        let mut value = String::new();
        loop {
            value.push_str(self.take(|c| !matches!(c, '"' | '\\')));
            if self.eat('"') {
                return Ok(Some(value));
            }
            let escaped = self.eat('\\').then(|| self.0.chars().next()).flatten().ok_or(Unreadable)?;
            self.eat(escaped);
            value.push(escaped);
        }
    }
}

/// Whether a character may stand in a name, or in a value without quotes. More than the standard has: values of other
/// parameters are often written without the quotes that they need.
fn is_token(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | ',' | ';' | '=' | '<' | '>' | '\\')
}

/// Whether a value is relations with single blanks between them. `'next'` is none: it was meant as `next` by whoever
/// wrote it, and a server that writes so must not end a list.
fn is_relations(value: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "-._:/?#@%+~&=!$()*,;[]".contains(c);
    !value.trim().is_empty() && value.split(' ').all(|word| word.chars().all(known))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_the_next_page_among_other_links() {
        for (header, target) in [
            ("<https://h/x?cursor=a%3D&limit=10>; rel=\"next\"", Some("https://h/x?cursor=a%3D&limit=10")),
            ("<https://h/p>; rel=\"prev\", <https://h/n>; rel=\"next\"", Some("https://h/n")),
            ("<https://h/n>;title=\"a, <b>; rel=x\";rel=next,<https://h/l>;rel=last", Some("https://h/n")),
            ("<https://h/n>; title=\"say \\\"hi\\\", you\"; rel=\"next\"", Some("https://h/n")),
            ("</x?p=2>; REL=\"last NEXT\"", Some("/x?p=2")),
            ("< https://h/a,b >; rel=next", Some("https://h/a,b")),
            ("<https://h/n>; crossorigin; rel = next ;, ,", Some("https://h/n")),
            ("<https://h/n>; rel=next, <https://h/n>; rel=next", Some("https://h/n")),
            ("<https://h/n>; rel=\"https://h/rel?a=b next\"; title*=UTF-8'en'%e2%82%ac", Some("https://h/n")),
            ("<https://h/n>; rel=\"nextish\"", None),
            ("<https://h/n>; xrel=next; rel=up", None),
            ("", None),
        ] {
            assert_eq!(next(header.as_bytes()), Ok(target.map(str::to_owned)), "{header}");
        }
    }

    #[test]
    fn a_header_that_cannot_be_read_whole_is_not_the_end_of_a_list() {
        for header in [
            "<https://h/n",
            "<https://h/n; rel=\"next\"",
            "https://h/n; rel=\"next\"",
            "rel=next",
            "garbage",
            "<https://h/n>; rel='next'",
            "<https://h/n>",
            "<https://h/n>; xrel=next",
            "<https://h/n>; rel=",
            "<https://h/n>; rel",
            "<https://h/n>; rel=\"\"",
            "<https://h/n>; rel=\"next",
            "<https://h/n>; title=\"a\\",
            "<https://h/n>; rel=prev; rel=next",
            &format!("<https://h/n?{}>; rel=next", "x".repeat(LONGEST)),
            "<https://h/n> rel=\"next\"",
            "<https://h/n>; rel=\"next\" <https://h/m>",
            "<https://h/p>; rel=\"prev\" garbage <https://h/n>; rel=\"next\"",
            "<https://h/p>; rel=\"prev\", garbage, <https://h/n>; rel=\"next\"",
            "<https://h/p, <https://h/n>; rel=\"next\"",
            "<https://h/n>; rel=\"next\", <https://h/m>; rel=\"next\"",
            "<https://h/n o>; rel=\"next\"",
            "<https://h/n\u{e9}>; rel=\"next\"",
        ] {
            assert_eq!(next(header.as_bytes()), Err(Unreadable), "{header}");
        }
        assert_eq!(next(b"<https://h/n\xff>; rel=\"next\""), Err(Unreadable));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in proptest::collection::vec(any::<u8>(), 0..80), text in ".{0,80}") {
            let _ = (next(&header), next(text.as_bytes()));
        }

        #[test]
        fn links_before_it_do_not_hide_it(titles in proptest::collection::vec("[a-z,;<>= ]{0,12}", 0..4)) {
            let mut header = String::new();
            for title in titles {
                header = format!("{header}<https://h/o>; title=\"{title}\"; rel=other, ");
            }
            header.push_str("<https://h/n>; rel=\"next\"");
            prop_assert_eq!(next(header.as_bytes()), Ok(Some("https://h/n".to_owned())));
        }

        #[test]
        fn a_header_that_is_cut_off_cannot_be_read(cut in 1_usize..56) {
            let header = "<https://h/n?cursor=abc>; title=\"x, y\"; rel=\"next last\"";
            prop_assert!(next(header.as_bytes()).is_ok());
            prop_assert_eq!(next(&header.as_bytes()[..cut.min(header.len() - 1)]), Err(Unreadable), "{}", cut);
        }
    }
}
