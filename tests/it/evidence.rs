//! Evidence that leaves the house or is deleted, from outside; parts of the test of the sample organization.

use std::{fs, io, process::Command};

use ssh_key::{LineEnding, PrivateKey, private::Ed25519Keypair};

use crate::common::{Sandbox, files};

/// The store of the sample.
const STORE: &str = "rollcall-demo/store";

/// A key that signs nothing but this test: its file, and its public half.
fn key() -> (String, String) {
    let key = PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
    let (private, public) = (key.to_openssh(LineEnding::LF), key.public_key().to_openssh());
    (private.unwrap_or_default().to_string(), public.unwrap_or_default())
}

/// Bundles, verifies, and changes a byte.
pub(crate) fn a_bundle_is_checked_alone(sandbox: &Sandbox) -> io::Result<()> {
    let bundle = format!("bundle tidewater-labs --config rollcall-demo/rollcall.toml --store {STORE}");
    let (private, public) = key();
    sandbox.write("key", &private)?;
    sandbox.write("allowed", &format!("audit@example.com namespaces=\"rollcall\" {public}\n"))?;
    let signed = sandbox.run(&format!("{bundle} --sign key --out out/signed.zip"))?;
    assert_eq!((signed.code, signed.stdout.as_str()), (0, "out/signed.zip\n"), "{signed:?}");
    let again = sandbox.run(&format!("{bundle} --sign key --out again.zip --quiet"))?;
    assert_eq!((again.code, again.stderr.as_str()), (0, ""));
    let bytes = fs::read(sandbox.path("out/signed.zip"))?;
    assert!(bytes == fs::read(sandbox.path("again.zip"))?, "the same evidence and key give other bytes");

    let verified = sandbox.run("verify out/signed.zip --allowed-signers allowed")?;
    assert_eq!(verified.code, 0, "{verified:?}");
    // The mapping of the roster's columns is in the bundle, and no configuration lies here.
    assert!(!verified.stdout.contains("whether the people of"), "{}", verified.stdout);
    let told = "to check it, verify the store that holds both\n";
    assert!(
        verified.stdout.contains(told) && verified.stdout.ends_with("checks were not made\n"),
        "{}",
        verified.stdout
    );
    assert!(verified.stdout.contains(", listed as audit@example.com"), "{}", verified.stdout);
    assert!(
        verified.stdout.contains("not checked: whether the key is that of a certain signer"),
        "{}",
        verified.stdout
    );
    whose_signature_counts(sandbox)?;

    let plain = sandbox.run(&bundle)?;
    assert_eq!(plain.stdout, "./rollcall-tidewater-labs-20261001T060000Z.zip\n");
    let plain = plain.stdout.trim();
    assert_eq!(sandbox.run(&format!("verify {plain}"))?.code, 0);
    let [what, why, _] = sandbox.run(&format!("verify {plain} --allowed-signers allowed"))?.three_lines(5);
    assert!(what.contains("SHA256SUMS.sig") && why.contains("nobody signed"), "{what} {why}");

    let mark = b"\"subject_kind\",\"subject\"";
    let at = bytes.windows(mark.len()).position(|window| window == mark).unwrap_or_default();
    let mut changed = bytes;
    changed[at] ^= 1;
    fs::write(sandbox.path("changed.zip"), changed)?;
    let [what, _, _] = sandbox.run("verify changed.zip")?.three_lines(5);
    assert!(what.contains("changed.zip/report/csv/access.csv"), "{what}");
    sandbox.write("changed.zip", "no zip at all")?;
    sandbox.run("verify changed.zip")?.three_lines(5);
    sandbox.run(&format!("{bundle} --out changed.zip"))?.three_lines(2);
    Ok(())
}

