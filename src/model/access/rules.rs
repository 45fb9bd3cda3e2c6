//! The rules over facts of which everything was seen, and every way in which the rest could be.

use super::{Fact, Facts, Group, Holder, Note, Permission, Place, Tokens, Visibility};

/// A role of the Hub.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Role {
    /// `no_access`.
    NoAccess,
    /// `read`.
    Read,
    /// `contributor`.
    Contributor,
    /// `write`.
    Write,
    /// `admin`.
    Admin,
}

/// Every role.
const ROLES: [Role; 5] = [Role::NoAccess, Role::Read, Role::Contributor, Role::Write, Role::Admin];

impl Role {
    /// The role of a word; `None` for a custom one.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "no_access" => Self::NoAccess,
            "read" => Self::Read,
            "contributor" => Self::Contributor,
            "write" => Self::Write,
            "admin" => Self::Admin,
            _ => return None,
        })
    }

    /// What it gives where it decides.
    const fn gives(self, creator: Fact) -> Permission {
        match (self, creator) {
            (Self::NoAccess, _) => Permission::None,
            (Self::Read, _) | (Self::Contributor, Fact::No) => Permission::Read,
            (Self::Contributor, Fact::Unseen) => Permission::Contributor,
            (Self::Contributor, Fact::Yes) | (Self::Write, _) => Permission::Write,
            (Self::Admin, _) => Permission::Admin,
        }
    }
}

/// One way in which everything could be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// Who.
    seat: Seat,
    /// The group of the repository.
    group: Within,
    /// Whether everybody sees the repository.
    public: bool,
    /// Whether its files need an accepted request.
    gated: bool,
    /// Whether theirs was accepted.
    granted: bool,
    /// Whether they created it; the one fact whose absence has a permission of its own.
    creator: Fact,
}

/// A [`Group`] of which everything is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Within {
    /// The repository is in none.
    Free,
    /// It is in one that they are not in.
    Outside,
    /// They are in it, with a role.
    In(Role),
}

/// A [`Holder`] of whom everything is known.
#[derive(Clone, Copy, Debug)]
enum Seat {
    /// A member.
    Member(Role),
    /// A service account: what its tokens give, where one names the repository, and where one names others only.
    Account(Permission, Named),
    /// Neither.
    Outsider,
}

/// What a service account's best token names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Named {
    /// No repository: it is for all of them.
    Nothing,
    /// The repository.
    This,
    /// Others.
    Others,
}

impl Named {
    /// What some tokens name.
    const fn of(tokens: Tokens) -> Self {
        match (tokens.named, tokens.loose) {
            (true, _) => Self::This,
            (false, true) => Self::Others,
            (false, false) => Self::Nothing,
        }
    }
}

/// What one case gives.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// The likeliest reading.
    pub(super) best: Permission,
    /// The least.
    pub(super) least: Permission,
    /// What there is to know.
    pub(super) notes: Vec<Note>,
}

impl Case {
    /// What it gives.
    pub(super) fn give(self) -> Given {
        match self.seat {
            Seat::Member(Role::Admin) => Given { best: Permission::Admin, least: Permission::Admin, notes: Vec::new() },
            Seat::Member(role) => self.member(role),
            Seat::Account(level, named) => self.account(level, named),
            Seat::Outsider => self.outsider(),
        }
    }

    /// What everybody has who asked and was accepted, or who need not ask.
    const fn world(self) -> Permission {
        if self.public && (!self.gated || self.granted) { Permission::Read } else { Permission::None }
    }

    /// What a role in the group gives.
    fn by_group(self) -> Permission {
        match self.group {
            Within::In(role) => role.gives(self.creator),
            Within::Free | Within::Outside => Permission::None,
        }
    }

    /// A member who is no admin. In a group the role there decides, and a private repository is for its users alone.
    fn member(self, role: Role) -> Given {
        let mut notes = Vec::new();
        let by_org = role.gives(self.creator);
        let by_role = match self.group {
            Within::Free => by_org,
            Within::In(role) => role.gives(self.creator),
            Within::Outside => Permission::None,
        };
        let best = if self.public { by_role.max(Permission::Read) } else { by_role };
        if by_org > best {
            match self.group {
                Within::In(_) => notes.push(Note::GroupRoleLower),
                Within::Outside if self.public => notes.push(Note::OutsideGroup),
                _ => {}
            }
        }
        self.finish(best, best, notes)
    }

