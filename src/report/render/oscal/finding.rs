//! Observations, risks and the finding of each analyzer, and of the exceptions.

use serde_json::{Value, json};

use super::{Maker, one_line, prop, token};
use crate::{
    model::{
        outcome::{Cell, Outcome, Row},
        time,
        verdict::{Severity, Verdict},
    },
    report::{
        build::{is_finding, state_word},
        controls::{Framework, Requirement},
        layout::Kind,
        render::markdown::escape,
    },
};

/// What an analyzer gives to the result.
pub(super) struct Made {
    /// One per row that is no pass, and one with the counts.
    pub(super) observations: Vec<Value>,
    /// One per row that fails or is accepted.
    pub(super) risks: Vec<Value>,
    /// The finding.
    pub(super) finding: Value,
}

/// What a finding says in OSCAL's two words and ours.
pub(super) struct Status {
    /// `satisfied` or `not-satisfied`.
    pub(super) state: &'static str,
    /// `pass`, `fail` or `other`.
    pub(super) reason: &'static str,
    /// `yes`, `partly` or `no`.
    pub(super) assessed: &'static str,
    /// Key of the words that explain it.
    pub(super) words: &'static str,
}

/// The status of an analyzer by its rows. Only evidence that is there, whole and in order satisfies.
pub(super) fn status(outcome: &Outcome, gap: bool) -> Status {
    let unknown = gap || outcome.count(Verdict::Unknown) > 0;
    let judged = outcome.rows.iter().any(|row| row.verdict.is_judged());
    let assessed = match (judged, unknown) {
        (false, _) => "no",
        (true, true) => "partly",
        (true, false) => "yes",
    };
    let (state, reason, words) = if outcome.count(Verdict::Fail) > 0 {
        ("not-satisfied", "fail", if unknown { "oscal.failed-partly" } else { "oscal.failed" })
    } else if unknown {
        ("not-satisfied", "other", "oscal.not-assessed")
    } else if !judged {
        ("not-satisfied", "other", "oscal.nothing")
    } else if outcome.count(Verdict::Review) > 0 {
        ("not-satisfied", "other", "oscal.undecided")
    } else if outcome.count(Verdict::Accepted) > 0 {
        ("not-satisfied", "other", "oscal.accepted")
    } else {
        ("satisfied", "pass", "oscal.satisfied")
    };
    Status { state, reason, assessed, words }
}

