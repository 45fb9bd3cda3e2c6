//! `whoami`: whose token reads, what it may read, and the plan it sees. Asked once, first and alone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Error, ledger::Ledger, read::Reader, wire};
use crate::{
    hub::endpoints,
    model::{
        coverage::Source,
        ids::{OrgName, fold},
        manifest::Collector,
        role,
    },
};

/// What whoami says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Whoami {
    /// Whose token reads; empty when the answer was not usable.
    pub(super) collector: Collector,
    /// Whether it lists the organization.
    pub(super) listed: bool,
    /// The organization's plan; `None` when it names none.
    pub(super) plan: Option<String>,
    /// Permissions of a fine-grained token, each with its reach; empty for other tokens.
    pub(super) grants: Vec<Grant>,
}

/// A permission of a fine-grained token.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Grant {
    /// The permission, as in `org.members.read`.
    pub permission: String,
    /// Where it holds.
    pub reach: Reach,
}

/// Where a permission holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// In the organization as a whole.
    Org,
    /// In one of its repositories, which is named.
    Repo(String),
    /// Everywhere (the token's global permissions).
    Everywhere,
    /// In something that is not the organization's, or not recognizably: the kind and the name.
    Elsewhere(String),
}

/// Asks.
///
/// # Errors
/// When the token is refused, the Hub cannot be reached, or the answer cannot be kept.
pub(super) async fn read(reader: &Reader<'_>, org: &OrgName) -> Result<(Ledger, Whoami), Error> {
    let endpoint = reader.client.endpoint().to_string();
    let mut ledger = Ledger::new(reader.source);
    let part = reader.document(&endpoints::WHOAMI, &[]).await?;
    if let Some(request) = part.requests.first() {
        let why = request.error.clone().unwrap_or_default();
        match request.status {
            Some(401) => return Err(Error::TokenRefused { endpoint, why }),
            None => return Err(Error::Unreachable { endpoint, why }),
            Some(_) => {}
        }
    }
    let facts = ledger.take(part).first().map(|body| facts(body, org)).unwrap_or_default();
    ledger.rows = u64::from(!facts.collector.login.is_empty());
    if ledger.rows == 0 && ledger.first_status().is_none() {
        ledger.hole("whoami names nobody");
    }
    Ok((ledger, facts))
}

/// The facts in the answer that concern one organization.
pub(super) fn facts(body: &Value, org: &OrgName) -> Whoami {
    let empty = Value::Null;
    let auth = body.get("auth").unwrap_or(&empty);
    let token = auth.get("accessToken").unwrap_or(&empty);
    let orgs = wire::list(body, "orgs").map(Vec::as_slice).unwrap_or_default();
    let ours = orgs.iter().find(|o| wire::text(o, "name").is_some_and(|name| fold(&name) == fold(org.as_str())));
    let entry = ours.unwrap_or(&empty);
    let org_id = wire::id(entry);
    let grants = grants(token, org, org_id.as_deref());
    Whoami {
        listed: ours.is_some(),
        plan: wire::text(entry, "plan"),
        collector: Collector {
            login: wire::text(body, "name").unwrap_or_default(),
            user_id: wire::id(body),
            auth_type: wire::text(auth, "type"),
            token_role: wire::text(token, "role"),
            // Printed and not judged by.
            token_created_at: wire::time(token, "createdAt").unwrap_or_default(),
            token_name: wire::text(token, "displayName"),
            permissions: permissions(&grants),
            role_in_org: wire::text(entry, "roleInOrg"),
            security_restrictions: words(entry, "securityRestrictions").into_iter().collect(),
            org_id,
        },
        grants,
    }
}

/// Why lists of groups, repositories and grants may leave things out for this collector; `None` when they do not. Only an
/// admin whom nothing restricts sees all of them, and a role that is not shown may be any.
pub(super) fn hides(who: &Collector) -> Option<String> {
    if !who.security_restrictions.is_empty() {
        let words = who.security_restrictions.join(", ");
        return Some(format!("the Hub restricts what this token sees ({words}), so some may be missing"));
    }
    match who.role_in_org.as_deref() {
        Some(role::ADMIN) => None,
        Some(role) => Some(format!("read with the role {role}, which need not see all of them; an admin does")),
        None => Some("the role of this token's owner is not shown, and only an admin sees all of them".to_owned()),
    }
}

/// Enters in the account of a list that it may leave things out, for the reason that [`hides`] gives.
pub(super) fn narrow(ledger: &mut Ledger, source: Source, hides: Option<&str>) {
    let narrowed = matches!(source, Source::ResourceGroups | Source::Repos | Source::GatedAccess);
    if let Some(why) = hides.filter(|_| narrowed) {
        ledger.leaves_out(why);
    }
}

