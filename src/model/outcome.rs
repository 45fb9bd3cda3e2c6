//! What an analyzer hands over: its declaration, its rows, its totals. Every output format is generic over this.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    coverage::Source,
    time::{self, Timestamp},
    verdict::{Severity, Verdict},
};

/// Who may see a value, and what `--redact` does with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Privacy {
    /// Logins, repository names, dates, numbers.
    Public,
    /// Names, e-mail addresses, network addresses, locations.
    Personal,
}

/// What a cell of a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CellKind {
    /// Text.
    Text,
    /// Whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Instant, RFC 3339 in UTC with seconds.
    Time,
    /// `YYYY-MM-DD`.
    Date,
    /// USD with two decimals.
    Money,
    /// Texts joined by `;`.
    List,
}

/// A column of an analyzer's result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ColumnSpec {
    /// `snake_case` name, as in CSV and JSON.
    pub name: &'static str,
    /// Kind of its cells.
    pub kind: CellKind,
    /// Privacy class.
    pub privacy: Privacy,
    /// What it says, its unit, and what an empty cell means.
    pub doc: &'static str,
}

/// A rule of an analyzer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct RuleSpec {
    /// Kebab-case id, as in the column `rule`.
    pub id: &'static str,
    /// The verdict it gives.
    pub verdict: Verdict,
    /// Severity, or the highest one where it depends on the subject.
    pub severity: Severity,
    /// When it applies, in one sentence.
    pub doc: &'static str,
}

/// Declaration of an analyzer: what it is called, what it needs, what it returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Meta {
    /// Kebab-case id, as in file names and the configuration.
    pub id: &'static str,
    /// The question it answers, one line.
    pub question: &'static str,
    /// Sources it needs; each of them that is a gap gives a `source` row.
    pub needs: &'static [Source],
    /// Kinds of subject that its rows are about, beside `source`.
    pub subjects: &'static [&'static str],
    /// Ids of the pictures that it may draw, so that a template cannot name another.
    pub charts: &'static [&'static str],
    /// Columns after the common ones.
    pub columns: &'static [ColumnSpec],
    /// Its rules, worst first.
    pub rules: &'static [RuleSpec],
}

/// The columns that every analyzer's result starts with.
pub const COMMON: [ColumnSpec; 7] = {
    const fn column(name: &'static str, doc: &'static str) -> ColumnSpec {
        let kind = if matches!(name.as_bytes(), b"also") { CellKind::List } else { CellKind::Text };
        ColumnSpec { name, kind, privacy: Privacy::Public, doc }
    }
    [
        column("subject_kind", "What kind of thing is judged."),
        column("subject", "Who or what is judged, as the Hub spells it."),
        column("verdict", "fail, review, unknown, accepted, listed or pass."),
        column("severity", "critical, high, medium, low or info."),
        column("rule", "The worst rule that applies."),
        column("also", "The other rules that apply."),
        column("reason", "Why, in one sentence with the numbers in it."),
    ]
};

/// A value in a result.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// Unknown, or does not apply. Never 0 or false.
    Empty,
    /// Text.
    Text(String),
    /// Whole number.
    Integer(i64),
    /// Truth value.
    Boolean(bool),
    /// Instant.
    Time(Timestamp),
    /// Day.
    Date(NaiveDate),
    /// USD in cents.
    Money(i64),
    /// Texts.
    List(Vec<String>),
}

impl Cell {
    /// The cell as every textual output prints it, before any escaping.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(s) => s.clone(),
            Self::Integer(n) => n.to_string(),
            Self::Boolean(b) => b.to_string(),
            Self::Time(t) => time::format(*t),
            Self::Date(d) => time::format_date(*d),
            Self::Money(cents) => money(*cents),
            // An item that holds the separator must not read as two.
            Self::List(items) => items.iter().map(|item| item.replace(';', "%3B")).collect::<Vec<_>>().join(";"),
        }
    }

    /// Whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(s) => s.is_empty(),
            Self::List(items) => items.is_empty(),
            _ => false,
        }
    }
}

/// Cents as USD with two decimals.
#[must_use]
pub fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

