//! `inactive-seats` and `seat-spend`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Org, ago, org};
use crate::model::{
    coverage::{Coverage, Source},
    params::Term,
    time,
};

const SEATS: &str = "inactive-seats";
const SPEND: &str = "seat-spend";

#[test]
fn the_threshold_day_itself_is_inactive() {
    let org =
        org().active("ada", "admin", 89).active("bo", "write", 90).active("cy", "read", 91).member("di", "contributor");
    assert_eq!(org.verdict(SEATS, "member", "ada"), "pass info active");
    assert_eq!(org.verdict(SEATS, "member", "bo"), "fail medium inactive");
    assert_eq!(org.verdict(SEATS, "member", "cy"), "fail low inactive");
    assert_eq!(org.verdict(SEATS, "member", "di"), "fail medium never-active");
    assert_eq!(org.cell(SEATS, "di", "idle_days"), "");
    assert_eq!(org.cell(SEATS, "bo", "last_active_source"), "audit:repo.update_settings");
    assert_eq!(org.cell(SEATS, "bo", "activity_basis"), "audit+tokens");
}

#[test]
fn nobody_is_inactive_in_the_grace_period() {
    let joined = |days| org().member("ada", "read").life(days, "org.add_user", "boss", "ada");
    assert_eq!(joined(29).verdict(SEATS, "member", "ada"), "pass info new-member");
    assert_eq!(joined(30).verdict(SEATS, "member", "ada"), "fail low never-active");
}

#[test]
fn a_short_log_proves_nothing() {
    let mut org = org().member("ada", "admin").active("bo", "read", 10);
    org.manifest.audit.observed_since = Some(ago(89));
    assert_eq!(org.verdict(SEATS, "member", "ada"), "unknown high activity-unknown");
    assert_eq!(org.verdict(SEATS, "member", "bo"), "pass info active");
    org.manifest.audit.observed_since = Some(ago(90));
    assert_eq!(org.verdict(SEATS, "member", "ada"), "fail high never-active");
}

#[test]
fn without_tokens_a_reader_is_not_called_idle() {
    let org = org().member("ada", "write").coverage(Source::Tokens, Coverage::Forbidden);
    assert_eq!(org.verdict(SEATS, "member", "ada"), "review medium inactivity-unconfirmed");
    assert_eq!(org.verdict(SEATS, "source", "tokens"), "unknown high source-missing");
    assert_eq!(org.cell(SEATS, "ada", "activity_basis"), "audit");
}

#[test]
fn without_the_log_nobody_is_judged() {
    let mut org = org().member("ada", "write").coverage(Source::AuditLog, Coverage::PlanRequired);
    org.manifest.audit.observed_since = None;
    assert_eq!(org.verdict(SEATS, "member", "ada"), "unknown medium activity-unknown");
    assert_eq!(org.verdict(SEATS, "source", "audit_log"), "unknown high source-missing");
}

#[test]
fn the_observer_is_not_evidence() {
    let mut org = org().member("ada", "admin").did("ada", 1, "org.audit_log.export").token("ada", Some(1), |_| ());
    org.manifest.collector.login = "ADA".to_owned();
    org.manifest.collector.token_created_at = Some(ago(365));
    assert_eq!(org.verdict(SEATS, "member", "ada"), "fail high never-active");
    org.manifest.collector.token_created_at = Some(ago(364));
    assert_eq!(org.verdict(SEATS, "member", "ada"), "pass info active");
    assert_eq!(org.cell(SEATS, "ada", "last_active_source"), "token");
}

#[test]
fn an_unknown_observer_is_said_aloud() {
    let limits = |coverage| {
        let analysis = org().member("ada", "admin").coverage(Source::Whoami, coverage).judge();
        analysis.outcomes.iter().find(|o| o.meta.id == SEATS).unwrap().limits.len()
    };
    assert_eq!(limits(Coverage::Failed), limits(Coverage::Collected) + 1);
}

#[test]
fn a_revoked_token_still_shows_its_last_use() {
    let org = org().member("ada", "read").token("ada", Some(5), |t| t.status = "revoked".to_owned());
    assert_eq!(org.verdict(SEATS, "member", "ada"), "pass info active");
}

