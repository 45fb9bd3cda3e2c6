//! Records ⇄ polars frames, with the declared schema or not at all.
//!
//! polars casts quietly (a build without its `timezones` feature drops the zone of an instant and says nothing), so
//! both directions compare the whole schema, names, order and types, with the declaration.

use polars::{
    chunked_array::builder::ListStringChunkedBuilder,
    prelude::{
        BooleanChunked, Column, DataFrame, DataType, Int32Chunked, Int64Chunked, IntoColumn as _, IntoSeries as _,
        ListBuilderTrait as _, NewChunkedArray as _, PolarsResult, Schema, StringChunked, TimeUnit, TimeZone,
    },
};

use super::{
    error::Error,
    spec::{ColumnData, Kind, Record, Table},
};

/// The polars type of a kind of column.
#[must_use]
pub fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::String,
        Kind::Integer => DataType::Int64,
        Kind::Boolean => DataType::Boolean,
        Kind::Time => DataType::Datetime(TimeUnit::Microseconds, Some(TimeZone::UTC)),
        Kind::Date => DataType::Date,
        Kind::List => DataType::List(Box::new(DataType::String)),
    }
}

/// The declared schema of a table, columns in file order.
#[must_use]
pub fn schema(table: &Table) -> Schema {
    table.columns.iter().map(|c| (c.name.into(), data_type(c.kind))).collect()
}

/// Checks that a frame has exactly the declared columns, in order, each with its declared type.
///
/// # Errors
/// Names the first column that differs, what was expected and what was found.
pub fn check(table: &'static Table, found: &Schema) -> Result<(), Error> {
    let differs = |column: &str, expected: Option<String>, found: Option<String>| {
        let absent = || "absent".to_owned();
        Err(Error::Schema {
            table: table.name,
            column: column.to_owned(),
            expected: expected.unwrap_or_else(absent),
            found: found.unwrap_or_else(absent),
        })
    };
    for (i, column) in table.columns.iter().enumerate() {
        let expected = data_type(column.kind);
        let place = |at: usize| format!("{} in place {}", column.kind.name(), at + 1);
        match found.get_full(column.name) {
            None => return differs(column.name, Some(column.kind.name().to_owned()), None),
            Some((_, _, dtype)) if *dtype != expected => {
                return differs(column.name, Some(column.kind.name().to_owned()), Some(dtype.to_string()));
            }
            Some((at, _, _)) if at != i => return differs(column.name, Some(place(i)), Some(place(at))),
            Some(_) => {}
        }
    }
    match found.get_at_index(table.columns.len()) {
        None => Ok(()),
        Some((name, dtype)) => differs(name, None, Some(dtype.to_string())),
    }
}

/// The records as a frame with the declared schema, rows in the given order.
///
/// # Errors
/// When polars refuses, or builds anything but the declared schema.
pub fn to_frame<R: Record>(rows: &[R]) -> Result<DataFrame, Error> {
    let columns = R::TABLE.columns.iter().zip(R::to_columns(rows)).map(|(c, data)| to_column(c.name, data)).collect();
    let frame = DataFrame::new(rows.len(), columns).map_err(|source| Error::Polars { table: R::TABLE.name, source })?;
    check(R::TABLE, frame.schema())?;
    Ok(frame)
}

/// The records of a frame, rows in its order.
///
/// # Errors
/// When the schema is not exactly the declared one, or a value that must be present is null.
pub fn from_frame<R: Record>(frame: &DataFrame) -> Result<Vec<R>, Error> {
    let table = R::TABLE;
    check(table, frame.schema())?;
    let mut columns = Vec::with_capacity(table.columns.len());
    for (declared, column) in table.columns.iter().zip(frame.columns()) {
        let rows = column.null_count();
        if rows > 0 && !declared.nullable {
            return Err(Error::Null { table: table.name, column: declared.name, rows });
        }
        columns.push(from_column(declared.kind, column).map_err(|source| Error::Polars { table: table.name, source })?);
    }
    R::from_columns(&columns).ok_or(Error::Range { table: table.name })
}

/// One column of values as a polars column.
fn to_column(name: &str, data: ColumnData) -> Column {
    let name = name.into();
    match data {
        ColumnData::Text(v) => StringChunked::from_iter_options(name, v.into_iter()).into_column(),
        ColumnData::Integer(v) => Int64Chunked::from_iter_options(name, v.into_iter()).into_column(),
        ColumnData::Boolean(v) => BooleanChunked::from_iter_options(name, v.into_iter()).into_column(),
        ColumnData::Time(v) => Int64Chunked::from_iter_options(name, v.into_iter())
            .into_datetime(TimeUnit::Microseconds, Some(TimeZone::UTC))
            .into_column(),
        ColumnData::Date(v) => Int32Chunked::from_iter_options(name, v.into_iter()).into_date().into_column(),
        ColumnData::List(v) => {
            let values = v.iter().flatten().map(Vec::len).sum();
            let mut builder = ListStringChunkedBuilder::new(name, v.len(), values);
            for list in &v {
                match list {
                    None => builder.append_null(),
                    Some(list) => builder.append_values_iter(list.iter().map(String::as_str)),
                }
            }
            builder.finish().into_series().into_column()
        }
    }
}

