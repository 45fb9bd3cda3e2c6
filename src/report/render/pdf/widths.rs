//! Column widths: the template's weights, bent so that words stay whole where there is room.

/// What a column would like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Wish {
    /// Share relative to the others.
    pub(super) weight: f64,
    /// Width that its head needs.
    pub(super) least: f64,
    /// Width of its longest cell, or head, on one line.
    pub(super) most: f64,
    /// Whether space that nobody needs looks well in it: text, not numbers.
    pub(super) grows: bool,
}

/// What a cell would like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Cell {
    /// Width of its longest word.
    pub(super) word: f64,
    /// Its width on one line.
    pub(super) line: f64,
}

/// Part of its share by weight that a column has for certain; the rest goes where it saves lines.
const CERTAIN: f64 = 0.4;
/// A divided word is as bad as this many lines.
const DIVIDED: f64 = 4.0;
/// Lines of cells that are not the highest of their row count little, but they count.
const OTHERS: f64 = 0.1;
/// A word up to this part of the whole width is kept whole before lines are saved.
const SHORT: f64 = 0.17;
/// Part of the free space that only lines may take.
const FOR_LINES: f64 = 0.15;
/// Widths that are tried for a column at a time.
const TRIALS: usize = 16;

/// Divides `total` among the columns, given some rows. The widths are positive and add up to `total`.
pub(super) fn divide(wishes: &[Wish], rows: &[Vec<Cell>], total: f64) -> Vec<f64> {
    let most: f64 = wishes.iter().map(|w| w.most).sum();
    if most <= total {
        return grow(wishes, wishes.iter().map(|w| w.most).collect(), total - most);
    }
    let weights: f64 = wishes.iter().map(weight).sum();
    let certain = |w: &Wish| w.least.min(total * 0.4).max((total * CERTAIN * weight(w) / weights).min(w.most));
    let mut widths: Vec<f64> = wishes.iter().map(certain).collect();
    let mut rest = total - widths.iter().sum::<f64>();
    if rest < 0.0 {
        return level(&widths, total);
    }
    // Whole words come first, but long ones must be frequent to be worth the lines of the others.
    let short = |c: &Cell| Cell { word: if c.word > total * SHORT { 0.0 } else { c.word }, ..*c };
    let words: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().map(short).collect()).collect();
    let kept = rest * FOR_LINES;
    rest = fill(&mut widths, &words, rest - kept, divided) + kept;
    rest = fill(&mut widths, rows, rest, cost);
    grow(wishes, widths, rest.max(0.0))
}

/// Widens columns step by step as long as that makes rows cheaper, and returns the space that is left.
fn fill(widths: &mut [f64], rows: &[Vec<Cell>], mut rest: f64, cost: fn(&[Cell], &[f64]) -> f64) -> f64 {
    while let Some((at, width)) = best_step(widths, rows, rest, cost) {
        rest -= width - widths[at];
        widths[at] = width;
    }
    rest
}

/// The column and the width of it that save most for the space they take; `None` when no width saves anything.
fn best_step(widths: &[f64], rows: &[Vec<Cell>], rest: f64, cost: fn(&[Cell], &[f64]) -> f64) -> Option<(usize, f64)> {
    let now: f64 = rows.iter().map(|row| cost(row, widths)).sum();
    let mut best: Option<(usize, f64, f64)> = None;
    let mut tried = widths.to_vec();
    for (at, width) in widths.iter().enumerate() {
        for trial in trials(at, *width, rows).into_iter().filter(|t| t - width <= rest) {
            tried[at] = trial;
            let saved = now - rows.iter().map(|row| cost(row, &tried)).sum::<f64>();
            let rate = saved / (trial - width);
            if saved > 1e-6 && best.is_none_or(|(_, _, known)| rate > known) {
                best = Some((at, trial, rate));
            }
        }
        tried[at] = *width;
    }
    best.map(|(at, width, _)| (at, width))
}

/// Widths of a column at which one of its cells needs a line less or a word stays whole.
fn trials(at: usize, width: f64, rows: &[Vec<Cell>]) -> Vec<f64> {
    let cells = rows.iter().filter_map(|row| row.get(at));
    let mut all: Vec<f64> = cells
        .flat_map(|c| [c.word, c.line, c.line * SLACK / 2.0, c.line * SLACK / 3.0, c.line * SLACK / 4.0])
        .filter(|t| *t > width + 0.5)
        .map(f64::ceil)
        .collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    let step = all.len().div_ceil(TRIALS).max(1);
    all.into_iter().step_by(step).collect()
}

/// Lines are not filled to their end; a text of two full lines needs a little more than half its width.
const SLACK: f64 = 1.1;

/// How high a row is, and how ugly.
fn cost(row: &[Cell], widths: &[f64]) -> f64 {
    let (mut highest, mut all) = (0.0_f64, 0.0);
    for (cell, width) in row.iter().zip(widths) {
        let lines = if cell.line <= *width { 1.0 } else { (cell.line * SLACK / width).ceil().max(2.0) };
        highest = highest.max(lines);
        all += lines;
    }
    highest + OTHERS * all + DIVIDED * divided(row, widths)
}

