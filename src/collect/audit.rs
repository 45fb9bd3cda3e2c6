//! `audit_log`: the export, event by event. Asking for it is itself recorded by the Hub.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};

use super::{Error, ledger::Ledger, read::Reader, target, wire};
use crate::{
    hub::endpoints,
    model::{event_types, time},
    table::{activity::AuditEvent, packed::Packed},
};

/// What the export held.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Log {
    /// Events, as sent.
    pub(super) events: Packed<AuditEvent>,
    /// Undeclared types with counts.
    pub(super) unknown_types: BTreeMap<String, u64>,
    /// Events about somebody's coming or going that do not say whose, by type.
    pub(super) about_nobody: BTreeMap<String, u64>,
}

/// Types of events that are about somebody other than their author.
const ABOUT_SOMEBODY: [&str; 4] = ["org.add_user", "org.remove_user", "org.invite_user", "org.invite.email"];

/// Asks.
///
/// # Errors
/// When the answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, Log), Error> {
    let mut ledger = Ledger::new(reader.source);
    // Events are packed as they are read: an export at the Hub's limit would take a tenth of a gigabyte as records.
    let log = Arc::new(Mutex::new(Log::default()));
    let sink = Arc::clone(&log);
    let take = move |raw: &RawValue| {
        let event = event(raw)?;
        sink.lock().unwrap_or_else(PoisonError::into_inner).take(&event);
        Ok(())
    };
    ledger.take(reader.raw_list(&endpoints::AUDIT_LOG, &[("org", org)], take).await?);
    let log = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    ledger.rows = log.events.len() as u64;
    if let Some(why) = log.doubt() {
        ledger.hole(why);
    }
    Ok((ledger, log))
}

impl Log {
    /// Why the log does not tell who left although it was read to its end; `None` when every removal names somebody.
    pub(super) fn doubt(&self) -> Option<String> {
        self.about_nobody.get("org.remove_user")?;
        let counts: Vec<_> = self.about_nobody.iter().map(|(kind, n)| format!("{n} of type {kind}")).collect();
        Some(format!("events that do not say whom they are about: {}", counts.join(", ")))
    }

