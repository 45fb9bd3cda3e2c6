//! The command line: parses, hands a request to [`app`], and prints how it ended.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
    sync::Arc,
};

use clap::{CommandFactory as _, Parser as _};

mod args;
mod ask;
mod keep;
mod process;
mod term;

use args::{Asked, Cli, LogFormat};

use crate::{
    app::{self, Console, Environment, Error, Exit},
    model::text,
};

/// How an error is told.
#[derive(Clone, Copy, Debug)]
struct Form {
    /// Text or JSON.
    log: LogFormat,
    /// Whether labels are coloured.
    colored: bool,
}

/// Runs the program: parse, do, report, exit code.
#[must_use]
pub fn main() -> ExitCode {
    process::leave_no_core();
    end(&process::Watch::start(), &std::env::args_os().collect::<Vec<_>>(), run)
}

/// Runs one command line to its exit code. A panic, be it in a task whose end nobody looked at, is an error like any
/// other: what was done beside it cannot be relied upon.
fn end(
    watch: &process::Watch,
    line: &[OsString],
    run: impl FnOnce(&[OsString], &mut Form) -> Result<Exit, Error>,
) -> ExitCode {
    let log = if term::asks_for_json(line) { LogFormat::Json } else { LogFormat::Text };
    let mut form = Form { log, colored: false };
    let ended = panic::catch_unwind(AssertUnwindSafe(|| run(line, &mut form)));
    let unknown = || Err(Error::Panicked { place: "a place that is not known".to_owned(), words: None });
    let result = watch.error().map_or_else(|| ended.unwrap_or_else(|_| unknown()), Err);
    let exit = result.unwrap_or_else(|error| {
        if error.is_broken_pipe() {
            return Exit::Done;
        }
        // The log may not have been started; one that has stays.
        term::log(form.log, tracing::Level::ERROR, form.colored);
        term::complain(&app::three_lines(&error), form.log, form.colored);
        error.exit()
    });
    ExitCode::from(exit.code())
}

/// Does what one command line asks for; `form` becomes what it says about errors.
fn run(line: &[OsString], form: &mut Form) -> Result<Exit, Error> {
    let cli = match Cli::try_parse_from(line) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with 0, mistakes to stderr with 2; a closed pipe is the reader's choice.
            // What was typed may be a name that a script took from somewhere: then it is repeated in plain text only.
            let plain = error.render().to_string();
            let shown = text::block(&plain);
            if error.use_stderr() && form.log == LogFormat::Json {
                term::complain_of_usage(&plain);
                return Ok(Exit::Usage);
            }
            let _ = if shown == plain { error.print() } else { io::stderr().lock().write_all(shown.as_bytes()) };
            return Ok(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
    };
    let environment = Environment::read();
    *form = Form { log: cli.global.log_format, colored: term::colored(cli.global.color, environment.no_color) };
    term::log(form.log, term::level(&cli.global), form.colored);
    let terminal = Arc::new(term::Terminal::new(&cli.global));
    let console: Arc<dyn Console> = terminal.clone();
    match cli.into_request() {
        Asked::Flow(request) => app::execute(&request, &environment, &console),
        Asked::Completions(shell) => print(&*terminal, &completions(shell)),
        Asked::Man => manual().and_then(|page| print(&*terminal, &page)),
    }
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
