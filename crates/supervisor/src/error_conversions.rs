//! Errors of other crates, as those of this one.

use crate::error::Error;
use crate::pack_error::PackError;

impl From<lazaret_pack::Error> for Error {
    fn from(error: lazaret_pack::Error) -> Self {
        PackError::from(error).into()
    }
}

impl From<lazaret_variants::Error> for Error {
    fn from(error: lazaret_variants::Error) -> Self {
        Self::Variants(error.into())
    }
}

impl From<lazaret_files::Error> for Error {
    fn from(error: lazaret_files::Error) -> Self {
        Self::io(error.action, &error.path)(error.source)
    }
}

impl From<lazaret_images::Error> for Error {
    /// Unwraps errors of other crates that came through the ports for images.
    fn from(error: lazaret_images::Error) -> Self {
        match error {
            lazaret_images::Error::Elsewhere(source) => {
                match source.downcast::<lazaret_client::Error>() {
                    Ok(error) => Self::Client(*error),
                    Err(source) => Self::Store(lazaret_images::Error::Elsewhere(source)),
                }
            }
            lazaret_images::Error::Io(error) => error.into(),
            lazaret_images::Error::Stopped(stopped) => stopped.into(),
            lazaret_images::Error::Oci(error) => Self::Oci(error),
            lazaret_images::Error::BlobMissing { digest } => Self::BlobMissing { digest },
            error => Self::Store(error),
        }
    }
}
