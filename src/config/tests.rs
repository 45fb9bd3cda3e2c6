//! Tests of the configuration.

use super::*;

/// Analyzers as the registry would name them.
fn known() -> Known {
    Known::from([("inactive-seats", vec!["inactive", "never-active"]), ("seat-spend", vec!["duplicate"])])
}

/// The problems of a text that must be wrong.
fn problems(text: &str) -> Vec<(usize, String)> {
    Config::parse(text, &known()).unwrap_err().0.into_iter().map(|p| (p.line, p.what)).collect()
}

#[test]
fn the_contracts_example_is_read() {
    let config = Config::parse(
        r#"
[org.acme-robotics]
plan = "team"
[seats]
price_usd = 20
purchased = 40
[activity]
threshold_days = 60
[analyzers.orphaned-access]
invite_stale_days = 14
[analyzers.owner-coverage]
max_owners = 6
[roster]
file = "people.csv"
columns = { email = "Work Email" }
status_values = { terminated = ["Terminated", "Left"] }
[[exceptions]]
analyzer = "inactive-seats"
rule = "inactive"
subject = "ci-release-bot"
reason = "break-glass"
approved_by = "security@acme.example"
expires = "2027-03-31"
[[exceptions]]
analyzer = "seat-spend"
rule = "duplicate"
subject = "x*"
pattern = true
reason = "r"
approved_by = "a"
expires = 2027-03-30
"#,
        &known(),
    )
    .unwrap();
    let values = &config.values;
    assert_eq!(values.seats.price_usd, Some(20.0));
    assert_eq!(values.activity.threshold_days, 60);
    assert_eq!(values.activity.grace_days, 30);
    assert_eq!(values.analyzers.owner_coverage.max_owners, Some(6));
    assert_eq!(values.roster.as_ref().unwrap().status_values["terminated"], ["Terminated", "Left"]);
    assert_eq!(values.exceptions.len(), 2);
    let org = OrgName::new("Acme-Robotics").unwrap();
    assert_eq!(config.org(&org).unwrap().plan.as_deref(), Some("team"));
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_known_one() {
    assert_eq!(
        problems("[activity]\n\ntreshold_days = 3\n"),
        [(3, "unknown key `treshold_days` in [activity], did you mean `threshold_days`?".to_owned())]
    );
    assert_eq!(problems("[seat]\n"), [(1, "unknown key `seat`, did you mean `seats`?".to_owned())]);
    assert_eq!(
        problems("[analyzers.owner-covrage]\n"),
        [(1, "unknown key `owner-covrage` in [analyzers], did you mean `owner-coverage`?".to_owned())]
    );
    assert_eq!(
        problems("[org.acme]\nplam = \"team\"\n"),
        [(2, "unknown key `plam` in [org.<name>], did you mean `plan`?".to_owned())]
    );
    assert_eq!(
        problems("[roster]\nfile = \"x\"\ncolumns = { e_mail = \"Mail\" }\n"),
        [(3, "unknown key `e_mail` in `roster.columns`, did you mean `email`?".to_owned())]
    );
}

#[test]
fn a_wrong_value_names_what_is_expected() {
    assert_eq!(
        problems(
            "[activity]\nthreshold_days = 0\n[seats]\nrenewal_day = 32\nprice_usd = -1.0\ncount_external = \"no\"\n"
        ),
        [
            (2, "`threshold_days` must be a whole number from 1 to 36500, found 0".to_owned()),
            (4, "`renewal_day` must be a whole number from 1 to 31, found 32".to_owned()),
            (5, "`price_usd` must be an amount in USD, 0 or more, found -1.0".to_owned()),
            (6, "`count_external` must be true or false, found \"no\"".to_owned()),
        ]
    );
    let limits = Config::parse("[seats]\nrenewal_day = 31\n[activity]\ngrace_days = 0\n", &known()).unwrap();
    assert_eq!((limits.values.seats.renewal_day, limits.values.activity.grace_days), (31, 0));
    for price in ["nan", "inf", "-0.01"] {
        assert_eq!(problems(&format!("[seats]\nprice_usd = {price}\n")).len(), 1, "{price}");
    }
    assert_eq!(
        problems("seats = 3\n"),
        [(1, "`seats` must be a table [seats], found a value of type integer".to_owned())]
    );
    assert_eq!(problems("[analyzers.owner-coverage]\nmin_owners = 4\nmax_owners = 3\n").len(), 1);
    assert_eq!(problems("[report]\npaper = \"a5\"\n")[0].0, 2);
}

#[test]
fn an_annual_subscription_needs_a_day_of_renewal() {
    let missing = "`renewal_date` is missing in [seats]: `term = \"annual\"` needs it".to_owned();
    assert_eq!(problems("[seats]\nterm = \"annual\"\n"), [(1, missing)]);
    assert_eq!(problems("[seats]\nterm = \"annual\"\nrenewal_date = \"soon\"\n").len(), 1);
    assert_eq!(problems("[seats]\nterm = \"weekly\"\n")[0].0, 2);
    for text in ["term = \"annual\"\nrenewal_date = 2027-03-01", "term = \"monthly\"\nrenewal_date = \"2027-03-01\""] {
        let seats = Config::parse(&format!("[seats]\n{text}\n"), &known()).unwrap().values.seats;
        assert_eq!(seats.renewal_date.unwrap().to_string(), "2027-03-01");
    }
}

#[test]
fn an_exception_must_name_a_rule_and_an_end() {
    let text = "[[exceptions]]\nanalyzer = \"inactive-seat\"\nrule = \"inactive\"\nsubject = \"x\"\nreason = \"r\"\n\
                approved_by = \"a\"\nexpires = \"soon\"\n[[exceptions]]\nanalyzer = \"inactive-seats\"\nrule = \"inactiv\"\n";
    let found = problems(text);
    assert!(found.contains(&(2, "there is no analyzer \"inactive-seat\", did you mean `inactive-seats`?".to_owned())));
    assert!(found.contains(&(7, "`expires` must be a date like \"2027-03-31\", found \"soon\"".to_owned())));
    assert!(found.contains(&(10, "inactive-seats has no rule \"inactiv\", did you mean `inactive`?".to_owned())));
    assert!(found.contains(&(8, "`expires` is missing in [[exceptions]]".to_owned())));
    assert!(!found.contains(&(1, "`expires` is missing in [[exceptions]]".to_owned())), "{found:?}");
}

#[test]
fn broken_toml_names_its_line() {
    let found = problems("[seats]\nprice_usd = = 3\n");
    assert_eq!(found[0].0, 2);
    assert!(found[0].1.starts_with("not valid TOML: "));
    let twice = problems("[seats]\nrenewal_day = 1\nrenewal_day = 2\n");
    assert_eq!(twice[0].0, 3, "{twice:?}");
}

#[test]
fn a_word_cannot_mean_two_statuses() {
    let found = problems("[roster]\nfile = \"x\"\nstatus_values = { leave = [\"Out\"], terminated = [\"out \"] }\n");
    assert_eq!(found.len(), 1);
}

#[test]
fn a_misspelt_word_names_its_line_and_the_nearest_known_one() {
    let found = problems("[org.acme]\nplan = \"enterprize\"\n");
    assert_eq!(found[0].0, 2);
    let told = &found[0].1;
    assert!(told.starts_with("`plan` must be one of ") && told.ends_with(", did you mean `enterprise`?"), "{told}");
    let found = problems("[report]\npaper = \"A4\"\n");
    assert!(found[0].1.ends_with("did you mean `a4`?"), "{found:?}");
}

#[test]
fn the_canonical_form_is_read_back() {
    let config = Config::parse("[org.acme]\nplan = \"team\"\n[roster]\nfile = \"p.csv\"\n", &known()).unwrap();
    assert_eq!(Config::from_canonical(&config.canonical()), Some(config));
    assert_eq!(Config::from_canonical("{\"later\": 1}"), None);
}

#[test]
fn the_sample_is_valid_and_says_the_defaults() {
    let sample = keys::sample();
    let as_it_is = Config::parse(&sample, &Known::new()).unwrap();
    assert_eq!(as_it_is.values, Values::default());
    let code = |line: &str| line.strip_prefix('#').filter(|l| !l.starts_with(' ') && !l.is_empty()).map(str::to_owned);
    let all: Vec<_> = sample.lines().map(|line| code(line).unwrap_or_else(|| line.to_owned())).collect();
    let full = Config::parse(&all.join("\n"), &Known::new()).unwrap();
    let defaults = Values::default();
    assert_eq!(full.values.activity, defaults.activity);
    assert_eq!(full.values.report.language.as_deref(), Some("de"), "an example, no default");
    assert_eq!(full.values.report.paper, defaults.report.paper);
    assert_eq!(full.values.report.classification, defaults.report.classification);
    assert_eq!(full.values.seats.renewal_day, defaults.seats.renewal_day);
    assert_eq!(full.values.analyzers.orphaned_access, defaults.analyzers.orphaned_access);
    assert_eq!(full.values.exceptions.len(), 1);
    assert_eq!(full.values.roster.unwrap().columns["email"], "Work Email");
}

#[test]
fn the_digest_follows_values_and_not_spelling() {
    let digest = |text: &str| Config::parse(text, &known()).unwrap().digest();
    assert_eq!(digest(""), digest("[activity]\nthreshold_days = 90\n"));
    assert_eq!(digest("[seats]\nprice_usd = 20\n"), digest("# twenty\n[seats]\nprice_usd = 20.0\n"));
    assert_ne!(digest(""), digest("[activity]\nthreshold_days = 91\n"));
    assert_eq!(digest("").len(), 64);
}

#[test]
fn a_named_file_must_exist_and_a_candidate_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rollcall.toml");
    let missing = Config::find(Some(&file), &[], &known()).unwrap_err();
    assert!(missing.to_string().contains("rollcall.toml"));
    assert_eq!(Config::find(None, std::slice::from_ref(&file), &known()).unwrap(), Config::default());
    fs::write(&file, "[roster]\nfile = \"people.csv\"\n").unwrap();
    let config = Config::find(None, &[file], &known()).unwrap();
    assert_eq!(config.resolve("people.csv"), folder.path().join("people.csv"));
    assert_eq!(config.resolve("/abs/people.csv"), Path::new("/abs/people.csv"));
}

