//! What became of the findings of the baseline. A finding that is gone is closed only where everything that it rested on
//! was read again; whoever or whatever was renamed in between is still the same.

use std::collections::BTreeMap;

use super::{Analysis, Finding};
use crate::{
    model::{
        coverage::Source,
        follow_up::{Fate, FollowUp, Followed},
        ids::fold,
        manifest::Manifest,
        outcome::Meta,
        verdict::Verdict,
    },
    table::Tables,
};

/// Analyzers whose findings are about what happened in a period: they are no state that could be mended.
const OF_A_PERIOD: [&str; 2] = ["changes", "privileged-activity"];

/// One of the two snapshots, judged.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// Its tables.
    pub tables: &'a Tables,
    /// Its judgement.
    pub analysis: &'a Analysis,
}

/// A subject of one analyzer: analyzer, kind, subject and resource, by stable ids where they are known.
type Subject = (&'static str, &'static str, String, String);

/// Compares the open findings of the baseline with those of now.
#[must_use]
pub fn follow_up(before: Side<'_>, now: Side<'_>) -> FollowUp {
    let names = (Names::of(before.tables), Names::of(now.tables));
    let old = by_subject(before.analysis, (&names.0, &names.1));
    let new = by_subject(now.analysis, (&names.1, &names.0));
    let metas: BTreeMap<&str, &Meta> = now.analysis.outcomes.iter().map(|o| (o.meta.id, o.meta)).collect();
    let mut findings = Vec::new();
    for (subject, rules) in &old {
        let still = new.get(subject);
        for (rule, was) in rules.iter().filter(|(_, was)| was.verdict.is_open()) {
            let is = still.and_then(|rules| rules.get(rule)).copied();
            let missing = || missing(was, metas.get(was.analyzer).copied(), (before.manifest, now.manifest), still);
            let (fate, missing) = match is.map(|is| is.verdict) {
                Some(Verdict::Accepted) => (Fate::Accepted, Vec::new()),
                Some(_) => (Fate::StillOpen, Vec::new()),
                None => match missing() {
                    missing if missing.is_empty() => (Fate::Closed, missing),
                    missing => (Fate::CannotTell, missing),
                },
            };
            findings.push(followed(fate, (Some(was), is), missing));
        }
    }
    for (subject, rules) in &new {
        let was = old.get(subject);
        let is_new = |rule: &&str| was.and_then(|rules| rules.get(*rule)).is_none_or(|was| !was.verdict.is_open());
        for (_, is) in rules.iter().filter(|(rule, is)| is.verdict.is_open() && is_new(rule)) {
            findings.push(followed(Fate::New, (None, Some(is)), Vec::new()));
        }
    }
    findings.sort_by_cached_key(Followed::rank);
    FollowUp { baseline: before.manifest.id.clone(), as_of: before.manifest.as_of, findings }
}

/// A finding of the baseline, of now, or of both.
fn followed(fate: Fate, (was, is): (Option<&Finding>, Option<&Finding>), missing: Vec<String>) -> Followed {
    let Finding { analyzer, subject_kind, subject, resource, rule, .. } =
        is.or(was).expect("a finding is followed because it is in one of the two").clone();
    let judged = |finding: &Finding| (finding.verdict, finding.severity);
    Followed {
        fate,
        analyzer,
        rule,
        subject_kind,
        subject,
        resource,
        before: was.map(judged),
        now: is.map(judged),
        missing,
    }
}

/// Findings by subject and rule; of several rows with one key the worst counts.
fn by_subject<'f>(
    analysis: &'f Analysis,
    names: (&Names<'_>, &Names<'_>),
) -> BTreeMap<Subject, BTreeMap<&'static str, &'f Finding>> {
    let mut all: BTreeMap<Subject, BTreeMap<&'static str, &Finding>> = BTreeMap::new();
    for finding in analysis.findings.iter().filter(|finding| is_state(finding)) {
        let subject = names.0.subject(finding, names.1);
        let known = all.entry(subject).or_default().entry(finding.rule).or_insert(finding);
        if (finding.verdict, finding.severity) < (known.verdict, known.severity) {
            *known = finding;
        }
    }
    all
}

/// Whether a finding is about a state, and not about what happened in the period of one report.
fn is_state(finding: &Finding) -> bool {
    let of_period = finding.subject_kind == "source" && source(&finding.subject).is_none();
    !OF_A_PERIOD.contains(&finding.analyzer) && !of_period
}

