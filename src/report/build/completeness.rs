//! Whether the evidence of a report is complete, judged once for every format.

use std::collections::BTreeSet;

use super::{Context, analyzer::is_source};
use crate::{
    model::{coverage::Source, verdict::Verdict},
    report::{SourceFact, controls, marks},
};

/// What keeps the evidence of a report from being complete, one short phrase each; empty where nothing does.
///
/// Looked at are the sources that the analyzers of the report need, the days of the period, fields that the token
/// cannot see, the date of the snapshot, and what the control matrix rests on.
pub(super) fn holes(context: &Context<'_>) -> Vec<String> {
    let words = &context.words;
    let gaps: BTreeSet<&str> = context.gaps().map(|fact| fact.source.name()).collect();
    let mut holes = Vec::new();
    if !gaps.is_empty() {
        holes.push(words.say("cover.gaps", &[("n", &gaps.len().to_string())]));
    }
    let mut others = other_subjects(context);
    // A report of which no analyzer looks at the period ends with its snapshot all the same.
    if context.input.manifest.as_of < context.input.period.1 {
        others.insert("period");
    }
    holes.extend(others.iter().map(|name| words.find(&format!("hole.{name}")).unwrap_or(name).to_owned()));
    let hidden: Vec<String> = context.hidden().map(|(source, why)| format!("{source} ({why})")).collect();
    if !hidden.is_empty() {
        holes.push(words.say("cover.hidden", &[("what", &hidden.join(", "))]));
    }
    if context.marks.iter().any(|mark| mark.id == marks::DATED_BY_HAND) {
        holes.push(words.get("mark.dated-by-hand"));
    }
    let assessed = controls::assess(context.input, &context.template.frameworks);
    let missing = assessed.iter().flat_map(|point| &point.missing).map(String::as_str);
    let missing: BTreeSet<&str> = missing.filter(|name| !gaps.contains(name) && !others.contains(name)).collect();
    if !missing.is_empty() {
        holes.push(words.say("cover.missing", &[("sources", &controls::in_order(missing).join(", "))]));
    }
    let unknown: usize = context.shown.iter().map(|outcome| outcome.count(Verdict::Unknown)).sum();
    if holes.is_empty() && unknown > 0 {
        holes.push(words.say("cover.unknown", &[("rows", &unknown.to_string())]));
    }
    holes
}

/// What rows of missing evidence are about, beside sources: the days of the period that nobody saw.
fn other_subjects<'a>(context: &Context<'a>) -> BTreeSet<&'a str> {
    let rows = context.shown.iter().flat_map(|outcome| &outcome.rows).filter(|row| is_source(row));
    let is_known = |name: &&str| Source::ALL.iter().any(|source| source.name() == *name);
    rows.map(|row| row.subject.as_str()).filter(|name| !is_known(name)).collect()
}

impl<'a> Context<'a> {
    /// The gaps among the sources that this report rests on: those that its analyzers need, and those that tell who
    /// collected and what the Hub itself counts.
    pub(super) fn gaps(&self) -> impl Iterator<Item = &SourceFact<'a>> {
        let matters = |fact: &&SourceFact<'a>| {
            !fact.needed_by.is_empty() || matches!(fact.source, Source::Whoami | Source::Overview)
        };
        self.sources.iter().filter(|fact| fact.gap).filter(matters)
    }

    /// The sources that this report rests on and of which a field is hidden from the token, with what is hidden.
    fn hidden(&self) -> impl Iterator<Item = (Source, &str)> {
        let needed = |source| self.sources.iter().any(|f| f.source == source && !f.needed_by.is_empty());
        self.input.manifest.hidden_fields().filter(move |(source, _)| needed(*source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        template,
        testing::{self, Sample},
    };

    /// What a sample's report by a template lacks.
    fn lacks(sample: &Sample, name: &str) -> Vec<String> {
        let (input, template) = (sample.input(), template::load(name, None).unwrap());
        holes(&Context::new(&input, &template))
    }

    /// A sample in which nothing is missing, not even what the controls rest on.
    fn whole() -> Sample {
        let mut sample = Sample::new();
        sample.give(Source::Roster);
        sample.baseline_members = Some(4);
        for outcome in &mut sample.outcomes {
            outcome.rows.retain(|row| row.verdict != Verdict::Unknown);
        }
        sample
    }

    #[test]
    fn only_whole_evidence_is_called_complete() {
        let sample = whole();
        for name in template::names() {
            assert_eq!(lacks(&sample, name), Vec::<String>::new(), "{name}");
        }
        let cover = |sample: &Sample| testing::dump(&crate::report::build::tests::document(sample));
        assert!(cover(&sample).contains("[pass] Evidence complete"));
        let mut dated = whole();
        dated.manifest.dated_by_hand = true;
        assert_eq!(lacks(&dated, "access-review"), ["dated by hand"]);
        assert!(!cover(&dated).contains("Evidence complete"));
        let mut period = whole();
        period.open_a_gap(Source::Whoami);
        let mut row = whole_row(&period);
        row.subject = "period".to_owned();
        period.outcomes[6].rows.push(row);
        assert_eq!(lacks(&period, "soc2-evidence"), ["1 gap in the evidence", "days of the period without evidence"]);
        let mut early = whole();
        early.manifest.as_of = testing::at("2026-09-01T06:00:00Z");
        let mut input = early.input();
        input.period.1 = testing::at("2026-09-30T23:59:59Z");
        for name in template::names() {
            let template = template::load(name, None).unwrap();
            assert_eq!(holes(&Context::new(&input, &template)), ["days of the period without evidence"], "{name}");
        }
        let mut hidden = whole();
        let why = Some("`role` is not visible on 1 of 4 rows".to_owned());
        hidden.manifest.sources.get_mut(&Source::Members).unwrap().why = why;
        assert_eq!(
            lacks(&hidden, "seat-spend"),
            ["hidden from this token: members (`role` is not visible on 1 of 4 rows)"]
        );
        let mut alone = whole();
        alone.baseline_members = None;
        alone.manifest.sources.remove(&Source::Roster);
        let expected = "the control matrix lacks roster, baseline";
        assert_eq!(lacks(&alone, "access-review"), [expected]);
        assert_eq!(lacks(&alone, "seat-spend"), Vec::<String>::new(), "it has no control matrix");
        let mut young = whole();
        young.outcomes[0].rows[0].verdict = Verdict::Unknown;
        assert_eq!(lacks(&young, "access-review"), ["1 row could not be judged"]);
    }

    /// A row about missing evidence that fits the analyzer of privileged activity.
    fn whole_row(sample: &Sample) -> crate::model::outcome::Row {
        let cells = vec![crate::model::outcome::Cell::Empty; sample.outcomes[6].meta.columns.len()];
        let mut row = sample.outcomes[0].rows[0].clone();
        row.subject_kind = crate::report::build::SOURCE.to_owned();
        row.verdict = Verdict::Unknown;
        row.cells = cells;
        row
    }

    #[test]
    fn finance_is_told_of_the_gaps_that_touch_its_figures() {
        let mut sample = whole();
        sample.open_a_gap(Source::GatedAccess);
        assert_eq!(lacks(&sample, "seat-spend"), Vec::<String>::new());
        sample.open_a_gap(Source::Tokens);
        assert_eq!(lacks(&sample, "seat-spend"), ["1 gap in the evidence"]);
    }
}
