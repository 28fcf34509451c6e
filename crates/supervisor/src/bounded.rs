//! Reads small files that users name, up to a limit.

use std::io::Read as _;
use std::path::Path;

use crate::Error;

/// Reads a regular file, or a link to one, of at most `limit` bytes.
pub(crate) fn read_bounded(path: &Path, limit: usize) -> Result<Vec<u8>, Error> {
    let file = lazaret_files::open_regular(path).map_err(Error::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    if bytes.len() > limit {
        return Err(Error::Source {
            path: path.to_owned(),
            reason: format!("it is larger than {limit} bytes"),
        });
    }
    Ok(bytes)
}
