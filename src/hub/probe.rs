//! The readers of headers on bytes alone, without a Hub: what fuzzing feeds.

use std::time::Duration;

use super::{
    limits, link,
    quota::{Admission, Quota},
    retry,
};
use crate::model::{
    coverage::Source,
    time::{self, Timestamp},
};

/// The next page that a `Link` header names; `None` when it names none.
///
/// # Errors
/// When it cannot be read whole, in one clause that does not quote it.
pub fn link(header: &[u8]) -> Result<Option<String>, String> {
    link::next(header).map_err(|_unreadable| "the header cannot be read whole".to_owned())
}

/// The instant of a `Date` header; `None` when it is none of the years 1970 to 9999.
#[must_use]
pub fn date(header: &str) -> Option<Timestamp> {
    time::parse_header(header)
}

/// How long a `Retry-After` header makes a refused request wait at `now`; `None` when it does not say.
#[must_use]
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    retry::after_throttle(Some(header), now)
}

/// The longest wait of some requests, one after the other, that are all answered by these `RateLimit` and
/// `RateLimit-Policy`, or, each third of them, not at all.
#[must_use]
pub fn rate_limit(limit: &str, policy: &str) -> Duration {
    let stated = limits::parse(limit, policy);
    let (mut quota, mut now, mut longest) = (Quota::default(), Duration::ZERO, Duration::ZERO);
    for step in 0..24 {
        match quota.admit(Source::Members, now) {
            Admission::Go(ticket) if step % 3 == 2 => quota.lost(&ticket, now),
            Admission::Go(ticket) => quota.answered(&ticket, &stated, now),
            Admission::Until(when) => {
                longest = longest.max(when.saturating_sub(now));
                now = when;
            }
            Admission::AfterAnswer => break,
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time;

    #[test]
    fn headers_are_read_as_the_client_reads_them() {
        assert_eq!(link(b"</a?p=2>; rel=\"next\""), Ok(Some("/a?p=2".to_owned())));
        assert!(link(b"next").is_err());
        let at = time::parse("2026-10-01T06:00:00Z").unwrap();
        assert_eq!(date("Thu, 01 Oct 2026 06:00:00 GMT"), Some(at));
        assert_eq!(retry_after("Thu, 01 Oct 2026 06:00:07 GMT", at), Some(Duration::from_secs(7)));
        let wait = rate_limit("\"api\";r=0;t=9", "\"api\";q=1;w=60");
        assert_eq!(wait, Duration::from_secs(60), "a lost request may have been counted in the next window");
    }
}
