//! One look at a snapshot with everything derived, shared by all analyzers.

use std::collections::BTreeMap;

use super::{
    super::{Baseline, Derived, Inputs, scan::Log},
    activity::{Activity, Evidence, Window},
    invites,
    lifecycle::{self, Former, Joined, Roll},
    memory::{self, Listed, Memory},
    people::{Roster, Scim, is_terminated},
};
use crate::{
    model::{coverage::Source, ids::fold, manifest::Manifest, params::Params, time::Timestamp},
    table::{
        Tables,
        access::{GroupUser, Invite, Member, Person, Repo, ResourceGroup, ScimUser, ServiceAccount},
    },
};

/// A snapshot with everything that follows from it.
#[derive(Debug)]
pub(crate) struct View<'a> {
    /// Its manifest.
    pub(crate) manifest: &'a Manifest,
    /// Thresholds and prices.
    pub(crate) params: &'a Params,
    /// Its tables.
    pub(crate) tables: &'a Tables,
    /// The log.
    pub(crate) log: &'a Log,
    /// First and last instant of the period under review that the snapshot covers; the last is never after it.
    pub(crate) period: (Timestamp, Timestamp),
    /// What the snapshot is compared with.
    pub(crate) baseline: Option<Baseline<'a>>,
    /// Current members, indexed.
    pub(crate) roll: Roll,
    /// When each current member joined.
    pub(crate) joined: Vec<Option<Joined>>,
    /// Activity of each current member.
    pub(crate) activity: Vec<Activity>,
    /// SCIM user of each current member.
    pub(crate) scim_of: Vec<Option<&'a ScimUser>>,
    /// Roster entry of each current member.
    pub(crate) person_of: Vec<Option<&'a Person>>,
    /// Former members.
    pub(crate) former: Vec<Former>,
    /// Pending invites.
    pub(crate) invites: Vec<Invite>,
    /// The window in which activity would have been seen.
    pub(crate) window: Window,
    /// The roster.
    pub(crate) roster: Roster<'a>,
    /// SCIM users.
    pub(crate) scim: Scim<'a>,
    /// Resource groups by id.
    groups: BTreeMap<&'a str, &'a ResourceGroup>,
    /// Users of each resource group.
    group_users: BTreeMap<&'a str, Vec<&'a GroupUser>>,
    /// Repositories by folded path.
    repos: BTreeMap<String, &'a Repo>,
    /// Service accounts by folded login and by id.
    service_accounts: BTreeMap<String, &'a ServiceAccount>,
    /// Newest `repo.create` by folded path.
    creators: BTreeMap<String, Creator<'a>>,
    /// Former members by id and folded login.
    former_by: BTreeMap<String, usize>,
}

/// Who created a repository, as the log tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Creator<'a> {
    /// Stable id.
    pub(crate) id: Option<&'a str>,
    /// Login.
    pub(crate) login: &'a str,
    /// When.
    pub(crate) at: Timestamp,
}

/// What a login is to the organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Principal {
    /// A current member, by position.
    Member(usize),
    /// A former member, by position.
    Former(usize),
    /// A service account.
    ServiceAccount,
    /// Never seen as a member.
    Outsider,
}

