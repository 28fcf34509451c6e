//! Reads `null` as an empty list or map.

use serde::Deserialize;

/// Reads `null`, which Go writes for a list or map that was never made, as an empty one.
pub(crate) fn or_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
