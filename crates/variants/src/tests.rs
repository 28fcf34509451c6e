//! Tests of documents and of the values around them.

mod documents;
mod faults;
mod properties;
mod values;

/// The sample of `docs/guide/variants.md`, with every table.
pub(crate) const SAMPLE: &str = include_str!("tests/sample.toml");
