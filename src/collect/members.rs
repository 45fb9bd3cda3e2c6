//! `members`: who is in, with what role. What the token may not see stays unknown.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::{
    hub::endpoints,
    model::{ids::fold, manifest::Collector},
    table::access::Member,
};

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

/// Enters that the list is not whole although it was answered to its end: it is empty, lacks the collector, or holds
/// fewer members than the Hub counts.
pub(super) fn left_out(ledger: &mut Ledger, members: &[Member], (who, counted): (&Collector, Option<i64>)) {
    let listed = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let is_collector = |member: &Member| {
        let same_id = who.user_id.as_ref().is_some_and(|id| *id == member.user_id);
        same_id || fold(&member.username) == fold(&who.login)
    };
    if let Some(counted) = counted.filter(|counted| *counted > listed) {
        ledger.leaves_out(&format!("the Hub counts {counted} members and lists {listed}"));
    } else if members.is_empty() {
        ledger.leaves_out("the list is empty, and every organization has a member");
    } else if let Some(role) = who.role_in_org.as_ref().filter(|_| !members.iter().any(is_collector)) {
        ledger.leaves_out(&format!("the list lacks {}, who reads it with the role {role}", who.login));
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
    use crate::{
        collect::read::Part,
        model::coverage::{Coverage, Plan, Source},
    };

    #[test]
    fn what_is_not_visible_stays_unknown() {
        let seen = member(&json!({"_id": "1", "user": "ada", "fullname": "Ada", "isPro": false})).unwrap();
        assert_eq!((seen.role, seen.two_factor, seen.is_external, seen.verified_email), (None, None, None, None));
        assert_eq!(seen.is_pro, Some(false));
    }

    #[test]
    fn a_list_that_is_answered_to_its_end_may_still_not_be_whole() {
        let ada = member(&json!({"_id": "1", "user": "Ada"})).unwrap();
        let collector = |role: Option<&str>, id: &str, login: &str| Collector {
            login: login.to_owned(),
            user_id: Some(id.to_owned()),
            role_in_org: role.map(str::to_owned),
            ..Collector::default()
        };
        let judged = |members: &[Member], who: &Collector, counted| {
            let mut ledger = Ledger::new(Source::Members);
            ledger.take(Part { items: members.to_vec(), requests: Vec::new(), failure: None });
            ledger.rows = members.len() as u64;
            left_out(&mut ledger, members, (who, counted));
            let record = ledger.record(&Plan::Team);
            (record.coverage == Coverage::Partial, record.why.unwrap_or_default())
        };
        let (admin, one) = (collector(Some("admin"), "9", "ada"), std::slice::from_ref(&ada));
        assert_eq!(judged(one, &admin, Some(1)), (false, String::new()), "by login, whatever the case");
        assert_eq!(judged(one, &collector(Some("read"), "1", "renamed"), None), (false, String::new()), "by id");
        assert_eq!(judged(one, &admin, Some(0)), (false, String::new()), "the count leaves out hidden members");
        let cases = [
            (one, &admin, Some(70), "counts 70 members and lists 1"),
            (&[], &admin, Some(0), "empty"),
            (&[], &collector(None, "9", "bob"), None, "empty"),
            (one, &collector(Some("read"), "9", "bob"), Some(1), "lacks bob"),
        ];
        for (members, who, counted, word) in cases {
            let (partial, why) = judged(members, who, counted);
            assert!(partial && why.contains(word), "{word}: {why}");
        }
        assert_eq!(judged(one, &collector(None, "9", "bob"), Some(1)), (false, String::new()), "reads from outside");
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
