//! Tests of whole files: what a reader finds in them, and that nothing leaves the page.

use std::{collections::BTreeSet, process::Command};

use lopdf::{Dictionary, Document as File, Object};
use proptest::prelude::*;

use super::{
    Fonts,
    flow::Layout,
    piece::{Item, Kid},
    render_with,
    sample::{self, column, document, section},
    style::MARGIN,
};
use crate::{
    model::verdict::Verdict,
    report::document::{Align, Block, Document, Paper, SectionKind, Span, Table, Tile, mono, plain},
};

mod drawn;
mod fonts;

/// A layout before it is encoded.
fn laid_out<'f>(doc: &Document, fonts: &'f Fonts) -> Layout<'f> {
    let mut layout = Layout::new(doc, fonts).unwrap();
    layout.document(doc);
    layout.margins(doc, &crate::report::words::Words::english());
    layout
}

/// What each page says, in drawing order, a space between runs.
fn said(layout: &Layout<'_>) -> Vec<String> {
    let text = |item: &Item| match item {
        Item::Text { words, .. } => words.iter().map(|w| &*layout.set.shaper.word(*w).text).collect::<String>() + " ",
        _ => String::new(),
    };
    layout.pages.iter().map(|p| p.items.iter().map(text).collect()).collect()
}

/// Fails where an item leaves the margins of its page.
fn assert_inside(layout: &Layout<'_>) {
    let (left, right) = (MARGIN - 0.5, layout.geometry.width - MARGIN + 1.5);
    let (top, bottom) = (MARGIN - 0.5, layout.geometry.height - MARGIN + 0.5);
    let inside = |x: f32, y: f32| (left..=right).contains(&f64::from(x)) && (top..=bottom).contains(&f64::from(y));
    for item in layout.pages.iter().flat_map(|p| &p.items) {
        let ok = match item {
            Item::Text { x, y, size, words, .. } => {
                let width: f64 = words.iter().map(|w| layout.set.points(*w, f64::from(*size))).sum();
                inside(*x, *y) && f64::from(*x) + width <= right
            }
            Item::Fill { points, .. } | Item::Stroke { points, .. } => points.iter().all(|(x, y)| inside(*x, *y)),
            Item::Link { x, y, w, .. } => inside(*x, *y) && inside(x + w, *y),
        };
        assert!(ok, "{item:?} leaves the page");
    }
}

/// A page of blocks after the cover.
fn page(blocks: Vec<Block>) -> Document {
    document(vec![section("page", "Page", SectionKind::Page, blocks)])
}

/// The file and its catalogue.
fn parsed(bytes: &[u8]) -> (File, Dictionary) {
    let file = File::load_mem(bytes).unwrap();
    let catalog = file.catalog().unwrap().clone();
    (file, catalog)
}

/// Follows a reference.
fn resolve<'o>(file: &'o File, object: &'o Object) -> &'o Object {
    file.dereference(object).unwrap().1
}

/// A dictionary's entry, followed.
fn entry<'o>(file: &'o File, dict: &'o Dictionary, key: &str) -> &'o Object {
    resolve(file, dict.get(key.as_bytes()).unwrap())
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let doc = sample::rich();
    let first = render_with(&doc, &Fonts::embedded()).unwrap();
    assert_eq!(first, render_with(&doc, &Fonts::embedded()).unwrap());
    let mut other = doc;
    other.org.push('x');
    assert_ne!(first.bytes, render_with(&other, &Fonts::embedded()).unwrap().bytes);
}

#[test]
fn nothing_leaves_the_page() {
    let fonts = Fonts::system();
    let mut doc = sample::rich();
    assert_inside(&laid_out(&doc, &fonts));
    doc.paper = Paper::Letter;
    assert_inside(&laid_out(&doc, &fonts));
}

#[test]
fn a_name_of_ten_thousand_letters_is_whole_wherever_it_stands() {
    let long = "n".repeat(10_000);
    let row = vec![plain("short"), plain(long.clone())];
    let table = Table {
        columns: vec![column("A", 1.0, Align::Left), column("B", 1.0, Align::Right)],
        rows: vec![row],
        empty: String::new(),
    };
    let tile = Tile { label: "l".into(), value: long.clone(), note: String::new(), verdict: None, link: None };
    let blocks = [
        Block::Heading { level: 2, text: long.clone() },
        Block::Paragraph(plain(long.clone())),
        Block::Bullets(vec![plain(long.clone())]),
        Block::Facts(vec![(long.clone(), plain("v"))]),
        Block::Badge(Verdict::Fail, plain(long.clone())),
        Block::Tiles(vec![tile]),
        Block::Table(table),
        Block::SignOff(vec![vec![long.clone()]]),
        Block::Code(vec![long]),
    ];
    let fonts = Fonts::embedded();
    for block in blocks {
        let kind = format!("{block:?}").chars().take(12).collect::<String>();
        let layout = laid_out(&page(vec![block]), &fonts);
        assert_inside(&layout);
        let letters = said(&layout).concat().matches('n').count();
        // Head, foot and heads of tables have an n too.
        assert!(letters >= 10_000, "{kind}: {letters}");
        assert!(letters <= 10_000 + 40 * layout.pages.len(), "{kind}: {letters}");
    }
}

