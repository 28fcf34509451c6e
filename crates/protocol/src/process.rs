//! A command to run in the guest.

use serde::{Deserialize, Serialize};

/// The command and its surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Program and arguments; the program is looked up in the `PATH` of `env`.
    pub argv: Vec<String>,
    /// `NAME=value`, complete except for `HOME`, which defaults to the user's home.
    pub env: Vec<String>,
    /// `user`, `uid`, `user:group` or `uid:gid`, resolved in the image; empty means root.
    pub user: String,
    /// Working folder; made when missing. Empty means `/`.
    pub working_dir: String,
}