    /// A service account: what its tokens permit, and its role in the group.
    fn account(self, level: Permission, named: Named) -> Given {
        let mut notes = Vec::new();
        let by_group = self.by_group();
        let best = level.max(by_group).max(self.world());
        let mut least = level.max(self.world());
        if by_group > least {
            notes.push(Note::TokensAndGroup);
        }
        if named == Named::Others && level > self.world() {
            notes.push(Note::TokenNamesOthers);
            least = self.world();
        }
        if self.group == Within::Outside && named != Named::This && level > self.world() {
            notes.push(Note::TokenOutsideGroup);
            least = self.world();
        }
        self.finish(best, least, notes)
    }

    /// Somebody who is no member.
    fn outsider(self) -> Given {
        let by_group = self.by_group();
        let best = by_group.max(self.world());
        let notes = if best > self.world() { vec![Note::GroupWithoutMembership] } else { Vec::new() };
        Given { best, least: self.world(), notes }
    }

    /// The gate before those who belong to the organization: only its admins, those of the group and the creator pass
    /// in any case.
    fn finish(self, best: Permission, mut least: Permission, mut notes: Vec<Note>) -> Given {
        let passes = self.granted || self.creator == Fact::Yes || self.group == Within::In(Role::Admin);
        if self.gated && !passes && best > Permission::None {
            notes.push(Note::MembersMayBeGated);
            if least <= Permission::Contributor {
                least = Permission::None;
            }
        }
        if best == Permission::Contributor {
            notes.push(Note::CreatorUnseen);
        }
        least = if least == Permission::Contributor { Permission::Read } else { least };
        Given { best, least, notes }
    }
}

/// Every way in which the facts that were not seen could be, one list for each of them.
#[derive(Debug)]
pub(super) struct Ways {
    /// Who.
    seats: Vec<Seat>,
    /// Group and role there.
    groups: Vec<Within>,
    /// Public or not.
    public: Vec<bool>,
    /// Gated or not.
    gated: Vec<bool>,
    /// Accepted or not.
    granted: Vec<bool>,
}

/// A yes or no in every way.
fn either(fact: Fact) -> Vec<bool> {
    match fact {
        Fact::Yes => vec![true],
        Fact::No => vec![false],
        Fact::Unseen => vec![false, true],
    }
}

/// A role in every way: the one of a word, or any.
fn roles(word: Option<&str>) -> Vec<Role> {
    word.and_then(Role::of).map_or_else(|| ROLES.to_vec(), |role| vec![role])
}

impl Ways {
    /// The ways of some facts.
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let members = |word| roles(word).into_iter().map(Seat::Member);
        let within = |word| roles(word).into_iter().map(Within::In);
        Self {
            seats: match facts.holder {
                Holder::Member(role) => members(role).collect(),
                Holder::Account(tokens) => {
                    tokens.levels().map(|level| Seat::Account(level, Named::of(tokens))).collect()
                }
                Holder::Outsider => vec![Seat::Outsider],
                Holder::Unlisted => std::iter::once(Seat::Outsider).chain(members(None)).collect(),
            },
            groups: match facts.group {
                Group::Free => vec![Within::Free],
                Group::In(_, Place::Role(role)) => within(Some(role)).collect(),
                Group::In(_, Place::Hidden) => within(None).collect(),
                Group::In(_, Place::Outside) => vec![Within::Outside],
                Group::In(_, Place::Unseen) => std::iter::once(Within::Outside).chain(within(None)).collect(),
                Group::Unseen => [Within::Free, Within::Outside].into_iter().chain(within(None)).collect(),
            },
            public: match facts.visibility {
                Visibility::Public => vec![true],
                Visibility::Private | Visibility::Protected => vec![false],
                Visibility::Unseen => vec![false, true],
            },
            gated: either(facts.gated),
            granted: either(facts.granted),
        }
    }

    /// Number of ways, by fact.
    pub(super) fn sizes(&self) -> [usize; 5] {
        [self.seats.len(), self.groups.len(), self.public.len(), self.gated.len(), self.granted.len()]
    }

    /// The case at a place in each list.
    pub(super) fn case(&self, at: [usize; 5], creator: Fact) -> Case {
        let [seat, group, public, gated, granted] = at;
        Case {
            seat: self.seats[seat],
            group: self.groups[group],
            public: self.public[public],
            gated: self.gated[gated],
            granted: self.granted[granted],
            creator,
        }
    }
}

/// The places in lists of these sizes, the last list fastest.
pub(super) fn places(sizes: [usize; 5]) -> impl Iterator<Item = [usize; 5]> {
    (0..sizes.iter().product::<usize>()).map(move |mut n| {
        let mut at = [0; 5];
        for (slot, size) in at.iter_mut().zip(sizes).rev() {
            *slot = n % size;
            n /= size;
        }
        at
    })
}
