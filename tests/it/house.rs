//! Holds the house to its own rules: who may know whom, how large files grow, and that names agree everywhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use rollcall::model::verdict::Verdict;

use crate::common::{files, root};

/// Which rooms each room may import. A new edge is a conscious edit here.
const MAY_IMPORT: [(&str, &[&str]); 14] = [
    ("cli", &["app", "model"]),
    ("app", &["analyze", "bundle", "collect", "config", "demo", "disk", "hub", "model", "report", "store", "table"]),
    ("config", &["model"]),
    ("demo", &["model"]),
    ("report", &["disk", "model"]),
    ("bundle", &["disk", "model"]),
    ("disk", &[]),
    ("analyze", &["model", "table"]),
    ("store", &["disk", "model", "table"]),
    ("collect", &["hub", "model", "table"]),
    ("hub", &["model"]),
    ("table", &["model"]),
    ("model", &[]),
    ("lib.rs", &[]),
];

/// Which rooms may use a crate.
const MAY_USE: [(&str, &[&str]); 8] = [
    ("polars", &["table", "store", "analyze"]),
    ("reqwest", &["hub"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("axum", &["demo"]),
    ("zip", &["bundle"]),
    ("ssh_key", &["bundle"]),
];

/// Lines that no source file exceeds.
const MOST_LINES: usize = 500;

/// A source file.
struct Source {
    /// Path under `src`.
    path: String,
    /// Its room: the first folder, or the file's name at the top.
    room: String,
    /// Its text.
    text: String,
}

impl Source {
    /// The text without comments and, if asked for, without the tests at its end.
    fn code(&self, with_tests: bool) -> String {
        let is_test =
            ["tests.rs", "testing.rs"].iter().any(|end| self.path.ends_with(end)) || self.path.contains("/tests/");
        if is_test && !with_tests {
            return String::new();
        }
        let text = if with_tests { &*self.text } else { self.text.split("#[cfg(test)]").next().unwrap_or_default() };
        let uncommented = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
        uncommented.collect::<Vec<_>>().join("\n")
    }
}

/// Every source file.
fn sources() -> io::Result<Vec<Source>> {
    let src = root().join("src");
    let paths = files(&src)?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "rs"));
    paths
        .map(|path| {
            let name = path.to_string_lossy().replace('\\', "/");
            let room = match name.split_once('/') {
                Some((room, _)) => room.to_owned(),
                None if name == "main.rs" || name == "lib.rs" => name.clone(),
                None => name.trim_end_matches(".rs").to_owned(),
            };
            Ok(Source { room, text: fs::read_to_string(src.join(&path))?, path: name })
        })
        .collect()
}

