//! `tokens`: members' access tokens that can reach the organization, revoked ones included.

use serde_json::Value;

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::{hub::endpoints, table::access::Token};

/// Asks.
///
/// # Errors
/// When an answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, Vec<Token>), Error> {
    let mut ledger = Ledger::new(reader.source);
    let mut tokens = ledger.take(reader.list(&endpoints::TOKENS, &[("org", org)], token).await?);
    tokens.sort_by(|a, b| a.token_id.cmp(&b.token_id));
    tokens.dedup_by(|a, b| a.token_id == b.token_id);
    ledger.rows = tokens.len() as u64;
    Ok((ledger, tokens))
}

/// One item.
pub(super) fn token(item: &Value) -> Result<Token, String> {
    let owner = item.get("owner").unwrap_or(&Value::Null);
    let fine = item.get("fineGrained").unwrap_or(&Value::Null);
    let approval = item.get("authorization").and_then(|approval| wire::text(approval, "status"));
    Ok(Token {
        token_id: wire::needed(item, &["_id", "id"])?,
        owner_id: wire::id(owner),
        owner: wire::login(item, "owner"),
        display_name: wire::text(item, "displayName"),
        role: wire::text(item, "role"),
        last4: wire::text(item, "last4"),
        status: approval.unwrap_or_else(|| "active".to_owned()),
        created_at: wire::time(item, "createdAt")?,
        last_used_at: wire::time(item, "lastUsedAt")?,
        scopes: wire::json(fine, "scoped"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_without_approval_is_active_and_without_use_was_never_used() {
        let read = token(&json!({"_id": "1", "role": "write", "owner": {"_id": "u", "name": "bob"}})).unwrap();
        assert_eq!((read.status.as_str(), read.last_used_at, read.owner.as_deref()), ("active", None, Some("bob")));
        let read =
            token(&json!({"_id": "1", "authorization": {"status": "revoked"}, "lastUsedAt": "2025-01-01T00:00:00Z",
            "fineGrained": {"scoped": [{"permissions": ["org.read"], "entity": {"type": "org"}}]}}));
        let read = read.unwrap();
        assert_eq!((read.status.as_str(), read.last_used_at.is_some()), ("revoked", true));
        assert_eq!(read.scopes.as_deref(), Some(r#"[{"entity":{"type":"org"},"permissions":["org.read"]}]"#));
    }

    #[test]
    fn an_unreadable_last_use_is_not_never() {
        assert!(token(&json!({"_id": "1", "lastUsedAt": "recently"})).is_err());
    }
}
