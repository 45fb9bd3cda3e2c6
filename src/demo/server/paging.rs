//! Pages of a list: limits as the Hub clamps them, opaque cursors, and the link to the next page.

use serde_json::Value;

use super::{answer::Answer, routes::Call};

/// What a list allows for `limit`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Without a `limit`.
    pub(super) default: usize,
    /// Smallest.
    pub(super) min: usize,
    /// Largest.
    pub(super) max: usize,
}

impl Limits {
    /// The limit of a call, clamped; an answer when it is no number.
    pub(super) fn of(self, call: &Call) -> Result<usize, Answer> {
        match call.first("limit") {
            None => Ok(self.default),
            Some(text) => text
                .parse::<usize>()
                .map(|n| n.clamp(self.min, self.max))
                .map_err(|_nan| Answer::error(400, "Invalid limit")),
        }
    }
}

/// How a list writes its cursors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cursor {
    /// The id of the last item as it is.
    Plain,
    /// Something opaque.
    Opaque,
}

impl Cursor {
    /// The cursor that continues after the item with `key`.
    fn write(self, key: &str) -> String {
        match self {
            Self::Plain => key.to_owned(),
            Self::Opaque => {
                let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
                key.bytes().rev().map(|b| b ^ 0x5a).flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
            }
        }
    }

    /// The key in a cursor; `None` when it is none of ours.
    fn read(self, text: &str) -> Option<String> {
        if self == Self::Plain {
            return Some(text.to_owned());
        }
        if !text.is_ascii() || !text.len().is_multiple_of(2) {
            return None;
        }
        let bytes = (0..text.len()).step_by(2).rev().map(|i| u8::from_str_radix(&text[i..i + 2], 16).map(|b| b ^ 0x5a));
        String::from_utf8(bytes.collect::<Result<_, _>>().ok()?).ok()
    }
}

/// One page of `items` and the address of the next. `key` is the field that is unique in the list.
///
/// # Errors
/// 400 for a limit that is no number or a cursor that is none of ours.
pub(super) fn page<'a>(
    call: &Call,
    items: &[&'a Value],
    (limits, cursor, key): (Limits, Cursor, &str),
) -> Result<(Vec<&'a Value>, Option<String>), Answer> {
    let limit = limits.of(call)?;
    let start = match call.first("cursor") {
        None => 0,
        Some(text) => {
            let last = cursor.read(text);
            let found = items.iter().position(|item| last.is_some() && item[key].as_str() == last.as_deref());
            found.ok_or_else(|| Answer::error(400, "Invalid cursor"))? + 1
        }
    };
    let page: Vec<_> = items.iter().skip(start).take(limit).copied().collect();
    let more = start + page.len() < items.len();
    let last = page.last().and_then(|item| item[key].as_str()).filter(|_| more);
    Ok((page, last.map(|last| call.url_with("cursor", &cursor.write(last)))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn any_limit_gives_the_same_list(count in 0_usize..60, limit in 1_usize..70, opaque in any::<bool>()) {
            let list: Vec<_> = (0..count).map(|i| json!({ "_id": format!("id-{i:03}") })).collect();
            let items: Vec<_> = list.iter().collect();
            let cursor = if opaque { Cursor::Opaque } else { Cursor::Plain };
            let how = (Limits { default: 5, min: 1, max: 1000 }, cursor, "_id");
            let mut call = Call::new("h:1", "/api/x", &format!("limit={limit}&expand=a&expand=b"));
            let mut read = Vec::new();
            for turn in 0.. {
                prop_assert!(turn <= count);
                let (page, next) = page(&call, &items, how).unwrap();
                prop_assert!(page.len() <= limit);
                read.extend(page);
                let Some(next) = next else { break };
                let query = next.strip_prefix("http://h:1/api/x?").unwrap().to_owned();
                prop_assert!(query.contains("expand=a&expand=b"));
                call = Call::new("h:1", "/api/x", &query);
            }
            prop_assert_eq!(read, items);
        }

        #[test]
        fn foreign_cursors_are_refused(text in "\\PC{1,12}") {
            let list = [json!({ "_id": "a" })];
            let items: Vec<_> = list.iter().collect();
            let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("cursor", &text).finish();
            let how = (Limits { default: 5, min: 1, max: 10 }, Cursor::Opaque, "_id");
            let refused = page(&Call::new("h", "/", &query), &items, how).is_err();
            prop_assert_eq!(refused, text != Cursor::Opaque.write("a"));
        }
    }
}
