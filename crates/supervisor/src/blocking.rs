//! Work that blocks, off the threads of the runtime.

use crate::Error;

/// Runs `work` on a thread for blocking work. A panic in it goes on in the caller.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::Io {
                action: "finish the work".to_owned(),
                source: std::io::Error::other(error),
            }),
        },
    }
}
