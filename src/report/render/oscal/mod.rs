//! `<template>.oscal.json`: an OSCAL assessment-results document, for tools of governance and audit.
//!
//! One result with one finding per analyzer. OSCAL knows *satisfied* and *not-satisfied* only: a finding is satisfied
//! when something was judged, all of it passes, and nothing is missing. Everything else is not satisfied, and its
//! reason, its remarks and the property `assessed` (`yes`, `partly`, `no`) tell a broken rule from a missing piece of
//! evidence. Identifiers are made from the manifest's digest and from what they name.
//!
//! Properties hold values of one line; titles, descriptions and remarks are Markdown in OSCAL, so names are escaped.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{ids::Ids, json_v1::spelled, markdown::escape};
use crate::{
    model::{coverage::Source, text, time},
    report::{
        Input, SourceFact,
        build::{self, Threshold},
        error::Error,
        snapshots_read,
        template::Template,
        words::Words,
    },
};

mod finding;
#[cfg(test)]
mod tests;

/// Version of OSCAL that the document follows.
pub const VERSION: &str = "1.1.3";

/// Namespace of the properties that OSCAL does not define.
pub const NAMESPACE: &str = "urn:rollcall:oscal:1";

/// What the document is made from.
struct Maker<'a> {
    /// What is reported.
    input: &'a Input<'a>,
    /// Titles, answers and remedies.
    front: build::Front<'a>,
    /// How.
    template: &'a Template,
    /// In which words.
    words: Words,
    /// Identifiers.
    ids: Ids,
    /// Judged subjects by kind and name, with their identifiers.
    subjects: BTreeMap<(String, String), String>,
}

/// The document of a template; it ends with a line feed.
///
/// # Errors
/// When a value has no form in JSON.
pub fn render(input: &Input<'_>, template: &Template) -> Result<Vec<u8>, Error> {
    let mut maker = Maker {
        input,
        front: build::front(input, template),
        template,
        words: template.words(),
        ids: Ids::new(&input.manifest_sha256),
        subjects: BTreeMap::new(),
    };
    let result = maker.result(template);
    let mut document = json!({
        "metadata": maker.metadata(template),
        "import-ap": { "href": format!("#{}", maker.plan()) },
        "results": [result],
        "back-matter": { "resources": maker.resources(template) },
    });
    // A document that says something else is another document, whatever snapshot it rests on.
    document["uuid"] = maker.ids.of(&["document", &document.to_string()]).into();
    let wrap = |source| Error::Json { template: template.name().to_owned(), source };
    let mut out = serde_json::to_string_pretty(&json!({ "assessment-results": document })).map_err(wrap)?;
    out.push('\n');
    Ok(spelled(out).into_bytes())
}

/// A property of ours.
fn prop(name: &str, value: &str) -> Value {
    json!({ "name": name, "ns": NAMESPACE, "value": one_line(value) })
}

/// A value that a property can hold: one line, not empty, no blanks around it.
fn one_line(value: &str) -> String {
    let line = text::line(value);
    let trimmed = line.trim();
    if trimmed.is_empty() { "-".to_owned() } else { trimmed.to_owned() }
}

/// A value where OSCAL asks for a token: a letter first, then letters, digits and `.-_`. An enhancement in parentheses
/// is written as OSCAL's catalogues write it: `AC-2(3)` is `AC-2.3`.
fn token(value: &str) -> String {
    let value = value.replace('(', ".").replace(')', "");
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let safe: String = value.chars().map(safe).collect();
    if safe.starts_with(|c: char| c.is_alphabetic() || c == '_') { safe } else { format!("_{safe}") }
}

