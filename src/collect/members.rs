//! `members`: who is in, with what role. What the token may not see stays unknown.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::{hub::endpoints, table::access::Member};

/// Asks.
///
/// # Errors
/// When an answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, Vec<Member>), Error> {
    let mut ledger = Ledger::new(reader.source);
    let mut members = ledger.take(reader.list(&endpoints::MEMBERS, &[("org", org)], member).await?);
    // A member that moves to a later page while the pages are read is sent twice.
    let mut seen = BTreeSet::new();
    members.retain(|member| seen.insert(member.user_id.clone()));
    members.sort_by(|a, b| a.user_id.cmp(&b.user_id));
    ledger.rows = members.len() as u64;
    hidden(&mut ledger, &members);
    Ok((ledger, members))
}

/// Enters the fields that the token does not see.
pub(super) fn hidden(ledger: &mut Ledger, members: &[Member]) {
    let without = |seen: fn(&Member) -> bool| members.iter().filter(|member| !seen(member)).count();
    ledger.hides("role", without(|member| member.role.is_some()));
    ledger.hides("twoFaEnabled", without(|member| member.two_factor.is_some()));
    // Organizations without SSO have no external collaborators, and the Hub then leaves the field out everywhere.
    if members.iter().any(|member| member.is_external.is_some()) {
        ledger.hides("isExternalCollaborator", without(|member| member.is_external.is_some()));
    }
}

/// One item.
pub(super) fn member(item: &Value) -> Result<Member, String> {
    Ok(Member {
        user_id: wire::needed(item, &["_id", "id"])?,
        username: wire::needed(item, &["user", "name", "username"])?,
        fullname: wire::text(item, "fullname"),
        role: wire::text(item, "role"),
        is_external: wire::flag(item, "isExternalCollaborator"),
        two_factor: wire::flag(item, "twoFaEnabled"),
        verified_email: wire::first_text(item, &["verifiedEmail", "email"]),
        is_pro: wire::flag(item, "isPro"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_visible_stays_unknown() {
        let seen = member(&json!({"_id": "1", "user": "ada", "fullname": "Ada", "isPro": false})).unwrap();
        assert_eq!((seen.role, seen.two_factor, seen.is_external, seen.verified_email), (None, None, None, None));
        assert_eq!(seen.is_pro, Some(false));
    }

    #[test]
    fn older_fields_and_unknown_roles_are_kept() {
        let item =
            json!({"id": 17, "name": "ada", "verifiedEmail": null, "email": "ada@acme.example", "role": "auditor"});
        let seen = member(&item).unwrap();
        assert_eq!((seen.user_id.as_str(), seen.username.as_str()), ("17", "ada"));
        assert_eq!(seen.verified_email.as_deref(), Some("ada@acme.example"));
        assert_eq!(seen.role.as_deref(), Some("auditor"));
        assert_eq!(member(&json!({"user": "ada"})).unwrap_err(), "no `_id`");
        assert_eq!(member(&json!({"_id": "1"})).unwrap_err(), "no `user`");
    }
}
