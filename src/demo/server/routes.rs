//! Which answer belongs to which path.

use axum::http::{HeaderName, header};
use serde_json::{Value, json};

use super::{
    answer::Answer,
    paging::{Cursor, Limits, page},
    scim,
};
use crate::{
    demo::{ORG, state::State},
    model::{
        ids::repo_path,
        time::{self, Timestamp},
    },
};

/// One call: path segments and query, decoded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Call {
    /// Scheme, host and port under which the caller knows this Hub, and the path as sent.
    address: String,
    /// Path segments.
    segments: Vec<String>,
    /// Query, in order.
    query: Vec<(String, String)>,
}

impl Call {
    /// A call as it was sent.
    pub(super) fn new(host: &str, path: &str, query: &str) -> Self {
        let decode = |segment: &str| {
            // A `+` stands for itself in a path.
            let text = format!("s={}", segment.replace('+', "%2B"));
            url::form_urlencoded::parse(text.as_bytes()).next().map(|(_, v)| v.into_owned()).unwrap_or_default()
        };
        Self {
            address: format!("http://{host}{path}"),
            segments: path.split('/').skip(1).map(decode).collect(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        }
    }

    /// The first value of a parameter.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter, in either spelling of a list (`expand=a`, `expand[]=a`).
    fn all(&self, name: &str) -> Vec<&str> {
        let is = |key: &str| key == name || key.strip_suffix("[]") == Some(name);
        self.query.iter().filter(|(key, _)| is(key)).map(|(_, value)| value.as_str()).collect()
    }

    /// The absolute address of this call with one parameter set to another value.
    pub(super) fn url_with(&self, name: &str, value: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(key, _)| key != name));
        format!("{}?{}", self.address, query.append_pair(name, value).finish())
    }
}

/// The answer to a call.
pub(super) fn answer(state: &State, call: &Call) -> Answer {
    let segments: Vec<_> = call.segments.iter().map(String::as_str).collect();
    let answer = match segments.as_slice() {
        ["api", "whoami-v2"] => Ok(Answer::json(&state.whoami)),
        ["api", "organizations", org, rest @ ..] if is_org(org) => organization(state, call, rest),
        ["api", "organizations", ..] => Ok(Answer::missing("OrgNotFound", "Organization not found")),
        ["api", kind @ ("models" | "datasets" | "spaces" | "kernels")] => list(state, call, kind),
        ["api", "buckets", org] if is_org(org) => Ok(Answer::json(&found(&state.repos["buckets"], call, &["id"]))),
        ["api", "buckets", _] => Ok(Answer::json(&json!([]))),
        ["api", "collections"] => collections(state, call),
        ["api", kind @ ("models" | "datasets" | "spaces" | "buckets" | "kernels"), org, name, rest @ ..] => {
            repo(state, call, (kind, &format!("{org}/{name}"), rest))
        }
        [org, name, "user-access-report"] => Ok(report(state, &format!("{org}/{name}"))),
        ["datasets", org, name, "user-access-report"] => Ok(report(state, &format!("datasets/{org}/{name}"))),
        _ => Ok(Answer::missing("EntryNotFound", "Not Found")),
    };
    answer.unwrap_or_else(|refused| refused)
}

/// Whether a name is the sample organization's; the Hub folds case.
fn is_org(name: &str) -> bool {
    name.eq_ignore_ascii_case(ORG)
}

/// What lies under `/api/organizations/{org}`.
fn organization(state: &State, call: &Call, rest: &[&str]) -> Result<Answer, Answer> {
    Ok(match rest {
        ["overview"] => Answer::json(&state.overview),
        ["members"] => {
            let wanted = call.first("email").map(str::to_lowercase);
            let fits = |m: &&Value| wanted.is_none() || m["verifiedEmail"].as_str().map(str::to_lowercase) == wanted;
            let items: Vec<_> = found(&state.members, call, &["user", "fullname"]).into_iter().filter(fits).collect();
            paged(call, &items, (Limits { default: 500, min: 10, max: 10_000 }, Cursor::Opaque, "_id"))?
        }
        ["followers"] => Answer::json(&json!([])),
        ["resource-groups"] => Answer::json(&state.groups),
        ["resource-groups", id] => one(&state.groups, "id", id, "Resource group not found"),
        ["settings", "repositories"] => inventory(state, call)?,
        ["settings", "tokens"] => {
            let items: Vec<_> = state.tokens.iter().filter(|t| token_fits(t, call.first("q"))).collect();
            paged(call, &items, (Limits { default: 100, min: 1, max: 100 }, Cursor::Plain, "_id"))?
        }
        ["settings", "network-security"] => {
            Answer::error(403, "Network security is a feature of Enterprise Plus organizations")
        }
        ["service-accounts"] => {
            let mut items = state.services.clone();
            for item in &mut items {
                if let Some(fields) = item.as_object_mut() {
                    fields.remove("accessTokens");
                }
            }
            Answer::json(&items)
        }
        ["service-accounts", id] => one(&state.services, "_id", id, "Service account not found"),
        ["audit-log", "export"] => audit_log(state, call)?,
        ["scim-provisioning", "v2", rest @ ..] => scim::answer(state, call, rest)?,
        ["scim", "v2", ..] => scim::missing("This organization does not have managed users"),
        _ => Answer::missing("EntryNotFound", "Not Found"),
    })
}

