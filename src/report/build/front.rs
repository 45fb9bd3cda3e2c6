//! What a document says before its sections, for formats that are no documents: the facts of the cover, the thresholds,
//! the key figures, and what each analyzer asks and answers.

use std::collections::BTreeMap;

use super::{Context, cover, scope, tiles};
use crate::{
    model::outcome::Outcome,
    report::{
        Input,
        document::{Span, Text, Tile},
        template::Template,
        wording::{self, Wording},
    },
};

/// Facts and figures of a report.
#[derive(Debug)]
pub(in crate::report) struct Front {
    /// Label and value of each fact of the cover.
    pub(in crate::report) facts: Vec<(String, String)>,
    /// Label and value of each threshold in force.
    pub(in crate::report) thresholds: Vec<(String, String)>,
    /// The key figures.
    pub(in crate::report) tiles: Vec<Tile>,
    /// One per outcome, in report order.
    pub(in crate::report) analyzers: Vec<About>,
}

/// What an analyzer is about.
#[derive(Debug)]
pub(in crate::report) struct About {
    /// Title of its section.
    pub(in crate::report) title: String,
    /// The question, one line.
    pub(in crate::report) question: String,
    /// The answer, which says when the evidence is incomplete; may be empty.
    pub(in crate::report) answer: String,
    /// The gaps that it rests on: `tokens (forbidden)`; empty when there are none.
    pub(in crate::report) gaps: String,
    /// What to do, one sentence by rule id.
    pub(in crate::report) remedies: BTreeMap<String, String>,
}

/// What is said before the sections.
pub(in crate::report) fn front(input: &Input<'_>, template: &Template) -> Front {
    let context = Context::new(input, template);
    let texts = |facts: Vec<(String, Text)>| facts.into_iter().map(|(label, value)| (label, flat(&value))).collect();
    Front {
        facts: texts(cover::facts(&context)),
        thresholds: texts(scope::thresholds(&context)),
        tiles: tiles::ids().into_iter().filter_map(|id| tiles::tile(&context, id)).collect(),
        analyzers: input.outcomes.iter().map(|outcome| about(&context, outcome)).collect(),
    }
}

/// What one analyzer is about.
fn about(context: &Context<'_>, outcome: &Outcome) -> About {
    let id = outcome.meta.id;
    // A template need not have a section for every analyzer; the embedded words, which a test reads, speak of all.
    let embedded = if context.wording(id).is_none() {
        wording::load(id, None, context.template.language()).ok().flatten()
    } else {
        None
    };
    let words: Option<&Wording> = context.wording(id).or(embedded.as_ref());
    let gaps = context.gaps_of(outcome);
    let mut answer = words.map(|w| context.sentence(&w.answer, outcome)).unwrap_or_default();
    if !answer.is_empty() && !gaps.is_empty() {
        answer = context.words.say("analyzer.as-far", &[("answer", &answer)]);
    }
    let title = context.title_of(id);
    let title = if title == id { words.map_or(title, |w| w.title.clone()) } else { title };
    let remedy =
        |(rule, text): (&String, &String)| (rule.clone(), wording::first_sentence(text).replace(['`', '*'], ""));
    About {
        title,
        question: context.question(outcome),
        answer,
        gaps: Context::list_sources(gaps),
        remedies: words.map(|w| w.remedies.iter().map(remedy).collect()).unwrap_or_default(),
    }
}

/// Spans as one plain text, without the words that lead to a page.
fn flat(text: &Text) -> String {
    let one = |span: &Span| match span {
        Span::Plain(text) | Span::Strong(text) | Span::Mono(text) | Span::Link { text, .. } => text.clone(),
        Span::Verdict(verdict) => verdict.to_string(),
        Span::PageOf(_) => String::new(),
    };
    let leads_to_page = |at: usize| matches!(text.get(at + 1), Some(Span::PageOf(_)));
    text.iter().enumerate().filter(|(at, _)| !leads_to_page(*at)).map(|(_, span)| one(span)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::coverage::Source,
        report::{template, testing::Sample},
    };

    #[test]
    fn an_answer_over_a_gap_says_so_and_names_it() {
        let (mut sample, template) = (Sample::new(), template::load("access-review", None).unwrap());
        let before = front(&sample.input(), &template);
        assert_eq!(before.analyzers[0].gaps, "");
        sample.open_a_gap(Source::Tokens);
        let after = front(&sample.input(), &template);
        assert_eq!(after.analyzers[0].gaps, "tokens (forbidden)");
        assert_ne!(after.analyzers[0].answer, before.analyzers[0].answer);
        assert!(after.analyzers[0].answer.starts_with("As far as could be seen"));
    }

    #[test]
    fn every_analyzer_has_a_title_and_facts_have_values() {
        let (sample, template) = (Sample::new(), template::load("access-review", None).unwrap());
        let front = front(&sample.input(), &template);
        assert_eq!(front.analyzers.len(), sample.outcomes.len());
        assert!(front.analyzers.iter().all(|a| !a.title.is_empty() && !a.title.contains('-')), "{front:?}");
        assert!(
            front.facts.iter().chain(&front.thresholds).all(|(label, value)| !label.is_empty() && !value.is_empty())
        );
        assert_eq!(front.tiles.len(), 6);
        let served = front.facts.iter().find(|(label, _)| label == "Controls served").unwrap();
        assert!(
            served.1.ends_with("CIS Controls 5.1, 5.3, 5.4, 6.2"),
            "no way to a page that is not there: {}",
            served.1
        );
    }
}
