//! The access paths of `orphaned-access`, one function per kind of subject.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        derived::{
            lifecycle::Left,
            view::{Principal, View},
        },
        judged::Hit,
    },
    count, inactive_seats,
    orphaned_access::Path,
};
use crate::{
    model::{
        coverage::Source,
        outcome::Cell,
        time::{self, Timestamp},
        verdict::Severity,
    },
    table::access::{Person, ServiceAccount, ServiceToken, Token},
};

/// Columns of a path.
pub(super) type Cells = Vec<(&'static str, Cell)>;

/// Who has an access.
pub(super) struct Who<'v> {
    /// What they are to the organization.
    pub(super) principal: Principal,
    /// Stable id.
    pub(super) id: Option<&'v str>,
    /// Login.
    pub(super) login: Option<&'v str>,
    /// Address of the grant or invitation.
    pub(super) email: Option<&'v str>,
}

impl<'v> Who<'v> {
    /// Somebody by id where there is one, else by login.
    pub(super) fn of(view: &View<'_>, id: Option<&'v str>, login: Option<&'v str>, email: Option<&'v str>) -> Self {
        Self { principal: view.principal(id, login), id, login, email }
    }

    /// Roster entry.
    pub(super) fn person<'a>(&self, view: &View<'a>) -> Option<&'a Person> {
        view.person(self.principal, self.login, self.email)
    }

    /// What they are to the organization; `None` when nothing tells who they are.
    pub(super) fn kind(&self, view: &View<'_>) -> Option<&'static str> {
        let is_named = self.id.is_some() || self.login.is_some() || self.email.is_some();
        is_named.then(|| view.kind(self.principal))
    }

    /// Columns about them.
    pub(super) fn cells(&self, view: &View<'_>) -> Cells {
        let scim = view.scim_user(self.principal, self.login, self.email);
        let own = match self.principal {
            Principal::Member(i) => view.email(i),
            Principal::Former(i) => view.former[i].email(),
            Principal::ServiceAccount | Principal::Outsider => None,
        };
        let email = own.or(self.email).or_else(|| scim.and_then(|user| user.emails.first()).map(String::as_str));
        let id = match self.principal {
            Principal::Member(i) => Some(view.tables.members[i].user_id.as_str()),
            Principal::Former(i) => self.id.or(view.former[i].id.as_deref()),
            Principal::ServiceAccount | Principal::Outsider => self.id,
        };
        vec![
            ("principal", self.login.into()),
            ("principal_kind", self.kind(view).into()),
            ("principal_id", id.into()),
            ("email", email.into()),
            ("employment_status", self.person(view).map(|person| person.status.clone()).into()),
            ("scim_active", scim.and_then(|user| user.active).into()),
        ]
    }

    /// Last activity of a member.
    pub(super) fn last_active(&self, view: &View<'_>) -> Option<Timestamp> {
        if let Principal::Member(i) = self.principal { view.activity[i].last_at } else { None }
    }

    /// The rule of people who have left the company; `left` says what of theirs is still there.
    pub(super) fn terminated(&self, view: &View<'_>, left: &str) -> Option<Hit> {
        let person = self.person(view).filter(|person| view.is_terminated(Some(person)))?;
        let on = person.terminated_on.map(|day| format!(" on {}", time::format_date(day))).unwrap_or_default();
        let reason = format!("the roster says that this person left{on}, and {left}");
        Some(Hit::fail("terminated-with-access", Severity::Critical, reason))
    }

    /// The rule of people whom the roster does not know. One that is not complete proves nothing by its silence.
    pub(super) fn not_in_roster(&self, view: &View<'_>) -> Option<Hit> {
        let is_account = self.principal == Principal::ServiceAccount;
        let may_be_account = !matches!(self.principal, Principal::Member(_)) && view.is_gap(Source::ServiceAccounts);
        if !view.has_roster()
            || view.is_gap(Source::Roster)
            || is_account
            || may_be_account
            || self.person(view).is_some()
        {
            return None;
        }
        Some(Hit::review("not-in-roster", Severity::Medium, "the roster has nobody with this login or address"))
    }
}

