//! `scim`: what the identity provider told the Hub, from whichever of its two trees answers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Error,
    ledger::Ledger,
    read::{Failure, Part, Reader},
    wire,
};
use crate::{
    hub::endpoints::{self, Call},
    table::access::{ScimGroup, ScimUser},
};

/// Pages after which a list is taken to be endless.
const MOST_PAGES: usize = 10_000;

/// Rows of the two tables.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Scim {
    /// Users, by id.
    pub(super) users: Vec<ScimUser>,
    /// Members of groups, by group and member.
    pub(super) groups: Vec<ScimGroup>,
}

/// One of the two trees.
struct Tree {
    /// Name in the table.
    name: &'static str,
    /// Its users.
    users: Call,
    /// Its groups.
    groups: Call,
}

/// Managed by the identity provider (Enterprise Plus).
const MANAGED: Tree = Tree { name: "scim", users: endpoints::SCIM_USERS, groups: endpoints::SCIM_GROUPS };

/// By invitation (Enterprise).
const BY_INVITATION: Tree =
    Tree { name: "scim-provisioning", users: endpoints::PROVISIONING_USERS, groups: endpoints::PROVISIONING_GROUPS };

/// A list with the total the Hub states.
struct Listed<T> {
    /// What was read.
    part: Part<Vec<T>>,
    /// `totalResults` of the first page; `None` when not stated.
    total: Option<i64>,
}

/// Asks the managed tree, and the other one when the first is refused.
///
/// # Errors
/// When an answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, Scim), Error> {
    let mut ledger = Ledger::new(reader.source);
    let (mut tree, mut listed) = (MANAGED, list(reader, &MANAGED.users, org, |item| user(item, MANAGED.name)).await?);
    let refused = listed.part.failure.as_ref().and_then(|failure| failure.status);
    if listed.part.items.is_empty() && matches!(refused, Some(402..=404)) {
        let second = list(reader, &BY_INVITATION.users, org, |item| user(item, BY_INVITATION.name)).await?;
        if second.part.failure.is_none() || !second.part.items.is_empty() {
            ledger.requests(std::mem::take(&mut listed.part.requests));
            (tree, listed) = (BY_INVITATION, second);
        } else {
            ledger.requests(second.part.requests);
        }
    }
    let refused = listed.part.failure.as_ref().is_some_and(|_| listed.part.items.is_empty());
    if let Some(total) = listed.total {
        ledger.tie_outs.insert("totalResults".to_owned(), total);
    }
    let mut users: Vec<ScimUser> = ledger.take(listed.part).into_iter().flatten().collect();
    users.sort_by(|a, b| a.scim_id.cmp(&b.scim_id));
    ledger.rows = users.len() as u64;
    let mut groups = Vec::new();
    if !refused {
        let listed = list(reader, &tree.groups, org, group).await?;
        groups = ledger.take(listed.part).into_iter().flatten().flatten().collect();
        groups.sort_by(|a: &ScimGroup, b| (&a.scim_id, &a.member_id).cmp(&(&b.scim_id, &b.member_id)));
        groups.dedup();
    }
    Ok((ledger, Scim { users, groups }))
}

