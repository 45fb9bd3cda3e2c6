//! The process on its machine: what it leaves in memory and on the disk, for whom, and what it never writes through.

use std::{
    fs,
    io::{self, BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rollcall::demo::ORG;

use crate::{
    common::{Run, Sandbox, root},
    faulty::program,
};

/// The report of the newest quarter.
const REPORT: &str = "tidewater-labs-20261001T060000Z";

/// The flags of the sample's store and configuration.
const SAMPLE: &str = "--store rollcall-demo/store --config rollcall-demo/rollcall.toml";

/// Ends a child however the test ends.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program in a sandbox under a file mode mask that hides nothing.
fn open_handed(sandbox: &Sandbox, line: &str) -> io::Result<Run> {
    let mut command = assert_cmd::Command::new("/bin/sh");
    command.arg("-c").arg(format!("umask 000; exec \"$0\" {line}")).arg(program());
    Run::of(command.env_clear().env("HOME", sandbox.path("home")).current_dir(sandbox.path(".")))
}

/// Names in a folder that begin like a folder for work under way.
fn under_way(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".rollcall-")).collect()
}

#[test]
fn an_overflow_is_found_in_the_optimized_program_too() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    assert_eq!(manifest["profile"]["release"]["overflow-checks"].as_bool(), Some(true));
}