#[test]
fn joining_follows_the_target_else_the_author_else_the_snapshots() {
    let org = org()
        .member("ada", "read")
        .member("bo", "read")
        .member("cy", "read")
        .member("di", "read")
        .life(200, "org.add_user", "ada", "bo")
        .life(100, "org.sso_join", "ada", "ada")
        .before(40, &["ada", "bo", "cy"])
        .before(10, &["ada", "bo", "cy", "di"]);
    assert_eq!(org.cell(SEATS, "ada", "joined_at"), "2026-06-23T06:00:00Z");
    assert_eq!(org.cell(SEATS, "bo", "joined_at"), "2026-03-15T06:00:00Z");
    assert_eq!(org.cell(SEATS, "cy", "joined_at"), "");
    assert_eq!(org.cell(SEATS, "di", "joined_at"), "2026-09-21T06:00:00Z");
}

#[test]
fn a_hole_in_an_earlier_list_does_not_date_a_member() {
    let org = org().member("ada", "read").before_with(40, &[], false);
    assert_eq!(org.cell(SEATS, "ada", "joined_at"), "");
}

#[test]
fn seats_are_priced_by_plan_or_not_at_all() {
    let mut org = org().active("ada", "read", 1);
    assert_eq!(org.cell(SPEND, "ada", "monthly_cost_usd"), "50.00");
    org.manifest.plan.name = "team".to_owned();
    assert_eq!(org.cell(SPEND, "ada", "monthly_cost_usd"), "20.00");
    org.manifest.plan.name = "plus".to_owned();
    assert_eq!(org.cell(SPEND, "ada", "monthly_cost_usd"), "");
    org.params.seats.price_usd = Some(37.5);
    assert_eq!(org.cell(SPEND, "ada", "monthly_cost_usd"), "37.50");
}

#[test]
fn an_idle_seat_is_removable_at_the_next_renewal() {
    let org = org().active("ada", "read", 91).active("bo", "read", 1);
    assert_eq!(org.verdict(SPEND, "member", "ada"), "fail medium inactive");
    assert_eq!(org.cell(SPEND, "ada", "reclaimable"), "true");
    assert_eq!(org.cell(SPEND, "ada", "reclaimable_from"), "2026-11-01");
    assert_eq!(org.cell(SPEND, "ada", "annual_saving_usd"), "600.00");
    assert_eq!(org.cell(SPEND, "bo", "reclaimable"), "false");
    assert_eq!(org.cell(SPEND, "bo", "reclaimable_from"), "");
}

#[test]
fn a_seat_that_is_not_billed_keeps_its_row() {
    let mut org = org().active("ada", "no_access", 91).active("ex", "read", 1).but(|m| m.is_external = Some(true));
    org.params.seats.count_no_access = false;
    org.params.seats.count_external = false;
    for login in ["ada", "ex"] {
        assert_eq!(org.cell(SPEND, login, "billable"), "false");
        assert_eq!(org.cell(SPEND, login, "monthly_cost_usd"), "0.00");
        assert_eq!(org.cell(SPEND, login, "reclaimable"), "false");
    }
}

#[test]
fn two_seats_with_one_address_are_a_duplicate_of_the_older() {
    let twin = |days| {
        org()
            .active("ada", "read", 1)
            .life(days, "org.add_user", "boss", "ada")
            .active("ada2", "read", 1)
            .but(|m| m.verified_email = Some("ADA@acme.example".to_owned()))
            .life(200, "org.add_user", "boss", "ada2")
    };
    assert_eq!(twin(300).verdict(SPEND, "member", "ada2"), "review medium duplicate");
    assert_eq!(twin(300).verdict(SPEND, "member", "ada"), "pass info used");
    assert_eq!(twin(100).verdict(SPEND, "member", "ada"), "review medium duplicate");
    let rows = twin(100).judge().outcomes.into_iter().find(|o| o.meta.id == SPEND).unwrap().rows;
    let reason = &rows.iter().find(|row| row.subject == "ada").unwrap().reason;
    assert!(reason.ends_with("with the member ada2") && !reason.contains('@'), "{reason}");
}

