//! Tells a witness outside of a sealed snapshot: whoever can rewrite the store cannot rewrite what the witness was told.

use std::{
    io::{self, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use crate::{config::Config, model::ids::OrgName, store::Sealed};

/// Variables that hold a token or lead to one: the witness is another program and needs none.
const SECRETS: [&str; 3] = ["HF_TOKEN", "HF_TOKEN_PATH", "ROLLCALL_SCIM_TOKEN"];

/// How long the witness may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of its answer that are kept at most.
const LONGEST: u64 = 64 << 10;

/// The line that stands for a snapshot in a ticket or a log elsewhere: its organization, its id and the SHA-256 of its
/// manifest.
pub(super) fn checkpoint(org: &OrgName, sealed: &Sealed) -> String {
    format!("checkpoint {org} {} {}", sealed.id, sealed.manifest_sha256)
}

/// Gives a line to the configured command and takes its answer; `None` when none is configured.
///
/// # Errors
/// Why there is no answer, in one clause; the snapshot is sealed all the same.
pub(super) fn ask(config: &Config, line: &str) -> Option<Result<Vec<u8>, String>> {
    let (program, arguments) = config.values.witness.command.split_first()?;
    // A path is one of the configuration; a bare name is looked for like that of any program.
    let program = if Path::new(program).components().count() > 1 { config.resolve(program) } else { program.into() };
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    for secret in SECRETS {
        command.env_remove(secret);
    }
    let child = command.spawn().map_err(|error| format!("{} cannot be started ({error})", program.display()));
    Some(child.and_then(|child| answer(child, line, PATIENCE)))
}

/// Hands the line over and waits for the answer and the end of the program.
fn answer(mut child: Child, line: &str, patience: Duration) -> Result<Vec<u8>, String> {
    let until = Instant::now() + patience;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (tell, told) = mpsc::channel();
    let line = format!("{line}\n");
    // On a thread of its own: a program that neither reads nor writes must not hold us longer than it may take.
    std::thread::spawn(move || {
        let talk = || {
            if let Some(mut stdin) = stdin {
                match stdin.write_all(line.as_bytes()) {
                    // It need not read what it is told.
                    Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
                    _ => {}
                }
            }
            let mut answer = Vec::new();
            if let Some(stdout) = stdout {
                stdout.take(LONGEST + 1).read_to_end(&mut answer)?;
            }
            Ok(answer)
        };
        // Nobody listens any more when the time is over.
        let _ = tell.send(talk());
    });
    let left = || until.saturating_duration_since(Instant::now());
    let result = match told.recv_timeout(left()) {
        Err(_) => Err(late(patience)),
        Ok(Err(error)) => Err(format!("its answer cannot be read ({error})")),
        Ok(Ok(answer)) if answer.len() as u64 > LONGEST => Err(format!("its answer is longer than {LONGEST} bytes")),
        Ok(Ok(answer)) => ended(&mut child, left).ok_or_else(|| late(patience)).and_then(|ended| match ended {
            Ok(status) if status.success() => Ok(answer),
            Ok(status) => Err(format!("it failed ({status})")),
            Err(error) => Err(format!("it cannot be waited for ({error})")),
        }),
    };
    if result.is_err() {
        // It may have ended already; either way it is not left behind.
        let _ = child.kill();
        let _ = child.wait();
    }
    result
}

/// The end of a program; `None` when it does not come in time.
fn ended(child: &mut Child, left: impl Fn() -> Duration) -> Option<io::Result<std::process::ExitStatus>> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(Ok(status)),
            Err(error) => return Some(Err(error)),
            Ok(None) if left().is_zero() => return None,
            Ok(None) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Why an answer that did not come is none.
fn late(patience: Duration) -> String {
    format!("it did not answer within {} s", patience.as_secs())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// Asks a shell script.
    fn asked(script: &str) -> Result<Vec<u8>, String> {
        let mut config = Config::default();
        config.values.witness.command = ["sh", "-c", script].map(str::to_owned).to_vec();
        ask(&config, "checkpoint acme 1 2").unwrap()
    }

    #[test]
    fn the_witness_is_told_one_line_and_its_answer_is_taken() {
        assert!(ask(&Config::default(), "x").is_none());
        assert_eq!(asked("read line && echo \"seen: $line\"").unwrap(), b"seen: checkpoint acme 1 2\n");
        assert_eq!(asked("exit 0").unwrap(), b"");
    }

    #[test]
    fn a_witness_that_fails_says_too_much_or_is_not_there_gives_a_reason() {
        assert!(asked("echo half; exit 3").unwrap_err().contains("failed"));
        assert!(asked("head -c 70000 /dev/zero").unwrap_err().contains("longer than 65536 bytes"));
        let mut config = Config::default();
        config.values.witness.command = vec!["no-such-program-anywhere".to_owned()];
        assert!(ask(&config, "x").unwrap().unwrap_err().contains("cannot be started"));
    }

    #[test]
    fn a_witness_that_never_ends_is_ended() {
        for script in ["exec sleep 600", "exec sleep 600 >/dev/null"] {
            let begun = Instant::now();
            let child = Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
            let told = answer(child.unwrap(), "x", Duration::from_secs(1));
            assert_eq!(told, Err("it did not answer within 1 s".to_owned()), "{script}");
            assert!(begun.elapsed() < Duration::from_secs(20), "{script}");
        }
    }
}
