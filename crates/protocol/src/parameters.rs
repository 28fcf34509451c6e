//! Words on the kernel's command line, by which a host tells the guest what its hypervisor lacks.
//!
//! QEMU has virtio-serial ports by name, disks with serials and ends when the guest restarts. Other
//! hypervisors lack some of these; there is no channel yet over which they could be asked.

/// Port of the host at which it waits for the control stream, in a machine without virtio-serial:
/// `lazaret.vsock=1024`.
pub const VSOCK_PARAMETER: &str = "lazaret.vsock";

/// The port that hosts use for it.
pub const CONTROL_VSOCK_PORT: u32 = 1024;

/// Serials of all disks in the order of their devices, where these have no serials of their own:
/// `lazaret.disks=root,scratch`.
pub const DISKS_PARAMETER: &str = "lazaret.disks";

/// How the machine ends, where a restart would begin it again: `lazaret.end=power-off`.
pub const END_PARAMETER: &str = "lazaret.end";

/// The value of [`END_PARAMETER`].
pub const POWER_OFF: &str = "power-off";