/// A signer who is named, a key that was revoked, and one that has expired, whatever the date of the snapshot.
fn whose_signature_counts(sandbox: &Sandbox) -> io::Result<()> {
    let verify = |more: &str| sandbox.run(&format!("verify out/signed.zip {more}"));
    let named = verify("--allowed-signers allowed --signer audit@example.com")?;
    assert_eq!(named.code, 0, "{named:?}");
    assert!(named.stdout.contains("signed by audit@example.com with SHA256:"), "{}", named.stdout);
    verify("--allowed-signers allowed --signer bob@example.com")?.three_lines(5);
    assert_eq!(verify("--signer audit@example.com")?.code, 2, "a name alone checks nothing");
    let allowed = fs::read_to_string(sandbox.path("allowed"))?;
    let key = allowed.split_once("\" ").map(|(_, key)| key.trim()).unwrap_or_default();
    sandbox.write("revoked", key)?;
    let [_, why, _] = verify("--allowed-signers allowed --revoked-keys revoked")?.three_lines(5);
    assert!(why.contains("is revoked"), "{why}");
    sandbox.write("revoked", "SSHKRL\n\0")?;
    verify("--allowed-signers allowed --revoked-keys revoked")?.three_lines(2);
    sandbox.write("expired", &format!("audit@example.com valid-before=\"20200101Z\" {key}\n"))?;
    let [_, why, _] = verify("--allowed-signers expired --as-of 2019-06-01T00:00:00Z")?.three_lines(5);
    assert!(why.contains("allowed the key until 2020-01-01"), "{why}");
    Ok(())
}

/// Prunes the first of four snapshots.
pub(crate) fn old_snapshots_are_deleted_when_told_twice(sandbox: &Sandbox) -> io::Result<()> {
    let prune = format!("prune tidewater-labs --store {STORE} --before 2026-04-01");
    let first = sandbox.path(&format!("{STORE}/tidewater-labs/snapshots/20260101T060000Z"));
    let asked = sandbox.run(&prune)?;
    assert!(asked.code == 0 && asked.stdout.contains("20260101T060000Z would be deleted"), "{asked:?}");
    assert!(first.exists());
    let told = sandbox.run(&format!("{prune} --yes"))?;
    assert_eq!((told.code, told.stdout.as_str()), (0, "tidewater-labs/20260101T060000Z was deleted\n"));
    assert!(!first.exists());
    let verified = sandbox.run(&format!("verify {STORE}"))?;
    assert_eq!(verified.code, 0, "{verified:?}");
    assert!(verified.stdout.contains("20260101T060000Z was deleted by `prune`"), "{}", verified.stdout);
    let listed = sandbox.run(&format!("snapshots tidewater-labs --store {STORE}"))?;
    assert_eq!((listed.stdout.matches("follows").count(), listed.stdout.matches("broken").count()), (3, 0));
    let report = format!("report tidewater-labs --config rollcall-demo/rollcall.toml --store {STORE} --format csv");
    assert_eq!(sandbox.run(&report)?.code, 0);
    Ok(())
}

/// Prunes a copy of the store to its newest snapshot: what is left is judged as before, byte by byte.
pub(crate) fn the_newest_snapshot_is_judged_from_itself(sandbox: &Sandbox) -> io::Result<()> {
    let status = Command::new("cp").arg("-r").arg(sandbox.path(STORE)).arg(sandbox.path("pruned")).status()?;
    assert!(status.success());
    let told = sandbox.run("prune tidewater-labs --store pruned --before 2026-10-01 --yes")?;
    assert_eq!(told.stdout.lines().count(), 3, "{told:?}");
    for (store, out) in [(STORE, "whole"), ("pruned", "alone")] {
        let report = format!("report tidewater-labs --config rollcall-demo/rollcall.toml --store {store} --out {out}");
        let judged = sandbox.run(&format!("{report} --baseline none --format csv"))?;
        assert_eq!(judged.code, 0, "{judged:?}");
    }
    let csv = |out: &str| sandbox.path(&format!("{out}/tidewater-labs-20261001T060000Z/csv"));
    let names = files(&csv("whole"))?;
    assert!(names.len() >= 8, "{names:?}");
    for name in names {
        let read = |out: &str| fs::read(csv(out).join(&name));
        assert!(read("whole")? == read("alone")?, "{} differs", name.display());
    }
    assert_eq!(sandbox.run("verify pruned")?.code, 0);
    Ok(())
}
