//! `changes` where one of the two snapshots did not see everything, and what a change is called.

use super::{Org, ago, org};
use crate::{
    model::{
        coverage::{Coverage, Source},
        outcome::Row,
    },
    table::activity::NetworkSecurity,
};

const CHANGES: &str = "changes";

impl Org {
    /// The differences, without the rows of gaps.
    fn differences(&self) -> Vec<String> {
        self.rows(CHANGES).into_iter().filter(|row| !row.starts_with("source ")).collect()
    }

    /// Rows of `changes`.
    fn changed(&self) -> Vec<Row> {
        let analysis = self.judge();
        analysis.outcomes.iter().find(|o| o.meta.id == CHANGES).unwrap().rows.clone()
    }
}

/// A repository in a group, with a member in it and a grantee.
fn full() -> Org {
    org()
        .active("ada", "read", 1)
        .group("g", &[("ada", "read")])
        .repo("acme/m", |r| {
            r.group_id = Some("g".to_owned());
            r.gated = Some("manual".to_owned());
        })
        .grant("acme/m", "ada")
        .token("ada", Some(1), |_| ())
        .account("bot", &[(Some(1), true)])
}

/// The same organization of which nothing but the members was read.
fn blind(source: Source) -> Org {
    let mut org = org().active("ada", "read", 1).coverage(source, Coverage::Forbidden);
    if source == Source::ResourceGroups {
        let seen = full();
        org.tables.repos = seen.tables.repos;
        org.tables.repos[0].group_id = None;
        org.tables.gated_access = seen.tables.gated_access;
        org.tables.tokens = seen.tables.tokens;
        org.tables.service_accounts = seen.tables.service_accounts;
    }
    org
}

#[test]
fn nothing_is_invented_where_one_of_the_two_did_not_see_the_groups() {
    let source = Source::ResourceGroups;
    let row = "source resource_groups: unknown high source-missing";
    assert_eq!(full().since(30, blind(source)).rows(CHANGES), [row], "the baseline did not see them");
    assert_eq!(blind(source).since(30, full()).rows(CHANGES), [row], "the snapshot did not see them");
    assert_eq!(blind(source).since(30, blind(source)).rows(CHANGES), [row], "one row is enough");
}

#[test]
fn a_group_is_compared_where_both_saw_groups_and_repositories() {
    let mut before = full();
    before.tables.repos[0].group_id = None;
    assert_eq!(full().since(30, before).rows(CHANGES), ["repo acme/m: review medium unexplained-change"]);
}

#[test]
fn grants_are_compared_where_both_saw_the_repositories() {
    let mut before = full().coverage(Source::Repos, Coverage::Partial);
    before.tables.repos.clear();
    before.tables.gated_access.clear();
    assert_eq!(full().since(30, before).differences(), Vec::<String>::new());
}

#[test]
fn a_log_that_the_baseline_did_not_see_is_no_gap_of_the_comparison() {
    let before = full().coverage(Source::AuditLog, Coverage::Forbidden);
    assert_eq!(full().since(30, before).rows(CHANGES), Vec::<String>::new());
    let mut before = full();
    before.manifest.sources.remove(&Source::Tokens);
    assert_eq!(full().since(30, before).rows(CHANGES), ["source tokens: unknown high source-missing"]);
}

#[test]
fn a_role_or_rule_that_one_of_the_two_does_not_show_did_not_change() {
    let mut before = full();
    before.tables.group_users[0].role = None;
    before.tables.members[0].role = None;
    let rules = |restricted| NetworkSecurity {
        enforce_auth: None,
        enforce_ip_restriction: restricted,
        high_rate_limits: None,
        ip_ranges: Vec::new(),
        blocked_contents: None,
        allowed_contents: None,
        keep_repos_metadata_visible: None,
    };
    before.tables.network_security.push(rules(None));
    let mut now = full();
    now.tables.network_security.push(rules(Some(true)));
    assert_eq!(now.since(30, before).rows(CHANGES), Vec::<String>::new());
}

#[test]
fn a_user_is_the_same_whichever_of_the_two_has_an_id() {
    let mut before = full();
    before.tables.group_users[0].user_id = None;
    before.tables.gated_access[0].user_id = None;
    assert_eq!(full().since(30, before).rows(CHANGES), Vec::<String>::new());
    let mut other = full();
    other.tables.group_users[0].user_id = Some("somebody-else".to_owned());
    assert_eq!(full().since(30, other).rows(CHANGES).len(), 2, "two ids are two people, whatever their login");
}

