//! The access token, in a type that prints nothing.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{
    ExposeSecret as _, SecretString,
    zeroize::{Zeroize as _, Zeroizing},
};

/// An access token of the Hub. Neither printed nor serialized; read only where the header is made.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// Takes a token as a file or the environment gives it; surrounding white space is dropped.
    #[must_use]
    pub fn new(mut text: String) -> Self {
        let token = Self(text.trim().into());
        text.zeroize();
        token
    }

    /// The value of the `Authorization` header; `None` when the token holds what no header can carry.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let text = Zeroizing::new(format!("Bearer {}", self.0.expose_secret()));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Its bytes, for the search in answers.
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl From<&SecretString> for Token {
    fn from(text: &SecretString) -> Self {
        Self::new(text.expose_secret().to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_prints_nothing() {
        let token = Token::new("hf_invented\n".to_owned());
        assert_eq!(format!("{token} {token:?}"), "*** ***");
        let header = token.header().unwrap();
        assert!(!format!("{header:?}").contains("invented"));
        assert_eq!(header.to_str().unwrap(), "Bearer hf_invented");
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused() {
        assert!(Token::new("hf_a\nb".to_owned()).header().is_none());
    }
}
