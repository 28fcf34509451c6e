//! Names of the parts of a request, for errors.

use std::fmt;

/// A part of a request. The caller decides what users call it (a flag, a field).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// A variable of the workload's environment.
    Environment,
    /// The number of processors.
    Processors,
    /// The size of a disk.
    Size,
    /// The size of the disk that a machine writes to.
    DiskSize,
    /// The host name of a machine.
    HostName,
    /// The compression of a disk.
    Compression,
    /// The platform of an image.
    Platform,
    /// An addition to a disk.
    Injection,
    /// The family of an artifact.
    Family,
    /// The content of an artifact.
    Content,
    /// A change of an image's configuration.
    Instruction,
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Environment => "variable",
            Self::Processors => "number of processors",
            Self::Size => "size",
            Self::DiskSize => "size of the disk",
            Self::HostName => "host name",
            Self::Compression => "compression",
            Self::Platform => "platform",
            Self::Injection => "injection",
            Self::Family => "family",
            Self::Content => "content",
            Self::Instruction => "instruction",
        })
    }
}
