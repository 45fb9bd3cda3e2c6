//! Reports that are made again: what does not follow from the evidence is found, however well its digests fit.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rollcall::{demo::ORG, model::sums};
use sha2::{Digest as _, Sha256};

use crate::common::{Run, Sandbox, files};

/// The flags of the sample's store and configuration.
const SAMPLE: &str = "--store rollcall-demo/store --config rollcall-demo/rollcall.toml";

/// The report of the newest quarter.
const NAME: &str = "tidewater-labs-20261001T060000Z";

/// Changes a file and every list above it, so that all digests fit.
fn forge(root: &Path, file: &Path, change: impl Fn(&str) -> String) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    let changed = change(&text);
    assert!(text != changed, "nothing was changed in {}", file.display());
    fs::write(file, changed)?;
    for folder in file.ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
        let list = folder.join(sums::FILE);
        if !list.is_file() {
            continue;
        }
        let mut listed = sums::parse(&fs::read(&list)?).unwrap_or_else(|line| panic!("line {line}"));
        for (path, sha256) in &mut listed {
            *sha256 = digest(&fs::read(folder.join(path))?);
        }
        fs::write(list, sums::text(&listed))?;
    }
    Ok(())
}

/// SHA-256, hexadecimal.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Removes a file and its line in the list.
fn remove(folder: &Path, file: &str) -> io::Result<()> {
    fs::remove_file(folder.join(file))?;
    let list = folder.join(sums::FILE);
    let mut listed = sums::parse(&fs::read(&list)?).unwrap_or_else(|line| panic!("line {line}"));
    assert!(listed.remove(file).is_some());
    fs::write(list, sums::text(&listed))
}

/// A copy of a report folder under another name.
fn copy(sandbox: &Sandbox, from: &str, to: &str) -> io::Result<PathBuf> {
    let (from, to) = (sandbox.path(from).join(NAME), sandbox.path(to).join(NAME));
    for path in files(&from)? {
        let target = to.join(&path);
        fs::create_dir_all(target.parent().unwrap_or(&to))?;
        fs::copy(from.join(path), target)?;
    }
    Ok(to)
}

/// Asserts that a verification found nothing different and gave each of some lines a place.
#[track_caller]
fn tells(run: &Run, lines: &[&str]) {
    assert_eq!(run.code, 0, "{run:?}");
    for line in lines {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }
}

#[test]
fn a_report_is_made_again_and_what_does_not_follow_is_found() {
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(sandbox.run("demo").unwrap().code, 0);
    let report = format!("report {ORG} {SAMPLE} --format csv,pdf,json");
    assert_eq!(sandbox.run(&format!("{report} --period 2026-Q3 --out plain")).unwrap().code, 0);
    a_forged_report_is_found(&sandbox).unwrap();
    what_is_missing_is_said(&sandbox).unwrap();
    the_request_names_nothing_of_the_machine(&sandbox).unwrap();
    a_redacted_report_needs_its_secret(&sandbox, &report).unwrap();
    a_bundle_is_made_again_too(&sandbox).unwrap();
}

/// Changes a report with digests that fit.
fn a_forged_report_is_found(sandbox: &Sandbox) -> io::Result<()> {
    for path in ["rollcall-demo/reports", "plain", &format!("plain/{NAME}")] {
        let run = sandbox.run(&format!("verify {path} {SAMPLE}"))?;
        tells(&run, &[&format!("{NAME}: made again from 20261001T060000Z of {ORG}, ")]);
        assert!(!run.stdout.contains("follow"), "{}", run.stdout);
    }
    let forgeries = [
        ("row", "csv/inactive-seats.csv", "fail", "pass"),
        ("word", "access-review.json", "\"fail\"", "\"pass\""),
        ("request", "request.json", "\"period\": \"2026-Q3\"", "\"period\": \"2026-09\""),
    ];
    for (name, file, from, to) in forgeries {
        let folder = copy(sandbox, "plain", name)?;
        forge(&folder, &folder.join(file), |text| text.replacen(from, to, 1))?;
        let without = sandbox.run(&format!("verify {name}/{NAME} --config rollcall-demo/rollcall.toml"))?;
        tells(&without, &["there is no store of tidewater-labs here; to check it, give the store"]);
        let [what, why, fix] = sandbox.run(&format!("verify {name} {SAMPLE}"))?.three_lines(5);
        assert!(what.contains(NAME) && why.contains("does not follow from the evidence"), "{what} {why} {fix}");
        assert!(name == "request" || what.contains(file), "{what}");
    }
    let folder = copy(sandbox, "plain", "less")?;
    remove(&folder, "csv/orphaned-access.csv")?;
    let [what, why, _] = sandbox.run(&format!("verify less {SAMPLE}"))?.three_lines(5);
    assert!(what.contains("orphaned-access.csv") && why.contains("made again has it"), "{what} {why}");
    Ok(())
}

