//! `seat-spend`: what each seat costs, and which are removable.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{
    super::{
        Check, Summary,
        derived::{
            activity::Status,
            view::{Principal, View},
        },
        judged::{Hit, Judged, SOURCE_MISSING},
    },
    MISSING, column, count, inactive_seats, personal, rule,
    seat_bridge::{Bridge, cost as costs, shares},
};
use crate::{
    model::{
        coverage::Source,
        ids::fold,
        outcome::{Bar, Cell, CellKind, Chart, Meta},
        time::{self, Timestamp},
        verdict::{Severity, Verdict},
    },
    table::access::{Invite, Member, Person},
};

/// The analyzer.
pub(super) const CHECK: Check = Check { meta: &META, judge, sum };

/// Declaration.
pub(super) static META: Meta = Meta {
    id: "seat-spend",
    question: "What do the seats cost, and which of them are removable?",
    needs: &[Source::Members, Source::AuditLog, Source::Tokens, Source::Scim],
    subjects: &["member", "invite"],
    charts: &["seats", "departments"],
    columns: &[
        column("role", CellKind::Text, "Organization role, or the role offered; empty when not visible."),
        personal("fullname", CellKind::Text, "Display name; empty when the Hub sends none, and for invites."),
        column("employment_status", CellKind::Text, "Status of the roster; empty without a match."),
        column("is_external", CellKind::Boolean, "External collaborator; empty when not visible and for invites."),
        column("billable", CellKind::Boolean, "Whether the seat is counted as billed, as configured."),
        column(
            "seat_status",
            CellKind::Text,
            "terminated, duplicate, on-leave, inactive, never-active, stale-invite, pending-invite, unconfirmed, unknown or used.",
        ),
        column(
            "monthly_cost_usd",
            CellKind::Money,
            "Price per month; 0.00 when not billable, empty when the price is not known.",
        ),
        column("reclaimable", CellKind::Boolean, "Whether the seat is billable and fails, so that it can be removed."),
        column(
            "reclaimable_from",
            CellKind::Date,
            "The next renewal, from which it saves; empty when not reclaimable.",
        ),
        column(
            "annual_saving_usd",
            CellKind::Money,
            "Twelve months of its price; empty when not reclaimable or the price is not known.",
        ),
        column("department", CellKind::Text, "Department of the roster; empty without a match."),
        personal("manager_email", CellKind::Text, "Manager of the roster; empty without a match."),
    ],
    rules: &[
        rule("terminated", Verdict::Fail, Severity::High, "The roster says that the person has left."),
        rule("inactive", Verdict::Fail, Severity::Medium, "The member is proved inactive."),
        rule("never-active", Verdict::Fail, Severity::Medium, "The member was never active."),
        rule("stale-invite", Verdict::Fail, Severity::Medium, "The invite has been pending for too long."),
        rule(
            "duplicate",
            Verdict::Review,
            Severity::Medium,
            "A second seat for the same address; the oldest is judged by the other rules.",
        ),
        rule("on-leave", Verdict::Review, Severity::Low, "Inactive or never active, and on leave by the roster."),
        rule("unconfirmed", Verdict::Review, Severity::Low, "Idle in the log, but tokens could not be seen."),
        MISSING,
        rule("unknown", Verdict::Unknown, Severity::Low, "Whether the seat is used cannot be told."),
        rule("pending-invite", Verdict::Pass, Severity::Info, "The invite is pending and recent."),
        rule("used", Verdict::Pass, Severity::Info, "The seat is used, or its holder is new."),
    ],
};

/// Price of a seat per month in cents: configured, else the list price of the plan; `None` when neither is known.
pub(super) fn price(view: &View<'_>) -> Option<i64> {
    if let Some(usd) = view.params.seats.price_usd {
        return Some(cents(usd));
    }
    match view.manifest.plan.name.as_str() {
        "team" => Some(2_000),
        "enterprise" => Some(5_000),
        "free" => Some(0),
        _ => None,
    }
}

/// USD in whole cents.
fn cents(usd: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "the configuration admits prices up to a million dollars")]
    let cents = (usd * 100.0).round() as i64;
    cents
}

/// Where the price comes from, in words.
fn price_basis(view: &View<'_>) -> String {
    let plan = &view.manifest.plan.name;
    if view.params.seats.price_usd.is_some() {
        return "configured".to_owned();
    }
    match plan.as_str() {
        "team" | "free" => format!("list price of the plan {plan}"),
        "enterprise" => "list price of the plan enterprise, a floor: the contract may say more".to_owned(),
        _ => format!("not known for the plan {plan}: set price_usd under [seats]"),
    }
}

