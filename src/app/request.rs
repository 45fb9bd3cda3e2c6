//! What was asked for, as typed: checked for form, not yet resolved against configuration, environment or disk.

use std::{path::PathBuf, time::Duration};

use crate::model::{
    coverage::Source,
    ids::{OrgName, SnapshotId},
    verdict::Severity,
};

/// One invocation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Flags of every command.
    pub common: Common,
    /// The command.
    pub command: Command,
}

/// Flags of every command.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Common {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--store`.
    pub store: Option<PathBuf>,
    /// `--endpoint`.
    pub endpoint: Option<String>,
    /// `--allow-http`.
    pub allow_http: bool,
    /// `--concurrency`; `None` is the default.
    pub concurrency: Option<usize>,
    /// `--as-of`, as typed.
    pub as_of: Option<String>,
    /// `--fail-on`.
    pub fail_on: Option<Severity>,
    /// `--require-complete`.
    pub require_complete: bool,
    /// `--redact`.
    pub redact: bool,
}

/// What to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// `demo`.
    Demo {
        /// `--out`.
        out: Option<PathBuf>,
    },
    /// `demo serve`.
    DemoServe {
        /// `--port`; 0 takes any.
        port: u16,
    },
    /// `run`.
    Run {
        /// One organization or every configured one.
        orgs: Orgs,
        /// How to collect.
        collect: Collect,
        /// How to report.
        report: Report,
    },
    /// `collect`.
    Collect {
        /// The organization.
        org: OrgName,
        /// How.
        collect: Collect,
    },
    /// `report`.
    Report {
        /// The organization.
        org: OrgName,
        /// How.
        report: Report,
    },
    /// `access`.
    Access {
        /// The organization.
        org: OrgName,
        /// What is asked.
        access: Access,
    },
    /// `diff`.
    Diff {
        /// The organization.
        org: OrgName,
        /// What is compared.
        diff: Diff,
    },
    /// `doctor`.
    Doctor {
        /// The organization.
        org: OrgName,
        /// How.
        doctor: Doctor,
    },
    /// `snapshots`.
    Snapshots {
        /// The organization.
        org: OrgName,
    },
    /// `verify`.
    Verify(Verify),
    /// `import`.
    Import {
        /// The organization.
        org: OrgName,
        /// What.
        import: Import,
    },
    /// `bundle`.
    Bundle {
        /// The organization.
        org: OrgName,
        /// What to bundle.
        bundle: Bundle,
    },
    /// `prune`.
    Prune {
        /// The organization.
        org: OrgName,
        /// What to delete.
        prune: Prune,
    },
    /// `explain`.
    Explain {
        /// What to explain; `None` lists everything.
        id: Option<String>,
    },
    /// `init`.
    Init,
}

/// Whose turn it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Orgs {
    /// This one.
    One(OrgName),
    /// Each `[org.<name>]` of the configuration.
    All,
}

/// Flags of `collect`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Collect {
    /// `--with-commits`.
    pub with_commits: bool,
    /// `--all-gated`.
    pub all_gated: bool,
    /// `--only`; empty means every source.
    pub only: Vec<Source>,
    /// `--skip`.
    pub skip: Vec<Source>,
    /// `--deadline`; `None` is the default.
    pub deadline: Option<Duration>,
    /// `--sign`.
    pub sign: Option<PathBuf>,
}

impl Collect {
    /// The sources left out. The collector's identity is always read: evidence without a witness is none.
    #[must_use]
    pub fn skipped(&self) -> Vec<Source> {
        Source::ALL
            .into_iter()
            .filter(|source| *source != Source::Whoami && *source != Source::Invites)
            .filter(|source| {
                let not_named = !self.only.is_empty() && !self.only.contains(source) && *source != Source::Commits;
                not_named || self.skip.contains(source)
            })
            .collect()
    }

