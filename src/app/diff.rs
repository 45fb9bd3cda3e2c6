//! `diff`: what changed between two sealed snapshots. Offline; the rules are those of the analyzer `changes`.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use serde_json::json;

use super::{
    Console,
    answer::{self, Basis, Shape},
    error::{Error, Exit},
    history::{self, Question},
    request::{Common, Diff},
    select::{self, Period},
    settings::Settings,
};
use crate::{
    model::{
        ids::{OrgName, SnapshotId},
        outcome::{Cell, Outcome, Row},
        text, time,
        verdict::{Severity, Verdict},
    },
    store::Store,
};

/// The analyzer whose rows these are.
const ANALYZER: &str = "changes";

/// Format of the JSON.
const FORMAT: &str = "rollcall.diff/1";

/// Compares two snapshots and prints what changed.
///
/// # Errors
/// When a snapshot does not exist or cannot be read, or the older one is not older.
pub(super) fn diff(
    settings: &Settings,
    org: &OrgName,
    ask: &Diff,
    common: &Common,
    console: &Arc<dyn Console>,
) -> Result<Exit, Error> {
    let place = Store::new(settings.store.clone()).org(org);
    place.must_exist()?;
    let ids = place.ids()?;
    let (from, to) = pair(ask, &ids)?;
    let before = place.read(&from)?;
    let period = Period { start: before.manifest.as_of, end: to.as_of() };
    let question = Question { period, baseline: Some(&before) };
    let (snapshot, analysis) = history::judge(&place, &to, settings, question)?;
    let Some(changes) = analysis.outcomes.iter().find(|outcome| outcome.meta.id == ANALYZER) else {
        return Ok(Exit::Done);
    };
    let instants = (time::format(before.manifest.as_of), time::format(snapshot.manifest.as_of));
    let shape = Shape {
        format: FORMAT,
        asked: vec![
            ("from", json!({ "id": from, "as_of": instants.0, "manifest_sha256": before.manifest_sha256 })),
            ("to", json!({ "id": to, "as_of": instants.1, "manifest_sha256": snapshot.manifest_sha256 })),
        ],
        text: &|outcome| {
            let head = format!(
                "{org}  from {from} ({})\n{:width$}  to   {to} ({})\n",
                instants.0,
                "",
                instants.1,
                width = org.as_str().len()
            );
            format!("{head}\n{}", to_text(outcome))
        },
    };
    let ends = (period.start, snapshot.manifest.as_of);
    let basis = Basis { place: &place, snapshot: &snapshot, period: ends, settings };
    answer::show(changes, (basis, ask.form), &shape, (common, console))
}

/// The two snapshots: as named, else the newest and the one before.
fn pair(ask: &Diff, ids: &[SnapshotId]) -> Result<(SnapshotId, SnapshotId), Error> {
    let to = select::one("TO", ask.to.as_deref(), ids)?;
    let from = match ask.from.as_deref() {
        Some(from) => select::one("FROM", Some(from), ids)?,
        None => ids.iter().rfind(|id| **id < to).cloned().ok_or_else(|| Error::NoneBefore { id: to.clone() })?,
    };
    if ids.len() == 1 {
        return Err(Error::NoneBefore { id: to });
    }
    if from >= to {
        return Err(Error::usage(
            format!("the snapshot {from} is not older than {to}"),
            "name the older snapshot first: `rollcall diff ORG FROM TO`",
        ));
    }
    Ok((from, to))
}