/// Whether a member's seat is billed.
fn is_billable(view: &View<'_>, member: &Member) -> bool {
    let seats = &view.params.seats;
    (seats.count_external || member.is_external != Some(true))
        && (seats.count_no_access || member.role.as_deref() != Some("no_access"))
}

/// Cost of a seat per month as a cell.
fn cost(price: Option<i64>, billable: bool) -> Cell {
    if billable { price.map_or(Cell::Empty, Cell::Money) } else { Cell::Money(0) }
}

/// Cost of a member's seat per month as a cell.
pub(super) fn member_cost(view: &View<'_>, member: &Member) -> Cell {
    cost(price(view), is_billable(view, member))
}

/// A seat that is or may be billed.
struct Seat<'v> {
    /// Position among members, or the invite.
    holder: Holder<'v>,
    /// Folded addresses by which two seats are one person's.
    emails: Vec<String>,
    /// Joined or invited, else the second in the user's id.
    since: Option<Timestamp>,
    /// Roster entry.
    person: Option<&'v Person>,
}

/// Who holds a seat.
#[derive(Clone, Copy)]
enum Holder<'v> {
    /// A member, by position.
    Member(usize),
    /// A pending invite.
    Invite(&'v Invite),
}

impl<'v> Holder<'v> {
    /// Kind and name, as in the row.
    fn named(self, view: &'v View<'_>) -> (&'static str, &'v str) {
        match self {
            Self::Member(i) => ("member", &view.tables.members[i].username),
            Self::Invite(invite) => ("invite", &invite.invitee),
        }
    }
}

/// Every seat: members, then pending invites.
fn seats<'v>(view: &'v View<'_>) -> Vec<Seat<'v>> {
    let members = view.tables.members.iter().enumerate().map(|(i, member)| {
        let scim = view.scim_of[i].map_or(&[][..], |user| &user.emails);
        Seat {
            holder: Holder::Member(i),
            emails: member.verified_email.iter().chain(scim).map(|email| fold(email)).collect(),
            since: view.joined[i].as_ref().map(|j| j.at).or_else(|| time::of_object_id(&member.user_id)),
            person: view.person_of[i],
        }
    });
    let invites = view.invites.iter().map(|invite| {
        let login = (!invite.invitee.contains('@')).then_some(invite.invitee.as_str());
        Seat {
            holder: Holder::Invite(invite),
            emails: invite.email.iter().map(|email| fold(email)).collect(),
            since: invite.invited_at,
            person: view.person(Principal::Outsider, login, invite.email.as_deref()),
        }
    });
    members.chain(invites).collect()
}

/// For each seat, the older seat with which it shares an address; `None` for the oldest and for seats of their own.
fn duplicates(seats: &[Seat<'_>]) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..seats.len()).collect();
    order.sort_by_key(|&i| {
        let seat = &seats[i];
        (matches!(seat.holder, Holder::Invite(_)), seat.since.is_none(), seat.since, i)
    });
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut of_older = vec![None; seats.len()];
    for i in order {
        of_older[i] = seats[i].emails.iter().find_map(|email| taken.get(email.as_str())).copied();
        for email in &seats[i].emails {
            taken.entry(email).or_insert(i);
        }
    }
    of_older
}

/// One row per seat.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let seats = seats(view);
    let older = duplicates(&seats);
    seats.iter().zip(older).map(|(seat, older)| row(view, seat, older.map(|i| &seats[i]))).collect()
}

/// The row of one seat; `older` is a seat of the same person.
fn row(view: &View<'_>, seat: &Seat<'_>, older: Option<&Seat<'_>>) -> Judged {
    let (kind, subject) = seat.holder.named(view);
    let (role, fullname, is_external, billable) = match seat.holder {
        Holder::Member(i) => {
            let member = &view.tables.members[i];
            (&member.role, member.fullname.clone(), member.is_external, is_billable(view, member))
        }
        Holder::Invite(invite) => (&invite.role, None, None, view.params.seats.count_pending_invites),
    };
    let hit = status(view, seat, older);
    // What rests on missing evidence has no status of its own.
    let status = if hit.rule == SOURCE_MISSING { "unknown" } else { hit.rule };
    Judged::new(
        &META,
        (kind, subject),
        vec![hit],
        [
            ("role", role.clone().into()),
            ("fullname", fullname.into()),
            ("employment_status", seat.person.map(|p| p.status.clone()).into()),
            ("is_external", is_external.into()),
            ("billable", billable.into()),
            ("seat_status", status.into()),
            ("monthly_cost_usd", cost(price(view), billable)),
            ("department", seat.person.and_then(|p| p.department.clone()).into()),
            ("manager_email", seat.person.and_then(|p| p.manager_email.clone()).into()),
        ],
    )
}

