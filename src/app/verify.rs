//! Verifies what is on disk: digests, chain, signature, and that tables follow from the raw answers.

use std::path::{Path, PathBuf};

use super::{
    bundle::{CONFIGURATION, EFFECTIVE},
    clock,
    engine::Engine,
    error::Error,
    rederive::Rederiver,
    request::Verify,
};
use crate::{
    bundle::{self, signers},
    config::Config,
    model::{
        manifest::Manifest,
        sums,
        time::{self, Timestamp},
    },
    store::{
        self, Archived, Store,
        verify::{self, EVIDENCE, Kind, Unchecked, Verified},
    },
};

/// What was found in order, and what could not be looked at.
#[derive(Debug)]
struct Findings {
    /// What is said first.
    head: String,
    /// What was verified.
    kind: Kind,
    /// What was done, a line each.
    done: Vec<String>,
    /// What was not.
    unchecked: Vec<Unchecked>,
}

/// A list and perhaps a signature over it.
struct Listed {
    /// Where it lies, for errors.
    path: PathBuf,
    /// The list.
    list: Vec<u8>,
    /// The signature.
    signature: Option<Vec<u8>>,
}

/// Verifies a store, an organization's folder, a snapshot, reports or a bundle, packed or not, and says what was looked
/// at and what was not. `config` is the configuration here; a bundle is checked with the one inside it.
///
/// # Errors
/// The first thing that differs.
pub(super) fn verify(ask: &Verify, config: Option<&Config>, as_of: Option<Timestamp>) -> Result<String, Error> {
    let engine = Engine::start()?;
    let (mut findings, listed) = if ask.path.is_file() {
        packed(&ask.path, &engine)?
    } else {
        let is_bundle = ask.path.join(EVIDENCE).is_dir() && ask.path.join(sums::FILE).is_file();
        let inside = if is_bundle { inside(&ask.path) } else { None };
        let rederiver = Rederiver { engine: &engine, config: inside.as_ref().or(config) };
        folder(&ask.path, &rederiver)?
    };
    let at = as_of.unwrap_or_else(clock::now);
    match (listed.as_ref().and_then(|l| Some((l, l.signature.as_ref()?))), &ask.allowed_signers) {
        (Some((listed, signature)), Some(allowed)) => {
            let text = std::fs::read_to_string(allowed).map_err(Error::io("read the allowed signers", allowed))?;
            let signed = signers::verify(&listed.list, signature, &text, at)
                .map_err(|error| Error::Differs { path: listed.path.join(sums::SIGNATURE), what: error.to_string() })?;
            findings.done.push(format!("signed by {} with {}", signed.principals, signed.fingerprint));
        }
        (Some(_), None) => findings.unchecked.push(Unchecked::new("its signature", "give --allowed-signers FILE")),
        (None, Some(_)) => {
            let path = listed.map_or_else(|| ask.path.clone(), |l| l.path).join(sums::SIGNATURE);
            return Err(Error::Differs { path, what: "it is not there: nobody signed this".to_owned() });
        }
        (None, None) => findings.unchecked.push(unsigned(findings.kind)),
    }
    Ok(told(&findings))
}

/// What nobody can tell who has only what lies here: whether all of it was made anew.
fn unsigned(kind: Kind) -> Unchecked {
    let what = "whether somebody made all of it anew, with lists that fit: nobody signed it";
    let by = match kind {
        Kind::Store | Kind::Org => "compare the SHA-256 of the newest manifest.json with one that was noted elsewhere",
        Kind::Snapshot => "compare the SHA-256 of manifest.json with one that was noted elsewhere",
        Kind::Report | Kind::Reports => "compare the SHA-256 of SHA256SUMS with one that was noted elsewhere",
        Kind::Bundle => "compare the SHA-256 of the file with the one that `bundle` printed, or ask for a signed one",
    };
    Unchecked::new(what, by)
}

/// The text: what was found, what was done, what was not, and how much that is.
fn told(findings: &Findings) -> String {
    let mut lines = vec![findings.head.clone()];
    lines.extend(findings.done.iter().map(|line| format!("  {line}")));
    let not = |not: &Unchecked| format!("  not checked: {}; to check it, {}", not.what, not.by);
    lines.extend(findings.unchecked.iter().map(not));
    lines.push(match findings.unchecked.len() {
        0 => "every check was made".to_owned(),
        1 => "1 check was not made".to_owned(),
        n => format!("{n} checks were not made"),
    });
    format!("{}\n", lines.join("\n"))
}

/// The configuration inside an unpacked bundle; `None` where it cannot be read.
fn inside(bundle: &Path) -> Option<Config> {
    Config::from_canonical(&std::fs::read_to_string(bundle.join(CONFIGURATION).join(EFFECTIVE)).ok()?)
}

