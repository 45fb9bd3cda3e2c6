//! Fields of the Hub's JSON, read leniently.
//!
//! The Hub's interface grows almost weekly and parts of it are known by inference only. So no field is trusted to be
//! there or to have its type: what is absent, null, empty or of another type is `None`, a number serves as text, and
//! unknown fields are ignored. What absence means is for the caller to say.
//!
//! Instants and counts are the exception: a token that was never used, or a list whose length is not stated, has none,
//! so one that is there and cannot be read must not pass for absent. It is an error of the item that holds it.

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

/// A field as whole number; a fraction is cut off. `None` when it is absent or null.
///
/// # Errors
/// When the field is there and no number that 64 bits can hold.
pub(super) fn integer(item: &Value, key: &str) -> Result<Option<i64>, String> {
    let read = match item.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Some(Value::String(digits)) => digits.trim().parse().ok(),
        Some(_) => None,
    };
    read.map(Some).ok_or_else(|| unreadable(key))
}

/// The whole part of a number, when it is one a 64-bit integer can hold.
fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
    (number.abs() < 9e18).then_some(number as i64)
}

/// A field as instant; `None` when it is absent or null.
///
/// # Errors
/// When the field is there and no instant that [`time::parse`] reads.
pub(super) fn time(item: &Value, key: &str) -> Result<Option<Timestamp>, String> {
    match item.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().and_then(time::parse).map(Some).ok_or_else(|| unreadable(key)),
    }
}

/// Says that a field cannot be read, without quoting it.
fn unreadable(key: &str) -> String {
    format!("unreadable `{key}`")
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
        assert_eq!(login(&item, "o").as_deref(), Some("bob"));
        assert_eq!(login(&item, "a").as_deref(), Some("x"));
        assert_eq!((json(&item, "l").as_deref(), json(&item, "z")), (Some("[1]"), None));
        assert_eq!(text(&json!([1]), "a"), None);
    }

    #[test]
    fn an_unreadable_time_or_count_is_not_an_absent_one() {
        let item = json!({"good": "2026-09-20T09:00:00.000Z", "none": null, "n": 7, "f": 1.9, "t": " 12 "});
        assert!(time(&item, "good").unwrap().is_some());
        for absent in ["none", "missing"] {
            assert_eq!((time(&item, absent), integer(&item, absent)), (Ok(None), Ok(None)), "{absent}");
        }
        let read = ["n", "f", "t"].map(|key| integer(&item, key));
        assert_eq!(read, [Ok(Some(7)), Ok(Some(1)), Ok(Some(12))]);
        for bad in
            [json!("yesterday"), json!(1e300), json!(""), json!("+100000-01-01T00:00:00Z"), json!([1]), json!(true)]
        {
            let item = json!({ "x": bad });
            assert!(time(&item, "x").is_err() && integer(&item, "x").is_err(), "{item}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_read_in_the_range_of_an_integer_and_unreadable_beyond(number in any::<f64>()) {
            let fits = number.is_finite() && number.abs() < 9e18;
            // JSON has no infinite numbers: they arrive as null.
            prop_assert_eq!(integer(&json!({"n": number}), "n").is_ok_and(|n| n.is_some()), fits, "{}", number);
        }
    }
}