    /// Takes in one event.
    pub(super) fn take(&mut self, event: &AuditEvent) {
        self.events.push(event);
        if event.target.is_none() && ABOUT_SOMEBODY.contains(&event.r#type.as_str()) {
            *self.about_nobody.entry(event.r#type.clone()).or_default() += 1;
        }
        if !event_types::is_known(&event.r#type) {
            *self.unknown_types.entry(event.r#type.clone()).or_default() += 1;
        }
    }
}

/// An event on the wire. Every field is any JSON, so that none can make the event unreadable.
#[derive(Deserialize)]
struct Wire<'a> {
    /// `_id`.
    #[serde(default, rename = "_id")]
    object_id: Value,
    /// `id`, of Hubs that spell it so.
    #[serde(default)]
    id: Value,
    /// `createdAt`.
    #[serde(default, rename = "createdAt")]
    created_at: Value,
    /// `type`.
    #[serde(default)]
    r#type: Value,
    /// `author`.
    #[serde(default)]
    author: Value,
    /// `message`.
    #[serde(default)]
    message: Value,
    /// `ip`.
    #[serde(default)]
    ip: Value,
    /// `location`.
    #[serde(default)]
    location: Value,
    /// `token`.
    #[serde(default)]
    token: Value,
    /// `oauth`.
    #[serde(default)]
    oauth: Value,
    /// `data`, byte for byte.
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

/// One item of the export.
pub(super) fn event(raw: &RawValue) -> Result<AuditEvent, String> {
    let wire: Wire<'_> = serde_json::from_str(raw.get()).map_err(|_error| "not an event".to_owned())?;
    let created_at = wire.created_at.as_str().and_then(time::parse).ok_or("no readable `createdAt`")?;
    let event_type = wire::scalar(&wire.r#type).ok_or("no `type`")?;
    let data = wire.data.map(RawValue::get).filter(|data| *data != "null");
    let value = data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or(Value::Null);
    let targets = target::targets(&value);
    Ok(AuditEvent {
        event_id: wire::scalar(&wire.object_id).or_else(|| wire::scalar(&wire.id)).unwrap_or_else(|| digest(raw)),
        created_at,
        r#type: event_type,
        author_id: wire::id(&wire.author),
        author: wire::first_text(&wire.author, &["user", "name", "username"]),
        author_type: wire::text(&wire.author, "type"),
        author_deleted: wire::flag(&wire.author, "deleted"),
        target: targets.names,
        target_id: targets.ids,
        role: target::role(&value),
        role_before: target::role_before(&value),
        repo: target::repo(&value),
        token_id: wire::id(&wire.token),
        token_role: wire::text(&wire.token, "role"),
        oauth_client: wire::text(&wire.oauth, "clientId"),
        ip: wire::scalar(&wire.ip),
        country: wire::text(&wire.location, "country"),
        message: wire::scalar(&wire.message),
        data: data.map(str::to_owned),
    })
}

/// A stable id for an event that has none: the same event in the next export gets the same one.
fn digest(raw: &RawValue) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(raw.get())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event of its text.
    fn of(text: &str) -> Result<AuditEvent, String> {
        event(serde_json::from_str::<&RawValue>(text).unwrap())
    }

    #[test]
    fn an_event_keeps_its_data_byte_for_byte() {
        let text = r#"{"_id":"1","createdAt":"2026-09-18T16:30:00.000Z","type":"org.remove_user","data":{"z":1.50,"user":"bob","a":[]},
            "author":{"_id":"u1","user":"ada","type":"user","deleted":false},"token":{"id":"t1","role":"write"},
            "oauth":null,"ip":"203.0.113.0","location":{"formatted":"Paris, FR","country":"FR"},"message":"Removed bob"}"#;
        let event = of(text).unwrap();
        assert_eq!(event.data.as_deref(), Some(r#"{"z":1.50,"user":"bob","a":[]}"#));
        assert_eq!((event.target.as_deref(), event.author.as_deref()), (Some("bob"), Some("ada")));
        assert_eq!((event.token_id.as_deref(), event.token_role.as_deref()), (Some("t1"), Some("write")));
        assert_eq!((event.oauth_client, event.country.as_deref()), (None, Some("FR")));
        assert_eq!(event.author_deleted, Some(false));
    }

    #[test]
    fn an_event_without_an_id_gets_the_same_one_every_time() {
        let text = r#"{"createdAt":"2026-09-18T16:30:00Z","type":"new.type","author":"odd","data":null,"token":7}"#;
        let (first, second) = (of(text).unwrap(), of(text).unwrap());
        assert_eq!(first, second);
        assert!(first.event_id.starts_with("sha256:") && first.event_id.len() == 71);
        assert_eq!((first.data, first.author, first.token_id), (None, None, None));
        let other = of(&text.replace("new.type", "new.tape")).unwrap();
        assert_ne!(first.event_id, other.event_id);
    }

    #[test]
    fn a_removal_of_nobody_leaves_the_log_in_doubt() {
        let text = |kind: &str, data: &str| {
            format!(r#"{{"_id":"1","createdAt":"2026-09-18T16:30:00Z","type":"{kind}","data":{data}}}"#)
        };
        let doubt = |events: &[(&str, &str)]| {
            let mut log = Log::default();
            for (kind, data) in events {
                log.take(&of(&text(kind, data)).unwrap());
            }
            log.doubt()
        };
        assert_eq!(doubt(&[("org.remove_user", r#"{"user":"bob"}"#), ("org.leave", "{}")]), None);
        assert_eq!(doubt(&[("org.add_user", "{}")]), None, "counted, and no leaver can be missed for it");
        assert_eq!(
            doubt(&[("org.remove_user", r#"{"who":"bob"}"#), ("org.add_user", "{}"), ("org.remove_user", "7")])
                .unwrap(),
            "events that do not say whom they are about: 1 of type org.add_user, 2 of type org.remove_user"
        );
    }

    #[test]
    fn an_event_without_time_or_type_is_left_out() {
        for text in [
            r#"{"_id":"1","type":"x"}"#,
            r#"{"_id":"1","type":"x","createdAt":"today"}"#,
            r#"{"_id":"1","createdAt":"2026-09-18T16:30:00Z"}"#,
            r#"{"_id":"1","createdAt":"2026-09-18T16:30:00Z","type":""}"#,
            "[]",
            "7",
        ] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
