//! `explain security` prints the promises, and each promise names tests that exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::PathBuf,
};

use serde::Deserialize;

use crate::common::{Sandbox, files, root};

/// Names of every test and property in the sources.
fn tests() -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for folder in ["src", "tests"] {
        for path in files(&root().join(folder))?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "rs")) {
            let text = fs::read_to_string(root().join(folder).join(path))?;
            let mut is_test = false;
            let mut in_properties = false;
            for line in text.lines().map(str::trim) {
                is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
                in_properties |= line.starts_with("proptest!");
                let name = line.trim_start_matches("async ").strip_prefix("fn ");
                if let Some(name) = name.filter(|_| is_test || in_properties) {
                    names.insert(name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
                    is_test = false;
                }
            }
        }
    }
    Ok(names)
}

/// The promises of the page, each with the tests that it names.
fn promises(text: &str) -> Vec<&str> {
    text.split("\n- ").skip(1).map(|promise| promise.split("\n\n").next().unwrap_or(promise)).collect()
}

#[test]
fn every_promise_names_tests_that_exist() {
    let text = fs::read_to_string(root().join("report_templates/security.md")).unwrap();
    let (tests, mut held) = (tests().unwrap(), 0);
    let promises = promises(&text);
    for promise in &promises {
        let names = promise.split('`').skip(1).step_by(2).filter(|word| word.matches('_').count() > 1);
        let names: Vec<&str> = names.collect();
        assert!(promise.starts_with("Not promised") || !names.is_empty(), "nothing holds: {promise}");
        for name in names {
            assert!(tests.contains(name), "there is no test {name}");
            held += 1;
        }
    }
    assert!(promises.len() > 14 && held > 30, "{} promises, {held} tests", promises.len());
}

/// One change of the list that a hand run tries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// What it breaks, in words.
    promise: String,
    /// File that it changes.
    file: PathBuf,
    /// Text in that file.
    old: String,
    /// What takes its place.
    new: String,
    /// The test that must then fail.
    test: String,
}

#[test]
fn every_promise_has_a_change_that_breaks_it() {
    let list = fs::read_to_string(root().join("tests/mutations/list.toml")).unwrap();
    let mut list: BTreeMap<String, Vec<Mutation>> = toml::from_str(&list).unwrap();
    let mutations = list.remove("mutation").unwrap_or_default();
    for Mutation { promise, file, old, new, test } in &mutations {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert_eq!(text.matches(old).count(), 1, "{promise}: its text must stand once in {}", file.display());
        assert!(old != new && tests().unwrap().contains(test), "{promise}: {test}");
    }
    let text = fs::read_to_string(root().join("report_templates/security.md")).unwrap();
    for promise in promises(&text).into_iter().filter(|promise| !promise.starts_with("Not promised")) {
        let held = mutations.iter().any(|mutation| promise.contains(&format!("`{}`", mutation.test)));
        assert!(held, "no change in tests/mutations/list.toml breaks: {promise}");
    }
}

#[test]
fn explain_security_prints_the_promises() {
    let sandbox = Sandbox::new().unwrap();
    let run = sandbox.run("explain security").unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("A tampering operator") && run.stdout.contains("Not promised"), "{}", run.stdout);
    assert!(sandbox.run("explain").unwrap().stdout.contains("security"));
}
