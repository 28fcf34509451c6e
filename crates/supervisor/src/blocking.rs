//! Runs work that blocks, with the errors of this crate.

use crate::Error;

/// [`lazaret_files::blocking`] for work that fails with this crate's [`Error`].
///
/// # Errors
/// Those of the work.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    lazaret_files::blocking(work).await
}

impl From<lazaret_files::Stopped> for Error {
    fn from(stopped: lazaret_files::Stopped) -> Self {
        Self::Io {
            action: "finish the work".to_owned(),
            source: std::io::Error::other(stopped),
        }
    }
}
