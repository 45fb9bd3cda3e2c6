//! The open findings of all analyzers by person, and by thing where they belong to nobody: a view, not a judgement.
//!
//! A finding belongs to whoever has the access; one about what happened, to whoever acted. Each belongs to one row.

mod register;
mod steps;

use std::collections::{BTreeMap, HashMap};

use register::{Register, Standing, Weight};

use super::{
    derived::view::{Principal, View},
    findings::{self, Finding},
    judged::Judged,
    scan::Event,
};
use crate::{
    model::{
        coverage::Source,
        exception::ExceptionOutcome,
        outcome::{Cell, Meta},
        people::{FACTS, PERSON, PersonFinding, PersonRow},
        role,
        time::Timestamp,
    },
    table::access::Person,
};

/// Whom a finding belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Bearer {
    /// An account, by position in the register.
    Account(usize),
    /// A thing by kind and name.
    Thing(&'static str, String),
}

/// Gathers findings while the analyzers are added up.
pub(super) struct Gathering<'v> {
    /// The snapshot.
    view: &'v View<'v>,
    /// Accounts.
    register: Register,
    /// Events by id; filled when the first finding about one comes.
    events: HashMap<&'v str, &'v Event>,
    /// Findings, in the order of analyzers and rows, with their bearers.
    found: Vec<(Bearer, Finding)>,
}

impl<'v> Gathering<'v> {
    /// Nothing yet.
    pub(super) fn new(view: &'v View<'v>) -> Self {
        Self { view, register: Register::of(view), events: HashMap::new(), found: Vec::new() }
    }

    /// Takes the findings of one analyzer, its exceptions applied.
    pub(super) fn take(&mut self, meta: &'static Meta, rows: &[Judged], exceptions: &[ExceptionOutcome]) {
        for row in rows {
            let is_seat = meta.id == "seat-spend" && row.subject_kind != "source";
            let of_row = findings::of(meta, row, self.view.manifest.org.as_str(), exceptions);
            if of_row.is_empty() && !is_seat {
                continue;
            }
            let bearer = self.bearer(meta, row);
            if let (true, Bearer::Account(i)) = (is_seat, &bearer) {
                let price =
                    if let Cell::Money(cents) = row.cell(meta, "monthly_cost_usd") { Some(*cents) } else { None };
                self.register.accounts[*i].holds.seats.push(price);
            }
            self.found.extend(of_row.into_iter().map(|finding| (bearer.clone(), finding)));
        }
    }

    /// Whom a row belongs to.
    fn bearer(&mut self, meta: &'static Meta, row: &Judged) -> Bearer {
        let org = || Bearer::Thing("org", self.view.manifest.org.to_string());
        let subject = || row.subject.clone();
        match row.subject_kind {
            "source" => Bearer::Thing("source", subject()),
            "resource-group" => Bearer::Thing("resource-group", subject()),
            "event" => self.actor(&row.subject).unwrap_or_else(org),
            "org" | "repo" | "service-account" => {
                let event = text(row, meta, "explained_by");
                let named = || match row.subject_kind {
                    "org" => org(),
                    "repo" => Bearer::Thing("repo", subject()),
                    _ => Bearer::Thing("service-account", subject()),
                };
                event.and_then(|event| self.actor(&event)).unwrap_or_else(named)
            }
            "token" => self.owner(meta, row).unwrap_or_else(org),
            _ => {
                let id = text(row, meta, "principal_id").or_else(|| text(row, meta, "user_id"));
                let login = text(row, meta, "principal").unwrap_or_else(subject);
                let resource = || text(row, meta, "resource").filter(|_| row.subject_kind == "gated-grant");
                self.principal(id.as_deref(), Some(&login))
                    .unwrap_or_else(|| resource().map_or_else(org, |repo| Bearer::Thing("repo", repo)))
            }
        }
    }

