//! What holds a store that its operator can rewrite: checkpoint lines, a witness, signatures, and a second append.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use ssh_key::{LineEnding, PrivateKey, private::Ed25519Keypair};

use crate::{
    common::{Run, Sandbox, files},
    scripted::{ORG, Scripted, of_org, quiet_org},
};

/// Ids of the two snapshots of a test.
const IDS: [&str; 2] = ["20260801T060000Z", "20261001T060000Z"];

/// Where the organization's folder lies.
const HOME: &str = "rollcall-store/acme-robotics";

/// Collects once, at a time by the Hub's clock; its log holds one event.
fn collect(sandbox: &Sandbox, at: &str, event: (&str, &str), flags: &str) -> io::Result<Run> {
    let mut answers = quiet_org();
    let (id, when) = event;
    let export = json!([{"_id": id, "createdAt": when, "type": "org.update_settings"}]);
    answers.insert(of_org("audit-log/export"), (200, export.to_string().into_bytes()));
    let hub = Scripted::start(answers, at)?;
    hub.run(sandbox, &format!("collect {ORG} --as-of {at} {flags}"))
}

/// Collects twice, with exports that share no event; gives the checkpoint lines.
fn twice(sandbox: &Sandbox, flags: &str) -> io::Result<Vec<String>> {
    let mut lines = Vec::new();
    for (at, event) in [
        ("2026-08-01T06:00:00Z", ("66a000000000000000000001", "2026-07-01T06:00:00Z")),
        ("2026-10-01T06:00:00Z", ("66a000000000000000000002", "2026-09-01T06:00:00Z")),
    ] {
        let run = collect(sandbox, at, event, flags)?;
        assert_eq!(run.code, 0, "{run:?}");
        let mut told = run.stderr.lines().filter(|line| line.starts_with("checkpoint "));
        lines.extend(told.next().map(str::to_owned));
        assert_eq!(told.next(), None, "one line, and no other");
    }
    Ok(lines)
}

/// The digest in a checkpoint line.
fn digest(line: &str) -> &str {
    line.rsplit(' ').next().unwrap_or_default()
}

/// A snapshot's folder.
fn snapshot(sandbox: &Sandbox, at: usize) -> PathBuf {
    sandbox.path(HOME).join("snapshots").join(IDS[at])
}

/// Writes the list of a snapshot anew, as somebody would who wants a change to pass.
fn list_anew(dir: &Path) -> io::Result<()> {
    let mut lines = Vec::new();
    for path in files(dir)?.into_iter().filter(|path| !path.starts_with("SHA256SUMS")) {
        lines.push((path.display().to_string(), rollcall::config::sha256(&fs::read(dir.join(&path))?)));
    }
    lines.sort();
    let text: Vec<_> = lines.iter().map(|(path, sha256)| format!("{sha256}  {path}\n")).collect();
    fs::write(dir.join("SHA256SUMS"), text.concat())
}

