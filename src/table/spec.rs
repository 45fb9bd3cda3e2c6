//! How a table is declared: one macro call gives the record, the Parquet schema and the data dictionary.

use chrono::NaiveDate;
use serde::Serialize;

use crate::model::{
    coverage::Source,
    outcome::Privacy,
    time::{self, Timestamp},
};

/// Type of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// 64-bit integer.
    Integer,
    /// Truth value.
    Boolean,
    /// Microseconds since 1970, UTC.
    Time,
    /// Day.
    Date,
    /// List of texts.
    List,
}

impl Kind {
    /// The type's name in manifests and in `explain`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Time => "timestamp[us, UTC]",
            Self::Date => "date",
            Self::List => "list<text>",
        }
    }
}

/// One column of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Column {
    /// Name.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Whether a value may be absent; absent is null, never a default.
    pub nullable: bool,
    /// Privacy class.
    pub privacy: Privacy,
    /// Meaning, unit and source field.
    pub doc: &'static str,
}

/// One table of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Table {
    /// Name, as in `tables/<name>.parquet`.
    pub name: &'static str,
    /// The source whose coverage tells whether the table can be believed.
    pub source: Source,
    /// What one row is.
    pub doc: &'static str,
    /// Columns in file order.
    pub columns: &'static [Column],
}

/// Values of one column; the bridge between records and frames.
#[derive(Clone, PartialEq, Debug)]
pub enum ColumnData {
    /// Texts.
    Text(Vec<Option<String>>),
    /// Integers.
    Integer(Vec<Option<i64>>),
    /// Truth values.
    Boolean(Vec<Option<bool>>),
    /// Microseconds since 1970, UTC.
    Time(Vec<Option<i64>>),
    /// Days since 1970.
    Date(Vec<Option<i32>>),
    /// Lists of texts.
    List(Vec<Option<Vec<String>>>),
}

impl ColumnData {
    /// An empty column of a kind, with room for `rows`.
    #[must_use]
    pub fn with_capacity(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Text => Self::Text(Vec::with_capacity(rows)),
            Kind::Integer => Self::Integer(Vec::with_capacity(rows)),
            Kind::Boolean => Self::Boolean(Vec::with_capacity(rows)),
            Kind::Time => Self::Time(Vec::with_capacity(rows)),
            Kind::Date => Self::Date(Vec::with_capacity(rows)),
            Kind::List => Self::List(Vec::with_capacity(rows)),
        }
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(v) => v.len(),
            Self::Integer(v) | Self::Time(v) => v.len(),
            Self::Boolean(v) => v.len(),
            Self::Date(v) => v.len(),
            Self::List(v) => v.len(),
        }
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A record that is a row of a table.
pub trait Record: Sized {
    /// The declaration.
    const TABLE: &'static Table;

    /// Columns of the records, in declaration order.
    fn to_columns(rows: &[Self]) -> Vec<ColumnData>;

    /// Records of the columns, which must have the declared kinds and one length.
    ///
    /// `None` when a column has another kind, or a value that must be present is null.
    fn from_columns(columns: &[ColumnData]) -> Option<Vec<Self>>;
}

/// A field type that can be a column.
pub trait Value: Sized {
    /// Type of the column.
    const KIND: Kind;
    /// Whether the value may be absent.
    const NULLABLE: bool = false;
    /// Appends the value.
    fn push(&self, to: &mut ColumnData);
    /// Reads value `i`; `None` when the column has another kind or the value is null and must not be.
    fn at(from: &ColumnData, i: usize) -> Option<Self>;
}

/// Implements [`Value`] for a type and its `Option`.
macro_rules! value {
    ($ty:ty, $kind:ident, |$v:ident| $store:expr, |$s:ident| $load:expr) => {
        impl Value for $ty {
            const KIND: Kind = Kind::$kind;
            fn push(&self, to: &mut ColumnData) {
                let $v = self;
                if let ColumnData::$kind(column) = to {
                    column.push(Some($store));
                }
            }
            fn at(from: &ColumnData, i: usize) -> Option<Self> {
                let ColumnData::$kind(column) = from else { return None };
                let $s = column.get(i)?.as_ref()?;
                $load
            }
        }
        impl Value for Option<$ty> {
            const KIND: Kind = Kind::$kind;
            const NULLABLE: bool = true;
            fn push(&self, to: &mut ColumnData) {
                if let ColumnData::$kind(column) = to {
                    column.push(self.as_ref().map(|$v| $store));
                }
            }
            fn at(from: &ColumnData, i: usize) -> Option<Self> {
                let ColumnData::$kind(column) = from else { return None };
                match column.get(i)?.as_ref() {
                    None => Some(None),
                    Some($s) => $load.map(Some),
                }
            }
        }
    };
}

value!(String, Text, |v| v.clone(), |s| Some(s.clone()));
value!(i64, Integer, |v| *v, |s| Some(*s));
value!(bool, Boolean, |v| *v, |s| Some(*s));
value!(Timestamp, Time, |v| v.timestamp_micros(), |s| time::of_micros(*s));
value!(Vec<String>, List, |v| v.clone(), |s| Some(s.clone()));
value!(NaiveDate, Date, |v| v.to_epoch_days(), |s| NaiveDate::from_epoch_days(*s));

/// Declares a record and its table.
macro_rules! records {
    (
        $(#[doc = $table_doc:literal])+
        pub struct $name:ident = $table:literal from $source:ident {
            $( $(#[doc = $doc:literal])+ $privacy:ident $field:ident: $ty:ty, )+
        }
    ) => {
        $(#[doc = $table_doc])+
        #[derive(Clone, PartialEq, Debug)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $ty, )+
        }

        impl $crate::table::spec::Record for $name {
            const TABLE: &'static $crate::table::spec::Table = &$crate::table::spec::Table {
                name: $table,
                source: $crate::model::coverage::Source::$source,
                doc: concat!($($table_doc),+),
                columns: &[$(
                    $crate::table::spec::Column {
                        name: $crate::table::spec::column_name(stringify!($field)),
                        kind: <$ty as $crate::table::spec::Value>::KIND,
                        nullable: <$ty as $crate::table::spec::Value>::NULLABLE,
                        privacy: $crate::model::outcome::Privacy::$privacy,
                        doc: concat!($($doc),+),
                    },
                )+],
            };

            fn to_columns(rows: &[Self]) -> Vec<$crate::table::spec::ColumnData> {
                vec![$({
                    let mut column = $crate::table::spec::ColumnData::with_capacity(
                        <$ty as $crate::table::spec::Value>::KIND, rows.len());
                    for row in rows {
                        $crate::table::spec::Value::push(&row.$field, &mut column);
                    }
                    column
                },)+]
            }

            fn from_columns(columns: &[$crate::table::spec::ColumnData]) -> Option<Vec<Self>> {
                let rows = columns.first().map_or(0, $crate::table::spec::ColumnData::len);
                (0..rows).map(|i| {
                    let mut columns = columns.iter();
                    Some(Self { $( $field: <$ty as $crate::table::spec::Value>::at(columns.next()?, i)?, )+ })
                }).collect()
            }
        }
    };
}
pub(crate) use records;

/// A column's name: its field's, without the `r#` of a keyword.
#[must_use]
pub const fn column_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}