impl Maker<'_> {
    /// What one analyzer gives.
    pub(super) fn outcome(&mut self, at: usize) -> Made {
        let outcome = self.front.analyzers[at].outcome;
        let id = outcome.meta.id;
        let (mut observations, mut risks) = (vec![self.counts(at)], Vec::new());
        for row in outcome.rows.iter().filter(|row| !matches!(row.verdict, Verdict::Listed | Verdict::Pass)) {
            let resource = outcome.cell(row, "resource").map(Cell::to_text).unwrap_or_default();
            let key = [id, row.subject_kind.as_str(), row.subject.as_str(), resource.as_str()];
            let observation = self.observation(at, row, key);
            if matches!(row.verdict, Verdict::Fail | Verdict::Accepted) {
                risks.push(self.risk(at, row, key, &observation));
            }
            observations.push(observation);
        }
        let gap = self.front.sources.iter().any(|fact| fact.gap && fact.needed_by.contains(&id));
        let status = status(outcome, gap);
        let about = &self.front.analyzers[at];
        let why = self.words.say(status.words, &[("gaps", &about.gaps)]);
        let description = [about.question.as_str(), &about.answer].join(" ");
        let mut finding = json!({
            "uuid": self.ids.of(&["finding", id]),
            "title": escape(&about.title),
            "description": escape(description.trim()),
            "target": target(id, &status, &why),
            "props": self.answers(id),
            "related-observations": references("observation-uuid", &observations),
        });
        if !risks.is_empty() {
            finding["related-risks"] = references("risk-uuid", &risks);
        }
        if !outcome.limits.is_empty() {
            finding["remarks"] = escape(&outcome.limits.join(" ")).into();
        }
        Made { observations, risks, finding }
    }

    /// Properties of a finding: the analyzer, and the requirements that it answers.
    fn answers(&self, analyzer: &str) -> Vec<Value> {
        let fitting = self.template.requirements().filter(|(_, r)| r.analyzers().any(|id| id == analyzer));
        let requirement = |(framework, r): (&Framework, &Requirement)| {
            let mut value = prop("requirement", r.id.get_ref());
            value["class"] = token(&framework.name).into();
            value["remarks"] = escape(&r.title).into();
            value
        };
        std::iter::once(prop("analyzer", analyzer)).chain(fitting.map(requirement)).collect()
    }

    /// How many rows an analyzer judged, passes included.
    fn counts(&self, at: usize) -> Value {
        let about = &self.front.analyzers[at];
        let outcome = about.outcome;
        let id = outcome.meta.id;
        let counts: Vec<String> = Verdict::ALL.iter().map(|v| format!("{} {v}", outcome.count(*v))).collect();
        let all = outcome.rows.len().to_string();
        let text = self.words.say("oscal.counts", &[("n", &all), ("counts", &counts.join(", "))]);
        let number = |v: &Verdict| prop(&format!("rows-{v}"), &outcome.count(*v).to_string());
        let props: Vec<Value> =
            [prop("analyzer", id), prop("rows", &all)].into_iter().chain(Verdict::ALL.iter().map(number)).collect();
        json!({
            "uuid": self.ids.of(&["counts", id]),
            "title": escape(&self.words.say("oscal.counts-title", &[("title", &about.title)])),
            "description": escape(&text),
            "props": props,
            "methods": ["EXAMINE", "TEST"],
            "types": ["control-objective"],
            "relevant-evidence": self.evidence(),
            "collected": time::format(self.input.manifest.as_of),
        })
    }

    /// A row that is no pass.
    fn observation(&mut self, at: usize, row: &Row, key: [&str; 4]) -> Value {
        let [analyzer, kind, subject, resource] = key;
        let uuid = self.ids.next(&["observation", analyzer, kind, subject, resource]);
        let subject_uuid = self.ids.of(&["subject", kind, subject]);
        self.subjects.insert((kind.to_owned(), subject.to_owned()), subject_uuid.clone());
        let mut props = marks(analyzer, row);
        if !resource.is_empty() {
            props.push(prop("resource", resource));
        }
        props.extend(row.also.iter().map(|rule| prop("also", rule)));
        // Where the evidence is missing nothing was tested: what there is was looked at.
        let methods = if row.verdict == Verdict::Unknown { json!(["EXAMINE"]) } else { json!(["EXAMINE", "TEST"]) };
        json!({
            "uuid": uuid,
            "title": escape(&format!("{}: {}", self.front.analyzers[at].title, row.rule)),
            "description": escape(&row.reason),
            "props": props,
            "methods": methods,
            "types": ["finding"],
            "subjects": [{ "subject-uuid": subject_uuid, "type": "inventory-item", "title": escape(subject) }],
            "relevant-evidence": self.evidence(),
            "collected": time::format(self.input.manifest.as_of),
        })
    }

    /// A row that fails, or would if nobody had accepted it.
    fn risk(&mut self, at: usize, row: &Row, key: [&str; 4], observation: &Value) -> Value {
        let outcome = self.front.analyzers[at].outcome;
        let [analyzer, kind, subject, resource] = key;
        let uuid = self.ids.next(&["risk", analyzer, kind, subject, resource]);
        let doc = outcome.meta.rules.iter().find(|rule| rule.id == row.rule).map_or(outcome.meta.question, |r| r.doc);
        let status = if row.verdict == Verdict::Accepted { "deviation-approved" } else { "open" };
        let remedy = self.front.analyzers[at].remedies.get(&row.rule).cloned();
        let mut risk = json!({
            "title": escape(&format!("{subject}: {}", row.rule)),
            "description": escape(&row.reason),
            "statement": escape(doc),
            "props": marks(analyzer, row),
            "status": status,
            "related-observations": references("observation-uuid", std::slice::from_ref(observation)),
        });
        if let Some(remedy) = remedy {
            risk["remediations"] = json!([{
                "uuid": self.ids.of(&["remedy", &uuid]),
                "lifecycle": "recommendation",
                "title": escape(&row.rule),
                "description": escape(&remedy),
            }]);
        }
        risk["uuid"] = uuid.into();
        risk
    }

    /// Exceptions that need attention; `None` when no exception is configured.
    pub(super) fn exceptions(&mut self) -> Option<Made> {
        let input = self.input;
        if input.exceptions.is_empty() || !self.template.has(Kind::Exceptions) {
            return None;
        }
        let mut observations = Vec::new();
        for outcome in input.exceptions {
            let e = &outcome.exception;
            let key = ["exception", &e.analyzer, &e.rule, &e.subject, e.resource.as_deref().unwrap_or_default()];
            let mut props = vec![
                prop("analyzer", &e.analyzer),
                prop("rule", &e.rule),
                prop("subject", &e.subject),
                prop("state", state_word(outcome.state)),
                prop("approved-by", &e.approved_by),
                prop("expires", &time::format_date(e.expires)),
            ];
            props.extend(e.resource.iter().map(|resource| prop("resource", resource)));
            observations.push(json!({
                "uuid": self.ids.next(&key),
                "title": escape(&self.words.say("oscal.exception", &[("subject", &e.subject)])),
                "description": escape(&format!("{} ({})", outcome.note, e.reason)),
                "props": props,
                "methods": ["EXAMINE"],
                "types": [if is_finding(outcome) { "finding" } else { "mitigation" }],
                "relevant-evidence": self.evidence(),
                "collected": time::format(input.manifest.as_of),
            }));
        }
        let stale = input.exceptions.iter().filter(|e| is_finding(e)).count();
        let status = if stale > 0 {
            Status { state: "not-satisfied", reason: "fail", assessed: "yes", words: "oscal.exceptions-stale" }
        } else {
            Status { state: "satisfied", reason: "pass", assessed: "yes", words: "exceptions.findings-none" }
        };
        let finding = json!({
            "uuid": self.ids.of(&["finding", "exceptions"]),
            "title": escape(&self.words.get("oscal.exceptions")),
            "description": escape(&self.words.get("exceptions.intro")),
            "target": target("exceptions", &status, &self.words.say(status.words, &[("n", &stale.to_string())])),
            "related-observations": references("observation-uuid", &observations),
        });
        Some(Made { observations, risks: Vec::new(), finding })
    }

    /// The evidence of every observation.
    fn evidence(&self) -> Value {
        json!([{
            "href": format!("#{}", self.manifest()),
            "description": escape(&self.words.get("oscal.evidence")),
            "props": [prop("manifest-sha256", &self.input.manifest_sha256)],
        }])
    }
}

/// Properties that say what a row is about.
fn marks(analyzer: &str, row: &Row) -> Vec<Value> {
    vec![
        prop("analyzer", analyzer),
        prop("rule", &row.rule),
        prop("verdict", row.verdict.word()),
        prop("severity", Severity::word(row.severity)),
        prop("subject-kind", &row.subject_kind),
        prop("subject", &row.subject),
    ]
}

/// What a finding is about, and what was found.
fn target(id: &str, status: &Status, why: &str) -> Value {
    json!({
        "type": "objective-id",
        "target-id": token(id),
        "props": [prop("assessed", status.assessed)],
        "status": { "state": status.state, "reason": status.reason, "remarks": escape(&one_line(why)) },
    })
}

/// References to what has a UUID.
fn references(name: &str, items: &[Value]) -> Value {
    items.iter().map(|item| json!({ name: item["uuid"] })).collect()
}
