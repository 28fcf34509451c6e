//! The host's request that opens a session of a guest.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::opening;
use crate::{boot::BootConfig, copy::CopyRequest, process::Process, resume::ResumeConfig};

/// The task of a session with a guest: the payload of [`crate::Kind::Open`], as JSON. The
/// multiplexers do not know it; other peers may have requests of their own.
///
/// A guest that does not know a variant answers with [`crate::Failure`] on that session, and the
/// other sessions go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Set up the machine and run its workload. This is the first session of a control port, and
    /// the only one of its kind; the machine ends with it.
    Boot(Box<BootConfig>),
    /// Run one more command beside the others.
    Exec(Process),
    /// Copy files into or out of the machine.
    Copy(CopyRequest),
    /// List the processes on the output: a [`crate::ProcessReport`] each.
    Processes,
    /// Write everything to the scratch disk and hold all further writes to it back, until the input
    /// ends. A byte of output says that it stands still. The host sends a byte at least every
    /// [`FREEZE_SECONDS`]: otherwise the guest goes on by itself. Status 0 says that nothing was
    /// written in between.
    Freeze,
    /// Set the clock, which stood still with the machine: nanoseconds since 1970. The session ends at
    /// once, with status 0.
    Clock(u64),
    /// Stop all processes and send nothing more, so that the machine can be saved. The guest answers
    /// with [`crate::Kind::Started`] as its last frame; the host has sent nothing after the request.
    ///
    /// Then one of two hosts speaks: this one ends the input of the session, upon which the processes
    /// go on and the session ends with status 0; or the host of a copy of the machine greets
    /// ([`crate::Hello`]). For that one all sessions are gone, and numbers and windows begin anew; the
    /// commands of all sessions but the workload's are killed.
    Rest,
    /// Go on in a copy of a machine at rest, as a machine of its own. The session is the workload's;
    /// the workload keeps its streams.
    Resume(ResumeConfig),
}

/// Seconds for which a guest holds writes back without hearing from the host.
pub const FREEZE_SECONDS: u64 = 30;

impl Request {
    /// The request, encoded as the payload of a frame.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the JSON exceeds [`crate::MAX_PAYLOAD_BYTES`].
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        opening::encode(self)
    }
}
