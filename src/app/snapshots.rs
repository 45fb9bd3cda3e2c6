//! Lists the snapshots of an organization, and verifies what is on disk.

use std::path::Path;

use comfy_table::CellAlignment;

use super::{error::Error, settings::Settings, summary::plain_table};
use crate::{
    model::{coverage::Source, ids::OrgName, manifest::Manifest, time},
    store::{self, Head, Store, verify},
};

/// The snapshots of an organization as a table, oldest first.
///
/// # Errors
/// When the store has no such organization or cannot be read.
pub(super) fn list(settings: &Settings, org: &OrgName) -> Result<String, Error> {
    let heads = Store::new(settings.store.clone()).org(org).snapshots()?;
    let mut table = plain_table(&["id", "as_of", "plan", "members", "bytes", "chain", "coverage"]);
    if let Some(coverage) = table.column_mut(6) {
        coverage.set_cell_alignment(CellAlignment::Left);
    }
    let mut before: Option<&Head> = None;
    for head in &heads {
        let manifest = &head.manifest;
        let members = manifest.sources.get(&Source::Members).filter(|s| s.coverage.has_rows());
        table.add_row([
            head.id.to_string(),
            time::format(manifest.as_of),
            manifest.plan.name.clone(),
            members.map_or_else(|| "?".to_owned(), |s| s.rows.to_string()),
            head.bytes_on_disk.to_string(),
            chain(before, head).to_owned(),
            coverage(manifest),
        ]);
        before = Some(head);
    }
    Ok(format!("{}\n", table.trim_fmt()))
}

/// Whether a snapshot follows the one before it in the list.
fn chain(before: Option<&Head>, head: &Head) -> &'static str {
    match (before, &head.manifest.previous) {
        (None, None) => "first",
        (Some(before), Some(link)) if before.id == link.id && before.manifest_sha256 == link.sha256 => "follows",
        _ => "broken",
    }
}

/// Whether everything was seen, else the gaps.
fn coverage(manifest: &Manifest) -> String {
    let gaps: Vec<_> = manifest
        .sources
        .iter()
        .filter(|(source, record)| record.coverage.is_gap(**source))
        .map(|(source, record)| format!("{source} {}", record.coverage))
        .collect();
    if gaps.is_empty() { "complete".to_owned() } else { format!("gaps: {}", gaps.join(", ")) }
}

/// Re-hashes what is on disk and says what was looked at.
///
/// # Errors
/// The first thing that differs.
pub(super) fn verify(path: &Path) -> Result<String, Error> {
    let verified = verify::verify(path).map_err(|error| match error {
        store::Error::Differs { path, what } => Error::Differs { path, what },
        other => Error::Store(other),
    })?;
    let kind = verified.kind.word();
    let mut lines = vec![format!("{kind} {}: {} files are as they were sealed", path.display(), verified.files)];
    lines.extend(verified.snapshots.iter().map(|snapshot| format!("  {snapshot}")));
    lines.extend(verified.unchecked.iter().map(|what| format!("  not checked: {what}")));
    Ok(format!("{}\n", lines.join("\n")))
}
