//! `privileged-activity`: what is a row, and who gave access to themselves.

use super::{Org, ago, as_of, org};
use crate::{
    analyze::scan::{Event, Target},
    model::time::Timestamp,
};

const PRIVILEGED: &str = "privileged-activity";

impl Org {
    /// An event that an author of a type did.
    fn event(mut self, days: i64, kind: &str, change: impl FnOnce(&mut Event)) -> Self {
        self = self.life(days, kind, "boss", "");
        let at = ago(days);
        let events = &mut self.log.events;
        change(events.iter_mut().rfind(|e| e.at == at && e.kind == kind).unwrap());
        self
    }

    /// Verdict and rules of the only privileged event.
    fn only(&self) -> String {
        let rows = self.rows(PRIVILEGED);
        assert_eq!(rows.len(), 1, "{rows:#?}");
        rows[0].split(": ").nth(1).unwrap().to_owned()
    }

    /// The reason of the only privileged event.
    fn why(&self) -> String {
        let analysis = self.judge();
        let outcome = analysis.outcomes.iter().find(|o| o.meta.id == PRIVILEGED).unwrap();
        outcome.rows[0].reason.clone()
    }
}

#[test]
fn what_changes_access_or_security_is_a_row_and_nothing_else() {
    let rows = |kind: &str| org().member("boss", "admin").event(5, kind, |_| ()).rows(PRIVILEGED).len();
    for kind in [
        "org.join.automatic",
        "org.sso_join",
        "org.invite.accept",
        "org.rotate_token",
        "repo.add_trusted_publisher",
        "repo.update_resource_group",
        "repo.add_secrets",
        "resource_group.delete",
        "billing.anything_new",
    ] {
        assert_eq!(rows(kind), 1, "{kind}");
    }
    for kind in
        ["org.audit_log.export", "org.sso_login", "org.leave", "repo.create", "repo.anything_new", "jobs.create"]
    {
        assert_eq!(rows(kind), 0, "{kind}");
    }
}

#[test]
fn a_type_that_nobody_knows_is_reviewed() {
    let verdict = |kind: &str| org().member("boss", "admin").event(5, kind, |_| ()).only();
    assert_eq!(verdict("org.custom_gate.open"), "review low unknown-type");
    assert_eq!(verdict("resource_group.share"), "review low unknown-type");
    assert_eq!(verdict("org.settings.vault.disable"), "review medium control-weakened +unknown-type");
    assert_eq!(verdict("org.settings.profile"), "listed info recorded");
}

/// A change of a role, or an addition, by somebody about somebody.
fn grant(kind: &str, target: &str, roles: (Option<&str>, Option<&str>)) -> Org {
    org().member("boss", "admin").member("ada", "read").event(5, kind, |event| {
        event.targets = vec![Target { name: target.to_owned(), id: None }];
        event.role_before = roles.0.map(str::to_owned);
        event.role = roles.1.map(str::to_owned);
    })
}

#[test]
fn whoever_gives_access_to_themselves_is_reviewed() {
    let listed = "listed info recorded";
    let own = "review high self-grant";
    for kind in ["org.add_user", "resource_group.add_users"] {
        assert_eq!(grant(kind, "BOSS", (None, Some("read"))).only(), own, "{kind}");
        assert_eq!(grant(kind, "boss@acme.example", (None, None)).only(), own, "{kind} by address");
        assert_eq!(grant(kind, "ada", (None, Some("read"))).only(), listed, "{kind} to somebody else");
    }
    for kind in ["org.change_role", "resource_group.change_role"] {
        let changed = |before, after| grant(kind, "boss", (before, after)).only();
        assert_eq!(changed(Some("read"), Some("admin")), own);
        assert_eq!(changed(Some("admin"), Some("read")), listed, "less than before");
        assert_eq!(changed(None, Some("no_access")), listed, "nothing is less");
        assert_eq!(changed(None, Some("read")), own, "from what is not known");
        assert_eq!(changed(Some("admin"), Some("release-manager")), own, "nobody knows what a custom role may do");
        assert_eq!(changed(Some("admin"), None), own, "to what is not known");
        assert_eq!(grant(kind, "ada", (None, Some("admin"))).only(), listed);
    }
    for kind in ["org.join.automatic", "org.sso_join", "org.invite.accept", "org.remove_user"] {
        assert_eq!(grant(kind, "boss", (None, Some("write"))).only(), listed, "{kind}");
    }
}

#[test]
fn a_self_grant_says_what_the_event_says() {
    let why = |before, after| grant("org.change_role", "boss", (before, after)).why();
    assert_eq!(why(Some("read"), Some("admin")), "boss changed their own role from read to admin (org.change_role)");
    assert_eq!(
        why(None, Some("admin")),
        "boss changed their own role to admin; the event does not say from which (org.change_role)"
    );
    assert_eq!(why(None, None), "boss changed their own role; the event does not say to which (org.change_role)");
}

#[test]
fn what_was_switched_off_says_when_it_was_on_again() {
    let sso = "org.settings.sso";
    let org = org()
        .member("boss", "admin")
        .event(50, "org.settings.sso.enable", |_| ())
        .event(40, "org.settings.sso.disable", |_| ())
        .event(39, "org.settings.security.2fa.enable", |_| ())
        .event(30, "org.settings.sso.enable", |event| event.author = Some("ada".to_owned()))
        .event(20, "org.settings.sso.enable", |_| ())
        .event(10, "org.token_approval.disabled", |_| ());
    let analysis = org.judge();
    let outcome = analysis.outcomes.iter().find(|o| o.meta.id == PRIVILEGED).unwrap();
    let found = |kind: &str| {
        let row = outcome.rows.iter().find(|row| outcome.cell(row, "type").unwrap().to_text() == kind).unwrap();
        let text = |name: &str| outcome.cell(row, name).unwrap().to_text();
        (row.reason.clone(), text("restored_at"), text("restored_by"))
    };
    let at: Timestamp = ago(30);
    let (reason, restored_at, by) = found(&format!("{sso}.disable"));
    assert_eq!((reason.as_str(), by.as_str()), ("boss switched off org.settings.sso", "ada"));
    assert_eq!(restored_at, crate::model::time::format(at));
    let (reason, restored_at, by) = found("org.token_approval.disabled");
    assert_eq!((reason.as_str(), restored_at.as_str(), by.as_str()), ("boss switched off org.token_approval", "", ""));
    assert_eq!(found("org.settings.sso.enable").1, "", "what was switched on was not restored");
    assert!(ago(0) == as_of());
}

#[test]
fn only_what_is_later_than_a_known_leave_is_by_a_former_member() {
    let did = |org: Org, days: i64| {
        let org = org.event(days, "org.settings.profile", |event| {
            event.author = Some("gone".to_owned());
            event.author_id = Some(super::id("gone"));
        });
        org.rows(PRIVILEGED).pop().unwrap().split(": ").nth(1).unwrap().to_owned()
    };
    let left = || org().life(20, "org.leave", "gone", "");
    assert_eq!(did(left(), 21), "listed info recorded");
    assert_eq!(did(left(), 19), "fail critical by-former-member");
    let missing = || org().before(60, &["gone"]).before(30, &[]);
    assert_eq!(did(missing(), 61), "listed info recorded");
    assert_eq!(did(missing(), 45), "unknown medium source-missing", "nobody knows whether that was before leaving");
    assert_eq!(did(missing(), 29), "fail critical by-former-member");
}
