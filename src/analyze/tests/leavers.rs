//! Who left, when, and what is left of their access.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::{Org, ago, as_of, org};
use crate::{
    analyze::derived::{lifecycle::Left, view::View},
    model::{
        coverage::{Coverage, Source},
        time,
    },
};

const OFFBOARDING: &str = "offboarding";

/// An organization with a roster that counts and knows one colleague.
fn staffed() -> Org {
    org().active("colleague", "read", 1).person("colleague", "active", None)
}

/// The reason of one person's row.
fn reason(org: &Org, subject: &str) -> String {
    let analysis = org.judge();
    let outcome = analysis.outcomes.iter().find(|o| o.meta.id == OFFBOARDING).unwrap();
    outcome.rows.iter().find(|row| row.subject == subject).unwrap().reason.clone()
}

/// The former members: login and when they left.
fn former(org: &Org) -> Vec<(String, Left)> {
    let tables = org.sealed();
    let inputs = org.inputs(&tables);
    let view = View::of(&inputs, &org.log);
    view.former.iter().map(|former| (former.login.clone(), former.left)).collect()
}

/// A total of `offboarding`.
fn total(org: &Org, name: &str) -> serde_json::Value {
    let analysis = org.judge();
    analysis.outcomes.iter().find(|o| o.meta.id == OFFBOARDING).unwrap().totals[name].clone()
}

#[test]
fn a_terminated_person_whose_address_only_a_grant_knows_has_a_row() {
    let mut org = staffed().person("gone", "terminated", Some("2026-08-01")).grant("acme/m", "");
    org.tables.gated_access[0].email = Some("Gone@acme.example".to_owned());
    assert_eq!(org.verdict(OFFBOARDING, "person", "gone@acme.example"), "fail critical residual-access");
    assert_eq!(org.cell(OFFBOARDING, "gone@acme.example", "gated_grants"), "acme/m");
}

#[test]
fn a_pending_invite_is_residual_access() {
    let org =
        staffed().person("gone", "terminated", None).life(3, "org.invite.email", "colleague", "gone@acme.example");
    assert_eq!(org.verdict(OFFBOARDING, "person", "gone@acme.example"), "fail critical residual-access");
    assert_eq!(org.cell(OFFBOARDING, "gone@acme.example", "pending_invites"), "1");
    assert_eq!(reason(&org, "gone@acme.example"), "still there: 1 pending invite");
}

#[test]
fn a_member_whose_address_is_the_target_of_a_removal_is_no_leaver() {
    let org = staffed().life(20, "org.remove_user", "boss", "colleague@acme.example");
    assert_eq!(former(&org), []);
    assert_eq!(org.rows(OFFBOARDING), Vec::<String>::new());
    // An address that only an earlier snapshot knew is a member's too.
    let mut org = staffed().before(60, &["colleague"]).life(20, "org.remove_user", "boss", "colleague@acme.example");
    org.tables.members[0].verified_email = None;
    assert_eq!(former(&org), []);
}

#[test]
fn one_leaver_is_one_person_whatever_names_them() {
    let org = staffed()
        .before(60, &["gone", "colleague"])
        .life(20, "org.remove_user", "boss", "gone@acme.example")
        .life(20, "org.remove_user", "boss", "gone");
    assert_eq!(former(&org), [("gone".to_owned(), Left::On(ago(20)))]);
    // Never seen in a snapshot: who accepted an invitation to an address has that address.
    let org = staffed().life(50, "org.invite.accept", "brief", "brief@acme.example").life(
        20,
        "org.remove_user",
        "boss",
        "brief@acme.example",
    );
    assert_eq!(former(&org), [("brief".to_owned(), Left::On(ago(20)))]);
    assert_eq!(org.rows(OFFBOARDING).len(), 1);
}

#[test]
fn a_login_that_somebody_else_took_over_does_not_hide_who_had_it() {
    let org = staffed().before(60, &["bo", "colleague"]).member("bo", "read").but(|m| m.user_id = "other".to_owned());
    assert_eq!(former(&org), [("bo".to_owned(), Left::Between(ago(60), as_of()))]);
}

