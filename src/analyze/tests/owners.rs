//! `owner-coverage`.

use proptest::prelude::*;

use super::{Org, ago, org};
use crate::model::coverage::{Coverage, Source};

const OWNERS: &str = "owner-coverage";

/// The row of the organization.
fn of_org(org: &Org) -> String {
    org.verdict(OWNERS, "org", "acme")
}

#[test]
fn an_organization_needs_two_owners_who_can_act() {
    assert_eq!(of_org(&org().active("m", "read", 1)), "fail critical no-owner");
    assert_eq!(of_org(&org().active("a", "admin", 1)), "fail high single-owner");
    assert_eq!(of_org(&org().active("a", "admin", 1).active("b", "admin", 90)), "fail high single-effective-owner");
    assert_eq!(of_org(&org().active("a", "admin", 1).active("b", "admin", 89)), "pass info covered");
    let many = (0..6).fold(org(), |org, i| org.active(&format!("a{i}"), "admin", 1));
    assert_eq!(of_org(&many), "review low too-many-owners");
}

#[test]
fn unverified_owners_are_neither_counted_nor_condemned() {
    let org = org().active("a", "admin", 1).member("b", "admin").coverage(Source::Tokens, Coverage::Failed);
    assert_eq!(of_org(&org), "unknown high owner-activity-unknown");
    assert_eq!(org.verdict(OWNERS, "owner", "b"), "unknown medium owner-activity-unknown");
    assert_eq!(org.cell(OWNERS, "acme", "unverified_owners"), "1");
}

#[test]
fn without_roles_or_members_owners_are_not_counted() {
    let hidden = org().active("a", "admin", 1).but(|m| m.role = None).group("g", &[("a", "admin")]);
    assert_eq!(of_org(&hidden), "unknown high roles-not-visible");
    assert_eq!(hidden.verdict(OWNERS, "resource-group", "g"), "unknown medium source-missing");
    let partial = org().active("a", "admin", 1).coverage(Source::Members, Coverage::Partial);
    assert_eq!(of_org(&partial), "unknown medium source-missing");
    assert_eq!(partial.cell(OWNERS, "acme", "owners_on_paper"), "", "a count over a part is not a count");
}

#[test]
fn every_rule_of_an_owner_is_named() {
    let org = org()
        .active("a", "admin", 91)
        .but(|m| {
            m.two_factor = Some(false);
            m.is_external = Some(true);
        })
        .scim("a", false)
        .person("a", "terminated", None)
        .active("b", "admin", 1)
        .but(|m| m.two_factor = None)
        .active("c", "admin", 1);
    assert_eq!(
        org.verdict(OWNERS, "owner", "a"),
        "fail critical owner-deprovisioned +owner-external;owner-inactive;owner-terminated;owner-without-2fa"
    );
    assert_eq!(org.verdict(OWNERS, "owner", "b"), "unknown medium owner-2fa-unknown");
    assert_eq!(org.verdict(OWNERS, "owner", "c"), "pass info owner-in-order");
    assert_eq!(org.cell(OWNERS, "acme", "ineffective_owners"), "a (terminated)");
}

#[test]
fn groups_need_admins_who_can_act() {
    let org = org()
        .active("ada", "read", 1)
        .active("bo", "read", 1)
        .active("idle", "read", 91)
        .account("bot", &[])
        .group("empty", &[("ada", "write")])
        .group("ghosts", &[("ghost", "admin"), ("bot", "admin"), ("idle", "admin")])
        .group("one", &[("ada", "admin")])
        .group("two", &[("ada", "admin"), ("bo", "admin")]);
    let verdict = |name: &str| org.verdict(OWNERS, "resource-group", name);
    assert_eq!(verdict("empty"), "fail medium group-without-admin");
    assert_eq!(verdict("ghosts"), "fail medium group-no-effective-admin");
    assert_eq!(verdict("one"), "review low group-single-admin");
    assert_eq!(verdict("two"), "pass info covered");
    assert_eq!(
        org.cell(OWNERS, "ghosts", "ineffective_owners"),
        "bot (service account);ghost (not a member);idle (inactive)"
    );
}

