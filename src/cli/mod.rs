//! The command line: parses, hands a request to [`app`], and prints how it ended.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
    sync::Arc,
};

use clap::{CommandFactory as _, Parser as _};

mod args;
mod ask;
mod term;

use args::{Asked, Cli};

use crate::{
    app::{self, Console, Environment, Error, Exit},
    model::text,
};

/// Runs the program: parse, do, report, exit code.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

/// Runs one command line.
fn run(line: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line: Vec<OsString> = line.into_iter().collect();
    let cli = match Cli::try_parse_from(&line) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with 0, mistakes to stderr with 2; a closed pipe is the reader's choice.
            // What was typed may be a name that a script took from somewhere: then it is repeated in plain text only.
            let plain = error.render().to_string();
            let shown = text::block(&plain);
            if error.use_stderr() && term::asks_for_json(&line) {
                term::complain_of_usage(&plain);
                return ExitCode::from(Exit::Usage.code());
            }
            let _ = if shown == plain { error.print() } else { io::stderr().lock().write_all(shown.as_bytes()) };
            return ExitCode::from(if error.use_stderr() { Exit::Usage.code() } else { Exit::Done.code() });
        }
    };
    let environment = Environment::read();
    let colored = term::colored(cli.global.color, environment.no_color);
    let format = cli.global.log_format;
    term::log(format, term::level(&cli.global), colored);
    let terminal = Arc::new(term::Terminal::new(&cli.global));
    let console: Arc<dyn Console> = terminal.clone();
    let result = match cli.into_request() {
        Asked::Flow(request) => app::execute(&request, &environment, &console),
        Asked::Completions(shell) => print(&*terminal, &completions(shell)),
        Asked::Man => manual().and_then(|page| print(&*terminal, &page)),
    };
    terminal.clear();
    let exit = result.unwrap_or_else(|error| {
        if error.is_broken_pipe() {
            return Exit::Done;
        }
        term::complain(&app::three_lines(&error), format, colored);
        error.exit()
    });
    ExitCode::from(exit.code())
}

/// Writes data to stdout.
fn print(console: &dyn Console, data: &str) -> Result<Exit, Error> {
    console.print(data).map_err(Error::Output)?;
    Ok(Exit::Done)
}

/// A completion script.
fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rollcall", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page.
fn manual() -> Result<String, Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(Error::Output)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_gets_a_script_and_the_manual_names_the_commands() {
        for shell in [clap_complete::Shell::Bash, clap_complete::Shell::Zsh, clap_complete::Shell::Fish] {
            assert!(completions(shell).contains("require-complete"), "{shell}");
        }
        assert!(manual().unwrap().contains("snapshots"));
    }
}
