//! Roles of organizations and resource groups, and their order.

/// The role that makes somebody an owner.
pub const ADMIN: &str = "admin";

/// Rank of a role: `no_access < read < (custom) < contributor < write < admin`.
///
/// A role the Hub has added since (a custom role) ranks just above `read`, for display only, and qualifies for
/// nothing: see [`can_create`].
#[must_use]
pub fn rank(role: &str) -> u8 {
    match role {
        "no_access" => 0,
        "read" => 1,
        "contributor" => 3,
        "write" => 4,
        ADMIN => 5,
        _ => 2,
    }
}

/// Whether a role is one of the Hub's own, so that its [rank] says who may do more.
#[must_use]
pub fn is_standard(role: &str) -> bool {
    matches!(role, "no_access" | "read" | "contributor" | "write" | ADMIN)
}

/// Whether a role lets its holder keep writing to a repository that they created.
#[must_use]
pub fn can_create(role: &str) -> bool {
    matches!(role, "contributor" | "write" | ADMIN)
}
