//! `gated_access`: requests and grants of every repository that is or may be gated.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::{
    Error,
    ledger::Ledger,
    read::{Failure, Part, Reader},
    repos, wire,
};
use crate::{
    hub::endpoints,
    table::access::{GatedAccess, Repo},
};

/// The lists of a repository.
const STATUSES: [&str; 3] = ["pending", "accepted", "rejected"];

/// Repositories that a record names; more are counted.
const NAMED: usize = 5;

/// The repositories to ask, by path: models and datasets that are gated or of which nobody says that they are not;
/// with `all` the public ones too, since grants survive the end of gating.
pub(super) fn candidates(repos: &[Repo], all: bool) -> Vec<&Repo> {
    let asked = |repo: &&Repo| {
        let can_be = matches!(repo.repo_type.as_str(), "model" | "dataset");
        let may_be_public = repo.visibility.as_deref().is_none_or(|visibility| visibility == "public");
        can_be && (repo.gated.as_deref() != Some("false") || (all && may_be_public))
    };
    repos.iter().filter(asked).collect()
}

/// Requests that `candidates` will take, one page each.
pub(super) fn requests(candidates: &[&Repo]) -> u64 {
    (candidates.len() * STATUSES.len()) as u64
}

/// Asks the three lists of each candidate.
///
/// # Errors
/// When an answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, candidates: &[&Repo]) -> Result<(Ledger, Vec<GatedAccess>), Error> {
    let mut ledger = Ledger::new(reader.source);
    let asks = candidates.iter().flat_map(|repo| STATUSES.map(|status| (*repo, status)));
    // `buffered` keeps the order of asking, so that the tables do not depend on who answers first.
    let parts = stream::iter(asks).map(|(repo, status)| ask(reader, repo, status));
    let parts: Vec<_> = parts.buffered(reader.client.concurrency()).try_collect().await?;
    let (mut rows, mut failed): (Vec<GatedAccess>, Vec<(&str, Failure)>) = (Vec::new(), Vec::new());
    for (repo, mut part) in parts {
        let not_gated =
            repo.gated.is_none() && part.failure.as_ref().is_some_and(|f| matches!(f.status, Some(400 | 404)));
        match part.failure.take() {
            Some(failure) if !not_gated => failed.push((repo.repo.as_str(), failure)),
            _ => ledger.whole(),
        }
        ledger.requests(part.requests);
        rows.extend(part.items);
    }
    ledger.rows = distinct(&mut rows);
    if let Some((_, first)) = failed.first() {
        ledger.fail(Failure { why: summary(&failed), ..first.clone() });
    }
    Ok((ledger, rows))
}

/// One list of one repository.
async fn ask<'r>(
    reader: &Reader<'_>,
    repo: &'r Repo,
    status: &'static str,
) -> Result<(&'r Repo, Part<GatedAccess>), Error> {
    let (types, name) = repos::api_name(repo);
    let values = [("types", types.as_str()), ("repo", name.as_str()), ("status", status)];
    let path = repo.repo.clone();
    let part = reader.list(&endpoints::ACCESS, &values, move |item| access(item, &path, status)).await?;
    Ok((repo, part))
}

/// One item; every field may be missing, the user too.
pub(super) fn access(item: &Value, repo: &str, status: &str) -> Result<GatedAccess, String> {
    let user = item.get("user").unwrap_or(&Value::Null);
    Ok(GatedAccess {
        repo: repo.to_owned(),
        request_id: wire::first_text(item, &["requestId", "_id", "id"]),
        user_id: wire::id(user),
        username: wire::login(item, "user"),
        email: wire::text(user, "email").or_else(|| wire::text(item, "email")),
        status: wire::text(item, "status").unwrap_or_else(|| status.to_owned()),
        requested_at: wire::time(item, "timestamp")?,
        reviewed_at: wire::time(item, "reviewedAt")?,
        granted_by: wire::login(item, "grantedBy"),
    })
}

/// Sorts, and drops what was sent on two pages; nameless rows without an id are all different people. Counts.
fn distinct(rows: &mut Vec<GatedAccess>) -> u64 {
    let key = |row: &GatedAccess| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let ids = (text(&row.user_id), text(&row.request_id), text(&row.email));
        (row.repo.clone(), row.status.clone(), text(&row.username), ids, row.requested_at, row.reviewed_at)
    };
    rows.sort_by_cached_key(key);
    rows.dedup_by(|a, b| a == b && (a.request_id.is_some() || a.user_id.is_some()));
    rows.len() as u64
}

