//! The language spoken between the host and the guest's PID 1.
//!
//! The two sides share one byte stream (a virtio-serial port). Each message is a [`Frame`]:
//! one byte of kind, four bytes of payload length (little-endian), the payload. The guest
//! opens with [`Kind::Hello`]; the host answers with [`Kind::Boot`]; after that the streams
//! of the workload flow until the guest reports [`Kind::Exit`] or [`Kind::Failure`].
//!
//! ```text
//! guest                       host
//!   | -- Hello{version} ------> |
//!   | <----- Boot{BootConfig} - |     mounts, hostname, user, environment
//!   | -- Started -------------> |
//!   | <-- Stdin* / StdinClosed  |     at most STDIN_WINDOW_BYTES ahead of StdinTaken
//!   | -- StdinTaken* ---------> |
//!   | -- Stdout* / Stderr* ---> |
//!   | <------------- Signal*    |
//!   | -- Exit | Failure ------> |
//!   | <-------------- hangs up  |     then the guest powers off
//! ```
//!
//! The host closes its side once it has read [`Kind::Exit`] or [`Kind::Failure`]: what is
//! still in the device when the guest powers off is lost, and only the host knows that
//! nothing is. A host that closes earlier ends the machine at once.

mod boot;
mod frame;
mod outcome;
#[cfg(test)]
mod tests;

pub use boot::{ArtifactMount, BootConfig, Process, Root, RootMode, Verity};
pub use frame::{Decoder, Error, Frame, HEADER_BYTES, Kind, MAX_PAYLOAD_BYTES, STDIN_WINDOW_BYTES};
pub use outcome::{Failure, FailureKind, Hello, Outcome};

/// Version of this protocol. The guest is embedded in the host binary, so both sides always
/// agree; the number guards against a stale initramfs.
pub const VERSION: u32 = 1;

/// Name of the virtio-serial port that carries the frames
/// (`/sys/class/virtio-ports/*/name` in the guest).
pub const CONTROL_PORT: &str = "org.lazaret.control.0";

/// Name of the port on which the agent of a machine with a disk of its own answers.
///
/// The same frames; the host sends [`Kind::Exec`] as often as it likes, one after the other's end.
pub const AGENT_PORT: &str = "org.lazaret.agent.0";