#[test]
fn what_became_public_has_a_rule_of_its_own_and_keeps_its_event() {
    let before = full().repo("acme/x", |r| r.visibility = Some("private".to_owned()));
    let changed = |to: &'static str| {
        let mut now =
            full().repo("acme/x", |r| r.visibility = Some(to.to_owned())).life(5, "repo.update_settings", "ada", "");
        now.log.events[0].repo = Some("acme/x".to_owned());
        now
    };
    let public = changed("public").since(30, before);
    assert_eq!(public.rows(CHANGES), ["repo acme/x: review medium made-public"]);
    assert_eq!(public.cell(CHANGES, "acme/x", "explained_by"), "e0");
    let before = full().repo("acme/x", |r| r.visibility = Some("private".to_owned()));
    assert_eq!(changed("protected").since(30, before).rows(CHANGES), ["repo acme/x: pass info explained"]);
}

#[test]
fn only_more_access_for_somebody_who_was_there_is_an_increase() {
    let before = full().member("up", "read").member("down", "admin").group("h", &[("up", "write")]);
    let now = full()
        .member("up", "write")
        .member("down", "read")
        .member("new", "read")
        .group("h", &[("up", "admin"), ("down", "read"), ("new", "read")])
        .grant("acme/m", "up")
        .grant("acme/m", "stranger")
        .since(30, before);
    let mut rows = now.rows(CHANGES);
    rows.retain(|row| row.contains("privilege-increase"));
    assert_eq!(
        rows,
        [
            "group-user down: review medium unexplained-change +privilege-increase",
            "group-user up: review medium unexplained-change +privilege-increase",
            "member up: review medium unexplained-change +privilege-increase",
            "gated-grant up: review low privilege-increase",
        ]
    );
}

#[test]
fn no_change_is_from_nothing_to_nothing() {
    let mut before = full().member("gone", "read").repo("acme/old", |_| ());
    before.tables.members[0].two_factor = Some(true);
    before.tables.service_accounts.clear();
    before.tables.service_tokens.clear();
    before.tables.repos[0].group_id = None;
    let now = full().but(|m| m.two_factor = Some(false)).member("new", "read").token("ada", None, |_| ());
    let reasons: Vec<String> = now.since(30, before).changed().into_iter().map(|row| row.reason).collect();
    assert_eq!(reasons.len(), 7, "{reasons:#?}");
    for reason in &reasons {
        assert!(!reason.contains("nothing") && !reason.contains("more access"), "{reason}");
    }
    let log = "the log is continuous and has no event for it";
    for expected in [
        format!("left: was read; {log}"),
        format!("joined: now read; {log}"),
        format!("service account added; {log}"),
        format!("group assigned: now g; {log}"),
        "two factor lost: from true to false; two-factor authentication is off now".to_owned(),
        "token created: now active; the Hub logs no such change".to_owned(),
    ] {
        assert!(reasons.contains(&expected), "{expected} in {reasons:#?}");
    }
}

#[test]
fn an_event_about_an_address_of_a_member_explains_them() {
    let before = full().member("gone", "read");
    let now = full().life(5, "org.remove_user", "boss", "gone@acme.example").since(30, before);
    assert_eq!(now.verdict(CHANGES, "member", "gone"), "pass info explained");
    let now = full().member("new", "read").life(5, "org.invite.accept", "new", "new@acme.example").since(30, full());
    assert_eq!(now.verdict(CHANGES, "member", "new"), "pass info explained");
}

#[test]
fn the_newest_event_explains() {
    let before = full().member("up", "read");
    let now = full()
        .member("up", "write")
        .life(9, "org.change_role", "boss", "up")
        .life(7, "org.change_role", "other", "up")
        .life(8, "org.change_role", "boss", "up")
        .life(5, "org.change_role", "boss", "ada")
        .since(30, before);
    assert_eq!(now.cell(CHANGES, "up", "actor"), "other");
    assert_eq!(now.cell(CHANGES, "up", "changed_at"), crate::model::time::format(ago(7)));
}

#[test]
fn none_found_over_a_gap_is_not_no_change() {
    let total = |org: &Org| {
        let analysis = org.judge();
        analysis.outcomes.iter().find(|o| o.meta.id == CHANGES).unwrap().totals["changes"].clone()
    };
    assert_eq!(total(&full().since(30, full())), 0);
    assert!(total(&full().since(30, full().coverage(Source::Tokens, Coverage::Forbidden))).is_null());
    assert!(total(&full()).is_null(), "without a baseline");
}
