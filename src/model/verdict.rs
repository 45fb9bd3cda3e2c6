//! Verdicts and severities, in the order in which reports show them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an analyzer says about one subject. The order is that of reports: what needs a decision comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The rule is broken.
    Fail,
    /// A human must decide.
    Review,
    /// The evidence to judge is missing.
    Unknown,
    /// A `fail` or `review` under a valid exception.
    Accepted,
    /// Shown, and judged by nobody: population and log rows. Never counted as a pass, nor towards a control.
    Listed,
    /// Judged, and in order.
    Pass,
}

impl Verdict {
    /// All verdicts, in report order.
    pub const ALL: [Self; 6] = [Self::Fail, Self::Review, Self::Unknown, Self::Accepted, Self::Listed, Self::Pass];

    /// Whether somebody has to act or decide: `fail`, `review` and `unknown`.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Fail | Self::Review | Self::Unknown)
    }

    /// Whether a rule was applied to the evidence: everything but `unknown` and `listed`.
    #[must_use]
    pub const fn is_judged(self) -> bool {
        !matches!(self, Self::Unknown | Self::Listed)
    }

    /// The verdict's word, as in every output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Review => "review",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Listed => "listed",
            Self::Pass => "pass",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How much a verdict matters. `Critical` sorts first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Act today.
    Critical,
    /// Act this week.
    High,
    /// Act this quarter.
    Medium,
    /// Tidy up.
    Low,
    /// Nothing to do.
    Info,
}

impl Severity {
    /// All severities, most severe first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The severity's word, as in every output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }

    /// Whether `self` is as severe as `bar` or more.
    #[must_use]
    pub fn at_least(self, bar: Self) -> bool {
        self <= bar
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl std::str::FromStr for Severity {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|x| x.word() == s)
            .ok_or_else(|| format!("{s:?} is not a severity (critical, high, medium, low, info)"))
    }
}
