//! Runs the built program in a folder of its own, with an environment that cannot sway it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use tempfile::TempDir;

/// What a command says that finds no configuration.
pub(crate) const NO_CONFIG: &str = "no rollcall.toml was found: every key has its default\n";

/// A folder in which the program runs as if alone on the machine.
#[derive(Debug)]
pub(crate) struct Sandbox {
    /// Removed when dropped.
    folder: TempDir,
}

/// What a run left behind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    /// Exit code; -1 when a signal ended it.
    pub(crate) code: i32,
    /// Data.
    pub(crate) stdout: String,
    /// Talk.
    pub(crate) stderr: String,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("home"))?;
        Ok(Self { folder })
    }

    /// A path inside.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file inside.
    pub(crate) fn write(&self, name: &str, text: &str) -> io::Result<()> {
        fs::write(self.path(name), text)
    }

    /// The program, not yet started: no variable of the caller reaches it but the search path.
    pub(crate) fn command(&self) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("rollcall");
        command.env_clear().env("HOME", self.path("home")).current_dir(self.folder.path());
        #[expect(clippy::disallowed_methods, reason = "the search path is the one variable that is passed on")]
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// Runs the program with arguments separated by spaces.
    pub(crate) fn run(&self, line: &str) -> io::Result<Run> {
        Run::of(self.command().args(line.split_whitespace()))
    }
}

impl Run {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> io::Result<Self> {
        let output = command.output()?;
        Ok(Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// Asserts that it failed with `code` and the three lines of an error, and gives them.
    #[track_caller]
    pub(crate) fn three_lines(&self, code: i32) -> [String; 3] {
        assert_eq!(self.code, code, "{self:?}");
        let lines: Vec<_> = self.stderr.lines().collect();
        let [.., what, why, fix] = lines.as_slice() else { panic!("{self:?}") };
        assert!(what.starts_with("error: ") && why.starts_with("  why: ") && fix.starts_with("  fix: "), "{self:?}");
        [*what, *why, *fix].map(str::to_owned)
    }
}

/// Every file under a folder, sorted, with paths relative to it.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                open.push(entry.path());
            } else if let Ok(path) = entry.path().strip_prefix(folder) {
                found.push(path.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
