//! One section per analyzer: question, answer, picture, the rows that need a decision with reason and action, how it
//! was judged. Every row that is not a pass is printed in full; passes are counted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Context, SOURCE, align_of, capitalize, column, day, heading, note, paragraph, scalar, summary, table};
use crate::{
    model::{
        outcome::{COMMON, Cell, CellKind, Outcome, Row},
        verdict::Verdict,
    },
    report::{
        document::{Align, Block, Column, Span, Table, Text, plain, strong},
        layout::{BreakdownSpec, ColumnSpec, FieldSpec, Part, Section},
        wording,
    },
};

/// The section. A part that has nothing to show leaves nothing behind; the evidence that is missing is said whatever the
/// template asks for.
pub(super) fn blocks(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let Some(outcome) = context.outcome_of(spec) else { return Vec::new() };
    let mut out = Vec::new();
    if !spec.parts().contains(&Part::Answer) {
        out.extend(incomplete(context, outcome));
    }
    for part in spec.parts() {
        match part {
            Part::Answer => out.extend(answer(context, outcome)),
            Part::Charts => out.extend(summary::charts(context, spec)),
            Part::Facts => out.extend(facts(context, spec, &[outcome])),
            Part::Breakdowns => out.extend(breakdowns(context, spec, &[outcome])),
            Part::Decisions => {
                out.extend(decisions(context, spec, outcome));
                out.extend(listed(context, spec, outcome, Verdict::Unknown, "analyzer.unknown"));
                out.extend(listed(context, spec, outcome, Verdict::Accepted, "analyzer.accepted"));
                if lists(spec, Verdict::Listed) {
                    out.extend(listed(context, spec, outcome, Verdict::Listed, "analyzer.listed"));
                }
                if lists(spec, Verdict::Pass) {
                    out.extend(listed(context, spec, outcome, Verdict::Pass, "analyzer.pass"));
                }
            }
            Part::List => out.extend(list(context, spec, outcome)),
            Part::Method => out.extend(method(context, outcome)),
        }
    }
    out
}

/// The strip that names the evidence that is missing; nothing when none is.
fn incomplete(context: &Context<'_>, outcome: &Outcome) -> Option<Block> {
    let gaps = context.gaps_of(outcome);
    if gaps.is_empty() {
        return None;
    }
    let sources = Context::list_sources(gaps);
    let mut text = plain(context.words.say("analyzer.incomplete", &[("sources", &sources)]));
    text.extend(context.page_of(&context.words.get("cover.gaps-page"), "scope"));
    Some(Block::Badge(Verdict::Unknown, text))
}

/// Question, answer, and rows by verdict.
fn answer(context: &Context<'_>, outcome: &Outcome) -> Vec<Block> {
    let mut out = vec![Block::Paragraph(strong(context.question(outcome)))];
    let badge = incomplete(context, outcome);
    let mut answer = context.answer(outcome);
    if !answer.is_empty() && badge.is_some() {
        answer = context.words.say("analyzer.as-far", &[("answer", &answer)]);
    }
    out.extend(badge);
    if !answer.is_empty() {
        out.push(paragraph(answer));
    }
    out.push(Block::Paragraph(counts(context, outcome)));
    out
}

/// Totals as label and value; each from the first of the outcomes that has it.
pub(super) fn facts(context: &Context<'_>, spec: &Section, outcomes: &[&Outcome]) -> Option<Block> {
    let fact = |total: &String| outcomes.iter().find_map(|outcome| outcome.totals.get(total)).and_then(scalar);
    let value = |total: &String| plain(fact(total).unwrap_or_else(|| context.words.get("unknown.value")));
    let facts: Vec<_> = spec.facts.iter().map(|f| (f.title.clone(), value(f.total.get_ref()))).collect();
    (!facts.is_empty()).then_some(Block::Facts(facts))
}

