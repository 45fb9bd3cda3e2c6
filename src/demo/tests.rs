//! The sample holds together: the state and the log agree, and every rule has somebody to show it on.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use chrono::TimeDelta;
use serde_json::Value;

use super::{
    quarters,
    state::State,
    world::{World, log_start, world},
};
use crate::model::time::{self, age_days};

/// The state at a quarter.
fn state(quarter: usize) -> &'static State {
    /// One for each quarter.
    static STATES: LazyLock<Vec<State>> =
        LazyLock::new(|| quarters().iter().map(|at| State::at(world(), *at).unwrap()).collect());
    &STATES[quarter]
}

/// The export at a quarter.
fn export(state: &State) -> Vec<Value> {
    serde_json::from_slice(&state.audit_log).unwrap()
}

/// Text fields of a list.
fn texts<'a>(items: &'a [Value], pointer: &str) -> Vec<&'a str> {
    items.iter().filter_map(|item| item.pointer(pointer)?.as_str()).collect()
}

#[test]
fn the_sample_is_as_large_as_promised() {
    let last = state(3);
    assert!(last.members.len() >= 60, "{} members", last.members.len());
    assert!(last.repositories.len() >= 45, "{} repositories", last.repositories.len());
    let roles: BTreeSet<_> = texts(&last.members, "/role").into_iter().collect();
    assert_eq!(roles, BTreeSet::from(["admin", "write", "contributor", "read", "no_access"]));
    let types: BTreeSet<_> = texts(&last.repositories, "/type").into_iter().collect();
    assert_eq!(types, BTreeSet::from(["model", "dataset", "space", "bucket", "kernel"]));
    let events = export(last);
    assert!((5_000..100_000).contains(&events.len()), "{} events", events.len());
    let oldest = time::parse(events.last().unwrap()["createdAt"].as_str().unwrap()).unwrap();
    assert!(age_days(quarters()[3], oldest) > 14 * 31, "the log begins {oldest}");
}

#[test]
fn the_export_is_newest_first_with_unique_ids_and_nothing_later() {
    for (quarter, as_of) in quarters().iter().enumerate() {
        let events = export(state(quarter));
        let times: Vec<_> = texts(&events, "/createdAt").into_iter().map(|t| time::parse(t).unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b));
        assert!(times[0] < *as_of && times[0] > *as_of - TimeDelta::days(4));
        let ids: BTreeSet<_> = texts(&events, "/_id").into_iter().collect();
        assert_eq!(ids.len(), events.len());
    }
}

#[test]
fn a_later_export_holds_the_earlier_ones() {
    let exports: Vec<_> = (0..4).map(|q| export(state(q))).collect();
    for pair in exports.windows(2) {
        let ids = |e: &[Value]| texts(e, "/_id").into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        assert!(ids(&pair[0]).is_subset(&ids(&pair[1])) && pair[0].len() < pair[1].len());
    }
}

#[test]
fn two_expansions_are_equal() {
    let (one, two) = (World::load().unwrap(), World::load().unwrap());
    assert_eq!(one.events, two.events);
    let show = |w: &World| format!("{:?}", State::at(w, quarters()[3]).unwrap());
    assert_eq!(show(&one), show(&two));
}

#[test]
fn addresses_are_examples() {
    let files = super::files(3);
    let mut text = format!("{:?}", state(3));
    text.push_str(std::str::from_utf8(&state(3).audit_log).unwrap());
    text.extend(files.iter().map(|(_, content)| content.as_str()));
    let mut seen = 0;
    for (at, _) in text.match_indices('@') {
        let domain: String = text[at + 1..].chars().take_while(|c| c.is_alphanumeric() || ".-".contains(*c)).collect();
        assert!(["example.com", "example.org"].contains(&domain.to_lowercase().as_str()), "{domain}");
        seen += 1;
    }
    assert!(seen > 200);
}

