//! Collections against a Hub on loopback: gaps, refusals, interruptions, locks and secrets.

use std::{
    fs, io,
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rollcall::demo::{ORG, Options, Server, TOKEN, files as sample_files};
use tokio::runtime::Runtime;

use crate::common::{Run, Sandbox, files};

/// Instant of the newest quarter.
const AS_OF: &str = "2026-10-01T06:00:00Z";

/// The sample Hub as it is at the newest quarter.
struct Hub {
    /// Serves.
    runtime: Runtime,
    /// The Hub.
    server: Server,
}

impl Hub {
    /// Starts it with a quota per window of one second; 0 is the ordinary quota. Its clock is this machine's.
    fn start(quota: u32) -> io::Result<Self> {
        Self::start_at(quota, None)
    }

    /// As [`Hub::start`], on a clock of its own.
    fn start_at(quota: u32, clock: Option<&str>) -> io::Result<Self> {
        let runtime = Runtime::new()?;
        let clock = clock.and_then(rollcall::model::time::parse);
        let options = match quota {
            0 => Options { clock, ..Options::default() },
            quota => Options { quota, window_seconds: 1, clock },
        };
        let server = runtime.block_on(Server::start_with(3, 0, options))?;
        Ok(Self { runtime, server })
    }

    /// Requests so far that begin with `prefix`.
    fn count(&self, prefix: &str) -> usize {
        self.server.requests().iter().filter(|request| request.starts_with(prefix)).count()
    }

    /// Runs the program against it, with its token.
    fn run(&self, sandbox: &Sandbox, line: &str) -> io::Result<Run> {
        let url = self.server.url();
        Run::of(sandbox.command().args(line.split_whitespace()).env("HF_TOKEN", TOKEN).env("HF_ENDPOINT", url))
    }

    /// Starts the program against it and leaves it running.
    fn spawn(&self, sandbox: &Sandbox, line: &str) -> io::Result<Child> {
        std::process::Command::new(assert_cmd::cargo::cargo_bin!("rollcall"))
            .args(line.split_whitespace())
            .env_clear()
            .env("HOME", sandbox.path("home"))
            .env("HF_TOKEN", TOKEN)
            .env("HF_ENDPOINT", self.server.url())
            .current_dir(sandbox.path("."))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }

    /// Waits until so many requests have come.
    fn wait_for(&self, requests: usize) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.server.requests().len() < requests {
            assert!(Instant::now() < deadline, "only {} requests came", self.server.requests().len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Sends a signal to a child and waits for its end.
fn stop(child: Child, signal: &str) -> io::Result<Run> {
    let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status()?;
    assert!(sent.success());
    let output = child.wait_with_output()?;
    Ok(Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Table files of the one snapshot in a store, with their bytes.
fn tables(sandbox: &Sandbox, store: &str) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let folder = sandbox.path(store).join(ORG);
    let parquet = files(&folder)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "parquet"));
    parquet.map(|path| Ok((path.clone(), fs::read(folder.join(path))?))).collect()
}

#[test]
fn what_was_skipped_is_a_gap_in_everything_that_rests_on_it() {
    let hub = Hub::start(0).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let run =
        hub.run(&sandbox, &format!("run {ORG} --skip tokens --require-complete --fail-on low --format csv")).unwrap();
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.stdout.contains("tokens") && run.stdout.contains("skipped"), "{}", run.stdout);
    let reports = sandbox.path("rollcall-reports");
    let seats = files(&reports).unwrap().into_iter().find(|path| path.ends_with("csv/inactive-seats.csv")).unwrap();
    let seats = fs::read_to_string(reports.join(seats)).unwrap();
    assert!(
        seats.lines().any(|line| line.replace('"', "").starts_with("source,tokens,unknown,high,source-missing")),
        "{seats}"
    );
    assert_eq!(hub.count(&format!("GET /api/organizations/{ORG}/settings/tokens")), 0);
    let collected =
        hub.run(&sandbox, &format!("collect {ORG} --skip tokens --require-complete --store other")).unwrap();
    assert_eq!(collected.code, 3, "{collected:?}");
    assert!(collected.stdout.trim_end().ends_with('Z'), "the folder is the data: {}", collected.stdout);
}

#[test]
fn complete_means_complete_for_what_is_written() {
    let hub = Hub::start(0).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let run = |line: &str| hub.run(&sandbox, &format!("{line} --require-complete")).unwrap();
    assert_eq!(run(&format!("collect {ORG} --skip gated_access")).code, 3, "a collection is for every analyzer");
    let report = |flags: &str| run(&format!("report {ORG} {flags}"));
    for (flags, code) in [
        ("--template seat-spend --format pdf", 0),
        ("--template seat-spend --format html,xlsx", 0),
        ("--template seat-spend --format pdf,csv", 3),
        ("--template seat-spend --template access-review --format pdf", 3),
        ("--template soc2-evidence --format md", 3),
    ] {
        let run = report(flags);
        assert_eq!(run.code, code, "{flags}: {run:?}");
    }
}

#[test]
fn a_refused_token_and_an_unknown_organization_leave_nothing_behind() {
    let hub = Hub::start(0).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let mut refused = sandbox.command();
    refused.args(["collect", ORG]).env("HF_ENDPOINT", hub.server.url()).env("HF_TOKEN", "hf_wrong_but_invented");
    let told = Run::of(&mut refused).unwrap().three_lines(4);
    assert!(told[0].contains("does not accept the access token") && told[2].contains("token"), "{told:?}");
    assert!(!told.concat().contains("hf_wrong"), "{told:?}");
    let [what, why, _] = hub.run(&sandbox, "collect nobody-knows-them").unwrap().three_lines(4);
    assert!(what.contains("knows no organization nobody-knows-them") && why.contains("hidden"), "{what} {why}");
    assert!(!sandbox.path("rollcall-store").exists());
}

#[test]
fn an_interrupted_collection_goes_on_where_it_stopped() {
    let hub = Hub::start_at(8, Some(AS_OF)).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let line = format!("collect {ORG} --as-of {AS_OF}");
    let child = hub.spawn(&sandbox, &line).unwrap();
    hub.wait_for(12);
    let [_, _, fix] = stop(child, "-INT").unwrap().three_lines(4);
    assert!(fix.contains("again"), "{fix}");
    let listed = sandbox.run(&format!("snapshots {ORG}")).unwrap();
    assert!(!listed.stdout.contains("20261001"), "nothing may look like a snapshot yet: {listed:?}");
    sandbox.run(&format!("report {ORG}")).unwrap().three_lines(4);

    let child = hub.spawn(&sandbox, &line).unwrap();
    let so_far = hub.server.requests().len();
    hub.wait_for(so_far + 8);
    assert_eq!(stop(child, "-KILL").unwrap().code, -1);

    let done = hub.run(&sandbox, &line).unwrap();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(hub.count("GET /api/whoami-v2"), 1, "finished pages are not asked for again");
    let undisturbed = hub.run(&sandbox, &format!("{line} --store undisturbed")).unwrap();
    assert_eq!(undisturbed.code, 0, "{undisturbed:?}");
    assert!(
        tables(&sandbox, "rollcall-store").unwrap() == tables(&sandbox, "undisturbed").unwrap(),
        "the tables differ"
    );
    assert_eq!(sandbox.run("verify rollcall-store").unwrap().code, 0);
}

#[test]
fn a_second_writer_is_told_who_holds_the_lock() {
    let hub = Hub::start(4).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let first = hub.spawn(&sandbox, &format!("collect {ORG}")).unwrap();
    hub.wait_for(3);
    let [what, _, _] = hub.run(&sandbox, &format!("collect {ORG}")).unwrap().three_lines(4);
    assert!(what.contains(&first.id().to_string()), "{what}");
    stop(first, "-TERM").unwrap().three_lines(4);
}

#[test]
fn all_configured_organizations_get_their_turn_although_one_fails() {
    let hub = Hub::start(0).unwrap();
    let sandbox = Sandbox::new().unwrap();
    for (name, text) in sample_files(3) {
        let more = if name == "rollcall.toml" { "\n[org.a-nobody]\n" } else { "" };
        sandbox.write(name, &format!("{text}{more}")).unwrap();
    }
    let run = hub.run(&sandbox, "run --all --format csv").unwrap();
    let [what, why, _] = run.three_lines(4);
    assert!(format!("{what} {why}").contains("a-nobody"), "{what} {why}");
    assert!(run.stdout.contains(ORG), "{}", run.stdout);
}

#[test]
fn the_token_reaches_neither_disk_nor_terminal() {
    let hub = Hub::start(0).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let run = hub.run(&sandbox, &format!("run {ORG} -vv --log-format json --format csv,json")).unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stderr.contains(TOKEN) && !run.stdout.contains(TOKEN));
    assert!(!run.stderr.contains("@example"), "log lines must not hold addresses");
    let object = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok_and(|value| value.is_object());
    assert!(run.stderr.lines().count() > 10 && run.stderr.lines().all(object), "{}", run.stderr);
    for path in files(&sandbox.path(".")).unwrap() {
        let bytes = fs::read(sandbox.path(".").join(&path)).unwrap();
        let found = bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes());
        assert!(!found, "{} holds the token", path.display());
    }
}

