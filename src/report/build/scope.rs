//! Scope, method and limits: what was looked at, what could not be, by which thresholds; and the figures compared.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Context, heading, note, paragraph, table,
    thresholds::{self, Threshold},
};
use crate::{
    model::{
        evidence::Request,
        import::{DateFrom, Import},
        outcome::TieOut,
        time,
        verdict::Verdict,
    },
    report::{
        SourceFact,
        document::{Block, Span, Text, mono, plain},
        layout::Section,
    },
};

/// The section on scope.
pub(super) fn blocks(context: &Context<'_>, spec: &Section) -> Vec<Block> {
    let words = &context.words;
    let manifest = context.input.manifest;
    let mut out = vec![
        heading(words.get("scope.what")),
        paragraph(words.say("scope.what-text", &[("org", manifest.org.as_str()), ("endpoint", &manifest.endpoint)])),
        heading(words.get("scope.sources")),
    ];
    let any_gap = context.sources.iter().any(|fact| fact.gap);
    out.push(paragraph(if any_gap { words.get("scope.gaps") } else { words.get("scope.no-gaps") }));
    out.push(coverage(context));
    out.push(Block::Facts(token(context)));
    if spec.full {
        out.push(heading(words.get("scope.completeness")));
        out.push(note(words.get("scope.completeness-text")));
        out.push(completeness(context));
    }
    out.push(heading(words.get("scope.audit")));
    out.extend(audit(context));
    out.extend(imports(context));
    out.push(heading(words.get("scope.thresholds")));
    out.push(Block::Facts(thresholds(context)));
    out.push(heading(words.get("scope.limits")));
    out.push(Block::Bullets(words.list("scope.limits-list").into_iter().map(plain).collect()));
    out.push(heading(words.get("scope.reading")));
    out.push(Block::Bullets(words.list("scope.reading-list").into_iter().map(plain).collect()));
    out
}

/// One row per source, gaps first.
fn coverage(context: &Context<'_>) -> Block {
    let words = &context.words;
    let columns = [
        (words.get("scope.source"), 2.7),
        (words.get("scope.coverage"), 2.6),
        (words.get("scope.rows"), -0.8),
        (words.get("scope.requests"), -0.9),
        (words.get("scope.why"), 4.2),
    ];
    let (gaps, others): (Vec<_>, Vec<_>) = context.sources.iter().partition(|s| s.gap);
    let rows = gaps.into_iter().chain(others).map(|s| source_row(context, s)).collect();
    table(&columns, rows, words.get("scope.table-empty"))
}

/// The row of a source.
fn source_row(context: &Context<'_>, fact: &SourceFact<'_>) -> Vec<Text> {
    let words = &context.words;
    let name = fact.source.name();
    let label = words.find(&format!("source.{name}")).unwrap_or(name);
    let meaning = words.find(&format!("coverage.{}", fact.coverage)).unwrap_or_default();
    let mut coverage = if fact.gap { vec![Span::Verdict(Verdict::Unknown), Span::Plain(" ".into())] } else { vec![] };
    coverage.push(Span::Strong(fact.coverage.to_string()));
    if !meaning.is_empty() {
        coverage.push(Span::Plain(format!(": {meaning}")));
    }
    let mut why: Vec<String> = fact.why.map(str::to_owned).into_iter().collect();
    if !fact.needed_by.is_empty() {
        let titles: Vec<String> = fact.needed_by.iter().map(|id| context.title_of(id)).collect();
        why.push(words.say("scope.needed-by", &[("analyzers", &titles.join(", "))]));
    }
    vec![
        vec![Span::Plain(format!("{label} ")), Span::Mono(name.to_owned())],
        coverage,
        plain(fact.rows.map(|n| n.to_string()).unwrap_or_default()),
        plain(fact.requests.to_string()),
        plain(sentences(&why)),
    ]
}

/// Joins texts so that each ends with a full stop.
fn sentences(parts: &[String]) -> String {
    let stop = |p: &String| if p.ends_with(['.', '!', '?']) { p.clone() } else { format!("{p}.") };
    parts.iter().map(stop).collect::<Vec<_>>().join(" ")
}

/// How each list was read: what was asked for, requests, rows, and whether the last page was the last.
fn completeness(context: &Context<'_>) -> Block {
    let words = &context.words;
    let columns = [
        (words.get("scope.source"), 1.8),
        (words.get("manifest.url"), 4.6),
        (words.get("scope.requests"), -1.0),
        (words.get("scope.rows"), -0.9),
        (words.get("scope.end"), 1.4),
    ];
    let mut rows = Vec::new();
    for fact in &context.sources {
        let Some(record) = context.input.manifest.sources.get(&fact.source) else { continue };
        for (path, requests) in endpoints(&record.requests) {
            let read: u64 = requests.iter().filter_map(|r| r.rows).sum();
            let parsed = requests.iter().any(|r| r.rows.is_some());
            rows.push(vec![
                mono(fact.source.name()),
                mono(path),
                plain(requests.len().to_string()),
                plain(if parsed { read.to_string() } else { String::new() }),
                plain(words.get(end_of(&requests, fact.gap))),
            ]);
        }
    }
    table(&columns, rows, words.get("scope.table-empty"))
}

