//! The hypervisors that execute machines, and what each of them cannot do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A hypervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Substrate {
    /// QEMU, with or without KVM.
    #[default]
    Qemu,
    /// Firecracker, with KVM.
    Firecracker,
    /// Cloud Hypervisor, with KVM.
    CloudHypervisor,
}

/// Something that not every hypervisor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Executing a guest without `/dev/kvm`.
    Emulation,
    /// Booting a bzImage.
    BzImage,
    /// A disk of several files.
    DiskParts,
    /// A kernel, an initramfs or a disk that is a part of a file.
    FileRanges,
    /// A network device whose frames go over a socket.
    Network,
    /// Folders of the host.
    Folders,
    /// Beginning from a template.
    Templates,
    /// Saving a machine, and going on where one was.
    Checkpoints,
    /// Stopping the processors for a while.
    Pausing,
    /// As many processors.
    Processors {
        /// The most that it has.
        limit: u32,
    },
}

impl fmt::Display for Feature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Emulation => "emulation: it runs with KVM only",
            Self::BzImage => "a kernel that is a bzImage: it boots an ELF vmlinux",
            Self::DiskParts => "disks of several files",
            Self::FileRanges => "machines out of a pack: it takes whole files",
            Self::Network => "networks of machines, nor published ports",
            Self::Folders => "folders of the host in machines",
            Self::Templates => "templates",
            Self::Checkpoints => "checkpoints and forks",
            Self::Pausing => "pausing machines",
            Self::Processors { limit } => {
                return write!(formatter, "more than {limit} processors");
            }
        })
    }
}

/// A hypervisor cannot do what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{substrate} does not support {feature}")]
pub struct Unsupported {
    /// The hypervisor.
    pub substrate: Substrate,
    /// What is asked for.
    pub feature: Feature,
}

/// No hypervisor has this name.
#[derive(Debug, Error)]
#[error("expected one of qemu, firecracker, cloud-hypervisor")]
pub struct UnknownSubstrate;

impl FromStr for Substrate {
    type Err = UnknownSubstrate;

    fn from_str(text: &str) -> Result<Self, UnknownSubstrate> {
        let mut all = Self::ALL.into_iter();
        all.find(|known| known.name() == text)
            .ok_or(UnknownSubstrate)
    }
}

/// As people call it.
impl fmt::Display for Substrate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Qemu => "QEMU",
            Self::Firecracker => "Firecracker",
            Self::CloudHypervisor => "Cloud Hypervisor",
        })
    }
}

impl Substrate {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Qemu, Self::Firecracker, Self::CloudHypervisor];

    /// The name in commands and files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Qemu => "qemu",
            Self::Firecracker => "firecracker",
            Self::CloudHypervisor => "cloud-hypervisor",
        }
    }

    /// The file name of its program.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Qemu => "qemu-system-x86_64",
            Self::Firecracker | Self::CloudHypervisor => self.name(),
        }
    }

    /// Refuses a feature that it does not have.
    ///
    /// # Errors
    /// [`Unsupported`].
    pub fn require(self, feature: Feature) -> Result<(), Unsupported> {
        match (self, feature) {
            (Self::Qemu, _) | (Self::CloudHypervisor, Feature::BzImage) => Ok(()),
            _ => Err(Unsupported {
                substrate: self,
                feature,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
