//! `doctor`: what the token can read, what it lacks, and what it does not need. Nothing is written, nothing changed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

mod diagnosis;
mod permissions;
mod spool;
mod text;

use diagnosis::{Context, Diagnosis};
use spool::Memory;

use super::{
    Console, clock,
    engine::Engine,
    error::{Error, Exit},
    request::{Common, Doctor as Ask},
    settings::Settings,
};
use crate::{
    analyze, collect, hub,
    model::{coverage::Source, ids::OrgName},
};

/// Examines the token and prints what was found.
///
/// # Errors
/// When the Hub refuses the token or cannot be reached, or nobody knows the organization.
pub(super) fn run(
    settings: &Settings,
    org: &OrgName,
    (ask, common): (&Ask, &Common),
    console: &Arc<dyn Console>,
) -> Result<Exit, Error> {
    let endpoint = hub::Endpoint::parse(&settings.endpoint, settings.allow_http).map_err(Error::Hub)?;
    let token = settings.token()?;
    let scim_token = settings.scim_token();
    let own_scim_token = scim_token.is_some();
    let address = endpoint.to_string();
    let engine = Engine::start()?;
    let client = hub::Client::new(hub::Options {
        endpoint,
        token: Some(hub::Token::from(&token.token)),
        scim_token: scim_token.map(hub::Token::from),
        concurrency: settings.concurrency,
        limits: hub::Limits::default(),
        clock: Arc::new(clock::now),
        spool: Arc::new(Memory::default()),
        waiting: {
            let console = Arc::clone(console);
            Arc::new(move |seconds| console.waiting(seconds))
        },
    })
    .map_err(Error::Hub)?;
    if ask.with_export {
        console.say("exporting the audit log, which records this in the log");
    }
    let plan = collect::Plan {
        org: org.clone(),
        skipped: Vec::new(),
        with_commits: false,
        all_gated: false,
        plan: settings.config.org(org).and_then(|table| table.plan.clone()),
        as_of: None,
    };
    let found = engine.run(collect::examine(&client, &plan, ask.with_export))?.map_err(Error::Collect)?;
    let needs = needs();
    let context = Context { org, endpoint: &address, scim_token: own_scim_token, needs: &needs };
    let diagnosis = Diagnosis::of(&found, context);
    let data = if ask.json { format!("{:#}\n", serde_json::json!(diagnosis)) } else { diagnosis.to_text() };
    console.print(&data).map_err(Error::Output)?;
    Ok(if common.require_complete && !diagnosis.gaps.is_empty() { Exit::Gaps } else { Exit::Done })
}

/// Sources with the analyzers that need them.
fn needs() -> BTreeMap<Source, BTreeSet<&'static str>> {
    let mut needs: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for meta in analyze::metas() {
        for source in meta.needs {
            needs.entry(*source).or_default().insert(meta.id);
        }
    }
    needs
}
