//! Warns, one line each, of a token that others on this machine can read and of folders in which they can put what is
//! then taken for evidence or a report.

use std::path::Path;

use super::{Console, report, request::Command, settings::Settings};
use crate::disk;

/// Reading, writing or running by anybody but the owner.
const ANY: u32 = 0o077;

/// Writing by anybody but the owner.
const WRITE: u32 = 0o022;

/// Says what a command rests on that is open to others. Nothing is said on systems without such modes.
pub(super) fn warn(settings: &Settings, command: &Command, console: &dyn Console) {
    if matches!(command, Command::Run { .. } | Command::Collect { .. } | Command::Doctor { .. }) {
        // Without a token there is an error, which is told in its turn.
        let file = settings.token().ok().and_then(|found| found.file);
        if let Some(file) = file {
            open(&file, ("token file", ANY, "read", "600"), console);
        }
    }
    open(&settings.store, ("store", WRITE, "change", "go-w"), console);
    let out = match command {
        Command::Run { report: ask, .. } | Command::Report { report: ask, .. } => {
            Some(ask.out.as_deref().unwrap_or_else(|| Path::new(report::OUT)))
        }
        // Where nobody named the file it lies here, in a folder that is the user's own business.
        Command::Bundle { bundle, .. } => bundle.out.as_deref().and_then(Path::parent),
        _ => None,
    };
    if let Some(out) = out {
        open(out, ("output folder", WRITE, "change", "go-w"), console);
    }
}

/// Warns of one path where its mode has any of some bits.
fn open(path: &Path, (what, bits, does, mode): (&str, u32, &str, &str), console: &dyn Console) {
    if let Some(who) = disk::open_to_others(path, bits) {
        let path = path.display().to_string();
        let quoted = quoted(&path);
        console.say(&format!("warning: {who} can {does} the {what} {path}; to close it, run `chmod {mode} {quoted}`"));
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@%:".contains(c);
    if !path.starts_with('-') && path.chars().all(plain) {
        path.to_owned()
    } else {
        // Behind `./` it is no option, whatever it begins with.
        let here = if path.starts_with('-') { "./" } else { "" };
        format!("'{here}{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_the_path_as_it_is() {
        let cases =
            [("/a/b.c", "/a/b.c"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("-r", "'./-r'"), ("$(x)", "'$(x)'")];
        for (path, expected) in cases {
            assert_eq!(quoted(path), expected);
        }
    }
}
