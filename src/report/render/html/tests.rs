//! Tests of whole pages: what a browser would find in them, and that no text becomes markup.

use base64ct::{Base64, Encoding as _};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::{SCRIPT, STYLE, render};
use crate::{
    model::verdict::Verdict,
    report::{
        build,
        document::{Align, Block, Column, Document, Paper, Section, SectionKind, Span, Table, Tile, mono, plain},
        render::pdf::sample,
        template,
        testing::{self, Sample},
    },
};

/// The page of a document.
fn page(document: &Document) -> String {
    String::from_utf8(render(document).unwrap()).unwrap()
}

/// The page of the sample organization's report.
fn report() -> String {
    page(&build::build(&Sample::new().input(), &template::load("access-review", None).unwrap()))
}

#[test]
fn a_link_that_a_page_number_follows_stands_once() {
    let mut document = build::build(&Sample::new().input(), &template::load("access-review", None).unwrap());
    document.sections.retain(|s| ["controls", "access"].contains(&s.id.as_str()));
    let page = page(&document);
    let cell = page.lines().find(|l| l.contains("<strong>5.1</strong>")).unwrap();
    assert_eq!(cell.matches("href=\"#access\"").count(), 1, "{cell}");
    assert!(!cell.contains("page") && !cell.contains("see"), "a screen has no pages: {cell}");
}

#[test]
fn a_mark_stands_for_each_owner() {
    let mut sample = Sample::new();
    let chart = crate::model::outcome::Chart { id: "owner-states", ..sample.outcomes[0].charts[0].clone() };
    sample.outcomes[1].charts.push(chart);
    let page = page(&build::build(&sample.input(), &template::load("access-review", None).unwrap()));
    assert_eq!(page.matches("class=\"m mark-pass\"").count(), 3, "1 and 2 members");
}

/// A tag as its name and its attributes, in order.
type Tag = (String, Vec<(String, String)>);

/// The tags of a page, read as strictly as the page is written: what is not a tag is text.
fn tags(page: &str) -> Vec<Tag> {
    let mut out = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '/' && !rest.starts_with('/'));
        let name = rest[..end.unwrap()].to_owned();
        rest = &rest[name.len()..];
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start().trim_start_matches('/');
            if let Some(after) = rest.strip_prefix('>') {
                rest = after;
                break;
            }
            let end = rest.find(['=', '>', ' ']).unwrap();
            let key = rest[..end].to_owned();
            rest = &rest[end..];
            let mut value = String::new();
            if let Some(quoted) = rest.strip_prefix("=\"") {
                let end = quoted.find('"').unwrap();
                quoted[..end].clone_into(&mut value);
                rest = &quoted[end + 1..];
            }
            attributes.push((key, value));
        }
        // What stands in style and script is not markup.
        if name == "style" || name == "script" {
            rest = &rest[rest.find(&format!("</{name}>")).unwrap()..];
        }
        out.push((name, attributes));
    }
    out
}

/// The names of tags and attributes: what must not depend on any text.
fn skeleton(page: &str) -> Vec<(String, Vec<String>)> {
    let names = |(name, attributes): Tag| (name, attributes.into_iter().map(|(key, _)| key).collect());
    tags(page).into_iter().map(names).collect()
}

/// A document in which one text stands wherever the Hub could put it.
fn everywhere(text: &str) -> Document {
    let owned = || text.to_owned();
    let spans = || {
        vec![
            Span::Plain(owned()),
            Span::Strong(owned()),
            Span::Mono(owned()),
            Span::Link { to: "there".to_owned(), text: owned() },
            Span::Link { to: format!("no{text}"), text: owned() },
            Span::PageOf(format!("no{text}")),
        ]
    };
    let mut charts = sample::rich().sections.into_iter().flat_map(|s| s.blocks).find_map(|b| match b {
        Block::Charts(charts) => Some(charts),
        _ => None,
    });
    let charts = charts.as_mut().unwrap();
    charts[0].chart.alt = owned();
    charts[0].chart.title = owned();
    let tile = Tile { label: owned(), value: owned(), note: owned(), verdict: None, link: Some("there".to_owned()) };
    let column = Column { title: owned(), weight: 1.0, align: Align::Left };
    let blocks = vec![
        Block::Heading { level: 2, text: owned() },
        Block::Paragraph(spans()),
        Block::Note(spans()),
        Block::Bullets(vec![spans()]),
        Block::Facts(vec![(owned(), spans())]),
        Block::Badge(Verdict::Fail, spans()),
        Block::Tiles(vec![tile]),
        Block::Charts(charts.clone()),
        Block::Table(Table { columns: vec![column.clone()], rows: vec![vec![spans()]], empty: owned() }),
        Block::Table(Table { columns: vec![column], rows: Vec::new(), empty: owned() }),
        Block::SignOff(vec![vec![owned()]]),
        Block::Code(vec![owned()]),
    ];
    let section = Section { id: "there".to_owned(), title: owned(), kind: SectionKind::Page, blocks };
    let mut document = sample::document(vec![section]);
    document.org = owned();
    document.title = owned();
    document.classification = format!("c{text}");
    document.marks = vec![owned()];
    document
}

