//! Snapshots of the sample organization and of a Hub full of faults, derived again whole and forged.

use std::sync::OnceLock;

use super::*;
use crate::{
    app::{
        Console,
        bundle::Muted,
        collect::{Clock, Collector},
        known,
        request::{Collect, Common},
        settings::{Environment, Settings},
    },
    demo,
    hub::testing::{Hub, Reply, json, reply},
    model::{
        ids::OrgName,
        manifest::{Audit, LogGap},
        time::{self, Timestamp},
    },
    store::Store,
};

/// A store with two quarters of the sample organization, made once for all tests.
static SAMPLE: OnceLock<(tempfile::TempDir, Vec<Settings>)> = OnceLock::new();

/// Settings for a store in a folder and a Hub.
fn settings(folder: &std::path::Path, url: &str, as_of: &str) -> Settings {
    let config = folder.join("rollcall.toml");
    let common = Common {
        config: config.exists().then_some(config),
        store: Some(folder.join("store")),
        endpoint: Some(url.to_owned()),
        as_of: Some(as_of.to_owned()),
        ..Common::default()
    };
    let environment = Environment { token: Some(demo::TOKEN.into()), ..Environment::default() };
    Settings::resolve(&common, &environment, &known()).unwrap()
}

/// Collects an organization.
fn collect(settings: &Settings, engine: &Engine, org: &str, ask: &Collect) {
    let console: Arc<dyn Console> = Arc::new(Muted);
    // The Hub of these tests has the snapshot's date, whatever this machine's clock says.
    let at = settings.as_of.unwrap();
    let collector = Collector { settings, engine, console: &console, clock: Clock(Arc::new(move || at)) };
    collector.collect(&OrgName::new(org).unwrap(), ask).unwrap();
}

/// The sample's organization and the settings of its quarters.
fn sample() -> (OrgStore, &'static [Settings]) {
    let (folder, all) = SAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::start().unwrap();
        let mut all = Vec::new();
        for quarter in 0..2 {
            for (name, text) in demo::files(quarter) {
                std::fs::write(folder.path().join(name), text).unwrap();
            }
            let options = demo::Options { clock: Some(demo::quarters()[quarter]), ..demo::Options::default() };
            let server = engine.run(demo::Server::start_with(quarter, 0, options)).unwrap().unwrap();
            let settings = settings(folder.path(), &server.url(), &time::format(demo::quarters()[quarter]));
            let ask = Collect { all_gated: quarter == 1, with_commits: quarter == 1, ..Collect::default() };
            collect(&settings, &engine, demo::ORG, &ask);
            engine.run(server.stop()).unwrap();
            all.push(settings);
        }
        (folder, all)
    });
    (Store::new(folder.path().join("store")).org(&OrgName::new(demo::ORG).unwrap()), all)
}

/// Derives the newest snapshot of the sample again after a change of what was sealed.
fn check(change: impl FnOnce(&mut Snapshot)) -> Result<Vec<Unchecked>, Error> {
    let (place, settings) = sample();
    let ids = place.ids().unwrap();
    let mut sealed = place.read(&ids[1]).unwrap();
    change(&mut sealed);
    let engine = Engine::start().unwrap();
    let config = settings.last().map(|settings| &settings.config);
    let derived = Rederiver { engine: &engine, config }.check(&place, &sealed, &mut Archived::default())?;
    assert_eq!(derived.made + derived.unchecked.len(), COMPARISONS);
    Ok(derived.unchecked)
}

