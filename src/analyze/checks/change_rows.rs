//! The differences of `changes`, one function per kind of subject. By stable ids, never by display name.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        Baseline,
        derived::{lifecycle::subjects, view::View},
        scan::{Event, is_join},
    },
    changes::{Change, comparable},
};
use crate::{
    model::{coverage::Source, ids::fold, role},
    table::{
        Tables,
        access::{GatedAccess, GroupUser, Member, Repo, ServiceAccount},
        activity::NetworkSecurity,
    },
};

/// Every difference that can be told.
pub(super) fn all<'v>(view: &'v View<'_>, baseline: Baseline<'v>) -> Vec<Change<'v>> {
    let window = Window::of(view, baseline);
    let mut changes = Vec::new();
    let mut when = |source, compare: fn(&Window<'v>, &mut Vec<Change<'v>>)| {
        if comparable(view, source) {
            compare(&window, &mut changes);
        }
    };
    when(Source::Members, members);
    when(Source::ResourceGroups, groups);
    when(Source::Repos, repos);
    when(Source::GatedAccess, grants);
    when(Source::Tokens, tokens);
    when(Source::ServiceAccounts, service_accounts);
    when(Source::NetworkSecurity, network);
    changes
}

/// Two snapshots and what the log holds between them.
struct Window<'v> {
    /// Tables of the baseline.
    old: &'v Tables,
    /// Tables of the snapshot.
    new: &'v Tables,
    /// Name of the organization.
    org: String,
    /// Events between the two, newest first.
    events: Vec<&'v Event>,
}

impl<'v> Window<'v> {
    /// Looks at two snapshots.
    fn of(view: &'v View<'_>, baseline: Baseline<'v>) -> Self {
        let (from, to) = (baseline.manifest.as_of, view.manifest.as_of);
        let events = view.log.events.iter().rev().filter(|event| event.at > from && event.at <= to).collect();
        Self { old: baseline.tables, new: view.tables, org: view.manifest.org.to_string(), events }
    }

    /// The newest event that satisfies a condition.
    fn newest(&self, is: impl Fn(&Event) -> bool) -> Option<&'v Event> {
        self.events.iter().copied().find(|event| is(event))
    }

    /// The newest event of one of some types about a user.
    fn about(&self, kinds: &[&str], id: Option<&str>, login: &str) -> Option<&'v Event> {
        self.newest(|event| kinds.contains(&event.kind.as_str()) && names(event, id, login))
    }

    /// The newest event of one of some types that names a repository.
    fn on_repo(&self, kinds: &[&str], repo: &str) -> Option<&'v Event> {
        self.newest(|event| {
            kinds.contains(&event.kind.as_str()) && event.repo.as_deref().is_some_and(|r| fold(r) == fold(repo))
        })
    }

    /// The newest event that tells that a user joined.
    fn joining(&self, id: Option<&str>, login: &str) -> Option<&'v Event> {
        self.newest(|event| {
            is_join(&event.kind) && subjects(event).iter().any(|t| is_user(t.id.as_deref(), &t.name, id, login))
        })
    }

    /// The newest event that tells that a user left.
    fn leaving(&self, id: Option<&str>, login: &str) -> Option<&'v Event> {
        self.newest(|event| match event.kind.as_str() {
            "org.remove_user" => names(event, id, login),
            "org.leave" => event.author.as_deref().is_some_and(|a| is_user(event.author_id.as_deref(), a, id, login)),
            _ => false,
        })
    }
}

/// Whether two users are one: by id where both have one, else by login.
fn is_user(a_id: Option<&str>, a: &str, b_id: Option<&str>, b: &str) -> bool {
    match (a_id, b_id) {
        (Some(a), Some(b)) => a == b,
        _ => fold(a) == fold(b),
    }
}

/// Whether an event is about a user.
fn names(event: &Event, id: Option<&str>, login: &str) -> bool {
    event.targets.iter().any(|target| is_user(target.id.as_deref(), &target.name, id, login))
}

/// A change of a value, from one to the other.
fn change<'v>(
    subject: (&'static str, &str),
    what: &'static str,
    (before, after): (Option<&str>, Option<&str>),
    event: Option<&'v Event>,
    logged: bool,
) -> Change<'v> {
    Change {
        subject: (subject.0, subject.1.to_owned()),
        what,
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
        resource: None,
        event,
        logged,
        increase: false,
    }
}

