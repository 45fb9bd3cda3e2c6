//! Bundles written, changed in every way one can think of, and held to their list.

mod sign;
mod signers;

use std::{collections::BTreeMap, fs, io::Write as _, path::Path, process::Command};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::{write::copy, *};
use crate::model::sums;

/// Files of a small bundle.
fn files(dir: &Path) -> BTreeMap<String, Content> {
    let on_disk = dir.join("manifest.json");
    fs::write(&on_disk, "{\"format\": \"rollcall.snapshot/1\"}\n").unwrap();
    let bytes = |text: &str| Content::Bytes(text.as_bytes().to_vec());
    BTreeMap::from([
        ("VERIFY.txt".to_owned(), bytes("how\n")),
        ("evidence/acme/snapshots/1/manifest.json".to_owned(), Content::File(on_disk)),
        ("report/csv/access.csv".to_owned(), bytes("subject\nbüke\n")),
        ("report/empty.md".to_owned(), bytes("")),
    ])
}

/// A bundle in a temporary folder.
fn bundle() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("b.zip");
    write(&out, &files(dir.path()), None, &|| true).unwrap();
    (dir, out)
}

/// Checks a bundle, unpacking its evidence nowhere in particular.
fn checked(path: &Path) -> Result<Checked, Error> {
    check(path, &["evidence"], tempfile::tempdir().unwrap().path())
}

/// What differs first, as the path behind the bundle's and the explanation.
fn difference(path: &Path) -> (String, String) {
    match checked(path) {
        Err(Error::Differs { path: found, what }) => {
            (found.strip_prefix(path).unwrap().to_str().unwrap().to_owned(), what)
        }
        other => panic!("{other:?}"),
    }
}

/// A zip of these entries with a list over those that are not the list.
fn zip_of(path: &Path, entries: &[(&str, &str)]) {
    let mut zip = ZipWriter::new(fs::File::create(path).unwrap());
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let digest = |text: &str| copy(text.as_bytes(), &mut std::io::sink()).unwrap().0;
    let listed: BTreeMap<_, _> = entries.iter().map(|(name, text)| ((*name).to_owned(), digest(text))).collect();
    let list = sums::text(&listed);
    for (name, text) in entries.iter().chain([&(sums::FILE, list.as_str())]) {
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn the_same_files_give_the_same_bytes_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path());
    let (a, b) = (dir.path().join("new/a.zip"), dir.path().join("b.zip"));
    let written = write(&a, &files, None, &|| true).unwrap();
    assert_eq!(written.files, 5);
    assert_eq!(written.bytes, fs::metadata(&a).unwrap().len());
    write(&b, &files, None, &|| true).unwrap();
    assert_eq!(fs::read(&a).unwrap(), fs::read(&b).unwrap());
    assert_eq!(write(&a, &files, None, &|| true).unwrap(), written, "the same bundle again is none the worse");
    fs::write(&b, "somebody else's").unwrap();
    assert!(matches!(write(&b, &files, None, &|| true), Err(Error::Exists { .. })));
    assert_eq!(fs::read(&b).unwrap(), b"somebody else's");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&a).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing is left beside");
}

#[test]
fn a_whole_bundle_passes_and_only_its_evidence_is_unpacked() {
    let (dir, out) = bundle();
    let into = dir.path().join("into");
    let checked = check(&out, &["evidence"], &into).unwrap();
    assert_eq!((checked.files, checked.signature), (4, None));
    assert!(fs::read(into.join("evidence/acme/snapshots/1/manifest.json")).unwrap().starts_with(b"{\"format\""));
    assert_eq!(fs::read_dir(&into).unwrap().count(), 1);
}

