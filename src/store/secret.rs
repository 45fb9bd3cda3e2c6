//! The secret behind the pseudonyms of redacted reports: one per organization, made by its first redacted report.
//!
//! It stays in the store. Whoever has it can find out whom a pseudonym stands for, so it is for the owner's eyes only
//! and is copied into no snapshot, report or bundle.

use std::{io, path::Path};

use tempfile::NamedTempFile;

use super::{OrgStore, disk, error::Error, layout::OrgPaths};

impl OrgStore {
    /// The organization's secret, made by the operating system's random source when there is none yet.
    ///
    /// # Errors
    /// [`Error::NoOrg`]; when the disk or the random source refuses; [`Error::Damaged`] when the file holds anything
    /// but 64 hexadecimal digits.
    pub fn redaction_secret(&self) -> Result<[u8; 32], Error> {
        self.must_exist()?;
        let path = self.paths.redaction_key();
        if !path.exists() {
            create(&self.paths, &path)?;
        }
        let text = disk::read(&path)?;
        parse(&text).ok_or_else(|| Error::damaged(path, "it does not hold 64 hexadecimal digits"))
    }
}

/// Makes the file, whole or not at all; one that another process made first stands.
fn create(org: &OrgPaths, path: &Path) -> Result<(), Error> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(io::Error::other).map_err(Error::io("make a secret for", path))?;
    let text = format!("{}\n", hex::encode(secret));
    // What a crash leaves there goes with the next collection; in the organization's folder it would be a stray file.
    let beside = org.beside("redaction");
    disk::make_dir(&beside)?;
    let file = NamedTempFile::new_in(&beside).map_err(Error::io("create a file in", &beside))?;
    io::Write::write_all(&mut file.as_file(), text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(Error::io("write", file.path()))?;
    let made = match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::io("create", path)(failed.error))
        }
        _ => disk::sync_dir(&org.0),
    };
    disk::remove_if_empty(&beside);
    disk::remove_if_empty(&org.stagings());
    made
}

/// The secret in a file.
fn parse(text: &[u8]) -> Option<[u8; 32]> {
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim_ascii_end(), &mut secret).ok()?;
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::ids::OrgName, store::Store};

    #[test]
    fn the_secret_is_made_once_for_the_owner_only() {
        let root = tempfile::tempdir().unwrap();
        let place = |name: &str| Store::new(root.path().to_owned()).org(&OrgName::new(name).unwrap());
        assert!(matches!(place("acme").redaction_secret(), Err(Error::NoOrg { .. })));
        for name in ["acme", "other"] {
            disk::make_dir(&place(name).dir().join("snapshots")).unwrap();
        }
        let secret = place("acme").redaction_secret().unwrap();
        assert_eq!(place("acme").redaction_secret().unwrap(), secret);
        assert_ne!(place("other").redaction_secret().unwrap(), secret);
        assert_eq!(disk::files(place("acme").dir()).unwrap(), ["redaction.key"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(place("acme").dir().join("redaction.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_secret_is_named_and_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        let place = Store::new(root.path().to_owned()).org(&OrgName::new("acme").unwrap());
        disk::make_dir(&place.dir().join("snapshots")).unwrap();
        for bad in ["", "abc", &"g".repeat(64), &"0".repeat(63), &"é".repeat(32)] {
            std::fs::write(place.dir().join("redaction.key"), bad).unwrap();
            assert!(matches!(place.redaction_secret(), Err(Error::Damaged { .. })), "{bad:?}");
        }
    }
}
