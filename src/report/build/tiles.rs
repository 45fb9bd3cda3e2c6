//! Key figures of the summary, each with its change since the baseline.

use super::{Context, day};
use crate::{
    model::{
        outcome::{KeyFigure, Outcome, money},
        verdict::Verdict,
    },
    report::{document::Tile, words::Words},
};

/// How a key figure is shown.
struct Figure {
    /// Tile id, as in templates and in the baseline.
    id: &'static str,
    /// Analyzer that it comes from.
    analyzer: &'static str,
    /// Whether it is money, in cents.
    money: bool,
    /// What its colour says.
    colour: Colour,
}

/// What a tile's colour says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    /// Nothing: the figure is neither good nor bad.
    None,
    /// The worst verdict among the analyzer's rows.
    Worst,
    /// The verdict of the organization's own row.
    Organization,
}

/// Every tile that a template can name.
const FIGURES: [Figure; 6] = {
    const fn figure(id: &'static str, analyzer: &'static str, colour: Colour) -> Figure {
        Figure { id, analyzer, money: false, colour }
    }
    [
        figure("members", "inactive-seats", Colour::None),
        figure("effective_owners", "owner-coverage", Colour::Organization),
        figure("inactive_seats", "inactive-seats", Colour::Worst),
        figure("orphaned_paths", "orphaned-access", Colour::Worst),
        Figure { money: true, ..figure("monthly_cost_usd", "seat-spend", Colour::None) },
        figure("reclaimable", "seat-spend", Colour::Worst),
    ]
};

/// Ids of the tiles.
pub(in crate::report) fn ids() -> Vec<&'static str> {
    FIGURES.iter().map(|f| f.id).collect()
}

/// The analyzer that the figure of a tile is from.
pub(in crate::report) fn analyzer_of(id: &str) -> Option<&'static str> {
    FIGURES.iter().find(|f| f.id == id).map(|f| f.analyzer)
}

/// The tile of an id.
pub(super) fn tile(context: &Context<'_>, id: &str) -> Option<Tile> {
    let figure = FIGURES.iter().find(|f| f.id == id)?;
    let label = context.words.find(&format!("tile.{id}")).unwrap_or(id).to_owned();
    let link = context.anchors.contains(figure.analyzer).then(|| figure.analyzer.to_owned());
    let known = context.input.headline.get(id);
    let verdict = match known {
        Some(KeyFigure { at_least: false, .. }) => context.outcome(figure.analyzer).and_then(|o| colour(figure, o)),
        _ => Some(Verdict::Unknown),
    };
    let value = known.map_or_else(|| context.words.get("unknown.value"), |known| say(&context.words, id, *known));
    let note = change(context, figure, known.filter(|known| !known.at_least).map(|known| known.value));
    Some(Tile { label, value, note, verdict, link })
}

/// A figure in words; a lower bound says so.
pub(in crate::report) fn say(words: &Words, id: &str, known: KeyFigure) -> String {
    let n = show(id, known.value);
    if known.at_least { words.say("summary.at-least", &[("n", &n)]) } else { n }
}

/// Whether a figure is money.
pub(in crate::report) fn is_money(id: &str) -> bool {
    FIGURES.iter().any(|f| f.id == id && f.money)
}

/// A figure as text.
pub(in crate::report) fn show(id: &str, n: i64) -> String {
    if is_money(id) { money(n) } else { n.to_string() }
}

/// The verdict whose colour the tile takes.
fn colour(figure: &Figure, outcome: &Outcome) -> Option<Verdict> {
    match figure.colour {
        Colour::None => None,
        // What nobody judged is neither good nor bad.
        Colour::Worst => outcome.rows.iter().map(|r| r.verdict).filter(|v| *v != Verdict::Listed).min(),
        Colour::Organization => outcome.rows.iter().find(|r| r.subject_kind == "org").map(|r| r.verdict),
    }
}

/// The change since the baseline, in words.
fn change(context: &Context<'_>, figure: &Figure, current: Option<i64>) -> String {
    let words = &context.words;
    let Some(baseline) = &context.input.baseline else { return words.get("summary.baseline-none") };
    let date = day(baseline.as_of);
    let Some(before) = baseline.figures.get(figure.id).copied() else {
        return words.get("summary.baseline-missing");
    };
    match current.filter(|_| !before.at_least).map(|n| n - before.value) {
        None => words.say("summary.baseline-was", &[("value", &say(words, figure.id, before)), ("date", &date)]),
        Some(0) => words.say("summary.baseline-same", &[("date", &date)]),
        Some(n) => {
            let sign = if n > 0 { "+" } else { "−" };
            let size = show(figure.id, n.saturating_abs());
            words.say("summary.baseline-change", &[("change", &format!("{sign}{size}")), ("date", &date)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{template, testing::Sample};

    /// The tiles of a sample, as `value / note / verdict`.
    fn tiles(sample: &Sample) -> Vec<String> {
        let template = template::load("access-review", None).unwrap();
        let document = super::super::build(&sample.input(), &template);
        let blocks = &document.sections[1].blocks;
        let tiles = blocks.iter().find_map(|b| match b {
            crate::report::document::Block::Tiles(tiles) => Some(tiles),
            _ => None,
        });
        tiles.unwrap().iter().map(|t| format!("{} / {} / {:?}", t.value, t.note, t.verdict)).collect()
    }

    #[test]
    fn every_tile_has_a_label() {
        let words = Words::english();
        assert!(ids().iter().all(|id| words.find(&format!("tile.{id}")).is_some()));
    }

    #[test]
    fn a_change_is_signed_and_dated() {
        let mut sample = Sample::new();
        sample.baseline_members = Some(5);
        assert_eq!(tiles(&sample)[0], "4 / −1 since 2026-07-01 / None");
        sample.baseline_members = Some(4);
        assert_eq!(tiles(&sample)[0], "4 / unchanged since 2026-07-01 / None");
        sample.baseline_members = None;
        assert_eq!(tiles(&sample)[0], "4 / no baseline / None");
    }

    #[test]
    fn what_nobody_judged_is_neither_good_nor_bad() {
        let mut sample = Sample::new();
        let colour = |sample: &Sample| tiles(sample)[3].rsplit(" / ").next().unwrap().to_owned();
        assert_eq!(colour(&sample), "Some(Fail)");
        sample.outcomes[2].rows.iter_mut().for_each(|row| row.verdict = Verdict::Listed);
        assert_eq!(colour(&sample), "None");
        sample.outcomes[2].rows.clear();
        assert_eq!(colour(&sample), "None");
    }

    #[test]
    fn a_lower_bound_says_so_and_has_no_change() {
        let mut sample = Sample::new();
        sample.baseline_members = Some(3);
        sample.headline.insert("members".to_owned(), KeyFigure { value: 4, at_least: true });
        sample.headline.remove("monthly_cost_usd");
        let got = tiles(&sample);
        assert_eq!(got[0], "at least 4 / 3 on 2026-07-01 / Some(Unknown)");
        assert_eq!(got[4], "not known / no earlier figure / Some(Unknown)");
    }
}