#[test]
fn nothing_of_the_moment_or_the_machine_gets_in() {
    let (_dir, out) = bundle();
    let mut zip = zip::ZipArchive::new(fs::File::open(&out).unwrap()).unwrap();
    let mut names = Vec::new();
    for at in 0..zip.len() {
        let entry = zip.by_index(at).unwrap();
        assert_eq!(entry.last_modified(), Some(zip::DateTime::default()));
        assert_eq!(entry.unix_mode(), Some(0o100_600));
        names.push(String::from_utf8(entry.name_raw().to_vec()).unwrap());
    }
    assert_eq!(names.pop().as_deref(), Some(sums::FILE));
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn other_tools_read_it_and_sha256sum_agrees() {
    let (dir, out) = bundle();
    let unzip = Command::new("unzip").args(["-q", out.to_str().unwrap(), "-d", "u"]).current_dir(dir.path()).output();
    // Where the tools are not installed there is nothing to compare with.
    let Ok(unzipped) = unzip else { return };
    assert!(unzipped.status.success(), "{}", String::from_utf8_lossy(&unzipped.stderr));
    let sum = Command::new("sha256sum").args(["--strict", "-c", sums::FILE]).current_dir(dir.path().join("u")).output();
    let Ok(sum) = sum else { return };
    assert!(sum.status.success(), "{}", String::from_utf8_lossy(&sum.stdout));
}

#[test]
fn a_flipped_byte_of_any_file_is_found_and_named() {
    let (_dir, out) = bundle();
    let bytes = fs::read(&out).unwrap();
    for (name, text) in [("VERIFY.txt", "how\n"), ("report/csv/access.csv", "büke"), (sums::FILE, "  VERIFY.txt\n")] {
        let at = bytes.windows(text.len()).position(|w| w == text.as_bytes()).unwrap();
        let mut flipped = bytes.clone();
        flipped[at + 1] ^= 0x01;
        fs::write(&out, flipped).unwrap();
        let (found, what) = difference(&out);
        assert_eq!(found, name, "{what}");
    }
    for length in [0, 3, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&out, &bytes[..length]).unwrap();
        let (found, what) = difference(&out);
        assert!(found.is_empty() && what.contains("cut off"), "{length}: {found} {what}");
    }
}

#[test]
fn files_added_removed_or_listed_twice_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("b.zip");
    zip_of(&out, &[("a", "1"), ("b", "2")]);
    assert_eq!(checked(&out).unwrap().files, 2);
    let bytes = fs::read(&out).unwrap();
    let replaced = |from: &str, to: &str| {
        let mut bytes = bytes.clone();
        for at in 0..bytes.len() - from.len() {
            if bytes[at..].starts_with(from.as_bytes()) {
                bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            }
        }
        fs::write(&out, bytes).unwrap();
        difference(&out)
    };
    assert_eq!(replaced("  b\n", "  c\n").0, "c", "listed and not there");
    assert!(replaced("SHA256SUMS", "SHA256SUMZ").1.contains("nothing tells"));
    zip_of(&out, &[("a", "1")]);
    let mut zip = ZipWriter::new_append(fs::File::options().read(true).write(true).open(&out).unwrap()).unwrap();
    zip.start_file("note", SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored)).unwrap();
    zip.finish().unwrap();
    assert!(difference(&out).1.contains("added afterwards"));
}

#[test]
fn entries_that_lead_elsewhere_or_could_be_read_in_two_ways_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("b.zip");
    for name in ["../escape", "/abs", "evidence/../../escape", "evidence\\..\\x", "evidence//x"] {
        zip_of(&out, &[(name, "1")]);
        assert!(difference(&out).1.contains("is refused"), "{name}");
    }
    assert!(!dir.path().join("escape").exists());

    // Two entries of one name: the second is renamed behind the writer's back.
    zip_of(&out, &[("aaaa", "1"), ("bbbb", "2")]);
    let twice = String::from_utf8_lossy(&fs::read(&out).unwrap()).contains("bbbb");
    assert!(twice);
    patch(&out, b"bbbb", b"aaaa", 0);
    assert!(difference(&out).1.contains("same name"));

    // The flag of encryption in both headers of the first entry.
    zip_of(&out, &[("aaaa", "1")]);
    patch(&out, b"PK\x03\x04", &[1], 6);
    patch(&out, b"PK\x01\x02", &[1], 8);
    assert!(difference(&out).1.contains("encrypted"), "{}", difference(&out).1);

    let mut zip = ZipWriter::new(fs::File::create(&out).unwrap());
    zip.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    zip.finish().unwrap();
    assert!(difference(&out).1.contains("no plain file"));

    zip_of(&out, &[("aaaa", "1")]);
    let mut before = b"#!/bin/sh\n".to_vec();
    before.extend(fs::read(&out).unwrap());
    fs::write(&out, before).unwrap();
    assert!(difference(&out).1.contains("bytes stand before it"), "{}", difference(&out).1);
}

#[test]
fn names_that_are_one_file_somewhere_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("b.zip");
    for pair in [["a", "A"], ["caf\u{e9}", "cafe\u{301}"], ["x", "x/y"], ["a", "sha256sums"]] {
        zip_of(&out, &[(pair[0], "1"), (pair[1], "2")]);
        assert!(difference(&out).1.contains("are one file where"), "{pair:?}: {}", difference(&out).1);
        let files = pair.map(|name| (name.to_owned(), Content::Bytes(Vec::new()))).into();
        let written = write(&dir.path().join("new.zip"), &files, None, &|| true);
        assert!(matches!(written, Err(Error::Name { .. })), "{pair:?}");
    }
    for name in ["NUL", "com1.txt", "a.", "b ", "x/aux.csv"] {
        zip_of(&out, &[(name, "1")]);
        assert!(difference(&out).1.contains("is refused: a part of it"), "{name}: {}", difference(&out).1);
    }
}

