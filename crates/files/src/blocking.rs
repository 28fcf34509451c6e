//! Runs work on threads that may block.

use thiserror::Error;

/// The runtime ends before the work was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the process is ending")]
pub struct Stopped;

/// Runs work that waits for the disk, or that computes for long, on a thread that may block. A
/// panic of the work is resumed in the caller.
///
/// # Errors
/// Those of the work, and [`Stopped`] when the runtime ends before the work was begun.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Stopped> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Stopped.into()),
        },
    }
}

#[cfg(test)]
mod tests;
