//! `access` and `diff` from outside, on the sample organization.

use std::{collections::BTreeSet, io};

use serde_json::Value;

use crate::common::{Run, Sandbox};

/// Runs a command over the sample's store.
fn ask(sandbox: &Sandbox, line: &str) -> io::Result<Run> {
    sandbox.run(&format!("{line} --config rollcall-demo/rollcall.toml --store rollcall-demo/store"))
}

/// The values of a column of a CSV.
fn column(csv_text: &str, name: &str) -> io::Result<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv_text.as_bytes());
    let at = reader.headers()?.iter().position(|header| header == name).ok_or(io::ErrorKind::NotFound)?;
    reader.records().map(|record| Ok(record?.get(at).unwrap_or_default().to_owned())).collect()
}

#[test]
fn questions_about_the_sample_are_answered() {
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(sandbox.run("demo").unwrap().code, 0);
    changes_are_those_of_the_report(&sandbox).unwrap();
    what_cannot_be_compared_is_refused(&sandbox).unwrap();
    permissions_come_with_their_path(&sandbox).unwrap();
    unknown_names_are_met_with_the_nearest(&sandbox).unwrap();
    nothing_personal_is_shown(&sandbox).unwrap();
}

/// `diff`, in every form, against the report of the same two snapshots.
fn changes_are_those_of_the_report(sandbox: &Sandbox) -> io::Result<()> {
    let text = ask(sandbox, "diff tidewater-labs")?;
    assert_eq!((text.code, text.stderr.as_str()), (0, ""));
    assert!(text.stdout.contains("from 20260701T060000Z") && text.stdout.contains("to   20261001T060000Z"));
    assert!(text.stdout.contains("write → admin") && text.stdout.contains("tomas-okafor"), "{}", text.stdout);
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 100), "{}", text.stdout);
    let csv = ask(sandbox, "diff tidewater-labs 20260701T060000Z latest --format csv")?.stdout;
    let period = "report tidewater-labs --format csv --period 2026-Q3 --out alike";
    assert_eq!(ask(sandbox, period)?.code, 0);
    let report = sandbox.path("alike/tidewater-labs-20261001T060000Z/csv/changes.csv");
    assert_eq!(csv, std::fs::read_to_string(report)?);
    let json: Value = serde_json::from_str(&ask(sandbox, "diff tidewater-labs --format json")?.stdout)?;
    assert_eq!((&json["format"], &json["from"]["id"]), (&"rollcall.diff/1".into(), &"20260701T060000Z".into()));
    assert_eq!(json["rows"].as_array().map(Vec::len), Some(column(&csv, "subject")?.len()));
    let total = format!("{} changes: ", column(&csv, "subject")?.len());
    assert!(text.stdout.contains(&total), "{total}: {}", text.stdout);
    let older = ask(sandbox, "diff tidewater-labs 20260101T060000Z 20260401T060000Z")?;
    assert!(older.stdout.contains("to   20260401T060000Z") && older.stdout != text.stdout);
    assert_eq!(ask(sandbox, "diff tidewater-labs --fail-on low")?.code, 1);
    assert_eq!(ask(sandbox, "diff tidewater-labs --fail-on critical --require-complete")?.code, 0);
    Ok(())
}

/// Pairs that make no comparison.
fn what_cannot_be_compared_is_refused(sandbox: &Sandbox) -> io::Result<()> {
    let [what, _, _] = ask(sandbox, "diff tidewater-labs 20261001T060000Z 20260701T060000Z")?.three_lines(2);
    assert!(what.contains("is not older"), "{what}");
    ask(sandbox, "diff tidewater-labs latest")?.three_lines(2);
    ask(sandbox, "diff tidewater-labs yesterday")?.three_lines(2);
    let [_, _, fix] = ask(sandbox, "diff tidewater-labs 20250101T000000Z")?.three_lines(4);
    assert!(fix.contains("20261001T060000Z"), "{fix}");
    let [what, _, _] = ask(sandbox, "diff tidewater-labs --quiet 20260101T060000Z 20260101T060000Z")?.three_lines(2);
    assert!(what.contains("is not older"), "{what}");
    Ok(())
}

