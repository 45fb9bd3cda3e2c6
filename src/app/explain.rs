//! Prints analyzers, rules, tables, columns, sources, endpoints and configuration keys from their declarations.

use std::{collections::BTreeMap, fmt::Write as _};

use super::error::Error;
use crate::{
    config::keys,
    model::{
        coverage::Source,
        data_file::{DATA_FILES, DataFileSpec},
        outcome::{COMMON, ColumnSpec, Meta},
    },
    report::controls::Framework,
    table::TABLES,
};

/// What is promised, against whom, and which test holds each promise.
const SECURITY: &str = include_str!("../../report_templates/security.md");

/// What a template may say.
const TEMPLATE: &str = include_str!("../../report_templates/template.md");

/// Something with a name that can be explained.
#[derive(Debug)]
struct Entry {
    /// What it is.
    kind: &'static str,
    /// Its full name, e.g. `members.username`.
    name: String,
    /// One line about it.
    brief: String,
    /// Everything about it, in lines.
    detail: String,
}

impl Entry {
    /// Its name as somebody would ask for it: the part after the last dot, or after the name of a framework.
    fn short(&self) -> &str {
        let parts = match self.kind {
            "endpoint" => None,
            "control" => self.name.split_once(' '),
            _ => self.name.rsplit_once('.'),
        };
        parts.map_or(&self.name, |(_, short)| short)
    }

    /// Whether `id` means it: its full name or the short one, whatever the case.
    fn is_called(&self, id: &str) -> bool {
        self.name.eq_ignore_ascii_case(id) || self.short().eq_ignore_ascii_case(id)
    }
}

/// What the rooms below declare and this one explains.
#[derive(Debug)]
pub(super) struct Catalog {
    /// Analyzers in report order.
    pub(super) analyzers: Vec<&'static Meta>,
    /// Requests to the Hub.
    pub(super) endpoints: Vec<Call>,
    /// What reports say about an analyzer, by its id.
    pub(super) words: BTreeMap<&'static str, Words>,
    /// Frameworks of controls.
    pub(super) frameworks: Vec<Framework>,
}

/// What reports say about an analyzer.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Heading and text, in order.
    pub(super) parts: Vec<(&'static str, String)>,
    /// What to do, by rule.
    pub(super) remedies: BTreeMap<String, String>,
}

impl Catalog {
    /// What to do about a rule, as a paragraph, or nothing.
    fn remedy(&self, analyzer: &str, rule: &str) -> String {
        let remedy = self.words.get(analyzer).and_then(|words| words.remedies.get(rule));
        remedy.map(|text| format!("\nwhat to do\n{}", indent(text.trim()))).unwrap_or_default()
    }
}

