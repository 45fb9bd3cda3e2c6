//! The findings by person: who is one person, what belongs to whom, and in which order it is to be done.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Org, ago, org};
use crate::{
    model::{
        coverage::{Coverage, Source},
        exception::Exception,
        outcome::Cell,
        people::{PERSON, PersonFinding, PersonRow, THINGS, to_do},
        time,
    },
    table::access::{InvitedFile, Person},
};

impl Org {
    /// The row of somebody.
    fn row_of(&self, person: &str) -> PersonRow {
        let rows = self.judge().people;
        let found: Vec<_> = rows.iter().filter(|row| row.person == person).collect();
        assert_eq!(found.len(), 1, "{person} in {:?}", names(&rows));
        found[0].clone()
    }

    /// A fact about somebody, as text.
    fn fact(&self, person: &str, column: &str) -> String {
        let row = self.row_of(person);
        let at = PersonRow::fact_columns().position(|c| c.name == column).unwrap();
        row.facts[at].to_text()
    }

    /// Findings of somebody, worst first.
    fn found(&self, person: &str) -> Vec<String> {
        self.row_of(person).findings.iter().map(name).collect()
    }

    /// Gives the member added last another verified address.
    fn address(self, email: &str) -> Self {
        self.but(|member| member.verified_email = Some(email.to_owned()))
    }

    /// An imported invite to an address.
    fn invited(mut self, email: &str) -> Self {
        self = self.coverage(Source::Invites, Coverage::Imported);
        self.tables.invites_file.push(InvitedFile {
            username: None,
            email: Some(email.to_owned()),
            role: Some("read".to_owned()),
            invited_at: Some(ago(100)),
        });
        self
    }
}

/// `analyzer/rule`.
fn name(finding: &PersonFinding) -> String {
    format!("{}/{}", finding.analyzer, finding.rule)
}

/// Kinds and names of rows.
fn names(rows: &[PersonRow]) -> Vec<String> {
    rows.iter().map(|row| format!("{} {}", row.kind, row.person)).collect()
}

#[test]
fn a_leaver_is_one_row_with_everything_that_is_left_and_what_to_do_in_order() {
    let org = org()
        .active("boss", "admin", 1)
        .active("vice", "admin", 1)
        .member("ingrid", "admin")
        .but(|member| member.fullname = Some("Ingrid S.".to_owned()))
        .did("ingrid", 120, "repo.create")
        .person("boss", "active", None)
        .person("vice", "active", None)
        .person("ingrid", "terminated", Some("2026-09-11"))
        .group("partners", &[("ingrid", "admin"), ("boss", "admin"), ("vice", "admin")])
        .repo("acme/m", |repo| repo.gated = Some("manual".to_owned()))
        .grant("acme/m", "ingrid")
        .token("ingrid", Some(200), |_| {})
        .scim("ingrid", true)
        .scim("boss", true)
        .scim("vice", true);
    let row = org.row_of("ingrid");
    let facts: Vec<String> = row.facts.iter().map(Cell::to_text).collect();
    assert_eq!(
        facts,
        [
            "Ingrid S.",
            "ingrid@acme.example",
            "terminated",
            "2026-09-11",
            "Research",
            "",
            "admin",
            "admin",
            "partners",
            "acme/m",
            "1",
            "0",
            "true",
            "50.00",
            "2026-06-03T06:00:00Z",
        ]
    );
    assert_eq!(org.judge().people[0].person, "ingrid", "the worst first");
    let steps: Vec<String> = to_do(&row.findings).into_iter().map(name).collect();
    assert_eq!(
        steps,
        ["owner-coverage/owner-terminated", "orphaned-access/terminated-with-access"],
        "nobody asks a leaver whether the seat is needed: {:?}",
        org.found("ingrid")
    );
}

#[test]
fn accounts_that_share_an_address_are_one_person_and_say_what_belongs_to_which() {
    let org = org()
        .active("boss", "admin", 1)
        .member("dora-old", "read")
        .address("Dora@acme.example")
        .active("dora", "write", 1)
        .group("partners", &[("dora-old", "admin")]);
    assert_eq!(org.fact("dora", "org_role"), "write;dora-old: read");
    assert_eq!(org.fact("dora", "group_paths"), "dora-old: partners");
    assert!(org.found("dora").contains(&"inactive-seats/never-active".to_owned()), "{:?}", org.found("dora"));
    assert!(!names(&org.judge().people).contains(&"person dora-old".to_owned()));
}