/// Permissions that reach the organization: those scoped to it, to one of its repositories, and the global ones. What
/// is scoped to the user's own account or to other organizations is nobody's business in a manifest.
fn permissions(grants: &[Grant]) -> Vec<String> {
    let ours = grants.iter().filter(|grant| !matches!(grant.reach, Reach::Elsewhere(_)));
    ours.map(|grant| grant.permission.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Every permission of a fine-grained token with its reach, sorted.
fn grants(token: &Value, org: &OrgName, org_id: Option<&str>) -> Vec<Grant> {
    let Some(fine) = token.get("fineGrained") else { return Vec::new() };
    let org = fold(org.as_str());
    let grant = |permission, reach: &Reach| Grant { permission, reach: reach.clone() };
    let mut all: BTreeSet<_> = words(fine, "global").into_iter().map(|word| grant(word, &Reach::Everywhere)).collect();
    for scope in wire::list(fine, "scoped").into_iter().flatten() {
        let entity = scope.get("entity").unwrap_or(&Value::Null);
        let name = wire::text(entity, "name").unwrap_or_default();
        let same_id = org_id.is_some() && wire::id(entity).as_deref() == org_id;
        let reach = if same_id || fold(&name) == org {
            Reach::Org
        } else if fold(&name).starts_with(&format!("{org}/")) {
            Reach::Repo(name)
        } else {
            let kind = wire::text(entity, "type").unwrap_or_else(|| "entity".to_owned());
            Reach::Elsewhere(format!("{kind} {name}").trim_end().to_owned())
        };
        all.extend(words(scope, "permissions").into_iter().map(|word| grant(word, &reach)));
    }
    all.into_iter().collect()
}

/// The texts of a list.
fn words(item: &Value, key: &str) -> BTreeSet<String> {
    wire::list(item, key).into_iter().flatten().filter_map(wire::scalar).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn permissions_are_those_that_reach_the_organization() {
        let body = json!({
            "name": "ada", "id": "1",
            "auth": {"type": "access_token", "accessToken": {"role": "fineGrained", "createdAt": "2026-09-01T08:00:00Z",
                "fineGrained": {"global": ["discussion.write"], "scoped": [
                    {"entity": {"_id": "o1", "type": "org"}, "permissions": ["org.read", "org.members.read"]},
                    {"entity": {"_id": "r1", "name": "Acme/arm", "type": "model"}, "permissions": ["repo.read", "org.read"]},
                    {"entity": {"_id": "u1", "name": "ada", "type": "user"}, "permissions": ["user.write"]},
                    {"entity": {"_id": "o2", "name": "other", "type": "org"}, "permissions": ["org.write"]}]}}},
            "orgs": [{"name": "ACME", "id": "o1", "plan": "team", "roleInOrg": "admin",
                "securityRestrictions": ["sso", "mfa"]}]
        });
        let facts = facts(&body, &OrgName::new("acme").unwrap());
        assert_eq!(facts.collector.permissions, ["discussion.write", "org.members.read", "org.read", "repo.read"]);
        assert_eq!(facts.collector.security_restrictions, ["mfa", "sso"]);
        assert_eq!((facts.listed, facts.plan.as_deref()), (true, Some("team")));
        assert_eq!(facts.collector.role_in_org.as_deref(), Some("admin"));
        assert!(facts.collector.token_created_at.is_some());
        let reach = |word: &str| {
            let of_word = facts.grants.iter().filter(|grant| grant.permission == word);
            of_word.map(|grant| grant.reach.clone()).collect::<Vec<_>>()
        };
        assert_eq!(reach("org.read"), [Reach::Org, Reach::Repo("Acme/arm".to_owned())]);
        assert_eq!(reach("discussion.write"), [Reach::Everywhere]);
        assert_eq!(reach("user.write"), [Reach::Elsewhere("user ada".to_owned())]);
        assert_eq!(reach("org.write"), [Reach::Elsewhere("org other".to_owned())]);
    }

    #[test]
    fn only_an_admin_whom_nothing_restricts_sees_every_list_whole() {
        let who = |role: Option<&str>, restrictions: &[&str]| Collector {
            role_in_org: role.map(str::to_owned),
            security_restrictions: restrictions.iter().map(|word| (*word).to_owned()).collect(),
            ..Collector::default()
        };
        assert_eq!(hides(&who(Some("admin"), &[])), None);
        assert!(hides(&who(Some("write"), &[])).unwrap().contains("role write"));
        assert!(hides(&who(None, &[])).unwrap().contains("not shown"));
        assert!(hides(&who(Some("admin"), &["sso", "ip"])).unwrap().contains("sso, ip"));
    }

    #[test]
    fn an_answer_of_any_shape_is_survived() {
        for body in [json!({}), json!({"orgs": 7, "auth": []}), json!({"orgs": [1, {"name": 2}]})] {
            assert_eq!(facts(&body, &OrgName::new("acme").unwrap()), Whoami::default());
        }
    }
}
