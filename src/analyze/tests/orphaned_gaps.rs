//! `orphaned-access` where part of the evidence is missing or contradicts itself.

use serde_json::Value;

use super::{Org, ago, org};
use crate::{
    model::{
        coverage::{Coverage, Source},
        outcome::Row,
    },
    table::access::ScimUser,
};

const ORPHANED: &str = "orphaned-access";

impl Org {
    /// The row of one subject.
    fn row(&self, kind: &str, subject: &str) -> Row {
        let analysis = self.judge();
        let outcome = analysis.outcomes.iter().find(|o| o.meta.id == ORPHANED).unwrap();
        outcome.rows.iter().find(|r| r.subject_kind == kind && r.subject == subject).unwrap().clone()
    }

    /// A total.
    fn orphaned_total(&self, name: &str) -> Value {
        let analysis = self.judge();
        analysis.outcomes.iter().find(|o| o.meta.id == ORPHANED).unwrap().totals[name].clone()
    }

    /// Another SCIM user with the member's address.
    fn also_in_scim(mut self, member: &str, username: &str, active: bool) -> Self {
        self.tables.scim_users.push(ScimUser {
            scim_id: format!("s-{username}"),
            external_id: None,
            username: username.to_owned(),
            emails: vec![format!("{member}@acme.example")],
            active: Some(active),
            tree: "scim".to_owned(),
        });
        self
    }
}

#[test]
fn two_scim_users_that_contradict_each_other_are_reviewed_and_the_active_one_counts() {
    for (first, second) in [(true, false), (false, true)] {
        let org = org().active("ada", "admin", 1).scim("ada", first).also_in_scim("ada", "ada-old", second);
        assert_eq!(org.verdict(ORPHANED, "member", "ada"), "review medium scim-conflict");
        assert_eq!(org.verdict("owner-coverage", "owner", "ada"), "pass info owner-in-order");
        assert_eq!(org.cell(ORPHANED, "ada", "scim_active"), "true");
    }
    let agreed = |active| org().active("ada", "read", 1).scim("ada", active).also_in_scim("ada", "ada-old", active);
    assert_eq!(agreed(true).rows(ORPHANED), Vec::<String>::new());
    assert_eq!(agreed(false).verdict(ORPHANED, "member", "ada"), "fail critical scim-deprovisioned");
    let names = org().active("ada", "read", 1).scim("ada", true).also_in_scim("ada", "ada-old", false);
    assert_eq!(
        names.row("member", "ada").reason,
        "two SCIM users match: ada is active and ada-old is not; the active one counts"
    );
}

#[test]
fn a_user_that_scim_switched_off_fails_also_where_its_groups_were_refused() {
    let org = org().active("ada", "read", 1).scim("ada", false).active("bo", "read", 1);
    let blind = org.coverage(Source::Scim, Coverage::Partial);
    assert_eq!(blind.verdict(ORPHANED, "member", "ada"), "fail critical scim-deprovisioned");
    assert_eq!(blind.rows(ORPHANED).len(), 2, "who is not among the users that were read is not called unmanaged");
}

#[test]
fn over_a_roster_that_is_a_gap_nothing_that_reads_it_passes() {
    let org = org()
        .active("ada", "read", 1)
        .active("cy", "read", 1)
        .person("cy", "terminated", None)
        .token("ada", Some(1), |_| ())
        .group("g", &[("ada", "read")])
        .life(5, "org.invite.email", "boss", "new@acme.example")
        .account("bot", &[(Some(1), true)])
        .repo("acme/m", |r| r.gated = Some("auto".to_owned()))
        .grant("acme/m", "ada")
        .grant("acme/m", "outsider");
    let whole = |kind: &str, subject: &str| org.verdict(ORPHANED, kind, subject);
    assert_eq!(whole("token", "t0"), "pass info in-order");
    assert_eq!(whole("member", "ada"), "review medium not-in-roster");
    let blind = org.coverage(Source::Roster, Coverage::Partial);
    let unknown = "unknown medium source-missing";
    for (kind, subject) in
        [("token", "t0"), ("group-user", "ada"), ("invite", "new@acme.example"), ("gated-grant", "ada")]
    {
        assert_eq!(blind.verdict(ORPHANED, kind, subject), unknown, "{kind}");
    }
    assert_eq!(blind.verdict(ORPHANED, "service-account", "bot"), "pass info in-order", "no roster names it");
    assert_eq!(blind.verdict(ORPHANED, "repo", "acme/m"), "pass info outside-grantees");
    assert_eq!(blind.verdict(ORPHANED, "member", "cy"), "fail critical terminated-with-access", "what it says counts");
    assert!(!blind.rows(ORPHANED).iter().any(|row| row.starts_with("member ada")), "its silence says nothing");
    let listed = {
        let mut org = blind;
        org.params.analyzers.orphaned_access.list_outside_grants = true;
        org
    };
    assert_eq!(listed.verdict(ORPHANED, "gated-grant", "outsider"), unknown, "an outsider may have been an employee");
}

