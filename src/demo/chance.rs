//! Chance without chance: numbers that look random and depend on nothing but a text.
//!
//! Every draw is seeded by what it is for (a login, a repository), so that one more row in a file leaves the rest of
//! the sample as it was.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use crate::model::time::{self, Timestamp};

/// Mixes a state into a number whose bits all depend on it (the finalizer of `SplitMix64`).
const fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number for a text (FNV-1a, mixed).
pub(super) fn hash(text: &str) -> u64 {
    let folded = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    mix(folded)
}

/// A sequence of numbers that depends on its seed only (`SplitMix64`).
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The sequence that belongs to `text`.
    pub(super) fn of(text: &str) -> Self {
        Self(hash(text))
    }

    /// The next number.
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`, 0 for a bound of 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.roll().checked_rem(bound).unwrap_or(0)
    }

    /// True in `percent` of 100 cases.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `items`; `None` when there are none.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = usize::try_from(self.below(items.len() as u64)).unwrap_or(0);
        items.get(index)
    }
}

/// An id as the Hub makes them: 24 hexadecimal digits that begin with the second of creation.
pub(super) fn object_id(created: Timestamp, salt: &str) -> String {
    format!("{:08x}{:016x}", created.timestamp(), hash(salt))
}

/// An instant on `day` between two hours, with milliseconds.
pub(super) fn between(day: NaiveDate, hours: (u32, u32), salt: &str) -> Timestamp {
    let from = day.and_time(NaiveTime::from_hms_opt(hours.0, 0, 0).unwrap_or(NaiveTime::MIN)).and_utc();
    let span = u64::from(hours.1.saturating_sub(hours.0)) * 3_600_000;
    let millis = hash(salt).checked_rem(span).unwrap_or(0);
    from + TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(0))
}

/// An instant in the working hours of `day`.
pub(super) fn moment(day: NaiveDate, salt: &str) -> Timestamp {
    between(day, (9, 17), salt)
}

/// An instant early on `day`, before every [`moment`] of it: things are made before they are used.
pub(super) fn early(day: NaiveDate, salt: &str) -> Timestamp {
    between(day, (7, 9), salt)
}

/// `days` before `day`.
pub(super) fn days_before(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_sub_days(chrono::Days::new(days)).unwrap_or(day)
}

/// Midnight at the start of `day`, for ids of what was made on a day.
pub(super) fn midnight(day: NaiveDate) -> Timestamp {
    time::start_of(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_roll_equal_numbers_and_others_do_not() {
        let roll = |seed| (0..8).map(|_| seed).scan(Dice::of(seed), |d, _| Some(d.roll())).collect::<Vec<_>>();
        assert_eq!(roll("a"), roll("a"));
        assert_ne!(roll("a"), roll("b"));
    }

    #[test]
    fn moments_stay_in_their_hours() {
        let day = time::parse_date("2026-02-28").unwrap();
        for i in 0..200 {
            let at = moment(day, &i.to_string());
            assert!(at >= time::start_of(day) + TimeDelta::hours(9) && at < time::start_of(day) + TimeDelta::hours(17));
            assert!(early(day, &i.to_string()) < at);
        }
    }

    #[test]
    fn ids_carry_their_second() {
        let at = time::parse("2026-10-01T06:00:00Z").unwrap();
        let id = object_id(at, "x");
        assert_eq!(id.len(), 24);
        assert_eq!(time::of_object_id(&id), Some(at));
    }
}