#[test]
fn repositories_follow_their_group_else_their_creator() {
    let org = org()
        .active("ada", "contributor", 1)
        .active("idle", "write", 91)
        .active("reader", "read", 1)
        .life(20, "org.leave", "gone", "")
        .group("one", &[("ada", "admin")])
        .group("none", &[])
        .repo("acme/grouped", |r| r.group_id = Some("one".to_owned()))
        .repo("acme/adrift", |r| r.group_id = Some("none".to_owned()))
        .repo("acme/mine", |_| ())
        .created(90, "ada", "acme/mine")
        .repo("acme/idle", |_| ())
        .created(90, "idle", "acme/IDLE")
        .repo("acme/left", |_| ())
        .created(90, "gone", "acme/left")
        .repo("acme/read", |_| ())
        .created(90, "reader", "acme/read")
        .repo("acme/nobody", |_| ())
        .repo("acme/edge", |r| r.created_at = Some(ago(365)))
        .repo("acme/old", |r| r.created_at = Some(ago(366)));
    let verdict = |name: &str| org.verdict(OWNERS, "repo", name);
    assert_eq!(verdict("acme/grouped"), "pass info covered");
    assert_eq!(verdict("acme/adrift"), "review low org-admins-only");
    assert_eq!(verdict("acme/mine"), "pass info covered");
    assert_eq!(verdict("acme/idle"), "fail medium no-effective-owner");
    assert_eq!(verdict("acme/left"), "fail medium creator-left");
    assert_eq!(verdict("acme/read"), "review low org-admins-only");
    assert_eq!(verdict("acme/nobody"), "review low org-admins-only");
    assert_eq!(verdict("acme/edge"), "review low org-admins-only");
    assert_eq!(verdict("acme/old"), "unknown low creator-unknown");
    let blind = org.coverage(Source::AuditLog, Coverage::Partial);
    assert_eq!(blind.verdict(OWNERS, "repo", "acme/nobody"), "unknown low creator-unknown");
    let groupless = blind.coverage(Source::ResourceGroups, Coverage::Forbidden);
    assert_eq!(groupless.verdict(OWNERS, "repo", "acme/mine"), "unknown medium source-missing");
}

#[test]
fn owners_are_pictured_by_whether_they_can_act_and_not_at_all_where_roles_are_hidden() {
    let states = |org: &Org| {
        let analysis = org.judge();
        let owners = analysis.outcomes.into_iter().find(|o| o.meta.id == OWNERS).unwrap();
        owners.charts.into_iter().find(|chart| chart.id == "owner-states").map(|chart| chart.bars)
    };
    let org = org().active("a", "admin", 1).active("b", "admin", 1).active("c", "admin", 91).active("d", "read", 1);
    let bars = states(&org).unwrap();
    let parts: Vec<_> = bars.iter().map(|bar| (bar.label.as_str(), bar.parts.as_slice())).collect();
    assert_eq!(
        parts,
        [("can act", &[2, 0, 0][..]), ("not verified", &[0, 0, 0]), ("cannot act", &[0, 0, 1])],
        "one who only reads is no owner"
    );
    assert_eq!(states(&org.coverage(Source::Members, Coverage::Partial)), None);
}

/// The reason of a row.
fn reason(org: &Org, subject: &str) -> String {
    let analysis = org.judge();
    let owners = analysis.outcomes.iter().find(|o| o.meta.id == OWNERS).unwrap();
    owners.rows.iter().find(|row| row.subject == subject).unwrap().reason.clone()
}

