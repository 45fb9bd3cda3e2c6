//! The only place that asks what time it is.

use crate::model::time::Timestamp;

/// Now, in UTC.
#[expect(clippy::disallowed_methods, reason = "the one clock of the program; everybody else gets the time as a value")]
#[must_use]
pub(super) fn now() -> Timestamp {
    chrono::Utc::now()
}
