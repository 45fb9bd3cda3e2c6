//! Outcomes, template and words become a [`Document`]: what stands where, in which words. Figures are taken as the
//! analyzers gave them; a figure that nobody gave is *not known*.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Input, SourceFact, coverage_of,
    document::{Align, Back, Block, Column, Document, Section, SectionKind, Span, Table, Text, plain},
    layout::{self, Kind},
    marks::{self, Mark},
    template::Template,
    wording::Wording,
    words::Words,
};
use crate::model::{
    outcome::{CellKind, Outcome},
    time::Timestamp,
    verdict::Verdict,
};

mod analyzer;
mod closing;
mod completeness;
mod controls;
mod cover;
mod follow_up;
mod front;
mod provenance;
mod scope;
mod summary;
#[cfg(test)]
mod templates_tests;
mod thresholds;
pub(super) mod tiles;
mod trends;

pub(super) use closing::{is_finding, state_word};
pub(super) use front::{About, Front, front};
pub(super) use thresholds::Threshold;
pub(super) use tiles::{analyzer_of as tile_analyzer, ids as tile_ids};

/// The kind of the rows that stand for a source that is a gap.
pub(super) const SOURCE: &str = "source";

/// What every section is made from.
#[derive(Debug)]
struct Context<'a> {
    /// What is reported.
    input: &'a Input<'a>,
    /// How.
    template: &'a Template,
    /// In which words.
    words: Words,
    /// The results that the template names, in report order.
    shown: Vec<&'a Outcome>,
    /// What became of every source.
    sources: Vec<SourceFact<'a>>,
    /// What holds for the whole report.
    marks: Vec<Mark>,
    /// Anchors of the sections, so that nothing points to a section that is not there.
    anchors: BTreeSet<&'a str>,
    /// Thresholds and prices as data, for the braces of sentences.
    params: Value,
}

/// The document of one template.
pub(super) fn build(input: &Input<'_>, template: &Template) -> Document {
    let context = Context::new(input, template);
    Document {
        title: template.title().to_owned(),
        org: input.manifest.org.to_string(),
        snapshot: input.manifest.id.to_string(),
        manifest_sha256: input.manifest_sha256.clone(),
        classification: input.classification.clone(),
        language: template.layout.language.get_ref().clone(),
        as_of: input.manifest.as_of,
        tool: format!("rollcall {}", input.tool_version),
        paper: input.paper,
        sections: template.layout.sections.iter().map(|s| section(&context, s)).collect(),
        back: way_back(&context),
        marks: context.marks.iter().map(|mark| mark.short.clone()).collect(),
    }
}

/// One section.
fn section(context: &Context<'_>, spec: &layout::Section) -> Section {
    let blocks = match spec.kind.get_ref() {
        Kind::Cover if spec.compact => cover::compact(context),
        Kind::Cover => cover::blocks(context),
        Kind::Summary => summary::blocks(context, spec),
        Kind::Scope => scope::blocks(context, spec),
        Kind::Trends => trends::blocks(context, spec),
        Kind::TieOut => scope::tie_outs(context),
        Kind::Analyzer => analyzer::blocks(context, spec),
        Kind::FollowUp => follow_up::blocks(context),
        Kind::Controls => controls::blocks(context, spec),
        Kind::Exceptions => closing::exceptions(context),
        Kind::SignOff => closing::sign_off(context, spec),
        Kind::Manifest => provenance::blocks(context, spec),
        Kind::Appendix => closing::appendix(context, spec),
    };
    let kind = match spec.kind.get_ref() {
        Kind::Cover if spec.compact => SectionKind::Masthead,
        Kind::Cover => SectionKind::Cover,
        // What there is nothing to say about needs no page of its own.
        Kind::Trends if context.input.trend.len() < 2 => SectionKind::Flow,
        _ if spec.flow => SectionKind::Flow,
        _ => SectionKind::Page,
    };
    Section { id: spec.anchor().to_owned(), title: spec.title.clone(), kind, blocks }
}

/// The way back to the summary; `None` in a report without one.
fn way_back(context: &Context<'_>) -> Option<Back> {
    let home = context.template.layout.sections.iter().find(|s| *s.kind.get_ref() == Kind::Summary)?;
    Some(Back { to: home.anchor().to_owned(), text: context.words.get("summary.back") })
}

impl<'a> Context<'a> {
    /// What a report's sections are made from.
    fn new(input: &'a Input<'a>, template: &'a Template) -> Self {
        let shown: Vec<&'a Outcome> = template.shown(input.outcomes).collect();
        let words = template.words();
        Self {
            input,
            template,
            marks: marks::of(input, &words),
            words,
            sources: coverage_of(input, &shown),
            shown,
            anchors: template.layout.sections.iter().map(layout::Section::anchor).collect(),
            params: serde_json::to_value(input.params).unwrap_or_default(),
        }
    }

