//! The rights into which Linux divides root's power (capabilities(7)).

use crate::{Error, Printable};

/// The names, by the numbers of `linux/capability.h`.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// A set of capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities(u64);

impl Capabilities {
    /// All that there are.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);
    /// None.
    pub const NONE: Self = Self(0);

    /// The set that a name stands for: one, with or without `CAP_`, or `ALL`, in capitals or small
    /// letters, as container tools have it.
    ///
    /// # Errors
    /// [`Error::Capability`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let name = text.to_ascii_uppercase();
        if name == "ALL" {
            return Ok(Self::ALL);
        }
        let name = name.strip_prefix("CAP_").unwrap_or(&name);
        match NAMES.iter().position(|known| *known == name) {
            Some(number) => Ok(Self(1 << number)),
            None => Err(Error::Capability {
                text: Printable::excerpt(text),
            }),
        }
    }

    /// The set with bit *n* for the capability of number *n*.
    #[must_use]
    pub const fn of_bits(bits: u64) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// Bit *n* for the capability of number *n*.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// What is in either.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// This set with some more and some less, as container tools do it: `ALL` among those to add
    /// leaves all but those to drop, `ALL` among those to drop leaves those to add, and otherwise what
    /// is in both is added.
    #[must_use]
    pub fn changed(self, add: &[Self], drop: &[Self]) -> Self {
        let join = |sets: &[Self]| sets.iter().fold(Self::NONE, |all, set| all.with(*set));
        if add.contains(&Self::ALL) {
            return Self::ALL.without(join(drop));
        }
        self.without(join(drop)).with(join(add))
    }

    /// The names, with `CAP_`, by number.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        let is_in = |number: &usize| self.0 & (1 << number) != 0;
        let numbers = (0..NAMES.len()).filter(is_in);
        numbers
            .filter_map(|number| Some(format!("CAP_{}", NAMES.get(number)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests;
