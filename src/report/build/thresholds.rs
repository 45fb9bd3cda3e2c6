//! Thresholds in force: every setting that an analysis can be tuned by, walked from its serialized form, so that none can
//! be forgotten, whatever is added.

use serde_json::Value;

use super::Context;
use crate::{model::params::Params, report::words::Words};

/// A setting and its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::report) struct Threshold {
    /// Its dotted path, as in the configuration: `activity.threshold_days`.
    pub(in crate::report) key: String,
    /// What it says, in words; the path where nobody wrote any.
    pub(in crate::report) label: String,
    /// Its value.
    pub(in crate::report) value: String,
}

/// Every setting, in the order of the configuration's sections.
pub(in crate::report) fn of(params: &Params, words: &Words) -> Vec<Threshold> {
    let mut all = Vec::new();
    walk("", &serde_json::to_value(params).unwrap_or_default(), words, &mut all);
    all
}

/// The plan and where it is known from: label and value.
pub(super) fn plan(context: &Context<'_>) -> (String, String) {
    let (words, plan) = (&context.words, &context.input.manifest.plan);
    (words.get("scope.plan"), words.say("scope.plan-value", &[("name", &plan.name), ("from", &plan.from)]))
}

/// Adds the settings below a path.
fn walk(path: &str, value: &Value, words: &Words, all: &mut Vec<Threshold>) {
    if let Value::Object(map) = value {
        for (key, value) in map {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            walk(&path, value, words, all);
        }
        return;
    }
    let label = words.find(&format!("threshold.{path}")).unwrap_or(path).to_owned();
    let unset = || words.find(&format!("unset.{path}")).map_or_else(|| words.get("scope.unset"), str::to_owned);
    let value = match value {
        Value::Null => unset(),
        Value::Bool(true) => words.get("scope.yes"),
        Value::Bool(false) => words.get("scope.no"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    all.push(Threshold { key: path.to_owned(), label, value });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        build::{build, front},
        render::{json_v1, oscal},
        template,
        testing::{Sample, dump},
        words,
    };

    /// The paths of every value in a JSON value.
    fn paths(value: &Value, path: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| paths(value, &format!("{path}.{key}"), out)),
            _ => out.push(path.trim_start_matches('.').to_owned()),
        }
    }

    #[test]
    fn every_setting_is_printed_in_every_format() {
        let sample = Sample::new();
        let mut all = Vec::new();
        paths(&serde_json::to_value(&sample.params).unwrap(), "", &mut all);
        assert!(all.len() > 10, "{all:?}");
        let (input, template) = (sample.input(), template::load("access-review", None).unwrap());
        let pages = dump(&build(&input, &template));
        let templates = [template.clone()];
        let json: Value = serde_json::from_slice(&json_v1::render(&input, &template, &templates).unwrap()).unwrap();
        let mut told = Vec::new();
        paths(&json["parameters"]["thresholds"], "", &mut told);
        assert_eq!(told, all);
        let oscal = String::from_utf8(oscal::render(&input, &template).unwrap()).unwrap();
        let front = front(&input, &template);
        for path in &all {
            let threshold = front.thresholds.iter().find(|t| t.key == *path).unwrap_or_else(|| panic!("no {path}"));
            let line = format!("  {}: {} `{path}`", threshold.label, threshold.value);
            assert!(pages.contains(&line), "no page says {line:?}");
            assert!(oscal.contains(&format!("\"class\": \"{path}\"")), "OSCAL lacks {path}");
        }
    }

    #[test]
    fn every_setting_has_words_in_every_language() {
        for tag in words::languages() {
            let words = Words::of(tag).unwrap();
            for Threshold { key, label, .. } in of(&Params::default(), &words) {
                assert_ne!(label, key, "{tag} has no words for it");
            }
        }
    }
}
