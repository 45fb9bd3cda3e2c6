//! `owner-coverage`.

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
