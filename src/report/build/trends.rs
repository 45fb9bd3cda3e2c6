//! Key figures over the snapshots in the store: a table, and a picture of each.

use super::{Context, day, note, table, tiles};
use crate::{
    model::{
        outcome::{Bar, Chart},
        verdict::Verdict,
    },
    report::{
        TrendPoint,
        document::{Block, ChartBlock, ChartStyle, Text, plain},
        layout::Section,
    },
};

/// The section. A figure that was not known then is said to be so in the table, and has no bar in the picture.
pub(super) fn blocks(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let words = &context.words;
    let trend = &context.input.trend;
    if trend.len() < 2 {
        return vec![note(words.get("trends.alone"))];
    }
    let ids: Vec<&str> = spec.tiles.iter().map(|id| id.get_ref().as_str()).collect();
    let mut columns = vec![(words.get("trends.as-of"), 1.4)];
    columns.extend(ids.iter().map(|id| (label(context, id), -1.0)));
    let rows = trend.iter().map(|point| {
        let figure = |id: &&str| {
            let known = point.figures.get(*id);
            known.map_or_else(|| words.get("unknown.value"), |known| tiles::say(words, id, *known))
        };
        let mut row: Vec<Text> = vec![plain(day(point.as_of))];
        row.extend(ids.iter().map(figure).map(plain));
        row
    });
    let mut out = vec![note(words.get("trends.intro")), table(&columns, rows.collect(), words.get("trends.alone"))];
    let charts: Vec<ChartBlock> = ids.iter().filter_map(|id| chart(context, id)).collect();
    out.extend(charts.chunks(2).map(|pair| Block::Charts(pair.to_vec())));
    out
}

/// What a figure is called.
fn label(context: &Context<'_>, id: &str) -> String {
    context.words.find(&format!("tile.{id}")).unwrap_or(id).to_owned()
}

/// A figure's bar, money in dollars; `None` where it was not known, or only that there are so many at least: a lower
/// bar would look like fewer.
fn bar(id: &str, point: &TrendPoint) -> Option<u64> {
    let known = point.figures.get(id).filter(|known| !known.at_least)?;
    let n = u64::try_from(known.value).ok()?;
    Some(if tiles::is_money(id) { n.saturating_add(50) / 100 } else { n })
}

/// The picture of one figure; `None` where fewer than two snapshots know it.
fn chart(context: &Context<'_>, id: &str) -> Option<ChartBlock> {
    let words = &context.words;
    let known: Vec<(&TrendPoint, u64)> =
        context.input.trend.iter().filter_map(|point| Some((point, bar(id, point)?))).collect();
    let [(first, from), .., (last, to)] = known.as_slice() else { return None };
    let title = label(context, id);
    let values = [
        ("figure", title.as_str()),
        ("from", &from.to_string()),
        ("to", &to.to_string()),
        ("first", &day(first.as_of)),
        ("last", &day(last.as_of)),
        ("n", &known.len().to_string()),
    ];
    let chart = Chart {
        id: "trend",
        alt: words.say("trends.alt", &values),
        unit: "",
        // One series needs no legend, and a trend is neither good nor bad: the quiet colour.
        legend: vec![(String::new(), Verdict::Accepted)],
        bars: known.iter().map(|(point, n)| Bar { label: day(point.as_of), parts: vec![*n] }).collect(),
        threshold: None,
        title,
    };
    Some(ChartBlock { chart, style: ChartStyle::Columns })
}

#[cfg(test)]
mod tests {
    use crate::{
        model::outcome::KeyFigure,
        report::{
            build::tests::document,
            testing::{self, Sample},
        },
    };

    #[test]
    fn an_unknown_figure_is_said_and_has_no_bar() {
        let mut sample = Sample::new();
        sample.trend = vec![
            testing::point("2026-04-01T00:00:00Z", &[("members", 3), ("monthly_cost_usd", 6050)], None),
            testing::point("2026-07-01T00:00:00Z", &[("members", 5)], None),
            testing::point("2026-10-01T00:00:00Z", &[("monthly_cost_usd", 8000)], None),
        ];
        sample.trend[1].figures.insert("reclaimable".to_owned(), KeyFigure { value: 2, at_least: true });
        sample.trend[0].figures.insert("reclaimable".to_owned(), KeyFigure { value: 7, at_least: false });
        let document = document(&sample);
        let dump = testing::dump(&document);
        assert!(dump.contains("2026-07-01 | 5") && dump.contains("at least 2"), "{dump}");
        let charts = testing::charts(&document);
        let of = |title: &str| charts.iter().find(|c| c.id == "trend" && c.title == title);
        let spend: Vec<_> = of("USD a month").unwrap().bars.iter().map(|b| (b.label.as_str(), b.parts[0])).collect();
        assert_eq!(spend, [("2026-04-01", 61), ("2026-10-01", 80)], "whole dollars, and none for July");
        assert!(of("Effective owners").is_none(), "no snapshot knows it");
        assert!(of("Removable seats").is_none(), "a lower bound has no bar");
    }

    #[test]
    fn one_snapshot_makes_no_trend() {
        let mut sample = Sample::new();
        sample.trend = vec![testing::point("2026-10-01T00:00:00Z", &[("members", 3)], None)];
        let document = document(&sample);
        assert!(testing::charts(&document).iter().all(|c| c.id != "trend"));
        assert!(testing::dump(&document).contains("nothing to compare"), "it says why it is empty");
    }
}
