//! What a check of the host finds.

use std::fmt;

use lazaret_vm::{JailPart, Substrate, probe};
use serde::{Serialize, Serializer};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Machines run without it, but less well or less safely.
    Warning,
    /// It is not there.
    Missing,
}

/// Something that machines use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The emulator. Without it nothing runs.
    Qemu,
    /// The kernel of the guests. Without one nothing runs.
    Kernel,
    /// What executes the guests, with `/dev/kvm`.
    Accelerator,
    /// A part of the jail around QEMU.
    Jail(JailPart),
    /// Namespaces that users make without root.
    UserNamespaces,
    /// Limits of a machine's memory and threads.
    ControlGroups,
    /// Templates, from which machines start faster.
    Templates,
    /// The program that serves folders of the host.
    Virtiofs,
    /// A hypervisor beside QEMU.
    Hypervisor(Substrate),
    /// Room on the disk.
    DiskSpace,
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Jail(part) => return write!(formatter, "jail: {part}"),
            Self::Hypervisor(substrate) => substrate.name(),
            Self::Qemu => "qemu",
            Self::Kernel => "kernel",
            Self::Accelerator => "accelerator",
            Self::UserNamespaces => "user namespaces",
            Self::ControlGroups => "control groups",
            Self::Templates => "templates",
            Self::Virtiofs => "virtiofs",
            Self::DiskSpace => "disk space",
        };
        formatter.write_str(name)
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing, as it was found.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The thing.
    pub subject: Subject,
    /// How it is.
    pub status: Status,
    /// What was found, in words.
    pub found: String,
    /// Why the accelerator was chosen.
    #[serde(skip)]
    pub reason: Option<probe::Reason>,
}

/// Everything that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Whether machines can run at all.
    pub runs: bool,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Check {
    pub(super) fn add(&mut self, subject: Subject, status: Status, found: impl Into<String>) {
        self.findings.push(Finding {
            subject,
            status,
            found: found.into(),
            reason: None,
        });
    }
}
