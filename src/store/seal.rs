//! The seal: from a finished staging to a snapshot that never changes again.

use std::{collections::BTreeSet, path::PathBuf};

use super::{Staging, archive, disk, error::Error, layout, spool, sums, tables};
use crate::{
    model::{
        ids::SnapshotId,
        manifest::{FORMAT, Manifest, Previous},
        sums::SIGNATURE,
    },
    table::{Tables, packed::Packed},
};

/// A sealed snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// Its id.
    pub id: SnapshotId,
    /// Its folder.
    pub dir: PathBuf,
    /// SHA-256 of `manifest.json`, hexadecimal.
    pub manifest_sha256: String,
}

impl Staging {
    /// Seals the snapshot: tables, manifest, digests, everything flushed, the new parts moved into the archive, and
    /// then one rename.
    ///
    /// Of the manifest, `format`, `id`, `org`, `as_of`, `tables`, `previous` and `audit` (but for `unknown_types`) are
    /// filled in here. When this fails nothing is sealed, and the next attempt resumes.
    ///
    /// # Errors
    /// [`Error::NotKept`] when the manifest names a body that is not there; [`Error::Sealed`] when somebody got ahead;
    /// whatever the disk refuses.
    pub fn seal(self, manifest: Manifest, tables: &Tables) -> Result<Sealed, Error> {
        self.seal_signed(manifest, tables, |_list| Ok::<_, Error>(None))
    }

    /// [`Staging::seal`] with a signature over `SHA256SUMS`, which `sign` makes when the list is written; `None` leaves
    /// it unsigned. The signature lies beside the list before the snapshot appears.
    ///
    /// # Errors
    /// As [`Staging::seal`]; what `sign` gives: then nothing is sealed either.
    pub fn seal_signed<E: From<Error>>(
        mut self,
        mut manifest: Manifest,
        tables: &Tables,
        sign: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Sealed, E> {
        if self.audit.is_none() {
            self.append_events(&Packed::default(), false)?;
        }
        let audit = self.audit.take().unwrap_or_default();
        let unknown_types = std::mem::take(&mut manifest.audit.unknown_types);
        FORMAT.clone_into(&mut manifest.format);
        manifest.id = self.id.clone();
        manifest.org = self.org.org.clone();
        manifest.as_of = self.as_of();
        manifest.audit = crate::model::manifest::Audit { unknown_types, ..audit };
        manifest.previous =
            self.previous.as_ref().map(|p| Previous { id: p.id.clone(), sha256: p.manifest_sha256.clone() });

        let folder = self.paths.snapshot();
        self.keep_evidence(&manifest)?;
        manifest.tables = tables::write(&folder, &manifest, tables)?;
        let path = folder.join(layout::MANIFEST);
        let mut text =
            serde_json::to_vec_pretty(&manifest).map_err(|source| Error::Json { path: path.clone(), source })?;
        text.push(b'\n');
        disk::write(&path, &text)?;
        let list = sums::render(&folder)?.into_bytes();
        disk::write(&folder.join(layout::SUMS), &list)?;
        if let Some(signature) = sign(&list)? {
            disk::write(&folder.join(SIGNATURE), &signature)?;
        }
        disk::sync_tree(&folder)?;
        Ok(self.publish(&text)?)
    }

    /// Removes what is no evidence (bodies of broken attempts, tables of an attempt that could not be sealed) and
    /// checks that what the manifest names is there.
    fn keep_evidence(&self, manifest: &Manifest) -> Result<(), Error> {
        let requests = manifest.sources.values().flat_map(|source| &source.requests);
        let named: BTreeSet<_> = requests.filter_map(|request| request.raw.clone()).collect();
        let folder = self.paths.snapshot();
        if let Some(raw) = named.iter().find(|raw| !folder.join(raw).is_file()) {
            return Err(Error::NotKept { raw: raw.clone() });
        }
        let mut kept = self.spool.kept();
        kept.extend(named);
        spool::remove_all_but(&folder, &kept)
    }

    /// Moves the finished folders to their places.
    fn publish(self, manifest: &[u8]) -> Result<Sealed, Error> {
        let org = &self.org.paths;
        let dir = org.snapshot(&self.id);
        if dir.exists() {
            return Err(Error::Sealed { org: self.org.org.clone(), id: self.id });
        }
        disk::make_dir(&org.snapshots())?;
        archive::publish(org, &self.paths)?;
        disk::rename(&self.paths.snapshot(), &dir)?;
        disk::sync_dir(&org.snapshots())?;
        disk::sync_dir(&org.0)?;
        disk::sync_dir(&self.org.store.root)?;
        // The snapshot is sealed: what is left of the staging can no longer be resumed and goes with the next one if
        // it cannot be removed now.
        if disk::remove_dir(&self.paths.0).is_ok() {
            disk::remove_if_empty(&org.stagings());
        }
        Ok(Sealed { id: self.id, dir, manifest_sha256: disk::sha256(manifest) })
    }
}
