//! `access`: the population, one row per principal and entitlement, with the path by which it is reached.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    super::{
        Check, Summary,
        derived::view::{Principal, View},
        judged::{Hit, Judged},
    },
    MISSING, column, orphaned_rows, personal, rule,
};
use crate::model::{
    ids::fold,
    outcome::{Cell, CellKind, Meta},
    verdict::{Severity, Verdict},
};

/// The analyzer.
pub(super) const CHECK: Check = Check { meta: &META, judge, sum };

/// Declaration.
pub(super) static META: Meta = Meta {
    id: "access",
    question: "Who can reach what, and by which path?",
    needs: super::ALL_NEEDS,
    subjects: &["member", "group-user", "gated-grant", "token", "invite"],
    columns: &[
        column("principal", CellKind::Text, "Login of whoever has the access, else the address invited."),
        column(
            "principal_kind",
            CellKind::Text,
            "member, external, former-member, outsider, service-account or invitee.",
        ),
        column("principal_id", CellKind::Text, "Stable id; empty when not known."),
        personal("fullname", CellKind::Text, "Display name; empty when not visible."),
        personal("email", CellKind::Text, "Verified, SCIM, grant or invitation address; empty when none is visible."),
        column("two_factor", CellKind::Boolean, "Two-factor authentication; empty when not visible or no member."),
        column("employment_status", CellKind::Text, "Status of the roster; empty without a match."),
        column("scim_active", CellKind::Boolean, "Whether SCIM still wants them in; empty without a match."),
        column("resource_kind", CellKind::Text, "org, resource-group or repo."),
        column("resource", CellKind::Text, "Name of the organization or group, path of the repository."),
        column("permission", CellKind::Text, "Role or permission that the path gives; empty when not visible."),
        column(
            "path",
            CellKind::Text,
            "org-role, resource-group:<name>, gated-grant, creator, service-token or invite.",
        ),
        column("granted_at", CellKind::Time, "When access was given; empty when not known."),
        column("granted_by", CellKind::Text, "Login of who gave it; empty when the Hub names nobody."),
        column(
            "last_active_at",
            CellKind::Time,
            "Newest activity of the principal, or use of the token; empty when none was seen.",
        ),
        column("idle_days", CellKind::Integer, "Whole days since then; empty when none was seen."),
        personal("manager_email", CellKind::Text, "Manager of the roster; empty without a match."),
        column(
            "flags",
            CellKind::List,
            "What stands out: external, terminated, deprovisioned, no-2fa, 2fa-unknown, inactive, never-active, activity-unknown, former-member, not-a-member, private-repo, ungated-repo.",
        ),
    ],
    rules: &[
        MISSING,
        rule("listed", Verdict::Listed, Severity::Info, "Listed, not judged: this is the population of the review."),
    ],
};

/// One entitlement.
struct Entry<'v> {
    /// Kind and name of the subject.
    subject: (&'static str, &'v str),
    /// What the principal is.
    principal: Principal,
    /// Stable id.
    id: Option<&'v str>,
    /// Login.
    login: Option<&'v str>,
    /// Address of the grant or invitation.
    email: Option<&'v str>,
    /// Kind and name of the resource.
    resource: (&'static str, &'v str),
    /// Permission.
    permission: Option<String>,
    /// Path.
    path: String,
    /// Columns only this kind fills, over the common ones.
    cells: Vec<(&'static str, Cell)>,
    /// Flags only this kind raises.
    flags: Vec<&'static str>,
}

/// One row per principal and entitlement.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let mut entries = Vec::new();
    members(view, &mut entries);
    group_users(view, &mut entries);
    grants(view, &mut entries);
    service_tokens(view, &mut entries);
    invites(view, &mut entries);
    creators(view, &mut entries);
    entries.into_iter().map(|entry| row(view, entry)).collect()
}