#[test]
fn a_leave_that_no_event_tells_has_no_date_and_is_late_only_where_it_must_be() {
    let left = |last_day: &str| {
        let org = staffed().before(60, &["gone", "colleague"]).person("gone", "terminated", Some(last_day));
        assert_eq!(former(&org), [("gone".to_owned(), Left::Between(ago(60), as_of()))]);
        for column in ["removed_at", "hours_to_removal", "within_sla"] {
            assert_eq!(org.cell(OFFBOARDING, "gone", column), "", "{column}");
        }
        org.verdict(OFFBOARDING, "person", "gone")
    };
    assert_eq!(left("2026-09-01"), "unknown medium source-missing", "in time or not: nobody saw");
    assert_eq!(left("2026-07-01"), "fail medium late-removal", "still there long after the last day");
    assert_eq!(left("2026-09-30"), "pass info clean", "gone before the limit was over");
    // The log is not there: an absence is still no date.
    let blind = staffed()
        .before(60, &["gone", "colleague"])
        .person("gone", "terminated", Some("2026-09-01"))
        .coverage(Source::AuditLog, Coverage::Forbidden);
    assert_eq!(blind.verdict(OFFBOARDING, "person", "gone"), "unknown medium source-missing");
}

#[test]
fn an_event_before_the_last_sight_is_no_leave_date() {
    let org = staffed().before(60, &["gone", "colleague"]).before(30, &["gone", "colleague"]).life(
        40,
        "org.remove_user",
        "boss",
        "gone",
    );
    assert_eq!(former(&org), [("gone".to_owned(), Left::Between(ago(30), as_of()))]);
}

/// A leaver removed so many seconds after the end of the last working day.
fn removed_after(seconds: i64) -> Org {
    let mut org = staffed().before(60, &["gone", "colleague"]).person("gone", "terminated", Some("2026-09-10")).life(
        20,
        "org.remove_user",
        "boss",
        "gone",
    );
    let end = time::parse("2026-09-11T00:00:00Z").unwrap();
    org.log.events.last_mut().unwrap().at = end + TimeDelta::seconds(seconds);
    org
}

#[test]
fn a_second_over_the_limit_is_late_and_hours_are_rounded_up() {
    let in_time = removed_after(24 * 3_600);
    assert_eq!(in_time.verdict(OFFBOARDING, "person", "gone"), "pass info clean");
    assert_eq!(in_time.cell(OFFBOARDING, "gone", "hours_to_removal"), "24");
    let late = removed_after(24 * 3_600 + 1);
    assert_eq!(late.verdict(OFFBOARDING, "person", "gone"), "fail medium late-removal");
    assert_eq!(late.cell(OFFBOARDING, "gone", "hours_to_removal"), "25");
    assert_eq!(late.cell(OFFBOARDING, "gone", "within_sla"), "false");
}

#[test]
fn nobody_is_clean_without_a_roster_that_counts() {
    let gone = || org().active("ada", "read", 1).before(60, &["ada", "gone"]).life(20, "org.leave", "gone", "");
    let unasked = gone();
    assert_eq!(unasked.verdict(OFFBOARDING, "person", "gone"), "unknown medium source-missing");
    assert_eq!(unasked.verdict(OFFBOARDING, "source", "roster"), "unknown high source-missing");
    let asked = gone().person("ada", "active", None);
    assert_eq!(asked.rows(OFFBOARDING), ["person gone: pass info clean"]);
    let partial = asked.coverage(Source::Roster, Coverage::Partial);
    assert_eq!(partial.verdict(OFFBOARDING, "person", "gone"), "unknown medium source-missing");
    assert_eq!(partial.verdict(OFFBOARDING, "source", "roster"), "unknown high source-missing");
    assert_eq!(partial.rows(OFFBOARDING).len(), 2, "the gap has one row");
}

#[test]
fn the_terminated_tie_out_with_the_roster() {
    let org = staffed()
        .person("nowhere", "terminated", None)
        .person("future", "terminated", Some("2026-10-02"))
        .person("gone", "terminated", None)
        .token("gone", None, |t| t.status = "revoked".to_owned());
    let mut org = org;
    org.tables.people.last_mut().unwrap().username = Some("gone".to_owned());
    assert_eq!(total(&org, "terminated_in_roster"), 2);
    assert_eq!((total(&org, "terminated_judged"), total(&org, "found_nowhere")), (1.into(), 1.into()));
    assert_eq!(org.verdict(OFFBOARDING, "person", "gone"), "pass info clean", "a revoked token is no access");
    assert!(total(&super::org(), "terminated_in_roster").is_null());
    let blind = org.coverage(Source::GatedAccess, Coverage::Forbidden);
    assert!(total(&blind, "found_nowhere").is_null(), "a grant that was not seen may be theirs");
}