#[test]
fn forged_audit_facts_are_named_although_every_digest_is_new() {
    let sandbox = Sandbox::new().unwrap();
    twice(&sandbox, "").unwrap();
    assert_eq!(sandbox.run("verify rollcall-store").unwrap().code, 0);
    let dir = snapshot(&sandbox, 1);
    let path = dir.join("manifest.json");
    let sealed: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(sealed["audit"]["log_gaps"].as_array().unwrap().len(), 1);
    assert_eq!(sealed["sources"]["audit_log"]["coverage"], "partial");
    let forge = |change: &dyn Fn(&mut Value)| {
        let mut manifest = sealed.clone();
        change(&mut manifest);
        fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap())).unwrap();
        list_anew(&dir).unwrap();
        let [what, why, fix] = sandbox.run("verify rollcall-store").unwrap().three_lines(5);
        assert!(what.contains("manifest.json"), "{what}");
        assert!(fix.contains("no backup of one file mends this"), "{fix}");
        why
    };
    let whole = |m: &mut Value| {
        m["sources"]["audit_log"]["coverage"] = "collected".into();
        m["sources"]["audit_log"]["why"] = Value::Null;
    };
    let no_gap = |m: &mut Value| {
        m["audit"]["log_gaps"] = json!([]);
        m["audit"]["observed_since"] = m["audit"]["oldest"].clone();
    };
    assert!(forge(&whole).contains("the raw answers make it partial"));
    assert!(forge(&no_gap).contains("does not") || forge(&no_gap).contains("is not what follows"));
    let all = forge(&|m| {
        whole(m);
        no_gap(m);
    });
    assert!(all.contains("the raw answers make it partial"), "{all}");
    // A version that nobody has excuses nothing, and is named.
    let excused = forge(&|m| {
        whole(m);
        no_gap(m);
        m["tool"]["version"] = "0.0.9".into();
    });
    assert!(excused.contains("rollcall 0.0.9 collected this"), "{excused}");
    let version = |m: &mut Value| m["tool"]["version"] = "0.0.9".into();
    let mut manifest = sealed.clone();
    version(&mut manifest);
    fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap())).unwrap();
    list_anew(&dir).unwrap();
    let told = sandbox.run("verify rollcall-store").unwrap();
    assert!(told.code == 0 && !told.stdout.contains("0.0.9"), "what follows needs no word: {told:?}");
}

#[test]
fn the_noted_checkpoint_shows_what_was_removed_or_made_anew() {
    let sandbox = Sandbox::new().unwrap();
    let lines = twice(&sandbox, "").unwrap();
    for (line, id) in lines.iter().zip(IDS) {
        assert!(line.starts_with(&format!("checkpoint {ORG} {id} ")) && digest(line).len() == 64, "{line}");
    }
    let sealed = rollcall::config::sha256(&fs::read(snapshot(&sandbox, 1).join("manifest.json")).unwrap());
    assert_eq!(digest(&lines[1]), sealed);
    let verify = |path: &str, flags: &str| sandbox.run(&format!("verify {path} {flags}")).unwrap();
    let expect = |at: usize| format!("--expect-manifest {}", digest(&lines[at]));

    let plain = verify("rollcall-store", "");
    let newest = "whether the newest snapshot is the newest that was sealed, or a newer one was removed";
    assert!(plain.code == 0 && plain.stdout.contains(newest), "{plain:?}");
    assert!(plain.stdout.contains("checkpoint line") && plain.stdout.contains("--expect-manifest"), "{plain:?}");
    let strict = verify("rollcall-store", "--strict");
    let [what, why, fix] = strict.three_lines(5);
    assert!(what.contains("essential") && why.contains("newest") && fix.contains("--expect-manifest"), "{strict:?}");
    assert!(strict.stdout.contains(newest), "what was found is told all the same");
    for path in ["rollcall-store", HOME, &format!("{HOME}/snapshots/{}", IDS[1])] {
        let held = verify(path, &format!("{} --strict", expect(1)));
        assert!(held.code == 0 && held.stdout.contains("has the manifest that was expected"), "{held:?}");
        let [what, why, _] = verify(path, &expect(0)).three_lines(5);
        assert!(what.contains("manifest.json") && why.contains("was expected"), "{what} {why}");
    }
    let [_, why, _] = verify(HOME, &expect(0)).three_lines(5);
    assert!(why.contains("a newer snapshot was sealed after that was noted"), "{why}");
    assert_eq!(verify(&format!("{HOME}/snapshots/{}", IDS[0]), &expect(0)).code, 0);
    let bundle = sandbox.run(&format!("bundle {ORG} --out one.zip --format json")).unwrap();
    assert_eq!(bundle.code, 0, "{bundle:?}");
    assert_eq!(verify("one.zip", &format!("{} --strict", expect(1))).code, 0);
    verify("one.zip", &expect(0)).three_lines(5);

    // The newest snapshot goes, and the part of the archive that it brought: only the checkpoint knows.
    fs::remove_dir_all(snapshot(&sandbox, 1)).unwrap();
    fs::remove_dir_all(sandbox.path(HOME).join("audit_events/month=2026-09")).unwrap();
    assert_eq!(verify("rollcall-store", "").code, 0);
    let [_, why, _] = verify("rollcall-store", &expect(1)).three_lines(5);
    assert!(why.contains("which no snapshot here has"), "{why}");
}

