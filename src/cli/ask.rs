//! Flags of the commands that answer one question on stdout, `access` and `diff`; and lengths of time.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::app::{Access, Diff, Form, Whose};

/// Form of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum AnswerFormat {
    /// A table for people.
    #[default]
    Text,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

impl From<AnswerFormat> for Form {
    fn from(format: AnswerFormat) -> Self {
        match format {
            AnswerFormat::Text => Self::Text,
            AnswerFormat::Csv => Self::Csv,
            AnswerFormat::Json => Self::Json,
        }
    }
}

/// Flags of `access`.
#[derive(Args, Debug)]
pub(super) struct AccessArgs {
    /// Who reaches this repository: org/name, datasets/org/name, spaces/org/name, or the name alone
    #[arg(long, value_name = "REPO", required_unless_present = "user", conflicts_with = "user")]
    repo: Option<String>,
    /// What this login reaches: a member, a former one, a service account, somebody with a grant
    #[arg(long, value_name = "LOGIN")]
    user: Option<String>,
    /// Snapshot: an id or `latest` [default: latest]
    #[arg(long, value_name = "ID")]
    snapshot: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    format: AnswerFormat,
}

impl AccessArgs {
    /// As the request has it; the grammar sees to it that one of the two names is there.
    pub(super) fn into_request(self) -> Access {
        let Self { repo, user, snapshot, format } = self;
        let whose = repo.map_or_else(|| Whose::User(user.unwrap_or_default()), Whose::Repo);
        Access { whose, snapshot, form: format.into() }
    }
}

/// Flags of `diff`.
#[derive(Args, Debug)]
pub(super) struct DiffArgs {
    /// Older snapshot: an id [default: the one before TO]
    from: Option<String>,
    /// Newer snapshot: an id or `latest` [default: latest]
    to: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    format: AnswerFormat,
}

impl DiffArgs {
    /// As the request has it.
    pub(super) fn into_request(self) -> Diff {
        let Self { from, to, format } = self;
        Diff { from, to, form: format.into() }
    }
}

/// A length of time: a whole number with `s`, `m`, `h` or `d` behind it.
///
/// # Errors
/// When it is none, is zero, or is longer than a year.
pub(super) fn length(text: &str) -> Result<Duration, String> {
    let seconds = |unit: char| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3600),
        'd' => Some(86_400),
        _ => None,
    };
    let read = || {
        let number = text.get(..text.len().checked_sub(1)?)?;
        let digits = number.bytes().all(|b| b.is_ascii_digit());
        let number = number.parse::<u64>().ok().filter(|_| digits)?;
        number.checked_mul(seconds(text.chars().last()?)?)
    };
    let fits = read().filter(|seconds| (1..=366 * 86_400).contains(seconds));
    fits.map(Duration::from_secs).ok_or_else(|| "write a length of time up to a year, like 90m, 6h or 2d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_a_unit() {
        for (text, seconds) in [("90m", 5400), ("6h", 21_600), ("2d", 172_800), ("1s", 1), ("366d", 31_622_400)] {
            assert_eq!(length(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "h", "6", "0h", "-1h", "+1h", "1.5h", "6 h", "6H", "367d", "99999999999999999999d", "6é", "é"]
        {
            assert!(length(text).is_err(), "{text}");
        }
    }
}
