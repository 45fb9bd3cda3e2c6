//! The manifest in print: digests, requests in brief, and the commands that verify both without this program.

use std::collections::BTreeMap;

use super::{Context, closing::short, heading, note, paragraph, table};
use crate::{
    model::{
        coverage::Source,
        evidence::Request,
        manifest::TableRecord,
        time::{self, Timestamp},
    },
    report::{
        document::{Block, Text, mono, plain},
        layout::Section,
        {ReadFor, SnapshotRead, snapshots_read},
    },
};

/// Audit archive parts that are listed in brief.
const PARTS: usize = 6;
/// Requests that a table lists at most; the manifest has all.
const REQUESTS: usize = 500;
/// Requests without a usable answer that are listed at most.
const FAILURES: usize = 50;

/// The section.
pub(super) fn blocks(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let words = &context.words;
    let mut out = vec![note(words.get("manifest.intro")), heading(words.get("manifest.snapshot")), identity(context)];
    out.push(heading(words.get("manifest.read")));
    out.push(snapshots(context));
    out.push(heading(words.get("manifest.tables")));
    out.push(tables(context));
    out.push(heading(words.get("manifest.archive")));
    out.extend(archive(context, if spec.full { usize::MAX } else { PARTS }));
    out.push(heading(words.get("manifest.requests")));
    out.push(paragraph(words.get("manifest.requests-text")));
    out.push(requests(context));
    out.extend(failures(context));
    if spec.full {
        out.extend(each_request(context));
    }
    out.push(heading(words.get("manifest.verify")));
    out.extend(commands(context));
    out
}

/// Ids and digests of the snapshot.
fn identity(context: &Context<'_>) -> Block {
    let words = &context.words;
    let manifest = context.input.manifest;
    let previous = manifest.previous.as_ref().map_or_else(
        || words.get("manifest.previous-none"),
        |p| words.say("manifest.previous-value", &[("id", p.id.as_str()), ("sha", &p.sha256)]),
    );
    Block::Facts(vec![
        (words.get("manifest.snapshot-id"), mono(manifest.id.to_string())),
        (words.get("manifest.manifest-sha"), mono(context.input.manifest_sha256.clone())),
        (words.get("manifest.config-sha"), mono(manifest.config_sha256.clone())),
        (words.get("manifest.previous"), mono(previous)),
    ])
}

/// Every snapshot that the report rests on.
fn snapshots(context: &Context<'_>) -> Block {
    let words = &context.words;
    let columns = [
        (words.get("manifest.read-for"), 2.2),
        (words.get("manifest.snapshot-id"), 2.0),
        (words.get("cover.as-of"), 2.2),
        (words.get("manifest.manifest-sha"), 5.6),
    ];
    let word = |what: &ReadFor| match what {
        ReadFor::State => words.get("manifest.read-state"),
        ReadFor::Baseline => words.get("manifest.read-baseline"),
        ReadFor::Trend => words.get("manifest.read-trend"),
    };
    let row = |read: SnapshotRead<'_>| {
        let what = read.read_for.iter().map(word).collect::<Vec<_>>().join(", ");
        vec![plain(what), mono(read.id), plain(time::format(read.as_of)), mono(read.manifest_sha256)]
    };
    table(&columns, snapshots_read(context.input).into_iter().map(row).collect(), String::new())
}

/// One row per table.
fn tables(context: &Context<'_>) -> Block {
    let words = &context.words;
    let columns = [
        (words.get("manifest.table"), 2.2),
        (words.get("manifest.rows"), -0.9),
        (words.get("manifest.columns"), -0.9),
        (words.get("manifest.sha"), 6.0),
    ];
    let row = |(name, record): (&String, &TableRecord)| {
        vec![
            mono(name.clone()),
            plain(record.rows.to_string()),
            plain(record.columns.len().to_string()),
            mono(record.sha256.clone()),
        ]
    };
    table(&columns, context.input.manifest.tables.iter().map(row).collect(), words.get("manifest.tables-empty"))
}

/// The newest parts of the audit archive.
fn archive(context: &Context<'_>, most: usize) -> Vec<Block> {
    let words = &context.words;
    let parts = &context.input.manifest.audit.parts;
    if parts.is_empty() {
        return vec![paragraph(words.get("manifest.archive-empty"))];
    }
    let shown: Vec<_> = parts.iter().rev().take(most).collect();
    let (n, count) = (parts.len().to_string(), shown.len().to_string());
    let columns = [(words.get("manifest.part"), 5.0), (words.get("manifest.sha"), 3.0)];
    let rows: Vec<Vec<Text>> = shown.into_iter().map(|(path, sum)| vec![mono(path.clone()), short(sum)]).collect();
    vec![
        paragraph(words.say("manifest.archive-text", &[("n", &n), ("shown", &count)])),
        table(&columns, rows, String::new()),
    ]
}

