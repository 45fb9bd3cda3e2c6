//! Whose signature counts: an `allowed_signers` file as `ssh-keygen -Y verify` reads it.
//!
//! Where the two could differ, this reader is the stricter one: it knows no certificate authorities, and no day that is
//! in no calendar.

use ssh_key::{Fingerprint, HashAlg, PublicKey, SshSig};

use super::{error::Error, sign::NAMESPACE};
use crate::model::time::{self, Timestamp};

/// Against what a signature is held.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The text of an `allowed_signers` file.
    pub allowed: &'a str,
    /// Who is to have signed; `None` takes anybody whom the file lists.
    pub signer: Option<&'a str>,
    /// A file of revoked keys: a public key or a fingerprint on each line. `None` where there is none.
    pub revoked: Option<&'a [u8]>,
    /// Now, by the real clock: when a signature was made is proved by nothing, so a key that has expired counts no more.
    pub at: Timestamp,
}

/// A signature that an allowed signer made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// Who signed, as it was asked; `None` where nobody was named.
    pub signer: Option<String>,
    /// The principals of the line that allows the key, as written.
    pub principals: String,
    /// Fingerprint of the key, as `ssh-keygen -l` shows it.
    pub fingerprint: String,
}

impl Signed {
    /// What was not checked, and what would check it; `None` where the signer was named.
    #[must_use]
    pub const fn unchecked(&self) -> Option<(&'static str, &'static str)> {
        match self.signer {
            Some(_) => None,
            None => Some(("whether the key is that of a certain signer", "give --signer NAME")),
        }
    }
}

impl std::fmt::Display for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.signer {
            Some(signer) => write!(f, "signed by {signer} with {}", self.fingerprint),
            None => write!(f, "signed with {}, listed as {}", self.fingerprint, self.principals),
        }
    }
}

/// One line of the file.
#[derive(Debug)]
struct Signer {
    /// Who may use the key: patterns.
    principals: String,
    /// The key.
    key: PublicKey,
    /// What else it says.
    options: Options,
}

/// What a line says about its key.
#[derive(Debug, Default)]
struct Options {
    /// Namespaces that it may sign in, as patterns; `None` means all.
    namespaces: Option<String>,
    /// From when on it is valid.
    after: Option<Timestamp>,
    /// Until when it is valid.
    before: Option<Timestamp>,
}

/// Checks a signature over `message`.
///
/// Lines that cannot be followed here allow nobody: certificate authorities, unknown options, unknown kinds of keys.
/// Times of validity without `Z` are those of this machine's time zone.
///
/// # Errors
/// [`Error::Revoked`] when the revoked keys cannot be read; [`Error::Signature`] when the signature is none, does not fit
/// the message, its key is revoked, or nobody listed may have made it.
pub fn verify(message: &[u8], signature: &[u8], rules: &Rules<'_>) -> Result<Signed, Error> {
    let refused = |why: String| Error::Signature { why };
    let signature = SshSig::from_pem(signature).map_err(|error| refused(format!("it cannot be read: {error}")))?;
    let fingerprint = signature.public_key().fingerprint(HashAlg::Sha256);
    if rules.revoked.map(revoked).transpose()?.is_some_and(|keys| keys.contains(&fingerprint)) {
        return Err(refused(format!("the key {fingerprint} is revoked")));
    }
    let mut reasons = Vec::new();
    for (number, line) in (1..).zip(rules.allowed.lines().map(str::trim)) {
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
        if let Some(why) = signer.bars(rules) {
            reasons.push(format!("line {number} {why}"));
            continue;
        }
        let made = signer.key.verify(NAMESPACE, message, &signature);
        made.map_err(|error| refused(format!("it does not fit SHA256SUMS: {error}")))?;
        let (signer, principals) = (rules.signer.map(str::to_owned), signer.principals);
        return Ok(Signed { signer, principals, fingerprint: fingerprint.to_string() });
    }
    reasons.insert(0, format!("no line allows the key {fingerprint}"));
    Err(refused(reasons.join("; ")))
}

