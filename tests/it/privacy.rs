//! `--redact` from outside: no file of a redacted report, and nothing on the screen, names a person of the sample.

use std::{collections::BTreeSet, fs, io, path::Path};

use rollcall::demo::{ORG, files as sample_files};
use serde_json::Value;

use crate::{
    common::{Sandbox, files, root},
    scripted::{ORG as SCRIPTED, Scripted, of_org, quiet_org},
};

/// Instant of the collections.
const AS_OF: &str = "2026-10-01T06:00:00Z";

/// Names and addresses of the sample's people: of its fixtures, and of the files that it writes for the user.
fn people() -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut texts: Vec<String> = sample_files(3).into_iter().map(|(_, text)| text.clone()).collect();
    for path in files(&root().join("fixtures/sample"))? {
        texts.push(fs::read_to_string(root().join("fixtures/sample").join(path))?);
    }
    for text in &texts {
        let part = |c: char| c.is_whitespace() || ",;\"'<>()".contains(c);
        found.extend(text.split(part).filter(|w| w.contains('@') && w.contains("example.")).map(str::to_owned));
    }
    for file in ["people.csv", "roster.csv", "scim_pending.csv", "grants.csv"] {
        let path = root().join("fixtures/sample").join(file);
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).flexible(true).from_path(path)?;
        let at = reader.headers()?.iter().position(|name| name == "name").ok_or(io::ErrorKind::NotFound)?;
        for record in reader.records() {
            let name = record?.get(at).unwrap_or_default().trim().to_owned();
            // One word may be a word of the report as well; the columns of names are looked at below.
            if name.contains(' ') {
                found.insert(name);
            }
        }
    }
    Ok(found)
}

