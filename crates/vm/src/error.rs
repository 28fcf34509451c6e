//! The error type of this crate.

use std::{io, path::PathBuf, time::Duration};

use thiserror::Error;

use crate::MissingPart;
use crate::substrate::{Substrate, Unsupported};

/// A failure with kernels, machines or the probe. Every message is a whole clause.
#[derive(Debug, Error)]
pub enum Error {
    /// A file operation failed.
    #[error("failed to {action} {}", path.display())]
    Io {
        /// The attempted action, as a verb: `read`, `create`.
        action: &'static str,
        /// Path of the file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file that a machine begins from is another one than the one that was checked.
    #[error("{} has changed since it was checked", path.display())]
    FileChanged {
        /// The file.
        path: PathBuf,
    },
    /// An archive or compressed stream is damaged.
    #[error("failed to read {what} in {}", path.display())]
    Unpack {
        /// The damaged part.
        what: String,
        /// Path of the file with the part.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file does not have the expected format.
    #[error("{} is not a valid {expected}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The expected format.
        expected: &'static str,
        /// The deviation from it.
        reason: String,
    },
    /// The package only depends on the package that holds the kernel.
    #[error("package {package} is a meta package without a kernel")]
    MetaPackage {
        /// Name of the package, from `Package` of its control file.
        package: String,
        /// The kernel package on which it depends, if it names one.
        depends: Option<String>,
    },
    /// The running host has no readable kernel image or modules.
    #[error("the running kernel {release} has no {}", missing.display())]
    HostKernelMissing {
        /// `uname -r`.
        release: String,
        /// The missing path.
        missing: PathBuf,
    },
    /// The kernel cannot drive a machine.
    #[error("kernel {release} lacks {}", missing.join(", "))]
    ModulesMissing {
        /// Release of the kernel.
        release: String,
        /// Modules that are neither built in nor loadable.
        missing: Vec<String>,
    },
    /// The kernel name cannot be the name of a folder.
    #[error("`{name}` is not a kernel name")]
    KernelName {
        /// The name that was given.
        name: String,
    },
    /// The store has no kernel of this name.
    #[error("no kernel named `{name}`")]
    KernelNotFound {
        /// The name that was given.
        name: String,
        /// The names in the store.
        known: Vec<String>,
    },
    /// The store is empty.
    #[error("no kernel is installed")]
    NoKernel,
    /// Another kernel has this name.
    #[error("there is another kernel called '{name}'")]
    KernelExists {
        /// The name.
        name: String,
    },
    /// A stored record has another version or is damaged.
    #[error("kernel record {} is not readable: {reason}", path.display())]
    Record {
        /// Path of the record.
        path: PathBuf,
        /// The problem with it.
        reason: String,
    },
    /// The host has another architecture than x86-64, the only one that is supported.
    #[error("machines are not supported on {architecture} hosts")]
    UnsupportedHost {
        /// Architecture of this program.
        architecture: &'static str,
    },
    /// There is no QEMU in the search path.
    #[error("{program} was not found in PATH")]
    QemuNotFound {
        /// File name of QEMU.
        program: &'static str,
    },
    /// QEMU was found but does not run.
    #[error("{} does not run: {reason}", path.display())]
    QemuUnusable {
        /// Path of the program.
        path: PathBuf,
        /// Its error message.
        reason: String,
    },
    /// A hypervisor other than QEMU was not found.
    #[error("{substrate} was not found: there is no {} in PATH", substrate.program())]
    HypervisorNotFound {
        /// The hypervisor.
        substrate: Substrate,
    },
    /// A hypervisor other than QEMU was found but does not run.
    #[error("{substrate} at {} does not run: {reason}", path.display())]
    HypervisorUnusable {
        /// The hypervisor.
        substrate: Substrate,
        /// Path of the program.
        path: PathBuf,
        /// Its error message.
        reason: String,
    },
    /// The hypervisor runs with KVM only, which this host does not give.
    #[error("{substrate} needs KVM: failed to open /dev/kvm")]
    NoKvm {
        /// The hypervisor.
        substrate: Substrate,
        /// The reason.
        source: io::Error,
    },
    /// The hypervisor cannot do what is asked for.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The plan has more disks than the machine has slots.
    #[error("{disks} disks exceed the {limit} a machine can hold")]
    TooManyDisks {
        /// Number of disks in the plan.
        disks: usize,
        /// Largest number of disks, [`crate::MAX_DISKS`].
        limit: usize,
    },
    /// No machine accepts this value of the plan.
    #[error("{field} `{value}` is not valid: {reason}")]
    Plan {
        /// Name of the field.
        field: &'static str,
        /// Value of the field.
        value: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The hypervisor could not be started.
    #[error("failed to start {}", path.display())]
    Spawn {
        /// Path of the program.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A part of the jail is missing, and all were required.
    #[error("the hypervisor cannot be jailed: {}", missing_parts(missing))]
    Jail {
        /// The parts that are missing.
        missing: Vec<MissingPart>,
    },
    /// The machine ended before the guest answered.
    #[error(
        "the machine ended ({status}) before the guest answered{}",
        details(stderr, console)
    )]
    MachineEnded {
        /// Exit status of the hypervisor.
        status: std::process::ExitStatus,
        /// End of the hypervisor's standard error.
        stderr: String,
        /// Last lines of the guest's console.
        console: String,
    },
    /// The guest did not answer in time.
    #[error("the guest did not answer within {} s{}", limit.as_secs_f32(), details(stderr, console))]
    GuestSilent {
        /// Time limit for the answer.
        limit: Duration,
        /// End of the hypervisor's standard error.
        stderr: String,
        /// Last lines of the guest's console.
        console: String,
    },
    /// The guest's first frame is not a hello of this version.
    #[error("the guest does not match this program: {reason}")]
    GuestMismatch {
        /// The difference.
        reason: String,
    },
    /// The guest sent bytes that are not valid frames.
    #[error("failed to decode what the guest sent")]
    Protocol {
        /// The rule that they break.
        #[from]
        source: lazaret_protocol::Error,
    },
    /// QEMU's monitor refused a command or does not answer.
    #[error("QEMU did not execute `{command}`: {reason}")]
    Monitor {
        /// Name of the command in QMP.
        command: &'static str,
        /// QEMU's words, or what happened instead of an answer.
        reason: String,
    },
    /// A template is damaged, or of another machine than the one that is to be started from it.
    #[error("template {} cannot be used: {reason}", path.display())]
    Template {
        /// Folder of the template.
        path: PathBuf,
        /// The damage or the difference.
        reason: String,
    },
    /// The guest did not stop its processes, so that the machine cannot be saved.
    #[error("the guest did not come to rest: {reason}")]
    Restless {
        /// The guest's words, or what happened instead.
        reason: String,
    },
    /// The stream to the guest broke.
    #[error("failed to talk to the guest")]
    Channel {
        /// The reason.
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

fn missing_parts(missing: &[MissingPart]) -> String {
    let part = |missing: &MissingPart| format!("{} ({})", missing.part, missing.reason);
    missing.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn details(stderr: &str, console: &str) -> String {
    let mut text = String::new();
    for (label, output) in [
        ("the hypervisor said", stderr),
        ("the console ends with", console),
    ] {
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
