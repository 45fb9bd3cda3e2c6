//! Pending invites. The Hub has no list of them: they follow from the log, SCIM and an imported file.

use std::collections::BTreeMap;

use super::{
    super::scan::{Event, Log, is_invite, is_join},
    lifecycle::{Joined, Roll, subjects},
    memory::Invitees,
};
use crate::{
    model::{ids::fold, time::Timestamp},
    table::{
        Tables,
        access::{Invite, InvitedFile, ScimUser, Seen},
    },
};

/// What `source` of an invite says of an imported file.
pub(crate) const FILE: &str = "file";

/// What the derivation looks at.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    /// Tables of the snapshot.
    pub(crate) tables: &'a Tables,
    /// The log.
    pub(crate) log: &'a Log,
    /// What is remembered of earlier snapshots.
    pub(crate) seen: &'a [Seen],
    /// Current members.
    pub(crate) roll: &'a Roll,
    /// When each member joined.
    pub(crate) joined: &'a [Option<Joined>],
    /// Instant of the snapshot.
    pub(crate) as_of: Timestamp,
}

/// An invite being put together.
#[derive(Clone, Debug, Default)]
struct Open {
    /// Folded login.
    login: Option<String>,
    /// Folded addresses.
    emails: Vec<String>,
    /// Role.
    role: Option<String>,
    /// Newest invitation.
    at: Option<Timestamp>,
    /// Who invited.
    by: Option<String>,
    /// Where it was seen.
    source: Vec<String>,
}

impl Open {
    /// Whether two invites are for the same invitee.
    fn is_same(&self, other: &Self) -> bool {
        (self.login.is_some() && self.login == other.login) || self.emails.iter().any(|e| other.emails.contains(e))
    }

    /// Takes in another invite for the same invitee; the newest invitation names date, role and inviter.
    fn absorb(&mut self, other: Self) {
        if other.at > self.at {
            (self.at, self.by) = (other.at, other.by);
            self.role = other.role.or(self.role.take());
        } else {
            self.role = self.role.take().or(other.role);
        }
        self.login = self.login.take().or(other.login);
        for email in other.emails {
            if !self.emails.contains(&email) {
                self.emails.push(email);
            }
        }
        for source in other.source {
            if !self.source.contains(&source) {
                self.source.push(source);
            }
        }
    }
}

/// Every pending invite, by invitee.
pub(crate) fn pending(sources: &Sources<'_>) -> Vec<Invite> {
    let mut open = Vec::new();
    for invite in from_log(sources.log) {
        add(&mut open, invite);
    }
    let scim = sources.tables.scim_users.iter().filter(|user| is_invited(user, sources.roll)).map(of_scim);
    let file = sources.tables.invites_file.iter().filter_map(of_file);
    for invite in scim.chain(file) {
        add(&mut open, invite);
    }
    let remembered = Invitees::of(sources.seen);
    let first_seen = |invite: &Open| remembered.first_seen(invite.login.as_deref(), &invite.emails);
    let mut invites: Vec<Invite> = open
        .into_iter()
        .map(|mut invite| {
            invite.at = invite.at.or_else(|| first_seen(&invite)).or(Some(sources.as_of));
            invite
        })
        .filter(|invite| !is_member(invite, sources))
        .filter_map(|invite| {
            let email = invite.emails.first().cloned();
            Some(Invite {
                invitee: invite.login.or_else(|| email.clone())?,
                email,
                role: invite.role,
                invited_at: invite.at,
                invited_by: invite.by,
                source: invite.source,
            })
        })
        .collect();
    invites.sort_by(|a, b| a.invitee.cmp(&b.invitee));
    invites
}

/// Adds an invite, to an open one for the same invitee where there is one.
fn add(open: &mut Vec<Open>, invite: Open) {
    match open.iter_mut().find(|o| o.is_same(&invite)) {
        Some(same) => same.absorb(invite),
        None => open.push(invite),
    }
}

/// Invites that the log opens and does not close.
fn from_log(log: &Log) -> Vec<Open> {
    // By login or address as the event names it; the log is sorted, so the last one is the newest.
    let mut open: BTreeMap<String, &Event> = BTreeMap::new();
    for event in &log.events {
        if is_invite(&event.kind) {
            for target in &event.targets {
                open.insert(fold(&target.name), event);
            }
        } else if is_join(&event.kind) {
            for subject in subjects(event).iter().chain(&event.targets) {
                open.remove(&fold(&subject.name));
            }
        }
    }
    open.into_iter()
        .map(|(name, event)| {
            let (login, emails) = if name.contains('@') { (None, vec![name]) } else { (Some(name), Vec::new()) };
            Open {
                login,
                emails,
                role: event.role.clone(),
                at: Some(event.at),
                by: event.author.clone(),
                source: vec!["audit".to_owned()],
            }
        })
        .collect()
}

/// Whether a SCIM user stands for a pending invitation: by invitation, wanted in, and no member.
fn is_invited(user: &ScimUser, roll: &Roll) -> bool {
    user.tree == "scim-provisioning"
        && user.active == Some(true)
        && roll.find_login(&user.username).is_none()
        && user.emails.iter().all(|email| roll.find_email(email).is_none())
}

/// The invite that a SCIM user stands for.
fn of_scim(user: &ScimUser) -> Open {
    let name = fold(&user.username);
    let mut emails: Vec<String> = user.emails.iter().map(|email| fold(email)).collect();
    let login = if name.contains('@') {
        emails.retain(|email| *email != name);
        emails.insert(0, name);
        None
    } else {
        Some(name)
    };
    Open { login, emails, source: vec!["scim".to_owned()], ..Open::default() }
}

/// The invite of a row of an imported file; `None` when the row names nobody.
fn of_file(row: &InvitedFile) -> Option<Open> {
    if row.username.is_none() && row.email.is_none() {
        return None;
    }
    Some(Open {
        login: row.username.as_deref().map(fold),
        emails: row.email.iter().map(|email| fold(email)).collect(),
        role: row.role.clone(),
        at: row.invited_at,
        by: None,
        source: vec![FILE.to_owned()],
    })
}

/// Whether a member has taken the invite: by login, or by an address of somebody who is not known to have been a
/// member before. One who was holds a second seat once it is accepted, and the invite stays.
fn is_member(invite: &Open, sources: &Sources<'_>) -> bool {
    if invite.login.as_deref().is_some_and(|login| sources.roll.find_login(login).is_some()) {
        return true;
    }
    invite.emails.iter().filter_map(|email| sources.roll.find_email(email)).any(|member| {
        let joined = sources.joined.get(member).and_then(Option::as_ref);
        !matches!((joined, invite.at), (Some(joined), Some(invited)) if joined.at < invited)
    })
}
