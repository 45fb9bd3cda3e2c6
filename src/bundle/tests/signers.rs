//! The list of allowed signers, line by line against the real `ssh-keygen -Y verify`.

use std::{fs, process::Command};

use ssh_key::{PrivateKey, private::Ed25519Keypair};

use super::super::{
    Error, Key,
    signers::{Rules, verify},
};
use crate::model::time;

/// Who is to have signed.
const SIGNER: &str = "a@example.com";

/// Lines of which both think the same; `{key}` is the key that signed, `{other}` another one.
const LINES: [&str; 66] = [
    "a@example.com {key}",
    "a@example.com {key} a comment",
    "a@example.com {other}",
    "*@example.com {key}",
    "?@example.com {key}",
    "* {key}",
    "b@example.com {key}",
    "A@EXAMPLE.COM {key}",
    "!a@example.com,*@example.com {key}",
    "*@example.com,!a@example.com {key}",
    "!b@example.com,*@example.com {key}",
    "!b@example.com {key}",
    "!* {key}",
    ",a@example.com {key}",
    "a@example.com,, {key}",
    "\"a@example.com\" {key}",
    "\"a@example.com,b c\" {key}",
    "\"a@example.com {key}",
    "a@example.com,b@example.com {key}",
    "# a@example.com {key}",
    "a@example.com",
    "{key}",
    "",
    "\ta@example.com\t{key}",
    "a@example.com {key}=",
    "a@example.com ssh-ed25519 AAAA",
    "a@example.com namespaces=\"rollcall\" {key}",
    "a@example.com namespaces=\"roll*\" {key}",
    "a@example.com namespaces=\"*\" {key}",
    "a@example.com namespaces=\"git,rollcall\" {key}",
    "a@example.com namespaces=\"git, rollcall\" {key}",
    "a@example.com namespaces=\"git\" {key}",
    "a@example.com namespaces=\"!rollcall,*\" {key}",
    "a@example.com namespaces=\"*,!rollcall\" {key}",
    "a@example.com namespaces=\"*,!roll*\" {key}",
    "a@example.com namespaces=\"!git\" {key}",
    "a@example.com namespaces=\"!git,*\" {key}",
    "a@example.com namespaces=\"\" {key}",
    "a@example.com namespaces=\"ROLLCALL\" {key}",
    "a@example.com NAMESPACES=\"rollcall\" {key}",
    "a@example.com namespaces=rollcall {key}",
    "a@example.com namespaces {key}",
    "a@example.com namespaces=\"rollcall {key}",
    "a@example.com namespaces=\"a\\\"b,rollcall\" {key}",
    "a@example.com namespaces=\"git\",namespaces=\"rollcall\" {key}",
    "a@example.com namespaces=\"rollcall\",namespaces=\"rollcall\" {key}",
    "a@example.com namespaces=\"rollcall\", {key}",
    "a@example.com namespaces=\"rollcall\" ,valid-after=\"20200101\" {key}",
    "a@example.com namespaces=\"rollcall\"valid-after=\"20200101\" {key}",
    "a@example.com namespaces=\"rollcall\",valid-after=\"20200101\" {key}",
    "a@example.com , {key}",
    "a@example.com valid-after=\"20200101\" {key}",
    "a@example.com valid-after=\"202001010101\" {key}",
    "a@example.com valid-after=\"20200101010159Z\" {key}",
    "a@example.com valid-after=20200101 {key}",
    "a@example.com valid-after=\"2020\" {key}",
    "a@example.com valid-after=\"always\" {key}",
    "a@example.com valid-after=\"20990101\" {key}",
    "a@example.com valid-after=\"20200101\",valid-after=\"20210101\" {key}",
    "a@example.com valid-before=\"20990101\" {key}",
    "a@example.com valid-before=\"20200101\" {key}",
    "a@example.com valid-before=\"19700101\" {key}",
    "a@example.com valid-after=\"20200101\",valid-before=\"20190101\" {key}",
    "a@example.com zoned {key}",
    "a@example.com zoned {key}\na@example.com {key}",
    "a@example.com namespaces=\"git\" {key}\na@example.com {key}",
];

/// Lines that `ssh-keygen` accepts, or some version of it, and we do not, with the reason.
const STRICTER: [(&str, &str); 4] = [
    ("a@example.com valid-after=\"20200230\" {key}", "February has no 30 days, and ssh takes it for March"),
    ("a@ex\"ample.com\" {key}", "a quote in the middle of a name is a slip"),
    ("a@example.com cert-authority {key}", "certificates are not read here"),
    ("a@example.com valid-after=\"20200101UTC\" {key}", "`Z` says the same, and older versions know neither"),
];

/// A key made of nothing but a number.
fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