/// A request that is made to the Hub.
#[derive(Debug)]
pub(super) struct Call {
    /// The source it belongs to.
    pub(super) source: Source,
    /// Its path pattern.
    pub(super) path: String,
    /// Facts about it: label and text.
    pub(super) facts: Vec<(&'static str, String)>,
}

/// Explains one name, or lists all of them.
///
/// # Errors
/// When nothing is called `id`.
pub(super) fn explain(id: Option<&str>, catalog: &Catalog) -> Result<String, Error> {
    let entries = entries(catalog);
    let Some(id) = id.map(str::trim) else { return Ok(list(&entries)) };
    let found: Vec<_> = entries.iter().filter(|entry| entry.is_called(id)).collect();
    if found.is_empty() {
        let names = entries.iter().flat_map(|e| [e.name.as_str(), e.short()]);
        let near = keys::nearest(id, names).map(str::to_owned);
        return Err(Error::Unexplained { id: id.to_owned(), near });
    }
    let texts: Vec<_> = found.iter().map(|e| format!("{} {}\n{}", e.kind, e.name, indent(&e.detail))).collect();
    Ok(texts.join("\n"))
}

/// Names with one line each, by kind.
fn list(entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut kind = "";
    for entry in entries.iter().filter(|e| !matches!(e.kind, "column" | "rule" | "control")) {
        if entry.kind != kind {
            kind = entry.kind;
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{kind}");
        }
        let _ = writeln!(text, "  {:<28} {}", entry.name, entry.brief);
    }
    text.push_str("\nRules, columns and controls are explained by their names, too: `rollcall explain never-active`, `explain CC6.2`.\n");
    text
}

/// Lines with two spaces before each.
fn indent(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

/// Everything that can be explained.
fn entries(catalog: &Catalog) -> Vec<Entry> {
    let mut entries: Vec<Entry> = catalog.analyzers.iter().map(|meta| analyzer(meta, catalog)).collect();
    for meta in &catalog.analyzers {
        entries.extend(meta.rules.iter().map(|rule| Entry {
            kind: "rule",
            name: format!("{}.{}", meta.id, rule.id),
            brief: rule.doc.to_owned(),
            detail: format!(
                "{}\n\nverdict   {}\nseverity  {}\n{}",
                rule.doc,
                rule.verdict,
                rule.severity,
                catalog.remedy(meta.id, rule.id)
            ),
        }));
        entries.extend(COMMON.iter().chain(meta.columns).map(|column| self::column(meta.id, column)));
    }
    entries.extend(DATA_FILES.iter().map(|file| data_file(file)));
    entries.extend(DATA_FILES.iter().flat_map(|file| file.columns.iter().map(|column| self::column(file.id, column))));
    tables(&mut entries);
    entries.extend(Source::ALL.into_iter().map(|source| self::source(source, catalog)));
    entries.extend(catalog.endpoints.iter().map(|call| Entry {
        kind: "endpoint",
        name: call.path.clone(),
        brief: format!("source {}", call.source),
        detail: lines(std::iter::once(("source", call.source.name().to_owned())).chain(call.facts.iter().cloned())),
    }));
    controls(&catalog.frameworks, &mut entries);
    for (name, text) in [("security", SECURITY), ("template", TEMPLATE)] {
        let brief = text.lines().next().unwrap_or_default().trim_start_matches("# ").to_owned();
        entries.push(Entry { kind: "topic", name: name.to_owned(), brief, detail: text.to_owned() });
    }
    entries.extend(keys::KEYS.iter().chain(&keys::OPTIONAL).map(|key| Entry {
        kind: "configuration key",
        name: format!("{}.{}", key.section.replace('*', "<name>"), key.name),
        brief: key.doc.to_owned(),
        detail: format!(
            "{}\n\nvalue    {}\n{} {}\n",
            key.doc,
            key.kind.expected(),
            if key.is_default { "default " } else { "example " },
            key.example
        ),
    }));
    entries
}

/// Frameworks and their points.
fn controls(frameworks: &[Framework], entries: &mut Vec<Entry>) {
    for framework in frameworks {
        let mut detail = format!("{}\n\nrequirements, in our own words\n", framework.edition);
        for requirement in &framework.requirements {
            let _ = writeln!(detail, "  {:<10} {}", requirement.id.get_ref(), requirement.title);
        }
        let brief = format!("{}: {}", framework.name, framework.edition);
        entries.push(Entry { kind: "framework", name: framework.id.clone(), brief, detail });
    }
    for framework in frameworks {
        entries.extend(framework.requirements.iter().map(|requirement| {
            let looks: Vec<String> = requirement.looks().collect();
            let sources: Vec<&str> = requirement.evidence().collect();
            let or = |list: String, none: &str| if list.is_empty() { none.to_owned() } else { list };
            let facts = lines([
                ("framework", framework.edition.clone()),
                ("looked at", or(looks.join(", "), "no rows; a report shows something and judges nothing")),
                ("rests on", or(sources.join(", "), "what the analyzers need")),
            ]);
            Entry {
                kind: "control",
                name: format!("{} {}", framework.id, requirement.id.get_ref()),
                brief: requirement.title.clone(),
                detail: format!("{}\n\n{}\n\n{facts}\n", requirement.title, requirement.asks),
            }
        }));
    }
}

/// An analyzer with its rules and columns, and what reports say about it.
fn analyzer(meta: &Meta, catalog: &Catalog) -> Entry {
    let needs: Vec<_> = meta.needs.iter().map(|source| source.name()).collect();
    let mut detail = format!("{}\n\nneeds  {}\n\nrules, worst first\n", meta.question, needs.join(", "));
    for rule in meta.rules {
        let _ = writeln!(detail, "  {:<28} {:<8} {:<9} {}", rule.id, rule.verdict, rule.severity, rule.doc);
    }
    columns(&mut detail, COMMON.iter().chain(meta.columns));
    for (heading, text) in catalog.words.get(meta.id).into_iter().flat_map(|words| &words.parts) {
        let _ = write!(detail, "\n{heading}\n{}", indent(text.trim()));
    }
    Entry { kind: "analyzer", name: meta.id.to_owned(), brief: meta.question.to_owned(), detail }
}

/// A file of a report that belongs to no analyzer.
fn data_file(file: &DataFileSpec) -> Entry {
    let mut detail = format!("{}\n", file.doc);
    columns(&mut detail, file.columns.iter());
    let brief = file.doc.split_once(". ").map_or(file.doc, |(first, _)| first).to_owned();
    Entry { kind: "report file", name: file.id.to_owned(), brief, detail }
}

/// A list of columns.
fn columns<'c>(detail: &mut String, columns: impl Iterator<Item = &'c ColumnSpec>) {
    detail.push_str("\ncolumns\n");
    for column in columns {
        let _ = writeln!(detail, "  {:<28} {:<8} {}", column.name, word(&column.kind), column.doc);
    }
}

/// A column of an analyzer, or of another file of a report.
fn column(of: &str, column: &ColumnSpec) -> Entry {
    Entry {
        kind: "column",
        name: format!("{of}.{}", column.name),
        brief: column.doc.to_owned(),
        detail: format!("{}\n\nkind     {}\nprivacy  {}\n", column.doc, word(&column.kind), word(&column.privacy)),
    }
}

/// Tables and their columns.
fn tables(entries: &mut Vec<Entry>) {
    for table in TABLES {
        let mut detail = format!("{}\n\nsource  {}\n\ncolumns\n", table.doc.trim(), table.source);
        for column in table.columns {
            let null = if column.nullable { "or null" } else { "" };
            let _ =
                writeln!(detail, "  {:<28} {:<20} {:<8} {}", column.name, column.kind.name(), null, column.doc.trim());
        }
        let brief = table.doc.trim().to_owned();
        entries.push(Entry { kind: "table", name: table.name.to_owned(), brief, detail });
    }
    for table in TABLES {
        entries.extend(table.columns.iter().map(|column| Entry {
            kind: "column",
            name: format!("{}.{}", table.name, column.name),
            brief: column.doc.trim().to_owned(),
            detail: format!(
                "{}\n\ntype     {}\nnull     {}\nprivacy  {}\nsource   {}\n",
                column.doc.trim(),
                column.kind.name(),
                if column.nullable { "allowed, means unknown or does not apply" } else { "never" },
                word(&column.privacy),
                table.source
            ),
        }));
    }
}

/// A source with its requests, its tables and who needs it.
fn source(source: Source, catalog: &Catalog) -> Entry {
    let calls: Vec<_> = catalog.endpoints.iter().filter(|c| c.source == source).map(|c| c.path.as_str()).collect();
    let tables: Vec<_> = TABLES.iter().filter(|t| t.source == source).map(|t| t.name).collect();
    let needed: Vec<_> = catalog.analyzers.iter().filter(|m| m.needs.contains(&source)).map(|m| m.id).collect();
    let or = |list: &[&str], none: &str| if list.is_empty() { none.to_owned() } else { list.join(", ") };
    let by_file = if source.is_opt_in() && calls.is_empty() { "a file that you name" } else { "nothing" };
    let without = if source.exists_without_plan() { "a gap" } else { "there is none of it, no gap" };
    let detail = lines([
        ("reads", or(&calls, by_file)),
        ("tables", or(&tables, "none; it is kept in the manifest")),
        ("needed by", or(&needed, "no analyzer by itself")),
        ("read", if source.is_opt_in() { "only when asked for" } else { "always, unless skipped" }.to_owned()),
        ("without plan", without.to_owned()),
    ]);
    Entry { kind: "source", name: source.name().to_owned(), brief: or(&calls, by_file), detail }
}

/// Labelled lines.
fn lines(facts: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let lines: Vec<_> = facts.into_iter().map(|(label, text)| format!("{label:<13} {text}")).collect();
    lines.join("\n")
}

/// The word of a declared enumeration value.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        outcome::RuleSpec,
        verdict::{Severity, Verdict},
    };

    /// A small catalog.
    fn catalog() -> Catalog {
        static META: Meta = Meta {
            id: "some-check",
            question: "Is it so?",
            needs: &[Source::Members],
            subjects: &["member"],
            charts: &[],
            columns: &[],
            rules: &[RuleSpec {
                id: "broken-rule",
                verdict: Verdict::Fail,
                severity: Severity::High,
                doc: "It is not so.",
            }],
        };
        let path = "/api/organizations/{org}/members".to_owned();
        let call = Call { source: Source::Members, path, facts: vec![("permission", "org.members.read".to_owned())] };
        let words = Words {
            parts: vec![("limits", "It cannot be known.".to_owned())],
            remedies: [("broken-rule".to_owned(), "Mend it.".to_owned())].into(),
        };
        Catalog {
            analyzers: vec![&META],
            endpoints: vec![call],
            words: [("some-check", words)].into(),
            frameworks: crate::report::controls::all().unwrap(),
        }
    }

    #[test]
    fn a_name_that_means_several_things_prints_all_of_them() {
        let text = explain(Some("members"), &catalog()).unwrap();
        assert!(text.contains("table members\n") && text.contains("source members\n"), "{text}");
        let people = explain(Some("people"), &catalog()).unwrap();
        assert!(people.contains("report file people\n") && people.contains("table people\n"), "{people}");
        assert!(people.contains("csv/people.csv, and people[] in JSON"), "{people}");
        for column in crate::model::people::FILE.columns {
            assert!(people.contains(&format!("  {:<28} ", column.name)), "{}: {people}", column.name);
        }
        let column = explain(Some("username"), &catalog()).unwrap();
        assert!(column.contains("column members.username") && column.contains("column people.username"), "{column}");
    }

    #[test]
    fn rules_keys_and_endpoints_are_explained() {
        for (id, expected) in [
            ("broken-rule", "severity  high"),
            ("some-check", "It is not so."),
            ("some-check", "limits\n    It cannot be known."),
            ("broken-rule", "what to do\n    Mend it."),
            ("threshold_days", "configuration key activity.threshold_days"),
            ("/api/organizations/{org}/members", "org.members.read"),
            ("org.<name>.plan", "configuration key"),
            ("CC6.2", "control soc2 CC6.2"),
            ("template", "`kind` says what a section is"),
            ("pci 7.2.5.1", "looked at     orphaned-access (service-account, token)"),
            ("iso27001", "A.8.2      Privileged rights"),
        ] {
            let text = explain(Some(id), &catalog()).unwrap();
            assert!(text.contains(expected), "{id}: {text}");
        }
        assert!(explain(None, &catalog()).unwrap().contains("Is it so?"));
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_nearest() {
        let error = explain(Some("brokn-rule"), &catalog()).unwrap_err();
        assert!(error.hint().contains("broken-rule"), "{}", error.hint());
    }
}
