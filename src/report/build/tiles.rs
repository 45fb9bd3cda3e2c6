//! Key figures of the summary, each with its change since the baseline.

use serde_json::Value;

use super::{Context, day};
use crate::{
    model::{
        coverage::Source,
        outcome::{Outcome, money},
        verdict::Verdict,
    },
    report::{TrendPoint, document::Tile},
};

/// Where a key figure comes from.
struct Figure {
    /// Tile id, as in templates and in the baseline.
    id: &'static str,
    /// Analyzer.
    analyzer: &'static str,
    /// Key of its total; `None` counts the rows that fail, as the baseline does.
    total: Option<&'static str>,
    /// The sources it is counted from; a gap among them makes it a lower bound. Empty: all that the analyzer needs.
    sources: &'static [Source],
    /// Whether it is money, which totals give as a text and the baseline in cents.
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
    use Source::{AuditLog, Invites, Members, Scim};
    const BILLED: &[Source] = &[Members, AuditLog, Scim, Invites];
    const fn figure(id: &'static str, analyzer: &'static str, total: Option<&'static str>, colour: Colour) -> Figure {
        Figure { id, analyzer, total, sources: &[], money: false, colour }
    }
    [
        Figure { sources: &[Members], ..figure("members", "inactive-seats", Some("members"), Colour::None) },
        figure("effective_owners", "owner-coverage", Some("effective_owners"), Colour::Organization),
        figure("inactive_seats", "inactive-seats", None, Colour::Worst),
        figure("orphaned_paths", "orphaned-access", None, Colour::Worst),
        Figure {
            sources: BILLED,
            money: true,
            ..figure("monthly_cost_usd", "seat-spend", Some("monthly_cost_usd"), Colour::None)
        },
        figure("reclaimable", "seat-spend", Some("reclaimable_seats"), Colour::Worst),
    ]
};

/// Ids of the tiles.
pub(in crate::report) fn ids() -> Vec<&'static str> {
    FIGURES.iter().map(|f| f.id).collect()
}

/// The tile of an id.
pub(super) fn tile(context: &Context<'_>, id: &str) -> Option<Tile> {
    let figure = FIGURES.iter().find(|f| f.id == id)?;
    let label = context.words.find(&format!("tile.{id}")).unwrap_or(id).to_owned();
    let link = context.anchors.contains(figure.analyzer).then(|| figure.analyzer.to_owned());
    let unknown = context.words.get("unknown.value");
    let Some(outcome) = context.outcome(figure.analyzer) else {
        return Some(Tile { label, value: unknown, note: String::new(), verdict: Some(Verdict::Unknown), link });
    };
    let current = current(figure, outcome);
    let gap = rests_on_a_gap(context, figure, outcome);
    let incomplete = gap || is_undecided(figure, outcome);
    let (value, verdict) = match current {
        // Nothing was found in evidence that has holes: that is not a zero.
        None => (unknown, Some(Verdict::Unknown)),
        Some(0) if incomplete => (unknown, Some(Verdict::Unknown)),
        Some(n) if incomplete => {
            (context.words.say("summary.at-least", &[("n", &show(figure, n))]), Some(Verdict::Unknown))
        }
        Some(n) => (show(figure, n), colour(figure, outcome)),
    };
    let note = change(context, figure, current.filter(|_| !gap));
    Some(Tile { label, value, note, verdict, link })
}

/// The figure of this snapshot: a count, or cents.
fn current(figure: &Figure, outcome: &Outcome) -> Option<i64> {
    let Some(total) = figure.total else { return i64::try_from(outcome.count(Verdict::Fail)).ok() };
    match outcome.totals.get(total)? {
        Value::String(text) if figure.money => cents(text),
        value if !figure.money => value.as_i64(),
        _ => None,
    }
}

/// Reads `1234.00`.
fn cents(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.')?;
    if fraction.len() != 2 {
        return None;
    }
    format!("{whole}{fraction}").parse().ok()
}

/// Whether a source that the figure is counted from is a gap.
fn rests_on_a_gap(context: &Context<'_>, figure: &Figure, outcome: &Outcome) -> bool {
    let counts = |s: Source| figure.sources.is_empty() || figure.sources.contains(&s);
    context.gaps_of(outcome).iter().any(|s| counts(s.source))
}

