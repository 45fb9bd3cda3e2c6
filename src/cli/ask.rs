//! Flags of the commands that answer one question on stdout: `access` and `diff`.

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
