//! One event of the audit log, and the log while it is written.

use serde::Serialize;
use serde_json::Value;

use super::{
    chance::{hash, object_id},
    world::{World, last4, log_start, service_id, service_token_id, token_id},
};
use crate::model::time::Timestamp;

/// Who did something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Author<'a> {
    /// Somebody of `people.csv`, by login.
    Member(&'a str),
    /// A service account, by login.
    Service(&'a str),
    /// The Hub itself.
    System,
}

/// How it was done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) enum Via {
    /// In the browser.
    #[default]
    Web,
    /// Through an OAuth client.
    OAuth,
    /// With the author's token of this name.
    Token(String),
}

/// One event.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Event {
    /// Id.
    pub(super) id: String,
    /// When.
    pub(super) at: Timestamp,
    /// Event type.
    pub(super) kind: String,
    /// Login of the author; for the Hub itself `huggingface`.
    pub(super) author: String,
    /// How.
    pub(super) via: Via,
    /// What the Hub adds; null for nothing.
    pub(super) data: Value,
    /// The Hub's sentence.
    pub(super) message: String,
}

/// Login of the Hub's own events.
const SYSTEM: &str = "huggingface";

/// The log while it is written, in no order.
#[derive(Debug, Default)]
pub(super) struct Log(Vec<Event>);

impl Log {
    /// An empty log.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds an event of the browser: its `data` and its message. What happened before the log begins left no event.
    pub(super) fn add(&mut self, at: Timestamp, author: Author<'_>, kind: &str, told: (Value, String)) {
        self.add_via(at, author, kind, (told.0, told.1, Via::Web));
    }

    /// Adds an event that was not done in the browser.
    pub(super) fn add_via(&mut self, at: Timestamp, author: Author<'_>, kind: &str, told: (Value, String, Via)) {
        if at.date_naive() < log_start() {
            return;
        }
        let author = match author {
            Author::Member(login) | Author::Service(login) => login,
            Author::System => SYSTEM,
        };
        let (data, message, via) = told;
        self.0.push(Event {
            id: String::new(),
            at,
            kind: kind.to_owned(),
            author: author.to_owned(),
            via,
            data,
            message,
        });
    }

    /// The finished log, oldest first, with ids.
    pub(super) fn finish(mut self, world: &World) -> Vec<Event> {
        self.0.retain(|e| world.person(&e.author).is_some() || e.author == SYSTEM || is_service(world, &e.author));
        self.0.sort_by(|a, b| (a.at, &a.author, &a.kind, &a.message).cmp(&(b.at, &b.author, &b.kind, &b.message)));
        for (index, event) in self.0.iter_mut().enumerate() {
            event.id = object_id(event.at, &format!("{} {} {index}", event.kind, event.author));
        }
        self.0
    }
}

/// Whether a login is a service account's.
fn is_service(world: &World, login: &str) -> bool {
    world.data.services.iter().any(|s| s.login == login)
}

/// An event as the export writes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    /// Id.
    #[serde(rename = "_id")]
    id: &'a str,
    /// When.
    created_at: String,
    /// Event type.
    r#type: &'a str,
    /// The Hub's sentence.
    message: &'a str,
    /// Network address; absent for the Hub's own events.
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'static str>,
    /// Where the address lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Location<'a>>,
    /// Browser or client.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'static str>,
    /// Who.
    author: AuthorLine<'a>,
    /// What the Hub adds.
    #[serde(skip_serializing_if = "Value::is_null")]
    data: &'a Value,
    /// The token it was done with.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenLine>,
    /// The OAuth client it was done through.
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth: Option<OAuthLine>,
}

/// `location` of an event.
#[derive(Serialize)]
struct Location<'a> {
    /// City and country.
    formatted: &'a str,
    /// Country code.
    country: &'a str,
    /// City.
    city: &'a str,
}

/// `author` of an event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorLine<'a> {
    /// Id.
    #[serde(rename = "_id")]
    id: String,
    /// Login.
    user: &'a str,
    /// Picture.
    avatar_url: String,
    /// `user` or `system`.
    r#type: &'static str,
    /// Present where the account is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
}