/// A role, or that it cannot be seen.
fn role_of(role: Option<&String>) -> &str {
    role.map_or("not visible", String::as_str)
}

/// Members who came, went, or changed.
fn members<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let by_id = |members: &'v [Member]| -> BTreeMap<&'v str, &'v Member> {
        members.iter().map(|member| (member.user_id.as_str(), member)).collect()
    };
    let (old, new) = (by_id(&window.old.members), by_id(&window.new.members));
    for (id, member) in &new {
        let login = member.username.as_str();
        let subject = ("member", login);
        let Some(was) = old.get(id) else {
            let event = window.joining(Some(id), login);
            changes.push(change(subject, "joined", (None, Some(role_of(member.role.as_ref()))), event, true));
            continue;
        };
        if let (Some(before), Some(after)) = (&was.role, &member.role)
            && before != after
        {
            let event = window.about(&["org.change_role"], Some(id), login);
            let mut row = change(subject, "role-changed", (Some(before), Some(after)), event, true);
            row.increase = role::rank(after) > role::rank(before);
            changes.push(row);
        }
        if was.username != member.username {
            changes.push(change(subject, "renamed", (Some(&was.username), Some(login)), None, false));
        }
        if was.two_factor == Some(true) && member.two_factor == Some(false) {
            let mut row = change(subject, "two-factor-lost", (Some("true"), Some("false")), None, false);
            row.increase = true;
            changes.push(row);
        }
    }
    for (id, member) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
        let event = window.leaving(Some(id), &member.username);
        let before = role_of(member.role.as_ref());
        changes.push(change(("member", &member.username), "left", (Some(before), None), event, true));
    }
}

/// Group users by group and by id, else login.
fn group_users(tables: &Tables) -> BTreeMap<(&str, String), &GroupUser> {
    let key = |user: &GroupUser| user.user_id.clone().unwrap_or_else(|| fold(&user.username));
    tables.group_users.iter().map(|user| ((user.group_id.as_str(), key(user)), user)).collect()
}

/// Users who came to, went from, or changed in a group.
fn groups<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let (old, new) = (group_users(window.old), group_users(window.new));
    let name = |id: &str| {
        let groups = window.new.resource_groups.iter().chain(&window.old.resource_groups);
        groups
            .filter(|group| group.group_id == id)
            .map(|group| group.name.clone())
            .next()
            .unwrap_or_else(|| id.to_owned())
    };
    let was_member: BTreeSet<&str> = window.old.members.iter().map(|m| m.user_id.as_str()).collect();
    let was_login: BTreeSet<String> = window.old.members.iter().map(|m| fold(&m.username)).collect();
    for ((group, key), user) in &new {
        let (id, login) = (user.user_id.as_deref(), user.username.as_str());
        let after = role_of(user.role.as_ref());
        let mut row = match old.get(&(*group, key.clone())) {
            None => {
                let event =
                    window.about(&["resource_group.add_users"], id, login).or_else(|| window.joining(id, login));
                let mut row = change(("group-user", login), "group-joined", (None, Some(after)), event, true);
                row.increase = id.map_or_else(|| was_login.contains(&fold(login)), |id| was_member.contains(id));
                row
            }
            Some(was) if was.role != user.role => {
                let event = window.about(&["resource_group.change_role"], id, login);
                let before = role_of(was.role.as_ref());
                let mut row =
                    change(("group-user", login), "group-role-changed", (Some(before), Some(after)), event, true);
                row.increase = role::rank(after) > role::rank(before);
                row
            }
            Some(_) => continue,
        };
        row.resource = Some(name(group));
        changes.push(row);
    }
    for ((group, _), user) in old.iter().filter(|(key, _)| !new.contains_key(*key)) {
        let (id, login) = (user.user_id.as_deref(), user.username.as_str());
        let event = window.about(&["resource_group.remove_users"], id, login).or_else(|| window.leaving(id, login));
        let before = role_of(user.role.as_ref());
        let mut row = change(("group-user", login), "group-left", (Some(before), None), event, true);
        row.resource = Some(name(group));
        changes.push(row);
    }
}

