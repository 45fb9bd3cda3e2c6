//! What is personal in a snapshot, by the privacy class that each column of each table declares.

use super::error::Error;
use crate::{
    model::{exception::Exception, outcome::Privacy},
    report::privacy::Personal,
    store::{OrgStore, Snapshot},
    table::spec::{ColumnData, Record},
};

/// Everything that a redacted report of a snapshot must not show, with the key of its pseudonyms.
///
/// What the snapshot remembers counts too: a former member's address is known from there alone.
///
/// # Errors
/// When the store's secret can be neither read nor made.
pub(super) fn of(place: &OrgStore, snapshot: &Snapshot, exceptions: &[Exception]) -> Result<Personal, Error> {
    let mut personal = Personal::new(&place.redaction_secret()?, &snapshot.manifest_sha256);
    let tables = &snapshot.tables;
    take(&mut personal, &tables.members);
    take(&mut personal, &tables.resource_groups);
    take(&mut personal, &tables.group_users);
    take(&mut personal, &tables.repos);
    take(&mut personal, &tables.gated_access);
    take(&mut personal, &tables.tokens);
    take(&mut personal, &tables.service_accounts);
    take(&mut personal, &tables.scim_users);
    take(&mut personal, &tables.scim_groups);
    take(&mut personal, &tables.seen);
    take(&mut personal, &tables.invites_file);
    take(&mut personal, &tables.people);
    take(&mut personal, &tables.network_security);
    for invite in &tables.invites {
        // The invitee is a login, which is public, or the address that is in `email` as well.
        if invite.invitee.contains('@') {
            personal.hide(&invite.invitee);
        } else {
            personal.show(&invite.invitee);
        }
        personal.hide(invite.email.as_deref().unwrap_or_default());
    }
    personal.show(snapshot.manifest.org.as_str());
    for import in &snapshot.manifest.imports {
        personal.hide(&import.file);
    }
    for exception in exceptions {
        personal.hide(&exception.approved_by);
    }
    Ok(personal)
}

/// Takes the texts of a table by the class of their column.
fn take<R: Record>(personal: &mut Personal, rows: &[R]) {
    for (column, data) in R::TABLE.columns.iter().zip(R::to_columns(rows)) {
        let texts: Vec<String> = match data {
            ColumnData::Text(values) => values.into_iter().flatten().collect(),
            ColumnData::List(values) => values.into_iter().flatten().flatten().collect(),
            ColumnData::Integer(_) | ColumnData::Boolean(_) | ColumnData::Time(_) | ColumnData::Date(_) => Vec::new(),
        };
        for text in texts {
            match column.privacy {
                Privacy::Personal => personal.hide(&text),
                Privacy::Public => personal.show(&text),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{model::outcome::Privacy, table::TABLES};

    #[test]
    fn names_addresses_and_places_are_declared_personal_in_every_table() {
        let known = ["fullname", "email", "emails", "verified_email", "manager_email", "ip", "country", "external_id"];
        for table in TABLES {
            for column in table.columns.iter().filter(|column| known.contains(&column.name)) {
                assert_eq!(column.privacy, Privacy::Personal, "{}.{}", table.name, column.name);
            }
        }
    }
}
