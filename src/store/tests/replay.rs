//! A sealed snapshot answers what it recorded, and nothing else.

use std::io::Read as _;

use super::*;
use crate::store::{Replay, verify};

#[test]
fn recorded_requests_are_answered_from_their_bodies() {
    let f = Fixture::new();
    let (sealed, _) = f.collect("2026-07-01", None);
    let head = f.newest();
    let replay = Replay::new(sealed.dir, &head.manifest);
    let url = "https://hub.example/members";
    let answer = replay.finished(Source::Members, url).unwrap();
    assert_eq!((answer.status, answer.error.as_deref()), (Some(200), None));
    let mut body = String::new();
    replay.open(answer.raw.as_deref().unwrap()).unwrap().read_to_string(&mut body).unwrap();
    assert_eq!(body, "[]");
    assert_eq!((replay.missing(), replay.unused()), (None, None));
    assert!(replay.begin(Source::Members).is_err());
    assert!(replay.finish(Source::Members, &answer).is_err());
}

#[test]
fn a_request_that_was_not_recorded_gets_an_answer_that_says_so() {
    let f = Fixture::new();
    let (sealed, _) = f.collect("2026-07-01", None);
    let replay = Replay::new(sealed.dir, &f.newest().manifest);
    let url = "https://hub.example/tokens";
    assert_eq!(replay.unused().map(|(source, _)| source), Some(Source::Members));
    let answer = replay.finished(Source::Tokens, url).unwrap();
    assert_eq!((answer.status, answer.error.as_deref()), (None, Some("was not recorded")));
    assert_eq!(replay.missing(), Some((Source::Tokens, url.to_owned())));
}

#[test]
fn an_unpacked_bundle_is_one_snapshot_without_the_chain_before_it() {
    let f = Fixture::new();
    f.collect("2026-07-01", Some(&[("e1", "2026-05-01")]));
    f.collect("2026-10-01", Some(&[("e1", "2026-05-01"), ("e2", "2026-08-01")]));
    let bundle = f.dir.path().join("bundle");
    let home = bundle.join("evidence/acme");
    for file in crate::store::disk::files(f.org.dir()).unwrap() {
        if !file.contains("snapshots/20260701") && file != ".lock" {
            let to = home.join(&file);
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(f.path(&file), to).unwrap();
        }
    }
    let list = crate::store::sums::render(&bundle).unwrap();
    std::fs::write(bundle.join("SHA256SUMS"), list).unwrap();
    for place in ["", "evidence", "evidence/acme"] {
        let verified = verify::verify(&bundle.join(place)).unwrap();
        assert_eq!((verified.kind, verified.snapshots.len()), (verify::Kind::Bundle, 1), "{place}");
        assert_eq!(verified.unchecked.len(), 1, "{place}");
    }
    verify::verify(&home.join("snapshots/20261001T000000Z")).unwrap();
    assert_eq!(verify::verify_evidence(&bundle.join("evidence")).unwrap().snapshots.len(), 1);

    // A store that is merely called so is held to its whole chain.
    std::fs::remove_file(bundle.join("SHA256SUMS")).unwrap();
    assert!(verify::verify(&home).is_err());
}
