//! Imported files from the command line to the report, and what happens to those who change them.

use std::{fs, io, process::Command};

use serde_json::json;

use crate::{
    common::{Run, Sandbox, files, root},
    scripted::{ORG, Scripted, of_org, quiet_org},
};

/// Instant of the collections.
const AS_OF: &str = "2024-10-01T06:00:00Z";

/// The folder of the snapshot.
const SNAPSHOT: &str = "rollcall-store/acme-robotics/snapshots/20241001T060000Z";

/// Two members, of whom the second left the company; the audit log is refused.
fn hub() -> io::Result<Scripted> {
    let mut answers = quiet_org();
    let member = |id: u32, user: &str, role: &str, email: &str| {
        json!({"_id": format!("64000000000000000000000{id}"), "user": user, "fullname": user, "type": "user",
            "role": role, "twoFaEnabled": true, "verifiedEmail": email, "isExternalCollaborator": false})
    };
    let members =
        json!([member(1, "alice", "admin", "ada@acme.example"), member(2, "celan", "write", "cy@acme.example"),]);
    answers.insert(of_org("members"), (200, members.to_string().into_bytes()));
    answers.insert(of_org("audit-log/export"), (403, b"{}".to_vec()));
    Scripted::start(answers, AS_OF)
}

/// Puts a fixture into the sandbox and imports it.
fn import(sandbox: &Sandbox, fixture: &str, rest: &str) -> io::Result<Run> {
    let bytes = fs::read(root().join("fixtures/imports").join(fixture))?;
    fs::write(sandbox.path(fixture), bytes)?;
    sandbox.run(&format!("import {ORG} roster {fixture} {rest}"))
}

/// The one report file of this name.
fn report(sandbox: &Sandbox, end: &str) -> io::Result<String> {
    let folder = sandbox.path("rollcall-reports");
    let path = files(&folder)?.into_iter().find(|path| path.ends_with(end)).ok_or(io::ErrorKind::NotFound)?;
    fs::read_to_string(folder.join(path))
}

/// A log of one event a month, the newest on this day.
fn log(newest: &str) -> String {
    let event = |id: u32, at: &str| {
        json!({"_id": format!("e{id}"), "createdAt": format!("{at}T08:00:00Z"), "type": "repo.update_settings",
            "author": {"_id": "640000000000000000000001", "user": "alice", "type": "user"}, "data": {}})
    };
    let days = ["2024-01-01", "2024-03-01", "2024-06-01", newest];
    json!((1..).zip(days).map(|(i, day)| event(i, day)).collect::<Vec<_>>()).to_string()
}

#[test]
fn an_imported_roster_is_evidence_from_the_file_to_the_report() {
    let (hub, sandbox) = (hub().unwrap(), Sandbox::new().unwrap());
    let run = import(&sandbox, "okta.csv", "--extracted-on 2024-09-30").unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("layout of Okta") && run.stderr.contains("3 people"), "{run:?}");
    let run = hub.run(&sandbox, &format!("run {ORG} --as-of {AS_OF} --format csv,json,pdf")).unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    let access = report(&sandbox, "csv/orphaned-access.csv").unwrap();
    assert!(
        access.lines().any(|l| l.replace('"', "").starts_with("member,celan,fail,critical,terminated-with-access")),
        "{access}"
    );
    let manifest = fs::read_to_string(sandbox.path(SNAPSHOT).join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let import = &manifest["imports"][0];
    assert_eq!((&import["file"], &import["recognized_as"]), (&json!("okta.csv"), &json!("Okta")));
    assert_eq!((&import["extracted_on"], &import["extracted_from"]), (&json!("2024-09-30T00:00:00Z"), &json!("asked")));
    assert!(manifest["sources"]["roster"]["why"].as_str().unwrap().contains(import["sha256"].as_str().unwrap()));

    let original = fs::read(sandbox.path("okta.csv")).unwrap();
    let raw = fs::File::open(sandbox.path(SNAPSHOT).join("raw/roster/0001.csv.zst")).unwrap();
    assert_eq!(zstd::decode_all(raw).unwrap(), original);
    let mut sums = Command::new("sha256sum");
    sums.args(["-c", "--quiet", "SHA256SUMS"]).current_dir(sandbox.path(SNAPSHOT));
    assert!(sums.status().unwrap().success());
    let verified = sandbox.run("verify rollcall-store").unwrap();
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(!verified.stdout.contains("the people of"), "a recognized layout is read again: {verified:?}");
}

