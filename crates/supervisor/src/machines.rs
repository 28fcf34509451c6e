//! The machines of a user. Each has a folder, which stays until the machine is removed, and while it
//! runs a *holder*: a process that owns the lock of the folder, the emulator and the channel to the
//! guest, and answers clients on a socket.
//!
//! This module makes, finds, holds and removes machines from [`Design`]s. It never asks what a
//! workload is for, where disks come from (`prepare`), or who reads the workload's output.
//!
//! ```text
//! <data>/machines/<id>/       flock held while its holder lives
//!     machine.json            what it is, and what it starts from     `record`
//!     state.json              how it is: a state of `life`            `record`
//!     socket                  its holder answers here                 `socket`, `order`
//!     log/                    what its workload wrote                 `log`
//!     console.log             what the guest's kernel says
//!     hypervisor/             sockets and configuration of a hypervisor other than QEMU, while it runs
//!     holder.log              failures of the holder
//!     policy.json             the run's policy, unwrapped
//!     integrations.json       its services, with placeholders for their secrets
//!     scratch.ext4            where writes go, or
//!     root.ext4               the machine's own root disk
//!     root.part*, *.disk      further names of disks of the store
//!     root.vmdk               the parts of the image's disk
//! ```
//! The disks of volumes are outside of it (`volumes`); the holder has claims on them (`attached`).
//! Beside the folders, `events.jsonl` says what became of which machine.
//!
//! If the holder dies, its emulator does, too; the next command notes that the machine is lost.

mod agent;
mod attached;
mod audited;
mod begin;
mod client;

mod design;
mod disks;
mod driver;
mod emulator;
mod events;
mod folders;
mod guest;
mod holder;
mod life;
mod log;
mod log_lines;
mod machine;
mod moment;
mod mounts;
mod names;
mod naming;
mod network;
mod network_launch;
mod order;
mod process;
mod program;
mod question;
mod record;
mod replica;
pub(crate) mod saved;
mod session;
mod socket;
mod spawn;
mod store;
mod templates;
#[cfg(test)]
mod tests;
mod usage;

pub use agent::Agent;
pub(crate) use attached::claim_all;
pub use begin::{Begun, Boot, Origin};
pub use client::Holder;

pub(crate) use design::{Design, DiskContent, DiskDesign};
pub use events::{Action, MachineEvent, MachineEvents};
pub(crate) use folders::check_there as check_folders;
pub use holder::{OwnCommands, hold};
pub use life::{Ending, Life};
pub use log::{LogReader, LogRecord, LogStream};
pub use log_lines::{LogLines, LogPart};
pub(crate) use moment::stamp;
pub use mounts::Mount;
pub(crate) use names::is_name;
pub use naming::Naming;
pub(crate) use network_launch::NetworkLaunch;
pub use network_launch::{NetworkMode, PublishedPort};
pub(crate) use program::Program;
pub use question::{AnswerScope, Question};
pub(crate) use record::{DiskFiles, Launch, PackUse, StoredContent};
pub use record::{FolderUse, Options, Resources, Restart, Spec, State, VolumeUse};
pub(crate) use replica::Replica;
pub use session::{Control, Event, Events, Input, Session};
pub(crate) use spawn::spawn;
pub use store::Found;
pub(crate) use store::{Held, Machines, remove as remove_folder, remove_with_volumes};
pub use templates::keep;
pub(crate) use templates::list as templates;
pub use usage::MachineUsage;

/// Connects to the holder of the machine in a folder; `None` when there is none.
pub(crate) async fn connect(folder: &std::path::Path) -> Result<Option<Holder>, crate::Error> {
    Holder::connect(folder).await
}

/// What a machine takes of the host; `None` when it does not run.
pub(crate) fn usage_of(found: &Found) -> Option<MachineUsage> {
    usage::of(found.state.emulator?)
}

/// The log of the machine in a folder.
pub(crate) fn log_of(folder: &std::path::Path) -> LogReader {
    LogReader::new(folder)
}
