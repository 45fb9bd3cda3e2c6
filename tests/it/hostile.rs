//! An organization whose every name is an attack: what comes out is text, in its place, and nothing else.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::{
    common::{Run, Sandbox, files},
    scripted::{ORG, Scripted, TOKEN, of_org, quiet_org},
};

/// Instant of the collections.
const AS_OF: &str = "2026-10-01T06:00:00Z";

/// Names that somebody might give themselves.
fn nasty() -> Vec<String> {
    let mut names: Vec<String> = [
        "=HYPERLINK(\"http://evil.example\",\"x\")",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1+1)",
        "\t=1+1",
        "\r=1+1",
        "  =1+1",
        "<script>alert(1)</script>",
        "</text><!--",
        "\u{1b}]0;owned\u{7}\u{1b}[2J",
        "\u{9b}31mred",
        "ada\u{202e}nimda",
        "\u{2066}hidden\u{2069}\u{200b}",
        "nul\0inside",
        "two\nlines",
        "carriage\r\nreturn",
        "../../../outside",
        "..\\..\\outside",
        "%2e%2e%2foutside",
        "[link](javascript:alert(1))",
        "`code` **bold** | pipe",
        "a;b",
        "x;=1+1",
        "x\t@SUM(A1)",
        "x|\"+1",
        "＝1+1",
        "\u{3164}\u{2800}blank\u{fe0f}",
        "\"quoted\",\"cells\"",
        "\u{feff}bom",
        "{n} {org}",
        "\u{2028}separator",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(10_000));
    names
}

/// A stable id.
fn id(prefix: u32, at: usize) -> String {
    format!("{prefix:08x}{at:016x}")
}

/// The answers of an organization in which each of [`nasty`] stands wherever a name can.
fn hostile_org() -> std::collections::BTreeMap<String, (u16, Vec<u8>)> {
    let names = nasty();
    let each = |make: &dyn Fn(usize, &str) -> Value| -> Vec<Value> {
        names.iter().enumerate().map(|(at, name)| make(at, name)).collect()
    };
    let mut answers = quiet_org();
    let mut put = |path: &str, value: &Value| {
        answers.insert(path.to_owned(), (200, value.to_string().into_bytes()));
    };
    let mut members: Vec<Value> = each(&|at, name| {
        json!({"_id": id(0x6400_0001, at), "user": name, "fullname": name, "type": "user", "role": name,
            "twoFaEnabled": false, "verifiedEmail": name, "isExternalCollaborator": at % 2 == 0})
    });
    members
        .push(json!({"_id": "640000000000000000000001", "user": "alice", "fullname": "Alice Admin", "role": "admin",
        "type": "user", "twoFaEnabled": true, "isExternalCollaborator": false}));
    put(&of_org("members"), &json!(members));
    put(
        &of_org("resource-groups"),
        &json!(each(&|at, name| json!({"id": id(0x6600_0000, at), "name": name, "users": [
                {"type": "user", "_id": id(0x6400_0002, at), "name": name, "role": "admin", "addedBy": name}],
            "resources": [{"type": name, "name": format!("{ORG}/{name}"), "private": true}]}))),
    );
    put(
        &of_org("settings/repositories"),
        &json!(each(&|at, name| json!({"id": format!("{ORG}/{name}"), "visibility": name, "storage": 1,
            "type": if at % 2 == 0 { "model" } else { name }, "updatedAt": "2026-09-16T10:00:00.000Z"}))),
    );
    put(
        "/api/models",
        &json!(each(&|at, name| json!({"_id": id(0x6100_0000, at), "id": format!("{ORG}/{name}"), "private": false,
            "gated": "manual", "createdAt": "2026-01-02T10:00:00.000Z"}))),
    );
    put(
        &of_org("settings/tokens"),
        &json!(each(&|at, name| json!({"_id": name, "displayName": name, "role": name, "last4": name,
            "createdAt": "2026-01-02T10:00:00.000Z", "owner": {"_id": id(0x6400_0003, at), "name": name}}))),
    );
    put(
        &of_org("service-accounts"),
        &json!(each(&|_, name| json!({"_id": name, "user": name, "name": name, "description": name}))),
    );
    let scim = each(&|_, name| {
        json!({"id": name, "externalId": name, "userName": name, "active": false,
        "emails": [{"value": name}]})
    });
    let total = scim.len();
    put(
        &of_org("scim/v2/Users"),
        &json!({"totalResults": total, "itemsPerPage": total, "startIndex": 1, "Resources": scim}),
    );
    put(
        &of_org("audit-log/export"),
        &json!(each(&|at, name| json!({"_id": name, "createdAt": format!("2026-09-{:02}T09:00:00.000Z", at % 28 + 1),
            "type": if at % 2 == 0 { "org.invite.email" } else { name }, "message": name, "ip": name,
            "location": {"country": name}, "author": {"_id": id(0x6400_0004, at), "user": name, "type": "user"},
            "data": {"email": name, "repo": format!("{ORG}/{name}"), "role": name}}))),
    );
    for (at, path) in ["sso", "billing"].into_iter().enumerate() {
        put(&of_org(path), &json!(names[at]));
    }
    // Two refusals whose words come from the Hub.
    let words = json!({"error": "\u{1b}[31mno\u{202e}\n/etc/passwd"}).to_string().into_bytes();
    answers.insert(of_org("settings/network-security"), (403, words.clone()));
    answers.insert("/api/datasets".to_owned(), (403, words));
    answers
}

