//! Lists the snapshots of an organization.

use comfy_table::CellAlignment;

use super::{error::Error, settings::Settings, summary::plain_table};
use crate::{
    model::{coverage::Source, ids::OrgName, manifest::Manifest, time},
    store::{Head, Pruned, Store},
};

/// The snapshots of an organization as a table, oldest first.
///
/// # Errors
/// When the store has no such organization or cannot be read.
pub(super) fn list(settings: &Settings, org: &OrgName) -> Result<String, Error> {
    let place = Store::new(settings.store.clone()).org(org);
    let (heads, pruned) = (place.snapshots()?, place.pruned()?);
    let mut table = plain_table(&["id", "as_of", "plan", "members", "bytes", "chain", "coverage", "dated by"]);
    for words in [6, 7] {
        if let Some(column) = table.column_mut(words) {
            column.set_cell_alignment(CellAlignment::Left);
        }
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
            chain(before, head, &pruned).to_owned(),
            coverage(manifest),
            dated(manifest).to_owned(),
        ]);
        before = Some(head);
    }
    let aside = place.aside()?.into_iter().map(|id| format!("{id} is set aside: a wrong clock dated it ahead\n"));
    Ok(format!("{}\n{}", table.trim_fmt(), aside.collect::<String>()))
}

/// Whether a snapshot follows the one before it in the list, or one that was deleted on purpose.
fn chain(before: Option<&Head>, head: &Head, pruned: &[Pruned]) -> &'static str {
    let Some(link) = &head.manifest.previous else { return if before.is_none() { "first" } else { "broken" } };
    match before {
        Some(before) if before.id == link.id && before.manifest_sha256 == link.sha256 => "follows",
        None if pruned.iter().any(|one| one.id == link.id && one.manifest_sha256 == link.sha256) => "follows pruned",
        _ => "broken",
    }
}

/// Which clock bears out the date of a snapshot.
fn dated(manifest: &Manifest) -> &'static str {
    match (manifest.dated_by_hand, manifest.hub_clock.is_of_hub()) {
        (true, _) => "hand",
        (false, true) => "the Hub's clock",
        (false, false) => "this machine's clock",
    }
}

/// Whether everything was seen, else the gaps.
fn coverage(manifest: &Manifest) -> String {
    let gaps: Vec<_> = manifest
        .sources
        .iter()
        .filter(|(source, _)| manifest.is_gap(**source))
        .map(|(source, record)| format!("{source} {}", record.coverage))
        .collect();
    if gaps.is_empty() { "complete".to_owned() } else { format!("gaps: {}", gaps.join(", ")) }
}
