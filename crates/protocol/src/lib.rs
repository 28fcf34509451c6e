//! The protocol between host and guest, as values and a state machine.
//!
//! The two sides share one byte stream: a virtio-serial port, or a vsock connection that the guest makes. Each message is a [`Frame`] with a
//! header of [`HEADER_BYTES`]: kind, flags, session number, length. A session is one workload or
//! command with its streams, its signals and its ending; many share the stream ([`mux`]).
//!
//! ```text
//! guest                             host
//!   | -- Hello{version} ------------> |
//!   | <------------ Hello{version} -- |   each side refuses another version than its own
//!   | <------ Open(1, Boot{...}) ---- |   mounts, host name, the workload
//!   | -- Started(1) ----------------> |
//!   | <- Input, Output, Errors, ----> |   each stream within a window of WINDOW_BYTES,
//!   |    Credit, Signal, Resize       |   which the receiver moves with Credit
//!   | <------ Open(2, Exec{...}) ---- |   more commands, side by side
//!   | -- Exit(2) -------------------> |
//!   | -- Exit(1) | Failure(1) ------> |
//!   | <-------------------- hangs up  |   then the guest powers off
//! ```
//!
//! The host closes its side once it has read the ending of the workload: bytes that are still in
//! the device when the guest powers off are lost, and only the host knows that none are. If the
//! host closes earlier, the machine ends at once.
//!
//! A machine is saved while its guest is at rest, and copies of it have hosts of their own:
//!
//! ```text
//! guest                             host
//!   | <------------ Open(n, Rest) --- |   the host's last frame; no process runs
//!   | -- Started(n) ----------------> |   the guest's last frame: nothing is on its way
//!   |                     the machine is stopped and saved
//!   | <-------- Input(n, its end) --- |   the same host: everything goes on
//!   | -- Exit(n) -------------------> |
//!   |           or, in a copy
//!   | <------------ Hello{version} -- |   another host: no session is left
//!   | <---- Open(1, Resume{...}) ---- |   clock, entropy, names; the processes go on
//!   | -- Started(1) ----------------> |   the workload's session from now on
//! ```
//!
//! This crate does no I/O: [`Decoder`] and the multiplexers of [`mux`] take and return bytes. The
//! guest's I/O is in `crates/guest`, the host's in `crates/vm`.

mod boot;
mod copy;
mod decoder;
mod error;
mod folders;
mod frame;
mod hello;
mod kind;
pub mod mux;
mod opening;
mod outcome;
mod parameters;
mod process;
mod request;
mod resume;
mod stream;
mod terminal;
#[cfg(test)]
mod tests;
mod top;
mod version;

pub use boot::{
    AUTHORITY_FILE, ArtifactMount, BUNDLE_FILE, BootConfig, FolderMount, MACHINE_FILES,
    MemoryMount, Network, Root, RootMode, SYSTEM_FOLDERS, TRUST_FOLDER, Trust, Verity, VolumeMount,
};
pub use copy::{CopyFault, CopyReport, CopyRequest};
pub use decoder::Decoder;
pub use error::Error;
pub use folders::{
    FOLDER_DATA_BYTES, FOLDER_HEAD_BYTES, FOLDER_MESSAGE_BYTES, FOLDERS_PORT, FolderHead,
};
pub use frame::{Frame, HEADER_BYTES};
pub use hello::Hello;
pub use kind::{END, Kind, MAX_PAYLOAD_BYTES, PIECE_BYTES};
pub use outcome::{Ending, Failure, FailureKind, Outcome};
pub use parameters::{
    CONTROL_VSOCK_PORT, DISKS_PARAMETER, END_PARAMETER, POWER_OFF, VSOCK_PARAMETER,
};
pub use process::Process;
pub use request::{FREEZE_SECONDS, Request};
pub use resume::ResumeConfig;
pub use stream::{Stream, WINDOW_BYTES};
pub use terminal::TerminalSize;
pub use top::ProcessReport;
pub use version::VERSION;

/// Name of the virtio-serial port that carries the frames
/// (`/sys/class/virtio-ports/*/name` in the guest).
pub const CONTROL_PORT: &str = "org.lazaret.control.0";

/// Name of the port of the agent, which serves a machine that boots from its own disk.
///
/// It carries the same frames; its host opens [`Request::Exec`] sessions only.
pub const AGENT_PORT: &str = "org.lazaret.agent.0";
