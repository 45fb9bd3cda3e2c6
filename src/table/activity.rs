//! Tables of what happened: audit events and commits; and the network rules in force.

use super::spec::records;
use crate::model::time::Timestamp;

records! {
    /// One event of the audit log.
    pub struct AuditEvent = "audit_events" from AuditLog {
        /// Stable id (`_id`).
        Public event_id: String,
        /// When it happened (`createdAt`).
        Public created_at: Timestamp,
        /// Event type (`type`), kept as sent.
        Public r#type: String,
        /// Stable id of the author (`author._id`); null when not sent.
        Public author_id: Option<String>,
        /// Login of the author (`author.user`); null when not sent.
        Public author: Option<String>,
        /// `user` or `system` (`author.type`); null when not sent.
        Public author_type: Option<String>,
        /// Whether the author's account is gone (`author.deleted`); null when not sent.
        Public author_deleted: Option<bool>,
        /// Logins or addresses the event is about, joined by `;`; null when `data` names nobody.
        Personal target: Option<String>,
        /// Ids of the targets, joined by `;` in the order of `target`, empty where unknown; null without any.
        Public target_id: Option<String>,
        /// Role that `data` names (`role`, else `to`, else the target object's `role`); null when none.
        Public role: Option<String>,
        /// Role before, where one was changed (`from` of `data`); null when `data` names none.
        Public role_before: Option<String>,
        /// Path form of the repository it is about; null when `data` names none.
        Public repo: Option<String>,
        /// Token that was used (`token.id`); null for web and OAuth.
        Public token_id: Option<String>,
        /// Role of that token (`token.role`); null without a token.
        Public token_role: Option<String>,
        /// OAuth client that was used (`oauth.clientId`); null without one.
        Public oauth_client: Option<String>,
        /// Network address as the Hub shows it (`ip`); null when not sent.
        Personal ip: Option<String>,
        /// Country (`location.country`); null when not sent.
        Personal country: Option<String>,
        /// The Hub's sentence (`message`); never parsed; null when not sent.
        Personal message: Option<String>,
        /// `data` as JSON, kept as sent; null when not sent.
        Personal data: Option<String>,
    }
}

records! {
    /// One author of one commit among the newest of a repository.
    pub struct Commit = "commits" from Commits {
        /// Path form of the repository.
        Public repo: String,
        /// Login of the author (`authors[].user`).
        Public author: String,
        /// When (`date`).
        Public committed_at: Timestamp,
    }
}

records! {
    /// The organization's network rules; one row.
    pub struct NetworkSecurity = "network_security" from NetworkSecurity {
        /// `true`, `false` or `pending` (`enforceAuth`); null when not sent.
        Public enforce_auth: Option<String>,
        /// `enforceIpRestriction`; null when not sent.
        Public enforce_ip_restriction: Option<bool>,
        /// `highRateLimits`; null when not sent.
        Public high_rate_limits: Option<bool>,
        /// `ipRanges[]`, CIDR.
        Personal ip_ranges: Vec<String>,
        /// `blockedContents[]` as JSON; null when not sent.
        Public blocked_contents: Option<String>,
        /// `allowedContents[]` as JSON; null when not sent.
        Public allowed_contents: Option<String>,
        /// `keepReposMetadataVisible`; null when not sent.
        Public keep_repos_metadata_visible: Option<bool>,
    }
}