/// Whether subjects that could not be judged might count too.
fn is_undecided(figure: &Figure, outcome: &Outcome) -> bool {
    match figure.colour {
        Colour::None => false,
        Colour::Worst => outcome.count(Verdict::Unknown) > 0,
        Colour::Organization => colour(figure, outcome) == Some(Verdict::Unknown),
    }
}

/// A figure of a snapshot as text; `None` where it was not known.
pub(super) fn figure_text(id: &str, point: &TrendPoint) -> Option<String> {
    let figure = FIGURES.iter().find(|f| f.id == id)?;
    point.figures.get(id).map(|n| show(figure, *n))
}

/// The same as a whole number, money in dollars; `None` where it was not known.
pub(super) fn figure_whole(id: &str, point: &TrendPoint) -> Option<u64> {
    let figure = FIGURES.iter().find(|f| f.id == id)?;
    let n = u64::try_from(*point.figures.get(id)?).ok()?;
    Some(if figure.money { n.saturating_add(50) / 100 } else { n })
}

/// Whether a figure is money.
pub(in crate::report) fn is_money(id: &str) -> bool {
    FIGURES.iter().any(|f| f.id == id && f.money)
}

/// The figure as text.
fn show(figure: &Figure, n: i64) -> String {
    if figure.money { money(n) } else { n.to_string() }
}

/// The verdict whose colour the tile takes.
fn colour(figure: &Figure, outcome: &Outcome) -> Option<Verdict> {
    match figure.colour {
        Colour::None => None,
        Colour::Worst => Some(outcome.rows.iter().map(|r| r.verdict).min().unwrap_or(Verdict::Pass)),
        Colour::Organization => outcome.rows.iter().find(|r| r.subject_kind == "org").map(|r| r.verdict),
    }
}

/// The change since the baseline, in words.
fn change(context: &Context<'_>, figure: &Figure, current: Option<i64>) -> String {
    let words = &context.words;
    let Some(as_of) = context.input.baseline_as_of else { return words.get("summary.baseline-none") };
    let date = day(as_of);
    let Some(before) = context.input.baseline.get(figure.id).copied() else {
        return words.get("summary.baseline-missing");
    };
    match current.map(|n| n - before) {
        None => words.say("summary.baseline-was", &[("value", &show(figure, before)), ("date", &date)]),
        Some(0) => words.say("summary.baseline-same", &[("date", &date)]),
        Some(n) => {
            let sign = if n > 0 { "+" } else { "−" };
            let size = show(figure, n.saturating_abs());
            words.say("summary.baseline-change", &[("change", &format!("{sign}{size}")), ("date", &date)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{template, testing::Sample, words::Words};

    /// The tiles of a sample, as `value / note / verdict`.
    fn tiles(sample: &Sample) -> Vec<String> {
        let template = template::load("access-review").unwrap();
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
    fn zero_over_a_gap_is_not_known_and_a_number_is_a_lower_bound() {
        let mut sample = Sample::new();
        sample.open_a_gap(Source::Tokens);
        let got = tiles(&sample);
        assert_eq!(got[0], "4 / no baseline / None", "members are counted from another source");
        assert_eq!(got[2], "at least 1 / no baseline / Some(Unknown)");
        sample.outcomes[0].rows.retain(|r| r.verdict != Verdict::Fail);
        assert_eq!(tiles(&sample)[2], "not known / no baseline / Some(Unknown)");
    }

    #[test]
    fn money_that_nobody_gave_is_not_known() {
        let mut sample = Sample::new();
        assert_eq!(tiles(&sample)[4], "80.00 / no baseline / None");
        sample.outcomes[3].totals.insert("monthly_cost_usd".to_owned(), Value::Null);
        assert_eq!(tiles(&sample)[4], "not known / no baseline / Some(Unknown)");
    }

    #[test]
    fn cents_are_read_exactly() {
        assert_eq!(cents("1234.05"), Some(123_405));
        assert_eq!(cents("-0.05"), Some(-5));
        assert_eq!(cents("12"), None);
        assert_eq!(cents("12.5"), None);
    }
}
