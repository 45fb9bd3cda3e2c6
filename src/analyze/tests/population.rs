//! `access`: who is listed, and what the other analyzers found about each entitlement.

use serde_json::{Value, json};

use super::{Org, org};
use crate::model::{
    coverage::{Coverage, Source},
    exception::Exception,
    time,
};

const ACCESS: &str = "access";

impl Org {
    /// Rows of the population as `kind subject on resource by path: verdict rule [flags]`.
    fn marks(&self) -> Vec<String> {
        let analysis = self.judge();
        let outcome = analysis.outcomes.iter().find(|o| o.meta.id == ACCESS).unwrap();
        let rows = outcome.rows.iter().filter(|row| row.subject_kind != "source").map(|row| {
            let text = |name: &str| outcome.cell(row, name).unwrap().to_text();
            let (kind, subject, flags) = (&row.subject_kind, &row.subject, text("flags"));
            let (resource, path) = (text("resource"), text("path"));
            let (verdict, rule) = (text("worst_verdict"), text("worst_rule"));
            format!("{kind} {subject} on {resource} by {path}: {verdict} {rule} [{flags}]")
        });
        rows.collect()
    }

    /// A total of the population.
    fn total(&self, name: &str) -> Value {
        let analysis = self.judge();
        analysis.outcomes.iter().find(|o| o.meta.id == ACCESS).unwrap().totals[name].clone()
    }
}

/// An organization with an entitlement of every path.
fn acme() -> Org {
    org()
        .active("ada", "admin", 1)
        .member("bo", "read")
        .group("g", &[("ada", "admin"), ("ghost", "read")])
        .group("h", &[("ada", "read")])
        .repo("acme/m", |r| r.gated = Some("manual".to_owned()))
        .created(50, "ada", "acme/m")
        .grant("acme/m", "bo")
        .grant("acme/m", "stranger")
        .token("ada", Some(1), |t| t.role = Some("write".to_owned()))
        .token("ada", Some(1), |_| ())
        .token("ada", Some(1), |t| t.status = "revoked".to_owned())
        .account("bot", &[(Some(100), false)])
        .life(40, "org.invite.email", "ada", "new@acme.example")
}

#[test]
fn every_entitlement_says_what_was_found_about_it() {
    assert_eq!(
        acme().marks(),
        [
            "gated-grant bo on acme/m by gated-grant: pass in-order []",
            "gated-grant stranger on acme/m by gated-grant:   []",
            "group-user ada on g by resource-group:g: pass in-order []",
            "group-user ada on h by resource-group:h: pass in-order []",
            "group-user ghost on g by resource-group:g: fail group-user-not-member [orphaned-access/group-user-not-member]",
            "invite new@acme.example on acme by invite: fail stale-invite [orphaned-access/stale-invite;seat-spend/stale-invite]",
            "member ada on acme by org-role: pass active []",
            "member ada on acme/m by creator:   []",
            "member bo on acme by org-role: fail never-active [inactive-seats/never-active;seat-spend/never-active]",
            "token bot-0 on acme by service-token:   []",
            "token t0 on acme by token: review broad-token [orphaned-access/broad-token]",
            "token t1 on acme by token: pass in-order []",
        ]
    );
}

#[test]
fn every_rule_of_a_row_is_flagged_and_the_worst_one_named() {
    let org = acme().person("bo", "terminated", None).person("ada", "active", None);
    let bo = org.marks().into_iter().find(|row| row.starts_with("member bo")).unwrap();
    assert_eq!(
        bo,
        "member bo on acme by org-role: fail terminated-with-access \
         [inactive-seats/never-active;orphaned-access/terminated-with-access;seat-spend/terminated]"
    );
}

#[test]
fn an_owner_is_judged_as_one() {
    let org = org().member("ada", "admin").but(|m| m.two_factor = None);
    assert_eq!(
        org.marks(),
        ["member ada on acme by org-role: fail never-active [inactive-seats/never-active;\
          owner-coverage/owner-2fa-unknown;owner-coverage/owner-inactive;seat-spend/never-active]"]
    );
}

#[test]
fn what_is_accepted_is_no_flag() {
    let mut org = org().active("ada", "admin", 1).token("ada", Some(1), |t| t.role = Some("write".to_owned()));
    org.exceptions.push(Exception {
        analyzer: "orphaned-access".to_owned(),
        rule: "broad-token".to_owned(),
        subject: "t0".to_owned(),
        pattern: false,
        resource: None,
        reason: "the release job".to_owned(),
        approved_by: "boss".to_owned(),
        expires: time::parse_date("2026-12-01").unwrap(),
    });
    assert!(
        org.marks().contains(&"token t0 on acme by token: accepted broad-token []".to_owned()),
        "{:#?}",
        org.marks()
    );
}

#[test]
fn what_cannot_be_judged_is_flagged_too() {
    let blind = acme().coverage(Source::Members, Coverage::Partial);
    let grant = blind.marks().into_iter().find(|row| row.starts_with("gated-grant bo")).unwrap();
    assert_eq!(
        grant,
        "gated-grant bo on acme/m by gated-grant: unknown source-missing [orphaned-access/source-missing]"
    );
}

#[test]
fn the_columns_stand_in_the_order_that_queries_rely_on() {
    let analysis = org().judge();
    let outcome = analysis.outcomes.last().unwrap();
    let names: Vec<_> = outcome.meta.columns.iter().map(|column| column.name).collect();
    assert_eq!(
        names.join(", "),
        "principal, principal_kind, principal_id, fullname, email, two_factor, employment_status, scim_active, \
         resource_kind, resource, permission, path, granted_at, granted_by, last_active_at, idle_days, manager_email, \
         flags, worst_verdict, worst_rule"
    );
}

#[test]
fn a_token_of_somebody_who_is_not_named_belongs_to_no_kind() {
    let org = org().token("ada", Some(3), |t| (t.owner, t.owner_id) = (None, None));
    assert_eq!(org.cell(ACCESS, "t0", "principal_kind"), "");
    assert_eq!(org.cell(ACCESS, "t0", "idle_days"), "3");
    assert_eq!(org.cell("orphaned-access", "t0", "principal_kind"), "");
    assert_eq!(org.total("principals"), 0, "nobody is named");
    assert_eq!(org.total("entitlements"), 1);
}

#[test]
fn totals_over_a_gap_are_not_known() {
    assert_eq!(acme().total("entitlements"), 12);
    assert_eq!(acme().total("principals"), 6);
    let blind = acme().coverage(Source::Tokens, Coverage::PlanRequired);
    assert_eq!((blind.total("entitlements"), blind.total("principals")), (Value::Null, Value::Null));
    let by_path = json!({
        "creator": 1, "gated-grant": 2, "invite": 1, "org-role": 2, "resource-group": 3, "service-token": 1, "token": null
    });
    assert_eq!(blind.total("by_path"), by_path);
    for source in [Source::Members, Source::AuditLog, Source::Scim, Source::GatedAccess, Source::ServiceAccounts] {
        assert!(acme().coverage(source, Coverage::Forbidden).total("entitlements").is_null(), "{source}");
    }
}