#[test]
fn names_and_external_ids_never_join() {
    let mut org = org()
        .member("ana", "read")
        .but(|member| member.fullname = Some("Ana Li".to_owned()))
        .member("ana-li", "read")
        .but(|member| member.fullname = Some("Ana Li".to_owned()))
        .scim("ana", true)
        .scim("ana-li", true);
    org.tables.scim_users.iter_mut().for_each(|user| user.external_id = Some("E7".to_owned()));
    let people = names(&org.judge().people);
    assert!(people.contains(&"person ana".to_owned()) && people.contains(&"person ana-li".to_owned()), "{people:?}");
}

#[test]
fn an_address_that_more_than_three_accounts_share_joins_nobody() {
    let with = |n: usize| {
        let logins = ["a1", "b2", "c3", "d4"];
        let org = logins[..n].iter().fold(org(), |org, login| org.member(login, "read").address("team@acme.example"));
        org.judge().people.iter().filter(|row| row.kind == PERSON).count()
    };
    assert_eq!((with(3), with(4)), (1, 4));
}

#[test]
fn whoever_would_be_two_people_of_the_roster_is_taken_apart() {
    let mut org = org()
        .member("eva", "read")
        .member("max", "read")
        .scim("eva", true)
        .scim("max", true)
        .person("eva", "active", None)
        .person("max", "active", None);
    // Both hold the shared mailbox beside their own address.
    for user in &mut org.tables.scim_users {
        user.emails.push("office@acme.example".to_owned());
    }
    let people = names(&org.judge().people);
    assert!(people.contains(&"person eva".to_owned()) && people.contains(&"person max".to_owned()), "{people:?}");
    // Without the roster nothing tells them apart.
    org.tables.people.clear();
    assert!(!names(&org.judge().people).contains(&"person max".to_owned()));
}

#[test]
fn the_rosters_login_and_address_are_one_person() {
    let mut org = org()
        .member("sam", "read")
        .address("sam@private.example")
        .grant("acme/m", "sammy")
        .repo("acme/m", |repo| repo.gated = Some("manual".to_owned()))
        .person("sam", "terminated", Some("2026-09-01"));
    org = org.invited("SAM@acme.example");
    org.tables.people[0].username = Some("sam".to_owned());
    org.tables.gated_access[0].email = Some("sam@acme.example".to_owned());
    assert_eq!(org.fact("sam", "gated_grants"), "sammy: acme/m");
    assert_eq!(org.fact("sam", "pending_invites"), "1");
    assert_eq!(org.fact("sam", "email"), "sam@private.example", "the verified address outweighs the roster's");
}

#[test]
fn what_belongs_to_nobody_follows_the_people() {
    let org = org()
        .coverage(Source::GatedAccess, Coverage::Forbidden)
        .active("boss", "admin", 1)
        .group("empty", &[])
        .repo("acme/m", |_| {})
        .account("bot", &[(None, false)])
        .token("boss", None, |token| (token.owner, token.owner_id) = (None, None))
        .life(5, "org.settings.mfa.disable", "boss", "")
        .life(6, "org.settings.sso.disable", "", "");
    let org = {
        let mut org = org;
        let system = org.log.events.iter_mut().find(|event| event.kind.contains("sso")).unwrap();
        (system.author, system.author_id, system.author_type) = (None, None, Some("system".to_owned()));
        org
    };
    let rows = org.judge().people;
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind).collect();
    let mut things: Vec<&str> = kinds.into_iter().skip_while(|kind| *kind == PERSON).collect();
    things.dedup();
    assert_eq!(things, THINGS);
    assert!(org.found("boss").contains(&"privileged-activity/control-weakened".to_owned()), "who acted");
    let of_org = org.found("acme");
    for rule in
        ["owner-coverage/single-owner", "privileged-activity/control-weakened", "orphaned-access/source-missing"]
    {
        assert!(of_org.contains(&rule.to_owned()), "{rule}: {of_org:?}");
    }
    assert!(org.found("gated_access").contains(&"access/source-missing".to_owned()));
    assert_eq!(org.found("bot"), ["orphaned-access/service-account-idle", "orphaned-access/service-token-no-expiry"]);
}

