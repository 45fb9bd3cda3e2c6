//! The parsers of the wire on bytes alone, without a Hub: what fuzzing feeds, and what asks whether a kept body can
//! still be read.

use serde_json::{Value, value::RawValue};

use super::{
    audit, commits, decode, gated, groups, members, network, repos, scim, service_accounts, tokens, whoami, wire,
};
use crate::model::{coverage::Source, ids::OrgName};

/// What a body held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// Items that were understood.
    pub items: u64,
    /// Items that were not.
    pub left_out: u64,
}

/// Reads a body as the parser of its source does. Sources that are read from files, or are one document without a
/// parser of their own, hold nothing.
///
/// # Errors
/// When the body is not what the source sends, in one clause that does not quote it.
pub fn held(source: Source, body: &[u8]) -> Result<Held, String> {
    match source {
        Source::Members => list(body, members::member),
        Source::ResourceGroups => list(body, groups::group),
        Source::Repos => {
            let inventory = list(body, repos::inventoried)?;
            let typed = list(body, |item| repos::listed(item, "model"))?;
            Ok(if inventory.items > typed.items { inventory } else { typed })
        }
        Source::GatedAccess => list(body, |item| gated::access(item, "acme/arm", "accepted")),
        Source::Tokens => list(body, tokens::token),
        Source::ServiceAccounts => list(body, |item| {
            let account = service_accounts::account(item)?;
            Ok(service_accounts::tokens_of(&account, item))
        }),
        Source::AuditLog => raw(body, audit::event),
        Source::Commits => list(body, commits::commit),
        Source::Scim => scim_list(&decode::object(body)?),
        Source::NetworkSecurity => {
            network::rules(&decode::object(body)?);
            Ok(Held { items: 1, left_out: 0 })
        }
        Source::Whoami => {
            let org = OrgName::new("acme").map_err(|error| error.to_string())?;
            whoami::facts(&decode::object(body)?, &org);
            Ok(Held { items: 1, left_out: 0 })
        }
        Source::Overview | Source::Roster | Source::Invites => Ok(Held::default()),
    }
}

/// A list of objects.
fn list<T>(body: &[u8], parse: impl Fn(&Value) -> Result<T, String>) -> Result<Held, String> {
    raw(body, |raw| parse(&decode::item(raw)?))
}

/// A list of anything.
fn raw<T>(body: &[u8], parse: impl Fn(&RawValue) -> Result<T, String>) -> Result<Held, String> {
    let page = decode::array(body, &parse, u64::MAX)?;
    Ok(Held { items: page.items.len() as u64, left_out: page.left_out })
}

/// A SCIM list of users or groups.
fn scim_list(body: &Value) -> Result<Held, String> {
    let resources = wire::list(body, "Resources").ok_or("not a SCIM list")?;
    let known = |item: &&Value| scim::user(item, "scim").is_ok() || scim::group(item).is_ok();
    let items = resources.iter().filter(known).count();
    Ok(Held { items: items as u64, left_out: (resources.len() - items) as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_as_their_source_reads_them() {
        let members = br#"[{"_id":"1","user":"ada"},{"user":7},9]"#;
        assert_eq!(held(Source::Members, members), Ok(Held { items: 1, left_out: 2 }));
        let scim = br#"{"Resources":[{"id":"1","userName":"ada"},{"id":"2","displayName":"g"},{}]}"#;
        assert_eq!(held(Source::Scim, scim), Ok(Held { items: 2, left_out: 1 }));
        assert!(held(Source::Members, b"{}").is_err() && held(Source::Scim, b"[]").is_err());
    }
}