#[test]
fn quiet_is_quiet_and_evidence_is_appended_in_order() {
    let hub = Hub::start_at(0, Some(AS_OF)).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let line = format!("collect {ORG} --quiet --as-of {AS_OF}");
    let run = hub.run(&sandbox, &line).unwrap();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:?}");
    let [what, _, fix] = hub.run(&sandbox, &line).unwrap().three_lines(4);
    assert!(what.contains("already sealed") && fix.contains("--as-of"), "{what} {fix}");
    let earlier = format!("collect {ORG} --as-of 2026-09-01T06:00:00Z");
    hub.run(&sandbox, &earlier).unwrap().three_lines(4);
    drop(hub.runtime);
}

#[test]
fn commits_of_untouched_repositories_are_not_asked_for_again() {
    let (hub, sandbox) = (Hub::start_at(0, Some(AS_OF)).unwrap(), Sandbox::new().unwrap());
    let store = sandbox.path("rollcall-store").join(ORG).join("snapshots");
    let manifest = |id: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(store.join(id).join("manifest.json")).unwrap()).unwrap()
    };
    let collect = |as_of: &str| {
        let before = hub.server.requests().len();
        hub.server.turn_clock(rollcall::model::time::parse(as_of).unwrap());
        let run = hub.run(&sandbox, &format!("collect {ORG} --with-commits --as-of {as_of}")).unwrap();
        assert_eq!(run.code, 0, "{run:?}");
        hub.server.requests()[before..].iter().filter(|request| request.contains("/commits/main")).count()
    };
    let first = collect("2026-10-01T06:00:00Z");
    assert!(first > 20, "{first}");
    assert_eq!(collect("2026-10-08T06:00:00Z"), 0, "every repository was listed as untouched");

    let (old, new) = (manifest("20261001T060000Z"), manifest("20261008T060000Z"));
    let requests = |manifest: &serde_json::Value| {
        let mut requests = manifest["sources"]["commits"]["requests"].as_array().unwrap().clone();
        requests.sort_by_key(|request| request["url"].as_str().unwrap().to_owned());
        requests
    };
    assert_eq!(new["sources"]["commits"]["coverage"], "collected");
    assert_eq!(new["tables"]["commits"]["sha256"], old["tables"]["commits"]["sha256"]);
    assert!(requests(&old).iter().all(|request| request.get("from_snapshot").is_none()));
    for (then, now) in requests(&old).iter().zip(requests(&new)) {
        assert_eq!(now["from_snapshot"], "20261001T060000Z");
        assert_eq!((&now["started_at"], &now["sha256"]), (&then["started_at"], &then["sha256"]), "it keeps its time");
    }
    let verified = sandbox.run("verify rollcall-store").unwrap();
    assert_eq!(verified.code, 0, "an answer that was taken over is in the snapshot before: {verified:?}");
    // A body that is no longer what it was is asked for again.
    let raw = requests(&new)[0]["raw"].as_str().unwrap().to_owned();
    fs::remove_file(store.join("20261008T060000Z").join(&raw)).unwrap();
    fs::write(store.join("20261008T060000Z").join(&raw), b"no").unwrap();
    assert_eq!(collect("2026-10-15T06:00:00Z"), 1);
    let verified = sandbox.run("verify rollcall-store").unwrap();
    assert_eq!(verified.code, 5, "the damaged body is found: {verified:?}");
    assert!(verified.stderr.contains(&raw), "{verified:?}");
}

