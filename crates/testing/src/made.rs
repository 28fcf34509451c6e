//! Finds files that the repository's scripts have installed or made.

use std::path::{Path, PathBuf};

/// The path of a folder below `target`, such as `tools`.
#[must_use]
pub fn made(folder: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    root.join(folder)
}