/// Columns of access to the whole organization.
fn org_cells(view: &View<'_>, path: &str) -> Cells {
    vec![("resource_kind", "org".into()), ("resource", view.manifest.org.as_str().into()), ("path", path.into())]
}

/// Whole days since an instant.
fn age(view: &View<'_>, t: Timestamp) -> i64 {
    time::age_days(view.as_of(), t)
}

/// Every external member, and every member to whom a rule applies.
pub(super) fn members(view: &View<'_>) -> Vec<Path> {
    let members = view.tables.members.iter().enumerate();
    members
        .filter_map(|(i, member)| {
            let who = Who {
                principal: Principal::Member(i),
                id: Some(&member.user_id),
                login: Some(&member.username),
                email: member.verified_email.as_deref(),
            };
            let hits = member_hits(view, &who, i);
            let is_external = member.is_external == Some(true);
            (is_external || !hits.is_empty()).then(|| {
                let mut cells = who.cells(view);
                cells.extend(org_cells(view, "org-role"));
                let joined = view.joined[i].as_ref();
                cells.extend([
                    ("permission", member.role.clone().into()),
                    ("granted_at", joined.map(|j| j.at).into()),
                    ("granted_by", joined.and_then(|j| j.by.clone()).into()),
                    ("last_used_at", view.activity[i].last_at.into()),
                ]);
                Path { subject: ("member", member.username.clone()), hits, in_order: String::new(), cells }
            })
        })
        .collect()
}

/// Rules that apply to a member.
fn member_hits(view: &View<'_>, who: &Who<'_>, i: usize) -> Vec<Hit> {
    let member = &view.tables.members[i];
    let is_external = member.is_external == Some(true);
    let left = who.terminated(view, "the membership is still there");
    let mut hits: Vec<Hit> = left.into_iter().chain(who.not_in_roster(view)).collect();
    if view.is_deprovisioned(i) {
        let reason = "the identity provider has switched this user off, and the membership is still there";
        hits.push(Hit::fail("scim-deprovisioned", Severity::Critical, reason));
    }
    if let Some((active, other)) = view.scim.conflict(member) {
        let reason = format!(
            "two SCIM users match: {} is active and {} is not; the active one counts",
            active.username, other.username
        );
        hits.push(Hit::review("scim-conflict", Severity::Medium, reason));
    }
    if is_external {
        let reason = inactive_seats::reason(view, i);
        hits.push(if view.activity[i].status.is_idle() {
            Hit::fail("inactive-external", Severity::High, format!("external collaborator: {reason}"))
        } else {
            Hit::review("external-collaborator", Severity::Medium, format!("external collaborator: {reason}"))
        });
    } else if member.is_external == Some(false)
        && !view.is_gap(Source::Scim)
        && !view.tables.scim_users.is_empty()
        && view.scim_of[i].is_none()
    {
        let reason = "the identity provider does not manage this member";
        hits.push(Hit::review("unmanaged-by-scim", Severity::Low, reason));
    }
    hits
}

/// Every user of a resource group.
pub(super) fn group_users(view: &View<'_>) -> Vec<Path> {
    let users = view.tables.group_users.iter();
    users
        .map(|user| {
            let who = Who::of(view, user.user_id.as_deref(), Some(&user.username), None);
            let group = view.group_name(&user.group_id);
            let left = who.terminated(view, "is still in the group");
            let mut hits: Vec<Hit> = left.into_iter().chain(who.not_in_roster(view)).collect();
            if !matches!(who.principal, Principal::Member(_) | Principal::ServiceAccount) {
                hits.push(if view.is_gap(Source::ServiceAccounts) {
                    Hit::missing("not a member, and whether it is a service account could not be seen")
                } else {
                    let reason = format!("in the group {group} but neither a member nor a service account");
                    Hit::fail("group-user-not-member", Severity::High, reason)
                });
            }
            let mut cells = who.cells(view);
            cells.extend([
                ("resource_kind", "resource-group".into()),
                ("resource", group.into()),
                ("permission", user.role.clone().into()),
                ("path", format!("resource-group:{group}").into()),
                ("granted_by", user.added_by.clone().into()),
                ("last_used_at", who.last_active(view).into()),
            ]);
            let in_order = format!("{} in the group {group}", view.kind(who.principal).replace('-', " "));
            Path { subject: ("group-user", user.username.clone()), hits, in_order, cells }
        })
        .collect()
}

