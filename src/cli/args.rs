//! What can be typed, and the request it becomes. Nothing here touches a file, the environment or the network.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::{
    ask::{self, AccessArgs, DiffArgs},
    keep::{BundleArgs, PruneArgs, VerifyArgs},
};
use crate::{
    app::{Collect, Command, Common, Doctor, Import, Orgs, Report, Request},
    model::{coverage::Source, ids::OrgName, verdict::Severity},
};

/// Said at the end of the long help.
const EXIT_CODES: &str = "Exit codes:
  0  done, nothing at or above --fail-on
  1  verdicts at or above --fail-on
  2  usage or configuration
  3  gaps in the evidence, under --require-complete
  4  could not finish: network, authentication, store, input or output
  5  verification failed

The token is read from HF_TOKEN, the file of HF_TOKEN_PATH, $HF_HOME/token or ~/.cache/huggingface/token.";

/// Access reviews for Hugging Face organizations, with evidence that survives an audit.
#[derive(Parser, Debug)]
#[command(name = "rollcall", version, after_long_help = EXIT_CODES, max_term_width = 100)]
pub(super) struct Cli {
    /// Flags of every command.
    #[command(flatten)]
    pub(super) global: Global,
    /// The command.
    #[command(subcommand)]
    pub(super) action: Action,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Form of log lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Form of what `doctor` prints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum DoctorFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// What can be imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Importable {
    /// People, as HR or the identity provider exports them
    Roster,
    /// The Hub's Members page, for its pending invites
    Invites,
    /// The audit log that an admin downloaded
    AuditLog,
}

impl Importable {
    /// As a source.
    const fn source(self) -> Source {
        match self {
            Self::Roster => Source::Roster,
            Self::Invites => Source::Invites,
            Self::AuditLog => Source::AuditLog,
        }
    }
}

