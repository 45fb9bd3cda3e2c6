//! Verifies what is on disk: digests, chain, signature, and that tables follow from the raw answers.

use std::path::{Path, PathBuf};

use super::{clock, engine::Engine, error::Error, rederive::Rederiver, request::Verify, settings::Settings};
use crate::{
    bundle::{self, signers},
    model::{
        manifest::Manifest,
        sums,
        time::{self, Timestamp},
    },
    store::{
        self, Archived, Store,
        verify::{self, EVIDENCE, Kind, Verified},
    },
};

/// What was found in order, and what could not be looked at.
#[derive(Debug)]
struct Findings {
    /// What is said first.
    head: String,
    /// What was done, a line each.
    done: Vec<String>,
    /// What was not, a sentence each.
    unchecked: Vec<String>,
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

/// Verifies a store, an organization's folder, a snapshot, a report or a bundle, packed or not, and says what was
/// looked at.
///
/// # Errors
/// The first thing that differs.
pub(super) fn verify(ask: &Verify, settings: Option<&Settings>, as_of: Option<Timestamp>) -> Result<String, Error> {
    let engine = Engine::start()?;
    let rederiver = Rederiver { engine: &engine, settings };
    let (mut findings, listed) =
        if ask.path.is_file() { packed(&ask.path, &rederiver)? } else { folder(&ask.path, &rederiver)? };
    let at = as_of.unwrap_or_else(clock::now);
    match (listed.as_ref().and_then(|l| Some((l, l.signature.as_ref()?))), &ask.allowed_signers) {
        (Some((listed, signature)), Some(allowed)) => {
            let text = std::fs::read_to_string(allowed).map_err(Error::io("read the allowed signers", allowed))?;
            let signed = signers::verify(&listed.list, signature, &text, at)
                .map_err(|error| Error::Differs { path: listed.path.join(sums::SIGNATURE), what: error.to_string() })?;
            findings.done.push(format!("signed by {} with {}", signed.principals, signed.fingerprint));
        }
        (Some(_), None) => findings.unchecked.push("its signature, for want of --allowed-signers".to_owned()),
        (None, Some(_)) => {
            let path = listed.map_or_else(|| ask.path.clone(), |l| l.path).join(sums::SIGNATURE);
            return Err(Error::Differs { path, what: "it is not there: nobody signed this".to_owned() });
        }
        (None, None) => {}
    }
    let mut lines = vec![findings.head];
    lines.extend(findings.done.iter().map(|line| format!("  {line}")));
    lines.extend(findings.unchecked.iter().map(|what| format!("  not checked: {what}")));
    Ok(format!("{}\n", lines.join("\n")))
}

/// Verifies a folder.
fn folder(path: &Path, rederiver: &Rederiver<'_>) -> Result<(Findings, Option<Listed>), Error> {
    let verified = verify::verify(path).map_err(as_difference)?;
    let head = format!("{} {}: {} files are as they were sealed", verified.kind.word(), path.display(), verified.files);
    let findings = derived(verified, rederiver)?.into_findings(head);
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
fn packed(path: &Path, rederiver: &Rederiver<'_>) -> Result<(Findings, Option<Listed>), Error> {
    let place = temporary()?;
    let checked = bundle::check(path, EVIDENCE, place.path())?;
    // What differs lies in the bundle for the user, not where we unpacked it.
    let inside = |error: Error| match error {
        Error::Differs { path: found, what } => {
            let found = found.strip_prefix(place.path()).map_or_else(|_| found.clone(), |rest| path.join(rest));
            Error::Differs { path: found, what }
        }
        other => other,
    };
    let verified = verify::verify_evidence(&place.path().join(EVIDENCE)).map_err(as_difference).map_err(inside)?;
    let head = format!("{} {}: {} files are as they were bundled", Kind::Bundle.word(), path.display(), checked.files);
    let findings = derived(verified, rederiver).map_err(inside)?.into_findings(head);
    Ok((findings, Some(Listed { path: path.to_owned(), list: checked.list, signature: checked.signature })))
}

/// A verification with what deriving again found.
struct Derived {
    /// Snapshots, a line each.
    done: Vec<String>,
    /// What could not be looked at.
    unchecked: Vec<String>,
}

impl Derived {
    /// With the first line.
    fn into_findings(self, head: String) -> Findings {
        Findings { head, done: self.done, unchecked: self.unchecked }
    }
}

/// Derives the verified snapshots again that lie where their archive is.
fn derived(verified: Verified, rederiver: &Rederiver<'_>) -> Result<Derived, Error> {
    let mut found = Derived { done: verified.snapshots, unchecked: verified.unchecked };
    if verified.homes.is_empty() && !found.done.is_empty() {
        found.unchecked.push("whether its tables follow from its answers: it does not lie in a store".to_owned());
    }
    let mut current: Option<(PathBuf, Archived)> = None;
    for (folder, id) in verified.homes {
        let Some(place) = Store::org_at(&folder) else { continue };
        if current.as_ref().is_none_or(|(before, _)| *before != folder) {
            current = Some((folder, Archived::default()));
        }
        let Some((_, archived)) = &mut current else { continue };
        let sealed = place.read(&id).map_err(as_difference)?;
        found.unchecked.extend(date_not_proved(&sealed.manifest));
        found.unchecked.extend(rederiver.check(&place, &sealed, archived)?);
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
