//! Reads `RateLimit` and `RateLimit-Policy`, whatever the order of their parts.

use std::time::Duration;

/// Length of the Hub's documented windows, for answers that state none.
const USUAL_WINDOW: Duration = Duration::from_secs(300);

/// Longest window, and longest time to the end of one, that is believed.
const LONGEST: Duration = Duration::from_secs(3600);

/// Largest number that is believed; a larger one counts as this. Sums of a few of them fit where they are added.
const MOST: u64 = 1_000_000_000;

/// What one answer says about one bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Limit {
    /// Name of the bucket; empty when the Hub gives none.
    pub(super) bucket: String,
    /// Requests left in the window (`r`).
    pub(super) left: u64,
    /// Whole seconds to the end of the window (`t`), rounded by the server in a way it does not tell.
    pub(super) resets: Option<u64>,
    /// Requests per window (`q`).
    pub(super) quota: Option<u64>,
    /// Length of the window (`w`).
    pub(super) window: Option<Duration>,
}

impl Limit {
    /// The latest moment, from now, at which the window can end.
    ///
    /// A server that rounds `t` down hides up to a second; but no window has more than its length before it.
    pub(super) fn ends_within(&self) -> Duration {
        let window = self.window.unwrap_or(USUAL_WINDOW);
        let within = match (self.resets, self.window) {
            (Some(t), Some(w)) if Duration::from_secs(t) <= w => Duration::from_secs(t.saturating_add(1)).min(w),
            (Some(t), _) => Duration::from_secs(t.saturating_add(1)),
            (None, _) => window,
        };
        within.min(LONGEST)
    }
}

impl Limit {
    /// How long, from the sending of the request, the window lasts at the least: `t` may have been rounded up.
    pub(super) fn lasts(&self) -> Duration {
        Duration::from_secs(self.resets.unwrap_or(0).saturating_sub(1)).min(LONGEST)
    }
}

/// The buckets of one answer. Items that state no remainder are ignored.
pub(super) fn parse(limit: &str, policy: &str) -> Vec<Limit> {
    let policies: Vec<_> = items(policy).map(Item::parse).collect();
    let mut found: Vec<Limit> = Vec::new();
    for item in items(limit).map(Item::parse) {
        let Some(left) = item.number("r") else { continue };
        let bucket = item.names.first().cloned().unwrap_or_default();
        let of_bucket = policies.iter().find(|p| p.names.contains(&bucket));
        let only = if policies.len() == 1 { policies.first() } else { None };
        let policy = of_bucket.or(only);
        let quota = policy.and_then(|p| p.number("q"));
        let window = policy.and_then(|p| p.number("w")).filter(|w| *w > 0).map(|w| Duration::from_secs(w).min(LONGEST));
        found.push(Limit { bucket, left, resets: item.number("t"), quota, window });
    }
    found
}

/// One item of the header: its names and its parameters.
struct Item {
    /// Texts without `=`, unquoted.
    names: Vec<String>,
    /// Parameters, keys in lower case.
    parameters: Vec<(String, String)>,
}

impl Item {
    /// Takes an item apart.
    fn parse(text: &str) -> Self {
        let (mut names, mut parameters) = (Vec::new(), Vec::new());
        for part in split(text, ';').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some((key, value)) if !part.starts_with('"') => {
                    parameters.push((key.trim().to_lowercase(), unquote(value).to_owned()));
                }
                _ => names.push(unquote(part).to_owned()),
            }
        }
        Self { names, parameters }
    }

    /// A parameter as a whole number; a fraction is rounded up, a negative number is 0, and above a thousand million
    /// all are the same.
    fn number(&self, key: &str) -> Option<u64> {
        let (_, text) = self.parameters.iter().find(|(name, _)| name == key)?;
        if let Ok(whole) = text.parse::<u64>() {
            return Some(whole.min(MOST));
        }
        let fraction: f64 = text.parse().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "it is a round number")]
        let whole = fraction.ceil().clamp(0.0, MOST as f64);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just above")]
        fraction.is_finite().then_some(whole as u64)
    }
}

