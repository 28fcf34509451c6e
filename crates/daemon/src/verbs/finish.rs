//! Changes that are finished although the client goes.

use lazaret_supervisor::Error;

use crate::fault::Failure;

/// Does work that is not given up when the request is: what was begun is finished.
pub(super) async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let working = tokio::spawn(work);
    working.await.unwrap_or(Err(Error::Interrupted.into()))
}
