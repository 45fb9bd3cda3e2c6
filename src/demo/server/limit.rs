//! The Hub's rate limit: fixed windows, one count per bucket.

use std::time::Duration;

use tokio::time::Instant;

use super::Options;

/// What a request counts on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bucket {
    /// Everything under `/api/`.
    Api,
    /// Everything else.
    Pages,
}

impl Bucket {
    /// The bucket's name in headers.
    const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Pages => "pages",
        }
    }
}

/// The current window.
#[derive(Debug)]
pub(super) struct Window {
    /// Quota and length.
    options: Options,
    /// When it began.
    start: Instant,
    /// Requests to the API in it.
    api: u32,
    /// Requests to pages in it.
    pages: u32,
}

/// What one request found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seen {
    /// Whether it may be answered.
    pub(super) allowed: bool,
    /// Its bucket.
    bucket: Bucket,
    /// Requests left in the window after it.
    left: u32,
    /// Quota of the bucket.
    quota: u32,
    /// Seconds to the end of the window, rounded up.
    reset: u64,
    /// Seconds in a window.
    window: u32,
}

impl Window {
    /// A window that begins now.
    pub(super) const fn new(options: Options, now: Instant) -> Self {
        Self { options, start: now, api: 0, pages: 0 }
    }

    /// Counts one request; a refused one does not count.
    pub(super) fn take(&mut self, bucket: Bucket, now: Instant) -> Seen {
        let window = self.options.window_seconds.max(1);
        let length = Duration::from_secs(u64::from(window));
        while now >= self.start + length {
            self.start += length;
            (self.api, self.pages) = (0, 0);
        }
        let (used, quota) = match bucket {
            Bucket::Api => (&mut self.api, self.options.quota),
            Bucket::Pages => (&mut self.pages, (self.options.quota / 10).max(1)),
        };
        let allowed = *used < quota;
        if allowed {
            *used += 1;
        }
        let remaining = (self.start + length).saturating_duration_since(now);
        let reset = remaining.as_secs() + u64::from(remaining.subsec_nanos() > 0);
        Seen { allowed, bucket, left: quota - *used, quota, reset, window }
    }
}

impl Seen {
    /// The header `RateLimit`.
    pub(super) fn limit_header(&self) -> String {
        format!("\"{}\";r={};t={}", self.bucket.name(), self.left, self.reset)
    }

    /// The header `RateLimit-Policy`.
    pub(super) fn policy_header(&self) -> String {
        format!("\"fixed window\";\"{}\";q={};w={}", self.bucket.name(), self.quota, self.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_holds_in_each_window_and_returns_with_the_next() {
        let start = Instant::now();
        let mut window = Window::new(Options { quota: 3, window_seconds: 10, clock: None }, start);
        let mut take = |ms| window.take(Bucket::Api, start + Duration::from_millis(ms));
        let allowed: Vec<_> = [0, 1, 9_998, 9_999, 10_000, 10_001].map(|ms| take(ms).allowed).into();
        assert_eq!(allowed, [true, true, true, false, true, true]);
        assert_eq!(take(10_500).limit_header(), "\"api\";r=0;t=10");
        assert_eq!(take(19_001).limit_header(), "\"api\";r=0;t=1");
        assert_eq!(take(50_000).policy_header(), "\"fixed window\";\"api\";q=3;w=10");
    }

    #[test]
    fn buckets_do_not_share_a_count() {
        let start = Instant::now();
        let mut window = Window::new(Options { quota: 1, window_seconds: 10, clock: None }, start);
        assert!(window.take(Bucket::Api, start).allowed);
        assert!(window.take(Bucket::Pages, start).allowed);
        assert!(!window.take(Bucket::Api, start).allowed);
    }
}
