//! The one check that `validate`, `push` and the registry share.

use serde_json::Value;

use crate::fault::{self, Fault};
use crate::{Family, Schema, rules, source};

/// Every fault of a configuration, sorted by place; empty when it is valid.
///
/// At most [`crate::MAX_FAULTS`] are listed, the last one then saying so.
#[must_use]
pub fn validate(family: Family, config: &Value) -> Vec<Fault> {
    let mut faults = Schema::of(family).raw_faults(config);
    rules::check(family, config, &mut faults);
    fault::sorted(faults)
}

/// Reads a configuration blob as the registry received it, and validates it.
///
/// # Errors
/// Every fault. A blob that is not JSON has one, of keyword `json`.
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
