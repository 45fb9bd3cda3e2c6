//! Why records and frames could not be turned into each other.

/// A frame that is not what its table declares.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A column has another type, or is missing, or is not declared.
    #[error("table {table}: column {column} should be {expected} and is {found}")]
    Schema {
        /// The table.
        table: &'static str,
        /// The first column that differs.
        column: String,
        /// The declared type, or `absent`.
        expected: String,
        /// The type that was found, or `absent`.
        found: String,
    },
    /// A value that must be present is null.
    #[error("table {table}: column {column} must have a value in every row and has none in {rows}")]
    Null {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// Rows without a value.
        rows: usize,
    },
    /// A value of the right type that a record cannot hold, such as an instant outside the calendar.
    #[error("table {table}: a value is outside the range of its column")]
    Range {
        /// The table.
        table: &'static str,
    },
    /// polars refused.
    #[error("table {table}: the frame could not be built or read")]
    Polars {
        /// The table.
        table: &'static str,
        /// Its reason.
        #[source]
        source: polars::error::PolarsError,
    },
}
