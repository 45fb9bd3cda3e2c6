//! A generated organization of 10 000 members, 2 000 repositories and 1 000 000 audit events.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
};

use chrono::TimeDelta;
use polars::prelude::ParquetWriter;
use rollcall::{
    model::{
        coverage::{Coverage, Source},
        ids::{OrgName, SnapshotId},
        manifest::{Audit, Collector, FORMAT, HubClock, Manifest, PlanFact, SourceRecord, Tool},
        time::{self, Timestamp},
    },
    table::{
        Tables,
        access::{GatedAccess, GroupUser, Member, Repo, ResourceGroup, Token},
        activity::AuditEvent,
        frame,
    },
};

/// Members of the organization.
const MEMBERS: usize = 10_000;
/// Events of the archive.
const EVENTS: usize = 1_000_000;
/// Months over which they are spread, one part each.
const MONTHS: usize = 24;
/// Types of events; the last three tell who came and what was created.
const TYPES: [&str; 8] = [
    "repo.update_settings",
    "jobs.create",
    "org.sso_login",
    "spaces.update_hardware",
    "repo.add_secret",
    "repo.create",
    "org.add_user",
    "org.invite_user",
];

/// Instant of the snapshot.
pub(crate) fn as_of() -> Timestamp {
    time::parse("2026-10-01T06:00:00Z").expect("a constant")
}

/// Event number `i`, oldest first.
fn event(i: usize) -> AuditEvent {
    let minutes = i64::try_from((EVENTS - i) % (MONTHS * 43_200)).expect("small");
    let author = (i * 7919) % MEMBERS;
    // One event in two hundred tells who came or what was created; the rest is routine.
    let kind = if i.is_multiple_of(200) { TYPES[5 + i / 200 % 3] } else { TYPES[i % 5] };
    AuditEvent {
        event_id: format!("{i:024x}"),
        created_at: as_of() - TimeDelta::minutes(minutes),
        r#type: kind.to_owned(),
        author_id: Some(format!("{author:024x}")),
        author: Some(format!("member-{author}")),
        author_type: Some("user".to_owned()),
        author_deleted: None,
        target: kind.starts_with("org.").then(|| format!("member-{}", (i / 200) % MEMBERS)),
        target_id: None,
        role: None,
        role_before: None,
        repo: (kind == "repo.create").then(|| format!("acme/repo-{}", i / 200 % 2_000)),
        token_id: None,
        token_role: None,
        oauth_client: None,
        ip: Some("203.0.113.0".to_owned()),
        country: Some("FR".to_owned()),
        message: Some("Updated the settings of a repository".to_owned()),
        data: Some("{\"repo\":\"acme/repo\"}".to_owned()),
    }
}

/// Writes the archive.
pub(crate) fn archive(dir: &Path) -> Vec<PathBuf> {
    let per_part = EVENTS.div_ceil(MONTHS);
    (0..MONTHS)
        .map(|month| {
            let events: Vec<_> = (month * per_part..((month + 1) * per_part).min(EVENTS)).map(event).collect();
            let path = dir.join(format!("{month:02}.parquet"));
            let mut frame = frame::to_frame(&events).expect("declared records");
            ParquetWriter::new(File::create(&path).expect("a temporary file")).finish(&mut frame).expect("a disk");
            path
        })
        .collect()
}

/// Tables of the organization.
pub(crate) fn tables() -> Tables {
    let role = |i: usize| ["read", "contributor", "write", "no_access", "admin"][if i < 20 { 4 } else { i % 4 }];
    let members = (0..MEMBERS)
        .map(|i| Member {
            user_id: format!("{i:024x}"),
            username: format!("member-{i}"),
            fullname: Some(format!("Member {i}")),
            role: Some(role(i).to_owned()),
            is_external: Some(i % 50 == 0),
            two_factor: Some(i % 10 != 0),
            verified_email: Some(format!("member-{i}@example.com")),
            is_pro: Some(false),
        })
        .collect();
    let group = |i: usize| format!("group-{}", i % 100);
    Tables {
        members,
        resource_groups: (0..100)
            .map(|i| ResourceGroup { group_id: group(i), name: group(i), auto_join: None, auto_join_role: None })
            .collect(),
        group_users: (0..5_000)
            .map(|i| GroupUser {
                group_id: group(i),
                user_id: Some(format!("{i:024x}")),
                username: format!("member-{i}"),
                role: Some(if i % 20 == 0 { "admin" } else { "read" }.to_owned()),
                added_by: None,
            })
            .collect(),
        repos: (0..2_000)
            .map(|i| Repo {
                repo: format!("acme/repo-{i}"),
                repo_type: "model".to_owned(),
                repo_id: None,
                visibility: Some("public".to_owned()),
                gated: Some("manual".to_owned()),
                disabled: None,
                group_id: (i % 2 == 0).then(|| group(i)),
                storage_bytes: None,
                created_at: None,
                updated_at: None,
            })
            .collect(),
        gated_access: (0..10_000)
            .map(|i| GatedAccess {
                repo: format!("acme/repo-{}", i % 2_000),
                request_id: None,
                user_id: None,
                username: Some(format!("member-{}", i * 3 % 20_000)),
                email: None,
                status: "accepted".to_owned(),
                requested_at: Some(as_of()),
                reviewed_at: None,
                granted_by: None,
            })
            .collect(),
        tokens: (0..MEMBERS)
            .map(|i| Token {
                token_id: format!("t{i}"),
                owner_id: Some(format!("{i:024x}")),
                owner: None,
                display_name: None,
                role: Some("read".to_owned()),
                last4: None,
                status: "active".to_owned(),
                created_at: Some(as_of()),
                last_used_at: (i % 3 == 0).then(as_of),
                scopes: None,
            })
            .collect(),
        ..Tables::default()
    }
}

/// Manifest of a snapshot of which everything was read.
pub(crate) fn manifest() -> Manifest {
    let record = |source: Source| SourceRecord {
        coverage: if source.is_opt_in() { Coverage::NotRequested } else { Coverage::Collected },
        why: None,
        rows: 0,
        requests: Vec::new(),
        tie_outs: BTreeMap::new(),
    };
    Manifest {
        format: FORMAT.to_owned(),
        tool: Tool { name: "rollcall".to_owned(), version: "0.0.0".to_owned() },
        id: SnapshotId::of(as_of()),
        org: OrgName::new("acme").expect("a constant"),
        as_of: as_of(),
        started_at: as_of(),
        finished_at: as_of(),
        endpoint: "http://127.0.0.1".to_owned(),
        collector: Collector::default(),
        plan: PlanFact { name: "enterprise".to_owned(), from: "whoami".to_owned() },
        sources: Source::ALL.into_iter().map(|source| (source, record(source))).collect(),
        tables: BTreeMap::new(),
        audit: Audit { observed_since: time::parse("2024-10-01"), ..Audit::default() },
        imports: Vec::new(),
        config_sha256: String::new(),
        hub_clock: HubClock::default(),
        dated_by_hand: false,
        sample: false,
        members_listed_at: None,
        previous: None,
    }
}
