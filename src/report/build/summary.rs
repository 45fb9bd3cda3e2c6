//! The summary, one page: at most five sentences, key figures, two pictures, and the actions that matter most.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, SOURCE, completeness, day, heading, paragraph, tiles};
use crate::{
    model::{
        coverage::Source,
        outcome::{Bar, Chart, Outcome},
        verdict::{Severity, Verdict},
    },
    report::{
        document::{Block, ChartBlock, ChartStyle, Span, Text, plain},
        layout::{ChartSpec, Kind, Section},
        wording,
    },
};

/// Sentences of a summary at most.
const SENTENCES: usize = 5;

/// Gaps that a sentence names at most; the scope has all.
const NAMED: usize = 3;

/// The section.
pub(super) fn blocks(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let outcomes: Vec<&Outcome> = spec.analyzers.iter().filter_map(|id| context.outcome(id.get_ref())).collect();
    let mut sentences: Vec<Text> = outcomes.iter().take(SENTENCES - 1).map(|o| answer(context, o)).collect();
    sentences.retain(|s| !s.is_empty());
    // A compact cover stands on the same page, and its badge says the same.
    if !context.template.layout.sections.iter().any(|section| section.compact) {
        sentences.push(evidence(context));
    }
    let mut out = vec![Block::Bullets(sentences)];
    let tiles: Vec<_> = spec.tiles.iter().filter_map(|id| tiles::tile(context, id.get_ref())).collect();
    if !tiles.is_empty() {
        out.push(Block::Tiles(tiles));
    }
    out.extend(super::analyzer::breakdowns(context, spec, &outcomes));
    out.extend(charts(context, spec));
    out.extend(super::analyzer::facts(context, spec, &outcomes));
    if spec.actions > 0 {
        out.push(heading(context.words.get("summary.actions")));
        out.push(actions(context, spec));
    }
    out
}

/// An analyzer's answer, with the way to its section.
fn answer(context: &Context<'_>, outcome: &Outcome) -> Text {
    let sentence = context.answer(outcome);
    if sentence.is_empty() {
        return Text::new();
    }
    let id = outcome.meta.id;
    let complete = context.gaps_of(outcome).is_empty();
    let mark = if complete { String::new() } else { context.words.get("summary.incomplete") };
    let title = format!("{}{mark}: ", context.title_of(id));
    let title =
        if context.anchors.contains(id) { Span::Link { to: id.to_owned(), text: title } } else { Span::Strong(title) };
    vec![title, Span::Plain(sentence)]
}

/// Whether the evidence is complete, in one sentence.
fn evidence(context: &Context<'_>) -> Text {
    let words = &context.words;
    let rows: usize = context.shown.iter().map(|o| o.count(Verdict::Unknown)).sum();
    let rows = rows.to_string();
    let gaps: Vec<_> = context.gaps().collect();
    if !gaps.is_empty() {
        let n = gaps.len().to_string();
        let mut sources = Context::list_sources(gaps.iter().take(NAMED).copied());
        if gaps.len() > NAMED {
            let more = (gaps.len() - NAMED).to_string();
            sources = words.say("summary.evidence-more", &[("sources", &sources), ("n", &more)]);
        }
        let values = [("n", n.as_str()), ("sources", &sources), ("rows", &rows)];
        let mut text = plain(words.say("summary.evidence-gaps", &values));
        text.extend(context.page_of(&words.get("cover.gaps-page"), "scope"));
        return text;
    }
    let holes = completeness::holes(context);
    if holes.is_empty() {
        return plain(words.get("summary.evidence-complete"));
    }
    let mut text = plain(words.say("summary.evidence-holes", &[("holes", &holes.join("; "))]));
    text.extend(context.page_of(&words.get("cover.gaps-page"), "scope"));
    text
}

/// The pictures of a section, two side by side.
pub(super) fn charts(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let all: Vec<ChartBlock> = spec.charts.iter().filter_map(|c| chart(context, spec, c)).collect();
    all.chunks(2).map(|pair| Block::Charts(pair.to_vec())).collect()
}

/// One picture; `None` when the analyzer drew none. Over a gap its title says that something may be missing.
fn chart(context: &Context<'_>, spec: &Section, chosen: &ChartSpec) -> Option<ChartBlock> {
    let id = chosen.analyzer.as_ref().or(spec.analyzer.as_ref())?;
    let outcome = context.outcome(id.get_ref())?;
    let gaps = context.gaps_of(outcome);
    // A picture of the few members that were read would look like the organization.
    if gaps.iter().any(|fact| fact.source == Source::Members) {
        return None;
    }
    let over_time = chosen.over_time && context.input.trend.iter().filter(|point| point.seats.is_some()).count() > 1;
    let (mut chart, style) = if over_time {
        (trend(context, outcome), ChartStyle::Columns)
    } else {
        (outcome.charts.iter().find(|c| c.id == chosen.id.get_ref())?.clone(), chosen.style)
    };
    if !gaps.is_empty() {
        chart.title.push_str(&context.words.get("summary.incomplete"));
    }
    Some(ChartBlock { chart, style })
}