/// Characters that no terminal, log or Markdown may see raw.
fn raw(text: &str) -> Vec<char> {
    let fine = |c: &char| matches!(c, '\n' | '\t');
    text.chars().filter(|c| rollcall::model::text::hides(*c) && !fine(c)).collect()
}

/// A full run with everything on.
fn run(hub: &Scripted, sandbox: &Sandbox, more: &str) -> io::Result<Run> {
    let line = format!("run {ORG} -v --as-of {AS_OF} --format csv,json,pdf,md,xlsx,oscal,ocsf {more}");
    let run = hub.run(sandbox, &line)?;
    assert_eq!(run.code, 0, "{run:?}");
    Ok(run)
}

/// Every file under a folder with its bytes.
fn contents(folder: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    files(folder)?.into_iter().map(|path| Ok((path.display().to_string(), fs::read(folder.join(path))?))).collect()
}

#[test]
fn a_hostile_organization_comes_out_as_text() {
    let hub = Scripted::start(hostile_org(), AS_OF).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let exception = "[[exceptions]]\nanalyzer = \"inactive-seats\"\nrule = \"inactive\"\nreason = \"\\u001b[2J\"\n\
        subject = \"\\u001b[31m\\u202e\\n<b>\"\napproved_by = \"=1+1\"\nexpires = \"2027-03-31\"\n";
    sandbox.write("rollcall.toml", exception).unwrap();
    let run = run(&hub, &sandbox, "").unwrap();
    assert!(run.stdout.contains(r"\u{1b}[31m\u{202e}"), "{}", run.stdout);
    assert_eq!((raw(&run.stdout), raw(&run.stderr)), (vec![], vec![]), "{run:?}");
    let report = sandbox.path("rollcall-reports").join(format!("{ORG}-20261001T060000Z"));
    csv_is_harmless(&report).unwrap();
    let json: Value = serde_json::from_slice(&fs::read(report.join("access-review.json")).unwrap()).unwrap();
    let rows = json["analyzers"]["inactive-seats"]["rows"].as_array().unwrap();
    for name in nasty() {
        assert!(rows.iter().any(|row| row["subject"] == json!(name)), "JSON must hold {name:?} unaltered");
    }
    let text = fs::read_to_string(report.join("access-review.json")).unwrap();
    assert!(raw(&text).is_empty(), "{:?}", raw(&text));
    let markdown = fs::read_to_string(report.join("access-review.md")).unwrap();
    assert!(raw(&markdown).is_empty(), "{:?}", raw(&markdown));
    assert!(!markdown.contains("<script>"), "{markdown}");
    pdf_has_text(&report).unwrap();
    for name in ["access-review.oscal.json", "access-review.ocsf.jsonl"] {
        let text = fs::read_to_string(report.join(name)).unwrap();
        assert!(raw(&text).is_empty(), "{name}: {:?}", raw(&text));
        let documents = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
        assert!(documents.map(Result::unwrap).count() > 0, "{name}");
    }
    spreadsheet_is_harmless(&report).unwrap();
    libreoffice_runs_nothing(&report).unwrap();
    nothing_left_its_place(&sandbox).unwrap();
    for path in hub.asked() {
        let fine = path == "/api/whoami-v2" || path.starts_with(&format!("/api/organizations/{ORG}/")) || {
            let lists = ["/api/models", "/api/datasets", "/api/spaces", "/api/kernels", "/api/buckets/"];
            lists.iter().any(|list| path.starts_with(list)) && !path.contains("/..")
        };
        assert!(fine, "{path} was asked for");
    }
    for line in [format!("snapshots {ORG}"), "verify rollcall-store".to_owned()] {
        let run = sandbox.run(&line).unwrap();
        assert_eq!((run.code, raw(&run.stdout)), (0, vec![]), "{run:?}");
    }
}