/// Names the repositories that failed, and quotes the first failure.
fn summary(failed: &[(&str, Failure)]) -> String {
    let mut names: Vec<&str> = failed.iter().map(|(repo, _)| *repo).collect();
    names.dedup();
    let (count, more) = (names.len(), names.len().saturating_sub(NAMED));
    names.truncate(NAMED);
    let mut listed = names.join(", ");
    if more > 0 {
        listed = format!("{listed} and {more} more");
    }
    let what =
        if count == 1 { "the requests of 1 repository" } else { &format!("the requests of {count} repositories") };
    let first = failed.first().map(|(_, failure)| failure.why.as_str()).unwrap_or_default();
    format!("{what} could not be read whole ({listed}); {first}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A repository in short.
    fn repo(path: &str, repo_type: &str, gated: Option<&str>, visibility: Option<&str>) -> Repo {
        Repo {
            repo: path.to_owned(),
            repo_type: repo_type.to_owned(),
            repo_id: None,
            visibility: visibility.map(str::to_owned),
            gated: gated.map(str::to_owned),
            disabled: None,
            group_id: None,
            storage_bytes: None,
            created_at: None,
            updated_at: None,
        }
    }

    #[test]
    fn whatever_is_not_known_to_be_open_is_asked() {
        let repos = [
            repo("a/auto", "model", Some("auto"), Some("public")),
            repo("a/odd", "model", Some("new-mode"), Some("private")),
            repo("a/unknown", "model", None, Some("private")),
            repo("a/open", "model", Some("false"), Some("public")),
            repo("a/open-private", "model", Some("false"), Some("private")),
            repo("a/open-unseen", "model", Some("false"), None),
            repo("spaces/a/s", "space", None, Some("public")),
            repo("kernels/a/k", "kernel", Some("auto"), Some("public")),
        ];
        let asked = |all| candidates(&repos, all).iter().map(|r| r.repo.clone()).collect::<Vec<_>>();
        assert_eq!(asked(false), ["a/auto", "a/odd", "a/unknown"]);
        assert_eq!(asked(true), ["a/auto", "a/odd", "a/unknown", "a/open", "a/open-unseen"]);
    }

    #[test]
    fn hidden_grantees_and_unnamed_granters_stay_unknown() {
        let row = access(&json!({"grantedBy": {}, "timestamp": "2024-01-01T00:00:00Z"}), "a/b", "accepted").unwrap();
        assert_eq!((row.username, row.user_id, row.granted_by), (None, None, None));
        assert_eq!(row.status, "accepted");
        let item = json!({"requestId": "q", "status": "reset", "user": {"_id": "1", "user": "bob", "email": "b@x.example"},
            "grantedBy": {"user": "ada"}});
        let row = access(&item, "a/b", "accepted").unwrap();
        assert_eq!((row.status.as_str(), row.granted_by.as_deref()), ("reset", Some("ada")));
        assert_eq!((row.username.as_deref(), row.email.as_deref()), (Some("bob"), Some("b@x.example")));
    }

    #[test]
    fn only_rows_with_an_id_can_be_the_same() {
        let hidden = access(&json!({}), "a/b", "accepted").unwrap();
        let known = access(&json!({"requestId": "q"}), "a/b", "accepted").unwrap();
        let mut rows = vec![known.clone(), hidden.clone(), known.clone(), hidden.clone()];
        assert_eq!(distinct(&mut rows), 3);
        assert_eq!(rows, [hidden.clone(), hidden, known]);
    }

    #[test]
    fn a_long_list_of_failures_is_cut() {
        let why = || Failure { status: Some(403), why: "no".to_owned(), needs: None };
        let names = ["a/1", "a/1", "a/2", "a/3", "a/4", "a/5", "a/6", "a/7"];
        let failed: Vec<_> = names.iter().map(|name| (*name, why())).collect();
        assert_eq!(
            summary(&failed),
            "the requests of 7 repositories could not be read whole (a/1, a/2, a/3, a/4, a/5 and 2 more); no"
        );
    }
}