/// The events of the whole log about or by a login, by type.
fn about<'a>(events: &'a [Value], login: &str, kinds: &[&str]) -> Vec<&'a Value> {
    let names = |e: &Value| {
        let data = &e["data"];
        let keys = ["user", "username", "member", "invitee", "email", "target", "users"];
        let found = keys.iter().map(|k| &data[*k]).find(|v| !v.is_null()).cloned().unwrap_or(Value::Null);
        let list = if let Value::Array(list) = found { list } else { vec![found] };
        let name = |v: &Value| v.as_str().or(v["user"].as_str()).or(v["username"].as_str()).map(str::to_owned);
        let named: Vec<_> = list.iter().filter_map(name).collect();
        if named.is_empty() { e["author"]["user"].as_str() == Some(login) } else { named.iter().any(|n| n == login) }
    };
    events.iter().filter(|e| kinds.contains(&e["type"].as_str().unwrap_or_default()) && names(e)).collect()
}

#[test]
fn members_joined_and_leavers_are_gone() {
    const JOINS: [&str; 6] =
        ["org.add_user", "org.invite.accept", "org.join.from_domain", "org.join.automatic", "org.sso_join", "-"];
    for quarter in 0..4 {
        let state = state(quarter);
        let events = export(state);
        let current: BTreeSet<_> = texts(&state.members, "/user").into_iter().collect();
        for person in &world().data.people {
            let login = person.login.as_str();
            let joins = about(&events, login, &JOINS);
            let leaves = about(&events, login, &["org.remove_user", "org.leave"]);
            if current.contains(login) {
                let before = person.joined_on() < log_start();
                assert_eq!(joins.len(), usize::from(!before), "{login} at {quarter}");
                assert!(leaves.is_empty(), "{login} at {quarter}");
            } else {
                assert_eq!(
                    leaves.len(),
                    usize::from(person.joined.day < Some(quarters()[quarter].date_naive())),
                    "{login}"
                );
            }
        }
    }
}

#[test]
fn role_changes_and_group_changes_are_logged() {
    let states: Vec<_> = (0..4).map(state).collect();
    let events = export(states[3]);
    let changed = |kind: &str, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>, quarter: usize| {
        let (from, to) = (quarters()[quarter - 1], quarters()[quarter]);
        for (who, role) in after {
            let login = who.split(' ').next_back().unwrap();
            if before.get(who).is_some_and(|old| old != role) {
                let told = about(&events, login, &[kind]);
                let inside =
                    |e: &&Value| time::parse(e["createdAt"].as_str().unwrap()).is_some_and(|t| from < t && t < to);
                assert!(told.iter().any(inside), "{kind} of {who} before {to}");
            }
        }
    };
    let members = |s: &State| {
        let pair = |m: &Value| (m["user"].as_str().unwrap().to_owned(), m["role"].as_str().unwrap().to_owned());
        s.members.iter().map(pair).collect::<BTreeMap<_, _>>()
    };
    let groups = |s: &State| {
        let mut found = BTreeMap::new();
        for group in &s.groups {
            for user in group["users"].as_array().unwrap() {
                let key = format!("{} {}", group["name"].as_str().unwrap(), user["name"].as_str().unwrap());
                found.insert(key, user["role"].as_str().unwrap().to_owned());
            }
        }
        found
    };
    for quarter in 1..4 {
        changed("org.change_role", &members(states[quarter - 1]), &members(states[quarter]), quarter);
        changed("resource_group.change_role", &groups(states[quarter - 1]), &groups(states[quarter]), quarter);
    }
    assert_ne!(members(states[2]), members(states[3]));
}

#[test]
fn repositories_of_the_log_era_have_their_creation_and_deletion() {
    let last = state(3);
    let events = export(last);
    for repo in &world().data.repos {
        let full = super::world::full_name(&repo.name);
        let count = |kind: &str| {
            events
                .iter()
                .filter(|e| e["type"] == kind && e["data"].to_string().contains(&format!("\"{full}\"")))
                .count()
        };
        assert_eq!(count("repo.create"), usize::from(repo.created >= log_start()), "{full}");
        assert_eq!(count("repo.delete"), usize::from(repo.deleted.is_some()), "{full}");
        let listed = texts(&last.repositories, "/id").contains(&full.as_str());
        assert_eq!(listed, repo.deleted.is_none(), "{full}");
    }
}

