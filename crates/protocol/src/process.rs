//! A command to run in the guest.

use serde::{Deserialize, Serialize};

use crate::terminal::TerminalSize;

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
    /// The size of the command's terminal. Without one it has pipes, and standard error is a stream
    /// of its own; with one, everything that it writes is standard output, and the end of standard
    /// input means nothing: a user types Ctrl-D.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalSize>,
    /// The capabilities that the command and its children can ever have: bit *n* stands for the one
    /// of number *n* (capabilities(7)). Without a number, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<u64>,
}
