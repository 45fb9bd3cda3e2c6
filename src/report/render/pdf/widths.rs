//! Column widths: the template's weights, bent so that words stay whole where there is room.

/// What a column would like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Wish {
    /// Share relative to the others.
    pub(super) weight: f64,
    /// Width of its longest word.
    pub(super) least: f64,
    /// Width of its longest cell on one line.
    pub(super) most: f64,
    /// Whether space that nobody needs looks well in it: text, not numbers.
    pub(super) grows: bool,
}

/// Share of its width by weight that a column keeps; the rest goes where it saves lines.
const BY_WEIGHT: f64 = 0.6;
/// Space is handed out in steps of so many points.
const STEP: f64 = 4.0;

/// Divides `total` among the columns, given the widths of the cells of some rows on one line. The widths are positive
/// and add up to `total`.
pub(super) fn divide(wishes: &[Wish], rows: &[Vec<f64>], total: f64) -> Vec<f64> {
    // One column's long hash may not take the words of all others apart.
    let cap = total * 0.4;
    let least: Vec<f64> = wishes.iter().map(|w| w.least.min(cap)).collect();
    if least.iter().sum::<f64>() > total {
        return level(&least, total);
    }
    let most: f64 = wishes.iter().map(|w| w.most).sum();
    if most <= total {
        return grow(wishes, total - most);
    }
    let fair = by_weight(wishes, &least, total);
    let mut widths: Vec<f64> = fair.iter().zip(&least).map(|(f, l)| l.max(f * BY_WEIGHT)).collect();
    let mut rest = total - widths.iter().sum::<f64>();
    while rest > 0.0 {
        let gains = gains(&widths, rows);
        let best = (0..widths.len())
            .filter(|c| gains[*c] > 0.0 && widths[*c] < wishes[*c].most)
            .max_by(|a, b| gains[*a].total_cmp(&gains[*b]).then(b.cmp(a)));
        let Some(best) = best else { break };
        let step = STEP.min(rest).min((wishes[best].most - widths[best]).max(0.01));
        widths[best] += step;
        rest -= step;
    }
    // What saves no more lines goes back to the weights.
    let back: f64 = fair.iter().zip(&widths).map(|(f, w)| (f - w).max(0.0)).sum();
    if back > 0.0 && rest > 0.0 {
        for (width, fair) in widths.iter_mut().zip(&fair) {
            *width += rest * (fair - *width).max(0.0) / back;
        }
    }
    stretch(widths, total)
}

/// How much shorter a little more width of each column would make the rows: a row is as high as its fullest cell.
fn gains(widths: &[f64], rows: &[Vec<f64>]) -> Vec<f64> {
    let mut gains = vec![0.0; widths.len()];
    for row in rows {
        let fullest = row.iter().zip(widths).map(|(cell, width)| cell / width).enumerate();
        if let Some((at, lines)) = fullest.max_by(|a, b| a.1.total_cmp(&b.1))
            && lines > 1.0
        {
            gains[at] += lines / widths[at];
        }
    }
    gains
}

/// Every column as wide as its longest cell, and the surplus to the heaviest column of text, so that short columns
/// stay together and tables of one kind look alike.
fn grow(wishes: &[Wish], surplus: f64) -> Vec<f64> {
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
    wishes.iter().map(|w| w.most + surplus * part(w) / parts).collect()
}

/// A weight that can be reckoned with.
fn weight(w: &Wish) -> f64 {
    if w.weight.is_finite() && w.weight > 0.0 { w.weight } else { 1.0 }
}

/// Widths by weight, none below its least and, as far as that leaves no space over, none above its most.
fn by_weight(wishes: &[Wish], least: &[f64], total: f64) -> Vec<f64> {
    let mut fixed: Vec<Option<f64>> = vec![None; wishes.len()];
    loop {
        let open: f64 = wishes.iter().zip(&fixed).filter(|(_, f)| f.is_none()).map(|(w, _)| weight(w)).sum();
        let rest = total - fixed.iter().flatten().sum::<f64>();
        let share = |w: &Wish| rest * weight(w) / open;
        // Positive when the columns below their least are short of more than the ones above their most can give.
        let mut short = 0.0;
        for ((w, f), l) in wishes.iter().zip(&fixed).zip(least) {
            if f.is_none() {
                short += share(w).clamp(*l, w.most.max(*l)) - share(w);
            }
        }
        let before = fixed.clone();
        for ((w, f), l) in wishes.iter().zip(&mut fixed).zip(least) {
            let wanted = share(w);
            let m = w.most.max(*l);
            if f.is_none() && wanted < *l && short >= 0.0 {
                *f = Some(*l);
            } else if f.is_none() && wanted > m && short <= 0.0 {
                *f = Some(m);
            }
        }
        if fixed == before || fixed.iter().all(Option::is_some) {
            let widths: Vec<f64> = wishes.iter().zip(&fixed).map(|(w, f)| f.unwrap_or_else(|| share(w))).collect();
            return stretch(widths, total);
        }
    }
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

    #[test]
    fn weights_rule_where_nothing_else_does() {
        let widths = divide(&[wish(1.0, 10.0, 500.0), wish(3.0, 10.0, 500.0)], &[], 400.0);
        assert_eq!(widths, [100.0, 300.0]);
    }

    #[test]
    fn a_long_word_widens_its_column() {
        let widths = divide(&[wish(1.0, 150.0, 500.0), wish(3.0, 10.0, 500.0)], &[], 400.0);
        assert_eq!(widths, [150.0, 250.0]);
    }

    #[test]
    fn a_short_column_gives_its_surplus_away() {
        let widths = divide(&[wish(1.0, 10.0, 20.0), wish(1.0, 10.0, 500.0)], &[], 400.0);
        assert_eq!(widths, [20.0, 380.0]);
    }

    #[test]
    fn what_fits_keeps_its_width_and_the_heaviest_text_takes_the_rest() {
        let number = Wish { grows: false, ..wish(9.0, 10.0, 40.0) };
        let widths = divide(&[wish(1.0, 10.0, 50.0), number, wish(2.0, 10.0, 60.0)], &[], 400.0);
        assert_eq!(widths, [50.0, 40.0, 310.0]);
    }

    #[test]
    fn one_long_cell_does_not_cost_every_other_row_a_line() {
        let wishes = [wish(1.0, 10.0, 300.0), wish(1.0, 10.0, 150.0)];
        let mut rows = vec![vec![40.0, 150.0]; 30];
        rows.push(vec![300.0, 150.0]);
        let widths = divide(&wishes, &rows, 240.0);
        assert!(widths[1] >= 150.0, "{widths:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn widths_are_positive_and_add_up(
            wishes in prop::collection::vec((0.0_f64..5.0, 0.0_f64..900.0, 0.0_f64..2000.0, any::<bool>()), 1..14),
            rows in prop::collection::vec(prop::collection::vec(0.0_f64..2000.0, 14), 0..8),
        ) {
            let wishes: Vec<_> =
                wishes.iter().map(|(w, l, m, grows)| Wish { grows: *grows, ..wish(*w, *l, l + m) }).collect();
            let rows: Vec<_> = rows.into_iter().map(|mut r| { r.truncate(wishes.len()); r }).collect();
            let widths = divide(&wishes, &rows, 480.0);
            prop_assert_eq!(widths.len(), wishes.len());
            prop_assert!(widths.iter().all(|w| *w >= 0.0));
            prop_assert!((widths.iter().sum::<f64>() - 480.0).abs() < 0.001);
        }
    }
}
