//! The error type of this crate.

use std::io;
use std::path::PathBuf;

use crate::elf::ElfFault;

/// Why a guest image cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the host cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file is no program or library of this architecture.
    #[error("{} is no {architecture} program", path.display())]
    Program {
        /// The file.
        path: PathBuf,
        /// The architecture of the image.
        architecture: String,
        /// What is wrong with it.
        source: ElfFault,
    },
    /// A program needs a library that is not there.
    #[error("{} needs {library}, which is in none of {searched}", path.display())]
    NoLibrary {
        /// The program or library that needs it.
        path: PathBuf,
        /// The name that it needs.
        library: String,
        /// The folders that were searched.
        searched: String,
    },
    /// A program needs more libraries than any real one.
    #[error("{} needs more than {limit} libraries", path.display())]
    ManyLibraries {
        /// The program.
        path: PathBuf,
        /// The largest number.
        limit: usize,
    },
    /// A file is no busybox with the applets that an image needs.
    #[error("{} is no busybox that can be used: {reason}", path.display())]
    Busybox {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// A further file has a place that the image itself uses, or that is no absolute path.
    #[error("no file can be added as '{target}': {reason}")]
    Place {
        /// The path in the image.
        target: String,
        /// The reason.
        reason: &'static str,
    },
    /// The disk cannot be written or read.
    #[error("the disk of the guest image failed")]
    Disk {
        /// The error of the disk.
        source: lazaret_rootfs::Error,
    },
}

impl Error {
    pub(crate) fn disk(source: lazaret_rootfs::Error) -> Self {
        Self::Disk { source }
    }
}
