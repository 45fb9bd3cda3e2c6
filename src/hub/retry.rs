//! What is tried again, how often, and after how long.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

use crate::model::time::{self, Timestamp};

/// Retries of an answer that is broken.
pub(super) const RETRIES: u32 = 4;

/// Retries of a connection that was refused before any answer: a wrong endpoint must be reported soon.
pub(super) const FIRST_RETRIES: u32 = 2;

/// Refusals for the rate (429) after which a request is given up.
pub(super) const THROTTLED: u32 = 20;

/// Longest `Retry-After` of a broken answer that is honoured.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest single wait after a 429: one of the Hub's windows.
const WINDOW: Duration = Duration::from_secs(300);

/// Delays from 250 ms to 8 s with jitter, without end.
pub(super) fn delays() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(Duration::from_secs(8))
        .without_max_times()
        .with_jitter()
        .build()
}

/// How long a broken answer asks to be left alone; `None` when it does not say, or too long.
pub(super) fn after_failure(retry_after: Option<&str>, now: Timestamp) -> Option<Duration> {
    parse(retry_after?, now).filter(|wait| *wait <= PATIENCE)
}

/// How long a 429 asks to wait; `None` when it does not say.
pub(super) fn after_throttle(retry_after: Option<&str>, now: Timestamp) -> Option<Duration> {
    parse(retry_after?, now).map(|wait| wait.min(WINDOW))
}

/// `Retry-After`: seconds, or a date.
fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = time::parse_header(text)?;
    Some(date.signed_duration_since(now).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_from_a_quarter_second_and_stay_bounded() {
        let all: Vec<_> = delays().take(10).collect();
        assert!(all[0] >= Duration::from_millis(250) && all[0] <= Duration::from_millis(500));
        assert!(all.iter().all(|delay| *delay <= Duration::from_secs(16)));
        assert_eq!(all.len(), 10);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = time::parse("2026-10-01T06:00:00Z").unwrap();
        let seconds = |text: &str| after_throttle(Some(text), now).map(|wait| wait.as_secs());
        assert_eq!(seconds("7"), Some(7));
        assert_eq!(seconds("Thu, 01 Oct 2026 06:00:09 GMT"), Some(9));
        assert_eq!(seconds("Thu, 01 Oct 2026 05:00:00 GMT"), Some(0));
        assert_eq!(seconds("86400"), Some(300));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("18446744073709551615"), Some(300));
        assert_eq!(seconds("Fri, 31 Dec 9999 23:59:59 GMT"), Some(300));
        for year in ["10000", "262142"] {
            assert_eq!(seconds(&format!("31 Dec {year} 23:59:59 GMT")), None, "{year}");
            assert_eq!(seconds(&format!("31 Dec {year} 23:59:59 -0900")), None, "{year}");
        }
        assert_eq!(seconds("Wed, 31 Dec 1969 23:59:59 GMT"), None);
        assert_eq!(after_failure(Some("Fri, 31 Dec 9999 23:59:59 GMT"), now), None);
        assert_eq!(after_failure(Some("61"), now), None);
        assert_eq!(after_failure(Some("60"), now), Some(Duration::from_secs(60)));
        assert_eq!(after_failure(None, now), None);
    }
}
