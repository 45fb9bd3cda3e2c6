//! `network_security`: the network rules in force.

use serde_json::Value;

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::{hub::endpoints, table::activity::NetworkSecurity};

/// Asks.
///
/// # Errors
/// When the answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, Vec<NetworkSecurity>), Error> {
    let mut ledger = Ledger::new(reader.source);
    let part = reader.document(&endpoints::NETWORK_SECURITY, &[("org", org)]).await?;
    let read = ledger.take(part).first().map(rules);
    if let Some((_, false)) = read {
        ledger.hole("the answer does not list the permitted addresses (`ipRanges`)");
    }
    let rows: Vec<_> = read.into_iter().map(|(row, _)| row).collect();
    ledger.rows = rows.len() as u64;
    Ok((ledger, rows))
}

/// The rules, and whether the permitted addresses were among them.
pub(super) fn rules(body: &Value) -> (NetworkSecurity, bool) {
    let ranges = wire::list(body, "ipRanges");
    let enforce_auth = wire::flag(body, "enforceAuth").map(|flag| flag.to_string());
    let row = NetworkSecurity {
        enforce_auth: enforce_auth.or_else(|| wire::text(body, "enforceAuth")),
        enforce_ip_restriction: wire::flag(body, "enforceIpRestriction"),
        high_rate_limits: wire::flag(body, "highRateLimits"),
        ip_ranges: ranges.into_iter().flatten().filter_map(wire::scalar).collect(),
        blocked_contents: wire::json(body, "blockedContents"),
        allowed_contents: wire::json(body, "allowedContents"),
        keep_repos_metadata_visible: wire::flag(body, "keepReposMetadataVisible"),
    };
    (row, ranges.is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn enforcement_is_true_false_pending_or_unknown() {
        let word = |body: Value| rules(&body).0.enforce_auth;
        assert_eq!(word(json!({"enforceAuth": true})).as_deref(), Some("true"));
        assert_eq!(word(json!({"enforceAuth": false})).as_deref(), Some("false"));
        assert_eq!(word(json!({"enforceAuth": "pending"})).as_deref(), Some("pending"));
        assert_eq!(word(json!({})), None);
        assert!(!rules(&json!({})).1 && rules(&json!({"ipRanges": []})).1);
    }
}