#[test]
fn the_object_of_a_verification_counts_what_was_checked_and_what_not() {
    let sandbox = Sandbox::new().unwrap();
    let lines = twice(&sandbox, "").unwrap();
    let object = |line: &str, code: i32| {
        let run = sandbox.run(line).unwrap();
        assert_eq!((run.code, run.stdout.lines().count()), (code, 1), "{run:?}");
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    let plain = object("verify rollcall-store --json", 0);
    let not: Vec<_> = plain["not_checked"].as_array().unwrap().iter().map(|not| not["essential"].as_bool()).collect();
    assert_eq!(plain["checks_not_made"], not.len());
    assert!(not.contains(&Some(true)) && plain["checks_made"].as_u64().unwrap() > 20, "{plain}");
    assert_eq!((&plain["kind"], &plain["result"]), (&json!("store"), &json!("verified")));
    assert_eq!(
        (&plain["path"], &plain["snapshots"][1]),
        (&json!("rollcall-store"), &json!(format!("{ORG}/{}", IDS[1])))
    );
    assert!(plain["files"].as_u64().unwrap() > 10 && plain["not_checked"][0]["by"].is_string());
    let strict = object("verify rollcall-store --json --strict", 5);
    assert_eq!(strict["result"], "not-checked");
    let held = object(&format!("verify {HOME} --json --strict --expect-manifest {}", digest(&lines[1])), 0);
    assert_eq!((&held["kind"], &held["result"]), (&json!("organization"), &json!("verified")));
    let made = |object: &Value| object["checks_made"].as_u64().unwrap();
    assert_eq!(made(&held), made(&plain), "the folder of the store less, the expected manifest more");
    fs::write(sandbox.path(HOME).join("note"), "").unwrap();
    let differs = object("verify rollcall-store --json", 5);
    assert_eq!((&differs["result"], &differs["kind"]), (&json!("differs"), &Value::Null));
    assert!(differs["difference"]["what"].as_str().unwrap().ends_with("note"), "{differs}");
}

/// A key, its file's text and its line in a file of allowed signers.
fn key(seed: u8) -> (String, String) {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
    let public = key.public_key().to_openssh().unwrap_or_default();
    (key.to_openssh(LineEnding::LF).unwrap_or_default().to_string(), format!("audit@example.com {public}\n"))
}

#[test]
fn snapshots_are_signed_before_they_are_sealed_and_their_signatures_are_checked() {
    let sandbox = Sandbox::new().unwrap();
    let ((own, allowed), (_, other)) = (key(7), key(8));
    for (name, text) in [("key", own), ("allowed", allowed), ("others", other)] {
        sandbox.write(name, &text).unwrap();
    }
    twice(&sandbox, "--sign key").unwrap();
    let signature = |at: usize| snapshot(&sandbox, at).join("SHA256SUMS.sig");
    assert!(fs::read_to_string(signature(1)).unwrap().starts_with("-----BEGIN SSH SIGNATURE-----"));
    let mut sums = Command::new("sha256sum");
    assert!(sums.args(["-c", "--quiet", "SHA256SUMS"]).current_dir(snapshot(&sandbox, 1)).status().unwrap().success());
    let verify = |signers: &str| sandbox.run(&format!("verify rollcall-store --allowed-signers {signers}")).unwrap();
    let signed = verify("allowed");
    assert!(
        signed.code == 0
            && signed.stdout.contains("listed as audit@example.com")
            && signed.stdout.matches(" signed with SHA256:").count() == 2,
        "{signed:?}"
    );
    let [what, why, fix] = verify("others").three_lines(5);
    assert!(what.contains("SHA256SUMS.sig") && why.contains("no line allows the key"), "{what} {why}");
    assert!(fix.contains("--allowed-signers"), "{fix}");
    let bundle = sandbox.run(&format!("bundle {ORG} --sign key --out one.zip --format json")).unwrap();
    assert_eq!(bundle.code, 0, "{bundle:?}");
    assert_eq!(sandbox.run("verify one.zip --allowed-signers allowed --strict").unwrap().code, 0);
    let unread = sandbox.run("verify rollcall-store").unwrap();
    assert!(unread.stdout.contains("2 signatures of snapshots"), "{unread:?}");

    // An older snapshot without a signature is counted, the newest one is a difference.
    fs::remove_file(signature(0)).unwrap();
    let older = verify("allowed");
    assert!(
        older.code == 0 && older.stdout.contains("1 older snapshot,") && older.stdout.contains(IDS[0]),
        "{older:?}"
    );
    let kept = fs::read(signature(1)).unwrap();
    fs::remove_file(signature(1)).unwrap();
    let [_, why, _] = verify("allowed").three_lines(5);
    assert!(why.contains("nobody signed"), "{why}");
    fs::write(signature(1), kept).unwrap();

    // Made anew with lists that fit, it is no longer what was signed.
    let path = snapshot(&sandbox, 1).join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"config_sha256\": \"", "\"config_sha256\": \"0")).unwrap();
    list_anew(&snapshot(&sandbox, 1)).unwrap();
    assert_eq!(sandbox.run("verify rollcall-store").unwrap().code, 0, "nothing inside contradicts it");
    let [_, why, _] = verify("allowed").three_lines(5);
    assert!(why.contains("does not fit SHA256SUMS"), "{why}");
}

