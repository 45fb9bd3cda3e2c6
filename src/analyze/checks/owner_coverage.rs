//! `owner-coverage`: whether the organization, its groups and its repositories have an owner who can act.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    super::{
        Check, Summary,
        derived::{
            activity::Status,
            view::{Creator, Principal, View},
        },
        judged::{Hit, Judged},
    },
    MISSING, column, count, inactive_seats,
    owners::{self, Owners, Standing},
    rule,
};
use crate::{
    model::{
        coverage::Source,
        outcome::{Bar, CellKind, Chart, Meta},
        role, time,
        verdict::{Severity, Verdict},
    },
    table::access::Repo,
};

/// The analyzer.
pub(super) const CHECK: Check = Check { meta: &META, judge, sum };

/// Declaration.
pub(super) static META: Meta = Meta {
    id: "owner-coverage",
    question: "Do the organization, its groups and its repositories have an owner who can act?",
    needs: &[Source::Members, Source::ResourceGroups, Source::Repos, Source::AuditLog, Source::Tokens, Source::Scim],
    subjects: &["org", "owner", "resource-group", "repo"],
    charts: &["owners", "owner-states"],
    columns: &[
        column("owners_on_paper", CellKind::Integer, "Owners by role; empty on owner rows."),
        column(
            "effective_owners",
            CellKind::Integer,
            "Owners who are members, employed, provisioned and active or new; empty on owner rows.",
        ),
        column(
            "unverified_owners",
            CellKind::Integer,
            "Owners of whom only activity cannot be told; empty on owner rows.",
        ),
        column("owners", CellKind::List, "Logins of the owners on paper."),
        column("ineffective_owners", CellKind::List, "Owners who cannot act, as login (reason)."),
        column(
            "visibility",
            CellKind::Text,
            "public, private or protected; empty where it does not apply or is not stated.",
        ),
        column("gated", CellKind::Text, "false, auto or manual; empty where it does not apply or is not stated."),
        column("resource_group", CellKind::Text, "Name of the repository's group; empty when it has none."),
        column("created_by", CellKind::Text, "Author of the newest repo.create event; empty when the log has none."),
        column("storage_bytes", CellKind::Integer, "Bytes stored; empty when not stated."),
        column("updated_at", CellKind::Time, "Last change of the repository; empty when not stated."),
    ],
    rules: &[
        rule("no-owner", Verdict::Fail, Severity::Critical, "The organization has no member with the role admin."),
        rule(
            "owner-deprovisioned",
            Verdict::Fail,
            Severity::Critical,
            "The identity provider has switched the owner off.",
        ),
        rule("owner-terminated", Verdict::Fail, Severity::Critical, "The roster says that the owner has left."),
        rule("owner-external", Verdict::Fail, Severity::High, "The owner is an external collaborator."),
        rule("owner-inactive", Verdict::Fail, Severity::High, "The owner is proved inactive."),
        rule("owner-without-2fa", Verdict::Fail, Severity::High, "The owner has no two-factor authentication."),
        rule(
            "single-effective-owner",
            Verdict::Fail,
            Severity::High,
            "Fewer owners who can or may act than min_owners.",
        ),
        rule("single-owner", Verdict::Fail, Severity::High, "Fewer owners on paper than min_owners."),
        rule("creator-left", Verdict::Fail, Severity::Medium, "No group, and the creator is a former member."),
        rule("group-no-effective-admin", Verdict::Fail, Severity::Medium, "No admin of the group can act."),
        rule("group-without-admin", Verdict::Fail, Severity::Medium, "The group has no admin of its own."),
        rule("no-effective-owner", Verdict::Fail, Severity::Medium, "No owner of the repository can act."),
        rule("group-single-admin", Verdict::Review, Severity::Low, "The group has exactly one admin."),
        rule(
            "org-admins-only",
            Verdict::Review,
            Severity::Low,
            "Nobody but the organization's admins owns the repository.",
        ),
        rule("too-many-owners", Verdict::Review, Severity::Low, "More owners on paper than max_owners."),
        rule(
            "roles-not-visible",
            Verdict::Unknown,
            Severity::High,
            "A role of a member, or of a user of the group, is not visible and could change the rule.",
        ),
        MISSING,
        rule(
            "owner-2fa-unknown",
            Verdict::Unknown,
            Severity::Medium,
            "Two-factor authentication of the owner is not visible.",
        ),
        rule(
            "owner-activity-unknown",
            Verdict::Unknown,
            Severity::High,
            "Too few owners are known to be active; medium on an owner's own row.",
        ),
        rule(
            "creator-unknown",
            Verdict::Unknown,
            Severity::Low,
            "The log does not reach back to the repository's creation.",
        ),
        rule("covered", Verdict::Pass, Severity::Info, "Enough owners can act."),
        rule("owner-in-order", Verdict::Pass, Severity::Info, "No other rule applies to the owner."),
    ],
};

