//! Reads the small files that settings name: certificates, keys, secrets.
//!
//! They are read again while the server runs, so what stands in their place must not make it wait.

use std::io;
use std::path::Path;

use lazaret_files::{read_regular, read_regular_text};
use lazaret_values::{Secret, without_byte_order_mark};

/// Largest file, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Reads a whole file.
///
/// # Errors
/// Fails when it cannot be read, is no regular file or has more than 16 MiB.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_regular(path, LARGEST)
}

/// Reads a whole text.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    read_regular_text(path, LARGEST)
}

/// Reads a secret; a byte order mark and the line end are cut off.
///
/// # Errors
/// As [`read_text`].
pub(crate) fn read_secret(path: &Path) -> io::Result<Secret> {
    let text = Secret::new(read_text(path)?);
    let text = without_byte_order_mark(text.reveal());
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}
