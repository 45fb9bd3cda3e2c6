//! The differences of `changes`, one function per kind of subject. By stable ids, never by display name.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Baseline, derived::view::View, scan::Event},
    change_events::{About, Events},
    changes::{Change, Concern, FACTOR_LOST, INCREASE, MADE_PUBLIC, comparable},
};
use crate::{
    model::{coverage::Source, ids::fold, role},
    table::{
        Tables,
        access::{GatedAccess, GroupUser, Member, Repo, ServiceAccount, Token},
        activity::NetworkSecurity,
    },
};

/// Every difference that can be told: in what both snapshots saw.
pub(super) fn all<'v>(view: &'v View<'_>, baseline: Baseline<'v>) -> Vec<Change<'v>> {
    let window = Window {
        old: baseline.tables,
        new: view.tables,
        org: view.manifest.org.as_str(),
        events: Events::of(view, baseline),
    };
    let mut changes = Vec::new();
    let mut when = |sources: &[Source], compare: fn(&Window<'v>, &mut Vec<Change<'v>>)| {
        if sources.iter().all(|source| comparable(view, *source)) {
            compare(&window, &mut changes);
        }
    };
    when(&[Source::Members], members);
    when(&[Source::ResourceGroups], groups);
    when(&[Source::Repos], repos);
    when(&[Source::Repos, Source::ResourceGroups], group_assignments);
    when(&[Source::Repos, Source::GatedAccess], grants);
    when(&[Source::Tokens], tokens);
    when(&[Source::ServiceAccounts], service_accounts);
    when(&[Source::NetworkSecurity], network);
    changes
}

/// Two snapshots and what the log holds between them.
struct Window<'v> {
    /// Tables of the baseline.
    old: &'v Tables,
    /// Tables of the snapshot.
    new: &'v Tables,
    /// Name of the organization.
    org: &'v str,
    /// Events between the two.
    events: Events<'v>,
}

/// Members of the baseline, to tell whether somebody was there before.
struct Before<'v> {
    /// By id.
    ids: BTreeSet<&'v str>,
    /// By folded login.
    logins: BTreeSet<String>,
}

impl<'v> Before<'v> {
    /// Indexes the members of the baseline.
    fn of(tables: &'v Tables) -> Self {
        Self {
            ids: tables.members.iter().map(|member| member.user_id.as_str()).collect(),
            logins: tables.members.iter().map(|member| fold(&member.username)).collect(),
        }
    }

    /// Whether a user was a member, by id where there is one, else by login.
    fn has(&self, id: Option<&str>, login: &str) -> bool {
        id.map_or_else(|| self.logins.contains(&fold(login)), |id| self.ids.contains(id))
    }
}

/// A user of a group, or a grantee of a repository.
struct User<'v, T> {
    /// The group's id, or the repository's path.
    place: &'v str,
    /// Stable id.
    id: Option<&'v str>,
    /// Login; empty when only the id is known.
    login: &'v str,
    /// The record.
    record: &'v T,
}

/// Users by place, once each.
struct Users<'v, T> {
    /// By place and by id, else folded login.
    by_key: BTreeMap<(&'v str, String), User<'v, T>>,
    /// The key of each, by place and folded login.
    by_login: BTreeMap<(&'v str, String), (&'v str, String)>,
}

impl<'v, T> Users<'v, T> {
    /// Indexes users.
    fn of(users: impl Iterator<Item = User<'v, T>>) -> Self {
        let (mut by_key, mut by_login) = (BTreeMap::new(), BTreeMap::new());
        for user in users {
            let key = (user.place, user.id.map_or_else(|| fold(user.login), str::to_owned));
            by_login.insert((user.place, fold(user.login)), key.clone());
            by_key.insert(key, user);
        }
        Self { by_key, by_login }
    }

    /// The same user in the same place: by id where both have one, else by login.
    fn find(&self, user: &User<'v, T>) -> Option<&User<'v, T>> {
        let by_id = user.id.and_then(|id| self.by_key.get(&(user.place, id.to_owned())));
        by_id.or_else(|| {
            let found = self.by_key.get(self.by_login.get(&(user.place, fold(user.login)))?)?;
            (found.id.is_none() || user.id.is_none()).then_some(found)
        })
    }

    /// All of them.
    fn iter(&self) -> impl Iterator<Item = &User<'v, T>> {
        self.by_key.values()
    }
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
        concern: None,
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
            let event = window.events.user(About::Joined, Some(id), login);
            changes.push(change(subject, "joined", (None, Some(role_of(member.role.as_ref()))), event, true));
            continue;
        };
        if let (Some(before), Some(after)) = (&was.role, &member.role)
            && before != after
        {
            let event = window.events.user(About::Role, Some(id), login);
            let mut row = change(subject, "role-changed", (Some(before), Some(after)), event, true);
            row.concern = increase_if(role::rank(after) > role::rank(before));
            changes.push(row);
        }
        if was.username != member.username {
            changes.push(change(subject, "renamed", (Some(&was.username), Some(login)), None, false));
        }
        if was.two_factor == Some(true) && member.two_factor == Some(false) {
            let mut row = change(subject, "two-factor-lost", (Some("true"), Some("false")), None, false);
            row.concern = Some(&FACTOR_LOST);
            changes.push(row);
        }
    }
    for (id, member) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
        let event = window.events.user(About::Left, Some(id), &member.username);
        let before = role_of(member.role.as_ref());
        changes.push(change(("member", &member.username), "left", (Some(before), None), event, true));
    }
}

