//! The parts of a jail, and which of them hold.

use std::fmt;
use std::io;
use std::str::FromStr;

use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// Whether QEMU is jailed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JailMode {
    /// By every part that the host has.
    #[default]
    Auto,
    /// By all parts; without one of them QEMU is not started.
    Require,
    /// Not at all.
    Off,
}

impl JailMode {
    /// The name in commands and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Require => "require",
            Self::Off => "off",
        }
    }
}

impl FromStr for JailMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let modes = [Self::Auto, Self::Require, Self::Off];
        let known = modes.into_iter().find(|mode| mode.name() == text);
        known.ok_or_else(|| "expected auto, require or off".to_owned())
    }
}

/// A part of the jail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JailPart {
    /// A user id that owns nothing, or a user namespace in which the user's rights end.
    User,
    /// It sees and signals no other process.
    Processes,
    /// It sees only the files that it needs, and those read-only.
    Files,
    /// It has a network without interfaces.
    Network,
    /// It shares no semaphores, queues and shared memory.
    Ipc,
    /// It does not see the host's name.
    HostName,
    /// No capabilities, and none to gain.
    Privileges,
    /// The kernel refuses to open, execute or connect to anything but what is listed.
    Landlock,
    /// The kernel refuses the system calls that QEMU never makes.
    SystemCalls,
}

impl JailPart {
    /// All parts, in the order in which they are listed.
    pub const ALL: [Self; 9] = [
        Self::User,
        Self::Processes,
        Self::Files,
        Self::Network,
        Self::Ipc,
        Self::HostName,
        Self::Privileges,
        Self::Landlock,
        Self::SystemCalls,
    ];

    /// The name in commands and documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Processes => "processes",
            Self::Files => "files",
            Self::Network => "network",
            Self::Ipc => "ipc",
            Self::HostName => "host-name",
            Self::Privileges => "privileges",
            Self::Landlock => "landlock",
            Self::SystemCalls => "system-calls",
        }
    }

    /// What the part does, as a clause.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::User => "QEMU has a user that owns nothing, or none outside its namespace",
            Self::Processes => "it sees and signals no other process",
            Self::Files => "it sees its libraries and firmware, and can write nothing",
            Self::Network => "it has no network",
            Self::Ipc => "it shares no memory with other processes",
            Self::HostName => "it does not know the host's name",
            Self::Privileges => "it has no capabilities and gains none",
            Self::Landlock => "the kernel refuses files, programs and connections",
            Self::SystemCalls => "the kernel refuses the system calls that QEMU never makes",
        }
    }
}

impl fmt::Display for JailPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A part that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingPart {
    /// The part.
    pub part: JailPart,
    /// Why it does not hold.
    pub reason: String,
}

/// The jail of a process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Jail {
    /// What the user asked for.
    pub mode: JailMode,
    /// The parts that hold.
    pub holds: Vec<JailPart>,
    /// The others. Without a jail there are none.
    pub missing: Vec<MissingPart>,
}

/// What became of each part in the process itself, as error numbers; 0 is success. It is made without
/// allocation and sent as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outcome([i32; JailPart::ALL.len()]);

impl Outcome {
    /// Number of bytes on the wire.
    pub(crate) const BYTES: usize = 4 * JailPart::ALL.len();

    /// Notes a failure; the first one of a part counts.
    pub(crate) fn note(&mut self, part: JailPart, result: Result<(), Errno>) {
        if let Err(error) = result
            && let Some(place) = self.0.get_mut(part as usize)
            && *place == 0
        {
            *place = error.raw_os_error();
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.0.iter().all(|error| *error == 0)
    }

    pub(crate) fn encode(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        for (place, error) in bytes.chunks_exact_mut(4).zip(self.0) {
            place.copy_from_slice(&error.to_ne_bytes());
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; Self::BYTES]) -> Self {
        let mut outcome = Self::default();
        for (place, bytes) in outcome.0.iter_mut().zip(bytes.chunks_exact(4)) {
            *place = bytes.try_into().map_or(0, i32::from_ne_bytes);
        }
        outcome
    }

    /// The jail that this outcome and what was known before make.
    pub(crate) fn jail(self, mode: JailMode, known: &[MissingPart]) -> Jail {
        let mut jail = Jail {
            mode,
            ..Jail::default()
        };
        if mode == JailMode::Off {
            return jail;
        }
        for part in JailPart::ALL {
            let before = known.iter().find(|missing| missing.part == part);
            let error = self.0.get(part as usize).copied().unwrap_or(0);
            match (before, error) {
                (Some(missing), _) => jail.missing.push(missing.clone()),
                (None, 0) => jail.holds.push(part),
                (None, error) => jail.missing.push(MissingPart {
                    part,
                    reason: format!("refused: {}", io::Error::from_raw_os_error(error)),
                }),
            }
        }
        jail
    }
}
