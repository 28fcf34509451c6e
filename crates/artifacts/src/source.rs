//! Parses YAML or JSON documents, and makes the canonical configuration blob.
//!
//! YAML is read by the core schema of YAML 1.2: `no` and `on` are text, `010` is ten, and
//! flow style needs no quotes, so that `{"a": tru}` holds the text `tru`.
//! Everything is refused that JSON cannot represent, or that two parsers could read differently:
//! several documents, repeated keys, keys that are not text, tags, merge keys, NaN, and numbers
//! that fit neither a 64-bit integer nor a double. A version such as `1.10` is a number;
//! schemas require text there, so that it must be quoted.

mod places;
mod value;
mod yaml;

use serde_json::Value;

use crate::Error;
use lazaret_values::{Printable, without_byte_order_mark};
pub use places::{Place, Places};
use value::Strict;
use yaml::yaml_options;

/// Largest document or configuration that is read, in bytes.
pub const MAX_CONFIG_BYTES: usize = yaml::MAX_BYTES;

/// Parses one YAML or JSON document.
///
/// # Errors
/// [`Error::Source`] with line and column, or [`Error::TooLarge`].
pub fn parse_source(text: &str) -> Result<Value, Error> {
    within_limit(text.len())?;
    let text = without_byte_order_mark(text);
    if !text.trim_start().starts_with(['{', '[']) {
        return parse_yaml(text);
    }
    // Flow-style YAML begins like JSON; if it parses as neither, it was most likely meant as JSON.
    parse_json(text.as_bytes()).or_else(|error| parse_yaml(text).map_err(|_| error))
}

/// Parses all documents of a YAML file, or the one of a JSON file. Empty documents count for nothing.
///
/// # Errors
/// [`Error::Source`] with line and column, or [`Error::TooLarge`].
pub fn parse_documents(text: &str) -> Result<Vec<Value>, Error> {
    let error = match parse_source(text) {
        Ok(document) => return Ok(vec![document]),
        Err(error) => error,
    };
    let text = without_byte_order_mark(text);
    if text.len() > MAX_CONFIG_BYTES || text.trim_start().starts_with(['{', '[']) {
        return Err(error);
    }
    let several: Vec<Strict> =
        serde_saphyr::from_multiple_with_options(text, yaml_options()).map_err(yaml_error)?;
    if several.len() < 2 {
        return Err(error);
    }
    Ok(several.into_iter().map(|strict| strict.0).collect())
}

/// Parses a configuration blob: JSON only.
///
/// # Errors
/// [`Error::Source`] with line and column, or [`Error::TooLarge`].
pub fn parse_blob(blob: &[u8]) -> Result<Value, Error> {
    within_limit(blob.len())?;
    parse_json(blob)
}

/// The configuration blob of a document: JSON with sorted keys and without white space.
/// The same document written as YAML and as JSON gives the same bytes.
#[must_use]
pub fn canonical_blob(config: &Value) -> Vec<u8> {
    let mut blob = Vec::new();
    value::write_canonical(config, &mut blob);
    blob
}

fn within_limit(bytes: usize) -> Result<(), Error> {
    if bytes > MAX_CONFIG_BYTES {
        let limit = MAX_CONFIG_BYTES;
        return Err(Error::TooLarge { bytes, limit });
    }
    Ok(())
}

fn parse_json(bytes: &[u8]) -> Result<Value, Error> {
    let strict: Strict = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!(" at line {} column {}", error.line(), error.column());
        Error::Source {
            line: error.line() as u64,
            column: error.column() as u64,
            reason: error.to_string().replace(&place, ""),
        }
    })?;
    Ok(strict.0)
}

fn parse_yaml(text: &str) -> Result<Value, Error> {
    let strict: Strict =
        serde_saphyr::from_str_with_options(text, yaml_options()).map_err(yaml_error)?;
    Ok(strict.0)
}

fn yaml_error(error: serde_saphyr::Error) -> Error {
    let (line, column) = error
        .location()
        .map_or((0, 0), |place| (place.line(), place.column()));
    Error::Source {
        line,
        column,
        reason: yaml_reason(error.without_snippet(), line, column),
    }
}

/// The parser's message, replaced by our own where it mentions the parser's options.
fn yaml_reason(error: &serde_saphyr::Error, line: u64, column: u64) -> String {
    use serde_saphyr::Error as Yaml;
    match error {
        Yaml::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or_default();
            format!("repeated key '{}'", Printable::excerpt(key))
        }
        Yaml::MultipleDocuments { .. } => "a second document begins: one a file".to_owned(),
        Yaml::MergeKeyNotAllowed { .. } => {
            "merge keys ('<<') are not read: write the members out".to_owned()
        }
        Yaml::NonFiniteFloat { .. } => {
            "JSON has no such number: quote it to make it text".to_owned()
        }
        other => {
            let text = other.to_string();
            let place = format!(" at line {line}, column {column}");
            let text = text.lines().next().unwrap_or_default();
            text.strip_suffix(&place).unwrap_or(text).to_owned()
        }
    }
}
