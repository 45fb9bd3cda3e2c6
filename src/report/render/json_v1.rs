//! `<template>.json`, format `rollcall.report/1`: the whole report as data, with its own structs so that the rest can
//! move without changing what scripts read.
//!
//! Keys stand in the order declared here. A row is an object keyed by column in column order; an empty cell is `null`,
//! never 0 or false. Numbers and truth values are typed, money is a number with two decimals (`20.00`), lists are
//! arrays, instants RFC 3339 and days `YYYY-MM-DD` texts. Cells are never altered: what the Hub sent is what stands
//! here, whatever a spreadsheet would make of it.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap as _},
};
use serde_json::value::RawValue;

use super::json_controls::Control;
use crate::{
    model::{
        coverage::{Coverage, Source},
        data_file::{DataFile, DataFileSpec},
        exception::ExceptionOutcome,
        follow_up::Fate,
        manifest::{Collector, HubClock, PlanFact, Previous, Tool},
        outcome::{COMMON, Cell, Outcome, Row, TieOut, money},
        params::Params,
        text::hides,
        time,
        verdict::Verdict,
    },
    report::{
        Input, SnapshotRead, TrendPoint, build::tiles, controls, coverage_of, data_files::Scope, error::Error,
        layout::Kind, snapshots_read, template::Template,
    },
};

/// Value of the key `format`.
pub const FORMAT: &str = "rollcall.report/1";

/// The JSON file of one template; it ends with a line feed.
///
/// # Errors
/// When a value has no form in JSON.
pub fn render(input: &Input<'_>, template: &Template, templates: &[Template]) -> Result<Vec<u8>, Error> {
    let files = Files::of(&Scope::of_template(input, template)?);
    let report = Report::of(input, (template, templates), &files);
    let mut text = serde_json::to_string_pretty(&report)
        .map_err(|source| Error::Json { template: template.name().to_owned(), source })?;
    text.push('\n');
    Ok(spelled(text).into_bytes())
}

/// The same JSON, with the characters that would speak to a screen written as `\u202e`: the values stay what they are,
/// and the file can be looked at. Such characters stand inside strings only, where JSON knows this spelling.
pub(super) fn spelled(text: String) -> String {
    let loud = |c: char| c == '\u{7f}' || (!c.is_ascii() && hides(c));
    if !text.contains(loud) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if loud(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// The root object.
#[derive(Serialize)]
struct Report<'a> {
    /// [`FORMAT`].
    format: &'static str,
    /// Organization.
    org: &'a str,
    /// Where the evidence is.
    snapshot: Snapshot<'a>,
    /// The snapshot's `as_of`.
    as_of: String,
    /// The tool that reports.
    tool: Tool,
    /// What the report was made with.
    parameters: Parameters<'a>,
    /// One item per source, in report order.
    coverage: Vec<CoverageItem<'a>>,
    /// Every snapshot that the report rests on, the newest first.
    snapshots: Vec<SnapshotRead<'a>>,
    /// Totals by analyzer.
    totals: Totals<'a>,
    /// Counts and rows by analyzer.
    analyzers: Analyzers<'a>,
    /// The open findings of these analyzers by person, worst first.
    people: Objects<'a>,
    /// What became of their findings in the baseline; null without one.
    follow_up: Option<FollowUp<'a>>,
    /// Key figures over the snapshots in the store, oldest first, this one last.
    trend: Vec<Point<'a>>,
    /// Figures compared.
    tie_outs: &'a [TieOut],
    /// Exceptions and their fate; null where the template has no section on them.
    exceptions: Option<&'a [ExceptionOutcome]>,
    /// Points of the template's frameworks and what was found about each; empty where it names none.
    controls: Vec<Control<'a>>,
}

/// What belongs to no analyzer, as far as the template may show it.
struct Files {
    /// Findings by person.
    people: DataFile,
    /// What became of the findings of the baseline.
    follow_up: DataFile,
    /// The same, counted by analyzer.
    counts: BTreeMap<&'static str, BTreeMap<Fate, usize>>,
}

impl Files {
    /// As far as `scope` goes.
    fn of(scope: &Scope<'_>) -> Self {
        let (follow_up, counts) = scope.follow_up();
        Self { people: scope.people(), follow_up, counts }
    }
}

/// What became of the findings of the baseline.
#[derive(Serialize)]
struct FollowUp<'a> {
    /// Id of the baseline.
    baseline: &'a str,
    /// Its `as_of`.
    as_of: String,
    /// Findings by analyzer and fate; every fate is there.
    counts: &'a BTreeMap<&'static str, BTreeMap<Fate, usize>>,
    /// Every finding.
    rows: Objects<'a>,
}

/// Rows with their column names.
struct Objects<'a>(&'a DataFile);

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.rows.iter().map(|row| Object(self.0.spec, row)))
    }
}

/// A row with its column names.
struct Object<'a>(&'static DataFileSpec, &'a [Cell]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.0.columns.iter().zip(self.1).map(|(column, cell)| (column.name, CellValue(cell))))
    }
}