/// Verifies a folder.
fn folder(path: &Path, rederiver: &Rederiver<'_>) -> Result<(Findings, Option<Listed>), Error> {
    let verified = verify::verify(path).map_err(as_difference)?;
    let made = if matches!(verified.kind, Kind::Report | Kind::Reports) { "written" } else { "sealed" };
    let head = format!("{} {}: {} files are as they were {made}", verified.kind.word(), path.display(), verified.files);
    let findings = derived(verified, head, rederiver)?;
    let list = path.join(sums::FILE);
    let listed = if list.is_file() {
        let signature = path.join(sums::SIGNATURE);
        let read = |path: &Path| std::fs::read(path).map_err(Error::io("read", path));
        let signature = if signature.is_file() { Some(read(&signature)?) } else { None };
        Some(Listed { path: path.to_owned(), list: read(&list)?, signature })
    } else {
        None
    };
    Ok((findings, listed))
}

/// Verifies a bundle that is one file; its evidence is unpacked for as long as it is looked at.
fn packed(path: &Path, engine: &Engine) -> Result<(Findings, Option<Listed>), Error> {
    let place = temporary()?;
    let checked = bundle::check(path, &[EVIDENCE, CONFIGURATION], place.path())?;
    // What differs lies in the bundle for the user, not where we unpacked it.
    let in_bundle = |error: Error| match error {
        Error::Differs { path: found, what } => {
            let found = found.strip_prefix(place.path()).map_or_else(|_| found.clone(), |rest| path.join(rest));
            Error::Differs { path: found, what }
        }
        other => other,
    };
    let verified = verify::verify_evidence(&place.path().join(EVIDENCE)).map_err(as_difference).map_err(in_bundle)?;
    let head = format!("{} {}: {} files are as they were bundled", Kind::Bundle.word(), path.display(), checked.files);
    let config = inside(place.path());
    let rederiver = Rederiver { engine, config: config.as_ref() };
    let findings = derived(verified, head, &rederiver).map_err(in_bundle)?;
    Ok((findings, Some(Listed { path: path.to_owned(), list: checked.list, signature: checked.signature })))
}

/// Derives the verified snapshots again that lie where their archive is; `head` is what is said first.
fn derived(verified: Verified, head: String, rederiver: &Rederiver<'_>) -> Result<Findings, Error> {
    let mut found = Findings { head, kind: verified.kind, done: verified.snapshots, unchecked: verified.unchecked };
    if verified.homes.is_empty() && !found.done.is_empty() {
        let what = "whether its tables follow from its answers: it does not lie in a store";
        found.unchecked.push(Unchecked::new(what, "verify it in its store or in a bundle"));
    }
    if matches!(verified.kind, Kind::Report | Kind::Reports | Kind::Bundle) {
        let what = "whether what the report says follows from the evidence";
        found.unchecked.push(Unchecked::new(what, "make it again from the same snapshots, and compare the files"));
    }
    found.done.extend(verified.reports);
    let mut current: Option<(PathBuf, Archived)> = None;
    for (folder, id) in verified.homes {
        let Some(place) = Store::org_at(&folder) else { continue };
        if current.as_ref().is_none_or(|(before, _)| *before != folder) {
            current = Some((folder, Archived::default()));
        }
        let Some((_, archived)) = &mut current else { continue };
        let sealed = place.read(&id).map_err(as_difference)?;
        let by_a_witness = "compare it with a copy, or its digest, that was kept elsewhere on that day";
        found.unchecked.extend(date_not_proved(&sealed.manifest).map(|what| Unchecked::new(what, by_a_witness)));
        found.unchecked.extend(rederiver.check(&place, &sealed, archived)?.unchecked);
    }
    Ok(found)
}

/// What the Hub's clock does not bear out of the date of a snapshot; `None` when it does.
fn date_not_proved(manifest: &Manifest) -> Option<String> {
    let Manifest { id, hub_clock, .. } = manifest;
    let (as_of, first) = (time::format(manifest.as_of), hub_clock.first.map(time::format).unwrap_or_default());
    match (manifest.dated_by_hand, hub_clock.is_of_hub()) {
        (false, true) => None,
        (true, true) => Some(format!(
            "whether {id} shows the organization as it was at {as_of}: it is dated by hand, and the Hub's clock said {first} when it was collected"
        )),
        (true, false) => Some(format!(
            "whether {id} shows the organization as it was at {as_of}: it is dated by hand, and the clock of the machine that collected said {first}"
        )),
        (false, false) => Some(format!(
            "whether {id} was collected at {as_of}: the Hub sent no `Date`, so the clock of the machine that collected is the only witness"
        )),
    }
}

/// A folder that is gone when it is no longer needed, for its owner only.
///
/// # Errors
/// When there is no room for it.
pub(super) fn temporary() -> Result<tempfile::TempDir, Error> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("rollcall-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().map_err(Error::io("create a folder in", &tempfile::env::temp_dir()))
}

/// Tells a difference from a store that cannot be read.
pub(super) fn as_difference(error: store::Error) -> Error {
    match error {
        store::Error::Differs { path, what } => Error::Differs { path, what },
        other => Error::Store(other),
    }
}
