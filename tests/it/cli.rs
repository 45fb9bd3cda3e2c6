//! The command line from outside: help, exit codes, errors, and the commands that need no organization.

use crate::common::{NO_CONFIG, Run, Sandbox};

/// The commands of this version.
const COMMANDS: [&str; 14] = [
    "demo",
    "run",
    "collect",
    "report",
    "access",
    "diff",
    "snapshots",
    "verify",
    "bundle",
    "prune",
    "explain",
    "init",
    "completions",
    "man",
];

#[test]
fn help_goes_to_stdout_and_names_every_command() {
    let help = Sandbox::new().unwrap().run("--help").unwrap();
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    for command in COMMANDS {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command}: {}", help.stdout);
    }
    assert!(help.stdout.contains("Exit codes:"));
    let sandbox = Sandbox::new().unwrap();
    for command in COMMANDS {
        assert_eq!(sandbox.run(&format!("{command} --help")).unwrap().code, 0, "{command}");
    }
}

#[test]
fn mistakes_on_the_command_line_end_with_2() {
    let sandbox = Sandbox::new().unwrap();
    for line in [
        "",
        "colect acme",
        "collect",
        "collect ../acme",
        "run",
        "run acme --all",
        "collect acme --skip nothing",
        "report acme --fail-on severe",
        "collect acme --token hf_x",
        "report acme --period soon",
        "report acme --format docx",
        "report acme --template nobody-wrote-this",
        "collect acme --as-of yesterday",
        "collect acme --endpoint ftp://hub.example",
        "collect acme --endpoint http://hub.example",
        "collect acme --config missing.toml",
        "run --all",
        "explain no-such-thing",
        "access acme",
        "access acme --repo a --user b",
        "access acme --user a --format pdf",
        "diff",
        "diff acme --format xlsx",
        "prune acme",
        "prune acme --before soon",
        "prune acme --before 2026-01-01 --set-aside 20360101T000000Z",
        "prune acme --set-aside latest",
        "collect acme --sign no-such-key",
        "verify . --expect-manifest 0a0b",
        "bundle acme --format docx",
        "bundle acme --sign rollcall.toml",
    ] {
        let run = sandbox.run(line).unwrap();
        assert_eq!(run.code, 2, "{line}: {run:?}");
        assert_eq!(run.stdout, "", "{line}");
        let told = run.stderr.strip_prefix(NO_CONFIG).unwrap_or(&run.stderr);
        assert!(told.starts_with("error: ") || line.is_empty(), "{line}: {}", run.stderr);
    }
    assert!(!sandbox.path("rollcall-store").exists(), "a mistake must not leave a store behind");
}

#[test]
fn a_misspelt_key_names_file_line_and_the_nearest_key() {
    let sandbox = Sandbox::new().unwrap();
    sandbox.write("rollcall.toml", "[activity]\n\ntreshold_days = 60\n").unwrap();
    let [what, why, _] = sandbox.run("collect acme").unwrap().three_lines(2);
    assert!(what.contains("rollcall.toml"), "{what}");
    assert!(why.contains("line 3") && why.contains("treshold_days") && why.contains("threshold_days"), "{why}");
}

#[test]
fn a_misspelt_plan_is_a_mistake_that_quiet_does_not_hide() {
    let sandbox = Sandbox::new().unwrap();
    sandbox.write("rollcall.toml", "[org.acme]\nplan = \"enterprize\"\n").unwrap();
    for line in ["collect acme --quiet", "report acme", "doctor acme --quiet"] {
        let [_, why, _] = sandbox.run(line).unwrap().three_lines(2);
        assert!(why.contains("line 2") && why.contains("did you mean `enterprise`?"), "{line}: {why}");
    }
}

#[test]
fn a_command_without_a_configuration_says_so_once() {
    let sandbox = Sandbox::new().unwrap();
    for line in ["snapshots acme", "report acme", "collect acme", "run acme"] {
        let run = sandbox.run(line).unwrap();
        assert_eq!(run.stderr.matches(NO_CONFIG).count(), 1, "{line}: {run:?}");
        assert!(!sandbox.run(&format!("{line} --quiet")).unwrap().stderr.contains("rollcall.toml"), "{line}");
    }
    sandbox.write("rollcall.toml", "").unwrap();
    assert!(!sandbox.run("snapshots acme").unwrap().stderr.contains(NO_CONFIG));
}

#[test]
fn in_json_every_line_on_stderr_is_an_object_even_of_an_error() {
    let sandbox = Sandbox::new().unwrap();
    for (line, code) in
        [("snapshots acme -v", 4), ("report acme --period soon", 2), ("no-such-command", 2), ("--nix", 2)]
    {
        let run = sandbox.run(&format!("--log-format json {line}")).unwrap();
        assert_eq!(run.code, code, "{run:?}");
        let objects: Vec<serde_json::Value> =
            run.stderr.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
        assert_eq!(objects.last().unwrap()["level"], "ERROR", "{run:?}");
        assert!(objects.iter().all(|object| object["fields"]["message"].is_string()), "{run:?}");
    }
    let quiet = sandbox.run("snapshots acme --log-format json --quiet").unwrap();
    assert_eq!(quiet.stderr.lines().count(), 1, "{quiet:?}");
    assert!(quiet.stderr.contains("\"fix\":") && quiet.stderr.contains("\"why\":"), "{quiet:?}");
}

