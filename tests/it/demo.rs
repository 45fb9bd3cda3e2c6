//! The whole job from outside, on the sample organization that the program brings along.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    common::{NO_CONFIG, Sandbox, files},
    evidence,
};

/// Folder of the newest quarter's report.
const REPORT: &str = "rollcall-demo/reports/tidewater-labs-20261001T060000Z";

/// Every file under a folder with its bytes.
fn contents(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let paths = files(folder)?;
    paths.into_iter().map(|path| Ok((path.clone(), fs::read(folder.join(path))?))).collect()
}

#[test]
fn the_demo_does_the_whole_job_and_what_it_leaves_can_be_checked() {
    let sandbox = Sandbox::new().unwrap();
    let demo = sandbox.run("demo").unwrap();
    assert_eq!(demo.code, 0, "{demo:?}");
    assert!(demo.stdout.contains("seat-spend") && demo.stdout.contains("no source is a gap"), "{}", demo.stdout);
    assert!(!sandbox.path("rollcall-store").exists());

    let report = sandbox.path(REPORT);
    for template in ["access-review", "soc2-evidence", "seat-spend"] {
        for ending in ["pdf", "html", "json", "xlsx"] {
            let name = format!("{template}.{ending}");
            assert!(fs::metadata(report.join(&name)).unwrap().len() > 10_000, "{name}");
        }
    }
    assert!(report.join("SHA256SUMS").is_file() && report.join("csv/seat-spend.csv").is_file());
    the_same_snapshot_gives_the_same_report(&sandbox).unwrap();
    what_belongs_to_no_analyzer_ties_out(&sandbox).unwrap();
    verdicts_and_periods_decide_the_exit_code(&sandbox).unwrap();
    evidence::a_bundle_is_checked_alone(&sandbox).unwrap();
    evidence::the_newest_snapshot_is_judged_from_itself(&sandbox).unwrap();
    evidence::old_snapshots_are_deleted_when_told_twice(&sandbox).unwrap();
    what_was_touched_is_named(&sandbox).unwrap();
    only_its_own_folder_is_replaced(&sandbox).unwrap();
}

/// Reports again, elsewhere, from the sealed snapshot.
fn the_same_snapshot_gives_the_same_report(sandbox: &Sandbox) -> io::Result<()> {
    let line = "report tidewater-labs --config rollcall-demo/rollcall.toml --store rollcall-demo/store \
                --template access-review --template soc2-evidence --template seat-spend \
                --format pdf,html,json,csv,xlsx --out again";
    let again = sandbox.run(line)?;
    assert_eq!(again.code, 0, "{again:?}");
    let first = contents(&sandbox.path(REPORT))?;
    assert!(first == contents(&sandbox.path("again/tidewater-labs-20261001T060000Z"))?, "the bytes differ");
    Ok(())
}

/// Records of a CSV file of the report by column.
fn records(sandbox: &Sandbox, name: &str) -> io::Result<Vec<BTreeMap<String, String>>> {
    let mut reader = csv::Reader::from_path(sandbox.path(REPORT).join("csv").join(name))?;
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

/// The files by person, of requests and of what became of the last findings agree with what they are made from.
fn what_belongs_to_no_analyzer_ties_out(sandbox: &Sandbox) -> io::Result<()> {
    let people = records(sandbox, "people.csv")?;
    let named: BTreeSet<_> = people.iter().map(|row| (&row["kind"], &row["person"])).collect();
    assert_eq!(named.len(), people.len(), "nobody twice");
    assert!(people.iter().all(|row| !row["actions"].is_empty()), "everybody has something to do");
    let shown: BTreeSet<String> =
        people.iter().flat_map(|row| row["findings"].split(r"\;").map(str::to_owned)).collect();
    let followed = records(sandbox, "follow-up.csv")?;
    let mut open = 0;
    for analyzer in ["inactive-seats", "orphaned-access", "owner-coverage", "seat-spend", "offboarding"] {
        let rows = records(sandbox, &format!("{analyzer}.csv"))?;
        for row in rows.iter().filter(|row| ["fail", "review", "unknown"].contains(&row["verdict"].as_str())) {
            assert!(shown.contains(&format!("{analyzer}/{}", row["rule"])), "{analyzer} {row:?}");
            let is_it = |other: &&BTreeMap<String, String>| {
                other["analyzer"] == analyzer
                    && ["subject_kind", "subject", "rule"].iter().all(|column| other[*column] == row[*column])
                    && row.get("resource").is_none_or(|resource| other["resource"] == *resource)
            };
            let found: Vec<_> = followed.iter().filter(is_it).map(|other| other["status"].as_str()).collect();
            assert!(found == ["still-open"] || found == ["new"], "{analyzer} {row:?}: {found:?}");
            open += 1;
        }
    }
    assert!(open > 50, "{open}");
    assert!(followed.iter().any(|row| row["status"] == "closed"));
    let manifest = "rollcall-demo/store/tidewater-labs/snapshots/20261001T060000Z/manifest.json";
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(sandbox.path(manifest))?)?;
    let sources = manifest["sources"].as_object().cloned().unwrap_or_default();
    let kept: Vec<_> =
        sources.values().flat_map(|source| source["requests"].as_array().cloned().unwrap_or_default()).collect();
    let requests = records(sandbox, "requests.csv")?;
    assert_eq!(requests.len(), kept.len());
    for column in ["url", "sha256", "raw"] {
        let listed: BTreeSet<&str> =
            requests.iter().map(|row| row[column].as_str()).filter(|s| !s.is_empty()).collect();
        assert_eq!(listed, kept.iter().filter_map(|request| request[column].as_str()).collect(), "{column}");
    }
    let explained = sandbox.run("explain people")?;
    assert!(explained.stdout.contains("csv/people.csv, and people[] in JSON"), "{}", explained.stdout);
    Ok(())
}

