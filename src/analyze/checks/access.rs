//! `access`: the population, one row per principal and entitlement, with the path by which it is reached.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::{
    super::{
        Check, Summary,
        derived::view::{Principal, View},
        judged::{Hit, Judged},
    },
    MISSING, column, orphaned_grants, personal, rule,
};
use crate::model::{
    coverage::Source,
    ids::fold,
    outcome::{Cell, CellKind, Meta},
    time::{self, Timestamp},
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
    charts: &[],
    columns: &[
        column(
            "principal",
            CellKind::Text,
            "Login of whoever has the access, else the address invited; empty when not known.",
        ),
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
            "org-role, resource-group:<name>, gated-grant, creator, service-token, token or invite.",
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
            "Every fail, review or unknown finding about this entitlement, as analyzer/rule; empty without one.",
        ),
        column(
            "worst_verdict",
            CellKind::Text,
            "Worst verdict of all analyzers that judged this entitlement; empty when none did.",
        ),
        column("worst_rule", CellKind::Text, "Rule of that verdict; empty when none judged it."),
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
    /// The entitlement as a sentence.
    reason: String,
    /// Columns only this kind fills, over the common ones.
    cells: Vec<(&'static str, Cell)>,
}

/// `the role read`, or that it cannot be seen.
fn role_words(role: Option<&str>) -> String {
    role.map_or_else(|| "a role that is not visible".to_owned(), |role| format!("the role {role}"))
}

/// One row per principal and entitlement.
fn judge(view: &View<'_>) -> Vec<Judged> {
    let mut entries = Vec::new();
    members(view, &mut entries);
    group_users(view, &mut entries);
    grants(view, &mut entries);
    tokens(view, &mut entries);
    service_tokens(view, &mut entries);
    invites(view, &mut entries);
    creators(view, &mut entries);
    entries.into_iter().map(|entry| row(view, entry)).collect()
}

/// The row of one entitlement.
fn row(view: &View<'_>, entry: Entry<'_>) -> Judged {
    let Entry { subject, principal, id, login, email, resource, permission, path, reason, cells: own } = entry;
    let person = view.person(principal, login, email);
    let scim = view.scim_user(principal, login, email);
    let kind = match subject.0 {
        "invite" => Some("invitee"),
        _ => (id.is_some() || login.is_some() || email.is_some()).then(|| view.kind(principal)),
    };
    let mut cells: Vec<(&'static str, Cell)> = vec![
        ("principal", login.or(email).into()),
        ("principal_kind", kind.into()),
        ("principal_id", id.into()),
        ("email", email.or_else(|| scim.and_then(|user| user.emails.first()).map(String::as_str)).into()),
        ("employment_status", person.map(|p| p.status.clone()).into()),
        ("scim_active", scim.and_then(|user| user.active).into()),
        ("resource_kind", resource.0.into()),
        ("resource", resource.1.into()),
        ("permission", permission.into()),
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
        }
        Principal::Former(i) => cells.push(("email", view.former[i].email().or(email).into())),
        Principal::Outsider | Principal::ServiceAccount => {}
    }
    cells.extend(own);
    Judged::new(&META, subject, vec![Hit::listed("listed", reason)], cells)
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
            reason: format!(
                "{} has {} in the organization {}",
                member.username,
                role_words(member.role.as_deref()),
                view.manifest.org
            ),
            cells: vec![
                ("granted_at", joined.map(|j| j.at).into()),
                ("granted_by", joined.and_then(|j| j.by.clone()).into()),
            ],
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
            reason: format!("{} has {} in the group {group}", user.username, role_words(user.role.as_deref())),
            cells: vec![("granted_by", user.added_by.clone().into())],
        });
    }
}