    /// Whether commits are read: asked for by their flag or by name, and not skipped.
    #[must_use]
    pub fn commits(&self) -> bool {
        (self.with_commits || self.only.contains(&Source::Commits)) && !self.skip.contains(&Source::Commits)
    }
}

/// Flags of `report`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// `--period`, as typed.
    pub period: Option<String>,
    /// `--snapshot`, as typed.
    pub snapshot: Option<String>,
    /// `--baseline`, as typed.
    pub baseline: Option<String>,
    /// `--template`; empty means the default.
    pub templates: Vec<String>,
    /// `--format`; empty means the default.
    pub formats: Vec<String>,
    /// `--out`.
    pub out: Option<PathBuf>,
}

/// Form of an answer on stdout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// A table for people.
    #[default]
    Text,
    /// For spreadsheets.
    Csv,
    /// For programs.
    Json,
}

/// Whose access is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// `--repo`: that of everybody to this repository.
    Repo(String),
    /// `--user`: that of this one to every repository.
    User(String),
}

/// What `access` is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// `--repo` or `--user`.
    pub whose: Whose,
    /// `--snapshot`, as typed.
    pub snapshot: Option<String>,
    /// `--format`.
    pub form: Form,
}

/// What `diff` is asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diff {
    /// The older snapshot, as typed; `None` takes the one before the newer.
    pub from: Option<String>,
    /// The newer snapshot, as typed; `None` takes the newest.
    pub to: Option<String>,
    /// `--format`.
    pub form: Form,
}

/// Flags of `doctor`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Doctor {
    /// `--with-export`.
    pub with_export: bool,
    /// `--format json`.
    pub json: bool,
}

/// What to verify.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verify {
    /// A store, an organization's folder, a snapshot, a report folder or a bundle.
    pub path: PathBuf,
    /// `--allowed-signers`.
    pub allowed_signers: Option<PathBuf>,
    /// `--signer`: who is to have signed.
    pub signer: Option<String>,
    /// `--revoked-keys`.
    pub revoked_keys: Option<PathBuf>,
    /// `--expect-manifest`, as typed.
    pub expect_manifest: Option<String>,
    /// `--strict`.
    pub strict: bool,
    /// `--json`.
    pub json: bool,
    /// The store that reports are made again from; that of the common flags takes its place.
    pub store: PathBuf,
}

/// What to bundle.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bundle {
    /// The report in it; its `out` has no part in this.
    pub report: Report,
    /// `--sign`.
    pub sign: Option<PathBuf>,
    /// `--out`: the file.
    pub out: Option<PathBuf>,
}

/// What to import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import {
    /// What the file is a source of.
    pub source: Source,
    /// The file.
    pub file: PathBuf,
    /// `--extracted-on`, as typed.
    pub extracted_on: Option<String>,
}

/// What goes out of the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Going {
    /// `--before`, as typed: older snapshots are deleted.
    Before(String),
    /// `--set-aside`: the newest snapshot, dated later than now, is moved.
    SetAside(SnapshotId),
}

/// What to delete, or to set aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prune {
    /// Which snapshots.
    pub going: Going,
    /// `--yes`.
    pub yes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_leaves_out_everything_else_but_the_witness() {
        let ask = Collect { only: vec![Source::Members], ..Collect::default() };
        let skipped = ask.skipped();
        assert!(!skipped.contains(&Source::Members) && !skipped.contains(&Source::Whoami));
        assert!(skipped.contains(&Source::Tokens) && skipped.contains(&Source::Roster));
        assert!(!skipped.contains(&Source::Commits), "commits that nobody asked for are not requested, not skipped");
    }

    #[test]
    fn commits_are_read_when_named_and_not_when_skipped() {
        let named = Collect { only: vec![Source::Commits], ..Collect::default() };
        assert!(named.commits());
        let both = Collect { with_commits: true, skip: vec![Source::Commits], ..Collect::default() };
        assert!(!both.commits() && both.skipped().contains(&Source::Commits));
        assert_eq!(Collect::default().skipped(), []);
    }
}