#[test]
fn an_idle_member_on_leave_is_asked_about_and_keeps_the_seat() {
    for days in [91, 900] {
        let org = org().active("ada", "admin", days).person("ada", "leave", None).member("bo", "admin");
        let org = org.person("bo", "leave", None).active("cy", "read", 1).person("cy", "leave", None);
        for login in ["ada", "bo"] {
            assert_eq!(org.verdict(SEATS, "member", login), "review low on-leave");
            assert_eq!(org.verdict(SPEND, "member", login), "review low on-leave");
            assert_eq!(org.cell(SPEND, login, "seat_status"), "on-leave");
            assert_eq!(org.cell(SPEND, login, "reclaimable"), "false");
            assert_eq!(org.cell(SEATS, login, "employment_status"), "leave");
        }
        assert_eq!(org.cell(SEATS, "bo", "activity_status"), "never-active", "the status is a fact of its own");
        assert_eq!(org.verdict(SEATS, "member", "cy"), "pass info active");
        assert_eq!(org.verdict("owner-coverage", "owner", "ada"), "fail high owner-inactive", "nobody acts on leave");
        let totals = &org.judge().outcomes[0].totals;
        assert_eq!(
            (&totals["on_leave"], &totals["inactive"], &totals["never_active"]),
            (&2.into(), &0.into(), &0.into())
        );
    }
    let old = org().active("ada", "write", 91).person("ada", "leave", None).coverage(Source::Roster, Coverage::Partial);
    assert_eq!(old.verdict(SEATS, "member", "ada"), "fail medium inactive", "an old roster tells leavers only");
    assert!(org().active("ada", "read", 1).judge().outcomes[0].totals["on_leave"].is_null());
}

#[test]
fn over_a_roster_that_is_a_gap_no_seat_passes() {
    let whole = || {
        org()
            .active("ada", "read", 1)
            .person("ada", "active", None)
            .active("bo", "read", 91)
            .active("cy", "read", 1)
            .person("cy", "terminated", None)
            .life(5, "org.invite_user", "boss", "newby")
    };
    let verdicts = |org: &Org| {
        let members = ["ada", "bo", "cy"].map(|login| org.verdict(SPEND, "member", login));
        (members, org.verdict(SPEND, "invite", "newby"))
    };
    let found = ["fail medium inactive".to_owned(), "fail high terminated".to_owned()];
    let [inactive, terminated] = found;
    assert_eq!(
        verdicts(&whole()),
        (["pass info used".to_owned(), inactive.clone(), terminated.clone()], "pass info pending-invite".to_owned())
    );
    let missing = "unknown medium source-missing".to_owned();
    let old = whole().coverage(Source::Roster, Coverage::Partial);
    assert_eq!(verdicts(&old), ([missing.clone(), inactive, terminated], missing));
    assert_eq!(old.cell(SPEND, "ada", "seat_status"), "unknown");
    assert_eq!(old.verdict(SEATS, "member", "ada"), "pass info active", "that rests on activity alone");
    assert_eq!(old.verdict(SPEND, "source", "roster"), "unknown high source-missing");
    let spend = old.judge().outcomes.into_iter().find(|o| o.meta.id == SPEND).unwrap();
    assert!(spend.totals["bridge"]["in_use"]["seats"].is_null());
    assert_eq!(spend.totals["possible_seats"], 2);
}

#[test]
fn an_annual_subscription_saves_from_its_own_renewal() {
    let mut org = org().active("ada", "read", 91);
    org.params.seats.term = Term::Annual;
    org.params.seats.renewal_date = time::parse_date("2024-03-01");
    assert_eq!(org.cell(SPEND, "ada", "reclaimable_from"), "2027-03-01");
}

/// The totals of `seat-spend`.
fn spend_totals(org: &Org) -> BTreeMap<String, Value> {
    org.judge().outcomes.into_iter().find(|o| o.meta.id == SPEND).unwrap().totals
}

