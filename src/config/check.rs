//! Compares a parsed file with the declared keys: unknown keys, wrong values and missing keys, each with its line.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    error::Problem,
    keys::{self, Key, Kind, SECTIONS},
};
use crate::model::{ids::OrgName, time};

/// Analyzer ids with the ids of their rules, so that an exception cannot name one that does not exist.
pub type Known = BTreeMap<&'static str, Vec<&'static str>>;

/// What the walk found: values ready to be typed, and problems.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// The file's values as JSON; dates are text, whatever their spelling.
    pub(super) values: Map<String, Value>,
    /// What is wrong.
    pub(super) problems: Vec<Problem>,
}

/// Walks a file against the declared keys.
#[derive(Debug)]
pub(super) struct Checker<'t, 'k> {
    /// The file's text, for line numbers.
    text: &'t str,
    /// Analyzers and rules.
    known: &'k Known,
    /// Findings.
    out: Checked,
}

impl<'t, 'k> Checker<'t, 'k> {
    /// Checks a whole file.
    pub(super) fn check(text: &'t str, root: &DeTable<'_>, known: &'k Known) -> Checked {
        let mut checker = Self { text, known, out: Checked::default() };
        let values = checker.section("", root);
        checker.out.values = values;
        checker.out.problems.sort();
        checker.out
    }

    /// The line of a byte offset.
    fn line(&self, at: usize) -> usize {
        line_of(self.text, at)
    }

    /// Notes a problem.
    fn problem(&mut self, at: usize, what: String) {
        let line = self.line(at);
        self.out.problems.push(Problem { line, what });
    }

    /// Checks the keys of one table; `path` is its declared section, empty for the root.
    fn section(&mut self, path: &str, table: &DeTable<'_>) -> Map<String, Value> {
        let mut values = Map::new();
        for (name, value) in table {
            let at = name.span().start;
            let name: &str = name.get_ref();
            let child = child_of(path, name);
            if let Some(key) = keys::of_section(path).find(|key| key.name == name) {
                if let Some(value) = self.value(key, at, value) {
                    values.insert(name.to_owned(), value);
                }
            } else if is_section(&child) {
                let value = self.subsection(&child, name, value);
                values.insert(name.to_owned(), value);
            } else {
                self.unknown(path, name, at);
            }
        }
        values
    }

    /// Checks a table, a list of tables, or a table of named tables.
    fn subsection(&mut self, path: &str, name: &str, value: &Spanned<DeValue<'_>>) -> Value {
        let at = value.span().start;
        match (path, value.get_ref()) {
            ("exceptions", DeValue::Array(items)) => {
                Value::Array(items.iter().filter_map(|item| self.exception(item)).collect())
            }
            ("exceptions", _) => {
                self.problem(at, "`exceptions` must be written as [[exceptions]], one table for each".to_owned());
                Value::Array(Vec::new())
            }
            ("org.*", DeValue::Table(table)) => {
                if let Err(error) = OrgName::new(name) {
                    self.problem(at, error.to_string());
                }
                Value::Object(self.section(path, table))
            }
            (_, DeValue::Table(table)) => {
                let values = self.section(path, table);
                self.required(path, at, &values);
                match path {
                    "analyzers.owner-coverage" => self.owners(at, &values),
                    "roster" if values.contains_key("extracted_on") && !values.contains_key("file") => {
                        let what =
                            "`extracted_on` is the date of `file`, which is not named; an imported file has its own";
                        self.problem(at, what.to_owned());
                    }
                    _ => {}
                }
                if path == "seats" {
                    self.renewal(at, table, &values);
                }
                Value::Object(values)
            }
            (_, other) => {
                let found = other.type_str();
                self.problem(at, format!("`{name}` must be a table [{}], found a value of type {found}", bare(path)));
                Value::Object(Map::new())
            }
        }
    }

