//! Where secrets are, in a form that the process of a machine reads, too.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where secrets are kept, and how token endpoints are reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The file of secrets.
    pub file: PathBuf,
    /// The folders in which `secret-tool` is looked for (`PATH`).
    pub search_path: OsString,
    /// The address of the session's bus, over which the keyring answers; without it there is none.
    pub session_bus: Option<String>,
    /// PEM files with further certificate authorities.
    pub ca_files: Vec<PathBuf>,
}
