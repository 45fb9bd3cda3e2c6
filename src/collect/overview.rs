//! `overview`: the plan and the number of members as the Hub states them to everybody.

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::hub::endpoints;

/// What the overview says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Overview {
    /// Whether it was read.
    pub(super) read: bool,
    /// Whether the Hub answered that there is no such organization.
    pub(super) missing: bool,
    /// The organization's plan; `None` when it names none.
    pub(super) plan: Option<String>,
    /// Members by the Hub's own count; `None` when it states none.
    pub(super) users: Option<i64>,
}

/// Asks.
///
/// # Errors
/// When the answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &str) -> Result<(Ledger, Overview), Error> {
    let mut ledger = Ledger::new(reader.source);
    let part = reader.document(&endpoints::OVERVIEW, &[("org", org)]).await?;
    let body = ledger.take(part).pop();
    let missing = ledger.first_status() == Some(404);
    let Some(body) = body else { return Ok((ledger, Overview { missing, ..Overview::default() })) };
    ledger.rows = 1;
    let users = wire::integer(&body, "numUsers").unwrap_or_else(|why| {
        ledger.hole(why);
        None
    });
    if let Some(users) = users {
        ledger.tie_outs.insert("numUsers".to_owned(), users);
    }
    Ok((ledger, Overview { read: true, missing, plan: wire::text(&body, "plan"), users }))
}
