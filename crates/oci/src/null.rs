//! Lists and maps as Go writes them.

use serde::Deserialize;

/// Takes `null` for an empty list or map: that is how Go writes one that was never made.
pub(crate) fn or_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