#[test]
fn nobody_is_said_never_to_have_been_a_member() {
    let org = |gating: &'static str| {
        org()
            .repo("acme/m", |r| r.gated = Some(gating.to_owned()))
            .grant("acme/m", "one")
            .grant("acme/m", "two")
            .grant("acme/m", "")
    };
    assert_eq!(
        org("manual").row("repo", "acme/m").reason,
        "3 grantees who are not known as members, 1 of them not named by the Hub"
    );
    let blind = |gating| org(gating).coverage(Source::AuditLog, Coverage::Forbidden);
    assert_eq!(blind("manual").verdict(ORPHANED, "repo", "acme/m"), "review low outside-grantees");
    assert_eq!(blind("auto").verdict(ORPHANED, "repo", "acme/m"), "unknown medium source-missing");
    assert_eq!(
        blind("auto").row("repo", "acme/m").reason,
        "3 grantees who are not known as members, 1 of them not named by the Hub; gating is automatic; without the \
         whole audit log, nobody can tell whether they were members"
    );
}

#[test]
fn a_token_of_unknown_age_that_was_never_used_is_unused() {
    let token = |used, created| {
        org()
            .active("ada", "read", 1)
            .token("ada", used, move |t| t.created_at = created)
            .verdict(ORPHANED, "token", "t0")
    };
    assert_eq!(token(None, None), "review low unused-token");
    assert_eq!(token(Some(1), None), "pass info in-order");
    assert_eq!(token(None, Some(ago(29))), "pass info in-order");
}

#[test]
fn nothing_flagged_among_what_could_not_be_judged_is_not_none() {
    let org = org().active("ada", "read", 1).token("ada", Some(1), |_| ()).token("ada", Some(90), |_| ());
    assert_eq!((org.orphaned_total("paths_judged"), org.orphaned_total("paths_flagged")), (2.into(), 1.into()));
    let blind = org.coverage(Source::Members, Coverage::Forbidden);
    assert_eq!(
        (blind.orphaned_total("paths_judged"), blind.orphaned_total("paths_flagged")),
        (Value::Null, Value::Null)
    );
    let quiet = super::org().active("ada", "read", 1).token("ada", Some(1), |_| ());
    assert_eq!(quiet.orphaned_total("paths_flagged"), 0);
    let unseen = quiet.coverage(Source::AuditLog, Coverage::Forbidden);
    assert_eq!(unseen.orphaned_total("paths_flagged"), Value::Null);
}

#[test]
fn a_pending_invite_of_somebody_who_left_the_company_fails_by_any_address() {
    let org = org()
        .life(5, "org.invite.email", "boss", "gone@acme.example")
        .life(5, "org.invite_user", "boss", "known")
        .before(60, &["known"])
        .before(40, &[])
        .person("gone", "terminated", None)
        .person("known", "terminated", None);
    let fails = "fail critical terminated-with-access";
    assert_eq!(org.verdict(ORPHANED, "invite", "gone@acme.example"), fails);
    assert_eq!(org.verdict(ORPHANED, "invite", "known"), fails, "known by the address of then");
    assert_eq!(org.cell(ORPHANED, "known", "principal_kind"), "invitee");
    assert_eq!(
        org.row("invite", "known").reason,
        "the roster says that this person left, and the invite is still open"
    );
}

#[test]
fn between_the_last_sight_and_the_first_absence_nobody_knows_who_acted() {
    let acted = |days| org().before(60, &["gone"]).before(30, &[]).did("gone", days, "jobs.create");
    assert_eq!(acted(61).rows(ORPHANED), Vec::<String>::new());
    assert_eq!(acted(45).verdict(ORPHANED, "activity", "gone"), "unknown medium source-missing");
    assert_eq!(acted(29).verdict(ORPHANED, "activity", "gone"), "fail critical activity-after-removal");
    let both = acted(29).person("gone", "terminated", Some("2026-08-31"));
    assert_eq!(
        both.verdict(ORPHANED, "activity", "gone"),
        "fail critical activity-after-removal +terminated-with-access"
    );
}
