//! What the Hub's answers say beside their bodies: the time on its clock, and what is left of the quota.

use chrono::TimeDelta;

use super::limits::Limit;
use crate::model::time::{self, Timestamp};

/// The state of the Hub as its newest answers tell it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Vitals {
    /// Whole seconds by which the Hub's clock is ahead of ours, negative when it is behind; `None` when no answer had
    /// a readable `Date`.
    pub skew_seconds: Option<i64>,
    /// The rate limit; `None` when no answer stated one.
    pub quota: Option<Quota>,
}

/// One bucket of the rate limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quota {
    /// Name of the bucket; empty when the Hub gives none.
    pub bucket: String,
    /// Requests left in the window.
    pub left: u64,
    /// Requests per window; `None` when not stated.
    pub quota: Option<u64>,
    /// Seconds to the end of the window; `None` when not stated.
    pub resets_seconds: Option<u64>,
}

impl Vitals {
    /// Takes in an answer: its `Date` header, when it was asked for and had come, and the limits that it states.
    pub(super) fn hear(&mut self, date: &str, (sent, received): (Timestamp, Timestamp), stated: &[Limit]) {
        if let Some(date) = time::parse_header(date) {
            self.skew_seconds = Some(skew(date, sent, received));
        }
        if let Some(limit) = stated.first() {
            let bucket = limit.bucket.clone();
            self.quota = Some(Quota { bucket, left: limit.left, quota: limit.quota, resets_seconds: limit.resets });
        }
    }
}

/// How far the Hub's clock is ahead. `Date` is cut to whole seconds and was written at some moment between `sent` and
/// `received`: what these explain is no skew.
fn skew(date: Timestamp, sent: Timestamp, received: Timestamp) -> i64 {
    let behind = sent - (date + TimeDelta::seconds(1));
    if date > received {
        (date - received).num_seconds()
    } else if behind > TimeDelta::zero() {
        -behind.num_seconds()
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hub::limits, model::time};

    /// Vitals after one answer that was asked for at 06:00:00 and took four seconds.
    fn after(date: &str, limit: &str) -> Vitals {
        let at = |text: &str| time::parse(text).unwrap();
        let mut vitals = Vitals::default();
        let span = (at("2026-10-01T06:00:00.5Z"), at("2026-10-01T06:00:04.5Z"));
        vitals.hear(date, span, &limits::parse(limit, "\"fixed window\";\"api\";q=500;w=300"));
        vitals
    }

    #[test]
    fn only_what_the_time_on_the_way_does_not_explain_is_skew() {
        for (second, expected) in [("00", 0), ("04", 0), ("05", 0), ("06", 1)] {
            let date = format!("Thu, 01 Oct 2026 06:00:{second} GMT");
            assert_eq!(after(&date, "").skew_seconds, Some(expected), "{date}");
        }
        assert_eq!(after("Thu, 01 Oct 2026 05:58:00 GMT", "").skew_seconds, Some(-119));
        assert_eq!(after("Thu, 01 Oct 2026 06:02:05 GMT", "").skew_seconds, Some(120));
    }

    #[test]
    fn a_date_that_no_clock_shows_is_none() {
        let read = |text: &str| time::parse_header(text).map(time::format);
        assert_eq!(read(" Thu, 01 Oct 2026 06:00:00 GMT ").as_deref(), Some("2026-10-01T06:00:00Z"));
        assert_eq!(read("1 Oct 2026 08:00 +0200").as_deref(), Some("2026-10-01T06:00:00Z"));
        for text in ["", "soon", "Wed, 01 Jan 1969 00:00:00 GMT", "Sat, 01 Jan 10000 00:00:00 GMT"] {
            assert_eq!(read(text), None, "{text}");
        }
        // The last days that the date library knows, with every way to step over them.
        for year in ["9999", "10000", "262141", "262142", "262143", "999999999"] {
            for rest in
                ["23:59:59 GMT", "23:59:60 +0000", "23:59:59 -2359", "00:00:00 +2359", "23:59:59 -0001", "23:59 EST"]
            {
                let found = read(&format!("31 Dec {year} {rest}"));
                assert!(found.is_none_or(|found| year == "9999" && found.starts_with("9999-12-3")), "{year} {rest}");
            }
        }
        assert_eq!(read("01 Jan 1970 00:00:00 +0001"), None);
    }

    #[test]
    fn what_an_answer_does_not_say_stays_unknown() {
        assert_eq!(after("yesterday", "r"), Vitals::default());
        let quota = after("", "\"api\";r=12;t=34").quota.unwrap();
        assert_eq!((quota.bucket.as_str(), quota.left, quota.quota), ("api", 12, Some(500)));
        assert_eq!(quota.resets_seconds, Some(34));
    }
}
