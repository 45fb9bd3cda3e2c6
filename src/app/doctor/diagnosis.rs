//! From what was found to what it means for the organization's next collection. Pure: no request, no clock.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::permissions::{self, Excess, Missing, Stated};
use crate::{
    collect::Examination,
    hub::one_line,
    model::{
        coverage::{Coverage, Plan, Source},
        ids::OrgName,
        manifest::{PlanFact, SourceRecord},
        time,
    },
};

/// Value of [`Diagnosis::format`].
const FORMAT: &str = "rollcall.doctor/1";

/// Role of an unscoped token that cannot write.
const READ: &str = "read";

/// What the findings are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    /// The organization.
    pub(super) org: &'a OrgName,
    /// The Hub.
    pub(super) endpoint: &'a str,
    /// Whether SCIM is asked with a token of its own.
    pub(super) scim_token: bool,
    /// Analyzers that need a source.
    pub(super) needs: &'a BTreeMap<Source, BTreeSet<&'static str>>,
}

/// What a token can read, lacks and does not need.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Diagnosis {
    /// [`FORMAT`].
    pub(super) format: &'static str,
    /// The organization.
    pub(super) org: OrgName,
    /// The Hub.
    pub(super) endpoint: String,
    /// Sources that an analyzer needs and that cannot be read, as far as was asked; empty when all is well.
    pub(super) gaps: Vec<Source>,
    /// Every source of the Hub.
    pub(super) sources: Vec<SourceLine>,
    /// The token.
    pub(super) token: TokenFacts,
    /// Why the token cannot see the organization right now: the Hub's word and its meaning.
    pub(super) restrictions: Vec<Restriction>,
    /// The organization's plan and where it is known from.
    pub(super) plan: PlanFact,
    /// Needed permissions that a fine-grained token does not state; `None` for other tokens.
    pub(super) missing: Option<Vec<Missing>>,
    /// Permissions that it has and rollcall does not need.
    pub(super) excess: Vec<Excess>,
    /// The rate limit after the last answer; `None` when no answer stated one.
    pub(super) quota: Option<QuotaFacts>,
    /// Seconds by which the Hub's clock is ahead; `None` when not known.
    pub(super) clock_skew_seconds: Option<i64>,
    /// The page that creates the right token. Its form is not in the Hub's documentation.
    pub(super) link: String,
}

/// One source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct SourceLine {
    /// Its name.
    pub(super) source: Source,
    /// `yes`, `in part`, `no`, `plan` or `not probed`.
    pub(super) readable: &'static str,
    /// Status of the answer that decides; `None` when none came or nothing was asked.
    pub(super) status: Option<u16>,
    /// Permissions that a fine-grained token needs; empty when any token will do or nobody knows.
    pub(super) permissions: BTreeSet<&'static str>,
    /// Whether the token states them; `None` when it is no fine-grained token or nobody knows what is needed.
    pub(super) stated: Option<Stated>,
    /// Analyzers that need it.
    pub(super) needed_by: BTreeSet<&'static str>,
    /// What to know about it; empty when there is nothing.
    pub(super) note: String,
}

/// Whose token it is and of which kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct TokenFacts {
    /// `auth.type`; `None` when whoami does not say, here and below.
    pub(super) kind: Option<String>,
    /// `read`, `write` or `fineGrained`.
    pub(super) role: Option<String>,
    /// Its name.
    pub(super) name: Option<String>,
    /// When it was made or last rotated, RFC 3339.
    pub(super) created_at: Option<String>,
    /// Login of its owner.
    pub(super) owner: Option<String>,
    /// Role of the owner in the organization.
    pub(super) role_in_org: Option<String>,
    /// Whether it reaches everything that its owner reaches.
    pub(super) unscoped: bool,
}

/// Why a token is held back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Restriction {
    /// The Hub's word.
    pub(super) word: String,
    /// What it means.
    pub(super) meaning: &'static str,
}

