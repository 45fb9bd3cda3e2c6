//! Keeps the README's generated blocks equal to the declarations they come from.

use std::{collections::BTreeMap, fs};

use rollcall::{config::keys, hub::endpoints::ENDPOINTS};

use crate::common::root;

/// The blocks by name.
fn blocks() -> BTreeMap<&'static str, String> {
    let code = |text: Option<&str>, none: &str| text.map_or_else(|| none.to_owned(), |t| format!("`{t}`"));
    let mut permissions = vec!["| source | path | permission | plan |".to_owned(), "|---|---|---|---|".to_owned()];
    permissions.extend(ENDPOINTS.iter().map(|call| {
        let permission = code(call.permission, "none that is known");
        format!("| `{}` | `{}` | {permission} | {} |", call.source, call.path, call.plan.unwrap_or("any"))
    }));
    let permissions = format!("{}\n", permissions.join("\n"));
    let configuration = format!("```toml\n{}```\n", keys::sample());
    BTreeMap::from([("configuration", configuration), ("permissions", permissions)])
}

#[test]
fn generated_blocks_are_current() {
    let path = root().join("README.md");
    let mut text = fs::read_to_string(&path).unwrap();
    for (name, block) in blocks() {
        let begin = text.find(&format!("<!-- begin {name}:")).unwrap_or_else(|| panic!("no block {name}"));
        let start = begin + text[begin..].find("-->\n").unwrap() + 4;
        let end = start + text[start..].find(&format!("<!-- end {name} -->")).unwrap();
        text.replace_range(start..end, &block);
    }
    #[expect(clippy::disallowed_methods, reason = "the documented switch that rewrites the README")]
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert!(text == fs::read_to_string(&path).unwrap(), "README.md is not current: run `UPDATE_DOCS=1 cargo test`");
}
