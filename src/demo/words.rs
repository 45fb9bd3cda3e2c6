//! The small notations in the cells of the sample files: histories, dated words, paces and flags.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de::Error as _};

use crate::model::time;

/// A value that changes: `read; write 2026-05-12` is `read` at first and `write` from that day on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Timeline {
    /// The value at first; may be empty.
    pub(super) first: String,
    /// Each later value with its day, in order.
    pub(super) changes: Vec<(NaiveDate, String)>,
}

impl Timeline {
    /// The value as it stands when `day` begins.
    pub(super) fn before(&self, day: NaiveDate) -> &str {
        self.changes.iter().rev().find(|(from, _)| *from < day).map_or(self.first.as_str(), |(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for Timeline {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let mut steps = text.split(';');
        let first = steps.next().unwrap_or_default().trim().to_owned();
        let mut changes = Vec::new();
        for step in steps {
            let dated = Dated::parse(step);
            let day = dated.day.ok_or_else(|| D::Error::custom(format!("{step:?} has no day")))?;
            if changes.last().is_some_and(|(last, _)| *last >= day) {
                return Err(D::Error::custom(format!("{text:?} is out of order")));
            }
            changes.push((day, dated.word));
        }
        Ok(Self { first, changes })
    }
}

/// A word with an optional day, in either order: `off 2026-08-20`, `2026-05-15 removed`, `yes`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Dated {
    /// The word; empty when the cell is.
    pub(super) word: String,
    /// The day; `None` when the cell names none.
    pub(super) day: Option<NaiveDate>,
}

impl Dated {
    /// Reads the notation; never fails, since a missing day is judged by whoever needs it.
    fn parse(text: &str) -> Self {
        let mut day = None;
        let mut words = Vec::new();
        for part in text.split_whitespace() {
            match time::parse_date(part) {
                Some(date) => day = Some(date),
                None => words.push(part),
            }
        }
        Self { word: words.join(" "), day }
    }

    /// The day if the word is `word` and the day lies before `day`.
    pub(super) fn since(&self, word: &str, day: NaiveDate) -> Option<NaiveDate> {
        self.day.filter(|at| self.word == word && *at < day)
    }
}

impl<'de> Deserialize<'de> for Dated {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(d)?))
    }
}

/// How often somebody does something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pace {
    /// On most working days.
    Daily,
    /// Once in each week.
    Weekly,
    /// Once in four weeks.
    Monthly,
    /// Never.
    None,
}

/// Routine activity: `weekly until 2026-03-10`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Activity {
    /// How often.
    pub(super) pace: Pace,
    /// Last active day; `None` when it goes on.
    pub(super) until: Option<NaiveDate>,
}

impl<'de> Deserialize<'de> for Activity {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let dated = Dated::parse(&String::deserialize(d)?);
        let pace = match dated.word.split(' ').next().unwrap_or_default() {
            "daily" => Pace::Daily,
            "weekly" => Pace::Weekly,
            "monthly" => Pace::Monthly,
            "none" => Pace::None,
            other => return Err(D::Error::custom(format!("{other:?} is not a pace"))),
        };
        Ok(Self { pace, until: dated.day })
    }
}

/// Words separated by spaces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Words(pub(super) Vec<String>);

impl Words {
    /// Whether `word` is among them.
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.iter().any(|w| w == word)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(d)?.split_whitespace().map(str::to_owned).collect()))
    }
}

/// Reads a day; an empty cell is `None`.
pub(super) fn day_or_none<'de, D: Deserializer<'de>>(d: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = String::deserialize(d)?;
    if text.is_empty() {
        return Ok(None);
    }
    time::parse_date(&text).map(Some).ok_or_else(|| D::Error::custom(format!("{text:?} is not a day")))
}

/// Reads a day.
pub(super) fn day<'de, D: Deserializer<'de>>(d: D) -> Result<NaiveDate, D::Error> {
    day_or_none(d)?.ok_or_else(|| D::Error::custom("the day is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, serde_json::Error> {
        serde_json::from_value(serde_json::Value::String(text.to_owned()))
    }

    #[test]
    fn a_change_holds_from_the_next_day_on() {
        let line: Timeline = read("read; write 2026-05-12; admin 2026-08-01").unwrap();
        let at = |text| line.before(time::parse_date(text).unwrap());
        assert_eq!(at("2026-05-12"), "read");
        assert_eq!(at("2026-05-13"), "write");
        assert_eq!(at("2026-10-01"), "admin");
        assert!(read::<Timeline>("read; write").is_err());
        assert!(read::<Timeline>("read; write 2026-05-12; admin 2026-05-01").is_err());
    }

    #[test]
    fn a_dated_word_reads_in_either_order() {
        let left: Dated = read("2026-05-15 removed").unwrap();
        assert_eq!(left, read("removed 2026-05-15").unwrap());
        assert_eq!(left.since("removed", time::parse_date("2026-05-15").unwrap()), None);
        assert_eq!(left.since("removed", time::parse_date("2026-05-16").unwrap()), left.day);
        assert_eq!(left.since("left", time::parse_date("2026-05-16").unwrap()), None);
    }

    #[test]
    fn paces_have_an_end_or_go_on() {
        let pace: Activity = read("weekly until 2026-03-10").unwrap();
        assert_eq!((pace.pace, pace.until), (Pace::Weekly, time::parse_date("2026-03-10")));
        assert!(read::<Activity>("hourly").is_err());
    }
}