/// Repositories that came, went, or changed.
fn repos<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let by_path =
        |repos: &'v [Repo]| -> BTreeMap<String, &'v Repo> { repos.iter().map(|r| (fold(&r.repo), r)).collect() };
    let (old, new) = (by_path(&window.old.repos), by_path(&window.new.repos));
    let stated = |value: &'v Option<String>| Some(value.as_deref().unwrap_or("not stated"));
    for (path, repo) in &new {
        let subject = ("repo", repo.repo.as_str());
        let Some(was) = old.get(path) else {
            let event = window.on_repo(&["repo.create", "repo.duplication", "repo.move"], &repo.repo);
            changes.push(change(subject, "repo-created", (None, stated(&repo.visibility)), event, true));
            continue;
        };
        let settings = || window.on_repo(&["repo.update_settings"], &repo.repo);
        if let (Some(before), Some(after)) = (&was.visibility, &repo.visibility)
            && before != after
        {
            let mut row = change(subject, "visibility-changed", (Some(before), Some(after)), settings(), true);
            row.increase = before == "private" && after == "public";
            changes.push(row);
        }
        if let (Some(before), Some(after)) = (&was.gated, &repo.gated)
            && before != after
        {
            changes.push(change(subject, "gating-changed", (Some(before), Some(after)), settings(), true));
        }
        if was.group_id != repo.group_id && comparable_groups(window) {
            let event = window.on_repo(&["repo.update_resource_group"], &repo.repo);
            let values = (was.group_id.as_deref(), repo.group_id.as_deref());
            changes.push(change(subject, "group-assigned", values, event, true));
        }
    }
    for (_, repo) in old.iter().filter(|(path, _)| !new.contains_key(*path)) {
        let event = window.on_repo(&["repo.delete", "repo.move"], &repo.repo);
        changes.push(change(("repo", &repo.repo), "repo-deleted", (stated(&repo.visibility), None), event, true));
    }
}

/// Whether both snapshots know their groups, so that a repository's group can be compared.
fn comparable_groups(window: &Window<'_>) -> bool {
    !window.old.resource_groups.is_empty() || !window.new.resource_groups.is_empty()
}

/// Accepted grants of users that are named, by repository and by id, else login.
fn accepted(tables: &Tables) -> BTreeMap<(&str, String), &GatedAccess> {
    let named = tables.gated_access.iter().filter(|grant| grant.status == "accepted");
    named
        .filter_map(|grant| {
            let key = grant.user_id.clone().or_else(|| grant.username.as_deref().map(fold))?;
            Some(((grant.repo.as_str(), key), grant))
        })
        .collect()
}

/// Grants that came and went.
fn grants<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let (old, new) = (accepted(window.old), accepted(window.new));
    let was_member: BTreeSet<&str> = window.old.members.iter().map(|m| m.user_id.as_str()).collect();
    // Only a repository that was asked both times shows that a grant came or went.
    let asked = |repos: &'v [Repo]| -> BTreeSet<&'v str> {
        repos.iter().filter(|r| r.gated.as_deref() != Some("false")).map(|r| r.repo.as_str()).collect()
    };
    let (old_repos, new_repos) = (asked(&window.old.repos), asked(&window.new.repos));
    let status = |tables: &'v Tables, key: &(&str, String)| {
        let same = |grant: &&GatedAccess| {
            grant.repo == key.0
                && (grant.user_id.as_deref() == Some(&key.1)
                    || grant.username.as_deref().map(fold).as_deref() == Some(&key.1))
        };
        tables.gated_access.iter().find(same).map(|grant| grant.status.as_str())
    };
    for (key, grant) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        let before = status(window.old, key);
        let login = grant.username.as_deref().unwrap_or_default();
        let mut row = change(("gated-grant", login), "grant-added", (before, Some("accepted")), None, false);
        row.increase = grant.user_id.as_deref().is_some_and(|id| was_member.contains(id));
        row.resource = Some(grant.repo.clone());
        if old_repos.contains(key.0) || before.is_some() || !window.old.repos.iter().any(|r| r.repo == key.0) {
            changes.push(row);
        }
    }
    for (key, grant) in old.iter().filter(|(key, _)| !new.contains_key(*key) && new_repos.contains(key.0)) {
        let after = status(window.new, key);
        let login = grant.username.as_deref().unwrap_or_default();
        let mut row = change(("gated-grant", login), "grant-removed", (Some("accepted"), after), None, false);
        row.resource = Some(grant.repo.clone());
        changes.push(row);
    }
}

