//! Instants and days: parsing, age and the only date formatting.
//!
//! Every date that comes from outside is parsed here, and one outside the years 1970 to 9999 is unreadable wherever it
//! comes from: four digits are what file names, ids, spreadsheets and PDF can hold, and no clock shows anything else.
//!
//! The clock is not read here. Whoever needs "now" gets it as a value.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, SecondsFormat, SubsecRound as _, Utc};

/// An instant in UTC; microseconds are kept in tables, seconds are printed.
pub type Timestamp = DateTime<Utc>;

/// Seconds in a day.
const DAY: i64 = 86_400;

/// Years of readable dates.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9999;

/// Parses a timestamp of the Hub or of a file.
///
/// RFC 3339 with any offset is read as it is; a date-time without an offset and a plain date are taken as UTC.
/// `None` when the text is none of these, or outside the readable years.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(t) = DateTime::parse_from_rfc3339(text) {
        return of_utc(t.naive_utc());
    }
    if let Ok(t) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f") {
        return of_utc(t);
    }
    parse_date(text).map(start_of)
}

/// The instant so many microseconds after 1970, as tables hold it. `None` outside the readable years.
#[must_use]
pub fn of_micros(micros: i64) -> Option<Timestamp> {
    DateTime::from_timestamp_micros(micros).filter(is_readable)
}

/// Whether a text is an instant outside the readable years, which the deserializer of instants takes all the same and
/// with which no other can be compared safely.
#[must_use]
pub fn is_out_of_range(text: &str) -> bool {
    text.parse::<DateTime<Utc>>().is_ok_and(|t| of_utc(t.naive_utc()).is_none())
}

/// Parses the date of an HTTP header (RFC 2822 with any offset); whole seconds. `None` as for [`parse`].
#[must_use]
pub fn parse_header(text: &str) -> Option<Timestamp> {
    let date = DateTime::parse_from_rfc2822(text.trim()).ok()?;
    of_utc(date.naive_utc()).map(|t| t.trunc_subsecs(0))
}

/// Parses a date-time in UTC of another form, spelled as `chrono` spells formats. `None` as for [`parse`].
#[must_use]
pub fn parse_as(text: &str, form: &str) -> Option<Timestamp> {
    of_utc(NaiveDateTime::parse_from_str(text, form).ok()?)
}

/// Parses `YYYY-MM-DD`. `None` as for [`parse`].
#[must_use]
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok().filter(is_readable)
}

/// The day of a year, a month and a day of the month. `None` when there is no such day, or as for [`parse`].
#[must_use]
pub fn date(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day).filter(is_readable)
}

/// Whether a date lies in the readable years.
fn is_readable(date: &impl Datelike) -> bool {
    YEARS.contains(&date.year())
}

/// A readable instant, in microseconds. Without an offset, which could lead over the end of the calendar.
fn of_utc(t: NaiveDateTime) -> Option<Timestamp> {
    Some(t.trunc_subsecs(6).and_utc()).filter(is_readable)
}