/// Text without its quotes and surrounding white space.
fn unquote(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// The comma-separated items of a header.
fn items(header: &str) -> impl Iterator<Item = &str> {
    split(header, ',').map(str::trim).filter(|item| !item.is_empty())
}

/// Splits at `at`, except inside quotes.
fn split(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        if c == '"' {
            quoted = !quoted;
        }
        c == at && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One limit in short.
    fn limit(bucket: &str, left: u64, resets: Option<u64>, policy: Option<(u64, u64)>) -> Limit {
        Limit {
            bucket: bucket.to_owned(),
            left,
            resets,
            quota: policy.map(|p| p.0),
            window: policy.map(|p| Duration::from_secs(p.1)),
        }
    }

    #[test]
    fn reads_what_the_hub_sends() {
        let expected = vec![limit("api", 12, Some(34), Some((500, 300)))];
        assert_eq!(parse("\"api\";r=12;t=34", "\"fixed window\";\"api\";q=500;w=300"), expected);
        assert_eq!(parse("\"api\" ; t=34 ; r=12", "w=300;q=500;\"api\";\"fixed window\""), expected);
        assert_eq!(parse("r=12;t=34;\"api\"", "\"api\";q=500;w=300"), expected);
        assert_eq!(parse("api;R=12;T=33.2", "api;Q=\"500\";W=300"), expected);
    }

    #[test]
    fn keeps_several_buckets_apart() {
        assert_eq!(
            parse("\"api\";r=5;t=3, \"a,b;c\";r=0;t=60", "\"p\";\"a,b;c\";q=7;w=60,\"p\";\"api\";q=9;w=10"),
            vec![limit("api", 5, Some(3), Some((9, 10))), limit("a,b;c", 0, Some(60), Some((7, 60)))]
        );
    }

    #[test]
    fn survives_headers_that_say_less() {
        assert_eq!(parse("", "\"api\";q=5;w=300"), vec![]);
        assert_eq!(parse("\"api\";t=5", ""), vec![]);
        assert_eq!(parse("\"api\";r=x;t=5", ""), vec![]);
        assert_eq!(parse("r=5", "\"odd\";q=9;w=0"), vec![limit("", 5, None, None).with_quota(9)]);
        assert_eq!(parse("\"api\";r=-3;t=-1", ""), vec![limit("api", 0, Some(0), None)]);
    }

    impl Limit {
        /// The limit with a quota but no window.
        fn with_quota(mut self, quota: u64) -> Self {
            self.quota = Some(quota);
            self
        }
    }

    #[test]
    fn absurd_numbers_are_no_larger_than_what_is_believed() {
        for number in ["18446744073709551615", "9e18", "1e308", "99999999999999999999", "1000000000"] {
            let found = parse(&format!("\"api\";r={number};t={number}"), &format!("\"api\";q={number};w={number}"));
            let most = Some((MOST, LONGEST.as_secs()));
            assert_eq!(found, vec![limit("api", MOST, Some(MOST), most)], "{number}");
            assert_eq!((found[0].ends_within(), found[0].lasts()), (LONGEST, LONGEST), "{number}");
        }
        for number in ["inf", "NaN", "1e999", "0x10", ""] {
            assert_eq!(parse(&format!("\"api\";r={number};t=1"), ""), vec![], "{number}");
        }
        assert_eq!(limit("api", 0, Some(u64::MAX), Some((1, u64::MAX))).ends_within(), LONGEST);
    }

    #[test]
    fn a_window_never_ends_later_than_its_length() {
        let within = |t, w| limit("api", 0, t, w).ends_within().as_secs();
        assert_eq!(within(Some(300), Some((9, 300))), 300);
        assert_eq!(within(Some(299), Some((9, 300))), 300);
        assert_eq!(within(Some(55), Some((9, 300))), 56);
        assert_eq!(within(Some(55), None), 56);
        assert_eq!(within(Some(u64::MAX), None), 3600);
        assert_eq!(within(Some(55), Some((9, 10))), 56, "a policy that contradicts the end is not believed");
        assert_eq!(within(None, Some((9, 60))), 60);
        assert_eq!(within(None, None), 300);
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_it_panic(limit in ".{0,60}", policy in ".{0,60}") {
            let _ = parse(&limit, &policy);
        }
    }
}
