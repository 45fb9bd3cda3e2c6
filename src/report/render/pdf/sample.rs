//! Documents with everything in them, for tests.

use crate::{
    model::{
        outcome::{Bar, Chart},
        time,
        verdict::Verdict,
    },
    report::document::{
        Align, Block, ChartBlock, ChartStyle, Column, Document, Paper, Section, SectionKind, Span, Table, Text, Tile,
        mono, plain, strong,
    },
};

/// Names as they come from everywhere, and as they come from people who test limits.
pub(super) const NAMES: [&str; 14] = [
    "Ada Lovelace",
    "Zoë Nguyễn",
    "Алексей Смирнов",
    "Ελένη Παπαδοπούλου",
    "李明",
    "さくら 田中",
    "김민준",
    "محمد عبد الله",
    "שלום כהן (admin)",
    "राजेश कुमार",
    "สมชาย ใจดี",
    "bi\u{202e}di\u{202c} override",
    "nul\u{0}tab\tline\nfeed",
    "rocket 🚀 unit",
];

/// A section.
pub(in crate::report::render) fn section(id: &str, title: &str, kind: SectionKind, blocks: Vec<Block>) -> Section {
    Section { id: id.to_owned(), title: title.to_owned(), kind, blocks }
}

/// A column.
pub(in crate::report::render) fn column(title: &str, weight: f32, align: Align) -> Column {
    Column { title: title.to_owned(), weight, align }
}

/// A document of some sections after a plain cover.
pub(in crate::report::render) fn document(sections: Vec<Section>) -> Document {
    let mut all = vec![section("cover", "Cover", SectionKind::Cover, cover())];
    all.extend(sections);
    Document {
        title: "Access review".to_owned(),
        org: "acme-robotics".to_owned(),
        snapshot: "20261001T060000Z".to_owned(),
        manifest_sha256: "4f1c9d2ab37e".repeat(6)[..64].to_owned(),
        classification: "Confidential".to_owned(),
        language: "en".to_owned(),
        as_of: time::parse("2026-10-01T06:00:00Z").unwrap_or_default(),
        tool: "rollcall 0.1.0".to_owned(),
        paper: Paper::A4,
        sections: all,
        back: None,
        marks: Vec::new(),
    }
}

/// Blocks of the cover.
fn cover() -> Vec<Block> {
    let fact = |label: &str, value: Text| (label.to_owned(), value);
    vec![
        Block::Facts(vec![
            fact("Period", plain("2026-07-01 to 2026-09-30")),
            fact("As of", plain("2026-10-01T06:00:00Z")),
            fact("Snapshot", mono("20261001T060000Z")),
            fact("Manifest SHA-256", mono("4f1c9d2ab37e".repeat(6)[..64].to_owned())),
            fact("Collected by", plain("ada-lovelace, role admin, token “audit-reader” (read)")),
            fact("Controls", plain("SOC 2 CC6.1, CC6.2, CC6.3 · ISO 27001 A.5.18 · PCI DSS 7.2.4")),
            fact("Prepared with", plain("rollcall 0.1.0")),
        ]),
        Block::Badge(
            Verdict::Review,
            vec![Span::Plain("2 gaps, see page ".to_owned()), Span::PageOf("scope".to_owned())],
        ),
    ]
}

/// A tile.
fn tile(label: &str, value: &str, note: &str, verdict: Option<Verdict>) -> Tile {
    Tile {
        label: label.to_owned(),
        value: value.to_owned(),
        note: note.to_owned(),
        verdict,
        link: Some("inactive".to_owned()),
    }
}

/// A chart.
fn chart(title: &str, legend: &[(&str, Verdict)], bars: &[(&str, &[u64])], threshold: Option<(usize, &str)>) -> Chart {
    Chart {
        id: "sample",
        title: title.to_owned(),
        alt: format!("{title}, in words."),
        unit: "members",
        legend: legend.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect(),
        bars: bars.iter().map(|(label, parts)| Bar { label: (*label).to_owned(), parts: parts.to_vec() }).collect(),
        threshold: threshold.map(|(at, label)| (at, label.to_owned())),
    }
}