impl Maker<'_> {
    /// Identifier of the resource that stands for the assessment plan.
    fn plan(&self) -> String {
        self.ids.of(&["resource", "plan"])
    }

    /// Identifier of the resource that stands for the manifest.
    fn manifest(&self) -> String {
        self.ids.of(&["resource", "manifest"])
    }

    /// Who made this, of whom, and whether the evidence is complete.
    fn metadata(&self, template: &Template) -> Value {
        let (input, manifest) = (self.input, self.input.manifest);
        let gaps = self.front.sources.iter().filter(|fact| fact.gap).count();
        let mut props = vec![
            prop("organization", manifest.org.as_str()),
            prop("snapshot", manifest.id.as_str()),
            prop("manifest-sha256", &input.manifest_sha256),
            prop("config-sha256", &manifest.config_sha256),
            prop("tool", &format!("rollcall {}", input.tool_version)),
            prop("collected-with", &format!("{} {}", manifest.tool.name, manifest.tool.version)),
            prop("collector", &manifest.collector.login),
            prop("evidence", if self.front.holes.is_empty() { "complete" } else { "incomplete" }),
            prop("gaps", &gaps.to_string()),
        ];
        props.extend(self.front.holes.iter().map(|hole| prop("missing-evidence", hole)));
        props.extend(self.front.marks.iter().map(|mark| {
            let mut value = prop("mark", mark.id);
            value["remarks"] = escape(&mark.text).into();
            value
        }));
        props.extend(snapshots_read(input).into_iter().map(|read| {
            let mut value = prop("snapshot-read", read.id);
            value["remarks"] = escape(read.manifest_sha256).into();
            value
        }));
        if !input.classification.is_empty() {
            props.push(prop("classification", &input.classification));
        }
        props.push(prop("plan", &self.front.plan.1));
        props.extend(self.front.thresholds.iter().map(|Threshold { key, label, value }| {
            let mut threshold = prop("threshold", value);
            threshold["class"] = token(key).into();
            threshold["remarks"] = escape(label).into();
            threshold
        }));
        json!({
            "title": escape(&format!("{}: {}", template.title(), manifest.org)),
            "last-modified": time::format(manifest.as_of),
            "version": manifest.id.as_str(),
            "oscal-version": VERSION,
            "props": props,
            "parties": [{
                "uuid": self.ids.of(&["party", manifest.org.as_str()]),
                "type": "organization",
                "name": one_line(manifest.org.as_str()),
            }],
        })
    }

    /// The one result: what was observed, found, and is at risk.
    fn result(&mut self, template: &Template) -> Value {
        let (input, manifest) = (self.input, self.input.manifest);
        let (mut observations, mut risks, mut findings) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..self.front.analyzers.len() {
            let made = self.outcome(at);
            observations.extend(made.observations);
            risks.extend(made.risks);
            findings.push(made.finding);
        }
        if let Some(made) = self.exceptions() {
            observations.extend(made.observations);
            findings.push(made.finding);
        }
        let values = [("org", manifest.org.as_str()), ("id", manifest.id.as_str()), ("endpoint", &manifest.endpoint)];
        let mut result = json!({
            "uuid": self.ids.of(&["result", template.name()]),
            "title": escape(template.title()),
            "description": escape(&self.words.say("oscal.result", &values)),
            "start": time::format(input.period.0),
            "end": time::format(input.period.1),
            "props": self.coverage(),
            "reviewed-controls": self.controls(),
            "remarks": escape(&self.words.get(if input.redacted { "oscal.note-redacted" } else { "oscal.note" })),
        });
        let items = self.inventory();
        if !items.is_empty() {
            result["local-definitions"] = json!({ "inventory-items": items });
        }
        // Empty lists are not allowed.
        for (name, list) in [("observations", observations), ("risks", risks), ("findings", findings)] {
            if !list.is_empty() {
                result[name] = list.into();
            }
        }
        result
    }

    /// What became of every source, one property each.
    fn coverage(&self) -> Vec<Value> {
        let fact = |fact: &SourceFact<'_>| {
            let mut value = prop("source-coverage", fact.coverage.word());
            value["class"] = Source::name(fact.source).into();
            let gap = if fact.gap { self.words.get("oscal.gap") } else { String::new() };
            let why = [gap.as_str(), fact.why.unwrap_or_default()];
            let why = why.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ");
            if !why.is_empty() {
                value["remarks"] = escape(&why).into();
            }
            value
        };
        self.front.sources.iter().map(fact).collect()
    }

    /// The requirements that were looked at; all, where nobody says which.
    fn controls(&self) -> Value {
        let ids: BTreeSet<String> = self.template.requirements().map(|(_, r)| token(r.id.get_ref())).collect();
        let mut selection = json!({ "description": escape(&self.words.get("oscal.controls")) });
        if ids.is_empty() {
            selection["include-all"] = json!({});
        } else {
            let frameworks: BTreeSet<&str> = self.template.frameworks.iter().map(|f| f.name.as_str()).collect();
            selection["props"] = frameworks.into_iter().map(|name| prop("framework", name)).collect();
            selection["include-controls"] = ids.into_iter().map(|id| json!({ "control-id": id })).collect();
        }
        json!({ "control-selections": [selection] })
    }

    /// The subjects that observations speak of.
    fn inventory(&self) -> Vec<Value> {
        let item = |((kind, subject), id): (&(String, String), &String)| {
            json!({
                "uuid": id,
                "description": escape(&format!("{kind} {subject}")),
                "props": [prop("subject-kind", kind), prop("subject", subject)],
            })
        };
        self.subjects.iter().map(item).collect()
    }

    /// The evidence and the method, which the rest refers to.
    fn resources(&self, template: &Template) -> Vec<Value> {
        let manifest = self.input.manifest;
        let path = format!("{}/snapshots/{}/manifest.json", manifest.org, manifest.id);
        let version = &self.input.tool_version;
        let plan = self.words.say("oscal.plan", &[("version", version), ("template", template.name())]);
        vec![
            json!({
                "uuid": self.plan(),
                "title": escape(&self.words.get("oscal.plan-title")),
                "description": escape(&plan),
                "citation": { "text": escape(&plan) },
            }),
            json!({
                "uuid": self.manifest(),
                "title": escape(&self.words.get("oscal.manifest-title")),
                "description": escape(&self.words.get("oscal.manifest")),
                "rlinks": [{
                    "href": path,
                    "media-type": "application/json",
                    "hashes": [{ "algorithm": "SHA-256", "value": self.input.manifest_sha256 }],
                }],
            }),
        ]
    }
}
