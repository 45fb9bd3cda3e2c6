//! What can go wrong between a document and its PDF. Text and layout cannot fail; fonts and the file format can.

/// Why a PDF could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A font program is not one.
    #[error("font {name} cannot be read")]
    Font {
        /// Name of the face.
        name: String,
    },
    /// A font program could not be reduced to the glyphs in use.
    #[error("font {name} cannot be subset")]
    Subset {
        /// Name of the face.
        name: String,
        /// What the subsetter says.
        #[source]
        source: subsetter::Error,
    },
    /// The engine did not deliver the pages it was given.
    #[error("the PDF engine reports: {0}")]
    Engine(String),
    /// The finished objects could not be put together or written.
    #[error("the PDF cannot be assembled")]
    Assemble(#[source] lopdf::Error),
    /// The file would have more bytes or objects than its format can number.
    #[error("the PDF is too long")]
    TooLong,
}
