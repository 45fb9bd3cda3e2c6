//! The pacing against simulated Hubs: any quota, any window, any rounding, any delay, and not one refusal.

use proptest::prelude::*;

use super::*;

/// How a server rounds `t`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rounding {
    /// Down.
    Floor,
    /// Up.
    Ceil,
    /// To the nearest second.
    Nearest,
}

/// A Hub with a fixed window, times in milliseconds.
#[derive(Clone, Debug)]
struct Server {
    /// Requests per window.
    quota: u64,
    /// Length of a window.
    window: u64,
    /// Start of the first window on the clock; `None` starts a window with the first request after the last one.
    aligned: Option<u64>,
    /// Rounding of `t`.
    rounding: Rounding,
    /// End of the current window.
    ends: u64,
    /// Requests counted in it.
    used: u64,
    /// Requests refused.
    refused: u64,
}

impl Server {
    /// Answers a request at a moment.
    fn answer(&mut self, now: u64) -> Limit {
        if now >= self.ends {
            self.used = 0;
            self.ends = match self.aligned {
                Some(offset) => now + self.window - (now + self.window - offset % self.window) % self.window,
                None => now + self.window,
            };
        }
        if self.used >= self.quota {
            self.refused += 1;
        } else {
            self.used += 1;
        }
        let rest = self.ends - now;
        let t = match self.rounding {
            Rounding::Floor => rest / 1000,
            Rounding::Ceil => rest.div_ceil(1000),
            Rounding::Nearest => (rest + 500) / 1000,
        };
        Limit {
            bucket: "api".to_owned(),
            left: self.quota - self.used,
            resets: Some(t),
            quota: Some(self.quota),
            window: Some(Duration::from_millis(self.window)),
        }
    }
}

/// A request on its way.
struct Flight {
    /// When the server sees it.
    seen: u64,
    /// When the answer is here.
    back: u64,
    /// Its ticket.
    ticket: Ticket,
    /// Its answer, once seen; `None` is lost on the way back.
    limit: Option<Limit>,
}

/// Sends `total` requests, at most `slots` at a time; every `lossy`-th answer is lost. Returns the milliseconds taken.
fn run(server: &mut Server, total: u64, slots: usize, delay: impl Fn(u64) -> u64, lossy: u64) -> u64 {
    let mut quota = Quota::default();
    let mut flights: Vec<Flight> = Vec::new();
    let (mut now, mut sent, mut done) = (1_000_u64, 0_u64, 0_u64);
    let start = now;
    while done < total {
        let mut wake = u64::MAX;
        while flights.len() < slots && sent < total {
            match quota.admit(Source::Members, Duration::from_millis(now)) {
                Admission::Go(ticket) => {
                    sent += 1;
                    let seen = now + delay(sent) / 2;
                    flights.push(Flight { seen, back: now + delay(sent), ticket, limit: None });
                }
                Admission::Until(when) => {
                    wake = u64::try_from(when.as_micros().div_ceil(1000)).unwrap();
                    break;
                }
                Admission::AfterAnswer => {
                    assert!(!flights.is_empty(), "waits for an answer that nobody will send");
                    break;
                }
            }
        }
        let next = flights.iter().map(|f| if f.limit.is_none() { f.seen } else { f.back }).min();
        now = next.unwrap_or(u64::MAX).min(wake).max(now);
        flights.sort_by_key(|f| (f.seen, f.back));
        for flight in flights.iter_mut().filter(|f| f.limit.is_none() && f.seen <= now) {
            flight.limit = Some(server.answer(flight.seen));
        }
        flights.sort_by_key(|f| f.back);
        while flights.first().is_some_and(|f| f.limit.is_some() && f.back <= now) {
            let flight = flights.remove(0);
            done += 1;
            match flight.limit {
                Some(_) if lossy > 0 && done.is_multiple_of(lossy) => {
                    quota.lost(&flight.ticket, Duration::from_millis(now));
                }
                Some(limit) => quota.answered(&flight.ticket, &[limit], Duration::from_millis(now)),
                None => {}
            }
        }
    }
    now - start
}

/// A server that has not been asked yet.
fn server(quota: u64, window: u64, aligned: Option<u64>, rounding: Rounding) -> Server {
    Server { quota, window, aligned, rounding, ends: 0, used: 0, refused: 0 }
}

/// Any rounding.
fn roundings() -> impl Strategy<Value = Rounding> {
    prop_oneof![Just(Rounding::Floor), Just(Rounding::Ceil), Just(Rounding::Nearest)]
}

