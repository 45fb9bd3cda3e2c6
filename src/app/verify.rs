//! Verifies what is on disk: digests, chain, signatures, what was noted elsewhere, and that tables follow from the raw
//! answers.

use std::path::{Path, PathBuf};

use super::{
    Console,
    bundle::{CONFIGURATION, EFFECTIVE, REPORT},
    clock,
    engine::Engine,
    error::{Error, Exit},
    rederive::Rederiver,
    remake::Remaker,
    request::Verify,
};
use crate::{
    bundle,
    config::Config,
    disk::Work,
    model::{manifest::Manifest, sums, time},
    store::{
        self, Archived, Store,
        verify::{self, EVIDENCE, Found, Kind, Unchecked, Verified},
    },
};

mod anchor;
mod told;

/// What was found in order, and what could not be looked at.
#[derive(Debug)]
pub(super) struct Findings {
    /// What is said first.
    head: String,
    /// What was verified.
    kind: Kind,
    /// Files whose bytes were hashed.
    files: usize,
    /// Snapshots, within an organization oldest first.
    snapshots: Vec<Found>,
    /// What was verified beside them, a line each: reports and signatures.
    pub(super) done: Vec<String>,
    /// Checks that were made.
    pub(super) made: usize,
    /// Checks that were not.
    pub(super) unchecked: Vec<Unchecked>,
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

impl Listed {
    /// The list in a folder; `None` where there is none.
    fn of(folder: &Path) -> Result<Option<Self>, Error> {
        let read = |path: &Path| std::fs::read(path).map_err(Error::io("read", path));
        let (list, signature) = (folder.join(sums::FILE), folder.join(sums::SIGNATURE));
        if !list.is_file() {
            return Ok(None);
        }
        let signature = if signature.is_file() { Some(read(&signature)?) } else { None };
        Ok(Some(Self { path: folder.to_owned(), list: read(&list)?, signature }))
    }
}

/// Verifies a store, an organization's folder, a snapshot, reports or a bundle, packed or not, and prints what was looked
/// at and what was not. `config` is the configuration here; a bundle is checked with the one inside it.
///
/// # Errors
/// The first thing that differs; [`Error::NotChecked`] when an essential check was not made, under `--strict`.
pub(super) fn verify(ask: &Verify, config: Option<&Config>, console: &dyn Console) -> Result<Exit, Error> {
    let findings = match find(ask, config) {
        Ok(findings) => findings,
        Err(error) => {
            if ask.json && error.exit() == Exit::Unverified {
                console.print(&told::difference(&ask.path, &error)).map_err(Error::Output)?;
            }
            return Err(error);
        }
    };
    let mut essential = findings.unchecked.iter().filter(|not| ask.strict && not.essential);
    let first = essential.next().cloned();
    let text = if ask.json { told::json(&ask.path, &findings, first.is_none()) } else { told::text(&findings) };
    console.print(&text).map_err(Error::Output)?;
    match first {
        None => Ok(Exit::Done),
        Some(first) => Err(Error::NotChecked { count: 1 + essential.count(), first }),
    }
}

/// Does what [`verify()`] prints.
fn find(ask: &Verify, config: Option<&Config>) -> Result<Findings, Error> {
    let anchors = anchor::Anchors::read(ask, clock::now())?;
    let engine = Engine::start()?;
    let stores = vec![ask.store.clone()];
    let (mut findings, listed) = if ask.path.is_file() {
        packed(&ask.path, &engine, stores)?
    } else {
        let is_bundle = ask.path.join(EVIDENCE).is_dir() && ask.path.join(sums::FILE).is_file();
        let inside = if is_bundle { inside(&ask.path) } else { None };
        let config = inside.as_ref().or(config);
        let rederiver = Rederiver { engine: &engine, config };
        folder(&ask.path, &rederiver, &Remaker { stores, config })?
    };
    anchors.check(&mut findings, listed.as_ref())?;
    Ok(findings)
}

/// The configuration inside an unpacked bundle; `None` where it cannot be read.
fn inside(bundle: &Path) -> Option<Config> {
    Config::from_canonical(&std::fs::read_to_string(bundle.join(CONFIGURATION).join(EFFECTIVE)).ok()?)
}

/// Verifies a folder.
fn folder(path: &Path, rederiver: &Rederiver<'_>, remaker: &Remaker<'_>) -> Result<(Findings, Option<Listed>), Error> {
    let verified = verify::verify(path).map_err(as_difference)?;
    let made = if matches!(verified.kind, Kind::Report | Kind::Reports) { "written" } else { "sealed" };
    let head = format!("{} {}: {} files are as they were {made}", verified.kind.word(), path.display(), verified.files);
    let reports = verified.reports.clone();
    let mut findings = derived(verified, head, rederiver)?;
    remaker.look(findings.kind, path, &reports)?.add_to(&mut findings);
    Ok((findings, Listed::of(path)?))
}

/// Verifies a bundle that is one file; its evidence is unpacked for as long as it is looked at.
fn packed(path: &Path, engine: &Engine, stores: Vec<PathBuf>) -> Result<(Findings, Option<Listed>), Error> {
    let place = temporary()?;
    let checked = bundle::check(path, &[EVIDENCE, CONFIGURATION, REPORT], place.path())?;
    // What differs lies in the bundle for the user, not where we unpacked it.
    let in_bundle = |error: Error| match error {
        Error::Differs { path: found, what, advice } => {
            let found = found.strip_prefix(place.path()).map_or_else(|_| found.clone(), |rest| path.join(rest));
            Error::Differs { path: found, what, advice }
        }
        other => other,
    };
    let verified = verify::verify_evidence(&place.path().join(EVIDENCE)).map_err(as_difference).map_err(in_bundle)?;
    let head = format!("{} {}: {} files are as they were bundled", Kind::Bundle.word(), path.display(), checked.files);
    let config = inside(place.path());
    let rederiver = Rederiver { engine, config: config.as_ref() };
    let mut findings = derived(verified, head, &rederiver).map_err(in_bundle)?;
    findings.files = checked.files;
    findings.made += 1;
    let remaker = Remaker { stores, config: config.as_ref() };
    remaker.look(Kind::Bundle, place.path(), &[]).map_err(in_bundle)?.add_to(&mut findings);
    Ok((findings, Some(Listed { path: path.to_owned(), list: checked.list, signature: checked.signature })))
}

/// Derives the verified snapshots again that lie where their archive is; `head` is what is said first.
fn derived(verified: Verified, head: String, rederiver: &Rederiver<'_>) -> Result<Findings, Error> {
    let Verified { kind, files, checks, snapshots, reports, unchecked } = verified;
    let mut found = Findings { head, kind, files, snapshots, done: reports, made: checks, unchecked };
    if !found.snapshots.is_empty() && found.snapshots.iter().all(|one| one.home.is_none()) {
        let what = "whether its tables follow from its answers: it does not lie in a store";
        found.unchecked.push(Unchecked::essential(what, "verify it in its store or in a bundle"));
    }
    let mut current: Option<(PathBuf, Archived)> = None;
    for one in &found.snapshots {
        let Some(folder) = &one.home else { continue };
        let Some(place) = Store::org_at(folder) else { continue };
        if current.as_ref().is_none_or(|(before, _)| before != folder) {
            current = Some((folder.clone(), Archived::default()));
        }
        let Some((_, archived)) = &mut current else { continue };
        let sealed = place.read(&one.id).map_err(as_difference)?;
        let derived = rederiver.check(&place, &sealed, archived)?;
        let by_a_witness = "compare it with a copy, or its digest, that was kept elsewhere on that day";
        let date = date_not_proved(&sealed.manifest).map(|what| Unchecked::essential(what, by_a_witness));
        found.made += derived.made + usize::from(date.is_none());
        found.unchecked.extend(date);
        found.unchecked.extend(derived.unchecked);
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

/// A folder that is gone when it is no longer needed, for its owner only. What a run that was killed left goes first.
///
/// # Errors
/// When there is no room for it.
fn temporary() -> Result<Work, Error> {
    let place = tempfile::env::temp_dir();
    Work::new(&place).map_err(Error::io("create a folder in", &place))
}

/// Tells a difference from a store that cannot be read.
pub(super) fn as_difference(error: store::Error) -> Error {
    match error {
        store::Error::Differs { path, what, advice } => Error::Differs { path, what, advice },
        other => Error::Store(other),
    }
}