#[test]
fn a_kept_original_cannot_be_changed_unnoticed() {
    let (hub, sandbox) = (hub().unwrap(), Sandbox::new().unwrap());
    let kept = import(&sandbox, "rippling.csv", "--extracted-on 2024-09-30").unwrap();
    let original = sandbox.path(kept.stdout.trim()).join("original");
    fs::write(&original, fs::read_to_string(&original).unwrap().replace("Terminated", "Active")).unwrap();
    let [what, ..] = sandbox.run("verify rollcall-store").unwrap().three_lines(5);
    assert!(what.contains("original"), "{what}");
    hub.run(&sandbox, &format!("collect {ORG} --as-of {AS_OF}")).unwrap().three_lines(4);
    assert!(!sandbox.path(SNAPSHOT).exists());
}

#[test]
fn an_old_roster_does_not_settle_anything() {
    let (hub, sandbox) = (hub().unwrap(), Sandbox::new().unwrap());
    assert_eq!(import(&sandbox, "okta.csv", "--extracted-on 2024-08-01").unwrap().code, 0);
    hub.run(&sandbox, &format!("run {ORG} --as-of {AS_OF} --format json")).unwrap();
    let text = report(&sandbox, "access-review.json").unwrap();
    assert!(text.contains("it was 61 days old, more than 30"), "{text}");
    assert_eq!(sandbox.run("verify rollcall-store").unwrap().code, 0);
}

