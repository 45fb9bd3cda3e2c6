//! What somebody outside vouches for: a signature, and the digest of a manifest that was noted elsewhere.
//!
//! Whoever can write the whole store can make all of it anew, or leave out its end; only what the operator cannot reach
//! shows that.

use std::{collections::BTreeSet, path::PathBuf};

use super::{Findings, Listed};
use crate::{
    app::{error::Error, request::Verify},
    bundle::{
        self,
        signers::{self, Signed},
    },
    model::{sums, time::Timestamp},
    store::{
        Advice,
        verify::{Kind, Unchecked},
    },
};

/// The anchors that were given.
pub(super) struct Anchors {
    /// What is verified, for errors.
    path: PathBuf,
    /// Text of the allowed signers; `None` when nobody was named.
    allowed: Option<String>,
    /// Who is to have signed; `None` takes anybody among the allowed signers.
    signer: Option<String>,
    /// The file of revoked keys; `None` where none was given.
    revoked: Option<Vec<u8>>,
    /// The digest that the newest manifest must have, lower-case hexadecimal; `None` when none was noted.
    expected: Option<String>,
    /// Now, when a key must be valid: nothing proves when a signature was made.
    at: Timestamp,
}

impl Anchors {
    /// Reads what was given.
    ///
    /// # Errors
    /// When the digest is none, or the file of signers cannot be read.
    pub(super) fn read(ask: &Verify, at: Timestamp) -> Result<Self, Error> {
        let expected = ask.expect_manifest.as_deref().map(digest).transpose()?;
        let text = |path| std::fs::read_to_string(path).map_err(Error::io("read the allowed signers", path));
        let allowed = ask.allowed_signers.as_deref().map(text).transpose()?;
        let bytes = |path| std::fs::read(path).map_err(Error::io("read the revoked keys", path));
        let revoked = ask.revoked_keys.as_deref().map(bytes).transpose()?;
        Ok(Self { path: ask.path.clone(), allowed, signer: ask.signer.clone(), revoked, expected, at })
    }

    /// Holds what was found to the anchors, and says what they do not hold. `listed` is the list of a snapshot, a report
    /// or a bundle.
    ///
    /// # Errors
    /// [`Error::Differs`] when a signature is missing or not allowed, or another manifest was expected.
    pub(super) fn check(&self, findings: &mut Findings, listed: Option<&Listed>) -> Result<(), Error> {
        let expected = self.is_expected(findings)?;
        let signed = match findings.kind {
            Kind::Store | Kind::Org => self.snapshots_signed(findings, expected)?,
            _ => self.is_signed(findings, listed, expected)?,
        };
        let many = matches!(findings.kind, Kind::Store | Kind::Org);
        if many && !expected {
            let what = "whether the newest snapshot is the newest that was sealed, or a newer one was removed";
            let by = "give --expect-manifest the SHA-256 of the last checkpoint line, as it was noted elsewhere or as the \
                      witness has it";
            findings.unchecked.push(Unchecked::essential(what, by));
        }
        if !signed && !expected {
            findings.unchecked.push(unsigned(findings.kind));
        }
        Ok(())
    }

    /// Whether the newest manifest, or the only one, was expected; `false` when none was.
    fn is_expected(&self, findings: &mut Findings) -> Result<bool, Error> {
        let Some(expected) = &self.expected else { return Ok(false) };
        let orgs: BTreeSet<_> = findings.snapshots.iter().map(|one| &one.org).collect();
        if orgs.len() > 1 {
            let what = format!("--expect-manifest is about one organization, and {} are here", orgs.len());
            return Err(Error::usage(what, "verify the folder of one organization, STORE/ORG"));
        }
        let Some(newest) = findings.snapshots.last() else {
            let what = format!("--expect-manifest is about a snapshot, and this {} holds none", findings.kind.word());
            return Err(Error::usage(what, "verify the store, the snapshot or the bundle"));
        };
        if newest.manifest_sha256 == *expected {
            findings.made += 1;
            findings.done.push(format!("{} has the manifest that was expected", newest.name()));
            return Ok(true);
        }
        let older = findings.snapshots.iter().find(|one| one.manifest_sha256 == *expected);
        let means = match older {
            Some(one) => format!("which is that of {}: a newer snapshot was sealed after that was noted", one.name()),
            None => "which no snapshot here has: the one that was noted was removed, replaced or changed".to_owned(),
        };
        let what = format!("its SHA-256 is {}, and {expected} was expected, {means}", newest.manifest_sha256);
        Err(Error::contradicts(newest.dir.join("manifest.json"), what))
    }