impl<'a> View<'a> {
    /// Derives everything.
    pub(crate) fn of(inputs: &'a Inputs<'a>, log: &'a Log) -> Self {
        let Inputs { manifest, params, tables, period, baseline, .. } = *inputs;
        // The log may hold events between the snapshot's instant and the end of its collection: a later one judges them.
        let period = (period.0, period.1.min(manifest.as_of));
        let scim = Scim::of(&tables.scim_users);
        let scim_of: Vec<_> = tables.members.iter().map(|member| scim.of_member(member)).collect();
        let roll = Roll::of(&tables.members, &scim_of, &tables.seen);
        let joined = lifecycle::joined(&tables.members, &roll, log, &tables.seen);
        // Of a roster that does not count as a whole, only what it says of leavers does.
        let whole = !manifest.is_gap(Source::Roster);
        let counts = |person: &&Person| whole || is_terminated(person, manifest.as_of);
        let roster = Roster::of(tables.people.iter().filter(counts));
        let person_of = tables.members.iter().zip(&scim_of).map(|(m, s)| person_of_member(&roster, m, *s)).collect();
        let window = Window::of(manifest, &params.activity);
        let evidence = Evidence::of(manifest, tables, log);
        let judge = |(member, joined): (&Member, &Option<Joined>)| {
            let activity = window.judge(evidence.newest(member), joined.as_ref().map(|j| j.at));
            if evidence.is_doubtful(member) { activity.or_unknown() } else { activity }
        };
        let activity = tables.members.iter().zip(&joined).map(judge).collect();
        let members_gap = manifest.is_gap(Source::Members);
        let former = lifecycle::former(&roll, log, &tables.seen, (manifest.as_of, members_gap));
        let as_of = manifest.as_of;
        let invites = invites::pending(&invites::Sources {
            tables,
            log,
            seen: &tables.seen,
            roll: &roll,
            joined: &joined,
            as_of,
        });
        let mut view = Self {
            manifest,
            params,
            tables,
            log,
            period,
            baseline,
            roll,
            joined,
            activity,
            scim_of,
            person_of,
            former,
            invites,
            window,
            roster,
            scim,
            groups: tables.resource_groups.iter().map(|g| (g.group_id.as_str(), g)).collect(),
            group_users: BTreeMap::new(),
            repos: tables.repos.iter().map(|r| (fold(&r.repo), r)).collect(),
            service_accounts: BTreeMap::new(),
            creators: BTreeMap::new(),
            former_by: BTreeMap::new(),
        };
        view.index();
        view
    }

    /// Fills the indexes.
    fn index(&mut self) {
        let (tables, log) = (self.tables, self.log);
        for user in &tables.group_users {
            self.group_users.entry(&user.group_id).or_default().push(user);
        }
        for account in &tables.service_accounts {
            self.service_accounts.insert(fold(&account.username), account);
            self.service_accounts.insert(account.account_id.clone(), account);
        }
        for event in log.events.iter().filter(|e| e.kind == "repo.create") {
            if let (Some(repo), Some(login)) = (&event.repo, &event.author) {
                let creator = Creator { id: event.author_id.as_deref(), login, at: event.at };
                self.creators.insert(fold(repo), creator);
            }
        }
        for (i, former) in self.former.iter().enumerate() {
            self.former_by.insert(fold(&former.login), i);
            for email in &former.emails {
                self.former_by.entry(email.clone()).or_insert(i);
            }
            if let Some(id) = &former.id {
                self.former_by.insert(id.clone(), i);
            }
        }
    }

    /// Instant of the snapshot.
    pub(crate) fn as_of(&self) -> Timestamp {
        self.manifest.as_of
    }

    /// Whether a source is a hole in the evidence.
    pub(crate) fn is_gap(&self, source: Source) -> bool {
        self.manifest.is_gap(source)
    }

    /// Whether nothing of a source was seen, so that a count of its rows would be no count.
    pub(crate) fn is_unseen(&self, source: Source) -> bool {
        self.is_gap(source) && !self.manifest.coverage(source).has_rows()
    }

    /// A total that rests on a source; null where nothing of the source was seen, and for none over a gap.
    pub(crate) fn total(&self, source: Source, n: usize) -> serde_json::Value {
        let is_known = !self.is_unseen(source) && (n > 0 || !self.is_gap(source));
        if is_known { n.into() } else { serde_json::Value::Null }
    }

    /// Whether a roster that counts says that somebody is on leave.
    pub(crate) fn is_on_leave(&self, person: Option<&Person>) -> bool {
        self.roster_counts() && person.is_some_and(|person| person.status == "leave")
    }

