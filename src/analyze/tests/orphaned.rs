//! `orphaned-access` and `access`.

use super::{ago, id, org};
use crate::model::coverage::{Coverage, Source};

const ORPHANED: &str = "orphaned-access";

#[test]
fn a_member_in_order_has_no_row() {
    let org = org().active("ada", "read", 1);
    assert_eq!(org.rows(ORPHANED), Vec::<String>::new());
}

#[test]
fn externals_are_reviewed_and_idle_ones_fail() {
    let external = |days| org().active("ex", "read", days).but(|m| m.is_external = Some(true));
    assert_eq!(external(1).verdict(ORPHANED, "member", "ex"), "review medium external-collaborator");
    assert_eq!(external(90).verdict(ORPHANED, "member", "ex"), "fail high inactive-external");
}

#[test]
fn leavers_of_the_roster_fail_by_any_match() {
    let org = org()
        .active("ada", "read", 1)
        .person("ada", "terminated", None)
        .person("bo", "active", None)
        .active("cy", "read", 1);
    assert_eq!(org.verdict(ORPHANED, "member", "ada"), "fail critical terminated-with-access");
    assert_eq!(org.verdict(ORPHANED, "member", "cy"), "review medium not-in-roster");
}

#[test]
fn scim_drift_shows_in_both_directions() {
    let org = org().active("ada", "read", 1).scim("ada", false).active("bo", "read", 1);
    assert_eq!(org.verdict(ORPHANED, "member", "ada"), "fail critical scim-deprovisioned");
    assert_eq!(org.verdict(ORPHANED, "member", "bo"), "review low unmanaged-by-scim");
    let hidden = org.but(|m| m.is_external = None);
    assert_eq!(hidden.rows(ORPHANED).len(), 1, "who may be external is not called unmanaged");
    let blind = hidden.coverage(Source::Scim, Coverage::Partial);
    assert_eq!(
        blind.rows(ORPHANED),
        ["member ada: fail critical scim-deprovisioned", "source scim: unknown high source-missing"],
        "who was read as switched off is, whoever else was not read"
    );
}

#[test]
fn group_users_must_be_members_or_service_accounts() {
    let org = org()
        .active("ada", "read", 1)
        .account("bot", &[(Some(1), true)])
        .group("g", &[("ada", "read"), ("bot", "write"), ("ghost", "read")]);
    assert_eq!(org.verdict(ORPHANED, "group-user", "ada"), "pass info in-order");
    assert_eq!(org.verdict(ORPHANED, "group-user", "bot"), "pass info in-order");
    assert_eq!(org.verdict(ORPHANED, "group-user", "ghost"), "fail high group-user-not-member");
    let blind = org.coverage(Source::ServiceAccounts, Coverage::Forbidden);
    assert_eq!(blind.verdict(ORPHANED, "group-user", "ghost"), "unknown medium source-missing");
}

#[test]
fn grants_of_members_leavers_and_outsiders() {
    let org = org()
        .active("ada", "read", 1)
        .life(20, "org.remove_user", "boss", "gone")
        .repo("acme/m", |r| r.gated = Some("manual".to_owned()))
        .grant("acme/m", "ada")
        .grant("acme/m", "gone")
        .grant("acme/m", "outsider")
        .grant("acme/m", "");
    assert_eq!(org.verdict(ORPHANED, "gated-grant", "ada"), "pass info in-order");
    assert_eq!(org.verdict(ORPHANED, "gated-grant", "gone"), "fail high former-member-grant");
    assert_eq!(org.verdict(ORPHANED, "repo", "acme/m"), "review low outside-grantees");
    assert_eq!(org.cell(ORPHANED, "acme/m", "grant_count"), "2");
    let mut listed = org;
    listed.params.analyzers.orphaned_access.list_outside_grants = true;
    assert_eq!(listed.verdict(ORPHANED, "gated-grant", "outsider"), "review low outside-grantees");
    assert_eq!(listed.cell(ORPHANED, "acme/m", "grant_count"), "1");
}

