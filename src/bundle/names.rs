//! Names of files in a bundle: plain relative paths that mean the same place on every system, and no two of them the same
//! place on any.

use std::collections::{BTreeMap, btree_map::Entry};

use unicode_normalization::UnicodeNormalization as _;

use crate::model::text::hides;

/// Names that Windows keeps for devices, with any ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Why no bundle may hold a file of this name; `None` when it may.
pub(super) fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.len() > 4096 {
        return Some("it is too long");
    }
    if name.chars().any(|c| hides(c) || matches!(c, '\\' | ':')) {
        return Some("it holds a backslash, a colon or a character that cannot be seen");
    }
    // An absolute path and a trailing slash show as an empty part.
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("it leads outside the bundle's folder or is no file");
    }
    if name.split('/').any(|part| part.ends_with(['.', ' '])) {
        return Some("a part of it ends in a dot or a blank, which Windows drops");
    }
    if name.split('/').any(is_device) {
        return Some("a part of it is the name of a device on Windows");
    }
    None
}

/// Whether Windows takes a part of a path for a device.
fn is_device(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_lowercase();
    let socket = || {
        let number = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"))?;
        let mut digits = number.chars();
        let digit = digits.next().filter(|c| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'));
        digit.filter(|_| digits.next().is_none())
    };
    DEVICES.contains(&stem.as_str()) || socket().is_some()
}

/// Two names of files that are one place on some system: where neither case nor the form of Unicode count, or where one
/// of them would be a file and a folder at once. `None` when each has a place of its own.
pub(super) fn clash<'n>(names: impl Iterator<Item = &'n str>) -> Option<(&'n str, &'n str)> {
    let mut places: BTreeMap<String, (&str, bool, &str)> = BTreeMap::new();
    for name in names {
        let ends = name.match_indices('/').map(|(at, _)| at).chain([name.len()]);
        for (place, is_file) in ends.map(|end| (&name[..end], end == name.len())) {
            match places.entry(folded(place)) {
                Entry::Vacant(free) => {
                    free.insert((place, is_file, name));
                }
                Entry::Occupied(taken) => {
                    let (other, other_is_file, of) = *taken.get();
                    if other != place || is_file || other_is_file {
                        return Some((of, name));
                    }
                }
            }
        }
    }
    None
}

/// A path as systems compare it that mind neither case nor the form of Unicode.
fn folded(path: &str) -> String {
    let same = |c: char| c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    path.nfd().flat_map(same).nfd().collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_told() {
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/..",
            "a//b",
            "./a",
            "a/",
            "C:/x",
            "a\\b",
            "..\\x",
            "a\0b",
            "a\nb",
            "a\u{200b}b",
            "a.",
            "a ",
            "a./b",
            "con",
            "CON.txt",
            "x/Aux.tar.gz",
            "NUL .txt",
            "com1",
            "LPT9.csv",
            "com¹",
            "CONOUT$",
        ] {
            assert!(fault(bad).is_some(), "{bad:?}");
        }
        for good in [
            "SHA256SUMS",
            "report/csv/access.csv",
            "evidence/acme/audit_events/month=2026-06/a.parquet",
            "..a",
            "console",
            "com",
            "com10",
            "a.con",
            "nul-1",
            "x/lpt",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
    }

    #[test]
    fn names_that_are_one_place_somewhere_are_told() {
        for pair in [
            ["a", "A"],
            ["report/a", "Report/b"],
            ["caf\u{e9}", "cafe\u{301}"],
            ["straße", "STRASSE"],
            ["a", "a/b"],
            ["x/a/b", "x/A"],
            ["a", "a"],
        ] {
            assert_eq!(clash(pair.into_iter()), Some((pair[0], pair[1])));
            assert!(clash(pair.into_iter().rev()).is_some());
        }
        assert_eq!(clash(["a/b", "a/c", "b", "a.b", "a b"].into_iter()), None);
    }

    proptest! {
        #[test]
        fn an_allowed_name_stays_in_its_folder(name in "[./\\\\a:]{0,8}") {
            if fault(&name).is_none() {
                prop_assert!(Path::new(&name).components().all(|part| matches!(part, Component::Normal(_))), "{}", name);
            }
        }
    }
}
