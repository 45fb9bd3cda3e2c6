//! What ends a collection without a snapshot. A refused source is not among it: that is a gap, and recorded as such.

use crate::{
    hub,
    model::{
        ids::OrgName,
        time::{self, Timestamp},
    },
};

/// Why nothing was collected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no token to read with.
    #[error("there is no access token to read {endpoint} with")]
    NoToken {
        /// The Hub.
        endpoint: String,
    },
    /// The Hub does not accept the token (401 from whoami).
    #[error("{endpoint} does not accept the access token: {why}")]
    TokenRefused {
        /// The Hub.
        endpoint: String,
        /// What it said.
        why: String,
    },
    /// The Hub does not know the organization, or hides it from this token.
    #[error("{endpoint} knows no organization {org} that {login} may see")]
    UnknownOrg {
        /// The Hub.
        endpoint: String,
        /// The name that was asked for.
        org: OrgName,
        /// Whose token asked; `this token` when whoami did not say.
        login: String,
    },
    /// The snapshot would speak of an instant that has not come yet.
    #[error("the snapshot is to speak of {}, and when the collection began it was {} by the clock of {}", time::format(*.as_of), time::format(*.began), if *.is_of_hub { "the Hub" } else { "this machine" })]
    Ahead {
        /// The instant.
        as_of: Timestamp,
        /// When the first answer came.
        began: Timestamp,
        /// Whether the Hub's clock tells that, and not this machine's in its place.
        is_of_hub: bool,
    },
    /// The Hub could not be reached.
    #[error("{endpoint} cannot be reached: {why}")]
    Unreachable {
        /// The Hub.
        endpoint: String,
        /// What failed.
        why: String,
    },
    /// An answer could not be written or read back.
    #[error("the answers of the Hub cannot be kept")]
    Storage(#[from] hub::Error),
}
