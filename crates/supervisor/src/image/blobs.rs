//! Putting bytes into the image store.

use std::io::{ErrorKind, Read, Write};

use lazaret_images::ImageStore;
use lazaret_oci::Digest;

use crate::Error;

/// Stores everything that `content` yields; with `expected`, only if it has that digest.
pub(crate) fn put(
    store: &ImageStore,
    mut content: impl Read,
    expected: Option<&Digest>,
    name: &str,
) -> Result<(Digest, u64), Error> {
    let mut writer = store.writer()?;
    let failed = |verb: &str| {
        let action = format!("{verb} '{name}'");
        move |source| Error::Io { action, source }
    };
    let mut buffer = vec![0; 256 * 1024];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => writer
                .write_all(&buffer[..length])
                .map_err(failed("store"))?,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(failed("read")(error)),
        }
    }
    Ok(writer.commit(expected)?)
}