#[test]
fn a_table_repeats_its_head_and_keeps_every_row_whole() {
    let fonts = Fonts::embedded();
    let layout = laid_out(&page(vec![Block::Table(sample::findings(300))]), &fonts);
    let pages = said(&layout);
    assert!(pages.len() > 10);
    let mut rows = BTreeSet::new();
    for text in &pages[1..] {
        assert_eq!(text.matches("Last active").count(), 1, "{text}");
        rows.extend(text.match_indices("member-").map(|(at, _)| text[at..at + 12].to_owned()));
        // The reason ends on the page where its subject stands.
        assert_eq!(text.matches("member-").count(), text.matches("snapshot;").count());
    }
    assert_eq!(rows.len(), 300);
}

#[test]
fn an_empty_table_says_why() {
    let fonts = Fonts::embedded();
    let layout = laid_out(&page(vec![Block::Table(sample::findings(0))]), &fonts);
    assert!(said(&layout)[1].contains("No member was inactive for 90 days or more."));
}

#[test]
fn no_heading_stands_alone_at_a_foot() {
    let fonts = Fonts::embedded();
    for lines in 0..60 {
        let mut blocks = vec![Block::Note(plain("filler")); lines];
        blocks.push(Block::Heading { level: 2, text: "Lonely?".to_owned() });
        blocks.push(Block::Paragraph(plain("These rows need a decision.")));
        blocks.push(Block::Table(sample::findings(3)));
        let layout = laid_out(&page(blocks), &fonts);
        let with_heading = said(&layout).into_iter().find(|t| t.contains("Lonely?")).unwrap();
        assert!(with_heading.contains("Verdict") && with_heading.contains("member-00000"), "after {lines} lines");
    }
}

#[test]
fn page_numbers_and_links_lead_to_the_section() {
    let to = |id: &str| Block::Paragraph(vec![Span::Plain("see p. ".to_owned()), Span::PageOf(id.to_owned())]);
    let mut sections = vec![section("first", "First", SectionKind::Page, vec![to("last"), to("nowhere")])];
    sections.push(section("rows", "Rows", SectionKind::Page, vec![Block::Table(sample::findings(200))]));
    sections.push(section(
        "last",
        "Last",
        SectionKind::Page,
        vec![Block::Heading { level: 2, text: "End".to_owned() }],
    ));
    let rendered = render_with(&document(sections), &Fonts::embedded()).unwrap();
    assert!(rendered.pages > 9, "the number has two digits");
    let (file, catalog) = parsed(&rendered.bytes);
    let pages = file.get_pages();
    let target = file.get_dictionary(pages[&2]).unwrap();
    let links = target.get(b"Annots").unwrap().as_array().unwrap();
    assert_eq!(links.len(), 1, "the section that does not exist has no link");
    let action = entry(&file, resolve(&file, &links[0]).as_dict().unwrap(), "A").as_dict().unwrap();
    let page = action.get(b"D").unwrap().as_array().unwrap()[0].as_reference().unwrap();
    let last = u32::try_from(rendered.pages).unwrap();
    assert_eq!(page, pages[&last]);
    let text = file.extract_text(&[2]).unwrap().replace('\n', "");
    assert!(text.contains(&format!("see p. {last}")), "{text}");
    assert!(text.contains("see p. –"), "{text}");

    let outline = entry(&file, &catalog, "Outlines").as_dict().unwrap();
    let last = entry(&file, outline, "Last").as_dict().unwrap();
    assert_eq!(entry(&file, last, "Title").as_str().unwrap(), b"Last");
    let inner = entry(&file, last, "First").as_dict().unwrap();
    assert_eq!(entry(&file, inner, "Title").as_str().unwrap(), b"End");
    assert_eq!(outline.get(b"Count").unwrap().as_i64().unwrap(), 4);
}

