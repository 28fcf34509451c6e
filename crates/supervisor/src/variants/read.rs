//! Reads the document.

use std::io::ErrorKind;
use std::path::Path;

use lazaret_files::read_regular_text;
use lazaret_variants::{Document, LARGEST_DOCUMENT, Parsed};

use crate::Error;
use crate::variants_error::VariantsError;

/// Reads a document `port.toml`. Its warnings are for the user.
///
/// # Errors
/// [`VariantsError::NoDocument`], and [`VariantsError::Document`] with all faults.
pub fn read_port(path: &Path) -> Result<Parsed, Error> {
    let text = read_regular_text(path, LARGEST_DOCUMENT).map_err(|error| match error.kind() {
        ErrorKind::NotFound => VariantsError::NoDocument {
            path: path.to_owned(),
        }
        .into(),
        ErrorKind::FileTooLarge | ErrorKind::InvalidData | ErrorKind::InvalidInput => {
            Error::Source {
                path: path.to_owned(),
                reason: error.to_string(),
            }
        }
        _ => Error::io("read", path)(error),
    })?;
    let parsed = Document::parse(&text).map_err(|faults| VariantsError::Document {
        path: path.to_owned(),
        faults,
    })?;
    Ok(parsed)
}
