//! Diagnoses of invented findings.

use super::*;
use crate::{
    collect::{Grant, Reach},
    hub::{Quota, Vitals},
    model::{evidence::Request, manifest::Collector, time},
};

/// The organization.
fn acme() -> OrgName {
    OrgName::new("acme").unwrap()
}

/// The record of a source that was asked once.
fn record(coverage: Coverage, status: Option<u16>, why: Option<&str>) -> SourceRecord {
    let request = Request {
        method: "GET".to_owned(),
        url: "https://hub.example/x".to_owned(),
        status,
        started_at: time::parse("2026-10-01T06:00:00Z").unwrap(),
        date: None,
        ms: 1,
        bytes: 2,
        sha256: None,
        rows: None,
        raw: None,
        attempts: 1,
        error: (status != Some(200)).then(|| "no".to_owned()),
        next: None,
        link_unreadable: false,
        from_snapshot: None,
    };
    let why = why.map(str::to_owned);
    SourceRecord { coverage, why, rows: 1, requests: vec![request], tie_outs: BTreeMap::new() }
}

/// Findings with an owner's fine-grained token that states `permissions`: everything answers, the log was not asked.
fn found(permissions: &[&str]) -> Examination {
    let grant = |permission: &&str| Grant { permission: (*permission).to_owned(), reach: Reach::Org };
    let quota = Quota { bucket: "api".to_owned(), left: 9, quota: Some(10), resets_seconds: Some(30) };
    let mut sources: BTreeMap<_, _> = Source::ALL
        .into_iter()
        .filter(|source| !source.is_opt_in())
        .map(|source| (source, record(Coverage::Collected, Some(200), None)))
        .collect();
    let unasked = SourceRecord { requests: Vec::new(), ..record(Coverage::NotRequested, None, Some("not asked")) };
    sources.insert(Source::AuditLog, unasked);
    Examination {
        collector: Collector {
            login: "ada".to_owned(),
            token_role: Some("fineGrained".to_owned()),
            role_in_org: Some("admin".to_owned()),
            ..Collector::default()
        },
        listed: true,
        grants: permissions.iter().map(grant).collect(),
        plan: PlanFact { name: "team".to_owned(), from: "whoami".to_owned() },
        sources,
        vitals: Vitals { skew_seconds: Some(0), quota: Some(quota) },
    }
}

/// Everything a Team organization takes.
const TEAM: [&str; 7] = [
    "org.auditLog.write",
    "org.members.read",
    "org.read",
    "org.repos.read",
    "repo.access.read",
    "repo.content.read",
    "resourceGroup.read",
];

/// The diagnosis of findings.
fn diagnose(found: &Examination) -> Diagnosis {
    let needed = [Source::Members, Source::ResourceGroups, Source::Repos, Source::Tokens, Source::AuditLog];
    let needs = needed.map(|source| (source, BTreeSet::from(["some-check"]))).into();
    Diagnosis::of(found, Context { org: &acme(), endpoint: "https://hub.example", scim_token: false, needs: &needs })
}

/// The line of a source.
fn line(diagnosis: &Diagnosis, source: Source) -> &SourceLine {
    diagnosis.sources.iter().find(|line| line.source == source).unwrap()
}

#[test]
fn the_right_token_of_an_owner_is_all_right() {
    let diagnosis = diagnose(&found(&TEAM));
    assert_eq!(diagnosis.gaps, []);
    assert_eq!((diagnosis.missing.as_deref(), diagnosis.excess.as_slice()), (Some([].as_slice()), [].as_slice()));
    let members = line(&diagnosis, Source::Members);
    assert_eq!((members.readable, members.status, members.stated), ("yes", Some(200), Some(Stated::Yes)));
    assert_eq!(members.note, "");
    let text = diagnosis.to_text();
    assert!(text.contains("can be read, but for audit_log, which was not asked"), "{text}");
    assert!(text.contains("itself recorded in the log"), "{text}");
}