/// Each visible accepted grantee of each repository.
fn grants<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    let mut newest = BTreeMap::new();
    for grant in view.tables.gated_access.iter().filter(|grant| grant.status == "accepted") {
        let Some(login) = &grant.username else { continue };
        let slot = newest.entry((&grant.repo, fold(login))).or_insert(grant);
        if orphaned_grants::granted_at(grant) > orphaned_grants::granted_at(slot) {
            *slot = grant;
        }
    }
    for grant in newest.into_values() {
        let login = grant.username.as_deref();
        entries.push(Entry {
            subject: ("gated-grant", login.unwrap_or_default()),
            principal: view.principal(grant.user_id.as_deref(), login),
            id: grant.user_id.as_deref(),
            login,
            email: grant.email.as_deref(),
            resource: ("repo", &grant.repo),
            permission: Some("read".to_owned()),
            path: "gated-grant".to_owned(),
            reason: format!("{} has an accepted request for {}", login.unwrap_or_default(), grant.repo),
            cells: vec![
                ("granted_at", orphaned_grants::granted_at(grant).into()),
                ("granted_by", grant.granted_by.clone().into()),
            ],
        });
    }
}

/// Each token of a person that is not revoked.
fn tokens<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    for token in view.tables.tokens.iter().filter(|token| token.status != "revoked") {
        let (id, login) = (token.owner_id.as_deref(), token.owner.as_deref());
        let owner = login.or(id).unwrap_or("somebody whom the Hub does not name");
        entries.push(Entry {
            subject: ("token", &token.token_id),
            principal: view.principal(id, login),
            id,
            login,
            email: None,
            resource: ("org", view.manifest.org.as_str()),
            permission: token.role.clone(),
            path: "token".to_owned(),
            reason: format!("{owner} has a token with {}", role_words(token.role.as_deref())),
            cells: used(view, token.created_at, token.last_used_at).to_vec(),
        });
    }
}

/// When a token was made and last used.
fn used(view: &View<'_>, made: Option<Timestamp>, used: Option<Timestamp>) -> [(&'static str, Cell); 3] {
    [
        ("granted_at", made.into()),
        ("last_active_at", used.into()),
        ("idle_days", used.map(|at| time::age_days(view.as_of(), at)).into()),
    ]
}