/// One row for the organization, one per owner, per group and per repository.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let mut rows = vec![org(view)];
    rows.extend(org_owners(view).map(|i| owner(view, i)));
    let blind = blindness(view);
    for group in &view.tables.resource_groups {
        let owners = owners::of_group(view, &group.group_id);
        let hit = blind.map_or_else(|| owners::group_hit(view, &owners), Hit::missing);
        let cells = if blind.is_some() { Vec::new() } else { owners.cells(view) };
        rows.push(Judged::new(&META, ("resource-group", &group.name), vec![hit], cells));
    }
    rows.extend(view.tables.repos.iter().map(|repo| repository(view, repo, blind)));
    rows
}

/// Positions of the members with the role admin.
fn org_owners<'v>(view: &'v View<'_>) -> impl Iterator<Item = usize> + 'v {
    let members = view.tables.members.iter().enumerate();
    members.filter(|(_, member)| member.role.as_deref() == Some(role::ADMIN)).map(|(i, _)| i)
}

/// Why groups and repositories cannot be judged; `None` when they can.
fn blindness(view: &View<'_>) -> Option<&'static str> {
    if view.is_gap(Source::Members) {
        Some("the list of members is not complete: whether an owner is a member cannot be told")
    } else if !view.roles_visible() {
        Some("no member row shows a role: who may act cannot be told")
    } else if view.is_gap(Source::ResourceGroups) {
        Some("the resource groups are not complete: who owns this through a group cannot be told")
    } else {
        None
    }
}

/// The row of the organization.
fn org(view: &View<'_>) -> Judged {
    let mut owners = Owners::default();
    for (i, member) in view.tables.members.iter().enumerate() {
        match member.role.as_deref() {
            Some(role::ADMIN) => owners.add(&member.username, owners::member(view, i)),
            Some(_) => {}
            None => owners.add_hidden(&member.username, owners::member(view, i)),
        }
    }
    // No organization is without members: an empty list is no list.
    let gap = view.is_gap(Source::Members) || view.tables.members.is_empty();
    let hit = if gap {
        Hit::missing("the list of members is not complete: the owners cannot be counted")
    } else {
        owners.judge(|owners| org_hit(view, owners))
    };
    let cells = if gap { Vec::new() } else { owners.cells(view) };
    Judged::new(&META, ("org", view.manifest.org.as_str()), vec![hit], cells)
}

/// The rule that applies to these owners of the organization; exclusive.
fn org_hit(view: &View<'_>, owners: &Owners) -> Hit {
    let settings = &view.params.analyzers.owner_coverage;
    let min = settings.min_owners as usize;
    let max = settings.max_owners.map_or_else(|| view.tables.members.len().div_ceil(10).max(5), |max| max as usize);
    let words = owners.words("owner");
    if owners.on_paper() == 0 {
        Hit::fail("no-owner", Severity::Critical, "no member has the role admin")
    } else if owners.on_paper() < min {
        Hit::fail("single-owner", Severity::High, format!("{words}; at least {min} are needed"))
    } else if owners.possible() < min {
        Hit::fail("single-effective-owner", Severity::High, format!("{words}; at least {min} must be able to act"))
    } else if owners.effective() < min {
        let reason = format!("{words}; at least {min} must be known to be active");
        Hit::unknown("owner-activity-unknown", Severity::High, reason)
    } else if owners.on_paper() > max {
        Hit::review("too-many-owners", Severity::Low, format!("{words}; more than {max} are too many"))
    } else {
        Hit::pass_unless(view.roster_gap(), "covered", format!("{words}; at least {min} are needed"))
    }
}

/// The row of one owner of the organization.
fn owner(view: &View<'_>, i: usize) -> Judged {
    let member = &view.tables.members[i];
    let mut hits = Vec::new();
    if let Some(person) = view.person_of[i].filter(|person| view.is_terminated(Some(person))) {
        let on = person.terminated_on.map(|day| format!(" on {}", time::format_date(day))).unwrap_or_default();
        hits.push(Hit::fail(
            "owner-terminated",
            Severity::Critical,
            format!("the roster says that this owner left{on}"),
        ));
    }
    if view.is_deprovisioned(i) {
        let reason = "the identity provider has switched this owner off";
        hits.push(Hit::fail("owner-deprovisioned", Severity::Critical, reason));
    }
    match view.activity[i].status {
        Status::Inactive | Status::NeverActive => {
            hits.push(Hit::fail("owner-inactive", Severity::High, inactive_seats::reason(view, i)));
        }
        Status::Unknown | Status::Unconfirmed => {
            hits.push(Hit::unknown("owner-activity-unknown", Severity::Medium, inactive_seats::reason(view, i)));
        }
        Status::Active | Status::New => {}
    }
    match member.two_factor {
        Some(true) => {}
        Some(false) => {
            hits.push(Hit::fail("owner-without-2fa", Severity::High, "two-factor authentication is off"));
        }
        None => {
            let reason = "whether two-factor authentication is on is not visible";
            hits.push(Hit::unknown("owner-2fa-unknown", Severity::Medium, reason));
        }
    }
    if member.is_external == Some(true) {
        hits.push(Hit::fail("owner-external", Severity::High, "an external collaborator owns the organization"));
    }
    if hits.is_empty() {
        let reason = format!("two-factor authentication is on; {}", inactive_seats::reason(view, i));
        hits.push(Hit::pass_unless(view.roster_gap(), "owner-in-order", reason));
    }
    Judged::new(&META, ("owner", &member.username), hits, [])
}

/// The row of one repository.
fn repository(view: &View<'_>, repo: &Repo, blind: Option<&'static str>) -> Judged {
    let creator = view.creator(&repo.repo);
    let group = repo.group_id.as_deref();
    let owners = match group {
        Some(group) => owners::of_group(view, group),
        None => creator_as_owner(view, creator),
    };
    let hit = match (blind, group) {
        (Some(reason), _) => Hit::missing(reason),
        (None, Some(group)) => grouped_hit(view, group, &owners),
        (None, None) => ungrouped_hit(view, repo, &owners, creator),
    };
    let mut cells = if blind.is_some() { Vec::new() } else { owners.cells(view) };
    cells.extend([
        ("visibility", repo.visibility.clone().into()),
        ("gated", repo.gated.clone().into()),
        ("resource_group", group.map(|id| view.group_name(id).to_owned()).into()),
        ("created_by", creator.map(|creator| creator.login).into()),
        ("storage_bytes", repo.storage_bytes.into()),
        ("updated_at", repo.updated_at.into()),
    ]);
    Judged::new(&META, ("repo", &repo.repo), vec![hit], cells)
}

/// The creator as the owner, while still a member who may write.
fn creator_as_owner(view: &View<'_>, creator: Option<Creator<'_>>) -> Owners {
    let mut owners = Owners::default();
    if let Some(creator) = creator
        && let Principal::Member(i) = view.principal(creator.id, Some(creator.login))
        && view.tables.members[i].role.as_deref().is_some_and(role::can_create)
    {
        owners.add(&view.tables.members[i].username, owners::member(view, i));
    }
    owners
}

/// The rule that applies to a repository of a group.
fn grouped_hit(view: &View<'_>, group: &str, owners: &Owners) -> Hit {
    let name = view.group_name(group);
    if view.group(group).is_none() {
        return Hit::missing(format!("its group {name} is not among the groups that could be read"));
    }
    if owners::group_hit(view, owners).rule == "roles-not-visible" {
        return Hit::missing(format!("the roles in its group {name} are not all visible"));
    }
    match (owners.on_paper(), owners.possible()) {
        (0, _) => {
            let reason = format!("its group {name} has no admin: only admins of the organization own it");
            Hit::review("org-admins-only", Severity::Low, reason)
        }
        (_, 0) => Hit::fail("no-effective-owner", Severity::Medium, format!("group {name}: {}", owners.words("admin"))),
        _ => Hit::pass_unless(view.roster_gap(), "covered", format!("group {name}: {}", owners.words("admin"))),
    }
}

/// The rule that applies to a repository without a group.
fn ungrouped_hit(view: &View<'_>, repo: &Repo, owners: &Owners, creator: Option<Creator<'_>>) -> Hit {
    let Some(creator) = creator else {
        let observed = view.window.observed_since;
        let seen = observed.zip(repo.created_at).is_some_and(|(since, created)| since <= created);
        return if view.is_gap(Source::AuditLog) || !seen {
            let reason = "no group, and the log does not reach back to its creation: the creator cannot be told";
            Hit::unknown("creator-unknown", Severity::Low, reason)
        } else {
            let reason = "no group, and the log names no creator: only admins of the organization own it";
            Hit::review("org-admins-only", Severity::Low, reason)
        };
    };
    let login = creator.login;
    let principal = view.principal(creator.id, Some(login));
    // What is known of a creator who does not own the repository.
    let is = match principal {
        Principal::Former(i) => {
            let left = view.former[i].left.words();
            return Hit::fail(
                "creator-left",
                Severity::Medium,
                format!("no group, and its creator {login} left {left}"),
            );
        }
        Principal::Member(i) => match &view.tables.members[i].role {
            None => return Hit::missing(format!("no group, and the role of its creator {login} is not visible")),
            Some(role) => format!("has the role {role}"),
        },
        Principal::ServiceAccount => "is a service account".to_owned(),
        Principal::Outsider => "is no member".to_owned(),
    };
    match (owners.on_paper(), owners.possible()) {
        (0, _) => {
            let reason = format!("no group, and its creator {login} {is}: only admins of the organization own it");
            Hit::review("org-admins-only", Severity::Low, reason)
        }
        (_, 0) => {
            let reason = format!("no group, and its creator {login} cannot act");
            Hit::fail("no-effective-owner", Severity::Medium, reason)
        }
        _ => Hit::pass_unless(view.roster_gap(), "covered", format!("no group; its creator {login} can act")),
    }
}

/// Totals, and owners by state.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let standings: Vec<Standing> = org_owners(view).map(|i| owners::member(view, i)).collect();
    let n = |standing: Standing| standings.iter().filter(|s| **s == standing).count() as u64;
    let (effective, unverified) = (n(Standing::Effective), n(Standing::Unverified));
    let on_paper = standings.len() as u64;
    let known_owners = !view.is_gap(Source::Members) && view.tables.members.iter().all(|m| m.role.is_some());
    let known = |value: u64| if known_owners { value.into() } else { Value::Null };
    // Who has left or was switched off would not be effective, and who is not verified may be.
    let is_exact = !view.is_gap(Source::Scim) && view.roster_gap().is_none() && (effective > 0 || unverified == 0);
    let totals = BTreeMap::from([
        ("owners_on_paper".to_owned(), known(on_paper)),
        ("effective_owners".to_owned(), if is_exact { known(effective) } else { Value::Null }),
        ("unverified_owners".to_owned(), known(unverified)),
        ("groups".to_owned(), view.total(Source::ResourceGroups, view.tables.resource_groups.len())),
        ("repos".to_owned(), view.total(Source::Repos, view.tables.repos.len())),
    ]);
    let kinds =
        [("org", "organization"), ("owner", "owners"), ("resource-group", "resource groups"), ("repo", "repositories")];
    let bars = kinds
        .iter()
        .map(|(kind, label)| {
            let of = |verdict| rows.iter().filter(|r| r.subject_kind == *kind && r.verdict() == verdict).count() as u64;
            Bar { label: (*label).to_owned(), parts: Verdict::ALL.map(of).to_vec() }
        })
        .filter(|bar| bar.parts.iter().any(|n| *n > 0))
        .collect();
    let chart = Chart {
        id: "owners",
        title: "Owner coverage by kind and verdict".to_owned(),
        alt: format!("Of {}, {effective} can act.", count(i64::try_from(on_paper).unwrap_or(i64::MAX), "owner")),
        unit: "subjects",
        legend: Verdict::ALL.map(|verdict| (verdict.word().to_owned(), verdict)).to_vec(),
        bars,
        threshold: None,
    };
    let states = known_owners.then(|| states(effective, unverified, on_paper));
    Summary { totals, limits: limits(view), charts: states.into_iter().chain([chart]).collect() }
}

