//! What became of the findings of the baseline.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Org, ago, id, org};
use crate::{
    analyze::{Finding, Side, follow_up},
    model::{
        coverage::{Coverage, Source},
        exception::Exception,
        follow_up::{Fate, FollowUp, Followed},
        ids::SnapshotId,
        time,
    },
};

impl Org {
    /// What became of the findings of an organization of 90 days ago.
    fn follow(&self, mut before: Self) -> FollowUp {
        before.manifest.as_of = ago(90);
        before.manifest.id = SnapshotId::of(ago(90));
        let (was, is) = (before.judge(), self.judge());
        let side = |of| Side { manifest: &before.manifest, tables: &before.tables, analysis: of };
        follow_up(side(&was), Side { manifest: &self.manifest, tables: &self.tables, analysis: &is })
    }

    /// The fates of one analyzer's findings as `fate subject rule`.
    fn fates(&self, before: Self, analyzer: &str) -> Vec<String> {
        let followed = self.follow(before).findings;
        followed.iter().filter(|f| f.analyzer == analyzer).map(text).collect()
    }
}

/// `fate subject rule`.
fn text(followed: &Followed) -> String {
    let missing =
        if followed.missing.is_empty() { String::new() } else { format!(" ({})", followed.missing.join(", ")) };
    format!("{} {} {}{missing}", followed.fate.word(), followed.subject, followed.rule)
}

const ORPHANED: &str = "orphaned-access";
const INACTIVE: &str = "inactive-seats";

#[test]
fn findings_are_closed_still_open_or_new() {
    let before = org().active("ada", "read", 1).token("ada", None, |_| {}).token("gone", Some(1), |_| {});
    let now = org().active("ada", "read", 1).token("ada", None, |_| {}).account("bot", &[(None, true)]);
    let now = now.fates(before, ORPHANED);
    assert_eq!(
        now,
        ["still-open t0 unused-token", "new bot service-account-idle", "closed t1 token-outlives-membership"]
    );
}

#[test]
fn a_finding_whose_source_is_a_gap_now_is_not_closed() {
    let before = || org().active("ada", "read", 1).token("ada", None, |_| {});
    let now = org().active("ada", "read", 1).coverage(Source::Tokens, Coverage::Forbidden);
    assert_eq!(now.fates(before(), ORPHANED), ["cannot-tell t0 unused-token (tokens)", "new tokens source-missing"]);
    // The other way round the gap is closed, and what it hid is new.
    let whole = before();
    let gap = org().active("ada", "read", 1).coverage(Source::Tokens, Coverage::Forbidden);
    assert_eq!(whole.fates(gap, ORPHANED), ["new t0 unused-token", "closed tokens source-missing"]);
}

#[test]
fn without_the_roster_of_before_no_leaver_is_closed() {
    let member = || org().active("ada", "read", 1).active("bo", "read", 1);
    let before = || member().person("ada", "terminated", Some("2026-06-01")).person("bo", "active", None);
    let silent = member().fates(before(), ORPHANED);
    assert_eq!(silent, ["cannot-tell ada terminated-with-access (roster)"]);
    let told = member().person("ada", "active", None).person("bo", "active", None).fates(before(), ORPHANED);
    assert_eq!(told, ["closed ada terminated-with-access"]);
}

#[test]
fn what_cannot_be_judged_any_more_is_not_closed() {
    let idle = || org().member("ada", "read").did("ada", 300, "repo.create");
    let mut now = idle();
    now.manifest.audit.observed_since = Some(ago(10));
    assert_eq!(
        now.fates(idle(), INACTIVE),
        ["cannot-tell ada inactive (activity-unknown)", "new ada activity-unknown"]
    );
    // And an answer to what could not be judged closes that.
    let was = now;
    assert_eq!(idle().fates(was, INACTIVE), ["new ada inactive", "closed ada activity-unknown"]);
}

#[test]
fn a_renamed_person_group_or_repository_is_the_same_and_a_reused_login_is_another() {
    let org = || org().active("boss", "admin", 1);
    let before = org().group("old", &[("eve", "read")]).repo("acme/a", |repo| repo.repo_id = Some("r1".to_owned()));
    let mut now = org().group("old", &[("eve", "read")]).repo("acme/b", |repo| repo.repo_id = Some("r1".to_owned()));
    now.tables.resource_groups[0].name = "new".to_owned();
    now.tables.group_users[0].username = "eve-lin".to_owned();
    let all = |now: &Org, before: Org| -> Vec<String> { now.follow(before).findings.iter().map(text).collect() };
    let same = all(&now, before);
    assert!(same.contains(&"still-open eve-lin group-user-not-member".to_owned()), "{same:?}");
    assert!(same.contains(&"still-open new group-without-admin".to_owned()), "{same:?}");
    assert!(same.contains(&"still-open acme/b org-admins-only".to_owned()), "{same:?}");
    assert!(same.iter().all(|text| text.starts_with("still-open")), "{same:?}");
    let other = org().member("ada", "read").but(|member| member.user_id = id("another"));
    let fates = other.fates(org().member("ada", "read"), INACTIVE);
    assert_eq!(fates, ["new ada never-active", "closed ada never-active"]);
}

