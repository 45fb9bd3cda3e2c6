//! The whole job on the bundled sample organization: four quarters over real HTTP on this machine, then the report.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Console,
    collect::{Clock, Collector},
    engine::Engine,
    error::{Error, Exit},
    known,
    report::Reporter,
    request::{Collect, Common, Report},
    settings::{Environment, Settings},
    token,
};
use crate::{config, demo, disk, model::ids::OrgName, report::template};

/// Folder of the demo when nobody names one.
const OUT: &str = "./rollcall-demo";

/// A file that says that a folder is ours to replace.
const MARKER: &str = ".rollcall-demo";

/// What the marker says.
const MARKER_TEXT: &str = "Written by `rollcall demo`, which replaces what it wrote here when it runs again.\n";

/// What the demo writes beside the marker.
const WRITTEN: [&str; 2] = ["store", "reports"];

/// Collects each quarter of the sample organization and reports on the newest.
///
/// The user's configuration, token and store have no part in it.
///
/// # Errors
/// When the folder is somebody else's, or any step of the job fails.
pub(super) fn run(common: &Common, out: Option<&Path>, console: &Arc<dyn Console>) -> Result<Exit, Error> {
    let out = out.unwrap_or_else(|| Path::new(OUT));
    own_only(common)?;
    prepare(out)?;
    let org = sample_org()?;
    let engine = Engine::start()?;
    // Grants survive un-gating, and the sample holds some that only this flag finds.
    let ask = Collect { all_gated: true, ..Collect::default() };
    let mut settings = None;
    for (quarter, as_of) in demo::quarters().iter().enumerate() {
        for (name, text) in demo::files(quarter) {
            let path = out.join(name);
            disk::replace(&path, text.as_bytes()).map_err(Error::io("write", &path))?;
        }
        // Both ends run on the quarter's clock, so that the snapshot has the date that its Hub shows.
        let options = demo::Options { clock: Some(*as_of), ..demo::Options::default() };
        let server = engine.run(demo::Server::start_with(quarter, 0, options))?.map_err(Error::Serve)?;
        let clock = server.clock().map_or_else(Clock::of_machine, |clock| Clock(Arc::new(clock)));
        let quarter_settings = sample_settings(common, out, &server.url())?;
        console.say(&format!("quarter {} of {}: {org} at {}", quarter + 1, demo::quarters().len(), server.url()));
        let collector = Collector { settings: &quarter_settings, engine: &engine, console, clock };
        let collected = collector.collect(&org, &ask);
        engine.run(server.stop())?;
        collected?;
        settings = Some(quarter_settings);
    }
    engine.check()?;
    let Some(settings) = settings else { return Ok(Exit::Done) };
    let formats = ["csv", "json", "pdf", "html", "xlsx"].map(str::to_owned).to_vec();
    let templates = template::names().into_iter().map(str::to_owned).collect();
    let ask = Report { formats, templates, out: Some(out.join("reports")), ..Report::default() };
    let exit = Reporter::new(&ask, &settings)?.report(&settings, &org, common, console)?;
    console.say(&format!("\nthe sample organization is in {}: nothing of it is real", out.display()));
    Ok(exit)
}

/// Keeps the sample Hub running until it is interrupted.
///
/// # Errors
/// When the port is taken.
pub(super) fn serve(port: u16, console: &Arc<dyn Console>) -> Result<Exit, Error> {
    let engine = Engine::start()?;
    let newest = demo::quarters().len().saturating_sub(1);
    let server = engine.run(demo::Server::start(newest, port))?.map_err(Error::Serve)?;
    let (url, org, token) = (server.url(), demo::ORG, demo::TOKEN);
    let text = format!(
        "endpoint      {url}\norganization  {org}\ntoken         {token}\n\n\
         HF_TOKEN={token} rollcall run {org} --endpoint {url}\n\
         HF_TOKEN={token} HF_ENDPOINT={url} python -c \
         'import huggingface_hub as h; print(*(m.username for m in h.HfApi().list_organization_members(\"{org}\")))'\n",
    );
    console.print(&text).map_err(Error::Output)?;
    console.say("serving until ctrl-c");
    match engine.run(std::future::pending::<()>()) {
        Err(Error::Interrupted) | Ok(()) => Ok(Exit::Done),
        Err(error) => Err(error),
    }
}

/// Refuses flags that the demo would have to ignore.
fn own_only(common: &Common) -> Result<(), Error> {
    let given = [
        ("--config", common.config.is_some()),
        ("--store", common.store.is_some()),
        ("--endpoint", common.endpoint.is_some()),
        ("--as-of", common.as_of.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Error::usage(
            format!("the demo brings its own configuration, store, Hub and dates: {flag} has no place in it"),
            "leave the flag out; --out names the folder of the demo",
        )),
        None => Ok(()),
    }
}

/// The sample organization's name.
fn sample_org() -> Result<OrgName, Error> {
    OrgName::new(demo::ORG).map_err(|error| Error::usage(error.to_string(), "report this as a bug"))
}

/// Settings in which nothing but the sample has a say.
fn sample_settings(common: &Common, out: &Path, url: &str) -> Result<Settings, Error> {
    let own = Common {
        config: Some(out.join(config::FILE_NAME)),
        store: Some(out.join("store")),
        endpoint: Some(url.to_owned()),
        ..common.clone()
    };
    let environment = Environment { token: token::secret(demo::TOKEN), ..Environment::default() };
    Settings::resolve(&own, &environment, &known())
}

/// Makes the folder ready: new, empty, or left by an earlier demo.
fn prepare(out: &Path) -> Result<(), Error> {
    disk::no_link(out).map_err(Error::io("write into", out))?;
    let marker = out.join(MARKER);
    let occupied = out.is_file() || fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if occupied && !marker.is_file() {
        let hint = "name a new or empty folder with --out; the demo replaces only what an earlier demo wrote";
        return Err(Error::Exists { path: out.to_owned(), hint });
    }
    for name in WRITTEN {
        let old: PathBuf = out.join(name);
        // Of a link, the link goes and what it leads to stays.
        match fs::remove_dir_all(&old) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", &old)(error)),
            _ => {}
        }
    }
    disk::folder(out).map_err(Error::io("create", out))?;
    disk::replace(&marker, MARKER_TEXT.as_bytes()).map_err(Error::io("write", &marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_an_earlier_demo_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("demo");
        prepare(&out).unwrap();
        fs::create_dir(out.join("store")).unwrap();
        fs::write(out.join("store/old"), "").unwrap();
        prepare(&out).unwrap();
        assert!(!out.join("store").exists());
        let other = folder.path().join("other");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("thesis.txt"), "").unwrap();
        assert!(matches!(prepare(&other), Err(Error::Exists { .. })));
        assert!(other.join("thesis.txt").is_file());
    }
}