    /// The outcome of an analyzer.
    fn outcome(&self, id: &str) -> Option<&'a Outcome> {
        self.input.outcomes.iter().find(|o| o.meta.id == id)
    }

    /// The outcome that a section is about.
    fn outcome_of(&self, spec: &layout::Section) -> Option<&'a Outcome> {
        self.outcome(spec.analyzer.as_ref()?.get_ref())
    }

    /// The question of an analyzer: as its words ask it, else as it is declared.
    fn question(&self, outcome: &Outcome) -> String {
        self.wording(outcome.meta.id).map_or_else(|| outcome.meta.question.to_owned(), |w| w.question.clone())
    }

    /// The words about an analyzer, if somebody wrote any.
    fn wording(&self, id: &str) -> Option<&'a Wording> {
        self.template.wording.get(id)
    }

    /// The title of an analyzer's section: the template's, else that of its words, else the id.
    fn title_of(&self, id: &str) -> String {
        let section = self.template.layout.sections.iter().find(|s| s.anchor() == id);
        let title = section.map(|s| s.title.as_str()).filter(|t| !t.is_empty());
        title.or_else(|| self.wording(id).map(|w| w.title.as_str())).unwrap_or(id).to_owned()
    }

    /// The gaps that an outcome says it rests on: name and coverage of each.
    fn gaps_of(&self, outcome: &Outcome) -> Vec<&SourceFact<'a>> {
        let named = |name: &str| outcome.rows.iter().any(|r| r.subject_kind == SOURCE && r.subject == name);
        self.sources.iter().filter(|s| named(s.source.name())).collect()
    }

    /// `audit_log (forbidden), tokens (partial)`.
    fn list_sources<'s>(sources: impl IntoIterator<Item = &'s SourceFact<'a>>) -> String
    where
        'a: 's,
    {
        let one = |s: &SourceFact<'_>| format!("{} ({})", s.source, s.coverage);
        sources.into_iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// Words and the page number of a section; nothing when the template has no such section.
    fn page_of(&self, words: &str, anchor: &str) -> Text {
        if self.anchors.contains(anchor) {
            vec![Span::Plain(words.to_owned()), Span::PageOf(anchor.to_owned())]
        } else {
            Vec::new()
        }
    }

    /// A sentence about an outcome: its totals, its counts by verdict, and the thresholds in the braces.
    fn sentence(&self, text: &str, outcome: &Outcome) -> String {
        capitalize(&self.words.fill(text, |name| {
            let verdict = Verdict::ALL.into_iter().find(|v| v.word() == name);
            match outcome.totals.get(name) {
                Some(value) => scalar(value),
                None => verdict.map(|v| outcome.count(v).to_string()).or_else(|| self.param(name)),
            }
        }))
    }

    /// A threshold by its dotted path, e.g. `activity.threshold_days`.
    fn param(&self, path: &str) -> Option<String> {
        let value = path.split('.').try_fold(&self.params, |value, key| value.get(key))?;
        scalar(value)
    }

    /// The answer of an analyzer in one sentence. Whoever quotes it says when the evidence is incomplete.
    fn answer(&self, outcome: &Outcome) -> String {
        let text = self.wording(outcome.meta.id).map(|w| w.answer.as_str()).unwrap_or_default();
        self.sentence(text, outcome)
    }
}

/// A total or threshold as text; `None` for what is not known or not a single value.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text with a capital first letter.
pub(super) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The day of an instant.
fn day(t: Timestamp) -> String {
    crate::model::time::format_date(t.date_naive())
}

/// A heading of level 2.
fn heading(text: impl Into<String>) -> Block {
    Block::Heading { level: 2, text: text.into() }
}

/// A paragraph of plain text.
fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph(plain(text))
}

/// A note of plain text.
fn note(text: impl Into<String>) -> Block {
    Block::Note(plain(text))
}

/// A column of a table.
fn column(title: impl Into<String>, weight: f32, align: Align) -> Column {
    Column { title: title.into(), weight, align }
}

/// A table whose columns have a title and a weight; a negative weight means a column of numbers.
fn table(columns: &[(String, f32)], rows: Vec<Vec<Text>>, empty: impl Into<String>) -> Block {
    let align = |w: f32| if w < 0.0 { Align::Right } else { Align::Left };
    let columns = columns.iter().map(|(title, w)| column(title.clone(), w.abs(), align(*w))).collect();
    Block::Table(Table { columns, rows, empty: empty.into() })
}

