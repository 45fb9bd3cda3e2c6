//! Who is active, and how sure that is.

use std::collections::{BTreeMap, BTreeSet};

use super::super::scan::{Author, Log};
use crate::{
    model::{
        coverage::Source,
        ids::fold,
        manifest::Manifest,
        params,
        time::{self, Timestamp},
    },
    table::{
        Tables,
        access::{Member, Token},
    },
};

/// Whether somebody is active.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Status {
    /// Did something within the threshold.
    Active,
    /// Joined within the grace period.
    New,
    /// The log does not reach back far enough to tell.
    Unknown,
    /// Idle in the log, but tokens could not be seen, and the log records no reads.
    Unconfirmed,
    /// Did something, but not within the threshold.
    Inactive,
    /// Never did anything that could be seen.
    NeverActive,
}

impl Status {
    /// The status's word in reports.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::New => "new",
            Self::Unknown => "unknown",
            Self::Unconfirmed => "unconfirmed",
            Self::Inactive => "inactive",
            Self::NeverActive => "never-active",
        }
    }

    /// Whether inactivity is proved.
    pub(crate) const fn is_idle(self) -> bool {
        matches!(self, Self::Inactive | Self::NeverActive)
    }
}

/// Activity of one principal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Activity {
    /// Newest evidence.
    pub(crate) last_at: Option<Timestamp>,
    /// Its kind: `audit:<event type>`, `token` or `commit`.
    pub(crate) last_source: Option<String>,
    /// Whole days since.
    pub(crate) idle_days: Option<i64>,
    /// What follows.
    pub(crate) status: Status,
}

impl Activity {
    /// The same, of somebody whose newest use of a token may be the collection itself: not proved inactive.
    pub(crate) fn or_unknown(self) -> Self {
        let open = self.status.is_idle() || self.status == Status::Unconfirmed;
        Self { status: if open { Status::Unknown } else { self.status }, ..self }
    }
}

/// The window in which activity would have been seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Window {
    /// Instant of the snapshot.
    pub(crate) as_of: Timestamp,
    /// Since when the log is continuous.
    pub(crate) observed_since: Option<Timestamp>,
    /// Whether tokens are a gap.
    pub(crate) tokens_gap: bool,
    /// Sources that were looked at, joined by `+`; `none` if none.
    pub(crate) basis: String,
    /// Thresholds.
    pub(crate) params: params::Activity,
}

impl Window {
    /// The window of a snapshot.
    pub(crate) fn of(manifest: &Manifest, params: &params::Activity) -> Self {
        let looked_at: Vec<&str> =
            [(Source::AuditLog, "audit"), (Source::Tokens, "tokens"), (Source::Commits, "commits")]
                .into_iter()
                .filter(|(source, _)| manifest.coverage(*source).has_rows())
                .map(|(_, word)| word)
                .collect();
        Self {
            as_of: manifest.as_of,
            observed_since: manifest.audit.observed_since,
            tokens_gap: manifest.is_gap(Source::Tokens),
            basis: if looked_at.is_empty() { "none".to_owned() } else { looked_at.join("+") },
            params: params.clone(),
        }
    }

    /// Whether the log is continuous for as long as the threshold.
    pub(crate) fn sees_far_enough(&self) -> bool {
        let age = |since| time::age_days(self.as_of, since);
        self.observed_since.is_some_and(|since| age(since) >= self.params.threshold_days)
    }

    /// Judges the newest evidence of somebody who joined at `joined`.
    pub(crate) fn judge(&self, newest: Option<(Timestamp, String)>, joined: Option<Timestamp>) -> Activity {
        let age = |t: Timestamp| time::age_days(self.as_of, t);
        let idle_days = newest.as_ref().map(|(at, _)| age(*at));
        let status = if idle_days.is_some_and(|idle| idle < self.params.threshold_days) {
            Status::Active
        } else if joined.is_some_and(|joined| age(joined) < self.params.grace_days) {
            Status::New
        } else if !self.sees_far_enough() {
            Status::Unknown
        } else if self.tokens_gap {
            Status::Unconfirmed
        } else if newest.is_some() {
            Status::Inactive
        } else {
            Status::NeverActive
        };
        let (last_at, last_source) = newest.unzip();
        Activity { last_at, last_source, idle_days, status }
    }
}

