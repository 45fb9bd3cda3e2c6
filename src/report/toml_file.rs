//! A TOML file that a report is made by, ours or a user's: whatever it says that cannot be followed is an error naming
//! file, line, key and the nearest known key.

use std::path::{Path, PathBuf};

use serde::{Deserialize, de::DeserializeOwned};
use toml::Spanned;

use super::{error::Error, wording::unknown};

/// The version of the formats that this program reads.
const VERSION: i64 = 1;

/// A file with its text, from which errors count lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TomlFile {
    /// The file, for errors: a path, or that of an embedded file inside the repository.
    pub(super) file: String,
    /// Its text.
    pub(super) text: String,
}

/// Only the version, so that a file of another version is not blamed for its keys.
#[derive(Deserialize)]
struct Version {
    /// `version`.
    version: Option<Spanned<toml::Value>>,
}

impl TomlFile {
    /// An embedded file, by its path inside the repository.
    pub(super) fn embedded(file: String, text: &str) -> Self {
        Self { file, text: text.to_owned() }
    }

    /// A user's file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(path: PathBuf) -> Result<Self, Error> {
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { file: path.display().to_string(), text }),
            Err(source) => Err(Error::ReadTemplate { path, source }),
        }
    }

    /// What the file says.
    ///
    /// # Errors
    /// When it is of another version, or says something that cannot be followed.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let explain = |e: &toml::de::Error| self.wrong(e.span().map_or(0, |span| span.start), nearest_key(e.message()));
        let version: Version = toml::from_str(&self.text).map_err(|e| explain(&e))?;
        match version.version {
            None => Err(self.wrong(0, format!("the key `version` is missing; this program reads version {VERSION}"))),
            Some(v) if v.get_ref().as_integer() != Some(VERSION) => {
                let message =
                    format!("key `version`: {} is not a version that this program reads ({VERSION})", v.get_ref());
                Err(self.wrong(v.span().start, message))
            }
            Some(_) => toml::from_str(&self.text).map_err(|e| explain(&e)),
        }
    }

    /// An error about what stands at a byte position.
    pub(super) fn wrong(&self, at: usize, message: String) -> Error {
        let line = self.text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1;
        Error::Template { file: self.file.clone(), line, message }
    }

    /// An error about a name that is not known: its position, its key, what it should be the name of.
    pub(super) fn unknown(&self, name: &Spanned<String>, key: &str, what: &str, known: &[&str]) -> Error {
        self.wrong(name.span().start, format!("key `{key}`: {}", unknown(what, name.get_ref(), known)))
    }
}

/// Whether somebody who wrote this meant a file.
pub(super) fn looks_like_a_path(text: &str) -> bool {
    text.contains(std::path::MAIN_SEPARATOR) || text.contains('/') || Path::new(text).extension().is_some()
}

/// Adds the nearest known key to serde's message about an unknown one.
fn nearest_key(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((key, known)) if message.starts_with("unknown field") => unknown("key", key, known),
        Some((word, known)) if message.starts_with("unknown variant") => unknown("word", word, known),
        _ => message.replace('\n', " "),
    }
}
