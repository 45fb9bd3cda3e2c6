//! Whose signature counts: an `allowed_signers` file as `ssh-keygen -Y verify` reads it.

use ssh_key::{HashAlg, PublicKey, SshSig};

use super::{error::Error, sign::NAMESPACE};
use crate::model::time::{self, Timestamp};

/// A signature that an allowed signer made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// The principals of the line that allows the key, as written.
    pub principals: String,
    /// Fingerprint of the key, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
}

/// One line of the file.
struct Signer {
    /// Who may use the key.
    principals: String,
    /// The key.
    key: PublicKey,
    /// Namespaces that it may sign in; empty means all.
    namespaces: Vec<String>,
    /// From when on it is valid.
    after: Option<Timestamp>,
    /// Until when it is valid.
    before: Option<Timestamp>,
}

/// Checks a signature over `message` against the lines of an `allowed_signers` file, as of `at`.
///
/// Lines that cannot be followed here allow nobody: certificate authorities, unknown options, unknown kinds of keys.
/// Times of validity without `Z` are read as UTC.
///
/// # Errors
/// [`Error::Signature`] when the signature is none, does not fit the message, or nobody listed may have made it.
pub fn verify(message: &[u8], signature: &[u8], allowed: &str, at: Timestamp) -> Result<Signed, Error> {
    let refused = |why: String| Error::Signature { why };
    let signature = SshSig::from_pem(signature).map_err(|error| refused(format!("it cannot be read: {error}")))?;
    let fingerprint = signature.public_key().fingerprint(HashAlg::Sha256).to_string();
    let mut reasons = Vec::new();
    for (number, line) in (1..).zip(allowed.lines().map(str::trim)) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let signer = match parse(line) {
            Ok(signer) => signer,
            Err(why) => {
                reasons.push(format!("line {number} allows nobody: {why}"));
                continue;
            }
        };
        if signer.key.key_data() != signature.public_key() {
            continue;
        }
        if let Some(why) = signer.bars(at) {
            reasons.push(format!("line {number} {why}"));
            continue;
        }
        let made = signer.key.verify(NAMESPACE, message, &signature);
        made.map_err(|error| refused(format!("it does not fit SHA256SUMS: {error}")))?;
        return Ok(Signed { principals: signer.principals, fingerprint });
    }
    reasons.insert(0, format!("no line allows the key {fingerprint}"));
    Err(refused(reasons.join("; ")))
}

impl Signer {
    /// Why the line does not allow a signature of ours at an instant; `None` when it does.
    fn bars(&self, at: Timestamp) -> Option<String> {
        if !self.namespaces.is_empty() && !self.namespaces.iter().any(|pattern| fits(pattern, NAMESPACE)) {
            return Some(format!("allows the key for other namespaces than {NAMESPACE:?}"));
        }
        if let Some(after) = self.after.filter(|after| at < *after) {
            return Some(format!("allows the key from {} on only", time::format(after)));
        }
        self.before
            .filter(|before| *before < at)
            .map(|before| format!("allowed the key until {}", time::format(before)))
    }
}

/// Reads a line: principals, perhaps options, key.
fn parse(line: &str) -> Result<Signer, String> {
    let (principals, rest) = field(line);
    let signer = |key| Signer {
        principals: principals.trim_matches('"').to_owned(),
        key,
        namespaces: Vec::new(),
        after: None,
        before: None,
    };
    if let Ok(key) = PublicKey::from_openssh(rest) {
        return Ok(signer(key));
    }
    let (options, key) = field(rest);
    let mut signer = signer(PublicKey::from_openssh(key).map_err(|error| format!("its key cannot be read ({error})"))?);
    for option in split(options, ',') {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let value = value.trim_matches('"');
        let instant = || instant(value).ok_or_else(|| format!("{value:?} is no time"));
        match name.to_ascii_lowercase().as_str() {
            "namespaces" => signer.namespaces = value.split(',').map(str::to_owned).collect(),
            "valid-after" => signer.after = Some(instant()?),
            "valid-before" => signer.before = Some(instant()?),
            other => return Err(format!("the option {other:?} is not followed here")),
        }
    }
    Ok(signer)
}

/// The first field of a line, in which quotes protect spaces, and the rest.
fn field(line: &str) -> (&str, &str) {
    let end = outside_quotes(line, char::is_whitespace).next().unwrap_or(line.len());
    (&line[..end], line[end..].trim_start())
}

/// Splits at a separator outside quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for at in outside_quotes(text, |c| c == separator) {
        parts.push(&text[from..at]);
        from = at + separator.len_utf8();
    }
    parts.push(&text[from..]);
    parts
}

/// Positions outside quotes of the characters that `is` names.
fn outside_quotes(text: &str, is: impl Fn(char) -> bool) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    text.char_indices().filter_map(move |(at, c)| {
        quoted ^= c == '"';
        (!quoted && is(c)).then_some(at)
    })
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, perhaps with `Z`.
fn instant(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return None,
    };
    chrono::NaiveDateTime::parse_from_str(&whole, "%Y%m%d%H%M%S").ok().map(|t| t.and_utc())
}

/// Whether a pattern with `*` and `?` fits a text.
fn fits(pattern: &str, text: &str) -> bool {
    let mut rest = text.chars();
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => fits(&pattern[1..], text) || rest.next().is_some_and(|_| fits(pattern, rest.as_str())),
        Some('?') => rest.next().is_some_and(|_| fits(&pattern[1..], rest.as_str())),
        Some(c) => rest.next() == Some(c) && fits(&pattern[c.len_utf8()..], rest.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_times_are_those_of_ssh() {
        for (pattern, fit) in
            [("rollcall", true), ("roll*", true), ("*", true), ("roll?all", true), ("roll", false), ("*x", false)]
        {
            assert_eq!(fits(pattern, NAMESPACE), fit, "{pattern}");
        }
        assert_eq!(instant("20261001"), time::parse("2026-10-01"));
        assert_eq!(instant("202610010630Z"), time::parse("2026-10-01T06:30:00Z"));
        assert_eq!(instant("20261001063001"), time::parse("2026-10-01T06:30:01Z"));
        assert_eq!((instant("2026"), instant("2026-10-01"), instant("20261301")), (None, None, None));
    }

    #[test]
    fn quotes_protect_what_separates() {
        assert_eq!(field("\"a b\",c rest of it"), ("\"a b\",c", "rest of it"));
        assert_eq!(field("alone"), ("alone", ""));
        assert_eq!(split("a=\"1,2\",b", ','), ["a=\"1,2\"", "b"]);
    }
}
