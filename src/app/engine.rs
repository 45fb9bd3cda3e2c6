//! Runs asynchronous work and stops it when the user or the system asks to.

use std::{future::Future, io, num::NonZero};

use tokio::{
    runtime::{Builder, Runtime},
    sync::watch,
};

use super::error::Error;

/// A runtime that remembers a request to stop.
///
/// Signals are listened for from the start, so that one that arrives between two pieces of work stops the next.
#[derive(Debug)]
pub(super) struct Engine {
    /// Where work runs.
    runtime: Runtime,
    /// Becomes true once.
    stopped: watch::Receiver<bool>,
}

impl Engine {
    /// Starts the runtime and listens for SIGINT and SIGTERM.
    ///
    /// # Errors
    /// When the system refuses threads or signal handlers.
    pub(super) fn start() -> Result<Self, Error> {
        // As many threads as there are processors, whatever TOKIO_WORKER_THREADS says.
        let threads = std::thread::available_parallelism().map_or(2, NonZero::get);
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(threads).enable_all().build().map_err(Error::Engine)?;
        let (sender, stopped) = watch::channel(false);
        let signal = {
            let _inside = runtime.enter();
            signals().map_err(Error::Engine)?
        };
        runtime.spawn(async move {
            signal.await;
            let _ = sender.send(true);
        });
        Ok(Self { runtime, stopped })
    }

    /// Runs work to its end, or to a request to stop.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when asked to stop; the work is dropped where it stands.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Error> {
        let mut stopped = self.stopped.clone();
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                // An error means that nobody listens any more: then the work simply goes on.
                Ok(()) = async { stopped.wait_for(|stopped| *stopped).await.map(|_| ()) } => Err(Error::Interrupted),
                done = work => Ok(done),
            }
        })
    }

    /// Fails when a request to stop has arrived.
    ///
    /// # Errors
    /// [`Error::Interrupted`].
    pub(super) fn check(&self) -> Result<(), Error> {
        if *self.stopped.borrow() { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// Resolves at the first signal; handlers are in place when this returns.
#[cfg(unix)]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves at ctrl-c.
#[cfg(not(unix))]
fn signals() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_by_itself_or_not_at_all() {
        let mut engine = Engine::start().unwrap();
        assert_eq!(engine.run(async { 7 }).unwrap(), 7);
        engine.check().unwrap();
        let (sender, stopped) = watch::channel(false);
        engine.stopped = stopped;
        sender.send(true).unwrap();
        assert!(matches!(engine.run(std::future::pending::<()>()), Err(Error::Interrupted)));
        assert!(matches!(engine.check(), Err(Error::Interrupted)));
    }
}
