//! Kept bodies into items, one at a time, so that an export of 100 000 events never stands in memory as JSON.

use std::{
    fmt,
    io::{BufReader, Read},
    marker::PhantomData,
};

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::{Value, value::RawValue};

/// What one page held.
#[derive(Debug)]
pub(super) struct Page<T> {
    /// Items that were understood, in order.
    pub(super) items: Vec<T>,
    /// Items that were not.
    pub(super) left_out: u64,
    /// What was wrong with the first of them.
    pub(super) first: Option<String>,
}

/// Reads a JSON array item by item; an item that `parse` refuses is counted and left out.
///
/// # Errors
/// When the body is no array, without a word of the body.
pub(super) fn array<T, F>(body: impl Read, parse: &F) -> Result<Page<T>, String>
where
    F: Fn(&RawValue) -> Result<T, String>,
{
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 16, body));
    Items { parse, item: PhantomData }.deserialize(&mut json).map_err(|error| {
        // serde's own message would quote the body.
        let kind = if error.is_data() { "not the list that was expected" } else { "not readable" };
        format!("the answer is {kind}")
    })
}

/// Reads a JSON document whole.
///
/// # Errors
/// When it is no JSON object.
pub(super) fn object(body: impl Read) -> Result<Value, String> {
    let value: Value =
        serde_json::from_reader(BufReader::new(body)).map_err(|_error| "the answer is not readable".to_owned())?;
    if value.is_object() { Ok(value) } else { Err("the answer is not the object that was expected".to_owned()) }
}

/// Visits an array.
struct Items<'p, T, F> {
    /// Reads one item.
    parse: &'p F,
    /// What it yields.
    item: PhantomData<T>,
}

impl<'de, T, F: Fn(&RawValue) -> Result<T, String>> DeserializeSeed<'de> for Items<'_, T, F> {
    type Value = Page<T>;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Page<T>, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, T, F: Fn(&RawValue) -> Result<T, String>> Visitor<'de> for Items<'_, T, F> {
    type Value = Page<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Page<T>, A::Error> {
        let mut page = Page { items: Vec::new(), left_out: 0, first: None };
        let mut at = 0_u64;
        while let Some(raw) = seq.next_element::<Box<RawValue>>()? {
            match (self.parse)(&raw) {
                Ok(item) => page.items.push(item),
                Err(why) => {
                    page.left_out += 1;
                    page.first.get_or_insert_with(|| format!("`[{at}]`: {why}"));
                }
            }
            at += 1;
        }
        Ok(page)
    }
}

/// An item as a value of its own.
///
/// # Errors
/// When it is no object, holds a number that no number can hold, or is nested deeper than any answer of the Hub.
pub(super) fn item(raw: &RawValue) -> Result<Value, String> {
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err("not an object".to_owned()),
        // The text was read as JSON once, so it is one of two things, and only one of them has these words.
        Err(error) if error.to_string().starts_with("number out of range") => Err("a number out of range".to_owned()),
        Err(_) => Err("nested too deeply".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The `n` of an item.
    fn n(raw: &RawValue) -> Result<i64, String> {
        item(raw)?.get("n").and_then(Value::as_i64).ok_or_else(|| "no `n`".to_owned())
    }

    #[test]
    fn one_bad_item_does_not_lose_the_page() {
        let page = array(br#"[{"n":1},{"m":2},7,{"n":3}]"#.as_slice(), &n).unwrap();
        assert_eq!((page.items, page.left_out), (vec![1, 3], 2));
        assert_eq!(page.first.as_deref(), Some("`[1]`: no `n`"));
    }

    #[test]
    fn a_page_that_is_no_list_says_so_without_quoting_it() {
        for body in [r#"{"secret":"x"}"#, "null", "\"secret\"", "17"] {
            let error = array(body.as_bytes(), &n).unwrap_err();
            assert_eq!(error, "the answer is not the list that was expected", "{body}");
        }
        assert_eq!(array(br#"[{"n":1},"#.as_slice(), &n).unwrap_err(), "the answer is not readable");
        assert!(object(b"[]".as_slice()).is_err() && object(b"{}".as_slice()).is_ok());
    }

    #[test]
    fn a_number_out_of_range_is_called_so() {
        let page = array(br#"[{"n":1},{"n":1e400}]"#.as_slice(), &n).unwrap();
        assert_eq!((page.items.len(), page.first.as_deref()), (1, Some("`[1]`: a number out of range")));
    }

    #[test]
    fn a_deep_item_is_left_out() {
        let deep = format!("[{{\"n\":1}},{{\"n\":{}1{}}}]", "[".repeat(500), "]".repeat(500));
        let page = array(deep.as_bytes(), &n).unwrap();
        assert_eq!((page.items.len(), page.first.as_deref()), (1, Some("`[1]`: nested too deeply")));
    }

    proptest! {
        #[test]
        fn every_item_is_either_read_or_counted(numbers in proptest::collection::vec(proptest::option::of(0_i64..9), 0..20)) {
            let items: Vec<_> = numbers.iter().map(|n| n.map_or("{}".to_owned(), |n| format!("{{\"n\":{n}}}"))).collect();
            let page = array(format!("[{}]", items.join(",")).as_bytes(), &n).unwrap();
            prop_assert_eq!(page.items.len() as u64 + page.left_out, numbers.len() as u64);
            prop_assert_eq!(page.items, numbers.into_iter().flatten().collect::<Vec<_>>());
        }
    }
}