/// The first status that applies; statuses are the rules.
fn status(view: &View<'_>, seat: &Seat<'_>, older: Option<&Seat<'_>>) -> Hit {
    if let Some(person) = seat.person.filter(|p| view.is_terminated(Some(p))) {
        let on = person.terminated_on.map(|d| format!(" on {}", time::format_date(d))).unwrap_or_default();
        return Hit::fail("terminated", Severity::High, format!("the roster says that this person left{on}"));
    }
    if let Some(older) = older {
        // The address itself would tell finance more than it needs.
        let (kind, name) = older.holder.named(view);
        let reason = format!("a second seat of one person: it shares an e-mail address with the {kind} {name}");
        return Hit::review("duplicate", Severity::Medium, reason);
    }
    match seat.holder {
        Holder::Member(i) => {
            let reason = inactive_seats::reason(view, i);
            match view.activity[i].status {
                status if status.is_idle() && view.is_on_leave(seat.person) => inactive_seats::on_leave(&reason),
                Status::Inactive => Hit::fail("inactive", Severity::Medium, reason),
                Status::NeverActive => Hit::fail("never-active", Severity::Medium, reason),
                Status::Unconfirmed => Hit::review("unconfirmed", Severity::Low, reason),
                Status::Unknown => Hit::unknown("unknown", Severity::Low, reason),
                Status::New | Status::Active => Hit::pass_unless(view.roster_gap(), "used", reason),
            }
        }
        Holder::Invite(_) if view.is_gap(Source::Members) => Hit::unknown(
            "unknown",
            Severity::Low,
            "the list of members is not complete: the invite may have been accepted",
        ),
        Holder::Invite(invite) if view.unsettled(invite).is_some() => {
            Hit::unknown("unknown", Severity::Low, view.unsettled(invite).unwrap_or_default())
        }
        Holder::Invite(invite) => {
            let days = invite.invited_at.map_or(0, |at| time::age_days(view.as_of(), at));
            let limit = view.params.analyzers.orphaned_access.invite_stale_days;
            let age = count(days, "day");
            if days >= limit {
                let reason = format!("invited {age} ago and still pending, at least {}", count(limit, "day"));
                Hit::fail("stale-invite", Severity::Medium, reason)
            } else {
                let reason = format!("invited {age} ago and still pending");
                Hit::pass_unless(view.roster_gap(), "pending-invite", reason)
            }
        }
    }
}

/// Departments that a picture names; the rest is one bar.
const DEPARTMENTS: usize = 11;

/// Settles what is removable, and adds up.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let price = price(view);
    let from = view.params.seats.next_renewal(view.as_of().date_naive());
    rows.iter_mut().filter(|row| row.subject_kind != "source").for_each(|row| settle(row, price, from));
    let charts = std::iter::once(chart(rows)).chain(departments(rows, price)).collect();
    Summary { totals: totals(view, rows, (price, from)), limits: limits(view), charts }
}

/// Fills the columns about removing a seat; an accepted one is kept.
fn settle(row: &mut Judged, price: Option<i64>, from: NaiveDate) {
    let reclaimable = row.verdict() == Verdict::Fail && is_billed(row);
    row.set(&META, "reclaimable", reclaimable.into());
    if reclaimable {
        row.set(&META, "reclaimable_from", from.into());
        row.set(&META, "annual_saving_usd", price.map_or(Cell::Empty, |cents| Cell::Money(cents.saturating_mul(12))));
    }
}

/// Whether the seat of a row is billed.
fn is_billed(row: &Judged) -> bool {
    *row.cell(&META, "billable") == Cell::Boolean(true)
}

/// Whether a seat is billed and fails.
fn is_removable(row: &Judged) -> bool {
    *row.cell(&META, "reclaimable") == Cell::Boolean(true)
}