/// The row of one entitlement.
fn row(view: &View<'_>, entry: Entry<'_>) -> Judged {
    let Entry { subject, principal, id, login, email, resource, permission, path, cells: own, mut flags } = entry;
    let person = view.person(principal, login, email);
    let scim = view.scim_user(principal, login, email);
    let kind = if subject.0 == "invite" { "invitee" } else { view.kind(principal) };
    let mut cells: Vec<(&'static str, Cell)> = vec![
        ("principal", login.or(email).into()),
        ("principal_kind", kind.into()),
        ("principal_id", id.into()),
        ("email", email.or_else(|| scim.and_then(|user| user.emails.first()).map(String::as_str)).into()),
        ("employment_status", person.map(|p| p.status.clone()).into()),
        ("scim_active", scim.and_then(|user| user.active).into()),
        ("resource_kind", resource.0.into()),
        ("resource", resource.1.into()),
        ("permission", permission.clone().into()),
        ("path", path.as_str().into()),
        ("manager_email", person.and_then(|p| p.manager_email.clone()).into()),
    ];
    match principal {
        Principal::Member(i) => {
            let (member, activity) = (&view.tables.members[i], &view.activity[i]);
            cells.extend([
                ("principal_id", member.user_id.as_str().into()),
                ("fullname", member.fullname.clone().into()),
                ("email", view.email(i).or(email).into()),
                ("two_factor", member.two_factor.into()),
                ("last_active_at", activity.last_at.into()),
                ("idle_days", activity.idle_days.into()),
            ]);
            flags.extend(member_flags(view, i));
        }
        Principal::Former(i) => {
            cells.push(("email", view.former[i].email().or(email).into()));
            flags.push("former-member");
        }
        Principal::Outsider if subject.0 == "group-user" => flags.push("not-a-member"),
        Principal::Outsider | Principal::ServiceAccount => {}
    }
    if view.is_terminated(person) {
        flags.push("terminated");
    }
    cells.extend(own);
    let flags: Vec<String> = flags.into_iter().map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect();
    cells.push(("flags", flags.into()));
    let who = login.or(email).unwrap_or("somebody");
    let what = permission.unwrap_or_else(|| "access (role not visible)".to_owned());
    let reason = format!("{who} has {what} on {} by {path}", resource.1);
    Judged::new(&META, subject, vec![Hit::listed("listed", reason)], cells)
}

/// What stands out about a member.
fn member_flags(view: &View<'_>, i: usize) -> Vec<&'static str> {
    use super::super::derived::activity::Status;
    let member = &view.tables.members[i];
    let mut flags = Vec::new();
    if member.is_external == Some(true) {
        flags.push("external");
    }
    if view.is_deprovisioned(i) {
        flags.push("deprovisioned");
    }
    match member.two_factor {
        Some(true) => {}
        Some(false) => flags.push("no-2fa"),
        None => flags.push("2fa-unknown"),
    }
    match view.activity[i].status {
        Status::Inactive => flags.push("inactive"),
        Status::NeverActive => flags.push("never-active"),
        Status::Unknown | Status::Unconfirmed => flags.push("activity-unknown"),
        Status::Active | Status::New => {}
    }
    flags
}

/// The organization role of each member.
fn members<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    for (i, member) in view.tables.members.iter().enumerate() {
        let joined = view.joined[i].as_ref();
        entries.push(Entry {
            subject: ("member", &member.username),
            principal: Principal::Member(i),
            id: Some(&member.user_id),
            login: Some(&member.username),
            email: None,
            resource: ("org", view.manifest.org.as_str()),
            permission: member.role.clone(),
            path: "org-role".to_owned(),
            cells: vec![
                ("granted_at", joined.map(|j| j.at).into()),
                ("granted_by", joined.and_then(|j| j.by.clone()).into()),
            ],
            flags: Vec::new(),
        });
    }
}

/// Each user of each resource group.
fn group_users<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    for user in &view.tables.group_users {
        let group = view.group_name(&user.group_id);
        entries.push(Entry {
            subject: ("group-user", &user.username),
            principal: view.principal(user.user_id.as_deref(), Some(&user.username)),
            id: user.user_id.as_deref(),
            login: Some(&user.username),
            email: None,
            resource: ("resource-group", group),
            permission: user.role.clone(),
            path: format!("resource-group:{group}"),
            cells: vec![("granted_by", user.added_by.clone().into())],
            flags: Vec::new(),
        });
    }
}

