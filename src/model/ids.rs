//! Checked names: organizations, snapshots, repositories.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::{self, Timestamp};

/// Folds a login or an e-mail address for comparison; matching is case folded everywhere.
#[must_use]
pub fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Name of an organization, safe as a path segment of a URL and of a folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(transparent)]
pub struct OrgName(String);

/// A name that cannot be an organization's.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{0:?} cannot be the name of an organization: letters, digits, `-`, `_` and `.` only, 1 to 96 of them, not starting with a dot"
)]
pub struct BadOrgName(String);

impl OrgName {
    /// Checks a name.
    ///
    /// # Errors
    /// When it holds anything but letters, digits, `-`, `_` and `.`, starts with a dot, or is empty or too long.
    pub fn new(name: impl Into<String>) -> Result<Self, BadOrgName> {
        let name = name.into();
        let fits = (1..=96).contains(&name.len())
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if fits { Ok(Self(name)) } else { Err(BadOrgName(name)) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrgName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for OrgName {
    type Err = BadOrgName;
    fn from_str(s: &str) -> Result<Self, BadOrgName> {
        Self::new(s)
    }
}

impl<'de> Deserialize<'de> for OrgName {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// Identity of a snapshot: its `as_of` as `20261001T060000Z`. Ids sort as their instants do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct SnapshotId(String);

/// A text that is not a snapshot id.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0:?} is not a snapshot id (they look like 20261001T060000Z)")]
pub struct BadSnapshotId(String);

/// Format of a snapshot id.
const ID_FORMAT: &str = "%Y%m%dT%H%M%SZ";

impl SnapshotId {
    /// The id of a snapshot whose collection started at `as_of`.
    #[must_use]
    pub fn of(as_of: Timestamp) -> Self {
        Self(as_of.format(ID_FORMAT).to_string())
    }

    /// The instant in the id, in whole seconds.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        time::parse_as(&self.0, ID_FORMAT).unwrap_or_default()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for SnapshotId {
    type Err = BadSnapshotId;
    fn from_str(s: &str) -> Result<Self, BadSnapshotId> {
        let id = time::parse_as(s, ID_FORMAT).map(Self::of);
        // The parser also takes blanks and signs, which no id has.
        id.filter(|id| id.0 == s).ok_or_else(|| BadSnapshotId(s.to_owned()))
    }
}

impl<'de> Deserialize<'de> for SnapshotId {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The Hub's path form of a repository: `org/name` for a model, `datasets/org/name` and so on for the rest.
///
/// `repo_type` is the Hub's singular word (`model`, `dataset`, `space`, `bucket`, `kernel`); an unknown type keeps
/// its word, pluralized by `s`.
#[must_use]
pub fn repo_path(repo_type: &str, full_name: &str) -> String {
    match repo_type {
        "" | "model" => full_name.to_owned(),
        other => format!("{other}s/{full_name}"),
    }
}

/// Splits a path form into the singular type and `org/name`; the inverse of [`repo_path`].
#[must_use]
pub fn split_repo_path(path: &str) -> (&str, &str) {
    match path.split_once('/') {
        Some((kind, rest)) if rest.contains('/') => (kind.strip_suffix('s').unwrap_or(kind), rest),
        _ => ("model", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn org_names_never_leave_their_folder() {
        for bad in ["", ".", "..", "../x", "a/b", "a b", ".hidden", "a%2f", "ü"] {
            assert!(OrgName::new(bad).is_err(), "{bad}");
        }
        for good in ["acme", "acme-robotics", "A.b_c-9"] {
            assert!(OrgName::new(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn snapshot_ids_round_trip() {
        let id: SnapshotId = "20261001T060000Z".parse().unwrap();
        assert_eq!(SnapshotId::of(id.as_of()), id);
        assert!("20261001".parse::<SnapshotId>().is_err());
        assert!("20261301T060000Z".parse::<SnapshotId>().is_err());
        assert!("+1000000101T000000Z".parse::<SnapshotId>().is_err());
    }

    #[test]
    fn repo_paths_round_trip() {
        for (kind, path) in [
            ("model", "o/n"),
            ("dataset", "datasets/o/n"),
            ("space", "spaces/o/n"),
            ("bucket", "buckets/o/n"),
            ("kernel", "kernels/o/n"),
        ] {
            assert_eq!(repo_path(kind, "o/n"), path);
            assert_eq!(split_repo_path(path), (kind, "o/n"));
        }
    }
}
