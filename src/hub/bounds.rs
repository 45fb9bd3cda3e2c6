//! How much of a Hub's answers is read, and for how long: nothing runs for ever and nothing grows without bound.

use std::time::Duration;

use crate::model::{coverage::Source, time};

/// The bounds of a client. [`Limits::default`] holds for every command; tests have smaller ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Time for one request sent, from sending to the last byte of its answer, beside what the received bytes add. A
    /// wait for the quota is not part of it.
    pub attempt: Duration,
    /// Received bytes that add one second to it; 0 counts as 1.
    pub bytes_per_second: u64,
    /// Time for everything a client does, waits included.
    pub deadline: Duration,
    /// Decoded bytes that one received byte of a compressed answer may become.
    pub ratio: u64,
    /// Largest decoded body, in bytes, of any answer but the export of the audit log.
    pub page: u64,
    /// Largest decoded body of the export, and of all pages of one list together, in bytes.
    pub export: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(60),
            bytes_per_second: 32 << 10,
            deadline: Duration::from_secs(6 * 3600),
            ratio: 200,
            page: 64 << 20,
            export: 2 << 30,
        }
    }
}

impl Limits {
    /// Time for a request of which so many bytes were received.
    pub(super) fn time_for(&self, received: u64) -> Duration {
        self.attempt.saturating_add(Duration::from_secs(received / self.bytes_per_second.max(1)))
    }

    /// Largest decoded body of a source's answers, in bytes.
    pub(super) fn body(&self, source: Source) -> u64 {
        if source == Source::AuditLog { self.export } else { self.page }
    }

    /// Why no page is asked for after so many decoded bytes of a list; `None` while there may be more.
    pub(super) fn list_is_full(&self, decoded: u64) -> Option<String> {
        (decoded > self.export).then(|| format!("the pages of the list are larger than {}", size(self.export)))
    }

    /// Whether so many received bytes may become so many decoded ones.
    pub(super) fn allow(&self, received: u64, decoded: u64) -> bool {
        decoded <= received.saturating_mul(self.ratio)
    }

    /// Says that the time is over.
    pub(super) fn out_of_time(&self) -> String {
        let seconds = i64::try_from(self.deadline.as_secs()).unwrap_or(i64::MAX);
        format!("the deadline of {} passed", time::span(seconds))
    }
}

/// A number of bytes in words.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_those_that_are_promised() {
        let limits = Limits::default();
        assert_eq!(limits.time_for(0), Duration::from_secs(60));
        assert_eq!(limits.time_for(64 << 10), Duration::from_secs(62));
        assert_eq!(limits.out_of_time(), "the deadline of 6 h passed");
        assert_eq!((limits.body(Source::Members), limits.body(Source::AuditLog)), (64 << 20, 2 << 30));
        assert!(limits.allow(10, 2000) && !limits.allow(10, 2001) && limits.allow(u64::MAX, u64::MAX));
        assert_eq!([size(2 << 30), size(64 << 20), size(100)], ["2 GiB", "64 MiB", "100 bytes"]);
        let none = Limits { bytes_per_second: 0, attempt: Duration::MAX, ..limits };
        assert_eq!(none.time_for(u64::MAX), Duration::MAX);
    }
}