#[test]
fn a_run_over_all_organizations_leaves_one_summary() {
    let (hub, sandbox) = (Hub::start_at(0, Some(AS_OF)).unwrap(), Sandbox::new().unwrap());
    sandbox.write("rollcall.toml", &format!("[org.{ORG}]\n[org.nobody-knows-us]\n")).unwrap();
    let run = hub.run(&sandbox, "run --all --as-of 2026-10-01T06:00:00Z --format json,csv").unwrap();
    assert_eq!(run.code, 4, "one of them could not be read: {run:?}");
    let folder = sandbox.path("rollcall-reports").join("summary-20261001T060000Z");
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["organizations"].as_array().unwrap().len(), 2);
    assert!(summary["organizations"][0]["not_reviewed"].is_string(), "{summary}");
    assert_eq!(summary["organizations"][1]["figures"]["members"], 77);
    assert_eq!(summary["people"], serde_json::json!({"value": 77, "complete": false}));
    assert!(
        run.stdout.contains("at least 77") && run.stdout.contains("**nobody-knows-us** was not reviewed"),
        "{run:?}"
    );
    assert_eq!(sandbox.run("verify rollcall-reports/summary-20261001T060000Z").unwrap().code, 0);
    let report = sandbox.path("rollcall-reports").join(format!("{ORG}-20261001T060000Z"));
    assert!(report.join("access-review.json").is_file(), "each has a report of its own");
}

