//! The store as its callers use it: an invented organization, collected again and again in a temporary folder.

mod again;
mod archive;
mod aside;
mod carry;
mod foreign;
mod prune;
mod replay;
mod resume;
mod seal;
mod verify;

use std::{collections::BTreeMap, path::PathBuf};

use chrono::TimeDelta;

use super::{Ask, Head, Lock, OrgStore, Sealed, Staging, Store, archive::Appended};
use crate::{
    model::{
        coverage::{Coverage, Source},
        evidence::{Request, Spool},
        ids::OrgName,
        manifest::{Audit, Collector, FORMAT, HubClock, Manifest, PlanFact, SourceRecord, Tool},
        time::{self, Timestamp},
    },
    table::{Tables, access::Member, activity::AuditEvent, packed::Packed},
};

/// A store in a temporary folder with the lock of `acme` taken.
struct Fixture {
    dir: tempfile::TempDir,
    org: OrgStore,
    lock: Lock,
}

impl Fixture {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let org = Store::new(dir.path().join("store")).org(&OrgName::new("acme").unwrap());
        let lock = org.lock(at("2026-01-01")).unwrap();
        Self { dir, org, lock }
    }

    /// Stages a collection that starts at `now`.
    fn stage(&self, now: &str) -> Staging {
        self.org.stage(&self.lock, &ask(now)).unwrap()
    }

    /// Collects, with an audit log of these events (`None`: not read), and seals.
    fn collect(&self, now: &str, events: Option<&[(&str, &str)]>) -> (Sealed, Appended) {
        let mut staging = self.stage(now);
        let mut page = fetch(&*staging.spool(), Source::Members, "https://hub.example/members", b"[]");
        page.started_at = staging.started_at();
        let appended = staging.append_events(&events.map(log).unwrap_or_default(), events.is_some()).unwrap();
        let mut manifest = manifest(&staging);
        manifest.sources.insert(Source::Members, record(Coverage::Collected, vec![page]));
        let sealed = staging.seal(manifest, &tables()).unwrap();
        (sealed, appended)
    }

    fn newest(&self) -> Head {
        self.org.newest().unwrap().unwrap()
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.org.dir().join(relative)
    }
}

fn at(text: &str) -> Timestamp {
    time::parse(text).unwrap()
}

fn ask(now: &str) -> Ask {
    Ask { as_of: None, now: at(now), key: "key".to_owned() }
}

/// Events from pairs of id and time.
fn log(events: &[(&str, &str)]) -> Packed<AuditEvent> {
    events
        .iter()
        .map(|(id, created_at)| AuditEvent {
            event_id: (*id).to_owned(),
            created_at: at(created_at),
            r#type: "repo.create".to_owned(),
            author_id: None,
            author: Some("ada".to_owned()),
            author_type: Some("user".to_owned()),
            author_deleted: None,
            target: None,
            target_id: None,
            role: None,
            role_before: None,
            repo: Some("acme/rover".to_owned()),
            token_id: None,
            token_role: None,
            oauth_client: None,
            ip: None,
            country: None,
            message: None,
            data: None,
        })
        .collect()
}

/// What a Hub client does with one answer.
fn fetch(spool: &dyn Spool, source: Source, url: &str, body: &[u8]) -> Request {
    let mut sink = spool.begin(source).unwrap();
    for chunk in body.chunks(3) {
        sink.write(chunk).unwrap();
    }
    let body = sink.close().unwrap();
    let request = Request {
        method: "GET".to_owned(),
        url: url.to_owned(),
        status: Some(200),
        started_at: at("2026-01-01"),
        date: None,
        ms: 12,
        bytes: body.bytes,
        sha256: Some(body.sha256),
        rows: Some(0),
        raw: Some(body.raw),
        attempts: 1,
        error: None,
        next: None,
        link_unreadable: false,
        from_snapshot: None,
    };
    spool.finish(source, &request).unwrap();
    request
}

fn record(coverage: Coverage, requests: Vec<Request>) -> SourceRecord {
    SourceRecord { coverage, why: None, rows: 0, requests, tie_outs: BTreeMap::new() }
}

/// A manifest as a caller fills it, before sealing.
fn manifest(staging: &Staging) -> Manifest {
    Manifest {
        format: FORMAT.to_owned(),
        tool: Tool { name: "rollcall".to_owned(), version: "0.0.0".to_owned() },
        id: staging.id().clone(),
        org: OrgName::new("acme").unwrap(),
        as_of: staging.as_of(),
        started_at: staging.started_at(),
        finished_at: staging.started_at() + TimeDelta::minutes(1),
        endpoint: "https://hub.example".to_owned(),
        collector: Collector::default(),
        plan: PlanFact { name: "team".to_owned(), from: "whoami".to_owned() },
        sources: BTreeMap::new(),
        tables: BTreeMap::new(),
        audit: Audit::default(),
        imports: Vec::new(),
        config_sha256: String::new(),
        hub_clock: HubClock::default(),
        dated_by_hand: false,
        sample: false,
        members_listed_at: None,
        previous: None,
    }
}

/// Tables with two members.
fn tables() -> Tables {
    let member = |id: &str, login: &str| Member {
        user_id: id.to_owned(),
        username: login.to_owned(),
        fullname: None,
        role: Some("read".to_owned()),
        is_external: None,
        two_factor: Some(true),
        verified_email: None,
        is_pro: None,
    };
    Tables { members: vec![member("1", "ada"), member("2", "büke")], ..Tables::default() }
}
