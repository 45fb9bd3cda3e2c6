//! One flow per command; the only room that sees both ends.
//!
//! A [`Request`] says what was asked for. [`execute`] resolves it into settings, calls the rooms below in order, prints
//! data through the [`Console`] and ends in an [`Exit`] or an [`Error`] that knows what to do about itself.

use std::{collections::BTreeMap, fmt, io, path::Path, sync::Arc};

mod access;
mod advice;
mod answer;
mod bundle;
mod clock;
mod collect;
mod demo;
mod diff;
mod discreet;
mod doctor;
mod engine;
mod error;
mod explain;
mod history;
mod import;
mod imported;
mod init;
mod modes;
mod personal;
mod prune;
mod rederive;
mod remake;
mod report;
mod request;
mod select;
mod settings;
mod snapshots;
mod summary;
mod token;
mod verify;
mod witness;

pub use advice::three_lines;
pub use error::{Error, Exit};
pub use request::{
    Access, Bundle, Collect, Command, Common, Diff, Doctor, Form, Going, Import, Orgs, Prune, Report, Request, Verify,
    Whose,
};
pub use settings::Environment;

pub use crate::collect::Progress;
use crate::{analyze, config, hub, model::ids::OrgName, report::several::Organization};
use collect::{Clock, Collector, Sealed};
use engine::Engine;
use report::Reporter;
use settings::Settings;

/// Where a flow speaks: data to stdout, talk to stderr, and how far a collection has come.
pub trait Console: Progress + fmt::Debug {
    /// Writes data, as it is, to stdout.
    ///
    /// # Errors
    /// When stdout is closed or full.
    fn print(&self, data: &str) -> io::Result<()>;

    /// Says one line on stderr; silent under `--quiet`.
    fn say(&self, line: &str);
}

/// Version of this tool, as in manifests and reports.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Does what was asked for.
///
/// # Errors
/// Whatever stops the command; the error knows its exit code and what to do.
pub fn execute(request: &Request, environment: &Environment, console: &Arc<dyn Console>) -> Result<Exit, Error> {
    if request.common.redact {
        let quiet: Arc<dyn Console> = Arc::new(discreet::Discreet(Arc::clone(console)));
        return flow(request, environment, &quiet).map_err(discreet::discreet);
    }
    flow(request, environment, console)
}

/// Does it, and says what is to be said.
fn flow(request: &Request, environment: &Environment, console: &Arc<dyn Console>) -> Result<Exit, Error> {
    let Request { common, command } = request;
    let settings = || {
        let settings = Settings::resolve(common, environment, &known())?;
        if settings.config.file.is_none() {
            console.say(&format!("no {} was found: every key has its default", config::FILE_NAME));
        }
        modes::warn(&settings, command, &**console);
        Ok::<_, Error>(settings)
    };
    match command {
        Command::Demo { out } => demo::run(common, out.as_deref(), console),
        Command::DemoServe { port } => demo::serve(*port, console),
        Command::Run { orgs, collect, report } => run(&settings()?, orgs, (collect, report), (common, console)),
        Command::Collect { org, collect } => {
            let settings = settings()?;
            let engine = Engine::start()?;
            let collector = Collector { settings: &settings, engine: &engine, console, clock: Clock::of_machine() };
            let sealed = collector.collect(org, collect)?;
            announce(console, org, &sealed)?;
            let complete = sealed.gaps.is_empty() && !sealed.dated_by_hand;
            Ok(if common.require_complete && !complete { Exit::Gaps } else { Exit::Done })
        }
        Command::Report { org, report } => {
            let settings = settings()?;
            Reporter::new(report, &settings)?.report(&settings, org, common, console)
        }
        Command::Doctor { org, doctor } => doctor::run(&settings()?, org, (doctor, common), console),
        Command::Access { org, access } => access::access(&settings()?, org, access, common, console),
        Command::Diff { org, diff } => diff::diff(&settings()?, org, diff, common, console),
        Command::Snapshots { org } => print(console, &snapshots::list(&settings()?, org)?),
        Command::Verify(ask) => {
            // Evidence can be verified where there is no configuration, or one that cannot be used.
            let settings = match settings() {
                Err(error) if common.config.is_some() || common.as_of.is_some() => return Err(error),
                resolved => resolved.ok(),
            };
            let config = settings.as_ref().map(|settings| &settings.config);
            let ask = &Verify { store: Settings::store_of(common), ..ask.clone() };
            verify::verify(ask, config, &**console)
        }
        Command::Bundle { org, bundle } => bundle::bundle(&settings()?, org, bundle, common, console),
        Command::Import { org, import } => print(console, &import::import(&settings()?, org, import, console)?),
        Command::Prune { org, prune } => print(console, &prune::prune(&settings()?, org, prune)?),
        Command::Explain { id } => print(console, &explain::explain(id.as_deref(), &catalog()?)?),
        Command::Init => {
            let path = common.config.as_deref().unwrap_or_else(|| Path::new(config::FILE_NAME));
            init::init(path)?;
            console.say(&format!("wrote {}", path.display()));
            Ok(Exit::Done)
        }
    }
}

