//! Why an analysis cannot go on. A missing source is not among the reasons: that is a gap.

/// An analysis that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The audit archive cannot be read.
    #[error("cannot read the audit archive of this snapshot")]
    Archive {
        /// What polars says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
