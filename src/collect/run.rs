//! The order of a collection, and what its sources tell about each other.

use std::collections::BTreeMap;

use super::{
    Collected, Error, Plan, Progress, audit, commits, gated, groups,
    ledger::{Ledger, unread},
    members, network,
    overview::{self, Overview},
    read::Reader,
    repos::{self, Inventory},
    scim, service_accounts, tokens,
    whoami::{self, Whoami},
};
use crate::{
    hub::Client,
    model::{
        coverage::{self, Coverage, Source},
        manifest::{HubClock, PlanFact, SourceRecord},
    },
    table::{
        Tables,
        access::{GatedAccess, Member},
        activity::Commit,
    },
};

/// A source as it ended, with its rows.
type Outcome<T> = (SourceRecord, T);

/// Reads an organization.
///
/// The same answers give the same tables, whatever the order in which they arrive.
///
/// # Errors
/// When there is no token, the Hub refuses it or cannot be reached, nobody knows the organization, or an answer
/// cannot be kept. Anything else is a gap in what is returned.
pub async fn collect(client: &Client, plan: &Plan, progress: &dyn Progress) -> Result<Collected, Error> {
    if !client.has_token() {
        return Err(Error::NoToken { endpoint: client.endpoint().to_string() });
    }
    let mut run = Run { client, plan, progress, org: plan.org.as_str(), has: coverage::Plan::Other, hides: None };
    let (whoami_record, who) = run.source(Source::Whoami, None, async |r| whoami::read(r, &plan.org).await).await?;
    on_time(plan, [(&Source::Whoami, &whoami_record)])?;
    let org = run.org;
    let (overview_record, overview) = run.wanted(Source::Overview, async |r| overview::read(r, org).await).await?;
    let read_members = async |r: &Reader<'_>| {
        let (mut ledger, members) = members::read(r, org).await?;
        members::left_out(&mut ledger, &members, (&who.collector, overview.users));
        Ok((ledger, members))
    };
    let (members_record, members) = run.wanted(Source::Members, read_members).await?;
    run.reached([&whoami_record, &overview_record, &members_record])?;
    run.known(&who, &overview, &overview_record, &members_record)?;
    let fact = plan_fact(plan, &who, &overview);
    run.has = fact.plan();
    run.hides = whoami::hides(&who.collector);
    let rest = Box::pin(run.rest()).await?;
    let mut collected = rest.into_collected(members, who, fact);
    collected.sources.insert(Source::Whoami, whoami_record);
    collected.sources.insert(Source::Overview, overview_record);
    collected.sources.insert(Source::Members, members_record);
    on_time(plan, &collected.sources)?;
    Ok(collected)
}

/// Refuses a snapshot that would speak of an instant which had not come when the collection began. Asked again at the
/// end, where later answers may have the `Date` that whoami's lacked.
fn on_time<'r>(plan: &Plan, sources: impl IntoIterator<Item = (&'r Source, &'r SourceRecord)>) -> Result<(), Error> {
    let clock = HubClock::of(sources);
    match (plan.as_of, clock.first) {
        (Some(as_of), Some(began)) if clock.is_before(as_of) => {
            Err(Error::Ahead { as_of, began, is_of_hub: clock.is_of_hub() })
        }
        _ => Ok(()),
    }
}

/// One collection.
struct Run<'a> {
    /// The Hub.
    client: &'a Client,
    /// What to collect.
    plan: &'a Plan,
    /// Told of everything.
    progress: &'a dyn Progress,
    /// Name of the organization.
    org: &'a str,
    /// The organization's plan, as soon as it is known.
    has: coverage::Plan,
    /// Why lists may leave things out although they are answered, as soon as whoami is known; `None` when they do not.
    hides: Option<String>,
}

/// Everything after whoami, overview and members.
struct Rest {
    /// Resource groups.
    groups: Outcome<groups::Groups>,
    /// Repositories.
    repos: Outcome<Inventory>,
    /// Requests and grants.
    gated: Outcome<Vec<GatedAccess>>,
    /// Commits.
    commits: Outcome<Vec<Commit>>,
    /// Members' tokens.
    tokens: Outcome<Vec<crate::table::access::Token>>,
    /// Service accounts.
    accounts: Outcome<service_accounts::ServiceAccounts>,
    /// SCIM.
    scim: Outcome<scim::Scim>,
    /// Audit log.
    log: Outcome<audit::Log>,
    /// Network rules.
    network: Outcome<Vec<crate::table::activity::NetworkSecurity>>,
}

