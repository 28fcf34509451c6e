//! Launch plans, machine drivers, kernels and the machine probe.
//!
//! The crate knows disks, a kernel and a plan; it never knows where they came from.
//!
//! * [`kernel`]: kernels with the modules a guest needs, imported and kept in a [`kernel::Store`].
//! * [`LaunchPlan`]: one machine as a value; [`qemu::arguments`] turns it into a command line.
//! * [`Machine`]: a running QEMU that dies with this process, and its [`Channel`] to the guest,
//!   which many a [`Session`] shares.
//! * [`probe`]: which accelerator works on this host, found by booting once.

mod channel;
mod error;
pub mod kernel;
mod parts;
mod plan;
pub mod probe;
pub mod qemu;

pub use channel::{Channel, Control, Events, Input, Session};
pub use error::Error;
pub use parts::{DiskPart, join};
pub use plan::{Accelerator, Disk, DiskFormat, LaunchPlan, MAX_DISKS};
pub use qemu::{Diagnostics, Machine, Qemu};
