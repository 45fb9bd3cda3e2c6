//! Effective permissions: what the joins make of a snapshot.

use super::{super::effective::*, Org, org};
use crate::model::{
    coverage::{Coverage, Source},
    outcome::{Cell, Row},
    verdict::Verdict,
};

/// The answer about a name.
fn ask(org: &Org, about: About<'_>) -> Answer {
    answer(&org.inputs(&org.sealed()), &org.log, about)
}

/// Rows as `kind subject: permission [paths] certainty`, or `kind subject repo: …` of a person; gaps by name.
fn lines(org: &Org, about: About<'_>) -> Vec<String> {
    let Answer::Found(found) = ask(org, about) else { panic!("not found") };
    let outcome = found.outcome;
    let cell = |row: &Row, name: &str| outcome.cell(row, name).map(Cell::to_text).unwrap();
    let line = |row: &Row| {
        if row.subject_kind == "source" {
            assert_eq!(row.verdict, Verdict::Unknown);
            return format!("gap {}", row.subject);
        }
        let what = match about {
            About::Repo(_) => format!("{} {}", row.subject_kind, row.subject),
            About::User(_) => cell(row, "resource"),
        };
        format!("{what}: {} [{}] {}", cell(row, "permission"), cell(row, "paths"), cell(row, "certainty"))
    };
    let mut lines: Vec<_> = outcome.rows.iter().map(line).collect();
    lines.sort();
    lines
}

/// An organization with a private repository, one in a group, a gated one and a public one.
fn acme() -> Org {
    org()
        .member("ada", "admin")
        .member("bo", "write")
        .member("cy", "contributor")
        .member("di", "no_access")
        .account("bot", &[(Some(1), true)])
        .group("g", &[("CY", "write"), ("bot", "read"), ("ghost", "read")])
        .life(20, "org.remove_user", "ada", "gone")
        .repo("acme/secret", |r| r.visibility = Some("private".to_owned()))
        .repo("acme/team", |r| {
            r.visibility = Some("private".to_owned());
            r.group_id = Some("g".to_owned());
        })
        .repo("datasets/acme/gate", |r| {
            r.repo_type = "dataset".to_owned();
            r.gated = Some("manual".to_owned());
        })
        .repo("acme/open", |_| {})
        .created(40, "cy", "acme/secret")
        .created(40, "ada", "acme/open")
        .created(40, "ada", "datasets/acme/gate")
        .grant("datasets/acme/gate", "gone")
        .grant("datasets/acme/gate", "guest")
        .grant("datasets/acme/gate", "")
        .grant("datasets/acme/gate", "")
}

