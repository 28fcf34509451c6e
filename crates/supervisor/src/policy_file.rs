//! Reads policy files.

use std::path::Path;

use lazaret_artifacts::{PolicyFile, parse_source};
use lazaret_policy::Document;
use lazaret_values::Printable;

use crate::Error;
use crate::bounded::read_bounded;

/// A policy file.
///
/// # Errors
/// Those of the file.
pub(crate) fn read_policy(path: &Path) -> Result<PolicyFile, Error> {
    let text = read_bounded(path, lazaret_artifacts::MAX_CONFIG_BYTES)?;
    let document = parse_source(&String::from_utf8_lossy(&text))?;
    let origin = Printable::excerpt(&path.display().to_string());
    Ok(PolicyFile::read(&origin, &document)?)
}

/// The documents of a policy file.
///
/// # Errors
/// Those of the file: every rule that cannot be enforced as it is meant.
pub fn read_documents(path: &Path) -> Result<Vec<Document>, Error> {
    Ok(read_policy(path)?.documents().to_vec())
}
