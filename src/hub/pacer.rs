//! Waits as long as [`Quota`] says: the pacing with a clock.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use super::{
    limits::Limit,
    quota::{Admission, Quota, Ticket},
};
use crate::model::coverage::Source;

/// Told how many seconds the rate limit makes us wait.
pub type Waiting = Arc<dyn Fn(u64) + Send + Sync>;

/// Shared by all requests of a client.
pub(super) struct Pacer {
    /// Zero of the quota's time.
    epoch: Instant,
    /// The arithmetic, and the end of the wait that was last announced.
    state: Mutex<(Quota, Duration)>,
    /// Rung whenever an answer changes what may be sent.
    changed: Notify,
    /// Told of waits.
    waiting: Waiting,
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacer").field("state", &self.state).finish_non_exhaustive()
    }
}

/// The right to send one request. Dropped without an answer, the request counts as lost.
#[derive(Debug)]
pub(super) struct Pass<'p> {
    /// Where it came from.
    pacer: &'p Pacer,
    /// `None` once it was answered.
    ticket: Option<Ticket>,
}

impl Pacer {
    /// A pacer that knows no quota yet.
    pub(super) fn new(waiting: Waiting) -> Self {
        Self { epoch: Instant::now(), state: Mutex::default(), changed: Notify::new(), waiting }
    }

    /// The state; a panic elsewhere leaves it usable, since every change of it is one assignment.
    fn state(&self) -> MutexGuard<'_, (Quota, Duration)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request of `source` may be sent.
    pub(super) async fn admit(&self, source: Source) -> Pass<'_> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let now = self.epoch.elapsed();
            let admission = self.state().0.admit(source, now);
            match admission {
                Admission::Go(ticket) => return Pass { pacer: self, ticket: Some(ticket) },
                Admission::AfterAnswer => changed.await,
                Admission::Until(when) => {
                    self.announce(now, when);
                    tokio::select! {
                        () = sleep_until(self.epoch + when) => {}
                        () = changed => {}
                    }
                }
            }
        }
    }

    /// Tells of a wait, once however many requests wait for it.
    fn announce(&self, now: Duration, when: Duration) {
        let seconds = when.saturating_sub(now).as_secs();
        let mut state = self.state();
        if seconds > 0 && state.1 != when {
            state.1 = when;
            drop(state);
            (self.waiting)(seconds);
        }
    }
}

impl Pass<'_> {
    /// Hands in what the answer says about the quota.
    pub(super) fn answered(mut self, limits: &[Limit]) {
        if let Some(ticket) = self.ticket.take() {
            let now = self.pacer.epoch.elapsed();
            self.pacer.state().0.answered(&ticket, limits, now);
            self.pacer.changed.notify_waiters();
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            let now = self.pacer.epoch.elapsed();
            self.pacer.state().0.lost(&ticket, now);
            self.pacer.changed.notify_waiters();
        }
    }
}
