//! `changes`, `privileged-activity` and `offboarding`.

use super::{Org, ago, id, org};
use crate::{
    model::{
        coverage::{Coverage, Source},
        ids::SnapshotId,
    },
    table::activity::NetworkSecurity,
};

const CHANGES: &str = "changes";
const PRIVILEGED: &str = "privileged-activity";
const OFFBOARDING: &str = "offboarding";

impl Org {
    /// Compares with an organization of `days` ago.
    pub(super) fn since(mut self, days: i64, before: Self) -> Self {
        let mut manifest = before.manifest;
        manifest.as_of = ago(days);
        manifest.id = SnapshotId::of(ago(days));
        self.baseline = Some((manifest, before.tables));
        self
    }
}

#[test]
fn without_a_baseline_nothing_is_called_unchanged() {
    let org = org().member("ada", "read");
    assert_eq!(org.rows(CHANGES), Vec::<String>::new());
    let analysis = org.judge();
    let outcome = analysis.outcomes.iter().find(|o| o.meta.id == CHANGES).unwrap();
    assert!(outcome.totals["changes"].is_null());
    assert_eq!(outcome.limits, ["There is no baseline: what changed cannot be told."]);
}

#[test]
fn coming_going_and_changing_is_explained_by_the_log_or_not() {
    let before = org().member("stays", "read").member("gone", "read").member("lost", "read").member("up", "read");
    let now = org()
        .member("stays", "read")
        .member("up", "admin")
        .member("new", "read")
        .member("odd", "read")
        .life(10, "org.add_user", "boss", "new")
        .life(11, "org.remove_user", "boss", "gone")
        .life(12, "org.change_role", "boss", "up")
        .since(30, before);
    assert_eq!(
        now.rows(CHANGES),
        [
            "member lost: review medium unexplained-change",
            "member odd: review medium unexplained-change",
            "member up: review low privilege-increase",
            "member gone: pass info explained",
            "member new: pass info explained",
        ]
    );
    assert_eq!(now.cell(CHANGES, "up", "before"), "read");
    assert_eq!(now.cell(CHANGES, "up", "explained_by"), "e2");
    assert_eq!(now.cell(CHANGES, "gone", "actor"), "boss");
}

#[test]
fn an_event_before_the_baseline_explains_nothing() {
    let now = org().member("new", "read").life(31, "org.add_user", "boss", "new").since(30, org());
    assert_eq!(now.verdict(CHANGES, "member", "new"), "review medium unexplained-change");
}

#[test]
fn a_log_that_does_not_reach_over_leaves_it_unknown() {
    let mut now = org().member("new", "read").since(30, org());
    now.manifest.audit.observed_since = Some(ago(29));
    assert_eq!(now.verdict(CHANGES, "member", "new"), "unknown medium source-missing");
}

#[test]
fn a_source_that_was_a_gap_is_not_compared() {
    let blind = org().coverage(Source::Members, Coverage::Partial);
    let now = org().member("ada", "read").since(30, blind);
    assert_eq!(now.rows(CHANGES), ["source members: unknown high source-missing"]);
}

#[test]
fn renames_and_lost_factors_are_never_logged() {
    let before = org().member("old-name", "read").member("careless", "read");
    let now = org()
        .member("new-name", "read")
        .but(|m| m.user_id = id("old-name"))
        .member("careless", "read")
        .but(|m| m.two_factor = Some(false))
        .since(30, before);
    assert_eq!(
        now.rows(CHANGES),
        ["member careless: review medium two-factor-lost", "member new-name: listed info not-logged"]
    );
}

#[test]
fn groups_repositories_grants_and_tokens_are_compared() {
    let before = org()
        .member("ada", "read")
        .group("g", &[("bo", "read")])
        .repo("acme/was-private", |r| r.visibility = Some("private".to_owned()))
        .repo("acme/deleted", |_| ())
        .repo("acme/gated", |r| r.gated = Some("manual".to_owned()))
        .grant("acme/gated", "old")
        .token("ada", None, |_| ());
    let now = org()
        .member("ada", "read")
        .group("g", &[("ada", "read")])
        .repo("acme/was-private", |_| ())
        .repo("acme/created", |_| ())
        .repo("acme/gated", |r| r.gated = Some("manual".to_owned()))
        .grant("acme/gated", "ada")
        .token("ada", None, |t| t.status = "revoked".to_owned())
        .created(5, "ada", "acme/created")
        .since(30, before);
    assert_eq!(
        now.rows(CHANGES),
        [
            "group-user ada: review medium unexplained-change +privilege-increase",
            "group-user bo: review medium unexplained-change",
            "repo acme/deleted: review medium unexplained-change",
            "repo acme/was-private: review medium made-public +unexplained-change",
            "gated-grant ada: review low privilege-increase",
            "gated-grant old: listed info not-logged",
            "token t0: listed info not-logged",
            "repo acme/created: pass info explained",
        ]
    );
}

#[test]
fn network_rules_are_compared_field_by_field() {
    let rules = |restricted| NetworkSecurity {
        enforce_auth: Some("true".to_owned()),
        enforce_ip_restriction: Some(restricted),
        high_rate_limits: None,
        ip_ranges: Vec::new(),
        blocked_contents: None,
        allowed_contents: None,
        keep_repos_metadata_visible: None,
    };
    let mut before = org();
    before.tables.network_security.push(rules(true));
    let mut now = org().life(5, "org.settings.network.ip_restriction.disable", "boss", "");
    now.tables.network_security.push(rules(false));
    let now = now.since(30, before);
    assert_eq!(now.rows(CHANGES), ["org acme: pass info explained"]);
    assert_eq!(now.cell(CHANGES, "acme", "resource"), "enforce_ip_restriction");
}

