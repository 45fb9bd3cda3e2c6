//! Tests of private files and folders.

use super::*;

/// Names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_written_once_and_replaced_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    write(&path, b"one").unwrap();
    assert_eq!(write(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    replace(&path, b"three").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"three");
    assert_eq!(names(dir.path()), ["a"]);
}

#[test]
fn what_a_run_left_behind_goes_and_what_another_holds_stays() {
    let dir = tempfile::tempdir().unwrap();
    let left = dir.path().join(format!("{PREFIX}left"));
    folder(&left.join("in/it")).unwrap();
    write(&dir.path().join(format!("{PREFIX}file")), b"").unwrap();
    folder(&dir.path().join("other")).unwrap();
    let first = Work::new(dir.path()).unwrap();
    assert!(!left.exists());
    let second = Work::new(dir.path()).unwrap();
    assert!(first.path().is_dir() && second.path().is_dir());
    drop((first, second));
    assert_eq!(names(dir.path()), [format!("{PREFIX}file"), "other".to_owned()]);
}

#[cfg(unix)]
#[test]
fn everything_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (above, file) = (dir.path().join("a"), dir.path().join("a/b/c"));
    folder(&dir.path().join("a/b")).unwrap();
    replace(&file, b"").unwrap();
    assert_eq!((mode(&above), mode(&dir.path().join("a/b")), mode(&file)), (0o700, 0o700, 0o600));
    assert_eq!(mode(Work::new(dir.path()).unwrap().path()), 0o700);
    assert_eq!((open_to_others(&above, 0o022), open_to_others(&file, 0o077)), (None, None));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!((open_to_others(&file, 0o077), open_to_others(&file, 0o022)), (Some("its group"), None));
    fs::set_permissions(&above, fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(open_to_others(&above, 0o022), Some("everybody on this machine"));
    assert_eq!(open_to_others(&dir.path().join("none"), 0o022), None);
}

#[cfg(unix)]
#[test]
fn a_link_is_never_written_through() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("elsewhere")).unwrap();
    fs::write(path("thesis"), "mine").unwrap();
    symlink(path("elsewhere"), path("folder")).unwrap();
    symlink(path("thesis"), path("file")).unwrap();
    symlink(path("nothing"), path("dangling")).unwrap();
    for link in ["folder", "folder/", "dangling", "file"] {
        assert!(folder(&path(link)).unwrap_err().to_string().contains("a link"), "{link}");
    }
    assert!(write(&path("dangling"), b"").is_err() && !path("nothing").exists());
    replace(&path("file"), b"new").unwrap();
    assert_eq!(fs::read(path("thesis")).unwrap(), b"mine");
    assert!(!path("file").is_symlink());
    folder(&path("folder/below")).unwrap();
    assert!(path("elsewhere/below").is_dir(), "a link above is the user's");
}
