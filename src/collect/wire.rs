//! Fields of the Hub's JSON, read leniently.
//!
//! The Hub's interface grows almost weekly and parts of it are known by inference only. So no field is trusted to be
//! there or to have its type: what is absent, null, empty or of another type is `None`, a number serves as text, and
//! unknown fields are ignored. What absence means is for the caller to say.

use serde_json::Value;

use crate::model::time::{self, Timestamp};

/// A field as text: a text that is not empty, or a number.
pub(super) fn text(item: &Value, key: &str) -> Option<String> {
    scalar(item.get(key)?)
}

/// The first of several fields that is text.
pub(super) fn first_text(item: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| text(item, key))
}

/// The stable id of an object, which the Hub spells `_id` or `id`.
pub(super) fn id(item: &Value) -> Option<String> {
    first_text(item, &["_id", "id"])
}

/// A text that is not empty, or a number.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The login in a field that is a text or an object with `user`, `name` or `username`.
pub(super) fn login(item: &Value, key: &str) -> Option<String> {
    let value = item.get(key)?;
    scalar(value).or_else(|| first_text(value, &["user", "name", "username"]))
}

/// A field as truth value; the words `true` and `false` in any case count too.
pub(super) fn flag(item: &Value, key: &str) -> Option<bool> {
    match item.get(key)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) if word.eq_ignore_ascii_case("true") => Some(true),
        Value::String(word) if word.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A field as whole number; a fraction is cut off.
pub(super) fn integer(item: &Value, key: &str) -> Option<i64> {
    match item.get(key)? {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(digits) => digits.trim().parse().ok(),
        _ => None,
    }
}

/// The whole part of a number, when it is one a 64-bit integer can hold.
fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
    (number.abs() < 9e18).then_some(number as i64)
}

/// A field as instant; `None` when it is absent or no instant.
pub(super) fn time(item: &Value, key: &str) -> Option<Timestamp> {
    time::parse(item.get(key)?.as_str()?)
}

/// A field whose absence says something, as instant.
///
/// `lastUsedAt` is the case in point: absent means never used, so an unreadable one must not pass for absent.
///
/// # Errors
/// When the field is there and no instant.
pub(super) fn time_or_absent(item: &Value, key: &str) -> Result<Option<Timestamp>, String> {
    match item.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => time(item, key).map(Some).ok_or_else(|| format!("unreadable `{key}`")),
    }
}

/// A field as list; `None` when it is no list.
pub(super) fn list<'v>(item: &'v Value, key: &str) -> Option<&'v Vec<Value>> {
    item.get(key)?.as_array()
}

/// A field as JSON text with sorted keys; `None` when it is absent or null.
pub(super) fn json(item: &Value, key: &str) -> Option<String> {
    item.get(key).filter(|value| !value.is_null()).map(Value::to_string)
}

/// A text that must be there.
///
/// # Errors
/// Names the first of `keys` when none of them is text.
pub(super) fn needed(item: &Value, keys: &[&str]) -> Result<String, String> {
    first_text(item, keys).ok_or_else(|| format!("no `{}`", keys.first().copied().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_of_another_type_are_absent_not_fatal() {
        let item = json!({"a": "x", "n": 7, "e": "", "z": null, "o": {"user": "bob"}, "t": "True", "l": [1], "f": 1.9});
        assert_eq!(text(&item, "a").as_deref(), Some("x"));
        assert_eq!(text(&item, "n").as_deref(), Some("7"));
        for absent in ["e", "z", "o", "l", "t2"] {
            assert_eq!(text(&item, absent), None, "{absent}");
        }
        assert_eq!((flag(&item, "t"), flag(&item, "a"), flag(&item, "n")), (Some(true), None, None));
        assert_eq!((integer(&item, "n"), integer(&item, "f"), integer(&item, "a")), (Some(7), Some(1), None));
        assert_eq!(login(&item, "o").as_deref(), Some("bob"));
        assert_eq!(login(&item, "a").as_deref(), Some("x"));
        assert_eq!((json(&item, "l").as_deref(), json(&item, "z")), (Some("[1]"), None));
        assert_eq!(text(&json!([1]), "a"), None);
    }

    #[test]
    fn an_unreadable_time_is_not_an_absent_one() {
        let item = json!({"good": "2026-09-20T09:00:00.000Z", "bad": "yesterday", "odd": 17, "none": null});
        assert!(time_or_absent(&item, "good").unwrap().is_some());
        assert_eq!(time_or_absent(&item, "none"), Ok(None));
        assert_eq!(time_or_absent(&item, "missing"), Ok(None));
        assert!(time_or_absent(&item, "bad").is_err() && time_or_absent(&item, "odd").is_err());
    }

    proptest! {
        #[test]
        fn any_number_is_an_integer_or_absent(number in any::<f64>()) {
            let _ = integer(&json!({"n": number}), "n");
        }
    }
}
