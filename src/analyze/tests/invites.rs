//! Pending invites, as `orphaned-access` and `seat-spend` show them.

use super::{ago, org};
use crate::{
    model::coverage::{Coverage, Source},
    table::access::InvitedFile,
};

const ORPHANED: &str = "orphaned-access";
const SPEND: &str = "seat-spend";

#[test]
fn an_invite_is_stale_from_its_thirtieth_day() {
    let invited = |days| org().life(days, "org.invite_user", "boss", "Newby");
    assert_eq!(invited(29).verdict(ORPHANED, "invite", "newby"), "pass info in-order");
    assert_eq!(invited(30).verdict(ORPHANED, "invite", "newby"), "fail low stale-invite");
    assert_eq!(invited(29).verdict(SPEND, "invite", "newby"), "pass info pending-invite");
    assert_eq!(invited(30).verdict(SPEND, "invite", "newby"), "fail medium stale-invite");
}

#[test]
fn the_newest_of_several_invitations_counts() {
    let org = org().life(90, "org.invite_user", "boss", "newby").life(5, "org.invite_user", "boss", "NEWBY");
    assert_eq!(org.verdict(ORPHANED, "invite", "newby"), "pass info in-order");
}

#[test]
fn accepting_consumes_it_and_a_later_one_opens_again() {
    let accepted = org().life(90, "org.invite_user", "boss", "newby").life(80, "org.invite.accept", "newby", "");
    assert_eq!(accepted.rows(ORPHANED), Vec::<String>::new());
    let again = accepted.life(40, "org.invite_user", "boss", "newby");
    assert_eq!(again.verdict(ORPHANED, "invite", "newby"), "fail low stale-invite");
}

#[test]
fn a_member_consumes_it_by_login_or_address() {
    let by_login = org().active("ada", "read", 1).life(40, "org.invite_user", "boss", "ADA");
    assert_eq!(by_login.rows(ORPHANED), Vec::<String>::new());
    let by_address = org().active("ada", "read", 1).life(40, "org.invite.email", "boss", "Ada@acme.example");
    assert_eq!(by_address.rows(ORPHANED), Vec::<String>::new());
}

#[test]
fn inviting_a_member_of_old_again_is_a_second_seat() {
    let org = org().active("ada", "read", 1).life(300, "org.add_user", "boss", "ada").life(
        40,
        "org.invite.email",
        "boss",
        "ada@acme.example",
    );
    assert_eq!(org.verdict(ORPHANED, "invite", "ada@acme.example"), "fail low stale-invite");
    assert_eq!(org.verdict(SPEND, "invite", "ada@acme.example"), "review medium duplicate");
}

#[test]
fn a_provisioned_user_who_is_no_member_is_pending_since_first_seen() {
    let new = || org().scim("newby", true).scim("off", false).before(100, &[]);
    assert_eq!(new().verdict(ORPHANED, "invite", "newby"), "pass info in-order");
    let org = new().invited_before(45, "newby");
    assert_eq!(org.verdict(ORPHANED, "invite", "newby"), "fail low stale-invite");
    assert_eq!(org.rows(ORPHANED).len(), 1, "a switched-off user is not invited");
}

#[test]
fn an_incomplete_list_of_members_leaves_invites_unknown() {
    let org = org().life(40, "org.invite_user", "boss", "newby").coverage(Source::Members, Coverage::Partial);
    assert_eq!(org.verdict(ORPHANED, "invite", "newby"), "unknown medium source-missing");
    assert_eq!(org.verdict(SPEND, "invite", "newby"), "unknown low unknown");
}

#[test]
fn a_leaver_with_an_open_invite_is_found_by_address() {
    let org = org().life(5, "org.invite.email", "boss", "gone@acme.example").person("gone", "terminated", None);
    assert_eq!(org.verdict(ORPHANED, "invite", "gone@acme.example"), "fail critical terminated-with-access");
    assert_eq!(org.verdict(SPEND, "invite", "gone@acme.example"), "fail high terminated");
}

#[test]
fn a_list_that_settles_nothing_leaves_its_invites_unknown() {
    let listed = |coverage| {
        let mut org =
            org().life(40, "org.invite.email", "boss", "logged@acme.example").coverage(Source::Invites, coverage);
        for email in ["logged@acme.example", "listed@acme.example"] {
            let invited_at = Some(ago(40));
            let row = InvitedFile { username: None, email: Some(email.to_owned()), role: None, invited_at };
            org.tables.invites_file.push(row);
        }
        org
    };
    let (good, old) = (listed(Coverage::Imported), listed(Coverage::Partial));
    assert_eq!(good.verdict(ORPHANED, "invite", "listed@acme.example"), "fail low stale-invite");
    assert_eq!(old.verdict(ORPHANED, "invite", "listed@acme.example"), "unknown medium source-missing");
    assert_eq!(old.verdict(SPEND, "invite", "listed@acme.example"), "unknown low unknown");
    assert_eq!(old.verdict(ORPHANED, "invite", "logged@acme.example"), "fail low stale-invite", "the log tells of it");
    assert_eq!(old.verdict(ORPHANED, "source", "invites"), "unknown high source-missing");
    let left = old.person("listed", "terminated", None);
    let found = left.verdict(ORPHANED, "invite", "listed@acme.example");
    assert_eq!(found, "fail critical terminated-with-access +source-missing");
}
