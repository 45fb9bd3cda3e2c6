//! Makes a report again from the evidence and compares: whoever changes a report and its list of digests is found out.
//!
//! The same snapshots, configuration and version give the same bytes, so a report folder carries what it was asked for,
//! with nothing of the machine that made it. Of the configuration it holds the digest alone: exceptions name people, whom
//! finance and the reader of a redacted report are not to see.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    VERSION,
    bundle::REPORT,
    error::Error,
    history,
    report::Reporter,
    request::{Common, Report as Ask},
    settings::Settings,
    verify::Findings,
};
use crate::{
    config::{Config, Values},
    disk,
    model::{
        ids::{OrgName, SnapshotId},
        sums,
    },
    store::{
        Advice, OrgStore, Store,
        verify::{EVIDENCE, Kind, Unchecked},
    },
};

/// Name of the file in a report folder.
pub(super) const FILE: &str = "request.json";

/// Its format.
pub(super) const FORMAT: &str = "rollcall.request/1";

/// The secret of redacted reports in an organization's folder, which is looked for and never made here.
const SECRET: &str = "redaction.key";

/// Everything that decides the bytes of a report, beside the evidence.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// [`FORMAT`].
    pub(super) format: String,
    /// Version of the tool.
    pub(super) tool: String,
    /// The organization.
    pub(super) org: String,
    /// The snapshot.
    pub(super) snapshot: String,
    /// What it is compared with; `None` without one.
    pub(super) baseline: Option<String>,
    /// Every snapshot that was read, these two included.
    pub(super) snapshots: BTreeSet<String>,
    /// The period as typed; `None` where nobody named one.
    pub(super) period: Option<String>,
    /// Names of the templates, as they were asked for.
    pub(super) templates: Vec<String>,
    /// Those that are the user's own.
    pub(super) own_templates: Vec<String>,
    /// Formats.
    pub(super) formats: Vec<String>,
    /// Whether personal values are replaced.
    pub(super) redacted: bool,
    /// SHA-256 of what a report reads of the configuration, as [`Config::canonical`] writes it.
    pub(super) configuration_sha256: String,
    /// Fonts of the machine in its PDFs.
    pub(super) fonts: BTreeSet<String>,
}

impl Request {
    /// As a file.
    pub(super) fn to_json(&self) -> Vec<u8> {
        // Names and texts only: nothing in it can fail to be written.
        format!("{:#}\n", serde_json::to_value(self).unwrap_or_default()).into_bytes()
    }
}

/// What a report reads of a configuration: no path of the machine, and no organization beside its own.
pub(super) fn of_report(config: &Config) -> Config {
    Config { values: Values { org: BTreeMap::new(), roster: None, ..config.values.clone() }, file: None }
}

/// Where reports can be made again.
#[derive(Clone, Debug)]
pub(super) struct Remaker<'a> {
    /// Stores that may hold the evidence, the best first.
    pub(super) stores: Vec<PathBuf>,
    /// The configuration here, or that of the bundle; `None` where there is none, or one that cannot be used.
    pub(super) config: Option<&'a Config>,
}

/// What came of making reports again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Remade {
    /// What was made again and is the same, a line each.
    pub(super) done: Vec<String>,
    /// What was not, and what it takes.
    pub(super) unchecked: Vec<Unchecked>,
}

/// Why a report is not made again.
type Not = (String, String);

impl Remade {
    /// Adds it to what else was found.
    pub(super) fn add_to(self, findings: &mut Findings) {
        findings.made += self.done.len();
        findings.done.extend(self.done);
        findings.unchecked.extend(self.unchecked);
    }
}

