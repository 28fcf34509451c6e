//! Why an artifact cannot be built, is not sound, or cannot be used.

use std::path::PathBuf;

use thiserror::Error;

/// The reason.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The document has no such artifact or variant.
    #[error(transparent)]
    Variant(#[from] lazaret_variants::Error),
    /// No kernel of this kind exists.
    #[error(
        "{selector} is research only: no host kit and no kernel exist for protected machines on aarch64"
    )]
    ResearchOnly {
        /// The variant.
        selector: String,
    },
    /// The variant is for another architecture than this host's.
    #[error("{selector} is built on {wanted} hosts only, and this one is {native}")]
    Foreign {
        /// The variant.
        selector: String,
        /// Its architecture.
        wanted: String,
        /// This host's.
        native: &'static str,
    },
    /// No hypervisor protects machines in this way.
    #[error("{selector} cannot be built: protected machines are those of Firecracker on x86_64")]
    Unprotected {
        /// The variant.
        selector: String,
    },
    /// The document does not say what the variant is built from.
    #[error("{kind} '{name}' has no source for {selector}")]
    NoSource {
        /// `kernel` or `guest-image`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The variant.
        selector: String,
    },
    /// A program that a source needs is not installed.
    #[error("there is no program '{program}' here")]
    NoProgram {
        /// Its name.
        program: String,
    },
    /// A program failed.
    #[error("'{program}' failed: {reason}")]
    Program {
        /// Its name.
        program: String,
        /// How it ended.
        reason: String,
    },
    /// A program ended well and left nothing where its file should be.
    #[error("'{program}' made no file {}", output.display())]
    NoOutput {
        /// Its name.
        program: String,
        /// The file.
        output: PathBuf,
    },
    /// A package could not be fetched.
    #[error("package '{name}' cannot be fetched: {reason}")]
    Package {
        /// Its name.
        name: String,
        /// What the package tool said.
        reason: String,
    },
    /// A file is larger than any kernel.
    #[error("'{url}' has {bytes} bytes, and a kernel has at most {limit}")]
    TooLarge {
        /// Where it is.
        url: String,
        /// Its size.
        bytes: u64,
        /// The largest size.
        limit: u64,
    },
    /// A kernel that the hypervisor of its lane does not boot.
    #[error("the kernel of {origin} is not for {selector}: {reason}")]
    Kernel {
        /// Its source.
        origin: String,
        /// The variant.
        selector: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A guest image cannot be made of its parts.
    #[error(transparent)]
    GuestImage(#[from] lazaret_appliance::Error),
    /// A built artifact is not what it should be.
    #[error("{kind} '{name}' at {} is not sound:{}", path.display(), list(faults))]
    Unsound {
        /// `kernel` or `guest-image`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The file.
        path: PathBuf,
        /// All that is wrong with it.
        faults: Vec<String>,
    },
    /// The variant is neither built nor pulled.
    #[error("{kind} '{name}' ({selector}) is neither at {} nor at {}", path.display(), cache.display())]
    Absent {
        /// `kernel` or `guest-image`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The variant.
        selector: String,
        /// The place where it is built.
        path: PathBuf,
        /// The place of its copy.
        cache: PathBuf,
    },
    /// A request that a disk that boots by itself cannot serve.
    #[error("a guest image boots by itself, and has no {what}")]
    NotOfGuestImages {
        /// What was asked for.
        what: &'static str,
    },
    /// A machine of the document is for another host.
    #[error(
        "machine '{machine}' is for host '{host}', which is {how}; only local ones are started here"
    )]
    NotLocal {
        /// The machine.
        machine: String,
        /// Its host.
        host: String,
        /// How that one is reached.
        how: String,
    },
    /// A machine of the document has another architecture than this host.
    #[error("machine '{machine}' is for {wanted}, and this host is {native}")]
    ForeignMachine {
        /// The machine.
        machine: String,
        /// Its architecture.
        wanted: String,
        /// This host's.
        native: &'static str,
    },
    /// The document has no such machine.
    #[error("there is no machine '{name}' in the document")]
    NoMachine {
        /// The name.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
    /// A program of this substrate is needed, which cannot be started here.
    #[error("machines of {substrate} cannot be started here: there is no program for it")]
    NoSubstrate {
        /// The substrate.
        substrate: String,
    },
    /// A disk of a machine cannot be used.
    #[error("volume '{name}' of machine '{machine}' cannot be used: {reason}")]
    Volume {
        /// Its name.
        name: String,
        /// The machine.
        machine: String,
        /// The reason.
        reason: String,
    },
}

/// Formats faults, one per line.
fn list(faults: &[String]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect()
}