/// Requests by what they ask for, see [`endpoint`].
fn endpoints(requests: &[Request]) -> BTreeMap<String, Vec<&Request>> {
    let mut out: BTreeMap<String, Vec<&Request>> = BTreeMap::new();
    for request in requests {
        out.entry(endpoint(&request.url)).or_default().push(request);
    }
    out
}

/// The path of a request with its parameters but for the place on which a page starts; a repository is `{repo}`, an
/// identifier `{id}`.
fn endpoint(url: &str) -> String {
    let Ok(parsed) = url::Url::parse(url) else { return url.to_owned() };
    let is_id = |part: &str| part.len() == 24 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let parts: Vec<&str> = parsed.path().split('/').map(|part| if is_id(part) { "{id}" } else { part }).collect();
    let path = match parts.as_slice() {
        ["", "api", kind @ ("models" | "datasets" | "spaces"), _, _, rest @ ..] if !rest.is_empty() => {
            format!("/api/{kind}/{{repo}}/{}", rest.join("/"))
        }
        _ => parts.join("/"),
    };
    let asked = parsed.query_pairs().filter(|(key, _)| !PLACES.contains(&key.as_ref()));
    let asked: Vec<String> = asked.map(|(key, value)| format!("{key}={value}")).collect();
    if asked.is_empty() { path } else { format!("{path}?{}", asked.join("&")) }
}

/// Parameters that say where a page starts.
const PLACES: [&str; 5] = ["cursor", "page", "startIndex", "skip", "p"];

/// Whether every page that a page names as the next one was read. An export that the Hub cuts off names none, so a
/// source that is a gap is never said to be read.
fn end_of(requests: &[&Request], gap: bool) -> &'static str {
    let asked: BTreeSet<&str> = requests.iter().map(|r| r.url.as_str()).collect();
    if requests.iter().any(|r| r.error.is_some() || r.status.is_none_or(|s| !(200..300).contains(&s))) {
        "scope.end-broken"
    } else if requests.iter().any(|r| next_of(r).is_some_and(|next| !asked.contains(next.as_str()))) {
        "scope.end-open"
    } else if gap {
        "scope.end-gap"
    } else {
        "scope.end-last"
    }
}

/// The page that an answer names as the next one.
fn next_of(request: &Request) -> Option<url::Url> {
    url::Url::parse(&request.url).ok()?.join(request.next.as_deref()?).ok()
}

/// What the collector's token may do.
fn token(context: &Context<'_>) -> Vec<(String, Text)> {
    let words = &context.words;
    let collector = &context.input.manifest.collector;
    let permissions = match (collector.permissions.as_slice(), collector.token_role.as_deref()) {
        ([], None) => plain(words.get("unknown.value")),
        ([], Some("fineGrained")) => plain(words.get("scope.permissions-none")),
        ([], Some(role)) => plain(words.say("scope.permissions-role", &[("role", role)])),
        (list, _) => mono(list.join(", ")),
    };
    let mut facts = vec![(words.get("scope.permissions"), permissions)];
    if !collector.security_restrictions.is_empty() {
        facts.push((words.get("scope.restrictions"), mono(collector.security_restrictions.join(", "))));
    }
    facts
}

/// How far the audit log goes.
fn audit(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let audit = &context.input.manifest.audit;
    let mut lines = Vec::new();
    if let (Some(oldest), Some(newest)) = (audit.oldest, audit.newest) {
        let n = audit.events_in_archive.to_string();
        let new = audit.events_new.to_string();
        let (oldest, newest) = (time::format(oldest), time::format(newest));
        let values = [("n", n.as_str()), ("new", &new), ("oldest", &oldest), ("newest", &newest)];
        lines.push(words.say("scope.audit-archive", &values));
    } else {
        lines.push(words.get("scope.audit-none"));
    }
    match audit.observed_since {
        Some(t) => lines.push(words.say("scope.audit-since", &[("since", &time::format(t))])),
        None => lines.push(words.get("scope.audit-since-none")),
    }
    for gap in &audit.log_gaps {
        let (from, to) = (time::format(gap.from), time::format(gap.to));
        lines.push(words.say("scope.audit-gap", &[("from", &from), ("to", &to)]));
    }
    if !audit.unknown_types.is_empty() {
        let types: Vec<String> = audit.unknown_types.iter().map(|(t, n)| format!("{t} ({n})")).collect();
        lines.push(words.say("scope.audit-unknown", &[("types", &types.join(", "))]));
    }
    vec![Block::Bullets(lines.into_iter().map(plain).collect())]
}