#[test]
fn a_page_number_stays_on_the_line_of_its_word() {
    let fonts = Fonts::embedded();
    let doc = page(Vec::new());
    let mut layout = Layout::new(&doc, &fonts).unwrap();
    let text = [Span::Plain("see the table on page ".to_owned()), Span::PageOf("page".to_owned())];
    for width in 40..160 {
        let lines = layout.set.lines(&text, super::style::BODY, f64::from(width));
        let last = lines.last().unwrap().frags.iter().flat_map(|f| &f.words);
        let last: String = last.map(|w| &*layout.set.shaper.word(*w).text).collect();
        assert!(last.ends_with("page 8"), "{last:?} at {width}");
    }
}

#[test]
fn logins_and_options_stay_whole_as_long_as_a_line_holds_them() {
    let fonts = Fonts::embedded();
    let mut layout = Layout::new(&page(Vec::new()), &fonts).unwrap();
    for width in 70..200 {
        let lines = layout.set.plain_lines("ask ci-release-bot with --all-gated", super::style::BODY, f64::from(width));
        let words = |l: &super::set::Line| l.frags.iter().flat_map(|f| f.words.clone()).collect::<Vec<_>>();
        for line in lines {
            let text: String = words(&line).iter().map(|w| &*layout.set.shaper.word(*w).text).collect();
            assert!(!text.trim_end().ends_with('-'), "{text:?} at {width}");
        }
    }
}

#[test]
fn a_character_without_a_font_is_printed_by_its_number() {
    let rendered = render_with(&page(vec![Block::Paragraph(plain("李 = x"))]), &Fonts::embedded()).unwrap();
    let (file, _) = parsed(&rendered.bytes);
    assert!(file.extract_text(&[2]).unwrap().contains(r"\u{674e}"));
    assert_eq!(rendered.warnings.len(), 1, "{:?}", rendered.warnings);
    assert!(rendered.warnings[0].contains(r"\u{674e}"));
    let quiet =
        render_with(&page(vec![Block::Paragraph(plain("Zoë Nguyễn, Смирнов, Ελένη"))]), &Fonts::embedded()).unwrap();
    assert_eq!(quiet.warnings, Vec::<String>::new());
}

#[test]
fn the_only_date_is_the_snapshots() {
    let rendered = render_with(&page(Vec::new()), &Fonts::embedded()).unwrap();
    let (file, catalog) = parsed(&rendered.bytes);
    let info = entry(&file, &file.trailer, "Info").as_dict().unwrap();
    assert_eq!(info.get(b"CreationDate").unwrap().as_str().unwrap(), b"D:20261001060000Z");
    assert_eq!(info.get(b"Author").unwrap().as_str().unwrap(), b"rollcall");
    assert_eq!(catalog.get(b"Lang").unwrap().as_str().unwrap(), b"en");
    let xmp = &entry(&file, &catalog, "Metadata").as_stream().unwrap().content;
    let xmp = String::from_utf8_lossy(xmp);
    assert!(xmp.contains("<xmp:CreateDate>2026-10-01T06:00:00Z<"), "{xmp}");
    assert!(!xmp.contains("pdfuaid") && !xmp.contains("pdfaid"), "no validator has confirmed a conformance: {xmp}");
    assert!(!xmp.contains("1970"));
}

#[test]
fn every_marked_content_has_its_place_in_the_structure() {
    let rendered = render_with(&sample::rich(), &Fonts::embedded()).unwrap();
    let (file, catalog) = parsed(&rendered.bytes);
    let root = entry(&file, &catalog, "StructTreeRoot").as_dict().unwrap();
    let numbers = entry(&file, root, "ParentTree").as_dict().unwrap().get(b"Nums").unwrap().as_array().unwrap();
    let mut roles = BTreeSet::new();
    for (number, page) in file.get_pages() {
        let owners = resolve(&file, &numbers[usize::try_from(number - 1).unwrap() * 2 + 1]).as_array().unwrap();
        let content = file.get_and_decode_page_content(page).unwrap();
        let marked = content
            .operations
            .iter()
            .filter(|o| o.operator == "BDC" && o.operands[1].as_dict().is_ok_and(|d| d.has(b"MCID")));
        assert_eq!(marked.count(), owners.len(), "page {number}");
        for owner in owners {
            let role = entry(&file, resolve(&file, owner).as_dict().unwrap(), "S").as_name().unwrap();
            roles.insert(String::from_utf8_lossy(role).into_owned());
        }
    }
    for role in ["H1", "H2", "P", "Lbl", "LBody", "TH", "TD", "Figure", "Link"] {
        assert!(roles.contains(role), "{role} in {roles:?}");
    }
}

