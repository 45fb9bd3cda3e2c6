//! `--redact`: personal values become pseudonyms, in one pass before any renderer, so that no format can forget one.
//!
//! A pseudonym is `redacted-` and ten hexadecimal digits of a keyed hash of the value, folded: one value has one
//! pseudonym wherever it stands in a bundle, and without the key, which never leaves the store, nobody can try names
//! until one fits. What is replaced: cells of personal columns, whatever they hold; in every other text the personal
//! values of the snapshot as whole words, and whatever reads like an address. Logins and names of repositories are
//! public on the Hub and stay.

use std::{collections::BTreeSet, fmt};

use aho_corasick::AhoCorasick;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::Input;
use crate::model::{
    exception::ExceptionOutcome,
    follow_up::{FollowUp, Followed},
    ids::fold,
    manifest::Manifest,
    outcome::{COMMON, Cell, Chart, Meta, Outcome, Privacy, Row, TieOut},
    people::PersonRow,
};

/// Shortest single word that is replaced inside sentences.
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

    /// Adds a value that everybody may see. An address never is one.
    pub fn show(&mut self, value: &str) {
        if !value.contains('@') {
            self.public.insert(fold(value));
        }
    }

    /// The pseudonym of a value.
    fn pseudonym(&self, value: &str) -> String {
        let digest = mac(&self.key, fold(value).as_bytes());
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
    /// Values replaced inside texts.
    words: Vec<&'p str>,
    /// Finds them; `None` when there are none, or more than can be searched for at once.
    finder: Option<AhoCorasick>,
}

impl<'p> Pass<'p> {
    /// Makes ready.
    fn new(personal: &'p Personal, outcomes: &[Outcome]) -> Self {
        let ours: BTreeSet<&str> = outcomes.iter().flat_map(|outcome| vocabulary(outcome.meta)).collect();
        let searched = |value: &&str| {
            // A single word that is also one of ours would turn sentences about everybody into riddles.
            let phrase = value.contains(|c: char| !c.is_alphanumeric());
            let word = value.chars().count() >= SHORTEST && !ours.contains(value);
            !personal.public.contains(&fold(value)) && (phrase || word)
        };
        let words: Vec<&str> = personal.values.iter().map(String::as_str).filter(searched).collect();
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build(&words).ok();
        Self { personal, finder: finder.filter(|_| !words.is_empty()), words }
    }

    /// A text without personal values: the longest first, then whatever still reads like an address.
    fn text(&self, text: &str) -> String {
        let named = self.words_of(text);
        addresses(&named, |address| self.personal.pseudonym(address))
    }

    /// A text with the known values replaced.
    fn words_of(&self, text: &str) -> String {
        let Some(finder) = &self.finder else { return text.to_owned() };
        let mut found: Vec<(usize, usize)> = finder
            .find_overlapping_iter(text)
            .filter(|m| {
                let exact = self.words.get(m.pattern().as_usize()).is_some_and(|word| *word == &text[m.range()]);
                let phrase = text[m.range()].contains(|c: char| !c.is_alphanumeric());
                (exact || phrase) && stands_alone(text, m.start(), m.end())
            })
            .map(|m| (m.start(), m.end()))
            .collect();
        found.sort_by_key(|(start, end)| (*start, usize::MAX - end));
        let (mut out, mut at) = (String::with_capacity(text.len()), 0);
        for (start, end) in found {
            if start >= at {
                out.push_str(&text[at..start]);
                out.push_str(&self.personal.pseudonym(&text[start..end]));
                at = end;
            }
        }
        out.push_str(&text[at..]);
        out
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

    /// A URL, part by part: an address inside one may be spelled with escapes; the redacted one is written without.
    fn url(&self, url: &str) -> String {
        let ends = ['?', '&', '=', '#'];
        let plain = unescape(url);
        let mut hidden = String::with_capacity(plain.len());
        for part in plain.split_inclusive(ends) {
            let value = part.strip_suffix(ends).unwrap_or(part);
            hidden.push_str(&self.text(value));
            hidden.push_str(&part[value.len()..]);
        }
        if hidden == plain { url.to_owned() } else { hidden }
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
        if !self.personal.public.contains(&fold(&exception.approved_by)) {
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

/// Whether a stretch of text is no part of a longer word, login or address.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let joins = |c: char| c.is_alphanumeric() || "-_+%/@".contains(c);
    let mut after = text[end..].chars();
    let open = match after.next() {
        Some('.') => after.next().is_none_or(|c| !joins(c)),
        Some(c) => !joins(c),
        None => true,
    };
    open && text[..start].chars().next_back().is_none_or(|c| !joins(c) && c != '.')
}

/// A text with its percent escapes written out, as far as they are UTF-8.
fn unescape(text: &str) -> String {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [a, b, ..]) => digit(*a).zip(digit(*b)).and_then(|(a, b)| u8::try_from(a << 4 | b).ok()),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// A text with everything that reads like an address replaced.
fn addresses(text: &str, replace: impl Fn(&str) -> String) -> String {
    let ends = |c: char| c.is_whitespace() || c.is_control() || ",;:<>()[]{}\"'`|/".contains(c);
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (sign, _) in text.match_indices('@') {
        if sign < at {
            continue;
        }
        let start = text[at..sign].char_indices().rev().find(|(_, c)| ends(*c));
        let start = start.map_or(at, |(i, c)| at + i + c.len_utf8());
        let end = text[sign..].find(ends).map_or(text.len(), |i| sign + i);
        let end = start + text[start..end].trim_end_matches(['.', '!', '?', '@']).len();
        if start < sign && sign + 1 < end {
            out.push_str(&text[at..start]);
            out.push_str(&replace(&text[start..end]));
            at = end;
        }
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests;
