//! The clock of a fixture Hub that does not follow this machine's.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::model::time::Timestamp;

/// A clock that stands still until it is read for the first time, and runs from there: whoever reads it first starts
/// exactly when it was set to.
#[derive(Debug)]
pub(super) struct Clock(Mutex<(Timestamp, Option<Instant>)>);

impl Clock {
    /// A clock that shows `at`.
    pub(super) fn at(at: Timestamp) -> Self {
        Self(Mutex::new((at, None)))
    }

    /// What it shows.
    pub(super) fn now(&self) -> Timestamp {
        let mut clock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let started = *clock.1.get_or_insert_with(Instant::now);
        clock.0 + started.elapsed()
    }

    /// Sets it to `at`, where it stands still again.
    pub(super) fn turn(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (at, None);
    }

    /// What it shows, as the header `Date` says it.
    pub(super) fn header(&self) -> String {
        self.now().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time;

    #[test]
    fn it_starts_when_it_is_read_and_can_be_turned() {
        let clock = Clock::at(time::parse("2026-10-01T06:00:00Z").unwrap());
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(clock.header(), "Thu, 01 Oct 2026 06:00:00 GMT");
        let first = clock.now();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(clock.now() > first);
        clock.turn(time::parse("2026-10-08T06:00:00Z").unwrap());
        assert_eq!(clock.header(), "Thu, 08 Oct 2026 06:00:00 GMT");
    }
}
