//! A machine as the configuration of a hypervisor describes it.

/// A machine.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Machine {
    pub(super) kernel: String,
    pub(super) initramfs: Option<String>,
    pub(super) command_line: String,
    pub(super) cpus: u64,
    pub(super) memory_mib: u64,
    pub(super) disks: Vec<Disk>,
    pub(super) guest_cid: u64,
    pub(super) vsock: String,
    /// The file for the output of its console.
    pub(super) console: String,
    /// Whether its devices are on PCI, and not mapped into memory.
    pub(super) has_pci: bool,
    /// Whether it ends when its guest restarts.
    pub(super) ends_with_restart: bool,
}

/// A disk of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Disk {
    pub(super) path: String,
    pub(super) read_only: bool,
    pub(super) serial: Option<String>,
}

/// Why a hypervisor does not start a machine: its exit status, and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) u8, pub(super) String);
