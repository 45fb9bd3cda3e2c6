//! Bundles one snapshot with its report, so that it can be handed to somebody and checked there.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use super::{
    Console, VERSION,
    engine::Engine,
    error::{Error, Exit},
    report::Reporter,
    request::{Bundle, Common},
    settings::Settings,
    verify::as_difference,
};
use crate::{
    bundle::{self, Content, Key},
    model::{ids::OrgName, time},
    report,
    store::{
        Snapshot, Store,
        verify::{self, EVIDENCE},
    },
};

/// The page that tells how to check a bundle.
const PAGE: &str = include_str!("../../report_templates/bundle/VERIFY.txt");

/// Folder of a bundle that holds the report.
pub(super) const REPORT: &str = "report";

/// Folder of a bundle that holds the configuration of its report.
pub(super) const CONFIGURATION: &str = "configuration";

/// File in that folder: the values in force, as [`Config::canonical`](crate::config::Config::canonical) writes them.
pub(super) const EFFECTIVE: &str = "effective.json";

/// The files of a bundle, by name.
type Files = BTreeMap<String, Content>;

/// Judges a snapshot, and writes evidence, report, templates and configuration as one file.
///
/// # Errors
/// When the snapshot is not whole, the report cannot be written, the key cannot sign, or the disk refuses.
pub(super) fn bundle(
    settings: &Settings,
    org: &OrgName,
    ask: &Bundle,
    common: &Common,
    console: &Arc<dyn Console>,
) -> Result<Exit, Error> {
    if common.redact {
        return Err(Error::usage(
            "a bundle holds the evidence as it was sealed, with names and addresses, and cannot be redacted",
            "hand over the folder that `rollcall report ORG --redact` writes",
        ));
    }
    let key = ask.sign.as_deref().map(|path| Key::load(path, settings.agent())).transpose()?;
    let reporter = Reporter::new(&ask.report, settings)?;
    let store = Store::new(settings.store.clone()).org(org);
    let id = reporter.selection(&store)?.snapshot;
    verify::verify(&store.snapshot_dir(&id)).map_err(as_difference)?;
    let snapshot = store.read(&id)?;
    let (made, exit) = reporter.files(settings, org, common)?;

    // The report goes from memory into the bundle: a run that is killed leaves no copy of it elsewhere.
    let report = made.listed().into_iter();
    let mut files: Files = report.map(|(name, bytes)| (format!("{REPORT}/{name}"), Content::Bytes(bytes))).collect();
    for (file, path) in store.files_of(&snapshot.manifest)? {
        files.insert(format!("{EVIDENCE}/{}/{file}", store.org()), Content::File(path));
    }
    let templates = if ask.report.templates.is_empty() {
        vec![super::report::TEMPLATE.to_owned()]
    } else {
        ask.report.templates.clone()
    };
    for template in templates {
        for (name, text) in report::sources::of(&template)? {
            files.insert(format!("templates/{name}"), Content::Bytes(text.into_bytes()));
        }
    }
    if let Some(path) = &settings.config.file {
        let text = fs::read(path).map_err(Error::io("read", path))?;
        files.insert(format!("{CONFIGURATION}/rollcall.toml"), Content::Bytes(text));
    }
    let effective = settings.config.canonical().into_bytes();
    files.insert(format!("{CONFIGURATION}/{EFFECTIVE}"), Content::Bytes(effective));
    files.insert("VERIFY.txt".to_owned(), Content::Bytes(page(org, &snapshot).into_bytes()));

    let out = ask.out.clone().unwrap_or_else(|| Path::new(".").join(format!("rollcall-{org}-{id}.zip")));
    // From here on something lies on the disk, so a request to stop is waited for and what is unfinished is removed.
    let engine = Engine::start()?;
    let written =
        bundle::write(&out, &files, key.as_ref(), &|| engine.check().is_ok()).map_err(|error| match error {
            bundle::Error::Stopped => Error::Interrupted,
            other => other.into(),
        })?;
    let signed = key.map_or_else(|| "not signed".to_owned(), |key| format!("signed with {}", key.fingerprint()));
    console.say(&format!("bundled {} files, SHA-256 {}, {signed}", written.files, written.sha256));
    console.print(&format!("{}\n", written.path.display())).map_err(Error::Output)?;
    Ok(exit)
}

/// The page for this bundle.
fn page(org: &OrgName, snapshot: &Snapshot) -> String {
    let manifest = &snapshot.manifest;
    let mut requests = manifest.sources.values().flat_map(|source| &source.requests);
    let raw = requests.find_map(|request| request.raw.clone()).unwrap_or_else(|| "raw/FILE.zst".to_owned());
    let values = [
        ("{org}", org.to_string()),
        ("{snapshot}", manifest.id.to_string()),
        ("{as_of}", time::format(manifest.as_of)),
        ("{manifest_sha256}", snapshot.manifest_sha256.clone()),
        ("{version}", VERSION.to_owned()),
        ("{raw}", raw),
    ];
    values.iter().fold(PAGE.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// A console that says nothing, for tests.
#[cfg(test)]
#[derive(Debug)]
pub(super) struct Muted;

#[cfg(test)]
impl super::Progress for Muted {
    fn start(&self, _source: crate::model::coverage::Source, _total: Option<u64>) {}
    fn advance(&self, _source: crate::model::coverage::Source, _rows: u64) {}
    fn finish(&self, _: crate::model::coverage::Source, _: &crate::model::manifest::SourceRecord) {}
    fn waiting(&self, _seconds: u64) {}
}

#[cfg(test)]
impl Console for Muted {
    fn print(&self, _data: &str) -> std::io::Result<()> {
        Ok(())
    }

    fn say(&self, _line: &str) {}
}
