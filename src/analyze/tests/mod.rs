//! Rules as sentences: an organization is arranged, one thing is changed, the rows are looked at.

mod changes;
mod effective;
mod exceptions;
mod follow_up;
mod history;
mod invites;
mod leavers;
mod orphaned;
mod orphaned_gaps;
mod owners;
mod people;
mod period;
mod population;
mod privileged;
mod seats;
mod tie_outs;

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{
    Analysis, Baseline, Inputs, Memory,
    derived::{
        memory::{self, Listed},
        view::before_sealing,
    },
    judge,
    scan::{Author, Event, Log, Target},
};
use crate::{
    model::{
        coverage::{Coverage, Source},
        exception::Exception,
        ids::{OrgName, SnapshotId},
        manifest::{Audit, Collector, FORMAT, HubClock, Manifest, PlanFact, SourceRecord, Tool},
        outcome::{Cell, Row},
        params::Params,
        time::{self, Timestamp},
    },
    table::{
        Tables,
        access::{
            GatedAccess, GroupUser, Invite, Member, Person, Repo, ResourceGroup, ScimUser, ServiceAccount,
            ServiceToken, Token,
        },
    },
};

/// An organization in memory.
#[derive(Debug)]
pub(super) struct Org {
    pub(super) manifest: Manifest,
    pub(super) params: Params,
    pub(super) tables: Tables,
    pub(super) memory: Memory,
    pub(super) log: Log,
    pub(super) exceptions: Vec<Exception>,
    pub(super) period: (Timestamp, Timestamp),
    pub(super) baseline: Option<(Manifest, Tables)>,
}

/// Instant of every snapshot here.
pub(super) fn as_of() -> Timestamp {
    time::parse("2026-10-01T06:00:00Z").unwrap()
}

/// `days` before the snapshot.
pub(super) fn ago(days: i64) -> Timestamp {
    as_of() - TimeDelta::days(days)
}

/// A user id from a login.
pub(super) fn id(login: &str) -> String {
    format!("id-{login}")
}

/// An organization of which everything was read and a year of log is there.
pub(super) fn org() -> Org {
    let record =
        |coverage| SourceRecord { coverage, why: None, rows: 0, requests: Vec::new(), tie_outs: BTreeMap::new() };
    let coverage = |source: Source| if source.is_opt_in() { Coverage::NotRequested } else { Coverage::Collected };
    Org {
        manifest: Manifest {
            format: FORMAT.to_owned(),
            tool: Tool { name: "rollcall".to_owned(), version: "0.0.0".to_owned() },
            id: SnapshotId::of(as_of()),
            org: OrgName::new("acme").unwrap(),
            as_of: as_of(),
            started_at: as_of(),
            finished_at: as_of(),
            endpoint: "http://127.0.0.1".to_owned(),
            collector: Collector::default(),
            plan: PlanFact { name: "enterprise".to_owned(), from: "whoami".to_owned() },
            sources: Source::ALL.into_iter().map(|s| (s, record(coverage(s)))).collect(),
            tables: BTreeMap::new(),
            audit: Audit { observed_since: Some(ago(365)), ..Audit::default() },
            imports: Vec::new(),
            config_sha256: String::new(),
            hub_clock: HubClock::default(),
            dated_by_hand: false,
            sample: false,
            members_listed_at: None,
            previous: None,
        },
        params: Params::default(),
        tables: Tables::default(),
        memory: Memory::default(),
        log: Log::default(),
        exceptions: Vec::new(),
        period: (ago(90), as_of()),
        baseline: None,
    }
}

impl Org {
    /// Sets what became of a source.
    pub(super) fn coverage(mut self, source: Source, coverage: Coverage) -> Self {
        self.manifest.sources.get_mut(&source).unwrap().coverage = coverage;
        self
    }

    /// A member, not external, with two-factor authentication.
    pub(super) fn member(mut self, login: &str, role: &str) -> Self {
        self.tables.members.push(Member {
            user_id: id(login),
            username: login.to_owned(),
            fullname: None,
            role: Some(role.to_owned()),
            is_external: Some(false),
            two_factor: Some(true),
            verified_email: Some(format!("{login}@acme.example")),
            is_pro: None,
        });
        self
    }

    /// Changes the member added last.
    pub(super) fn but(mut self, change: impl FnOnce(&mut Member)) -> Self {
        change(self.tables.members.last_mut().unwrap());
        self
    }

    /// A member who did something `days` ago.
    pub(super) fn active(self, login: &str, role: &str, days: i64) -> Self {
        self.member(login, role).did(login, days, "repo.update_settings")
    }

