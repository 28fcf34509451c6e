//! Parses YAML or JSON documents, and makes the canonical configuration blob.
//!
//! YAML is read by the core schema of YAML 1.2: `no` and `on` are text, `010` is ten, and
//! flow style needs no quotes, so that `{"a": tru}` holds the text `tru`.
//! Everything is refused that JSON cannot represent, or that two parsers could read differently:
//! several documents, repeated keys, keys that are not text, tags, merge keys, NaN, and numbers
//! that fit neither a 64-bit integer nor a double. A version such as `1.10` is a number;
//! schemas require text there, so that it must be quoted.

mod value;

use serde_json::Value;

use crate::Error;
use lazaret_values::Printable;
use value::Strict;

/// Largest document or configuration that is read, in bytes.
pub const MAX_CONFIG_BYTES: usize = 4 * 1024 * 1024;

/// Parses one YAML or JSON document.
///
/// # Errors
/// [`Error::Source`] with line and column, or [`Error::TooLarge`].
pub fn parse_source(text: &str) -> Result<Value, Error> {
    within_limit(text.len())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !text.trim_start().starts_with(['{', '[']) {
        return parse_yaml(text);
    }
    // Flow-style YAML begins like JSON; if it parses as neither, it was most likely meant as JSON.
    parse_json(text.as_bytes()).or_else(|error| parse_yaml(text).map_err(|_| error))
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
    let options = serde_saphyr::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::Reject,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: 100,
            max_nodes: 1_000_000,
            max_total_scalar_bytes: MAX_CONFIG_BYTES,
        },
    };
    let strict: Strict = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let (line, column) = error
            .location()
            .map_or((0, 0), |place| (place.line(), place.column()));
        Error::Source {
            line,
            column,
            reason: yaml_reason(error.without_snippet(), line, column),
        }
    })?;
    Ok(strict.0)
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