/// Imported files with their dates and ages, and which of them are too old; nothing without any.
fn imports(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let manifest = context.input.manifest;
    if manifest.imports.is_empty() {
        return Vec::new();
    }
    let columns = [
        (words.get("scope.source"), 1.6),
        (words.get("scope.import-file"), 2.4),
        (words.get("scope.import-extracted"), 2.6),
        (words.get("scope.import-age"), -0.8),
        (words.get("scope.import-digest"), 3.4),
    ];
    let row = |import: &Import| {
        let unknown = || words.get("scope.import-undated");
        let from = import.extracted_from.map(DateFrom::words).unwrap_or_default();
        let dated = import.extracted_on.map_or_else(unknown, |t| format!("{} {from}", time::format(t)));
        let layout = import.recognized_as.as_deref().map(|product| format!(" ({product})")).unwrap_or_default();
        let age = import.age_days(manifest.as_of).map_or_else(|| words.get("unknown.value"), |days| days.to_string());
        let file = plain(format!("{}{layout}", import.file));
        vec![mono(import.source.name().to_owned()), file, plain(dated), plain(age), mono(import.sha256.clone())]
    };
    let rows = manifest.imports.iter().map(row).collect();
    let mut out = vec![heading(words.get("scope.imports")), table(&columns, rows, words.get("scope.table-empty"))];
    let limits: Vec<_> = doubtful_imports(context).into_iter().map(plain).collect();
    if !limits.is_empty() {
        out.push(Block::Bullets(limits));
    }
    out
}

/// A sentence for each imported file that proves nothing about the day of the snapshot.
pub(super) fn doubtful_imports(context: &Context<'_>) -> Vec<String> {
    let (words, manifest) = (&context.words, context.input.manifest);
    let limits = manifest.imports.iter().filter_map(|import| {
        let name = words.find(&format!("source.{}", import.source)).unwrap_or(import.source.name());
        let why = import.doubt(manifest.as_of)?;
        Some(words.say("scope.import-doubt", &[("name", name), ("file", &import.file), ("why", &why)]))
    });
    limits.collect()
}

/// Thresholds and prices in force, each with its path in the configuration.
fn thresholds(context: &Context<'_>) -> Vec<(String, Text)> {
    let (label, plan) = thresholds::plan(context);
    let fact = |t: Threshold| (t.label, vec![Span::Plain(format!("{} ", t.value)), Span::Mono(t.key)]);
    let all = thresholds::of(context.input.params, &context.words).into_iter().map(fact);
    std::iter::once((label, plain(plan))).chain(all).collect()
}

/// The section on figures compared.
pub(super) fn tie_outs(context: &Context<'_>) -> Vec<Block> {
    let words = &context.words;
    let columns = [
        (words.get("tie-out.name"), 1.5),
        (words.get("tie-out.counted"), 2.2),
        (words.get("tie-out.stated"), 2.2),
        (words.get("tie-out.difference"), -1.0),
        (words.get("tie-out.explained"), -1.0),
        (words.get("tie-out.unexplained"), -1.1),
        (words.get("tie-out.explanation"), 3.2),
    ];
    let rows = context.input.tie_outs.iter().map(|t| tie_out_row(context, t)).collect();
    vec![note(words.get("tie-out.intro")), table(&columns, rows, words.get("tie-out.empty"))]
}

/// The row of a comparison: the difference is what was counted less what is stated, and so are its parts.
fn tie_out_row(context: &Context<'_>, tie: &TieOut) -> Vec<Text> {
    let words = &context.words;
    let number = |n: Option<i64>| n.map_or_else(|| words.get("unknown.value"), |n| n.to_string());
    let figure = |n, from: &str| plain(words.say("tie-out.from", &[("value", &number(n)), ("from", from)]));
    let unexplained = match tie.unexplained {
        Some(0) => vec![Span::Verdict(Verdict::Pass), Span::Plain(" 0".to_owned())],
        Some(n) => vec![Span::Verdict(Verdict::Review), Span::Plain(format!(" {n}"))],
        None => vec![Span::Verdict(Verdict::Unknown)],
    };
    let explanation = match (tie.explanation.as_str(), tie.difference) {
        ("", None) => words.get("tie-out.incomplete"),
        ("", Some(0)) => words.get("tie-out.agrees"),
        (text, _) => text.to_owned(),
    };
    vec![
        plain(tie.name.clone()),
        figure(tie.counted, &tie.counted_from),
        figure(tie.stated, &tie.stated_by),
        plain(number(tie.difference)),
        plain(number(tie.explained)),
        unexplained,
        plain(explanation),
    ]
}
