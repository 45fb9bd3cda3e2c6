//! The declaration of effective permissions, and how one becomes a row.

use super::{
    super::judged::{Hit, Judged, SOURCE_MISSING},
    facts::Someone,
};
use crate::{
    model::{
        access::{self, Certainty, Effective, Facts, Note, Weight},
        coverage::Source,
        outcome::{Cell, CellKind, ColumnSpec, Meta, Privacy, RuleSpec},
        verdict::{Severity, Verdict},
    },
    table::access::Repo,
};

/// A column.
const fn column(name: &'static str, kind: CellKind, doc: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, privacy: Privacy::Public, doc }
}

/// A rule.
const fn rule(id: &'static str, verdict: Verdict, severity: Severity, doc: &'static str) -> RuleSpec {
    RuleSpec { id, verdict, severity, doc }
}

/// Declaration.
pub static META: Meta = Meta {
    id: "effective-access",
    question: "What may somebody do with a repository, and by which path?",
    needs: &[
        Source::Members,
        Source::ResourceGroups,
        Source::Repos,
        Source::GatedAccess,
        Source::ServiceAccounts,
        Source::AuditLog,
    ],
    subjects: &[
        "member",
        "external",
        "former-member",
        "outsider",
        "service-account",
        "invitee",
        "hidden-grantees",
        "everybody",
    ],
    charts: &[],
    columns: &[
        column("principal_id", CellKind::Text, "Stable id of the principal; empty when not known."),
        column("org_role", CellKind::Text, "Role in the organization; empty when not visible or no member."),
        column("group_role", CellKind::Text, "Role in the repository's resource group; empty without one."),
        column("resource", CellKind::Text, "Path form of the repository."),
        column("visibility", CellKind::Text, "public, private or protected; empty when not known."),
        column("gated", CellKind::Text, "false, auto or manual; empty when not known."),
        column(
            "permission",
            CellKind::Text,
            "none, read, contributor (own repositories only), write, admin or unknown.",
        ),
        column("at_least", CellKind::Text, "What is certain, whatever is not known or not documented."),
        column(
            "paths",
            CellKind::List,
            "org-role, resource-group:<name>, creator, service-token, gated-grant, public; empty without any.",
        ),
        column("certainty", CellKind::Text, "certain, uncertain (likeliest reading) or unknown (evidence is missing)."),
        column("notes", CellKind::List, "Why it is not certain, and what else there is to know; empty without any."),
        column("count", CellKind::Integer, "People a row without a name stands for; empty for one and for everybody."),
    ],
    rules: &[
        rule(SOURCE_MISSING, Verdict::Unknown, Severity::High, "A source that this rests on could not be seen."),
        rule("custom-role", Verdict::Unknown, Severity::Medium, "It hangs on a role that is none of the Hub's own."),
        rule("undocumented", Verdict::Review, Severity::Low, "The Hub does not document, or not show, what decides."),
        rule("derived", Verdict::Pass, Severity::Info, "It follows from documented rules and what was seen."),
    ],
};

/// Whose permission a row is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose<'e> {
    /// Somebody's, with the role in the organization and the one in the repository's group.
    One(&'e Someone, Option<&'e str>, Option<&'e str>),
    /// That of so many accepted people whose names the repository hides.
    Hidden(usize),
    /// Everybody's.
    Everybody,
}

/// The permission of one principal on one repository.
#[derive(Clone, Debug)]
pub(super) struct Row<'e> {
    /// The repository.
    repo: &'e Repo,
    /// Whose.
    whose: Whose<'e>,
    /// The permission.
    pub(super) effective: Effective,
}

impl<'e> Row<'e> {
    /// Decides.
    pub(super) fn of(repo: &'e Repo, whose: Whose<'e>, facts: &Facts<'_>) -> Self {
        Self { repo, whose, effective: access::effective(facts) }
    }

    /// As a judged subject: a likeliest reading wants a human's eye, a hole is unknown.
    pub(super) fn judged(&self) -> Judged {
        let Self { repo, whose, effective } = self;
        let paths: Vec<String> = effective.paths.iter().map(ToString::to_string).collect();
        let notes: Vec<String> = effective.notes.iter().map(|note| note.text().to_owned()).collect();
        let permission = effective.permission.map_or("unknown", access::Permission::word);
        let (kind, subject, who) = match whose {
            Whose::One(one, ..) => (one.kind, one.login.clone(), one.login.clone()),
            Whose::Hidden(n) => {
                ("hidden-grantees", repo.repo.clone(), format!("{n} accepted people whose names are hidden"))
            }
            Whose::Everybody => ("everybody", "everybody".to_owned(), "everybody".to_owned()),
        };
        let mut cells: Vec<(&'static str, Cell)> = vec![
            ("resource", repo.repo.as_str().into()),
            ("visibility", repo.visibility.clone().into()),
            ("gated", repo.gated.clone().into()),
            ("permission", permission.into()),
            ("at_least", effective.at_least.word().into()),
            ("paths", paths.clone().into()),
            ("certainty", effective.certainty().word().into()),
            ("notes", notes.clone().into()),
        ];
        match whose {
            Whose::One(one, org_role, group_role) => cells.extend([
                ("principal_id", one.id.clone().into()),
                ("org_role", (*org_role).into()),
                ("group_role", (*group_role).into()),
            ]),
            Whose::Hidden(n) => cells.push(("count", (*n).into())),
            Whose::Everybody => {}
        }
        let by = if paths.is_empty() { String::new() } else { format!(" by {}", paths.join(", ")) };
        let why = if notes.is_empty() { String::new() } else { format!("; {}", notes.join("; ")) };
        Judged::new(
            &META,
            (kind, &subject),
            vec![self.hit(format!("{who}: {permission} on {}{by}{why}", repo.repo))],
            cells,
        )
    }

    /// The rule that applies.
    fn hit(&self, reason: String) -> Hit {
        let holes = self.effective.notes.iter().filter(|note| note.weight() == Weight::Hole);
        match self.effective.certainty() {
            Certainty::Certain => Hit::pass("derived", reason),
            Certainty::Uncertain => Hit::review("undocumented", Severity::Low, reason),
            Certainty::Unknown if holes.clone().count() == 1 && holes.clone().all(|note| *note == Note::CustomRole) => {
                Hit::unknown("custom-role", Severity::Medium, reason)
            }
            Certainty::Unknown => Hit::missing(reason),
        }
    }
}
