//! Notices for the user about a run, none of which stops it.

use std::fmt;

use lazaret_artifacts::{PolicyFile, Port, RunSpec, Volume, Warning};
use lazaret_vm::Accelerator;
use lazaret_vm::probe::Verdict;

use crate::Home;
use crate::bounded::read_bounded;
use crate::integrations::CredentialNotice;
use crate::kernel::FetchedKernel;

/// Longest note of what a user was told, in bytes.
const LONGEST_NEWS: usize = 4096;

/// Something that the user should know, but that does not stop a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Notice {
    /// The artifacts ask for something that the run does not give them.
    Artifact(Warning),
    /// A credential that the run may want is missing.
    Credential(CredentialNotice),
    /// The policy grants network access, but there is no network.
    NoNetwork,
    /// Rules of the policy are delivered to the agent, and nothing enforces them.
    PolicyNotEnforced {
        /// Their member of the policy.
        member: &'static str,
    },
    /// A port is not published.
    PortUnpublished(Port),
    /// A folder of the host that an artifact names is not attached.
    VolumeUnattached(Volume),
    /// The accelerator, which the user has not been told of.
    Accelerator(Verdict),
    /// No kernel was imported, and one was fetched.
    KernelFetched(FetchedKernel),
}

impl Notice {
    /// Whether the run differs from what was asked for.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        !matches!(self, Self::Accelerator(_) | Self::KernelFetched(_))
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Artifact(warning) => warning.fmt(formatter),
            Self::Credential(notice) => notice.fmt(formatter),
            Self::NoNetwork => formatter.write_str(
                "the policy grants network access, but the machine has no network (--network none)",
            ),
            Self::PolicyNotEnforced { member } => write!(
                formatter,
                "the policy's '{member}' is delivered to the agent, but nothing enforces it yet"
            ),
            Self::PortUnpublished(port) => write!(
                formatter,
                "port {port} is not published: the machine has no network (--network none)"
            ),
            Self::VolumeUnattached(volume) => write!(
                formatter,
                "volume {volume} is not attached: what is written to '{}' ends with the machine",
                volume.path
            ),
            Self::KernelFetched(kernel) => write!(
                formatter,
                "machines have the kernel '{}' from now on ({})",
                kernel.name, kernel.origin
            ),
            Self::Accelerator(verdict) => match verdict.accelerator {
                Accelerator::Kvm => {
                    write!(formatter, "machines run under KVM ({})", verdict.reason)
                }
                Accelerator::Tcg => write!(
                    formatter,
                    "machines are emulated (TCG), which is slow and no wall against a hostile \
                     guest (QEMU is jailed for that): {}",
                    verdict.reason
                ),
            },
        }
    }
}

impl Home {
    /// Whether the user has not been told of this accelerator and its reason. A home is told once.
    pub(super) fn is_news(&self, verdict: &Verdict) -> bool {
        let path = self.settings.data.join("accelerator-told");
        let news = format!("{}: {}\n", verdict.accelerator, verdict.reason);
        let told = read_bounded(&path, LONGEST_NEWS);
        if told.is_ok_and(|told| told == news.as_bytes()) {
            return false;
        }
        // Where nothing can be written, it is told again.
        if let Err(error) = std::fs::write(&path, news) {
            tracing::debug!(%error, "not remembered");
        }
        true
    }
}

/// Collects everything that a run asks for and does not get, and the accelerator if that is news.
pub(super) fn collect(
    spec: &RunSpec,
    has_network: bool,
    accelerator: Option<&Verdict>,
) -> Vec<Notice> {
    let mut notices: Vec<Notice> = spec
        .warnings
        .iter()
        .cloned()
        .map(Notice::Artifact)
        .collect();
    let policy_asks = spec.policy.as_ref().is_some_and(PolicyFile::opens);
    notices.extend((policy_asks && !has_network).then_some(Notice::NoNetwork));
    if let Some(policy) = &spec.policy {
        let kinds = ["filesystem", "process"].into_iter();
        let asked = kinds.filter(|member| policy.has(member));
        notices.extend(asked.map(|member| Notice::PolicyNotEnforced { member }));
    }
    if !has_network {
        notices.extend(spec.ports.iter().cloned().map(Notice::PortUnpublished));
    }
    let folders = spec.volumes.iter().filter(|volume| volume.is_host_path());
    notices.extend(folders.cloned().map(Notice::VolumeUnattached));
    notices.extend(accelerator.cloned().map(Notice::Accelerator));
    notices
}