/// How many cells of a row have a word that is wider than its column.
fn divided(row: &[Cell], widths: &[f64]) -> f64 {
    let cells = row.iter().zip(widths).filter(|(cell, width)| cell.word > **width).count();
    super::piece::f64_of(cells as u64)
}

/// Gives what is left to the heaviest column of text, so that short columns stay together and tables of one kind look
/// alike.
fn grow(wishes: &[Wish], widths: Vec<f64>, surplus: f64) -> Vec<f64> {
    let heaviest = wishes.iter().filter(|w| w.grows).map(weight).fold(0.0, f64::max);
    let part = |w: &Wish| {
        if heaviest == 0.0 {
            weight(w)
        } else if w.grows && weight(w) >= heaviest {
            1.0
        } else {
            0.0
        }
    };
    let parts: f64 = wishes.iter().map(part).sum();
    widths.into_iter().zip(wishes).map(|(width, w)| width + surplus * part(w) / parts).collect()
}

/// A weight that can be reckoned with.
fn weight(w: &Wish) -> f64 {
    if w.weight.is_finite() && w.weight > 0.0 { w.weight } else { 1.0 }
}

/// Gives every column the same least width as far as it wants it.
fn level(least: &[f64], total: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..least.len()).collect();
    order.sort_by(|a, b| least[*a].total_cmp(&least[*b]));
    let mut widths = vec![0.0; least.len()];
    let (mut rest, mut open) = (total, super::piece::f64_of(least.len() as u64));
    for at in order {
        widths[at] = least[at].max(1.0).min(rest / open);
        rest -= widths[at];
        open -= 1.0;
    }
    stretch(widths, total)
}

/// Makes widths add up to `total`.
fn stretch(mut widths: Vec<f64>, total: f64) -> Vec<f64> {
    let sum: f64 = widths.iter().sum();
    if sum > 0.0 {
        for width in &mut widths {
            *width *= total / sum;
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A wish.
    const fn wish(weight: f64, least: f64, most: f64) -> Wish {
        Wish { weight, least, most, grows: true }
    }

    /// A cell.
    const fn cell(word: f64, line: f64) -> Cell {
        Cell { word, line }
    }

    #[test]
    fn what_fits_keeps_its_width_and_the_heaviest_text_takes_the_rest() {
        let number = Wish { grows: false, ..wish(9.0, 10.0, 40.0) };
        let widths = divide(&[wish(1.0, 10.0, 50.0), number, wish(2.0, 10.0, 60.0)], &[], 400.0);
        assert_eq!(widths, [50.0, 40.0, 310.0]);
    }

    #[test]
    fn words_stay_whole_where_there_is_room() {
        let rows = vec![vec![cell(150.0, 150.0), cell(30.0, 900.0)]; 5];
        let widths = divide(&[wish(1.0, 10.0, 150.0), wish(3.0, 10.0, 900.0)], &rows, 400.0);
        assert!(widths[0] >= 150.0, "{widths:?}");
    }

    #[test]
    fn a_short_column_takes_no_more_than_it_needs() {
        let rows = vec![vec![cell(20.0, 20.0), cell(30.0, 500.0)]; 5];
        let widths = divide(&[wish(1.0, 10.0, 20.0), wish(1.1, 10.0, 500.0)], &rows, 400.0);
        assert_eq!(widths, [20.0, 380.0]);
    }

    #[test]
    fn one_long_cell_does_not_cost_every_other_row_a_line() {
        let wishes = [wish(1.0, 10.0, 300.0), wish(1.0, 10.0, 150.0)];
        let mut rows = vec![vec![cell(40.0, 40.0), cell(150.0, 150.0)]; 30];
        rows.push(vec![cell(300.0, 300.0), cell(150.0, 150.0)]);
        let widths = divide(&wishes, &rows, 240.0);
        assert!(widths[1] >= 150.0, "{widths:?}");
    }

    #[test]
    fn heads_keep_their_width() {
        let rows = vec![vec![cell(10.0, 10.0), cell(30.0, 2000.0)]; 9];
        let widths = divide(&[wish(0.1, 50.0, 50.0), wish(9.0, 10.0, 2000.0)], &rows, 400.0);
        assert_eq!(widths, [50.0, 350.0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn widths_are_positive_and_add_up(
            wishes in prop::collection::vec((0.0_f64..5.0, 0.0_f64..900.0, 0.0_f64..2000.0, any::<bool>()), 1..14),
            rows in prop::collection::vec(prop::collection::vec((0.0_f64..900.0, 0.0_f64..2000.0), 14), 0..8),
        ) {
            let wishes: Vec<_> =
                wishes.iter().map(|(w, l, m, grows)| Wish { grows: *grows, ..wish(*w, *l, l + m) }).collect();
            let rows: Vec<Vec<_>> = rows.iter().map(|r| r.iter().map(|(w, l)| cell(*w, w + l)).collect()).collect();
            let widths = divide(&wishes, &rows, 480.0);
            prop_assert_eq!(widths.len(), wishes.len());
            prop_assert!(widths.iter().all(|w| *w >= 0.0));
            prop_assert!((widths.iter().sum::<f64>() - 480.0).abs() < 0.001);
        }
    }
}