/// Each token of each service account.
fn service_tokens<'v>(view: &'v View<'_>, entries: &mut Vec<Entry<'v>>) {
    let accounts: BTreeMap<&str, &str> =
        view.tables.service_accounts.iter().map(|a| (a.account_id.as_str(), a.username.as_str())).collect();
    for token in &view.tables.service_tokens {
        let login = accounts.get(token.account_id.as_str()).copied();
        entries.push(Entry {
            subject: ("token", &token.token_id),
            principal: Principal::ServiceAccount,
            id: Some(&token.account_id),
            login,
            email: None,
            resource: ("org", view.manifest.org.as_str()),
            permission: token.role.clone(),
            path: "service-token".to_owned(),
            reason: format!(
                "{} has a token with {}",
                login.unwrap_or("a service account that is not listed"),
                role_words(token.role.as_deref())
            ),
            cells: used(view, token.created_at, token.last_used_at).to_vec(),
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
            reason: format!(
                "{} is invited to the organization {} with {}",
                invite.invitee,
                view.manifest.org,
                role_words(invite.role.as_deref())
            ),
            cells: vec![("granted_at", invite.invited_at.into()), ("granted_by", invite.invited_by.clone().into())],
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
        let may = permission.as_deref().unwrap_or("a permission that is not visible");
        let reason = format!("{} created {}, which has no group, and has {may} on it", member.username, repo.repo);
        entries.push(Entry {
            subject: ("member", &member.username),
            principal,
            id: Some(&member.user_id),
            login: Some(&member.username),
            email: None,
            resource: ("repo", &repo.repo),
            permission,
            path: "creator".to_owned(),
            reason,
            cells: vec![("granted_at", creator.at.into()), ("granted_by", member.username.as_str().into())],
        });
    }
}

/// Which analyzer judges which entitlement, by the kinds of their subjects: entitlement, analyzer, kind there.
const JUDGES: [(&str, &str, &str); 9] = [
    ("member", "inactive-seats", "member"),
    ("member", "orphaned-access", "member"),
    ("member", "owner-coverage", "owner"),
    ("member", "seat-spend", "member"),
    ("group-user", "orphaned-access", "group-user"),
    ("gated-grant", "orphaned-access", "gated-grant"),
    ("token", "orphaned-access", "token"),
    ("invite", "orphaned-access", "invite"),
    ("invite", "seat-spend", "invite"),
];

/// Kind, subject and resource of an entitlement.
type Key<'a> = (&'a str, &'a str, String);

/// Writes what the other analyzers found into the rows of the population, once exceptions are applied.
pub(in super::super) fn mark(checked: &mut [(&'static Meta, Vec<Judged>)], org: &str) {
    let Some((population, others)) = checked.split_last_mut().filter(|(last, _)| last.0.id == META.id) else { return };
    let mut findings: HashMap<Key<'_>, Vec<(&Meta, &Judged)>> = HashMap::new();
    for (meta, rows) in &*others {
        // A member, token or invite of an analyzer without the column is one of the organization.
        let has_resource = meta.columns.iter().any(|column| column.name == "resource");
        for row in rows {
            let resource = if has_resource { row.cell(meta, "resource").to_text() } else { org.to_owned() };
            for (kind, ..) in JUDGES.iter().filter(|(_, id, kind)| *id == meta.id && *kind == row.subject_kind) {
                findings.entry((kind, &row.subject, resource.clone())).or_default().push((meta, row));
            }
        }
    }
    for row in &mut population.1 {
        let key = (row.subject_kind, row.subject.as_str(), row.cell(&META, "resource").to_text());
        let Some(found) = findings.get(&key) else { continue };
        let open = found.iter().filter(|(_, row)| row.verdict().is_open());
        let flags: BTreeSet<String> = open
            .flat_map(|(meta, row)| row.hits().iter().map(move |hit| (meta, hit)))
            .filter(|(_, hit)| hit.verdict.is_open())
            .map(|(meta, hit)| format!("{}/{}", meta.id, hit.rule))
            .collect();
        let worst =
            found.iter().filter_map(|(_, row)| row.worst().map(|hit| (row.verdict(), hit.severity, hit.rule))).min();
        row.set(&META, "flags", flags.into_iter().collect::<Vec<_>>().into());
        row.set(&META, "worst_verdict", worst.map(|(verdict, ..)| verdict.word()).into());
        row.set(&META, "worst_rule", worst.map(|(.., rule)| rule).into());
    }
}

/// The paths, each with the sources that all of its rows come from.
const PATHS: [(&str, &[Source]); 7] = [
    ("org-role", &[Source::Members]),
    ("resource-group", &[Source::ResourceGroups]),
    ("gated-grant", &[Source::Repos, Source::GatedAccess]),
    ("creator", &[Source::Members, Source::ResourceGroups, Source::Repos, Source::AuditLog]),
    ("service-token", &[Source::ServiceAccounts]),
    ("token", &[Source::Tokens]),
    ("invite", &[Source::AuditLog, Source::Scim, Source::Invites]),
];

/// Principals and entitlements, by path. What rests on a gap is null: there may be more than is listed.
fn sum(view: &View<'_>, rows: &mut [Judged]) -> Summary {
    let mut listed: BTreeMap<String, u64> = BTreeMap::new();
    let mut principals = BTreeSet::new();
    for row in rows.iter().filter(|row| row.subject_kind != "source") {
        let path = row.cell(&META, "path").to_text();
        *listed.entry(path.split(':').next().unwrap_or_default().to_owned()).or_default() += 1;
        principals.insert(fold(&row.cell(&META, "principal").to_text()));
    }
    principals.remove("");
    let is_whole = |sources: &[Source]| !sources.iter().any(|source| view.is_gap(*source));
    let whole = PATHS.iter().all(|(_, sources)| is_whole(sources));
    let by_path: BTreeMap<&str, Option<u64>> = PATHS
        .iter()
        .map(|(path, sources)| (*path, is_whole(sources).then(|| listed.get(*path).copied().unwrap_or_default())))
        .filter(|(_, n)| *n != Some(0))
        .collect();
    let totals: BTreeMap<String, Value> = BTreeMap::from([
        ("principals".to_owned(), json!(whole.then_some(principals.len()))),
        ("entitlements".to_owned(), json!(whole.then(|| listed.values().sum::<u64>()))),
        ("by_path".to_owned(), json!(by_path)),
    ]);
    let limits = vec![
        "Effective permission per repository is not multiplied out: a member's organization role is one row, on the organization.".to_owned(),
        "Grantees whom a repository hides are counted in orphaned-access and cannot be listed here.".to_owned(),
    ];
    Summary { totals, limits, charts: Vec::new() }
}
