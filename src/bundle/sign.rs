//! Signs the list of digests as `ssh-keygen -Y sign -n rollcall` does.

use std::path::{Path, PathBuf};

use ssh_key::{Algorithm, HashAlg, LineEnding, PrivateKey, PublicKey, Signature, SshSig};

use super::{agent, error::Error};

/// The namespace of signatures: one made for another purpose cannot be passed off as ours.
pub const NAMESPACE: &str = "rollcall";

/// The digest in a signature; the one that `ssh-keygen` takes by itself.
const HASH: HashAlg = HashAlg::Sha512;

/// What is needed, for errors.
const NEEDED: &str = "an Ed25519 key in OpenSSH format is needed, as `ssh-keygen -t ed25519` makes it";

/// A key to sign with.
#[derive(Clone, Debug)]
pub enum Key {
    /// In memory; printed without its secret.
    Own(Box<PrivateKey>),
    /// Held by an ssh-agent.
    Agent {
        /// The public half.
        public: PublicKey,
        /// The agent's socket.
        socket: PathBuf,
    },
}

impl Key {
    /// Reads a key file. One that is protected by a passphrase, and a public key, are used through the agent at
    /// `socket`.
    ///
    /// # Errors
    /// [`Error::Key`] for a file that cannot be read or is of another kind, [`Error::NoAgent`].
    pub fn load(path: &Path, socket: Option<&Path>) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::Key { path: path.to_owned(), why: format!("it cannot be read ({error})") })?;
        let unfit = || Error::Key { path: path.to_owned(), why: NEEDED.to_owned() };
        let (key, why) = match PrivateKey::from_openssh(&text) {
            Ok(key) if key.is_encrypted() => (key.public_key().clone(), "is protected by a passphrase"),
            Ok(key) => {
                return if key.algorithm() == Algorithm::Ed25519 { Ok(Self::Own(Box::new(key))) } else { Err(unfit()) };
            }
            Err(_) => {
                let public = PublicKey::from_openssh(text.trim()).map_err(|_not_a_key| unfit())?;
                (public, "is a public key")
            }
        };
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(unfit());
        }
        let socket = socket.ok_or_else(|| Error::NoAgent { path: path.to_owned(), why })?;
        Ok(Self::Agent { public: key, socket: socket.to_owned() })
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        match self {
            Self::Own(key) => key.public_key(),
            Self::Agent { public, .. } => public,
        }
    }

    /// The fingerprint, as `ssh-keygen -l` shows it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.public().fingerprint(HashAlg::Sha256).to_string()
    }

    /// Signs a message; the signature is armoured text.
    ///
    /// # Errors
    /// [`Error::Agent`] when the agent does not have the key, refuses, or gives something else than a signature.
    pub fn sign(&self, message: &[u8]) -> Result<String, Error> {
        let failed = |why: String| match self {
            Self::Own(_) => Error::Signature { why },
            Self::Agent { socket, .. } => Error::Agent { socket: socket.clone(), why },
        };
        let crypto = |error: ssh_key::Error| failed(error.to_string());
        let signature = match self {
            Self::Own(key) => key.sign(NAMESPACE, HASH, message).map_err(crypto)?,
            Self::Agent { public, socket } => {
                let data = SshSig::signed_data(NAMESPACE, HASH, message).map_err(crypto)?;
                let blob = public.to_bytes().map_err(crypto)?;
                let answer = agent::sign(socket, &blob, &data).map_err(&failed)?;
                let signature = Signature::try_from(answer.as_slice()).map_err(crypto)?;
                SshSig::new(public.key_data().clone(), NAMESPACE, HASH, signature).map_err(crypto)?
            }
        };
        self.public().verify(NAMESPACE, message, &signature).map_err(crypto)?;
        signature.to_pem(LineEnding::LF).map_err(crypto)
    }
}
