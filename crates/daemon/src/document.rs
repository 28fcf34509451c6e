//! The description of the API: OpenAPI 3.1, written by hand.

/// The text of `docs/reference/api.json`.
pub(crate) const TEXT: &str = include_str!("../../../docs/reference/api.json");