#[test]
fn every_cell_of_a_long_table_is_a_cell() {
    let fonts = Fonts::embedded();
    let layout = laid_out(&page(vec![Block::Table(sample::findings(3000))]), &fonts);
    let nodes = &layout.set.tree.nodes;
    let rows = nodes.iter().filter(|n| n.role == "TR" && n.kids.len() == 8).count();
    assert_eq!(rows, 3001);
    assert_eq!(nodes.iter().filter(|n| n.role == "TD" && nodes[n.parent as usize].role == "TR").count(), 8 * 3000 + 7);
}

/// The structure's elements of a role.
fn elements(file: &File, role: &str) -> Vec<Dictionary> {
    let all = file.objects.values().filter_map(|o| o.as_dict().ok());
    all.filter(|d| d.get(b"S").and_then(Object::as_name).is_ok_and(|s| s == role.as_bytes()) && d.has(b"P"))
        .cloned()
        .collect()
}

#[test]
fn a_picture_says_what_it_shows_and_where() {
    let rendered = render_with(&sample::rich(), &Fonts::embedded()).unwrap();
    let (file, _) = parsed(&rendered.bytes);
    let figures = elements(&file, "Figure");
    assert_eq!(figures.len(), 7);
    for figure in figures {
        assert!(figure.has(b"Alt"));
        let bounds = entry(&file, &figure, "A").as_dict().unwrap().get(b"BBox").unwrap().as_array().unwrap();
        let [left, bottom, right, top] = [0, 1, 2, 3].map(|n| f64::from(bounds[n].as_float().unwrap()));
        assert!(MARGIN - 0.5 <= left && left + 100.0 < right && right < 596.0 - MARGIN, "{bounds:?}");
        assert!(MARGIN < bottom && bottom + 30.0 < top && top < 842.0 - MARGIN, "{bounds:?}");
    }
    // What became a table is no picture, and is read as a table.
    for table in elements(&file, "Div") {
        assert!(!table.has(b"Alt") && table.get(b"K").unwrap().as_array().unwrap().len() == 2, "{table:?}");
    }
}

#[test]
fn lists_say_how_they_are_numbered() {
    let list = || vec![plain("one"), plain("two")];
    let rendered =
        render_with(&page(vec![Block::Bullets(list()), Block::Numbered(list())]), &Fonts::embedded()).unwrap();
    let (file, _) = parsed(&rendered.bytes);
    let numbering = |l: Dictionary| {
        entry(&file, &l, "A").as_dict().unwrap().get(b"ListNumbering").unwrap().as_name().unwrap().to_vec()
    };
    let found: Vec<_> = elements(&file, "L").into_iter().map(numbering).collect();
    assert_eq!(found, [b"Disc".to_vec(), b"Decimal".to_vec()]);
}

#[test]
fn no_level_of_headings_is_left_out() {
    let heading = |level| Block::Heading { level, text: "h".to_owned() };
    let section = |levels: [u8; 3]| section("s", "S", SectionKind::Page, levels.map(heading).into());
    let fonts = Fonts::embedded();
    let layout = laid_out(&document(vec![section([3, 3, 2]), section([2, 3, 2])]), &fonts);
    let heads: Vec<_> = layout.set.tree.nodes.iter().map(|n| n.role).filter(|r| r.starts_with('H')).collect();
    assert_eq!(heads, ["H1", "H1", "H2", "H2", "H2", "H1", "H2", "H3", "H2"]);
}

#[test]
fn a_row_has_a_cell_in_every_column() {
    let columns = vec![column("A", 1.0, Align::Left), column("B", 1.0, Align::Left)];
    let rows = vec![vec![plain("only")], vec![plain("a"), plain("b")]];
    let fonts = Fonts::embedded();
    let layout = laid_out(&page(vec![Block::Table(Table { columns, rows, empty: String::new() })]), &fonts);
    let rows = layout.set.tree.nodes.iter().filter(|n| n.role == "TR").map(|n| n.kids.len());
    assert!(rows.clone().count() > 3 && rows.clone().all(|cells| cells == 2), "{:?}", rows.collect::<Vec<_>>());
}

