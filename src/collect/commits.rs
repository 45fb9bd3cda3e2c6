//! `commits` (opt-in): who committed to which repository, from the newest page of each.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::{
    Error,
    ledger::Ledger,
    read::Reader,
    repos::{self, Inventory},
    wire,
};
use crate::{
    hub::endpoints,
    model::time::Timestamp,
    table::{access::Repo, activity::Commit},
};

/// The author that stands for the Hub itself.
const SYSTEM: &str = "system";

/// The repositories to ask, by path.
pub(super) fn candidates(repos: &[Repo]) -> Vec<&Repo> {
    repos.iter().filter(|repo| matches!(repo.repo_type.as_str(), "model" | "dataset" | "space")).collect()
}

/// Asks each candidate for its newest page, unless the snapshot before has it and the list of repositories tells that
/// nothing was touched since: then that answer is evidence here too, with the time at which it was given.
///
/// # Errors
/// When an answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, repos: &Inventory) -> Result<(Ledger, Vec<Commit>), Error> {
    let candidates = candidates(&repos.repos);
    let mut ledger = Ledger::new(reader.source);
    let parts = stream::iter(&candidates).map(|repo| async move {
        let (types, name) = repos::api_name(repo);
        let values = [("types", types.as_str()), ("repo", name.as_str())];
        if let Some(touched) = repos.touched(repo) {
            reader.carry(&endpoints::COMMITS, &values, touched)?;
        }
        let part = reader.list(&endpoints::COMMITS, &values, commit).await?;
        Ok::<_, Error>((repo, part))
    });
    let parts: Vec<_> = parts.buffered(reader.client.concurrency()).try_collect().await?;
    let mut rows = Vec::new();
    for (repo, part) in parts {
        for (authors, committed_at) in ledger.take(part) {
            let row = |author| Commit { repo: repo.repo.clone(), author, committed_at };
            rows.extend(authors.into_iter().map(row));
        }
    }
    rows.sort_by(|a, b| (&a.repo, a.committed_at, &a.author).cmp(&(&b.repo, b.committed_at, &b.author)));
    rows.dedup();
    ledger.rows = rows.len() as u64;
    Ok((ledger, rows))
}

/// Authors and time of one commit.
pub(super) fn commit(item: &Value) -> Result<(Vec<String>, Timestamp), String> {
    let at = wire::time(item, "date")?.ok_or("no readable `date`")?;
    let authors = wire::list(item, "authors").ok_or("no `authors`")?;
    let authors = authors.iter().filter_map(|author| wire::scalar(author).or_else(|| wire::text(author, "user")));
    Ok((authors.filter(|author| author != SYSTEM).collect(), at))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_hub_itself_is_no_author() {
        let item = json!({"date": "2026-09-16T10:00:00Z", "authors": [{"user": "bob"}, {"user": "system"}, {}]});
        assert_eq!(commit(&item).unwrap().0, ["bob"]);
        assert!(commit(&json!({"authors": []})).is_err());
    }
}