/// The request log in brief: one row per source that was asked.
fn requests(context: &Context<'_>) -> Block {
    let words = &context.words;
    let columns = [
        (words.get("manifest.source"), 2.0),
        (words.get("manifest.count"), -1.0),
        (words.get("manifest.statuses"), 1.8),
        (words.get("manifest.bytes"), -1.2),
        (words.get("manifest.first"), 2.2),
        (words.get("manifest.last"), 2.2),
    ];
    let sources = &context.input.manifest.sources;
    let asked =
        Source::ALL.into_iter().filter_map(|s| Some((s, sources.get(&s)?))).filter(|(_, r)| !r.requests.is_empty());
    let rows = asked.map(|(source, record)| {
        let times = || record.requests.iter().map(|r| r.started_at);
        let at = |t: Option<Timestamp>| plain(t.map(time::format).unwrap_or_default());
        vec![
            mono(source.name()),
            plain(record.requests.len().to_string()),
            plain(statuses(&record.requests, &words.get("manifest.no-answer"))),
            plain(record.requests.iter().map(|r| r.bytes).sum::<u64>().to_string()),
            at(times().min()),
            at(times().max()),
        ]
    });
    table(&columns, rows.collect(), words.get("manifest.requests-empty"))
}

/// `200 × 12, 403 × 1`.
fn statuses(requests: &[Request], none: &str) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for request in requests {
        *counts.entry(status(request, none)).or_default() += 1;
    }
    counts.iter().map(|(status, n)| format!("{status} × {n}")).collect::<Vec<_>>().join(", ")
}

/// The status of a request, or the word for none.
fn status(request: &Request, none: &str) -> String {
    request.status.map_or_else(|| none.to_owned(), |s| s.to_string())
}

/// Requests whose answer could not be used, in full up to a stated number.
fn failures(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let unusable = |r: &&Request| r.error.is_some() || r.status.is_none_or(|s| !(200..300).contains(&s));
    let sources = &context.input.manifest.sources;
    let all: Vec<&Request> = sources.values().flat_map(|s| &s.requests).filter(unusable).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let columns =
        [(words.get("manifest.url"), 4.5), (words.get("manifest.answer"), 0.8), (words.get("manifest.error"), 3.5)];
    let row = |r: &&Request| {
        let answer = status(r, &words.get("manifest.no-answer"));
        vec![mono(r.url.clone()), plain(answer), plain(r.error.clone().unwrap_or_default())]
    };
    let rows = all.iter().take(FAILURES).map(row).collect();
    let mut out =
        vec![Block::Heading { level: 3, text: words.get("manifest.failed") }, table(&columns, rows, String::new())];
    if all.len() > FAILURES {
        let more = (all.len() - FAILURES).to_string();
        out.push(note(words.say("manifest.failed-more", &[("n", &more)])));
    }
    out
}

/// Every request, up to a stated number.
fn each_request(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let sources = &context.input.manifest.sources;
    let all = || sources.values().flat_map(|record| &record.requests);
    let columns = [
        (words.get("manifest.started"), 1.5),
        (words.get("manifest.url"), 4.6),
        (words.get("manifest.answer"), 0.8),
        (words.get("manifest.bytes"), -0.9),
        (words.get("manifest.sha"), 1.7),
    ];
    let row = |r: &Request| {
        vec![
            plain(time::format(r.started_at)),
            mono(r.url.clone()),
            plain(status(r, &words.get("manifest.no-answer"))),
            plain(r.bytes.to_string()),
            r.sha256.as_deref().map(short).unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<Text>> = all().take(REQUESTS).map(row).collect();
    let mut out =
        vec![heading(words.get("manifest.each")), table(&columns, rows, words.get("manifest.requests-empty"))];
    let more = all().count().saturating_sub(REQUESTS);
    if more > 0 {
        out.push(note(words.say("manifest.each-more", &[("n", &more.to_string())])));
    }
    out
}

/// The commands that verify snapshot and report.
fn commands(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let manifest = context.input.manifest;
    let (org, id) = (&manifest.org, &manifest.id);
    let code = |folder: String| Block::Code(vec![format!("cd {folder}"), "sha256sum -c SHA256SUMS".to_owned()]);
    vec![
        paragraph(words.get("manifest.verify-snapshot")),
        code(format!("{org}/snapshots/{id}")),
        paragraph(words.get("manifest.verify-report")),
        code(format!("{org}-{id}")),
        note(words.get("manifest.verify-manifest")),
    ]
}