/// Days since the last activity.
fn idle() -> Chart {
    chart(
        "Members by days without activity",
        &[
            ("active", Verdict::Pass),
            ("not confirmed", Verdict::Review),
            ("inactive", Verdict::Fail),
            ("unknown", Verdict::Unknown),
        ],
        &[
            ("0–29", &[21, 0, 0, 0]),
            ("30–59", &[7, 0, 0, 1]),
            ("60–89", &[4, 0, 0, 0]),
            ("90–179", &[0, 2, 3, 0]),
            ("180–364", &[0, 1, 2, 0]),
            ("365 and more", &[0, 0, 1, 0]),
            ("never", &[0, 0, 2, 1]),
        ],
        Some((3, "90 days")),
    )
}

/// Seats of the month.
fn seats() -> Chart {
    chart(
        "Seats billed this month",
        &[
            ("used", Verdict::Pass),
            ("idle", Verdict::Fail),
            ("pending invitation", Verdict::Review),
            ("not known", Verdict::Unknown),
            ("excepted", Verdict::Accepted),
        ],
        &[("seats", &[32, 8, 3, 2, 1])],
        None,
    )
}

/// Paths by kind.
pub(super) fn paths() -> Chart {
    chart(
        "Flagged access paths by kind",
        &[("fail", Verdict::Fail), ("review", Verdict::Review)],
        &[
            ("gated grants of former members", &[4, 0]),
            ("resource-group users who are no members", &[2, 1]),
            ("tokens that outlive a membership", &[1, 0]),
            ("invitations that nobody accepted", &[0, 6]),
        ],
        None,
    )
}

/// A table of findings.
pub(in crate::report::render) fn findings(rows: usize) -> Table {
    let verdicts = Verdict::ALL;
    let row = |n: usize| -> Vec<Text> {
        let name = NAMES[n % NAMES.len()];
        let verdict = verdicts[n % verdicts.len()];
        vec![
            vec![Span::Verdict(verdict)],
            plain(if n.is_multiple_of(3) { "high" } else { "medium" }),
            vec![Span::Strong(format!("member-{n:05}"))],
            plain(name),
            plain(format!(
                "{}, last seen {} days before the snapshot; the threshold is 90 days.",
                name,
                91 + n * 7 % 400
            )),
            plain("2026-05-14"),
            plain(format!("{}", 91 + n * 7 % 400)),
            plain(format!("{}.00", 20 * (n % 4))),
        ]
    };
    Table {
        columns: vec![
            column("Verdict", 1.0, Align::Left),
            column("Severity", 0.9, Align::Left),
            column("Subject", 1.4, Align::Left),
            column("Name", 1.6, Align::Left),
            column("Reason", 3.0, Align::Left),
            column("Last active", 1.1, Align::Left),
            column("Idle days", 0.7, Align::Right),
            column("Monthly cost", 0.9, Align::Right),
        ],
        rows: (0..rows).map(row).collect(),
        empty: "No member was inactive for 90 days or more.".to_owned(),
    }
}

