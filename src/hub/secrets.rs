//! Finds our tokens in what the Hub sends, in any spelling that decodes to them.

use std::fmt;

use aho_corasick::{
    Anchored,
    automaton::{Automaton as _, StateID},
    dfa::DFA,
};
use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding as _};

use super::token::Token;

/// Shortest token that is searched for, in bytes. A shorter one would turn up in answers by chance, and can be guessed
/// anyway.
const SHORTEST: usize = 8;

/// What is said of an answer that repeats a token.
pub const REPEATS_TOKEN: &str = "the answer repeats the access token";

/// The tokens of a client, ready to be searched for.
///
/// A token is found as it is, in base64 (alone or inside a longer text, in both alphabets), in hexadecimal, and in each
/// of these behind JSON escapes, percent-encoding, or percent-encoding behind JSON escapes. Upper and lower case count
/// as the same. Tokens shorter than eight bytes are not searched for.
pub(super) struct Secrets(Option<DFA>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Secrets {
    /// The search for these tokens.
    pub(super) fn new<'t>(tokens: impl IntoIterator<Item = &'t Token>) -> Self {
        let spellings: Vec<_> = tokens.into_iter().flat_map(|token| spellings(token.bytes())).collect();
        if spellings.is_empty() {
            return Self(None);
        }
        // A dozen texts of a hundred bytes: far below every limit of the library, at which it would refuse.
        Self(DFA::builder().ascii_case_insensitive(true).build(&spellings).ok())
    }

    /// Whether `text` repeats a token.
    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        self.search().feed(text)
    }

    /// A search through something that comes in pieces.
    pub(super) fn search(&self) -> Search<'_> {
        let start = self.0.as_ref().and_then(|dfa| Some((dfa, dfa.start_state(Anchored::No).ok()?)));
        Search {
            dfa: start.map(|(dfa, _)| dfa),
            states: [start.map(|(_, state)| state).unwrap_or_default(); 3],
            escape: Decoder::default(),
            percent: Decoder::default(),
            found: false,
        }
    }

    /// `text`, or `***` in its place when it repeats a token.
    pub(super) fn strike(&self, text: &str) -> String {
        if self.are_in(text.as_bytes()) { "***".to_owned() } else { text.to_owned() }
    }
}

/// What a token looks like before anything is escaped; nothing for a short one.
fn spellings(token: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(token) else { return Vec::new() };
    if token.len() < SHORTEST {
        return Vec::new();
    }
    let mut all = vec![text.to_owned(), hex::encode(token)];
    // Base64 inside a longer text: only the digits all of whose bits are the token's are known.
    for before in 0..3 {
        let padded = [&b"\0\0"[..before], token].concat();
        let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for encoded in [Base64Unpadded::encode_string(&padded), Base64UrlUnpadded::encode_string(&padded)] {
            all.extend(encoded.get(first..last).map(str::to_owned));
        }
    }
    all
}

/// A search in progress: the bytes as they are, without JSON escapes, and without percent-encoding beneath these.
pub(super) struct Search<'s> {
    /// What is searched with; `None` when there is no token.
    dfa: Option<&'s DFA>,
    /// Where each of the three layers stands.
    states: [StateID; 3],
    /// Takes JSON escapes away.
    escape: Decoder,
    /// Takes percent-encoding away.
    percent: Decoder,
    /// Whether a token was found.
    found: bool,
}

impl Search<'_> {
    /// Goes on with the next bytes; whether a token was found by now.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> bool {
        let Some(dfa) = self.dfa else { return false };
        for byte in bytes {
            let plain = !matches!(byte, b'\\' | b'%') && self.escape.is_idle() && self.percent.is_idle();
            if plain && self.states[0] == self.states[1] && self.states[1] == self.states[2] {
                // The three layers are one here, as they are nearly everywhere.
                let state = dfa.next_state(Anchored::No, self.states[0], *byte);
                self.states = [state; 3];
                self.found |= dfa.is_match(state);
                continue;
            }
            let (found, states) = (&mut self.found, &mut self.states);
            let mut step = |layer: usize, byte: u8| {
                states[layer] = dfa.next_state(Anchored::No, states[layer], byte);
                *found |= dfa.is_match(states[layer]);
            };
            step(0, *byte);
            let percent = &mut self.percent;
            self.escape.push(*byte, Decoder::escape, &mut |byte| {
                step(1, byte);
                percent.push(byte, Decoder::percent, &mut |byte| step(2, byte));
            });
        }
        self.found
    }
}

/// Bytes that may be the beginning of something encoded.
#[derive(Default)]
struct Decoder {
    /// They.
    held: [u8; 6],
    /// How many.
    count: usize,
}

/// What held bytes are.
enum Held {
    /// The beginning of something.
    More,
    /// Something, decoded; `None` is a character that no token can hold.
    Done(Option<u8>),
    /// Nothing: they stand for themselves.
    Plain,
}

impl Decoder {
    /// Whether nothing is held.
    fn is_idle(&self) -> bool {
        self.count == 0
    }

    /// Takes the next byte; hands on what is decoded.
    fn push(&mut self, byte: u8, read: fn(&[u8]) -> Held, out: &mut impl FnMut(u8)) {
        self.held[self.count] = byte;
        self.count += 1;
        match read(&self.held[..self.count]) {
            Held::More => {}
            Held::Done(decoded) => {
                self.count = 0;
                // A byte that is in no token, so that what stands on both sides does not grow together.
                out(decoded.unwrap_or(0));
            }
            Held::Plain => {
                let (held, count) = (self.held, self.count);
                self.count = 0;
                // Only the last byte can begin something new: the others are neither `\` nor `%` but for the first.
                held[..count - 1].iter().for_each(|byte| out(*byte));
                if count == 1 { out(byte) } else { self.push(byte, read, out) }
            }
        }
    }

