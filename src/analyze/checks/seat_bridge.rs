//! The money of `seat-spend`: from the seats of the contract to what removing seats saves.
//!
//! Computes figures and nothing else: which seat is removable is decided in `seat_spend`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::outcome::money;

/// Seats as the contract, the invoice and the evidence count them. `None` is a figure that is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Bridge {
    /// Seats of the contract; `None` when not configured.
    pub(super) contracted: Option<i64>,
    /// Seats on the last invoice; `None` when not configured.
    pub(super) invoiced: Option<i64>,
    /// Billable seats: members and pending invites.
    pub(super) counted: Option<i64>,
    /// Billable seats that pass.
    pub(super) in_use: Option<i64>,
    /// Billable seats under an exception.
    pub(super) accepted: Option<i64>,
    /// Billable seats that fail.
    pub(super) removable: Option<i64>,
    /// Billable seats that need a decision, or evidence.
    pub(super) possible: Option<i64>,
    /// Whether `counted` may leave out seats that could not be seen.
    pub(super) at_least: bool,
}

impl Bridge {
    /// Seats that stay when the removable ones are removed.
    pub(super) fn after_removal(&self) -> Option<i64> {
        Some(self.counted? - self.removable?)
    }

    /// Seats that are no longer paid for from the next renewal on: no fewer than the contract are paid in any case.
    ///
    /// Where there may be more seats than were counted this is the least that is saved.
    pub(super) fn saved_at_renewal(&self) -> Option<i64> {
        let contracted = self.contracted.unwrap_or(0);
        Some(self.counted?.max(contracted) - self.after_removal()?.max(contracted))
    }

    /// Seats of the contract that nobody needs after the removal. `None` also where there may be more seats than were
    /// counted, because these would need them.
    pub(super) fn saved_if_lowered(&self) -> Option<i64> {
        let unneeded = self.contracted.unwrap_or(0) - self.after_removal()?;
        (!self.at_least).then_some(unneeded.max(0))
    }

    /// Seats counted less seats of the contract. `None` also where there may be more seats than were counted.
    pub(super) fn over_contract(&self) -> Option<i64> {
        Some(self.counted? - self.contracted?).filter(|_| !self.at_least)
    }

    /// The lines by name, each with seats and what they cost; `price` is that of a seat per month in cents.
    pub(super) fn lines(&self, price: Option<i64>) -> Value {
        let lines = [
            ("contracted", self.contracted),
            ("invoiced", self.invoiced),
            ("counted", self.counted),
            ("in_use", self.in_use),
            ("accepted", self.accepted),
            ("removable", self.removable),
            ("possible", self.possible),
            ("after_removal", self.after_removal()),
            ("saved_at_renewal", self.saved_at_renewal()),
            ("saved_if_lowered", self.saved_if_lowered()),
        ];
        let line = |(name, seats): (&str, Option<i64>)| {
            let cost = |months| cost(price, seats, months);
            (name.to_owned(), json!({"seats": seats, "monthly_usd": cost(1), "annual_usd": cost(12)}))
        };
        lines.into_iter().map(line).collect::<BTreeMap<_, _>>().into_iter().collect()
    }
}

/// What seats cost in so many months, as a text with two decimals; null where seats or price are not known.
pub(super) fn cost(price: Option<i64>, seats: Option<i64>, months: i64) -> Value {
    let cents = price.zip(seats).map(|(cents, seats)| cents.saturating_mul(seats).saturating_mul(months));
    cents.map_or(Value::Null, |cents| money(cents).into())
}

/// Billed seats by what they have in common, sorted; `seats` yields the common text, empty where it is not known, and
/// whether the seat is removable. `name` is the key of that text.
pub(super) fn shares<'r>(
    name: &str,
    seats: impl Iterator<Item = (String, bool)> + 'r,
    price: Option<i64>,
    has_unknown: bool,
) -> Value {
    let mut groups: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (key, removable) in seats {
        let slot = groups.entry(key).or_default();
        slot.0 += 1;
        slot.1 += i64::from(removable);
    }
    let row = |(key, (seats, removable)): (String, (i64, i64))| {
        let key = if key.is_empty() { Value::Null } else { key.into() };
        // None found among seats of which some could not be judged is not none.
        let removable = Some(removable).filter(|n| *n > 0 || !has_unknown);
        json!({name: key, "seats": seats, "monthly_cost_usd": cost(price, Some(seats), 1), "removable_seats": removable})
    };
    groups.into_iter().map(row).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is paid for so many seats under a contract.
    fn paid(seats: i64, contracted: i64) -> i64 {
        if seats > contracted { seats } else { contracted }
    }

    proptest! {
        #[test]
        fn what_is_saved_is_what_is_paid_before_less_what_is_paid_after(
            counted in 0_i64..10_000, share in 0_i64..=100, contracted in proptest::option::of(0_i64..10_000),
        ) {
            let removable = counted * share / 100;
            let bridge =
                Bridge { contracted, counted: Some(counted), removable: Some(removable), ..Bridge::default() };
            let c = contracted.unwrap_or(0);
            let (after, renewal) = (bridge.after_removal().unwrap(), bridge.saved_at_renewal().unwrap());
            let lowered = bridge.saved_if_lowered().unwrap();
            prop_assert_eq!(after, counted - removable);
            prop_assert_eq!(renewal, paid(counted, c) - paid(after, c));
            prop_assert!(renewal >= 0 && renewal <= removable);
            prop_assert_eq!(lowered, if c > after { c - after } else { 0 });
            // Both together: what is paid now less what is paid when the contract is lowered to what is needed.
            prop_assert_eq!(renewal + lowered, paid(counted, c) - after);
            if c >= counted {
                prop_assert_eq!(renewal, 0, "a seat inside the contract is paid for whether it is used or not");
            }
            if contracted.is_none() {
                prop_assert_eq!((renewal, lowered), (removable, 0));
            }
        }

        #[test]
        fn seats_that_were_not_seen_never_raise_what_is_promised(
            seen in 0_i64..1_000, hidden in 0_i64..1_000, share in 0_i64..=100, contracted in 0_i64..2_000,
        ) {
            let bridge = |counted: i64, at_least| Bridge {
                contracted: Some(contracted),
                counted: Some(counted),
                removable: Some(seen * share / 100),
                at_least,
                ..Bridge::default()
            };
            let (partial, whole) = (bridge(seen, true), bridge(seen + hidden, false));
            prop_assert!(partial.saved_at_renewal() <= whole.saved_at_renewal());
            prop_assert_eq!((partial.saved_if_lowered(), partial.over_contract()), (None, None));
        }

        #[test]
        fn money_is_seats_times_price_and_never_overflows(
            cents in proptest::option::of(0_i64..=100_000_000_000), seats in 0_i64..20_000_000,
        ) {
            let bridge = Bridge { contracted: Some(seats), ..Bridge::default() };
            let lines = bridge.lines(cents);
            let line = &lines["contracted"];
            prop_assert_eq!(line["monthly_usd"].is_null(), cents.is_none());
            if let Some(monthly) = cents.and_then(|cents| cents.checked_mul(seats)) {
                let expected = money(monthly);
                prop_assert_eq!(line["monthly_usd"].as_str(), Some(expected.as_str()));
            }
            for name in ["counted", "in_use", "removable", "after_removal", "saved_at_renewal", "saved_if_lowered"] {
                prop_assert!(lines[name]["seats"].is_null() && lines[name]["annual_usd"].is_null(), "{}", name);
            }
        }
    }
}
