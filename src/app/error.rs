//! Everything that can stop a command: the rooms' errors in one sum, each with what to do and an exit code.

use std::{io, path::PathBuf};

use crate::{
    analyze, bundle,
    collect::{self, audit_file, roster},
    config, hub,
    model::{
        ids::{OrgName, SnapshotId},
        time::Timestamp,
    },
    report,
    store::{self, Advice, verify::Unchecked},
};

/// How a command ended, as the caller's shell sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Exit {
    /// Done, and nothing at or above `--fail-on`.
    Done = 0,
    /// Verdicts at or above `--fail-on`.
    Verdicts = 1,
    /// Usage or configuration.
    Usage = 2,
    /// Gaps, under `--require-complete`.
    Gaps = 3,
    /// Could not finish.
    Unfinished = 4,
    /// Verification failed.
    Unverified = 5,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another error as a redacted run may tell it.
    #[error("{what}")]
    Discreet {
        /// Its exit code.
        exit: Exit,
        /// Its first line.
        what: String,
        /// Its second.
        why: String,
        /// Its third.
        hint: String,
    },
    /// The command line asks for something that cannot be.
    #[error("{what}")]
    Usage {
        /// What is wrong.
        what: String,
        /// What to write instead.
        hint: String,
    },
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// `run --all` without organizations.
    #[error("no organization is configured")]
    NoOrgs,
    /// The roster is named and cannot be read.
    #[error("cannot read the roster {}", .path.display())]
    RosterFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The roster is there and wrong.
    #[error("the roster cannot be used, so nothing was collected")]
    Roster(#[from] roster::Error),
    /// A table that was to be imported cannot be read whole.
    #[error("the file cannot be read whole, so nothing was imported")]
    Import(#[source] roster::Error),
    /// A log that was to be imported cannot be read whole.
    #[error("the audit log cannot be read whole, so it is not used")]
    ImportLog(#[source] audit_file::Error),
    /// There is no token.
    #[error("there is no token to read the Hub with")]
    NoToken,
    /// A token file cannot be read.
    #[error("cannot read the token file {}", .path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Whether `HF_TOKEN_PATH` names it.
        named: bool,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What was found cannot be a token.
    #[error("what stands in {from} is not a token")]
    BadToken {
        /// The variable or the file.
        from: String,
    },
    /// There is no snapshot at all.
    #[error("there is no snapshot yet")]
    NoSnapshots,
    /// Every snapshot is too late to show the state at the end of the period.
    #[error("no snapshot shows the state at the end of {period}")]
    NoState {
        /// The period as typed.
        period: String,
        /// When the first one was taken, e.g. `16 d after its end`.
        first: String,
        /// Days that are allowed.
        grace_days: i64,
        /// Snapshots that there are.
        there: String,
    },
    /// A named snapshot does not exist.
    #[error("there is no snapshot {id}")]
    NoSuchSnapshot {
        /// Its id.
        id: SnapshotId,
        /// Snapshots that there are.
        there: String,
    },
    /// There is no older snapshot to compare one with.
    #[error("there is no snapshot before {id} to compare it with")]
    NoneBefore {
        /// The only one, or the oldest.
        id: SnapshotId,
    },
    /// A name that a snapshot does not hold, or holds more than once.
    #[error("{what}")]
    Name {
        /// What is not there.
        what: String,
        /// Why, as far as is known.
        why: String,
        /// What to write instead.
        hint: String,
    },
    /// A file of ours cannot be written or read.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// A verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file that would be overwritten.
    #[error("{} is already there", .path.display())]
    Exists {
        /// The file or folder.
        path: PathBuf,
        /// What to do.
        hint: &'static str,
    },
    /// There is nothing of this name to explain.
    #[error("there is nothing called {id:?} to explain")]
    Unexplained {
        /// As typed.
        id: String,
        /// The nearest known name.
        near: Option<String>,
    },
    /// The endpoint, a token or the HTTP client.
    #[error(transparent)]
    Hub(hub::Error),
    /// The Hub let nothing be collected or examined.
    #[error(transparent)]
    Collect(collect::Error),
    /// The date of the snapshot had not come when its collection began.
    #[error("{}", if *.asked { "the date given with --as-of lies ahead" } else { "the clock of this machine is wrong" })]
    Ahead {
        /// The date.
        as_of: Timestamp,
        /// When the first answer came.
        began: Timestamp,
        /// Whether the Hub's clock tells that, and not this machine's in its place.
        is_of_hub: bool,
        /// Whether the date was given with `--as-of`, and is not this machine's time.
        asked: bool,
    },
    /// The store refused or is damaged.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Something on disk is not what was sealed.
    #[error("verification failed at {}", .path.display())]
    Differs {
        /// The first file that differs.
        path: PathBuf,
        /// What differs and what that means.
        what: String,
        /// What to do about it.
        advice: Advice,
    },
    /// Nothing differs, and under `--strict` that is not enough.
    #[error("{} {} made under --strict", count, if *count == 1 { "essential check was not" } else { "essential checks were not" })]
    NotChecked {
        /// Essential checks that were not made.
        count: usize,
        /// The first of them.
        first: Unchecked,
    },
    /// The bundle could not be written or read.
    #[error(transparent)]
    Bundle(bundle::Error),
    /// The analysis failed.
    #[error(transparent)]
    Analyze(analyze::Error),
    /// The report failed.
    #[error(transparent)]
    Report(#[from] report::Error),
    /// The sample Hub could not be started.
    #[error("the sample Hub could not be started on this machine")]
    Serve(#[source] io::Error),
    /// The runtime could not be started.
    #[error("the system refused threads or signal handlers")]
    Engine(#[source] io::Error),
    /// The user or the system asked to stop.
    #[error("stopped before everything was done")]
    Interrupted,
    /// Several organizations could not be finished.
    #[error("{} organizations could not be finished: {}", .0.len(), names(.0))]
    Several(Vec<(OrgName, Self)>),
    /// stdout is closed or full.
    #[error("cannot write to stdout")]
    Output(#[source] io::Error),
    /// The program broke its own rules somewhere, in whatever thread or task.
    #[error("rollcall itself failed at {place}")]
    Panicked {
        /// File, line and column of the source.
        place: String,
        /// The words of the code; `None` where they might quote data.
        words: Option<String>,
    },
}

impl From<bundle::Error> for Error {
    fn from(error: bundle::Error) -> Self {
        match error {
            bundle::Error::Differs { path, what } => Self::Differs { path, what, advice: Advice::AskAgain },
            other => Self::Bundle(other),
        }
    }
}

/// Names of organizations.
fn names(failed: &[(OrgName, Error)]) -> String {
    failed.iter().map(|(org, _)| org.as_str()).collect::<Vec<_>>().join(", ")
}

impl Error {
    /// A usage error.
    pub(super) fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), hint: hint.into() }
    }

    /// For `map_err`: an I/O failure with what was being done and where.
    pub(super) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }

    /// A difference that no file of this copy mends.
    pub(super) fn contradicts(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::Differs { path: path.into(), what: what.into(), advice: Advice::Investigate }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. }
            | Self::Config(_)
            | Self::NoOrgs
            | Self::RosterFile { .. }
            | Self::Roster(_)
            | Self::Import(_)
            | Self::ImportLog(_)
            | Self::Exists { .. }
            | Self::Unexplained { .. }
            | Self::Name { .. }
            | Self::Ahead { asked: true, .. }
            | Self::Store(store::Error::NotAhead { .. })
            | Self::Hub(hub::Error::Endpoint { .. } | hub::Error::PlainHttp { .. })
            | Self::Bundle(
                bundle::Error::Key { .. }
                | bundle::Error::NoAgent { .. }
                | bundle::Error::Exists { .. }
                | bundle::Error::Revoked { .. },
            ) => Exit::Usage,
            Self::Report(error) => report_exit(error),
            Self::Differs { .. } | Self::NotChecked { .. } | Self::Bundle(bundle::Error::Repacked { .. }) => {
                Exit::Unverified
            }
            Self::Discreet { exit, .. } => *exit,
            Self::Several(all) => all.iter().map(|(_, error)| error.exit()).max().unwrap_or(Exit::Unfinished),
            Self::NoToken
            | Self::TokenFile { .. }
            | Self::BadToken { .. }
            | Self::NoSnapshots
            | Self::NoState { .. }
            | Self::NoSuchSnapshot { .. }
            | Self::NoneBefore { .. }
            | Self::Io { .. }
            | Self::Hub(_)
            | Self::Collect(_)
            | Self::Ahead { asked: false, .. }
            | Self::Store(_)
            | Self::Bundle(_)
            | Self::Analyze(_)
            | Self::Serve(_)
            | Self::Engine(_)
            | Self::Interrupted
            | Self::Output(_)
            | Self::Panicked { .. } => Exit::Unfinished,
        }
    }

    /// Whether a collection failed before anything was read that the next attempt could use.
    #[must_use]
    pub(super) const fn is_before_reading(&self) -> bool {
        match self {
            Self::Collect(error) => !matches!(error, collect::Error::Storage { .. }),
            Self::Hub(error) => !matches!(error, hub::Error::Storage { .. }),
            _ => false,
        }
    }

    /// Whether the reader of stdout went away, which is no failure of ours.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// How a report that failed ends: a wrong template is the user's, the rest is not.
const fn report_exit(error: &report::Error) -> Exit {
    match error {
        report::Error::UnknownTemplate { .. }
        | report::Error::Language { .. }
        | report::Error::ReadTemplate { .. }
        | report::Error::Template { .. }
        | report::Error::SameName(_) => Exit::Usage,
        _ => Exit::Unfinished,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_closed_pipe_is_quiet() {
        assert!(Error::Output(io::ErrorKind::BrokenPipe.into()).is_broken_pipe());
        assert!(!Error::Output(io::ErrorKind::StorageFull.into()).is_broken_pipe());
    }

    #[test]
    fn the_worst_of_several_ends_the_command() {
        let org = |name: &str| OrgName::new(name).unwrap();
        let several = Error::Several(vec![(org("a"), Error::NoOrgs), (org("b"), Error::NoToken)]);
        assert_eq!(several.exit(), Exit::Unfinished);
    }
}
