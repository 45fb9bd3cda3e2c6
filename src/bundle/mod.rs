//! A bundle: everything an auditor needs about one snapshot in one `.zip`, listed, and signed if asked for.
//!
//! The same files give the same bytes: [`write()`] stores them in byte order of their names, with fixed times and modes,
//! `SHA256SUMS` over all of them last. [`check()`] holds a bundle to its list and unpacks only what the caller wants to
//! look into; whatever could lead outside the folder, hide behind a second entry of the same name or not be read at all
//! is refused. A [`Key`] signs the list as `ssh-keygen -Y sign` does, and [`signers`] checks such a signature.
//!
//! What is put into a bundle, and what its evidence says, is decided above.

mod agent;
pub mod error;
mod names;
mod read;
mod sign;
pub mod signers;
mod write;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use read::{Checked, check};
pub use sign::{Key, NAMESPACE};
pub use write::{Content, Written, write};
