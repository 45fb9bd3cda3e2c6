//! `<template>.ocsf.jsonl`: one OCSF Compliance Finding a line, for logs and security monitoring.
//!
//! Every row that an analyzer of the template judged is an event, passes included, and so is every exception that needs
//! attention where the template has that section. A row that is only listed is none: nobody judged it, so it is no
//! finding on compliance. OCSF's statuses: pass is Pass, fail is Fail, unknown is Unknown and never anything better; review and
//! accepted are Other with their own word, because OCSF's Warning means that information is missing. An accepted
//! finding is Suppressed as well. A finding's identifier stays the same from snapshot to snapshot, so that it can be
//! followed; an event's does not. Columns that OCSF has no place for are under `unmapped`.

use serde_json::{Map, Value, json};

use super::{
    ids::{Ids, uuid},
    json_v1::spelled,
};
use crate::{
    model::{
        exception::ExceptionOutcome,
        outcome::{Cell, Row},
        time,
        verdict::{Severity, Verdict},
    },
    report::{
        Input,
        build::{self, About, is_finding, state_word},
        controls::{Framework, Requirement},
        error::Error,
        layout::Kind,
        marks::Mark,
        template::Template,
        words::Words,
    },
};

/// Version of OCSF that the events follow: the first in which a finding need not name a standard.
pub const VERSION: &str = "1.5.0";

/// What every event is made from.
struct Maker<'a> {
    /// What is reported.
    input: &'a Input<'a>,
    /// The report's title.
    title: &'a str,
    /// How.
    template: &'a Template,
    /// Identifiers of events.
    ids: Ids,
    /// In which words.
    words: Words,
    /// What holds for the whole report.
    marks: Vec<Mark>,
}

/// What one event says.
struct Event<'a> {
    /// Analyzer id.
    analyzer: &'a str,
    /// What the finding is about: kind, subject, resource.
    key: [&'a str; 3],
    /// Title of the finding.
    title: String,
    /// Rule id.
    rule: &'a str,
    /// When the rule applies.
    doc: &'a str,
    /// Verdict.
    verdict: Verdict,
    /// Severity.
    severity: Severity,
    /// Why, in one sentence.
    reason: &'a str,
    /// What to do, if somebody wrote it.
    remedy: Option<&'a str>,
    /// What OCSF has no place for.
    unmapped: Map<String, Value>,
}

/// The events of a template, one a line.
///
/// # Errors
/// When a value has no form in JSON.
pub fn render(input: &Input<'_>, template: &Template) -> Result<Vec<u8>, Error> {
    let front = build::front(input, template);
    let about = front.analyzers;
    let mut maker = Maker {
        input,
        title: template.title(),
        template,
        ids: Ids::new(&input.manifest_sha256),
        words: template.words(),
        marks: front.marks,
    };
    let wrap = |source| Error::Json { template: template.name().to_owned(), source };
    let mut out = String::new();
    let mut add = |event: &Value| -> Result<(), Error> {
        out.push_str(&serde_json::to_string(event).map_err(wrap)?);
        out.push('\n');
        Ok(())
    };
    for about in &about {
        for row in about.outcome.rows.iter().filter(|row| row.verdict != Verdict::Listed) {
            add(&maker.row(row, about))?;
        }
    }
    let shown = template.has(Kind::Exceptions);
    for outcome in input.exceptions.iter().filter(|outcome| shown && is_finding(outcome)) {
        add(&maker.exception(outcome))?;
    }
    Ok(spelled(out).into_bytes())
}