#[test]
fn a_language_without_words_is_a_mistake_that_names_those_there_are() {
    let sandbox = Sandbox::new().unwrap();
    sandbox.write("rollcall.toml", "[report]\nlanguage = \"xx\"\n").unwrap();
    let told = sandbox.run("report acme").unwrap().three_lines(2).join("\n");
    assert!(told.contains("\"xx\"") && told.contains("de, en") && told.contains("[report]"), "{told}");
}

#[test]
fn an_exception_for_a_rule_that_does_not_exist_is_a_mistake() {
    let sandbox = Sandbox::new().unwrap();
    let exception = "[[exceptions]]\nanalyzer = \"inactive-seats\"\nrule = \"inactiv\"\nsubject = \"x\"\n\
                     reason = \"r\"\napproved_by = \"a\"\nexpires = \"2027-03-31\"\n";
    sandbox.write("rollcall.toml", exception).unwrap();
    let [_, why, _] = sandbox.run("report acme").unwrap().three_lines(2);
    assert!(why.contains("line 3") && why.contains("`inactive`"), "{why}");
}

#[test]
fn a_wrong_roster_stops_everything_and_names_the_line() {
    let sandbox = Sandbox::new().unwrap();
    sandbox.write("rollcall.toml", "[roster]\nfile = \"people.csv\"\n").unwrap();
    sandbox.write("people.csv", "email,status\nada@example.org,active\nbo@example.org,gone\n").unwrap();
    let line = "collect acme --endpoint http://127.0.0.1:9";
    let mut command = sandbox.command();
    let run = Run::of(command.args(line.split(' ')).env("HF_TOKEN", "hf_invented")).unwrap();
    let [_, why, _] = run.three_lines(2);
    assert!(why.contains("people.csv") && why.contains("line 3") && why.contains("\"status\""), "{why}");
    assert!(!sandbox.path("rollcall-store").exists());
}

#[test]
fn without_a_token_or_a_hub_nothing_is_left_behind() {
    let sandbox = Sandbox::new().unwrap();
    let run = sandbox.run("collect acme --endpoint http://127.0.0.1:9").unwrap();
    let [_, why, fix] = run.three_lines(4);
    assert!(why.contains("HF_TOKEN") && fix.contains("hf auth login"));
    let mut command = sandbox.command();
    let unreachable =
        Run::of(command.args(["collect", "acme", "--endpoint", "http://127.0.0.1:9"]).env("HF_TOKEN", "hf_invented"))
            .unwrap();
    unreachable.three_lines(4);
    assert!(!format!("{unreachable:?}").contains("hf_invented"));
    assert!(!sandbox.path("rollcall-store").exists(), "an unreachable Hub must not leave an organization behind");
}

#[test]
fn reports_and_lists_of_an_unknown_organization_end_with_4() {
    let sandbox = Sandbox::new().unwrap();
    for line in [
        "report acme",
        "access acme --user a",
        "diff acme",
        "snapshots acme",
        "verify nowhere",
        "bundle acme",
        "prune acme --before 2026-01-01 --yes",
        "prune acme --set-aside 20360101T000000Z --yes",
    ] {
        sandbox.run(line).unwrap().three_lines(4);
    }
}

#[test]
fn init_writes_a_configuration_that_works_and_never_overwrites() {
    let sandbox = Sandbox::new().unwrap();
    assert_eq!(sandbox.run("init").unwrap().code, 0);
    let text = std::fs::read_to_string(sandbox.path("rollcall.toml")).unwrap();
    assert!(text.contains("#threshold_days = 90"));
    assert_eq!(sandbox.run("explain inactive").unwrap().code, 0, "the written file must be usable");
    sandbox.run("init").unwrap().three_lines(2);
    assert_eq!(std::fs::read_to_string(sandbox.path("rollcall.toml")).unwrap(), text);
}

#[test]
fn explain_knows_every_kind_of_name() {
    let sandbox = Sandbox::new().unwrap();
    for (id, expected) in [
        ("inactive-seats", "analyzer inactive-seats"),
        ("never-active", "rule inactive-seats.never-active"),
        ("members", "table members"),
        ("observed_since", "column inactive-seats.observed_since"),
        ("audit_log", "source audit_log"),
        ("two_factor", "column members.two_factor"),
        ("effective-access", "analyzer effective-access"),
        ("at_least", "column effective-access.at_least"),
        ("renewal_day", "configuration key seats.renewal_day"),
    ] {
        let run = sandbox.run(&format!("explain {id}")).unwrap();
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains(expected), "{id}: {}", run.stdout);
    }
    let all = sandbox.run("explain").unwrap().stdout;
    assert!(all.contains("seat-spend") && all.contains("/members"), "{all}");
}

#[test]
fn completions_and_manual_are_data() {
    let sandbox = Sandbox::new().unwrap();
    for line in ["completions bash", "completions zsh", "completions fish", "man"] {
        let run = sandbox.run(line).unwrap();
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
        assert!(run.stdout.contains("rollcall"), "{line}");
    }
}

#[test]
fn colour_is_never_written_unless_asked_for() {
    let sandbox = Sandbox::new().unwrap();
    assert!(!sandbox.run("explain nothing-like-it").unwrap().stderr.contains('\u{1b}'));
    assert!(sandbox.run("--color always explain nothing-like-it").unwrap().stderr.contains('\u{1b}'));
}