    /// Somebody by id where there is one, else by login or address; `None` where neither is known.
    fn principal(&mut self, id: Option<&str>, login: Option<&str>) -> Option<Bearer> {
        let login = login.filter(|login| !login.is_empty());
        if id.is_none() && login.is_none() {
            return None;
        }
        if let (None, Some(address)) = (id, login.filter(|login| login.contains('@'))) {
            return Some(Bearer::Account(self.register.place_of_address(address)));
        }
        if self.view.principal(id, login) == Principal::ServiceAccount {
            let account = self.view.account(id, login.unwrap_or_default());
            let name = account.map(|account| account.username.as_str()).or(login);
            return Some(Bearer::Thing("service-account", name.unwrap_or_default().to_owned()));
        }
        Some(Bearer::Account(self.register.place(id, login, Standing::Named)))
    }

    /// Who authored an event; `None` for the Hub itself, and where the event does not say.
    fn actor(&mut self, event: &str) -> Option<Bearer> {
        if self.events.is_empty() {
            self.events = self.view.log.events.iter().map(|event| (event.id.as_str(), event)).collect();
        }
        let event = *self.events.get(event)?;
        let (id, login) = (event.author_id.as_deref(), event.author.as_deref());
        if event.author_type.as_deref() == Some("system") { None } else { self.principal(id, login) }
    }

    /// Who owns the token of a row; `None` where the Hub does not say.
    fn owner(&mut self, meta: &'static Meta, row: &Judged) -> Option<Bearer> {
        if let Some(login) = text(row, meta, "principal") {
            let id = text(row, meta, "principal_id");
            return self.principal(id.as_deref(), Some(&login));
        }
        let before = self.view.baseline.map_or(&[][..], |baseline| &baseline.tables.tokens);
        let token = self.view.tables.tokens.iter().chain(before).find(|token| token.token_id == row.subject)?;
        self.principal(token.owner_id.as_deref(), token.owner.as_deref())
    }

    /// The findings, and everybody to whom one belongs: people first, worst first.
    pub(super) fn finish(mut self) -> (Vec<Finding>, Vec<PersonRow>) {
        let (person_of, accounts) = self.register.settle(&self.view.roster);
        let mut borne: BTreeMap<Bearer, Vec<&Finding>> = BTreeMap::new();
        for (bearer, finding) in self.found.iter().filter(|(_, finding)| finding.verdict.is_open()) {
            let bearer = match bearer {
                Bearer::Account(i) => Bearer::Account(person_of[*i]),
                thing @ Bearer::Thing(..) => thing.clone(),
            };
            borne.entry(bearer).or_default().push(finding);
        }
        let mut rows: Vec<PersonRow> = borne
            .into_iter()
            .map(|(bearer, found)| match bearer {
                Bearer::Account(person) => self.person(&accounts[person], &found),
                Bearer::Thing(kind, person) => {
                    PersonRow { kind, person, facts: [const { Cell::Empty }; FACTS], findings: by_rule(&found) }
                }
            })
            .collect();
        rows.sort_by_cached_key(PersonRow::rank);
        (self.found.into_iter().map(|(_, finding)| finding).collect(), rows)
    }