/// Reads a SCIM list: `startIndex`, `count`, `totalResults`.
///
/// The end is where the stated total is reached, or, without one, where a page brings nothing new. A server that
/// ignores `startIndex` sends its first page again and again: ids already seen end the walk.
async fn list<T>(
    reader: &Reader<'_>,
    call: &Call,
    org: &str,
    parse: impl Fn(&Value) -> Result<T, String>,
) -> Result<Listed<T>, Error> {
    let mut url = reader.client.endpoint().url(call, &[("org", org)]);
    let mut part = Part { items: Vec::new(), requests: Vec::new(), failure: None };
    let (mut total, mut received, mut unreadable, mut seen) = (None, 0_i64, None, BTreeSet::new());
    let most = i64::try_from(call.items).unwrap_or(i64::MAX);
    let mut decoded = 0_u64;
    for _ in 0..MOST_PAGES {
        let page = reader.document_at(call, &url).await?;
        decoded = page.requests.iter().fold(decoded, |sum, request| sum.saturating_add(request.bytes));
        part.requests.extend(page.requests);
        let Some(body) = page.items.first() else {
            reader.progress.advance(reader.source, 0);
            part.failure = page.failure;
            break;
        };
        match wire::integer(body, "totalResults") {
            Ok(stated) => total = total.or(stated),
            Err(why) => unreadable = unreadable.or(Some(why)),
        }
        let resources = wire::list(body, "Resources").map(Vec::as_slice).unwrap_or_default();
        let stated = total.is_some() || wire::list(body, "Resources").is_some();
        if !stated {
            part.failure = Some(Failure::hole(format!("{}: not a SCIM list", url.path())));
            break;
        }
        let (mut rows, mut fresh) = (Vec::new(), 0);
        for item in resources {
            if wire::id(item).is_some_and(|id| !seen.insert(id)) {
                continue;
            }
            fresh += 1;
            match parse(item) {
                Ok(row) => rows.push(row),
                Err(why) => unreadable = unreadable.or(Some(why)),
            }
        }
        received += fresh;
        reader.progress.advance(reader.source, rows.len() as u64);
        if let Some(request) = part.requests.last_mut() {
            request.rows = Some(rows.len() as u64);
        }
        part.items.push(rows);
        let many = (received > most).then(|| format!("the list holds more than {most} items"));
        if let Some(why) = many.or_else(|| reader.client.list_is_full(decoded)) {
            part.failure = Some(Failure::hole(format!("{}: {why}", url.path())));
            break;
        }
        if fresh == 0 || total.is_some_and(|total| received >= total) {
            break;
        }
        let next = (1 + received).to_string();
        url = reader.client.endpoint().url(&Call { query: &[], ..*call }, &[("org", org)]);
        url.query_pairs_mut().append_pair("startIndex", &next).append_pair("count", "1000");
    }
    if part.failure.is_none() {
        let short = total.filter(|total| received < *total).map(|total| format!("{received} of {total} sent"));
        let bad = unreadable.map(|why| format!("an unreadable entry ({why})"));
        let why = [short, bad].into_iter().flatten().collect::<Vec<_>>().join(" and ");
        part.failure = (!why.is_empty()).then(|| Failure::hole(format!("{}: {why}", url.path())));
    }
    Ok(Listed { part, total })
}

/// One user.
pub(super) fn user(item: &Value, tree: &str) -> Result<ScimUser, String> {
    let mut emails = Vec::new();
    for entry in wire::list(item, "emails").into_iter().flatten() {
        let address = wire::scalar(entry).or_else(|| wire::text(entry, "value"));
        emails.extend(address.filter(|address| !emails.contains(address)));
    }
    Ok(ScimUser {
        scim_id: wire::needed(item, &["id", "_id"])?,
        external_id: wire::text(item, "externalId"),
        username: wire::needed(item, &["userName"])?,
        emails,
        active: wire::flag(item, "active"),
        tree: tree.to_owned(),
    })
}

/// One group: a row per member, or one row without a member.
pub(super) fn group(item: &Value) -> Result<Vec<ScimGroup>, String> {
    let scim_id = wire::needed(item, &["id", "_id"])?;
    let name = wire::needed(item, &["displayName"])?;
    let row = |member_id| ScimGroup {
        scim_id: scim_id.clone(),
        external_id: wire::text(item, "externalId"),
        name: name.clone(),
        member_id,
    };
    let members = wire::list(item, "members").into_iter().flatten();
    let members = members.filter_map(|entry| wire::scalar(entry).or_else(|| wire::text(entry, "value")));
    let rows: Vec<_> = members.map(|member| row(Some(member))).collect();
    Ok(if rows.is_empty() { vec![row(None)] } else { rows })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn users_and_groups_are_read_in_their_variants() {
        let read = user(
            &json!({"id": "1", "userName": "bob", "active": "False", "externalId": null,
            "emails": [{"value": "bob@acme.example"}, "bob@acme.example", {"primary": true}, "b@acme.example"]}),
            "scim",
        );
        let read = read.unwrap();
        assert_eq!((read.active, read.emails.len(), read.external_id), (Some(false), 2, None));
        assert!(user(&json!({"id": "1"}), "scim").is_err());
        let rows = group(&json!({"id": "g", "displayName": "x", "members": [{"value": "1"}, "bob", {}]})).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(group(&json!({"id": "g", "displayName": "x"})).unwrap()[0].member_id, None);
    }
}
