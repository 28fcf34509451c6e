//! The HTTP registry and schema authority.
