//! The Hub's Members page as CSV: the pending invites in it. Its columns are not documented, so several spellings of
//! each are accepted and nothing is guessed.

use super::roster::{self, Fault};
use crate::{
    model::{ids::fold, time},
    table::access::InvitedFile,
};

/// Spellings of each column: login, address, role, status, date.
const COLUMNS: [&[&str]; 5] = [
    &["username", "user", "login", "user name", "hub username"],
    &["email", "e-mail", "email address", "mail"],
    &["role", "organization role", "org role"],
    &["status", "state", "membership", "membership status"],
    &["invited_at", "invited at", "invited on", "invited", "invitation date", "invite date", "date", "created at"],
];

/// Statuses of rows that are pending invites.
const PENDING: [&str; 5] = ["pending", "invited", "pending invite", "pending invitation", "invite pending"];

/// Statuses of rows that are something else.
const SETTLED: [&str; 8] = ["active", "member", "accepted", "joined", "expired", "revoked", "declined", "cancelled"];

/// Reads the pending invites, in file order.
///
/// # Errors
/// Every value that cannot be read, with its line.
pub fn parse(bytes: &[u8], file: &str) -> Result<Vec<InvitedFile>, roster::Error> {
    let records = roster::table(bytes, file, &COLUMNS)?;
    let wrong = |what: String| roster::Error::Header { file: file.to_owned(), line: records.header.line, what };
    let find = |any: &[&str]| records.header.cells.iter().position(|cell| any.contains(&fold(cell).as_str()));
    let [login, email, role, status, date] = COLUMNS.map(find);
    let there = || records.header.cells.join(", ");
    if login.is_none() && email.is_none() {
        return Err(wrong(format!("there is no column for a login or an e-mail address (there are: {})", there())));
    }
    let Some(status) = status else {
        return Err(wrong(format!("there is no column `status` that tells pending invites (there are: {})", there())));
    };
    if role.is_none() && date.is_none() {
        let what = "there is neither a column for the role offered nor one for the date, so this is no list of members";
        return Err(wrong(format!("{what} and invites (there are: {})", there())));
    }
    if records.rows.is_empty() {
        return Err(wrong(
            "there is no line under the header; an empty list does not show that nobody is invited".to_owned(),
        ));
    }
    let (mut invites, mut faults) = (Vec::new(), Vec::new());
    for record in &records.rows {
        let cell = |at: Option<usize>| at.and_then(|at| record.cells.get(at)).filter(|cell| !cell.is_empty()).cloned();
        let mut fault = |at: Option<usize>, what: String| {
            let column = at.and_then(|at| records.header.cells.get(at)).cloned();
            faults.push(Fault { line: record.line, column, what });
        };
        let word = cell(Some(status)).unwrap_or_default();
        let folded = fold(&word);
        if SETTLED.contains(&folded.as_str()) {
            continue;
        }
        if !PENDING.contains(&folded.as_str()) {
            let known = [PENDING.join(", "), SETTLED.join(", ")].join(", ");
            fault(Some(status), format!("{word:?} is not a known status ({known})"));
            continue;
        }
        let (username, email) = (cell(login), cell(email));
        if username.is_none() && email.is_none() {
            fault(None, "neither a login nor an e-mail address".to_owned());
        }
        let text = cell(date);
        let invited_at = text.as_deref().and_then(time::parse);
        if let Some(text) = text.filter(|_| invited_at.is_none()) {
            fault(date, format!("{text:?} is not a date; write it as 2026-09-30"));
        }
        invites.push(InvitedFile { username, email, role: cell(role), invited_at });
    }
    roster::done(invites, faults, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pending_rows_are_invites() {
        let text = "User,Email,Role,Status,Invited at\nada,,admin,Member,\n,bo@example.org,read,Pending,2026-09-01\n";
        let invites = parse(text.as_bytes(), "m.csv").unwrap();
        assert_eq!(invites.len(), 1);
        assert_eq!(invites[0].email.as_deref(), Some("bo@example.org"));
        assert_eq!(invites[0].invited_at, time::parse("2026-09-01"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = parse(b"login;status;role\nada;odd;\n;pending;\n", "m.csv").unwrap_err().to_string();
        assert!(error.contains("line 2, column \"status\": \"odd\"") && error.contains("line 3: neither"), "{error}");
        let error = parse(b"name,status\nada,pending\n", "m.csv").unwrap_err().to_string();
        assert!(error.contains("there are: name, status"), "{error}");
        assert!(parse(b"login\nada\n", "m.csv").unwrap_err().to_string().contains("`status`"));
    }

    #[test]
    fn a_table_that_is_no_list_of_invites_is_refused() {
        for (text, why) in [
            ("email,status\nbo@x.example,active\n", "neither a column for the role"),
            ("email,status,role\n", "no line under the header"),
            ("email,status,role\nbo@x.example,terminated,read\n", "\"terminated\" is not a known status"),
        ] {
            let error = parse(text.as_bytes(), "m.csv").unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
