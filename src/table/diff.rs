//! Where two readings of the same evidence first disagree. Values are never told: they may be personal.

use std::fmt;

use super::{Tables, spec::Record};

/// The first place at which two lists of records disagree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// The row, from 1.
    pub row: usize,
    /// The column; `None` when one of the lists has no such row.
    pub column: Option<&'static str>,
    /// Rows of both lists.
    pub rows: (usize, usize),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, row, column, rows: (one, other) } = self;
        match column {
            Some(column) => write!(f, "table {table}, row {row}, column {column}"),
            None => write!(f, "table {table}, row {row}: {one} rows against {other}"),
        }
    }
}

/// Compares records row by row, column by column.
#[must_use]
pub fn first<R: Record + PartialEq>(one: &[R], other: &[R]) -> Option<Difference> {
    let at = |row: usize, column| {
        Some(Difference { table: R::TABLE.name, row: row + 1, column, rows: (one.len(), other.len()) })
    };
    if let Some(row) = one.iter().zip(other).position(|(a, b)| a != b) {
        let cells = |rows: &[R]| R::to_columns(&rows[row..=row]);
        let column = cells(one).iter().zip(&cells(other)).position(|(a, b)| a != b);
        return at(row, column.and_then(|column| R::TABLE.columns.get(column)).map(|column| column.name));
    }
    if one.len() == other.len() { None } else { at(one.len().min(other.len()), None) }
}

/// Compares the tables that are read from the Hub; the derived and the imported ones are left out.
#[must_use]
pub fn first_of_hub(one: &Tables, other: &Tables) -> Option<Difference> {
    // Without `..`, so that a new table is not forgotten here.
    let Tables {
        members,
        resource_groups,
        group_users,
        group_resources,
        repos,
        gated_access,
        tokens,
        service_accounts,
        service_tokens,
        scim_users,
        scim_groups,
        commits,
        network_security,
        invites: _,
        seen: _,
        invites_file: _,
        people: _,
    } = one;
    first(members, &other.members)
        .or_else(|| first(resource_groups, &other.resource_groups))
        .or_else(|| first(group_users, &other.group_users))
        .or_else(|| first(group_resources, &other.group_resources))
        .or_else(|| first(repos, &other.repos))
        .or_else(|| first(gated_access, &other.gated_access))
        .or_else(|| first(tokens, &other.tokens))
        .or_else(|| first(service_accounts, &other.service_accounts))
        .or_else(|| first(service_tokens, &other.service_tokens))
        .or_else(|| first(scim_users, &other.scim_users))
        .or_else(|| first(scim_groups, &other.scim_groups))
        .or_else(|| first(commits, &other.commits))
        .or_else(|| first(network_security, &other.network_security))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::access::ScimGroup;

    fn group(id: &str, member: Option<&str>) -> ScimGroup {
        ScimGroup {
            scim_id: id.to_owned(),
            external_id: None,
            name: "hf".to_owned(),
            member_id: member.map(str::to_owned),
        }
    }

    #[test]
    fn the_first_row_and_column_are_named() {
        let one = [group("1", None), group("2", Some("a"))];
        assert_eq!(first(&one, &one), None);
        let other = [group("1", None), group("2", Some("b"))];
        let found = first(&one, &other).unwrap();
        assert_eq!(found.to_string(), "table scim_groups, row 2, column member_id");
        let found = first(&one, &one[..1]).unwrap();
        assert_eq!(found.to_string(), "table scim_groups, row 2: 2 rows against 1");
        assert_eq!(first(&one[..0], &one).unwrap().row, 1);
    }

    #[test]
    fn every_table_of_the_hub_is_compared() {
        let one = Tables { scim_groups: vec![group("1", None)], ..Tables::default() };
        assert_eq!(first_of_hub(&one, &Tables::default()).unwrap().table, "scim_groups");
        assert_eq!(first_of_hub(&one, &one), None);
    }
}