impl From<&str> for Cell {
    fn from(s: &str) -> Self {
        if s.is_empty() { Self::Empty } else { Self::Text(s.to_owned()) }
    }
}
impl From<String> for Cell {
    fn from(s: String) -> Self {
        if s.is_empty() { Self::Empty } else { Self::Text(s) }
    }
}
impl From<i64> for Cell {
    fn from(n: i64) -> Self {
        Self::Integer(n)
    }
}
impl From<usize> for Cell {
    fn from(n: usize) -> Self {
        Self::Integer(i64::try_from(n).unwrap_or(i64::MAX))
    }
}
impl From<bool> for Cell {
    fn from(b: bool) -> Self {
        Self::Boolean(b)
    }
}
impl From<Timestamp> for Cell {
    fn from(t: Timestamp) -> Self {
        Self::Time(t)
    }
}
impl From<NaiveDate> for Cell {
    fn from(d: NaiveDate) -> Self {
        Self::Date(d)
    }
}
impl From<Vec<String>> for Cell {
    fn from(items: Vec<String>) -> Self {
        if items.is_empty() { Self::Empty } else { Self::List(items) }
    }
}
impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// One judged subject.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Kind of the subject, e.g. `member`.
    pub subject_kind: String,
    /// The subject.
    pub subject: String,
    /// Verdict of the worst rule, or `accepted`.
    pub verdict: Verdict,
    /// Severity of the worst rule; kept under an exception.
    pub severity: Severity,
    /// The worst rule that applies.
    pub rule: String,
    /// The other rules that apply, sorted.
    pub also: Vec<String>,
    /// One sentence with the numbers in it.
    pub reason: String,
    /// The analyzer's own columns, in the order of [`Meta::columns`].
    pub cells: Vec<Cell>,
}

/// Result of one analyzer over one snapshot.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The declaration.
    pub meta: &'static Meta,
    /// Rows in report order.
    pub rows: Vec<Row>,
    /// Totals by name: numbers (cents are never printed as such: money is a text with two decimals), texts, or
    /// tables of these.
    pub totals: BTreeMap<String, serde_json::Value>,
    /// What this analyzer could not look at, in sentences, beyond its `source` rows.
    pub limits: Vec<String>,
    /// Pictures of its numbers.
    pub charts: Vec<Chart>,
}

impl Outcome {
    /// The cell of `row` in the column `name`; `None` when the analyzer has no such column.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r Row, name: &str) -> Option<&'r Cell> {
        let at = self.meta.columns.iter().position(|c| c.name == name)?;
        row.cells.get(at)
    }

    /// Number of rows with a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|r| r.verdict == verdict).count()
    }
}

/// A picture of numbers: labelled bars, each possibly split in parts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Chart {
    /// Kebab-case id, referred to by templates: `idle-days`, `seats`, `owners`, `paths`.
    pub id: &'static str,
    /// Title.
    pub title: String,
    /// What the picture says, in one sentence, for readers who cannot see it.
    pub alt: String,
    /// Unit of the values, e.g. `members`.
    pub unit: &'static str,
    /// Legend, in the order of [`Bar::parts`]: name and the verdict whose colour it takes.
    pub legend: Vec<(String, Verdict)>,
    /// Bars in order.
    pub bars: Vec<Bar>,
    /// Index of the bar before which the threshold line is drawn, with its label; `None` without a threshold.
    pub threshold: Option<(usize, String)>,
}

/// One bar.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Bar {
    /// Label under or before the bar.
    pub label: String,
    /// Values, one per legend entry.
    pub parts: Vec<u64>,
}

/// A figure that stands for a snapshot. One that is not known is left out, never 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyFigure {
    /// The figure; money in cents.
    pub value: i64,
    /// Whether there may be more, because something that it is counted from could not be seen or judged.
    pub at_least: bool,
}

/// A figure of the report compared with the same figure from somewhere else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TieOut {
    /// What is compared, e.g. `members`.
    pub name: String,
    /// Where the counted figure comes from.
    pub counted_from: String,
    /// The counted figure; `None` when it could not be counted.
    pub counted: Option<i64>,
    /// Where the other figure comes from.
    pub stated_by: String,
    /// The other figure; `None` when nobody states it.
    pub stated: Option<i64>,
    /// Counted less stated; `None` when a figure is missing. The parts below add up to it.
    pub difference: Option<i64>,
    /// Part of the difference that is explained; `None` when a figure is missing.
    pub explained: Option<i64>,
    /// What explains a difference, or that nothing does; empty without one.
    pub explanation: String,
    /// Part of the difference that nothing explains; 0 when all is well, `None` when a figure is missing.
    pub unexplained: Option<i64>,
}
