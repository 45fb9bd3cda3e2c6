//! Kept bodies into items, one at a time, so that an export of 100 000 events never stands in memory as JSON.

use std::io::{self, BufRead, BufReader, Read};

use serde_json::{Value, value::RawValue};

/// Largest item of a list that is read, in bytes; many times the largest that the Hub is known to send.
const LARGEST: usize = 1 << 20;

/// Most values in a document: a page of 1000 SCIM groups with 1000 members each has half as many.
const MOST_VALUES: u64 = 4_000_000;

/// What one page held.
#[derive(Debug)]
pub(super) struct Page<T> {
    /// Items that were understood, in order.
    pub(super) items: Vec<T>,
    /// Items that were not.
    pub(super) left_out: u64,
    /// What was wrong with the first of them.
    pub(super) first: Option<String>,
    /// Whether it holds more items than were wanted; these were not read.
    pub(super) more: bool,
}

/// Reads a JSON array item by item, `most` of them; an item that `parse` refuses, or that is larger than a MiB, is
/// counted and left out. No item is held that is larger.
///
/// # Errors
/// When the body is no array, without a word of the body.
pub(super) fn array<T, F>(body: impl Read, parse: &F, most: u64) -> Result<Page<T>, String>
where
    F: Fn(&RawValue) -> Result<T, String>,
{
    let unreadable = || "the answer is not readable".to_owned();
    let mut bytes = BufReader::with_capacity(1 << 16, body);
    match first(&mut bytes).map_err(|_error| unreadable())? {
        Some(b'[') => {}
        Some(b'{' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
            return Err("the answer is not the list that was expected".to_owned());
        }
        _ => return Err(unreadable()),
    }
    let mut page = Page { items: Vec::new(), left_out: 0, first: None, more: false };
    let (mut at, mut text) = (0_u64, Vec::new());
    loop {
        let end = item_text(&mut bytes, &mut text).map_err(|_error| unreadable())?;
        let empty = text.iter().all(u8::is_ascii_whitespace);
        if empty && end == End::List && at == 0 {
            break;
        }
        if at >= most {
            page.more = true;
            return Ok(page);
        }
        let item = if text.len() > LARGEST {
            Err("larger than 1 MiB".to_owned())
        } else {
            parse(serde_json::from_slice(&text).map_err(|_error| unreadable())?)
        };
        match item {
            Ok(item) => page.items.push(item),
            Err(why) => {
                page.left_out += 1;
                page.first.get_or_insert_with(|| format!("`[{at}]`: {why}"));
            }
        }
        at += 1;
        if end == End::List {
            break;
        }
    }
    match first(&mut bytes) {
        Ok(None) => Ok(page),
        _ => Err(unreadable()),
    }
}

/// What ends an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// A comma.
    Item,
    /// The end of the list.
    List,
}

/// The first byte that is no blank; `None` at the end.
fn first(bytes: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let Some(byte) = bytes.fill_buf()?.first().copied() else { return Ok(None) };
        bytes.consume(1);
        if !byte.is_ascii_whitespace() {
            return Ok(Some(byte));
        }
    }
}

/// The text of the next item, up to one byte more than the largest that is read, and what ended it. Whether it is JSON
/// is not looked at.
fn item_text(bytes: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<End> {
    text.clear();
    let (mut depth, mut quoted, mut escaped) = (0_u64, false, false);
    loop {
        let piece = bytes.fill_buf()?;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = piece.iter().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b',' | b']' if depth == 0 => return true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            false
        });
        let part = &piece[..end.unwrap_or(piece.len())];
        text.extend_from_slice(&part[..part.len().min(LARGEST + 1 - text.len().min(LARGEST + 1))]);
        let ended_by = end.and_then(|end| piece.get(end)).copied();
        let used = part.len() + usize::from(end.is_some());
        bytes.consume(used);
        match ended_by {
            Some(b',') => return Ok(End::Item),
            Some(_) => return Ok(End::List),
            None => {}
        }
    }
}

/// Reads a JSON document whole.
///
/// # Errors
/// When it is no JSON object, or holds more values than memory is given to.
pub(super) fn object(body: impl Read) -> Result<Value, String> {
    let mut body = Counted { body, values: 0 };
    let read = serde_json::from_reader::<_, Value>(BufReader::new(&mut body));
    if body.values > MOST_VALUES {
        return Err(format!("the answer holds more than {MOST_VALUES} values"));
    }
    let value = read.map_err(|_error| "the answer is not readable".to_owned())?;
    if value.is_object() { Ok(value) } else { Err("the answer is not the object that was expected".to_owned()) }
}