/// Every token that is not revoked.
pub(super) fn tokens(view: &View<'_>) -> Vec<Path> {
    let live = view.tables.tokens.iter().filter(|token| token.status != "revoked");
    live.map(|token| {
        let who = Who::of(view, token.owner_id.as_deref(), token.owner.as_deref(), None);
        let mut cells = who.cells(view);
        cells.extend(org_cells(view, "token"));
        cells.extend([
            ("permission", token.role.clone().into()),
            ("granted_at", token.created_at.into()),
            ("last_used_at", token.last_used_at.into()),
        ]);
        let in_order = match token.last_used_at {
            Some(at) => format!("last used {} ago", count(age(view, at), "day")),
            None => "created recently and not used yet".to_owned(),
        };
        Path { subject: ("token", token.token_id.clone()), hits: token_hits(view, token, &who), in_order, cells }
    })
    .collect()
}

/// Rules that apply to a token.
fn token_hits(view: &View<'_>, token: &Token, who: &Who<'_>) -> Vec<Hit> {
    let mut hits: Vec<Hit> = who.terminated(view, "the token is not revoked").into_iter().collect();
    if token.owner.is_none() && token.owner_id.is_none() {
        hits.push(Hit::missing("the Hub does not say whose token this is"));
    } else if !matches!(who.principal, Principal::Member(_)) {
        let reason = "the owner is not a member of the organization";
        hits.push(Hit::fail("token-outlives-membership", Severity::High, reason));
    }
    let thresholds = &view.params.activity;
    match (token.last_used_at, token.created_at) {
        (Some(used), _) if age(view, used) >= thresholds.threshold_days => {
            let reason = format!("last used {} ago", count(age(view, used), "day"));
            hits.push(Hit::review("unused-token", Severity::Low, reason));
        }
        (None, Some(created)) if age(view, created) >= thresholds.grace_days => {
            let reason = format!("never used since its creation {} ago", count(age(view, created), "day"));
            hits.push(Hit::review("unused-token", Severity::Low, reason));
        }
        (None, None) => {
            let reason = "never used as far as the Hub says, and of unknown age";
            hits.push(Hit::review("unused-token", Severity::Low, reason));
        }
        _ => {}
    }
    if token.role.as_deref() == Some("write") {
        let reason = "a write token reaches everything that its owner reaches";
        hits.push(Hit::review("broad-token", Severity::Medium, reason));
    }
    hits
}

/// Every service account.
pub(super) fn service_accounts(view: &View<'_>) -> Vec<Path> {
    let mut tokens: BTreeMap<&str, Vec<&ServiceToken>> = BTreeMap::new();
    for token in &view.tables.service_tokens {
        tokens.entry(&token.account_id).or_default().push(token);
    }
    let accounts = view.tables.service_accounts.iter();
    accounts
        .map(|account| {
            service_account(view, account, tokens.get(account.account_id.as_str()).map_or(&[][..], Vec::as_slice))
        })
        .collect()
}

/// The row of one service account.
fn service_account(view: &View<'_>, account: &ServiceAccount, tokens: &[&ServiceToken]) -> Path {
    let threshold = view.params.activity.threshold_days;
    let last_used = tokens.iter().filter_map(|token| token.last_used_at).max();
    let mut hits = Vec::new();
    if tokens.is_empty() && view.is_gap(Source::ServiceAccounts) {
        hits.push(Hit::missing("the tokens of this account may not all have been seen"));
    } else if last_used.is_none_or(|used| age(view, used) >= threshold) {
        let reason = match (tokens.is_empty(), last_used) {
            (true, _) => "the account has no token".to_owned(),
            (false, None) => "none of its tokens was ever used".to_owned(),
            (false, Some(used)) => format!("last used {} ago", count(age(view, used), "day")),
        };
        hits.push(Hit::review("service-account-idle", Severity::Medium, reason));
    }
    let endless = tokens.iter().filter(|token| token.expires_at.is_none()).count();
    if endless > 0 {
        let reason = format!("{} without an expiry date", count(i64::try_from(endless).unwrap_or(i64::MAX), "token"));
        hits.push(Hit::review("service-token-no-expiry", Severity::Low, reason));
    }
    let permissions: BTreeSet<&str> = tokens.iter().filter_map(|token| token.role.as_deref()).collect();
    let mut cells = org_cells(view, "service-token");
    cells.extend([
        ("principal", account.username.as_str().into()),
        ("principal_kind", "service-account".into()),
        ("principal_id", account.account_id.as_str().into()),
        ("permission", permissions.into_iter().collect::<Vec<_>>().join(";").into()),
        ("granted_at", account.created_at.into()),
        ("last_used_at", last_used.into()),
    ]);
    let in_order = "a token was used within the threshold, and every token expires".to_owned();
    Path { subject: ("service-account", account.username.clone()), hits, in_order, cells }
}