/// Flags of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(super) struct Global {
    /// Configuration file [default: rollcall.toml here, then in the user's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the snapshots [default: ./rollcall-store]
    #[arg(long, global = true, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Base URL of the Hub [default: `HF_ENDPOINT`, else the public Hub]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Base URL of the Hub [default: HF_ENDPOINT, else https://huggingface.co]"
    )]
    endpoint: Option<String>,
    /// Allow plain http: to other machines; the token then travels unencrypted
    #[arg(long, global = true)]
    allow_http: bool,
    /// Requests in flight at most [default: 8]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: Option<u16>,
    /// Instant that the next collection records as its start, for tests and re-runs; reports are always as of their
    /// snapshot
    #[arg(long, global = true, value_name = "RFC3339")]
    as_of: Option<String>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Log what is done; twice for more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(super) color: Color,
    /// Form of log lines
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(super) log_format: LogFormat,
    /// End with 1 when a fail, review or unknown row is at least this severe (critical, high, medium, low, info)
    #[arg(long, global = true, value_name = "SEVERITY")]
    fail_on: Option<Severity>,
    /// End with 3 when evidence is missing that the written report needs (CSV needs all of it, another format what its
    /// template names), or the snapshot was dated by hand
    #[arg(long, global = true)]
    require_complete: bool,
    /// Replace names, e-mail addresses and other personal values in reports by pseudonyms; logins stay
    #[arg(long, global = true)]
    redact: bool,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(super) enum Action {
    /// Do the whole job on the bundled sample organization, over real HTTP on this machine
    #[command(args_conflicts_with_subcommands = true)]
    Demo {
        /// Folder to write [default: ./rollcall-demo]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// What else to do with the sample.
        #[command(subcommand)]
        action: Option<DemoAction>,
    },
    /// Collect, then report: the job to schedule
    Run {
        /// The organization
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        org: Option<OrgName>,
        /// Every organization of the configuration, one after the other
        #[arg(long)]
        all: bool,
        /// How to collect.
        #[command(flatten)]
        collect: CollectArgs,
        /// How to report.
        #[command(flatten)]
        report: ReportArgs,
    },
    /// Read everything about an organization's access and seal it as a snapshot
    Collect {
        /// The organization
        org: OrgName,
        /// How to collect.
        #[command(flatten)]
        collect: CollectArgs,
    },
    /// Judge a snapshot and write the report; offline
    Report {
        /// The organization
        org: OrgName,
        /// How to report.
        #[command(flatten)]
        report: ReportArgs,
    },
    /// Tell who reaches a repository, or what somebody reaches, with what permission and by which path; offline
    Access {
        /// The organization
        org: OrgName,
        /// Flags of `access`.
        #[command(flatten)]
        access: AccessArgs,
    },
    /// Tell what changed between two snapshots, and whether the audit log explains it; offline
    Diff {
        /// The organization
        org: OrgName,
        /// Flags of `diff`.
        #[command(flatten)]
        diff: DiffArgs,
    },
    /// Tell which sources the token can read, which permissions it lacks, and which it does not need
    Doctor {
        /// The organization
        org: OrgName,
        /// Export the audit log, too: the export is recorded in the log, and can be large
        #[arg(long)]
        with_export: bool,
        /// Form of the answer
        #[arg(long, value_enum, default_value_t)]
        format: DoctorFormat,
    },
    /// List an organization's snapshots: id, coverage, sizes, chain
    Snapshots {
        /// The organization
        org: OrgName,
    },
    /// Re-hash a store, a snapshot, a report folder or a bundle, derive its tables again, and name the first thing that
    /// differs
    Verify {
        /// What to verify.
        #[command(flatten)]
        verify: VerifyArgs,
    },
    /// Keep a file as evidence that the Hub cannot give; the next collection takes it into its snapshot
    Import {
        /// The organization
        org: OrgName,
        /// What the file holds
        #[arg(value_enum)]
        what: Importable,
        /// The file as it was exported: CSV, or the JSON of the audit log
        file: PathBuf,
        /// When it was extracted [default: what the log or the file's name tells]
        #[arg(long, value_name = "DATE|RFC3339")]
        extracted_on: Option<String>,
    },
    /// Put a snapshot, its report and how to check both into one file to hand over
    Bundle {
        /// The organization
        org: OrgName,
        /// What to bundle.
        #[command(flatten)]
        bundle: BundleArgs,
    },
    /// Delete old snapshots, so that the rest still proves the chain; the newest and the audit archive stay
    ///
    /// Later reports know former members only from the snapshots that are left and from the audit log.
    Prune {
        /// The organization
        org: OrgName,
        /// What to delete, or to set aside.
        #[command(flatten)]
        prune: PruneArgs,
    },
    /// Explain an analyzer, rule, table, column, source, endpoint or configuration key
    Explain {
        /// Its name; without one, everything is listed
        id: Option<String>,
    },
    /// Write a commented rollcall.toml into this folder
    Init,
    /// Print a completion script
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// What else to do with the sample.
#[derive(Subcommand, Debug)]
pub(super) enum DemoAction {
    /// Keep the sample Hub running, so that any Hub client can be pointed at it
    Serve {
        /// Port on 127.0.0.1; 0 takes a free one
        #[arg(long, value_name = "N", default_value_t = 0)]
        port: u16,
    },
}

/// Flags of `collect`.
#[derive(Args, Debug)]
pub(super) struct CollectArgs {
    /// Read the newest commits of every repository, too
    #[arg(long)]
    with_commits: bool,
    /// Ask every public model and dataset for grants, not only gated ones: grants survive un-gating
    #[arg(long)]
    all_gated: bool,
    /// Read these sources only; the others become gaps
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    only: Vec<Source>,
    /// Leave these sources out; they become gaps
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    skip: Vec<Source>,
    /// Stop asking after this time, like 90m, 6h or 2d; what is not read by then becomes a gap [default: 6h]
    #[arg(long, value_name = "TIME", value_parser = ask::length)]
    deadline: Option<Duration>,
    /// Sign the snapshot's SHA256SUMS with this Ed25519 key before it is sealed; one with a passphrase, and a .pub, through
    /// the ssh-agent
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
}

/// Flags of `report`.
#[derive(Args, Debug)]
pub(super) struct ReportArgs {
    /// Period under review, in whole days (UTC): 2026-Q3, 2026-09 or FROM..TO, TO included [default: the 90 days before
    /// the snapshot]
    #[arg(long)]
    period: Option<String>,
    /// Snapshot: an id or `latest` [default: the state at the end of the period, which is the first snapshot at or after
    /// it within `grace_days` of the configuration, else the newest before; without a period the newest]
    #[arg(long, value_name = "ID")]
    snapshot: Option<String>,
    /// What to compare with: an id, `auto` or `none` [default: auto, the state at the start of the period, chosen like
    /// that at its end]
    #[arg(long, value_name = "ID")]
    baseline: Option<String>,
    /// Template: a bundled one or the path of your own; may be repeated [default: access-review]
    #[arg(long, value_name = "NAME|PATH")]
    template: Vec<String>,
    /// Formats: csv, pdf, html, json, md, xlsx, oscal or ocsf [default: csv,pdf]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    format: Vec<String>,
    /// Folder of the reports [default: ./rollcall-reports]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl CollectArgs {
    /// As the request has it.
    fn into_request(self) -> Collect {
        let Self { with_commits, all_gated, only, skip, deadline, sign } = self;
        Collect { with_commits, all_gated, only, skip, deadline, sign }
    }
}

impl ReportArgs {
    /// As the request has it.
    fn into_request(self) -> Report {
        let Self { period, snapshot, baseline, template, format, out } = self;
        Report { period, snapshot, baseline, templates: template, formats: format, out }
    }
}

/// What the command line itself answers, without a flow.
#[derive(Debug)]
pub(super) enum Asked {
    /// A flow of `app`.
    Flow(Box<Request>),
    /// A completion script.
    Completions(Shell),
    /// The manual page.
    Man,
}

impl Cli {
    /// As a request.
    pub(super) fn into_request(self) -> Asked {
        let Global {
            config, store, endpoint, allow_http, concurrency, as_of, fail_on, require_complete, redact, ..
        } = self.global;
        let common = Common {
            config,
            store,
            endpoint,
            allow_http,
            concurrency: concurrency.map(usize::from),
            as_of,
            fail_on,
            require_complete,
            redact,
        };
        let command = match self.action {
            Action::Demo { action: Some(DemoAction::Serve { port }), .. } => Command::DemoServe { port },
            Action::Demo { out, action: None } => Command::Demo { out },
            Action::Run { org, all: _, collect, report } => Command::Run {
                orgs: org.map_or(Orgs::All, Orgs::One),
                collect: collect.into_request(),
                report: report.into_request(),
            },
            Action::Collect { org, collect } => Command::Collect { org, collect: collect.into_request() },
            Action::Report { org, report } => Command::Report { org, report: report.into_request() },
            Action::Access { org, access } => Command::Access { org, access: access.into_request() },
            Action::Diff { org, diff } => Command::Diff { org, diff: diff.into_request() },
            Action::Doctor { org, with_export, format } => {
                Command::Doctor { org, doctor: Doctor { with_export, json: format == DoctorFormat::Json } }
            }
            Action::Snapshots { org } => Command::Snapshots { org },
            Action::Verify { verify } => Command::Verify(verify.into_request()),
            Action::Import { org, what, file, extracted_on } => {
                Command::Import { org, import: Import { source: what.source(), file, extracted_on } }
            }
            Action::Bundle { org, bundle } => Command::Bundle { org, bundle: bundle.into_request() },
            Action::Prune { org, prune } => Command::Prune { org, prune: prune.into_request() },
            Action::Explain { id } => Command::Explain { id },
            Action::Init => Command::Init,
            Action::Completions { shell } => return Asked::Completions(shell),
            Action::Man => return Asked::Man,
        };
        Asked::Flow(Box::new(Request { common, command }))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// The request of a command line.
    fn request(line: &str) -> Request {
        match Cli::try_parse_from(line.split(' ')).unwrap().into_request() {
            Asked::Flow(request) => *request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_of_every_command_stand_anywhere() {
        let before = request("rollcall --store s --fail-on high collect acme --skip tokens,scim");
        let after = request("rollcall collect acme --skip tokens --skip scim --fail-on high --store s");
        assert_eq!(before, after);
        assert_eq!(before.common.fail_on, Some(Severity::High));
    }

    #[test]
    fn run_takes_one_organization_or_all() {
        let all = request("rollcall run --all --format csv,json");
        let Command::Run { orgs: Orgs::All, report, .. } = all.command else { panic!() };
        assert_eq!(report.formats, ["csv", "json"]);
        assert!(Cli::try_parse_from(["rollcall", "run"]).is_err());
        assert!(Cli::try_parse_from(["rollcall", "run", "acme", "--all"]).is_err());
        assert!(Cli::try_parse_from(["rollcall", "run", "../acme"]).is_err());
    }

    #[test]
    fn the_demo_serves_only_when_asked() {
        assert_eq!(request("rollcall demo --out d").command, Command::Demo { out: Some("d".into()) });
        assert_eq!(request("rollcall demo serve --port 9").command, Command::DemoServe { port: 9 });
    }
}
