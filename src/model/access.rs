//! What somebody may do with one repository: the Hub's rules as functions over facts, without any table or file.
//!
//! A fact that was not seen is tried in every way it could be: where all of them give the same permission, that is the
//! permission; where they differ, it is unknown, and only the least of them is certain. Where the Hub does not document
//! what decides, the likeliest reading is given and a note says so.

use std::{collections::BTreeSet, fmt};

mod note;
mod rules;
pub mod token;

pub use note::{Note, Weight};
use rules::{Given, Role, Ways, places};
pub use token::Tokens;

/// What somebody may do with a repository, least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Permission {
    /// Nothing, not even read its files.
    None,
    /// Read.
    Read,
    /// Read, and write if they created it, which is not known.
    Contributor,
    /// Write.
    Write,
    /// Write, and settings.
    Admin,
}

impl Permission {
    /// All of them, least first.
    pub const ALL: [Self; 5] = [Self::None, Self::Read, Self::Contributor, Self::Write, Self::Admin];

    /// The word in every output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Contributor => "contributor",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What is known of a yes or no.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fact {
    /// Seen to be so.
    Yes,
    /// Seen not to be so.
    No,
    /// Not seen.
    Unseen,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder<'a> {
    /// A current member, external collaborators included, with the organization role; `None` where it is not visible.
    Member(Option<&'a str>),
    /// A service account.
    Account(Tokens),
    /// Neither.
    Outsider,
    /// On no list that was read, while the list of members has a hole.
    Unlisted,
}

/// The resource group of the repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group<'a> {
    /// It is in none.
    Free,
    /// It is in this one, where somebody has this place.
    In(&'a str, Place<'a>),
    /// Whether it is in one was not seen.
    Unseen,
}

/// Somebody's place in a resource group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place<'a> {
    /// In it, with a role.
    Role(&'a str),
    /// In it, with a role that is not visible.
    Hidden,
    /// Not in it.
    Outside,
    /// Whether they are in it was not seen.
    Unseen,
}

/// Who may see a repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Those who have access.
    Private,
    /// A Space whose app everybody may use and whose code is private.
    Protected,
    /// Not seen.
    Unseen,
}

/// All that decides about one principal and one repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts<'a> {
    /// Who.
    pub holder: Holder<'a>,
    /// Group of the repository and the place in it.
    pub group: Group<'a>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether its files need an accepted request.
    pub gated: Fact,
    /// Whether their request was accepted.
    pub granted: Fact,
    /// Whether they created it.
    pub creator: Fact,
}

/// A way by which access is reached.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Path {
    /// The role in the organization.
    OrgRole,
    /// The role in this resource group.
    ResourceGroup(String),
    /// Having created it, as a contributor.
    Creator,
    /// A token of a service account.
    ServiceToken,
    /// An accepted request.
    GatedGrant,
    /// Being anybody.
    Public,
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OrgRole => f.write_str("org-role"),
            Self::ResourceGroup(name) => write!(f, "resource-group:{name}"),
            Self::Creator => f.write_str("creator"),
            Self::ServiceToken => f.write_str("service-token"),
            Self::GatedGrant => f.write_str("gated-grant"),
            Self::Public => f.write_str("public"),
        }
    }
}

/// How sure a permission is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Certainty {
    /// It follows from documented rules and what was seen.
    Certain,
    /// It is the likeliest reading.
    Uncertain,
    /// It cannot be told.
    Unknown,
}

impl Certainty {
    /// The word in every output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Uncertain => "uncertain",
            Self::Unknown => "unknown",
        }
    }
}

/// What somebody may do with a repository, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Effective {
    /// The permission; `None` where it cannot be told.
    pub permission: Option<Permission>,
    /// What they may do in any case.
    pub at_least: Permission,
    /// The ways by which it is reached, sorted.
    pub paths: Vec<Path>,
    /// What there is to know about it, sorted.
    pub notes: Vec<Note>,
}

impl Effective {
    /// How sure the permission is.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        match self.permission {
            None => Certainty::Unknown,
            Some(_) if self.notes.iter().any(|note| note.weight() == Weight::Reading) => Certainty::Uncertain,
            Some(_) => Certainty::Certain,
        }
    }

    /// Whether there is surely neither access nor anything that might become it.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.permission == Some(Permission::None) && self.paths.is_empty() && self.certainty() == Certainty::Certain
    }
}

