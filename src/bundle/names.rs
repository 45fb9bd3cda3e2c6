//! Names of files in a bundle: plain relative paths that mean the same place on every system.

/// Why no bundle may hold a file of this name; `None` when it may.
pub(super) fn fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.len() > 4096 {
        return Some("it is too long");
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '\\' | ':')) {
        return Some("it holds a backslash, a colon or a control character");
    }
    // An absolute path and a trailing slash show as an empty part.
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("it leads outside the bundle's folder or is no file");
    }
    None
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
        ] {
            assert!(fault(bad).is_some(), "{bad:?}");
        }
        for good in ["SHA256SUMS", "report/csv/access.csv", "evidence/acme/audit_events/month=2026-06/a.parquet", "..a"]
        {
            assert_eq!(fault(good), None, "{good}");
        }
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
