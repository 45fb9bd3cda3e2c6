//! How many requests may be sent when: the arithmetic of rate limits, without a clock and without a socket.
//!
//! The Hub counts requests in fixed windows, one count per bucket, and states in every answer what is left (`r`) and
//! when the window ends (`t`, rounded one way or the other). The rules here never provoke a refusal while nobody else
//! spends the quota:
//!
//! - A request is counted when it is sent, so requests in flight are counted. What the Hub says can only lower the count.
//! - A window has ended when the earliest of the latest possible ends stated by its answers has passed.
//! - The first request of a window is sent alone; its answer says what the window has left and when it ends.
//! - Requests still in flight when a window ends may be counted in the next one. There are fewer of them than the quota
//!   (the one that opened the window was answered), so the first request of the next window always fits; they are
//!   taken off what it finds left, and their own answers, which may speak of either window, are not listened to.
//! - When the first request of a window gets no answer, another one goes only if it fits beside all those that may be
//!   counted in that window: the unanswered one, those in flight, and those answered so late that they may be.

use std::{collections::BTreeMap, time::Duration};

use super::limits::Limit;
use crate::model::coverage::Source;

/// What a request may do now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Admission {
    /// Send it, and hand the ticket back with the answer.
    Go(Ticket),
    /// Ask again at this moment.
    Until(Duration),
    /// Ask again when a request in flight has been answered.
    AfterAnswer,
}

/// A request that was counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ticket {
    /// Source of the request.
    source: Source,
    /// When it was sent.
    sent: Duration,
    /// Buckets it counts on, with the number of the window it was sent in.
    buckets: Vec<(String, u64)>,
}

/// All buckets, and which source counts on which.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Quota {
    /// By name.
    buckets: BTreeMap<String, Bucket>,
    /// Buckets last named in an answer of a source.
    by_source: BTreeMap<Source, Vec<String>>,
    /// Buckets last named in any answer.
    last: Vec<String>,
    /// Whether any answer has arrived.
    heard: bool,
    /// Requests in flight.
    in_flight: u64,
}

/// One bucket in its current window.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Bucket {
    /// Number of the window, counted by us.
    number: u64,
    /// Requests per window, when known.
    quota: Option<u64>,
    /// Length of a window, when known.
    window: Option<Duration>,
    /// What is left; `None` until the first answer of the window.
    left: Option<u64>,
    /// When the window has surely ended; known together with `left`.
    ends: Option<Duration>,
    /// Until when the window surely lasts.
    lasts: Duration,
    /// Requests of this window answered after that: the server may have counted them in the next one.
    late: u64,
    /// Such requests of the window before.
    carried: u64,
    /// Requests of this window in flight.
    fresh: u64,
    /// Requests of earlier windows in flight.
    stale: u64,
    /// Opening requests of this window that got no answer; they may have been counted.
    lost: u64,
    /// When a window that holds the lost ones has surely ended.
    lost_until: Duration,
}

/// What a bucket says to one more request.
enum Say {
    /// There is room.
    Room,
    /// Not before this moment.
    Until(Duration),
    /// Not before an answer.
    AfterAnswer,
}

impl Bucket {
    /// Opens the next window, about which nothing is known yet.
    fn roll(&mut self) {
        self.number += 1;
        self.left = None;
        self.ends = None;
        self.stale += self.fresh;
        self.fresh = 0;
        self.lost = 0;
        self.lasts = Duration::ZERO;
        self.carried = std::mem::take(&mut self.late);
    }

    /// Whether one more request fits.
    fn ask(&mut self, now: Duration) -> Say {
        if self.ends.is_some_and(|ends| now >= ends) {
            self.roll();
        }
        match (self.left, self.ends) {
            (Some(0), Some(ends)) => Say::Until(ends),
            (Some(_), _) => Say::Room,
            (None, _) if self.fresh > 0 => Say::AfterAnswer,
            (None, _) => self.ask_to_open(now),
        }
    }

    /// Whether the first request of a window may go.
    fn ask_to_open(&mut self, now: Duration) -> Say {
        if self.lost > 0 && now >= self.lost_until {
            (self.lost, self.carried) = (0, 0);
        }
        let counted = self.stale.saturating_add(self.lost).saturating_add(self.carried);
        let fits = self.quota.map_or(self.stale == 0, |quota| counted < quota.max(1));
        // With nothing in flight and nothing lost there is nothing to wait for, even if the quota has shrunk meanwhile.
        match (fits, self.stale, self.lost) {
            (true, _, _) | (false, 0, 0) => Say::Room,
            (false, 0, _) => Say::Until(self.lost_until),
            (false, _, _) => Say::AfterAnswer,
        }
    }