/// One page of a list as an answer.
fn paged(call: &Call, items: &[&Value], how: (Limits, Cursor, &str)) -> Result<Answer, Answer> {
    let (page, next) = page(call, items, how)?;
    Ok(Answer::json(&page).with_next(next))
}

/// The item with an id.
fn one(items: &[Value], key: &str, id: &str, missing: &str) -> Answer {
    let item = items.iter().find(|item| item[key].as_str() == Some(id));
    item.map_or_else(|| Answer::missing("EntryNotFound", missing), Answer::json)
}

/// The items of which one of `fields` contains the call's `search`, whatever the case.
fn found<'a>(items: &'a [Value], call: &Call, fields: &[&str]) -> Vec<&'a Value> {
    let wanted = call.first("search").unwrap_or_default().to_lowercase();
    let has = |item: &Value, field: &str| item[field].as_str().is_some_and(|v| v.to_lowercase().contains(&wanted));
    items.iter().filter(|item| wanted.is_empty() || fields.iter().any(|field| has(item, field))).collect()
}

/// `settings/repositories`.
fn inventory(state: &State, call: &Call) -> Result<Answer, Answer> {
    let mut items = found(&state.repositories, call, &["id"]);
    items.retain(|item| call.first("type").is_none_or(|kind| item["type"].as_str() == Some(kind)));
    if call.first("sort") == Some("updatedAt") {
        items.sort_by(|a, b| b["updatedAt"].as_str().cmp(&a["updatedAt"].as_str()));
    }
    if call.first("direction") == Some("asc") {
        items.reverse();
    }
    let limits = Limits { default: usize::MAX, min: 1, max: usize::MAX };
    items.truncate(limits.of(call)?);
    Ok(Answer::json(&items))
}

/// Whether a token matches the listing's `q`: terms joined by spaces, each negatable; without a status, not revoked.
fn token_fits(token: &Value, q: Option<&str>) -> bool {
    let status = token["authorization"]["status"].as_str().unwrap_or("active");
    let q = q.unwrap_or_default();
    let by_default = q.contains("status:") || status != "revoked";
    by_default
        && q.split_whitespace().all(|term| {
            let (negated, term) = term.strip_prefix('-').map_or((false, term), |term| (true, term));
            let hit = match term.split_once(':') {
                Some(("status", "all")) => true,
                Some(("status", value)) => status == value,
                Some(("owner", value)) => {
                    token["owner"]["name"].as_str().is_some_and(|n| n.eq_ignore_ascii_case(value))
                }
                Some(("role", value)) => token["role"].as_str() == Some(value),
                Some(("token", value)) => token["last4"].as_str() == Some(value),
                _ => false,
            };
            hit != negated
        })
}

/// `audit-log/export`, whole or for the terms of `q`.
fn audit_log(state: &State, call: &Call) -> Result<Answer, Answer> {
    let terms: Vec<_> = call.first("q").unwrap_or_default().split_whitespace().collect();
    let body = if terms.is_empty() {
        state.audit_log.clone()
    } else {
        let broken = |_json| Answer::error(500, "The sample's log is broken");
        let events: Vec<Value> = serde_json::from_slice(&state.audit_log).map_err(broken)?;
        let fits = |e: &&Value| {
            terms.iter().all(|term| match term.split_once(':') {
                Some(("author", value)) => e["author"]["user"].as_str() == Some(value),
                Some(("type", value)) => e["type"].as_str() == Some(value),
                Some(("ip", value)) => e["ip"].as_str() == Some(value),
                _ => false,
            })
        };
        let events: Vec<_> = events.iter().filter(fits).collect();
        serde_json::to_vec(&events).map_err(broken)?
    };
    let name = format!("attachment; filename=\"{ORG}-audit-log.json\"");
    Ok(Answer::bytes(body).with(header::CONTENT_DISPOSITION, name))
}

/// Fields of a list item without `expand`.
const DEFAULT_FIELDS: [&str; 11] = [
    "modelId",
    "likes",
    "trendingScore",
    "private",
    "downloads",
    "tags",
    "pipeline_tag",
    "library_name",
    "createdAt",
    "sdk",
    "author",
];