#[test]
fn an_accepted_finding_is_not_called_closed_and_an_event_of_the_last_period_is_not_followed() {
    let idle = || org().member("ada", "read").life(100, "org.settings.mfa.disable", "ada", "");
    let mut now = idle();
    now.exceptions.push(Exception {
        analyzer: INACTIVE.to_owned(),
        rule: "never-active".to_owned(),
        subject: "ada".to_owned(),
        resource: None,
        reason: "spare account".to_owned(),
        approved_by: "it@acme.example".to_owned(),
        expires: time::parse_date("2026-12-31").unwrap(),
        pattern: false,
    });
    assert_eq!(now.fates(idle(), INACTIVE), ["accepted ada never-active"]);
    assert!(now.fates(idle(), "privileged-activity").is_empty());
}

/// An organization from a few switches, so that two of them are alike and different.
fn any_org() -> impl Strategy<Value = Org> {
    (prop::collection::vec(0..6_u8, 0..6), prop::option::of(0..4_usize), any::<bool>()).prop_map(
        |(parts, gap, roster)| {
            let mut org = org().active("boss", "admin", 1);
            for part in parts {
                org = match part {
                    0 if org.tables.members.len() < 2 => org.member("ada", "write"),
                    1 => org.token("ada", None, |_| {}),
                    2 => org.grant("acme/m", "eve"),
                    3 => org.account("bot", &[(None, false)]),
                    4 => org.group("g", &[("eve", "admin")]),
                    _ => org.repo("acme/m", |_| {}),
                };
            }
            if roster {
                org = org.person("ada", "terminated", Some("2026-05-01"));
            }
            let gaps = [Source::Tokens, Source::Members, Source::ResourceGroups, Source::AuditLog];
            match gap {
                Some(at) => org.coverage(gaps[at], Coverage::Forbidden),
                None => org,
            }
        },
    )
}

/// Analyzer, rule, kind, subject and resource of a finding.
type Key = (&'static str, &'static str, &'static str, String, String);

/// Each open finding of a state.
fn open(findings: &[Finding]) -> BTreeSet<Key> {
    let of_state = findings.iter().filter(|f| !["changes", "privileged-activity"].contains(&f.analyzer));
    let open = of_state.filter(|f| f.verdict.is_open());
    open.map(|f| (f.analyzer, f.rule, f.subject_kind, f.subject.clone(), f.resource.clone())).collect()
}

proptest! {
    #[test]
    fn each_finding_of_either_has_exactly_one_fate(before in any_org(), now in any_org()) {
        let (was, is) = (before.judge().findings, now.judge().findings);
        let gap = Source::ALL.into_iter().any(|source| now.manifest.is_gap(source));
        let followed = now.follow(before).findings;
        let key = |f: &Followed| -> Key { (f.analyzer, f.rule, f.subject_kind, f.subject.clone(), f.resource.clone()) };
        let keys: BTreeSet<_> = followed.iter().map(key).collect();
        prop_assert_eq!(keys.len(), followed.len(), "no finding has two fates");
        let of = |fates: &[Fate]| -> BTreeSet<_> {
            followed.iter().filter(|f| fates.contains(&f.fate)).map(key).collect()
        };
        prop_assert_eq!(of(&[Fate::Closed, Fate::StillOpen, Fate::CannotTell, Fate::Accepted]), open(&was));
        prop_assert_eq!(of(&[Fate::New, Fate::StillOpen]), open(&is));
        // Nothing is closed that rests on what was not read.
        if gap {
            for closed in followed.iter().filter(|f| f.fate == Fate::Closed && f.subject_kind != "source") {
                let needs = crate::analyze::metas().find(|meta| meta.id == closed.analyzer).unwrap().needs;
                prop_assert!(needs.iter().all(|source| !now.manifest.is_gap(*source)), "{}", text(closed));
            }
        }
        for followed in &followed {
            prop_assert_eq!(followed.fate == Fate::CannotTell, !followed.missing.is_empty());
            prop_assert_eq!(followed.fate == Fate::New, followed.before.is_none());
            prop_assert_eq!(matches!(followed.fate, Fate::Closed | Fate::CannotTell), followed.now.is_none());
        }
    }
}