/// The text of a file: of a PDF what it shows, without the blanks that layout makes; of a spreadsheet all its parts.
fn text(path: &Path) -> io::Result<String> {
    let bytes = fs::read(path)?;
    if path.extension().is_some_and(|e| e == "pdf") {
        let pdf = lopdf::Document::load_mem(&bytes).map_err(io::Error::other)?;
        let pages: Vec<u32> = pdf.get_pages().keys().copied().collect();
        return pdf.extract_text(&pages).map_err(io::Error::other);
    }
    if path.extension().is_some_and(|e| e == "xlsx") {
        let mut archive = zip::ZipArchive::new(io::Cursor::new(bytes))?;
        let mut all = String::new();
        for at in 0..archive.len() {
            io::Read::read_to_string(&mut archive.by_index(at)?, &mut all)?;
        }
        return Ok(all);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[test]
fn a_redacted_report_names_nobody_and_can_be_made_again_byte_for_byte() {
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(sandbox.run("demo").unwrap().code, 0);
    let people = people().unwrap();
    assert!(people.len() > 100, "only {} values are looked for", people.len());
    let line = |out: &str, more: &str| {
        let demo =
            "--config rollcall-demo/rollcall.toml --store rollcall-demo/store --format csv,json,pdf,md,xlsx,oscal,ocsf";
        sandbox.run(&format!("report {ORG} {demo} --out {out} {more}")).unwrap()
    };
    let plain = line("plain", "");
    assert_eq!(plain.code, 0, "{plain:?}");
    assert!(!sandbox.path(&format!("rollcall-demo/store/{ORG}/redaction.key")).exists());
    let name = format!("{ORG}-20261001T060000Z");
    let (mut seen, mut hidden) = (0, 0);
    for out in ["one", "two"] {
        let run = line(out, "--redact");
        assert_eq!(run.code, 0, "{run:?}");
        for path in files(&sandbox.path(out).join(&name)).unwrap() {
            let shown = text(&sandbox.path(out).join(&name).join(&path)).unwrap();
            let before = text(&sandbox.path("plain").join(&name).join(&path)).unwrap();
            let squeezed: String = shown.split_whitespace().collect();
            for value in &people {
                seen += usize::from(before.contains(value));
                let tight: String = value.split_whitespace().collect();
                assert!(!squeezed.contains(&tight), "{} shows {value}", path.display());
            }
            hidden += shown.matches("redacted-").count();
        }
        for value in &people {
            assert!(!run.stdout.contains(value) && !run.stderr.contains(value), "the screen shows {value}");
        }
    }
    assert!(seen > 100 && hidden > 500, "{seen} values were there to be hidden, {hidden} pseudonyms are");
    let sums = |out: &str| fs::read_to_string(sandbox.path(out).join(&name).join("SHA256SUMS")).unwrap();
    assert_eq!(sums("one"), sums("two"));
    logins_and_verdicts_stay(&sandbox, &name).unwrap();
    assert_eq!(sandbox.run("verify rollcall-demo/store").unwrap().code, 0);
    finance_gets_no_address_but_a_managers(&sandbox, &name).unwrap();
    let mixed = line("plain", "--redact --format json");
    assert!(mixed.stderr.contains("warning: ") || mixed.stderr.is_empty(), "{mixed:?}");
}

#[test]
fn a_redacted_run_repeats_neither_the_words_of_the_hub_nor_the_name_of_a_file() {
    let words = "Émile Roux (emile.roux%40corp.example) may not read this".to_owned();
    let mut answers = quiet_org();
    let refusal = serde_json::json!({ "error": words }).to_string().into_bytes();
    for path in ["settings/network-security", "settings/tokens", "scim/v2/Users"] {
        answers.insert(of_org(path), (403, refusal.clone()));
    }
    let sandbox = Sandbox::new().unwrap();
    sandbox.write("rollcall.toml", "[roster]\nfile = \"ÉMILE-roux.csv\"\nextracted_on = \"2026-09-30\"\n").unwrap();
    sandbox.write("ÉMILE-roux.csv", "email,status,name\nemile.roux@corp.example,active,Émile Roux\n").unwrap();
    let hub = Scripted::start(answers.clone(), AS_OF).unwrap();
    let line = format!("run {SCRIPTED} --as-of {AS_OF} --redact -v --format csv,json,pdf,html,md,xlsx,oscal,ocsf");
    let run = hub.run(&sandbox, &line).unwrap();
    assert_eq!(run.code, 0, "{run:?}");
    let again = sandbox.run(&format!("report {SCRIPTED} --redact --format html,json --out again")).unwrap();
    assert_eq!(again.code, 0, "{again:?}");
    answers.insert("/api/whoami-v2".to_owned(), (401, refusal));
    let refused = Scripted::start(answers, AS_OF).unwrap().run(&sandbox, &format!("run {SCRIPTED} --redact")).unwrap();
    let [_, why, _] = refused.three_lines(4);
    assert!(why.contains("left out under --redact"), "{why}");
    let mut shown: Vec<(String, String)> = [&run, &again, &refused]
        .iter()
        .flat_map(|run| [("stdout".to_owned(), run.stdout.clone()), ("stderr".to_owned(), run.stderr.clone())])
        .collect();
    for folder in ["rollcall-reports", "again"] {
        for path in files(&sandbox.path(folder)).unwrap() {
            shown.push((path.display().to_string(), text(&sandbox.path(folder).join(&path)).unwrap()));
        }
    }
    assert!(shown.len() > 20, "{}", shown.len());
    for (place, text) in shown {
        let text = text.to_lowercase();
        for value in ["roux", "corp.example", "corp%2e", "émile", "e\u{301}mile"] {
            assert!(!text.contains(value), "{place} shows {value}");
        }
    }
}

/// Finance's report: no address in it but those of managers and of invitees without a login, no network address, and
/// no row of another analyzer, in any format that is made by template.
fn finance_gets_no_address_but_a_managers(sandbox: &Sandbox, name: &str) -> io::Result<()> {
    let demo = "--config rollcall-demo/rollcall.toml --store rollcall-demo/store --template seat-spend";
    let run = sandbox.run(&format!("report {ORG} {demo} --format json,pdf,html,md,xlsx,oscal,ocsf --out finance"))?;
    assert_eq!(run.code, 0, "{run:?}");
    let folder = sandbox.path("finance").join(name);
    let report: Value = serde_json::from_slice(&fs::read(folder.join("seat-spend.json"))?)?;
    let rows = report["analyzers"]["seat-spend"]["rows"].as_array().cloned().unwrap_or_default();
    let cells = |key: &str, kind: &str| -> BTreeSet<String> {
        let of_kind = rows.iter().filter(|row| kind.is_empty() || row["subject_kind"] == kind);
        of_kind.filter_map(|row| row[key].as_str().map(str::to_lowercase)).collect()
    };
    let allowed: BTreeSet<String> = cells("manager_email", "").union(&cells("subject", "invite")).cloned().collect();
    assert!(allowed.iter().filter(|a| a.contains('@')).count() > 3, "{allowed:?}");
    let part = |c: char| !(c.is_alphanumeric() || "@.-_+".contains(c));
    for path in files(&folder)? {
        let shown = text(&folder.join(&path))?.to_lowercase();
        let words = shown.split(part).map(|word| word.trim_matches('.'));
        let address = |word: &&str| word.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.'));
        let other = words.clone().filter(address).find(|word| !allowed.contains(*word));
        assert_eq!(other, None, "{}", path.display());
        let network = |word: &&str| word.split('.').count() == 4 && word.parse::<std::net::Ipv4Addr>().is_ok();
        let network = words.filter(network).find(|word| *word != "127.0.0.1");
        assert_eq!(network, None, "{}", path.display());
    }
    let analyzers = report["analyzers"].as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    assert_eq!(analyzers.unwrap_or_default(), ["seat-spend"]);
    Ok(())
}

/// What a redacted report still says: who by login, and the same verdicts.
fn logins_and_verdicts_stay(sandbox: &Sandbox, name: &str) -> io::Result<()> {
    let report = |out: &str| -> io::Result<Value> {
        Ok(serde_json::from_slice(&fs::read(sandbox.path(out).join(name).join("access-review.json"))?)?)
    };
    let (plain, redacted) = (report("plain")?, report("one")?);
    assert_eq!((&plain["parameters"]["redacted"], &redacted["parameters"]["redacted"]), (&false.into(), &true.into()));
    assert_eq!(plain["parameters"]["thresholds"], redacted["parameters"]["thresholds"]);
    let analyzers = plain["analyzers"].as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    for id in analyzers.unwrap_or_default() {
        assert_eq!(plain["analyzers"][&id]["counts"], redacted["analyzers"][&id]["counts"], "{id}");
        let logins = |report: &Value| -> BTreeSet<String> {
            let rows = report["analyzers"][&id]["rows"].as_array().cloned().unwrap_or_default();
            let subjects = rows.iter().filter_map(|row| row["subject"].as_str());
            subjects.filter(|s| !s.contains('@') && !s.starts_with("redacted-")).map(str::to_owned).collect()
        };
        assert_eq!(logins(&plain), logins(&redacted), "{id}");
        for row in redacted["analyzers"][&id]["rows"].as_array().into_iter().flatten() {
            for column in ["fullname", "email", "manager_email"] {
                let fine = row[column].as_str().is_none_or(|text| text.starts_with("redacted-"));
                assert!(fine, "{id}: {row}");
            }
        }
    }
    Ok(())
}