#[test]
fn the_witness_is_told_without_the_token_and_its_answer_lies_beside() {
    let sandbox = Sandbox::new().unwrap();
    let script = "cat; echo \"token: ${HF_TOKEN:-none}${HF_TOKEN_PATH:-}${ROLLCALL_SCIM_TOKEN:-}\"";
    sandbox.write("witness.sh", script).unwrap();
    sandbox.write("rollcall.toml", "[witness]\ncommand = [\"sh\", \"witness.sh\"]\n").unwrap();
    let lines = twice(&sandbox, "").unwrap();
    let answer = sandbox.path(HOME).join("witness").join(IDS[1]);
    assert_eq!(fs::read_to_string(&answer).unwrap(), format!("{}\ntoken: none\n", lines[1]));
    assert_eq!(sandbox.run("verify rollcall-store").unwrap().code, 0);

    // A witness that is not there loses no snapshot; that it is missing is told, then and later.
    sandbox.write("rollcall.toml", "[witness]\ncommand = [\"./no-such-program\"]\n").unwrap();
    let event = ("66a000000000000000000002", "2026-09-01T06:00:00Z");
    let third = collect(&sandbox, "2026-11-01T06:00:00Z", event, "").unwrap();
    assert!(third.code == 0 && third.stderr.contains("warning: the witness was not told of 20261101"), "{third:?}");
    let verified = sandbox.run("verify rollcall-store").unwrap();
    assert!(verified.stdout.contains("1 of 3 snapshots, the first of them 20261101T060000Z"), "{verified:?}");

    let never = Sandbox::new().unwrap();
    never.write("rollcall.toml", "[witness]\ncommand = [\"sh\", \"-c\", \"exit 7\"]\n").unwrap();
    let first = collect(&never, "2026-11-01T06:00:00Z", event, "").unwrap();
    assert!(first.code == 0 && first.stderr.contains("it failed (exit status: 7)"), "{first:?}");
    let verified = never.run("verify rollcall-store").unwrap();
    assert!(verified.stdout.contains("1 of 1 snapshots, the first of them 20261101T060000Z"), "{verified:?}");

    fs::remove_dir_all(sandbox.path(HOME).join("snapshots/20261101T060000Z")).unwrap();
    assert_eq!(sandbox.run("verify rollcall-store").unwrap().code, 0, "nobody was told of that one");
    fs::remove_dir_all(snapshot(&sandbox, 1)).unwrap();
    fs::remove_dir_all(sandbox.path(HOME).join("audit_events/month=2026-09")).unwrap();
    let [what, why, _] = sandbox.run("verify rollcall-store").unwrap().three_lines(5);
    assert!(what.contains(IDS[1]) && why.contains("a snapshot was removed"), "{what} {why}");
}