    /// An event of somebody.
    pub(super) fn did(mut self, login: &str, days: i64, kind: &str) -> Self {
        let active = (kind != "org.audit_log.export").then(|| (ago(days), kind.to_owned()));
        let author = Author { id: Some(id(login)), login: Some(login.to_owned()), newest: ago(days), active };
        self.log.authors.push(author);
        self
    }

    /// An event that tells who came, went, was invited or created a repository.
    pub(super) fn life(mut self, days: i64, kind: &str, author: &str, target: &str) -> Self {
        let target_id = (!target.contains('@')).then(|| id(target));
        let targets =
            if target.is_empty() { Vec::new() } else { vec![Target { name: target.to_owned(), id: target_id }] };
        self.log.events.push(Event {
            id: format!("e{}", self.log.events.len()),
            at: ago(days),
            kind: kind.to_owned(),
            author_id: Some(id(author)),
            author: Some(author.to_owned()),
            targets,
            ..Event::default()
        });
        self.log.events.sort_by_key(|e| e.at);
        self
    }

    /// A `repo.create` event.
    pub(super) fn created(mut self, days: i64, author: &str, repo: &str) -> Self {
        self = self.life(days, "repo.create", author, "");
        let event = self.log.events.iter_mut().find(|e| e.kind == "repo.create" && e.repo.is_none());
        event.unwrap().repo = Some(repo.to_owned());
        self
    }

    /// A repository, public and not gated.
    pub(super) fn repo(mut self, repo: &str, change: impl FnOnce(&mut Repo)) -> Self {
        let mut row = Repo {
            repo: repo.to_owned(),
            repo_type: "model".to_owned(),
            repo_id: None,
            visibility: Some("public".to_owned()),
            gated: Some("false".to_owned()),
            disabled: None,
            group_id: None,
            storage_bytes: None,
            created_at: Some(ago(100)),
            updated_at: None,
        };
        change(&mut row);
        self.tables.repos.push(row);
        self
    }

    /// A resource group with users and their roles.
    pub(super) fn group(mut self, name: &str, users: &[(&str, &str)]) -> Self {
        self.tables.resource_groups.push(ResourceGroup {
            group_id: name.to_owned(),
            name: name.to_owned(),
            auto_join: None,
            auto_join_role: None,
        });
        self.tables.group_users.extend(users.iter().map(|(login, role)| GroupUser {
            group_id: name.to_owned(),
            user_id: Some(id(login)),
            username: (*login).to_owned(),
            role: Some((*role).to_owned()),
            added_by: None,
        }));
        self
    }

    /// An accepted grant; an empty login is a hidden user.
    pub(super) fn grant(mut self, repo: &str, login: &str) -> Self {
        let named = !login.is_empty();
        self.tables.gated_access.push(GatedAccess {
            repo: repo.to_owned(),
            request_id: None,
            user_id: named.then(|| id(login)),
            username: named.then(|| login.to_owned()),
            email: None,
            status: "accepted".to_owned(),
            requested_at: Some(ago(60)),
            reviewed_at: Some(ago(50)),
            granted_by: None,
        });
        self
    }

    /// A token, created a year ago.
    pub(super) fn token(mut self, owner: &str, used: Option<i64>, change: impl FnOnce(&mut Token)) -> Self {
        let mut token = Token {
            token_id: format!("t{}", self.tables.tokens.len()),
            owner_id: Some(id(owner)),
            owner: Some(owner.to_owned()),
            display_name: None,
            role: Some("read".to_owned()),
            last4: None,
            status: "active".to_owned(),
            created_at: Some(ago(365)),
            last_used_at: used.map(ago),
            scopes: None,
        };
        change(&mut token);
        self.tables.tokens.push(token);
        self
    }

    /// A service account with tokens: days since use and whether each expires.
    pub(super) fn account(mut self, login: &str, tokens: &[(Option<i64>, bool)]) -> Self {
        self.tables.service_accounts.push(ServiceAccount {
            account_id: id(login),
            username: login.to_owned(),
            name: None,
            description: None,
            created_at: None,
        });
        self.tables.service_tokens.extend(tokens.iter().enumerate().map(|(i, (used, expires))| ServiceToken {
            account_id: id(login),
            token_id: format!("{login}-{i}"),
            role: Some("fineGrained".to_owned()),
            created_at: None,
            last_used_at: used.map(ago),
            expires_at: expires.then(|| ago(-30)),
            permissions: None,
        }));
        self
    }

