//! Accepted risks.

use super::{Org, org};
use crate::model::{
    exception::{Exception, ExceptionState},
    time,
};

/// An exception in force.
pub(super) fn exception(analyzer: &str, rule: &str, subject: &str) -> Exception {
    Exception {
        analyzer: analyzer.to_owned(),
        rule: rule.to_owned(),
        subject: subject.to_owned(),
        resource: None,
        reason: "break-glass account".to_owned(),
        approved_by: "security@acme.example".to_owned(),
        expires: time::parse_date("2026-12-31").unwrap(),
        pattern: false,
    }
}

/// An organization with two idle members and one exception for idle seats.
fn excepted(rule: &str, subject: &str, expires: &str) -> Org {
    let mut org = org().active("ada", "read", 91).active("bo", "read", 91);
    let expires = time::parse_date(expires).unwrap();
    org.exceptions.push(Exception { expires, ..exception("inactive-seats", rule, subject) });
    org
}

/// What became of the exception.
fn state(org: &Org) -> ExceptionState {
    org.judge().exceptions[0].state
}

#[test]
fn a_valid_exception_accepts_its_subject_and_no_other() {
    let org = excepted("inactive", "ADA", "2026-10-01");
    assert_eq!(org.verdict("inactive-seats", "member", "ada"), "accepted low inactive");
    assert_eq!(org.verdict("inactive-seats", "member", "bo"), "fail low inactive");
    assert_eq!(state(&org), ExceptionState::InForce);
}

#[test]
fn expired_unused_and_endless_exceptions_cover_nothing() {
    for (rule, expires, expected) in [
        ("inactive", "2026-09-30", ExceptionState::Expired),
        ("new-member", "2026-12-31", ExceptionState::Unused),
        ("inactive", "2027-10-03", ExceptionState::TooLong),
    ] {
        let org = excepted(rule, "ada", expires);
        assert_eq!(state(&org), expected);
        assert_eq!(org.verdict("inactive-seats", "member", "ada"), "fail low inactive");
    }
    assert_eq!(state(&excepted("inactive", "ada", "2027-10-02")), ExceptionState::InForce);
}

#[test]
fn stars_are_letters_unless_it_is_a_pattern() {
    let mut org = excepted("inactive", "a*", "2026-12-31");
    assert_eq!(state(&org), ExceptionState::Unused);
    org.exceptions[0].pattern = true;
    assert_eq!(org.verdict("inactive-seats", "member", "ada"), "accepted low inactive");
}

#[test]
fn a_pattern_over_more_than_ten_subjects_covers_nothing() {
    let mut org = excepted("inactive", "m*", "2026-12-31");
    org.exceptions[0].pattern = true;
    let ten = (0..10).fold(org, |org, i| org.active(&format!("m{i}"), "read", 91));
    assert_eq!(state(&ten), ExceptionState::InForce);
    let eleven = ten.active("m10", "read", 91);
    assert_eq!(state(&eleven), ExceptionState::OverBroad);
    assert_eq!(eleven.verdict("inactive-seats", "member", "m0"), "fail low inactive");
}

#[test]
fn accepting_one_risk_does_not_hide_another() {
    let mut org =
        excepted("broad-token", "t0", "2026-12-31").token("ada", Some(91), |t| t.role = Some("write".to_owned()));
    org.exceptions[0].analyzer = "orphaned-access".to_owned();
    assert_eq!(org.verdict("orphaned-access", "token", "t0"), "review low unused-token +broad-token");
}

#[test]
fn an_accepted_seat_is_not_removable() {
    let mut org = excepted("inactive", "ada", "2026-12-31");
    org.exceptions[0].analyzer = "seat-spend".to_owned();
    assert_eq!(org.verdict("seat-spend", "member", "ada"), "accepted medium inactive");
    assert_eq!(org.cell("seat-spend", "ada", "reclaimable"), "false");
    assert_eq!(org.cell("seat-spend", "bo", "reclaimable"), "true");
}

/// The organization of [`excepted`] with the exception in another analyzer.
fn excepted_in(analyzer: &str, rule: &str, subject: &str) -> Org {
    let mut org = excepted(rule, subject, "2026-12-31");
    org.exceptions[0].analyzer = analyzer.to_owned();
    org
}

#[test]
fn accepting_a_risk_does_not_hide_missing_evidence() {
    // The owner is idle, which is accepted, and whether a second factor is on cannot be seen.
    let org =
        excepted_in("owner-coverage", "owner-inactive", "cy").active("cy", "admin", 91).but(|m| m.two_factor = None);
    assert_eq!(org.verdict("owner-coverage", "owner", "cy"), "unknown medium owner-2fa-unknown +owner-inactive");
    assert_eq!(state(&org), ExceptionState::InForce, "it covers what it names");
    let reason = reason(&org, "owner-coverage", "cy");
    assert!(reason.ends_with("owner-inactive accepted until 2026-12-31: break-glass account"));
}

