//! The manifest of the invented organization, and what may happen to its exceptions.

use std::collections::BTreeMap;

use super::at;
use crate::model::{
    coverage::{Coverage, Source},
    evidence::Request,
    exception::{Exception, ExceptionOutcome, ExceptionState},
    ids::{OrgName, SnapshotId},
    manifest::{Audit, Collector, FORMAT, HubClock, LogGap, Manifest, PlanFact, SourceRecord, TableRecord, Tool},
    time,
};

/// A request with an answer.
pub(super) fn request(status: u16) -> Request {
    Request {
        method: "GET".to_owned(),
        url: "https://hub.example/api/organizations/acme/members?limit=500".to_owned(),
        status: Some(status),
        started_at: at("2026-10-01T06:00:01Z"),
        date: None,
        ms: 120,
        bytes: 4096,
        sha256: Some("ab".repeat(32)),
        rows: Some(4),
        raw: Some("raw/members/0001.json.zst".to_owned()),
        attempts: 1,
        error: (status != 200).then(|| "the token may not read this".to_owned()),
        next: None,
        link_unreadable: false,
        from_snapshot: None,
    }
}

/// The manifest: every source read.
pub(super) fn manifest() -> Manifest {
    let as_of = at("2026-10-01T06:00:00Z");
    let record = |source: Source| {
        let coverage = if source.is_opt_in() { Coverage::NotRequested } else { Coverage::Collected };
        let requests = if source == Source::Members { vec![request(200)] } else { Vec::new() };
        (source, SourceRecord { coverage, why: None, rows: 4, requests, tie_outs: BTreeMap::new() })
    };
    let table = TableRecord { rows: 4, columns: Vec::new(), sha256: "cd".repeat(32) };
    Manifest {
        format: FORMAT.to_owned(),
        tool: Tool { name: "rollcall".to_owned(), version: "0.1.0".to_owned() },
        id: SnapshotId::of(as_of),
        org: OrgName::new("acme").expect("a fitting name"),
        as_of,
        started_at: as_of,
        finished_at: at("2026-10-01T06:02:00Z"),
        endpoint: "https://hub.example".to_owned(),
        collector: Collector {
            login: "ada".to_owned(),
            token_role: Some("fineGrained".to_owned()),
            role_in_org: Some("admin".to_owned()),
            permissions: vec!["org.members.read".to_owned(), "org.read".to_owned()],
            ..Collector::default()
        },
        plan: PlanFact { name: "team".to_owned(), from: "whoami".to_owned() },
        sources: Source::ALL.into_iter().map(record).collect(),
        tables: [("members".to_owned(), table)].into(),
        audit: Audit {
            events_new: 10,
            events_in_archive: 200,
            oldest: Some(at("2026-01-01T00:00:00Z")),
            newest: Some(at("2026-09-30T00:00:00Z")),
            observed_since: Some(at("2026-03-01T00:00:00Z")),
            log_gaps: vec![LogGap { from: at("2026-02-01T00:00:00Z"), to: at("2026-03-01T00:00:00Z") }],
            unknown_types: [("org.custom_role.create".to_owned(), 2)].into(),
            parts: [("audit_events/month=2026-09/20261001T060000Z.parquet".to_owned(), "ef".repeat(32))].into(),
        },
        imports: Vec::new(),
        config_sha256: "01".repeat(32),
        hub_clock: HubClock::default(),
        dated_by_hand: false,
        sample: false,
        members_listed_at: None,
        previous: None,
    }
}

/// An exception.
pub(super) fn exception(subject: &str, state: ExceptionState) -> ExceptionOutcome {
    let exception = Exception {
        analyzer: "inactive-seats".to_owned(),
        rule: "inactive".to_owned(),
        subject: subject.to_owned(),
        resource: None,
        reason: "break-glass account".to_owned(),
        approved_by: "security@acme.example".to_owned(),
        expires: time::parse_date("2027-03-31").unwrap_or_default(),
        pattern: false,
    };
    let matched = usize::from(state == ExceptionState::InForce);
    ExceptionOutcome { exception, state, matched, note: "One sentence.".to_owned() }
}
