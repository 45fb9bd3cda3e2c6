//! Figures compared with the same figures from elsewhere.

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
    ]
}

/// One comparison; `why` explains a part of the difference (stated minus counted) and says how.
fn compare(
    name: &str,
    (counted_from, counted): (&str, Option<i64>),
    (stated_by, stated): (&str, Option<i64>),
    why: Option<(i64, String)>,
) -> TieOut {
    let difference = counted.zip(stated).map(|(counted, stated)| stated - counted);
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
        explanation: words,
        unexplained: difference.map(|difference| difference - explained),
    }
}

/// The Hub's own count of members.
fn stated(view: &View<'_>) -> Option<i64> {
    view.manifest.sources.get(&Source::Overview)?.tie_outs.get("numUsers").copied()
}

/// What may explain a difference to the Hub's counter.
fn members_why(view: &View<'_>) -> Option<(i64, String)> {
    let missing = stated(view)? - i64::try_from(view.tables.members.len()).ok()?;
    view.is_gap(Source::Members).then(|| (missing, "the list of members was not read whole".to_owned()))
}

/// Members with a visible role.
fn role_sum(view: &View<'_>) -> Option<i64> {
    let visible = view.tables.members.iter().filter(|m| m.role.is_some()).count();
    if visible == 0 { None } else { i64::try_from(visible).ok() }
}

/// Members without a visible role.
fn role_why(view: &View<'_>) -> Option<(i64, String)> {
    let hidden = view.tables.members.iter().filter(|m| m.role.is_none()).count();
    Some((-i64::try_from(hidden).ok()?, format!("{hidden} members show no role")))
}

/// Members and SCIM users without each other.
fn scim_why(view: &View<'_>) -> (i64, String) {
    let n = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let unmanaged = n(view.scim_of.iter().filter(|user| user.is_none()).count());
    let off = n((0..view.scim_of.len()).filter(|&i| view.scim_of[i].is_some_and(|u| u.active == Some(false))).count());
    let matched: Vec<&str> = view.scim_of.iter().flatten().map(|user| user.scim_id.as_str()).collect();
    let is_free = |id: &str| !matched.contains(&id);
    let users = &view.tables.scim_users;
    let unmatched = n(users.iter().filter(|u| u.active != Some(false) && is_free(&u.scim_id)).count());
    let words = format!(
        "{unmanaged} members are not in SCIM, {off} are switched off there, {unmatched} active SCIM users are no members"
    );
    (unmatched - unmanaged - off, words)
}

/// Pending invites as an explanation of a difference in seats.
fn invite_why(billed: Option<i64>, without: Option<i64>, stated: Option<i64>) -> Option<(i64, String)> {
    let (billed, without, stated) = (billed?, without?, stated?);
    (stated == without && billed != without)
        .then(|| (without - billed, format!("{} pending invites are not among them", billed - without)))
}

/// A whole number among an analyzer's totals.
fn number(outcomes: &[Outcome], id: &str, key: &str) -> Option<i64> {
    outcomes.iter().find(|o| o.meta.id == id)?.totals.get(key)?.as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unexplained_difference_is_shown() {
        let t = compare("x", ("a", Some(5)), ("b", Some(8)), None);
        assert_eq!((t.unexplained, t.explanation.as_str()), (Some(3), "nothing explains the difference"));
        let t = compare("x", ("a", Some(5)), ("b", Some(8)), Some((2, "two".to_owned())));
        assert_eq!((t.unexplained, t.explanation.as_str()), (Some(1), "two"));
        let t = compare("x", ("a", None), ("b", Some(8)), None);
        assert_eq!(t.unexplained, None);
    }
}