impl Run<'_> {
    /// Reads a source.
    async fn source<T>(
        &self,
        source: Source,
        total: Option<u64>,
        read: impl AsyncFnOnce(&Reader<'_>) -> Result<(Ledger, T), Error>,
    ) -> Result<Outcome<T>, Error> {
        self.progress.start(source, total);
        let reader = Reader { client: self.client, progress: self.progress, source };
        let (mut ledger, rows) = Box::pin(read(&reader)).await?;
        whoami::narrow(&mut ledger, source, self.hides.as_deref());
        let record = ledger.record(&self.has);
        self.progress.finish(source, &record);
        Ok((record, rows))
    }

    /// Reads a source unless it is to be skipped.
    async fn wanted<T: Default>(
        &self,
        source: Source,
        read: impl AsyncFnOnce(&Reader<'_>) -> Result<(Ledger, T), Error>,
    ) -> Result<Outcome<T>, Error> {
        match self.skipped(source) {
            Some(record) => Ok((record, T::default())),
            None => self.source(source, None, read).await,
        }
    }

    /// The record of a source that is to be skipped; `None` when it is to be read.
    fn skipped(&self, source: Source) -> Option<SourceRecord> {
        let skipped = self.plan.skipped.contains(&source);
        skipped.then(|| unread(Coverage::Skipped, "left out by --skip or --only"))
    }

    /// Whether anything that speaks like a Hub is there: of the first sources asked, one must have given an answer
    /// that can be read, or a refusal. A sign-in page in front of the Hub, or one that is down, is no evidence.
    fn reached(&self, first: [&SourceRecord; 3]) -> Result<(), Error> {
        let [whoami, rest @ ..] = first;
        let asked = rest.iter().filter(|record| record.coverage != Coverage::Skipped);
        let silent = asked.clone().count() > 0 && asked.chain([&whoami]).all(|r| r.coverage == Coverage::Failed);
        if !silent {
            return Ok(());
        }
        let why = whoami.why.clone().unwrap_or_default();
        Err(Error::Unreachable { endpoint: self.client.endpoint().to_string(), why })
    }

    /// Whether anybody knows the organization: whoami, the overview or the members.
    fn known(
        &self,
        who: &Whoami,
        overview: &Overview,
        overview_record: &SourceRecord,
        members: &SourceRecord,
    ) -> Result<(), Error> {
        let skipped = |record: &SourceRecord| record.coverage == Coverage::Skipped;
        let no_overview = overview.missing || skipped(overview_record);
        let no_members = matches!(members.coverage, Coverage::Absent | Coverage::Skipped);
        let asked = !skipped(overview_record) || !skipped(members);
        if who.listed || !no_overview || !no_members || !asked {
            return Ok(());
        }
        let login = if who.collector.login.is_empty() { "this token" } else { who.collector.login.as_str() };
        let endpoint = self.client.endpoint().to_string();
        Err(Error::UnknownOrg { endpoint, org: self.plan.org.clone(), login: login.to_owned() })
    }

    /// Reads everything after whoami, overview and members, side by side.
    async fn rest(&self) -> Result<Rest, Error> {
        let org = self.org;
        let (groups, (repos, gated, commits), tokens, accounts, scim, log, network) = tokio::try_join!(
            self.wanted(Source::ResourceGroups, async |r| groups::read(r, org).await),
            self.repos(),
            self.wanted(Source::Tokens, async |r| tokens::read(r, org).await),
            self.wanted(Source::ServiceAccounts, async |r| service_accounts::read(r, org).await),
            self.wanted(Source::Scim, async |r| scim::read(r, org).await),
            self.wanted(Source::AuditLog, async |r| audit::read(r, org).await),
            self.wanted(Source::NetworkSecurity, async |r| network::read(r, org).await),
        )?;
        Ok(Rest { groups, repos, gated, commits, tokens, accounts, scim, log, network })
    }

    /// Reads the repositories, then what must know them.
    async fn repos(&self) -> Result<(Outcome<Inventory>, Outcome<Vec<GatedAccess>>, Outcome<Vec<Commit>>), Error> {
        let org = self.org;
        let repos = self.wanted(Source::Repos, async |r| Box::pin(repos::read(r, org)).await).await?;
        let (gated, commits) = tokio::try_join!(self.gated(&repos), self.commits(&repos))?;
        Ok((repos, gated, commits))
    }

    /// Reads requests and grants.
    async fn gated(&self, (record, repos): &Outcome<Inventory>) -> Result<Outcome<Vec<GatedAccess>>, Error> {
        let source = Source::GatedAccess;
        if let Some(skipped) = self.skipped(source).or_else(|| without_repos(record)) {
            return Ok((skipped, Vec::new()));
        }
        let candidates = gated::candidates(&repos.repos, self.plan.all_gated);
        let missing: Vec<_> = repos.incomplete.iter().filter(|kind| matches!(**kind, "model" | "dataset")).collect();
        let read = async |r: &Reader<'_>| {
            let (mut ledger, rows) = gated::read(r, &candidates).await?;
            if !missing.is_empty() {
                ledger.leaves_out("the list of repositories is not whole, so some gated ones may be missing");
            }
            Ok((ledger, rows))
        };
        self.source(source, Some(gated::requests(&candidates)), read).await
    }

    /// Reads commits, when asked to.
    async fn commits(&self, (record, repos): &Outcome<Inventory>) -> Result<Outcome<Vec<Commit>>, Error> {
        let source = Source::Commits;
        if !self.plan.with_commits {
            let record = unread(Coverage::NotRequested, "read only with --with-commits");
            return Ok((record, Vec::new()));
        }
        if let Some(skipped) = self.skipped(source).or_else(|| without_repos(record)) {
            return Ok((skipped, Vec::new()));
        }
        let candidates = commits::candidates(&repos.repos);
        let kinds = ["model", "dataset", "space"];
        let missing = repos.incomplete.iter().any(|kind| kinds.contains(kind));
        let read = async |r: &Reader<'_>| {
            let (mut ledger, rows) = commits::read(r, repos).await?;
            if missing {
                ledger.leaves_out("the list of repositories is not whole, so commits to some may be missing");
            }
            Ok((ledger, rows))
        };
        self.source(source, Some(candidates.len() as u64), read).await
    }
}