/// A source by name.
fn source(name: &str) -> Option<Source> {
    Source::ALL.into_iter().find(|source| source.name() == name)
}

/// What keeps one from telling that a finding which is gone was closed: sources that it may rest on and that are missing
/// now, and rules that say of the same subject that it cannot be judged.
fn missing(
    was: &Finding,
    meta: Option<&Meta>,
    (before, now): (&Manifest, &Manifest),
    still: Option<&BTreeMap<&'static str, &Finding>>,
) -> Vec<String> {
    let gone = |source: &Source| {
        let not_given = source.is_opt_in() && before.coverage(*source).has_rows() && !now.coverage(*source).has_rows();
        now.is_gap(*source) || not_given
    };
    if was.subject_kind == "source" {
        // The gap itself: it is closed when the source was read.
        return source(&was.subject).filter(gone).map(|source| source.name().to_owned()).into_iter().collect();
    }
    let rests_on = |source: &Source| {
        let needed = meta.is_some_and(|meta| meta.needs.contains(source));
        // A list of invites tells of invites alone; without the roster every rule about leavers is silent.
        needed || *source == Source::Roster || (*source == Source::Invites && was.subject_kind == "invite")
    };
    let sources = Source::ALL.into_iter().filter(rests_on).filter(gone).map(|source| source.name().to_owned());
    let unknown = still.into_iter().flatten().filter(|(_, is)| is.verdict == Verdict::Unknown);
    let unknown = unknown.map(|(rule, _)| (*rule).to_owned()).filter(|_| was.verdict != Verdict::Unknown);
    sources.chain(unknown).collect()
}

/// Stable ids of what a snapshot names.
struct Names<'a> {
    /// Ids of people by folded login.
    people: BTreeMap<String, &'a str>,
    /// Ids of resource groups by name.
    groups: BTreeMap<String, &'a str>,
    /// Ids of repositories by folded path.
    repos: BTreeMap<String, &'a str>,
}

impl<'a> Names<'a> {
    /// What the tables name.
    fn of(tables: &'a Tables) -> Self {
        let members = tables.members.iter().map(|m| (Some(m.username.as_str()), Some(m.user_id.as_str())));
        let users = tables.group_users.iter().map(|u| (Some(u.username.as_str()), u.user_id.as_deref()));
        let grantees = tables.gated_access.iter().map(|g| (g.username.as_deref(), g.user_id.as_deref()));
        let owners = tables.tokens.iter().map(|t| (t.owner.as_deref(), t.owner_id.as_deref()));
        let mut people = BTreeMap::new();
        for (login, id) in members.chain(users).chain(grantees).chain(owners) {
            if let (Some(login), Some(id)) = (login, id) {
                people.entry(fold(login)).or_insert(id);
            }
        }
        let groups = tables.resource_groups.iter().map(|g| (g.name.clone(), g.group_id.as_str())).collect();
        let repos = tables.repos.iter().filter_map(|r| Some((fold(&r.repo), r.repo_id.as_deref()?))).collect();
        Self { people, groups, repos }
    }

    /// The subject of a finding of this snapshot, which the other one may know under another name.
    fn subject(&self, finding: &Finding, other: &Self) -> Subject {
        let of = |pick: fn(&Self) -> &BTreeMap<String, &'a str>, name: String| {
            let id = pick(self).get(&name).or_else(|| pick(other).get(&name));
            id.map_or_else(|| format!("name {name}"), |id| format!("id {id}"))
        };
        let person = |name: &str| of(|names| &names.people, fold(name));
        let group = |name: &str| of(|names| &names.groups, name.to_owned());
        let repo = |name: &str| of(|names| &names.repos, fold(name));
        let (name, resource) = (finding.subject.as_str(), finding.resource.as_str());
        let (subject, resource) = match finding.subject_kind {
            "member" | "owner" | "activity" | "person" | "invite" => (person(name), resource.to_owned()),
            "group-user" => (person(name), group(resource)),
            "gated-grant" => (person(name), repo(resource)),
            "resource-group" => (group(name), String::new()),
            "repo" => (repo(name), String::new()),
            _ => (name.to_owned(), resource.to_owned()),
        };
        (finding.analyzer, finding.subject_kind, subject, resource)
    }
}
