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
}

/// Divides `total` among the columns. The widths are positive and add up to `total`.
pub(super) fn divide(wishes: &[Wish], total: f64) -> Vec<f64> {
    let weight = |w: &Wish| if w.weight.is_finite() && w.weight > 0.0 { w.weight } else { 1.0 };
    let weights: f64 = wishes.iter().map(weight).sum();
    // One column's long hash may not take the words of all others apart.
    let cap = total * 0.4;
    let least: Vec<f64> = wishes.iter().map(|w| w.least.min(cap)).collect();
    if least.iter().sum::<f64>() > total {
        return level(&least, total);
    }
    let most: f64 = wishes.iter().map(|w| w.most).sum();
    if most <= total {
        return wishes.iter().map(|w| w.most + (total - most) * weight(w) / weights).collect();
    }
    let mut fixed: Vec<Option<f64>> = vec![None; wishes.len()];
    loop {
        let open: f64 = wishes.iter().zip(&fixed).filter(|(_, f)| f.is_none()).map(|(w, _)| weight(w)).sum();
        let rest = total - fixed.iter().flatten().sum::<f64>();
        let share = |w: &Wish| rest * weight(w) / open;
        // Positive when the columns below their least are short of more than the ones above their most can give.
        let mut short = 0.0;
        for ((w, f), l) in wishes.iter().zip(&fixed).zip(&least) {
            if f.is_none() {
                short += share(w).clamp(*l, w.most.max(*l)) - share(w);
            }
        }
        let before = fixed.clone();
        for ((w, f), l) in wishes.iter().zip(&mut fixed).zip(&least) {
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
        Wish { weight, least, most }
    }

    #[test]
    fn weights_rule_where_every_word_fits() {
        let widths = divide(&[wish(1.0, 10.0, 500.0), wish(3.0, 10.0, 500.0)], 400.0);
        assert_eq!(widths, [100.0, 300.0]);
    }

    #[test]
    fn a_long_word_widens_its_column() {
        let widths = divide(&[wish(1.0, 150.0, 500.0), wish(3.0, 10.0, 500.0)], 400.0);
        assert_eq!(widths, [150.0, 250.0]);
    }

    #[test]
    fn a_short_column_gives_its_surplus_away() {
        let widths = divide(&[wish(1.0, 10.0, 20.0), wish(1.0, 10.0, 500.0)], 400.0);
        assert_eq!(widths, [20.0, 380.0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn widths_are_positive_and_add_up(
            wishes in prop::collection::vec((0.0_f64..5.0, 0.0_f64..900.0, 0.0_f64..2000.0), 1..14)
        ) {
            let wishes: Vec<_> = wishes.iter().map(|(w, l, m)| wish(*w, *l, l + m)).collect();
            let widths = divide(&wishes, 480.0);
            prop_assert_eq!(widths.len(), wishes.len());
            prop_assert!(widths.iter().all(|w| *w >= 0.0));
            prop_assert!((widths.iter().sum::<f64>() - 480.0).abs() < 0.001);
        }
    }
}