#[test]
fn the_bridge_leads_from_the_contract_to_what_is_saved() {
    // Two are used, one is idle, one is idle and accepted, one is invited, and one is a second seat.
    let mut org = org()
        .active("ada", "read", 1)
        .active("bo", "read", 1)
        .active("cy", "read", 91)
        .active("di", "read", 91)
        .active("ada2", "read", 1)
        .but(|m| m.verified_email = Some("ada@acme.example".to_owned()))
        .life(5, "org.invite_user", "boss", "newby");
    org.exceptions.push(super::exceptions::exception("inactive-seats", "inactive", "di"));
    org.params.seats.purchased = Some(7);
    org.params.seats.invoiced = Some(5);
    let totals = spend_totals(&org);
    let line = |name: &str| (totals["bridge"][name]["seats"].clone(), totals["bridge"][name]["monthly_usd"].clone());
    for (name, seats, usd) in [
        ("contracted", 7, "350.00"),
        ("invoiced", 5, "250.00"),
        ("counted", 6, "300.00"),
        ("in_use", 3, "150.00"),
        ("accepted", 1, "50.00"),
        ("removable", 1, "50.00"),
        ("possible", 1, "50.00"),
        ("after_removal", 5, "250.00"),
        ("saved_at_renewal", 0, "0.00"),
        ("saved_if_lowered", 2, "100.00"),
    ] {
        assert_eq!(line(name), (seats.into(), usd.into()), "{name}");
    }
    assert_eq!(totals["bridge"]["saved_if_lowered"]["annual_usd"], "1200.00");
    assert_eq!(totals["saved_at_renewal_annual_usd"], "0.00", "seven are paid for whatever is removed");
    assert_eq!(totals["over_under"], -1);
    org.params.seats.purchased = None;
    let free = spend_totals(&org);
    assert_eq!((&free["saved_at_renewal_monthly_usd"], &free["over_under"]), (&"50.00".into(), &Value::Null));
    let partial = spend_totals(&org.coverage(Source::Members, Coverage::Partial));
    assert!(partial["bridge"]["saved_if_lowered"]["seats"].is_null(), "members who were not read need seats too");
    assert_eq!(partial["bridge"]["removable"]["seats"], 1);
}

#[test]
fn seats_are_shared_out_by_department_and_by_manager() {
    let mut org = org().active("ada", "read", 1).person("ada", "active", None).active("bo", "read", 91);
    org.tables.people[0].manager_email = Some("mo@acme.example".to_owned());
    let totals = spend_totals(&org);
    let cost = "50.00";
    assert_eq!(
        totals["by_manager"],
        json!([
            {"manager_email": null, "seats": 1, "monthly_cost_usd": cost, "removable_seats": 1},
            {"manager_email": "mo@acme.example", "seats": 1, "monthly_cost_usd": cost, "removable_seats": 0},
        ])
    );
    assert_eq!(totals["by_department"][1]["department"], "Research");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Members by days since activity (0 for none), whether they are on leave, left, external or accepted.
    #[test]
    fn every_billed_seat_is_in_one_part_of_the_bridge(
        members in proptest::collection::vec((0_i64..200, 0_u8..6), 0..12),
        purchased in proptest::option::of(0_u32..15),
        count_external: bool,
        short_log: bool,
    ) {
        let mut org = members.iter().enumerate().fold(org(), |org, (i, (days, kind))| {
            let login = format!("m{i}");
            let org = if *days == 0 { org.member(&login, "read") } else { org.active(&login, "read", *days) };
            match kind {
                0 => org.person(&login, "leave", None),
                1 => org.person(&login, "terminated", None),
                2 => org.but(|m| m.is_external = Some(true)),
                3 => org.but(|m| m.verified_email = Some("shared@acme.example".to_owned())),
                _ => org,
            }
        });
        org.exceptions.push(super::exceptions::exception("seat-spend", "never-active", "m0"));
        org.params.seats.purchased = purchased;
        org.params.seats.count_external = count_external;
        if short_log {
            org.manifest.audit.observed_since = Some(ago(30));
        }
        let totals = spend_totals(&org);
        let seats = |name: &str| totals["bridge"][name]["seats"].as_i64();
        let counted = seats("counted").unwrap();
        let billed = members.iter().filter(|(_, kind)| count_external || *kind != 2).count();
        prop_assert_eq!(usize::try_from(counted).unwrap(), billed);
        let parts = ["in_use", "accepted", "removable", "possible"].map(|name| seats(name).unwrap_or(0));
        prop_assert_eq!(parts.iter().sum::<i64>(), counted);
        let shared = |by: &str| totals[by].as_array().unwrap().iter().map(|row| row["seats"].as_i64().unwrap()).sum::<i64>();
        prop_assert_eq!((shared("by_department"), shared("by_manager")), (counted, counted));
        if let Some(removable) = seats("removable") {
            let (c, after) = (purchased.map_or(0, i64::from), counted - removable);
            prop_assert_eq!(seats("saved_at_renewal"), Some(counted.max(c) - after.max(c)));
            prop_assert_eq!(seats("saved_if_lowered"), Some((c - after).max(0)));
        }
    }
}

