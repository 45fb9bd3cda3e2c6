//! Signatures: made by a file and by an agent, checked by us and by `ssh-keygen`.

use std::{fs, path::PathBuf, process::Command};

use ssh_key::{LineEnding, PrivateKey, private::Ed25519Keypair};

use super::{
    super::signers::{self, Rules},
    *,
};
use crate::model::time;

/// A key made of nothing but a number.
fn key(seed: u8) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

/// Its file in a folder.
fn key_file(dir: &Path, seed: u8) -> PathBuf {
    let path = dir.join(format!("key{seed}"));
    fs::write(&path, key(seed).to_openssh(LineEnding::LF).unwrap()).unwrap();
    path
}

/// Rules without a name or revoked keys, at an instant after the sample.
fn rules(allowed: &str) -> Rules<'_> {
    Rules { allowed, signer: None, revoked: None, at: time::parse("2026-10-02T06:00:00Z").unwrap() }
}

/// A line that allows a key.
fn line(options: &str, seed: u8) -> String {
    format!("audit@example.com {options} {}\n", key(seed).public_key().to_openssh().unwrap())
}

#[test]
fn a_signed_bundle_is_checked_against_the_allowed_signers() {
    let dir = tempfile::tempdir().unwrap();
    let own = Key::load(&key_file(dir.path(), 7), None).unwrap();
    let out = dir.path().join("b.zip");
    let written = write(&out, &files(dir.path()), Some(&own), &|| true).unwrap();
    assert_eq!(written.files, 6);
    let other = dir.path().join("again.zip");
    assert_eq!(write(&other, &files(dir.path()), Some(&own), &|| true).unwrap().sha256, written.sha256);
    let Checked { list, signature, .. } = checked(&out).unwrap();
    let signature = signature.unwrap();
    let allowed = format!("# auditors\n\n{}{}", line("", 8), line("", 7));
    let signed = signers::verify(&list, &signature, &rules(&allowed)).unwrap();
    assert_eq!((signed.principals.as_str(), signed.fingerprint), ("audit@example.com", own.fingerprint()));

    let refused = |message: &[u8], signature: &[u8], allowed: &str| {
        signers::verify(message, signature, &rules(allowed)).unwrap_err().to_string()
    };
    assert!(refused(&list, &signature, &line("", 8)).contains("no line allows the key SHA256:"));
    assert!(refused(b"other", &signature, &allowed).contains("does not fit"));
    assert!(refused(&list, b"nonsense", &allowed).contains("cannot be read"));
    let git = key(7).sign("git", ssh_key::HashAlg::Sha512, &list).unwrap();
    assert!(refused(&list, git.to_pem(LineEnding::LF).unwrap().as_bytes(), &allowed).contains("does not fit"));
}

#[test]
fn options_of_a_line_are_followed_or_the_line_allows_nobody() {
    let pem = Key::Own(Box::new(key(7))).sign(b"list").unwrap();
    let check = |options: &str| signers::verify(b"list", pem.as_bytes(), &rules(&line(options, 7)));
    for fine in [
        "",
        "namespaces=\"rollcall\"",
        "namespaces=\"git,roll*\",valid-after=\"20260101\"",
        "valid-before=\"20270101Z\"",
    ] {
        assert!(check(fine).is_ok(), "{fine}: {:?}", check(fine));
    }
    for (bad, why) in [
        ("namespaces=\"git\"", "other namespaces"),
        ("valid-before=\"20261001Z\"", "until 2026-10-01"),
        ("valid-after=\"20261003Z\"", "from 2026-10-03"),
        ("valid-after=\"soon\"", "no time"),
        ("cert-authority", "not followed"),
        ("zoned", "not followed"),
        ("namespaces=rollcall", "no value in quotes"),
        ("namespaces=\"rollcall\",namespaces=\"rollcall\"", "gives namespaces twice"),
        ("valid-after=\"20260102Z\",valid-before=\"20260101Z\"", "ends before it begins"),
    ] {
        assert!(check(bad).unwrap_err().to_string().contains(why), "{bad}: {}", check(bad).unwrap_err());
    }
}

#[test]
fn what_is_no_key_says_what_is_needed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    for text in ["", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "ssh-ed25519 AAAA"] {
        fs::write(&path, text).unwrap();
        let error = Key::load(&path, None).unwrap_err();
        assert!(error.to_string().contains("an Ed25519 key in OpenSSH format is needed"), "{error}");
    }
    assert!(matches!(Key::load(&dir.path().join("none"), None), Err(Error::Key { .. })));
    fs::write(&path, key(7).public_key().to_openssh().unwrap()).unwrap();
    let error = Key::load(&path, None).unwrap_err();
    assert!(matches!(&error, Error::NoAgent { why: "is a public key", .. }), "{error}");
    assert!(!format!("{:?}", Key::Own(Box::new(key(7)))).contains("7, 7, 7"), "a key does not print its secret");
}