/// Everything a document may hold.
pub(in crate::report::render) fn rich() -> Document {
    let link = |to: &str, text: &str| Span::Link { to: to.to_owned(), text: text.to_owned() };
    let action = |text: &str| -> Text {
        vec![
            Span::Plain(format!("{text}, see ")),
            link("inactive", "Inactive seats"),
            Span::Plain(", page ".to_owned()),
            Span::PageOf("inactive".to_owned()),
            Span::Plain(".".to_owned()),
        ]
    };
    let summary = vec![
        Block::Paragraph(vec![
            Span::Plain("45 members hold 46 billed seats; ".to_owned()),
            Span::Strong("8 seats are inactive".to_owned()),
            Span::Plain(" and cost 160.00 USD a month. Two owners are effective where two are required. ".to_owned()),
            Span::Plain("Thirteen access paths outlived their reason, four of them for people who left.".to_owned()),
        ]),
        Block::Tiles(vec![
            tile("Members", "45", "+3 since 2026-07-01", None),
            tile("Effective owners", "2", "no change", Some(Verdict::Pass)),
            tile("Inactive seats", "8", "+2 since 2026-07-01", Some(Verdict::Fail)),
            tile("Orphaned paths", "13", "no baseline", Some(Verdict::Review)),
            tile("Monthly spend", "920.00 USD", "+60.00 since 2026-07-01", None),
            tile("Reclaimable", "not known", "tokens were not read", Some(Verdict::Unknown)),
        ]),
        Block::Charts(vec![
            ChartBlock { chart: idle(), style: ChartStyle::Columns },
            ChartBlock { chart: seats(), style: ChartStyle::Share },
        ]),
        Block::Heading { level: 2, text: "What matters most".to_owned() },
        Block::Numbered(vec![
            action("Remove the four gated grants of former members"),
            action("Decide on six invitations older than 30 days"),
            action("Give eight seats back before the renewal on 2026-11-01"),
        ]),
    ];
    let mut sections = vec![section("summary", "Summary", SectionKind::Page, summary)];
    sections.extend(rest());
    document(sections)
}

/// Everything after the summary.
fn rest() -> Vec<Section> {
    let link = |to: &str, text: &str| Span::Link { to: to.to_owned(), text: text.to_owned() };
    let mut sections = vec![
        section("scope", "Scope, method, limits", SectionKind::Page, scope()),
        section(
            "inactive",
            "Inactive seats",
            SectionKind::Page,
            vec![
                Block::Paragraph(strong("Who holds a seat and did not use it?")),
                Block::Charts(vec![ChartBlock { chart: paths(), style: ChartStyle::Bars }]),
                Block::Heading { level: 2, text: "Rows that need a decision".to_owned() },
                Block::Table(findings(42)),
                Block::Heading { level: 3, text: "How it was judged".to_owned() },
                Block::Note(plain(
                    "A member is inactive when the newest evidence of activity is older than the threshold. Being the target of an event is not activity.",
                )),
                Block::Note(vec![
                    Span::Plain("Back to the ".to_owned()),
                    link("summary", "summary"),
                    Span::Plain(".".to_owned()),
                ]),
            ],
        ),
        section("empty", "Leavers", SectionKind::Flow, vec![Block::Table(findings(0))]),
    ];
    sections.push(section(
        "sign-off",
        "Decisions and sign-off",
        SectionKind::Page,
        vec![Block::SignOff(vec![["Name", "Role", "Date", "Signature"].map(str::to_owned).to_vec(); 3])],
    ));
    sections.push(section(
        "manifest",
        "Manifest",
        SectionKind::Flow,
        vec![
            Block::Paragraph(plain("These two commands verify the files without rollcall.")),
            Block::Code(vec![
                "cd rollcall-store/acme-robotics/snapshots/20261001T060000Z && sha256sum -c SHA256SUMS".to_owned(),
                "cd rollcall-reports/acme-robotics-20261001T060000Z && sha256sum -c SHA256SUMS".to_owned(),
            ]),
        ],
    ));
    sections.push(section("nasty", "Nasty texts", SectionKind::Page, nasty()));
    sections.push(section("pictures", "Odd pictures", SectionKind::Page, pictures()));
    sections
}

