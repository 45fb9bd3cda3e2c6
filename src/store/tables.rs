//! All tables of a snapshot: which are written, and how they are read back.

use std::{collections::BTreeMap, path::Path};

use super::{disk, error::Error, layout, parquet};
use crate::{
    model::{
        coverage::{Coverage, Plan, Source},
        manifest::{Manifest, TableRecord},
    },
    table::{
        Tables,
        access::{Invite, Seen},
        spec::Record,
    },
};

/// Writes the tables of a snapshot into its folder.
///
/// A source of which nothing could be read has no file: an empty table would read as "there is none".
pub(super) fn write(
    snapshot: &Path,
    manifest: &Manifest,
    tables: &Tables,
) -> Result<BTreeMap<String, TableRecord>, Error> {
    disk::make_dir(&snapshot.join("tables"))?;
    let mut out = Writer { snapshot, manifest, records: BTreeMap::new() };
    out.put(&tables.members)?;
    out.put(&tables.resource_groups)?;
    out.put(&tables.group_users)?;
    out.put(&tables.group_resources)?;
    out.put(&tables.repos)?;
    out.put(&tables.gated_access)?;
    out.put(&tables.tokens)?;
    out.put(&tables.service_accounts)?;
    out.put(&tables.service_tokens)?;
    out.put(&tables.scim_users)?;
    out.put(&tables.scim_groups)?;
    out.put(&tables.invites)?;
    out.put(&tables.seen)?;
    out.put(&tables.invites_file)?;
    out.put(&tables.people)?;
    out.put(&tables.commits)?;
    out.put(&tables.network_security)?;
    Ok(out.records)
}

/// Reads the tables that a snapshot's manifest lists; the others are empty.
pub(super) fn read(snapshot: &Path, manifest: &Manifest) -> Result<Tables, Error> {
    Ok(Tables {
        members: table(snapshot, manifest)?,
        resource_groups: table(snapshot, manifest)?,
        group_users: table(snapshot, manifest)?,
        group_resources: table(snapshot, manifest)?,
        repos: table(snapshot, manifest)?,
        gated_access: table(snapshot, manifest)?,
        tokens: table(snapshot, manifest)?,
        service_accounts: table(snapshot, manifest)?,
        service_tokens: table(snapshot, manifest)?,
        scim_users: table(snapshot, manifest)?,
        scim_groups: table(snapshot, manifest)?,
        invites: table(snapshot, manifest)?,
        seen: table(snapshot, manifest)?,
        invites_file: table(snapshot, manifest)?,
        people: table(snapshot, manifest)?,
        commits: table(snapshot, manifest)?,
        network_security: table(snapshot, manifest)?,
    })
}

/// Reads one table; empty when the manifest does not list it, and damaged when its file is missing or not as the
/// manifest describes it.
fn table<R: Record>(snapshot: &Path, manifest: &Manifest) -> Result<Vec<R>, Error> {
    listed(snapshot, &manifest.tables)
}

/// Reads one of the tables that a manifest lists, as [`table`] does.
pub(super) fn listed<R: Record>(snapshot: &Path, tables: &BTreeMap<String, TableRecord>) -> Result<Vec<R>, Error> {
    let Some(record) = tables.get(R::TABLE.name) else { return Ok(Vec::new()) };
    let path = layout::table(snapshot, R::TABLE.name);
    if !path.is_file() {
        return Err(Error::damaged(path, "the manifest lists this table and it is not there"));
    }
    let rows: Vec<R> = parquet::read(&path, &record.sha256)?;
    if rows.len() as u64 != record.rows {
        let what = format!("the manifest lists {} rows and it has {}", record.rows, rows.len());
        return Err(Error::damaged(path, what));
    }
    Ok(rows)
}

/// Writes tables one by one.
struct Writer<'a> {
    /// The snapshot's folder.
    snapshot: &'a Path,
    /// Coverage of the sources.
    manifest: &'a Manifest,
    /// What was written.
    records: BTreeMap<String, TableRecord>,
}

impl Writer<'_> {
    /// Writes one table, if its source was read.
    fn put<R: Record>(&mut self, rows: &[R]) -> Result<(), Error> {
        let (name, source) = (R::TABLE.name, R::TABLE.source);
        // Derived tables rest on other sources too; rows of any table are evidence that something was read.
        if !rows.is_empty()
            || [Invite::TABLE.name, Seen::TABLE.name].contains(&name)
            || was_read(self.manifest.coverage(source), source, &self.manifest.plan.plan())
        {
            let record = parquet::write(&layout::table(self.snapshot, name), rows)?;
            self.records.insert(name.to_owned(), record);
        }
        Ok(())
    }
}

/// Whether an empty table of this source says that there is none.
fn was_read(coverage: Coverage, source: Source, plan: &Plan) -> bool {
    coverage.has_rows() || (coverage == Coverage::PlanRequired && !coverage.is_gap(source, plan))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_was_not_read_has_no_table() {
        assert!(was_read(Coverage::Collected, Source::Tokens, &Plan::Team));
        assert!(was_read(Coverage::Partial, Source::Tokens, &Plan::Team));
        assert!(was_read(Coverage::PlanRequired, Source::Scim, &Plan::Team));
        assert!(!was_read(Coverage::PlanRequired, Source::Scim, &Plan::Enterprise));
        assert!(!was_read(Coverage::PlanRequired, Source::Tokens, &Plan::Free));
        for unread in
            [Coverage::Forbidden, Coverage::Absent, Coverage::Failed, Coverage::Skipped, Coverage::NotRequested]
        {
            assert!(!was_read(unread, Source::Scim, &Plan::Free), "{unread}");
        }
    }
}
