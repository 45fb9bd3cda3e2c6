//! The cover: what this is, of whom, from which evidence, and whether the evidence is complete.

use super::{Context, capitalize, completeness, controls, day, note, scope};
use crate::{
    model::{
        manifest::HubClock,
        time::{self, Timestamp},
        verdict::Verdict,
    },
    report::{
        document::{Block, Span, Text, mono, plain},
        marks::Mark,
        snapshots_read,
    },
};

/// The cover's blocks. The renderer sets title and organization from the document.
pub(super) fn blocks(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let mut out = vec![badge(context)];
    out.extend(marks(context));
    out.extend([Block::Facts(facts(context)), note(words.get("cover.note"))]);
    out
}

/// The cover of a short report: the badge, and what identifies it in three lines.
pub(super) fn compact(context: &Context<'_>) -> Vec<Block> {
    let (words, input) = (&context.words, context.input);
    let (from, to) = input.period;
    let (as_of, from, to) = (time::format(input.manifest.as_of), day(from), day(to));
    let values = [("as_of", as_of.as_str()), ("from", &from), ("to", &to), ("id", input.manifest.id.as_str())];
    let mut line = plain(words.say("cover.compact", &values));
    line.push(Span::Mono(input.manifest_sha256.clone()));
    let earlier: Vec<&str> = snapshots_read(input).iter().skip(1).map(|read| read.id).collect();
    if !earlier.is_empty() {
        line.push(Span::Plain(words.say("cover.compact-earlier", &[("ids", &earlier.join(", "))])));
    }
    for mark in &context.marks {
        line.extend([Span::Plain(". ".to_owned()), Span::Strong(capitalize(&mark.short))]);
        line.push(Span::Plain(format!(": {}", mark.text.trim_end_matches('.'))));
    }
    let imports = scope::doubtful_imports(context).into_iter().map(note);
    [Block::Note(line), badge(context)].into_iter().chain(imports).collect()
}

/// What holds for the whole report, each in its sentence, and which imported files prove little.
fn marks(context: &Context<'_>) -> impl Iterator<Item = Block> {
    let sentence = |mark: &Mark| {
        Block::Paragraph(vec![Span::Strong(capitalize(&mark.short)), Span::Plain(format!(". {}", mark.text))])
    };
    // A roster that is too old or has no date says who was terminated, and nothing else: whoever reads one page must know.
    let imports = scope::doubtful_imports(context).into_iter().map(note);
    context.marks.iter().map(sentence).chain(imports)
}

/// *Evidence complete*, or what keeps it from being so and where that is listed.
fn badge(context: &Context<'_>) -> Block {
    let words = &context.words;
    let holes = completeness::holes(context);
    if holes.is_empty() {
        return Block::Badge(Verdict::Pass, plain(words.get("cover.complete")));
    }
    let mut text = plain(capitalize(&holes.join("; ")));
    text.extend(context.page_of(&words.get("cover.gaps-page"), "scope"));
    Block::Badge(Verdict::Unknown, text)
}

/// What the Hub's clock read while the evidence was collected: the witness of the date.
fn clock(context: &Context<'_>) -> String {
    let words = &context.words;
    let HubClock { first, last, from } = &context.input.manifest.hub_clock;
    let say = |t: Option<Timestamp>| t.map_or_else(|| words.get("unknown.value"), time::format);
    match (first, from.as_str()) {
        (None, _) => words.get("unknown.value"),
        (_, "machine") => words.say("cover.clock-machine", &[("first", &say(*first)), ("last", &say(*last))]),
        _ => words.say("cover.clock-value", &[("first", &say(*first)), ("last", &say(*last))]),
    }
}

/// The period, as it was asked for, with the days that no evidence covers.
fn period(context: &Context<'_>) -> String {
    let (words, input) = (&context.words, context.input);
    let (from, to) = input.period;
    let say = |key: &str, from| words.say(key, &[("from", &time::format(from)), ("to", &time::format(to))]);
    let mut text = say("cover.period-value", from);
    if let Some(asked) = &input.choice.asked {
        text.push_str(&words.say("cover.period-asked", &[("asked", asked)]));
    }
    if input.choice.covered_until < to {
        text.push_str(&say("cover.period-unseen", input.choice.covered_until.max(from)));
    }
    text
}

/// How far the snapshots are from the ends of the period; `None` where nobody named one and it ends with the snapshot.
fn choice(context: &Context<'_>) -> Option<String> {
    let (words, choice) = (&context.words, &context.input.choice);
    let say = |seconds: i64, [before, after]: [&str; 2]| {
        words.say(if seconds < 0 { before } else { after }, &[("span", &time::span(seconds))])
    };
    let mut text = say(choice.after_end?, ["cover.choice-before", "cover.choice-after"]);
    let keys = ["cover.choice-baseline-before", "cover.choice-baseline-after"];
    text.extend(choice.baseline_after_start.map(|seconds| say(seconds, keys)));
    Some(text)
}

/// What identifies the report.
pub(super) fn facts(context: &Context<'_>) -> Vec<(String, Text)> {
    let (words, input) = (&context.words, context.input);
    let manifest = input.manifest;
    let say = |key: &str, values: &[(&str, &str)]| plain(words.say(key, values));
    let collector = &manifest.collector;
    let unknown = words.get("unknown.value");
    let or_unknown = |value: &Option<String>| value.clone().unwrap_or_else(|| unknown.clone());
    let collected_by = if collector.login.is_empty() {
        plain(words.get("cover.collector-unknown"))
    } else {
        let (role, token) = (or_unknown(&collector.role_in_org), or_unknown(&collector.token_role));
        say("cover.collector-value", &[("login", &collector.login), ("role", &role), ("token", &token)])
    };
    let baseline = input.baseline.as_ref().map_or_else(
        || words.get("cover.baseline-none"),
        |b| words.say("cover.baseline-value", &[("id", b.snapshot.as_str()), ("as_of", &time::format(b.as_of))]),
    );
    let mut facts = vec![
        (words.get("cover.organization"), vec![Span::Strong(manifest.org.to_string())]),
        (words.get("cover.period"), plain(period(context))),
        (words.get("cover.as-of"), plain(time::format(manifest.as_of))),
        (
            words.get("cover.snapshot"),
            say(
                "cover.snapshot-value",
                &[
                    ("id", manifest.id.as_str()),
                    ("from", &time::format(manifest.started_at)),
                    ("to", &time::format(manifest.finished_at)),
                ],
            ),
        ),
        (words.get("cover.clock"), plain(clock(context))),
        (words.get("cover.endpoint"), plain(manifest.endpoint.clone())),
        (words.get("cover.collector"), collected_by),
        (
            words.get("cover.prepared"),
            say(
                "cover.prepared-value",
                &[
                    ("version", &input.tool_version),
                    ("collector", &format!("{} {}", manifest.tool.name, manifest.tool.version)),
                ],
            ),
        ),
        (words.get("cover.baseline"), plain(baseline)),
        (words.get("cover.manifest"), mono(input.manifest_sha256.clone())),
    ];
    if let Some(choice) = choice(context) {
        facts.insert(3, (words.get("cover.choice"), plain(choice)));
    }
    let frameworks = &context.template.frameworks;
    if !frameworks.is_empty() {
        let mut served = plain(controls::served(frameworks));
        served.extend(context.page_of(&words.get("summary.action-page"), "controls"));
        facts.push((words.get("cover.controls"), served));
    }
    facts
}