    /// Checks one `[[exceptions]]` table.
    fn exception(&mut self, item: &Spanned<DeValue<'_>>) -> Option<Value> {
        let at = item.span().start;
        let Some(table) = item.get_ref().as_table() else {
            self.problem(at, "`exceptions` must be written as [[exceptions]], one table for each".to_owned());
            return None;
        };
        let values = self.section("exceptions", table);
        self.required("exceptions", at, &values);
        let position = |key: &str| table.iter().find(|(k, _)| k.get_ref() == key).map_or(at, |(_, v)| v.span().start);
        let text = |key: &str| values.get(key).and_then(Value::as_str).unwrap_or_default();
        let (analyzer, rule) = (text("analyzer"), text("rule"));
        if !analyzer.is_empty() && !self.known.is_empty() {
            match self.known.get(analyzer) {
                None => {
                    let hint = meant(analyzer, self.known.keys().copied());
                    self.problem(position("analyzer"), format!("there is no analyzer {analyzer:?}{hint}"));
                }
                Some(rules) if !rule.is_empty() && !rules.contains(&rule) => {
                    let hint = meant(rule, rules.iter().copied());
                    self.problem(position("rule"), format!("{analyzer} has no rule {rule:?}{hint}"));
                }
                Some(_) => {}
            }
        }
        if values.get("pattern") == Some(&Value::Bool(true))
            && let Err(error) = globset::Glob::new(text("subject"))
        {
            self.problem(position("subject"), format!("`subject` is no pattern: {error}"));
        }
        Some(Value::Object(values))
    }

    /// Checks one value; `None` when it is wrong.
    fn value(&mut self, key: &Key, at: usize, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        if let (Kind::Texts(fields) | Kind::Lists(fields), DeValue::Table(table)) = (key.kind, value.get_ref()) {
            return Some(self.mapping(key, fields, table));
        }
        let Some(typed) = convert(key.kind, value.get_ref()) else {
            let found = show(self.text, value);
            let hint = match (key.kind, value.get_ref()) {
                (Kind::Word(words), DeValue::String(word)) => meant(word, words.iter().copied()),
                _ => String::new(),
            };
            self.problem(at, format!("`{}` must be {}, found {found}{hint}", key.name, key.kind.expected()));
            return None;
        };
        Some(typed)
    }

    /// Checks a table inside a value: the columns or the words of the roster.
    fn mapping(&mut self, key: &Key, fields: &'static [&'static str], table: &DeTable<'_>) -> Value {
        let mut values = Map::new();
        let mut words = BTreeMap::new();
        for (name, value) in table {
            let at = name.span().start;
            let name: &str = name.get_ref();
            if !fields.contains(&name) {
                let hint = meant(name, fields.iter().copied());
                self.problem(at, format!("unknown key `{name}` in `{}.{}`{hint}", key.section, key.name));
                continue;
            }
            let kind = if matches!(key.kind, Kind::Texts(_)) { "a text in quotes" } else { "a list of texts" };
            let typed = match (key.kind, value.get_ref()) {
                (Kind::Texts(_), DeValue::String(text)) if !text.trim().is_empty() => Some(json!(text)),
                (Kind::Lists(_), DeValue::Array(items)) => {
                    let texts: Option<Vec<_>> = items.iter().map(|i| i.get_ref().as_str()).collect();
                    texts.map(|texts| json!(texts))
                }
                _ => None,
            };
            let Some(typed) = typed else {
                self.problem(at, format!("`{}.{name}` must be {kind}, found {}", key.name, show(self.text, value)));
                continue;
            };
            for word in typed.as_array().into_iter().flatten().filter_map(Value::as_str) {
                if let Some(other) = words.insert(word.trim().to_lowercase(), name.to_owned())
                    && other != name
                {
                    self.problem(at, format!("`{}` maps {word:?} to both {other} and {name}", key.name));
                }
            }
            values.insert(name.to_owned(), typed);
        }
        Value::Object(values)
    }

    /// Notes keys without which a table says nothing.
    fn required(&mut self, path: &str, at: usize, values: &Map<String, Value>) {
        for (_, names) in keys::REQUIRED.iter().filter(|(section, _)| *section == path) {
            for name in names.iter().filter(|name| !values.contains_key(**name)) {
                let line = self.line(at);
                let seen = self.out.problems.iter().any(|p| p.line >= line && p.what.starts_with(&format!("`{name}`")));
                if !seen {
                    self.problem(at, format!("`{name}` is missing in {}", bracketed(path)));
                }
            }
        }
    }

    /// An annual subscription without a day of renewal.
    fn renewal(&mut self, at: usize, table: &DeTable<'_>, values: &Map<String, Value>) {
        let is_dated = table.iter().any(|(key, _)| key.get_ref() == "renewal_date");
        if values.get("term").is_some_and(|term| term == "annual") && !is_dated {
            self.problem(at, "`renewal_date` is missing in [seats]: `term = \"annual\"` needs it".to_owned());
        }
    }

    /// Two limits that no organization could satisfy.
    fn owners(&mut self, at: usize, values: &Map<String, Value>) {
        let number = |key: &str, default: i64| values.get(key).map_or(Some(default), Value::as_i64);
        if let (Some(min), Some(max)) = (number("min_owners", 2), values.get("max_owners").and_then(Value::as_i64))
            && max < min
        {
            self.problem(at, format!("`max_owners` must not be below `min_owners`, found {max} below {min}"));
        }
    }

    /// Notes an unknown key with the nearest known one.
    fn unknown(&mut self, path: &str, name: &str, at: usize) {
        let siblings = keys::of_section(path).map(|key| key.name);
        let tables = SECTIONS.iter().filter_map(|(section, _)| {
            let rest = if path.is_empty() { section } else { section.strip_prefix(path)?.strip_prefix('.')? };
            rest.split('.').next().filter(|n| *n != "*")
        });
        let hint = meant(name, siblings.chain(tables));
        let place = if path.is_empty() { String::new() } else { format!(" in {}", bracketed(path)) };
        self.problem(at, format!("unknown key `{name}`{place}{hint}"));
    }
}

