//! What a token can read: the cheapest form of each request, and nothing kept beyond what that says.
//!
//! Answers are judged by the same ledger as a collection's, so that what is found readable here is no gap there. The
//! audit log is asked for only on demand, since every export is itself recorded in it and can be large.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Error, Plan, Progress, groups,
    ledger::{Ledger, unread},
    members, network, overview,
    read::{Failure, Part, Reader},
    repos,
    run::plan_fact,
    whoami::{self, Grant},
    wire,
};
use crate::{
    hub::{
        Client, Vitals,
        endpoints::{self, Call, Paging},
    },
    model::{
        coverage::{Coverage, Source},
        manifest::{Collector, PlanFact, SourceRecord},
    },
};

/// What was found out about a token.
#[derive(Clone, PartialEq, Debug)]
pub struct Examination {
    /// Whose token it is.
    pub collector: Collector,
    /// Whether whoami lists the organization.
    pub listed: bool,
    /// Permissions of a fine-grained token with their reach, sorted; empty for other tokens.
    pub grants: Vec<Grant>,
    /// The organization's plan.
    pub plan: PlanFact,
    /// What became of each source of the Hub. `not_requested` is what was not asked for.
    pub sources: BTreeMap<Source, SourceRecord>,
    /// The Hub's clock and the quota after the last answer.
    pub vitals: Vitals,
}

/// Only the first page of a list, as short as the Hub allows.
const fn first(call: Call, query: &'static [(&'static str, &'static str)]) -> Call {
    Call { query, paging: Paging::Newest, ..call }
}

/// The shortest page that the Hub's documentation allows members and access requests.
const SHORT: &[(&str, &str)] = &[("limit", "10")];

/// The shortest page of the other lists.
const ONE: &[(&str, &str)] = &[("limit", "1")];

/// One repository of the organization.
const ONE_OF: &[(&str, &str)] = &[("author", "{org}"), ("limit", "1")];

/// A few that are gated; more than one, in case the filter is not obeyed.
const GATED: &[(&str, &str)] = &[("author", "{org}"), ("gated", "true"), ("expand", "gated"), ("limit", "10")];

/// One token, a revoked one too.
const TOKEN: &[(&str, &str)] = &[("q", "status:all"), ("limit", "1")];

/// One SCIM resource.
const RESOURCE: &[(&str, &str)] = &[("startIndex", "1"), ("count", "1")];

/// The two trees of SCIM: users and groups of each.
const TREES: [[Call; 2]; 2] =
    [[endpoints::SCIM_USERS, endpoints::SCIM_GROUPS], [endpoints::PROVISIONING_USERS, endpoints::PROVISIONING_GROUPS]];

/// Asks every source once, in the cheapest way; the audit log only with `export`.
///
/// # Errors
/// When there is no token, the Hub refuses it or cannot be reached, nobody knows the organization, or an answer cannot
/// be kept. A source that cannot be read is a finding, not an error.
pub async fn examine(client: &Client, plan: &Plan, export: bool) -> Result<Examination, Error> {
    let endpoint = client.endpoint().to_string();
    if !client.has_token() {
        return Err(Error::NoToken { endpoint });
    }
    let doctor = Doctor { client, org: plan.org.as_str() };
    let (whoami, who) = whoami::read(&doctor.reader(Source::Whoami), &plan.org).await?;
    let (overview, general) = overview::read(&doctor.reader(Source::Overview), doctor.org).await?;
    let members = doctor.members().await?;
    if !who.listed && general.missing && members.first_status() == Some(404) {
        let login = if who.collector.login.is_empty() { "this token" } else { who.collector.login.as_str() };
        return Err(Error::UnknownOrg { endpoint, org: plan.org.clone(), login: login.to_owned() });
    }
    let fact = plan_fact(plan, &who, &general);
    let has = fact.plan();
    let (inventory, gated) = doctor.repos().await?;
    let (groups, _) = groups::read(&doctor.reader(Source::ResourceGroups), doctor.org).await?;
    let (network, _) = network::read(&doctor.reader(Source::NetworkSecurity), doctor.org).await?;
    let ledgers = [
        (Source::Whoami, whoami),
        (Source::Overview, overview),
        (Source::Members, members),
        (Source::ResourceGroups, groups),
        (Source::Repos, inventory),
        (Source::Tokens, doctor.tokens().await?),
        (Source::ServiceAccounts, doctor.service_accounts().await?),
        (Source::Scim, doctor.scim().await?),
        (Source::NetworkSecurity, network),
    ];
    let hides = whoami::hides(&who.collector);
    let recorded = |source, mut ledger: Ledger| {
        whoami::narrow(&mut ledger, source, hides.as_deref());
        ledger.record(&has)
    };
    let mut sources: BTreeMap<_, _> = ledgers.into_iter().map(|(source, l)| (source, recorded(source, l))).collect();
    let gated = doctor.gated(gated).await?;
    sources.insert(Source::GatedAccess, gated.map_or_else(nothing_gated, |l| recorded(Source::GatedAccess, l)));
    let stated = who.listed || fact.from != "default";
    let log = if export {
        doctor.audit_log().await?.record(&has)
    } else if stated && !has.includes(Source::AuditLog) {
        unread(Coverage::PlanRequired, format!("not asked: the plan {} has no audit log to export", fact.name))
    } else {
        let why = "not asked: each export is itself recorded in the log, and can hold 100 000 events; \
                   --with-export makes one";
        unread(Coverage::NotRequested, why)
    };
    sources.insert(Source::AuditLog, log);
    let opt_in = "not asked: read only with --with-commits";
    sources.insert(Source::Commits, unread(Coverage::NotRequested, opt_in));
    let (collector, listed, grants) = (who.collector, who.listed, who.grants);
    Ok(Examination { collector, listed, grants, plan: fact, sources, vitals: client.vitals() })
}

