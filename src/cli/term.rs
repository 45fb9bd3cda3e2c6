//! The terminal: what goes to stdout, what goes to stderr, progress, colour and log lines.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::args::{Color, Global, LogFormat};
use crate::{
    app::{Console, Progress},
    model::{coverage::Source, manifest::SourceRecord, text},
};

/// The process's terminal.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Nothing but errors on stderr.
    quiet: bool,
    /// Whether every line on stderr is a JSON object.
    json: bool,
    /// The one moving line; hidden when stderr is no terminal.
    bar: ProgressBar,
    /// Sources being read, with rows so far.
    active: Mutex<BTreeMap<Source, u64>>,
}

impl Terminal {
    /// The terminal under the given flags.
    pub(super) fn new(global: &Global) -> Self {
        let (quiet, json) = (global.quiet, global.log_format == LogFormat::Json);
        let moves = !quiet && !json && io::stderr().is_terminal();
        let target = if moves { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        Self { quiet, json, bar, active: Mutex::default() }
    }

    /// Shows which sources are being read.
    fn redraw(&self, change: impl FnOnce(&mut BTreeMap<Source, u64>)) {
        let mut active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut active);
        let reading: Vec<_> = active.iter().map(|(source, rows)| format!("{source} {rows}")).collect();
        if reading.is_empty() {
            self.bar.disable_steady_tick();
            self.bar.set_message(String::new());
        } else {
            self.bar.set_message(format!("reading {}", reading.join(", ")));
            self.bar.enable_steady_tick(Duration::from_millis(120));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Removes the moving line before an error is told, also while a panic unwinds.
        self.bar.finish_and_clear();
    }
}

impl Progress for Terminal {
    fn start(&self, source: Source, _total: Option<u64>) {
        self.redraw(|active| {
            active.insert(source, 0);
        });
    }

    fn advance(&self, source: Source, rows: u64) {
        self.redraw(|active| {
            let count = active.entry(source).or_default();
            *count = count.saturating_add(rows);
        });
    }

    fn finish(&self, source: Source, record: &SourceRecord) {
        self.redraw(|active| {
            active.remove(&source);
        });
        let why = record.why.as_deref().map(|why| format!(": {}", text::line(why))).unwrap_or_default();
        let requests = record.requests.len();
        let counts = format!("{} rows, {requests} requests", record.rows);
        self.say(&format!("{:<17} {:<13} {counts}{why}", source.name(), record.coverage.word()));
    }

    fn waiting(&self, seconds: u64) {
        self.say(&format!("the Hub's rate limit is used up: waiting {seconds} s"));
    }
}

impl Console for Terminal {
    fn print(&self, data: &str) -> io::Result<()> {
        self.bar.suspend(|| {
            let mut out = io::stdout().lock();
            // The last line of defence: whatever a name holds, nothing reaches the screen but text.
            out.write_all(text::block(data).as_bytes())?;
            out.flush()
        })
    }

    fn say(&self, line: &str) {
        if self.json {
            tracing::info!(target: SAID, "{line}");
        } else if !self.quiet {
            self.bar.suspend(|| write_line(&text::block(line)));
        }
    }
}

/// Target of what is said to the user where every line on stderr is a JSON object.
const SAID: &str = "rollcall::said";

/// Tells how a command failed, in the form in which everything else is said.
pub(super) fn complain(lines: &[String; 3], format: LogFormat, colored: bool) {
    match (format, lines) {
        (LogFormat::Json, [what, why, fix]) => tracing::error!(target: SAID, why, fix, "{what}"),
        (LogFormat::Text, lines) => write_line(&error_lines(lines, colored)),
    }
}

/// Whether a command line that cannot be followed asks for JSON.
pub(super) fn asks_for_json(line: &[OsString]) -> bool {
    let asks = |pair: &[OsString]| pair[0] == "--log-format" && pair[1] == "json";
    line.iter().any(|word| word == "--log-format=json") || line.windows(2).any(asks)
}

/// Repeats what the grammar says about a command line as one JSON object.
pub(super) fn complain_of_usage(text: &str) {
    log(LogFormat::Json, tracing::Level::ERROR, false);
    tracing::error!(target: SAID, "{}", text.trim());
}

/// Writes a line to stderr; a stderr that is closed is no reason to stop.
fn write_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether stderr is coloured.
pub(super) fn colored(color: Color, no_color: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => !no_color && io::stderr().is_terminal(),
    }
}

