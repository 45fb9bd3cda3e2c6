//! Figures compared with the same figures from elsewhere.

use super::{Org, org};
use crate::model::{
    coverage::{Coverage, Source},
    outcome::TieOut,
};

/// The comparison whose name begins so.
fn tie(org: &Org, name: &str) -> TieOut {
    let all = org.judge().tie_outs;
    let found: Vec<_> = all.into_iter().filter(|tie| tie.name.starts_with(name)).collect();
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found.into_iter().next().unwrap()
}

/// Difference, explained and unexplained part.
fn parts(tie: &TieOut) -> [Option<i64>; 3] {
    [tie.difference, tie.explained, tie.unexplained]
}

/// An organization of which the Hub counts so many members.
fn stated(mut org: Org, members: i64) -> Org {
    let overview = org.manifest.sources.get_mut(&Source::Overview).unwrap();
    overview.tie_outs.insert("numUsers".to_owned(), members);
    org
}

#[test]
fn members_are_counted_less_what_the_hub_states() {
    let name = "members and the Hub";
    let two = || org().active("a", "read", 1).active("b", "read", 1);
    assert_eq!(parts(&tie(&two(), name)), [None, None, None]);
    assert_eq!(parts(&tie(&stated(two(), 2), name)), [Some(0), Some(0), Some(0)]);
    assert_eq!(parts(&tie(&stated(two(), 5), name)), [Some(-3), Some(0), Some(-3)]);
    let partial = stated(two(), 5).coverage(Source::Members, Coverage::Partial);
    assert_eq!(parts(&tie(&partial, name)), [Some(-3), Some(-3), Some(0)]);
    let more = stated(two(), 1).coverage(Source::Members, Coverage::Partial);
    assert_eq!(parts(&tie(&more, name)), [Some(1), Some(0), Some(1)], "a part of a list is never too long");
    let hidden = two().but(|m| m.role = None);
    assert_eq!(parts(&tie(&hidden, "members and their roles")), [Some(1), Some(1), Some(0)]);
}

#[test]
fn members_and_scim_users_are_told_apart() {
    let org = org()
        .active("a", "read", 1)
        .scim("a", true)
        .active("off", "read", 1)
        .scim("off", false)
        .active("alone", "read", 1)
        .active("alone2", "read", 1)
        .scim("stranger", true);
    let tie = tie(&org, "members and SCIM");
    assert_eq!((tie.counted, tie.stated), (Some(4), Some(2)));
    assert_eq!(parts(&tie), [Some(2), Some(2), Some(0)], "{}", tie.explanation);
}

#[test]
fn counted_seats_are_compared_with_the_invoice_and_the_contract() {
    let mut org = org().active("a", "read", 1).life(5, "org.invite_user", "boss", "newby");
    org.params.seats.invoiced = Some(1);
    org.params.seats.purchased = Some(4);
    assert_eq!(parts(&tie(&org, "billed seats and the invoice")), [Some(1), Some(1), Some(0)]);
    assert_eq!(parts(&tie(&org, "billed seats and the contract")), [Some(-2), Some(0), Some(-2)]);
}

#[test]
fn leavers_of_the_roster_are_judged_or_found_nowhere() {
    let name = "leavers judged";
    assert_eq!(parts(&tie(&org(), name)), [None, None, None], "without a roster there is nothing to compare");
    let org = org().active("a", "read", 1).person("a", "terminated", None).person("nobody", "terminated", None);
    let tie = tie(&org.person("b", "active", None), name);
    assert_eq!((tie.counted, tie.stated), (Some(1), Some(2)));
    assert_eq!(parts(&tie), [Some(-1), Some(-1), Some(0)]);
    assert!(tie.explanation.ends_with(": 1"), "{}", tie.explanation);
}
