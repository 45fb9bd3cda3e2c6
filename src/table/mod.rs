//! The data dictionary: every table of a snapshot, as records, as schema and as documentation.
//!
//! A table is declared once, by [`spec::records!`]; the record type, the Parquet schema, `rollcall explain TABLE`
//! and the privacy class of each column all come from there. [`frame`] turns records into frames and back and
//! refuses any schema but the declared one; [`packed`] keeps very many records in little memory.

pub mod access;
pub mod activity;
pub mod diff;
pub mod error;
pub mod frame;
pub mod packed;
pub mod spec;

use access::{
    GatedAccess, GroupResource, GroupUser, Invite, InvitedFile, Member, Person, Repo, ResourceGroup, ScimGroup,
    ScimUser, Seen, ServiceAccount, ServiceToken, Token,
};
use activity::{AuditEvent, Commit, NetworkSecurity};
use spec::{Record as _, Table};

/// Every table, in the order of `explain`.
pub static TABLES: [&Table; 18] = [
    Member::TABLE,
    ResourceGroup::TABLE,
    GroupUser::TABLE,
    GroupResource::TABLE,
    Repo::TABLE,
    GatedAccess::TABLE,
    Token::TABLE,
    ServiceAccount::TABLE,
    ServiceToken::TABLE,
    ScimUser::TABLE,
    ScimGroup::TABLE,
    AuditEvent::TABLE,
    Invite::TABLE,
    Seen::TABLE,
    InvitedFile::TABLE,
    Person::TABLE,
    Commit::TABLE,
    NetworkSecurity::TABLE,
];

/// The tables of one snapshot except the audit archive, each in the order in which it is stored.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tables {
    /// `members`, by `user_id`.
    pub members: Vec<Member>,
    /// `resource_groups`, by `group_id`.
    pub resource_groups: Vec<ResourceGroup>,
    /// `group_users`, by group and login.
    pub group_users: Vec<GroupUser>,
    /// `group_resources`, by group, type and name.
    pub group_resources: Vec<GroupResource>,
    /// `repos`, by path.
    pub repos: Vec<Repo>,
    /// `gated_access`, by repository, status, login, id.
    pub gated_access: Vec<GatedAccess>,
    /// `tokens`, by `token_id`.
    pub tokens: Vec<Token>,
    /// `service_accounts`, by `account_id`.
    pub service_accounts: Vec<ServiceAccount>,
    /// `service_tokens`, by account and token.
    pub service_tokens: Vec<ServiceToken>,
    /// `scim_users`, by `scim_id`.
    pub scim_users: Vec<ScimUser>,
    /// `scim_groups`, by group and member.
    pub scim_groups: Vec<ScimGroup>,
    /// `invites`, by invitee; derived when the snapshot is sealed.
    pub invites: Vec<Invite>,
    /// `seen`, by kind, id, login and addresses; derived when the snapshot is sealed.
    pub seen: Vec<Seen>,
    /// `invites_file`, in file order.
    pub invites_file: Vec<InvitedFile>,
    /// `people`, by e-mail address.
    pub people: Vec<Person>,
    /// `commits`, by repository, time, author.
    pub commits: Vec<Commit>,
    /// `network_security`, none or one row.
    pub network_security: Vec<NetworkSecurity>,
}
