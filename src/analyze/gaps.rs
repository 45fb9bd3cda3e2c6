//! What cannot be known without a source, in words for the row that says so.

use super::{
    Inputs,
    judged::{Hit, Judged, SOURCE_MISSING},
};
use crate::model::{coverage::Source, manifest::Manifest, outcome::Meta, time, verdict::Severity};

/// The analyzers that say what happened in the period, so that days that nobody saw are missing evidence for them.
const OF_THE_PERIOD: [&str; 3] = ["offboarding", "changes", "privileged-activity"];

/// The row of an analyzer about days of the period that no evidence covers; `None` where there are none.
pub(crate) fn period(meta: &Meta, inputs: &Inputs<'_>) -> Option<Judged> {
    let ((start, end), as_of) = (inputs.period, inputs.manifest.as_of);
    if as_of >= end || !OF_THE_PERIOD.contains(&meta.id) {
        return None;
    }
    let reason = format!(
        "no evidence covers the days of the period from {} to {} (the snapshot was taken on {}): what happened then cannot be told",
        time::format(as_of.max(start)),
        time::format(end),
        time::format(as_of)
    );
    Some(Judged::new(meta, ("source", "period"), vec![Hit::unknown(SOURCE_MISSING, Severity::High, reason)], []))
}

/// Analyzers that ask who is active by the use of tokens.
const BY_TOKEN: [&str; 3] = ["inactive-seats", "owner-coverage", "seat-spend"];

/// The sources of an analyzer that are holes in this snapshot's evidence: those it needs, opt-in ones that were asked
/// for, and whoami where tokens were read and it must be told which of them is the collector's own.
pub(crate) fn of(meta: &Meta, manifest: &Manifest) -> Vec<Source> {
    let own_token = BY_TOKEN.contains(&meta.id) && manifest.coverage(Source::Tokens).has_rows();
    let wanted =
        |source: &Source| meta.needs.contains(source) || source.is_opt_in() || *source == Source::Whoami && own_token;
    Source::ALL.into_iter().filter(wanted).filter(|source| manifest.is_gap(*source)).collect()
}

/// What a gap keeps us from knowing.
pub(crate) const fn consequence(source: Source) -> &'static str {
    match source {
        Source::Whoami => "it cannot be told what the collector's token was allowed to see",
        Source::Overview => "the number of members cannot be compared with the Hub's own count",
        Source::Members => "it cannot be told who is a member, with which role, and who is not",
        Source::ResourceGroups => "it cannot be told who reaches which repository through a group",
        Source::Repos => "there may be repositories that are not listed here",
        Source::GatedAccess => "there may be accepted requests that are not listed here",
        Source::Tokens => {
            "tokens cannot be listed, and a member who only downloads with a token cannot be told from an idle one"
        }
        Source::ServiceAccounts => "service accounts and their tokens cannot be listed or told from outsiders",
        Source::Scim => "it cannot be told whom the identity provider has switched off or does not manage",
        Source::AuditLog => "it cannot be told who was active, joined, left or was invited",
        Source::NetworkSecurity => "the network rules cannot be shown",
        Source::Commits => "commits cannot be counted as activity",
        Source::Roster => "people who have left the company cannot be told",
        Source::Invites => "pending invites that only the Members page shows are not listed here",
    }
}