impl Maker<'_> {
    /// The event of a row.
    fn row(&mut self, row: &Row, about: &About<'_>) -> Value {
        let outcome = about.outcome;
        let resource = outcome.cell(row, "resource").map(Cell::to_text).unwrap_or_default();
        let mut unmapped: Map<String, Value> = outcome
            .meta
            .columns
            .iter()
            .zip(&row.cells)
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(column, cell)| (column.name.to_owned(), value(cell)))
            .collect();
        if !row.also.is_empty() {
            unmapped.insert("also".to_owned(), json!(row.also));
        }
        self.event(Event {
            analyzer: outcome.meta.id,
            key: [&row.subject_kind, &row.subject, &resource],
            title: format!("{}: {}", about.title, row.rule),
            rule: &row.rule,
            doc: outcome.meta.rules.iter().find(|rule| rule.id == row.rule).map_or("", |rule| rule.doc),
            verdict: row.verdict,
            severity: row.severity,
            reason: &row.reason,
            remedy: about.remedies.get(&row.rule).map(String::as_str).filter(|_| row.verdict != Verdict::Pass),
            unmapped,
        })
    }

    /// The event of an exception that needs attention.
    fn exception(&mut self, outcome: &ExceptionOutcome) -> Value {
        let e = &outcome.exception;
        let mut unmapped = Map::new();
        unmapped.insert("analyzer".to_owned(), e.analyzer.clone().into());
        unmapped.insert("rule".to_owned(), e.rule.clone().into());
        unmapped.insert("approved_by".to_owned(), e.approved_by.clone().into());
        unmapped.insert("expires".to_owned(), time::format_date(e.expires).into());
        unmapped.insert("reason".to_owned(), e.reason.clone().into());
        let state = state_word(outcome.state);
        let doc = self.words.get("exceptions.intro");
        self.event(Event {
            analyzer: "exceptions",
            key: ["exception", &e.subject, &format!("{}/{}", e.analyzer, e.rule)],
            title: self.words.say("ocsf.exception", &[("state", state)]),
            rule: state,
            doc: &doc,
            verdict: Verdict::Fail,
            severity: Severity::Medium,
            reason: &outcome.note,
            remedy: None,
            unmapped,
        })
    }

    /// An event.
    fn event(&mut self, event: Event<'_>) -> Value {
        let (input, manifest) = (self.input, self.input.manifest);
        let at = manifest.as_of.timestamp_millis();
        let [kind, subject, resource] = event.key;
        let (org, id) = (manifest.org.as_str(), manifest.id.as_str());
        let finding = uuid(&["finding", &manifest.endpoint, org, event.analyzer, kind, subject, resource]);
        let (status_id, status) = if event.verdict == Verdict::Accepted { (3, "Suppressed") } else { (1, "New") };
        let (severity_id, severity) = severity(event.severity);
        let mut resources = vec![json!({ "uid": subject, "name": subject, "type": kind })];
        if !resource.is_empty() {
            resources.push(json!({ "uid": resource, "name": resource, "type": "resource" }));
        }
        let rule = format!("{}/{}", event.analyzer, event.rule);
        let evidence = json!({ "snapshot": id, "manifest_sha256": input.manifest_sha256, "hub": manifest.endpoint });
        let labels = [("snapshot", id), ("template", self.title), ("classification", &input.classification)];
        let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
        let mut labels: Vec<String> = labels.map(|(name, value)| format!("{name}: {value}")).collect();
        labels.extend(self.marks.iter().map(|mark| mark.id.to_owned()));
        let mut out = json!({
            "activity_id": 1, "activity_name": "Create",
            "category_uid": 2, "category_name": "Findings",
            "class_uid": 2003, "class_name": "Compliance Finding",
            "type_uid": 200_301, "type_name": "Compliance Finding: Create",
            "time": at,
            "timezone_offset": 0,
            "severity_id": severity_id, "severity": severity,
            "status_id": status_id, "status": status,
            "message": event.reason,
            "metadata": {
                "version": VERSION,
                "uid": self.ids.next(&["event", event.analyzer, kind, subject, resource]),
                "product": { "name": "rollcall", "vendor_name": "rollcall", "version": input.tool_version },
                "log_name": event.analyzer,
                "log_provider": "rollcall",
                "original_time": time::format(manifest.as_of),
                "tenant_uid": org,
                "labels": labels,
            },
            "finding_info": {
                "uid": finding,
                "title": event.title,
                "desc": event.reason,
                "created_time": at,
                "types": [event.analyzer],
                "analytic": { "type_id": 1, "type": "Rule", "name": event.rule, "uid": rule },
            },
            "compliance": self.compliance(&event),
            "resources": resources,
            "evidences": [{ "data": evidence }],
        });
        if let Some(remedy) = event.remedy {
            out["remediation"] = json!({ "desc": remedy });
        }
        if !event.unmapped.is_empty() {
            out["unmapped"] = event.unmapped.into();
        }
        out
    }

    /// Status, rule and requirements.
    fn compliance(&self, event: &Event<'_>) -> Value {
        let (status_id, status) = compliance(event.verdict);
        let fitting: Vec<_> =
            self.template.requirements().filter(|(_, r)| r.covers(event.analyzer, event.key[0])).collect();
        let mut check = json!({ "uid": event.rule, "name": event.rule, "status_id": status_id, "status": status });
        if !event.doc.is_empty() {
            check["desc"] = event.doc.into();
        }
        let mut out = json!({
            "status_id": status_id, "status": status, "status_code": event.verdict.word(),
            "status_details": [event.reason],
        });
        if let Some((framework, first)) = fitting.first() {
            let mut standards: Vec<&str> = fitting.iter().map(|(framework, _)| framework.name.as_str()).collect();
            standards.dedup();
            check["standards"] = json!(standards);
            out["standards"] = json!(standards);
            out["control"] = format!("{} {}", framework.name, first.id.get_ref()).into();
            let point = |(framework, r): &(&Framework, &Requirement)| {
                format!("{} {}: {}", framework.name, r.id.get_ref(), r.title)
            };
            out["requirements"] = fitting.iter().map(point).collect();
        }
        out["checks"] = json!([check]);
        out
    }
}

