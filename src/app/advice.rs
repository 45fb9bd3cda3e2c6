//! What to do about an error, and the three lines in which every error is told.

use super::error::Error;
use crate::{
    bundle, collect, config, hub,
    model::{text, time},
    report,
    store::{self, Advice},
};

impl Error {
    /// What to do about it, in one line.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Usage { hint, .. } | Self::Name { hint, .. } | Self::Discreet { hint, .. } => hint.clone(),
            Self::NoneBefore { .. } => {
                "collect again with `rollcall collect ORG`; `rollcall snapshots ORG` lists what there is".to_owned()
            }
            Self::Config(config::Error::Read { .. }) => {
                "check the path of --config; `rollcall init` writes a commented file".to_owned()
            }
            Self::Config(config::Error::Invalid { .. }) => {
                "correct the file; `rollcall init` in an empty folder shows every key with its meaning".to_owned()
            }
            Self::NoOrgs => "add a table [org.<name>] to the configuration for each organization".to_owned(),
            Self::RosterFile { .. } => {
                "check `file` in [roster]; a relative path starts at the folder of the configuration".to_owned()
            }
            Self::Roster(_) => "correct the file or the mapping in [roster], then run the command again".to_owned(),
            Self::Import(_) => {
                "correct the file, or name its columns and words in [roster], then import it again".to_owned()
            }
            Self::ImportLog(_) => {
                "download the log again from the organization's settings, Audit Log, and import that file unchanged"
                    .to_owned()
            }
            Self::NoToken => "set HF_TOKEN or HF_TOKEN_PATH, or log in with `hf auth login`".to_owned(),
            Self::TokenFile { named: true, .. } => {
                "set HF_TOKEN_PATH to a file that can be read, or unset it".to_owned()
            }
            Self::TokenFile { named: false, .. } => "make the file readable, or set HF_TOKEN".to_owned(),
            Self::BadToken { .. } => {
                "a token is one word like hf_…; copy it again from the Hub's settings, Access Tokens".to_owned()
            }
            Self::NoSnapshots => "collect one with `rollcall collect ORG`".to_owned(),
            Self::NoSuchSnapshot { there, .. } if there.is_empty() => {
                "collect one with `rollcall collect ORG`".to_owned()
            }
            Self::NoSuchSnapshot { there, .. } => {
                format!("choose among {there}; `rollcall snapshots ORG` lists them all")
            }
            Self::NoState { there, .. } => {
                format!("name another period, or a snapshot with --snapshot: {there}")
            }
            Self::Io { .. } => "check the path, its permissions and free space, then run the command again".to_owned(),
            Self::Exists { hint, .. } => (*hint).to_owned(),
            Self::Unexplained { near: Some(near), .. } => {
                format!("did you mean {near:?}? `rollcall explain` lists every name")
            }
            Self::Unexplained { near: None, .. } => "`rollcall explain` lists every name".to_owned(),
            Self::Output(_) => "check where stdout goes".to_owned(),
            Self::Hub(error) => hub_hint(error).to_owned(),
            Self::Collect(error) => collect_hint(error),
            Self::Ahead { asked: true, .. } => {
                "give --as-of an instant that has passed, or leave it out to take the present".to_owned()
            }
            Self::Ahead { asked: false, .. } => {
                "set this machine's clock (time and time zone), then run the command again".to_owned()
            }
            Self::Store(error) => store_hint(error),
            Self::Differs { advice, .. } => difference_hint(*advice).to_owned(),
            Self::NotChecked { first, .. } => first.by.clone(),
            Self::Analyze(_) => {
                "run `rollcall verify` on the store: it names a part of the audit archive that was changed".to_owned()
            }
            Self::Bundle(error) => bundle_hint(error).to_owned(),
            Self::Report(error) => report_hint(error).to_owned(),
            Self::Serve(_) => "choose another --port, or 0 for any free one".to_owned(),
            Self::Engine(_) => "close other programs or raise the limit of processes, then try again".to_owned(),
            Self::Interrupted => {
                "run the same command again; a collection goes on where it stopped, within 24 hours".to_owned()
            }
            Self::Panicked { .. } => {
                "this is a fault of rollcall: report it with the lines above; the same command may be run again"
                    .to_owned()
            }
            Self::Several(all) => match all.first() {
                Some((org, error)) => format!("{org}: {}", error.hint()),
                None => String::new(),
            },
        }
    }
}