/// Collects and reports, for one organization or for each configured one.
///
/// With several, one that cannot be finished does not keep the others from their turn; the worst end is the command's.
fn run(
    settings: &Settings,
    orgs: &Orgs,
    (collect, report): (&Collect, &Report),
    (common, console): (&Common, &Arc<dyn Console>),
) -> Result<Exit, Error> {
    let reporter = Reporter::new(report, settings)?;
    let (all, names) = match orgs {
        Orgs::One(org) => (false, vec![org.clone()]),
        Orgs::All => (true, configured(settings)?),
    };
    let engine = Engine::start()?;
    let collector = Collector { settings, engine: &engine, console, clock: Clock::of_machine() };
    let one = |org: &OrgName| {
        let sealed = collector.collect(org, collect)?;
        console.say(&format!("sealed snapshot {} in {}", sealed.id, sealed.dir.display()));
        engine.check()?;
        reporter.review(settings, org, common, console)
    };
    let mut worst = Exit::Done;
    let (mut failed, mut done) = (Vec::new(), Vec::new());
    for org in names {
        let review = match one(&org) {
            Ok((exit, review)) => {
                worst = worst.max(exit);
                Ok(review)
            }
            Err(error @ (Error::Interrupted | Error::Output(_))) => return Err(error),
            Err(error) => {
                // The reason stands in the summary, too.
                let error = if common.redact { discreet::discreet(error) } else { error };
                let why = error.to_string();
                failed.push((org.clone(), error));
                Err(why)
            }
        };
        done.push(Organization { name: org.to_string(), review });
    }
    if all {
        reporter.several(&done, console)?;
    }
    let mut failed = failed.into_iter();
    match (failed.next(), failed.next()) {
        (None, _) => Ok(worst),
        (Some((_, error)), None) => Err(error),
        (Some(first), Some(second)) => {
            let all: Vec<_> = [first, second].into_iter().chain(failed).collect();
            Err(Error::Several(all))
        }
    }
}

/// The organizations of the configuration.
fn configured(settings: &Settings) -> Result<Vec<OrgName>, Error> {
    let orgs: Vec<_> = settings.config.values.org.keys().filter_map(|name| OrgName::new(name.as_str()).ok()).collect();
    if orgs.is_empty() { Err(Error::NoOrgs) } else { Ok(orgs) }
}

/// Says what was sealed: its folder is the data of `collect`.
fn announce(console: &Arc<dyn Console>, org: &OrgName, sealed: &Sealed) -> Result<(), Error> {
    let gaps: Vec<_> = sealed.gaps.iter().map(|source| source.name()).collect();
    let gaps = if gaps.is_empty() { "no gaps".to_owned() } else { format!("gaps: {}", gaps.join(", ")) };
    let gaps = if sealed.dated_by_hand { format!("dated by hand, {gaps}") } else { gaps };
    console.say(&format!("sealed snapshot {} of {org}, {gaps}", sealed.id));
    print(console, &format!("{}\n", sealed.dir.display()))?;
    Ok(())
}

/// Writes data to stdout.
fn print(console: &Arc<dyn Console>, data: &str) -> Result<Exit, Error> {
    console.print(data).map_err(Error::Output)?;
    Ok(Exit::Done)
}

/// Analyzers and rules that an exception may name.
fn known() -> config::Known {
    analyze::metas().map(|meta| (meta.id, meta.rules.iter().map(|rule| rule.id).collect())).collect()
}

/// What can be explained.
fn catalog() -> Result<explain::Catalog, Error> {
    let endpoints = hub::endpoints::ENDPOINTS.iter().map(|call| {
        let query: Vec<_> = call.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let or = |text: Option<&str>, none: &str| text.unwrap_or(none).to_owned();
        let facts = vec![
            ("query", if query.is_empty() { "none".to_owned() } else { query.join("&") }),
            ("permission", or(call.permission, "none that is known")),
            ("plan", or(call.plan, "every plan")),
            ("continues by", call.paging.name().to_owned()),
        ];
        explain::Call { source: call.source, path: call.path.to_owned(), facts }
    });
    let mut words = BTreeMap::new();
    for meta in analyze::metas() {
        let Some(wording) = crate::report::wording::load(meta.id, None, "en")? else { continue };
        let parts = [
            ("why it matters", wording.why),
            ("method", wording.method),
            ("limits", wording.limits),
            ("what to do", wording.advice),
        ];
        let parts = parts.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect();
        words.insert(meta.id, explain::Words { parts, remedies: wording.remedies });
    }
    let analyzers = analyze::metas().chain([&analyze::effective::META]).collect();
    let frameworks = crate::report::controls::all()?;
    Ok(explain::Catalog { analyzers, endpoints: endpoints.collect(), words, frameworks })
}
