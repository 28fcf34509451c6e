//! Launch plans, machine drivers, kernels and the machine probe.
//!
//! The crate takes disks, a kernel and a plan; it never knows images or registries: `rootfs` makes
//! the disks, and `supervisor` puts the plan together. The other side of its channel is `guest`,
//! and `protocol` defines the frames between them.
//!
//! * [`kernel`]: kernels with the modules a guest needs, imported and kept in a [`kernel::Store`].
//! * [`LaunchPlan`]: one machine as a value; [`qemu::arguments`] turns it into a command line.
//! * [`Machine`]: a running QEMU that dies with this process, and its [`Channel`] to the guest,
//!   which many a [`Session`] shares.
//! * [`Template`]: a machine that has booted, from which others begin ([`Machine::restore`]). A running
//!   machine becomes one as well ([`Machine::capture`]), which is what checkpoints are made of.
//! * [`Substrate`]: the hypervisors; [`vmm`] drives those beside QEMU, Firecracker and Cloud Hypervisor.
//! * [`Jail`]: what confines them.
//! * [`probe`]: the accelerator that works on this host, found by one boot.

mod channel;
mod error;
mod jail;
pub mod kernel;
mod parts;
mod plan;
pub mod probe;
mod process;
pub mod qemu;
mod substrate;
mod template;
pub mod vmm;

pub use channel::{Channel, Control, Events, Input, Rest, Session};
pub use error::Error;
pub use jail::{Jail, JailMode, JailPart, MissingPart, control_groups, sweep_control_groups};
pub use parts::{DiskPart, join};
pub use plan::{
    Accelerator, BootRange, BootRanges, Disk, DiskFormat, DiskRange, FileIdentity, LaunchPlan,
    MAX_DISKS, NetworkDevice,
};
pub use process::Diagnostics;
pub use qemu::{Captured, Machine, Qemu, Streams};
pub use substrate::{Feature, Substrate, UnknownSubstrate, Unsupported};
pub use template::{Template, TemplateKey};