#[test]
fn a_log_that_was_not_asked_is_a_gap_only_where_something_speaks_against_it() {
    let log = |found: &Examination| {
        let diagnosis = diagnose(found);
        (diagnosis.gaps.clone(), line(&diagnosis, Source::AuditLog).note.clone())
    };
    let (gaps, note) = log(&found(&TEAM[1..]));
    assert_eq!(gaps, [Source::AuditLog]);
    assert!(note.contains("does not state the permission"), "{note}");
    let mut writer = found(&TEAM);
    writer.collector.role_in_org = Some("write".to_owned());
    assert!(log(&writer).1.contains("only an owner may export"));
    let mut held_back = found(&TEAM);
    held_back.collector.security_restrictions = vec!["mfa".to_owned()];
    assert_eq!(log(&held_back).0, [Source::AuditLog]);
    let mut asked = held_back;
    asked.sources.insert(Source::AuditLog, record(Coverage::Collected, Some(200), None));
    assert_eq!(log(&asked).0, [], "what was read needs no guess");
}

#[test]
fn a_refusal_says_what_would_help() {
    let mut found = found(&["org.members.read"]);
    found.collector.role_in_org = Some("read".to_owned());
    found.sources.insert(Source::Tokens, record(Coverage::Forbidden, Some(403), Some("HTTP 403: Forbidden")));
    found.sources.insert(Source::ServiceAccounts, record(Coverage::PlanRequired, Some(402), Some("HTTP 402")));
    let hidden = Some("role is not visible on 1 of 1 rows");
    found.sources.insert(Source::Members, record(Coverage::Collected, Some(200), hidden));
    let diagnosis = diagnose(&found);
    let tokens = line(&diagnosis, Source::Tokens);
    assert_eq!((tokens.readable, tokens.status, tokens.stated), ("no", Some(403), None));
    assert!(
        tokens.note.contains("HTTP 403: Forbidden; which permission it takes is not documented"),
        "{}",
        tokens.note
    );
    assert_eq!(line(&diagnosis, Source::ServiceAccounts).readable, "plan");
    let note = &line(&diagnosis, Source::Members).note;
    assert!(note.contains("role is not visible") && note.contains("token of an owner is needed"), "{note}");
    assert!(line(&diagnosis, Source::ResourceGroups).note.contains("only groups"), "a short list must not look whole");
    let repos = line(&diagnosis, Source::Repos);
    assert_eq!(repos.stated, Some(Stated::No));
    assert!(repos.note.contains("left out without a word"), "{}", repos.note);
    assert_eq!(diagnosis.gaps, [Source::Tokens, Source::AuditLog]);
    assert!(diagnosis.to_text().contains("would have gaps: tokens, audit_log"));
}

#[test]
fn an_unscoped_token_states_nothing_and_reaches_too_far() {
    let mut found = found(&[]);
    found.collector.token_role = Some("read".to_owned());
    let diagnosis = diagnose(&found);
    assert_eq!((diagnosis.missing.clone(), line(&diagnosis, Source::Members).stated), (None, None));
    assert!(diagnosis.token.unscoped);
    assert!(line(&diagnosis, Source::AuditLog).note.contains("a token with role read may be refused"));
    let text = diagnosis.to_text();
    assert!(text.contains("reaches everything its owner reaches; use a fine-grained one"), "{text}");
    assert!(!text.contains("permissions it lacks"), "{text}");
}

#[test]
fn silence_about_the_plan_does_not_make_an_unlisted_organization_free() {
    let mut found = found(&TEAM);
    found.plan = PlanFact { name: "free".to_owned(), from: "default".to_owned() };
    assert!(!diagnose(&found).link.contains("auditLog"));
    found.listed = false;
    assert!(diagnose(&found).link.contains("org.auditLog.write"));
}

#[test]
fn words_of_the_hub_are_explained_and_cannot_break_lines() {
    let mut found = found(&TEAM);
    found.collector.security_restrictions =
        ["ip", "mfa", "sso", "token-policy", "token-revoked", "new\nword"].map(str::to_owned).to_vec();
    found.collector.token_name = Some("a\n\u{1b}[31mb".to_owned());
    let diagnosis = diagnose(&found);
    let meanings: BTreeSet<_> = diagnosis.restrictions.iter().map(|r| r.meaning).collect();
    assert_eq!(meanings.len(), 6, "each has a meaning of its own");
    let text = diagnosis.to_text();
    assert!(text.contains("new word: this version") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_token_for_scim_alone_is_not_judged_by_the_other_ones_permissions() {
    let needs = BTreeMap::new();
    let context = Context { org: &acme(), endpoint: "https://hub.example", scim_token: true, needs: &needs };
    let diagnosis = Diagnosis::of(&found(&TEAM), context);
    let scim = line(&diagnosis, Source::Scim);
    assert_eq!((scim.stated, scim.note.as_str()), (None, "asked with ROLLCALL_SCIM_TOKEN"));
}
