//! `doctor` from outside: what it says of the sample's token, and that it leaves nothing behind.

use std::io;

use rollcall::demo::{ORG, Server, TOKEN};
use tokio::runtime::Runtime;

use crate::{
    common::{NO_CONFIG, Run, Sandbox, files},
    scripted::{self, Scripted},
};

/// Runs the program against the sample Hub.
fn run(sandbox: &Sandbox, server: &Server, (line, token): (&str, &str)) -> io::Result<Run> {
    let url = server.url();
    Run::of(sandbox.command().args(line.split_whitespace()).env("HF_TOKEN", token).env("HF_ENDPOINT", url))
}

#[test]
fn the_token_of_the_sample_is_examined_and_nothing_is_left_behind() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(3, 0)).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let plain = run(&sandbox, &server, (&format!("doctor {ORG} --require-complete"), TOKEN)).unwrap();
    assert_eq!((plain.code, plain.stderr.as_str()), (0, NO_CONFIG), "{plain:?}");
    let said = |text: &str| assert!(plain.stdout.contains(text), "{text}: {}", plain.stdout);
    said("network_security  plan        403");
    said("audit_log         not probed");
    said("role fineGrained");
    said("enterprise (from whoami)");
    said("agrees with the Hub's");
    said(&format!(
        "{}/settings/tokens/new?tokenType=fineGrained&orgs={ORG}&orgPermissions=org.auditLog.write",
        server.url()
    ));
    said("itself recorded in the log");
    let asked = |text: &str| server.requests().iter().filter(|request| request.contains(text)).count();
    assert_eq!((asked("audit-log"), asked("user-access-request"), asked("whoami")), (0, 1, 1));
    assert!(server.requests().iter().all(|request| request.starts_with("GET ")));

    let line = format!("doctor {ORG} --with-export --format json --quiet");
    let json = run(&sandbox, &server, (&line, TOKEN)).unwrap();
    assert_eq!((json.code, json.stderr.as_str(), asked("audit-log")), (0, "", 1), "{json:?}");
    let data: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&data["format"], &data["gaps"]), (&"rollcall.doctor/1".into(), &serde_json::json!([])));
    let log = data["sources"].as_array().unwrap().iter().find(|line| line["source"] == "audit_log").unwrap();
    assert_eq!((&log["readable"], &log["status"], &log["stated"]), (&"yes".into(), &200.into(), &"yes".into()));
    for text in [&plain.stdout, &json.stdout] {
        assert!(!text.contains(TOKEN));
    }
    assert_eq!(files(&sandbox.path(".")).unwrap(), [""; 0].map(std::path::PathBuf::from), "nothing is written");
}

#[test]
fn a_reader_who_is_no_admin_is_told_of_the_lists_that_leave_things_out() {
    let mut answers = scripted::quiet_org();
    let (_, whoami) = answers.get_mut("/api/whoami-v2").unwrap();
    *whoami = String::from_utf8_lossy(whoami).replace("\"roleInOrg\":\"admin\"", "\"roleInOrg\":\"read\"").into_bytes();
    let (hub, sandbox) = (Scripted::start(answers, "2026-10-01T06:00:00Z").unwrap(), Sandbox::new().unwrap());
    let line = format!("doctor {}", scripted::ORG);
    let gaps = hub.run(&sandbox, &format!("{line} --require-complete")).unwrap();
    assert_eq!(gaps.code, 3, "{gaps:?}");
    assert!(gaps.stdout.contains("would have gaps: resource_groups, repos"), "{}", gaps.stdout);
    assert!(gaps.stdout.contains("read with the role read"), "{}", gaps.stdout);
    assert_eq!(hub.run(&sandbox, &line).unwrap().code, 0);
}

#[test]
fn without_a_usable_token_or_organization_it_ends_with_4() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(3, 0)).unwrap();
    let sandbox = Sandbox::new().unwrap();
    let refused = run(&sandbox, &server, (&format!("doctor {ORG}"), "hf_wrong_but_invented")).unwrap();
    assert!(refused.three_lines(4)[0].contains("does not accept"));
    let unknown = run(&sandbox, &server, ("doctor nobody-knows-them", TOKEN)).unwrap().three_lines(4);
    assert!(unknown[0].contains("knows no organization nobody-knows-them"), "{unknown:?}");
    let nowhere = format!("doctor {ORG} --endpoint http://127.0.0.1:9");
    assert!(run(&sandbox, &server, (&nowhere, TOKEN)).unwrap().three_lines(4)[0].contains("cannot be reached"));
    assert!(sandbox.run(&format!("doctor {ORG}")).unwrap().three_lines(4)[1].contains("HF_TOKEN"));
}