/// What to do about a difference.
const fn difference_hint(advice: Advice) -> &'static str {
    match advice {
        Advice::Restore => {
            "put back the file from a backup that is older than the change, and verify again; keep this copy until it is known who changed it"
        }
        Advice::TakeOut => "move it to another folder, and verify again: nothing of what was sealed has to be replaced",
        Advice::Investigate => {
            "no backup of one file mends this: keep the store as it is, and compare it with the checkpoint lines, the bundles and the copies that are kept elsewhere"
        }
        Advice::Remake => "make the report again with `rollcall report`: the same snapshots give the same files",
        Advice::AskAgain => "ask whoever made the bundle to hand it over again, and verify that file",
        Advice::Sign => {
            "ask for what was signed, or give the file with the signer's key, as the signer and nobody else gave it to you, to --allowed-signers"
        }
    }
}

/// What to do about an endpoint, a token or a client.
const fn hub_hint(error: &hub::Error) -> &'static str {
    match error {
        hub::Error::Endpoint { .. } => {
            "give the Hub's base URL, like https://huggingface.co, to --endpoint or HF_ENDPOINT"
        }
        hub::Error::PlainHttp { .. } => "use https:, or accept the risk with --allow-http",
        hub::Error::Token { .. } => "copy the token again from the Hub's settings",
        hub::Error::Setup(_) => "check the system's certificates and proxy settings",
        hub::Error::Storage { .. } => "free some space in the store's folder and run the command again: it resumes",
    }
}

/// What to do about a collection that failed as a whole.
fn collect_hint(error: &collect::Error) -> String {
    match error {
        collect::Error::NoToken { .. } => "set HF_TOKEN or HF_TOKEN_PATH, or log in with `hf auth login`",
        collect::Error::TokenRefused { .. } => {
            "create a token at the Hub's settings, Access Tokens, and set it as HF_TOKEN; `rollcall explain` lists what it must read"
        }
        collect::Error::UnknownOrg { .. } => "check the spelling of the organization and whose token reads",
        collect::Error::Unreachable { .. } => "check the network, a proxy, and --endpoint or HF_ENDPOINT",
        collect::Error::Ahead { .. } => "compare the manifest's date with the `Date` of its answers",
        collect::Error::Storage { .. } => "free some space in the store's folder and run the command again: it resumes",
    }
    .to_owned()
}

/// What to do about the store.
fn store_hint(error: &store::Error) -> String {
    match error {
        store::Error::Locked { .. } => "wait until the other run ends, or end that process",
        store::Error::Sealed { .. } => "what is sealed is never rewritten: give another --as-of, or none",
        store::Error::OutOfOrder { org, newest, ahead: true, .. } => {
            return format!(
                "set this machine's clock; if it is right, a wrong clock dated {newest}: `rollcall prune {org} --set-aside {newest}` moves it out of the way"
            );
        }
        store::Error::OutOfOrder { .. } => "give a later --as-of, or use another --store for older evidence",
        store::Error::NotAhead { .. } => "`rollcall snapshots ORG` lists the snapshots; one that is not dated ahead stays",
        store::Error::Link { .. } => "put the folder or file itself in its place; a whole store may lie behind a link",
        store::Error::NoOrg { .. } => "check the name and --store, or collect it with `rollcall collect ORG`",
        store::Error::NoSnapshot { .. } => "`rollcall snapshots ORG` lists the ids that there are",
        store::Error::NewerFormat { .. } => "update rollcall",
        store::Error::Differs { advice, .. } => difference_hint(*advice),
        store::Error::Damaged { .. } => {
            "run `rollcall verify` on the store: it names the first file that was changed, and what to do about it"
        }
        store::Error::Schema { .. } => {
            "the file is as it was sealed, so no backup helps: use the rollcall that its manifest names under `tool`"
        }
        store::Error::NotOurs { .. } => "give the folder of a store, an organization in it, a snapshot or a report",
        _ => "check the path, its permissions and free space, then run the command again",
    }
    .to_owned()
}