/// Sources and lists.
fn scope() -> Vec<Block> {
    let row = |source: &str, verdict, rows: &str, why: &str| {
        vec![mono(source), vec![Span::Verdict(verdict)], plain(rows), plain(why)]
    };
    vec![
        Block::Badge(Verdict::Pass, plain("Evidence complete")),
        Block::Table(Table {
            columns: vec![
                column("Source", 1.0, Align::Left),
                column("Coverage", 1.0, Align::Left),
                column("Rows", 0.6, Align::Right),
                column("Why", 3.0, Align::Left),
            ],
            rows: vec![
                row("members", Verdict::Pass, "45", ""),
                row("audit_log", Verdict::Review, "100000", "an export holds at most the newest 100 000 events"),
                row("tokens", Verdict::Unknown, "", "403: the token lacks the permission org.tokens.read"),
            ],
            empty: String::new(),
        }),
        Block::Heading { level: 2, text: "What the Hub cannot tell anybody".to_owned() },
        Block::Bullets(vec![
            plain(
                "Reads: downloads by a person or a token are in no log that an organization can see, so a member who only downloads looks idle unless a token says otherwise.",
            ),
            plain("Personal tokens used elsewhere."),
            vec![
                Span::Plain("Who is behind a SCIM id such as ".to_owned()),
                Span::Mono("00u1f2g3h4".to_owned()),
                Span::Plain(".".to_owned()),
            ],
        ]),
    ]
}

/// Charts at their limits.
fn pictures() -> Vec<Block> {
    let two = [("open", Verdict::Fail), ("", Verdict::Pass)];
    let long = "a department whose name is longer than any column could ever be wide";
    let departments: Vec<(String, u64)> = (0..90).map(|n| (format!("department {n}"), n % 7)).collect();
    let parts: Vec<[u64; 1]> = departments.iter().map(|(_, n)| [*n]).collect();
    let many: Vec<(&str, &[u64])> =
        departments.iter().zip(&parts).map(|((name, _), part)| (name.as_str(), &part[..])).collect();
    let block = |chart, style| ChartBlock { chart, style };
    vec![
        Block::Charts(vec![
            block(
                chart("Bars with a threshold", &two, &[("below", &[1, 2]), ("above", &[4, 0])], Some((1, "limit"))),
                ChartStyle::Bars,
            ),
            block(chart("Nothing at all", &two, &[("none", &[0, 0])], None), ChartStyle::Columns),
        ]),
        Block::Charts(vec![block(
            chart("Columns with long labels", &two, &[(long, &[3, 1]), ("short", &[u64::MAX, 1])], Some((2, "end"))),
            ChartStyle::Columns,
        )]),
        Block::Charts(vec![block(
            chart(
                "A whole in several bars",
                &[("a", Verdict::Pass)],
                &[("research", &[12]), ("sales", &[5]), ("nobody", &[0])],
                None,
            ),
            ChartStyle::Share,
        )]),
        Block::Charts(vec![block(chart("Too many bars for a page", &two[..1], &many, None), ChartStyle::Bars)]),
    ]
}

/// What must never leave the page.
fn nasty() -> Vec<Block> {
    vec![
        Block::Paragraph(plain(NAMES.join(", "))),
        Block::Paragraph(plain("مُحَمَّد، خالد لامع، سلام (admin) 42, קוֹרֵא")),
        Block::Paragraph(plain("w".repeat(700))),
        Block::Paragraph(plain("https://huggingface.co/".to_owned() + &"very-long-path_with.parts/".repeat(12))),
        Block::Facts(vec![("label".repeat(40), mono("0123456789abcdef".repeat(20)))]),
        Block::Table(Table {
            columns: vec![column("Name", 1.0, Align::Left), column("Value", 1.0, Align::Right)],
            rows: vec![
                vec![plain("W".repeat(300)), plain("9".repeat(200))],
                vec![plain(format!("zalgo{}", "\u{301}".repeat(40))), plain("tiny")],
            ],
            empty: String::new(),
        }),
        Block::Code(vec!["x".repeat(300)]),
        Block::Tiles(vec![tile(&"l".repeat(120), &"8".repeat(90), &"n".repeat(200), Some(Verdict::Accepted))]),
    ]
}