#[cfg(unix)]
#[test]
fn an_agent_signs_for_a_public_key() {
    use std::{io::Read as _, os::unix::net::UnixListener};

    use ssh_key::SshSig;

    let dir = tempfile::tempdir().unwrap();
    let (path, socket) = (dir.path().join("key.pub"), dir.path().join("agent"));
    fs::write(&path, key(7).public_key().to_openssh().unwrap()).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    // An agent that signs the first time and refuses the second.
    let agent = std::thread::spawn(move || {
        for refuses in [false, true] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut length = [0; 4];
            stream.read_exact(&mut length).unwrap();
            let mut question = vec![0; u32::from_be_bytes(length) as usize];
            stream.read_exact(&mut question).unwrap();
            let blob = key(7).public_key().to_bytes().unwrap();
            assert_eq!(question[5..5 + blob.len()], blob);
            let data = &question[5 + blob.len() + 4..question.len() - 4];
            assert_eq!(data, SshSig::signed_data(NAMESPACE, ssh_key::HashAlg::Sha512, b"list").unwrap());
            let own = key(7).sign(NAMESPACE, ssh_key::HashAlg::Sha512, b"list").unwrap();
            let signature = Vec::<u8>::try_from(own.signature().clone()).unwrap();
            let mut answer = vec![14];
            answer.extend(u32::try_from(signature.len()).unwrap().to_be_bytes());
            answer.extend(signature);
            let answer = if refuses { vec![5] } else { answer };
            stream.write_all(&u32::try_from(answer.len()).unwrap().to_be_bytes()).unwrap();
            stream.write_all(&answer).unwrap();
        }
    });
    let by_agent = Key::load(&path, Some(&socket)).unwrap();
    assert_eq!(by_agent.sign(b"list").unwrap(), Key::Own(Box::new(key(7))).sign(b"list").unwrap());
    assert!(matches!(by_agent.sign(b"list"), Err(Error::Agent { .. })));
    agent.join().unwrap();
    assert!(by_agent.sign(b"list").unwrap_err().to_string().contains("did not sign"));
}

#[test]
fn ssh_keygen_makes_keys_for_us_and_accepts_our_signatures() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str], input: Option<&str>| {
        let mut command = Command::new("ssh-keygen");
        command.args(args).current_dir(dir.path());
        if let Some(input) = input {
            command.stdin(fs::File::open(dir.path().join(input)).unwrap());
        }
        command.output()
    };
    let new_key =
        |file: &str, phrase: &str| run(&["-q", "-t", "ed25519", "-N", phrase, "-C", "test", "-f", file], None);
    // Where the tool is not installed there is nothing to compare with.
    let Ok(made) = new_key("key", "") else { return };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(new_key("locked", "correct horse").unwrap().status.success());
    let error = Key::load(&dir.path().join("locked"), None).unwrap_err();
    assert!(matches!(&error, Error::NoAgent { why: "is protected by a passphrase", .. }), "{error}");

    let key = Key::load(&dir.path().join("key"), None).unwrap();
    fs::write(dir.path().join("SHA256SUMS"), "list\n").unwrap();
    fs::write(dir.path().join("SHA256SUMS.sig"), key.sign(b"list\n").unwrap()).unwrap();
    let public = fs::read_to_string(dir.path().join("key.pub")).unwrap();
    fs::write(dir.path().join("allowed"), format!("a@example.com namespaces=\"rollcall\" {public}")).unwrap();
    let verify = ["-Y", "verify", "-f", "allowed", "-I", "a@example.com", "-n", "rollcall", "-s", "SHA256SUMS.sig"];
    let accepted = run(&verify, Some("SHA256SUMS")).unwrap();
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    fs::write(dir.path().join("SHA256SUMS"), "list changed\n").unwrap();
    assert!(!run(&verify, Some("SHA256SUMS")).unwrap().status.success());

    // And the other way round: a signature of theirs is accepted by us.
    assert!(run(&["-Y", "sign", "-f", "key", "-n", "rollcall", "allowed"], None).unwrap().status.success());
    let (message, theirs) =
        (fs::read(dir.path().join("allowed")).unwrap(), fs::read(dir.path().join("allowed.sig")).unwrap());
    let allowed = String::from_utf8(message.clone()).unwrap();
    assert_eq!(signers::verify(&message, &theirs, &rules(&allowed)).unwrap().principals, "a@example.com");
}