/// Every pending invite.
pub(super) fn invites(view: &View<'_>) -> Vec<Path> {
    let invites = view.invites.iter();
    invites
        .map(|invite| {
            let login = (!invite.invitee.contains('@')).then_some(invite.invitee.as_str());
            let email = invite.email.as_deref();
            // A former member may be invited again: the roster may know them by an address of then.
            let who = Who { principal: view.who(None, login, email), id: None, login, email };
            let mut hits: Vec<Hit> = who.terminated(view, "the invite is still open").into_iter().collect();
            let limit = view.params.analyzers.orphaned_access.invite_stale_days;
            let days = invite.invited_at.map_or(0, |at| age(view, at));
            if let Some(why) = view.unsettled(invite) {
                hits.push(Hit::missing(why));
            } else if days >= limit {
                let reason = format!("pending for {}, at least {}", count(days, "day"), count(limit, "day"));
                hits.push(Hit::fail("stale-invite", Severity::Low, reason));
            }
            let mut cells = who.cells(view);
            cells.extend(org_cells(view, "invite"));
            cells.extend([
                ("principal", invite.invitee.as_str().into()),
                ("principal_kind", "invitee".into()),
                ("principal_id", Cell::Empty),
                ("email", email.into()),
                ("permission", invite.role.clone().into()),
                ("granted_at", invite.invited_at.into()),
                ("granted_by", invite.invited_by.clone().into()),
            ]);
            let in_order = format!("pending for {}", count(days, "day"));
            Path { subject: ("invite", invite.invitee.clone()), hits, in_order, cells }
        })
        .collect()
}

/// Every former member with an audit event after leaving, or after the last sight of them where nobody knows when they
/// left.
pub(super) fn activity(view: &View<'_>) -> Vec<Path> {
    let mut newest: BTreeMap<usize, Timestamp> = BTreeMap::new();
    for author in &view.log.authors {
        if let Principal::Former(i) = view.principal(author.id.as_deref(), author.login.as_deref()) {
            let slot = newest.entry(i).or_insert(author.newest);
            *slot = (*slot).max(author.newest);
        }
    }
    newest.into_iter().filter_map(|(i, at)| activity_path(view, i, at)).collect()
}

/// The row of a former member whose newest audit event is of an instant.
fn activity_path(view: &View<'_>, i: usize, at: Timestamp) -> Option<Path> {
    let former = &view.former[i];
    let who = Who {
        principal: Principal::Former(i),
        id: former.id.as_deref(),
        login: Some(&former.login),
        email: former.email(),
    };
    let reason = format!("left {} and authored an audit event on {}", former.left.words(), time::format(at));
    let hits = match former.left {
        left if at > left.by() => {
            let mut hits = vec![Hit::fail("activity-after-removal", Severity::Critical, reason)];
            hits.extend(who.terminated(view, "still acted after leaving the organization"));
            hits
        }
        Left::Between(seen, _) if at > seen => {
            vec![Hit::missing(format!("{reason}: whether that was after leaving cannot be told"))]
        }
        Left::Between(..) | Left::On(_) => return None,
    };
    let mut cells = who.cells(view);
    cells.extend(org_cells(view, "audit-log"));
    cells.push(("last_used_at", at.into()));
    Some(Path { subject: ("activity", former.login.clone()), hits, in_order: String::new(), cells })
}
