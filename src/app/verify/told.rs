//! What a verification says: for people line by line, for programs as one object.

use std::path::Path;

use serde_json::{Value, json};

use super::Findings;
use crate::{
    app::error::Error,
    store::verify::{Found, Unchecked},
};

/// The text: what was found, what was done, what was not, and how much that is.
pub(super) fn text(findings: &Findings) -> String {
    let mut lines = vec![findings.head.clone()];
    lines.extend(
        findings.snapshots.iter().map(Found::name).chain(findings.done.clone()).map(|line| format!("  {line}")),
    );
    lines.extend(grouped(findings).into_iter().map(|not| {
        let essential = if not.essential { " (essential)" } else { "" };
        format!("  not checked{essential}: {}; to check it, {}", not.what, not.by)
    }));
    let made = match findings.made {
        1 => "1 check was made".to_owned(),
        n => format!("{n} checks were made"),
    };
    lines.push(match findings.unchecked.len() {
        0 => format!("{made}, which is every one"),
        1 => format!("{made}, 1 check was not made"),
        n => format!("{made}, {n} checks were not made"),
    });
    format!("{}\n", lines.join("\n"))
}

/// What was not checked; what was not checked of several snapshots alike is said once, with all their ids.
fn grouped(findings: &Findings) -> Vec<Unchecked> {
    let mut groups: Vec<(Unchecked, Vec<&str>)> = Vec::new();
    for not in &findings.unchecked {
        let ids = findings.snapshots.iter().map(|one| one.id.as_str());
        let id = ids.filter(|id| not.what.matches(id).count() == 1).max_by_key(|id| id.len());
        let what = id.map_or_else(|| not.what.clone(), |id| not.what.replace(id, HOLE));
        let alike = Unchecked { what, ..not.clone() };
        match groups.iter_mut().find(|(known, ids)| *known == alike && !ids.is_empty()) {
            Some((_, ids)) => ids.extend(id),
            None => groups.push((alike, id.into_iter().collect())),
        }
    }
    let told = |(not, ids): (Unchecked, Vec<&str>)| Unchecked { what: not.what.replace(HOLE, &ids.join(", ")), ..not };
    groups.into_iter().map(told).collect()
}

/// Stands for the id of a snapshot; no text of ours holds it.
const HOLE: &str = "\0";

/// The object of a verification that found no difference; `enough` is false when `--strict` asks for more.
pub(super) fn json(path: &Path, findings: &Findings, enough: bool) -> String {
    let not_checked: Vec<_> = findings
        .unchecked
        .iter()
        .map(|not| json!({"what": not.what, "by": not.by, "essential": not.essential}))
        .collect();
    line(&json!({
        "kind": findings.kind.word(),
        "path": path.display().to_string(),
        "files": findings.files,
        "snapshots": findings.snapshots.iter().map(Found::name).collect::<Vec<_>>(),
        "checks_made": findings.made,
        "checks_not_made": findings.unchecked.len(),
        "not_checked": not_checked,
        "result": if enough { "verified" } else { "not-checked" },
    }))
}

/// The object of a difference: the same keys, of which nothing is known but the path.
pub(super) fn difference(path: &Path, error: &Error) -> String {
    let [what, why, _] = crate::app::three_lines(error);
    line(&json!({
        "kind": null,
        "path": path.display().to_string(),
        "files": null,
        "snapshots": [],
        "checks_made": null,
        "checks_not_made": null,
        "not_checked": [],
        "result": "differs",
        "difference": {"what": what, "why": why},
    }))
}

/// An object on a line of its own.
fn line(object: &Value) -> String {
    format!("{object}\n")
}
