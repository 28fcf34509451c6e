//! Hosts: computers on which machines run.

use crate::Architecture;
use crate::word::words;

words! {
    /// The operating system of a host.
    HostPlatform, "platform":
    /// Linux.
    Linux = "linux",
    /// macOS.
    Macos = "macos",
    /// Windows.
    Windows = "windows",
}

words! {
    /// Who gives a host.
    Provider, "provider":
    /// The user.
    Local = "local",
    /// Anybody.
    GenericLinux = "generic-linux",
    /// Amazon.
    Aws = "aws",
    /// Google.
    Gcp = "gcp",
    /// Microsoft.
    Azure = "azure",
}

words! {
    /// What is decided about the protected mode on a host.
    PvmDecision, "decision":
    /// It is to come, and the document says with which host kit.
    Planned = "planned",
    /// It is not to come.
    ResearchOnly = "research-only",
}

/// A host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name in the document.
    pub name: String,
    /// Its operating system.
    pub platform: HostPlatform,
    /// Who gives it.
    pub provider: Provider,
    /// How it is reached.
    pub connection: Connection,
    /// Whether Firecracker may be started there.
    pub local_launch: bool,
    /// Notes for people.
    pub notes: Vec<String>,
    /// What is decided about the protected mode.
    pub pvm_lanes: Vec<PvmLane>,
}

/// What is decided about the protected mode of one architecture on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PvmLane {
    /// The architecture.
    pub architecture: Architecture,
    /// The decision.
    pub decision: PvmDecision,
    /// Whether the document says with which kernel and hypervisor.
    pub has_host_kit: bool,
}

/// How a host is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// It is the computer on which the command runs.
    Local,
    /// Through a control plane.
    HostedControlPlane {
        /// Name of the control plane.
        control_plane: String,
    },
    /// Over SSH.
    Ssh {
        /// The other computer.
        destination: String,
        /// The user there.
        user: Option<String>,
        /// The port, by default 22.
        port: u16,
    },
}
