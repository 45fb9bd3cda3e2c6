//! What can be wrong with the files of the sample organization.

/// The embedded sample data does not hold together. Only an edit of `fixtures/sample` can cause it, and a test reads them all.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// A file has a row that does not parse.
    #[error("sample file {file}: a row cannot be read")]
    Row {
        /// Name of the file in `fixtures/sample`.
        file: &'static str,
        /// What is wrong, with the line.
        #[source]
        source: csv::Error,
    },
    /// A row names somebody or something that no file declares.
    #[error("sample file {file}: {name:?} is not declared anywhere")]
    Unknown {
        /// Name of the file in `fixtures/sample`.
        file: &'static str,
        /// The name without a declaration.
        name: String,
    },
    /// The audit log cannot be written as JSON.
    #[error("the sample's audit log cannot be written")]
    Export {
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}
