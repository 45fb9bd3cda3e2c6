//! What belongs into an organization's folder, and what of it is missing: everything else is a difference.

use std::{collections::BTreeSet, path::Path};

use super::Unchecked;
use crate::{
    model::{coverage::Source, ids::SnapshotId},
    store::{
        aside, disk,
        error::Error,
        layout::{self, OrgPaths},
    },
};

/// What is said of a link.
pub(super) const LINK: &str = "it is a link, or no plain file: a store holds plain files and folders, and whatever lies elsewhere is no part of it";

/// Fails at the first thing below a folder that is neither a plain file nor a folder.
pub(super) fn plain(folder: &Path) -> Result<(), Error> {
    disk::odd(folder)?.map_or(Ok(()), |path| Err(Error::added(path, LINK)))
}

/// Fails at the first file or folder that does not belong into an organization's folder. What lies in a snapshot, in the
/// folder of an import and in the archive is held against lists of its own.
pub(super) fn only(org: &OrgPaths) -> Result<(), Error> {
    for (name, kind) in disk::entries(&org.0)? {
        if !layout::OWN.contains(&(name.as_str(), kind.is_dir())) {
            let own: Vec<_> = layout::OWN.iter().map(|(name, _)| *name).collect();
            let what = format!("it does not belong into an organization's folder, which holds {}", own.join(", "));
            return Err(Error::added(org.0.join(name), what));
        }
    }
    each(&org.stagings(), "it is part of no unfinished work", |name, is_dir| {
        let id = name.strip_suffix(".pruned").unwrap_or(name);
        let work = id.parse::<SnapshotId>().is_ok() || name.starts_with("import-") || name == "redaction";
        if is_dir { work } else { name == layout::PRUNED || name == layout::WITNESS }
    })?;
    each(&org.archive(), "it is no month of the archive", |name, is_dir| is_dir && layout::is_month(name))?;
    each(&org.imports(), "nothing is imported under this name", |name, is_dir| {
        is_dir && Source::ALL.iter().any(|source| source.name() == name)
    })?;
    each(&org.0.join(layout::WITNESS), "it is no answer of a witness", |name, is_dir| {
        !is_dir && name.parse::<SnapshotId>().is_ok()
    })?;
    each(&org.0.join(layout::SET_ASIDE), "it is no snapshot that was set aside", |name, is_dir| {
        is_dir && name.parse::<SnapshotId>().is_ok()
    })
}

/// Fails at the first entry of a folder that does not belong; the closure is told its name, and whether it is a folder.
fn each(folder: &Path, what: &str, belongs: impl Fn(&str, bool) -> bool) -> Result<(), Error> {
    let entries = disk::entries(folder)?;
    let stray = entries.iter().find(|(name, kind)| !belongs(name, kind.is_dir()));
    stray
        .map_or(Ok(()), |(name, _)| Err(Error::added(folder.join(name), format!("{what}: it was put here afterwards"))))
}

/// Compares the answers of the witness with the snapshots that are there, those that were deleted and those that were set
/// aside; gives what was sealed without one.
pub(super) fn witnessed(
    org: &OrgPaths,
    there: &[SnapshotId],
    deleted: &[SnapshotId],
) -> Result<Option<Unchecked>, Error> {
    let folder = org.0.join(layout::WITNESS);
    let seen: BTreeSet<SnapshotId> =
        disk::entries(&folder)?.into_iter().filter_map(|(name, _)| name.parse().ok()).collect();
    let aside = aside::ids(org)?;
    let known: BTreeSet<&SnapshotId> = [there, deleted, &aside].into_iter().flatten().collect();
    if let Some(id) = seen.iter().find(|id| !known.contains(id)) {
        let what = format!("the witness was told that {id} was sealed, and it is not here: a snapshot was removed");
        return Err(Error::contradicts(org.snapshot(id), what));
    }
    let without: Vec<_> = there.iter().filter(|id| !seen.contains(id)).collect();
    let Some(first) = without.first().filter(|_| folder.is_dir()) else { return Ok(None) };
    let what = format!(
        "whether the witness was told of {} of {} snapshots, the first of them {first}: no answer of it was kept",
        without.len(),
        there.len()
    );
    Ok(Some(Unchecked::minor(what, "compare their checkpoint lines with what the witness has")))
}

/// Collections that were not finished: what they read so far is sealed by nothing.
pub(super) fn unfinished(org: &OrgPaths) -> Result<Option<Unchecked>, Error> {
    let entries = disk::entries(&org.stagings())?;
    let open: Vec<_> = entries.iter().filter(|(name, _)| name.parse::<SnapshotId>().is_ok()).collect();
    let Some((first, _)) = open.first() else { return Ok(None) };
    let what = format!("what an unfinished collection has read, {first}: nothing seals it yet");
    Ok(Some(Unchecked::minor(what, "run `rollcall collect` to its end, and verify then")))
}
