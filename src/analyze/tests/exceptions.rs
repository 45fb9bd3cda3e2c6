//! Accepted risks.

use super::{Org, org};
use crate::model::{
    exception::{Exception, ExceptionState},
    time,
};

/// An organization with one exception for idle seats.
fn excepted(rule: &str, subject: &str, expires: &str) -> Org {
    let mut org = org().active("ada", "read", 91).active("bo", "read", 91);
    org.exceptions.push(Exception {
        analyzer: "inactive-seats".to_owned(),
        rule: rule.to_owned(),
        subject: subject.to_owned(),
        resource: None,
        reason: "break-glass account".to_owned(),
        approved_by: "security@acme.example".to_owned(),
        expires: time::parse_date(expires).unwrap(),
        pattern: false,
    });
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
        ("never-active", "2026-12-31", ExceptionState::Unused),
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
fn an_accepted_seat_is_not_given_back() {
    let mut org = excepted("inactive", "ada", "2026-12-31");
    org.exceptions[0].analyzer = "seat-spend".to_owned();
    assert_eq!(org.verdict("seat-spend", "member", "ada"), "accepted medium inactive");
    assert_eq!(org.cell("seat-spend", "ada", "reclaimable"), "false");
    assert_eq!(org.cell("seat-spend", "bo", "reclaimable"), "true");
}