/// `--fail-on`, `--period` and `--snapshot` against the sample.
fn verdicts_and_periods_decide_the_exit_code(sandbox: &Sandbox) -> io::Result<()> {
    let report = "report tidewater-labs --config rollcall-demo/rollcall.toml --store rollcall-demo/store --format csv";
    assert_eq!(sandbox.run(&format!("{report} --fail-on critical"))?.code, 1);
    assert_eq!(sandbox.run(&format!("{report} --require-complete"))?.code, 0);
    let third = sandbox.run(&format!("{report},json,md --period 2026-Q3 --out q3 --require-complete"))?;
    let told = "snapshot 20261001T060000Z  baseline 20260701T060000Z\n\
                period 2026-07-01T00:00:00Z to 2026-09-30T23:59:59Z  (2026-Q3)\n\
                snapshot 6 h after the end of the period\nbaseline 6 h after the start of the period\n";
    assert!(third.code == 0 && third.stdout.contains(told), "{third:?}");
    let written = |quarter: &str, file: &str| {
        fs::read_to_string(sandbox.path(&format!("{quarter}/tidewater-labs-20261001T060000Z/{file}")))
    };
    assert!(
        written("q3", "access-review.md")?.contains("snapshot 6 h after the end of the period; baseline 6 h after")
    );
    let fourth = sandbox.run(&format!("{report},json,md --period 2026-Q4 --out q4 --require-complete"))?;
    assert_eq!(fourth.code, 3, "{fourth:?}");
    let unseen = "no evidence covers the days of the period from 2026-10-01T06:00:00Z to 2026-12-31T23:59:59Z";
    assert!(fourth.stdout.matches(unseen).count() >= 2, "{}", fourth.stdout);
    assert!(fourth.stdout.contains("baseline 20260701T060000Z") && !fourth.stdout.contains("no source is a gap"));
    for analyzer in ["privileged-activity", "changes", "offboarding"] {
        let rows = |quarter| Ok::<_, io::Error>(written(quarter, &format!("csv/{analyzer}.csv"))?.replace('"', ""));
        let row = "\nsource,period,unknown,high,source-missing,";
        assert!(rows("q4")?.contains(row) && rows("q4")?.contains(unseen), "{}", rows("q4")?);
        assert!(!rows("q3")?.contains(row), "{analyzer}");
    }
    assert!(written("q4", "access-review.json")?.contains("\"covered_until\": \"2026-10-01T06:00:00Z\""));
    assert!(written("q4", "access-review.md")?.contains("no evidence covers the days from 2026-10-01T06:00:00Z to"));
    let none = sandbox.run(&format!("{report} --period 2024-Q2"))?.three_lines(4);
    assert!(none[2].contains("20261001T060000Z"), "{none:?}");
    sandbox.run(&format!("{report} --snapshot 20250101T000000Z"))?.three_lines(4);
    let listed = sandbox.run("snapshots tidewater-labs --store rollcall-demo/store")?;
    assert_eq!(listed.stdout.matches("follows").count(), 3, "{}", listed.stdout);
    assert_eq!(listed.stdout.matches("complete").count(), 4, "{}", listed.stdout);
    Ok(())
}

/// Verification before and after one byte is changed.
fn what_was_touched_is_named(sandbox: &Sandbox) -> io::Result<()> {
    for path in ["rollcall-demo/store", "rollcall-demo/store/tidewater-labs", REPORT] {
        let run = sandbox.run(&format!("verify {path}"))?;
        assert_eq!((run.code, run.stderr.as_str()), (0, NO_CONFIG), "{path}");
        assert!(run.stdout.lines().last().is_some_and(|line| line.contains(" not made")), "{}", run.stdout);
    }
    let reports = sandbox.run("verify rollcall-demo/reports")?;
    let told = [
        "folder of reports",
        "\n  tidewater-labs-20261001T060000Z\n",
        "give the one that it was made with to --config",
        "2 checks were not made",
    ];
    assert!(reports.code == 0 && told.iter().all(|text| reports.stdout.contains(text)), "{reports:?}");
    let table = sandbox.path("rollcall-demo/store/tidewater-labs/snapshots/20260701T060000Z/tables/members.parquet");
    let cell = |name: &str| sandbox.path(REPORT).join(name);
    for (file, path) in [
        (table, "rollcall-demo/store"),
        (cell("csv/access.csv"), REPORT),
        (cell("csv/changes.csv"), "rollcall-demo/reports"),
    ] {
        let mut bytes = fs::read(&file)?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, &bytes)?;
        let [what, _, _] = sandbox.run(&format!("verify {path}"))?.three_lines(5);
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(what.contains(&name), "{what}");
        bytes[middle] ^= 1;
        fs::write(&file, bytes)?;
    }
    Ok(())
}

/// A folder that an earlier demo did not write is left alone.
fn only_its_own_folder_is_replaced(sandbox: &Sandbox) -> io::Result<()> {
    fs::create_dir(sandbox.path("other"))?;
    sandbox.write("other/thesis.txt", "mine")?;
    sandbox.run("demo --out other")?.three_lines(2);
    assert_eq!(files(&sandbox.path("other"))?, [PathBuf::from("thesis.txt")]);
    sandbox.run("demo --store elsewhere")?.three_lines(2);
    Ok(())
}
