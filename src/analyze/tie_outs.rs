//! Figures compared with the same figures from elsewhere.

use std::collections::BTreeSet;

use super::derived::view::View;
use crate::model::{
    coverage::Source,
    outcome::{Outcome, TieOut},
};

/// Every comparison, in report order.
pub(super) fn of(view: &View<'_>, outcomes: &[Outcome]) -> Vec<TieOut> {
    let members_seen = view.manifest.coverage(Source::Members).has_rows();
    let n = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let members = members_seen.then(|| n(view.tables.members.len()));
    let pages = "members, counted from the member pages";
    let total = |key: &str| number(outcomes, "seat-spend", key);
    let purchased = view.params.seats.purchased.map(i64::from);
    let invoiced = view.params.seats.invoiced.map(i64::from);
    let scim_seen = view.manifest.coverage(Source::Scim).has_rows();
    let scim = scim_seen.then(|| n(view.tables.scim_users.iter().filter(|u| u.active != Some(false)).count()));
    vec![
        compare(
            "members and the Hub's own counter",
            (pages, members),
            ("overview numUsers", stated(view)),
            members_why(view),
        ),
        compare(
            "members and their roles",
            (pages, members),
            ("sum over visible roles", role_sum(view)),
            role_why(view),
        ),
        compare(
            "members and SCIM users",
            (pages, members),
            ("active SCIM users", scim.filter(|_| !view.tables.scim_users.is_empty())),
            Some(scim_why(view)),
        ),
        compare(
            "billed seats and the invoice",
            ("members and pending invites, as configured", total("seats_billed")),
            ("invoiced, from the configuration", invoiced),
            invite_why(total("seats_billed"), total("seats_without_invites"), invoiced),
        ),
        compare(
            "billed seats and the contract",
            ("members and pending invites, as configured", total("seats_billed")),
            ("purchased, from the configuration", purchased),
            invite_why(total("seats_billed"), total("seats_without_invites"), purchased),
        ),
        roster(outcomes),
    ]
}

/// One comparison; `why` explains a part of the difference, which is counted less stated, and says how.
fn compare(
    name: &str,
    (counted_from, counted): (&str, Option<i64>),
    (stated_by, stated): (&str, Option<i64>),
    why: Option<(i64, String)>,
) -> TieOut {
    let difference = counted.zip(stated).map(|(counted, stated)| counted - stated);
    let (explained, words) = match (difference, why) {
        (Some(0) | None, _) => (0, String::new()),
        (Some(_), Some((part, words))) if part != 0 => (part, words),
        (Some(_), _) => (0, "nothing explains the difference".to_owned()),
    };
    TieOut {
        name: name.to_owned(),
        counted_from: counted_from.to_owned(),
        counted,
        stated_by: stated_by.to_owned(),
        stated,
        difference,
        explained: difference.map(|_| explained),
        explanation: words,
        unexplained: difference.map(|difference| difference - explained),
    }
}

/// The leavers of the roster and those who were judged.
fn roster(outcomes: &[Outcome]) -> TieOut {
    let total = |key: &str| number(outcomes, "offboarding", key);
    let nowhere = total("found_nowhere").map(|n| {
        let words = format!("people whose login and address no list of the snapshot has: {n}");
        (-n, words)
    });
    compare(
        "leavers judged and terminated people of the roster",
        ("leavers with an entry in the roster", total("terminated_judged")),
        ("terminated people of the roster", total("terminated_in_roster")),
        nowhere,
    )
}

/// The Hub's own count of members.
fn stated(view: &View<'_>) -> Option<i64> {
    view.manifest.sources.get(&Source::Overview)?.tie_outs.get("numUsers").copied()
}

/// What may explain a difference to the Hub's counter.
fn members_why(view: &View<'_>) -> Option<(i64, String)> {
    let more = i64::try_from(view.tables.members.len()).ok()? - stated(view)?;
    // A part of a list explains that fewer were counted, and never that more were.
    (view.is_gap(Source::Members) && more < 0).then(|| (more, "the list of members was not read whole".to_owned()))
}

/// Members with a visible role.
fn role_sum(view: &View<'_>) -> Option<i64> {
    let visible = view.tables.members.iter().filter(|m| m.role.is_some()).count();
    if visible == 0 { None } else { i64::try_from(visible).ok() }
}

/// Members without a visible role.
fn role_why(view: &View<'_>) -> Option<(i64, String)> {
    let hidden = view.tables.members.iter().filter(|m| m.role.is_none()).count();
    Some((i64::try_from(hidden).ok()?, format!("members without a visible role: {hidden}")))
}

/// Members and SCIM users without each other.
fn scim_why(view: &View<'_>) -> (i64, String) {
    let n = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let unmanaged = n(view.scim_of.iter().filter(|user| user.is_none()).count());
    let off = n((0..view.scim_of.len()).filter(|&i| view.scim_of[i].is_some_and(|u| u.active == Some(false))).count());
    let matched: BTreeSet<&str> = view.scim_of.iter().flatten().map(|user| user.scim_id.as_str()).collect();
    let is_free = |id: &str| !matched.contains(id);
    let users = &view.tables.scim_users;
    let unmatched = n(users.iter().filter(|u| u.active != Some(false) && is_free(&u.scim_id)).count());
    let words = format!(
        "members not in SCIM: {unmanaged}; members switched off there: {off}; active SCIM users who are no members: {unmatched}"
    );
    (unmanaged + off - unmatched, words)
}

/// Pending invites as an explanation of a difference in seats.
fn invite_why(billed: Option<i64>, without: Option<i64>, stated: Option<i64>) -> Option<(i64, String)> {
    let (billed, without, stated) = (billed?, without?, stated?);
    (stated == without && billed != without)
        .then(|| (billed - without, format!("pending invites that are not among those stated: {}", billed - without)))
}

/// A whole number among an analyzer's totals.
fn number(outcomes: &[Outcome], id: &str, key: &str) -> Option<i64> {
    outcomes.iter().find(|o| o.meta.id == id)?.totals.get(key)?.as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn an_unexplained_difference_is_shown() {
        let t = compare("x", ("a", Some(5)), ("b", Some(8)), None);
        assert_eq!((t.difference, t.explained, t.unexplained), (Some(-3), Some(0), Some(-3)));
        assert_eq!(t.explanation, "nothing explains the difference");
        let t = compare("x", ("a", Some(5)), ("b", Some(8)), Some((-2, "two".to_owned())));
        assert_eq!((t.difference, t.explained, t.unexplained), (Some(-3), Some(-2), Some(-1)));
        assert_eq!(t.explanation, "two");
        let t = compare("x", ("a", None), ("b", Some(8)), None);
        assert_eq!((t.difference, t.explained, t.unexplained), (None, None, None));
    }

    proptest! {
        #[test]
        fn a_difference_is_counted_less_stated_and_the_sum_of_its_parts(
            counted in proptest::option::of(0_i64..100),
            stated in proptest::option::of(0_i64..100),
            why in proptest::option::of(-100_i64..100),
        ) {
            let why = why.map(|part| (part, "why".to_owned()));
            let t = compare("x", ("a", counted), ("b", stated), why);
            prop_assert_eq!(t.difference, counted.zip(stated).map(|(counted, stated)| counted - stated));
            let parts = t.explained.zip(t.unexplained).map(|(explained, unexplained)| explained + unexplained);
            prop_assert_eq!(t.difference, parts);
        }
    }
}