/// What to do about a bundle.
const fn bundle_hint(error: &bundle::Error) -> &'static str {
    match error {
        bundle::Error::Key { .. } => "make one with `ssh-keygen -t ed25519 -f KEY` and give its file to --sign",
        bundle::Error::NoAgent { .. } => {
            "start an agent and add the key: `eval $(ssh-agent)` and `ssh-add KEY`, then run the command again"
        }
        bundle::Error::Agent { .. } => "check with `ssh-add -l` that the agent holds the key",
        bundle::Error::Repacked { .. } => {
            "unpack it and verify the folder, or ask for the file as `rollcall bundle` wrote it"
        }
        bundle::Error::Revoked { .. } => {
            "give --revoked-keys a text file with one public key, or one fingerprint as `ssh-keygen -l` shows it, on each line"
        }
        bundle::Error::Exists { .. } => "give another file to --out, or move the one that is there",
        bundle::Error::Io { .. } | bundle::Error::Zip { .. } => {
            "check free space and permissions of the bundle's folder, then run the command again"
        }
        _ => "this is a fault of rollcall: report it with the three lines above",
    }
}

/// What to do about a report.
const fn report_hint(error: &report::Error) -> &'static str {
    match error {
        report::Error::UnknownTemplate { .. } => "give a bundled name or the path of a template to --template",
        report::Error::Language { .. } => "give one of them as `language` under [report] in the configuration",
        report::Error::ReadTemplate { .. } | report::Error::Template { .. } => "correct the template",
        report::Error::SameName(_) => "give each template a name of its own",
        report::Error::Io { .. } => "check the path, its permissions and free space, then run the command again",
        _ => "this is a fault of rollcall: report it with the three lines above",
    }
}

/// What failed, why, and what to do: the three lines of every error.
#[must_use]
pub fn three_lines(error: &Error) -> [String; 3] {
    let mut why = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = one_line(&error.to_string());
        if why.last() != Some(&text) {
            why.push(text);
        }
        cause = error.source();
    }
    let why = if why.is_empty() { one_line(&reason(error)) } else { why.join(": ") };
    let what = one_line(&error.to_string());
    // Some errors say why in the same sentence; nothing is said twice.
    let what = what.strip_suffix(&why).and_then(|rest| rest.strip_suffix(": ")).map_or(what.clone(), str::to_owned);
    [what, why, one_line(&error.hint())]
}

/// Why an error without a cause of its own arises.
fn reason(error: &Error) -> String {
    match error {
        Error::Usage { .. } => "the command line cannot be followed",
        Error::NoOrgs => "--all takes each [org.<name>] table, and there is none",
        Error::NoToken => {
            "HF_TOKEN, HF_TOKEN_PATH, $HF_HOME/token and ~/.cache/huggingface/token were looked at, in this order"
        }
        Error::BadToken { .. } => "it holds spaces, line breaks or characters outside ASCII",
        Error::Exists { .. } => "nothing that is there is overwritten",
        Error::Unexplained { .. } => {
            "it is no analyzer, rule, table, column, source, endpoint, framework, control or configuration key"
        }
        Error::Differs { what, .. } => what,
        Error::NotChecked { first, .. } => return format!("not checked: {}", first.what),
        Error::Name { why, .. } | Error::Discreet { why, .. } => why,
        Error::NoneBefore { .. } => "a comparison needs two snapshots, and the store holds no older one",
        Error::NoSnapshots => "the store knows the organization and holds no snapshot of it",
        Error::NoState { first, grace_days, .. } => {
            return format!("the first snapshot was taken {first}, and [report] grace_days allows {grace_days} d");
        }
        Error::NoSuchSnapshot { .. } => "the store does not hold it",
        Error::Interrupted => "a signal asked to stop",
        Error::Panicked { words: Some(words), .. } => words,
        Error::Panicked { words: None, .. } => {
            "an internal check failed; its message may quote data, so it is not shown"
        }
        Error::Ahead { as_of, began, is_of_hub, asked } => {
            let what = if *asked { "the snapshot would be dated" } else { "this machine's clock says" };
            let whose = if *is_of_hub { "the clock of the Hub" } else { "the clock of this machine" };
            let (as_of, began) = (time::format(*as_of), time::format(*began));
            return format!("{what} {as_of}, and it was {began} by {whose} when the collection began");
        }
        Error::Hub(error) => hub_reason(error),
        Error::Collect(error) => collect_reason(error),
        Error::Store(error) => store_reason(error),
        Error::Bundle(error) => bundle_reason(error),
        Error::Report(error) => report_reason(error),
        Error::Several(all) => {
            let each: Vec<_> = all
                .iter()
                .map(|(org, error)| {
                    let [what, why, _] = three_lines(error);
                    format!("{org}: {what}: {why}")
                })
                .collect();
            return each.join("; ");
        }
        _ => "the cause is not known",
    }
    .to_owned()
}

