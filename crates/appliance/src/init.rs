//! The init program of guest images, and what it is known by.

/// The agent's path in a guest image.
pub const AGENT: &str = "/usr/bin/port-guest-agent";
/// The port on which the agent is told to listen when the kernel's command line names none.
pub const CONTROL_PORT: u32 = 7000;
/// The path of the init program.
pub(crate) const INIT: &str = "/init";
/// The path of busybox.
pub(crate) const BUSYBOX: &str = "/bin/busybox";
/// The file with the architecture.
pub(crate) const ARCHITECTURE: &str = "/etc/port-guest-architecture";
/// The file with the protection mode.
pub(crate) const PROTECTION: &str = "/etc/port-protection-mode";

/// The applets without which the init program does nothing.
pub(crate) const NEEDED_APPLETS: [&str; 3] = ["mount", "sh", "sleep"];

/// The init program.
pub(crate) const SCRIPT: &str = include_str!("init.sh");