#[test]
fn a_link_is_read_where_it_stands() {
    let text = vec![
        Span::Plain("before ".to_owned()),
        Span::Link { to: "page".to_owned(), text: "link".to_owned() },
        Span::Plain(" after".to_owned()),
    ];
    let fonts = Fonts::embedded();
    let mut layout = laid_out(&page(vec![Block::Paragraph(text)]), &fonts);
    super::engine::encode(&mut layout).unwrap();
    let nodes = &layout.set.tree.nodes;
    let link = nodes.iter().position(|n| n.role == "Link").unwrap();
    let around = &nodes[nodes[link].parent as usize].kids;
    assert!(matches!(around[..], [Kid::Content(..), Kid::Node(_), Kid::Content(..)]), "{around:?}");
    assert!(matches!(nodes[link].kids[..], [Kid::Content(..), Kid::Annotation(..)]));
}

/// Runs a tool on a file; `None` where it is not installed.
fn tool(name: &str, arguments: &[&str], bytes: &[u8]) -> Option<(bool, String)> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = Command::new(name).args(arguments).arg(file.path()).arg("-").output().ok()?;
    Some((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[test]
fn names_of_every_script_can_be_copied_and_found() {
    let fonts = Fonts::system();
    let names = [
        "Zoë Nguyễn",
        "office-affiliate",
        "Алексей Смирнов",
        "Ελένη",
        "李明",
        "さくら",
        "김민준",
        "محمد سلام",
        "שלום",
        "राजेश कुमार",
        "2026-10-01",
    ];
    let rendered = render_with(&page(names.iter().map(|n| Block::Paragraph(plain(*n))).collect()), &fonts).unwrap();
    let Some((_, text)) = tool("pdftotext", &[], &rendered.bytes) else { return };
    for name in names {
        // Where a script has no font on the machine, its escape is there instead.
        let escaped = name.chars().any(|c| text.contains(&super::visible::escape(c)));
        assert!(escaped || text.contains(name), "{name} in {text}");
    }
}

#[test]
fn a_strict_reader_finds_no_fault() {
    let rendered = render_with(&sample::rich(), &Fonts::system()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &rendered.bytes).unwrap();
    if let Ok(output) = Command::new("qpdf").arg("--check").arg(file.path()).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_stays_inside(text in any::<String>(), words in "[ -~]{0,400}", rows in 0_usize..6) {
        let fonts = Fonts::embedded();
        let row = vec![plain(text.clone()), mono(words.clone()), vec![Span::Verdict(Verdict::Fail)]];
        let table = Table {
            columns: vec![column(&words, 1.0, Align::Right), column("b", 0.0, Align::Left), column("c", 9.0, Align::Left)],
            rows: vec![row; rows],
            empty: text.clone(),
        };
        let doc = page(vec![
            Block::Paragraph(plain(text.clone() + &words)),
            Block::Facts(vec![(words.clone(), plain(text.clone()))]),
            Block::Tiles(vec![Tile { label: text.clone(), value: words, note: text.clone(), verdict: None, link: None }]),
            Block::Table(table),
            Block::Code(vec![text]),
        ]);
        let layout = laid_out(&doc, &fonts);
        assert_inside(&layout);
        render_with(&doc, &fonts).unwrap();
    }
}

#[test]
fn more_columns_than_a_page_holds_become_lists() {
    let columns: Vec<_> = (0..60).map(|n| column(&format!("column {n}"), 1.0, Align::Left)).collect();
    let rows = vec![(0..61).map(|n| plain(format!("cell-{n}."))).collect(); 2];
    let fonts = Fonts::embedded();
    let layout = laid_out(&page(vec![Block::Table(Table { columns, rows, empty: String::new() })]), &fonts);
    assert_inside(&layout);
    let text = said(&layout).concat();
    for n in 0..61 {
        assert_eq!(text.matches(&format!("cell-{n}.")).count(), 2);
    }
}

#[test]
fn a_document_of_nothing_is_a_page_with_a_foot() {
    let doc = Document { sections: Vec::new(), ..page(Vec::new()) };
    let rendered = render_with(&doc, &Fonts::embedded()).unwrap();
    let (file, _) = parsed(&rendered.bytes);
    assert!(file.extract_text(&[1]).unwrap().contains("page 1 of 1 · 4f1c9d2ab37e · Confidential"));
}

#[test]
fn bookmarks_spell_out_what_would_reverse_them() {
    let heading = Block::Heading { level: 2, text: "a\u{202e}b".to_owned() };
    let rendered = render_with(&page(vec![heading]), &Fonts::embedded()).unwrap();
    let (file, _) = parsed(&rendered.bytes);
    let title = |o: &Object| o.as_dict().ok()?.get(b"Title").ok()?.as_str().ok().map(<[u8]>::to_vec);
    assert!(file.objects.values().filter_map(title).any(|t| t == br"a\u{202e}b"));
}