impl Signer {
    /// Why the line does not allow a signature of ours; `None` when it does.
    fn bars(&self, rules: &Rules<'_>) -> Option<String> {
        let lists = |signer| listed(&self.principals, signer);
        // Patterns that only leave out name nobody.
        let names_somebody =
            || self.principals.split(',').any(|pattern| !pattern.is_empty() && !pattern.starts_with('!'));
        if !rules.signer.map_or_else(names_somebody, lists) {
            return Some(format!("allows the key for {:?}, and not for the signer", self.principals));
        }
        if self.options.namespaces.as_ref().is_some_and(|patterns| !listed(patterns, NAMESPACE)) {
            return Some(format!("allows the key for other namespaces than {NAMESPACE:?}"));
        }
        if let Some(after) = self.options.after.filter(|after| rules.at < *after) {
            return Some(format!("allows the key from {} on only", time::format(after)));
        }
        let before = self.options.before.filter(|before| *before < rules.at);
        before.map(|before| format!("allowed the key until {}", time::format(before)))
    }
}

/// Fingerprints of revoked keys.
fn revoked(file: &[u8]) -> Result<Vec<Fingerprint>, Error> {
    let unread = |why: String| Error::Revoked { why };
    if file.starts_with(b"SSHKRL") {
        return Err(unread("it is a key revocation list in binary form, which is not read here".to_owned()));
    }
    let text = std::str::from_utf8(file).map_err(|_not_text| unread("it is not text".to_owned()))?;
    let lines = (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            let by_key = || public_key(line).map(|key| key.fingerprint(HashAlg::Sha256)).ok();
            let named = line.split_whitespace().next().and_then(|word| word.parse::<Fingerprint>().ok());
            // A digest of another kind would be compared with nothing, and so revoke nothing.
            let named = named.filter(|named| named.is_sha256()).or_else(by_key);
            named.ok_or_else(|| unread(format!("its line {number} is neither a public key nor a SHA256 fingerprint")))
        })
        .collect()
}

/// Reads a line: principals, perhaps options, key.
fn parse(line: &str) -> Result<Signer, String> {
    let (principals, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("a quote is not closed")?,
        None => line.split_at(line.find(blank).unwrap_or(line.len())),
    };
    if principals.contains('"') {
        return Err("its principals hold a quote".to_owned());
    }
    let signer = |key, options| Signer { principals: principals.to_owned(), key, options };
    let rest = rest.trim_start();
    if let Ok(key) = public_key(rest) {
        return Ok(signer(key, Options::default()));
    }
    let (options, key) = Options::parse(rest)?;
    let key = public_key(key).map_err(|error| format!("its key cannot be read ({error})"))?;
    Ok(signer(key, options))
}

/// A key at the start of a text; a comment may follow.
fn public_key(text: &str) -> Result<PublicKey, ssh_key::Error> {
    let words: Vec<&str> = text.split(blank).filter(|word| !word.is_empty()).take(2).collect();
    PublicKey::from_openssh(&words.join(" "))
}

/// What separates the fields of a line.
const fn blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

