//! What the JSON holds, and what it never alters.

use super::*;
use crate::report::{template, testing};

/// The JSON of the sample.
fn sample() -> String {
    let sample = testing::Sample::new();
    let templates = [template::load("access-review", None).unwrap()];
    String::from_utf8(render(&sample.input(), &templates[0], &templates).unwrap()).unwrap()
}

#[test]
fn what_would_speak_to_a_screen_is_spelled_and_means_the_same() {
    let value = "a\u{202e}b\u{9b}c\u{e0041}d\u{7f}é";
    let spelt = spelled(serde_json::to_string(value).unwrap());
    assert_eq!(spelt, r#""a\u202eb\u009bc\udb40\udc41d\u007fé""#);
    assert_eq!(serde_json::from_str::<String>(&spelt).unwrap(), value);
}

#[test]
fn the_whole_file() {
    testing::snapshot("report-json", &sample());
}

#[test]
fn the_root_has_the_keys_of_the_contract_in_order() {
    let text = sample();
    let at = |key: &str| text.find(&format!("\n  \"{key}\":")).unwrap_or_else(|| panic!("no key {key}"));
    let keys = ["format", "org", "snapshot", "as_of", "tool", "parameters", "coverage", "totals", "analyzers"];
    let more = ["people", "follow_up", "trend", "exceptions", "controls"];
    let places: Vec<usize> = keys.iter().chain(&more).map(|k| at(k)).collect();
    assert!(places.is_sorted());
}

#[test]
fn cells_keep_their_type_and_are_never_altered() {
    let show = |cell: Cell| serde_json::to_string(&CellValue(&cell)).unwrap();
    assert_eq!(show(Cell::Money(2000)), "20.00");
    assert_eq!(show(Cell::Money(-5)), "-0.05");
    assert_eq!(show(Cell::Integer(-5)), "-5");
    assert_eq!(show(Cell::Boolean(false)), "false");
    assert_eq!(show(Cell::Empty), "null");
    assert_eq!(show(Cell::List(vec!["a".to_owned(), "b;c".to_owned()])), r#"["a","b;c"]"#);
    assert_eq!(show(Cell::Text("=1+1\0".to_owned())), "\"=1+1\\u0000\"");
}