    /// What a roster that is a gap keeps everybody from knowing; `None` where it is whole, or was not asked for.
    pub(crate) fn roster_gap(&self) -> Option<&'static str> {
        self.is_gap(Source::Roster)
            .then_some("the roster is old or not complete: whether somebody has left cannot be told")
    }

    /// Whether a roster was given, be it one that counts for leavers only.
    pub(crate) fn has_roster(&self) -> bool {
        self.manifest.coverage(Source::Roster).has_rows()
    }

    /// Whether there is a roster that counts: only then does it prove that somebody did not leave.
    pub(crate) fn roster_counts(&self) -> bool {
        self.has_roster() && !self.is_gap(Source::Roster)
    }

    /// What a roster that does not count keeps the reader from knowing, as a limit.
    pub(crate) fn roster_limit(&self) -> Option<String> {
        let why = self.manifest.why(Source::Roster);
        (self.has_roster() && self.is_gap(Source::Roster))
            .then(|| format!("What the roster says of people who left counts, and nothing else that it says ({why})."))
    }

    /// Why an invite settles nothing: only a list names it that proves nothing about the day of the snapshot.
    pub(crate) fn unsettled(&self, invite: &Invite) -> Option<&'static str> {
        let only_listed = self.is_gap(Source::Invites) && invite.source.iter().all(|source| source == invites::FILE);
        only_listed.then_some("only an imported list names this invite, and its date is unknown or too long ago")
    }

    /// Whether at least one member row shows a role.
    pub(crate) fn roles_visible(&self) -> bool {
        self.tables.members.iter().any(|m| m.role.is_some())
    }

    /// What somebody is to the organization, by id where both have one, else by login.
    pub(crate) fn principal(&self, id: Option<&str>, login: Option<&str>) -> Principal {
        if let Some(i) = self.roll.find(id, login) {
            return Principal::Member(i);
        }
        let account = |key: &str| self.service_accounts.contains_key(key);
        if id.is_some_and(account) || login.is_some_and(|login| account(&fold(login))) {
            return Principal::ServiceAccount;
        }
        let by_id = id.and_then(|id| self.former_by.get(id)).copied();
        let by_login = || {
            let i = *self.former_by.get(&fold(login?))?;
            // Two different ids are two people, whatever their login.
            let same = self.former[i].id.as_deref().zip(id).is_none_or(|(a, b)| a == b);
            same.then_some(i)
        };
        by_id.or_else(by_login).map_or(Principal::Outsider, Principal::Former)
    }

    /// What somebody is to the organization, by id, login or, where these lead to nobody, an address.
    pub(crate) fn who(&self, id: Option<&str>, login: Option<&str>, email: Option<&str>) -> Principal {
        let found = self.principal(id, login);
        let Some(email) = email.filter(|_| found == Principal::Outsider) else { return found };
        if let Some(i) = self.roll.find_email(email) {
            return Principal::Member(i);
        }
        self.former_by.get(&fold(email)).map_or(found, |i| Principal::Former(*i))
    }

    /// The principal's kind, as columns name it.
    pub(crate) fn kind(&self, principal: Principal) -> &'static str {
        match principal {
            Principal::Member(i) if self.tables.members[i].is_external == Some(true) => "external",
            Principal::Member(_) => "member",
            Principal::Former(_) => "former-member",
            Principal::ServiceAccount => "service-account",
            Principal::Outsider => "outsider",
        }
    }

    /// Roster entry of a principal; `email` is the one of its grant or invitation.
    pub(crate) fn person(&self, principal: Principal, login: Option<&str>, email: Option<&str>) -> Option<&'a Person> {
        match principal {
            Principal::Member(i) => {
                self.person_of[i].or_else(|| email.and_then(|email| self.roster.find(None, [email])))
            }
            Principal::ServiceAccount => None,
            Principal::Former(_) | Principal::Outsider => {
                let past = if let Principal::Former(i) = principal { &self.former[i].emails[..] } else { &[] };
                let past = past.iter().map(String::as_str);
                let scim = login.and_then(|login| self.scim.find(login, email.or_else(|| past.clone().next())));
                let scim_emails = scim.map_or(&[][..], |user| &user.emails).iter().map(String::as_str);
                self.roster.find(login, past.chain(scim_emails).chain(email))
            }
        }
    }

    /// SCIM user of a principal; `email` is the one of its grant or invitation.
    pub(crate) fn scim_user(
        &self,
        principal: Principal,
        login: Option<&str>,
        email: Option<&str>,
    ) -> Option<&'a ScimUser> {
        match principal {
            Principal::Member(i) => self.scim_of[i],
            Principal::ServiceAccount => None,
            Principal::Former(i) => self.scim.find(login?, email.or_else(|| self.former[i].email())),
            Principal::Outsider => self.scim.find(login.or(email)?, email),
        }
    }

    /// Whether the roster says that somebody's employment has ended.
    pub(crate) fn is_terminated(&self, person: Option<&Person>) -> bool {
        person.is_some_and(|person| is_terminated(person, self.as_of()))
    }

    /// Whether the identity provider has switched a member off. What was read of SCIM counts, also where that is not all.
    pub(crate) fn is_deprovisioned(&self, member: usize) -> bool {
        self.scim_of[member].is_some_and(|user| user.active == Some(false))
    }

    /// Address of a member: verified, else of its SCIM user.
    pub(crate) fn email(&self, member: usize) -> Option<&str> {
        let scim = self.scim_of[member].and_then(|user| user.emails.first());
        self.tables.members[member].verified_email.as_ref().or(scim).map(String::as_str)
    }

    /// A service account by id or login.
    pub(crate) fn account(&self, id: Option<&str>, login: &str) -> Option<&'a ServiceAccount> {
        let by_id = id.and_then(|id| self.service_accounts.get(id));
        by_id.or_else(|| self.service_accounts.get(&fold(login))).copied()
    }

    /// A resource group.
    pub(crate) fn group(&self, id: &str) -> Option<&'a ResourceGroup> {
        self.groups.get(id).copied()
    }

    /// Name of a resource group; its id where the list does not name it.
    pub(crate) fn group_name<'g>(&self, id: &'g str) -> &'g str
    where
        'a: 'g,
    {
        self.groups.get(id).map_or(id, |group| &group.name)
    }

    /// Users of a resource group, whatever their role.
    pub(crate) fn users_of_group(&self, id: &str) -> &[&'a GroupUser] {
        self.group_users.get(id).map_or(&[][..], Vec::as_slice)
    }

    /// A repository by path form.
    pub(crate) fn repo(&self, path: &str) -> Option<&'a Repo> {
        self.repos.get(&fold(path)).copied()
    }

    /// Who created a repository; `None` when the log does not tell.
    pub(crate) fn creator(&self, path: &str) -> Option<Creator<'a>> {
        self.creators.get(&fold(path)).copied()
    }
}

