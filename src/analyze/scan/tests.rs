//! The log of a snapshot, in any number of parts.

use std::fs::File;

use polars::prelude::ParquetWriter;
use proptest::prelude::*;

use super::*;
use crate::{
    model::time,
    table::{activity::AuditEvent, frame},
};

/// An event at a second of one day.
fn event(second: u32, kind: &str, author: &str, target: Option<(&str, &str)>) -> AuditEvent {
    AuditEvent {
        event_id: format!("{second:04}"),
        created_at: time::parse(&format!("2026-09-20T09:00:{second:02}Z")).unwrap(),
        r#type: kind.to_owned(),
        author_id: (author == "ada").then(|| "1".to_owned()),
        author: Some(author.to_owned()),
        author_type: Some(if author == "hub" { "system" } else { "user" }.to_owned()),
        author_deleted: None,
        target: target.map(|(name, _)| name.to_owned()),
        target_id: target.map(|(_, id)| id.to_owned()),
        role: None,
        role_before: None,
        repo: None,
        token_id: None,
        token_role: None,
        oauth_client: None,
        ip: None,
        country: None,
        message: None,
        data: None,
    }
}

#[test]
fn one_pass_finds_authors_and_lives_in_any_number_of_parts() {
    let events = [
        event(1, "repo.create", "ada", None),
        event(2, "jobs.create", "ada", None),
        event(2, "billing.aws_add", "ada", None),
        event(3, "org.audit_log.export", "ada", None),
        event(4, "org.add_user", "bo", Some(("cy;di", "7;"))),
        event(5, "billing.renew_subscription", "hub", None),
    ];
    let dir = tempfile::tempdir().unwrap();
    for split in 0..events.len() {
        let mut parts = Vec::new();
        for (i, part) in [&events[..split], &events[split..]].into_iter().enumerate() {
            parts.push(dir.path().join(format!("{i}.parquet")));
            let mut frame = frame::to_frame(part).unwrap();
            ParquetWriter::new(File::create(&parts[i]).unwrap()).finish(&mut frame).unwrap();
        }
        let log = read(&parts, time::parse("2026-09-20T09:00:06Z").unwrap()).unwrap();
        let authors: Vec<_> = log.authors.iter().map(|a| (a.login.as_deref().unwrap(), a.active.clone())).collect();
        let at = |second: u32| time::parse(&format!("2026-09-20T09:00:{second:02}Z")).unwrap();
        assert_eq!(
            authors,
            [("bo", Some((at(4), "org.add_user".to_owned()))), ("ada", Some((at(2), "billing.aws_add".to_owned())))]
        );
        assert_eq!(log.authors[1].newest, at(3), "exporting the log is no activity, but it is an event");
        let kinds: Vec<_> = log.events.iter().map(|e| e.kind.as_str()).collect();
        assert_eq!(kinds, ["repo.create", "org.add_user"]);
        assert_eq!(
            log.events[1].targets,
            [Target { name: "cy".to_owned(), id: Some("7".to_owned()) }, Target { name: "di".to_owned(), id: None }]
        );
    }
}

proptest! {
    #[test]
    fn only_an_author_of_the_type_user_is_active(word in proptest::option::of("user|User|users|bot|system|[a-z]{0,8}")) {
        let mut event = event(1, "repo.create", "ada", None);
        event.author_type = word.clone();
        let dir = tempfile::tempdir().unwrap();
        let part = dir.path().join("1.parquet");
        let mut frame = frame::to_frame(&[event]).unwrap();
        ParquetWriter::new(File::create(&part).unwrap()).finish(&mut frame).unwrap();
        let log = read(&[part], Timestamp::UNIX_EPOCH).unwrap();
        let active = log.authors.iter().any(|author| author.active.is_some());
        prop_assert_eq!(active, word.as_deref() == Some("user"));
        prop_assert_eq!(log.authors.is_empty(), word.as_deref() == Some("system"), "what was done is kept");
        prop_assert_eq!(log.events.len(), 1);
    }
}

#[test]
fn a_log_that_grows_is_the_log_that_one_pass_finds() {
    let dir = tempfile::tempdir().unwrap();
    let mut parts = Vec::new();
    for second in 0..6 {
        let kind = if second % 2 == 0 { "repo.create" } else { "org.leave" };
        let path = dir.path().join(format!("{second}.parquet"));
        let mut frame = frame::to_frame(&[event(second, kind, "ada", None)]).unwrap();
        ParquetWriter::new(File::create(&path).unwrap()).finish(&mut frame).unwrap();
        parts.push(path);
    }
    let since = time::parse("2026-09-20T09:00:06Z").unwrap();
    let mut scanner = Scanner::new(since);
    for upto in [0, 2, 3, 3, 6] {
        assert!(scanner.is_part_of(&parts[..upto]));
        scanner.read(&parts[..upto]).unwrap();
        let log = scanner.take();
        assert_eq!(log, read(&parts[..upto], since).unwrap(), "{upto} parts");
        assert_eq!(log.events.len(), upto);
        scanner.put_back(log);
    }
    assert!(!scanner.is_part_of(&parts[..5]), "what was read cannot be taken away again");
}

#[test]
fn a_missing_part_is_an_error_and_not_an_empty_log() {
    assert!(read(&[PathBuf::from("/nowhere/1.parquet")], Timestamp::UNIX_EPOCH).is_err());
}
