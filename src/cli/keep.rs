//! Flags of the commands that look after what was sealed: `verify`, `bundle` and `prune`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    app::{Bundle, Going, Prune, Report, Verify},
    model::ids::SnapshotId,
};

/// Flags of `verify`.
#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// The folder, or the file of a bundle
    path: PathBuf,
    /// End with 5 when an essential check was not made
    ///
    /// A check is essential when, without it, somebody who can write here could change a verdict and nothing would show
    /// it: that not all of it was made anew (give --allowed-signers or --expect-manifest); that the newest snapshot of a
    /// store is the newest that was sealed (--expect-manifest); that tables follow from the answers, in a snapshot that
    /// was taken out of its store; that people and the plan follow from a file and a configuration (--config); that the
    /// Hub's clock proves the date; that a report follows from the evidence (--store and --config). Other checks that
    /// were not made are named and counted, too: another check stands in for them, or what they are about is known to be
    /// gone, such as a snapshot that `prune` deleted.
    #[arg(long)]
    strict: bool,
    /// SHA-256 that the manifest of the newest snapshot must have, as the last checkpoint line has it that was noted
    /// elsewhere; of the snapshot, when one or a bundle is given
    #[arg(long, value_name = "SHA256")]
    expect_manifest: Option<String>,
    /// Whose signature counts: a file as `ssh-keygen -Y verify` reads it; without a signature verification then fails. Of
    /// a store the newest snapshot of each organization must be signed
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<PathBuf>,
    /// Who is to have signed: a name that the principals of that file match
    #[arg(long, value_name = "NAME", requires = "allowed_signers")]
    signer: Option<String>,
    /// Keys whose signatures count no more: a public key or a fingerprint a line
    #[arg(long, value_name = "FILE", requires = "allowed_signers")]
    revoked_keys: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl VerifyArgs {
    /// As the request has it.
    pub(super) fn into_request(self) -> Verify {
        let Self { path, strict, expect_manifest, allowed_signers, signer, revoked_keys, json } = self;
        Verify { path, allowed_signers, signer, revoked_keys, expect_manifest, strict, json, store: PathBuf::new() }
    }
}

/// Flags of `prune`.
#[derive(Args, Debug)]
pub(super) struct PruneArgs {
    /// Delete snapshots taken before this day (UTC)
    #[arg(long, value_name = "DATE", required_unless_present = "set_aside", conflicts_with = "set_aside")]
    before: Option<String>,
    /// Move the newest snapshot, which a wrong clock dated later than now, into `set-aside`: nothing of it is deleted
    #[arg(long, value_name = "ID")]
    set_aside: Option<SnapshotId>,
    /// Delete for good, or move; without it, what would go is listed
    #[arg(long)]
    yes: bool,
}

impl PruneArgs {
    /// As the request has it; the grammar sees to it that one of the two is there.
    pub(super) fn into_request(self) -> Prune {
        let Self { before, set_aside, yes } = self;
        let going = set_aside.map_or_else(|| Going::Before(before.unwrap_or_default()), Going::SetAside);
        Prune { going, yes }
    }
}

/// Flags of `bundle`.
#[derive(Args, Debug)]
pub(super) struct BundleArgs {
    /// Period under review, as of `report`
    #[arg(long)]
    period: Option<String>,
    /// Snapshot, as of `report`
    #[arg(long, value_name = "ID")]
    snapshot: Option<String>,
    /// What to compare with, as of `report`
    #[arg(long, value_name = "ID")]
    baseline: Option<String>,
    /// Template of the report; may be repeated [default: access-review]
    #[arg(long, value_name = "NAME|PATH")]
    template: Vec<String>,
    /// Formats, as of `report` [default: csv,pdf]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    format: Vec<String>,
    /// Sign with this Ed25519 key; one with a passphrase, and a .pub, through the ssh-agent
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    /// The file to write [default: ./rollcall-ORG-ID.zip]
    #[arg(long, value_name = "FILE.zip")]
    out: Option<PathBuf>,
}

impl BundleArgs {
    /// As the request has it.
    pub(super) fn into_request(self) -> Bundle {
        let Self { period, snapshot, baseline, template, format, sign, out } = self;
        let report = Report { period, snapshot, baseline, templates: template, formats: format, out: None };
        Bundle { report, sign, out }
    }
}
