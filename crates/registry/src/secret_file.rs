//! Secrets in files of their own.

use std::path::Path;

use lazaret_values::Secret;

/// The content of a file without the line's end.
///
/// # Errors
/// Fails when the file cannot be read or is no text.
pub(crate) fn read_secret(path: &Path) -> std::io::Result<Secret> {
    let text = Secret::new(std::fs::read_to_string(path)?);
    Ok(Secret::new(text.reveal().trim_end_matches(['\r', '\n'])))
}
