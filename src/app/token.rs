//! Finds the token where the Hub's own tools keep it. It is never a flag, never written and never logged.

use std::{fmt, io, path::PathBuf};

use super::{error::Error, settings::Environment};

/// A token and where it was found.
pub(super) struct Found {
    /// The token.
    pub(super) token: String,
    /// The variable or the file.
    pub(super) from: String,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found").field("token", &"***").field("from", &self.from).finish()
    }
}

/// The first of `HF_TOKEN`, the file of `HF_TOKEN_PATH`, `$HF_HOME/token` and `~/.cache/huggingface/token`.
///
/// White space around a token is dropped and an empty token counts as none. A file that the user named must be
/// readable; the two usual places need not exist.
///
/// # Errors
/// When there is none, a named file cannot be read, or what was found cannot be a token.
pub(super) fn find(environment: &Environment) -> Result<Found, Error> {
    if let Some(token) = trimmed(environment.token.as_deref()) {
        return checked(token, "HF_TOKEN".to_owned());
    }
    if let Some(path) = &environment.token_path {
        let text = std::fs::read_to_string(path).map_err(|source| Error::TokenFile {
            path: path.clone(),
            named: true,
            source,
        })?;
        if let Some(token) = trimmed(Some(&text)) {
            return checked(token, path.display().to_string());
        }
    }
    let usual = [
        environment.hf_home.as_ref().map(|home| home.join("token")),
        environment.home.as_ref().map(|home| home.join(".cache").join("huggingface").join("token")),
    ];
    for path in usual.into_iter().flatten() {
        if let Some(token) = read_usual(&path)? {
            return checked(token, path.display().to_string());
        }
    }
    Err(Error::NoToken)
}

/// The token of a usual place; `None` when there is none. A file that exists and cannot be read is an error, since
/// passing it over would read with another identity than the user expects.
fn read_usual(path: &PathBuf) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(trimmed(Some(&text))),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(source) => Err(Error::TokenFile { path: path.clone(), named: false, source }),
    }
}

/// A text without the white space around it, if anything is left.
pub(super) fn trimmed(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned)
}

/// Refuses what no header could carry.
fn checked(token: String, from: String) -> Result<Found, Error> {
    if token.bytes().all(|b| b.is_ascii_graphic()) { Ok(Found { token, from }) } else { Err(Error::BadToken { from }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An environment in which every place holds its own token.
    fn everywhere(folder: &std::path::Path) -> Environment {
        let cache = folder.join(".cache/huggingface");
        std::fs::create_dir_all(&cache).unwrap();
        std::fs::create_dir_all(folder.join("hf")).unwrap();
        std::fs::write(folder.join("named"), "hf_named\n").unwrap();
        std::fs::write(folder.join("hf/token"), " hf_in_home ").unwrap();
        std::fs::write(cache.join("token"), "hf_cached").unwrap();
        Environment {
            token: Some(" hf_variable\n".to_owned()),
            token_path: Some(folder.join("named")),
            hf_home: Some(folder.join("hf")),
            home: Some(folder.to_owned()),
            ..Environment::default()
        }
    }

    #[test]
    fn the_first_place_that_holds_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = everywhere(folder.path());
        assert_eq!(find(&environment).unwrap().token, "hf_variable");
        environment.token = Some("  ".to_owned());
        assert_eq!(find(&environment).unwrap().token, "hf_named");
        std::fs::write(folder.path().join("named"), "\n").unwrap();
        assert_eq!(find(&environment).unwrap().token, "hf_in_home");
        environment.hf_home = Some(folder.path().join("nowhere"));
        assert_eq!(find(&environment).unwrap().token, "hf_cached");
        environment.home = None;
        assert!(matches!(find(&environment), Err(Error::NoToken)));
    }

    #[test]
    fn a_named_file_that_cannot_be_read_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = everywhere(folder.path());
        environment.token = None;
        environment.token_path = Some(folder.path().join("missing"));
        assert!(matches!(find(&environment), Err(Error::TokenFile { named: true, .. })));
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_without_being_shown() {
        let environment = Environment { token: Some("hf_secret\nhf_other".to_owned()), ..Environment::default() };
        let error = find(&environment).unwrap_err();
        assert!(matches!(error, Error::BadToken { .. }));
        assert!(!format!("{error:?} {error}").contains("hf_secret"));
        let good = Environment { token: Some("hf_secret".to_owned()), ..Environment::default() };
        assert!(!format!("{:?} {good:?}", find(&good).unwrap()).contains("hf_secret"));
    }
}