proptest! {
    #[test]
    fn alone_on_its_quota_it_is_never_refused(
        quota in 1_u64..40,
        window in 1_u64..20,
        aligned in proptest::option::of(0_u64..20_000),
        rounding in roundings(),
        slots in 1_usize..12,
        slow in 1_u64..4_000,
        lossy in prop_oneof![Just(0_u64), 2_u64..20],
    ) {
        let mut server = server(quota, window * 1000, aligned, rounding);
        run(&mut server, 120, slots, |n| 1 + (n * 7919) % slow, lossy);
        prop_assert_eq!(server.refused, 0);
    }

    #[test]
    fn when_throttled_it_uses_every_window(
        quota in 1_u64..200,
        window in 5_u64..300,
        aligned in proptest::option::of(0_u64..300_000),
        rounding in roundings(),
    ) {
        let mut server = server(quota, window * 1000, aligned, rounding);
        let windows = 30;
        let taken = run(&mut server, quota * windows, 8, |_| 4, 0);
        prop_assert_eq!(server.refused, 0);
        let ideal = (windows - 1) * window * 1000;
        prop_assert!(taken <= ideal + ideal / 20 + 50, "{} ms instead of {} ms", taken, ideal);
    }
}

#[test]
fn the_first_request_ever_is_sent_alone() {
    let mut quota = Quota::default();
    let now = Duration::ZERO;
    let Admission::Go(first) = quota.admit(Source::Whoami, now) else { panic!("refused the first request") };
    assert_eq!(quota.admit(Source::Members, now), Admission::AfterAnswer);
    quota.answered(&first, &[], now);
    for _ in 0..50 {
        assert!(matches!(quota.admit(Source::Members, now), Admission::Go(_)), "a Hub without quotas is not paced");
    }
}

#[test]
fn a_quota_that_others_spend_is_believed() {
    let mut quota = Quota::default();
    let mut hub = server(100, 300_000, None, Rounding::Ceil);
    let now = Duration::from_millis(10);
    let Admission::Go(first) = quota.admit(Source::Whoami, now) else { panic!("refused") };
    quota.answered(&first, &[hub.answer(5)], now);
    let Admission::Go(second) = quota.admit(Source::Members, now) else { panic!("refused") };
    let mut spent = hub.answer(11);
    spent.left = 0;
    quota.answered(&second, &[spent], now);
    assert!(matches!(quota.admit(Source::Members, now), Admission::Until(_)));
}

#[test]
fn a_quota_that_shrinks_does_not_stop_everything() {
    let mut quota = Quota::default();
    let limit = |q, t| Limit {
        bucket: "api".to_owned(),
        left: q - 1,
        resets: Some(t),
        quota: Some(q),
        window: Some(Duration::from_secs(2)),
    };
    let at = Duration::from_millis;
    let Admission::Go(first) = quota.admit(Source::Whoami, at(0)) else { panic!("refused") };
    quota.answered(&first, &[limit(9, 2)], at(1));
    let tickets: Vec<_> = (0..5).map(|_| quota.admit(Source::Members, at(1500))).collect();
    for ticket in tickets {
        let Admission::Go(ticket) = ticket else { panic!("refused") };
        quota.answered(&ticket, &[limit(2, 1)], at(1600));
    }
    assert!(matches!(quota.admit(Source::Members, at(9000)), Admission::Go(_)));
}

#[test]
fn buckets_are_counted_apart() {
    let mut quota = Quota::default();
    let limit = |bucket: &str, left| Limit {
        bucket: bucket.to_owned(),
        left,
        resets: Some(60),
        quota: Some(9),
        window: Some(Duration::from_secs(300)),
    };
    let now = Duration::ZERO;
    let Admission::Go(first) = quota.admit(Source::Whoami, now) else { panic!("refused") };
    quota.answered(&first, &[limit("api", 5)], now);
    let Admission::Go(second) = quota.admit(Source::Tokens, now) else { panic!("refused") };
    quota.answered(&second, &[limit("pages", 0)], now);
    assert_eq!(quota.admit(Source::Tokens, now), Admission::Until(Duration::from_secs(61)));
    assert!(matches!(quota.admit(Source::Whoami, now), Admission::Go(_)));
    assert!(matches!(quota.admit(Source::Members, now), Admission::Until(_)), "an unknown source counts on the last");
}