#[test]
fn privileged_events_of_the_period_are_listed_and_weakened_controls_reviewed() {
    let org = org()
        .member("boss", "admin")
        .life(91, "org.change_role", "boss", "ada")
        .life(90, "org.change_role", "boss", "ada")
        .life(40, "org.remove_user", "boss", "gone")
        .life(39, "resource_group.delete", "gone", "")
        .life(20, "org.settings.security.2fa.disable", "boss", "")
        .life(10, "repo.create", "boss", "");
    let mut rows = org.rows(PRIVILEGED);
    for row in &mut rows {
        *row = row.split(": ").nth(1).unwrap().to_owned();
    }
    assert_eq!(
        rows,
        [
            "fail critical by-former-member",
            "review medium control-weakened",
            "listed info recorded",
            "listed info recorded",
        ]
    );
}

#[test]
fn a_leaver_is_found_in_every_source_and_late_removals_are_counted() {
    let org = org()
        .member("still", "read")
        .person("still", "terminated", Some("2026-09-20"))
        .life(10, "org.remove_user", "boss", "late")
        .person("late", "terminated", Some("2026-09-19"))
        .person("invited", "terminated", None)
        .life(5, "org.invite.email", "boss", "invited@acme.example")
        .before(60, &["still", "late", "paths", "clean"])
        .life(30, "org.leave", "paths", "")
        .life(30, "org.leave", "clean", "")
        .repo("acme/m", |r| r.gated = Some("manual".to_owned()))
        .grant("acme/m", "paths")
        .token("paths", Some(1), |_| ())
        .group("g", &[("paths", "read")]);
    assert_eq!(org.verdict(OFFBOARDING, "person", "still"), "fail critical residual-access");
    assert_eq!(org.verdict(OFFBOARDING, "person", "late"), "fail medium late-removal");
    assert_eq!(org.cell(OFFBOARDING, "late", "hours_to_removal"), "30");
    assert_eq!(org.cell(OFFBOARDING, "late", "within_sla"), "false");
    assert_eq!(org.verdict(OFFBOARDING, "person", "paths"), "fail critical residual-access");
    for (column, value) in
        [("group_paths", "g"), ("gated_grants", "acme/m"), ("live_tokens", "1"), ("still_member", "false")]
    {
        assert_eq!(org.cell(OFFBOARDING, "paths", column), value, "{column}");
    }
    assert_eq!(org.verdict(OFFBOARDING, "person", "clean"), "pass info clean");
    assert_eq!(org.verdict(OFFBOARDING, "person", "invited@acme.example"), "fail critical residual-access");
    let analysis = org.judge();
    let mut rows = analysis.outcomes.iter().flat_map(|o| &o.rows);
    let row = rows.find(|r| r.subject_kind == "person" && r.subject == "invited@acme.example").unwrap();
    assert_eq!(row.reason, "still there: 1 pending invite");
    let blind = org.coverage(Source::Tokens, Coverage::Forbidden);
    assert_eq!(blind.verdict(OFFBOARDING, "person", "clean"), "unknown medium source-missing");
    assert_eq!(blind.verdict(OFFBOARDING, "person", "still"), "fail critical residual-access");
}

#[test]
fn a_roster_that_does_not_count_leaves_no_leaver_clean_and_says_what_it_cannot_tell() {
    let gone = || {
        let org = org().member("still", "read").before(60, &["still", "gone"]).life(30, "org.leave", "gone", "");
        org.person("gone", "terminated", None)
    };
    assert_eq!(gone().verdict(OFFBOARDING, "person", "gone"), "pass info clean");
    let mut old = gone().coverage(Source::Roster, Coverage::Partial);
    old.manifest.sources.get_mut(&Source::Roster).unwrap().why = Some("it was 31 days old, more than 30".to_owned());
    assert_eq!(old.verdict(OFFBOARDING, "person", "gone"), "unknown medium source-missing");
    let analysis = old.judge();
    let outcome = analysis.outcomes.iter().find(|o| o.meta.id == "orphaned-access").unwrap();
    assert!(outcome.limits.iter().any(|limit| limit.contains("(it was 31 days old, more than 30)")));
    let member = old.member("gone-too", "read").person("gone-too", "terminated", None);
    let verdict = member.coverage(Source::Roster, Coverage::Partial).verdict("orphaned-access", "member", "gone-too");
    assert_eq!(verdict, "fail critical terminated-with-access", "what it says of people who left counts");
}

#[test]
fn none_found_over_a_gap_is_not_none() {
    let total = |org: &Org, analyzer: &str, total: &str| {
        let analysis = org.judge();
        analysis.outcomes.iter().find(|o| o.meta.id == analyzer).unwrap().totals[total].clone()
    };
    let whole = org().member("ada", "admin").person("ada", "active", None);
    for (analyzer, name) in [(PRIVILEGED, "events"), (OFFBOARDING, "people"), (OFFBOARDING, "failing")] {
        assert_eq!(total(&whole, analyzer, name), 0, "{name}");
    }
    let blind = org().member("ada", "admin").coverage(Source::AuditLog, Coverage::Forbidden);
    for (analyzer, name) in [(PRIVILEGED, "events"), (OFFBOARDING, "people"), (OFFBOARDING, "failing")] {
        assert!(total(&blind, analyzer, name).is_null(), "{name}");
    }
    let some = blind.member("gone", "read").person("gone", "terminated", None);
    assert_eq!(
        total(&some, OFFBOARDING, "people"),
        1,
        "what was found counts, and the title says that more may be there"
    );
}
