//! Reads small files that users name, up to a limit.

use std::io::ErrorKind;
use std::path::Path;

use lazaret_files::read_regular;

use crate::Error;

/// Reads a regular file, or a link to one, of at most `limit` bytes.
pub(crate) fn read_bounded(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    read_regular(path, limit as u64).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge | ErrorKind::InvalidInput => Error::Source {
            path: path.to_owned(),
            reason: error.to_string(),
        },
        _ => Error::io("read", path)(error),
    })
}