/// The changes as text: gaps, then by verdict and severity, then counts.
fn to_text(outcome: &Outcome) -> String {
    let mut text = answer::gap_lines(outcome);
    let mut groups: BTreeMap<(Verdict, Severity), Vec<&Row>> = BTreeMap::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for row in outcome.rows.iter().filter(|row| !answer::is_gap(row)) {
        groups.entry((row.verdict, row.severity)).or_default().push(row);
        *kinds.entry(answer::cell(outcome, row, "change")).or_default() += 1;
    }
    if groups.is_empty() {
        let seen = if text.is_empty() { "" } else { " in what could be seen of both snapshots" };
        let _ = writeln!(text, "nothing changed{seen}");
        return text;
    }
    for ((verdict, severity), rows) in &groups {
        let severity = if *severity == Severity::Info { String::new() } else { format!(", {severity}") };
        let _ = writeln!(text, "{verdict}{severity}: {}", rows.len());
        let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(outcome, row)).collect();
        let header = ["change", "subject", "before → after", "explained by"];
        let _ = writeln!(text, "{}", answer::table(&header, &cells, &[0, 1, 2]));
    }
    let total: usize = kinds.values().sum();
    let verdicts: Vec<_> = Verdict::ALL
        .iter()
        .map(|v| (v, outcome.rows.iter().filter(|r| r.verdict == *v && !answer::is_gap(r)).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(v, n)| format!("{n} {v}"))
        .collect();
    let noun = if total == 1 { "change" } else { "changes" };
    let _ = writeln!(text, "{total} {noun}: {}", verdicts.join(", "));
    let kinds: Vec<_> = kinds.into_iter().map(|(kind, n)| format!("{n} {kind}")).collect();
    for line in answer::wrapped(&kinds.join(", "), answer::TEXT_WIDTH - 2) {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// One change: what, about whom, from what to what, and who did it when.
fn cells(outcome: &Outcome, row: &Row) -> Vec<String> {
    let cell = |name| answer::cell(outcome, row, name);
    let or = |value: String, none: &str| if value.is_empty() { none.to_owned() } else { value };
    let resource = cell("resource");
    let subject = text::line(&row.subject);
    let subject = if resource.is_empty() { subject } else { format!("{subject}\nin {resource}") };
    let values = format!("{} → {}", or(cell("before"), "–"), or(cell("after"), "–"));
    let day = match outcome.cell(row, "changed_at") {
        Some(Cell::Time(at)) => time::format_date(at.date_naive()),
        _ => String::new(),
    };
    let has = |rule: &str| row.rule == rule || row.also.iter().any(|also| also == rule);
    let by = if !cell("explained_by").is_empty() {
        format!("{}\n{day}", or(cell("actor"), "an event without author"))
    } else if has("unexplained-change") {
        "no event".to_owned()
    } else if has("source-missing") {
        "the log has a hole".to_owned()
    } else {
        "not logged".to_owned()
    };
    vec![cell("change"), subject, values, by]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chooses among three snapshots, or the first `n` of them.
    fn chosen(n: usize, from: Option<&str>, to: Option<&str>) -> Result<(String, String), Error> {
        let ids = ["20260101T060000Z", "20260401T060000Z", "20260701T060000Z"].map(|id| id.parse().unwrap());
        let ask = Diff { from: from.map(str::to_owned), to: to.map(str::to_owned), ..Diff::default() };
        pair(&ask, &ids[..n]).map(|(from, to)| (from.to_string(), to.to_string()))
    }

    #[test]
    fn the_newest_and_the_one_before_are_the_default() {
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(chosen(3, None, None).unwrap(), pair("20260401T060000Z", "20260701T060000Z"));
        assert_eq!(chosen(3, Some("20260101T060000Z"), None).unwrap(), pair("20260101T060000Z", "20260701T060000Z"));
        let both = chosen(3, Some("20260101T060000Z"), Some("20260401T060000Z")).unwrap();
        assert_eq!(both, pair("20260101T060000Z", "20260401T060000Z"));
        assert!(chosen(3, Some("20260101T060000Z"), Some("latest")).is_ok());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        assert!(matches!(chosen(1, None, None), Err(Error::NoneBefore { .. })));
        assert!(matches!(chosen(1, Some("20260101T060000Z"), None), Err(Error::NoneBefore { .. })));
        assert!(matches!(chosen(0, None, None), Err(Error::NoSnapshots)));
        assert!(matches!(chosen(3, Some("latest"), None), Err(Error::Usage { .. })));
        assert!(matches!(chosen(3, Some("20260701T060000Z"), Some("20260101T060000Z")), Err(Error::Usage { .. })));
        assert!(matches!(chosen(3, Some("soon"), None), Err(Error::Usage { .. })));
        assert!(matches!(chosen(3, Some("20250101T060000Z"), None), Err(Error::NoSuchSnapshot { .. })));
    }
}