/// The names that follow `prefix::`, alone or in braces.
fn named_after(prefix: &str, code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = code[at + prefix.len()..].trim_start();
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(identifier(rest));
            continue;
        };
        let mut depth = 0_usize;
        let mut fresh = true;
        for (i, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => fresh = true,
                c if fresh && !c.is_whitespace() => {
                    names.insert(identifier(&group[i..]));
                    fresh = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// The identifier at the start of a text.
fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn imports_are_read_from_groups_and_paths() {
    let code = "use crate::{\n  hub::{a, b},\n  model::x,\n};\nlet y = crate::table::spec;";
    assert_eq!(named_after("crate::", code), ["hub", "model", "table"].map(str::to_owned).into());
}

#[test]
fn rooms_look_down_only() {
    let rooms: BTreeSet<&str> = MAY_IMPORT.iter().map(|(room, _)| *room).collect();
    for source in sources().unwrap() {
        if source.room == "main.rs" {
            assert_eq!(named_after("rollcall::", &source.code(true)), BTreeSet::from(["cli".to_owned()]));
            continue;
        }
        let (_, allowed) = MAY_IMPORT
            .iter()
            .find(|(room, _)| *room == source.room)
            .unwrap_or_else(|| panic!("{} is in no declared room", source.path));
        for name in named_after("crate::", &source.code(true)) {
            let fine = name == source.room || allowed.contains(&&*name) || !rooms.contains(&*name);
            assert!(fine, "{} must not import {name}", source.path);
        }
    }
}

#[test]
fn heavy_crates_stay_in_their_rooms() {
    for source in sources().unwrap() {
        let code = source.code(true);
        for (name, rooms) in MAY_USE {
            let used = code.contains(&format!("use {name}::")) || code.contains(&format!("{name}::"));
            let whole_word = code
                .match_indices(&format!("{name}::"))
                .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
            assert!(!(used && whole_word) || rooms.contains(&&*source.room), "{} must not use {name}", source.path);
        }
    }
}

#[test]
fn files_say_what_they_are_for_and_stay_small() {
    for source in sources().unwrap() {
        assert!(source.text.starts_with("//! "), "{} does not open with its responsibility", source.path);
        let lines = source.text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", source.path);
    }
}

#[test]
fn nothing_but_tests_unwraps() {
    for source in sources().unwrap() {
        assert!(!source.code(false).contains(".unwrap()"), "{} unwraps", source.path);
    }
}

#[test]
fn what_is_checked_is_checked_in_the_optimized_program_too() {
    for source in sources().unwrap() {
        assert!(!source.code(false).contains("debug_assert"), "{}", source.path);
    }
}

#[test]
fn every_analyzer_has_words_and_every_word_an_analyzer() {
    let ids: BTreeSet<String> = rollcall::analyze::metas().map(|meta| meta.id.to_owned()).collect();
    for id in &ids {
        assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{id} is not kebab-case");
    }
    let sections = files(&root().join("report_templates/sections")).unwrap();
    let mut languages: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for path in sections {
        let (language, id) =
            (path.parent().unwrap().to_owned(), path.file_stem().unwrap().to_string_lossy().into_owned());
        languages.entry(language).or_default().insert(id);
    }
    assert!(languages.len() > 1, "there is one language at least beside English");
    for (language, names) in languages {
        assert_eq!(names, ids, "{}", language.display());
    }
}

#[test]
fn every_rule_that_asks_for_something_says_what_to_do_in_every_language() {
    let folder = root().join("report_templates/sections");
    for path in files(&folder).unwrap() {
        let text = fs::read_to_string(folder.join(&path)).unwrap();
        let told: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("### ")).map(str::trim).collect();
        let id = path.file_stem().unwrap().to_string_lossy().into_owned();
        let meta = rollcall::analyze::metas().find(|meta| meta.id == id).unwrap();
        let asks = meta.rules.iter().filter(|rule| !matches!(rule.verdict, Verdict::Listed | Verdict::Pass));
        assert_eq!(told, asks.map(|rule| rule.id).collect(), "{}", path.display());
    }
}

/// Texts that somebody might read.
fn readable(folders: &[&str]) -> io::Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for folder in folders {
        let folder = root().join(folder);
        if !folder.is_dir() {
            continue;
        }
        for path in files(&folder)? {
            if let Ok(text) = fs::read_to_string(folder.join(&path)) {
                texts.push((folder.join(&path).display().to_string(), text));
            }
        }
    }
    for file in ["README.md", "Cargo.toml"] {
        texts.push((file.to_owned(), fs::read_to_string(root().join(file))?));
    }
    Ok(texts)
}

#[test]
fn only_invented_people_have_addresses() {
    for (path, text) in readable(&["fixtures", "report_templates"]).unwrap() {
        if Path::new(&path).starts_with(root().join("report_templates/fonts")) {
            continue;
        }
        for (at, _) in text.match_indices('@') {
            let domain: String =
                text[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
            let domain = domain.trim_end_matches('.').to_lowercase();
            // A template unit of systemd, `name@.service`, has nothing before the dot.
            if !domain.contains('.') || domain.starts_with('.') {
                continue;
            }
            let reserved = ["example.com", "example.org", "example.net"];
            let invented = domain.ends_with(".example")
                || reserved.iter().any(|r| domain == *r || domain.ends_with(&format!(".{r}")));
            assert!(invented, "{path} names an address at {domain}");
        }
    }
}

#[test]
fn no_text_names_a_folder_of_somebodys_machine() {
    let places = [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    for (path, text) in readable(&["src", "tests", "fixtures", "report_templates", ".ci", ".github"]).unwrap() {
        for place in places {
            assert!(!text.contains(place), "{path} names {place}");
        }
    }
}