/// Reads every CSV back: one record on one line per row, no cell that runs, also where a spreadsheet splits elsewhere and
/// minds no quotes, and no character that hides.
fn csv_is_harmless(report: &Path) -> io::Result<()> {
    let runs = |text: &str| {
        let first = text.trim_start_matches([' ', '"', '\u{a0}', '\u{3000}']).chars().next();
        matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠'))
    };
    let mut cells = 0;
    for (name, bytes) in contents(&report.join("csv"))? {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice());
        let (mut width, mut records) = (None, 0);
        for record in reader.records() {
            let record = record.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(*width.get_or_insert(record.len()), record.len(), "{name}");
            records += 1;
            for cell in &record {
                cells += 1;
                assert!(cell.parse::<f64>().is_ok() || !runs(cell), "{name}: {cell:?}");
            }
        }
        let text = String::from_utf8(bytes).map_err(io::Error::other)?;
        assert_eq!(text.lines().count(), records, "{name}");
        assert!(!text.contains(|c| c != '\n' && rollcall::model::text::hides(c)), "{name}");
        for separator in [';', '\t', '|'] {
            let run = text.lines().flat_map(|line| line.split(separator)).find(|part| runs(part));
            assert_eq!(run, None, "{name}");
        }
    }
    assert!(cells > 2000, "only {cells} cells were looked at");
    Ok(())
}

/// Opens every CSV in `LibreOffice` as lines that are split at each of four separators, and looks for formulas. Without
/// `LibreOffice` nothing is tried.
fn libreoffice_runs_nothing(report: &Path) -> io::Result<()> {
    if Command::new("soffice").arg("--version").output().is_err() {
        return Ok(());
    }
    let office = Sandbox::new()?;
    for separator in [',', ';', '\t', '|'] {
        // A file that runs, so that this test would see one.
        office.write("runs.csv", &format!("a{separator}=1+1\n"))?;
        let control = formulas(&office, &[office.path("runs.csv")], separator)?;
        assert_eq!(control.len(), 1, "split at {separator:?}");
        let found = formulas(&office, &csv_files(&report.join("csv"))?, separator)?;
        assert!(found.is_empty(), "split at {separator:?}: {found:?}");
    }
    Ok(())
}

