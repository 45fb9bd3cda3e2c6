//! Parses, runs, and ends with the exit code. Everything else is in the library.

use std::process::ExitCode;

/// Runs `rollcall`.
fn main() -> ExitCode {
    rollcall::cli::main()
}
