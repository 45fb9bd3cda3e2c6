//! What a witness outside answered when it was told of a sealed snapshot, kept beside.

use std::path::PathBuf;

use super::{OrgStore, disk, error::Error, layout, lock::Lock};
use crate::model::ids::SnapshotId;

impl OrgStore {
    /// Keeps the answer of the witness to a snapshot, readable by its owner only; gives the file. One that is there
    /// already stays as it is.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep_witness(&self, lock: &Lock, id: &SnapshotId, answer: &[u8]) -> Result<PathBuf, Error> {
        lock.assert_of(self);
        let path = self.paths.witness(id);
        if path.exists() {
            return Ok(path);
        }
        self.expect_witness(lock)?;
        let folder = self.paths.0.join(layout::WITNESS);
        disk::make_dir(&self.paths.stagings())?;
        let beside = self.paths.beside(layout::WITNESS);
        disk::remove_file(&beside)?;
        disk::write(&beside, answer)?;
        disk::rename(&beside, &path)?;
        disk::sync_dir(&folder)?;
        disk::sync_dir(&self.paths.0)?;
        disk::remove_if_empty(&self.paths.stagings());
        Ok(path)
    }

    /// Makes the folder of answers, so that a snapshot without one is told of even where no witness ever answered.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn expect_witness(&self, lock: &Lock) -> Result<(), Error> {
        lock.assert_of(self);
        disk::make_dir(&self.paths.0.join(layout::WITNESS))
    }
}
