//! Reads secrets from files of their own.

use std::path::Path;

use lazaret_values::{Secret, without_byte_order_mark};

/// Reads a file; a byte order mark and the line end are cut off.
///
/// # Errors
/// Fails when the file cannot be read or is not UTF-8.
pub(crate) fn read_secret(path: &Path) -> std::io::Result<Secret> {
    let text = Secret::new(std::fs::read_to_string(path)?);
    let text = without_byte_order_mark(text.reveal());
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}