/// Midnight UTC at the start of a day.
#[must_use]
pub fn start_of(date: NaiveDate) -> Timestamp {
    date.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// Whole days from `then` to `as_of`, never negative.
#[must_use]
pub fn age_days(as_of: Timestamp, then: Timestamp) -> i64 {
    let micros = as_of.timestamp_micros() - then.timestamp_micros();
    micros.div_euclid(DAY * 1_000_000).max(0)
}

/// RFC 3339 in UTC with seconds, as every report prints it.
#[must_use]
pub fn format(t: Timestamp) -> String {
    t.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `YYYY-MM-DD`.
#[must_use]
pub fn format_date(date: NaiveDate) -> String {
    date.format("%Y-%m-%d").to_string()
}

/// A length of time in its two largest units, e.g. `91 d 18 h` or `6 h`; the sign is left out, and so are seconds of a
/// minute or more.
#[must_use]
pub fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = units.iter().position(|(size, _)| seconds >= *size).unwrap_or(units.len() - 1);
    let part = |at: usize, of: u64| units.get(at).map(|(size, unit)| (of / size, *unit));
    let parts = [part(first, seconds), part(first + 1, seconds % units[first].0).filter(|(_, unit)| *unit != "s")];
    let parts = parts.into_iter().flatten().enumerate().filter(|(at, (n, _))| *at == 0 || *n > 0);
    parts.map(|(_, (n, unit))| format!("{n} {unit}")).collect::<Vec<_>>().join(" ")
}

/// The creation time inside a 24-digit hexadecimal `ObjectId`, a hint and never a fact.
///
/// `None` when `id` is not of that form.
#[must_use]
pub fn of_object_id(id: &str) -> Option<Timestamp> {
    if id.len() != 24 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let seconds = u32::from_str_radix(&id[..8], 16).ok()?;
    DateTime::from_timestamp(i64::from(seconds), 0)
}

/// The first date with day-of-month `day` strictly after `date`; a month too short for it renews on its last day.
#[must_use]
pub fn next_monthly(date: NaiveDate, day: u32) -> NaiveDate {
    let candidate = |year: i32, month: u32| {
        (1..=day.clamp(1, 31)).rev().find_map(|d| NaiveDate::from_ymd_opt(year, month, d)).unwrap_or(date)
    };
    let this = candidate(date.year(), date.month());
    if this > date {
        return this;
    }
    let (year, month) = if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    candidate(year, month)
}

/// `start` moved on by as few whole years as put it strictly after `date`; 29 February is the 28th in other years.
#[must_use]
pub fn next_yearly(date: NaiveDate, start: NaiveDate) -> NaiveDate {
    let years = u32::try_from(date.year() - start.year()).unwrap_or(0);
    let mut days = [years, years + 1].into_iter().filter_map(|n| start.checked_add_months(Months::new(n * 12)));
    days.find(|day| *day > date).unwrap_or(start)
}

/// The day after `date`; `date` itself at the end of the calendar.
#[must_use]
pub fn day_after(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_whole_days_and_never_negative() {
        let as_of = parse("2026-10-01T06:00:00Z").unwrap();
        assert_eq!(age_days(as_of, parse("2026-09-30T06:00:00Z").unwrap()), 1);
        assert_eq!(age_days(as_of, parse("2026-09-30T06:00:00.001Z").unwrap()), 0);
        assert_eq!(age_days(as_of, parse("2027-01-01T00:00:00Z").unwrap()), 0);
    }

    #[test]
    fn spans_have_two_units_at_most() {
        let cases = [
            (0, "0 s"),
            (-59, "59 s"),
            (61, "1 min"),
            (6 * 3_600, "6 h"),
            (6 * 3_600 + 59, "6 h"),
            (7_260, "2 h 1 min"),
            (6 * 3_600 - 92 * DAY, "91 d 18 h"),
            (DAY + 60, "1 d"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(span(seconds), expected);
        }
    }

    #[test]
    fn reads_what_the_hub_and_files_write() {
        for text in
            ["2026-09-20T09:00:00.000Z", "2026-09-20T11:00:00+02:00", "2026-09-20T09:00:00", " 2026-09-20T09:00:00Z "]
        {
            assert_eq!(format(parse(text).unwrap()), "2026-09-20T09:00:00Z", "{text}");
        }
        assert_eq!(parse("20/09/2026"), None);
    }

    #[test]
    fn a_date_that_no_clock_shows_is_unreadable_in_every_form() {
        for text in [
            "+100000-01-01T00:00:00Z",
            "+262142-12-31T23:59:59Z",
            "-262143-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-00:01",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "+100000-01-01T00:00:00",
            "+100000-01-01",
            "1969-12-31",
            "-0001-01-01",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in ["1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31", "1970-01-01"] {
            assert!(parse(text).is_some(), "{text}");
        }
        for text in [
            "Sat, 01 Jan 100000 00:00:00 GMT",
            "31 Dec 262142 23:59:59 -2359",
            "1 Jan 1970 00:00:00 +0001",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "1 Jan -262143 00:00:00 +2359",
        ] {
            assert_eq!(parse_header(text), None, "{text}");
        }
        assert!(parse_header("Fri, 31 Dec 9999 23:59:59 GMT").is_some());
        assert!(is_out_of_range("+100000-01-01T00:00:00Z") && is_out_of_range("1969-12-31T23:59:59Z"));
        assert!(of_micros(-1).is_none() && of_micros(i64::MAX).is_none() && of_micros(0).is_some());
        assert!(!is_out_of_range("9999-12-31T23:59:59Z") && !is_out_of_range("acme"));
        assert_eq!(parse_as("+1000000101000000", "%Y%m%d%H%M%S"), None);
        assert_eq!((date(10_000, 1, 1), date(1969, 12, 31), date(2026, 2, 29)), (None, None, None));
        assert!(date(9999, 12, 31).is_some());
    }

    proptest::proptest! {
        #[test]
        fn every_readable_instant_is_printed_and_read_as_the_same(micros in 0_i64..253_402_300_800_000_000) {
            let t = DateTime::from_timestamp_micros(micros).unwrap();
            let text = t.to_rfc3339_opts(SecondsFormat::Micros, true);
            proptest::prop_assert_eq!(parse(&text), Some(t));
            proptest::prop_assert_eq!(parse_header(&t.to_rfc2822()), Some(t.trunc_subsecs(0)));
        }

        #[test]
        fn no_text_gives_an_instant_of_another_year(text in "[-+]?[0-9]{1,7}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:00:00(Z|[-+][0-2][0-9]:00))?") {
            if let Some(t) = parse(&text) {
                proptest::prop_assert!(YEARS.contains(&t.year()), "{}", t);
            }
        }
    }

    #[test]
    fn renewal_is_strictly_later_and_fits_the_month() {
        let d = |s| parse_date(s).unwrap();
        assert_eq!(next_monthly(d("2026-10-01"), 1), d("2026-11-01"));
        assert_eq!(next_monthly(d("2026-09-30"), 1), d("2026-10-01"));
        assert_eq!(next_monthly(d("2026-12-15"), 1), d("2027-01-01"));
        assert_eq!(next_monthly(d("2026-02-01"), 31), d("2026-02-28"));
        assert_eq!(next_monthly(d("2026-02-28"), 31), d("2026-03-31"));
    }

    #[test]
    fn yearly_renewals_come_strictly_after_the_day() {
        let next = |today, start| next_yearly(parse_date(today).unwrap(), parse_date(start).unwrap()).to_string();
        assert_eq!(next("2026-10-01", "2027-03-01"), "2027-03-01");
        assert_eq!(next("2026-10-01", "2024-10-02"), "2026-10-02");
        assert_eq!(next("2026-10-01", "2024-10-01"), "2027-10-01");
        assert_eq!(next("2026-10-01", "2026-10-01"), "2027-10-01");
        assert_eq!(next("2026-10-01", "2024-02-29"), "2027-02-28");
        assert_eq!(next("2027-10-01", "2024-02-29"), "2028-02-29");
        assert_eq!(next("2026-10-01", "2031-01-01"), "2031-01-01");
    }

    #[test]
    fn object_ids_carry_their_second() {
        assert_eq!(of_object_id("640000000000000000000001").map(format).as_deref(), Some("2023-03-02T01:46:40Z"));
        assert_eq!(of_object_id("okta|001"), None);
    }
}