/// Key figures of one snapshot.
#[derive(Serialize)]
struct Point<'a> {
    /// Snapshot id.
    snapshot: &'a str,
    /// The snapshot's `as_of`.
    as_of: String,
    /// Figures by name: numbers, money with two decimals; null where it was not known.
    figures: BTreeMap<&'static str, Option<Box<RawValue>>>,
    /// Names of the figures that are lower bounds.
    at_least: Vec<&'a str>,
    /// Seats by `seat_status`; null where the list of members has a hole.
    seats: Option<&'a BTreeMap<String, u64>>,
}

impl<'a> Point<'a> {
    /// The figures of a snapshot.
    fn of(point: &'a TrendPoint, template: &Template) -> Self {
        let figure = |id: &'static str| {
            let known = point.figures.get(id)?;
            // Digits, at most one sign and one point: always a number.
            RawValue::from_string(tiles::show(id, known.value)).ok()
        };
        let shown = |id: &&str| template.shows_tile(id);
        let figures = tiles::ids().into_iter().filter(shown).map(|id| (id, figure(id))).collect();
        let at_least = point.figures.iter().filter(|(_, known)| known.at_least).map(|(id, _)| id.as_str());
        let at_least = at_least.filter(shown).collect();
        let (snapshot, as_of) = (point.snapshot.as_str(), time::format(point.as_of));
        let seats = point.seats.as_ref().filter(|_| template.shows("seat-spend"));
        Self { snapshot, as_of, figures, at_least, seats }
    }
}

/// Identity and origin of the evidence.
#[derive(Serialize)]
struct Snapshot<'a> {
    /// Snapshot id.
    id: &'a str,
    /// SHA-256 of `manifest.json`.
    manifest_sha256: &'a str,
    /// Start of the collection by the wall clock.
    started_at: String,
    /// End of the collection.
    finished_at: String,
    /// What the Hub's clock read at the first and the last answer: the witness of the snapshot's date.
    hub_clock: &'a HubClock,
    /// Whether somebody chose the date.
    dated_by_hand: bool,
    /// Whether the sample organization was read, in which nothing is real.
    sample: bool,
    /// The Hub that was read.
    endpoint: &'a str,
    /// The tool that collected.
    tool: &'a Tool,
    /// Whose token read.
    collector: &'a Collector,
    /// The snapshot before in the same store.
    previous: Option<&'a Previous>,
}

/// What a reader needs to recompute the verdicts.
#[derive(Serialize)]
struct Parameters<'a> {
    /// Period under review.
    period: Period<'a>,
    /// `as_of` of the baseline.
    baseline: Option<String>,
    /// Plan and its origin.
    plan: &'a PlanFact,
    /// This file's template.
    template: &'a str,
    /// All templates of the run.
    templates: Vec<&'a str>,
    /// Thresholds and prices in force.
    thresholds: &'a Params,
    /// SHA-256 of the configuration at collection.
    config_sha256: &'a str,
    /// Whether personal values were replaced by pseudonyms.
    redacted: bool,
}

/// The period under review, and how far the snapshots are from its ends.
#[derive(Serialize)]
struct Period<'a> {
    /// First instant.
    from: String,
    /// Last instant.
    to: String,
    /// The period as it was asked for; null where nobody named one and it ends with the snapshot.
    asked: Option<&'a str>,
    /// Last instant of it that evidence covers; before `from` where none of it is covered.
    covered_until: String,
    /// Seconds from its end to the snapshot, negative where that is older; null where nobody named a period.
    snapshot_after_end_seconds: Option<i64>,
    /// Seconds from its start to the baseline, negative where that is older; null without a baseline.
    baseline_after_start_seconds: Option<i64>,
}

/// What became of one source.
#[derive(Serialize)]
pub(super) struct CoverageItem<'a> {
    /// Source.
    pub(super) source: Source,
    /// Coverage.
    coverage: Coverage,
    /// Why it is not `collected`.
    why: Option<&'a str>,
    /// Rows read; `null` for a source of which nothing was read.
    rows: Option<u64>,
    /// Number of requests.
    requests: usize,
    /// Analyzers that need it.
    needed_by: Vec<&'static str>,
}

/// Totals of each analyzer, in report order.
struct Totals<'a>(Vec<&'a Outcome>);

impl Serialize for Totals<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.0.iter().map(|o| (o.meta.id, &o.totals)))
    }
}

/// The analyzers, in report order.
struct Analyzers<'a>(Vec<&'a Outcome>);

impl Serialize for Analyzers<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.0.iter().map(|o| (o.meta.id, Analyzer::of(o))))
    }
}

/// One analyzer's result.
#[derive(Serialize)]
pub(super) struct Analyzer<'a> {
    /// Rows by verdict; every verdict is there.
    pub(super) counts: BTreeMap<Verdict, usize>,
    /// What it could not look at.
    pub(super) limits: &'a [String],
    /// Rows in report order.
    pub(super) rows: Vec<RowObject<'a>>,
}

/// A row with its column names.
pub(super) struct RowObject<'a>(&'a Outcome, &'a Row);

