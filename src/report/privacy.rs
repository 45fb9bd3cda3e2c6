//! `--redact`: personal values become pseudonyms, in one pass before any renderer, so that no format can forget one.
//!
//! A pseudonym is `redacted-` and ten hexadecimal digits of a keyed hash of the value, folded: one value has one
//! pseudonym wherever it stands in a bundle and however it is spelled, and without the key, which never leaves the store,
//! nobody can try names until one fits. What is replaced: cells of personal columns and names of imported files, whatever
//! they hold; in every other text the personal values of the snapshot where no letter or digit joins them, and whatever
//! reads like an address. Logins and names of repositories are public on the Hub and stay, also those with a name in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use aho_corasick::AhoCorasick;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::Input;
use crate::model::{
    exception::ExceptionOutcome,
    follow_up::{FollowUp, Followed},
    manifest::Manifest,
    outcome::{COMMON, Cell, Chart, Meta, Outcome, Privacy, Row, TieOut},
    people::PersonRow,
};

mod folded;

use folded::Folded;

/// Shortest single word that is replaced inside sentences; one that is not ASCII may be a letter shorter.
const SHORTEST: usize = 3;

/// What is personal in a snapshot, and the key of its pseudonyms.
#[derive(Clone)]
pub struct Personal {
    /// Key of the hash.
    key: [u8; 32],
    /// Personal values.
    values: BTreeSet<String>,
    /// Public values, folded: a display name that is somebody's login is no secret.
    public: BTreeSet<String>,
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Personal").field("values", &self.values.len()).finish_non_exhaustive()
    }
}

impl Personal {
    /// Nothing yet. The key depends on the store's secret and on the snapshot, so that pseudonyms of two snapshots
    /// cannot be joined.
    #[must_use]
    pub fn new(secret: &[u8; 32], manifest_sha256: &str) -> Self {
        let key = mac(secret, format!("rollcall redaction of {manifest_sha256}").as_bytes());
        Self { key, values: BTreeSet::new(), public: BTreeSet::new() }
    }

    /// Adds a value that is to be replaced wherever it stands.
    pub fn hide(&mut self, value: &str) {
        if !value.trim().is_empty() {
            self.values.insert(value.trim().to_owned());
        }
    }

    /// Adds a value that everybody may see, and takes it for a login or the like: an address never is one, and nothing
    /// with a blank in it.
    pub fn show(&mut self, value: &str) {
        let value = Folded::of(value.trim()).text;
        if !value.contains(['@', ' ']) {
            self.public.insert(value);
        }
    }

    /// The pseudonym of a value.
    fn pseudonym(&self, value: &str) -> String {
        let digest = mac(&self.key, Folded::of(value.trim()).text.as_bytes());
        let digits = digest.iter().take(5).fold(0, |digits: u64, byte| digits << 8 | u64::from(*byte));
        format!("redacted-{digits:010x}")
    }
}

/// HMAC-SHA256.
fn mac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// A text in which whatever reads like an address is hidden, for what is said before anybody knows whose names there are.
#[must_use]
pub fn without_addresses(text: &str) -> String {
    let folded = Folded::of(text);
    let found = folded.addresses().into_iter().filter_map(|(start, end)| folded.place(start, end));
    replaced(text, found.collect(), |_| "redacted".to_owned())
}