#[test]
fn automatic_gating_passes_outsiders() {
    let org = org().repo("acme/m", |r| r.gated = Some("auto".to_owned())).grant("acme/m", "outsider");
    assert_eq!(org.verdict(ORPHANED, "repo", "acme/m"), "pass info outside-grantees");
}

#[test]
fn grants_without_effect_are_named() {
    let grant = |visibility: &'static str, gated: &'static str| {
        org().active("ada", "read", 1).grant("acme/m", "ada").repo("acme/m", move |r| {
            r.visibility = Some(visibility.to_owned());
            r.gated = Some(gated.to_owned());
        })
    };
    assert_eq!(grant("private", "manual").verdict(ORPHANED, "gated-grant", "ada"), "review low grant-on-private-repo");
    assert_eq!(grant("public", "false").verdict(ORPHANED, "gated-grant", "ada"), "review low grant-on-ungated-repo");
}

#[test]
fn tokens_are_judged_by_owner_use_and_role() {
    let org = org()
        .active("ada", "read", 1)
        .token("ada", Some(1), |_| ())
        .token("ada", Some(90), |_| ())
        .token("ada", None, |t| t.created_at = Some(ago(29)))
        .token("ada", None, |t| t.created_at = Some(ago(30)))
        .token("ada", Some(1), |t| t.role = Some("write".to_owned()))
        .token("ghost", Some(1), |_| ())
        .token("ghost", Some(1), |t| t.status = "revoked".to_owned());
    let verdict = |n: &str| org.verdict(ORPHANED, "token", n);
    assert_eq!(verdict("t0"), "pass info in-order");
    assert_eq!(verdict("t1"), "review low unused-token");
    assert_eq!(verdict("t2"), "pass info in-order");
    assert_eq!(verdict("t3"), "review low unused-token");
    assert_eq!(verdict("t4"), "review medium broad-token");
    assert_eq!(verdict("t5"), "fail high token-outlives-membership");
    assert!(!org.rows(ORPHANED).iter().any(|row| row.starts_with("token t6")));
}

#[test]
fn service_accounts_are_judged_by_their_tokens() {
    let org = org()
        .account("busy", &[(Some(89), true), (None, true)])
        .account("idle", &[(Some(90), true)])
        .account("bare", &[])
        .account("endless", &[(Some(1), false)]);
    let verdict = |name: &str| org.verdict(ORPHANED, "service-account", name);
    assert_eq!(verdict("busy"), "pass info in-order");
    assert_eq!(verdict("idle"), "review medium service-account-idle");
    assert_eq!(verdict("bare"), "review medium service-account-idle");
    assert_eq!(verdict("endless"), "review low service-token-no-expiry");
    let blind = org.coverage(Source::ServiceAccounts, Coverage::Partial);
    assert_eq!(blind.verdict(ORPHANED, "service-account", "bare"), "unknown medium source-missing");
}

#[test]
fn a_former_member_may_not_act_after_leaving() {
    let acted = |days| org().life(20, "org.remove_user", "boss", "gone").did("gone", days, "repo.update_settings");
    assert_eq!(acted(19).verdict(ORPHANED, "activity", "gone"), "fail critical activity-after-removal");
    assert_eq!(acted(20).rows(ORPHANED), Vec::<String>::new());
}

#[test]
fn leaving_is_dated_by_the_snapshots_where_the_log_is_silent() {
    let org = org().before(60, &["gone"]).before(30, &[]).did("gone", 29, "jobs.create");
    assert_eq!(org.verdict(ORPHANED, "activity", "gone"), "fail critical activity-after-removal");
    let earlier = org.did("x", 1, "x");
    assert!(!earlier.rows(ORPHANED).iter().any(|row| row.contains("activity x")), "an outsider is no former member");
}

#[test]
fn a_removal_before_the_last_sight_is_about_an_earlier_stay() {
    let org = org().life(100, "org.remove_user", "boss", "back").before(40, &["back"]).before(10, &[]).did(
        "back",
        50,
        "jobs.create",
    );
    assert_eq!(org.rows(ORPHANED), Vec::<String>::new());
}