    /// A SCIM user with the member's address.
    pub(super) fn scim(mut self, login: &str, active: bool) -> Self {
        self.tables.scim_users.push(ScimUser {
            scim_id: format!("s-{login}"),
            external_id: None,
            username: login.to_owned(),
            emails: vec![format!("{login}@acme.example")],
            active: Some(active),
            tree: "scim-provisioning".to_owned(),
        });
        self
    }

    /// A person of the roster with the member's address.
    pub(super) fn person(mut self, login: &str, status: &str, left: Option<&str>) -> Self {
        self = self.coverage(Source::Roster, Coverage::Imported);
        self.tables.people.push(Person {
            email: format!("{login}@acme.example"),
            username: None,
            name: None,
            status: status.to_owned(),
            terminated_on: left.map(|day| time::parse_date(day).unwrap()),
            manager_email: None,
            department: Some("Research".to_owned()),
        });
        self
    }

    /// An earlier snapshot with these members.
    pub(super) fn before(self, days: i64, logins: &[&str]) -> Self {
        self.before_with(days, logins, true)
    }

    /// An earlier snapshot with these members, its list read whole or not.
    pub(super) fn before_with(mut self, days: i64, logins: &[&str], whole: bool) -> Self {
        let members = logins.iter().fold(org(), |org, login| org.member(login, "read")).tables.members;
        let invitees = self.memory.seen.iter().filter(|row| row.kind == memory::INVITEE).cloned().collect::<Vec<_>>();
        let mut seen = memory::members(&self.memory, &members, &[], Listed { as_of: ago(days), whole });
        seen.extend(invitees);
        let members_listed_at = if whole { Some(ago(days)) } else { self.memory.members_listed_at };
        self.memory = Memory { seen, members_listed_at };
        self
    }

    /// An earlier snapshot that saw this invite, pending and without a date.
    pub(super) fn invited_before(mut self, days: i64, login: &str) -> Self {
        let invite = Invite {
            invitee: login.to_owned(),
            email: None,
            role: None,
            invited_at: Some(ago(days)),
            invited_by: None,
            source: vec!["scim".to_owned()],
        };
        let listed = Listed { as_of: ago(days), whole: true };
        self.memory.seen.extend(memory::invitees(&[], &[invite], listed));
        self
    }

    /// The tables as they are sealed.
    pub(super) fn sealed(&self) -> Tables {
        let derived = before_sealing(&self.manifest, &self.tables, &self.memory, &self.log);
        Tables { invites: derived.invites, seen: derived.seen, ..self.tables.clone() }
    }

    /// What is judged.
    pub(super) fn inputs<'a>(&'a self, tables: &'a Tables) -> Inputs<'a> {
        Inputs {
            manifest: &self.manifest,
            params: &self.params,
            tables,
            audit_parts: &[],
            exceptions: &self.exceptions,
            period: self.period,
            baseline: self.baseline.as_ref().map(|(manifest, tables)| Baseline { manifest, tables }),
        }
    }

    /// Judges.
    pub(super) fn judge(&self) -> Analysis {
        judge(&self.inputs(&self.sealed()), &self.log)
    }

    /// Rows of one analyzer as `kind subject: verdict severity rule;also`.
    pub(super) fn rows(&self, analyzer: &str) -> Vec<String> {
        self.judge().outcomes.iter().find(|o| o.meta.id == analyzer).unwrap().rows.iter().map(line).collect()
    }

    /// The row of one subject, as [`Org::rows`] prints it without the subject.
    pub(super) fn verdict(&self, analyzer: &str, kind: &str, subject: &str) -> String {
        let prefix = format!("{kind} {subject}: ");
        let rows = self.rows(analyzer);
        let found: Vec<_> = rows.iter().filter_map(|row| row.strip_prefix(&prefix)).collect();
        assert_eq!(found.len(), 1, "{prefix} in {rows:#?}");
        found[0].to_owned()
    }

    /// A cell of one subject's row, as text.
    pub(super) fn cell(&self, analyzer: &str, subject: &str, column: &str) -> String {
        let analysis = self.judge();
        let outcome = analysis.outcomes.iter().find(|o| o.meta.id == analyzer).unwrap();
        let row = outcome.rows.iter().find(|r| r.subject == subject).unwrap();
        outcome.cell(row, column).map(Cell::to_text).unwrap()
    }
}

/// A row in one line.
fn line(row: &Row) -> String {
    let also = if row.also.is_empty() { String::new() } else { format!(" +{}", row.also.join(";")) };
    format!("{} {}: {} {} {}{also}", row.subject_kind, row.subject, row.verdict, row.severity, row.rule)
}