#[test]
fn a_configured_roster_counts_when_it_is_dated_and_of_these_people() {
    let hub = hub().unwrap();
    let people = "email,status\nada@acme.example,active\nCY@acme.example,terminated\n";
    let strangers = "email,status\nzoe@acme.example,active\n";
    let dated = |day: &str| format!("extracted_on = \"{day}\"\n");
    for (name, text, config, coverage, why) in [
        ("people.csv", people, dated("2024-09-30"), "imported", ""),
        ("people-2024-09-30.csv", people, String::new(), "imported", ""),
        ("people-2024-09-30.csv", people, dated("2024-08-01"), "partial", "it was 61 days old, more than 30"),
        ("people.csv", people, format!("{}max_age_days = 61\n", dated("2024-08-01")), "imported", ""),
        ("people.csv", people, String::new(), "partial", "nothing tells when it was made"),
        ("people.csv", people, dated("2999-01-01"), "partial", "dated after the snapshot"),
        ("people.csv", strangers, dated("2024-09-30"), "partial", "knows 0 of 2 members"),
    ] {
        let sandbox = Sandbox::new().unwrap();
        sandbox.write(name, text).unwrap();
        sandbox.write("rollcall.toml", &format!("[roster]\nfile = \"{name}\"\n{config}")).unwrap();
        let line = format!("run {ORG} --as-of {AS_OF} --require-complete --skip audit_log --format csv");
        assert_eq!(hub.run(&sandbox, &line).unwrap().code, 3);
        let manifest = fs::read_to_string(sandbox.path(SNAPSHOT).join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        let roster = &manifest["sources"]["roster"];
        assert_eq!(roster["coverage"], coverage, "{config}: {roster}");
        assert!(roster["why"].as_str().unwrap().contains(why), "{config}: {roster}");
        let access = report(&sandbox, "csv/orphaned-access.csv").unwrap().replace('"', "");
        assert_eq!(access.contains("source,roster,unknown,high"), coverage == "partial", "{access}");
        assert_eq!(access.contains("member,celan,fail,critical,terminated-with-access"), text == people, "{access}");
        assert!(!access.contains("not-in-roster"), "{access}");
        let verified = sandbox.run("verify rollcall-store").unwrap();
        assert_eq!(verified.code, 0, "{verified:?}");
    }
}

#[test]
fn an_imported_log_counts_up_to_its_end_only() {
    let sandbox = Sandbox::new().unwrap();
    let hub = hub().unwrap();
    for (newest, store, partial) in [("2024-09-30", "fresh", false), ("2024-09-28", "stale", true)] {
        sandbox.write("log.json", &log(newest)).unwrap();
        let run = sandbox.run(&format!("import {ORG} audit-log log.json --store {store}")).unwrap();
        assert_eq!(run.code, 0, "{run:?}");
        let run =
            hub.run(&sandbox, &format!("run {ORG} --as-of {AS_OF} --format csv --store {store} --out {store}-out"));
        assert_eq!(run.as_ref().unwrap().code, 0, "{run:?}");
        let folder = sandbox.path(&format!("{store}-out"));
        let seats = files(&folder).unwrap().into_iter().find(|path| path.ends_with("csv/inactive-seats.csv")).unwrap();
        let seats = fs::read_to_string(folder.join(seats)).unwrap().replace('"', "");
        let celan = seats.lines().find(|line| line.starts_with("member,celan,")).unwrap();
        assert_eq!(celan.contains(",unknown,"), partial, "{celan}");
        assert_eq!(celan.contains(",never-active,"), !partial, "{celan}");
        let gap = seats.lines().any(|line| line.starts_with("source,audit_log,unknown,high,source-missing"));
        assert_eq!(gap, partial, "{seats}");
        let verified = sandbox.run(&format!("verify {store}")).unwrap();
        assert_eq!(verified.code, 0, "{verified:?}");
    }
}

#[test]
fn invites_of_the_members_page_are_pending() {
    let (hub, sandbox) = (hub().unwrap(), Sandbox::new().unwrap());
    let text = "User,Email,Role,Status,Invited at\nalice,,admin,Member,\n,dee@acme.example,read,Pending,2024-09-01\n";
    sandbox.write("members-2024-09-30.csv", text).unwrap();
    let run = sandbox.run(&format!("import {ORG} invites members-2024-09-30.csv")).unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    hub.run(&sandbox, &format!("run {ORG} --as-of {AS_OF} --format csv")).unwrap();
    assert!(report(&sandbox, "csv/seat-spend.csv").unwrap().contains("\"invite\",\"dee@acme.example\""));
    assert_eq!(sandbox.run("verify rollcall-store").unwrap().code, 0);
}

#[test]
fn what_cannot_be_imported_says_why() {
    let sandbox = Sandbox::new().unwrap();
    for (what, file, text, flag, reason) in [
        ("roster", "p.csv", "email,status\na@acme.example,active\n", "", "tells when it was extracted"),
        ("roster", "p.csv", "email,status\na@acme.example,active\n", "--extracted-on 2999-01-01", "lies ahead"),
        ("roster", "p-2024-09-30.csv", "email,status\na@acme.example,gone\n", "", "line 2, column \"status\""),
        ("roster", "p-2024-09-30.csv", "Mail,State\na@acme.example,on\n", "", "there are: Mail, State"),
        ("audit-log", "l-2024-09-30.json", "{}", "", "not the JSON array"),
        ("invites", "m-2024-09-30.csv", "login,status,role\nada,odd,read\n", "", "is not a known status"),
    ] {
        sandbox.write(file, text).unwrap();
        let run = sandbox.run(&format!("import {ORG} {what} {file} {flag}")).unwrap();
        let lines = run.three_lines(2).join("\n");
        assert!(lines.contains(reason), "{lines}");
    }
    assert!(!sandbox.path("rollcall-store").exists());
}
