//! The audit log as an admin downloads it by hand: the export's array in a file.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::value::RawValue;

use super::{audit, decode};
use crate::{
    model::time::Timestamp,
    table::{activity::AuditEvent, packed::Packed},
};

/// A file that is no audit log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is no JSON array.
    #[error("{file} is not the JSON array of an audit log export")]
    NotALog {
        /// The file's name.
        file: String,
    },
    /// Some of its items are no events.
    #[error("{file} holds {count} items that are no audit events; the first is {first}")]
    Items {
        /// The file's name.
        file: String,
        /// How many.
        count: u64,
        /// Position and reason.
        first: String,
    },
}

/// What the file held.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Log {
    /// Events, in file order.
    pub events: Packed<AuditEvent>,
    /// Undeclared types with counts.
    pub unknown_types: BTreeMap<String, u64>,
    /// Newest event; `None` without any.
    pub newest: Option<Timestamp>,
    /// Why it does not tell who left; `None` when every removal names somebody.
    pub doubt: Option<String>,
}

/// Reads a log.
///
/// # Errors
/// When it is no array, or an item is no event: a file that cannot be read whole is not taken in part.
pub fn parse(bytes: &[u8], file: &str) -> Result<Log, Error> {
    let log = RefCell::new((audit::Log::default(), None));
    let take = |raw: &RawValue| {
        let event = audit::event(raw)?;
        let mut log = log.borrow_mut();
        log.1 = log.1.max(Some(event.created_at));
        log.0.take(&event);
        Ok(())
    };
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let page = decode::array(bytes, &take, u64::MAX).map_err(|_why| Error::NotALog { file: file.to_owned() })?;
    if let Some(first) = page.first {
        return Err(Error::Items { file: file.to_owned(), count: page.left_out, first });
    }
    let (log, newest) = log.into_inner();
    let doubt = log.doubt();
    Ok(Log { events: log.events, unknown_types: log.unknown_types, newest, doubt })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_whole_or_not_at_all() {
        let text = r#"[{"_id":"1","createdAt":"2026-09-18T16:30:00Z","type":"org.leave"},
            {"_id":"2","createdAt":"2026-09-20T16:30:00Z","type":"new.type"}]"#;
        let log = parse(text.as_bytes(), "log.json").unwrap();
        assert_eq!((log.events.len(), log.newest), (2, crate::model::time::parse("2026-09-20T16:30:00Z")));
        assert_eq!(log.unknown_types["new.type"], 1);
        let error = parse(text.replace("new.type", "").as_bytes(), "log.json").unwrap_err();
        assert!(error.to_string().contains("`[1]`: no `type`"), "{error}");
        assert!(matches!(parse(b"{}", "log.json"), Err(Error::NotALog { .. })));
    }
}