#[test]
fn people_who_left_come_first() {
    let org = org().active("ada", "read", 91).person("ada", "terminated", Some("2026-10-01"));
    assert_eq!(org.verdict(SPEND, "member", "ada"), "fail high terminated");
    let org = org_leaving_tomorrow();
    assert_eq!(org.verdict(SPEND, "member", "ada"), "fail medium inactive");
}

/// Somebody who will leave tomorrow.
fn org_leaving_tomorrow() -> Org {
    org().active("ada", "read", 91).person("ada", "terminated", Some("2026-10-02"))
}

#[test]
fn what_was_not_seen_is_not_counted_as_none() {
    let org = [Source::Members, Source::ResourceGroups, Source::Repos]
        .into_iter()
        .fold(org().life(5, "org.invite_user", "boss", "newby"), |org, source| {
            org.coverage(source, Coverage::Forbidden)
        });
    let analysis = org.judge();
    let total = |id: &str, key: &str| analysis.outcomes.iter().find(|o| o.meta.id == id).unwrap().totals[key].clone();
    for (id, key) in [
        (SEATS, "members"),
        (SEATS, "inactive"),
        (SPEND, "seats_billed"),
        (SPEND, "monthly_cost_usd"),
        (SPEND, "reclaimable_seats"),
        ("owner-coverage", "owners_on_paper"),
        ("owner-coverage", "groups"),
        ("owner-coverage", "repos"),
    ] {
        assert!(total(id, key).is_null(), "{id} {key}: {}", total(id, key));
    }
    assert_eq!(total(SPEND, "price_usd"), "50.00");
    assert_eq!(analysis.headline.get("members"), None);
}

#[test]
fn nothing_found_over_a_gap_is_no_key_figure_and_something_is_a_lower_bound() {
    let figure = |org: &Org, id: &str| org.judge().headline.get(id).map(|f| (f.value, f.at_least));
    let whole = org().active("ada", "admin", 1);
    for id in ["inactive_seats", "orphaned_paths", "reclaimable"] {
        assert_eq!(figure(&whole, id), Some((0, false)), "{id}");
    }
    let blind = org().active("ada", "admin", 1).member("bo", "read").coverage(Source::Tokens, Coverage::Forbidden);
    for id in ["inactive_seats", "orphaned_paths", "reclaimable"] {
        assert_eq!(figure(&blind, id), None, "{id}");
    }
    assert_eq!(figure(&blind, "members"), Some((2, false)), "members are counted from another source");
    let analysis = blind.judge();
    let spend = analysis.outcomes.iter().find(|o| o.meta.id == SPEND).unwrap();
    assert!(spend.totals["reclaimable_seats"].is_null() && spend.totals["saved_at_renewal_annual_usd"].is_null());
    assert!(spend.totals["by_department"][0]["removable_seats"].is_null(), "{}", spend.totals["by_department"]);
    assert_eq!(spend.totals["possible_seats"], 1);
    let found = org().member("bo", "read").coverage(Source::Scim, Coverage::Failed);
    assert_eq!(figure(&found, "inactive_seats"), Some((1, false)), "that analyzer does not need SCIM");
    assert_eq!(figure(&found, "reclaimable"), Some((1, true)), "and this one does");
    assert_eq!(figure(&found, "monthly_cost_usd"), Some((5000, true)), "an invite may be missing");
}