impl Remaker<'_> {
    /// Makes the reports of a verified path again: it, each of the named folders in it, or the one in a bundle, whose
    /// evidence comes before every store.
    ///
    /// # Errors
    /// As [`Remaker::check`].
    pub(super) fn look(&self, kind: Kind, path: &Path, reports: &[String]) -> Result<Remade, Error> {
        match kind {
            Kind::Store | Kind::Org | Kind::Snapshot => Ok(Remade::default()),
            Kind::Report => self.check([path.to_owned()]),
            Kind::Reports => self.check(reports.iter().map(|name| path.join(name))),
            Kind::Bundle => {
                let stores = [path.join(EVIDENCE)].into_iter().chain(self.stores.iter().cloned()).collect();
                Remaker { stores, config: self.config }.check([path.join(REPORT)])
            }
        }
    }

    /// Makes each of some report folders again, if that can be done here, and compares it.
    ///
    /// # Errors
    /// [`Error::Differs`] for the first file that does not follow from the evidence; what keeps the evidence from being
    /// read.
    fn check(&self, folders: impl IntoIterator<Item = PathBuf>) -> Result<Remade, Error> {
        let mut remade = Remade::default();
        for folder in folders {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let not = match request_of(&folder)? {
                Ok(request) => self.one(&folder, &name, &request, &mut remade)?,
                Err(not) => Some(not),
            };
            remade.unchecked.extend(not.map(|(why, by)| {
                Unchecked::essential(
                    format!("whether what the report {name} says follows from the evidence: {why}"),
                    by,
                )
            }));
        }
        Ok(remade)
    }

    /// Makes one report again; gives what keeps it from being made.
    fn one(&self, folder: &Path, name: &str, request: &Request, remade: &mut Remade) -> Result<Option<Not>, Error> {
        let (settings, org, ask) = match self.prepare(folder, request)? {
            Ok(prepared) => prepared,
            Err(not) => return Ok(Some(not)),
        };
        let common = Common { redact: request.redacted, ..Common::default() };
        let (made, _) = Reporter::new(&ask, &settings)?.files(&settings, &org, &common)?;
        let other_fonts = made.fonts != request.fonts;
        let (mut set, mut same) = (0, 0);
        for (file, bytes) in &made.files {
            let path = folder.join(file);
            let equal = match fs::read(&path) {
                // Other fonts are named in it, too; nothing else may differ.
                Ok(found) if file == FILE && other_fonts => found == request.to_json(),
                Ok(found) => found == *bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(differs(&path, "it is not there, and the report made again has it"));
                }
                Err(error) => return Err(Error::io("read", &path)(error)),
            };
            match (equal, other_fonts && path.extension().is_some_and(|end| end == "pdf")) {
                (true, _) => same += 1,
                (false, true) => set += 1,
                (false, false) => {
                    let what = format!(
                        "it does not follow from the evidence: the report made again from {} of {org} says something else",
                        request.snapshot
                    );
                    return Err(differs(&path, what));
                }
            }
        }
        let snapshot = &request.snapshot;
        remade.done.push(format!("{name}: made again from {snapshot} of {org}, {same} files are the same"));
        if set > 0 {
            let what =
                format!("whether {set} PDF files of {name} follow from the evidence: other fonts are installed here");
            let fonts: Vec<_> = request.fonts.iter().map(String::as_str).collect();
            let fonts = if fonts.is_empty() { "no font for other scripts".to_owned() } else { fonts.join(", ") };
            remade.unchecked.push(Unchecked::essential(
                what,
                format!("verify it where the fonts are those of the report: {fonts}"),
            ));
        }
        remade.unchecked.extend(Self::beside(folder, name, &made.files)?);
        Ok(None)
    }

    /// What the making again leaves open: files of other runs.
    fn beside(folder: &Path, name: &str, made: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Unchecked>, Error> {
        let mut unchecked = Vec::new();
        let list = folder.join(sums::FILE);
        let listed = sums::parse(&fs::read(&list).map_err(Error::io("read", &list))?).unwrap_or_default();
        let others: Vec<&str> = listed.keys().map(String::as_str).filter(|file| !made.contains_key(*file)).collect();
        if !others.is_empty() {
            let what =
                format!("whether {} of {name} follow from the evidence: an earlier run wrote them", others.join(", "));
            unchecked.push(Unchecked::essential(what, "make the whole report again into an empty folder"));
        }
        Ok(unchecked)
    }

    /// What a report is made again with, or why it cannot be.
    fn prepare(&self, folder: &Path, request: &Request) -> Result<Result<(Settings, OrgName, Ask), Not>, Error> {
        let not = |why: &str, by: &str| Ok(Err((why.to_owned(), by.to_owned())));
        if request.tool != VERSION {
            let by = format!("verify it with rollcall {}", request.tool);
            return not(&format!("rollcall {} made it, and this is {VERSION}", request.tool), &by);
        }
        if let Some(own) = request.own_templates.first() {
            let by = "make it again with that template, and compare the files";
            return not(&format!("its template {own:?} is the user's own"), by);
        }
        let here = self.config.map(of_report).filter(|config| config.digest() == request.configuration_sha256);
        let Some(config) = here else {
            return not("the configuration here is another one", "give the one that it was made with to --config");
        };
        let (Ok(org), Ok(_)) = (OrgName::new(request.org.as_str()), request.snapshot.parse::<SnapshotId>()) else {
            return Err(differs(&folder.join(FILE), "it names no organization and snapshot"));
        };
        let ask = Ask {
            period: request.period.clone(),
            snapshot: Some(request.snapshot.clone()),
            baseline: Some(request.baseline.clone().unwrap_or_else(|| "none".to_owned())),
            templates: request.templates.clone(),
            formats: request.formats.clone(),
            out: None,
        };
        let reporter = |settings: &Settings| {
            let what = |error: Error| format!("it asks for what there is not ({error})");
            Reporter::new(&ask, settings).map_err(|error| differs(&folder.join(FILE), what(error)))
        };
        let mut missing = format!("there is no store of {org} here");
        for root in &self.stores {
            let place = Store::new(root.clone()).org(&org);
            if !place.dir().is_dir() {
                continue;
            }
            let settings = Settings::of_report(root.clone(), config.clone());
            match lacks(&place, request, &reporter(&settings)?)? {
                None => return Ok(Ok((settings, org, ask))),
                Some(lack) => missing = lack,
            }
        }
        not(&missing, "give the store that it was made from to --store")
    }
}