/// Group users by group.
fn group_users(tables: &Tables) -> Users<'_, GroupUser> {
    Users::of(tables.group_users.iter().map(|user| User {
        place: &user.group_id,
        id: user.user_id.as_deref(),
        login: &user.username,
        record: user,
    }))
}

/// Users who came to, went from, or changed in a group.
fn groups<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let (old, new) = (group_users(window.old), group_users(window.new));
    let all = window.old.resource_groups.iter().chain(&window.new.resource_groups);
    let names: BTreeMap<&str, &str> = all.map(|group| (group.group_id.as_str(), group.name.as_str())).collect();
    let was = Before::of(window.old);
    let mut push = |user: &User<'v, GroupUser>, mut row: Change<'v>| {
        row.resource = Some(names.get(user.place).copied().unwrap_or(user.place).to_owned());
        changes.push(row);
    };
    for user in new.iter() {
        let (id, login) = (user.id, user.login);
        let Some(before) = old.find(user) else {
            let event = window.events.user(About::GroupJoined, id, login);
            let event = event.or_else(|| window.events.user(About::Joined, id, login));
            let values = (None, Some(role_of(user.record.role.as_ref())));
            let mut row = change(("group-user", login), "group-joined", values, event, true);
            row.concern = increase_if(was.has(id, login));
            push(user, row);
            continue;
        };
        // A role that one of the two did not show is no other role.
        if let (Some(before), Some(after)) = (&before.record.role, &user.record.role)
            && before != after
        {
            let event = window.events.user(About::GroupRole, id, login);
            let values = (Some(before.as_str()), Some(after.as_str()));
            let mut row = change(("group-user", login), "group-role-changed", values, event, true);
            row.concern = increase_if(role::rank(after) > role::rank(before));
            push(user, row);
        }
    }
    for user in old.iter().filter(|user| new.find(user).is_none()) {
        let (id, login) = (user.id, user.login);
        let event = window.events.user(About::GroupLeft, id, login);
        let event = event.or_else(|| window.events.user(About::Left, id, login));
        let values = (Some(role_of(user.record.role.as_ref())), None);
        push(user, change(("group-user", login), "group-left", values, event, true));
    }
}

/// The rule of more access than before, where it applies.
fn increase_if(more: bool) -> Option<&'static Concern> {
    more.then_some(&INCREASE)
}

/// Repositories by folded path.
fn by_path(repos: &[Repo]) -> BTreeMap<String, &Repo> {
    repos.iter().map(|repo| (fold(&repo.repo), repo)).collect()
}

/// Repositories that came, went, or changed.
fn repos<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let (old, new) = (by_path(&window.old.repos), by_path(&window.new.repos));
    let stated = |value: &'v Option<String>| Some(value.as_deref().unwrap_or("not stated"));
    for (path, repo) in &new {
        let subject = ("repo", repo.repo.as_str());
        let Some(was) = old.get(path) else {
            let event = window.events.repo(&["repo.create", "repo.duplication", "repo.move"], &repo.repo);
            changes.push(change(subject, "repo-created", (None, stated(&repo.visibility)), event, true));
            continue;
        };
        let settings = || window.events.repo(&["repo.update_settings"], &repo.repo);
        if let (Some(before), Some(after)) = (&was.visibility, &repo.visibility)
            && before != after
        {
            let mut row = change(subject, "visibility-changed", (Some(before), Some(after)), settings(), true);
            row.concern = (before == "private" && after == "public").then_some(&MADE_PUBLIC);
            changes.push(row);
        }
        if let (Some(before), Some(after)) = (&was.gated, &repo.gated)
            && before != after
        {
            changes.push(change(subject, "gating-changed", (Some(before), Some(after)), settings(), true));
        }
    }
    for (_, repo) in old.iter().filter(|(path, _)| !new.contains_key(*path)) {
        let event = window.events.repo(&["repo.delete", "repo.move"], &repo.repo);
        changes.push(change(("repo", &repo.repo), "repo-deleted", (stated(&repo.visibility), None), event, true));
    }
}