/// `token` of an event.
#[derive(Serialize)]
struct TokenLine {
    /// Always `access_token`.
    r#type: &'static str,
    /// Id, as in the listing of tokens.
    id: String,
    /// Role.
    role: String,
    /// Last four characters.
    last4: String,
    /// Whether it has been revoked since.
    deleted: bool,
}

/// `oauth` of an event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OAuthLine {
    /// Client.
    client_id: &'static str,
    /// Its name.
    name: &'static str,
}

/// The export as it stands at `as_of`: one array, newest first.
///
/// # Errors
/// Never in practice: every value is one that JSON can hold.
pub(super) fn export(world: &World, as_of: Timestamp) -> Result<Vec<u8>, serde_json::Error> {
    let lines: Vec<_> = world.events.iter().rev().filter(|e| e.at < as_of).map(|e| line(world, e, as_of)).collect();
    serde_json::to_vec(&lines)
}

/// One event as the export at `as_of` writes it.
fn line<'a>(world: &'a World, event: &'a Event, as_of: Timestamp) -> Line<'a> {
    let day = as_of.date_naive();
    let person = world.person(&event.author);
    let service = world.data.services.iter().find(|s| s.login == event.author);
    let id = match (person, service) {
        (Some(person), _) => person.id(),
        (None, Some(service)) => service_id(service),
        (None, None) => "6f0000000000000000000000".to_owned(),
    };
    let gone = person.is_some_and(|p| p.flags.has("deleted") && p.left.day.is_some_and(|left| left < day));
    let place = person.map(|p| p.city.as_str()).or(service.map(|_| "Dublin, IE"));
    Line {
        id: &event.id,
        created_at: super::state::stamp(event.at),
        r#type: &event.kind,
        message: &event.message,
        ip: place.map(address),
        location: place.map(|formatted| {
            let (city, country) = formatted.rsplit_once(", ").unwrap_or((formatted, ""));
            Location { formatted, country, city }
        }),
        user_agent: place.map(|_| agent(event)),
        author: AuthorLine {
            id,
            user: &event.author,
            avatar_url: format!("/avatars/{}.svg", event.author),
            r#type: if place.is_some() { "user" } else { "system" },
            deleted: gone.then_some(true),
        },
        data: &event.data,
        token: token_line(world, event, day),
        oauth: (event.via == Via::OAuth)
            .then_some(OAuthLine { client_id: "3f8a2c10-5b7e-4d19-9c44-0d6e8a71b2f5", name: "tidewater-workbench" }),
    }
}

/// The token an event was done with.
fn token_line(world: &World, event: &Event, day: chrono::NaiveDate) -> Option<TokenLine> {
    let Via::Token(name) = &event.via else { return None };
    let of_member = world.data.tokens.iter().find(|t| t.owner == event.author && t.name == *name).map(|t| TokenLine {
        r#type: "access_token",
        id: token_id(t),
        role: t.role.clone(),
        last4: last4(&token_id(t)),
        deleted: t.status.since("revoked", day).is_some(),
    });
    of_member.or_else(|| {
        let mut of_service = world.data.service_tokens.iter();
        of_service.find(|t| t.account == event.author && t.name == *name).map(|t| TokenLine {
            r#type: "access_token",
            id: service_token_id(t),
            role: "fineGrained".to_owned(),
            last4: last4(&service_token_id(t)),
            deleted: false,
        })
    })
}

/// An address of the ranges reserved for documentation, the last octet zeroed as the Hub does.
fn address(place: &str) -> &'static str {
    match hash(place) % 3 {
        0 => "192.0.2.0",
        1 => "198.51.100.0",
        _ => "203.0.113.0",
    }
}

/// The client an event names.
fn agent(event: &Event) -> &'static str {
    match (&event.via, hash(&event.author) % 3) {
        (Via::Token(_), _) => "unknown/None; hf_hub/2.4.0; python/3.12.7",
        (_, 0) => "Mozilla/5.0 (X11; Linux x86_64)",
        (_, 1) => "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5)",
        _ => "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
    }
}
