//! What became of the findings of the baseline, counted by analyzer. Whoever wants each of them finds it in the CSV file.

use super::{Context, closing::section_link, paragraph, table};
use crate::{
    model::{follow_up::Fate, time},
    report::{
        data_files::fates,
        document::{Block, Text, plain},
    },
};

/// The section.
pub(super) fn blocks(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let Some(follow_up) = context.input.follow_up else { return vec![paragraph(words.get("follow-up.no-baseline"))] };
    let shown = context.template.layout.analyzers();
    let counts = fates(&follow_up.findings, |analyzer| shown.contains(&analyzer));
    let as_of = time::format(follow_up.as_of);
    let values = [("baseline", follow_up.baseline.as_str()), ("as_of", as_of.as_str())];
    let mut out = vec![paragraph(words.say("follow-up.intro", &values))];
    if counts.is_empty() {
        out.push(paragraph(words.get("follow-up.none")));
        return out;
    }
    let title = |fate: Fate| match fate {
        Fate::CannotTell => words.get("follow-up.cannot-tell"),
        Fate::StillOpen => words.get("follow-up.still-open"),
        Fate::Accepted => words.get("follow-up.accepted"),
        Fate::New => words.get("follow-up.new"),
        Fate::Closed => words.get("follow-up.closed"),
    };
    let mut columns = vec![(words.get("follow-up.section"), 3.0)];
    columns.extend(Fate::ALL.map(|fate| (title(fate), -1.0)));
    let line = |of: &dyn Fn(Fate) -> usize| Fate::ALL.map(|fate| plain(of(fate).to_string()));
    let outcomes = context.input.outcomes.iter().filter_map(|o| Some((o.meta.id, counts.get(o.meta.id)?)));
    let mut rows: Vec<Vec<Text>> = outcomes
        .map(|(id, of)| {
            let mut cells = vec![section_link(context, id)];
            cells.extend(line(&|fate| of.get(&fate).copied().unwrap_or_default()));
            cells
        })
        .collect();
    let mut all = vec![plain(words.get("follow-up.all"))];
    all.extend(line(&|fate| counts.values().filter_map(|of| of.get(&fate)).sum()));
    rows.push(all);
    out.push(table(&columns, rows, String::new()));
    out.push(paragraph(words.get("follow-up.note")));
    out
}

#[cfg(test)]
mod tests {
    use super::super::tests::document;
    use crate::report::testing::{self, Sample};

    #[test]
    fn what_became_of_the_last_findings_is_counted_and_without_a_baseline_nothing_is() {
        let mut sample = Sample::new();
        let section = |sample: &Sample| {
            let mut document = document(sample);
            document.sections.retain(|section| section.id == "follow-up");
            testing::dump(&document)
        };
        let none = section(&sample);
        assert!(none.contains("no baseline"), "{none}");
        sample.follow_up = Some(testing::follow_up());
        testing::snapshot("report-follow-up", &section(&sample));
    }
}