/// The rows that the section lists in one table, for whoever works through them.
fn list(context: &Context<'_>, spec: &Section, outcome: &Outcome) -> Vec<Block> {
    let (rows, others): (Vec<&Row>, Vec<&Row>) = outcome.rows.iter().partition(|r| lists(spec, r.verdict));
    let hidden: Vec<&Row> =
        others.into_iter().filter(|r| !matches!(r.verdict, Verdict::Listed | Verdict::Pass)).collect();
    let mut out = Vec::new();
    if !rows.is_empty() {
        out.push(rows_table(context, spec, outcome, &rows, Extra::Verdict));
    } else if hidden.is_empty() {
        out.extend(nothing(context, outcome));
    }
    out.extend(left_out(context, outcome, &hidden));
    out
}

/// Rows of an outcome by verdict, those that stand for missing evidence left out, and the number of these.
pub(super) fn tally(outcome: &Outcome) -> (BTreeMap<Verdict, usize>, usize) {
    let mut counts: BTreeMap<Verdict, usize> = Verdict::ALL.into_iter().map(|v| (v, 0)).collect();
    let mut missing = 0;
    for row in &outcome.rows {
        if is_source(row) {
            missing += 1;
        } else {
            *counts.entry(row.verdict).or_default() += 1;
        }
    }
    (counts, missing)
}

/// How many rows have which verdict; what nobody judged, and what stands for missing evidence, is counted apart.
fn counts(context: &Context<'_>, outcome: &Outcome) -> Text {
    let words = &context.words;
    let (mut counts, missing) = tally(outcome);
    let listed = counts.remove(&Verdict::Listed).unwrap_or_default();
    let judged: usize = counts.values().sum();
    let mut text = plain(match judged {
        0 => words.get("analyzer.counts-none"),
        n => words.say("analyzer.counts", &[("n", &n.to_string())]),
    });
    for (at, (verdict, n)) in counts.into_iter().enumerate().filter(|_| judged > 0) {
        let before = if at == 0 { "" } else { " · " };
        text.extend([Span::Plain(format!("{before}{n} ")), Span::Verdict(verdict)]);
    }
    if judged > 0 {
        text.push(Span::Plain(". ".to_owned()));
    }
    for (n, key) in [(missing, "analyzer.counts-missing"), (listed, "analyzer.counts-listed")] {
        if n > 0 {
            text.push(Span::Plain(format!("{} ", words.say(key, &[("n", &n.to_string())]))));
        }
    }
    text.push(Span::Plain(words.say("analyzer.passes", &[("id", outcome.meta.id)])));
    text
}

/// Totals that are tables, each with its heading, from the first of the outcomes that has it.
pub(super) fn breakdowns(context: &Context<'_>, spec: &Section, outcomes: &[&Outcome]) -> Vec<Block> {
    let one = |breakdown: &BreakdownSpec| {
        let total = outcomes.iter().find_map(|outcome| outcome.totals.get(breakdown.total.get_ref()));
        let title = breakdown.title.as_ref().map(heading);
        title.into_iter().chain([breakdown_table(context, breakdown, total)])
    };
    spec.breakdowns.iter().flat_map(one).collect()
}

/// A total that is a list of objects, a map, or a map of objects whose rows the template names, as a table.
fn breakdown_table(context: &Context<'_>, spec: &BreakdownSpec, total: Option<&Value>) -> Block {
    let unknown = context.words.get("unknown.value");
    let cell = |value: Option<&Value>| plain(value.and_then(scalar).unwrap_or_else(|| unknown.clone()));
    let rows: Vec<Vec<Text>> = match total {
        Some(Value::Array(items)) => {
            items.iter().map(|item| spec.columns.iter().map(|c| cell(item.get(c.key.get_ref()))).collect()).collect()
        }
        Some(Value::Object(lines)) if !spec.rows.is_empty() => {
            let line = |row: &FieldSpec| {
                let line = lines.get(row.key.get_ref());
                let values = spec.columns.iter().skip(1).map(|c| cell(line.and_then(|l| l.get(c.key.get_ref()))));
                std::iter::once(plain(row.title.clone())).chain(values).collect()
            };
            spec.rows.iter().map(line).collect()
        }
        Some(Value::Object(map)) => {
            map.iter().map(|(key, value)| vec![plain(key.clone()), cell(Some(value))]).collect()
        }
        _ => Vec::new(),
    };
    let columns: Vec<(String, f32)> =
        spec.columns.iter().enumerate().map(|(at, c)| (c.title.clone(), if at == 0 { 3.0 } else { -1.0 })).collect();
    table(&columns, rows, context.words.get("analyzer.breakdown-empty"))
}

