//! The result of a probe.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Accelerator;

/// The accelerator to use, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The accelerator.
    pub accelerator: Accelerator,
    /// The reason for choosing it.
    pub reason: Reason,
    /// Whether it was remembered from an earlier probe.
    pub cached: bool,
}

/// The reason for a choice. Displays as a clause: `kvm works`, `/dev/kvm is missing`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Reason {
    /// The caller chose the accelerator.
    Forced,
    /// A guest booted under KVM.
    KvmWorks,
    /// There is no `/dev/kvm`.
    NoDevice,
    /// This user may not open `/dev/kvm`.
    PermissionDenied,
    /// `/dev/kvm` cannot be opened for another reason.
    Unusable {
        /// The reason.
        detail: String,
    },
    /// The guest did not start in time.
    Hang {
        /// Time that it was given, in milliseconds.
        milliseconds: u64,
    },
    /// QEMU or the virtual processor failed.
    Failed {
        /// QEMU's error message.
        detail: String,
    },
}

impl Reason {
    pub(super) fn hang(after: Duration) -> Self {
        Self::Hang {
            milliseconds: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The accelerator that follows from this reason.
    pub(super) fn accelerator(&self) -> Accelerator {
        match self {
            Self::KvmWorks => Accelerator::Kvm,
            _ => Accelerator::Tcg,
        }
    }

    /// Whether the next boot would have the same result. A failure that does not mention KVM may be
    /// temporary, such as a lack of memory.
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
