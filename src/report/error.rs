//! What can go wrong between outcomes and a finished report folder.

use std::path::PathBuf;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A template names neither an embedded template nor a readable file.
    #[error("there is no template {name:?} (known: {known}; else give the path of a file)")]
    UnknownTemplate {
        /// As it was asked for.
        name: String,
        /// Embedded names.
        known: String,
    },
    /// A report is asked for in a language that has no words.
    #[error("there are no words in the language {tag:?} (known: {known})")]
    Language {
        /// As it was asked for.
        tag: String,
        /// Those there are.
        known: String,
    },
    /// A template or its wording cannot be read.
    #[error("cannot read the template {}", path.display())]
    ReadTemplate {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A template or its wording says something that cannot be followed.
    #[error("{file}:{line}: {message}")]
    Template {
        /// The file, or the embedded file's path.
        file: String,
        /// 1-based line.
        line: usize,
        /// What is wrong with which key, and the nearest known one.
        message: String,
    },
    /// Two templates would be written to the same files.
    #[error("two templates are called {0:?}, and both would be written to the same file")]
    SameName(String),
    /// A row does not have one cell per declared column.
    #[error("the analyzer {analyzer} gave {cells} cells for {columns} columns (subject {subject:?})")]
    Shape {
        /// Analyzer id.
        analyzer: &'static str,
        /// Subject of the row.
        subject: String,
        /// Cells of the row.
        cells: usize,
        /// Declared columns.
        columns: usize,
    },
    /// A row is about a kind of subject that its analyzer does not declare.
    #[error("the analyzer {analyzer} judged a {kind:?}, which it does not declare")]
    Kind {
        /// Analyzer id.
        analyzer: &'static str,
        /// Kind of subject.
        kind: String,
    },
    /// Rows do not become CSV.
    #[error("cannot write the rows of {file} as csv")]
    Csv {
        /// Name of the file: the analyzer's id.
        file: &'static str,
        /// Why.
        #[source]
        source: csv::Error,
    },
    /// A report does not become JSON.
    #[error("cannot write the template {template} as json")]
    Json {
        /// Name of the template.
        template: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A report does not become PDF.
    #[error("cannot lay out the template {template} as pdf")]
    Pdf {
        /// Name of the template.
        template: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A report does not become a spreadsheet.
    #[error("cannot write the template {template} as xlsx")]
    Xlsx {
        /// Name of the template.
        template: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A report does not become HTML.
    #[error("cannot write the template {template} as html")]
    Html {
        /// Name of the template.
        template: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The report folder cannot be written.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was being done, e.g. `write`.
        doing: &'static str,
        /// File or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