/// [`acme`] whose service account has one token that reads everything.
fn with_token() -> Org {
    let mut org = acme();
    org.tables.service_tokens[0].permissions = Some(r#"{"permissions":["repo.content.read"]}"#.to_owned());
    org.tables.group_users[0].user_id = None;
    org
}

#[test]
fn a_login_that_somebody_else_had_hides_nobody() {
    let rows = lines(&acme(), About::Repo("team"));
    assert!(rows.contains(&"outsider CY: write [resource-group:g] uncertain".to_owned()), "{rows:?}");
}

#[test]
fn a_repository_lists_everybody_who_reaches_it() {
    assert_eq!(
        lines(&with_token(), About::Repo("acme/secret")),
        [
            "member ada: admin [org-role] certain",
            "member bo: write [org-role] certain",
            "member cy: write [org-role;creator] certain",
            "service-account bot: read [service-token] certain",
        ]
    );
    assert_eq!(
        lines(&with_token(), About::Repo("team")),
        [
            "member ada: admin [org-role] certain",
            "member cy: write [resource-group:g] certain",
            "outsider ghost: read [resource-group:g] uncertain",
            "service-account bot: read [resource-group:g;service-token] certain",
        ]
    );
}

#[test]
fn a_gate_lets_in_those_who_were_accepted_and_hides_no_number() {
    assert_eq!(
        lines(&with_token(), About::Repo("DATASETS/acme/gate")),
        [
            "everybody everybody: none [] certain",
            "former-member gone: read [gated-grant] certain",
            "hidden-grantees datasets/acme/gate: read [gated-grant] certain",
            "member ada: admin [org-role;creator] certain",
            "member bo: write [org-role] uncertain",
            "member cy: read [org-role] uncertain",
            "member di: read [public] uncertain",
            "outsider ghost: unknown [] unknown",
            "outsider guest: read [gated-grant] certain",
            "service-account bot: read [service-token] uncertain",
        ]
    );
    let Answer::Found(found) = ask(&with_token(), About::Repo("gate")) else { panic!() };
    let hidden = found.outcome.rows.iter().find(|row| row.subject_kind == "hidden-grantees").unwrap();
    assert_eq!(found.outcome.cell(hidden, "count"), Some(&Cell::Integer(2)));
}

#[test]
fn somebody_lists_every_repository_and_everybody_can_be_asked_for() {
    let org = with_token();
    assert_eq!(
        lines(&org, About::User("Cy")),
        [
            "acme/open: read [org-role;public] certain",
            "acme/secret: write [org-role;creator] certain",
            "acme/team: write [resource-group:g] certain",
            "datasets/acme/gate: read [org-role] uncertain",
        ]
    );
    let gone = ["acme/open: read [public] certain", "datasets/acme/gate: read [gated-grant] certain"];
    assert_eq!(lines(&org, About::User("gone")), gone);
    assert_eq!(lines(&org, About::User("guest")), gone);
    assert_eq!(lines(&org, About::User("bot")).len(), 4);
    assert!(matches!(ask(&org, About::User("nobody")), Answer::NoSuchName(names) if names.len() == 8));
    let Answer::Found(found) = ask(&org, About::User("cy")) else { panic!() };
    assert_eq!(found.facts[0].1, "contributor");
    assert_eq!(found.facts[1].1, "g (write)");
    assert_eq!(found.outcome.totals["none"], 0);
}

#[test]
fn a_bare_name_must_mean_one_repository() {
    let org = acme().repo("spaces/acme/open", |r| r.repo_type = "space".to_owned());
    assert!(matches!(ask(&org, About::Repo("open")), Answer::Several(names) if names.len() == 2));
    assert!(matches!(ask(&org, About::Repo("acme/open")), Answer::Found(_)), "a path form is meant as it is");
    assert!(matches!(ask(&org, About::Repo("clopen")), Answer::NoSuchName(names) if names.len() == 5));
}

#[test]
fn a_hole_makes_unknown_what_hangs_on_it() {
    let blind = |source| with_token().coverage(source, Coverage::Partial);
    let groups = lines(&blind(Source::ResourceGroups), About::Repo("acme/secret"));
    assert!(groups.contains(&"gap resource_groups".to_owned()), "{groups:?}");
    assert!(groups.contains(&"member bo: unknown [org-role] unknown".to_owned()), "{groups:?}");
    assert!(groups.contains(&"member ada: admin [org-role] certain".to_owned()), "{groups:?}");
    let members = lines(&blind(Source::Members), About::User("gone"));
    assert!(members.contains(&"acme/secret: unknown [] unknown".to_owned()), "{members:?}");
    let grants = lines(&blind(Source::GatedAccess), About::User("ghost"));
    assert!(grants.contains(&"datasets/acme/gate: unknown [] unknown".to_owned()), "{grants:?}");
    // No name is hidden here: it is the hole alone that leaves it open.
    let shut = blind(Source::GatedAccess).repo("acme/shut", |r| r.gated = Some("manual".to_owned()));
    let grants = lines(&shut, About::User("ghost"));
    assert!(grants.contains(&"acme/shut: unknown [] unknown".to_owned()), "{grants:?}");
    let accounts = lines(&blind(Source::ServiceAccounts), About::User("bot"));
    assert!(accounts.contains(&"acme/secret: unknown [service-token] unknown".to_owned()), "{accounts:?}");
    let hidden = with_token().but(|m| m.role = None);
    assert!(lines(&hidden, About::User("di")).contains(&"acme/secret: unknown [org-role] unknown".to_owned()));
    let foreign = acme().repo("acme/far", |r| r.group_id = Some("not-listed".to_owned()));
    assert!(lines(&foreign, About::User("bo")).contains(&"acme/far: unknown [public] unknown".to_owned()));
    let log = with_token().coverage(Source::AuditLog, Coverage::Forbidden);
    assert!(lines(&log, About::Repo("open")).contains(&"gap audit_log".to_owned()));
}

#[test]
fn tokens_that_have_ended_give_nothing() {
    let mut org = with_token();
    org.tables.service_tokens[0].expires_at = Some(super::ago(1));
    assert_eq!(lines(&org, About::Repo("acme/secret")).len(), 3);
    org.tables.service_tokens[0].permissions = None;
    org.tables.service_tokens[0].expires_at = None;
    let unknown = "service-account bot: unknown [] unknown".to_owned();
    assert!(lines(&org, About::Repo("acme/secret")).contains(&unknown));
}