/// How cells of a kind are aligned.
const fn align_of(kind: CellKind) -> Align {
    match kind {
        CellKind::Integer | CellKind::Money => Align::Right,
        CellKind::Text | CellKind::Boolean | CellKind::Time | CellKind::Date | CellKind::List => Align::Left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::coverage::Source,
        report::{
            template,
            testing::{self, Sample},
        },
    };

    /// The document of a sample.
    pub(super) fn document(sample: &Sample) -> Document {
        build(&sample.input(), &template::load("access-review", None).unwrap())
    }

    #[test]
    fn a_report_over_complete_evidence() {
        testing::snapshot("report-complete", &testing::dump(&document(&Sample::new())));
    }

    #[test]
    fn a_gap_is_named_wherever_something_rests_on_it() {
        let mut sample = Sample::new();
        sample.open_a_gap(Source::Tokens);
        testing::snapshot("report-gap", &testing::dump(&document(&sample)));
    }

    #[test]
    fn an_organization_without_anything_says_why_each_section_is_empty() {
        let mut sample = Sample::new();
        for outcome in &mut sample.outcomes {
            outcome.rows.clear();
            outcome.totals.clear();
            outcome.charts.clear();
        }
        sample.exceptions.clear();
        sample.tie_outs.clear();
        sample.headline = testing::figures(&[("inactive_seats", 0), ("orphaned_paths", 0)]);
        testing::snapshot("report-empty", &testing::dump(&document(&sample)));
    }

    #[test]
    fn every_row_that_needs_somebody_is_there_in_full() {
        let mut sample = Sample::new();
        sample.open_a_gap(Source::Members);
        let text = testing::dump(&document(&sample));
        for row in sample
            .outcomes
            .iter()
            .flat_map(|o| &o.rows)
            .filter(|r| !matches!(r.verdict, Verdict::Listed | Verdict::Pass))
        {
            let found = text.lines().any(|l| l.contains(&row.subject) && l.contains(&row.reason));
            assert!(found, "{} is missing: {}", row.subject, row.reason);
        }
    }

    #[test]
    fn anchors_are_unique_and_every_link_has_its_target() {
        let mut sample = Sample::new();
        sample.open_a_gap(Source::Tokens);
        let document = document(&sample);
        let ids: BTreeSet<&str> = document.sections.iter().map(|s| s.id.as_str()).collect();
        assert_eq!(ids.len(), document.sections.len());
        let targets = testing::targets(&document);
        assert!(targets.len() > 10);
        assert!(targets.iter().all(|t| ids.contains(t.as_str())), "{targets:?}");
    }

    #[test]
    fn what_complete_evidence_does_not_show_is_on_the_cover() {
        let mut sample = Sample::new();
        let remark = "`role` is not visible on 1 of 4 rows".to_owned();
        sample.manifest.sources.get_mut(&Source::Members).unwrap().why = Some(remark.clone());
        let text = testing::dump(&document(&sample));
        assert!(text.contains("[unknown] Hidden from this token: members ("), "{text}");
        assert!(text.contains(&remark));
    }

    #[test]
    fn a_template_without_a_section_has_no_way_to_it() {
        let mut sample = Sample::new();
        sample.open_a_gap(Source::Tokens);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("short.toml");
        let text = "version = 1\ntitle = \"S\"\naudience = \"A\"\nlanguage = \"en\"\n[[sections]]\nkind = \"cover\"\n\
            [[sections]]\nkind = \"summary\"\nactions = 5\ntiles = [\"members\"]\nanalyzers = [\"orphaned-access\"]\n";
        std::fs::write(&path, text).unwrap();
        let template = template::load(path.to_str().unwrap(), None).unwrap();
        let document = build(&sample.input(), &template);
        assert_eq!(testing::targets(&document), Vec::<String>::new());
        assert!(testing::dump(&document).contains("1 gap in the evidence"));
    }

    #[test]
    fn seats_over_time_take_the_place_of_seats_once_there_are_two_snapshots() {
        let mut sample = Sample::new();
        let counts = |used, idle| {
            [("used", used), ("accepted", 5), ("inactive", idle), ("odd", 1)].map(|(s, n)| (s.to_owned(), n)).into()
        };
        sample.trend = vec![
            testing::point("2026-07-01T00:00:00Z", &[], Some(counts(3, 0))),
            testing::point("2026-08-01T00:00:00Z", &[], None),
            testing::point("2026-10-01T00:00:00Z", &[], Some(counts(2, 1))),
        ];
        let charts = testing::charts(&document(&sample));
        let trend = charts.iter().find(|c| c.id == "seats-over-time").unwrap();
        assert_eq!(trend.bars[1].label, "2026-10-01");
        assert_eq!(trend.bars[1].parts, [2, 5, 0, 1, 1], "in use, accepted, to be decided, not known, removable");
    }
}