    /// Percent-encoding.
    fn percent(held: &[u8]) -> Held {
        match held {
            [b'%'] => Held::More,
            [b'%', digit] if digit.is_ascii_hexdigit() => Held::More,
            [b'%', high, low] => number(&[*high, *low]).map_or(Held::Plain, |code| Held::Done(u8::try_from(code).ok())),
            _ => Held::Plain,
        }
    }

    /// JSON escapes.
    fn escape(held: &[u8]) -> Held {
        match held {
            [b'\\'] | [b'\\', b'u'] => Held::More,
            [b'\\', b'u', digits @ ..] if digits.len() < 4 && digits.iter().all(u8::is_ascii_hexdigit) => Held::More,
            [b'\\', b'u', digits @ ..] => {
                number(digits).map_or(Held::Plain, |code| Held::Done(u8::try_from(code).ok()))
            }
            [b'\\', c @ (b'"' | b'\\' | b'/')] => Held::Done(Some(*c)),
            [b'\\', b'b' | b'f' | b'n' | b'r' | b't'] => Held::Done(None),
            _ => Held::Plain,
        }
    }
}

/// Hexadecimal digits as a number.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An invented token.
    const TOKEN: &str = "hf_TheInventedTokenOfThisTest";

    /// The search for some tokens.
    fn secrets(tokens: &[&str]) -> Secrets {
        Secrets::new(&tokens.iter().map(|text| Token::new((*text).to_owned())).collect::<Vec<_>>())
    }

    /// One character of a text in another spelling: 0 as it is, 1 JSON, 2 percent, 3 percent in JSON.
    fn spelt(text: &str, ways: &[u8]) -> String {
        let json = |c: char| format!("\\u{:04X}", u32::from(c));
        let percent = |c: char| format!("%{:02x}", u32::from(c));
        let one = |(c, way): (char, &u8)| match way {
            0 => c.to_string(),
            1 => json(c),
            2 => percent(c),
            _ => percent(c).chars().map(json).collect(),
        };
        text.chars().zip(ways.iter().cycle()).map(one).collect()
    }

    #[test]
    fn a_token_is_found_in_every_spelling() {
        let secrets = secrets(&[TOKEN]);
        let hex: Vec<_> = TOKEN.bytes().map(|byte| format!("{byte:02X}")).collect();
        let mut texts = vec![TOKEN.to_owned(), TOKEN.to_lowercase(), hex.concat()];
        for before in ["", "a", "ab", "abc", "Bearer "] {
            for after in ["", "z", "zz"] {
                let text = format!("{before}{TOKEN}{after}");
                texts.push(Base64Unpadded::encode_string(text.as_bytes()));
                texts.push(Base64UrlUnpadded::encode_string(text.as_bytes()));
                texts.push(spelt(&Base64Unpadded::encode_string(text.as_bytes()), &[1, 2]));
            }
        }
        for text in texts {
            assert!(secrets.are_in(format!("[\"{text}\"]").as_bytes()), "{text}");
            assert_eq!(secrets.strike(&text), "***");
        }
        assert!(!secrets.are_in(&TOKEN.as_bytes()[1..]) && !secrets.are_in(b""));
        assert_eq!(secrets.strike("nothing"), "nothing");
    }

    #[test]
    fn what_stands_before_a_token_does_not_hide_it() {
        let secrets = secrets(&[TOKEN, "cafe%41\\u0041cafe", "cafe01234567"]);
        for before in ["\\", "\\u", "\\u00", "%", "%4", "%%", "\\\\", "\\n", "%5", "\\u004"] {
            for token in [TOKEN, "cafe%41\\u0041cafe", &spelt(TOKEN, &[1]), &spelt("cafe01234567", &[1])] {
                let text = format!("{before}{token}");
                // A backslash before an escape makes it a text that is no escape.
                let undone = before == "\\" && token.starts_with('\\');
                assert_eq!(secrets.are_in(text.as_bytes()), !undone, "{text}");
            }
        }
    }

    #[test]
    fn a_short_token_makes_no_answer_broken() {
        for token in ["", "a", "replay", "1234567"] {
            let secrets = secrets(&[token]);
            assert!(!secrets.are_in(format!("[\"{token}\"]").as_bytes()), "{token}");
        }
        assert!(secrets(&["12345678"]).are_in(b"12345678"));
        assert_eq!(format!("{:?}", secrets(&[TOKEN])), "***");
    }

    proptest! {
        #[test]
        fn a_token_is_found_wherever_the_pieces_are_cut(
            ways in proptest::collection::vec(0_u8..4, 1..40),
            cuts in proptest::collection::vec(0_usize..400, 0..6),
            before in "[a-z%\"\\[ ]{0,8}",
        ) {
            let text = format!("{before} {}\"]", spelt(TOKEN, &ways)).into_bytes();
            let secrets = secrets(&["another-token", TOKEN]);
            let mut search = secrets.search();
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut % text.len()).collect();
            cuts.sort_unstable();
            let (mut from, mut found) = (0, false);
            for cut in cuts.into_iter().chain([text.len()]) {
                found = search.feed(&text[from..cut]);
                from = cut;
            }
            prop_assert!(found, "{}", String::from_utf8_lossy(&text));
        }

        #[test]
        fn nothing_is_found_where_nothing_is(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(!secrets(&[TOKEN]).are_in(&bytes));
        }
    }
}
