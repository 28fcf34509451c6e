//! What a machine is told that goes on from where another one was at rest.

use serde::{Deserialize, Serialize};

use crate::Trust;

/// The identity of a machine that began as a copy of another one's memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResumeConfig {
    /// Host name of the machine.
    pub hostname: String,
    /// Time for the guest's clock, in nanoseconds since 1970.
    pub clock_nanos: u64,
    /// Random bytes (hex) with which the guest's generator begins anew.
    pub entropy: String,
    /// Content of `/etc/machine-id`: 32 hexadecimal digits.
    pub machine_id: String,
    /// What it trusts beside what its image does, instead of what the other one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
}