#[test]
fn a_small_page() {
    let table = Table {
        columns: [("Verdict", Align::Left), ("Member", Align::Left), ("Idle days", Align::Right)]
            .map(|(title, align)| Column { title: title.to_owned(), weight: 1.0, align })
            .to_vec(),
        rows: vec![
            vec![vec![Span::Verdict(Verdict::Fail)], plain("<b>ada</b>"), plain("120")],
            vec![vec![Span::Verdict(Verdict::Pass)], plain("שלום"), plain("")],
        ],
        empty: String::new(),
    };
    let blocks = vec![Block::Paragraph(mono("a\u{202e}b")), Block::Table(table)];
    let document = sample::document(vec![sample::section("rows", "Rows", SectionKind::Page, blocks)]);
    let page = page(&document).replace(STYLE, "").replace(SCRIPT, "");
    let page: Vec<&str> = page.lines().filter(|l| !l.contains("Content-Security-Policy")).collect();
    testing::snapshot("report-html", &page.join("\n"));
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    assert_eq!(report(), report());
    let mut document = sample::rich();
    let first = page(&document);
    document.paper = Paper::Letter;
    assert_ne!(first, page(&document));
}

#[test]
fn the_policy_allows_the_pages_own_style_and_script_and_nothing_else() {
    for page in [report(), page(&everywhere("x"))] {
        let all = tags(&page);
        let inside = |name: &str| {
            let (open, close) = (format!("<{name}>"), format!("</{name}>"));
            assert_eq!((page.matches(&open).count(), page.matches(&close).count()), (1, 1));
            page.split_once(&open).unwrap().1.split_once(&close).unwrap().0.to_owned()
        };
        let digest = |text: &str| Base64::encode_string(&Sha256::digest(text));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            digest(&inside("style")),
            digest(&inside("script")),
        );
        let shown = policy.replace('\'', "&#x27;").replace('/', "&#x2f;");
        let meta = all.iter().find(|(n, a)| n == "meta" && a.iter().any(|(k, _)| k == "http-equiv")).unwrap();
        assert_eq!(meta.1.iter().find(|(k, _)| k == "content").unwrap().1, shown);
        // Neither is allowed by the policy, so neither may be needed.
        assert!(all.iter().flat_map(|(_, a)| a).all(|(key, _)| key != "style" && !key.starts_with("on")));
    }
}

#[test]
fn nothing_is_fetched_and_links_stay_in_the_page() {
    for page in [report(), page(&sample::rich()), page(&everywhere("https://a.example/x.png"))] {
        for (name, attributes) in tags(&page) {
            for (key, value) in attributes {
                let fetches =
                    ["src", "srcset", "data", "action", "poster", "background", "ping"].contains(&key.as_str());
                assert!(!fetches, "{name} {key}={value}");
                assert!(!key.ends_with("href") || value.starts_with('#'), "{name} {key}={value}");
            }
            assert!(!["link", "img", "iframe", "object", "embed", "base", "form"].contains(&name.as_str()), "{name}");
        }
    }
    for ours in [STYLE, SCRIPT] {
        assert!(!ours.contains("://") && !ours.contains("</") && !ours.contains("@import"));
        assert!(ours.matches("url(").count() == ours.matches("url(#").count());
    }
}

#[test]
fn links_have_their_targets_and_every_id_is_there_once() {
    let page = report();
    let all = tags(&page);
    let values = |key: &str| -> Vec<String> {
        let found = all.iter().flat_map(|(_, a)| a).filter(|(k, _)| k == key);
        found.map(|(_, v)| v.clone()).collect()
    };
    let ids = values("id");
    assert!(ids.iter().all(|id| ids.iter().filter(|other| other == &id).count() == 1), "{ids:?}");
    for href in values("href") {
        assert!(ids.iter().any(|id| href[1..] == **id), "{href} leads nowhere");
    }
    assert!(values("aria-labelledby").iter().all(|id| ids.contains(id)));
}

#[test]
fn every_row_and_text_of_the_document_is_in_the_page() {
    let document = sample::rich();
    let page = page(&document);
    assert_eq!(page.matches("<tr><td").count(), 42 + 3 + 2);
    for name in ["Zoë Nguyễn", "さくら 田中", "<bdi>محمد عبد الله</bdi>", "bi\\u{202e}di", "nul\\u{0}tab\\tline\\nfeed"]
    {
        assert!(page.contains(name), "{name} is missing");
    }
}

#[test]
fn ten_thousand_rows_are_all_there() {
    let blocks = vec![Block::Table(sample::findings(10_000))];
    let page = page(&sample::document(vec![sample::section("many", "Many", SectionKind::Page, blocks)]));
    assert_eq!(page.matches("<tr><td").count(), 10_000);
    assert!(page.contains("data-count=\"{shown} of 10000 rows\"") && page.contains("class=\"table long\""));
}

#[test]
fn a_page_number_becomes_the_name_of_the_section() {
    let mut sample = Sample::new();
    sample.open_a_gap(crate::model::coverage::Source::Tokens);
    let page = page(&build::build(&sample.input(), &template::load("access-review", None).unwrap()));
    assert!(page.contains("roster, baseline, see <a href=\"#scope\">Scope, method and limits</a>"));
    assert!(!page.contains(", page") && !page.contains("see page"));
}

#[test]
fn markup_in_names_stays_text() {
    let plain = skeleton(&page(&everywhere("x")));
    for text in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onload='x",
        "</style>",
        "-->",
        "{{ 7 * 7 }}",
    ] {
        let page = page(&everywhere(text));
        assert_eq!(skeleton(&page), plain, "{text}");
        assert!(text != "{{ 7 * 7 }}" || page.contains(text));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_text_becomes_a_tag_or_an_attribute(text in r#"[<>"'&/=a-z{}%#! \u{0}-\u{1f}\PC]{1,24}"#) {
        let known = skeleton(&page(&everywhere("x")));
        // A text that runs from right to left stands apart from its neighbours; nothing else may differ.
        let isolated = |tags: Vec<(String, Vec<String>)>| -> Vec<_> {
            tags.into_iter().filter(|(name, _)| !name.ends_with("bdi")).collect()
        };
        prop_assert_eq!(isolated(skeleton(&page(&everywhere(&text)))), known);
    }
}
