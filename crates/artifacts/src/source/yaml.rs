//! The options of the YAML parser.

use super::value::MAX_VALUES;

/// Largest document that is read, in bytes.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What is accepted and how much of it.
pub(super) fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::Reject,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: 100,
            // A member is two nodes, and the document one.
            max_nodes: 2 * MAX_VALUES + 1,
            max_total_scalar_bytes: MAX_BYTES,
        },
    }
}