#[test]
fn nobody_acts_before_joining_or_after_leaving_but_those_who_are_there_to_show_it() {
    let mut after = BTreeSet::new();
    for event in &world().events {
        let Some(person) = world().person(&event.author) else { continue };
        let day = event.at.date_naive();
        assert!(person.joined_on() <= day, "{} acts before joining", person.login);
        if person.left.day.is_some_and(|left| left < day) {
            after.insert(person.login.as_str());
        }
    }
    assert_eq!(after, BTreeSet::from(["kofi-mensah", "svetlana-orlova"]));
}

#[test]
fn pace_decides_who_looks_active() {
    let as_of = quarters()[3];
    let day = as_of.date_naive();
    for person in world().data.people.iter().filter(|p| p.is_member(day)) {
        let last =
            world().events.iter().rfind(|e| e.author == person.login && e.at < as_of && !e.kind.ends_with("export"));
        let idle = last.map(|e| age_days(as_of, e.at));
        match (person.activity.until, person.activity.pace) {
            (_, super::words::Pace::None) => assert_eq!(idle, None, "{}", person.login),
            (Some(until), _) => {
                assert!(idle.is_some_and(|d| d <= (day - until).num_days()), "{} is idle {idle:?}", person.login);
                assert!(last.is_some_and(|e| e.at.date_naive() <= until), "{} acts late", person.login);
            }
            (None, _) => assert!(idle.is_some_and(|d| d <= 45), "{} is idle {idle:?}", person.login),
        }
    }
}

#[test]
fn tokens_of_events_are_listed_and_were_in_use() {
    let last = state(3);
    let used: BTreeMap<_, _> = last
        .tokens
        .iter()
        .map(|t| (t["_id"].as_str().unwrap(), (t["createdAt"].as_str(), t["lastUsedAt"].as_str())))
        .collect();
    let mut seen = 0;
    for event in export(last)
        .iter()
        .filter(|e| e["author"]["user"] != "tidewater-ci" && e["author"]["user"] != "tidewater-ingest")
    {
        let Some(id) = event["token"]["id"].as_str() else { continue };
        // A leaver's tokens are no longer listed, but for those that show it.
        let Some((created, last)) = used.get(id) else { continue };
        assert!(*created <= event["createdAt"].as_str() && event["createdAt"].as_str() <= *last, "{event}");
        seen += 1;
    }
    assert!(seen > 200);
}

#[test]
fn the_reading_token_is_the_one_in_the_listing() {
    for quarter in 0..4 {
        let state = state(quarter);
        let created = state.whoami["auth"]["accessToken"]["createdAt"].as_str().unwrap();
        let own = state.tokens.iter().filter(|t| t["owner"]["name"] == "mara-lindqvist" && t["createdAt"] == created);
        assert_eq!(own.count(), 1);
    }
}

#[test]
fn quarters_grow_and_differ() {
    let sizes: Vec<_> = (0..4).map(|q| state(q).members.len()).collect();
    assert!(sizes.is_sorted_by(|a, b| a < b), "{sizes:?}");
    assert!(sizes[0] >= 45);
    let gone: BTreeSet<_> = (0..3)
        .flat_map(|q| {
            let (now, next) = (state(q), state(q + 1));
            let next: BTreeSet<_> = texts(&next.members, "/user").into_iter().map(str::to_owned).collect();
            let now: Vec<_> = texts(&now.members, "/user").into_iter().map(str::to_owned).collect();
            now.into_iter().filter(move |login| !next.contains(login))
        })
        .collect();
    assert!(gone.len() >= 6, "{gone:?}");
}

