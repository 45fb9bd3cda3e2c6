//! The days under review: those that the snapshot covers, and those that nobody saw.

use chrono::TimeDelta;

use super::{Org, ago, as_of, org};
use crate::analyze::metas;

/// An organization with an event before, in and after the days that the snapshot covers, judged for a period.
fn judged(from: i64, to: i64) -> Org {
    let mut org = org()
        .member("boss", "admin")
        .life(40, "org.change_role", "boss", "early")
        .life(10, "org.change_role", "boss", "late")
        .life(-1, "org.change_role", "boss", "never");
    org.period = (ago(from), ago(to) - TimeDelta::microseconds(1));
    org
}

/// Targets of the privileged events of the period.
fn targets(org: &Org) -> Vec<String> {
    let analysis = org.judge();
    let outcome = analysis.outcomes.iter().find(|o| o.meta.id == "privileged-activity").unwrap();
    let events = outcome.rows.iter().filter(|row| row.subject_kind == "event");
    events.map(|row| outcome.cell(row, "target").unwrap().to_text()).collect()
}

/// Analyzers with a row about days that nobody saw.
fn incomplete(org: &Org) -> Vec<&'static str> {
    let says = |id: &&str| org.rows(id).contains(&"source period: unknown high source-missing".to_owned());
    metas().map(|meta| meta.id).filter(says).collect()
}

#[test]
fn days_after_the_snapshot_are_missing_evidence_for_what_speaks_of_the_period() {
    let of_the_period = ["offboarding", "changes", "privileged-activity"];
    let beyond = judged(30, -91);
    assert_eq!(incomplete(&beyond), of_the_period);
    let analysis = beyond.judge();
    let reasons = analysis.outcomes.iter().flat_map(|o| &o.rows).filter(|row| row.subject == "period");
    for row in reasons {
        let days = "from 2026-10-01T06:00:00Z to 2026-12-31T05:59:59Z";
        assert!(row.reason.contains(days), "{}", row.reason);
    }
    assert_eq!(incomplete(&judged(-30, -60)), of_the_period, "nobody saw any of it");
    assert!(incomplete(&judged(30, 0)).is_empty());
    assert!(incomplete(&judged(60, 20)).is_empty());
}

#[test]
fn an_event_belongs_to_the_period_only_where_it_lies_in_it_and_before_the_snapshot() {
    assert_eq!(targets(&judged(90, 20)), ["early"], "what lies between the end and the snapshot is of the next period");
    assert_eq!(targets(&judged(30, -91)), ["late"], "the snapshot's collection may bring events after its instant");
    let mut edge = judged(90, 20);
    edge.period = (ago(40), ago(10));
    assert_eq!(targets(&edge).len(), 2, "both ends belong to it");
    edge.period = (ago(40) + TimeDelta::microseconds(1), ago(10) - TimeDelta::microseconds(1));
    assert!(targets(&edge).is_empty());
    edge.period = (as_of(), as_of() + TimeDelta::days(30));
    assert!(targets(&edge).is_empty());
}