/// The record of grants when there is nothing to ask.
fn nothing_gated() -> SourceRecord {
    unread(Coverage::NotRequested, "not asked: no gated model or dataset is listed")
}

/// Who asks.
#[derive(Debug)]
struct Doctor<'a> {
    /// The Hub.
    client: &'a Client,
    /// Name of the organization.
    org: &'a str,
}

/// A gated repository to ask for its grants, as the path of the call names it.
struct Gated {
    /// `models` or `datasets`.
    types: &'static str,
    /// `org/name`.
    name: String,
}

impl Doctor<'_> {
    /// A reader for a source.
    fn reader(&self, source: Source) -> Reader<'_> {
        Reader { client: self.client, progress: &Unheard, source }
    }

    /// The first page of a list, its items as they are.
    async fn page(&self, call: &Call, values: &[(&str, &str)]) -> Result<Part<Value>, Error> {
        self.reader(call.source).list(call, values, |item| Ok(item.clone())).await
    }

    /// A ledger with one list of the organization.
    async fn one(&self, call: Call) -> Result<(Ledger, Vec<Value>), Error> {
        let mut ledger = Ledger::new(call.source);
        let items = ledger.take(self.page(&call, &[("org", self.org)]).await?);
        ledger.rows = items.len() as u64;
        Ok((ledger, items))
    }

    /// Members, with the fields that are hidden.
    async fn members(&self) -> Result<Ledger, Error> {
        let mut ledger = Ledger::new(Source::Members);
        let call = first(endpoints::MEMBERS, SHORT);
        let part = self.reader(Source::Members).list(&call, &[("org", self.org)], members::member).await?;
        let members = ledger.take(part);
        ledger.rows = members.len() as u64;
        members::hidden(&mut ledger, &members);
        Ok(ledger)
    }

    /// The six lists of repositories. Beside them a gated repository, if one is listed, or why one may be missing.
    async fn repos(&self) -> Result<(Ledger, Result<Option<Gated>, Failure>), Error> {
        let values = [("org", self.org)];
        let mut ledger = Ledger::new(Source::Repos);
        let (mut gated, mut failure) = (None, None);
        let inventory = ledger.take(self.page(&first(endpoints::REPOSITORIES, ONE), &values).await?);
        ledger.rows = inventory.len() as u64;
        for (types, call) in [("models", endpoints::MODELS), ("datasets", endpoints::DATASETS)] {
            let part = self.page(&first(call, GATED), &values).await?;
            failure = failure.or_else(|| part.failure.clone());
            let items = ledger.take(part);
            gated = gated.or_else(|| self.gated_of(types, &items));
        }
        for call in
            [first(endpoints::SPACES, ONE_OF), first(endpoints::BUCKETS, &[]), first(endpoints::KERNELS, ONE_OF)]
        {
            ledger.take(self.page(&call, &values).await?);
        }
        let gated = match (gated, failure) {
            (None, Some(failure)) => Err(failure),
            (gated, _) => Ok(gated),
        };
        Ok((ledger, gated))
    }

    /// The first gated repository of the organization in a list.
    fn gated_of(&self, types: &'static str, items: &[Value]) -> Option<Gated> {
        let is_gated = |item: &&Value| repos::gated(item).is_some_and(|mode| mode != "false");
        let mut names = items.iter().filter(is_gated).filter_map(|item| wire::first_text(item, &["id", "modelId"]));
        names.find(|name| repos::belongs(name, self.org)).map(|name| Gated { types, name })
    }

    /// Grants of one gated repository; `None` when there is none.
    async fn gated(&self, repo: Result<Option<Gated>, Failure>) -> Result<Option<Ledger>, Error> {
        let mut ledger = Ledger::new(Source::GatedAccess);
        match repo {
            Ok(None) => return Ok(None),
            Err(failure) => {
                let why = format!("no gated repository could be found to ask: {}", failure.why);
                ledger.fail(Failure { why, ..failure });
            }
            Ok(Some(Gated { types, name })) => {
                let values = [("types", types), ("repo", name.as_str()), ("status", "accepted")];
                let items = ledger.take(self.page(&first(endpoints::ACCESS, SHORT), &values).await?);
                ledger.rows = items.len() as u64;
            }
        }
        Ok(Some(ledger))
    }

    /// One member's token.
    async fn tokens(&self) -> Result<Ledger, Error> {
        Ok(self.one(first(endpoints::TOKENS, TOKEN)).await?.0)
    }

    /// The list of service accounts, which has no shorter form, and the page of one of them.
    async fn service_accounts(&self) -> Result<Ledger, Error> {
        let (mut ledger, accounts) = self.one(first(endpoints::SERVICE_ACCOUNTS, &[])).await?;
        if let Some(id) = accounts.iter().find_map(wire::id) {
            let values = [("org", self.org), ("id", id.as_str())];
            ledger.take(self.reader(Source::ServiceAccounts).document(&endpoints::SERVICE_ACCOUNT, &values).await?);
        }
        Ok(ledger)
    }

    /// One user and one group of the tree that answers; when none does, the managed one's answer decides.
    async fn scim(&self) -> Result<Ledger, Error> {
        let mut ledger = Ledger::new(Source::Scim);
        let [[managed, mut groups], [invited, invited_groups]] = TREES;
        let mut users = self.resource(managed).await?;
        if users.failure.as_ref().is_some_and(|failure| matches!(failure.status, Some(402..=404))) {
            let second = self.resource(invited).await?;
            if second.failure.is_none() {
                ledger.requests(std::mem::take(&mut users.requests));
                (users, groups) = (second, invited_groups);
            } else {
                ledger.requests(second.requests);
            }
        }
        let readable = users.failure.is_none();
        ledger.take(users);
        if readable {
            let part = self.resource(groups).await?;
            ledger.take(part);
        }
        Ok(ledger)
    }

    /// One resource of a SCIM list.
    async fn resource(&self, call: Call) -> Result<Part<Value>, Error> {
        let call = Call { query: RESOURCE, ..call };
        let mut part = self.reader(Source::Scim).document(&call, &[("org", self.org)]).await?;
        let is_list = |body: &Value| wire::list(body, "Resources").is_some() || body.get("totalResults").is_some();
        if part.items.iter().any(|body| !is_list(body)) {
            let path = self.client.endpoint().url(&call, &[("org", self.org)]).path().to_owned();
            part.failure = Some(Failure::hole(format!("{path}: not a SCIM list")));
        }
        Ok(part)
    }

    /// The whole log; its events are counted only.
    async fn audit_log(&self) -> Result<Ledger, Error> {
        let mut ledger = Ledger::new(Source::AuditLog);
        let reader = self.reader(Source::AuditLog);
        let events = ledger.take(reader.raw_list(&endpoints::AUDIT_LOG, &[("org", self.org)], |_| Ok(())).await?);
        ledger.rows = events.len() as u64;
        Ok(ledger)
    }
}

/// Tells nobody: a handful of requests is over before a progress line is read.
#[derive(Debug)]
struct Unheard;

impl Progress for Unheard {
    fn start(&self, _: Source, _: Option<u64>) {}
    fn advance(&self, _: Source, _: u64) {}
    fn finish(&self, _: Source, _: &SourceRecord) {}
    fn waiting(&self, _: u64) {}
}

#[cfg(test)]
#[path = "doctor_tests.rs"]
mod tests;
