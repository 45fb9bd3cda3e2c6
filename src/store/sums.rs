//! `SHA256SUMS`: the list of digests that `sha256sum -c` checks with no rollcall around.

use std::{collections::BTreeMap, path::Path};

use super::{disk, error::Error, layout};

/// The list of every file below a folder but the list itself, sorted by path in byte order.
pub(super) fn render(dir: &Path) -> Result<String, Error> {
    Ok(text(&digests(dir)?))
}

/// The list of these digests by path, in the format of `sha256sum`.
pub(super) fn text(digests: &BTreeMap<String, String>) -> String {
    digests.iter().fold(String::new(), |text, (path, sha256)| text + sha256 + "  " + path + "\n")
}

/// Digest of every file below a folder but the list itself.
fn digests(dir: &Path) -> Result<BTreeMap<String, String>, Error> {
    let mut digests = BTreeMap::new();
    for path in disk::files(dir)? {
        if path != layout::SUMS {
            let (sha256, _) = disk::digest_file(&dir.join(&path))?;
            digests.insert(path, sha256);
        }
    }
    Ok(digests)
}

/// Reads a list. `Err` is the number of the first line that is not one of ours.
pub(super) fn parse(text: &[u8]) -> Result<BTreeMap<String, String>, usize> {
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
    use super::*;

    #[test]
    fn the_list_is_read_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        disk::make_dir(&dir.path().join("tables")).unwrap();
        for name in ["tables/a.parquet", "manifest.json", layout::SUMS] {
            disk::write(&dir.path().join(name), name.as_bytes()).unwrap();
        }
        let text = render(dir.path()).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert_eq!(parse(text.as_bytes()), Ok(digests(dir.path()).unwrap()));
    }

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
}
