//! `rollcall.toml`: what a company knows and the Hub does not, typed and checked before anything else happens.
//!
//! The file is compared with the keys declared in [`keys`]; an unknown key or a wrong value is an error that names
//! file, line and key, so that a misspelt threshold never falls back to its default in silence.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

mod check;
mod error;
pub mod keys;

pub use check::Known;
pub use error::{Error, Problem, Problems};

use crate::model::{
    exception::Exception,
    ids::{OrgName, fold},
    params::{Activity, Analyzers, Params, Roster, Seats},
};

/// Name of the file.
pub const FILE_NAME: &str = "rollcall.toml";

/// `[org.<name>]`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Org {
    /// The plan; `None` asks the Hub.
    pub plan: Option<String>,
}

/// `[report]`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Report {
    /// Word in the foot of every page; may be empty.
    pub classification: String,
    /// `a4` or `letter`.
    pub paper: String,
    /// BCP 47 tag of the report's words; `None` is the template's own language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Days after an end of a period within which a snapshot shows the state at that end.
    pub grace_days: i64,
}

impl Default for Report {
    fn default() -> Self {
        Self { classification: "Confidential".to_owned(), paper: "a4".to_owned(), language: None, grace_days: 15 }
    }
}

/// `[witness]`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Witness {
    /// Program and arguments that are told of each sealed snapshot; empty when there is none.
    pub command: Vec<String>,
}

impl Witness {
    /// Whether there is none.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        self.command.is_empty()
    }
}

/// The values of a file, defaults filled in.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Values {
    /// `[org.*]`, by name as written.
    pub org: BTreeMap<String, Org>,
    /// `[seats]`.
    pub seats: Seats,
    /// `[activity]`.
    pub activity: Activity,
    /// `[analyzers.*]`.
    pub analyzers: Analyzers,
    /// `[roster]`; `None` without the table.
    pub roster: Option<Roster>,
    /// `[[exceptions]]`.
    pub exceptions: Vec<Exception>,
    /// `[report]`.
    pub report: Report,
    /// `[witness]`; left out of the digest where there is none, so that it stays what it was before this table.
    #[serde(skip_serializing_if = "Witness::is_absent")]
    pub witness: Witness,
}

/// A configuration in force.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Config {
    /// Its values.
    pub values: Values,
    /// Where it was read; `None` when there is no file and the defaults hold.
    pub file: Option<PathBuf>,
}

impl Config {
    /// Reads the file that was named, else the first candidate that exists, else the defaults.
    ///
    /// # Errors
    /// When the named file is missing, or the file found cannot be read or used.
    pub fn find(named: Option<&Path>, candidates: &[PathBuf], known: &Known) -> Result<Self, Error> {
        if let Some(path) = named {
            return Self::read(path, known);
        }
        candidates.iter().find(|path| path.exists()).map_or_else(|| Ok(Self::default()), |p| Self::read(p, known))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, names an unknown key or holds a wrong value.
    pub fn read(path: &Path, known: &Known) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let mut config = Self::parse(text.strip_prefix('\u{feff}').unwrap_or(&text), known)
            .map_err(|problems| Error::Invalid { path: path.to_owned(), problems })?;
        config.file = Some(path.to_owned());
        Ok(config)
    }

    /// Parses and checks a text.
    ///
    /// # Errors
    /// Every problem of the text, with its line.
    pub fn parse(text: &str, known: &Known) -> Result<Self, Problems> {
        let (root, syntax) = toml::de::DeTable::parse_recoverable(text);
        if let Some(error) = syntax.first() {
            let line = check::line_of(text, error.span().map_or(0, |span| span.start));
            let what = error.message().replace('\n', ", ");
            return Err(Problems(vec![Problem { line, what: format!("not valid TOML: {what}") }]));
        }
        let checked = check::Checker::check(text, root.get_ref(), known);
        if !checked.problems.is_empty() {
            return Err(Problems(checked.problems));
        }
        let values = serde_json::from_value(serde_json::Value::Object(checked.values))
            .map_err(|error| Problems(vec![Problem { line: 1, what: error.to_string() }]))?;
        Ok(Self { values, file: None })
    }

    /// A path of the configuration, relative to the file's folder.
    #[must_use]
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.file.as_deref().and_then(Path::parent).unwrap_or_else(|| Path::new("")).join(path)
    }

    /// The table of an organization; names compare case folded.
    #[must_use]
    pub fn org(&self, org: &OrgName) -> Option<&Org> {
        let wanted = fold(org.as_str());
        self.values.org.iter().find(|(name, _)| fold(name) == wanted).map(|(_, table)| table)
    }

    /// Thresholds and prices.
    #[must_use]
    pub fn params(&self) -> Params {
        let Values { seats, activity, analyzers, .. } = &self.values;
        Params { seats: seats.clone(), activity: activity.clone(), analyzers: analyzers.clone() }
    }

    /// What [`Config::canonical`] wrote; `None` where this version cannot read it.
    #[must_use]
    pub fn from_canonical(text: &str) -> Option<Self> {
        Some(Self { values: serde_json::from_str(text).ok()?, file: None })
    }

    /// The effective values in canonical JSON: keys sorted, no spaces, defaults written out.
    #[must_use]
    pub fn canonical(&self) -> String {
        let value = serde_json::to_value(&self.values).unwrap_or_default();
        let mut text = String::new();
        canonical(&value, &mut text);
        text
    }

    /// SHA-256 of [`Config::canonical`].
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(self.canonical().as_bytes())
    }
}

/// SHA-256 in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Writes JSON with sorted keys and without spaces, whatever order the map keeps.
fn canonical(value: &serde_json::Value, out: &mut String) {
    match value {
        serde_json::Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            out.push('{');
            for (i, (key, value)) in sorted.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
            }
            out.push('}');
        }
        serde_json::Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests;