/// Another version, an own template, no request, a snapshot that is gone, another configuration, an earlier run.
fn what_is_missing_is_said(sandbox: &Sandbox) -> io::Result<()> {
    let version = format!("\"tool\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let cases: [(&str, &str, &str, &str); 4] = [
        ("newer", &version, "\"tool\": \"9.9.9\"", "to check it, verify it with rollcall 9.9.9"),
        ("own", "\"own_templates\": []", "\"own_templates\": [\"access-review\"]", "is the user's own"),
        ("gone", "\"20260401T060000Z\"", "\"20260402T060000Z\"", "does not hold 20260402T060000Z; to check it, give"),
        ("later", "rollcall.request/1", "rollcall.request/2", "to check it, update rollcall"),
    ];
    for (name, from, to, told) in cases {
        let folder = copy(sandbox, "plain", name)?;
        forge(&folder, &folder.join("request.json"), |text| text.replace(from, to))?;
        tells(&sandbox.run(&format!("verify {name} {SAMPLE}"))?, &[told]);
    }
    let folder = copy(sandbox, "plain", "mute")?;
    remove(&folder, "request.json")?;
    tells(&sandbox.run(&format!("verify mute {SAMPLE}"))?, &["no request.json lies in it"]);

    sandbox.write("other.toml", "[activity]\nthreshold_days = 45\n")?;
    let other = sandbox.run("verify plain --store rollcall-demo/store --config other.toml")?;
    tells(&other, &["the configuration here is another one; to check it, give the one that it was made with"]);

    let twice = format!("report {ORG} {SAMPLE} --out twice --format");
    for format in ["md", "csv"] {
        assert_eq!(sandbox.run(&format!("{twice} {format}"))?.code, 0);
    }
    tells(
        &sandbox.run(&format!("verify twice {SAMPLE}"))?,
        &["whether access-review.md of", "an earlier run wrote them"],
    );
    Ok(())
}

/// The request of a report with a roster and with paths.
fn the_request_names_nothing_of_the_machine(sandbox: &Sandbox) -> io::Result<()> {
    let text = fs::read_to_string(sandbox.path("plain").join(NAME).join("request.json"))?;
    let request: serde_json::Value = serde_json::from_str(&text)?;
    assert_eq!(request["formats"], serde_json::json!(["csv", "pdf", "json"]));
    assert_eq!(request["baseline"], "20260701T060000Z");
    assert!(request["configuration"].is_null() && request["configuration_sha256"].is_string(), "{text}");
    let folder = sandbox.path(".").display().to_string();
    for word in ["rollcall-demo", "people.csv", "@example.com", folder.trim_end_matches("/."), rollcall::demo::TOKEN] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    Ok(())
}

/// A redacted report, whose pseudonyms need the secret.
fn a_redacted_report_needs_its_secret(sandbox: &Sandbox, report: &str) -> io::Result<()> {
    assert_eq!(sandbox.run(&format!("{report} --redact --out redacted"))?.code, 0);
    let text = fs::read_to_string(sandbox.path("redacted").join(NAME).join("request.json"))?;
    let request: serde_json::Value = serde_json::from_str(&text)?;
    assert_eq!(request["redacted"], true, "{text}");
    tells(&sandbox.run(&format!("verify redacted {SAMPLE}"))?, &["made again from"]);
    let secret = sandbox.path(&format!("rollcall-demo/store/{ORG}/redaction.key"));
    fs::rename(&secret, sandbox.path("key"))?;
    tells(&sandbox.run(&format!("verify redacted {SAMPLE}"))?, &["does not hold the secret of its pseudonyms"]);
    assert!(!secret.exists(), "verifying makes no secret");
    fs::rename(sandbox.path("key"), secret)
}

/// A bundle, packed and unpacked, with evidence that is enough or not.
fn a_bundle_is_made_again_too(sandbox: &Sandbox) -> io::Result<()> {
    let bundle = format!("bundle {ORG} {SAMPLE} --format csv");
    assert_eq!(sandbox.run(&format!("{bundle} --out newest.zip"))?.code, 0);
    tells(&sandbox.run("verify newest.zip")?, &["does not hold 20260101T060000Z, 20260401T060000Z, 20260701T060000Z"]);
    tells(&sandbox.run("verify newest.zip --store rollcall-demo/store")?, &["report: made again from"]);
    // The first snapshot has nothing before it, so its bundle holds all that its report reads.
    assert_eq!(sandbox.run(&format!("{bundle} --snapshot 20260101T060000Z --out first.zip"))?.code, 0);
    tells(&sandbox.run("verify first.zip")?, &["report: made again from 20260101T060000Z"]);

    let folder = sandbox.path("unpacked");
    let mut archive = zip::ZipArchive::new(fs::File::open(sandbox.path("first.zip"))?)?;
    let mut contents: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at)?;
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut entry, &mut bytes)?;
        contents.insert(entry.name()?.into_owned(), bytes);
    }
    for (name, bytes) in contents {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&folder))?;
        fs::write(path, bytes)?;
    }
    tells(&sandbox.run("verify unpacked")?, &["report: made again from 20260101T060000Z"]);
    forge(&folder, &folder.join("report/csv/access.csv"), |text| text.replacen("write", "read", 1))?;
    let [what, why, _] = sandbox.run("verify unpacked")?.three_lines(5);
    assert!(what.contains("report/csv/access.csv") && why.contains("does not follow"), "{what} {why}");
    Ok(())
}