/// A document of which the values are counted, roughly, by what separates and opens them.
struct Counted<R> {
    /// It.
    body: R,
    /// How many so far.
    values: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        self.values += buffer[..count].iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() as u64;
        if self.values > MOST_VALUES { Err(io::Error::other("too many values")) } else { Ok(count) }
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
        let page = array(br#"[{"n":1},{"m":2},7,{"n":3}]"#.as_slice(), &n, u64::MAX).unwrap();
        assert_eq!((page.items, page.left_out), (vec![1, 3], 2));
        assert_eq!(page.first.as_deref(), Some("`[1]`: no `n`"));
    }

    #[test]
    fn a_page_that_is_no_list_says_so_without_quoting_it() {
        for body in [r#"{"secret":"x"}"#, "null", "\"secret\"", "17"] {
            let error = array(body.as_bytes(), &n, u64::MAX).unwrap_err();
            assert_eq!(error, "the answer is not the list that was expected", "{body}");
        }
        assert_eq!(array(br#"[{"n":1},"#.as_slice(), &n, u64::MAX).unwrap_err(), "the answer is not readable");
        assert!(object(b"[]".as_slice()).is_err() && object(b"{}".as_slice()).is_ok());
    }

    #[test]
    fn a_number_out_of_range_is_called_so() {
        let page = array(br#"[{"n":1},{"n":1e400}]"#.as_slice(), &n, u64::MAX).unwrap();
        assert_eq!((page.items.len(), page.first.as_deref()), (1, Some("`[1]`: a number out of range")));
    }

    #[test]
    fn no_more_items_are_read_than_wanted() {
        let body = br#"[{"n":1},{"m":2},{"n":3},{"n":4}]"#.as_slice();
        let page = array(body, &n, 3).unwrap();
        assert_eq!((page.items, page.left_out, page.more), (vec![1, 3], 1, true));
        let page = array(body, &n, 4).unwrap();
        assert_eq!((page.items.len(), page.more), (3, false));
        assert!(!array(b" [ ] ".as_slice(), &n, 0).unwrap().more);
    }

    #[test]
    fn an_item_larger_than_a_mebibyte_is_left_out_and_counted() {
        let sized = |size: usize| format!("{{\"n\":1,\"x\":\"{}\"}}", "[\\\"],".repeat(size / 5));
        let body = format!("[{{\"n\":1}}, {}, {}, {{\"n\":3}}]", sized(LARGEST - 40), sized(LARGEST + 40));
        let page = array(body.as_bytes(), &n, u64::MAX).unwrap();
        assert_eq!((page.items, page.left_out), (vec![1, 1, 3], 1));
        assert_eq!(page.first.as_deref(), Some("`[2]`: larger than 1 MiB"));
    }

    #[test]
    fn what_is_no_json_list_is_not_readable() {
        for body in
            ["", " ", "[", "[1", "[1,]", "[,1]", "[1 2]", "[1}", "[1]]", "[1] x", "[\"a]", "[{\"a\":[1}]]", "<p>"]
        {
            assert_eq!(array(body.as_bytes(), &n, u64::MAX).unwrap_err(), "the answer is not readable", "{body}");
        }
    }

    #[test]
    fn a_document_of_too_many_values_is_not_read() {
        let many = format!("{{\"a\":[{}0]}}", "0,".repeat(4_000_000));
        assert_eq!(object(many.as_bytes()).unwrap_err(), "the answer holds more than 4000000 values");
    }

    #[test]
    fn a_deep_item_is_left_out() {
        let deep = format!("[{{\"n\":1}},{{\"n\":{}1{}}}]", "[".repeat(500), "]".repeat(500));
        let page = array(deep.as_bytes(), &n, u64::MAX).unwrap();
        assert_eq!((page.items.len(), page.first.as_deref()), (1, Some("`[1]`: nested too deeply")));
    }

    proptest! {
        #[test]
        fn every_item_is_either_read_or_counted(numbers in proptest::collection::vec(proptest::option::of(0_i64..9), 0..20)) {
            let items: Vec<_> = numbers.iter().map(|n| n.map_or("{}".to_owned(), |n| format!("{{\"n\":{n}}}"))).collect();
            let page = array(format!("[{}]", items.join(",")).as_bytes(), &n, u64::MAX).unwrap();
            prop_assert_eq!(page.items.len() as u64 + page.left_out, numbers.len() as u64);
            prop_assert_eq!(page.items, numbers.into_iter().flatten().collect::<Vec<_>>());
        }
    }
}