#[test]
fn somebody_who_came_back_is_no_former_member() {
    let org = org().life(100, "org.remove_user", "boss", "back").active("back", "read", 1);
    assert_eq!(org.rows(ORPHANED), Vec::<String>::new());
}

#[test]
fn a_renamed_member_is_followed_by_id() {
    let org = org().before(60, &["old"]).active("new", "read", 1).but(|m| m.user_id = id("old"));
    assert_eq!(org.rows(ORPHANED), Vec::<String>::new());
}

#[test]
fn without_the_members_nothing_is_said_of_any_path() {
    for coverage in [Coverage::Partial, Coverage::Forbidden] {
        let org = org()
            .active("ex", "read", 1)
            .but(|m| m.is_external = Some(true))
            .token("ghost", Some(1), |_| ())
            .group("g", &[("ghost", "read")])
            .life(90, "org.invite_user", "boss", "late")
            .coverage(Source::Members, coverage);
        let rows = org.rows(ORPHANED);
        assert_eq!(rows.len(), 5);
        assert!(rows.iter().all(|row| row.contains(": unknown ")), "{rows:#?}");
    }
}

#[test]
fn the_population_lists_every_path_once_and_judges_none() {
    let org = org()
        .active("ada", "contributor", 1)
        .group("g", &[("ada", "admin")])
        .repo("acme/m", |r| r.gated = Some("auto".to_owned()))
        .created(50, "ada", "acme/m")
        .grant("acme/m", "outsider")
        .account("bot", &[(Some(1), true), (None, true)])
        .life(5, "org.invite.email", "ada", "new@acme.example");
    assert_eq!(
        org.rows("access"),
        [
            "gated-grant outsider: listed info listed",
            "group-user ada: listed info listed",
            "invite new@acme.example: listed info listed",
            "member ada: listed info listed",
            "member ada: listed info listed",
            "token bot-0: listed info listed",
            "token bot-1: listed info listed",
        ]
    );
}

#[test]
fn a_roster_that_is_a_gap_tells_of_leavers_and_of_nobody_else() {
    let with = |coverage| {
        let org = org().member("gone", "read").active("known", "read", 1).but(|m| m.is_external = Some(true));
        let org = org.active("stranger", "read", 1).but(|m| m.is_external = Some(true));
        let org = org.person("gone", "terminated", None).person("known", "leave", None);
        org.coverage(Source::Roster, coverage)
    };
    let (good, old) = (with(Coverage::Imported), with(Coverage::Partial));
    assert_eq!(good.verdict(ORPHANED, "member", "stranger"), "review medium external-collaborator +not-in-roster");
    assert_eq!(old.verdict(ORPHANED, "member", "stranger"), "review medium external-collaborator");
    for org in [&good, &old] {
        assert_eq!(org.verdict(ORPHANED, "member", "gone"), "fail critical terminated-with-access");
    }
    assert_eq!(good.cell(ORPHANED, "known", "employment_status"), "leave");
    assert_eq!(old.cell(ORPHANED, "known", "employment_status"), "");
    assert_eq!(old.verdict(ORPHANED, "source", "roster"), "unknown high source-missing");
}

#[test]
fn a_scim_user_who_was_read_is_proof_although_scim_is_a_gap() {
    let off = org().member("off", "admin").scim("off", false).member("free", "read");
    let part = off.coverage(Source::Scim, Coverage::Partial);
    assert_eq!(part.verdict(ORPHANED, "member", "off"), "fail critical scim-deprovisioned");
    assert_eq!(part.verdict("owner-coverage", "owner", "off").split(' ').nth(2), Some("owner-deprovisioned"));
    let rows = part.rows(ORPHANED);
    assert!(!rows.iter().any(|row| row.starts_with("member free")), "unmanaged needs the whole list: {rows:?}");
}
