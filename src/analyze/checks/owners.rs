//! Owners on paper and owners who can act.

use super::{
    super::{
        derived::{
            activity::Status,
            view::{Principal, View},
        },
        judged::Hit,
    },
    count,
};
use crate::model::{outcome::Cell, role, verdict::Severity};

/// Whether an owner can act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// A current member, employed, provisioned, active or new.
    Effective,
    /// All that, but activity cannot be told.
    Unverified,
    /// Not so, and why.
    Ineffective(&'static str),
}

/// Owners of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners {
    /// Logins and standings, by login.
    list: Vec<(String, Standing)>,
    /// The same of those whose role is not visible: each may be an owner or not.
    hidden: Vec<(String, Standing)>,
}

impl Owners {
    /// Adds an owner.
    pub(super) fn add(&mut self, login: &str, standing: Standing) {
        self.list.push((login.to_owned(), standing));
        self.list.sort_by(|a, b| a.0.cmp(&b.0));
    }

    /// Adds somebody whose role is not visible.
    pub(super) fn add_hidden(&mut self, login: &str, standing: Standing) {
        self.hidden.push((login.to_owned(), standing));
    }

    /// Whether some role is not visible, so that every number is a lower bound.
    pub(super) fn has_hidden(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// The rule that applies; `roles-not-visible` where a hidden role could change it.
    ///
    /// Each rule is a limit that more owners can only pass in one direction, so that no choice among the hidden ones
    /// gives another rule when all of them together do not.
    pub(super) fn judge(&self, rule: impl Fn(&Self) -> Hit) -> Hit {
        let hit = rule(self);
        if self.hidden.is_empty() {
            return hit;
        }
        let all = Self { list: self.list.iter().chain(&self.hidden).cloned().collect(), hidden: Vec::new() };
        if rule(&all).rule == hit.rule {
            return hit;
        }
        let hidden = count(i64::try_from(self.hidden.len()).unwrap_or(i64::MAX), "role");
        let reason = format!("{hidden} cannot be seen and could change this; as far as seen: {}", hit.reason);
        Hit::unknown("roles-not-visible", Severity::High, reason)
    }

    /// Number on paper.
    pub(super) fn on_paper(&self) -> usize {
        self.list.len()
    }

    /// Number who can act.
    pub(super) fn effective(&self) -> usize {
        self.list.iter().filter(|(_, standing)| *standing == Standing::Effective).count()
    }

    /// Number of whom it cannot be told.
    pub(super) fn unverified(&self) -> usize {
        self.list.iter().filter(|(_, standing)| *standing == Standing::Unverified).count()
    }

    /// Effective and unverified ones.
    pub(super) fn possible(&self) -> usize {
        self.effective() + self.unverified()
    }

    /// Columns about owners; none where some role is not visible, because a part of a list is not the list. Nobody is
    /// counted as effective where the roster that would tell is a gap.
    pub(super) fn cells(&self, view: &View<'_>) -> Vec<(&'static str, Cell)> {
        if self.has_hidden() {
            return Vec::new();
        }
        let names: Vec<String> = self.list.iter().map(|(login, _)| login.clone()).collect();
        let ineffective: Vec<String> = self
            .list
            .iter()
            .filter_map(|(login, standing)| match standing {
                Standing::Ineffective(why) => Some(format!("{login} ({why})")),
                _ => None,
            })
            .collect();
        vec![
            ("owners_on_paper", self.on_paper().into()),
            ("effective_owners", Some(self.effective()).filter(|_| view.roster_gap().is_none()).into()),
            ("unverified_owners", self.unverified().into()),
            ("owners", names.into()),
            ("ineffective_owners", ineffective.into()),
        ]
    }

    /// `3 owners on paper, 2 effective, 1 unverified`.
    pub(super) fn words(&self, noun: &str) -> String {
        let n = count(i64::try_from(self.on_paper()).unwrap_or(i64::MAX), noun);
        let at_least = if self.has_hidden() { "at least " } else { "" };
        format!("{at_least}{n} on paper, {} effective, {} unverified", self.effective(), self.unverified())
    }
}

/// Standing of a current member as an owner.
pub(super) fn member(view: &View<'_>, i: usize) -> Standing {
    if view.is_terminated(view.person_of[i]) {
        return Standing::Ineffective("terminated");
    }
    if view.is_deprovisioned(i) {
        return Standing::Ineffective("deprovisioned");
    }
    match view.activity[i].status {
        Status::Active | Status::New => Standing::Effective,
        Status::Unknown | Status::Unconfirmed => Standing::Unverified,
        Status::Inactive => Standing::Ineffective("inactive"),
        Status::NeverActive => Standing::Ineffective("never-active"),
    }
}

/// Standing of somebody by id and login.
pub(super) fn principal(view: &View<'_>, id: Option<&str>, login: &str) -> Standing {
    match view.principal(id, Some(login)) {
        Principal::Member(i) => member(view, i),
        Principal::ServiceAccount => Standing::Ineffective("service account"),
        Principal::Former(_) | Principal::Outsider => Standing::Ineffective("not a member"),
    }
}

/// Admins of a resource group.
pub(super) fn of_group(view: &View<'_>, group_id: &str) -> Owners {
    let mut owners = Owners::default();
    for user in view.users_of_group(group_id) {
        let standing = || principal(view, user.user_id.as_deref(), &user.username);
        match user.role.as_deref() {
            Some(role::ADMIN) => owners.add(&user.username, standing()),
            Some(_) => {}
            None => owners.add_hidden(&user.username, standing()),
        }
    }
    owners
}

/// The rule that applies to a resource group.
pub(super) fn group_hit(view: &View<'_>, owners: &Owners) -> Hit {
    owners.judge(|owners| group_rule(view, owners))
}

/// The rule that applies to these admins of a resource group; exclusive.
fn group_rule(view: &View<'_>, owners: &Owners) -> Hit {
    let words = owners.words("admin");
    match (owners.on_paper(), owners.possible()) {
        (0, _) => Hit::fail("group-without-admin", Severity::Medium, "the group has no admin of its own"),
        (_, 0) => Hit::fail("group-no-effective-admin", Severity::Medium, words),
        (1, _) => Hit::review("group-single-admin", Severity::Low, words),
        _ => Hit::pass_unless(view.roster_gap(), "covered", words),
    }
}
