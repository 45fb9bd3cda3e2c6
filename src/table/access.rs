//! Tables of who has which access: members, groups, grants, tokens, service accounts, SCIM, invites, people.

use chrono::NaiveDate;

use super::spec::records;
use crate::model::time::Timestamp;

records! {
    /// One current member of the organization.
    pub struct Member = "members" from Members {
        /// Stable id of the user (`members[]._id`).
        Public user_id: String,
        /// Login as the Hub spells it (`members[].user`).
        Public username: String,
        /// Display name (`members[].fullname`); null when the Hub sends none.
        Personal fullname: Option<String>,
        /// Organization role (`members[].role`); null when the token may not see roles.
        Public role: Option<String>,
        /// External collaborator (`members[].isExternalCollaborator`); null when not visible.
        Public is_external: Option<bool>,
        /// Two-factor authentication (`members[].twoFaEnabled`); null when not visible.
        Public two_factor: Option<bool>,
        /// Address matching the verified or SSO domain (`members[].verifiedEmail`); null when there is none or it is not visible.
        Personal verified_email: Option<String>,
        /// PRO subscription (`members[].isPro`); null when not sent.
        Public is_pro: Option<bool>,
    }
}

records! {
    /// One resource group.
    pub struct ResourceGroup = "resource_groups" from ResourceGroups {
        /// Stable id (`resource-groups[].id`).
        Public group_id: String,
        /// Name (`resource-groups[].name`).
        Public name: String,
        /// Whether members join by themselves (`autoJoin.enabled`); null when not sent.
        Public auto_join: Option<bool>,
        /// Role of those who join by themselves (`autoJoin.role`); null without auto-join.
        Public auto_join_role: Option<String>,
    }
}

records! {
    /// One user of one resource group.
    pub struct GroupUser = "group_users" from ResourceGroups {
        /// The group (`resource-groups[].id`).
        Public group_id: String,
        /// Stable id of the user (`users[]._id`); null when not sent.
        Public user_id: Option<String>,
        /// Login (`users[].name`).
        Public username: String,
        /// Role in the group (`users[].role`); null when not sent.
        Public role: Option<String>,
        /// Login of who added the user (`users[].addedBy`); null when not sent.
        Public added_by: Option<String>,
    }
}

records! {
    /// One resource of one resource group.
    pub struct GroupResource = "group_resources" from ResourceGroups {
        /// The group (`resource-groups[].id`).
        Public group_id: String,
        /// `model`, `dataset`, `space`, `bucket`, `kernel`, `collection`, `job`, … (`resources[].type`, else `repos[].type`).
        Public resource_type: String,
        /// `org/name` of a repository, the slug or id of anything else.
        Public resource_name: String,
        /// Whether it is private (`resources[].private`); null when not sent.
        Public private: Option<bool>,
    }
}

records! {
    /// One repository.
    pub struct Repo = "repos" from Repos {
        /// Path form, `datasets/org/name` (`settings/repositories[].id` and `.type`, else the lists).
        Public repo: String,
        /// `model`, `dataset`, `space`, `bucket`, `kernel`.
        Public repo_type: String,
        /// Stable id (`_id` of the lists); null for what only `settings/repositories` names.
        Public repo_id: Option<String>,
        /// `public`, `private`, `protected`; null when no answer states it.
        Public visibility: Option<String>,
        /// `false`, `auto`, `manual` (`gated` of the lists); null when not stated.
        Public gated: Option<String>,
        /// Disabled by the Hub (`disabled` of the lists); null when not stated.
        Public disabled: Option<bool>,
        /// Resource group: the one whose resources name the repository, else the list's; null when none.
        Public group_id: Option<String>,
        /// Bytes stored (`settings/repositories[].storage`, else `usedStorage`); null when not stated.
        Public storage_bytes: Option<i64>,
        /// Created (`createdAt` of the lists); null when not stated.
        Public created_at: Option<Timestamp>,
        /// Last change (`settings/repositories[].updatedAt`, else `lastModified`); null when not stated.
        Public updated_at: Option<Timestamp>,
    }
}

records! {
    /// One access request or grant of a gated repository.
    pub struct GatedAccess = "gated_access" from GatedAccess {
        /// Path form of the repository.
        Public repo: String,
        /// `requestId`; null from Hubs that do not send it.
        Public request_id: Option<String>,
        /// Stable id of the grantee (`user._id`); null when the repository hides its users.
        Public user_id: Option<String>,
        /// Login of the grantee (`user.user`); null when hidden.
        Public username: Option<String>,
        /// Address of the grantee (`user.email`); null when not shared.
        Personal email: Option<String>,
        /// `pending`, `accepted`, `rejected` (`status`, else the list it was read from).
        Public status: String,
        /// When access was asked for (`timestamp`); null when not sent.
        Public requested_at: Option<Timestamp>,
        /// When it was decided (`reviewedAt`); null when not sent.
        Public reviewed_at: Option<Timestamp>,
        /// Login of who granted without a request (`grantedBy.user`); null when the Hub names nobody.
        Public granted_by: Option<String>,
    }
}

