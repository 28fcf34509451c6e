//! What a path names.

pub(crate) mod path;
