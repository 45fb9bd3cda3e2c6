//! Why a bundle could not be written, read, signed or believed.

use std::{io, path::PathBuf};

/// A failure of a bundle.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk refused.
    #[error("could not {doing} {}", path.display())]
    Io {
        /// What was being done, a verb and its object.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The archive could not be written.
    #[error("could not write {} as zip", path.display())]
    Zip {
        /// The bundle.
        path: PathBuf,
        /// The writer's reason.
        #[source]
        source: zip::result::ZipError,
    },
    /// Somebody asked to stop; nothing is left of the bundle.
    #[error("stopped before the bundle was complete")]
    Stopped,
    /// Another file has the bundle's name.
    #[error("{} is already there and is not the same bundle", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file was to be put into the bundle under a name that no bundle may hold.
    #[error("{name:?} cannot be the name of a file in a bundle: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// The bundle, or a file in it, is not as it was written; the first difference, in the order of the check.
    #[error("{}: {what}", path.display())]
    Differs {
        /// The bundle, with the file's name behind it.
        path: PathBuf,
        /// What differs and what that means.
        what: String,
    },
    /// The archive is readable and was not written by rollcall, although it holds the files of a bundle.
    #[error("{} is a bundle that another program packed again: {what}", path.display())]
    Repacked {
        /// The bundle.
        path: PathBuf,
        /// By what that is seen.
        what: String,
    },
    /// The signing key cannot be read as one.
    #[error("{} is not a key that can sign: {why}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is needed.
        why: String,
    },
    /// Only the agent could use the key, and there is none.
    #[error("{} {why}, and no ssh-agent is running (SSH_AUTH_SOCK is not set)", path.display())]
    NoAgent {
        /// The file.
        path: PathBuf,
        /// Why the agent is needed.
        why: &'static str,
    },
    /// The agent did not sign.
    #[error("the ssh-agent at {} did not sign: {why}", socket.display())]
    Agent {
        /// Its socket.
        socket: PathBuf,
        /// Why.
        why: String,
    },
    /// The file of revoked keys cannot be followed.
    #[error("the revoked keys cannot be read: {why}")]
    Revoked {
        /// Why.
        why: String,
    },
    /// Nobody in the list of allowed signers made the signature.
    #[error("the signature is not one of an allowed signer: {why}")]
    Signature {
        /// Why.
        why: String,
    },
}

impl Error {
    /// For `map_err`: an I/O failure with what was being done and where.
    pub(super) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
