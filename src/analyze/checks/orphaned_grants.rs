//! The accepted grants of `orphaned-access`: one row for each grantee who is or was ours, one per repository for the
//! others.

use std::collections::BTreeMap;

use super::{
    super::{
        derived::view::{Principal, View},
        judged::Hit,
    },
    orphaned_access::Path,
    orphaned_rows::{Cells, Who},
};
use crate::{
    model::{coverage::Source, ids::fold, time::Timestamp, verdict::Severity},
    table::access::GatedAccess,
};

/// Accepted grants: one row for each grantee who is or was a member or is in the roster, one per repository for the
/// others.
pub(super) fn grants(view: &View<'_>) -> Vec<Path> {
    let mut by_repo: BTreeMap<&str, Vec<&GatedAccess>> = BTreeMap::new();
    for grant in view.tables.gated_access.iter().filter(|grant| grant.status == "accepted") {
        by_repo.entry(&grant.repo).or_default().push(grant);
    }
    by_repo.into_iter().flat_map(|(repo, grants)| repo_grants(view, repo, grants)).collect()
}

/// Grants of one repository.
fn repo_grants(view: &View<'_>, repo: &str, grants: Vec<&GatedAccess>) -> Vec<Path> {
    // One person may be listed twice; the newest decision counts.
    let mut listed: BTreeMap<String, &GatedAccess> = BTreeMap::new();
    let mut hidden = 0_usize;
    for grant in grants {
        let Some(login) = &grant.username else {
            hidden += 1;
            continue;
        };
        let newest = listed.entry(fold(login)).or_insert(grant);
        if granted_at(grant) > granted_at(newest) {
            *newest = grant;
        }
    }
    let mut paths = Vec::new();
    let mut outside = hidden;
    for grant in listed.into_values() {
        let who = Who::of(view, grant.user_id.as_deref(), grant.username.as_deref(), grant.email.as_deref());
        let is_ours =
            matches!(who.principal, Principal::Member(_) | Principal::Former(_)) || who.person(view).is_some();
        if is_ours || view.params.analyzers.orphaned_access.list_outside_grants {
            paths.push(grant_path(view, repo, grant, &who));
        } else {
            outside += 1;
        }
    }
    if outside > 0 {
        paths.push(outside_path(view, repo, outside, hidden));
    }
    paths
}

/// When a grant was given: reviewed, else asked for.
pub(super) fn granted_at(grant: &GatedAccess) -> Option<Timestamp> {
    grant.reviewed_at.or(grant.requested_at)
}

/// Columns of a repository.
fn repo_cells(view: &View<'_>, repo: &str) -> Cells {
    let known = view.repo(repo);
    vec![
        ("resource_kind", "repo".into()),
        ("resource", repo.into()),
        ("permission", "read".into()),
        ("path", "gated-grant".into()),
        ("repo_visibility", known.and_then(|r| r.visibility.clone()).into()),
        ("repo_gated", known.and_then(|r| r.gated.clone()).into()),
    ]
}

/// The rule of grantees who are not known as members: `n` of them, of whom `hidden` are not named.
///
/// Nothing proves that somebody never was a member: the log begins somewhere, and a hidden grantee may be anybody.
fn outside_hit(view: &View<'_>, repo: &str, n: usize, hidden: usize) -> Hit {
    let mut reason = if n == 1 {
        "1 grantee who is not known as a member".to_owned()
    } else {
        format!("{n} grantees who are not known as members")
    };
    if hidden > 0 {
        reason = format!("{reason}, {hidden} of them not named by the Hub");
    }
    if view.repo(repo).and_then(|r| r.gated.as_deref()) == Some("auto") {
        let gap = "without the whole audit log, nobody can tell whether they were members";
        let gap = view.is_gap(Source::AuditLog).then_some(gap);
        Hit::pass_unless(gap, "outside-grantees", format!("{reason}; gating is automatic"))
    } else {
        Hit::review("outside-grantees", Severity::Low, reason)
    }
}

/// The row of one grantee.
fn grant_path(view: &View<'_>, repo: &str, grant: &GatedAccess, who: &Who<'_>) -> Path {
    let known = view.repo(repo);
    let mut hits: Vec<Hit> = who.terminated(view, "the grant is still accepted").into_iter().collect();
    match who.principal {
        Principal::Former(i) => {
            let left = view.former[i].left.words();
            let reason = format!("left the organization {left}, and the grant is still accepted");
            hits.push(Hit::fail("former-member-grant", Severity::High, reason));
        }
        Principal::Outsider | Principal::ServiceAccount => hits.push(outside_hit(view, repo, 1, 0)),
        Principal::Member(_) => {}
    }
    if known.and_then(|r| r.visibility.as_deref()) == Some("private") {
        let reason = "the repository is private: the grant has no effect until it is public";
        hits.push(Hit::review("grant-on-private-repo", Severity::Low, reason));
    }
    if known.and_then(|r| r.gated.as_deref()) == Some("false") {
        let reason = "the repository is no longer gated: the grant returns with gating";
        hits.push(Hit::review("grant-on-ungated-repo", Severity::Low, reason));
    }
    let mut cells = who.cells(view);
    cells.extend(repo_cells(view, repo));
    cells.extend([
        ("granted_at", granted_at(grant).into()),
        ("granted_by", grant.granted_by.clone().into()),
        ("last_used_at", who.last_active(view).into()),
    ]);
    let login = who.login.unwrap_or_default().to_owned();
    let in_order = "an accepted grant of a current member".to_owned();
    Path { subject: ("gated-grant", login), hits, in_order, cells }
}

/// The row of all other grantees of a repository.
fn outside_path(view: &View<'_>, repo: &str, n: usize, hidden: usize) -> Path {
    let mut cells = repo_cells(view, repo);
    cells.push(("principal_kind", "outsider".into()));
    cells.push(("grant_count", n.into()));
    let hits = vec![outside_hit(view, repo, n, hidden)];
    Path { subject: ("repo", repo.to_owned()), hits, in_order: String::new(), cells }
}