    /// The row of one person.
    fn person(&self, accounts: &[usize], found: &[&Finding]) -> PersonRow {
        let accounts: Vec<_> = accounts.iter().map(|i| &self.register.accounts[*i]).collect();
        let name = accounts.first().map(|account| account.name().to_owned()).unwrap_or_default();
        // Of another account than the one that names the person, the login stands before what it holds.
        let label = |account: &register::Account, what: &str| {
            if account.name() == name { what.to_owned() } else { format!("{}: {what}", account.name()) }
        };
        let view = self.view;
        let members: Vec<_> = accounts.iter().filter_map(|account| Some((*account, account.member?))).collect();
        let role_of = |i: usize| view.tables.members[i].role.as_deref();
        let roles: Vec<String> =
            members.iter().filter_map(|(account, i)| role_of(*i).map(|role| label(account, role))).collect();
        let highest = members.iter().filter_map(|(_, i)| role_of(*i)).max_by_key(|role| role::rank(role));
        let offered = accounts.iter().find_map(|account| account.holds.offered.as_deref());
        let roster = self.roster_row(&accounts);
        let fullname = members.iter().find_map(|(_, i)| view.tables.members[*i].fullname.clone());
        let all = |of: fn(&register::Holdings) -> &std::collections::BTreeSet<String>| -> Vec<String> {
            accounts.iter().flat_map(|account| of(&account.holds).iter().map(|item| label(account, item))).collect()
        };
        let known = |n: usize, gaps: &[Source]| (n > 0 || !gaps.iter().any(|gap| view.is_gap(*gap))).then_some(n);
        let tokens = accounts.iter().map(|account| account.holds.tokens).sum();
        let invites = accounts.iter().map(|account| account.holds.invites).sum();
        let seats = accounts.iter().flat_map(|account| &account.holds.seats);
        let cost: Option<i64> = seats.copied().sum();
        let has_seat = accounts.iter().any(|account| !account.holds.seats.is_empty());
        let last: Option<Timestamp> = members.iter().filter_map(|(_, i)| view.activity[*i].last_at).max();
        let facts = [
            fullname.or_else(|| roster.and_then(|person| person.name.clone())).into(),
            address(&accounts).into(),
            roster.map(|person| person.status.clone()).into(),
            roster.and_then(|person| person.terminated_on).into(),
            roster.and_then(|person| person.department.clone()).into(),
            roster.and_then(|person| person.manager_email.clone()).into(),
            highest.or(offered).into(),
            roles.into(),
            all(|holds| &holds.groups).into(),
            all(|holds| &holds.grants).into(),
            known(tokens, &[Source::Tokens]).into(),
            known(invites, &[Source::AuditLog, Source::Members]).into(),
            accounts.iter().filter_map(|account| account.holds.scim_active).max().into(),
            if has_seat { cost.map_or(Cell::Empty, Cell::Money) } else { Cell::Empty },
            last.into(),
        ];
        PersonRow { kind: PERSON, person: name, facts, findings: by_rule(found) }
    }

    /// The person in the roster; as the analyzers match members, else by login or address.
    fn roster_row(&self, accounts: &[&register::Account]) -> Option<&'v Person> {
        accounts.iter().find_map(|account| {
            let addresses = account.addresses.iter().map(|(_, address)| address.as_str());
            account
                .member
                .and_then(|i| self.view.person_of[i])
                .or_else(|| self.view.roster.find(account.login.as_deref(), addresses))
        })
    }
}

/// The weightiest address of a person.
fn address(accounts: &[&register::Account]) -> Option<String> {
    let all = accounts.iter().flat_map(|account| &account.addresses);
    let weightiest = all.min_by_key(|(weight, _): &&(Weight, String)| *weight);
    weightiest.map(|(_, address)| address.clone())
}

/// The text of a cell; `None` where it is empty, or the analyzer has no such column.
fn text(row: &Judged, meta: &Meta, column: &str) -> Option<String> {
    Some(row.cell(meta, column).to_text()).filter(|text| !text.is_empty())
}

/// Each rule of each analyzer once, as its worst row has it; worst first.
fn by_rule(found: &[&Finding]) -> Vec<PersonFinding> {
    let mut rules: BTreeMap<(&'static str, &'static str), PersonFinding> = BTreeMap::new();
    for Finding { analyzer, rule, verdict, severity, .. } in found {
        let (analyzer, rule, verdict, severity) = (*analyzer, *rule, *verdict, *severity);
        let step = steps::of(analyzer, rule);
        let new = PersonFinding { analyzer, rule, verdict, severity, rows: 0, step };
        let known = rules.entry((analyzer, rule)).or_insert(new);
        (known.verdict, known.severity) = (known.verdict, known.severity).min((verdict, severity));
        known.rows += 1;
    }
    let mut all: Vec<PersonFinding> = rules.into_values().collect();
    all.sort_by_key(|finding| (finding.verdict, finding.severity));
    all
}