/// What happened to one person: seen in a snapshot, or an event, and how many days ago.
#[derive(Clone, Copy, Debug)]
enum Trace {
    Seen(i64),
    Missing(i64),
    Removed(i64),
    Added(i64),
}

/// Some traces, each on a day of its own.
fn traces() -> impl Strategy<Value = Vec<Trace>> {
    proptest::collection::btree_map(1_i64..80, 0_u8..4, 0..8).prop_map(|days| {
        let trace = |(day, kind)| match kind {
            0 => Trace::Seen(day),
            1 => Trace::Missing(day),
            2 => Trace::Removed(day),
            _ => Trace::Added(day),
        };
        days.into_iter().rev().map(trace).collect()
    })
}

/// The organization of these traces, oldest first.
fn traced(traces: &[Trace]) -> Org {
    traces.iter().fold(staffed(), |org, trace| match *trace {
        Trace::Seen(day) => org.before(day, &["x", "colleague"]),
        Trace::Missing(day) => org.before(day, &["colleague"]),
        Trace::Removed(day) => org.life(day, "org.remove_user", "boss", "x"),
        Trace::Added(day) => org.life(day, "org.add_user", "boss", "x"),
    })
}

/// When they left, found the plain way.
fn expected(traces: &[Trace]) -> Option<Left> {
    let ever = traces.iter().any(|t| matches!(t, Trace::Seen(_) | Trace::Removed(_)));
    let sight = traces.iter().rposition(|t| matches!(t, Trace::Seen(_) | Trace::Added(_)));
    let after = &traces[sight.map_or(0, |at| at + 1)..];
    let removed = after.iter().rev().find_map(|t| if let Trace::Removed(day) = t { Some(ago(*day)) } else { None });
    if let Some(at) = removed {
        return Some(Left::On(at));
    }
    let (true, Some(sight)) = (ever, sight) else { return None };
    let (Trace::Seen(since) | Trace::Added(since)) = traces[sight] else { return None };
    // A list shows an absence only after a sight on a list; an event alone leaves it to the newest one.
    let seen = traces.iter().rposition(|t| matches!(t, Trace::Seen(_)));
    let missing = seen.and_then(|seen| {
        let mut later = traces[seen..].iter();
        later.find_map(|t| if let Trace::Missing(day) = t { Some(ago(*day)) } else { None })
    });
    Some(Left::Between(ago(since), missing.filter(|at| *at > ago(since)).unwrap_or(as_of())))
}

proptest! {
    #[test]
    fn a_leave_is_dated_by_an_event_or_lies_between_two_sights(traces in traces()) {
        let org = traced(&traces);
        let found: Vec<Left> = former(&org).into_iter().map(|(_, left)| left).collect();
        prop_assert_eq!(found, expected(&traces).into_iter().collect::<Vec<_>>());
    }

    /// What a snapshot remembers decides alone: the same table `seen`, however it came about.
    #[test]
    fn deleting_older_snapshots_changes_no_verdict(traces in traces()) {
        let org = traced(&traces);
        let sealed = org.sealed();
        let mut pruned = traced(&[]);
        pruned.log = org.log.clone();
        pruned.tables = sealed.clone();
        pruned.memory = super::Memory::default();
        let judged = |tables| super::judge(&pruned.inputs(tables), &pruned.log);
        prop_assert_eq!(judged(&sealed), org.judge());
    }
}

#[test]
fn what_was_done_while_nobody_saw_whether_they_had_left_is_not_held_against_them() {
    let at = |days| former_activity(days);
    let unknown = ["activity gone: unknown medium source-missing"];
    assert_eq!(at(40), unknown, "between the last sight and the first absence");
    assert_eq!(at(20), ["activity gone: fail critical activity-after-removal"]);
}

/// Rows of kind `activity` for somebody missing since 30 days who did something so many days ago.
fn former_activity(days: i64) -> Vec<String> {
    let org = org().before(60, &["gone"]).before(30, &[]).did("gone", days, "jobs.create");
    org.rows("orphaned-access").into_iter().filter(|row| row.starts_with("activity")).collect()
}

#[test]
fn the_address_of_a_former_member_is_the_last_one_seen() {
    let mut org = org().active("ada", "read", 1).before(60, &["gone"]).grant("acme/m", "gone");
    assert_eq!(org.cell("orphaned-access", "gone", "email"), "gone@acme.example");
    org = org.person("gone", "terminated", None);
    assert_eq!(org.verdict(OFFBOARDING, "person", "gone"), "fail critical residual-access");
}
