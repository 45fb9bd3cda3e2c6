//! The events between two snapshots, found by what they are about: each question is one look-up, however long the log.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::{
    Baseline,
    derived::{lifecycle::subjects, view::View},
    scan::{Event, Target, is_join},
};
use crate::{model::ids::fold, table::Tables};

/// What events tell about a user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum About {
    /// Joined the organization.
    Joined,
    /// Left the organization, or was removed.
    Left,
    /// Got another role in the organization.
    Role,
    /// Was added to a group.
    GroupJoined,
    /// Was removed from a group.
    GroupLeft,
    /// Got another role in a group.
    GroupRole,
    /// Asked for a token's approval, or was answered.
    Approval,
    /// A service account was created.
    AccountAdded,
    /// A service account was deleted.
    AccountRemoved,
}

impl About {
    /// What events of a type tell; `None` when no change of a user is explained by it.
    fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "org.remove_user" | "org.leave" => Self::Left,
            "org.change_role" => Self::Role,
            "resource_group.add_users" => Self::GroupJoined,
            "resource_group.remove_users" => Self::GroupLeft,
            "resource_group.change_role" => Self::GroupRole,
            "org.service_account.create" => Self::AccountAdded,
            "org.service_account.delete" => Self::AccountRemoved,
            kind if is_join(kind) => Self::Joined,
            kind if kind.starts_with("org.token_approval.authorization_request") => Self::Approval,
            _ => return None,
        })
    }
}

/// How a user is named.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Name {
    /// By id.
    Id(String),
    /// By folded login or address, in an event that has no id for them.
    Bare(String),
    /// By folded login or address, in any event.
    Any(String),
}

/// The events between two snapshots.
pub(super) struct Events<'v> {
    /// Newest event about a user.
    users: HashMap<(About, Name), &'v Event>,
    /// Newest event of a type that names a repository, by folded path.
    repos: HashMap<(&'v str, String), &'v Event>,
    /// Newest event about the network rules.
    network: Option<&'v Event>,
    /// Every folded login and address that is known of a user, by id.
    names: BTreeMap<&'v str, BTreeSet<String>>,
}

impl<'v> Events<'v> {
    /// Looks through the log between a baseline and the snapshot.
    pub(super) fn of(view: &'v View<'_>, baseline: Baseline<'v>) -> Self {
        let (from, to) = (baseline.manifest.as_of, view.manifest.as_of);
        let mut events =
            Self { users: HashMap::new(), repos: HashMap::new(), network: None, names: names(view, baseline.tables) };
        // The log is sorted: what is put in last is the newest.
        for event in view.log.events.iter().filter(|event| event.at > from && event.at <= to) {
            events.add(event);
        }
        events
    }

    /// Puts in an event that is newer than all before.
    fn add(&mut self, event: &'v Event) {
        if let Some(repo) = &event.repo {
            self.repos.insert((&event.kind, fold(repo)), event);
        }
        if event.kind.starts_with("org.settings.network") {
            self.network = Some(event);
        }
        let Some(about) = About::of(&event.kind) else { return };
        let author = || event.author.iter().map(|login| Target { name: login.clone(), id: event.author_id.clone() });
        let whom: Vec<Target> = match about {
            About::Joined => subjects(event),
            About::Left if event.kind == "org.leave" => author().collect(),
            _ => event.targets.clone(),
        };
        for Target { name, id } in whom {
            let name = fold(&name);
            let exact = id.map_or_else(|| Name::Bare(name.clone()), Name::Id);
            self.users.insert((about, exact), event);
            self.users.insert((about, Name::Any(name)), event);
        }
    }

    /// The newest event about a user: by id where both have one, else by login, or by another name that is known of them.
    pub(super) fn user(&self, about: About, id: Option<&str>, login: &str) -> Option<&'v Event> {
        let find = |name: Name| self.users.get(&(about, name)).copied();
        let Some(id) = id else { return find(Name::Any(fold(login))) };
        let others = self.names.get(id).into_iter().flatten().cloned();
        let bare = others.chain([fold(login)]).filter_map(|name| find(Name::Bare(name)));
        bare.chain(find(Name::Id(id.to_owned()))).max_by_key(|event| (event.at, &event.id))
    }

    /// The newest event of one of some types that names a repository.
    pub(super) fn repo(&self, kinds: &[&'static str], repo: &str) -> Option<&'v Event> {
        let found = kinds.iter().filter_map(|kind| self.repos.get(&(*kind, fold(repo))).copied());
        found.max_by_key(|event| (event.at, &event.id))
    }

    /// The newest event about the network rules.
    pub(super) const fn network(&self) -> Option<&'v Event> {
        self.network
    }
}

/// Every folded login and address that is known of a user, by id.
fn names<'v>(view: &'v View<'_>, old: &'v Tables) -> BTreeMap<&'v str, BTreeSet<String>> {
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for member in old.members.iter().chain(&view.tables.members) {
        let known = names.entry(&member.user_id).or_default();
        known.extend([&member.username].into_iter().chain(&member.verified_email).map(|name| fold(name)));
    }
    for row in &view.tables.seen {
        if let Some(id) = &row.user_id {
            names.entry(id).or_default().extend(row.username.iter().chain(&row.emails).map(|name| fold(name)));
        }
    }
    names
}
