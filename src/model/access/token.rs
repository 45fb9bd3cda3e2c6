//! What the tokens of a service account permit on one repository.

use std::cmp::Ordering;

use serde_json::Value;

use super::Permission;

/// What the live tokens of a service account permit on a repository, together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tokens {
    /// The most that was seen.
    pub level: Permission,
    /// Whether the token that gives it names the repository.
    pub named: bool,
    /// Whether that token names other repositories only, so that it may be meant for those alone.
    pub loose: bool,
    /// Whether there may be more that was not seen.
    pub unseen: bool,
}

impl Tokens {
    /// An account without a live token.
    pub const NONE: Self = Self { level: Permission::None, named: false, loose: false, unseen: false };

    /// What the tokens may give: what was seen, and more where something was not.
    pub(super) fn levels(self) -> impl Iterator<Item = Permission> {
        let all = [Permission::None, Permission::Read, Permission::Write];
        let seen = move |level: &Permission| if self.unseen { *level >= self.level } else { *level == self.level };
        all.into_iter().filter(seen)
    }
}

/// One token, as the list of service accounts shows it.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// `read`, `write`, `fineGrained`.
    pub role: Option<&'a str>,
    /// `{"permissions", "repoIds", "repoPermissions"}` as JSON.
    pub permissions: Option<&'a str>,
}

/// What live tokens permit on the repository with an id.
pub fn tokens<'a>(tokens: impl IntoIterator<Item = Token<'a>>, repo_id: Option<&str>) -> Tokens {
    let each = tokens.into_iter().map(|token| one(token, repo_id));
    each.fold(Tokens::NONE, |all, token| {
        let unseen = all.unseen || token.unseen;
        match token.level.cmp(&all.level) {
            Ordering::Greater => Tokens { unseen, ..token },
            Ordering::Less => Tokens { unseen, ..all },
            // Of two that give the same, the better founded counts.
            Ordering::Equal => {
                let (named, loose) = (all.named || token.named, all.loose && token.loose);
                Tokens { level: all.level, named, loose, unseen }
            }
        }
    })
}

/// What one token permits.
fn one(token: Token<'_>, repo_id: Option<&str>) -> Tokens {
    match token.role {
        Some("write") => return Tokens { level: Permission::Write, ..Tokens::NONE },
        Some("read") => return Tokens { level: Permission::Read, ..Tokens::NONE },
        _ => {}
    }
    let stated = token.permissions.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(stated) = stated.filter(Value::is_object) else { return Tokens { unseen: true, ..Tokens::NONE } };
    let ids = texts(&stated["repoIds"]);
    let (wide, odd) = permits(&texts(&stated["permissions"]));
    let (narrow, odd_narrow) = permits(&texts(&stated["repoPermissions"]));
    let names = !ids.is_empty();
    match repo_id {
        Some(id) if ids.contains(&id) => {
            Tokens { level: narrow.max(wide), named: true, loose: false, unseen: odd || odd_narrow }
        }
        None if names && (narrow > wide || odd_narrow) => {
            Tokens { level: wide, named: false, loose: wide > Permission::None, unseen: true }
        }
        _ => Tokens { level: wide, named: false, loose: names && wide > Permission::None, unseen: odd },
    }
}

/// The texts of a list.
fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Value::as_str).collect()
}

/// What permissions give on a repository, and whether one of them is not known.
fn permits(permissions: &[&str]) -> (Permission, bool) {
    let mut level = Permission::None;
    let mut odd = false;
    for permission in permissions {
        match *permission {
            "repo.write" => level = level.max(Permission::Write),
            "repo.content.read" => level = level.max(Permission::Read),
            "repo.access.read" => {}
            other => odd |= other.starts_with("repo."),
        }
    }
    (level, odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a fine-grained token gives on the repository `r`.
    fn given(permissions: &str) -> Tokens {
        tokens([Token { role: Some("fineGrained"), permissions: Some(permissions) }], Some("r"))
    }

    #[test]
    fn permissions_reach_everything_or_what_they_name() {
        let wide = given(r#"{"permissions":["repo.content.read","job.write"],"repoIds":[],"repoPermissions":[]}"#);
        assert_eq!(wide, Tokens { level: Permission::Read, ..Tokens::NONE });
        let named = r#"{"permissions":[],"repoIds":["r"],"repoPermissions":["repo.write"]}"#;
        assert_eq!(given(named), Tokens { level: Permission::Write, named: true, ..Tokens::NONE });
        assert_eq!(given(&named.replace("\"r\"", "\"other\"")), Tokens::NONE);
        let both = given(r#"{"permissions":["repo.write"],"repoIds":["r"]}"#);
        assert_eq!(both, Tokens { level: Permission::Write, named: true, ..Tokens::NONE });
        let loose = given(r#"{"permissions":["repo.write"],"repoIds":["other"]}"#);
        assert_eq!(loose, Tokens { level: Permission::Write, loose: true, ..Tokens::NONE });
        assert_eq!(given(r#"{"permissions":["org.write"]}"#), Tokens::NONE);
    }

    #[test]
    fn what_is_not_stated_is_not_nothing() {
        assert!(given("no json").unseen && given(r#"{"permissions":["repo.new.thing"]}"#).unseen);
        assert!(tokens([Token { role: None, permissions: None }], Some("r")).unseen);
        let named = r#"{"permissions":[],"repoIds":["r"],"repoPermissions":["repo.write"]}"#;
        let without_id = tokens([Token { role: None, permissions: Some(named) }], None);
        assert_eq!(without_id, Tokens { unseen: true, ..Tokens::NONE });
    }

    #[test]
    fn several_tokens_add_up() {
        let token = |role| Token { role: Some(role), permissions: None };
        assert_eq!(tokens([token("read"), token("write")], None).level, Permission::Write);
        assert_eq!(tokens([], None), Tokens::NONE);
        let with_hidden = tokens([token("read"), token("fineGrained")], None);
        assert_eq!(with_hidden.levels().collect::<Vec<_>>(), [Permission::Read, Permission::Write]);
    }
}