impl Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let Self(outcome, row) = self;
        let mut map = s.serialize_map(Some(COMMON.len() + row.cells.len()))?;
        map.serialize_entry("subject_kind", &row.subject_kind)?;
        map.serialize_entry("subject", &row.subject)?;
        map.serialize_entry("verdict", &row.verdict)?;
        map.serialize_entry("severity", &row.severity)?;
        map.serialize_entry("rule", &row.rule)?;
        map.serialize_entry("also", &row.also)?;
        map.serialize_entry("reason", &row.reason)?;
        for (column, cell) in outcome.meta.columns.iter().zip(&row.cells) {
            map.serialize_entry(column.name, &CellValue(cell))?;
        }
        map.end()
    }
}

/// A cell as JSON.
struct CellValue<'a>(&'a Cell);

impl Serialize for CellValue<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Cell::Empty => s.serialize_none(),
            Cell::Text(text) => s.serialize_str(text),
            Cell::Integer(n) => s.serialize_i64(*n),
            Cell::Boolean(b) => s.serialize_bool(*b),
            Cell::Time(t) => s.serialize_str(&time::format(*t)),
            Cell::Date(d) => s.serialize_str(&time::format_date(*d)),
            // The literal keeps both decimals, which a float would lose.
            Cell::Money(cents) => RawValue::from_string(money(*cents)).map_err(S::Error::custom)?.serialize(s),
            Cell::List(items) => items.serialize(s),
        }
    }
}

impl<'a> Analyzer<'a> {
    /// Counts and rows of an outcome.
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        Self {
            counts: Verdict::ALL.into_iter().map(|v| (v, outcome.count(v))).collect(),
            limits: &outcome.limits,
            rows: outcome.rows.iter().map(|row| RowObject(outcome, row)).collect(),
        }
    }
}

impl<'a> Report<'a> {
    /// The report of one template.
    fn of(input: &'a Input<'a>, (template, templates): (&'a Template, &'a [Template]), files: &'a Files) -> Self {
        let manifest = input.manifest;
        let shown: Vec<&Outcome> = template.shown(input.outcomes).collect();
        Self {
            format: FORMAT,
            org: manifest.org.as_str(),
            snapshot: Snapshot {
                id: manifest.id.as_str(),
                manifest_sha256: &input.manifest_sha256,
                started_at: time::format(manifest.started_at),
                finished_at: time::format(manifest.finished_at),
                hub_clock: &manifest.hub_clock,
                dated_by_hand: manifest.dated_by_hand,
                sample: manifest.sample,
                endpoint: &manifest.endpoint,
                tool: &manifest.tool,
                collector: &manifest.collector,
                previous: manifest.previous.as_ref(),
            },
            as_of: time::format(manifest.as_of),
            tool: Tool { name: "rollcall".to_owned(), version: input.tool_version.clone() },
            parameters: Parameters {
                period: period(input),
                baseline: input.baseline.as_ref().map(|baseline| time::format(baseline.as_of)),
                plan: &manifest.plan,
                template: template.name(),
                templates: templates.iter().map(Template::name).collect(),
                thresholds: input.params,
                config_sha256: &manifest.config_sha256,
                redacted: input.redacted,
            },
            coverage: coverage(input, &shown),
            snapshots: snapshots_read(input),
            totals: Totals(shown.clone()),
            analyzers: Analyzers(shown),
            people: Objects(&files.people),
            follow_up: input.follow_up.map(|follow_up| FollowUp {
                baseline: follow_up.baseline.as_str(),
                as_of: time::format(follow_up.as_of),
                counts: &files.counts,
                rows: Objects(&files.follow_up),
            }),
            trend: input.trend.iter().map(|point| Point::of(point, template)).collect(),
            tie_outs: input.tie_outs,
            exceptions: template.has(Kind::Exceptions).then_some(input.exceptions),
            controls: controls::assess(input, &template.frameworks)
                .into_iter()
                .map(|point| Control::of(point, template))
                .collect(),
        }
    }
}

/// The period.
fn period<'a>(input: &'a Input<'_>) -> Period<'a> {
    let ((from, to), choice) = (input.period, &input.choice);
    Period {
        from: time::format(from),
        to: time::format(to),
        asked: choice.asked.as_deref(),
        covered_until: time::format(choice.covered_until),
        snapshot_after_end_seconds: choice.after_end,
        baseline_after_start_seconds: choice.baseline_after_start,
    }
}

/// What became of every source, and which of some analyzers need it.
pub(super) fn coverage<'a>(input: &'a Input<'a>, outcomes: &[&Outcome]) -> Vec<CoverageItem<'a>> {
    coverage_of(input, outcomes)
        .into_iter()
        .map(|c| CoverageItem {
            source: c.source,
            coverage: c.coverage,
            why: c.why,
            rows: c.rows,
            requests: c.requests,
            needed_by: c.needed_by,
        })
        .collect()
}

#[cfg(test)]
#[path = "json_v1_tests.rs"]
mod tests;