#[test]
fn a_variable_of_the_runtime_has_no_say() {
    let sandbox = Sandbox::new().unwrap();
    for value in ["0", "many", "-1"] {
        let mut command = sandbox.command();
        command.args(["doctor", "acme", "--endpoint", "http://127.0.0.1:9"]).env("HF_TOKEN", "hf_invented");
        let [what, _, _] = Run::of(command.env("TOKIO_WORKER_THREADS", value)).unwrap().three_lines(4);
        assert!(!what.contains("rollcall itself"), "{value}: {what}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_core_and_no_other_process_shows_its_memory() {
    use std::os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    };
    let sandbox = Sandbox::new().unwrap();
    // To root every process is open, so it runs as somebody else there, who must reach the program.
    let (me, own) = (fs::metadata(sandbox.path(".")).unwrap().uid(), sandbox.path("rollcall"));
    fs::set_permissions(sandbox.path("."), fs::Permissions::from_mode(0o755)).unwrap();
    if fs::hard_link(program(), &own).is_err() {
        fs::copy(program(), &own).unwrap();
    }
    let mut command = Command::new(&own);
    command.args(["demo", "serve"]).env_clear().current_dir("/").stdout(Stdio::piped()).stderr(Stdio::null());
    if me == 0 {
        command.uid(65_534);
    }
    let mut child = Guard(command.spawn().unwrap());
    let mut first = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("endpoint"), "{first:?}");
    let proc = format!("/proc/{}", child.0.id());
    let limits = fs::read_to_string(format!("{proc}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    // The files of a process that may be dumped belong to its user, those of another to root.
    for file in ["mem", "environ", "maps"] {
        assert_eq!(fs::metadata(format!("{proc}/{file}")).unwrap().uid(), 0, "{file}");
    }
}

#[cfg(unix)]
#[test]
fn what_others_can_read_or_change_is_told_in_one_line_with_what_to_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new().unwrap();
    let mode = |name: &str, mode| fs::set_permissions(sandbox.path(name), fs::Permissions::from_mode(mode)).unwrap();
    sandbox.write("token", "hf_invented").unwrap();
    fs::create_dir(sandbox.path("store")).unwrap();
    fs::create_dir(sandbox.path("out")).unwrap();
    let warnings = |line: &str| {
        let mut command = sandbox.command();
        let run = Run::of(command.args(line.split(' ')).env("HF_TOKEN_PATH", sandbox.path("token"))).unwrap();
        assert_eq!(run.code, 4, "{run:?}");
        let warnings = run.stderr.lines().filter(|line| line.starts_with("warning: "));
        warnings.map(str::to_owned).collect::<Vec<_>>()
    };
    let collect = "collect acme --store store --endpoint http://127.0.0.1:9";
    let report = "report acme --store store --out out";
    for (token, folder) in [(0o600, 0o755), (0o400, 0o700)] {
        mode("token", token);
        mode("store", folder);
        mode("out", folder);
        assert_eq!((warnings(collect), warnings(report)), (Vec::new(), Vec::new()));
    }
    for open in [0o644, 0o640, 0o604] {
        mode("token", open);
        let told = warnings(collect);
        let fix = format!("`chmod 600 {}`", sandbox.path("token").display());
        assert!(told.len() == 1 && told[0].ends_with(&fix) && told[0].contains("token file"), "{told:?}");
        assert_eq!(warnings(report), Vec::<String>::new(), "a report reads no token");
    }
    mode("token", 0o600);
    for open in [0o777, 0o775, 0o702] {
        mode("store", open);
        mode("out", open);
        let told = warnings(collect);
        assert!(told.len() == 1 && told[0].ends_with("`chmod go-w store`"), "{told:?}");
        let told = warnings(report);
        assert!(told.len() == 2 && told[1].ends_with("`chmod go-w out`"), "{told:?}");
    }
    assert_eq!(warnings(&format!("{collect} --quiet")), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn init_writes_for_its_owner_only_and_through_no_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(open_handed(&sandbox, "init").unwrap().code, 0);
    let mode = fs::metadata(sandbox.path("rollcall.toml")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    sandbox.write("thesis", "mine").unwrap();
    for (target, link) in [("thesis", "a.toml"), ("nothing", "b.toml")] {
        symlink(sandbox.path(target), sandbox.path(link)).unwrap();
        sandbox.run(&format!("init --config {link}")).unwrap().three_lines(2);
    }
    assert_eq!(fs::read_to_string(sandbox.path("thesis")).unwrap(), "mine");
    assert!(!sandbox.path("nothing").exists());
}

#[cfg(unix)]
#[test]
fn what_is_written_for_the_sample_is_private_and_goes_through_no_link() {
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(open_handed(&sandbox, "demo").unwrap().code, 0);
    let bundle = open_handed(&sandbox, &format!("bundle {ORG} {SAMPLE} --format csv --out deep/down/a.zip")).unwrap();
    assert_eq!(bundle.code, 0, "{bundle:?}");
    for folder in ["rollcall-demo", "deep"] {
        everything_is_private(&sandbox.path(folder)).unwrap();
    }
    links_are_refused_or_replaced(&sandbox).unwrap();
    a_bundle_that_is_killed_leaves_nothing_for_long(&sandbox).unwrap();
}

/// Asserts that only its owner can look at anything in a folder, itself included.
#[cfg(unix)]
fn everything_is_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let found = fs::symlink_metadata(path)?;
    let expected = if found.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(found.permissions().mode() & 0o777, expected, "{}", path.display());
    if found.is_dir() {
        for entry in fs::read_dir(path)? {
            everything_is_private(&entry?.path())?;
        }
    }
    Ok(())
}

/// Puts links where the program writes.
#[cfg(unix)]
fn links_are_refused_or_replaced(sandbox: &Sandbox) -> io::Result<()> {
    use std::os::unix::fs::symlink;
    let path = |name: &str| sandbox.path(name);
    fs::create_dir(path("elsewhere"))?;
    sandbox.write("thesis", "mine")?;
    let report = format!("report {ORG} {SAMPLE} --format csv");

    symlink(path("elsewhere"), path("linked"))?;
    for out in ["linked", "linked/"] {
        let [what, why, _] = sandbox.run(&format!("{report} --out {out}"))?.three_lines(4);
        assert!(what.contains("linked") && why.contains("it is a link"), "{what} {why}");
    }
    fs::create_dir(path("out"))?;
    symlink(path("elsewhere"), path("out").join(REPORT))?;
    let [what, why, _] = sandbox.run(&format!("{report} --out out"))?.three_lines(4);
    assert!(what.contains(REPORT) && why.contains("it is a link"), "{what} {why}");
    assert_eq!(fs::read_dir(path("elsewhere"))?.count(), 0);
    fs::remove_file(path("out").join(REPORT))?;
    fs::create_dir_all(path("out").join(REPORT).join("csv"))?;
    let file = path("out").join(REPORT).join("csv/access.csv");
    symlink(path("thesis"), &file)?;
    assert_eq!(sandbox.run(&format!("{report} --out out"))?.code, 0);
    assert!(!file.is_symlink() && fs::metadata(&file)?.len() > 100);

    let bundle = format!("bundle {ORG} {SAMPLE} --format csv");
    symlink(path("thesis"), path("b.zip"))?;
    symlink(path("nothing"), path("c.zip"))?;
    // A link to the very bundle is none the better.
    symlink(path("deep/down/a.zip"), path("d.zip"))?;
    for out in ["b.zip", "c.zip", "d.zip"] {
        let [_, why, _] = sandbox.run(&format!("{bundle} --out {out}"))?.three_lines(4);
        assert!(why.contains("it is a link") && path(out).is_symlink(), "{why}");
    }
    let [_, why, _] = sandbox.run("demo --out linked")?.three_lines(4);
    assert!(why.contains("it is a link"), "{why}");
    assert_eq!(fs::read_to_string(path("thesis"))?, "mine");
    assert!(!path("nothing").exists() && fs::read_dir(path("elsewhere"))?.count() == 0);
    Ok(())
}

/// Kills and stops `bundle` while it writes: the report is nowhere else, and the next run removes what is left.
#[cfg(unix)]
fn a_bundle_that_is_killed_leaves_nothing_for_long(sandbox: &Sandbox) -> io::Result<()> {
    let (temporary, out) = (sandbox.path("temporary"), sandbox.path("bundles"));
    fs::create_dir(&temporary)?;
    let line = format!("bundle {ORG} {SAMPLE} --format csv --out bundles/a.zip");
    for signal in ["-KILL", "-TERM", "-INT"] {
        let _ = fs::remove_dir_all(&out);
        let mut command = Command::new(program());
        command.args(line.split(' ')).env_clear().env("HOME", sandbox.path("home")).env("TMPDIR", &temporary);
        command.current_dir(sandbox.path(".")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = Guard(command.spawn()?);
        let deadline = Instant::now() + Duration::from_secs(60);
        while child.0.try_wait()?.is_none() && under_way(&out).is_empty() {
            assert_eq!(fs::read_dir(&temporary)?.count(), 0, "a copy of the report is in the temporary folder");
            assert!(Instant::now() < deadline, "it never wrote");
        }
        assert!(Command::new("kill").args([signal, &child.0.id().to_string()]).status()?.success());
        let status = child.0.wait()?;
        if signal == "-KILL" {
            for left in under_way(&out) {
                everything_is_private(&out.join(left))?;
            }
            let again = sandbox.run(&line)?;
            assert_eq!(again.code, 0, "{again:?}");
        } else {
            // It may have been done at that very moment.
            assert!(status.code() == Some(4) && !out.join("a.zip").exists() || status.success(), "{status:?}");
        }
        assert_eq!(under_way(&out), Vec::<String>::new(), "{signal}");
        assert_eq!(fs::read_dir(&temporary)?.count(), 0, "{signal}");
    }
    Ok(())
}
