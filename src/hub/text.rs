//! What a refusal says, made fit for one line of a report.

use serde_json::Value;

use crate::model::text::hides;

/// Longest text taken over from the Hub, in characters.
const LONGEST: usize = 200;

/// The Hub's words in a body that is no success; `None` when it has none worth repeating (a web page, say).
///
/// The Hub's own form is `{"error": "…"}`; lists, objects, SCIM's `detail` and plain text are understood too.
pub(super) fn of_body(body: &[u8], content_type: &str) -> Option<String> {
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        return words(&value).map(|text| one_line(&text)).filter(|text| !text.is_empty());
    }
    let text = std::str::from_utf8(body).ok()?.trim();
    let plain = content_type.starts_with("text/plain") && !text.starts_with('<');
    plain.then(|| one_line(text)).filter(|text| !text.is_empty())
}

/// The words of a JSON error.
fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let all: Vec<_> = items.iter().filter_map(words).collect();
            (!all.is_empty()).then(|| all.join("; "))
        }
        Value::Object(fields) => {
            let known = ["error", "errors", "message", "error_description", "detail"];
            known.iter().find_map(|key| fields.get(*key).and_then(words))
        }
        _ => None,
    }
}

/// Text on one line: control characters and their like are blanks, blanks are single, and it ends after 200 characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    let blank = |c: char| c.is_whitespace() || hides(c);
    let mut line = String::new();
    for word in text.split(blank).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(LONGEST) {
        Some(_) => line.chars().take(LONGEST - 1).chain(['…']).collect(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn understands_every_known_form_of_error() {
        for (body, text) in [
            (r#"{"error":"Repository not found"}"#, Some("Repository not found")),
            (r#"{"error":["a","b"]}"#, Some("a; b")),
            (r#"{"error":{"code":"x","message":"no"}}"#, Some("no")),
            (r#"{"errors":[{"message":"one"},{"message":"two"}]}"#, Some("one; two")),
            (r#"{"error_description":"expired"}"#, Some("expired")),
            (r#"{"schemas":["x"],"status":"404","detail":"User not found"}"#, Some("User not found")),
            (r#"{"error":""}"#, None),
            (r#"{"ok":1}"#, None),
            ("17", None),
        ] {
            assert_eq!(of_body(body.as_bytes(), "application/json").as_deref(), text, "{body}");
        }
        assert_eq!(of_body(b"Not here", "text/plain; charset=utf-8").as_deref(), Some("Not here"));
        assert_eq!(of_body(b"<html>Not here</html>", "text/html"), None);
        assert_eq!(of_body(b"<html>Not here</html>", "text/plain"), None);
        assert_eq!(of_body(&[0xff, 0xfe], "text/plain"), None);
    }

    #[test]
    fn a_hostile_text_stays_one_short_line() {
        assert_eq!(one_line("a\r\nb\t\u{1b}[31mc\u{202e}d  e"), "a b [31mc d e");
        let long = one_line(&"é".repeat(500));
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with('…'));
    }
}
