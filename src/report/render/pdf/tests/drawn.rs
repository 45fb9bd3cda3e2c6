//! Tests of marks and facts: what is drawn, and how many lines it takes.

use std::collections::BTreeSet;

use super::{
    super::{Fonts, piece::Item, sample},
    assert_inside, laid_out, page, said,
};
use crate::{
    model::{outcome::Bar, verdict::Verdict},
    report::document::{Block, ChartBlock, ChartStyle, plain},
};

#[test]
fn a_mark_is_drawn_for_each_subject_and_bars_where_there_are_too_many() {
    let marks = |n: u64| {
        let fonts = Fonts::embedded();
        let mut chart = sample::paths();
        chart.legend = vec![("can act".to_owned(), Verdict::Pass), ("cannot act".to_owned(), Verdict::Fail)];
        chart.bars =
            vec![Bar { label: "yes".to_owned(), parts: vec![n, 0] }, Bar { label: "no".to_owned(), parts: vec![0, 2] }];
        let doc = page(vec![Block::Charts(vec![ChartBlock { chart, style: ChartStyle::Dots }])]);
        let layout = laid_out(&doc, &fonts);
        assert_inside(&layout);
        let text = said(&layout).remove(1);
        (text.matches('✓').count(), text.matches('●').count())
    };
    assert_eq!(marks(5), (5, 2));
    assert_eq!(marks(98), (98, 2), "they go on in the next line");
    assert_eq!(marks(99), (0, 0));
}

#[test]
fn many_short_facts_stand_two_to_a_row_and_long_ones_do_not() {
    let height = |facts: &[(&str, &str)]| {
        let facts = facts.iter().map(|(label, value)| ((*label).to_owned(), plain(*value))).collect();
        let fonts = Fonts::embedded();
        let layout = laid_out(&page(vec![Block::Facts(facts)]), &fonts);
        assert_inside(&layout);
        let lines: BTreeSet<u32> = layout.pages[1]
            .items
            .iter()
            .filter_map(|item| if let Item::Text { y, .. } = item { Some(y.to_bits()) } else { None })
            .collect();
        // Without head, foot and title.
        lines.len() - 3
    };
    let short = [("Seats", "85"), ("Price", "50.00"), ("Bought", "75"), ("Over", "10"), ("Year", "51000.00")];
    assert_eq!(height(&short), 5, "few are read from top to bottom");
    let six = [&short[..], &[("Renewal", "2026-11-01")]].concat();
    assert_eq!(height(&six), 3);
    let long =
        [&short[..], &[("Why", "a sentence that is much longer than half of a page is wide, and then some")]].concat();
    assert_eq!(height(&long), 6);
}
