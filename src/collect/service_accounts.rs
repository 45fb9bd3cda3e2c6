//! `service_accounts`: accounts of machines, and one page for each with its tokens.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::{
    hub::endpoints,
    table::access::{ServiceAccount, ServiceToken},
};

/// Rows of the two tables.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct ServiceAccounts {
    /// Accounts, by id.
    pub(super) accounts: Vec<ServiceAccount>,
    /// Tokens, by account and id.
    pub(super) tokens: Vec<ServiceToken>,
}

/// Asks for the list, then for each account.
///
/// # Errors
/// When an answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, ServiceAccounts), Error> {
    let mut ledger = Ledger::new(reader.source);
    let mut accounts = ledger.take(reader.list(&endpoints::SERVICE_ACCOUNTS, &[("org", org)], account).await?);
    accounts.sort_by(|a, b| a.account_id.cmp(&b.account_id));
    accounts.dedup_by(|a, b| a.account_id == b.account_id);
    ledger.rows = accounts.len() as u64;
    let pages = stream::iter(&accounts).map(|account| async move {
        let values = [("org", org), ("id", account.account_id.as_str())];
        let part = reader.document(&endpoints::SERVICE_ACCOUNT, &values).await?;
        Ok::<_, Error>((account, part))
    });
    let pages: Vec<_> = pages.buffered(reader.client.concurrency()).try_collect().await?;
    let mut tokens = Vec::new();
    for (account, mut part) in pages {
        if let (Some(body), Some(request)) = (part.items.first(), part.requests.first_mut()) {
            let (read, holes) = tokens_of(account, body);
            request.rows = Some(read.len() as u64);
            tokens.extend(read);
            for hole in holes {
                ledger.hole(format!("service account {:?} {hole}", account.username));
            }
        }
        ledger.take(part);
    }
    tokens.sort_by(|a, b| (&a.account_id, &a.token_id).cmp(&(&b.account_id, &b.token_id)));
    tokens.dedup_by(|a, b| (&a.account_id, &a.token_id) == (&b.account_id, &b.token_id));
    Ok((ledger, ServiceAccounts { accounts, tokens }))
}

/// One item of the list.
pub(super) fn account(item: &Value) -> Result<ServiceAccount, String> {
    Ok(ServiceAccount {
        account_id: wire::needed(item, &["_id", "id"])?,
        username: wire::needed(item, &["user", "name"])?,
        name: wire::text(item, "name"),
        description: wire::text(item, "description"),
        created_at: wire::time(item, "createdAt")?,
    })
}

/// The tokens on an account's page, and what of them could not be read.
///
/// A page without the list says nothing about tokens; only an empty list says that there are none.
pub(super) fn tokens_of(account: &ServiceAccount, body: &Value) -> (Vec<ServiceToken>, Vec<String>) {
    let Some(list) = wire::list(body, "accessTokens") else {
        return (Vec::new(), vec!["does not show its tokens".to_owned()]);
    };
    let (mut tokens, mut holes) = (Vec::new(), Vec::new());
    for item in list {
        match token(&account.account_id, item) {
            Ok(token) => tokens.push(token),
            Err(why) => holes.push(format!("has an unreadable token ({why})")),
        }
    }
    (tokens, holes)
}

/// One token.
fn token(account_id: &str, item: &Value) -> Result<ServiceToken, String> {
    let mut permissions = json!({});
    for key in ["permissions", "repoIds", "repoPermissions"] {
        if let Some(value) = item.get(key).filter(|value| !value.is_null()) {
            permissions[key] = value.clone();
        }
    }
    let stated = permissions.as_object().is_some_and(|fields| !fields.is_empty());
    Ok(ServiceToken {
        account_id: account_id.to_owned(),
        token_id: wire::needed(item, &["_id", "id"])?,
        role: wire::text(item, "role"),
        created_at: wire::time(item, "createdAt")?,
        last_used_at: wire::time(item, "lastUsedAt")?,
        expires_at: wire::time(item, "expiration")?,
        permissions: stated.then(|| permissions.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_tokens_is_told_from_one_that_hides_them() {
        let bot = account(&json!({"_id": "1", "user": "acme-bot"})).unwrap();
        let (tokens, holes) = tokens_of(&bot, &json!({"accessTokens": []}));
        assert_eq!((tokens.len(), holes.len()), (0, 0));
        let (tokens, holes) = tokens_of(&bot, &json!({"_id": "1"}));
        assert_eq!((tokens.len(), holes.len()), (0, 1));
        let (tokens, holes) = tokens_of(
            &bot,
            &json!({"accessTokens": [
            {"_id": "t", "permissions": ["repo.write"], "repoIds": ["r"], "expiration": "2027-01-01T00:00:00Z"},
            {"_id": "u", "expiration": "some day"}]}),
        );
        assert_eq!((tokens.len(), holes.len()), (1, 1));
        assert_eq!(tokens[0].permissions.as_deref(), Some(r#"{"permissions":["repo.write"],"repoIds":["r"]}"#));
        assert!(tokens[0].expires_at.is_some());
    }
}