/// What somebody may do with a repository.
#[must_use]
pub fn effective(facts: &Facts<'_>) -> Effective {
    let ways = Ways::of(facts);
    let given: Vec<([usize; 5], Given)> =
        places(ways.sizes()).map(|at| (at, ways.case(at, facts.creator).give())).collect();
    let first = given.first().map_or(Permission::None, |(_, given)| given.best);
    let least = given.iter().map(|(_, given)| given.least).min().unwrap_or(Permission::None);
    let agree = given.iter().all(|(_, given)| given.best == first);
    let mut notes: BTreeSet<Note> =
        if agree { given.iter().flat_map(|(_, given)| given.notes.clone()).collect() } else { holes(facts, &given) };
    let paths = paths(facts);
    if facts.granted == Fact::Yes && matches!(facts.visibility, Visibility::Private | Visibility::Protected) {
        notes.insert(Note::GrantWithoutEffect);
    }
    if facts.visibility == Visibility::Protected {
        notes.insert(Note::AppIsPublic);
    }
    if agree && first == Permission::None && facts.visibility == Visibility::Public && facts.gated == Fact::Yes {
        notes.insert(Note::MustAsk);
    }
    Effective { permission: agree.then_some(first), at_least: least, paths, notes: notes.into_iter().collect() }
}

/// The unseen facts that the permission depends on: those of which another way, all else equal, gives another one.
fn holes(facts: &Facts<'_>, given: &[([usize; 5], Given)]) -> BTreeSet<Note> {
    let custom = |role: &str| Role::of(role).is_none();
    let names = [
        match facts.holder {
            Holder::Member(Some(_)) => Note::CustomRole,
            Holder::Member(None) => Note::RoleUnseen,
            Holder::Account(_) => Note::TokensUnseen,
            Holder::Outsider | Holder::Unlisted => Note::MembersUnseen,
        },
        match facts.group {
            Group::In(_, Place::Role(role)) if custom(role) => Note::CustomRole,
            _ => Note::GroupUnseen,
        },
        Note::VisibilityUnseen,
        Note::GateUnseen,
        Note::GrantUnseen,
    ];
    let mut found = BTreeSet::new();
    for (fact, note) in names.into_iter().enumerate() {
        let decides = given.iter().filter(|(at, _)| at[fact] > 0).any(|(at, other)| {
            let mut base = *at;
            base[fact] = 0;
            given.iter().any(|(at, first)| *at == base && first.best != other.best)
        });
        if decides {
            found.insert(note);
        }
    }
    found
}

/// The ways by which somebody reaches a repository, or might as far as was seen.
fn paths(facts: &Facts<'_>) -> Vec<Path> {
    let mut paths = Vec::new();
    let is = |role: Option<&str>, word: &str| role == Some(word);
    let mut contributes = false;
    if let Holder::Member(role) = facts.holder {
        let reaches = match facts.group {
            Group::Free | Group::Unseen => !is(role, "no_access"),
            Group::In(..) => is(role, "admin"),
        };
        if reaches {
            paths.push(Path::OrgRole);
        }
        contributes = facts.group == Group::Free && is(role, "contributor");
    }
    if let Group::In(name, place @ (Place::Role(_) | Place::Hidden)) = facts.group {
        if place != Place::Role("no_access") {
            paths.push(Path::ResourceGroup(name.to_owned()));
        }
        contributes |= place == Place::Role("contributor");
    }
    // The creator passes the gate, too.
    let passes = facts.gated == Fact::Yes && facts.visibility == Visibility::Public;
    if facts.creator == Fact::Yes && (contributes || passes) {
        paths.push(Path::Creator);
    }
    if let Holder::Account(tokens) = facts.holder
        && tokens.level > Permission::None
    {
        paths.push(Path::ServiceToken);
    }
    if facts.granted == Fact::Yes {
        paths.push(Path::GatedGrant);
    }
    let belongs = matches!(facts.holder, Holder::Member(_)) && paths.is_empty();
    if facts.visibility == Visibility::Public && (facts.gated == Fact::No || belongs) {
        paths.push(Path::Public);
    }
    paths.sort();
    paths
}

#[cfg(test)]
mod tests;
