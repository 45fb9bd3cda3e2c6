//! Effective permission: who may do what with one repository, or one person with each, and by which path.
//!
//! The rules are in [`crate::model::access`]; here the facts are put together. The result has the form of an
//! analyzer's, its own declaration and a row for each gap, so that every output of one is an output of the other.

mod facts;
mod rows;

use std::collections::BTreeMap;

pub use rows::META;

use self::{
    facts::{Evidence, Someone},
    rows::{Row, Whose},
};
use super::{Error, Inputs, derived::view::View, gaps, judged, judged::Judged, scan};
use crate::{
    model::{
        access::Permission,
        ids::{fold, split_repo_path},
        outcome::Outcome,
    },
    table::access::Repo,
};

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About<'a> {
    /// Who reaches a repository: its path form, or its name alone.
    Repo(&'a str),
    /// What somebody reaches, by login.
    User(&'a str),
}

/// What was found.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// The permissions.
    Found(Box<Found>),
    /// Nothing is called so; the names that there are.
    NoSuchName(Vec<String>),
    /// Several repositories are called so.
    Several(Vec<String>),
}

/// Who or what was asked about, and the permissions.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// As the Hub spells it: a repository's path form, or a login.
    pub name: String,
    /// What the name is: the repository's type, or the kind of principal.
    pub kind: String,
    /// Facts about it by label, in order; empty where not known.
    pub facts: Vec<(&'static str, String)>,
    /// One row per principal and repository, and one per gap.
    pub outcome: Outcome,
}

/// Tells who reaches a repository, or what somebody reaches.
///
/// # Errors
/// When the audit archive cannot be read.
pub fn access(inputs: &Inputs<'_>, about: About<'_>) -> Result<Answer, Error> {
    Ok(answer(inputs, &scan::read(inputs.audit_parts, inputs.since())?, about))
}

/// The answer from a log that has been read.
pub(super) fn answer(inputs: &Inputs<'_>, log: &scan::Log, about: About<'_>) -> Answer {
    let view = View::of(inputs, log);
    let evidence = Evidence::of(&view);
    match about {
        About::Repo(name) => match named(&view, name).as_slice() {
            [] => Answer::NoSuchName(view.tables.repos.iter().map(|repo| repo.repo.clone()).collect()),
            [repo] => Answer::Found(Box::new(of_repo(&view, &evidence, repo))),
            several => Answer::Several(several.iter().map(|repo| repo.repo.clone()).collect()),
        },
        About::User(login) => match evidence.someone(login) {
            None => Answer::NoSuchName(evidence.people().map(|one| one.login.clone()).collect()),
            Some(one) => Answer::Found(Box::new(of_user(&view, &evidence, one))),
        },
    }
}

/// The repositories with a path form, else those with a name, with or without the organization's before it.
fn named<'v>(view: &View<'v>, name: &str) -> Vec<&'v Repo> {
    if let Some(repo) = view.repo(name) {
        return vec![repo];
    }
    let name = fold(name);
    let called = |repo: &&Repo| {
        let (_, full) = split_repo_path(&repo.repo);
        let bare = full.split_once('/').map_or(full, |(_, bare)| bare);
        fold(full) == name || fold(bare) == name
    };
    view.tables.repos.iter().filter(called).collect()
}

/// Who reaches a repository.
fn of_repo(view: &View<'_>, evidence: &Evidence<'_, '_>, repo: &Repo) -> Found {
    let mut rows = Vec::new();
    let everybody = Row::of(repo, Whose::Everybody, &Evidence::everybody(repo));
    if repo.visibility.as_deref() != Some("private") {
        rows.push(everybody.clone());
    }
    if let Some(hidden) = evidence.hidden(repo) {
        rows.push(Row::of(repo, Whose::Hidden(hidden), &Evidence::grantee(repo)));
    }
    let mut none = 0_usize;
    for one in evidence.people() {
        let row = Row::of(repo, evidence.whose(one, repo), &evidence.facts(one, repo));
        // A stranger who has what everybody has is one of everybody.
        let stranger = !one.belongs() && row.effective == everybody.effective;
        if row.effective.is_nothing() {
            // Who has nothing is counted among those who belong: of strangers there is no end.
            none += usize::from(one.belongs());
        } else if !stranger {
            rows.push(row);
        }
    }
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let facts = vec![
        ("visibility", text(repo.visibility.as_deref())),
        ("gated", text(repo.gated.as_deref())),
        ("resource group", text(repo.group_id.as_deref().map(|id| view.group_name(id)))),
        ("created by", text(view.creator(&repo.repo).map(|creator| creator.login))),
    ];
    let outcome = outcome(view, &rows, none);
    Found { name: repo.repo.clone(), kind: repo.repo_type.clone(), facts, outcome }
}

/// What somebody reaches.
fn of_user(view: &View<'_>, evidence: &Evidence<'_, '_>, one: &Someone) -> Found {
    let all = view.tables.repos.iter().map(|repo| Row::of(repo, evidence.whose(one, repo), &evidence.facts(one, repo)));
    let (none, rows): (Vec<_>, Vec<_>) = all.partition(|row| row.effective.is_nothing());
    let mut facts = vec![("organization role", evidence.org_role(one).unwrap_or_default().to_owned())];
    facts.push(("resource groups", evidence.groups(one).join(", ")));
    let outcome = outcome(view, &rows, none.len());
    Found { name: one.login.clone(), kind: one.kind.to_owned(), facts, outcome }
}

/// Rows, gaps and totals as an analyzer's result; `none` of the asked for have surely no access.
fn outcome(view: &View<'_>, rows: &[Row<'_>], none: usize) -> Outcome {
    let gaps = gaps::of(&META, view.manifest).into_iter().filter(|source| META.needs.contains(source));
    let gaps = gaps.map(|source| Judged::source(&META, view.manifest, source));
    let mut judged: Vec<_> = gaps.chain(rows.iter().map(Row::judged)).map(Judged::into_row).collect();
    judged::sort(&META, &mut judged);
    let has = |permission| rows.iter().filter(|row| row.effective.permission == permission).count();
    let mut totals: BTreeMap<String, serde_json::Value> =
        Permission::ALL.into_iter().map(|p| (p.word().to_owned(), has(Some(p)).into())).collect();
    totals.insert("none".to_owned(), (none + has(Some(Permission::None))).into());
    totals.insert("unknown".to_owned(), has(None).into());
    let limits = vec![
        "Tokens narrow what their owner may do and never widen it; network rules and single sign-on may refuse any use."
            .to_owned(),
        "Pending invitations give no access and are not listed.".to_owned(),
    ];
    Outcome { meta: &META, rows: judged, totals, limits, charts: Vec::new() }
}
