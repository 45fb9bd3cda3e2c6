//! `inactive-seats`: which members use their seat.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    super::{
        Check, Summary,
        derived::{
            activity::{Activity, Status},
            view::View,
        },
        judged::{Hit, Judged, found},
    },
    MISSING, column, count, personal, rule, seat_spend,
};
use crate::model::{
    coverage::Source,
    outcome::{Bar, CellKind, Chart, Meta},
    time,
    verdict::{Severity, Verdict},
};

/// The analyzer.
pub(super) const CHECK: Check = Check { meta: &META, judge, sum };

/// Declaration.
pub(super) static META: Meta = Meta {
    id: "inactive-seats",
    question: "Which members have not used their access, and how sure is that?",
    needs: &[Source::Members, Source::AuditLog, Source::Tokens],
    subjects: &["member"],
    charts: &["idle-days"],
    columns: &[
        column("user_id", CellKind::Text, "Stable id of the member."),
        personal("fullname", CellKind::Text, "Display name; empty when the Hub sends none."),
        personal("email", CellKind::Text, "Verified address, else the SCIM one; empty when neither is visible."),
        column("role", CellKind::Text, "Organization role; empty when not visible."),
        column("employment_status", CellKind::Text, "Status of the roster; empty without a match."),
        column("is_external", CellKind::Boolean, "External collaborator; empty when not visible."),
        column("two_factor", CellKind::Boolean, "Two-factor authentication; empty when not visible."),
        column(
            "joined_at",
            CellKind::Time,
            "When they joined; empty when neither the log nor an earlier snapshot tells.",
        ),
        column("last_active_at", CellKind::Time, "Newest evidence of activity; empty when none was seen."),
        column("last_active_source", CellKind::Text, "Its kind: audit:<event type>, token or commit."),
        column("idle_days", CellKind::Integer, "Whole days since then; empty when no activity was seen."),
        column("activity_basis", CellKind::Text, "Sources that were looked at, joined by +; none if none."),
        column("observed_since", CellKind::Time, "Since when the audit log is continuous; empty when it is not."),
        column("activity_status", CellKind::Text, "active, new, unknown, unconfirmed, inactive or never-active."),
        column("monthly_cost_usd", CellKind::Money, "Price of the seat per month; empty when the price is not known."),
    ],
    rules: &[
        rule(
            "inactive",
            Verdict::Fail,
            Severity::High,
            "The newest activity is at least the threshold ago; high for admins, medium for write and contributor, else low.",
        ),
        rule(
            "never-active",
            Verdict::Fail,
            Severity::High,
            "No activity was ever seen although the log reaches back far enough; severity as for inactive.",
        ),
        rule(
            "inactivity-unconfirmed",
            Verdict::Review,
            Severity::High,
            "Idle in the log, but tokens could not be seen; severity as for inactive.",
        ),
        rule("on-leave", Verdict::Review, Severity::Low, "Inactive or never active, and on leave by the roster."),
        MISSING,
        rule(
            "activity-unknown",
            Verdict::Unknown,
            Severity::High,
            "The log does not reach back far enough to tell; severity as for inactive.",
        ),
        rule("new-member", Verdict::Pass, Severity::Info, "Joined within the grace period."),
        rule("active", Verdict::Pass, Severity::Info, "Active within the threshold."),
    ],
};

/// Severity of an idle seat by role.
fn scale(role: Option<&str>) -> Severity {
    match role {
        Some("admin") => Severity::High,
        Some("write" | "contributor") => Severity::Medium,
        _ => Severity::Low,
    }
}

/// One row per current member.
fn judge(view: &View<'_>) -> Vec<Judged> {
    (0..view.tables.members.len()).map(|i| member(view, i)).collect()
}

/// The row of one member.
fn member(view: &View<'_>, i: usize) -> Judged {
    let (member, activity) = (&view.tables.members[i], &view.activity[i]);
    let severity = scale(member.role.as_deref());
    let reason = reason(view, i);
    let person = view.person_of[i];
    let hit = match activity.status {
        status if status.is_idle() && view.is_on_leave(person) => on_leave(&reason),
        Status::Inactive => Hit::fail("inactive", severity, reason),
        Status::NeverActive => Hit::fail("never-active", severity, reason),
        Status::Unconfirmed => Hit::review("inactivity-unconfirmed", severity, reason),
        Status::Unknown => Hit::unknown("activity-unknown", severity, reason),
        Status::New => Hit::pass("new-member", reason),
        Status::Active => Hit::pass("active", reason),
    };
    Judged::new(
        &META,
        ("member", &member.username),
        vec![hit],
        [
            ("user_id", member.user_id.as_str().into()),
            ("fullname", member.fullname.clone().into()),
            ("email", view.email(i).into()),
            ("role", member.role.clone().into()),
            ("employment_status", person.map(|person| person.status.clone()).into()),
            ("is_external", member.is_external.into()),
            ("two_factor", member.two_factor.into()),
            ("joined_at", view.joined[i].as_ref().map(|j| j.at).into()),
            ("last_active_at", activity.last_at.into()),
            ("last_active_source", activity.last_source.clone().into()),
            ("idle_days", activity.idle_days.into()),
            ("activity_basis", view.window.basis.as_str().into()),
            ("observed_since", view.window.observed_since.into()),
            ("activity_status", activity.status.word().into()),
            ("monthly_cost_usd", seat_spend::member_cost(view, member)),
        ],
    )
}

/// The rule of somebody who is idle and on leave, here and in `seat-spend`.
pub(super) fn on_leave(idle: &str) -> Hit {
    Hit::review("on-leave", Severity::Low, format!("{idle}; the roster says that this person is on leave"))
}