/// Repositories that came to another group, or to none.
fn group_assignments<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let old = by_path(&window.old.repos);
    for (path, repo) in by_path(&window.new.repos) {
        if let Some(was) = old.get(&path)
            && was.group_id != repo.group_id
        {
            let event = window.events.repo(&["repo.update_resource_group"], &repo.repo);
            let values = (was.group_id.as_deref(), repo.group_id.as_deref());
            changes.push(change(("repo", &repo.repo), "group-assigned", values, event, true));
        }
    }
}

/// Grantees that are named, by repository: those whose request was accepted, or all.
fn grantees(tables: &Tables, accepted: bool) -> Users<'_, GatedAccess> {
    let grants = tables.gated_access.iter().filter(|grant| !accepted || grant.status == "accepted");
    Users::of(grants.filter(|grant| grant.user_id.is_some() || grant.username.is_some()).map(|grant| User {
        place: &grant.repo,
        id: grant.user_id.as_deref(),
        login: grant.username.as_deref().unwrap_or_default(),
        record: grant,
    }))
}

/// Grants that came and went.
fn grants<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let (old, new) = (grantees(window.old, true), grantees(window.new, true));
    let (old_any, new_any) = (grantees(window.old, false), grantees(window.new, false));
    let was = Before::of(window.old);
    let (old_repos, new_repos) = (by_path(&window.old.repos), by_path(&window.new.repos));
    // Only a repository that was asked both times shows that a grant came or went.
    let is_asked = |repo: &Repo| repo.gated.as_deref() != Some("false");
    for user in new.iter().filter(|user| old.find(user).is_none()) {
        let before = old_any.find(user).map(|user| user.record.status.as_str());
        if before.is_none() && old_repos.get(&fold(user.place)).is_some_and(|repo| !is_asked(repo)) {
            continue;
        }
        let mut row = change(("gated-grant", user.login), "grant-added", (before, Some("accepted")), None, false);
        row.concern = increase_if(was.has(user.id, user.login));
        row.resource = Some(user.place.to_owned());
        changes.push(row);
    }
    for user in old.iter().filter(|user| new.find(user).is_none()) {
        if new_repos.get(&fold(user.place)).is_some_and(|repo| is_asked(repo)) {
            let after = new_any.find(user).map(|user| user.record.status.as_str());
            let mut row = change(("gated-grant", user.login), "grant-removed", (Some("accepted"), after), None, false);
            row.resource = Some(user.place.to_owned());
            changes.push(row);
        }
    }
}

/// Tokens that came and were revoked.
fn tokens<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let by_id = |tokens: &'v [Token]| -> BTreeMap<&'v str, &'v Token> {
        tokens.iter().map(|token| (token.token_id.as_str(), token)).collect()
    };
    let (old, new) = (by_id(&window.old.tokens), by_id(&window.new.tokens));
    let mut push = |token: &Token, what, values| {
        let approval = token
            .owner
            .as_deref()
            .and_then(|owner| window.events.user(About::Approval, token.owner_id.as_deref(), owner));
        changes.push(change(("token", &token.token_id), what, values, approval, false));
    };
    for (_, token) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
        push(token, "token-created", (None, Some(token.status.as_str())));
    }
    for (id, was) in old.iter().filter(|(_, token)| token.status != "revoked") {
        let now = new.get(id).map(|token| token.status.as_str());
        if now.is_none_or(|status| status == "revoked") {
            push(new.get(id).unwrap_or(was), "token-revoked", (Some(was.status.as_str()), now));
        }
    }
}

/// Service accounts that came and went.
fn service_accounts<'v>(window: &Window<'v>, changes: &mut Vec<Change<'v>>) {
    let by_id = |tables: &'v Tables| -> BTreeMap<&'v str, &'v ServiceAccount> {
        tables.service_accounts.iter().map(|account| (account.account_id.as_str(), account)).collect()
    };
    let (old, new) = (by_id(window.old), by_id(window.new));
    let event = |about: About, account: &ServiceAccount| {
        let by_id = window.events.user(about, Some(&account.account_id), &account.username);
        by_id.or_else(|| window.events.user(about, None, account.name.as_deref()?))
    };
    for (_, account) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
        let event = event(About::AccountAdded, account);
        let subject = ("service-account", account.username.as_str());
        changes.push(change(subject, "service-account-added", (None, None), event, true));
    }
    for (_, account) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
        let event = event(About::AccountRemoved, account);
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
        // A field that one of the two answers did not have was not seen.
        if let (Some(before), Some(after)) = (old.get(field).and_then(Option::as_ref), after)
            && before != after
        {
            let values = (Some(before.as_str()), Some(after.as_str()));
            let event = window.events.network();
            let mut row = change(("org", window.org), "security-changed", values, event, true);
            row.resource = Some((*field).to_owned());
            changes.push(row);
        }
    }
}