/// A chart of `seat-spend`.
fn spend_chart(org: &Org, id: &str) -> Option<crate::model::outcome::Chart> {
    let analysis = org.judge();
    analysis.outcomes.iter().find(|o| o.meta.id == SPEND)?.charts.iter().find(|chart| chart.id == id).cloned()
}

#[test]
fn departments_are_pictured_by_what_they_pay_and_the_small_ones_together() {
    let alone = org().active("ada", "read", 1).person("ada", "active", None);
    assert_eq!(spend_chart(&alone, "departments"), None, "one department is no picture");
    // Ada stays, Bo is removable, and nobody knows where Cy works.
    let two = org().active("ada", "read", 1).active("bo", "read", 91).active("cy", "read", 1);
    let two = two.person("ada", "active", None).person("bo", "active", None);
    let chart = spend_chart(&two, "departments").unwrap();
    assert_eq!(chart.unit, "USD a month");
    let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.label.as_str(), bar.parts.as_slice())).collect();
    assert_eq!(bars, [("Research", &[50, 0, 0, 50][..]), ("not known", &[50, 0, 0, 0])]);
    let many = (0..14).fold(org(), |org, n| {
        let login = format!("m{n:02}");
        let mut org = org.active(&login, "read", 1).person(&login, "active", None);
        org.tables.people.last_mut().unwrap().department = Some(format!("D{n:02}"));
        org
    });
    let chart = spend_chart(&many, "departments").unwrap();
    assert_eq!(chart.bars.len(), 12);
    assert_eq!(chart.bars[11].label, "3 others");
    assert_eq!(chart.bars.iter().flat_map(|bar| &bar.parts).sum::<u64>(), 14 * 50, "nobody is left out");
}

#[test]
fn the_next_renewal_is_known_whatever_the_members() {
    let mut org = org().active("ada", "read", 1).coverage(Source::Members, Coverage::Forbidden);
    org.params.seats.renewal_day = 15;
    let analysis = org.judge();
    let spend = analysis.outcomes.iter().find(|o| o.meta.id == SPEND).unwrap();
    assert_eq!(spend.totals["next_renewal"], "2026-10-15");
    assert!(spend.totals["seats_billed"].is_null());
}

#[test]
fn where_nobody_knows_whose_token_collected_its_use_is_no_activity() {
    const SEATS: &str = "inactive-seats";
    let with = |coverage| {
        let org = org().member("ada", "admin").token("ada", Some(0), |_| ()).member("bo", "read");
        let org = org.token("bo", Some(3), |_| ()).active("cy", "read", 5).token("cy", Some(0), |_| ());
        org.coverage(Source::Whoami, coverage)
    };
    let (known, blind) = (with(Coverage::Collected), with(Coverage::Failed));
    assert_eq!(known.verdict(SEATS, "member", "ada"), "pass info active");
    assert_eq!(blind.verdict(SEATS, "member", "ada"), "unknown high activity-unknown");
    assert_eq!(blind.verdict(SEATS, "member", "bo"), "pass info active", "not the newest token");
    assert_eq!(blind.verdict(SEATS, "member", "cy"), "pass info active", "the log knows them");
    assert!(
        blind.rows("owner-coverage").iter().any(|row| row.contains("owner ada: unknown medium owner-activity-unknown"))
    );
    for analyzer in [SEATS, "owner-coverage", "seat-spend"] {
        assert_eq!(blind.verdict(analyzer, "source", "whoami"), "unknown high source-missing", "{analyzer}");
        let untold = with(Coverage::Failed).coverage(Source::Tokens, Coverage::Forbidden);
        assert!(!untold.rows(analyzer).iter().any(|row| row.starts_with("source whoami")), "{analyzer}");
    }
}