impl Options {
    /// Reads the options at the start of a text, each at most once and every value in quotes; gives what follows too.
    fn parse(text: &str) -> Result<(Self, &str), String> {
        let mut options = Self::default();
        let mut rest = text;
        loop {
            let end = rest.find(|c| c == '=' || c == ',' || blank(c)).unwrap_or(rest.len());
            let name = rest[..end].to_ascii_lowercase();
            if !["namespaces", "valid-after", "valid-before"].contains(&name.as_str()) {
                return Err(format!("the option {name:?} is not followed here"));
            }
            let quoted = rest[end..].strip_prefix("=\"").ok_or_else(|| format!("{name} has no value in quotes"))?;
            let (value, after) = unquote(quoted).ok_or("a quote is not closed")?;
            let instant = || instant(&value).ok_or_else(|| format!("{value:?} is no time"));
            let twice = match name.as_str() {
                "valid-after" => options.after.replace(instant()?).is_some(),
                "valid-before" => options.before.replace(instant()?).is_some(),
                _ => options.namespaces.replace(value).is_some(),
            };
            if twice {
                return Err(format!("it gives {name} twice"));
            }
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None if after.starts_with(blank) => {
                    if options.before.zip(options.after).is_some_and(|(before, after)| before <= after) {
                        return Err("it ends before it begins".to_owned());
                    }
                    return Ok((options, after.trim_start()));
                }
                None => return Err("its options do not end in a blank".to_owned()),
            }
        }
    }
}

/// A quoted text up to its end, in which `\"` is a quote, and what follows; `None` when it has no end.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let at = rest.find(['"', '\\'])?;
        value.push_str(&rest[..at]);
        match rest.get(at..)? {
            end if end.starts_with('"') => return Some((value, &end[1..])),
            quote if quote.starts_with("\\\"") => {
                value.push('"');
                rest = &quote[2..];
            }
            other => {
                value.push('\\');
                rest = &other[1..];
            }
        }
    }
}

/// `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, with `Z` in UTC, else in this machine's time zone; after 1970.
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
    let told = time::parse_as(&whole, "%Y%m%d%H%M%S")?;
    let instant = if digits.len() < text.len() {
        told
    } else {
        told.naive_utc().and_local_timezone(chrono::Local).earliest()?.to_utc()
    };
    (instant > Timestamp::UNIX_EPOCH).then_some(instant)
}

/// Whether a list of patterns holds a text: one fits, and none with `!` in front does.
fn listed(patterns: &str, text: &str) -> bool {
    let mut holds = false;
    for pattern in patterns.split(',') {
        match pattern.strip_prefix('!') {
            Some(left_out) if fits(left_out, text) => return false,
            Some(_) => {}
            None => holds |= fits(pattern, text),
        }
    }
    holds
}

/// Whether a pattern with `*` and `?` fits a text. After a miss only the last `*` can take more.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(c), _) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            (_, Some((at, taken))) => {
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
            (_, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_times_are_those_of_ssh() {
        for (pattern, fit) in [
            ("rollcall", true),
            ("roll*", true),
            ("*", true),
            ("roll?all", true),
            ("*l*c*l", true),
            ("r**l*", true),
            ("roll", false),
            ("*x", false),
            ("", false),
            ("rollcall?", false),
        ] {
            assert_eq!(fits(pattern, NAMESPACE), fit, "{pattern}");
        }
        assert!(!fits(&"*a".repeat(2000), &"a".repeat(1999)), "many stars take no time");
        for (patterns, holds) in
            [("!roll*,*", false), ("*,!roll*", false), ("!git,*", true), ("!git", false), ("", false)]
        {
            assert_eq!(listed(patterns, NAMESPACE), holds, "{patterns}");
        }
        assert_eq!(instant("20261001Z"), time::parse("2026-10-01"));
        assert_eq!(instant("202610010630Z"), time::parse("2026-10-01T06:30:00Z"));
        assert_eq!(instant("20261001063001Z"), time::parse("2026-10-01T06:30:01Z"));
        let here = instant("20261001").unwrap() - instant("20261001Z").unwrap();
        assert!(here.num_hours().abs() <= 14, "{here}");
        for bad in ["2026", "2026-10-01", "20261301", "19700101Z", "Z", ""] {
            assert_eq!(instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn quotes_hold_a_value_together() {
        assert_eq!(unquote("a,b\" rest"), Some(("a,b".to_owned(), " rest")));
        assert_eq!(unquote(r#"a\"b\c" "#), Some((r#"a"b\c"#.to_owned(), " ")));
        assert_eq!(unquote("open"), None);
    }
}