/// Why an endpoint or a token cannot be used.
fn hub_reason(error: &hub::Error) -> &str {
    match error {
        hub::Error::Endpoint { why, .. } => why,
        hub::Error::PlainHttp { .. } => "everybody between here and there could read it",
        _ => "it cannot be sent as it is",
    }
}

/// Why nothing could be collected.
fn collect_reason(error: &collect::Error) -> &str {
    match error {
        collect::Error::TokenRefused { why, .. } | collect::Error::Unreachable { why, .. } => why,
        collect::Error::UnknownOrg { .. } => "there is none of this name, or it is hidden from this token's owner",
        collect::Error::Ahead { .. } => "a snapshot shows what was there, and never what is to come",
        _ => "the Hub answers nobody without one",
    }
}

/// Why the store refuses.
fn store_reason(error: &store::Error) -> &str {
    match error {
        store::Error::Locked { .. } => "two writers at once would damage the store",
        store::Error::Sealed { .. } => "a sealed snapshot is never written again",
        store::Error::OutOfOrder { ahead: false, .. } => {
            "a snapshot names the one before it, so each must be later than the last"
        }
        store::Error::NoOrg { .. } => "nothing of it was collected into this store",
        store::Error::NoSnapshot { .. } => "the store does not hold it",
        store::Error::NewerFormat { .. } => "this version does not know that format",
        store::Error::Damaged { what, .. } | store::Error::Differs { what, .. } => what,
        store::Error::OutOfOrder { ahead: true, .. } => {
            "the newest snapshot is dated later than now, and each must be later than the last"
        }
        store::Error::NotAhead { why, .. } => why,
        store::Error::Link { .. } => "a link could lead anywhere, so none is followed in a store",
        store::Error::NotOurs { .. } => "no snapshots folder, no manifest.json, no SHA256SUMS",
        _ => "the cause is not known",
    }
}

/// Why a bundle can be neither written nor read.
fn bundle_reason(error: &bundle::Error) -> &str {
    match error {
        bundle::Error::Key { why, .. }
        | bundle::Error::Agent { why, .. }
        | bundle::Error::Signature { why }
        | bundle::Error::Revoked { why } => why,
        bundle::Error::Name { why, .. } | bundle::Error::NoAgent { why, .. } => why,
        bundle::Error::Differs { what, .. } | bundle::Error::Repacked { what, .. } => what,
        bundle::Error::Exists { .. } => "nothing that is there is overwritten",
        _ => "the cause is not known",
    }
}

/// Why there is no report.
fn report_reason(error: &report::Error) -> &str {
    match error {
        report::Error::UnknownTemplate { .. } => "it is no bundled template, and no file has this path",
        report::Error::Language { .. } => "a report needs words in its language",
        report::Error::Template { message, .. } => message,
        report::Error::SameName(_) => "the files of a report are called like its template",
        _ => "an analyzer does not keep to its declaration",
    }
}

