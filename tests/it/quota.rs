//! The rate limit from outside: a Hub that enforces a small quota, and counts what it had to refuse.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rollcall::demo::ORG;

use crate::{
    common::Sandbox,
    faulty::{Answer, Faulty},
    wire::side_by_side,
};

/// A quota that the Hub enforces.
#[derive(Clone, Copy, Debug)]
struct Quota {
    /// Requests in a window.
    requests: u64,
    /// Seconds in a window.
    window: u64,
    /// Whether `t` is rounded down.
    floor: bool,
}

/// What the enforcing Hub has counted.
#[derive(Debug)]
struct Count {
    /// When the first window began.
    start: Instant,
    /// Number of the current window.
    window: u64,
    /// Requests in it.
    used: u64,
    /// Requests refused.
    refused: u64,
}

/// Counts a request and states the quota; refuses it when the window is spent.
fn enforce(quota: Quota, count: &mut Count, answer: &mut Answer) {
    let elapsed = count.start.elapsed();
    let window = elapsed.as_secs() / quota.window;
    if window != count.window {
        (count.window, count.used) = (window, 0);
    }
    let rest = Duration::from_secs((window + 1) * quota.window).saturating_sub(elapsed);
    let t = rest.as_secs() + u64::from(!quota.floor && rest.subsec_nanos() > 0);
    if count.used == quota.requests {
        count.refused += 1;
        answer.say(429, "{}");
    } else {
        count.used += 1;
    }
    answer.set("ratelimit", &format!("\"api\";r={};t={t}", quota.requests - count.used));
    let policy = format!("\"fixed window\";\"api\";q={};w={}", quota.requests, quota.window);
    answer.set("ratelimit-policy", &policy);
}

#[test]
fn alone_on_its_quota_it_is_never_refused_and_wastes_no_window() {
    let mut quotas = Vec::new();
    for (requests, window) in [(1, 1), (2, 1), (3, 1), (5, 1), (2, 2), (4, 2), (5, 2)] {
        quotas.extend([false, true].map(|floor| Quota { requests, window, floor }));
    }
    side_by_side(&quotas, |quota| {
        let quota = *quota;
        let fresh = Count { start: Instant::now(), window: 0, used: 0, refused: 0 };
        let count = Arc::new(Mutex::new(fresh));
        let shared = Arc::clone(&count);
        let hub = Faulty::start(move |_, answer| enforce(quota, &mut shared.lock().unwrap(), answer)).unwrap();
        let sandbox = Sandbox::new().unwrap();
        let run = hub.run(&sandbox, &format!("collect {ORG} --only members,overview,tokens")).unwrap();
        assert_eq!(run.code, 0, "{quota:?}: {run:?}");
        assert_eq!(count.lock().unwrap().refused, 0, "{quota:?}");
        let asks = hub.asks();
        let windows = (asks.len() as u64).div_ceil(quota.requests);
        let took = asks[asks.len() - 1].at.duration_since(asks[0].at);
        // One window may be lost where `t` is rounded and one where the machine is busy; the exact arithmetic is
        // tested with a clock that the test turns.
        let most = Duration::from_secs((windows + 1) * quota.window) + Duration::from_secs(1);
        assert!(took <= most, "{quota:?}: {} requests took {took:?}, more than {most:?}", asks.len());
    });
}