/// `/api/{models,datasets,spaces,kernels}`.
fn list(state: &State, call: &Call, kind: &str) -> Result<Answer, Answer> {
    let mut items = found(&state.repos[kind], call, &["id"]);
    // The sample Hub knows one organization: other authors have nothing.
    items.retain(|_| call.all("author").iter().all(|author| is_org(author)));
    if let Some(gated) = call.first("gated") {
        items.retain(|item| (item["gated"] != json!(false)) == (gated == "true"));
    }
    let how = (Limits { default: 1000, min: 1, max: 1000 }, Cursor::Opaque, "id");
    let (page, next) = page(call, &items, how)?;
    let wanted = call.all("expand");
    let full = kind == "kernels" || call.first("full").is_some_and(|full| full != "false");
    let keep = |field: &str| {
        matches!(field, "_id" | "id")
            || if wanted.is_empty() { full || DEFAULT_FIELDS.contains(&field) } else { wanted.contains(&field) }
    };
    let shown: Vec<Value> = page
        .into_iter()
        .map(|item| {
            let mut item = item.clone();
            if let Some(fields) = item.as_object_mut() {
                fields.retain(|field, _| keep(field));
            }
            item
        })
        .collect();
    Ok(Answer::json(&shown).with_next(next))
}

/// `/api/collections`.
fn collections(state: &State, call: &Call) -> Result<Answer, Answer> {
    let items: Vec<_> = state.collections.iter().filter(|_| call.all("owner").iter().all(|o| is_org(o))).collect();
    paged(call, &items, (Limits { default: 10, min: 1, max: 10_000 }, Cursor::Opaque, "slug"))
}

/// What lies under one repository.
fn repo(state: &State, call: &Call, (plural, name, rest): (&str, &str, &[&str])) -> Result<Answer, Answer> {
    let item = state.repos[plural].iter().find(|r| r["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(name)));
    let item = item.ok_or_else(Answer::no_repo)?;
    let kind = plural.strip_suffix('s').unwrap_or(plural);
    let path = repo_path(kind, item["id"].as_str().unwrap_or(name));
    let versioned = matches!(kind, "model" | "dataset" | "space");
    Ok(match rest {
        [] => {
            let mut item = item.clone();
            item["siblings"] = json!([]);
            Answer::json(&item)
        }
        ["auth-check"] => Answer::json("OK"),
        ["resource-group"] => Answer::json(&item["resourceGroup"]),
        ["secrets" | "variables"] if kind == "space" => Answer::json(&json!({})),
        ["commits", "main"] if versioned => commits(state.commits.get(&path).map_or(&[], Vec::as_slice), call)?,
        ["commits", _] if versioned => Answer::missing("RevisionNotFound", "Revision not found"),
        ["refs"] if versioned => Answer::json(&json!({
            "branches": [{ "name": "main", "ref": "refs/heads/main", "targetCommit": item["sha"] }],
            "converts": [],
            "tags": [],
        })),
        ["user-access-request", status @ ("pending" | "accepted" | "rejected" | "reset")]
            if matches!(kind, "model" | "dataset") =>
        {
            requests(state.requests.get(&path).map_or(&[], Vec::as_slice), call, status)?
        }
        _ => Answer::missing("EntryNotFound", "Not Found"),
    })
}

/// One page of commits, counted from 0.
fn commits(all: &[Value], call: &Call) -> Result<Answer, Answer> {
    let limit = Limits { default: 50, min: 1, max: 1000 }.of(call)?;
    let number = call.first("p").map_or(Ok(0_usize), str::parse).map_err(|_nan| Answer::error(400, "Invalid page"))?;
    let start = number.saturating_mul(limit);
    let page: Vec<_> = all.iter().skip(start).take(limit).collect();
    let more = start.saturating_add(limit) < all.len();
    let next = more.then(|| call.url_with("p", &(number + 1).to_string()));
    let count = HeaderName::from_static("x-total-count");
    Ok(Answer::json(&page).with(count, all.len().to_string()).with_next(next))
}

/// One page of access requests of one status.
fn requests(all: &[Value], call: &Call, status: &str) -> Result<Answer, Answer> {
    let bound = |name: &str| call.first(name).map(|text| time::parse(text).ok_or(())).transpose();
    let bad = |()| Answer::error(400, "Invalid date");
    let (after, before) = (bound("after").map_err(bad)?, bound("before").map_err(bad)?);
    let at = |item: &Value| item["timestamp"].as_str().and_then(time::parse);
    let inside = |t: Timestamp| after.is_none_or(|a| t > a) && before.is_none_or(|b| t < b);
    let of_status = all.iter().filter(|item| item["status"].as_str() == Some(status));
    let items: Vec<_> = of_status.filter(|item| at(item).is_some_and(inside)).collect();
    paged(call, &items, (Limits { default: 1000, min: 10, max: 1000 }, Cursor::Opaque, "requestId"))
}

/// The access report of a repository: every request with a visible user.
fn report(state: &State, path: &str) -> Answer {
    let Some(all) = state.requests.get(path) else { return Answer::no_repo() };
    let lines = all.iter().filter(|r| r["user"].is_object()).map(|r| {
        json!({
            "user": r["user"]["user"], "fullname": r["user"]["fullname"], "status": r["status"],
            "email": r["user"]["email"], "time": r["timestamp"], "reviewedAt": r["reviewedAt"],
        })
    });
    Answer::json(&lines.collect::<Vec<_>>())
}