/// The formulas that `LibreOffice` finds in CSV files.
fn formulas(office: &Sandbox, csv: &[PathBuf], separator: char) -> io::Result<Vec<String>> {
    let out = office.path("out");
    // Separator, quotes, UTF-8, from the first line, formulas as the dialog reads them.
    let filter = format!("--infilter=CSV:{},34,76,1,,0,false,true,false,false,false,-1", u32::from(separator));
    let mut convert = Command::new("soffice");
    convert.arg(format!("-env:UserInstallation=file://{}", office.path("profile").display()));
    convert.args(["--headless", "--convert-to", "xlsx", &filter, "--outdir"]).arg(&out).args(csv);
    let converted = convert.output()?;
    assert!(converted.status.success(), "{converted:?}");
    let books = files(&out)?;
    assert_eq!(books.len(), csv.len(), "{converted:?}");
    let mut found = Vec::new();
    for book in books {
        let mut opened: calamine::Xlsx<_> = calamine::open_workbook(out.join(&book)).map_err(io::Error::other)?;
        for sheet in calamine::Reader::sheet_names(&opened) {
            let cells = calamine::Reader::worksheet_formula(&mut opened, &sheet).map_err(io::Error::other)?;
            found.extend(cells.used_cells().map(|(_, _, text)| text.clone()).filter(|text| !text.is_empty()));
        }
    }
    fs::remove_dir_all(out)?;
    Ok(found)
}

/// The CSV files in a folder.
fn csv_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(files(folder)?.into_iter().map(|name| folder.join(name)).collect())
}

/// The spreadsheet opens, says what the CSV says, runs nothing and hides nothing.
fn spreadsheet_is_harmless(report: &Path) -> io::Result<()> {
    let bytes = fs::read(report.join("access-review.xlsx"))?;
    let mut archive = zip::ZipArchive::new(io::Cursor::new(bytes.as_slice()))?;
    let mut all = String::new();
    for at in 0..archive.len() {
        io::Read::read_to_string(&mut archive.by_index(at)?, &mut all)?;
    }
    assert!(!all.contains("<f>") && !all.contains("<hyperlink") && !all.contains("TargetMode=\"External\""));
    // The file's dates are the snapshot's, and editing a text that starts like a formula leaves it a text.
    assert_eq!(all.matches("\"dcterms:W3CDTF\">2026-10-01T06:00:00Z<").count(), 2);
    assert!(all.contains("quotePrefix=\"1\""));
    let mut sheet = String::new();
    io::Read::read_to_string(&mut archive.by_name("xl/worksheets/sheet5.xml")?, &mut sheet)?;
    let printed = ["<autoFilter ref=\"A1:V", "state=\"frozen\"", "orientation=\"landscape\"", "fitToHeight=\"0\""];
    let verdicts = ["fail", "review", "unknown", "accepted", "pass"].map(|v| format!("<formula>\"{v}\"</formula>"));
    for what in printed.iter().copied().chain(["Page &amp;P of &amp;N"]).chain(verdicts.iter().map(String::as_str)) {
        assert!(sheet.contains(what), "{what}");
    }
    assert!(sheet.contains("<conditionalFormatting sqref=\"C2:C"), "verdicts are coloured");
    assert!(all.contains("'inactive-seats'!$A:$B,'inactive-seats'!$1:$1"), "the header is on every page");
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(io::Cursor::new(bytes)).map_err(io::Error::other)?;
    let rows = calamine::Reader::worksheet_range(&mut book, "inactive-seats").map_err(io::Error::other)?;
    let csv = fs::read(report.join("csv/inactive-seats.csv"))?;
    let mut reader = csv::ReaderBuilder::new().from_reader(csv.as_slice());
    let mut seen = 0;
    for (row, record) in rows.rows().skip(1).zip(reader.records()) {
        let (subject, record) = (row[1].to_string(), record?);
        // What the CSV marks and spells for other spreadsheets is as it is here.
        let plain = |text: &str| text.replace('\'', "").replace(r"\;", ";").replace(r"\|", "|");
        assert_eq!(plain(&record[1]), plain(&subject));
        assert!(!subject.contains(['\u{202e}', '\u{1b}']), "{subject:?}");
        seen += 1;
    }
    assert_eq!(seen + 1, rows.height(), "every row is there");
    Ok(())
}

