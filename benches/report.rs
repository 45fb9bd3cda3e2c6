//! CSV of the population of 10 000 members, and a PDF table of 10 000 rows.

use divan::Bencher;
use rollcall::{
    analyze::{Analysis, Inputs, analyze},
    model::params::Params,
    report::{
        document::{Align, Block, Column, Document, Paper, Section, SectionKind, Table, mono, plain},
        render::{csv, pdf},
    },
};

/// The judgement of the generated organization, without its log.
fn analysis() -> Analysis {
    let (tables, manifest, params) = (crate::org::tables(), crate::org::manifest(), Params::default());
    let inputs = Inputs {
        manifest: &manifest,
        params: &params,
        tables: &tables,
        audit_parts: &[],
        exceptions: &[],
        period: (super::org::as_of(), super::org::as_of()),
        baseline: None,
    };
    analyze(&inputs).expect("no archive to read")
}

/// Every analyzer's CSV: some 60 000 rows.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn csv_of_every_analyzer(bencher: Bencher<'_, '_>) {
    let analysis = analysis();
    bencher.bench_local(|| {
        analysis.outcomes.iter().map(|outcome| csv::render(outcome).expect("cells are writable").len()).sum::<usize>()
    });
}

/// A document with one table of eight columns.
fn document(rows: usize) -> Document {
    let titles = ["Member", "Name", "Address", "Role", "Since", "Idle days", "Id", "Reason"];
    let cells = |i: usize| {
        vec![
            plain(format!("member-{i}")),
            plain(format!("Nguyễn Thị Member {i}")),
            plain(format!("member-{i}@example.com")),
            plain(["read", "write", "admin"][i % 3]),
            plain(format!("2026-{:02}-{:02}", i % 12 + 1, i % 28 + 1)),
            plain((i % 400).to_string()),
            mono(format!("{i:024x}")),
            plain(format!("last active {} days ago, at least the threshold of 90 days", i % 400)),
        ]
    };
    let table = Table {
        columns: titles
            .iter()
            .map(|title| Column { title: (*title).to_owned(), weight: 1.0, align: Align::Left })
            .collect(),
        rows: (0..rows).map(cells).collect(),
        empty: String::new(),
    };
    let section = |id: &str, kind, blocks| Section { id: id.to_owned(), title: id.to_owned(), kind, blocks };
    Document {
        marks: Vec::new(),
        title: "Access review".to_owned(),
        org: "acme".to_owned(),
        snapshot: "20261001T060000Z".to_owned(),
        manifest_sha256: "0".repeat(64),
        classification: "Confidential".to_owned(),
        language: "en".to_owned(),
        as_of: crate::org::as_of(),
        tool: "rollcall".to_owned(),
        paper: Paper::A4,
        back: None,
        sections: vec![
            section("cover", SectionKind::Cover, Vec::new()),
            section("population", SectionKind::Page, vec![Block::Table(table)]),
        ],
    }
}

/// Laid out and encoded.
#[divan::bench(args = [1_000, 10_000], sample_count = 5, sample_size = 1)]
fn pdf_table(bencher: Bencher<'_, '_>, rows: usize) {
    let document = document(rows);
    bencher.bench_local(|| pdf::render(&document).expect("a document").bytes.len());
}