records! {
    /// One access token of a member that can reach the organization.
    pub struct Token = "tokens" from Tokens {
        /// Stable id (`_id`).
        Public token_id: String,
        /// Stable id of the owner (`owner._id`); null when not sent.
        Public owner_id: Option<String>,
        /// Login of the owner (`owner.name`); null when not sent.
        Public owner: Option<String>,
        /// Name of the token (`displayName`); null or empty unless the organization approves tokens.
        Personal display_name: Option<String>,
        /// `read`, `write`, `fineGrained` (`role`); null when not sent.
        Public role: Option<String>,
        /// Last four characters (`last4`); null when not sent.
        Public last4: Option<String>,
        /// `active`, or the approval status `pending`, `approved`, `revoked`, `denied` (`authorization.status`).
        Public status: String,
        /// Creation or last rotation (`createdAt`); null when not sent.
        Public created_at: Option<Timestamp>,
        /// Last use (`lastUsedAt`); null means never used.
        Public last_used_at: Option<Timestamp>,
        /// Scopes of a fine-grained token as JSON (`fineGrained.scoped`); null for others.
        Public scopes: Option<String>,
    }
}

records! {
    /// One service account.
    pub struct ServiceAccount = "service_accounts" from ServiceAccounts {
        /// Stable id (`_id`).
        Public account_id: String,
        /// Login (`user`).
        Public username: String,
        /// Name (`name`); null when not sent.
        Public name: Option<String>,
        /// Description (`description`); null when not sent.
        Public description: Option<String>,
        /// Created (`createdAt`); null when not sent.
        Public created_at: Option<Timestamp>,
    }
}

records! {
    /// One token of a service account.
    pub struct ServiceToken = "service_tokens" from ServiceAccounts {
        /// The account (`_id`).
        Public account_id: String,
        /// Stable id (`accessTokens[]._id`).
        Public token_id: String,
        /// `read`, `write`, `fineGrained` (`role`); null when not sent.
        Public role: Option<String>,
        /// Created (`createdAt`); null when not sent.
        Public created_at: Option<Timestamp>,
        /// Last use (`lastUsedAt`); null means never used.
        Public last_used_at: Option<Timestamp>,
        /// Expiry (`expiration`); null means none.
        Public expires_at: Option<Timestamp>,
        /// `{"permissions", "repoIds", "repoPermissions"}` as JSON; null when not sent.
        Public permissions: Option<String>,
    }
}

records! {
    /// One user of the identity provider as the Hub's SCIM tree shows it.
    pub struct ScimUser = "scim_users" from Scim {
        /// Stable id (`id`).
        Public scim_id: String,
        /// Id at the identity provider (`externalId`); null when not sent.
        Personal external_id: Option<String>,
        /// Login (`userName`).
        Public username: String,
        /// Addresses (`emails[].value`).
        Personal emails: Vec<String>,
        /// Whether the identity provider still wants the user in (`active`); null when not sent.
        Public active: Option<bool>,
        /// `scim` (managed) or `scim-provisioning` (by invitation).
        Public tree: String,
    }
}

records! {
    /// One member of one SCIM group; a group without members has one row with a null member.
    pub struct ScimGroup = "scim_groups" from Scim {
        /// Stable id (`id`).
        Public scim_id: String,
        /// Id at the identity provider (`externalId`); null when not sent.
        Personal external_id: Option<String>,
        /// Name (`displayName`).
        Public name: String,
        /// Id or login of the member (`members[].value`); null for an empty group.
        Public member_id: Option<String>,
    }
}

records! {
    /// One pending invite, derived: see `source`.
    pub struct Invite = "invites" from Invites {
        /// Login if known, else e-mail address, case folded.
        Personal invitee: String,
        /// Address; null when only a login is known.
        Personal email: Option<String>,
        /// Role offered; null when not known.
        Public role: Option<String>,
        /// Newest invitation, or the first snapshot that saw it; null when neither is known.
        Public invited_at: Option<Timestamp>,
        /// Login of who invited; null when not known.
        Public invited_by: Option<String>,
        /// Where it was seen: `audit`, `scim`, `file`.
        Public source: Vec<String>,
    }
}

records! {
    /// One member or invitee that this snapshot or one before it saw: what a judgement must know of the past.
    pub struct Seen = "seen" from Members {
        /// `member` or `invitee`.
        Public kind: String,
        /// Stable id of the user; null for an invitee.
        Public user_id: Option<String>,
        /// Login as last seen; null for an invitee of whom only an address is known.
        Public username: Option<String>,
        /// Addresses as last seen: the verified and the SCIM ones of a member, those of the invitation of an invitee.
        Personal emails: Vec<String>,
        /// Snapshot that began the newest stretch of sightings.
        Public first_seen: Timestamp,
        /// Newest snapshot that saw them.
        Public last_seen: Timestamp,
        /// First snapshot after `last_seen` whose whole list lacks them; null while none does.
        Public first_missing: Option<Timestamp>,
        /// Newest snapshot before `first_seen` whose whole list lacks them; null when none does.
        Public missing_before: Option<Timestamp>,
    }
}

records! {
    /// One pending invite of an imported Members page.
    pub struct InvitedFile = "invites_file" from Invites {
        /// Login; null when the file has none.
        Public username: Option<String>,
        /// Address; null when the file has none.
        Personal email: Option<String>,
        /// Role offered; null when the file has none.
        Public role: Option<String>,
        /// Date of the invitation; null when the file has none.
        Public invited_at: Option<Timestamp>,
    }
}

records! {
    /// One person of the roster.
    pub struct Person = "people" from Roster {
        /// Work address.
        Personal email: String,
        /// Hub login; null when the roster does not know it.
        Public username: Option<String>,
        /// Name; null when the roster has none.
        Personal name: Option<String>,
        /// `active`, `leave`, `contractor`, `terminated`.
        Public status: String,
        /// Last working day; null when not given.
        Public terminated_on: Option<NaiveDate>,
        /// Address of the manager; null when not given.
        Personal manager_email: Option<String>,
        /// Department; null when not given.
        Public department: Option<String>,
    }
}
