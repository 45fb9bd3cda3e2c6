//! The `Link` header (RFC 8288): where the next page is.

/// The target of the first link with the relation `next`, as it was sent; `None` without one.
///
/// Several links, other parameters, quoted commas and semicolons, several relations in one parameter and any case of
/// names are understood. Whether the target may be followed is not decided here.
pub(super) fn next(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(open) = rest.find('<') {
        let after = &rest[open + 1..];
        let close = after.find('>')?;
        let target = after[..close].trim();
        let (parameters, following) = after[close + 1..].split_at(end_of_link(&after[close + 1..]));
        if is_next(parameters) {
            return Some(target.to_owned());
        }
        rest = following;
    }
    None
}

/// Length of a link's parameters: up to the first comma outside quotes.
fn end_of_link(text: &str) -> usize {
    let mut scan = Scan::default();
    text.char_indices().find(|(_, c)| scan.is_bare(*c) && *c == ',').map_or(text.len(), |(at, _)| at)
}

/// Whether the parameters hold `rel` with `next` among its words; only the first `rel` counts, as the standard says.
fn is_next(parameters: &str) -> bool {
    let mut scan = Scan::default();
    let parts = parameters.split(|c| scan.is_bare(c) && c == ';');
    for part in parts {
        let Some((name, value)) = part.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("rel") {
            let words = value.trim().trim_matches('"');
            return words.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"));
        }
    }
    false
}

/// Knows whether a character stands inside quotes.
#[derive(Default)]
struct Scan {
    /// Inside quotes.
    quoted: bool,
    /// After a backslash inside quotes.
    escaped: bool,
}

impl Scan {
    /// Takes the next character; whether it stands outside quotes.
    fn is_bare(&mut self, c: char) -> bool {
        match (self.quoted, self.escaped, c) {
            (true, true, _) => self.escaped = false,
            (true, false, '\\') => self.escaped = true,
            (_, _, '"') => self.quoted = !self.quoted,
            _ => {}
        }
        !self.quoted
    }
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
            ("<https://h/n>; rel=\"nextish\"", None),
            ("<https://h/n>; rel=prev; rel=next", None),
            ("<https://h/n>; xrel=next", None),
            ("<https://h/n", None),
            ("rel=next", None),
            ("", None),
        ] {
            assert_eq!(next(header).as_deref(), target, "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in ".{0,80}") {
            let _ = next(&header);
        }

        #[test]
        fn links_before_it_do_not_hide_it(titles in proptest::collection::vec("[a-z,;<>= ]{0,12}", 0..4)) {
            let mut header = String::new();
            for title in titles {
                header = format!("{header}<https://h/o>; title=\"{title}\"; rel=other, ");
            }
            header.push_str("<https://h/n>; rel=\"next\"");
            prop_assert_eq!(next(&header), Some("https://h/n".to_owned()));
        }
    }
}
