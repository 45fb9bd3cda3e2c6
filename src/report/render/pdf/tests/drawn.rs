//! Tests of marks and facts: what is drawn, and how many lines it takes.

use std::collections::BTreeSet;

use super::{
    super::{Fonts, piece::Item, sample},
    assert_inside, laid_out, page, said,
};
use crate::{
    model::{outcome::Bar, verdict::Verdict},
    report::document::{Back, Block, ChartBlock, ChartStyle, SectionKind, plain},
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

#[test]
fn every_page_leads_back_to_the_summary_and_none_is_for_that_alone() {
    let fonts = Fonts::embedded();
    let section = |id: &str, kind| sample::section(id, id, kind, vec![Block::Paragraph(plain("Words."))]);
    let mut doc = sample::document(vec![
        section("summary", SectionKind::Page),
        section("access", SectionKind::Page),
        section("below", SectionKind::Flow),
        section("manifest", SectionKind::Page),
    ]);
    doc.back = Some(Back { to: "summary".to_owned(), text: "Back to the summary".to_owned() });
    let layout = laid_out(&doc, &fonts);
    assert_inside(&layout);
    let links: Vec<usize> =
        layout.pages.iter().map(|p| p.items.iter().filter(|i| matches!(i, Item::Link { .. })).count()).collect();
    assert_eq!(links, [0, 0, 1, 1], "cover, summary, two pages");
    assert_eq!(said(&layout).iter().filter(|text| text.contains("Back to the summary")).count(), 2);
}
