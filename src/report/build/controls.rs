//! The control matrix: requirement, what was looked at, what was found, and where it stands.

use super::{Context, heading, note, table};
use crate::{
    model::verdict::Verdict,
    report::{
        controls::{self, Assessed, Framework},
        document::{Block, Span, Text, plain},
        layout::Section,
    },
};

/// The section.
pub(super) fn blocks(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let words = &context.words;
    let assessed = controls::assess(context.input, &context.template.frameworks);
    let mut out = vec![note(words.get("controls.intro"))];
    if spec.full {
        out.push(Block::Bullets(words.list("controls.states").into_iter().map(plain).collect()));
    }
    for framework in &context.template.frameworks {
        out.push(heading(
            words.say("controls.framework", &[("name", &framework.name), ("edition", &framework.edition)]),
        ));
        let own = assessed.iter().filter(|a| std::ptr::eq(a.framework, framework));
        out.push(matrix(context, spec.full, own));
    }
    if context.template.frameworks.is_empty() {
        out.push(note(words.get("controls.none")));
    }
    out
}

/// The table of one framework.
fn matrix<'a>(context: &Context<'_>, full: bool, assessed: impl Iterator<Item = &'a Assessed<'a>>) -> Block {
    let words = &context.words;
    let mut columns = vec![(words.get("controls.requirement"), if full { 4.0 } else { 3.2 })];
    if full {
        columns.push((words.get("controls.looked-at"), 2.4));
    }
    columns.extend([(words.get("controls.found"), 2.6), (words.get("controls.where"), 2.2)]);
    let row = |a: &Assessed<'_>| {
        let requirement = a.requirement;
        let mut point =
            vec![Span::Strong(requirement.id.get_ref().clone()), Span::Plain(format!(" {}", requirement.title))];
        if full {
            point.push(Span::Plain(format!(". {}", requirement.asks)));
        }
        let mut cells = vec![point];
        if full {
            let mut looks: Vec<String> = requirement.looks().collect();
            looks.extend(requirement.evidence().map(str::to_owned));
            cells.push(plain(looks.join(", ")));
        }
        cells.extend([found(context, a), places(context, a)]);
        cells
    };
    table(&columns, assessed.map(row).collect(), words.get("controls.none"))
}

/// What was found: the state, rows by verdict, and the evidence that is missing.
fn found(context: &Context<'_>, assessed: &Assessed<'_>) -> Text {
    let words = &context.words;
    let key = format!("controls.{}", assessed.state.word());
    let mut text = vec![Span::Strong(words.find(&key).unwrap_or(assessed.state.word()).to_owned())];
    let count = |v: Verdict| assessed.counts.get(&v).copied().filter(|n| *n > 0);
    let judged = Verdict::ALL.into_iter().filter(|v| *v != Verdict::Listed);
    let counts = judged.filter_map(|v| Some((v, count(v)?)));
    for (at, (verdict, n)) in counts.enumerate() {
        // A number stays with its verdict where the cell is narrow.
        text.push(Span::Plain(format!("{}{n}\u{a0}", if at == 0 { ": " } else { ", " })));
        text.push(Span::Verdict(verdict));
    }
    if let Some(n) = count(Verdict::Listed) {
        text.push(Span::Plain(words.say("controls.listed", &[("n", &n.to_string())])));
    }
    if !assessed.missing.is_empty() {
        text.push(Span::Plain(words.say("controls.missing", &[("sources", &assessed.missing.join(", "))])));
    }
    text
}

/// The sections that show it, with their pages.
fn places(context: &Context<'_>, assessed: &Assessed<'_>) -> Text {
    let mut text = Text::new();
    let mut seen = Vec::new();
    for anchor in assessed.requirement.anchors().filter(|anchor| context.anchors.contains(anchor)) {
        if seen.contains(&anchor) {
            continue;
        }
        if !seen.is_empty() {
            text.push(Span::Plain("; ".to_owned()));
        }
        text.push(Span::Link { to: anchor.to_owned(), text: context.title_of(anchor) });
        text.extend(context.page_of(&context.words.get("summary.action-page"), anchor));
        seen.push(anchor);
    }
    text
}

/// The points that a report speaks to, by framework: `SOC 2 CC6.1, CC6.2; PCI DSS 7.2.4`.
pub(super) fn served(frameworks: &[Framework]) -> String {
    let one = |framework: &Framework| {
        let ids: Vec<&str> = framework.requirements.iter().map(|r| r.id.get_ref().as_str()).collect();
        format!("{} {}", framework.name, ids.join(", "))
    };
    frameworks.iter().map(one).collect::<Vec<_>>().join("; ")
}