/// Whether something that seats are counted from is a gap, so that there may be more.
fn is_lower_bound(view: &View<'_>) -> bool {
    [Source::Members, Source::AuditLog, Source::Scim, Source::Invites].into_iter().any(|source| view.is_gap(source))
}

/// Billed seats by what becomes of them. None found over a gap is not none, nor none used or removable where a seat
/// could not be judged.
fn bridge(view: &View<'_>, rows: &[Judged]) -> Bridge {
    let is_open = |row: &Judged| row.verdict() == Verdict::Unknown;
    let of = |verdicts: &[Verdict], is_hole: fn(&Judged) -> bool| {
        let n = rows.iter().filter(|row| is_billed(row) && verdicts.contains(&row.verdict())).count();
        let is_known = !view.is_unseen(Source::Members) && (n > 0 || !rows.iter().any(is_hole));
        i64::try_from(n).ok().filter(|_| is_known)
    };
    let is_source = |row: &Judged| row.subject_kind == "source";
    Bridge {
        contracted: view.params.seats.purchased.map(i64::from),
        invoiced: view.params.seats.invoiced.map(i64::from),
        counted: of(&Verdict::ALL, is_source),
        in_use: of(&[Verdict::Pass], is_open),
        accepted: of(&[Verdict::Accepted], is_source),
        removable: of(&[Verdict::Fail], is_open),
        possible: of(&[Verdict::Review, Verdict::Unknown], is_source),
        at_least: is_lower_bound(view),
    }
}