#[test]
fn an_accepted_rule_is_no_finding_and_another_of_the_same_row_stays() {
    let mut org =
        org().active("boss", "admin", 1).token("boss", Some(120), |token| token.role = Some("write".to_owned()));
    let both = ["orphaned-access/broad-token", "orphaned-access/unused-token"];
    assert_eq!(org.found("boss")[..2], both);
    org.exceptions.push(Exception {
        analyzer: "orphaned-access".to_owned(),
        rule: "broad-token".to_owned(),
        subject: "t0".to_owned(),
        resource: None,
        reason: "signing job".to_owned(),
        approved_by: "it@acme.example".to_owned(),
        expires: time::parse_date("2026-12-31").unwrap(),
        pattern: false,
    });
    assert_eq!(org.found("boss")[..1], ["orphaned-access/unused-token"]);
    assert!(!org.found("boss").contains(&both[0].to_owned()));
}

#[test]
fn a_fact_over_a_gap_is_empty_and_never_none() {
    let org =
        |coverage| org().coverage(Source::Tokens, coverage).coverage(Source::AuditLog, coverage).member("ada", "read");
    assert_eq!(org(Coverage::Collected).fact("ada", "live_tokens"), "0");
    assert_eq!(org(Coverage::Forbidden).fact("ada", "live_tokens"), "");
    assert_eq!(org(Coverage::Forbidden).fact("ada", "pending_invites"), "");
    assert_eq!(
        org(Coverage::Partial).token("ada", None, |_| {}).fact("ada", "live_tokens"),
        "1",
        "what was seen counts"
    );
}

#[test]
fn every_kind_of_subject_has_an_owner_that_the_columns_name() {
    let kinds: BTreeSet<&str> = crate::analyze::metas().flat_map(|meta| meta.subjects).copied().collect();
    let known = ["activity", "event", "gated-grant", "group-user", "invite", "member", "owner", "person", "token"];
    let known: BTreeSet<&str> = known.into_iter().chain(THINGS).collect();
    assert!(kinds.is_subset(&known), "{:?} would be taken for people", kinds.difference(&known));
}

/// Logins and addresses of a small world, so that they meet.
const LOGINS: [&str; 5] = ["ann", "bob", "cy", "dee", "eli"];

/// An address by number.
fn mail(n: usize) -> String {
    format!("m{n}@acme.example")
}

/// An organization in which accounts, grants, groups, tokens, invites and roster rows are thrown together.
fn any_org() -> impl Strategy<Value = Org> {
    let places = prop::collection::vec((0..5_usize, 0..4_usize, 0..8_u8), 0..16);
    (places, any::<bool>()).prop_map(|(places, gap)| {
        let mut org = org().repo("acme/m", |repo| repo.gated = Some("manual".to_owned())).group("g", &[]);
        let mut people: BTreeMap<String, Person> = BTreeMap::new();
        for (who, address, what) in places {
            let (login, email) = (LOGINS[who], mail(address));
            org = match what {
                0 | 1 if org.tables.members.iter().all(|member| member.username != login) => {
                    org.member(login, if what == 0 { "admin" } else { "read" }).address(&email)
                }
                2 => {
                    let mut org = org.grant("acme/m", login);
                    org.tables.gated_access.last_mut().unwrap().email = Some(email);
                    org
                }
                3 => org.token(login, None, |_| {}),
                4 => org.invited(&email),
                5 => {
                    let mut org = org.scim(login, address % 2 == 0);
                    org.tables.scim_users.last_mut().unwrap().emails.push(email);
                    org
                }
                6 => org.life(5, "org.settings.mfa.disable", login, "").life(9, "org.remove_user", "ann", login),
                _ => {
                    let mut org = org.person("x", if address == 0 { "terminated" } else { "active" }, None);
                    let mut person = org.tables.people.pop().unwrap();
                    (person.email, person.username) = (email.clone(), (who < 2).then(|| login.to_owned()));
                    people.insert(email, person);
                    org
                }
            };
        }
        org.tables.people.extend(people.into_values());
        if gap { org.coverage(Source::GatedAccess, Coverage::Forbidden) } else { org }
    })
}