/// Whether the template lists rows of a verdict.
fn lists(spec: &Section, verdict: Verdict) -> bool {
    match &spec.verdicts {
        Some(verdicts) => verdicts.contains(&verdict),
        None => !matches!(verdict, Verdict::Listed | Verdict::Pass),
    }
}

/// Rows that fail or need a review, by rule, each rule with what to do.
fn decisions(context: &Context<'_>, spec: &Section, outcome: &Outcome) -> Vec<Block> {
    let words = &context.words;
    let mut out = vec![heading(words.get("analyzer.decisions"))];
    let open = |r: &&Row| matches!(r.verdict, Verdict::Fail | Verdict::Review);
    let rows: Vec<&Row> = outcome.rows.iter().filter(open).collect();
    if rows.is_empty() {
        out.extend(nothing(context, outcome));
    }
    if let Some(advice) = context.wording(outcome.meta.id).map(|w| w.advice.as_str()).filter(|_| !rows.is_empty()) {
        out.extend(wording::blocks(advice, Block::Paragraph));
    }
    let mut groups: Vec<((Verdict, &str), Vec<&Row>)> = Vec::new();
    let (shown, hidden): (Vec<&Row>, Vec<&Row>) = rows.into_iter().partition(|r| lists(spec, r.verdict));
    for row in shown {
        let key = (row.verdict, row.rule.as_str());
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    for ((verdict, rule), rows) in groups {
        out.extend(group(context, spec, outcome, (verdict, rule, &rows)));
    }
    out.extend(left_out(context, outcome, &hidden));
    out
}

/// Why no row needs a decision. Where nothing was judged, what could not be looked at is said here: an empty section
/// without a reason reads as one that is in order.
fn nothing(context: &Context<'_>, outcome: &Outcome) -> Vec<Block> {
    let words = &context.words;
    if outcome.count(Verdict::Unknown) > 0 {
        return vec![paragraph(words.get("analyzer.decisions-none-gaps"))];
    }
    if outcome.rows.iter().any(|row| row.verdict.is_judged()) {
        return vec![paragraph(words.get("analyzer.decisions-none"))];
    }
    let listed = outcome.count(Verdict::Listed) > 0;
    let mut out = vec![paragraph(words.get(if listed { "analyzer.only-listed" } else { "analyzer.nothing-judged" }))];
    if !outcome.limits.is_empty() {
        out.push(Block::Bullets(outcome.limits.iter().map(|limit| plain(limit.clone())).collect()));
    }
    out
}

/// How many rows the template leaves out; nothing when none.
fn left_out(context: &Context<'_>, outcome: &Outcome, hidden: &[&Row]) -> Option<Block> {
    let verdicts: BTreeSet<&str> = hidden.iter().map(|r| r.verdict.word()).collect();
    let verdicts = verdicts.into_iter().collect::<Vec<_>>().join(", ");
    let n = hidden.len().to_string();
    let values = [("verdicts", verdicts.as_str()), ("n", &n), ("id", outcome.meta.id)];
    (!hidden.is_empty()).then(|| note(context.words.say("analyzer.filtered", &values)))
}

/// The rows of one rule: when it applies, what to do, and the table.
fn group(
    context: &Context<'_>,
    spec: &Section,
    outcome: &Outcome,
    (verdict, rule, rows): (Verdict, &str, &[&Row]),
) -> Vec<Block> {
    let words = &context.words;
    let mut severities: Vec<&str> = Vec::new();
    for row in rows {
        if !severities.contains(&row.severity.word()) {
            severities.push(row.severity.word());
        }
    }
    let n = rows.len().to_string();
    let size = words.say("analyzer.group", &[("n", &n), ("severity", &severities.join(", "))]);
    let mut line = vec![Span::Verdict(verdict), Span::Plain(size)];
    if let Some(doc) = outcome.meta.rules.iter().find(|r| r.id == rule).map(|r| r.doc) {
        line.push(Span::Plain(format!(". {doc}")));
    }
    let mut out = vec![Block::Heading { level: 3, text: rule.to_owned() }, Block::Paragraph(line)];
    if let Some(remedy) = context.wording(outcome.meta.id).and_then(|w| w.remedies.get(rule)) {
        out.extend(wording::blocks(remedy, Block::Paragraph));
    }
    out.push(rows_table(context, spec, outcome, rows, Extra::None));
    out
}

/// Rows of one verdict in one table, with the rule of each; nothing without rows.
fn listed(context: &Context<'_>, spec: &Section, outcome: &Outcome, verdict: Verdict, title: &str) -> Vec<Block> {
    let rows: Vec<&Row> = outcome.rows.iter().filter(|r| r.verdict == verdict).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let words = &context.words;
    let mut out = vec![heading(words.get(title))];
    if !lists(spec, verdict) {
        out.extend(left_out(context, outcome, &rows));
        return out;
    }
    if verdict == Verdict::Accepted {
        out.push(note(words.get("analyzer.accepted-text")));
    }
    if verdict == Verdict::Unknown {
        let mut rules: Vec<&str> = Vec::new();
        for row in &rows {
            if !rules.contains(&row.rule.as_str()) {
                rules.push(&row.rule);
            }
        }
        let remedies = context.wording(outcome.meta.id).map(|w| &w.remedies);
        for rule in rules {
            let Some(remedy) = remedies.and_then(|r| r.get(rule)) else { continue };
            let mut blocks = wording::blocks(remedy, Block::Paragraph);
            if let Some(Block::Paragraph(text)) = blocks.first_mut() {
                text.splice(0..0, [Span::Mono(rule.to_owned()), Span::Plain(": ".to_owned())]);
            }
            out.extend(blocks);
        }
    }
    out.push(rows_table(context, spec, outcome, &rows, Extra::Rule));
    out
}

/// A column that a table has beside those of the template.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    /// None; subject and reason are there in any case.
    None,
    /// The rule of each row, because the table has several.
    Rule,
    /// The verdict of each row, because the table has several.
    Verdict,
    /// None, and neither subject nor reason unless the template asks for them.
    Nothing,
}