    /// Whether every organization's newest snapshot bears an allowed signature.
    fn snapshots_signed(&self, findings: &mut Findings, expected: bool) -> Result<bool, Error> {
        let (mut unsigned, mut unread) = (Vec::new(), Vec::new());
        let mut done = Vec::new();
        for (at, one) in findings.snapshots.iter().enumerate() {
            let is_newest = findings.snapshots.get(at + 1).is_none_or(|next| next.home != one.home);
            let Some(listed) = Listed::of(&one.dir)? else { continue };
            match (&listed.signature, &self.allowed) {
                (Some(_), Some(_)) => done.extend(self.signed(&listed)?.map(|by| (one.name(), by))),
                (None, Some(_)) if is_newest => return Err(nobody_signed(&listed)),
                (None, Some(_)) => unsigned.push(one.name()),
                (Some(_), None) => unread.push(one.name()),
                (None, None) => {}
            }
        }
        if let Some(first) = unread.first() {
            let what = format!(
                "{}, the first of them that of {first}",
                counted(unread.len(), "signature of a snapshot", "signatures of snapshots")
            );
            findings.unchecked.push(signature_unread(what, expected));
        }
        if let Some(first) = unsigned.first() {
            let older = counted(unsigned.len(), "older snapshot", "older snapshots");
            let what = format!("who vouches for {older}, the first of them {first}: nobody signed it");
            let by = "compare their SHA-256 with checkpoint lines; the signed newest one holds them by the chain";
            findings.unchecked.push(Unchecked::minor(what, by));
        }
        let signed = !done.is_empty();
        findings.unchecked.extend(done.first().and_then(|(_, signed)| signed.unchecked()).map(anybody));
        findings.made += done.len();
        findings.done.extend(done.into_iter().map(|(name, signed)| format!("{name} {signed}")));
        Ok(signed)
    }

    /// Whether the list of a snapshot, a report or a bundle bears an allowed signature.
    fn is_signed(&self, findings: &mut Findings, listed: Option<&Listed>, expected: bool) -> Result<bool, Error> {
        let Some(listed) = listed else {
            if self.allowed.is_none() {
                return Ok(false);
            }
            let what = "it is not there: nobody signs a folder of reports".to_owned();
            return Err(Error::Differs { path: self.path.join(sums::SIGNATURE), what, advice: Advice::Sign });
        };
        match (&listed.signature, &self.allowed) {
            (Some(_), Some(_)) => {
                let signed = self.signed(listed)?;
                findings.unchecked.extend(signed.as_ref().and_then(Signed::unchecked).map(anybody));
                findings.done.extend(signed.map(|signed| signed.to_string()));
                findings.made += 1;
                Ok(true)
            }
            (None, Some(_)) => Err(nobody_signed(listed)),
            (Some(_), None) => {
                findings.unchecked.push(signature_unread("its signature".to_owned(), expected));
                // The line says it already.
                Ok(true)
            }
            (None, None) => Ok(false),
        }
    }

    /// Who signed a list; `None` without a signature or allowed signers.
    fn signed(&self, listed: &Listed) -> Result<Option<Signed>, Error> {
        let (Some(signature), Some(allowed)) = (&listed.signature, &self.allowed) else { return Ok(None) };
        let rules =
            signers::Rules { allowed, signer: self.signer.as_deref(), revoked: self.revoked.as_deref(), at: self.at };
        let signed = signers::verify(&listed.list, signature, &rules).map_err(|error| match error {
            bundle::Error::Signature { .. } => Error::Differs {
                path: listed.path.join(sums::SIGNATURE),
                what: error.to_string(),
                advice: Advice::Sign,
            },
            other => Error::Bundle(other),
        })?;
        Ok(Some(signed))
    }
}

/// That nobody said whose key it should be.
fn anybody((what, by): (&str, &str)) -> Unchecked {
    Unchecked::minor(what, by)
}

/// A signature that nobody was named for.
fn signature_unread(what: String, expected: bool) -> Unchecked {
    Unchecked { what, by: "give --allowed-signers FILE".to_owned(), essential: !expected }
}

/// The error for a list without a signature.
fn nobody_signed(listed: &Listed) -> Error {
    let what = "it is not there: nobody signed this".to_owned();
    Error::Differs { path: listed.path.join(sums::SIGNATURE), what, advice: Advice::Sign }
}

/// A number with its noun.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A SHA-256 as typed.
fn digest(text: &str) -> Result<String, Error> {
    let text = text.trim().to_ascii_lowercase();
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text);
    }
    let what = format!("--expect-manifest {text:?} is not a SHA-256");
    Err(Error::usage(what, "give the 64 hexadecimal digits at the end of a checkpoint line"))
}

/// What nobody can tell who has only what lies here: whether all of it was made anew.
fn unsigned(kind: Kind) -> Unchecked {
    let what = "whether somebody made all of it anew, with lists that fit: nobody outside vouches for it";
    let by = match kind {
        Kind::Store | Kind::Org | Kind::Snapshot => {
            "give --expect-manifest the SHA-256 of a checkpoint line that was noted elsewhere, or ask for a signed one"
        }
        Kind::Report | Kind::Reports => "compare the SHA-256 of SHA256SUMS with one that was noted elsewhere",
        Kind::Bundle => {
            "compare the SHA-256 of the file with the one that `bundle` printed, give --expect-manifest, or ask for a signed one"
        }
    };
    Unchecked::essential(what, by)
}
