//! `SHA256SUMS` as text: the list of digests that `sha256sum -c` checks with no rollcall around.

use std::collections::BTreeMap;

/// Name of the list in a folder or a bundle.
pub const FILE: &str = "SHA256SUMS";

/// Name of the detached signature over the list; the only file beside the list that it does not name.
pub const SIGNATURE: &str = "SHA256SUMS.sig";

/// The list of these digests by path, in the format of `sha256sum`, in byte order of the paths.
#[must_use]
pub fn text(digests: &BTreeMap<String, String>) -> String {
    digests.iter().fold(String::new(), |text, (path, sha256)| text + sha256 + "  " + path + "\n")
}

/// Reads a list: digest by path.
///
/// # Errors
/// The number of the first line, from 1, that [`text`] cannot have written.
pub fn parse(text: &[u8]) -> Result<BTreeMap<String, String>, usize> {
    let mut listed = BTreeMap::new();
    let whole = text.is_empty() || text.ends_with(b"\n");
    let lines: Vec<_> = text.split(|b| *b == b'\n').collect();
    let last = lines.len();
    for (number, line) in (1..).zip(lines).filter(|(number, line)| *number < last || !line.is_empty()) {
        let entry = std::str::from_utf8(line).ok().and_then(|line| line.split_once("  "));
        let digest = |s: &str| s.len() == 64 && s.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let Some((sha256, path)) = entry.filter(|(sha256, path)| digest(sha256) && !path.is_empty()) else {
            return Err(number);
        };
        let first = listed.insert(path.to_owned(), sha256.to_owned()).is_none();
        if !first || !whole && number == last {
            return Err(number);
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_that_is_none_is_named_by_its_number() {
        let line = format!("{}  a\n", "0".repeat(64));
        assert!(parse(line.as_bytes()).is_ok());
        for bad in [
            line.to_uppercase().replace('0', "A"),
            line.replace("  ", " "),
            line.trim().to_owned(),
            format!("{line}\n{line}"),
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert_eq!(parse(format!("{line}{line}").as_bytes()), Err(2));
    }

    proptest! {
        #[test]
        fn the_list_is_read_back_as_it_was_written(
            digests in proptest::collection::btree_map("[a-z/ ü.]{1,9}", "[0-9a-f]{64}", 0..9)
        ) {
            prop_assert_eq!(parse(text(&digests).as_bytes()), Ok(digests));
        }
    }
}
