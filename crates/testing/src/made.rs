//! What the scripts of the repository install and make.

use std::path::{Path, PathBuf};

/// Folder below `target`, as in `tools`.
#[must_use]
pub fn made(folder: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    root.join(folder)
}
