//! What closes a report: exceptions and their fate, what is left to decide with lines to sign on, the population.

use super::{
    Context,
    analyzer::{self, Extra, is_source},
    heading, note, paragraph, table,
};
use crate::{
    model::{
        exception::{ExceptionOutcome, ExceptionState},
        outcome::{Cell, Outcome, Row},
        time,
        verdict::Verdict,
    },
    report::{
        document::{Block, Span, Text, mono, plain},
        layout::{Kind, Section},
    },
};

/// Whether an exception is a finding of its own.
pub(in crate::report) fn is_finding(outcome: &ExceptionOutcome) -> bool {
    outcome.state != ExceptionState::InForce
}

/// The section on exceptions.
pub(super) fn exceptions(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let mut out = vec![note(words.get("exceptions.intro"))];
    if context.input.exceptions.is_empty() {
        out.push(paragraph(words.get("exceptions.empty")));
        return out;
    }
    let (findings, in_force): (Vec<_>, Vec<_>) = context.input.exceptions.iter().partition(|e| is_finding(e));
    out.push(heading(words.get("exceptions.findings")));
    out.push(exception_table(context, &findings, &words.get("exceptions.findings-none")));
    out.push(heading(words.get("exceptions.in-force")));
    out.push(exception_table(context, &in_force, &words.get("exceptions.in-force-none")));
    out
}

/// A table of exceptions.
fn exception_table(context: &Context<'_>, list: &[&ExceptionOutcome], empty: &str) -> Block {
    let words = &context.words;
    let columns = [
        (words.get("exceptions.what"), 2.6),
        (words.get("exceptions.reason"), 2.4),
        (words.get("exceptions.approved"), 1.7),
        (words.get("exceptions.expires"), 1.2),
        (words.get("exceptions.state"), 1.0),
        (words.get("exceptions.matched"), -0.6),
        (words.get("exceptions.note"), 3.2),
    ];
    let row = |outcome: &&ExceptionOutcome| {
        let e = &outcome.exception;
        let mut what = vec![Span::Strong(e.subject.clone())];
        if e.pattern {
            what.push(Span::Plain(format!(" ({})", words.get("exceptions.pattern"))));
        }
        if let Some(resource) = &e.resource {
            what.push(Span::Plain(format!(" · {resource}")));
        }
        what.push(Span::Plain(" ".to_owned()));
        what.push(Span::Mono(format!("{}/{}", e.analyzer, e.rule)));
        vec![
            what,
            plain(e.reason.clone()),
            plain(e.approved_by.clone()),
            plain(time::format_date(e.expires)),
            plain(state_word(outcome.state)),
            plain(outcome.matched.to_string()),
            plain(outcome.note.clone()),
        ]
    };
    table(&columns, list.iter().map(row).collect(), empty)
}

/// The state's word, as in JSON.
pub(in crate::report) const fn state_word(state: ExceptionState) -> &'static str {
    match state {
        ExceptionState::InForce => "in-force",
        ExceptionState::Expired => "expired",
        ExceptionState::Unused => "unused",
        ExceptionState::OverBroad => "over-broad",
        ExceptionState::TooLong => "too-long",
    }
}

/// The section to sign.
pub(super) fn sign_off(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let words = &context.words;
    let mut out = vec![paragraph(words.get("sign-off.intro"))];
    let login = &context.input.manifest.collector.login;
    if login.is_empty() {
        out.push(note(words.get("sign-off.self-unknown")));
    } else {
        out.extend(self_review(context, login));
    }
    if context.gaps().next().is_some() {
        let mut text = plain(words.get("sign-off.gaps"));
        text.extend(context.page_of(&words.get("cover.gaps-page"), "scope"));
        out.push(Block::Badge(Verdict::Unknown, text));
    }
    out.push(heading(words.get("sign-off.open")));
    out.extend(left_to_decide(context));
    out.push(heading(words.get("sign-off.signatures")));
    let lines = words.list("sign-off.lines");
    let sign = |who: &String| std::iter::once(who.clone()).chain(lines.iter().cloned()).collect();
    out.push(Block::SignOff(spec.signatories.iter().map(sign).collect()));
    if let Some(who) = &spec.acknowledged_by {
        out.push(heading(words.get("sign-off.acknowledgement")));
        out.push(paragraph(words.get("sign-off.acknowledgement-text")));
        out.push(Block::SignOff(vec![sign(who)]));
    }
    out
}

