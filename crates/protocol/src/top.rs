//! The processes of a machine, as a session lists them on its output: one line of JSON each.

use serde::{Deserialize, Serialize};

/// One process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessReport {
    /// Its id in the machine.
    pub pid: u32,
    /// The id of its parent; 0 for a process that the host has started.
    pub parent: u32,
    /// Its effective user.
    pub uid: u32,
    /// The name of that user in the machine, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// One letter, as `ps` shows it: `R`, `S`, `D`, `T`, `Z`, ...
    pub state: char,
    /// Device number of its terminal; 0 for none.
    pub terminal: u32,
    /// Milliseconds since it was started.
    pub age: u64,
    /// Milliseconds that processors have worked for it.
    pub worked: u64,
    /// Program and arguments, or the name of the program where there are none.
    pub command: String,
}