proptest! {
    #[test]
    fn each_open_finding_is_in_exactly_one_row_and_no_row_is_there_twice(org in any_org()) {
        let analysis = org.judge();
        let keys: BTreeSet<(&str, &str)> = analysis.people.iter().map(|row| (row.kind, row.person.as_str())).collect();
        prop_assert_eq!(keys.len(), analysis.people.len());
        prop_assert!(analysis.people.iter().all(|row| !row.findings.is_empty() && !row.person.is_empty()));
        // By analyzer and rule, there are as many findings with the people as in the rows.
        let mut open: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for outcome in &analysis.outcomes {
            let asks = |rule: &str| outcome.meta.rules.iter().any(|r| r.id == rule && r.verdict.is_open());
            for row in outcome.rows.iter().filter(|row| row.verdict.is_open()) {
                for rule in std::iter::once(&row.rule).chain(&row.also).filter(|rule| asks(rule)) {
                    *open.entry((outcome.meta.id, rule.as_str())).or_default() += 1;
                }
            }
        }
        let mut shown: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for finding in analysis.people.iter().flat_map(|row| &row.findings) {
            *shown.entry((finding.analyzer, finding.rule)).or_default() += finding.rows;
        }
        prop_assert_eq!(&shown, &open);
        prop_assert_eq!(analysis.findings.len(), open.values().sum::<usize>());
        // A row about a member is with the person who has that membership, and there is one such person.
        let at = PersonRow::fact_columns().position(|column| column.name == "org_role").unwrap();
        for outcome in &analysis.outcomes {
            for row in outcome.rows.iter().filter(|row| row.verdict.is_open() && row.subject_kind == "member") {
                let label = format!("{}: ", row.subject);
                let is_theirs = |person: &&PersonRow| match &person.facts[at] {
                    Cell::List(roles) => person.person == row.subject || roles.iter().any(|role| role.starts_with(&label)),
                    _ => false,
                };
                let theirs: Vec<&PersonRow> = analysis.people.iter().filter(is_theirs).collect();
                prop_assert_eq!(theirs.len(), 1, "{}", row.subject);
                let has = theirs[0].findings.iter().any(|f| f.analyzer == outcome.meta.id && f.rule == row.rule);
                prop_assert!(has, "{} {}", row.subject, row.rule);
            }
        }
        prop_assert!(analysis.people.iter().map(PersonRow::rank).is_sorted());
    }

    #[test]
    fn joining_two_accounts_by_an_address_does_not_hang_on_their_order(
        addresses in prop::collection::vec(0..5_usize, 2..6), turned in any::<bool>(),
    ) {
        let groups = |order: &[(usize, usize)]| {
            let org = order.iter().fold(org(), |org, (who, address)| org.member(LOGINS[*who], "read").address(&mail(*address)));
            let at = PersonRow::fact_columns().position(|column| column.name == "org_role").unwrap();
            let people = org.judge().people;
            let people = people.iter().filter(|row| row.kind == PERSON);
            people.map(|row| (row.person.clone(), row.facts[at].to_text())).collect::<BTreeSet<_>>()
        };
        let mut order: Vec<(usize, usize)> = addresses.into_iter().take(5).enumerate().collect();
        let first = groups(&order);
        if turned { order.reverse() } else { order.rotate_left(1) }
        prop_assert_eq!(&first, &groups(&order));
        // With at most three accounts to an address, there are as many people as addresses.
        let mut holders: BTreeMap<usize, usize> = BTreeMap::new();
        for (_, address) in &order {
            *holders.entry(*address).or_default() += 1;
        }
        let people: usize = holders.values().map(|n| if *n > 3 { *n } else { 1 }).sum();
        prop_assert_eq!(first.len(), people);
    }
}
