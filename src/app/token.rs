//! Finds the token where the Hub's own tools keep it. It is never a flag, never written and never logged.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};

use super::{error::Error, settings::Environment};

/// Bytes of a token file at most; a file that is longer holds something else.
const LONGEST: u64 = 4096;

/// A token and where it was found. Neither this nor the environment shows it, and both overwrite it when they end.
#[derive(Debug)]
pub(super) struct Found {
    /// The token.
    pub(super) token: SecretString,
    /// The variable or the file.
    pub(super) from: String,
    /// The file; `None` where a variable holds it.
    pub(super) file: Option<PathBuf>,
}

/// The first of `HF_TOKEN`, the file of `HF_TOKEN_PATH`, `$HF_HOME/token` and `~/.cache/huggingface/token`.
///
/// White space around a token is dropped and an empty token counts as none. A file that the user named must be
/// readable; the two usual places need not exist.
///
/// # Errors
/// When there is none, a named file cannot be read, or what was found cannot be a token.
pub(super) fn find(environment: &Environment) -> Result<Found, Error> {
    if let Some(token) = &environment.token {
        return checked(token.clone(), "HF_TOKEN".to_owned(), None);
    }
    let usual = [
        environment.hf_home.as_ref().map(|home| home.join("token")),
        environment.home.as_ref().map(|home| home.join(".cache").join("huggingface").join("token")),
    ];
    let named = environment.token_path.iter().map(|path| (path.clone(), true));
    for (path, named) in named.chain(usual.into_iter().flatten().map(|path| (path, false))) {
        let token = read(&path, named)?;
        if let Some(token) = token {
            return checked(token, path.display().to_string(), Some(path));
        }
    }
    Err(Error::NoToken)
}

/// The token in a file; `None` when there is none. A file that exists and cannot be read is an error, since passing it
/// over would read with another identity than the user expects, and one that the user named must be there.
fn read(path: &Path, named: bool) -> Result<Option<SecretString>, Error> {
    // Room for all of it, so that no copy is left behind where the text would have grown out of its place.
    let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
    let all = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    let failed = |source| Error::TokenFile { path: path.to_owned(), named, source };
    match all.map(|length| (length as u64 <= LONGEST, str::from_utf8(&bytes))) {
        Ok((true, Ok(text))) => Ok(secret(text)),
        Ok((false, _)) => Err(Error::BadToken { from: path.display().to_string() }),
        Ok((true, Err(_))) => Err(failed(io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8"))),
        Err(error) if !named && matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(failed(source)),
    }
}

/// A text without the white space around it, kept as a secret, if anything is left.
pub(super) fn secret(text: &str) -> Option<SecretString> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(SecretString::from)
}

/// Refuses what no header could carry.
fn checked(token: SecretString, from: String, file: Option<PathBuf>) -> Result<Found, Error> {
    let fits = token.expose_secret().bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(Found { token, from, file }) } else { Err(Error::BadToken { from }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An environment in which every place holds its own token.
    fn everywhere(folder: &Path) -> Environment {
        let cache = folder.join(".cache/huggingface");
        std::fs::create_dir_all(&cache).unwrap();
        std::fs::create_dir_all(folder.join("hf")).unwrap();
        std::fs::write(folder.join("named"), "hf_named\n").unwrap();
        std::fs::write(folder.join("hf/token"), " hf_in_home ").unwrap();
        std::fs::write(cache.join("token"), "hf_cached").unwrap();
        Environment {
            token: secret(" hf_variable\n"),
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
        assert_eq!(find(&environment).unwrap().token.expose_secret(), "hf_variable");
        environment.token = secret("  ");
        assert_eq!(find(&environment).unwrap().token.expose_secret(), "hf_named");
        std::fs::write(folder.path().join("named"), "\n").unwrap();
        assert_eq!(find(&environment).unwrap().token.expose_secret(), "hf_in_home");
        environment.hf_home = Some(folder.path().join("nowhere"));
        assert_eq!(find(&environment).unwrap().token.expose_secret(), "hf_cached");
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
        let environment = Environment { token: secret("hf_secret\nhf_other"), ..Environment::default() };
        let error = find(&environment).unwrap_err();
        assert!(matches!(error, Error::BadToken { .. }));
        assert!(!format!("{error:?} {error}").contains("hf_secret"));
        let good = Environment { token: secret("hf_secret"), ..Environment::default() };
        assert!(!format!("{:?} {good:?}", find(&good).unwrap()).contains("hf_secret"));
    }
    /// Compiles only for what overwrites itself.
    const fn overwritten<T: secrecy::zeroize::ZeroizeOnDrop>(_: &T) {}

    #[test]
    fn every_copy_of_a_token_is_overwritten_when_it_ends() {
        let environment =
            Environment { token: secret("hf_secret"), scim_token: secret("hf_scim"), ..Environment::default() };
        let (Some(token), Some(scim)) = (&environment.token, &environment.scim_token) else { panic!() };
        overwritten(token);
        overwritten(scim);
        overwritten(&find(&environment).unwrap().token);
    }

    #[test]
    fn a_file_that_is_no_token_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for length in [4096, 4097] {
            std::fs::write(&path, "h".repeat(length)).unwrap();
            let environment = Environment { token_path: Some(path.clone()), ..Environment::default() };
            assert_eq!(find(&environment).is_ok(), length == 4096, "{length}");
        }
    }
}
