//! Validates configurations; `validate`, `push` and the registry share this check.

use serde_json::Value;

use crate::fault::{self, Fault};
use crate::{Family, Schema, rules, source};

/// All faults of a configuration, sorted by place; empty when it is valid.
///
/// At most [`crate::MAX_FAULTS`] are listed; if there are more, the last one says so.
#[must_use]
pub fn validate(family: Family, config: &Value) -> Vec<Fault> {
    let mut faults = Schema::of(family).raw_faults(config);
    rules::check(family, config, &mut faults);
    fault::sorted(faults)
}

/// Parses and validates a configuration blob as the registry received it.
///
/// # Errors
/// All faults. A blob that is not JSON has one fault, of keyword `json`.
pub fn validate_blob(family: Family, blob: &[u8]) -> Result<Value, Vec<Fault>> {
    let config = source::parse_blob(blob)
        .map_err(|error| vec![Fault::new("", "json", error.to_string())])?;
    let faults = validate(family, &config);
    if faults.is_empty() {
        Ok(config)
    } else {
        Err(faults)
    }
}
