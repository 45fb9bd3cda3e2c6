//! What a run with `--redact` says on the screen while nobody can tell yet whose names are in it: words of the Hub and
//! values of files are left out, and whatever reads like an address is hidden. The report has them, redacted.

use std::{io, sync::Arc};

use super::{
    Console, Progress,
    advice::three_lines,
    error::{Error, Exit},
};
use crate::{
    collect,
    model::{coverage::Source, manifest::SourceRecord},
    report::privacy::without_addresses,
};

/// Stands for the words of the Hub.
const LEFT_OUT: &str = "what the Hub said is left out under --redact";

/// A console that repeats nobody's words.
#[derive(Debug)]
pub(super) struct Discreet(pub(super) Arc<dyn Console>);

impl Progress for Discreet {
    fn start(&self, source: Source, total: Option<u64>) {
        self.0.start(source, total);
    }

    fn advance(&self, source: Source, rows: u64) {
        self.0.advance(source, rows);
    }

    fn finish(&self, source: Source, record: &SourceRecord) {
        let why = record.why.as_ref().map(|_| LEFT_OUT.to_owned());
        self.0.finish(source, &SourceRecord { why, ..record.clone() });
    }

    fn waiting(&self, seconds: u64) {
        self.0.waiting(seconds);
    }
}

impl Console for Discreet {
    fn print(&self, data: &str) -> io::Result<()> {
        self.0.print(data)
    }

    fn say(&self, line: &str) {
        self.0.say(&without_addresses(line));
    }
}

/// The error as it may be told: same exit code, same advice.
pub(super) fn discreet(error: Error) -> Error {
    let error = match error {
        // Who waits for these must know them again, and they quote nobody.
        Error::Interrupted | Error::Output(_) | Error::Discreet { .. } => return error,
        Error::Several(all) => {
            return Error::Several(all.into_iter().map(|(org, error)| (org, discreet(error))).collect());
        }
        Error::Collect(collect::Error::TokenRefused { endpoint, .. }) => {
            Error::Collect(collect::Error::TokenRefused { endpoint, why: LEFT_OUT.to_owned() })
        }
        Error::Collect(collect::Error::Unreachable { endpoint, .. }) => {
            Error::Collect(collect::Error::Unreachable { endpoint, why: LEFT_OUT.to_owned() })
        }
        other => other,
    };
    let exit: Exit = error.exit();
    let [what, why, hint] = three_lines(&error).map(|line| without_addresses(&line));
    Error::Discreet { exit, what, why, hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::OrgName;

    #[test]
    fn an_error_that_is_told_quotes_neither_the_hub_nor_an_address() {
        let endpoint = || "https://hub.example".to_owned();
        let why = || "401: Émile Roux (emile%40corp.example) must log in".to_owned();
        let org = || OrgName::new("acme").unwrap();
        let errors = [
            Error::Collect(collect::Error::TokenRefused { endpoint: endpoint(), why: why() }),
            Error::Collect(collect::Error::Unreachable { endpoint: endpoint(), why: why() }),
            Error::usage("no emile@corp.example", "ask emile＠corp.example"),
            Error::Several(vec![(org(), Error::usage("emile@corp.example", "")), (org(), Error::NoOrgs)]),
        ];
        for error in errors {
            let exit = error.exit();
            let [_, _, hint] = three_lines(&error);
            let told = discreet(error);
            let lines = three_lines(&told);
            let all = format!("{lines:?} {told} {told:?}");
            assert!(!["corp.example", "mile", "Roux"].iter().any(|word| all.contains(word)), "{all}");
            assert_eq!(told.exit(), exit);
            assert!(hint == lines[2] || hint.contains('＠'), "{lines:?}");
        }
    }
}