#[test]
fn names_come_in_many_scripts() {
    let last = state(3);
    let all: String = texts(&last.members, "/fullname").concat();
    let ranges = [
        ('\u{0400}', '\u{04ff}'),
        ('\u{0370}', '\u{03ff}'),
        ('\u{4e00}', '\u{9fff}'),
        ('\u{3040}', '\u{30ff}'),
        ('\u{ac00}', '\u{d7af}'),
        ('\u{0600}', '\u{06ff}'),
        ('\u{0590}', '\u{05ff}'),
        ('\u{0900}', '\u{097f}'),
        ('\u{1e00}', '\u{1eff}'),
        ('\u{1f300}', '\u{1faff}'),
    ];
    for (from, to) in ranges {
        assert!(all.chars().any(|c| (from..=to).contains(&c)), "{from:?}");
    }
    assert!(texts(&last.members, "/fullname").iter().any(|n| n.starts_with('=')));
}

#[test]
fn undeclared_event_types_are_few_and_there() {
    let events = export(state(3));
    for kind in ["org.agent_policy.update", "org.custom_role.create", "org.audit_log.export"] {
        assert!(events.iter().any(|e| e["type"] == kind), "{kind}");
    }
    assert!(events.iter().any(|e| e["author"]["deleted"] == true));
    assert!(events.iter().any(|e| e["author"]["type"] == "system"));
    assert!(events.iter().any(|e| e["oauth"].is_object()) && events.iter().any(|e| e["data"].is_null()));
}

#[test]
fn expanding_a_quarter_is_quick() {
    let start = std::time::Instant::now();
    let world = World::load().unwrap();
    State::at(&world, quarters()[3]).unwrap();
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn memberships_are_changed_by_those_who_may() {
    let mut seen = 0;
    for event in &world().events {
        let acts = ["org.add_user", "org.change_role", "org.remove_user", "org.invite_user", "org.invite.email"];
        if acts.contains(&event.kind.as_str()) {
            let author = world().person(&event.author).unwrap();
            let day = event.at.date_naive();
            assert_eq!(author.role.before(day), "admin", "{} {}", event.kind, event.author);
            assert!(author.is_active(day), "{} {}", event.kind, event.author);
            seen += 1;
        }
    }
    assert!(seen > 50);
}

#[test]
fn every_rule_has_a_row_that_is_there_to_show_it() {
    const RULES: &str = "never-active new-member inactive terminated-with-access scim-deprovisioned activity-after-removal \
        former-member-grant group-user-not-member token-outlives-membership inactive-external external-collaborator \
        outside-grantees grant-on-private-repo grant-on-ungated-repo unused-token broad-token service-account-idle \
        service-token-no-expiry stale-invite not-in-roster unmanaged-by-scim in-order owner-terminated \
        owner-deprovisioned owner-inactive owner-without-2fa owner-external owner-2fa-unknown group-without-admin \
        group-no-effective-admin group-single-admin creator-left no-effective-owner org-admins-only creator-unknown \
        covered duplicate";
    let files = [
        include_str!("../../fixtures/sample/people.csv"),
        include_str!("../../fixtures/sample/roster.csv"),
        include_str!("../../fixtures/sample/groups.csv"),
        include_str!("../../fixtures/sample/group_users.csv"),
        include_str!("../../fixtures/sample/repos.csv"),
        include_str!("../../fixtures/sample/grants.csv"),
        include_str!("../../fixtures/sample/tokens.csv"),
        include_str!("../../fixtures/sample/service_accounts.csv"),
        include_str!("../../fixtures/sample/scim_pending.csv"),
        include_str!("../../fixtures/sample/invites.csv"),
        include_str!("../../fixtures/sample/events.csv"),
    ];
    let rows: String =
        files.iter().flat_map(|f| f.lines()).filter(|l| !l.starts_with('#')).collect::<Vec<_>>().join(" ");
    let words: BTreeSet<_> = rows.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
    for rule in RULES.split_whitespace() {
        assert!(words.contains(rule), "no row says that it shows {rule}");
    }
}