/// Seats over the snapshots in the store. The statuses are summed by the verdict that their rule gives, because
/// nine colours cannot be told apart.
fn trend(context: &Context<'_>, outcome: &Outcome) -> Chart {
    let words = &context.words;
    let trend: Vec<_> =
        context.input.trend.iter().filter_map(|point| Some((point.as_of, point.seats.as_ref()?))).collect();
    let verdict_of = |status: &str| match outcome.meta.rules.iter().find(|rule| rule.id == status) {
        Some(rule) => rule.verdict,
        None if status == Verdict::Accepted.word() => Verdict::Accepted,
        None => Verdict::Unknown,
    };
    let order = [Verdict::Pass, Verdict::Accepted, Verdict::Review, Verdict::Unknown, Verdict::Fail];
    let bars = trend.iter().map(|(as_of, counts)| {
        let sum = |v: Verdict| counts.iter().filter(|(status, _)| verdict_of(status) == v).map(|(_, n)| n).sum();
        Bar { label: day(*as_of), parts: order.iter().map(|v| sum(*v)).collect() }
    });
    let first = trend.first().map(|(t, _)| day(*t)).unwrap_or_default();
    let last = trend.last().map(|(t, _)| day(*t)).unwrap_or_default();
    let legend = |v: Verdict| (words.find(&format!("trend.{v}")).unwrap_or(v.word()).to_owned(), v);
    Chart {
        id: "seats-over-time",
        title: words.get("trend.title"),
        alt: words.say("trend.alt", &[("n", &trend.len().to_string()), ("from", &first), ("to", &last)]),
        unit: "seats",
        legend: order.iter().map(|v| legend(*v)).collect(),
        bars: bars.collect(),
        threshold: None,
    }
}

/// Rows of one rule.
struct Group<'a> {
    /// The analyzer; `None` for gaps, which all analyzers share.
    outcome: Option<&'a Outcome>,
    /// Rule id.
    rule: &'a str,
    /// Worst verdict.
    verdict: Verdict,
    /// Worst severity.
    severity: Severity,
    /// Subjects, for counting and for telling repetitions.
    subjects: BTreeSet<&'a str>,
    /// Rows.
    rows: usize,
}

/// Rows that need a decision by analyzer and rule, what matters most first.
fn groups<'a>(outcomes: &[&'a Outcome]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(usize, &str), Group<'a>> = BTreeMap::new();
    for (at, outcome) in outcomes.iter().enumerate() {
        let open = |v: Verdict| matches!(v, Verdict::Fail | Verdict::Review | Verdict::Unknown);
        for row in outcome.rows.iter().filter(|r| open(r.verdict)) {
            // The same source is a gap for every analyzer that needs it: one action.
            let gap = row.subject_kind == SOURCE;
            let key = if gap { (usize::MAX, SOURCE) } else { (at, row.rule.as_str()) };
            let group = groups.entry(key).or_insert_with(|| Group {
                outcome: (!gap).then_some(*outcome),
                rule: &row.rule,
                verdict: row.verdict,
                severity: row.severity,
                subjects: BTreeSet::new(),
                rows: 0,
            });
            group.verdict = group.verdict.min(row.verdict);
            group.severity = group.severity.min(row.severity);
            group.rows += usize::from(group.subjects.insert(&row.subject) || !gap);
        }
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    // Stable: equals stay in the order of analyzers and rule ids.
    groups.sort_by_key(|g| (g.severity, g.verdict, std::cmp::Reverse(g.rows)));
    // A seat that nobody uses is an idle member in one section and idle money in another: one action, not two.
    let mut kept: Vec<Group<'a>> = Vec::new();
    for group in groups {
        let repeats = |k: &Group<'_>| k.rule == group.rule && group.subjects.is_subset(&k.subjects);
        if !kept.iter().any(repeats) {
            kept.push(group);
        }
    }
    kept
}

/// The actions that matter most, of all that the report shows: a summary that leaves a section out must not say that
/// nothing is to be done there.
fn actions(context: &Context<'_>, spec: &Section) -> Block {
    let words = &context.words;
    let mut items: Vec<Text> =
        groups(&context.shown).iter().take(spec.actions).map(|group| action(context, group)).collect();
    let stale = context.input.exceptions.iter().filter(|e| super::closing::is_finding(e)).count();
    let stale = if context.template.has(Kind::Exceptions) { stale } else { 0 };
    if stale > 0 && items.len() < spec.actions {
        let mut text = plain(words.say("summary.action-exceptions", &[("n", &stale.to_string())]));
        text.extend(context.page_of(&words.get("summary.action-page"), "exceptions"));
        items.push(text);
    }
    if !items.is_empty() {
        return Block::Numbered(items);
    }
    let complete = completeness::holes(context).is_empty();
    paragraph(words.get(if complete { "summary.actions-none" } else { "summary.actions-none-gaps" }))
}

/// One action: how many rows of which rule, what to do, and where they are listed.
fn action(context: &Context<'_>, group: &Group<'_>) -> Text {
    let words = &context.words;
    let n = group.rows.to_string();
    let mut text = vec![Span::Verdict(group.verdict), Span::Plain(" ".to_owned())];
    let Some(outcome) = group.outcome else {
        text.push(Span::Plain(words.say("summary.action-gaps", &[("n", &n)])));
        text.extend(context.page_of(&words.get("summary.action-page"), "scope"));
        return text;
    };
    let id = outcome.meta.id;
    text.push(Span::Strong(words.say("summary.action-rows", &[("n", &n)])));
    text.push(Span::Plain(" ".to_owned()));
    text.push(Span::Mono(group.rule.to_owned()));
    let remedy = context.wording(id).and_then(|w| w.remedies.get(group.rule));
    let doc = outcome.meta.rules.iter().find(|r| r.id == group.rule).map(|r| r.doc.to_owned());
    if let Some(what) = remedy.map(|r| wording::first_sentence(r)).or(doc) {
        text.push(Span::Plain(": ".to_owned()));
        text.extend(wording::inline(what.trim_end_matches('.')));
    }
    text.extend(context.page_of(&words.get("summary.action-page"), id));
    text
}