/// Each visible accepted grantee of each repository.
fn grants<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    let mut newest = BTreeMap::new();
    for grant in view.tables.gated_access.iter().filter(|grant| grant.status == "accepted") {
        let Some(login) = &grant.username else { continue };
        let slot = newest.entry((&grant.repo, fold(login))).or_insert(grant);
        if orphaned_rows::granted_at(grant) > orphaned_rows::granted_at(slot) {
            *slot = grant;
        }
    }
    for grant in newest.into_values() {
        let login = grant.username.as_deref();
        let repo = view.repo(&grant.repo);
        let mut flags = Vec::new();
        if repo.and_then(|r| r.visibility.as_deref()) == Some("private") {
            flags.push("private-repo");
        }
        if repo.and_then(|r| r.gated.as_deref()) == Some("false") {
            flags.push("ungated-repo");
        }
        entries.push(Entry {
            subject: ("gated-grant", login.unwrap_or_default()),
            principal: view.principal(grant.user_id.as_deref(), login),
            id: grant.user_id.as_deref(),
            login,
            email: grant.email.as_deref(),
            resource: ("repo", &grant.repo),
            permission: Some("read".to_owned()),
            path: "gated-grant".to_owned(),
            cells: vec![
                ("granted_at", orphaned_rows::granted_at(grant).into()),
                ("granted_by", grant.granted_by.clone().into()),
            ],
            flags,
        });
    }
}

/// Each token of each service account.
fn service_tokens<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    let accounts: BTreeMap<&str, &str> =
        view.tables.service_accounts.iter().map(|a| (a.account_id.as_str(), a.username.as_str())).collect();
    for token in &view.tables.service_tokens {
        let login = accounts.get(token.account_id.as_str()).copied();
        let used = token.last_used_at;
        entries.push(Entry {
            subject: ("token", &token.token_id),
            principal: Principal::ServiceAccount,
            id: Some(&token.account_id),
            login,
            email: None,
            resource: ("org", view.manifest.org.as_str()),
            permission: token.role.clone(),
            path: "service-token".to_owned(),
            cells: vec![
                ("granted_at", token.created_at.into()),
                ("last_active_at", used.into()),
                ("idle_days", used.map(|at| crate::model::time::age_days(view.as_of(), at)).into()),
            ],
            flags: Vec::new(),
        });
    }
}

/// Each pending invite.
fn invites<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    for invite in &view.invites {
        let login = (!invite.invitee.contains('@')).then_some(invite.invitee.as_str());
        entries.push(Entry {
            subject: ("invite", &invite.invitee),
            principal: Principal::Outsider,
            id: None,
            login,
            email: invite.email.as_deref(),
            resource: ("org", view.manifest.org.as_str()),
            permission: invite.role.clone(),
            path: "invite".to_owned(),
            cells: vec![("granted_at", invite.invited_at.into()), ("granted_by", invite.invited_by.clone().into())],
            flags: Vec::new(),
        });
    }
}

/// Each repository without a group whose known creator is a member.
fn creators<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    for repo in view.tables.repos.iter().filter(|repo| repo.group_id.is_none()) {
        let Some(creator) = view.creator(&repo.repo) else { continue };
        let principal = view.principal(creator.id, Some(creator.login));
        let Principal::Member(i) = principal else { continue };
        let member = &view.tables.members[i];
        // A contributor may write what they created; any other role says itself what it gives.
        let permission =
            member.role.as_deref().map(|role| if role == "contributor" { "write" } else { role }.to_owned());
        entries.push(Entry {
            subject: ("member", &member.username),
            principal,
            id: Some(&member.user_id),
            login: Some(&member.username),
            email: None,
            resource: ("repo", &repo.repo),
            permission,
            path: "creator".to_owned(),
            cells: vec![("granted_at", creator.at.into()), ("granted_by", member.username.as_str().into())],
            flags: Vec::new(),
        });
    }
}

/// Principals and entitlements, by path.
fn sum(_view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let listed = || rows.iter().filter(|row| row.subject_kind != "source");
    let mut by_path: BTreeMap<String, u64> = BTreeMap::new();
    let mut principals = BTreeSet::new();
    for row in listed() {
        let path = row.cell(&META, "path").to_text();
        let path = path.split(':').next().unwrap_or_default().to_owned();
        *by_path.entry(path).or_default() += 1;
        principals.insert(fold(&row.cell(&META, "principal").to_text()));
    }
    let totals: BTreeMap<String, Value> = BTreeMap::from([
        ("principals".to_owned(), principals.len().into()),
        ("entitlements".to_owned(), listed().count().into()),
        ("by_path".to_owned(), json!(by_path)),
    ]);
    let limits = vec![
        "Effective permission per repository is not multiplied out: a member's organization role is one row, on the organization.".to_owned(),
        "Grantees whom a repository hides are counted in orphaned-access and cannot be listed here.".to_owned(),
    ];
    Summary { totals, limits, charts: Vec::new() }
}