/// The PDF opens, and its text is there.
fn pdf_has_text(report: &Path) -> io::Result<()> {
    let document = lopdf::Document::load(report.join("access-review.pdf")).map_err(io::Error::other)?;
    let pages: Vec<u32> = document.get_pages().keys().copied().collect();
    let text = document.extract_text(&pages).map_err(io::Error::other)?;
    assert!(text.contains("Access review") && text.contains("script"), "{} characters", text.len());
    assert!(text.contains("u{202e}"), "an override must be spelled out");
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    let bytes = fs::read(report.join("access-review.pdf"))?;
    for action in ["/JavaScript", "/Launch", "/URI", "/OpenAction"] {
        assert!(!bytes.windows(action.len()).any(|w| w == action.as_bytes()), "the PDF has {action}");
    }
    Ok(())
}

/// Only the store and the reports are there, under names that we gave, for the owner's eyes only.
fn nothing_left_its_place(sandbox: &Sandbox) -> io::Result<()> {
    let root = sandbox.path(".");
    for path in files(&root)? {
        let name = path.display().to_string();
        let ours = name.starts_with(&format!("rollcall-store/{ORG}/"))
            || name.starts_with(&format!("rollcall-reports/{ORG}-20261001T060000Z/"));
        if name == "rollcall.toml" {
            continue;
        }
        assert!(ours, "{name} is not where a file of ours belongs");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=".contains(c);
        assert!(name.chars().all(plain) && !name.contains("..") && name.len() < 120, "{name:?}");
        let file = root.join(&path);
        assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600, "{name}");
        for folder in path.ancestors().skip(1).filter(|p| p.components().count() > 1) {
            assert_eq!(fs::metadata(root.join(folder))?.permissions().mode() & 0o777, 0o700, "{}", folder.display());
        }
    }
    let outside = sandbox.path("..").join("outside");
    assert!(!outside.exists());
    Ok(())
}

#[test]
fn the_token_is_in_no_file_and_no_stream_of_a_full_run() {
    let hub = Scripted::start(hostile_org(), AS_OF).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let run = run(&hub, &sandbox, "-v --log-format json").unwrap();
    let mut places = contents(&sandbox.path(".")).unwrap();
    places.push(("stdout".to_owned(), run.stdout.into_bytes()));
    places.push(("stderr".to_owned(), run.stderr.into_bytes()));
    assert!(places.len() > 30);
    let backwards: String = TOKEN.chars().rev().collect();
    for (name, bytes) in places {
        let bytes = if Path::new(&name).extension().is_some_and(|e| e == "zst") {
            zstd::decode_all(bytes.as_slice()).unwrap()
        } else {
            bytes
        };
        for secret in [TOKEN, &backwards] {
            assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{name} holds the token");
        }
    }
}

#[test]
fn a_hostile_command_line_and_configuration_are_repeated_as_text() {
    let sandbox = Sandbox::new().unwrap();
    let name = "\u{1b}[31mx\u{202e}y";
    sandbox.write("rollcall.toml", "[\"org\".\"\\u001b[31m\\u202e\"]\n\"\\u001b\\u202e\" = 1\n").unwrap();
    for arguments in [
        vec!["collect", name],
        vec!["explain", name],
        vec!["report", "acme", "--period", name],
        vec!["report", "acme", "--template", name],
        vec!["verify", name],
        vec!["collect", "acme", "--config", name],
        vec!["snapshots", "acme"],
    ] {
        let run = Run::of(sandbox.command().args(&arguments)).unwrap();
        assert_ne!(run.code, 0, "{arguments:?}: {run:?}");
        assert_eq!((raw(&run.stdout), raw(&run.stderr)), (vec![], vec![]), "{arguments:?}: {run:?}");
    }
}
