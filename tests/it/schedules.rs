//! Holds the README's schedules to their syntax: what somebody copies must start.

use std::{collections::BTreeMap, fs, io};

use saphyr::{LoadableYamlNode as _, Yaml};

use crate::common::{Run, Sandbox, root};

/// The recipes of the README: the language of each block and its text.
fn recipes() -> io::Result<Vec<(String, String)>> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let from = readme.find("## Scheduling").ok_or_else(|| io::Error::other("no schedules"))?;
    let part = &readme[from..];
    let part = &part[..part[3..].find("\n## ").map_or(part.len(), |end| end + 3)];
    let blocks = part.split("```").skip(1).step_by(2);
    Ok(blocks.filter_map(|block| block.split_once('\n')).map(|(l, text)| (l.to_owned(), text.to_owned())).collect())
}

/// The recipes in one language; none where the README has none, which each test would notice.
fn of(language: &str) -> Vec<String> {
    recipes().unwrap_or_default().into_iter().filter(|(l, _)| l == language).map(|(_, text)| text).collect()
}

/// The sections of a unit file, each key with its values.
fn unit(text: &str) -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let mut sections: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    let mut at = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut at);
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("neither a section nor a key: {line}"));
        assert!(key.chars().all(char::is_alphanumeric), "{line}");
        sections.entry(at.clone()).or_default().entry(key.to_owned()).or_default().push(value.to_owned());
    }
    sections
}

/// One document of YAML.
fn yaml(text: &str) -> Yaml<'_> {
    let mut documents = Yaml::load_from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

/// The texts of a list.
fn texts<'a>(list: &'a Yaml<'_>) -> Vec<&'a str> {
    let texts = list.as_sequence().and_then(|list| list.iter().map(Yaml::as_str).collect());
    texts.unwrap_or_else(|| panic!("no list of texts: {list:?}"))
}

/// Asserts that a schedule has five fields of numbers within their ranges.
fn assert_schedule(text: &str) {
    let fields: Vec<_> = text.split(' ').collect();
    let ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    assert_eq!(fields.len(), ranges.len(), "{text}");
    for (field, (low, high)) in fields.iter().zip(ranges) {
        let within = |n: &str| n.parse::<u32>().is_ok_and(|n| (low..=high).contains(&n));
        assert!(*field == "*" || field.split(',').all(within), "{field} of {text}");
    }
}

/// Asserts that the command line takes what a recipe types after `rollcall`.
fn assert_understood(arguments: &[&str]) {
    // Arguments are read in order, so that a wrong one is met before the question for help.
    let ask = || Run::of(Sandbox::new()?.command().args(arguments).arg("--help"));
    let run = ask().unwrap_or_else(|error| panic!("rollcall {arguments:?}: {error}"));
    assert_eq!(run.code, 0, "rollcall {arguments:?}: {}", run.stderr);
    assert!(run.stdout.contains("Usage: rollcall "), "{}", run.stdout);
}

#[test]
fn every_recipe_types_what_rollcall_understands() {
    let mut seen = 0;
    for (_, text) in recipes().unwrap() {
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            for command in line.split("&&").flat_map(|part| part.split("rollcall ").skip(1)) {
                let command =
                    command.split(['>', '|']).next().unwrap_or_default().replace('"', "").replace("$ORG", "my-org");
                let words: Vec<_> = command.split_whitespace().collect();
                if matches!(words.first(), Some(&("--config" | "run" | "collect" | "report"))) {
                    assert_understood(&words);
                    seen += 1;
                }
            }
        }
    }
    assert_eq!(seen, 4, "systemd, cron and two steps of GitHub Actions");
}

#[test]
fn systemd_units_name_each_other() {
    let units: Vec<_> = of("ini").iter().map(|text| unit(text)).collect();
    let [service, timer, alert] = units.as_slice() else { panic!("{} units", units.len()) };
    assert_eq!(service["Unit"]["OnFailure"], ["rollcall-alert@%n.service"]);
    assert_eq!(service["Service"]["Type"], ["oneshot"]);
    assert!(service["Service"]["LoadCredential"].iter().any(|credential| credential.starts_with("hf-token:/")));
    assert_eq!(service["Service"]["Environment"], ["HF_TOKEN_PATH=%d/hf-token"]);
    assert_eq!(timer["Timer"]["Persistent"], ["true"]);
    assert!(timer["Timer"]["OnCalendar"][0].ends_with("UTC") && timer["Install"].contains_key("WantedBy"));
    assert!(alert["Service"]["ExecStart"][0].contains("--unit=%i"));
}

#[test]
fn the_crontab_has_five_fields_a_user_and_a_command() {
    let crontab = of("cron").concat();
    let jobs = crontab.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit() || c == '*'));
    let jobs: Vec<_> = jobs.collect();
    assert_eq!(jobs.len(), 1);
    let fields: Vec<_> = jobs[0].splitn(7, ' ').collect();
    assert_schedule(&fields[..5].join(" "));
    assert_eq!(fields[5], "rollcall");
    assert!(!fields[6].contains('%'), "cron reads % as the end of the line");
}

#[test]
fn the_workflow_reports_whatever_became_of_the_review() {
    let texts_of = of("yaml");
    let workflow = yaml(&texts_of[0]);
    assert_schedule(workflow["on"]["schedule"][0]["cron"].as_str().unwrap());
    assert!(workflow["permissions"].as_mapping().unwrap().is_empty(), "the job needs nothing of its repository");
    let job = &workflow["jobs"]["review"];
    assert!(texts(&job["runs-on"]).contains(&"self-hosted"));
    let steps = job["steps"].as_sequence().unwrap();
    assert!(steps.iter().all(|step| step["run"].as_str().is_some()), "nothing to pin");
    assert!(steps[0]["run"].as_str().unwrap().contains("--require-complete"));
    assert_eq!(steps[1]["if"].as_str(), Some("${{ always() }}"));
    assert!(steps[1]["run"].as_str().unwrap().contains("--redact"));
}

#[test]
fn the_cron_job_tries_again_only_what_could_not_finish() {
    let texts_of = of("yaml");
    let job = yaml(&texts_of[1]);
    assert_eq!((job["apiVersion"].as_str(), job["kind"].as_str()), (Some("batch/v1"), Some("CronJob")));
    assert_schedule(job["spec"]["schedule"].as_str().unwrap());
    assert_eq!(job["spec"]["concurrencyPolicy"].as_str(), Some("Forbid"));
    let spec = &job["spec"]["jobTemplate"]["spec"];
    let final_codes = spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"].as_sequence().unwrap();
    let final_codes: Vec<_> = final_codes.iter().map(|code| code.as_integer().unwrap()).collect();
    assert_eq!(final_codes, [1, 2, 3, 5], "4 could not finish, 0 needs nothing");
    let pod = &spec["template"]["spec"];
    assert_eq!(pod["restartPolicy"].as_str(), Some("Never"), "a failure policy needs it");
    let container = &pod["containers"][0];
    assert_eq!(container["name"], spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"]);
    assert_understood(&texts(&container["args"]));
    let volumes: Vec<_> =
        pod["volumes"].as_sequence().unwrap().iter().map(|volume| volume["name"].as_str().unwrap()).collect();
    for mount in container["volumeMounts"].as_sequence().unwrap() {
        assert!(volumes.contains(&mount["name"].as_str().unwrap()));
    }
}
