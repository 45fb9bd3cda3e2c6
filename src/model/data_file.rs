//! Files of a report that belong to no analyzer: the findings by person, what became of the last report's findings, the
//! requests. Each is declared here or beside its rows; CSV, JSON, redaction and `rollcall explain` all read the declaration.

use serde::Serialize;

use super::outcome::{Cell, CellKind, ColumnSpec, Privacy};

/// Declaration of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct DataFileSpec {
    /// Kebab-case id: the file is `csv/<id>.csv`.
    pub id: &'static str,
    /// What one row is, and where else the same rows stand.
    pub doc: &'static str,
    /// Columns in order.
    pub columns: &'static [ColumnSpec],
}

/// Every declaration, in the order of `explain`.
pub static DATA_FILES: [&DataFileSpec; 3] = [&super::people::FILE, &super::follow_up::FILE, &REQUESTS];

/// A file with its rows.
#[derive(Clone, PartialEq, Debug)]
pub struct DataFile {
    /// The declaration.
    pub spec: &'static DataFileSpec,
    /// Rows in order; each has one cell per column.
    pub rows: Vec<Vec<Cell>>,
}

/// A public column.
pub(super) const fn column(name: &'static str, kind: CellKind, doc: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, privacy: Privacy::Public, doc }
}

/// A column of personal values.
pub(super) const fn personal(name: &'static str, kind: CellKind, doc: &'static str) -> ColumnSpec {
    ColumnSpec { name, kind, privacy: Privacy::Personal, doc }
}

/// The requests of the snapshot, as its manifest has them.
pub static REQUESTS: DataFileSpec = DataFileSpec {
    id: "requests",
    doc: "csv/requests.csv: every request of the snapshot, by source and in the order in which its answers are kept. A row is the record of manifest.json.",
    columns: &[
        column("source", CellKind::Text, "Source that the request was made for."),
        column("method", CellKind::Text, "Always GET."),
        column("url", CellKind::Text, "Full URL, query included."),
        column("status", CellKind::Integer, "HTTP status of the last answer; empty when none arrived."),
        column("started_at", CellKind::Time, "When the last attempt was sent, by the clock of the collecting machine."),
        column("date", CellKind::Time, "The Hub's own clock: the Date header of the answer; empty when it sent none."),
        column("ms", CellKind::Integer, "Milliseconds from sending to the last byte."),
        column("bytes", CellKind::Integer, "Bytes of the decoded body."),
        column("sha256", CellKind::Text, "SHA-256 of the decoded body, hexadecimal; empty without a body."),
        column("rows", CellKind::Integer, "Rows read from the body; empty when it was not read."),
        column("raw", CellKind::Text, "Where the body is kept inside the snapshot; empty without a body."),
        column("attempts", CellKind::Integer, "Attempts made, the last one included."),
        column("error", CellKind::Text, "Why the answer is not usable; empty when it is."),
        column(
            "from_snapshot",
            CellKind::Text,
            "Earlier snapshot whose answer was taken over, because nothing had changed since; empty when the Hub was asked.",
        ),
    ],
};