/// What a store lacks to make a report again; `None` where it has everything.
fn lacks(place: &OrgStore, request: &Request, reporter: &Reporter) -> Result<Option<String>, Error> {
    let there = place.ids()?;
    let held: BTreeSet<String> = there.iter().map(ToString::to_string).collect();
    let missing: Vec<&str> = request.snapshots.difference(&held).map(String::as_str).collect();
    let dir = place.dir().display();
    if !missing.is_empty() {
        return Ok(Some(format!("{dir} does not hold {}", missing.join(", "))));
    }
    if history::read(&there, &reporter.selection(place)?) != request.snapshots {
        return Ok(Some(format!("{dir} holds other snapshots before {}", request.snapshot)));
    }
    if request.redacted && !place.dir().join(SECRET).is_file() {
        return Ok(Some(format!("{dir} does not hold the secret of its pseudonyms")));
    }
    Ok(None)
}

/// What a report folder says of itself, or why nothing can be made of it.
fn request_of(folder: &Path) -> Result<Result<Request, Not>, Error> {
    let path = folder.join(FILE);
    disk::no_link(&path).map_err(Error::io("read", &path))?;
    let not = |why: &str, by: &str| Ok(Err((why.to_owned(), by.to_owned())));
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let by = "make it again from the same snapshots, and compare the files";
            return not(&format!("no {FILE} lies in it"), by);
        }
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    let format = serde_json::from_slice::<Value>(&bytes).ok().and_then(|all| Some(all["format"].as_str()?.to_owned()));
    match (format.as_deref(), serde_json::from_slice::<Request>(&bytes)) {
        (Some(FORMAT), Ok(request)) => Ok(Ok(request)),
        (Some(FORMAT) | None, _) => Err(differs(&path, "it is not as rollcall writes it")),
        (Some(_), _) => not(&format!("its {FILE} has a format that this version does not know"), "update rollcall"),
    }
}

/// The error for a difference.
fn differs(path: &Path, what: impl Into<String>) -> Error {
    Error::Differs { path: path.to_owned(), what: what.into(), advice: Advice::Remake }
}