/// Rows by verdict of every section of the report, and how many need a decision.
fn left_to_decide(context: &Context<'_>) -> [Block; 2] {
    let words = &context.words;
    let mut columns = vec![(words.get("sign-off.analyzer"), 3.0)];
    let verdicts = ["sign-off.fail", "sign-off.review", "sign-off.unknown", "sign-off.missing"];
    let others = ["sign-off.accepted", "sign-off.pass", "sign-off.listed"];
    columns.extend(verdicts.into_iter().chain(others).map(|key| (words.get(key), -1.0)));
    let mut sums = [0; 7];
    let mut rows: Vec<Vec<Text>> = Vec::new();
    let mut add = |title: Text, counts: [usize; 7]| {
        sums.iter_mut().zip(counts).for_each(|(sum, n)| *sum += n);
        rows.push(std::iter::once(title).chain(counts.map(|n| plain(n.to_string()))).collect());
    };
    for outcome in &context.shown {
        let (counts, missing) = analyzer::tally(outcome);
        let n = |verdict| counts.get(&verdict).copied().unwrap_or_default();
        let [fail, review, unknown] = [Verdict::Fail, Verdict::Review, Verdict::Unknown].map(n);
        let [accepted, pass, listed] = [Verdict::Accepted, Verdict::Pass, Verdict::Listed].map(n);
        add(section_link(context, outcome.meta.id), [fail, review, unknown, missing, accepted, pass, listed]);
    }
    // An exception that no longer holds is a finding of its own; the rows that it covers stand in their sections.
    let stale = context.input.exceptions.iter().filter(|e| is_finding(e)).count();
    let section = context.template.layout.sections.iter().find(|s| *s.kind.get_ref() == Kind::Exceptions);
    if let Some(section) = section.filter(|_| stale > 0) {
        add(section_link(context, section.anchor()), [0, stale, 0, 0, 0, 0, 0]);
    }
    let all = sums.map(|n| vec![Span::Strong(n.to_string())]);
    rows.push(std::iter::once(vec![Span::Strong(words.get("several.total"))]).chain(all).collect());
    let open = sums[0] + sums[1];
    let decided = words.say("sign-off.decided", &[("n", &open.to_string())]);
    [table(&columns, rows, String::new()), paragraph(decided)]
}

/// Rows about whoever collected the evidence, on which somebody else decides.
fn self_review(context: &Context<'_>, login: &str) -> Vec<Block> {
    let words = &context.words;
    let is = |text: &str| text.eq_ignore_ascii_case(login);
    let about = |outcome: &Outcome, row: &Row| {
        is(&row.subject) || matches!(outcome.cell(row, "principal"), Some(Cell::Text(p)) if is(p))
    };
    let open = |row: &Row| row.verdict.is_open();
    let rows = context.shown.iter().flat_map(|o| o.rows.iter().map(move |r| (*o, r)));
    let rows: Vec<Text> = rows
        .filter(|(outcome, row)| open(row) && !is_source(row) && about(outcome, row))
        .map(|(outcome, row)| {
            let mut text = section_link(context, outcome.meta.id);
            text.extend([Span::Plain(": ".to_owned()), Span::Verdict(row.verdict), Span::Plain(" ".to_owned())]);
            text.extend([Span::Mono(row.rule.clone()), Span::Plain(format!(" {}", row.subject))]);
            text
        })
        .collect();
    let n = rows.len().to_string();
    let mut out = vec![note(words.say("sign-off.self-review", &[("login", login)]))];
    if !rows.is_empty() {
        out.push(note(words.say("sign-off.self-rows", &[("n", &n), ("login", login)])));
        out.push(Block::Bullets(rows));
    }
    out
}

/// The title of an analyzer, a link where it has a section.
pub(super) fn section_link(context: &Context<'_>, id: &str) -> Text {
    let text = context.title_of(id);
    if context.anchors.contains(id) { vec![Span::Link { to: id.to_owned(), text }] } else { plain(text) }
}

/// The population.
pub(super) fn appendix(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let Some(outcome) = context.outcome_of(spec) else { return Vec::new() };
    let words = &context.words;
    let rows: Vec<&Row> = outcome.rows.iter().filter(|r| !is_source(r)).collect();
    let n = rows.len().to_string();
    let id = outcome.meta.id;
    let complete = context.gaps_of(outcome).is_empty();
    if rows.is_empty() {
        return vec![paragraph(words.get(if complete { "appendix.empty" } else { "appendix.empty-gaps" }))];
    }
    let intro = if complete { "appendix.intro" } else { "appendix.intro-gaps" };
    let mut out = vec![paragraph(words.say(intro, &[("n", &n), ("id", id)]))];
    let cap = spec.cap.unwrap_or(usize::MAX);
    if rows.len() > cap {
        let text = words.say("appendix.cap", &[("cap", &cap.to_string()), ("n", &n), ("id", id)]);
        out.push(Block::Paragraph(vec![Span::Strong(text)]));
    }
    let shown = &rows[..rows.len().min(cap)];
    out.push(analyzer::rows_table(context, spec, outcome, shown, Extra::Nothing));
    out
}

/// A digest, shortened for tables whose full value is in the manifest.
pub(super) fn short(sha256: &str) -> Text {
    mono(sha256.chars().take(16).collect::<String>())
}