#[test]
fn a_hidden_role_is_no_missing_owner() {
    // Nobody is seen to be an owner, and one member's role is not visible.
    let hidden = org().active("a", "read", 1).active("b", "admin", 1).but(|m| m.role = None);
    assert_eq!(of_org(&hidden), "unknown high roles-not-visible");
    assert_eq!(hidden.cell(OWNERS, "acme", "owners_on_paper"), "");
    let analysis = hidden.judge();
    let totals = &analysis.outcomes.iter().find(|o| o.meta.id == OWNERS).unwrap().totals;
    assert!(totals["owners_on_paper"].is_null() && totals["effective_owners"].is_null());
    assert_eq!(analysis.headline.get("effective_owners"), None);
    // One more owner changes nothing where there are enough, and something where there would be too many.
    let enough = hidden.active("c", "admin", 1).active("d", "admin", 1);
    assert_eq!(of_org(&enough), "pass info covered");
    assert!(reason(&enough, "acme").starts_with("at least 2 owners on paper"), "{}", reason(&enough, "acme"));
    let mut few = enough;
    few.params.analyzers.owner_coverage.max_owners = Some(2);
    assert_eq!(of_org(&few), "unknown high roles-not-visible");
}

#[test]
fn a_hidden_role_in_a_group_is_no_missing_admin() {
    let mut org = org()
        .active("ada", "read", 1)
        .active("bo", "read", 1)
        .active("cy", "read", 1)
        .group("hidden", &[("ada", "admin")])
        .group("one", &[("ada", "admin"), ("bo", "admin")])
        .group("two", &[("ada", "admin"), ("bo", "admin"), ("cy", "admin")])
        .repo("acme/hidden", |r| r.group_id = Some("hidden".to_owned()))
        .repo("acme/one", |r| r.group_id = Some("one".to_owned()))
        .repo("acme/two", |r| r.group_id = Some("two".to_owned()));
    for user in org.tables.group_users.iter_mut().filter(|user| match user.group_id.as_str() {
        "one" => user.username == "bo",
        "two" => user.username == "cy",
        _ => true,
    }) {
        user.role = None;
    }
    let verdict = |kind: &str, name: &str| org.verdict(OWNERS, kind, name);
    assert_eq!(verdict("resource-group", "hidden"), "unknown high roles-not-visible");
    assert_eq!(verdict("resource-group", "one"), "unknown high roles-not-visible", "one admin, or two");
    assert_eq!(verdict("resource-group", "two"), "pass info covered");
    assert_eq!(verdict("repo", "acme/hidden"), "unknown medium source-missing");
    assert_eq!(verdict("repo", "acme/one"), "unknown medium source-missing");
    assert_eq!(verdict("repo", "acme/two"), "pass info covered");
}

#[test]
fn an_empty_list_of_members_is_no_organization_without_owners() {
    assert_eq!(of_org(&org()), "unknown medium source-missing");
}

#[test]
fn of_a_creator_only_what_is_known_is_said() {
    let org = org()
        .active("reader", "read", 1)
        .active("custom", "curator", 1)
        .account("bot", &[])
        .life(20, "org.leave", "gone", "")
        .before(40, &["lost"])
        .before(10, &[]);
    let org = ["reader", "custom", "bot", "stranger", "gone", "lost"].iter().fold(org, |org, login| {
        let repo = format!("acme/{login}");
        org.repo(&repo, |_| ()).created(90, login, &repo)
    });
    let owned = "only admins of the organization own it";
    for (login, expected) in [
        ("reader", format!("no group, and its creator reader has the role read: {owned}")),
        ("custom", format!("no group, and its creator custom has the role curator: {owned}")),
        ("bot", format!("no group, and its creator bot is a service account: {owned}")),
        ("stranger", format!("no group, and its creator stranger is no member: {owned}")),
        ("gone", "no group, and its creator gone left on 2026-09-11".to_owned()),
        ("lost", "no group, and its creator lost left between 2026-08-22 and 2026-09-21".to_owned()),
    ] {
        assert_eq!(reason(&org, &format!("acme/{login}")), expected);
    }
}

/// The total of effective owners.
fn effective(org: &Org) -> serde_json::Value {
    let analysis = org.judge();
    analysis.outcomes.iter().find(|o| o.meta.id == OWNERS).unwrap().totals["effective_owners"].clone()
}

