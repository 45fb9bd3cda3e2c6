//! The structure that OSCAL's schema asks for, and what a finding may say.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::{
    model::{exception::ExceptionState, verdict::Verdict},
    report::{template, testing::Sample},
};

/// The document of a sample.
fn document(sample: &Sample) -> Value {
    let bytes = render(&sample.input(), &template::load("access-review", None).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&bytes).unwrap()["assessment-results"].clone()
}

/// The finding of an analyzer.
fn finding<'d>(document: &'d Value, target: &str) -> &'d Value {
    let findings = document["results"][0]["findings"].as_array().unwrap();
    findings.iter().find(|f| f["target"]["target-id"] == target).unwrap()
}

/// State, reason and whether it was assessed.
fn says(document: &Value, target: &str) -> [String; 3] {
    let target = &finding(document, target)["target"];
    [&target["status"]["state"], &target["status"]["reason"], &target["props"][0]["value"]]
        .map(|value| value.as_str().unwrap().to_owned())
}

/// Every object in a document, with the key it stands under.
fn walk<'d>(key: &str, value: &'d Value, each: &mut impl FnMut(&str, &'d Value)) {
    each(key, value);
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| walk(key, value, each)),
        Value::Array(items) => items.iter().for_each(|item| walk(key, item, each)),
        _ => {}
    }
}

/// Checks the datatypes and references that the schema and its constraints ask for.
fn check(document: &Value) {
    let (mut defined, mut referred) = (Vec::new(), Vec::new());
    walk("", document, &mut |key, value| {
        let text = value.as_str().unwrap_or_default();
        match key {
            "uuid" => defined.push(text.to_owned()),
            "observation-uuid" | "risk-uuid" | "subject-uuid" => referred.push(text.to_owned()),
            "href" if text.starts_with('#') => referred.push(text[1..].to_owned()),
            "value" | "name" => {
                assert!(!text.is_empty() && text.trim() == text && !text.contains('\n'), "{key}: {text:?}");
            }
            _ => {}
        }
        assert!(value.as_array().is_none_or(|items| !items.is_empty()), "{key} is an empty list");
    });
    let unique: BTreeSet<&String> = defined.iter().collect();
    assert_eq!(unique.len(), defined.len(), "a uuid names one thing");
    let missing: Vec<_> = referred.iter().filter(|id| !unique.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?} are referred to and not there");
    for key in ["uuid", "metadata", "import-ap", "results", "back-matter"] {
        assert!(!document[key].is_null(), "{key}");
    }
    for key in ["title", "last-modified", "version", "oscal-version"] {
        assert!(document["metadata"][key].is_string(), "{key}");
    }
    let result = &document["results"][0];
    for key in ["uuid", "title", "description", "start", "reviewed-controls"] {
        assert!(!result[key].is_null(), "{key}");
    }
    for observation in result["observations"].as_array().unwrap() {
        for key in ["uuid", "description", "methods", "collected"] {
            assert!(!observation[key].is_null(), "{key} of {observation}");
        }
    }
    for risk in result["risks"].as_array().into_iter().flatten() {
        for key in ["uuid", "title", "description", "statement", "status"] {
            assert!(risk[key].is_string(), "{key} of {risk}");
        }
    }
}

#[test]
fn a_document_is_whole_and_the_same_twice() {
    let sample = Sample::new();
    let made = document(&sample);
    check(&made);
    assert_eq!(made, document(&sample));
    assert_eq!(made["metadata"]["last-modified"], "2026-10-01T06:00:00Z");
    assert_eq!(made["metadata"]["oscal-version"], VERSION);
    assert_eq!(made["results"][0]["start"], "2026-07-03T06:00:00Z");
    let hash = &made["back-matter"]["resources"][1]["rlinks"][0]["hashes"][0]["value"];
    assert_eq!(*hash, sample.input().manifest_sha256);
    let other = Input { redacted: true, ..sample.input() };
    let other = render(&other, &template::load("access-review", None).unwrap()).unwrap();
    let other: Value = serde_json::from_slice(&other).unwrap();
    assert_ne!(made["uuid"], other["assessment-results"]["uuid"], "another document is another one");
}

#[test]
fn every_row_that_is_no_pass_is_observed_and_passes_are_counted() {
    let sample = Sample::new();
    let made = document(&sample);
    let result = &made["results"][0];
    let rows = || sample.outcomes.iter().flat_map(|o| &o.rows);
    let with = |verdict: &str| {
        let all = result["observations"].as_array().unwrap().iter();
        all.filter(|o| o["props"][2]["value"] == verdict && o["props"][2]["name"] == "verdict").count()
    };
    for verdict in Verdict::ALL {
        let counted_only = matches!(verdict, Verdict::Listed | Verdict::Pass);
        let expected = if counted_only { 0 } else { rows().filter(|r| r.verdict == verdict).count() };
        assert_eq!(with(verdict.word()), expected, "{verdict}");
    }
    let risks = result["risks"].as_array().unwrap();
    let status = |status: &str| risks.iter().filter(|r| r["status"] == status).count();
    assert_eq!(status("open"), rows().filter(|r| r.verdict == Verdict::Fail).count());
    assert_eq!(status("deviation-approved"), rows().filter(|r| r.verdict == Verdict::Accepted).count());
    assert!(result["observations"][0]["description"].as_str().unwrap().contains("only listed included: 1 fail"));
}