/// Tokens that came and were revoked.
fn tokens<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let old: BTreeMap<&str, &str> =
        window.old.tokens.iter().map(|t| (t.token_id.as_str(), t.status.as_str())).collect();
    let new: BTreeMap<&str, &str> =
        window.new.tokens.iter().map(|t| (t.token_id.as_str(), t.status.as_str())).collect();
    let owner = |id: &str| {
        let token = window.new.tokens.iter().chain(&window.old.tokens).find(|token| token.token_id == id)?;
        token.owner.clone().map(|owner| (token.owner_id.clone(), owner))
    };
    let approval = |id: &str| {
        let (owner_id, owner) = owner(id)?;
        window.newest(|event| {
            event.kind.starts_with("org.token_approval.authorization_request")
                && names(event, owner_id.as_deref(), &owner)
        })
    };
    for (id, status) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
        changes.push(change(("token", id), "token-created", (None, Some(status)), approval(id), false));
    }
    for (id, before) in old.iter().filter(|(_, status)| **status != "revoked") {
        match new.get(id) {
            Some(&"revoked") => {
                changes.push(change(
                    ("token", id),
                    "token-revoked",
                    (Some(before), Some("revoked")),
                    approval(id),
                    false,
                ));
            }
            None => changes.push(change(("token", id), "token-revoked", (Some(before), None), approval(id), false)),
            Some(_) => {}
        }
    }
}

/// Service accounts that came and went.
fn service_accounts<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let by_id = |tables: &'v Tables| -> BTreeMap<&'v str, &'v ServiceAccount> {
        tables.service_accounts.iter().map(|account| (account.account_id.as_str(), account)).collect()
    };
    let (old, new) = (by_id(window.old), by_id(window.new));
    let event = |kind: &str, account: &ServiceAccount| {
        window.newest(|event| {
            let by_name = account.name.as_deref().is_some_and(|name| names(event, None, name));
            event.kind == kind && (by_name || names(event, Some(&account.account_id), &account.username))
        })
    };
    for (_, account) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
        let event = event("org.service_account.create", account);
        let subject = ("service-account", account.username.as_str());
        changes.push(change(subject, "service-account-added", (None, None), event, true));
    }
    for (_, account) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
        let event = event("org.service_account.delete", account);
        let subject = ("service-account", account.username.as_str());
        changes.push(change(subject, "service-account-removed", (None, None), event, true));
    }
}

/// The network rules as texts, by field.
fn network_fields(tables: &Tables) -> BTreeMap<&'static str, Option<String>> {
    let Some(rules) = tables.network_security.first() else { return BTreeMap::new() };
    let NetworkSecurity {
        enforce_auth,
        enforce_ip_restriction,
        high_rate_limits,
        ip_ranges,
        blocked_contents,
        allowed_contents,
        keep_repos_metadata_visible,
    } = rules;
    let flag = |value: &Option<bool>| value.map(|value| value.to_string());
    BTreeMap::from([
        ("enforce_auth", enforce_auth.clone()),
        ("enforce_ip_restriction", flag(enforce_ip_restriction)),
        ("high_rate_limits", flag(high_rate_limits)),
        ("ip_ranges", Some(ip_ranges.join(", "))),
        ("blocked_contents", blocked_contents.clone()),
        ("allowed_contents", allowed_contents.clone()),
        ("keep_repos_metadata_visible", flag(keep_repos_metadata_visible)),
    ])
}

/// Network rules that changed, one row per field.
fn network<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let (old, new) = (network_fields(window.old), network_fields(window.new));
    if old.is_empty() || new.is_empty() {
        return;
    }
    for (field, after) in &new {
        let before = old.get(field).cloned().flatten();
        if before != *after {
            let event = window.newest(|event| event.kind.starts_with("org.settings.network"));
            let values = (before.as_deref(), after.as_deref());
            let mut row = change(("org", &window.org), "security-changed", values, event, true);
            row.resource = Some((*field).to_owned());
            changes.push(row);
        }
    }
}