/// The organization's owners by whether they can act.
fn states(effective: u64, unverified: u64, on_paper: u64) -> Chart {
    let ineffective = on_paper.saturating_sub(effective + unverified);
    let states = [
        ("can act", effective, Verdict::Pass),
        ("not verified", unverified, Verdict::Unknown),
        ("cannot act", ineffective, Verdict::Fail),
    ];
    let bar = |at: usize, label: &str, n: u64| {
        let mut parts = vec![0; states.len()];
        parts[at] = n;
        Bar { label: label.to_owned(), parts }
    };
    Chart {
        id: "owner-states",
        title: "Owners of the organization".to_owned(),
        alt: format!("{effective} can act, {unverified} cannot be verified, {ineffective} cannot act."),
        unit: "owners",
        legend: states.iter().map(|(label, _, verdict)| ((*label).to_owned(), *verdict)).collect(),
        bars: states.iter().enumerate().map(|(at, (label, n, _))| bar(at, label, *n)).collect(),
        threshold: None,
    }
}

/// What could not be looked at.
fn limits(view: &View<'_>) -> Vec<String> {
    let mut limits = vec![
        "The Hub names no creator of a repository: it is taken from the newest repo.create event of the log."
            .to_owned(),
    ];
    if !view.has_roster() {
        limits.push("No roster was given: owners who have left the company cannot be told.".to_owned());
    }
    limits.extend(view.roster_limit());
    if view.is_unseen(Source::Scim) {
        limits.push(
            "SCIM could not be read: owners whom the identity provider has switched off cannot be told.".to_owned(),
        );
    }
    limits
}
