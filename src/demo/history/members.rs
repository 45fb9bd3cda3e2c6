//! How members came, rose and went.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::about;
use crate::demo::{
    chance::{days_before, early, hash, moment},
    data::{Invite, Person},
    event::{Author, Log},
    world::{World, steward},
};

/// Writes everything that happened to memberships and invitations.
pub(crate) fn write(world: &World, log: &mut Log) {
    for person in &world.data.people {
        joined(world, log, person);
        roles(world, log, person);
        left(world, log, person);
    }
    for invite in &world.data.invites {
        invited(log, invite);
    }
}

/// The events of one joining.
fn joined(world: &World, log: &mut Log, person: &Person) {
    let login = person.login.as_str();
    let day = person.joined_on();
    let salt = format!("join {login}");
    let at = moment(day, &salt);
    let myself = Author::Member(login);
    let role = person.role.first.as_str();
    match person.joined.word.as_str() {
        "invite" => {
            invitation(world, log, person, day);
            let data = if hash(&salt).is_multiple_of(2) { Value::Null } else { json!({ "role": role }) };
            log.add(at, myself, "org.invite.accept", (data, format!("{login} accepted an invite")));
        }
        "email" => {
            let before = days_before(day, 2);
            let data = json!({ "email": person.email, "role": role });
            let by = steward(&salt);
            let told = (data, format!("Invited {} with role {role}", person.email));
            log.add(moment(before, &salt), Author::Member(by), "org.invite.email", told);
            log.add(at, myself, "org.invite.accept", (Value::Null, format!("{login} accepted an invite")));
        }
        "domain" => {
            let data = json!({ "domain": "example.com", "role": role });
            log.add(at, myself, "org.join.from_domain", (data, format!("{login} joined from example.com")));
        }
        "auto" => log.add(at, myself, "org.join.automatic", (Value::Null, format!("{login} joined automatically"))),
        "sso" => {
            let data = json!({ "provider": "oidc", "role": role });
            log.add(at, myself, "org.sso_join", (data, format!("{login} joined through single sign-on")));
        }
        "added" => {
            let data = about(world, login, &salt, &[("role", role)]);
            let by = steward(&salt);
            log.add(at, Author::Member(by), "org.add_user", (data, format!("Added {login} with role {role}")));
        }
        _ => {}
    }
}

/// The invitation by login that came before an acceptance.
fn invitation(world: &World, log: &mut Log, person: &Person, day: NaiveDate) {
    let login = person.login.as_str();
    let salt = format!("invite {login}");
    let before = days_before(day, 1 + hash(&salt) % 4);
    let data = about(world, login, &salt, &[("role", &person.role.first)]);
    let told = (data, format!("Invited {login} with role {}", person.role.first));
    log.add(moment(before, &salt), Author::Member(steward(&salt)), "org.invite_user", told);
}

/// Changes of the organization role.
fn roles(world: &World, log: &mut Log, person: &Person) {
    let login = person.login.as_str();
    let mut from = person.role.first.as_str();
    for (day, to) in &person.role.changes {
        let salt = format!("role {login} {to}");
        let data = about(world, login, &salt, &[("from", from), ("to", to)]);
        let told = (data, format!("Changed role of {login} from {from} to {to}"));
        log.add(moment(*day, &salt), Author::Member(steward(&salt)), "org.change_role", told);
        from = to;
    }
}

/// The end of a membership.
fn left(world: &World, log: &mut Log, person: &Person) {
    let login = person.login.as_str();
    let Some(day) = person.left.day else { return };
    let salt = format!("leave {login}");
    let at = moment(day, &salt);
    if person.left.word == "left" {
        log.add(at, Author::Member(login), "org.leave", (Value::Null, format!("{login} left the organization")));
    } else {
        let told = (about(world, login, &salt, &[]), format!("Removed {login} from the organization"));
        log.add(at, Author::Member(steward(&salt)), "org.remove_user", told);
    }
}

/// An invitation that nobody accepted.
fn invited(log: &mut Log, invite: &Invite) {
    let by_address = invite.invitee.contains('@');
    let kind = if by_address { "org.invite.email" } else { "org.invite_user" };
    let named = match invite.data.as_str() {
        "target" => json!({ "username": invite.invitee }),
        _ => json!(invite.invitee),
    };
    let mut data = json!({ "role": invite.role });
    data[&invite.data] = named;
    let at = early(invite.invited, &format!("invite {}", invite.invitee));
    let told = (data, format!("Invited {} with role {}", invite.invitee, invite.role));
    log.add(at, Author::Member(&invite.by), kind, told);
}
