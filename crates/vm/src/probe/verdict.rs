//! What a probe found.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Accelerator;

/// The accelerator to use, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The choice.
    pub accelerator: Accelerator,
    /// What led to it.
    pub reason: Reason,
    /// It was remembered from an earlier probe.
    pub cached: bool,
}

/// Why an accelerator was chosen. Displays as a clause: `kvm works`, `/dev/kvm is missing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Reason {
    /// The caller chose.
    Forced,
    /// A guest booted under KVM.
    KvmWorks,
    /// There is no `/dev/kvm`.
    NoDevice,
    /// `/dev/kvm` is not for this user.
    PermissionDenied,
    /// `/dev/kvm` does not open for another reason.
    Unusable {
        /// The reason.
        detail: String,
    },
    /// The guest did not come up.
    Hang {
        /// How long it was given.
        milliseconds: u64,
    },
    /// QEMU or the virtual processor failed.
    Failed {
        /// What QEMU said.
        detail: String,
    },
}

impl Reason {
    pub(super) fn hang(after: Duration) -> Self {
        Self::Hang {
            milliseconds: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// What follows from a probe that found this.
    pub(super) fn accelerator(&self) -> Accelerator {
        match self {
            Self::KvmWorks => Accelerator::Kvm,
            _ => Accelerator::Tcg,
        }
    }

    /// Whether the next boot would find the same. A failure that does not mention KVM may be
    /// a passing one, such as a lack of memory.
    pub(super) fn is_lasting(&self) -> bool {
        match self {
            Self::KvmWorks | Self::Hang { .. } => true,
            Self::Failed { detail } => detail.to_ascii_lowercase().contains("kvm"),
            _ => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forced => formatter.write_str("it was asked for"),
            Self::KvmWorks => formatter.write_str("kvm works"),
            Self::NoDevice => formatter.write_str("/dev/kvm is missing"),
            Self::PermissionDenied => formatter.write_str("/dev/kvm is not accessible"),
            Self::Unusable { detail } => formatter.write_str(detail),
            Self::Hang { milliseconds } => {
                write!(
                    formatter,
                    "a guest under kvm did not come up within {milliseconds} ms"
                )
            }
            Self::Failed { detail } => write!(formatter, "a guest under kvm failed: {detail}"),
        }
    }
}