/// The file and the explanation of a difference.
fn difference(change: impl FnOnce(&mut Snapshot)) -> (String, String) {
    match check(change) {
        Err(Error::Differs { path, what, .. }) => (path.file_name().unwrap().to_str().unwrap().to_owned(), what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_sealed_follows_from_the_answers() {
    assert_eq!(check(|_| ()).unwrap(), Vec::<Unchecked>::new());
    let (place, _) = sample();
    let first = place.read(&place.ids().unwrap()[0]).unwrap();
    let engine = Engine::start().unwrap();
    let rederiver = Rederiver { engine: &engine, config: None };
    let unchecked = rederiver.check(&place, &first, &mut Archived::default()).unwrap().unchecked;
    assert!(unchecked.len() == 2 && unchecked[0].what.contains("people of"), "{unchecked:?}");
    assert!(unchecked[1].what.contains("the plan of") && unchecked[1].essential, "{unchecked:?}");
}

#[test]
fn a_forged_table_is_named_with_row_and_column() {
    let (file, what) = difference(|s| s.tables.members[3].role = Some("no_access".to_owned()));
    assert_eq!(file, "members.parquet");
    assert!(what.starts_with("table members, row 4, column role"), "{what}");
    let (file, what) = difference(|s| drop(s.tables.tokens.pop()));
    assert!(file == "tokens.parquet" && what.contains("rows against"), "{what}");
    assert_eq!(difference(|s| s.tables.commits[0].author.clear()).0, "commits.parquet");
    assert_eq!(difference(|s| s.tables.invites.clear()).0, "invites.parquet");
    assert_eq!(difference(|s| s.tables.seen[0].first_seen = Timestamp::UNIX_EPOCH).0, "seen.parquet");
    assert_eq!(difference(|s| s.manifest.members_listed_at = None).0, "manifest.json");
    assert_eq!(difference(|s| s.tables.people[0].status = "active!".to_owned()).0, "people.parquet");
}

#[test]
fn a_manifest_that_says_something_else_than_the_answers_is_named() {
    let (file, what) = difference(|s| {
        s.manifest.sources.get_mut(&Source::Tokens).unwrap().requests.pop();
    });
    assert!(file == "manifest.json" && what.contains("was not recorded"), "{what}");
    let (_, what) = difference(|s| {
        let request = s.manifest.sources[&Source::Members].requests[0].clone();
        let url = format!("{}&more=1", request.url);
        let members = s.manifest.sources.get_mut(&Source::Members).unwrap();
        members.requests.push(Request { url, ..request });
    });
    assert!(what.contains("no reason to ask for"), "{what}");
    let (_, what) = difference(|s| {
        s.manifest.sources.get_mut(&Source::Members).unwrap().coverage = Coverage::Partial;
    });
    assert!(what.contains("members is partial, the raw answers make it collected"), "{what}");
    assert!(
        difference(|s| s.manifest.sources.get_mut(&Source::Repos).unwrap().rows += 1).1.contains("counts of repos")
    );
    let (_, what) = difference(|s| {
        let members = s.manifest.sources.get_mut(&Source::Members).unwrap();
        members.requests[0].error = Some("the answer is not readable".to_owned());
    });
    assert!(what.contains("account of the requests for members"), "{what}");
    assert!(difference(|s| s.manifest.collector.login = "mallory".to_owned()).1.contains("collector"));
    let (_, what) = difference(|s| s.manifest.audit.unknown_types.extend([("x".to_owned(), 1)]));
    assert!(what.contains("event types"), "{what}");
    assert!(difference(|s| drop(s.manifest.sources.remove(&Source::Scim))).0 == "manifest.json");
}

#[test]
fn events_that_were_kept_back_added_or_changed_are_named() {
    let own = |s: &Snapshot| {
        let suffix = format!("{}.parquet", s.manifest.id);
        s.manifest.audit.parts.keys().find(|part| part.ends_with(&suffix)).cloned().unwrap()
    };
    let (file, what) = difference(|s| drop(s.manifest.audit.parts.remove(&own(s))));
    assert!(file == "audit_events" && what.contains("is missing"), "{what}");

    // The log is not in the raw answers any more, but its events are in the archive.
    let (_, what) = difference(|s| {
        let log = s.manifest.sources.get_mut(&Source::AuditLog).unwrap();
        (log.coverage, log.rows, log.why) = (Coverage::Skipped, 0, Some("left out by --skip or --only".to_owned()));
        log.requests.clear();
        s.manifest.audit.unknown_types.clear();
    });
    assert!(what.contains("is said to have brought, is not in its raw answers"), "{what}");
}

#[test]
fn a_version_in_the_manifest_excuses_no_difference_and_where_there_is_none_nothing_is_said() {
    let other = |s: &mut Snapshot| s.manifest.tool.version = "0.0.1".to_owned();
    assert_eq!(check(other).unwrap(), Vec::<Unchecked>::new());
    let (file, what) = difference(|s| {
        s.tables.members.clear();
        other(s);
    });
    assert!(file == "members.parquet" && what.contains("rollcall 0.0.1 collected this, and this is"), "{what}");
    let (_, what) = difference(|s| s.tables.members.clear());
    assert!(!what.contains("collected this"), "{what}");
}

/// A change of the audit facts.
type Change = fn(&mut Audit);

#[test]
fn every_audit_fact_follows_from_the_export_and_the_archive_before_it() {
    let old = || time::parse("2020-01-01T00:00:00Z");
    let facts: [(&str, Change); 6] = [
        ("number of new events", |audit| audit.events_new += 1),
        ("number of events in the archive", |audit| audit.events_in_archive -= 1),
        ("oldest event", |audit| audit.oldest = None),
        ("newest event", |audit| audit.newest = audit.oldest),
        ("unknown event types", |audit| audit.unknown_types.extend([("x".to_owned(), 1)])),
        ("list of log gaps", |audit| {
            let at = audit.oldest.unwrap();
            audit.log_gaps.push(LogGap { from: at, to: at });
        }),
    ];
    for (name, change) in facts {
        let (file, what) = difference(|s| change(&mut s.manifest.audit));
        assert!(file == "manifest.json" && what.contains(name), "{name}: {what}");
    }
    let (_, what) = difference(|s| s.manifest.audit.observed_since = old());
    assert!(what.contains("since which the log was observed"), "{what}");
    let (_, what) = difference(|s| {
        s.manifest.sources.get_mut(&Source::Members).unwrap().why = Some("nothing of note".to_owned());
    });
    assert!(what.contains("missing of members"), "{what}");
}

/// A store with two snapshots whose exports share no event.
fn with_a_gap() -> (tempfile::TempDir, OrgStore) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start().unwrap();
    let export = |id: &str, day: &str| {
        format!(r#"[{{"_id":"{id}","createdAt":"{day}T16:30:00Z","type":"org.update_settings"}}]"#)
    };
    for (month, (id, day)) in (8..).zip([("e1", "2026-07-18"), ("e2", "2026-08-18")]) {
        let hub = engine.run(Hub::start()).unwrap();
        faults(&hub);
        hub.only("/api/organizations/acme/audit-log/export", json(export(id, day)));
        let settings = settings(folder.path(), &hub.url, &format!("2026-0{month}-20T06:00:00Z"));
        collect(&settings, &engine, "acme", &Collect::default());
    }
    let place = Store::new(folder.path().join("store")).org(&OrgName::new("acme").unwrap());
    (folder, place)
}

#[test]
fn a_log_gap_is_not_forged_away() {
    let (_folder, place) = with_a_gap();
    let id = place.ids().unwrap().pop().unwrap();
    let engine = Engine::start().unwrap();
    let checked = |change: &dyn Fn(&mut Snapshot)| {
        let mut sealed = place.read(&id).unwrap();
        change(&mut sealed);
        Rederiver { engine: &engine, config: None }.check(&place, &sealed, &mut Archived::default())
    };
    let differs = |change: &dyn Fn(&mut Snapshot), text: &str| match checked(change) {
        Err(Error::Differs { what, .. }) => assert!(what.contains(text), "{text}: {what}"),
        other => panic!("{text}: {other:?}"),
    };
    let log = |s: &mut Snapshot| {
        let record = s.manifest.sources.get_mut(&Source::AuditLog).unwrap();
        assert!(record.coverage == Coverage::Partial && record.why.as_ref().unwrap().contains("was not seen"));
        (record.coverage, record.why) = (Coverage::Collected, None);
    };
    let gaps = |s: &mut Snapshot| {
        assert_eq!(s.manifest.audit.log_gaps.len(), 1);
        s.manifest.audit.log_gaps.clear();
        s.manifest.audit.observed_since = s.manifest.audit.oldest;
    };
    let alone = |s: &mut Snapshot| s.manifest.previous.as_mut().unwrap().id = "20200101T000000Z".parse().unwrap();
    assert_eq!(checked(&|_| ()).unwrap().unchecked, []);
    differs(&log, "audit_log is collected, the raw answers make it partial");
    differs(&gaps, "instant since which the log was observed");
    differs(&|s| s.manifest.audit.log_gaps.clear(), "list of log gaps");
    // Where the snapshot before is not there, the parts of the archive still show the gap.
    assert_eq!(checked(&alone).unwrap().unchecked.len(), 1);
    for forge in [&log as &dyn Fn(&mut Snapshot), &gaps, &|s| s.manifest.audit.events_in_archive = 1] {
        let forged = checked(&|s| {
            alone(s);
            forge(s);
        });
        assert!(matches!(forged, Err(Error::Differs { .. })), "{forged:?}");
    }
}

#[test]
fn invites_and_people_are_left_out_where_they_cannot_be_derived() {
    let (place, _) = sample();
    let mut sealed = place.read(&place.ids().unwrap()[1]).unwrap();
    sealed.manifest.previous.as_mut().unwrap().id = "20200101T000000Z".parse().unwrap();
    let engine = Engine::start().unwrap();
    let rederiver = Rederiver { engine: &engine, config: None };
    let unchecked = rederiver.check(&place, &sealed, &mut Archived::default()).unwrap().unchecked;
    assert_eq!(unchecked.len(), 3, "{unchecked:?}");
}

#[test]
fn an_answer_that_is_said_to_be_older_must_be_in_the_snapshot_before() {
    let earlier = sample().0.ids().unwrap().remove(0);
    let (_, what) = difference(|s| {
        let commits = s.manifest.sources.get_mut(&Source::Commits).unwrap();
        commits.requests[0].from_snapshot = Some(earlier.clone());
    });
    assert!(what.contains("over from an earlier snapshot, which has no such answer"), "{what}");
}

#[test]
fn a_plan_that_was_not_configured_is_named() {
    let (place, settings) = sample();
    let mut config = settings.last().unwrap().config.clone();
    config.values.org.clear();
    let mut sealed = place.read(&place.ids().unwrap()[1]).unwrap();
    assert_eq!(sealed.manifest.plan.from, "configuration");
    let engine = Engine::start().unwrap();
    let rederiver = Rederiver { engine: &engine, config: Some(&config) };
    // Another configuration than that of the day says nothing; that of the day does.
    let unchecked = rederiver.check(&place, &sealed, &mut Archived::default()).unwrap().unchecked;
    assert!(unchecked.len() == 1 && unchecked[0].what.contains("\"enterprise\", the plan of"), "{unchecked:?}");
    sealed.manifest.config_sha256 = config.digest();
    match rederiver.check(&place, &sealed, &mut Archived::default()) {
        Err(Error::Differs { what, .. }) => assert!(what.contains("the configuration has another or none"), "{what}"),
        other => panic!("{other:?}"),
    }
}

/// A Hub on which little is as it should be.
fn faults(hub: &Hub) {
    const ORG: &str = "/api/organizations/acme";
    let list = |kind: &str, gated: &str| {
        format!(
            "/api/{kind}?author=acme&expand=author&expand=private{gated}&expand=disabled&expand=lastModified\
             &expand=createdAt&expand=resourceGroup&expand=usedStorage&limit=1000"
        )
    };
    let script: Vec<(String, Reply)> = vec![
        (
            "/api/whoami-v2".to_owned(),
            json(r#"{"name":"ada","id":"u1","auth":{"type":"access_token"},"orgs":[{"name":"acme"}]}"#),
        ),
        (format!("{ORG}/overview"), json("[]")),
        (
            format!("{ORG}/members?limit=1000"),
            json(r#"[{"_id":"u1","user":"ada","role":"admin"},{"user":"nobody"}]"#).next("http://evil.example/"),
        ),
        (format!("{ORG}/resource-groups"), reply(403, r#"{"error":"Forbidden"}"#)),
        (format!("{ORG}/settings/repositories"), json("{}")),
        (
            list("models", "&expand=gated"),
            json(r#"[{"_id":"r1","id":"acme/arm","gated":"manual"}]"#).next("/api/models?p=2"),
        ),
        ("/api/models?p=2".to_owned(), reply(302, "").header("location", "http://evil.example/")),
        (list("datasets", "&expand=gated"), json("[]")),
        (
            "/api/models/acme/arm/user-access-request/accepted?limit=1000".to_owned(),
            json(r#"[{"user":{"user":"zoe"}}]"#),
        ),
        ("/api/models/acme/arm/user-access-request/pending?limit=1000".to_owned(), reply(403, "{}")),
        (format!("{ORG}/settings/tokens?q=status%3Aall&limit=100"), reply(402, "{}")),
        (format!("{ORG}/scim/v2/Users?startIndex=1&count=1000"), reply(403, "{}")),
        (
            format!("{ORG}/scim-provisioning/v2/Users?startIndex=1&count=1000"),
            json(r#"{"totalResults":2,"Resources":[{"id":"c1","userName":"ada"}]}"#),
        ),
        (
            format!("{ORG}/audit-log/export"),
            json(
                r#"[{"_id":"e2","createdAt":"2026-09-18T16:30:00Z","type":"x.new"},{"_id":"e2","createdAt":"2026-09-18T16:30:00Z","type":"x.new"},{"type":"y"}]"#,
            ),
        ),
    ];
    for (path, answer) in script {
        hub.only(&path, answer);
    }
}

#[test]
fn a_snapshot_full_of_gaps_follows_from_its_answers_too() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start().unwrap();
    let hub = engine.run(Hub::start()).unwrap();
    faults(&hub);
    let asks = [
        Collect { with_commits: true, ..Collect::default() },
        Collect { skip: vec![Source::Members, Source::Scim], ..Collect::default() },
        Collect { only: vec![Source::AuditLog], ..Collect::default() },
    ];
    for (day, ask) in (1..).zip(&asks) {
        let settings = settings(folder.path(), &hub.url, &format!("2026-10-0{day}T06:00:00Z"));
        collect(&settings, &engine, "acme", ask);
    }
    drop(hub);
    let place = Store::new(folder.path().join("store")).org(&OrgName::new("acme").unwrap());
    let mut archived = Archived::default();
    for id in place.ids().unwrap() {
        let sealed = place.read(&id).unwrap();
        let derived = Rederiver { engine: &engine, config: None }.check(&place, &sealed, &mut archived).unwrap();
        assert_eq!(derived.unchecked, Vec::<Unchecked>::new());
    }
}

#[test]
fn the_witness_of_the_date_and_the_worth_of_the_roster_follow_too() {
    let clock = difference(|sealed| sealed.manifest.hub_clock.last = None);
    assert!(clock.0 == "manifest.json" && clock.1.contains("the Hub's clock"), "{clock:?}");
    let by_hand = difference(|sealed| sealed.manifest.dated_by_hand = true);
    assert!(by_hand.1.contains("the Hub's clock"), "{by_hand:?}");
    let stale = difference(|sealed| sealed.manifest.imports[0].extracted_on = None);
    assert!(stale.1.contains("roster does not follow"), "{stale:?}");
    let lowered = difference(|sealed| {
        let roster = sealed.manifest.sources.get_mut(&Source::Roster).unwrap();
        roster.coverage = Coverage::Partial;
    });
    assert!(lowered.1.contains("roster does not follow"), "{lowered:?}");
}