/// A text with some stretches replaced. Where two of them overlap, nothing of either stays.
fn replaced(text: &str, mut found: Vec<(usize, usize)>, by: impl Fn(&str) -> String) -> String {
    found.sort_unstable();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    let mut found = found.into_iter().peekable();
    while let Some((start, mut end)) = found.next() {
        while let Some((_, more)) = found.next_if(|(next, _)| *next < end) {
            end = end.max(more);
        }
        out.push_str(&text[at..start]);
        out.push_str(&by(&text[start..end]));
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

/// A report's content without personal values.
#[derive(Debug)]
pub struct Redacted {
    /// See [`Input::manifest`].
    manifest: Manifest,
    /// See [`Input::outcomes`].
    outcomes: Vec<Outcome>,
    /// See [`Input::exceptions`].
    exceptions: Vec<ExceptionOutcome>,
    /// See [`Input::tie_outs`].
    tie_outs: Vec<TieOut>,
    /// See [`Input::people`].
    people: Vec<PersonRow>,
    /// See [`Input::follow_up`].
    follow_up: Option<FollowUp>,
    /// See [`Input::classification`].
    classification: String,
}

impl Redacted {
    /// The input with its content replaced.
    #[must_use]
    pub fn input<'a>(&'a self, original: &Input<'a>) -> Input<'a> {
        Input {
            manifest: &self.manifest,
            outcomes: &self.outcomes,
            exceptions: &self.exceptions,
            tie_outs: &self.tie_outs,
            people: &self.people,
            follow_up: self.follow_up.as_ref(),
            classification: self.classification.clone(),
            redacted: true,
            ..original.clone()
        }
    }
}

/// Replaces what is personal.
#[must_use]
pub fn redact(input: &Input<'_>, personal: &Personal) -> Redacted {
    let pass = Pass::new(personal, input.outcomes);
    let mut manifest = input.manifest.clone();
    pass.manifest(&mut manifest);
    Redacted {
        manifest,
        outcomes: input.outcomes.iter().map(|outcome| pass.outcome(outcome)).collect(),
        exceptions: input.exceptions.iter().map(|exception| pass.exception(exception)).collect(),
        tie_outs: input.tie_outs.iter().map(|tie| pass.tie_out(tie)).collect(),
        people: pass.people(input.people),
        follow_up: input.follow_up.map(|follow_up| pass.follow_up(follow_up)),
        classification: pass.text(&input.classification),
    }
}

/// One pass over a report.
struct Pass<'p> {
    /// Pseudonyms.
    personal: &'p Personal,
    /// Values replaced inside texts, folded, each with whether it is a word of ours as well.
    words: Vec<(String, bool)>,
    /// Finds them.
    finder: AhoCorasick,
}

impl<'p> Pass<'p> {
    /// Makes ready.
    fn new(personal: &'p Personal, outcomes: &[Outcome]) -> Self {
        let ours: BTreeSet<&str> = outcomes.iter().flat_map(|outcome| vocabulary(outcome.meta)).collect();
        let ours_folded: BTreeSet<String> = ours.iter().map(|word| Folded::of(word).text).collect();
        let mut words: BTreeMap<String, bool> = BTreeMap::new();
        for value in &personal.values {
            let folded = Folded::of(value).text;
            let shortest = if folded.is_ascii() { SHORTEST } else { SHORTEST - 1 };
            let phrase = folded.contains(|c: char| !c.is_alphanumeric());
            // A single word that is also one of ours would turn sentences about everybody into riddles.
            let word = value.chars().count() >= shortest && !ours.contains(value.as_str());
            if !folded.is_empty() && !personal.public.contains(&folded) && (phrase || word) {
                let both = !phrase && ours_folded.contains(&folded);
                words.insert(folded, both);
            }
        }
        let words: Vec<(String, bool)> = words.into_iter().collect();
        let finder = AhoCorasick::new(words.iter().map(|(word, _)| word));
        // Better no report than one that shows what it promises to hide.
        let finder = finder.expect("two thousand million letters of names do not fit into memory");
        Self { personal, words, finder }
    }

    /// A text without personal values, and without whatever else reads like an address.
    fn text(&self, text: &str) -> String {
        let folded = Folded::of(text);
        let known = self.finder.find_overlapping_iter(&folded.text).filter(|m| {
            let both = self.words.get(m.pattern().as_usize()).is_some_and(|(_, both)| *both);
            folded.stands_alone(m.start(), m.end())
                && folded.place(m.start(), m.end()).is_some_and(|(start, end)| {
                    let ordinary = both && !text[start..end].contains(char::is_uppercase);
                    !ordinary && !self.is_public(text, start, end)
                })
        });
        let all = known.map(|m| (m.start(), m.end())).chain(folded.addresses());
        let found = all.filter_map(|(start, end)| folded.place(start, end)).collect();
        replaced(text, found, |value| self.personal.pseudonym(value))
    }

    /// Whether a stretch is part of a login or of a repository's name, which are public.
    fn is_public(&self, text: &str, start: usize, end: usize) -> bool {
        let other = |c: char| !(c.is_alphanumeric() || "-_./".contains(c));
        let from = text[..start].rfind(other).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
        let to = text[end..].find(other).map_or(text.len(), |at| end + at);
        let from_slash = text[from..start].rfind('/').map_or(from, |at| from + at + 1);
        let to_slash = text[end..to].find('/').map_or(to, |at| end + at);
        let public = |from: usize, to: usize| {
            let name = text[from..to].trim_end_matches('.');
            self.personal.public.contains(&Folded::of(name).text)
        };
        public(from, to) || public(from_slash, to_slash)
    }

    /// An optional text in place.
    fn optional(&self, text: &mut Option<String>) {
        if let Some(text) = text {
            *text = self.text(text);
        }
    }

    /// The texts of a manifest that come from people or from the Hub.
    fn manifest(&self, manifest: &mut Manifest) {
        if let Some(name) = &mut manifest.collector.token_name {
            *name = self.personal.pseudonym(name);
        }
        manifest.plan.name = self.text(&manifest.plan.name);
        // The name of a file is whatever somebody called it.
        for import in &mut manifest.imports {
            import.file = self.personal.pseudonym(&import.file);
        }
        for said in [&mut manifest.collector.permissions, &mut manifest.collector.security_restrictions] {
            for text in said {
                *text = self.text(text);
            }
        }
        for record in manifest.sources.values_mut() {
            self.optional(&mut record.why);
            for request in &mut record.requests {
                request.url = self.url(&request.url);
                self.optional(&mut request.error);
                request.next = request.next.as_deref().map(|next| self.url(next));
            }
        }
        let types = std::mem::take(&mut manifest.audit.unknown_types);
        for (name, count) in types {
            *manifest.audit.unknown_types.entry(self.text(&name)).or_default() += count;
        }
    }

    /// An outcome, its rows in report order again: their order would tell the initials of who was replaced.
    fn outcome(&self, outcome: &Outcome) -> Outcome {
        let mut rows: Vec<Row> = outcome.rows.iter().map(|row| self.row(outcome.meta, row)).collect();
        let resource = outcome.meta.columns.iter().position(|column| column.name == "resource");
        let resource = |row: &Row| resource.and_then(|at| row.cells.get(at)).map(Cell::to_text).unwrap_or_default();
        rows.sort_by_cached_key(|r| (r.verdict, r.severity, r.subject_kind.clone(), r.subject.clone(), resource(r)));
        Outcome {
            meta: outcome.meta,
            rows,
            totals: outcome.totals.iter().map(|(name, value)| (name.clone(), self.value(value))).collect(),
            limits: outcome.limits.iter().map(|limit| self.text(limit)).collect(),
            charts: outcome.charts.iter().map(|chart| self.chart(chart)).collect(),
        }
    }

    /// A URL, part by part, since its own signs may stand in an address. A plus may be a blank.
    fn url(&self, url: &str) -> String {
        let ends = ['?', '&', '=', '#'];
        let mut hidden = String::with_capacity(url.len());
        for part in url.split_inclusive(ends) {
            let value = part.strip_suffix(ends).unwrap_or(part);
            let plain = self.text(value);
            let spaced = plain.replace('+', " ");
            let again = self.text(&spaced);
            hidden.push_str(if again == spaced { &plain } else { &again });
            hidden.push_str(&part[value.len()..]);
        }
        hidden
    }

    /// The findings by person, in report order again.
    fn people(&self, rows: &[PersonRow]) -> Vec<PersonRow> {
        let mut rows: Vec<PersonRow> = rows
            .iter()
            .map(|row| {
                let mut row = row.clone();
                if row.kind != super::build::SOURCE {
                    row.person = self.text(&row.person);
                }
                for (column, cell) in PersonRow::fact_columns().zip(&mut row.facts) {
                    *cell = self.cell(column.privacy, cell);
                }
                row
            })
            .collect();
        rows.sort_by_cached_key(PersonRow::rank);
        rows
    }

    /// What became of the findings of the baseline, in report order again.
    fn follow_up(&self, follow_up: &FollowUp) -> FollowUp {
        let mut follow_up = follow_up.clone();
        for followed in follow_up.findings.iter_mut().filter(|f| f.subject_kind != super::build::SOURCE) {
            followed.subject = self.text(&followed.subject);
            followed.resource = self.text(&followed.resource);
        }
        follow_up.findings.sort_by_cached_key(Followed::rank);
        follow_up
    }

    /// A cell by the class of its column.
    fn cell(&self, privacy: Privacy, cell: &Cell) -> Cell {
        match privacy {
            Privacy::Personal => each(cell, |text| self.personal.pseudonym(text)),
            Privacy::Public => each(cell, |text| self.text(text)),
        }
    }

    /// A row. Kind and rules are words of ours.
    fn row(&self, meta: &Meta, row: &Row) -> Row {
        let is_source = row.subject_kind == super::build::SOURCE;
        let class = |at: usize| meta.columns.get(at).map_or(Privacy::Public, |column| column.privacy);
        let cells = row.cells.iter().enumerate().map(|(at, cell)| self.cell(class(at), cell));
        Row {
            subject: if is_source { row.subject.clone() } else { self.text(&row.subject) },
            reason: self.text(&row.reason),
            cells: cells.collect(),
            ..row.clone()
        }
    }

    /// A total; keys of maps may be names, too.
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.value(item)).collect()),
            Value::Object(map) => map.iter().map(|(key, value)| (self.text(key), self.value(value))).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// A chart.
    fn chart(&self, chart: &Chart) -> Chart {
        let mut chart = chart.clone();
        chart.alt = self.text(&chart.alt);
        for bar in &mut chart.bars {
            bar.label = self.text(&bar.label);
        }
        chart
    }

    /// An exception; whoever approved it is a person, however they are called.
    fn exception(&self, outcome: &ExceptionOutcome) -> ExceptionOutcome {
        let mut outcome = outcome.clone();
        let exception = &mut outcome.exception;
        exception.subject = self.text(&exception.subject);
        self.optional(&mut exception.resource);
        exception.reason = self.text(&exception.reason);
        if !self.personal.public.contains(&Folded::of(exception.approved_by.trim()).text) {
            exception.approved_by = self.personal.pseudonym(&exception.approved_by);
        }
        outcome.note = self.text(&outcome.note);
        outcome
    }

    /// A comparison.
    fn tie_out(&self, tie: &TieOut) -> TieOut {
        TieOut { explanation: self.text(&tie.explanation), ..tie.clone() }
    }
}

/// A cell with its texts replaced.
fn each(cell: &Cell, replace: impl Fn(&str) -> String) -> Cell {
    match cell {
        Cell::Text(text) => Cell::Text(replace(text)),
        Cell::List(items) => Cell::List(items.iter().map(|item| replace(item)).collect()),
        other => other.clone(),
    }
}

/// The words in which an analyzer declares itself.
fn vocabulary(meta: &Meta) -> impl Iterator<Item = &'static str> {
    let columns = meta.columns.iter().chain(&COMMON).flat_map(|column| [column.name, column.doc]);
    let texts = columns.chain(meta.rules.iter().flat_map(|rule| [rule.id, rule.doc])).chain([meta.question]);
    let texts: Vec<&'static str> = texts.collect();
    texts.into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
}

#[cfg(test)]
mod tests;
