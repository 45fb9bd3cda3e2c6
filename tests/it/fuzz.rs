//! The fuzz targets without a fuzzer: corpus and mutations of it, by a seed. A moment in every run; minutes with
//! `ROLLCALL_FUZZ_SECONDS=300 cargo test --test it fuzz::`.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use crate::common::{files, root};

#[path = "../fuzz/readers.rs"]
mod readers;

/// Reads bytes from outside.
type Read = fn(&[u8]);

/// Name and reader of each target.
const TARGETS: [(&str, Read); 8] = [
    ("wire", readers::wire),
    ("roster", readers::roster),
    ("config", readers::config),
    ("manifest", readers::manifest),
    ("link", readers::link),
    ("rate_limit", readers::rate_limit),
    ("date", readers::date),
    ("retry_after", readers::retry_after),
];

/// Texts that break parsers.
const TOKENS: [&[u8]; 30] = [
    b"null",
    b"{}",
    b"[]",
    b"\"\"",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"\\u0000",
    b"\\ud800",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\0",
    b"\r\n",
    b";",
    b",",
    b"\"",
    b"'",
    b"=",
    b"[[",
    b"]]",
    b"9999-99-99T99:99:99Z",
    b"-262144-01-01T00:00:00Z",
    b"262142",
    b"-2359",
    b"9e18",
    b"1e308",
    b"18446744073709551615",
    b"rel='next'",
    b"[[[[[[[[[[[[[[[[",
    b"\xe2\x80\xae",
];

/// Longest input.
const LONGEST: usize = 1 << 14;

/// Numbers that look random and are the same in every run.
struct Chance(u64);

impl Chance {
    /// A number below `n`.
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % n.max(1)
    }
}

/// Changes an input in one place.
fn mutate(input: &mut Vec<u8>, others: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(input.len() + 1);
    let length = chance.below(16).min(input.len() - at);
    match chance.below(7) {
        0 if at < input.len() => input[at] ^= 1 << chance.below(8),
        1 => drop(input.drain(at..at + length)),
        2 => input.truncate(at),
        3 => {
            let piece = input[at..at + length].to_vec();
            let to = chance.below(input.len() + 1);
            input.splice(to..to, piece);
        }
        4 => {
            let other = &others[chance.below(others.len())];
            let from = chance.below(other.len() + 1);
            let piece = &other[from..(from + chance.below(64)).min(other.len())];
            input.splice(at..at + length, piece.iter().copied());
        }
        _ => {
            let token = TOKENS[chance.below(TOKENS.len())];
            input.splice(at..at + length, token.iter().copied());
        }
    }
    input.truncate(LONGEST);
}

/// Runs one input, and names it when the reader stops.
fn run(target: &str, reader: Read, input: &[u8]) {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| reader(input)));
    assert!(result.is_ok(), "the reader {target} stopped at: {}", input.escape_ascii());
    assert!(start.elapsed() < Duration::from_secs(10), "the reader {target} took too long: {}", input.escape_ascii());
}

/// The corpus of a target.
fn corpus(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let folder = root().join("tests/fuzz/corpus").join(target);
    files(&folder)?.into_iter().map(|path| fs::read(folder.join(path))).collect()
}

#[test]
fn the_corpus_is_understood() {
    use rollcall::{collect::probe, model::coverage::Source};
    for (source, file) in [
        (Source::Members, "members.json"),
        (Source::ResourceGroups, "groups.json"),
        (Source::Repos, "repos.json"),
        (Source::GatedAccess, "access.json"),
        (Source::Tokens, "tokens.json"),
        (Source::ServiceAccounts, "service-accounts.json"),
        (Source::AuditLog, "audit.json"),
        (Source::Commits, "commits.json"),
        (Source::Scim, "scim.json"),
    ] {
        let body = fs::read(root().join("tests/fuzz/corpus/wire").join(file)).unwrap();
        let held = probe::held(source, &body).unwrap();
        assert!(held.items > 1 && held.left_out == 0, "{file}: {held:?}");
    }
    let header = |path: &str| fs::read_to_string(root().join("tests/fuzz/corpus").join(path)).unwrap();
    assert!(matches!(rollcall::hub::probe::link(header("link/next").as_bytes()), Ok(Some(_))));
    assert!(rollcall::hub::probe::date(&header("date/usual")).is_some());
    let manifest = fs::read(root().join("tests/fuzz/corpus/manifest/small.json")).unwrap();
    serde_json::from_slice::<rollcall::model::manifest::Manifest>(&manifest).unwrap();
}

#[test]
fn no_bytes_from_outside_stop_a_reader() {
    #[expect(clippy::disallowed_methods, reason = "the documented switch for a long run")]
    let seconds = std::env::var("ROLLCALL_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(2_u64);
    let each = Duration::from_secs(seconds) / u32::try_from(TARGETS.len()).unwrap_or(1);
    for (target, reader) in TARGETS {
        let corpus = corpus(target).unwrap();
        assert!(!corpus.is_empty(), "{target} has no corpus");
        for input in &corpus {
            run(target, reader, input);
        }
        let mut chance = Chance(0x5EED_0000_0000_0001);
        let (start, mut inputs) = (Instant::now(), 0_u64);
        while start.elapsed() < each || inputs < 200 {
            let mut input = corpus[chance.below(corpus.len())].clone();
            for _ in 0..=chance.below(8) {
                mutate(&mut input, &corpus, &mut chance);
            }
            run(target, reader, &input);
            inputs += 1;
        }
        #[expect(clippy::print_stderr, reason = "whoever starts a long run wants to know how much it tried")]
        if seconds > 2 {
            eprintln!("{target}: {inputs} inputs");
        }
    }
}
