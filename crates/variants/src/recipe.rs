//! What artifacts are built from. Port has prose and a fixed bucket instead; these tables are ours.

use std::path::PathBuf;

use lazaret_oci::Digest;
use lazaret_values::{Period, Size};

use crate::{Architecture, ProtectionMode, Selector, Substrate};

/// What an artifact is built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipe {
    /// The sources of a kernel; the first that fits the variant counts.
    Kernel(Vec<KernelSource>),
    /// The parts of a guest image.
    GuestImage(GuestRecipe),
}

/// Where the kernel of some variants comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelSource {
    /// Only for this architecture; `native` is resolved when it is compared.
    pub architecture: Option<Architecture>,
    /// Only for this substrate.
    pub substrate: Option<Substrate>,
    /// Only for this mode. The protected mode is meant only where it is named.
    pub protection_mode: ProtectionMode,
    /// The source.
    pub origin: KernelOrigin,
}

/// A source of kernels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KernelOrigin {
    /// A file.
    File {
        /// The file, from the working directory.
        path: PathBuf,
    },
    /// A Debian package.
    Package {
        /// Its name.
        name: String,
        /// Its version; without one, that which the package tool offers.
        version: Option<String>,
    },
    /// A file on the net.
    Url {
        /// The URL, `http` or `https`.
        url: String,
        /// Its SHA-256.
        sha256: Digest,
    },
    /// A program that makes the file.
    Command {
        /// Program and arguments, at least one; no shell.
        argv: Vec<String>,
        /// The file that it makes, from the working directory.
        output: PathBuf,
        /// Its time limit.
        timeout: Option<Period>,
    },
    /// An output of a flake.
    Flake {
        /// The flake and its output, `PATH#NAME`.
        reference: String,
        /// The kernel in the output.
        output: Option<PathBuf>,
    },
}

impl KernelSource {
    /// Whether the source is for this variant.
    #[must_use]
    pub fn fits(&self, selector: Selector) -> bool {
        let resolved = |architecture: Architecture| architecture.resolved().ok();
        let wanted = resolved(selector.architecture);
        self.architecture.is_none_or(|own| resolved(own) == wanted)
            && self.substrate.is_none_or(|own| own == selector.substrate)
            && self.protection_mode == selector.protection_mode
    }
}

impl Recipe {
    /// The source of a kernel's variant.
    #[must_use]
    pub fn kernel_source(&self, selector: Selector) -> Option<&KernelSource> {
        match self {
            Self::Kernel(sources) => sources.iter().find(|source| source.fits(selector)),
            Self::GuestImage(_) => None,
        }
    }

    /// The parts of a guest image; `None` for kernels.
    #[must_use]
    pub fn guest(&self) -> Option<&GuestRecipe> {
        match self {
            Self::Kernel(_) => None,
            Self::GuestImage(recipe) => Some(recipe),
        }
    }
}

/// The parts of a guest image. What is missing is the builder's choice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GuestRecipe {
    /// BusyBox.
    pub busybox: Option<PathBuf>,
    /// The agent.
    pub agent: Option<PathBuf>,
    /// Size of the disk in bytes.
    pub size: Option<Size>,
    /// Further files.
    pub files: Vec<ExtraFile>,
    /// Whether an initial RAM disk is made beside the disk.
    pub initrd: Option<bool>,
    /// The kernel whose modules the initial RAM disk has: a name of the document or of the user's
    /// kernels.
    pub kernel: Option<String>,
    /// The folder with the modules of the initial RAM disk, instead of the kernel's.
    pub modules: Option<PathBuf>,
}

/// A file that a guest image has beside the usual ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraFile {
    /// The file on this computer, from the working directory.
    pub from: PathBuf,
    /// Its path in the guest, absolute and without `.` and `..`.
    pub to: String,
    /// Its permissions; without them, those of the file.
    pub mode: Option<u32>,
}