/// Newest evidence by id and by login.
#[derive(Debug, Default)]
pub(crate) struct Evidence<'a> {
    /// By id of the author or token owner.
    by_id: BTreeMap<&'a str, (Timestamp, String)>,
    /// By folded login, where the evidence has no id.
    by_login: BTreeMap<String, (Timestamp, String)>,
    /// Ids and folded logins of the owners of the newest used token, where whoami does not tell which token collected.
    doubtful: BTreeSet<String>,
}

impl<'a> Evidence<'a> {
    /// Gathers what the log, the tokens and the commits of a snapshot show.
    pub(crate) fn of(manifest: &Manifest, tables: &'a Tables, log: &'a Log) -> Self {
        let mut evidence = Self::default();
        for Author { id, login, active, .. } in &log.authors {
            if let Some((at, kind)) = active {
                evidence.add(id.as_deref(), login.as_deref(), (*at, format!("audit:{kind}")));
            }
        }
        let unknown_observer = manifest.is_gap(Source::Whoami);
        let newest = tables.tokens.iter().filter_map(|token| token.last_used_at).max().filter(|_| unknown_observer);
        for token in tables.tokens.iter().filter(|token| !is_observer(manifest, token)) {
            if newest.is_some() && token.last_used_at == newest {
                evidence.doubtful.extend(token.owner_id.clone());
                evidence.doubtful.extend(token.owner.as_deref().map(fold));
            } else if let Some(at) = token.last_used_at {
                evidence.add(token.owner_id.as_deref(), token.owner.as_deref(), (at, "token".to_owned()));
            }
        }
        for commit in &tables.commits {
            evidence.add(None, Some(&commit.author), (commit.committed_at, "commit".to_owned()));
        }
        evidence
    }

    /// Adds one piece. At the same instant the log outweighs a token and a token a commit.
    fn add(&mut self, id: Option<&'a str>, login: Option<&str>, piece: (Timestamp, String)) {
        let slot = match (id, login) {
            (Some(id), _) => self.by_id.entry(id).or_insert_with(|| piece.clone()),
            (None, Some(login)) => self.by_login.entry(fold(login)).or_insert_with(|| piece.clone()),
            (None, None) => return,
        };
        let weight = |source: &str| match source {
            "commit" => 0,
            "token" => 1,
            _ => 2,
        };
        if (piece.0, weight(&piece.1)) > (slot.0, weight(&slot.1)) {
            *slot = piece;
        }
    }

    /// Whether a member may owe their newest use of a token to the collection itself.
    pub(crate) fn is_doubtful(&self, member: &Member) -> bool {
        self.doubtful.contains(&member.user_id) || self.doubtful.contains(&fold(&member.username))
    }

    /// The newest piece of a member.
    pub(crate) fn newest(&self, member: &Member) -> Option<(Timestamp, String)> {
        let by_id = self.by_id.get(member.user_id.as_str());
        let by_login = self.by_login.get(&fold(&member.username));
        match (by_id, by_login) {
            (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
            (a, b) => a.or(b),
        }
        .cloned()
    }
}

/// Whether a token is the one that rollcall itself reads with.
fn is_observer(manifest: &Manifest, token: &Token) -> bool {
    let collector = &manifest.collector;
    let own = match (&token.owner_id, &collector.user_id) {
        (Some(owner), Some(user)) => owner == user,
        _ => token.owner.as_ref().is_some_and(|owner| fold(owner) == fold(&collector.login)),
    };
    own && token.created_at.is_some() && token.created_at == collector.token_created_at
}