/// A verdict as OCSF's status of a check.
const fn compliance(verdict: Verdict) -> (u8, &'static str) {
    match verdict {
        Verdict::Pass => (1, "Pass"),
        Verdict::Fail => (3, "Fail"),
        Verdict::Unknown => (0, "Unknown"),
        Verdict::Review => (99, "Review"),
        Verdict::Accepted => (99, "Accepted"),
        Verdict::Listed => (99, "Listed"),
    }
}

/// A severity in OCSF's scale.
const fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

/// A cell as JSON; money keeps its two decimals as a text.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Integer(n) => (*n).into(),
        Cell::Boolean(b) => (*b).into(),
        Cell::List(items) => json!(items),
        Cell::Text(_) | Cell::Time(_) | Cell::Date(_) | Cell::Money(_) => cell.to_text().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        model::coverage::Source,
        report::{template, testing::Sample},
    };

    /// The events of a sample.
    fn events(sample: &Sample) -> Vec<Value> {
        let bytes = render(&sample.input(), &template::load("access-review", None).unwrap()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.ends_with("}\n"));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The first event about a subject.
    fn about<'e>(events: &'e [Value], subject: &str) -> &'e Value {
        events.iter().find(|e| e["resources"][0]["uid"] == subject).unwrap()
    }

    #[test]
    fn every_row_that_was_judged_is_an_event_of_the_class_and_so_is_a_stale_exception() {
        let sample = Sample::new();
        let all = events(&sample);
        assert_eq!(all, events(&sample));
        let rows: usize = sample.outcomes.iter().map(|o| o.rows.len() - o.count(Verdict::Listed)).sum();
        assert_eq!(all.len(), rows + 1, "what nobody judged is no finding");
        assert!(sample.outcomes.iter().any(|o| o.count(Verdict::Listed) > 0));
        for event in &all {
            let class = ["category_uid", "class_uid", "activity_id", "type_uid", "time"].map(|key| &event[key]);
            assert_eq!(class, [2, 2003, 1, 200_301, 1_790_834_400_000_i64].map(Value::from).each_ref());
            assert_eq!(event["metadata"]["version"], VERSION);
            for text in ["/metadata/product/name", "/metadata/uid", "/finding_info/uid", "/finding_info/title"] {
                assert!(event.pointer(text).and_then(Value::as_str).is_some_and(|t| !t.is_empty()), "{text}");
            }
            assert!(event["severity_id"].is_u64() && event["compliance"]["status_id"].is_u64());
        }
        let unique =
            |path: &str| all.iter().map(|e| e.pointer(path).unwrap().to_string()).collect::<BTreeSet<_>>().len();
        assert_eq!(unique("/metadata/uid"), all.len());
        assert_eq!(unique("/finding_info/uid"), all.len());
        assert_eq!(all.last().unwrap()["unmapped"]["approved_by"], "security@acme.example");
    }

    #[test]
    fn verdicts_keep_their_meaning() {
        let mut sample = Sample::new();
        sample.open_a_gap(Source::Tokens);
        let all = events(&sample);
        let says = |subject: &str| {
            let event = about(&all, subject);
            let compliance = &event["compliance"];
            (
                compliance["status"].as_str().unwrap(),
                compliance["status_id"].as_u64().unwrap(),
                event["status_id"].as_u64().unwrap(),
            )
        };
        assert_eq!(says("tokens"), ("Unknown", 0, 1), "a gap is never a pass");
        assert_eq!(says("=grace"), ("Fail", 3, 1));
        assert_eq!(says("dennis"), ("Unknown", 0, 1));
        assert_eq!(says("ci-release-bot"), ("Accepted", 99, 3));
        assert_eq!(says("ada"), ("Pass", 1, 1));
        assert_eq!(says("66f0"), ("Review", 99, 1));
        assert_eq!(about(&all, "=grace")["severity_id"], 4);
        assert_eq!(about(&all, "eve")["resources"][1]["uid"], "datasets/acme/voices");
        assert_eq!(about(&all, "=grace")["unmapped"]["monthly_cost_usd"], "20.00");
        assert!(about(&all, "dennis")["unmapped"]["idle_days"].is_null(), "empty is left out and never 0");
        let passes = all.iter().filter(|e| e["compliance"]["status"] == "Pass").count();
        assert_eq!(passes, sample.outcomes.iter().map(|o| o.count(Verdict::Pass)).sum::<usize>());
    }

    #[test]
    fn a_finding_can_be_followed_and_an_event_is_new_each_time() {
        let mut sample = Sample::new();
        let first = events(&sample);
        sample.outcomes[0].rows[0].rule = "never-active".to_owned();
        let (before, after) = (&first[0], &events(&sample)[0]);
        assert_eq!(before["finding_info"]["uid"], after["finding_info"]["uid"]);
        let other = Input { manifest_sha256: "aa".repeat(32), ..sample.input() };
        let other = render(&other, &template::load("access-review", None).unwrap()).unwrap();
        let other: Value = serde_json::from_slice(other.split(|b| *b == b'\n').next().unwrap()).unwrap();
        assert_eq!(other["finding_info"]["uid"], before["finding_info"]["uid"]);
        assert_ne!(other["metadata"]["uid"], before["metadata"]["uid"]);
    }

    #[test]
    fn a_name_stays_on_its_line_and_requirements_are_named() {
        let mut sample = Sample::new();
        sample.outcomes[0].rows[0].subject = "a\n{}\u{2028}\u{202e}".to_owned();
        let all = events(&sample);
        assert_eq!(all[0]["resources"][0]["uid"], "a\n{}\u{2028}\u{202e}");
        assert_eq!(all[0]["compliance"]["control"], "SOC 2 CC6.3");
        assert_eq!(all[0]["compliance"]["standards"][0], "SOC 2");
        let (token, grant) = (about(&all, "66f0"), about(&all, "eve"));
        let asks = |event: &Value, id: &str| event["compliance"]["requirements"].to_string().contains(id);
        assert!(asks(token, "PCI DSS 7.2.5.1") && !asks(grant, "PCI DSS 7.2.5.1"), "a grant is no service account");
    }
}