/// The public half as a line has it.
fn public(seed: u8) -> String {
    key(seed).public_key().to_openssh().unwrap()
}

/// Whether a text of allowed signers lets the signature pass.
fn ours(allowed: &str, signature: &str) -> Result<(), Error> {
    let rules =
        Rules { allowed, signer: Some(SIGNER), revoked: None, at: time::parse("2026-10-02T06:00:00Z").unwrap() };
    verify(b"list\n", signature.as_bytes(), &rules).map(drop)
}

#[test]
fn line_by_line_nobody_passes_here_whom_ssh_keygen_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let signature = Key::Own(Box::new(key(7))).sign(b"list\n").unwrap();
    fs::write(dir.path().join("list"), "list\n").unwrap();
    fs::write(dir.path().join("list.sig"), &signature).unwrap();
    let theirs = |allowed: &str| {
        fs::write(dir.path().join("allowed"), allowed).unwrap();
        let verify = ["-Y", "verify", "-f", "allowed", "-I", SIGNER, "-n", "rollcall", "-s", "list.sig"];
        let stdin = fs::File::open(dir.path().join("list")).unwrap();
        let done = Command::new("ssh-keygen").args(verify).current_dir(dir.path()).stdin(stdin).output();
        done.map(|done| done.status.success())
    };
    let text = |line: &str| format!("{}\n", line.replace("{key}", &public(7)).replace("{other}", &public(8)));
    let mut passed = 0;
    for line in LINES {
        // Where the tool is not installed there is nothing to compare with.
        let Ok(expected) = theirs(&text(line)) else { return };
        let found = ours(&text(line), &signature);
        assert_eq!(found.is_ok(), expected, "{line}: {found:?}");
        passed += usize::from(expected);
    }
    assert!((15..50).contains(&passed), "{passed}");
    for (line, why) in STRICTER {
        assert!(ours(&text(line), &signature).is_err(), "{line}: {why}");
    }
}

#[test]
fn who_signed_is_told_and_a_name_that_was_asked_for_must_match() {
    let signature = Key::Own(Box::new(key(7))).sign(b"list").unwrap();
    let allowed = format!("audit-*@example.com,!audit-old@example.com {}", public(7));
    let at = time::parse("2026-10-02T06:00:00Z").unwrap();
    let signed =
        |signer| verify(b"list", signature.as_bytes(), &Rules { allowed: &allowed, signer, revoked: None, at });
    let anybody = signed(None).unwrap();
    assert!(anybody.to_string().ends_with(", listed as audit-*@example.com,!audit-old@example.com"), "{anybody}");
    assert!(anybody.unchecked().is_some());
    let named = signed(Some("audit-2@example.com")).unwrap();
    assert!(named.to_string().starts_with("signed by audit-2@example.com with SHA256:"), "{named}");
    assert_eq!(named.unchecked(), None);
    for other in ["audit-old@example.com", "bob@example.com", ""] {
        assert!(signed(Some(other)).unwrap_err().to_string().contains("not for the signer"), "{other}");
    }
    let nobody = Rules { allowed: &format!("!bob {}", public(7)), signer: None, revoked: None, at };
    assert!(verify(b"list", signature.as_bytes(), &nobody).is_err(), "patterns that only leave out name nobody");
}

#[test]
fn a_revoked_key_counts_no_more_and_a_list_that_cannot_be_read_is_refused() {
    let signature = Key::Own(Box::new(key(7))).sign(b"list").unwrap();
    let allowed = format!("* {}", public(7));
    let at = time::parse("2026-10-02T06:00:00Z").unwrap();
    let with = |revoked: &[u8]| {
        let rules = Rules { allowed: &allowed, signer: None, revoked: Some(revoked), at };
        verify(b"list", signature.as_bytes(), &rules)
    };
    let fingerprint = |seed| Key::Own(Box::new(key(seed))).fingerprint();
    for fine in [String::new(), format!("# none\n\n{}\n{}\n", public(8), fingerprint(9))] {
        assert!(with(fine.as_bytes()).is_ok(), "{fine}");
    }
    for revoked in [public(7), format!("{}\n{} left\n", public(8), public(7)), fingerprint(7)] {
        let error = with(revoked.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Signature { .. }) && error.to_string().contains("is revoked"), "{error}");
    }
    for (bad, why) in [
        (&b"SSHKRL\n\0\0\0\0\x01"[..], "binary"),
        (b"\xff\xfe", "not text"),
        (b"\nssh-ed25519 AAAA\n", "line 2"),
        (b"SHA512:abc\n", "line 1"),
    ] {
        let error = with(bad).unwrap_err();
        assert!(matches!(error, Error::Revoked { .. }) && error.to_string().contains(why), "{error}");
    }
}