/// A table of rows with the template's columns. Subject and reason are there whether the template names them or not.
pub(super) fn rows_table(
    context: &Context<'_>,
    spec: &Section,
    outcome: &Outcome,
    rows: &[&Row],
    extra: Extra,
) -> Block {
    let mut columns: Vec<(&str, Column)> = spec.columns.iter().map(|c| titled(context, outcome, c)).collect();
    let named = |columns: &[(&str, Column)], name: &str| columns.iter().any(|(n, _)| *n == name);
    if extra != Extra::Nothing {
        if !named(&columns, "subject") {
            columns.insert(0, ("subject", column(words_of(context, "subject"), 2.0, Align::Left)));
        }
        if !named(&columns, "reason") {
            columns.push(("reason", column(words_of(context, "reason"), 4.0, Align::Left)));
        }
    }
    if extra == Extra::Verdict && !named(&columns, "verdict") {
        columns.insert(0, ("verdict", column(context.words.get("analyzer.verdict"), 1.0, Align::Left)));
    }
    if extra == Extra::Rule && !named(&columns, "rule") {
        let title = context.words.get("analyzer.rule");
        columns.insert(1, ("rule", column(title, 1.6, Align::Left)));
    }
    let cells = |row: &Row| columns.iter().map(|(name, _)| cell(context, outcome, row, name)).collect();
    let rows = rows.iter().map(|row| cells(row)).collect();
    let empty = context.words.get("analyzer.nothing-judged");
    Block::Table(Table { columns: columns.into_iter().map(|(_, c)| c).collect(), rows, empty })
}