/// The rate limit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct QuotaFacts {
    /// Name of the bucket.
    pub(super) bucket: String,
    /// Requests left.
    pub(super) left: u64,
    /// Requests per window.
    pub(super) quota: Option<u64>,
    /// Seconds to the end of the window.
    pub(super) resets_seconds: Option<u64>,
}

impl Diagnosis {
    /// Judges what was found.
    pub(super) fn of(found: &Examination, context: Context<'_>) -> Self {
        let judge = Judge { found, context };
        let lines: Vec<_> = found.sources.iter().map(|(source, record)| judge.line(*source, record)).collect();
        let gap = |(source, record): &(&Source, &SourceRecord)| {
            context.needs.contains_key(source)
                && (record.coverage.is_gap(**source, &found.plan.plan()) || judge.doubt(**source).is_some())
        };
        let collector = &found.collector;
        let clean = |text: &Option<String>| text.as_deref().map(one_line);
        let restriction = |word: &String| Restriction { word: one_line(word), meaning: meaning(word) };
        let quota = found.vitals.quota.as_ref().map(|quota| QuotaFacts {
            bucket: one_line(&quota.bucket),
            left: quota.left,
            quota: quota.quota,
            resets_seconds: quota.resets_seconds,
        });
        Self {
            format: FORMAT,
            org: context.org.clone(),
            endpoint: context.endpoint.to_owned(),
            gaps: found.sources.iter().filter(gap).map(|(source, _)| *source).collect(),
            sources: lines,
            token: TokenFacts {
                kind: clean(&collector.auth_type),
                role: clean(&collector.token_role),
                name: clean(&collector.token_name),
                created_at: collector.token_created_at.map(time::format),
                owner: Some(one_line(&collector.login)).filter(|login| !login.is_empty()),
                role_in_org: clean(&collector.role_in_org),
                unscoped: judge.unscoped(),
            },
            restrictions: collector.security_restrictions.iter().map(restriction).collect(),
            plan: found.plan.clone(),
            missing: judge.is_fine_grained().then(|| permissions::missing(&judge.plan(), &found.grants)),
            excess: permissions::excess(context.org, &found.grants),
            quota,
            clock_skew_seconds: found.vitals.skew_seconds,
            link: permissions::link(context.endpoint, context.org, &judge.plan()),
        }
    }
}

/// Judges what was found.
#[derive(Clone, Copy, Debug)]
struct Judge<'a> {
    /// What was found.
    found: &'a Examination,
    /// What it is compared with.
    context: Context<'a>,
}