#[test]
fn no_effective_owner_found_over_a_gap_is_no_figure() {
    let owners = || org().active("a", "admin", 91).active("b", "admin", 91);
    assert_eq!(effective(&owners()), 0);
    assert!(effective(&owners().coverage(Source::Tokens, Coverage::Failed)).is_null(), "both may be active");
    let able = || org().active("a", "admin", 1).active("b", "admin", 1);
    assert_eq!(effective(&able().coverage(Source::Tokens, Coverage::Failed)), 2);
    assert!(effective(&able().coverage(Source::Scim, Coverage::Failed)).is_null(), "both may be switched off");
}

#[test]
fn over_a_roster_that_is_a_gap_no_owner_passes() {
    let whole = org()
        .active("a", "admin", 1)
        .active("b", "admin", 1)
        .active("c", "admin", 1)
        .person("a", "active", None)
        .person("b", "active", None)
        .person("c", "terminated", None)
        .group("one", &[("a", "admin")])
        .group("two", &[("a", "admin"), ("b", "admin")])
        .repo("acme/two", |r| r.group_id = Some("two".to_owned()))
        .repo("acme/mine", |_| ())
        .created(90, "a", "acme/mine");
    let verdicts = |org: &Org| {
        [
            of_org(org),
            org.verdict(OWNERS, "owner", "a"),
            org.verdict(OWNERS, "owner", "c"),
            org.verdict(OWNERS, "resource-group", "one"),
            org.verdict(OWNERS, "resource-group", "two"),
            org.verdict(OWNERS, "repo", "acme/two"),
            org.verdict(OWNERS, "repo", "acme/mine"),
        ]
    };
    let (single, terminated) = ("review low group-single-admin", "fail critical owner-terminated");
    let (covered, missing) = ("pass info covered", "unknown medium source-missing");
    assert_eq!(verdicts(&whole), [covered, "pass info owner-in-order", terminated, single, covered, covered, covered]);
    assert_eq!(effective(&whole), 2);
    let old = whole.coverage(Source::Roster, Coverage::Partial);
    assert!(effective(&old).is_null(), "who has left since would not be effective");
    assert_eq!(
        (old.cell(OWNERS, "acme", "owners_on_paper"), old.cell(OWNERS, "acme", "effective_owners")),
        ("3".to_owned(), String::new())
    );
    assert_eq!(verdicts(&old), [missing, missing, terminated, single, missing, missing, missing]);
    assert!(reason(&old, "a").ends_with("the roster is old or not complete: whether somebody has left cannot be told"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Members as days since activity, and whether they are seen as owners, as others, or not.
    #[test]
    fn hidden_roles_leave_a_rule_alone_only_if_no_choice_changes_it(
        members in proptest::collection::vec((prop_oneof![Just(1_i64), Just(91)], 0_u8..3), 1..6),
        min_owners in 1_u32..4,
        max_owners in 1_u32..6,
        tokens_seen: bool,
    ) {
        let with = |choice: Option<usize>| {
            let mut hidden = 0;
            let org = members.iter().enumerate().fold(org(), |org, (i, (days, kind))| {
                let org = org.active(&format!("m{i}"), if *kind == 0 { "admin" } else { "read" }, *days);
                if *kind != 2 {
                    return org;
                }
                hidden += 1;
                let is_owner = choice.map(|choice| choice >> (hidden - 1) & 1 == 1);
                org.but(|m| m.role = is_owner.map(|is| if is { "admin" } else { "read" }.to_owned()))
            });
            let coverage = if tokens_seen { Coverage::Collected } else { Coverage::Forbidden };
            let mut org = org.coverage(Source::Tokens, coverage);
            org.params.analyzers.owner_coverage.min_owners = min_owners;
            org.params.analyzers.owner_coverage.max_owners = Some(max_owners);
            of_org(&org)
        };
        let hidden = members.iter().filter(|(_, kind)| *kind == 2).count();
        let possible: std::collections::BTreeSet<String> = (0..1 << hidden).map(|choice| with(Some(choice))).collect();
        let said = with(None);
        if possible.len() == 1 {
            prop_assert_eq!(Some(&said), possible.first());
        } else {
            prop_assert_eq!(said, "unknown high roles-not-visible");
        }
    }
}
