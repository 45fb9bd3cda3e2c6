//! `inactive-seats` and `seat-spend`.

use super::{Org, ago, org};
use crate::model::coverage::{Coverage, Source};

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
fn an_idle_seat_is_given_back_at_the_next_renewal() {
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
    assert!(spend.totals["reclaimable_seats"].is_null() && spend.totals["reclaimable_annual_usd"].is_null());
    assert!(spend.totals["by_department"][0]["reclaimable_seats"].is_null(), "{}", spend.totals["by_department"]);
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
    // Ada stays, Bo can be given back, and nobody knows where Cy works.
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
