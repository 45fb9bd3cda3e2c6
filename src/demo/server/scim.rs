//! The SCIM tree of an organization whose members come by invitation.

use axum::http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use super::{answer::Answer, routes::Call};
use crate::demo::state::State;

/// What lies under `scim-provisioning/v2`.
///
/// # Errors
/// 400 for a `startIndex`, `count` or `filter` that does not parse.
pub(super) fn answer(state: &State, call: &Call, rest: &[&str]) -> Result<Answer, Answer> {
    Ok(match rest {
        ["Users"] => list(call, &state.scim_users)?,
        ["Groups"] => list(call, &state.scim_groups)?,
        ["Users", id] => one(&state.scim_users, id, "User not found"),
        ["Groups", id] => one(&state.scim_groups, id, "Group not found"),
        _ => missing("Not found"),
    })
}

/// 404 as SCIM words it.
pub(super) fn missing(detail: &str) -> Answer {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": detail,
    });
    let code = HeaderName::from_static("x-error-code");
    Answer { status: StatusCode::NOT_FOUND, ..Answer::json(&body) }.with(code, "EntryNotFound")
}

/// The entry with an id.
fn one(items: &[Value], id: &str, detail: &str) -> Answer {
    items.iter().find(|item| item["id"].as_str() == Some(id)).map_or_else(|| missing(detail), Answer::json)
}

/// One page, counted from 1.
fn list(call: &Call, items: &[Value]) -> Result<Answer, Answer> {
    let number = |name: &str, default: usize| match call.first(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_nan| Answer::error(400, &format!("Invalid {name}"))),
    };
    let start = number("startIndex", 1)?.max(1);
    let count = number("count", 1000)?.clamp(1, 1000);
    let filter = call.first("filter").map(parse_filter).transpose()?;
    let fits = |item: &&Value| filter.as_ref().is_none_or(|(field, value)| matches(item, field, value));
    let found: Vec<_> = items.iter().filter(fits).collect();
    let bare = call.first("excludedAttributes").is_some_and(|names| names.split(',').any(|n| n.trim() == "members"));
    let page: Vec<_> = found
        .iter()
        .skip(start - 1)
        .take(count)
        .map(|item| {
            let mut item = (*item).clone();
            if bare && let Some(fields) = item.as_object_mut() {
                fields.remove("members");
            }
            item
        })
        .collect();
    Ok(Answer::json(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": found.len(),
        "itemsPerPage": page.len(),
        "startIndex": start,
        "Resources": page,
    })))
}

/// Reads `field eq "value"`, the only filter there is.
fn parse_filter(text: &str) -> Result<(String, String), Answer> {
    let mut parts = text.splitn(3, ' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(field), Some(op), Some(value)) if op.eq_ignore_ascii_case("eq") => {
            Ok((field.to_owned(), value.trim_matches('"').to_owned()))
        }
        _ => Err(Answer::error(400, "Invalid filter")),
    }
}

/// Whether an entry's field has a value.
fn matches(item: &Value, field: &str, value: &str) -> bool {
    match field {
        "emails" | "emails.value" => item["emails"].as_array().is_some_and(|emails| {
            emails.iter().any(|e| e["value"].as_str().is_some_and(|v| v.eq_ignore_ascii_case(value)))
        }),
        field => item[field].as_str() == Some(value),
    }
}