/// How many members the roster knows.
pub(crate) fn members_in_roster(tables: &Tables) -> usize {
    let (roster, scim) = (Roster::of(&tables.people), Scim::of(&tables.scim_users));
    tables.members.iter().filter(|member| person_of_member(&roster, member, scim.of_member(member)).is_some()).count()
}

/// Roster entry of a member.
fn person_of_member<'a>(roster: &Roster<'a>, member: &Member, scim: Option<&ScimUser>) -> Option<&'a Person> {
    let scim_emails = scim.map_or(&[][..], |user| &user.emails).iter().map(String::as_str);
    roster.find(Some(&member.username), member.verified_email.as_deref().into_iter().chain(scim_emails))
}

/// The derived tables of a snapshot that is about to be sealed.
pub(crate) fn before_sealing(manifest: &Manifest, tables: &Tables, before: &Memory, log: &Log) -> Derived {
    let as_of = manifest.as_of;
    let scim = Scim::of(&tables.scim_users);
    let scim_of: Vec<_> = tables.members.iter().map(|member| scim.of_member(member)).collect();
    let whole = !manifest.is_gap(Source::Members);
    let mut seen = memory::members(before, &tables.members, &scim_of, Listed { as_of, whole });
    let roll = Roll::of(&tables.members, &scim_of, &seen);
    let joined = lifecycle::joined(&tables.members, &roll, log, &seen);
    let invites =
        invites::pending(&invites::Sources { tables, log, seen: &before.seen, roll: &roll, joined: &joined, as_of });
    let known = [Source::Members, Source::AuditLog, Source::Scim, Source::Invites];
    let listed = Listed { as_of, whole: known.into_iter().all(|source| !manifest.is_gap(source)) };
    let mut remembered = memory::invitees(&before.seen, &invites, listed);
    remembered.append(&mut seen);
    let members_listed_at = if whole { Some(as_of) } else { before.members_listed_at };
    Derived { invites, seen: remembered, members_listed_at }
}
