//! The one error enum of this crate.

use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

/// What can go wrong with kernels, machines and the probe. Every message is a whole clause.
#[derive(Debug, Error)]
pub enum Error {
    /// A file operation failed.
    #[error("failed to {action} {}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An archive or compressed stream is damaged.
    #[error("failed to read {what} in {}", path.display())]
    Unpack {
        /// The part that is damaged.
        what: String,
        /// The file it is in.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Bytes that are not what their place says.
    #[error("{} is not a valid {expected}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: &'static str,
        /// Where it deviates.
        reason: String,
    },
    /// The package only depends on the package that holds the kernel.
    #[error("package {package} is a meta package without a kernel")]
    MetaPackage {
        /// `Package` of its control file.
        package: String,
        /// The kernel package it depends on, when it names one.
        depends: Option<String>,
    },
    /// The running host has no readable kernel image or modules.
    #[error("the running kernel {release} has no {}", missing.display())]
    HostKernelMissing {
        /// `uname -r`.
        release: String,
        /// The path looked for.
        missing: PathBuf,
    },
    /// The kernel can not drive a machine.
    #[error("kernel {release} lacks {}", missing.join(", "))]
    ModulesMissing {
        /// Release of the kernel.
        release: String,
        /// Modules that are neither built in nor loadable.
        missing: Vec<String>,
    },
    /// A kernel name that cannot be a folder name.
    #[error("`{name}` is not a kernel name")]
    KernelName {
        /// The name given.
        name: String,
    },
    /// No kernel of that name is stored.
    #[error("no kernel named `{name}`")]
    KernelNotFound {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The store is empty.
    #[error("no kernel is installed")]
    NoKernel,
    /// Another kernel has the name.
    #[error("there is another kernel called '{name}'")]
    KernelExists {
        /// The name.
        name: String,
    },
    /// A stored record is of another version or damaged.
    #[error("kernel record {} is not readable: {reason}", path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Machines run on x86-64 hosts only, for now.
    #[error("machines are not supported on {architecture} hosts")]
    UnsupportedHost {
        /// Architecture of this program.
        architecture: &'static str,
    },
    /// No QEMU in the search path.
    #[error("{program} was not found in PATH")]
    QemuNotFound {
        /// File name looked for.
        program: &'static str,
    },
    /// QEMU is there but does not run.
    #[error("{} does not run: {reason}", path.display())]
    QemuUnusable {
        /// The program.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
    /// More disks than the machine has slots.
    #[error("{disks} disks exceed the {limit} a machine can hold")]
    TooManyDisks {
        /// Disks in the plan.
        disks: usize,
        /// [`crate::MAX_DISKS`].
        limit: usize,
    },
    /// A value of the plan that no machine accepts.
    #[error("{field} `{value}` is not valid: {reason}")]
    Plan {
        /// Field of the plan.
        field: &'static str,
        /// Its value.
        value: String,
        /// The rule it breaks.
        reason: &'static str,
    },
    /// QEMU could not be started.
    #[error("failed to start {}", path.display())]
    Spawn {
        /// The program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The machine ended before the guest answered.
    #[error(
        "the machine ended ({status}) before the guest answered{}",
        details(stderr, console)
    )]
    MachineEnded {
        /// Exit status of QEMU.
        status: std::process::ExitStatus,
        /// End of what QEMU wrote to its standard error.
        stderr: String,
        /// Last lines of the guest's console.
        console: String,
    },
    /// The guest did not answer in time.
    #[error("the guest did not answer within {} s{}", limit.as_secs_f32(), details(stderr, console))]
    GuestSilent {
        /// How long it was given.
        limit: Duration,
        /// End of what QEMU wrote to its standard error.
        stderr: String,
        /// Last lines of the guest's console.
        console: String,
    },
    /// The guest's first frame is not a hello of this version.
    #[error("the guest does not match this program: {reason}")]
    GuestMismatch {
        /// What differs.
        reason: String,
    },
    /// The guest sent bytes that are no frame.
    #[error("failed to decode what the guest sent")]
    Protocol {
        /// Why.
        #[from]
        source: lazaret_protocol::Error,
    },
    /// The stream to the guest broke.
    #[error("failed to talk to the guest")]
    Channel {
        /// Why.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }

    pub(crate) fn unpack(
        what: impl Into<String>,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let (what, path) = (what.into(), path.into());
        move |source| Self::Unpack { what, path, source }
    }
}

fn details(stderr: &str, console: &str) -> String {
    let mut text = String::new();
    for (label, output) in [("QEMU said", stderr), ("the console ends with", console)] {
        let output = output.trim();
        if !output.is_empty() {
            text.push_str("; ");
            text.push_str(label);
            text.push_str(": ");
            text.push_str(output);
        }
    }
    text
}

impl From<lazaret_files::Error> for Error {
    fn from(error: lazaret_files::Error) -> Self {
        Self::io(error.action, error.path)(error.source)
    }
}

impl From<lazaret_files::Stopped> for Error {
    fn from(stopped: lazaret_files::Stopped) -> Self {
        Self::io("wait for", "a file")(io::Error::other(stopped))
    }
}