/// Seats and money by what becomes of them.
fn totals(view: &View<'_>, rows: &[Judged], (price, from): (Option<i64>, NaiveDate)) -> BTreeMap<String, Value> {
    let bridge = bridge(view, rows);
    let unseen = view.is_unseen(Source::Members);
    let members = rows.iter().filter(|row| row.subject_kind == "member" && is_billed(row)).count();
    let members = view.total(Source::Members, members).as_i64();
    let invites = i64::try_from(view.invites.len()).ok();
    let has_unknown = rows.iter().any(|row| row.verdict() == Verdict::Unknown);
    let by = |name: &str, column: &'static str| {
        let billed = rows.iter().filter(|row| is_billed(row));
        let seats = billed.map(|row| (row.cell(&META, column).to_text(), is_removable(row)));
        if unseen { Value::Null } else { shares(name, seats, price, has_unknown) }
    };
    let (renewal, lowered) = (bridge.saved_at_renewal(), bridge.saved_if_lowered());
    [
        ("plan", json!(view.manifest.plan.name)),
        ("price_usd", costs(price, Some(1), 1)),
        ("price_basis", json!(price_basis(view))),
        ("seats_billed", json!(bridge.counted)),
        ("seats_with_invites", json!(members.zip(invites).map(|(members, invites)| members + invites))),
        ("seats_without_invites", json!(members)),
        ("purchased", json!(bridge.contracted)),
        ("invoiced", json!(bridge.invoiced)),
        ("over_under", json!(bridge.over_contract())),
        ("monthly_cost_usd", costs(price, bridge.counted, 1)),
        ("annual_cost_usd", costs(price, bridge.counted, 12)),
        ("next_renewal", json!(time::format_date(from))),
        ("reclaimable_seats", json!(bridge.removable)),
        ("possible_seats", json!(bridge.possible)),
        ("saved_at_renewal_monthly_usd", costs(price, renewal, 1)),
        ("saved_at_renewal_annual_usd", costs(price, renewal, 12)),
        ("saved_if_lowered_monthly_usd", costs(price, lowered, 1)),
        ("saved_if_lowered_annual_usd", costs(price, lowered, 12)),
        ("bridge", bridge.lines(price)),
        ("by_department", by("department", "department")),
        ("by_manager", by("manager_email", "manager_email")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// What the figures rest on.
fn limits(view: &View<'_>) -> Vec<String> {
    let mut limits = vec![
        format!("Price per seat: {}.", price_basis(view)),
        "Whether pending invites are billed is not documented; the totals are shown with and without them.".to_owned(),
        "Seats are settled at renewal: removing one saves from the next renewal, not from today, and nothing while the \
         contract counts as many seats."
            .to_owned(),
    ];
    if view.is_gap(Source::Members) {
        limits.push(
            "The list of members is not complete: every total counts only the members that were read.".to_owned(),
        );
    }
    if !view.has_roster() {
        limits.push(
            "No roster was read: who has left the company or is on leave cannot be told, nor departments.".to_owned(),
        );
    }
    limits.extend(view.roster_limit());
    limits
}

/// Billed seats by what becomes of them.
fn chart(rows: &[Judged]) -> Chart {
    let billed = || rows.iter().filter(|row| is_billed(row));
    let n = |statuses: &[&str], verdicts: &[Verdict]| {
        let of = |row: &&Judged| {
            statuses.contains(&row.cell(&META, "seat_status").to_text().as_str()) && verdicts.contains(&row.verdict())
        };
        billed().filter(of).count() as u64
    };
    let fails = ["terminated", "inactive", "never-active", "stale-invite"];
    let parts = [
        ("used", n(&["used"], &[Verdict::Pass]), Verdict::Pass),
        ("pending invite", n(&["pending-invite"], &[Verdict::Pass]), Verdict::Pass),
        ("removable", n(&fails, &[Verdict::Fail]), Verdict::Fail),
        ("to be reviewed", n(&["duplicate", "on-leave", "unconfirmed"], &[Verdict::Review]), Verdict::Review),
        ("not known", n(&["unknown"], &[Verdict::Unknown]), Verdict::Unknown),
        ("accepted", billed().filter(|row| row.verdict() == Verdict::Accepted).count() as u64, Verdict::Accepted),
    ];
    let shown: Vec<_> = parts.iter().filter(|(_, n, _)| *n > 0).collect();
    let bar = |(i, (label, n, _)): (usize, &&(&str, u64, Verdict))| {
        let mut values = vec![0; shown.len()];
        values[i] = *n;
        Bar { label: (*label).to_owned(), parts: values }
    };
    Chart {
        id: "seats",
        title: "Billed seats by status".to_owned(),
        alt: match (parts[2].1, rows.iter().any(|row| row.verdict() == Verdict::Unknown)) {
            (0, true) => format!("How many of {} billed seats can be removed is not known.", billed().count()),
            (n, _) => format!("{n} of {} billed seats can be removed.", billed().count()),
        },
        unit: "seats",
        legend: shown.iter().map(|(label, _, verdict)| ((*label).to_owned(), *verdict)).collect(),
        bars: shown.iter().enumerate().map(bar).collect(),
        threshold: None,
    }
}

/// What each department pays a month, in whole dollars, or its seats where the price is not known; `None` with fewer
/// than two departments.
fn departments(rows: &[Judged], price: Option<i64>) -> Option<Chart> {
    let order = [Verdict::Pass, Verdict::Review, Verdict::Unknown, Verdict::Fail];
    let mut seats: BTreeMap<String, [u64; 4]> = BTreeMap::new();
    for row in rows.iter().filter(|row| is_billed(row)) {
        let verdict = if row.verdict() == Verdict::Accepted { Verdict::Pass } else { row.verdict() };
        let slot = seats.entry(row.cell(&META, "department").to_text()).or_default();
        if let Some(at) = order.iter().position(|v| *v == verdict) {
            slot[at] += 1;
        }
    }
    if seats.len() < 2 {
        return None;
    }
    let mut named: Vec<(String, [u64; 4])> = seats.into_iter().collect();
    named.sort_by_key(|(name, parts)| (name.is_empty(), std::cmp::Reverse(parts.iter().sum::<u64>())));
    let others = named.split_off(named.len().min(DEPARTMENTS));
    if !others.is_empty() {
        let sum = |at: usize| others.iter().map(|(_, parts)| parts[at]).sum();
        named.push((format!("{} others", others.len()), std::array::from_fn(sum)));
    }
    let cents = price.and_then(|cents| u64::try_from(cents).ok());
    let shown = |n: u64| cents.map_or(n, |cents| (n.saturating_mul(cents) + 50) / 100);
    let bar = |(name, parts): (String, [u64; 4])| {
        let label = if name.is_empty() { "not known".to_owned() } else { name };
        Bar { label, parts: parts.into_iter().map(shown).collect() }
    };
    let words = ["stays", "to be decided", "not known", "removable"];
    Some(Chart {
        id: "departments",
        title: if price.is_some() { "Cost by department" } else { "Seats by department" }.to_owned(),
        alt: "Billed seats of each department, and which of them are removable.".to_owned(),
        unit: if price.is_some() { "USD a month" } else { "seats" },
        legend: words.into_iter().map(str::to_owned).zip(order).collect(),
        bars: named.into_iter().map(bar).collect(),
        threshold: None,
    })
}