#[test]
fn only_whole_evidence_that_is_in_order_satisfies() {
    let mut sample = Sample::new();
    let made = document(&sample);
    assert_eq!(says(&made, "access"), ["not-satisfied", "other", "no"], "what is listed satisfies nothing");
    sample.outcomes[7].rows[0].verdict = Verdict::Pass;
    let made = document(&sample);
    assert_eq!(says(&made, "access"), ["satisfied", "pass", "yes"]);
    assert_eq!(says(&made, "inactive-seats"), ["not-satisfied", "fail", "partly"]);
    assert_eq!(says(&made, "offboarding"), ["not-satisfied", "other", "no"], "nothing judged satisfies nothing");
    sample.outcomes[0].rows.retain(|r| matches!(r.verdict, Verdict::Accepted | Verdict::Pass));
    sample.outcomes[2].rows.retain(|r| r.verdict == Verdict::Review);
    let made = document(&sample);
    assert_eq!(says(&made, "inactive-seats"), ["not-satisfied", "other", "yes"], "accepted is not in order");
    assert_eq!(says(&made, "orphaned-access"), ["not-satisfied", "other", "yes"], "review is undecided");
    sample.open_a_gap(Source::Members);
    let made = document(&sample);
    check(&made);
    assert_eq!(says(&made, "access"), ["not-satisfied", "other", "partly"]);
    let remarks = &finding(&made, "access")["target"]["status"]["remarks"];
    assert_eq!(*remarks, "not assessed: evidence is missing or too young. members (forbidden)");
    // Whoever forgets the row of a gap does not get a satisfied finding out of it.
    sample.outcomes[7].rows.retain(|r| r.verdict == Verdict::Pass);
    assert_eq!(says(&document(&sample), "access")[..2], ["not-satisfied", "other"]);
    let evidence = made["metadata"]["props"].as_array().unwrap().iter().find(|p| p["name"] == "evidence").unwrap();
    assert_eq!(evidence["value"], "incomplete");
}

#[test]
fn exceptions_that_need_attention_are_findings() {
    let mut sample = Sample::new();
    assert_eq!(says(&document(&sample), "exceptions"), ["not-satisfied", "fail", "yes"]);
    sample.exceptions.retain(|e| e.state == ExceptionState::InForce);
    assert_eq!(says(&document(&sample), "exceptions"), ["satisfied", "pass", "yes"]);
}

#[test]
fn requirements_are_named_where_the_template_says_which() {
    let sample = Sample::new();
    let made = document(&sample);
    check(&made);
    let some = &made["results"][0]["reviewed-controls"]["control-selections"][0];
    let ids = some["include-controls"].as_array().unwrap();
    assert!(ids.contains(&json!({ "control-id": "CC6.2" })) && ids.contains(&json!({ "control-id": "_7.2.4" })));
    assert!(ids.contains(&json!({ "control-id": "AC-2.3" })), "{some}");
    assert!(some["include-all"].is_null());
    let props = finding(&made, "offboarding")["props"].as_array().unwrap();
    assert!(props.iter().any(|p| p["name"] == "requirement" && p["value"] == "CC6.2" && p["class"] == "SOC-2"));
    let mut template = template::load("access-review", None).unwrap();
    template.frameworks.clear();
    let made: Value = serde_json::from_slice(&render(&sample.input(), &template).unwrap()).unwrap();
    let all = &made["assessment-results"]["results"][0]["reviewed-controls"]["control-selections"][0];
    assert!(all["include-all"].is_object() && all["include-controls"].is_null());
}

#[test]
fn names_are_no_markup_and_fit_a_line() {
    let mut sample = Sample::new();
    sample.outcomes[0].rows[0].subject = " [x](http://evil.example)\n<b>\u{202e} ".to_owned();
    sample.outcomes[0].rows[0].reason = String::new();
    let made = document(&sample);
    check(&made);
    walk("", &made, &mut |key, value| {
        let markup = matches!(key, "title" | "description" | "remarks" | "statement");
        assert!(!markup || !value.as_str().unwrap_or_default().contains("[x]("), "{key}: {value}");
    });
    let text = made.to_string();
    assert!(text.contains(r"[x](http://evil.example)\\n<b>\\u{202e}"), "the property has the name on one line");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn no_name_breaks_the_document(subject in any::<String>(), reason in any::<String>(), word in "\\PC{0,8}") {
        let mut sample = Sample::new();
        for row in sample.outcomes.iter_mut().flat_map(|o| &mut o.rows) {
            row.subject.clone_from(&subject);
            row.reason.clone_from(&reason);
        }
        sample.exceptions[0].exception.subject = subject;
        sample.manifest.collector.login = word;
        check(&document(&sample));
    }
}