/// `access`, by repository and by person.
fn permissions_come_with_their_path(sandbox: &Sandbox) -> io::Result<()> {
    let repo = "access tidewater-labs --repo tidewater-labs/harbour-asr-large";
    let text = ask(sandbox, repo)?;
    assert_eq!((text.code, text.stderr.as_str()), (0, ""));
    assert!(text.stdout.contains("resource-group:speech") && text.stdout.contains("everybody"), "{}", text.stdout);
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 100), "{}", text.stdout);
    let json: Value = serde_json::from_str(&ask(sandbox, &format!("{repo} --format json"))?.stdout)?;
    assert_eq!((&json["format"], &json["repo"]["kind"]), (&"rollcall.access/1".into(), &"model".into()));
    let rows = json["rows"].as_array().cloned().unwrap_or_default();
    let of = |login: &str| rows.iter().find(|row| row["subject"] == login).cloned().unwrap_or_default();
    assert_eq!(of("dilnoza-karimova")["permission"], "write");
    assert_eq!(of("eleni-papadaki")["paths"], serde_json::json!(["org-role", "resource-group:speech"]));
    assert_eq!(of("mara-lindqvist")["permission"], "admin");
    let csv = ask(sandbox, &format!("{repo} --format csv"))?.stdout;
    assert_eq!(column(&csv, "permission")?.len(), rows.len());
    let user = ask(sandbox, "access tidewater-labs --user ELENI-papadaki --format csv")?.stdout;
    let reached: BTreeSet<_> = column(&user, "resource")?.into_iter().collect();
    assert!(reached.contains("tidewater-labs/harbour-asr-large") && reached.len() > 40, "{reached:?}");
    assert!(column(&user, "permission")?.iter().all(|permission| permission == "admin"));
    let before = "access tidewater-labs --user eleni-papadaki --snapshot 20260701T060000Z --format csv";
    let before = ask(sandbox, before)?.stdout;
    assert!(column(&before, "permission")?.contains(&"write".to_owned()), "{before}");
    let former = ask(sandbox, "access tidewater-labs --user yuto-nakagawa")?;
    assert!(former.stdout.contains("former-member") && former.stdout.contains("uncertain"), "{}", former.stdout);
    assert_eq!(ask(sandbox, &format!("{repo} --require-complete"))?.code, 0);
    Ok(())
}

/// Names that the snapshot does not hold.
fn unknown_names_are_met_with_the_nearest(sandbox: &Sandbox) -> io::Result<()> {
    let [_, _, fix] = ask(sandbox, "access tidewater-labs --user eleni-papadakis")?.three_lines(2);
    assert!(fix.contains("\"eleni-papadaki\""), "{fix}");
    let [what, _, fix] = ask(sandbox, "access tidewater-labs --repo harbor-asr-large")?.three_lines(2);
    assert!(what.contains("harbor-asr-large") && fix.contains("\"tidewater-labs/harbour-asr-large\""), "{fix}");
    ask(sandbox, "access tidewater-labs --user eleni-papadaki --snapshot 20250101T000000Z")?.three_lines(4);
    Ok(())
}

/// `--redact` keeps logins and shows no address or name.
fn nothing_personal_is_shown(sandbox: &Sandbox) -> io::Result<()> {
    for line in ["diff tidewater-labs --format json", "access tidewater-labs --repo tidal-vision-7b --format json"] {
        let run = ask(sandbox, &format!("{line} --redact"))?;
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains("\"redacted\": true") && !run.stdout.contains('@'), "{line}");
        assert!(run.stdout.contains("tidewater-labs/tidal-vision-7b"), "{line}");
    }
    Ok(())
}
