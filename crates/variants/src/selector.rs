//! Which variant of an artifact.

use std::fmt;

use lazaret_oci::Platform;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::word::words;

words! {
    /// An architecture.
    Architecture, "architecture":
    /// That of the machine on which the command runs.
    Native = "native",
    /// 64-bit x86.
    X86_64 = "x86_64" | "x86-64",
    /// 64-bit Arm.
    Aarch64 = "aarch64",
}

words! {
    /// What runs the machine. The order is that of preference.
    Substrate, "substrate":
    /// Firecracker.
    Firecracker = "firecracker",
    /// QEMU, which Port does not know.
    Qemu = "qemu",
    /// Cloud Hypervisor.
    CloudHypervisor = "cloud-hypervisor",
    /// Apple's Virtualization framework.
    Avf = "avf",
}

words! {
    /// How the machine is protected.
    ProtectionMode, "protection mode":
    /// By the processor's virtualization.
    Standard = "standard",
    /// By pagetables of the host, without the processor's virtualization.
    Pvm = "pvm",
}

impl Architecture {
    /// That of this program; `None` when it has no variants.
    #[must_use]
    pub fn of_this_machine() -> Option<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Some(Self::X86_64),
            "aarch64" => Some(Self::Aarch64),
            _ => None,
        }
    }

    /// The architecture with `native` resolved.
    ///
    /// # Errors
    /// [`Error::NoNative`].
    pub fn resolved(self) -> Result<Self, Error> {
        match self {
            Self::Native => Self::of_this_machine().ok_or(Error::NoNative {
                architecture: std::env::consts::ARCH,
            }),
            concrete => Ok(concrete),
        }
    }

    /// The platform of an index, in Go's names; `None` for `native`, which names none.
    #[must_use]
    pub fn platform(self) -> Option<Platform> {
        let architecture = match self {
            Self::Native => return None,
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        };
        Some(Platform {
            os: "linux".to_owned(),
            architecture: architecture.to_owned(),
            variant: None,
        })
    }
}

/// Which variant: `architecture/substrate/protection mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Selector {
    /// The architecture.
    pub architecture: Architecture,
    /// What runs the machine.
    pub substrate: Substrate,
    /// How it is protected.
    pub protection_mode: ProtectionMode,
}

impl Default for Selector {
    fn default() -> Self {
        Self {
            architecture: Architecture::Native,
            substrate: Substrate::Firecracker,
            protection_mode: ProtectionMode::Standard,
        }
    }
}

impl Selector {
    /// The selector with `native` resolved.
    ///
    /// # Errors
    /// [`Error::NoNative`].
    pub fn resolved(self) -> Result<Self, Error> {
        let architecture = self.architecture.resolved()?;
        Ok(Self {
            architecture,
            ..self
        })
    }

    /// Whether machines of this kind can run at all: the protected mode is that of Firecracker on
    /// x86_64 alone.
    #[must_use]
    pub fn is_supported(self) -> bool {
        self.protection_mode == ProtectionMode::Standard
            || (self.substrate == Substrate::Firecracker
                && self.architecture != Architecture::Aarch64)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.architecture, self.substrate, self.protection_mode
        )
    }
}