/// The three lines of an error; labels are coloured when asked for.
pub(super) fn error_lines(lines: &[String; 3], colored: bool) -> String {
    let paint = |label: &str, code: u8| {
        if colored { format!("\u{1b}[{code}m{label}\u{1b}[0m") } else { label.to_owned() }
    };
    let [what, why, fix] = lines.each_ref().map(|line| text::line(line));
    format!("{} {what}\n  {} {why}\n  {} {fix}", paint("error:", 31), paint("why:", 36), paint("fix:", 32))
}

/// How much is logged.
pub(super) const fn level(global: &Global) -> tracing::Level {
    match (global.quiet, global.verbose) {
        (true, _) => tracing::Level::ERROR,
        (false, 0) => tracing::Level::WARN,
        (false, 1) => tracing::Level::INFO,
        (false, _) => tracing::Level::DEBUG,
    }
}

/// Sends the log of this crate to stderr; other crates may know secrets and are never logged.
pub(super) fn log(format: LogFormat, level: tracing::Level, colored: bool) {
    let said = if level == tracing::Level::ERROR { level } else { level.max(tracing::Level::INFO) };
    let only_ours = Targets::new().with_target("rollcall", level).with_target(SAID, said);
    let json = format == LogFormat::Json;
    let writer = move || Escaped { colored, json };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(colored && !json).with_target(false);
    // A second logger in one process is a test's affair; the first one stays.
    let _ = match format {
        LogFormat::Text => tracing_subscriber::registry().with(only_ours).with(lines).try_init(),
        LogFormat::Json => tracing_subscriber::registry().with(only_ours).with(lines.json()).try_init(),
    };
}

/// stderr for log lines, which may hold text from outside.
#[derive(Debug)]
struct Escaped {
    /// Whether escapes of our own stand in the lines; those in fields are spelled out by the logger.
    colored: bool,
    /// Whether the lines are JSON, which has its own spelling.
    json: bool,
}

impl io::Write for Escaped {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let shown = if self.json {
            json_escaped(&text)
        } else {
            text::escape(&text, |c| text::hides(c) && !matches!(c, '\n' | '\t') && !(self.colored && c == '\u{1b}'))
        };
        io::stderr().lock().write_all(shown.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// JSON in which what a screen would not show is spelled out; such characters stand inside strings only.
fn json_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if text::hides(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_quotes_a_hostile_name_stays_three_lines_of_text() {
        let lines = ["no \u{1b}]0;x\u{7}".to_owned(), "a\nerror: b".to_owned(), "\u{202e}".to_owned()];
        let shown = error_lines(&lines, false);
        assert_eq!(shown, "error: no \\u{1b}]0;x\\u{7}\n  why: a\\nerror: b\n  fix: \\u{202e}");
    }

    #[test]
    fn a_json_line_stays_json_whatever_it_quotes() {
        let line = serde_json::json!({ "message": "a \u{202e} b \u{1b} \u{e0041} c" }).to_string();
        let shown = json_escaped(&line);
        assert!(!shown.chars().any(text::hides), "{shown}");
        let (before, after): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(&line).unwrap(), serde_json::from_str(&shown).unwrap());
        assert_eq!(before, after);
        let line = |words: &str| words.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(asks_for_json(&line("rollcall --log-format json x")) && asks_for_json(&line("x --log-format=json")));
        assert!(!asks_for_json(&line("rollcall --log-format text json")));
    }

    #[test]
    fn errors_are_three_lines_with_or_without_colour() {
        let lines = ["what".to_owned(), "why".to_owned(), "fix".to_owned()];
        assert_eq!(error_lines(&lines, false), "error: what\n  why: why\n  fix: fix");
        assert_eq!(error_lines(&lines, true).lines().count(), 3);
        assert!(error_lines(&lines, true).starts_with("\u{1b}[31merror:"));
    }

    #[test]
    fn colour_follows_flag_before_environment() {
        assert!(colored(Color::Always, true));
        assert!(!colored(Color::Never, false));
        assert!(!colored(Color::Auto, true));
    }
}