/// Why, in one sentence; shared with the analyzers that ask whether somebody is active.
pub(super) fn reason(view: &View<'_>, i: usize) -> String {
    let (activity, window) = (&view.activity[i], &view.window);
    let threshold = count(window.params.threshold_days, "day");
    let seen = last_seen(activity);
    match activity.status {
        Status::Active => format!("{seen}, within the threshold of {threshold}"),
        Status::New => {
            let days = view.joined[i].as_ref().map_or(0, |joined| time::age_days(window.as_of, joined.at));
            format!(
                "joined {} ago, within the grace period of {}",
                count(days, "day"),
                count(window.params.grace_days, "day")
            )
        }
        Status::Inactive => format!("{seen}, at least the threshold of {threshold}"),
        Status::NeverActive => format!("no activity since the log begins on {}", since(view)),
        Status::Unconfirmed => {
            format!("{seen}; tokens could not be seen, and the log records no downloads")
        }
        Status::Unknown if window.sees_far_enough() => {
            format!("{seen}; whoami was not read, so the newest used token may be the one of the collection")
        }
        Status::Unknown => match window.observed_since {
            None => format!("{seen}, but the audit log up to the snapshot was not seen"),
            Some(start) => format!(
                "{seen}, but the log is continuous for {} only, less than the threshold of {threshold}",
                count(time::age_days(window.as_of, start), "day")
            ),
        },
    }
}

/// When somebody was last seen.
fn last_seen(activity: &Activity) -> String {
    match (&activity.idle_days, &activity.last_source) {
        (Some(days), Some(source)) => format!("last active {} ago ({source})", count(*days, "day")),
        _ => "no activity seen".to_owned(),
    }
}

/// The day the continuous log begins.
fn since(view: &View<'_>) -> String {
    view.window.observed_since.map(|t| time::format_date(t.date_naive())).unwrap_or_default()
}

/// Totals, and the distribution of idle days.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let n = |rule: &str| {
        let named = |row: &&Judged| row.subject_kind == "member" && row.hits().iter().any(|hit| hit.rule == rule);
        found(rows, rows.iter().filter(named).count())
    };
    let mut totals: BTreeMap<String, Value> = [
        ("active", "active"),
        ("inactive", "inactive"),
        ("never_active", "never-active"),
        ("new", "new-member"),
        ("unknown", "activity-unknown"),
        ("unconfirmed", "inactivity-unconfirmed"),
    ]
    .into_iter()
    .map(|(name, rule)| (name.to_owned(), n(rule)))
    .collect();
    totals.insert("members".to_owned(), view.total(Source::Members, view.tables.members.len()));
    let on_leave = if view.roster_counts() { n("on-leave") } else { Value::Null };
    totals.insert("on_leave".to_owned(), on_leave);
    let mut limits = if view.window.basis == "none" {
        vec!["No source of activity could be read: nobody is called active or inactive.".to_owned()]
    } else {
        vec![format!(
            "The audit log records no reads or downloads. Activity rests on: {}.",
            view.window.basis.replace('+', ", ")
        )]
    };
    if view.is_gap(Source::Whoami) {
        limits.push(
            "Whose token collected could not be seen: the use of the newest used token is not counted as activity."
                .to_owned(),
        );
    }
    if !view.roster_counts() {
        limits.push("No complete and recent roster was read: who is on leave cannot be told.".to_owned());
    }
    Summary { totals, limits, charts: vec![histogram(view)] }
}

/// Members by idle days, with the threshold drawn in.
fn histogram(view: &View<'_>) -> Chart {
    let threshold = view.window.params.threshold_days;
    // Edges in days; the threshold is always one of them.
    let mut edges: Vec<i64> = vec![0, 8, 31, 61, 91, 181, 366];
    edges.retain(|edge| (*edge - threshold).abs() > 7 || *edge == 0);
    edges.push(threshold);
    edges.sort_unstable();
    edges.dedup();
    let mut bars: Vec<Bar> = edges
        .iter()
        .enumerate()
        .map(|(i, from)| {
            let label = edges.get(i + 1).map_or_else(|| format!("{from}+"), |to| format!("{from}–{}", to - 1));
            Bar { label, parts: vec![0; 4] }
        })
        .collect();
    bars.push(Bar { label: "none seen".to_owned(), parts: vec![0; 4] });
    let last = bars.len() - 1;
    for (activity, person) in view.activity.iter().zip(&view.person_of) {
        let part = match activity.status {
            Status::Active | Status::New => 0,
            status if status.is_idle() && view.is_on_leave(*person) => 2,
            Status::Inactive | Status::NeverActive => 1,
            Status::Unconfirmed => 2,
            Status::Unknown => 3,
        };
        let bar = activity.idle_days.map_or(last, |days| edges.iter().rposition(|edge| *edge <= days).unwrap_or(0));
        bars[bar].parts[part] += 1;
    }
    let idle = view.activity.iter().filter(|a| a.status.is_idle()).count();
    Chart {
        id: "idle-days",
        title: "Members by days since last activity".to_owned(),
        alt: if view.is_unseen(Source::Members) {
            "The members could not be listed: there is nothing to count.".to_owned()
        } else {
            format!(
                "Of {}, {idle} are proved inactive at a threshold of {}.",
                count(i64::try_from(view.activity.len()).unwrap_or(i64::MAX), "member"),
                count(threshold, "day")
            )
        },
        unit: "members",
        legend: vec![
            ("active or new".to_owned(), Verdict::Pass),
            ("inactive".to_owned(), Verdict::Fail),
            ("unconfirmed or on leave".to_owned(), Verdict::Review),
            ("not known".to_owned(), Verdict::Unknown),
        ],
        threshold: edges.iter().position(|edge| *edge == threshold).map(|i| (i, format!("threshold {threshold} days"))),
        bars,
    }
}