/// The manifest of the one snapshot of the store.
fn manifest(sandbox: &Sandbox) -> io::Result<serde_json::Value> {
    let folder = sandbox.path("rollcall-store").join(ORG);
    let path = files(&folder)?.into_iter().find(|path| path.ends_with("manifest.json"));
    Ok(serde_json::from_slice(&fs::read(folder.join(path.unwrap_or_default()))?)?)
}

#[test]
fn a_date_ahead_of_the_hub_is_refused_before_anything_else_is_read() {
    let (hub, sandbox) = (Hub::start_at(0, Some(AS_OF)).unwrap(), Sandbox::new().unwrap());
    let run = hub.run(&sandbox, &format!("collect {ORG} --as-of 2026-10-01T06:06:00Z")).unwrap();
    let [what, why, _] = run.three_lines(2);
    assert!(what.contains("--as-of") && why.contains("2026-10-01T06:00:00Z by the clock of the Hub"), "{what} {why}");
    assert_eq!(hub.server.requests(), ["GET /api/whoami-v2"]);
    assert!(!sandbox.path("rollcall-store").exists(), "nothing is left behind");
    // Five minutes are what two clocks and the way may differ.
    let run = hub.run(&sandbox, &format!("collect {ORG} --as-of 2026-10-01T06:04:00Z")).unwrap();
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn a_machine_whose_clock_is_ahead_does_not_lock_its_store() {
    // Long before any machine that runs this.
    let (hub, sandbox) = (Hub::start_at(0, Some("2024-10-01T06:00:00Z")).unwrap(), Sandbox::new().unwrap());
    let [what, why, fix] = hub.run(&sandbox, &format!("collect {ORG}")).unwrap().three_lines(4);
    assert!(what.contains("clock of this machine") && fix.contains("set this machine's clock"), "{what} {fix}");
    assert!(why.contains("2024-10-01T06:00:00Z by the clock of the Hub"), "{why}");
    assert!(!sandbox.path("rollcall-store").exists(), "nothing is left behind");
}

#[test]
fn a_date_a_day_before_the_hub_is_said_to_be_by_hand() {
    for (as_of, by_hand) in [("2026-09-30T06:00:00Z", false), ("2026-09-30T05:59:00Z", true)] {
        let (hub, sandbox) = (Hub::start_at(0, Some(AS_OF)).unwrap(), Sandbox::new().unwrap());
        let line = format!("collect {ORG} --require-complete --skip scim --as-of {as_of}");
        assert_eq!(hub.run(&sandbox, &line).unwrap().code, 3, "a gap");
        let sandbox = Sandbox::new().unwrap();
        hub.server.turn_clock(rollcall::model::time::parse(AS_OF).unwrap());
        let run = hub.run(&sandbox, &line.replace(" --skip scim", "")).unwrap();
        assert_eq!(run.code, if by_hand { 3 } else { 0 }, "{run:?}");
        let manifest = manifest(&sandbox).unwrap();
        assert_eq!(manifest["dated_by_hand"], by_hand);
        let clock = &manifest["hub_clock"];
        assert_eq!((&clock["first"], &clock["from"]), (&AS_OF.into(), &"hub".into()), "{clock}");
        assert_eq!(manifest["sample"], true);
        assert_eq!(manifest["sources"]["whoami"]["requests"][0]["date"], AS_OF);
        let listed = sandbox.run(&format!("snapshots {ORG}")).unwrap().stdout;
        assert!(listed.trim_end().ends_with(if by_hand { "hand" } else { "the Hub's clock" }), "{listed}");
        let verified = sandbox.run("verify rollcall-store").unwrap();
        assert_eq!((verified.code, verified.stdout.contains("dated by hand")), (0, by_hand), "{verified:?}");
        let report = sandbox.run(&format!("report {ORG} --require-complete --format csv")).unwrap();
        assert_eq!(report.code, if by_hand { 3 } else { 0 }, "{report:?}");
    }
}