/// The reason of a row.
fn reason(org: &Org, analyzer: &str, subject: &str) -> String {
    let analysis = org.judge();
    let outcome = analysis.outcomes.iter().find(|o| o.meta.id == analyzer).unwrap();
    outcome.rows.iter().find(|row| row.subject == subject).unwrap().reason.clone()
}

#[test]
fn an_exception_for_missing_evidence_covers_nothing() {
    let org = excepted("activity-unknown", "cy", "2026-12-31").member("cy", "read");
    let mut blind = org;
    blind.manifest.audit.observed_since = None;
    assert_eq!(blind.verdict("inactive-seats", "member", "cy"), "unknown low activity-unknown");
    assert_eq!(state(&blind), ExceptionState::Unused);
}

#[test]
fn inactivity_is_accepted_wherever_it_is_judged() {
    let judged = [
        ("inactive-seats", "member", "accepted high inactive"),
        ("seat-spend", "member", "accepted medium inactive"),
        ("owner-coverage", "owner", "fail high owner-external +owner-inactive"),
        ("orphaned-access", "member", "accepted high inactive-external"),
    ];
    let named = [
        ("inactive-seats", "inactive"),
        ("inactive-seats", "never-active"),
        ("inactive-seats", "inactivity-unconfirmed"),
        ("seat-spend", "inactive"),
        ("seat-spend", "never-active"),
        ("seat-spend", "unconfirmed"),
        ("owner-coverage", "owner-inactive"),
        ("orphaned-access", "inactive-external"),
    ];
    for (analyzer, rule) in named {
        let org = excepted_in(analyzer, rule, "cy").active("cy", "admin", 91).but(|m| m.is_external = Some(true));
        for (id, kind, expected) in judged {
            assert_eq!(org.verdict(id, kind, "cy"), expected, "{analyzer} {rule} in {id}");
            let by = if id == analyzer { String::new() } else { format!(" under the exception for {analyzer} {rule}") };
            let reason = reason(&org, id, "cy");
            assert!(reason.ends_with(&format!("accepted until 2026-12-31{by}: break-glass account")), "{reason}");
            assert!(!reason.contains('@'), "{reason}");
        }
        let outcome = org.judge().exceptions[0].clone();
        assert_eq!((outcome.state, outcome.matched), (ExceptionState::InForce, 4), "{analyzer} {rule}");
        assert_eq!(org.cell("seat-spend", "cy", "reclaimable"), "false");
        assert_eq!(org.verdict("seat-spend", "member", "ada"), "fail medium inactive", "of nobody else");
    }
}

#[test]
fn a_stale_invite_is_accepted_wherever_it_is_judged() {
    for analyzer in ["orphaned-access", "seat-spend"] {
        for resource in [None, Some("ACME".to_owned())] {
            let mut org = excepted_in(analyzer, "stale-invite", "newby").life(30, "org.invite_user", "boss", "newby");
            org.exceptions[0].resource = resource;
            assert_eq!(org.verdict("orphaned-access", "invite", "newby"), "accepted low stale-invite");
            assert_eq!(org.verdict("seat-spend", "invite", "newby"), "accepted medium stale-invite");
            assert_eq!(org.cell("seat-spend", "newby", "reclaimable"), "false");
        }
    }
    let mut elsewhere = excepted_in("seat-spend", "stale-invite", "newby").life(30, "org.invite_user", "boss", "newby");
    elsewhere.exceptions[0].resource = Some("another".to_owned());
    assert_eq!(elsewhere.verdict("seat-spend", "invite", "newby"), "fail medium stale-invite");
    assert_eq!(state(&elsewhere), ExceptionState::Unused);
}

#[test]
fn every_rule_of_a_shared_fact_exists() {
    let rules = |id: &str| crate::analyze::metas().find(|meta| meta.id == id).map(|meta| meta.rules);
    for (analyzer, rule) in crate::analyze::exceptions::shared() {
        assert!(rules(analyzer).is_some_and(|rules| rules.iter().any(|r| r.id == rule)), "{analyzer} {rule}");
    }
}

#[test]
fn a_leave_is_accepted_with_the_inactivity_and_explains_none_that_outlasts_it() {
    let on_leave = |status: &str| org().active("cy", "read", 91).person("cy", status, None);
    let accepted = |analyzer: &str, rule: &str, status: &str| {
        let mut org = on_leave(status);
        org.exceptions.push(exception(analyzer, rule, "cy"));
        ["inactive-seats", "seat-spend"].map(|id| org.verdict(id, "member", "cy"))
    };
    for (analyzer, rule) in [("inactive-seats", "inactive"), ("inactive-seats", "on-leave"), ("seat-spend", "on-leave")]
    {
        assert_eq!(accepted(analyzer, rule, "leave"), ["accepted low on-leave", "accepted low on-leave"], "{analyzer}");
    }
    assert_eq!(accepted("inactive-seats", "on-leave", "active"), ["fail low inactive", "fail medium inactive"]);
}
