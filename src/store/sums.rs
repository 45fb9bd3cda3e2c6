//! The digests of a folder's files, as its `SHA256SUMS` lists them.

use std::{collections::BTreeMap, path::Path};

use super::{disk, error::Error};
use crate::model::sums::FILE;
pub(super) use crate::model::sums::{parse, text};

/// The list of every file below a folder but the list itself, sorted by path in byte order.
pub(super) fn render(dir: &Path) -> Result<String, Error> {
    Ok(text(&digests(dir)?))
}

/// Digest of every file below a folder but the list itself.
fn digests(dir: &Path) -> Result<BTreeMap<String, String>, Error> {
    let mut digests = BTreeMap::new();
    for path in disk::files(dir)? {
        if path != FILE {
            let (sha256, _) = disk::digest_file(&dir.join(&path))?;
            digests.insert(path, sha256);
        }
    }
    Ok(digests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_a_folder_leaves_out_itself_only() {
        let dir = tempfile::tempdir().unwrap();
        disk::make_dir(&dir.path().join("tables")).unwrap();
        for name in ["tables/a.parquet", "manifest.json", FILE] {
            disk::write(&dir.path().join(name), name.as_bytes()).unwrap();
        }
        let text = render(dir.path()).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert_eq!(parse(text.as_bytes()), Ok(digests(dir.path()).unwrap()));
    }
}