#[test]
fn a_snapshot_that_a_wrong_clock_dated_ahead_is_set_aside_when_told_twice() {
    let sandbox = Sandbox::new().unwrap();
    let events =
        [("66a000000000000000000001", "2026-07-01T06:00:00Z"), ("66a000000000000000000002", "2026-07-02T06:00:00Z")];
    assert_eq!(collect(&sandbox, "2026-08-01T06:00:00Z", events[0], "").unwrap().code, 0);
    assert_eq!(collect(&sandbox, "2936-08-01T06:00:00Z", events[0], "").unwrap().code, 0);
    let refused = collect(&sandbox, "2026-09-01T06:00:00Z", events[0], "").unwrap();
    let [_, why, fix] = refused.three_lines(4);
    let prune = format!("prune {ORG} --set-aside 29360801T060000Z");
    assert!(why.contains("dated later than now") && fix.contains(&format!("`rollcall {prune}`")), "{why} {fix}");
    let asked = sandbox.run(&prune).unwrap();
    assert!(asked.code == 0 && asked.stdout.contains("add --yes"), "{asked:?}");
    assert!(sandbox.path(HOME).join("snapshots/29360801T060000Z").is_dir());
    let told = sandbox.run(&format!("{prune} --yes")).unwrap();
    assert!(told.code == 0 && told.stdout.contains("was set aside in"), "{told:?}");
    assert!(sandbox.path(HOME).join("set-aside/29360801T060000Z/snapshot/manifest.json").is_file());
    assert_eq!(collect(&sandbox, "2026-09-01T06:00:00Z", events[0], "").unwrap().code, 0);
    let verified = sandbox.run("verify rollcall-store").unwrap();
    assert!(verified.code == 0 && verified.stdout.contains("29360801T060000Z: it was dated ahead"), "{verified:?}");
    let listed = sandbox.run(&format!("snapshots {ORG}")).unwrap();
    assert!(listed.stdout.ends_with("29360801T060000Z is set aside: a wrong clock dated it ahead\n"), "{listed:?}");
    // One that is not dated ahead stays.
    sandbox.run(&format!("prune {ORG} --set-aside 20260901T060000Z --yes")).unwrap().three_lines(2);
    assert!(sandbox.path(HOME).join("snapshots/20260901T060000Z").is_dir());
}

#[test]
#[cfg(unix)]
fn a_lock_or_an_organization_that_is_a_link_is_refused_and_not_followed() {
    let sandbox = Sandbox::new().unwrap();
    let event = ("66a000000000000000000001", "2026-07-01T06:00:00Z");
    sandbox.write("thesis.txt", "mine").unwrap();
    fs::create_dir_all(sandbox.path(HOME)).unwrap();
    std::os::unix::fs::symlink(sandbox.path("thesis.txt"), sandbox.path(HOME).join(".lock")).unwrap();
    let [what, _, fix] = collect(&sandbox, "2026-08-01T06:00:00Z", event, "").unwrap().three_lines(4);
    assert!(what.ends_with(".lock is a link") && fix.contains("behind a link"), "{what} {fix}");
    assert_eq!(fs::read_to_string(sandbox.path("thesis.txt")).unwrap(), "mine");
    fs::remove_dir_all(sandbox.path(HOME)).unwrap();
    fs::create_dir(sandbox.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("elsewhere"), sandbox.path(HOME)).unwrap();
    collect(&sandbox, "2026-08-01T06:00:00Z", event, "").unwrap().three_lines(4);
    assert!(files(&sandbox.path("elsewhere")).unwrap().is_empty());
}
