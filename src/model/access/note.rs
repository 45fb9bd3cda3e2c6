//! What there is to know about a permission: readings of what is not documented, holes, remarks.

/// Something to know about a permission.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Note {
    /// The role in the group is lower than the one in the organization.
    GroupRoleLower,
    /// A role in the organization that gives more, outside the group of a public repository.
    OutsideGroup,
    /// Gating may hold for members, too.
    MembersMayBeGated,
    /// In the group without being a member.
    GroupWithoutMembership,
    /// A service account with both tokens and a role in the group.
    TokensAndGroup,
    /// A token for the whole organization, outside the group of a private repository.
    TokenOutsideGroup,
    /// A token with permissions for everything that names other repositories.
    TokenNamesOthers,
    /// A contributor, and who created the repository is not known.
    CreatorUnseen,
    /// A role that is none of the Hub's own.
    CustomRole,
    /// The role in the organization is not visible.
    RoleUnseen,
    /// The list of members has a hole.
    MembersUnseen,
    /// What the tokens of a service account may do was not seen.
    TokensUnseen,
    /// The group, the place in it or the role there was not seen.
    GroupUnseen,
    /// Visibility was not seen.
    VisibilityUnseen,
    /// Gating was not seen.
    GateUnseen,
    /// Accepted requests were not seen.
    GrantUnseen,
    /// An accepted request for a repository that is not public.
    GrantWithoutEffect,
    /// An app that everybody may use.
    AppIsPublic,
    /// Files for which anybody may ask.
    MustAsk,
}

/// What a note means for the permission beside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Weight {
    /// Nothing.
    Remark,
    /// It is the likeliest reading of what is not documented, or not shown.
    Reading,
    /// It could not be told.
    Hole,
}

impl Note {
    /// What it means for the permission.
    #[must_use]
    pub const fn weight(self) -> Weight {
        match self {
            Self::GroupRoleLower
            | Self::OutsideGroup
            | Self::MembersMayBeGated
            | Self::GroupWithoutMembership
            | Self::TokensAndGroup
            | Self::TokenOutsideGroup
            | Self::TokenNamesOthers
            | Self::CreatorUnseen => Weight::Reading,
            Self::CustomRole
            | Self::RoleUnseen
            | Self::MembersUnseen
            | Self::TokensUnseen
            | Self::GroupUnseen
            | Self::VisibilityUnseen
            | Self::GateUnseen
            | Self::GrantUnseen => Weight::Hole,
            Self::GrantWithoutEffect | Self::AppIsPublic | Self::MustAsk => Weight::Remark,
        }
    }

    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::GroupRoleLower => {
                "the role in the group is lower than the one in the organization; that the group decides is not documented"
            }
            Self::OutsideGroup => {
                "whether a role in the organization writes to a public repository of a group that one is not in is not documented"
            }
            Self::MembersMayBeGated => {
                "members may have to ask for the files, too: the setting that decides cannot be read"
            }
            Self::GroupWithoutMembership => {
                "in the group without being a member; whether that gives access is not documented"
            }
            Self::TokensAndGroup => "how tokens and a role in the group add up is not documented",
            Self::TokenOutsideGroup => {
                "whether a token for the whole organization reaches a group that its account is not in is not documented"
            }
            Self::TokenNamesOthers => {
                "whether the repositories that a token names limit its other permissions is not documented"
            }
            Self::CreatorUnseen => "writes only if they created it, and the log does not show who did",
            Self::CustomRole => "the role is none of the Hub's own: what it permits is not documented",
            Self::RoleUnseen => "the role in the organization is not visible",
            Self::MembersUnseen => "members and service accounts could not all be listed: this may be one",
            Self::TokensUnseen => "what the account's tokens may do could not be seen",
            Self::GroupUnseen => "resource groups or the role in one could not be seen",
            Self::VisibilityUnseen => "whether the repository is public could not be seen",
            Self::GateUnseen => "whether the repository is gated could not be seen",
            Self::GrantUnseen => "not every accepted request could be seen",
            Self::GrantWithoutEffect => "the accepted request has no effect while the repository is not public",
            Self::AppIsPublic => "the app of this Space is open to everybody; the permission is about its code",
            Self::MustAsk => "everybody sees the page and may ask for the files",
        }
    }
}