#[test]
fn the_date_of_the_roster_belongs_to_a_file_that_is_named() {
    let text = "[roster]\nfile = \"people.csv\"\nextracted_on = 2026-09-30\n";
    let config = Config::parse(text, &Known::new()).unwrap();
    let day = config.values.roster.unwrap().extracted_on.map(crate::model::time::format_date);
    assert_eq!(day.as_deref(), Some("2026-09-30"));
    let problems = Config::parse("[roster]\nextracted_on = \"2026-09-30\"\n", &Known::new()).unwrap_err();
    assert!(problems.to_string().contains("`extracted_on` is the date of `file`"), "{problems}");
}

#[test]
fn a_witness_is_a_program_with_arguments_and_without_one_the_digest_is_what_it_was() {
    let parsed = |text: &str| Config::parse(&format!("[witness]\ncommand = {text}\n"), &known());
    let config = parsed("[\"./tell.sh\", \"--log\", \"\"]").unwrap();
    assert_eq!(config.values.witness.command, ["./tell.sh", "--log", ""]);
    assert_eq!(Config::from_canonical(&config.canonical()).unwrap().values, config.values);
    for wrong in ["[]", "\"./tell.sh\"", "[\" \", \"x\"]", "[1]", "{ a = \"b\" }"] {
        let problems = parsed(wrong).unwrap_err().to_string();
        assert!(problems.contains("line 2") && problems.contains("a list of texts, the program first"), "{problems}");
    }
    assert!(!Config::default().canonical().contains("witness"));
}
