//! Reads secrets from files of their own.

use std::path::Path;

use lazaret_values::Secret;

/// Reads a file; the line end is cut off.
///
/// # Errors
/// Fails when the file cannot be read or is not UTF-8.
pub(crate) fn read_secret(path: &Path) -> std::io::Result<Secret> {
    let text = Secret::new(std::fs::read_to_string(path)?);
    Ok(Secret::new(text.reveal().trim_end_matches(['\r', '\n'])))
}