/// The record of a source that must know the repositories when no list of them was read.
fn without_repos(repos: &SourceRecord) -> Option<SourceRecord> {
    if repos.coverage.has_rows() {
        return None;
    }
    let why = repos.why.as_deref().unwrap_or_default();
    Some(unread(repos.coverage, format!("no list of repositories was read, so none could be asked: {why}")))
}

/// The plan: the highest of the configured one, whoami's and the overview's, since a plan that is too low reads a refusal
/// as "there is none"; a found organization without one is free.
pub(super) fn plan_fact(plan: &Plan, who: &Whoami, overview: &Overview) -> PlanFact {
    let stated = [(&plan.plan, "configuration"), (&who.plan, "whoami"), (&overview.plan, "overview")];
    let word =
        |name: &Option<String>| name.as_deref().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty());
    let named = stated.into_iter().filter_map(|(name, from)| Some((word(name)?, from)));
    // Of several equal ones the first is named.
    let highest = named.rev().max_by_key(|(name, _)| coverage::Plan::of(name).rank());
    let (name, from) = highest.unwrap_or_else(|| {
        // Only whoami and the overview would name a plan; where neither speaks of the organization, silence says nothing.
        let found = who.listed || overview.read;
        (if found { "free" } else { "unknown" }.to_owned(), "default")
    });
    PlanFact { name, from: from.to_owned() }
}

impl Rest {
    /// Puts everything in its place.
    fn into_collected(self, members: Vec<Member>, who: Whoami, plan: PlanFact) -> Collected {
        let mut repos = self.repos.1.repos;
        repos::assign_groups(&mut repos, &self.groups.1.resources);
        let sources = BTreeMap::from([
            (Source::ResourceGroups, self.groups.0),
            (Source::Repos, self.repos.0),
            (Source::GatedAccess, self.gated.0),
            (Source::Commits, self.commits.0),
            (Source::Tokens, self.tokens.0),
            (Source::ServiceAccounts, self.accounts.0),
            (Source::Scim, self.scim.0),
            (Source::AuditLog, self.log.0),
            (Source::NetworkSecurity, self.network.0),
        ]);
        let tables = Tables {
            members,
            resource_groups: self.groups.1.all,
            group_users: self.groups.1.users,
            group_resources: self.groups.1.resources,
            repos,
            gated_access: self.gated.1,
            tokens: self.tokens.1,
            service_accounts: self.accounts.1.accounts,
            service_tokens: self.accounts.1.tokens,
            scim_users: self.scim.1.users,
            scim_groups: self.scim.1.groups,
            commits: self.commits.1,
            network_security: self.network.1,
            ..Tables::default()
        };
        let audit::Log { events, unknown_types, about_nobody: _ } = self.log.1;
        Collected { collector: who.collector, plan, sources, tables, events, unknown_types }
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