/// The values of a polars column whose type was checked.
fn from_column(kind: Kind, column: &Column) -> PolarsResult<ColumnData> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Ok(match kind {
        Kind::Text => ColumnData::Text(column.str()?.iter().map(owned).collect()),
        Kind::Integer => ColumnData::Integer(column.i64()?.iter().collect()),
        Kind::Boolean => ColumnData::Boolean(column.bool()?.iter().collect()),
        Kind::Time => ColumnData::Time(column.datetime()?.physical().iter().collect()),
        Kind::Date => ColumnData::Date(column.date()?.physical().iter().collect()),
        Kind::List => {
            let lists = column.list()?.series_iter().map(|list| {
                // A null inside a list has no meaning in any table; a file that holds one is not ours.
                let Some(list) = list else { return Ok(None) };
                Ok(list.str()?.iter().map(owned).collect::<Option<Vec<_>>>())
            });
            ColumnData::List(lists.collect::<PolarsResult<_>>()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{
        TABLES,
        access::{Invite, Member, Person, ScimUser},
        activity::Commit,
    };

    fn member(login: &str) -> Member {
        Member {
            user_id: format!("id-{login}"),
            username: login.to_owned(),
            fullname: Some("Ada Example".to_owned()),
            role: None,
            is_external: Some(false),
            two_factor: None,
            verified_email: None,
            is_pro: Some(true),
        }
    }

    #[test]
    fn records_survive_the_frame_with_every_kind_of_column() {
        let members = vec![member("ada"), member("büke")];
        assert_eq!(from_frame::<Member>(&to_frame(&members).unwrap()).unwrap(), members);

        let invites = vec![Invite {
            invitee: "eve@example.com".to_owned(),
            email: None,
            role: None,
            invited_at: crate::model::time::parse("2026-09-20T09:00:00.123456Z"),
            invited_by: None,
            source: vec!["audit".to_owned(), "file".to_owned()],
        }];
        assert_eq!(from_frame::<Invite>(&to_frame(&invites).unwrap()).unwrap(), invites);

        let people = vec![Person {
            email: "ada@example.com".to_owned(),
            username: None,
            name: None,
            status: "terminated".to_owned(),
            terminated_on: crate::model::time::parse_date("2026-09-01"),
            manager_email: None,
            department: Some(String::new()),
        }];
        assert_eq!(from_frame::<Person>(&to_frame(&people).unwrap()).unwrap(), people);
    }

    #[test]
    fn an_empty_list_is_not_a_missing_one_and_no_rows_keep_the_schema() {
        let user = ScimUser {
            scim_id: "s1".to_owned(),
            external_id: None,
            username: "ada".to_owned(),
            emails: Vec::new(),
            active: None,
            tree: "scim".to_owned(),
        };
        let frame = to_frame(std::slice::from_ref(&user)).unwrap();
        assert_eq!(from_frame::<ScimUser>(&frame).unwrap(), [user]);
        let none = to_frame::<ScimUser>(&[]).unwrap();
        assert_eq!(**none.schema(), schema(ScimUser::TABLE));
        assert!(from_frame::<ScimUser>(&none).unwrap().is_empty());
    }

    #[test]
    fn another_schema_is_refused_by_table_column_expected_and_found() {
        let frame = to_frame(&[member("ada")]).unwrap();
        let mut renamed = frame.clone();
        renamed.rename("role", "rank".into()).unwrap();
        let error = from_frame::<Member>(&renamed).unwrap_err().to_string();
        assert_eq!(error, "table members: column role should be text and is absent");

        let mut retyped = frame.clone();
        retyped
            .with_column(Int64Chunked::from_iter_options("role".into(), [Some(1)].into_iter()).into_column())
            .unwrap();
        let error = from_frame::<Member>(&retyped).unwrap_err().to_string();
        assert_eq!(error, "table members: column role should be text and is i64");

        let mut wider = frame.clone();
        wider
            .with_column(StringChunked::from_iter_options("extra".into(), [Some("x")].into_iter()).into_column())
            .unwrap();
        let error = from_frame::<Member>(&wider).unwrap_err().to_string();
        assert_eq!(error, "table members: column extra should be absent and is str");

        let swapped = frame
            .select([
                "username",
                "user_id",
                "fullname",
                "role",
                "is_external",
                "two_factor",
                "verified_email",
                "is_pro",
            ])
            .unwrap();
        assert!(matches!(from_frame::<Member>(&swapped), Err(Error::Schema { .. })));
    }

    #[test]
    fn a_time_without_its_zone_is_refused() {
        let commit =
            Commit { repo: "o/n".to_owned(), author: "ada".to_owned(), committed_at: chrono::DateTime::UNIX_EPOCH };
        let mut frame = to_frame(&[commit]).unwrap();
        let naive = Int64Chunked::from_iter_options("committed_at".into(), [Some(0)].into_iter());
        frame.with_column(naive.into_datetime(TimeUnit::Microseconds, None).into_column()).unwrap();
        assert!(matches!(from_frame::<Commit>(&frame), Err(Error::Schema { .. })));
    }

    #[test]
    fn a_null_where_a_value_must_be_is_refused() {
        let mut frame = to_frame(&[member("ada")]).unwrap();
        let null = StringChunked::from_iter_options("username".into(), [None::<&str>].into_iter());
        frame.with_column(null.into_column()).unwrap();
        let error = from_frame::<Member>(&frame).unwrap_err().to_string();
        assert_eq!(error, "table members: column username must have a value in every row and has none in 1");
    }

    #[test]
    fn every_declared_table_has_a_schema_of_its_own_length() {
        for table in TABLES {
            assert_eq!(schema(table).len(), table.columns.len(), "{}", table.name);
        }
    }
}