/// A text on one line; what a screen would not show stands as an escape.
fn one_line(text: &str) -> String {
    text::line(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn the_first_line_says_what_is_wrong_and_the_second_says_it_no_second_time() {
        let endpoint = "https://hub.example".to_owned();
        let org = crate::model::ids::OrgName::new("acme").unwrap();
        let unknown = Error::Collect(collect::Error::UnknownOrg {
            endpoint: endpoint.clone(),
            org: org.clone(),
            login: "ada".to_owned(),
        });
        let refused =
            Error::Collect(collect::Error::TokenRefused { endpoint: endpoint.clone(), why: "401: expired".to_owned() });
        let damaged = Error::Store(store::Error::Damaged {
            path: "manifest.json".into(),
            what: "it is cut off".to_owned(),
            source: None,
        });
        let odd = Error::Hub(hub::Error::Endpoint { endpoint, why: "it has a query".to_owned() });
        let cases = [
            (unknown, "https://hub.example knows no organization acme that ada may see", "hidden from this token"),
            (refused, "https://hub.example does not accept the access token", "401: expired"),
            (damaged, "manifest.json is damaged", "it is cut off"),
            (odd, "\"https://hub.example\" cannot be the Hub's endpoint", "it has a query"),
        ];
        for (error, first, second) in cases {
            let [what, why, fix] = three_lines(&error);
            assert!(what == first && why.contains(second) && !fix.is_empty(), "{what} / {why} / {fix}");
        }
    }

    #[test]
    fn a_backup_is_advised_where_a_file_was_damaged_and_nowhere_else() {
        let org = || crate::model::ids::OrgName::new("acme").unwrap();
        let id = || "29360801T060000Z".parse::<crate::model::ids::SnapshotId>().unwrap();
        let hint = |advice| Error::Differs { path: "f".into(), what: "w".to_owned(), advice }.hint();
        let backup = |text: &str| text.contains("from a backup");
        assert!(backup(&hint(Advice::Restore)));
        let others = [Advice::TakeOut, Advice::Investigate, Advice::Remake, Advice::AskAgain, Advice::Sign];
        let hints: std::collections::BTreeSet<_> = others.into_iter().map(hint).collect();
        assert_eq!(hints.len(), others.len(), "each has its own");
        assert!(hints.iter().all(|hint| !backup(hint)), "{hints:?}");
        let schema = crate::table::error::Error::Range { table: "members" };
        for error in [
            store::Error::Damaged { path: "f".into(), what: "w".to_owned(), source: None },
            store::Error::Schema { path: "f".into(), source: schema },
            store::Error::Link { path: "f".into() },
            store::Error::NotAhead { org: org(), id: id(), why: "w" },
            store::Error::OutOfOrder { org: org(), as_of: id().as_of(), newest: id(), ahead: false },
        ] {
            let error = Error::Store(error);
            assert!(!backup(&error.hint()), "{}", error.hint());
        }
        let ahead = store::Error::OutOfOrder { org: org(), as_of: id().as_of(), newest: id(), ahead: true };
        assert!(Error::Store(ahead).hint().contains("`rollcall prune acme --set-aside 29360801T060000Z`"));
    }

    #[test]
    fn every_error_is_three_lines_that_say_something() {
        let io = || io::Error::other("disk\nis full");
        let errors = [
            Error::usage("x", "y"),
            Error::NoOrgs,
            Error::NoToken,
            Error::Output(io()),
            Error::Io { doing: "write", path: "a\nb".into(), source: io() },
            Error::Unexplained { id: "x".to_owned(), near: None },
        ];
        for error in errors {
            for line in three_lines(&error) {
                assert!(!line.is_empty() && !line.contains('\n'), "{line:?}");
            }
        }
        let [what, why, _] = three_lines(&Error::Io { doing: "write", path: "f".into(), source: io() });
        assert_eq!((what.as_str(), why.as_str()), ("cannot write f", "disk is full"));
        let deep = Error::Store(store::Error::Io { doing: "find", path: "f".into(), source: io() });
        assert_eq!(three_lines(&deep)[..2], ["could not find f", "disk is full"]);
    }
}
