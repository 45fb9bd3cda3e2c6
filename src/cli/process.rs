//! The process itself: it leaves no core dump, and a panic anywhere in it ends as an error.

use std::{
    panic::{self, Location, PanicHookInfo},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{app::Error, model::text};

/// Sees to it that no core dump of this process, or of one that it starts, shows the access token.
///
/// On Linux nobody but root can read the memory of the running process either. A system that refuses is no reason to
/// stop: the token is overwritten as soon as it is not needed in any case.
pub(super) fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Where the program broke its own rules first.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Panic {
    /// File, line and column.
    place: String,
    /// The words of the code; `None` where they were put together while it ran, since they may quote data.
    words: Option<&'static str>,
}

/// Remembers the first panic of the process, in whatever thread or task it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch(Arc<Mutex<Option<Panic>>>);

impl Watch {
    /// Takes the place of the standard library's message and backtrace, which may quote data.
    pub(super) fn start() -> Self {
        let watch = Self::default();
        let seen = watch.clone();
        panic::set_hook(Box::new(move |info| seen.see(info)));
        watch
    }

    /// Keeps the first panic.
    fn see(&self, info: &PanicHookInfo<'_>) {
        let words = info.payload().downcast_ref::<&'static str>().copied();
        let place = info.location().map_or_else(|| "a place that is not known".to_owned(), place);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(Panic { place, words });
    }

    /// The first panic as an error; `None` where there was none.
    ///
    /// A task that panics ends its thread's work and not the program, so this is asked whatever the command gave.
    pub(super) fn error(&self) -> Option<Error> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(Error::Panicked { place: seen.place, words: seen.words.map(text::line) })
    }
}

/// A place in the source without the folders of the machine that built the program.
fn place(at: &Location<'_>) -> String {
    let file = at.file().replace('\\', "/");
    let file = match file.split_once("/registry/src/") {
        Some((_, crates)) => crates.split_once('/').map_or(crates, |(_, file)| file),
        None => file.rsplit_once("/library/").map_or(&*file, |(_, file)| file),
    };
    format!("{file}:{}:{}", at.line(), at.column())
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use super::*;
    use crate::{
        app::{Exit, three_lines},
        cli::end,
    };

    /// Work that fails with words which nobody may see.
    fn fails() {
        let secret = "hf_invented";
        panic!("no place for {secret}");
    }

    /// Runs work in a runtime that does not look at how its task ends.
    fn in_a_runtime(work: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work);
    }

    #[test]
    fn a_panic_ends_with_4_wherever_it_is_and_quotes_nothing() {
        let this = std::env::current_exe().unwrap();
        let alone = ["--exact", "cli::process::tests::in_a_process_of_its_own", "--ignored"];
        let run = std::process::Command::new(this).args(alone).output().unwrap();
        let told = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && told.contains("1 passed"), "{told}");
    }

    #[test]
    #[ignore = "the hook belongs to a whole process, so the test above starts one for it"]
    fn in_a_process_of_its_own() {
        let cases: [(&str, fn(), u8); 5] = [
            ("nothing", || (), 0),
            ("the command", fails, 4),
            ("a thread", || drop(std::thread::spawn(fails).join()), 4),
            ("a task", || in_a_runtime(async { drop(tokio::spawn(async { fails() }).await) }), 4),
            ("a thread that may block", || in_a_runtime(async { drop(tokio::task::spawn_blocking(fails).await) }), 4),
        ];
        for (name, work, code) in cases {
            let watch = Watch::start();
            let ended = end(&watch, &[], |_, _| {
                work();
                Ok(Exit::Done)
            });
            let _ = std::thread::spawn(fails).join();
            let lines = three_lines(&watch.error().unwrap());
            drop(panic::take_hook());
            assert_eq!(ended, ExitCode::from(code), "{name}");
            assert!(lines[0].contains("src/cli/process.rs:"), "{name}: {lines:?}");
            assert!(!lines.concat().contains("hf_invented"), "{name}: {lines:?}");
        }
        words_of_the_code_are_told_and_folders_of_the_machine_are_not();
    }

    /// What the first of several panics tells.
    fn words_of_the_code_are_told_and_folders_of_the_machine_are_not() {
        let watch = Watch::start();
        let _ = std::thread::spawn(|| panic!("the total must not be negative")).join();
        let _ = std::thread::spawn(|| panic!("a later one")).join();
        drop(panic::take_hook());
        let [what, why, fix] = three_lines(&watch.error().unwrap());
        assert!(why == "the total must not be negative" && fix.contains("report it"), "{what} {why} {fix}");
        assert!(watch.error().is_none(), "told once");
        assert!(place(Location::caller()).starts_with("src/cli/process.rs:"));
    }
}
