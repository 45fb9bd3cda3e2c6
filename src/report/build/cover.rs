//! The cover: what this is, of whom, from which evidence, and whether the evidence is complete.

use super::{Context, controls, day, note};
use crate::{
    model::{time, verdict::Verdict},
    report::document::{Block, Span, Text, mono, plain},
};

/// The cover's blocks. The renderer sets title and organization from the document.
pub(super) fn blocks(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let mut out = vec![badge(context)];
    out.extend(remark(context));
    out.extend([Block::Facts(facts(context)), note(words.get("cover.note"))]);
    if context.input.redacted {
        out.push(note(words.get("cover.redacted")));
    }
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
    let mut out = vec![Block::Note(line), badge(context)];
    out.extend(remark(context));
    if input.redacted {
        out.push(note(words.get("cover.redacted")));
    }
    out
}

/// What evidence without a gap still does not show: rows that nobody could judge.
fn remark(context: &Context<'_>) -> Option<Block> {
    let rows: usize = context.input.outcomes.iter().map(|o| o.count(Verdict::Unknown)).sum();
    let says_nothing_new = context.gaps().next().is_some() || rows == 0;
    (!says_nothing_new).then(|| note(context.words.say("cover.unknown", &[("rows", &rows.to_string())])))
}

/// *Evidence complete*, or the number of gaps and where they are listed.
fn badge(context: &Context<'_>) -> Block {
    let words = &context.words;
    let n = context.gaps().count();
    let hides = context.input.manifest.hidden_fields().count() > 0;
    let mut text = match (n, hides) {
        (0, false) => return Block::Badge(Verdict::Pass, plain(words.get("cover.complete"))),
        (0, true) => plain(words.get("cover.hidden")),
        _ => plain(words.say("cover.gaps", &[("n", &n.to_string())])),
    };
    text.extend(context.page_of(&words.get("cover.gaps-page"), "scope"));
    Block::Badge(Verdict::Unknown, text)
}

/// What identifies the report.
pub(super) fn facts(context: &Context<'_>) -> Vec<(String, Text)> {
    let (words, input) = (&context.words, context.input);
    let manifest = input.manifest;
    let (from, to) = input.period;
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
    let baseline = input.baseline_as_of.map_or_else(|| words.get("cover.baseline-none"), time::format);
    let mut facts = vec![
        (words.get("cover.organization"), vec![Span::Strong(manifest.org.to_string())]),
        (
            words.get("cover.period"),
            say("cover.period-value", &[("from", &time::format(from)), ("to", &time::format(to))]),
        ),
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
    let frameworks = &context.template.frameworks;
    if !frameworks.is_empty() {
        let mut served = plain(controls::served(frameworks));
        served.extend(context.page_of(&words.get("summary.action-page"), "controls"));
        facts.push((words.get("cover.controls"), served));
    }
    facts
}