impl Judge<'_> {
    /// Whether the token states its permissions.
    fn is_fine_grained(self) -> bool {
        self.found.collector.token_role.as_deref() == Some("fineGrained")
    }

    /// Whether the token reaches everything that its owner reaches.
    fn unscoped(self) -> bool {
        matches!(self.found.collector.token_role.as_deref(), Some(READ | "write"))
    }

    /// Whether the token's owner is an owner of the organization.
    fn is_owner(self) -> bool {
        self.found.collector.role_in_org.as_deref() == Some("admin")
    }

    /// The plan by which permissions are needed. Where nobody but the public overview could have named one, its
    /// silence does not make the organization free.
    fn plan(self) -> Plan {
        let guessed = self.found.plan.from == "default" && !self.found.listed;
        if guessed { Plan::Other } else { self.found.plan.plan() }
    }

    /// How far the token states what a source takes; `None` when that cannot be said.
    fn stated(self, source: Source) -> Option<Stated> {
        let other_token = source == Source::Scim && self.context.scim_token;
        let says = self.is_fine_grained() && !other_token;
        says.then(|| permissions::stated_for(source, &self.found.grants)).flatten()
    }

    /// One source.
    fn line(self, source: Source, record: &SourceRecord) -> SourceLine {
        let mut notes: Vec<String> = record.why.iter().cloned().collect();
        notes.extend(self.remarks(source, record).into_iter().map(str::to_owned));
        notes.extend(self.doubt(source).map(str::to_owned));
        SourceLine {
            source,
            readable: readable(record.coverage),
            status: status(record),
            permissions: permissions::of_source(source),
            stated: self.stated(source),
            needed_by: self.context.needs.get(&source).cloned().unwrap_or_default(),
            note: one_long_line(&notes.join("; ")),
        }
    }

    /// What an answer does not say by itself.
    fn remarks(self, source: Source, record: &SourceRecord) -> Vec<&'static str> {
        let refused = matches!(record.coverage, Coverage::Forbidden | Coverage::Absent);
        let read = record.coverage.has_rows();
        let mut remarks = Vec::new();
        match source {
            Source::Members if record.coverage == Coverage::Collected && record.why.is_some() => {
                remarks.push("the token of an owner is needed to see that");
            }
            Source::ResourceGroups if read && !self.is_owner() => {
                remarks
                    .push("only groups that the token's owner can reach are listed: the token of an owner is needed");
            }
            Source::Repos if read && self.stated(source).is_some_and(|stated| stated != Stated::Yes) => {
                remarks.push("private repositories may be left out without a word where the permission is missing");
            }
            Source::Repos if read && !self.is_owner() => {
                remarks.push("repositories may be left out without a word: the token of an owner is needed");
            }
            Source::Tokens if refused => {
                remarks.push("which permission it takes is not documented; it takes an owner");
            }
            Source::AuditLog if self.found.collector.token_role.as_deref() == Some(READ) => {
                remarks.push("the permission is called write, so a token with role read may be refused");
            }
            Source::Overview | Source::Whoami => {}
            _ if refused && !self.is_owner() => remarks.push("the token of an owner is needed"),
            _ => {}
        }
        if source == Source::Scim && self.context.scim_token {
            remarks.push("asked with ROLLCALL_SCIM_TOKEN");
        }
        remarks
    }

    /// What speaks against a source that was not asked; `None` when nothing does.
    fn doubt(self, source: Source) -> Option<&'static str> {
        let asked = self.found.sources.get(&source).is_none_or(|record| record.coverage != Coverage::NotRequested);
        if asked || source != Source::AuditLog {
            return None;
        }
        let collector = &self.found.collector;
        if self.stated(source).is_some_and(|stated| stated != Stated::Yes) {
            Some("it would be refused as far as can be told: the token does not state the permission")
        } else if collector.role_in_org.is_some() && !self.is_owner() {
            Some("it would be refused as far as can be told: only an owner may export")
        } else if !collector.security_restrictions.is_empty() {
            Some("it would be refused as far as can be told: the token is held back")
        } else {
            None
        }
    }
}

/// A coverage as the answer to "can it be read?".
const fn readable(coverage: Coverage) -> &'static str {
    match coverage {
        Coverage::Collected | Coverage::Imported => "yes",
        Coverage::Partial => "in part",
        Coverage::Forbidden | Coverage::Absent | Coverage::Failed => "no",
        Coverage::PlanRequired => "plan",
        Coverage::Skipped | Coverage::NotRequested => "not probed",
    }
}

/// The status that decides: that of a refusal where there is one, unless another answer made up for it.
fn status(record: &SourceRecord) -> Option<u16> {
    let wanted = |error: bool| record.requests.iter().find(move |request| request.error.is_some() == error);
    let good = record.coverage == Coverage::Collected;
    wanted(!good).or_else(|| record.requests.first()).and_then(|request| request.status)
}

/// What a security restriction means.
fn meaning(word: &str) -> &'static str {
    match word {
        "mfa" => "the organization demands two-factor authentication, and the token's owner has not set it up",
        "sso" => "the token's owner has not signed in through the organization's single sign-on",
        "ip" => "the organization does not let in this network address",
        "token-policy" => {
            "the organization's token policy does not let the token in: it awaits approval, was denied, or is of a kind that is not allowed"
        }
        "token-revoked" => "an administrator of the organization has revoked the token",
        _ => "this version of rollcall does not know what that means",
    }
}

/// A text without line breaks, uncut.
fn one_long_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