/// The declared path of a key inside a section.
fn child_of(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        "org" => "org.*".to_owned(),
        _ => format!("{path}.{name}"),
    }
}

/// Whether a path is a section or leads to one.
fn is_section(path: &str) -> bool {
    SECTIONS.iter().any(|(s, _)| *s == path || s.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// A section's path without its placeholder.
fn bare(path: &str) -> &str {
    path.strip_suffix(".*").unwrap_or(path)
}

/// A section as the file writes it.
fn bracketed(path: &str) -> String {
    match path {
        "exceptions" => "[[exceptions]]".to_owned(),
        "org.*" => "[org.<name>]".to_owned(),
        other => format!("[{other}]"),
    }
}

/// `, did you mean …?`, or nothing.
fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    keys::nearest(word, known).map_or_else(String::new, |near| format!(", did you mean `{near}`?"))
}

/// A value of the declared kind; `None` when it has another.
fn convert(kind: Kind, value: &DeValue<'_>) -> Option<Value> {
    match (kind, value) {
        (Kind::Text, DeValue::String(s)) => (!s.trim().is_empty()).then(|| json!(s)),
        (Kind::Label, DeValue::String(s)) => Some(json!(s)),
        (Kind::Flag, DeValue::Boolean(b)) => Some(json!(b)),
        (Kind::Whole(min, max), DeValue::Integer(n)) => {
            let n = i64::from_str_radix(n.as_str(), n.radix()).ok()?;
            (min..=max).contains(&n).then(|| json!(n))
        }
        (Kind::Price, DeValue::Integer(n)) => {
            let n: f64 = u32::from_str_radix(n.as_str(), n.radix()).ok()?.into();
            Some(json!(n))
        }
        (Kind::Price, DeValue::Float(n)) => {
            let n: f64 = n.as_str().parse().ok()?;
            (n.is_finite() && (0.0..=1e9).contains(&n)).then(|| json!(n.abs()))
        }
        (Kind::Date, DeValue::String(s)) => date(s),
        (Kind::Date, DeValue::Datetime(d)) => date(&d.to_string()),
        (Kind::Command, DeValue::Array(items)) => {
            let texts: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            texts.filter(|texts| texts.first().is_some_and(|program| !program.trim().is_empty())).map(|t| json!(t))
        }
        (Kind::Word(words), DeValue::String(s)) => words.contains(&s.as_ref()).then(|| json!(s)),
        _ => None,
    }
}

/// A date as text.
fn date(text: &str) -> Option<Value> {
    let date = time::parse_date(text).filter(|_| text.len() == 10)?;
    Some(json!(time::format_date(date)))
}

/// A value as the file spells it, shortened.
fn show(text: &str, value: &Spanned<DeValue<'_>>) -> String {
    let raw = text.get(value.span()).unwrap_or_default();
    let line = raw.lines().next().unwrap_or_default();
    if line.chars().count() > 40 {
        format!("{}…", line.chars().take(40).collect::<String>())
    } else {
        line.to_owned()
    }
}

/// The line of a byte offset, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    let end = at.min(text.len());
    text.char_indices().take_while(|(i, _)| *i < end).filter(|(_, c)| *c == '\n').count() + 1
}