/// Name, title, weight and alignment of a column.
fn titled<'s>(context: &Context<'_>, outcome: &Outcome, spec: &'s ColumnSpec) -> (&'s str, Column) {
    let name = spec.name.get_ref().as_str();
    let declared = COMMON.iter().chain(outcome.meta.columns).find(|c| c.name == name);
    let align = align_of(declared.map_or(CellKind::Text, |c| c.kind));
    let title = spec.title.clone().unwrap_or_else(|| words_of(context, name));
    (name, column(title, spec.weight.unwrap_or(1.0), align))
}

/// A column name in words: `last_active_at` is `Last active at`, where the language has no words for that.
fn words_of(context: &Context<'_>, name: &str) -> String {
    let title = capitalize(&name.replace('_', " "));
    context.words.find(&format!("template.{title}")).map_or(title.clone(), str::to_owned)
}

/// A cell of a table. The reason also names the other rules that apply.
fn cell(context: &Context<'_>, outcome: &Outcome, row: &Row, name: &str) -> Text {
    match name {
        "subject_kind" => plain(row.subject_kind.clone()),
        "subject" => subject(outcome, row),
        "verdict" => vec![Span::Verdict(row.verdict)],
        "severity" => plain(row.severity.word()),
        "rule" => vec![Span::Mono(row.rule.clone())],
        "also" => plain(row.also.join(", ")),
        "reason" => {
            let mut text = plain(row.reason.clone());
            if !row.also.is_empty() {
                text.push(Span::Plain(context.words.say("analyzer.also", &[("rules", &row.also.join(", "))])));
            }
            text
        }
        _ => match outcome.cell(row, name) {
            Some(Cell::Time(t)) => plain(day(*t)),
            Some(Cell::List(items)) => plain(items.join(", ")),
            Some(cell) => plain(cell.to_text()),
            None => Text::new(),
        },
    }
}

/// The subject, with its principal where that is somebody else: a token's owner, an invite's invitee.
fn subject(outcome: &Outcome, row: &Row) -> Text {
    let mut text = strong(row.subject.clone());
    match outcome.cell(row, "principal") {
        Some(Cell::Text(principal)) if *principal != row.subject => {
            text.push(Span::Plain(format!(" · {principal}")));
        }
        _ => {}
    }
    text
}

/// How it was judged: why it matters, method, rules, limits.
fn method(context: &Context<'_>, outcome: &Outcome) -> Vec<Block> {
    let words = &context.words;
    let mut out = vec![heading(words.get("analyzer.method"))];
    let text = context.wording(outcome.meta.id);
    if let Some(text) = text {
        out.extend(wording::blocks(&context.sentence(&text.why, outcome), Block::Note));
        out.extend(wording::blocks(&context.sentence(&text.method, outcome), Block::Note));
    }
    let columns = [
        (words.get("analyzer.rule"), 2.2),
        (words.get("analyzer.verdict"), 1.0),
        (words.get("analyzer.severity"), 1.0),
        (words.get("analyzer.when"), 5.8),
    ];
    let rule = |r: &crate::model::outcome::RuleSpec| {
        vec![vec![Span::Mono(r.id.to_owned())], vec![Span::Verdict(r.verdict)], plain(r.severity.word()), plain(r.doc)]
    };
    if !outcome.meta.rules.is_empty() {
        out.push(table(&columns, outcome.meta.rules.iter().map(rule).collect(), String::new()));
    }
    out.push(Block::Heading { level: 3, text: words.get("analyzer.limits") });
    let mut limits: Vec<Text> = outcome.limits.iter().map(|l| plain(l.clone())).collect();
    if let Some(text) = text {
        for block in wording::blocks(&text.limits, Block::Paragraph) {
            match block {
                Block::Bullets(items) => limits.extend(items),
                Block::Paragraph(item) => limits.push(item),
                _ => {}
            }
        }
    }
    out.push(Block::Bullets(limits));
    out
}

/// Whether a row stands for a source.
pub(super) fn is_source(row: &Row) -> bool {
    row.subject_kind == SOURCE
}