#[test]
fn bytes_that_belong_to_nothing_are_found_wherever_they_stand() {
    let (_dir, out) = bundle();
    let whole = fs::read(&out).unwrap();
    let find = |mark: &[u8]| whole.windows(mark.len()).position(|w| w == mark).unwrap();
    let (directory, end) = (find(b"PK\x01\x02"), find(b"PK\x05\x06"));
    let second = 4 + whole[4..].windows(4).position(|w| w == b"PK\x03\x04").unwrap();
    let number = |bytes: &mut Vec<u8>, at: usize, add: u32| {
        let old = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        bytes[at..at + 4].copy_from_slice(&(old + add).to_le_bytes());
    };
    // Behind the end.
    let mut behind = whole.clone();
    behind.extend(b"more");
    // Between the directory and its end.
    let mut before_end = whole.clone();
    before_end.splice(end..end, *b"more");
    // Before the directory.
    let mut before_directory = whole.clone();
    number(&mut before_directory, end + 16, 4);
    before_directory.splice(directory..directory, *b"more");
    // Between two entries: those behind it move.
    let mut between = whole.clone();
    number(&mut between, end + 16, 4);
    let headers: Vec<usize> = (directory..end).filter(|at| between[*at..].starts_with(b"PK\x01\x02")).skip(1).collect();
    for at in headers {
        number(&mut between, at + 42, 4);
    }
    between.splice(second..second, *b"more");
    for (place, bytes) in
        [("behind", behind), ("before the end", before_end), ("before", before_directory), ("between", between)]
    {
        fs::write(&out, bytes).unwrap();
        let (found, what) = difference(&out);
        assert!(found.is_empty(), "{place}: {found} {what}");
        assert!(what.contains("bytes "), "{place}: {what}");
    }
    fs::write(&out, whole).unwrap();
    checked(&out).unwrap();
}

#[test]
fn what_another_program_packed_again_is_called_so() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("b.zip");
    let how = |path: &Path| match checked(path) {
        Err(Error::Repacked { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    // Another method in both headers of each entry.
    zip_of(&out, &[("aaaa", "1")]);
    patch(&out, b"PK\x03\x04", &[8], 8);
    patch(&out, b"PK\x01\x02", &[8], 10);
    assert!(how(&out).contains("\"aaaa\" is compressed"), "{}", how(&out));
    zip_of(&out, &[("b", "2"), ("a", "1")]);
    assert!(how(&out).contains("not in the order"), "{}", how(&out));
    let mut zip = ZipWriter::new(fs::File::create(&out).unwrap());
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.add_directory("report", options).unwrap();
    zip.start_file(sums::FILE, options).unwrap();
    zip.finish().unwrap();
    assert!(how(&out).contains("\"report/\" is a folder"), "{}", how(&out));
    // What holds no list is no bundle, whoever packed it.
    let mut zip = ZipWriter::new(fs::File::create(&out).unwrap());
    zip.add_directory("photos", options).unwrap();
    zip.finish().unwrap();
    assert!(difference(&out).1.contains("nothing tells"));
}

#[test]
fn a_bundle_that_zip_packed_again_is_whole_when_unpacked() {
    let (dir, out) = bundle();
    let run = |program: &str, args: &[&str], folder: &str| {
        let done = Command::new(program).args(args).current_dir(dir.path().join(folder)).output();
        done.is_ok_and(|done| done.status.success())
    };
    // Where the tools are not installed there is nothing to try.
    if !run("unzip", &["-q", out.to_str().unwrap(), "-d", "u"], ".") || !run("zip", &["-q", "-r", "../c.zip", "."], "u")
    {
        return;
    }
    let again = dir.path().join("c.zip");
    assert!(matches!(checked(&again), Err(Error::Repacked { .. })), "{:?}", checked(&again));
}

/// Writes bytes at an offset behind each place where a file holds `mark`.
fn patch(path: &Path, mark: &[u8], bytes: &[u8], offset: usize) {
    let mut file = fs::read(path).unwrap();
    for at in 0..file.len() - mark.len() {
        if file[at..].starts_with(mark) {
            file[at + offset..at + offset + bytes.len()].copy_from_slice(bytes);
        }
    }
    fs::write(path, file).unwrap();
}

#[test]
fn names_of_ours_and_names_that_lead_elsewhere_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["SHA256SUMS", "SHA256SUMS.sig", "../x"] {
        let files = BTreeMap::from([(name.to_owned(), Content::Bytes(Vec::new()))]);
        assert!(matches!(write(&dir.path().join("b.zip"), &files, None, &|| true), Err(Error::Name { .. })), "{name}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}
