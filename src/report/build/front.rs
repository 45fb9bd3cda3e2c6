//! What a document says before its sections, for formats that are no documents: the facts of the cover, the thresholds,
//! the key figures, and what each analyzer asks and answers.

use std::collections::BTreeMap;

use super::{
    Context, completeness, cover,
    thresholds::{self, Threshold},
    tiles,
};
use crate::{
    model::outcome::Outcome,
    report::{
        Input, SourceFact,
        document::{Span, Text, Tile},
        marks::Mark,
        template::Template,
        wording::{self, Wording},
    },
};

/// Facts and figures of a report.
#[derive(Debug)]
pub(in crate::report) struct Front<'a> {
    /// What keeps the evidence from being complete, in short phrases; empty where nothing does.
    pub(in crate::report) holes: Vec<String>,
    /// What holds for the whole report.
    pub(in crate::report) marks: Vec<Mark>,
    /// Label and value of each fact of the cover.
    pub(in crate::report) facts: Vec<(String, String)>,
    /// Each threshold in force.
    pub(in crate::report) thresholds: Vec<Threshold>,
    /// The plan and its origin: label and value.
    pub(in crate::report) plan: (String, String),
    /// The key figures that the template shows.
    pub(in crate::report) tiles: Vec<Tile>,
    /// One per result that the template shows, in report order.
    pub(in crate::report) analyzers: Vec<About<'a>>,
    /// What became of every source.
    pub(in crate::report) sources: Vec<SourceFact<'a>>,
}

/// What an analyzer is about.
#[derive(Debug)]
pub(in crate::report) struct About<'a> {
    /// Its result.
    pub(in crate::report) outcome: &'a Outcome,
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
pub(in crate::report) fn front<'a>(input: &'a Input<'a>, template: &'a Template) -> Front<'a> {
    let context = Context::new(input, template);
    let shown = tiles::ids().into_iter().filter(|id| template.shows_tile(id));
    Front {
        holes: completeness::holes(&context),
        facts: cover::facts(&context).into_iter().map(|(label, value)| (label, flat(&value))).collect(),
        thresholds: thresholds::of(input.params, &context.words),
        plan: thresholds::plan(&context),
        tiles: shown.filter_map(|id| tiles::tile(&context, id)).collect(),
        analyzers: context.shown.iter().map(|outcome| about(&context, outcome)).collect(),
        marks: context.marks,
        sources: context.sources,
    }
}

/// What one analyzer is about.
fn about<'a>(context: &Context<'a>, outcome: &'a Outcome) -> About<'a> {
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
        outcome,
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
        let before = {
            let input = sample.input();
            let front = front(&input, &template);
            assert_eq!(front.analyzers[0].gaps, "");
            front.analyzers[0].answer.clone()
        };
        sample.open_a_gap(Source::Tokens);
        let input = sample.input();
        let after = front(&input, &template);
        assert_eq!(after.analyzers[0].gaps, "tokens (forbidden)");
        assert_ne!(after.analyzers[0].answer, before);
        assert!(after.analyzers[0].answer.starts_with("As far as could be seen"));
    }

    #[test]
    fn every_analyzer_has_a_title_and_facts_have_values() {
        let (sample, template) = (Sample::new(), template::load("access-review", None).unwrap());
        let input = sample.input();
        let front = front(&input, &template);
        assert_eq!(front.analyzers.len(), sample.outcomes.len());
        assert!(front.analyzers.iter().all(|a| !a.title.is_empty() && !a.title.contains('-')), "{front:?}");
        assert!(front.facts.iter().all(|(label, value)| !label.is_empty() && !value.is_empty()));
        assert_eq!(front.tiles.len(), 6);
        let served = front.facts.iter().find(|(label, _)| label == "Controls served").unwrap();
        assert!(
            served.1.ends_with("CIS Controls 5.1, 5.3, 5.4, 6.2"),
            "no way to a page that is not there: {}",
            served.1
        );
    }
}