    /// Counts a request that is sent now.
    fn take(&mut self) -> u64 {
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.fresh += 1;
        self.number
    }

    /// Takes in what an answer says. `number` is the window in which its request was sent, at `sent`.
    fn learn(&mut self, number: u64, limit: &Limit, sent: Duration, now: Duration) {
        self.release(number, now);
        self.quota = limit.quota.or(self.quota);
        self.window = limit.window.or(self.window);
        if number != self.number {
            return;
        }
        if self.left.is_none() {
            self.lasts = sent.saturating_add(limit.lasts());
        }
        let ends = now.saturating_add(limit.ends_within());
        self.ends = Some(self.ends.map_or(ends, |known| known.min(ends)));
        self.left = Some(self.left.map_or(limit.left.saturating_sub(self.stale), |left| left.min(limit.left)));
    }

    /// Takes in a good answer that says nothing about this bucket.
    fn assume(&mut self, number: u64, now: Duration) {
        self.release(number, now);
        if number == self.number && self.left.is_none() {
            // The Hub stopped stating its quota: the last one known is taken to hold.
            self.left = self.quota.map(|quota| quota.saturating_sub(self.stale.saturating_add(1))).or(Some(u64::MAX));
            self.ends = self.window.map(|window| now.saturating_add(window));
        }
    }

    /// Takes in that a request got no answer.
    fn lose(&mut self, number: u64, now: Duration) {
        self.release(number, now);
        if number == self.number && self.left.is_none() {
            self.lost += 1;
            self.lost_until = now.saturating_add(self.window.unwrap_or_default());
        }
    }

    /// Takes a request off the count of those in flight.
    fn release(&mut self, number: u64, now: Duration) {
        if number == self.number {
            self.fresh = self.fresh.saturating_sub(1);
            self.late += u64::from(self.left.is_some() && now > self.lasts);
        } else {
            self.stale = self.stale.saturating_sub(1);
            self.carried += 1;
        }
    }
}

impl Quota {
    /// Whether a request of `source` may be sent at `now`, and counts it if so.
    pub(super) fn admit(&mut self, source: Source, now: Duration) -> Admission {
        let names = self.by_source.get(&source).unwrap_or(&self.last).clone();
        if names.is_empty() && !self.heard && self.in_flight > 0 {
            return Admission::AfterAnswer;
        }
        for name in &names {
            match self.buckets.get_mut(name).map_or(Say::Room, |bucket| bucket.ask(now)) {
                Say::Room => {}
                Say::Until(when) => return Admission::Until(when),
                Say::AfterAnswer => return Admission::AfterAnswer,
            }
        }
        self.in_flight += 1;
        let mut buckets = Vec::new();
        for name in names {
            if let Some(bucket) = self.buckets.get_mut(&name) {
                let number = bucket.take();
                buckets.push((name, number));
            }
        }
        Admission::Go(Ticket { source, sent: now, buckets })
    }

    /// An answer arrived, with what it says about buckets.
    pub(super) fn answered(&mut self, ticket: &Ticket, limits: &[Limit], now: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.heard = true;
        for (name, number) in &ticket.buckets {
            let Some(bucket) = self.buckets.get_mut(name) else { continue };
            match limits.iter().find(|limit| limit.bucket == *name) {
                Some(limit) => bucket.learn(*number, limit, ticket.sent, now),
                None if limits.is_empty() => bucket.assume(*number, now),
                None => bucket.release(*number, now),
            }
        }
        for limit in limits {
            if !ticket.buckets.iter().any(|(name, _)| *name == limit.bucket) {
                self.unforeseen(limit, now);
            }
        }
        if !limits.is_empty() {
            self.last = limits.iter().map(|limit| limit.bucket.clone()).collect();
            self.by_source.insert(ticket.source, self.last.clone());
        }
    }

    /// An answer names a bucket on which its request was not counted.
    fn unforeseen(&mut self, limit: &Limit, now: Duration) {
        let bucket = self.buckets.entry(limit.bucket.clone()).or_default();
        if bucket.ends.is_some_and(|ends| now >= ends) {
            bucket.roll();
        }
        if bucket.left.is_none() && bucket.fresh == 0 {
            bucket.learn(bucket.number, limit, now, now);
        } else {
            bucket.left = bucket.left.map(|left| left.saturating_sub(1).min(limit.left));
        }
    }

    /// A request got no answer.
    pub(super) fn lost(&mut self, ticket: &Ticket, now: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        for (name, number) in &ticket.buckets {
            if let Some(bucket) = self.buckets.get_mut(name) {
                bucket.lose(*number, now);
            }
        }
    }
}

#[cfg(test)]
#[path = "quota_tests.rs"]
mod tests;
