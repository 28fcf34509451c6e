//! Numbers of bytes: one notation for settings and flags.

use std::fmt;
use std::str::FromStr;

use crate::{Decimal, Error, Printable};

/// A number of bytes.
///
/// Its text is a number, optionally with decimal places, and a unit, optionally after spaces:
/// `512`, `512B`, `1.5GiB`, `4Mi`, `512 MB`. Parts of a byte round up.
///
/// | unit | bytes |
/// |---|---|
/// | `B` | 1 |
/// | `Ki`, `KiB`, `Mi`, `MiB`, `Gi`, `GiB`, `Ti`, `TiB` | powers of 1024 |
/// | `K`, `KB`, `kB`, `M`, `MB`, `G`, `GB`, `T`, `TB` | powers of 1000 |
/// | none | 1 where settings name bytes, 1 MiB for memory and disks |
///
/// `k`, `m`, `g` and `t` are refused: `m` is a power of 1024 for Docker and a thousandth for
/// Kubernetes.
///
/// A size is written in the largest binary unit that leaves a whole number: `1536MiB`, `1000B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

/// The binary units with their sizes in bytes, the largest first.
const BINARY: [(&str, u64); 4] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];

impl Size {
    /// 1024 × 1024 bytes.
    pub const MIB: Self = Self(1 << 20);

    /// A size of so many MiB; the largest size when that is too large.
    #[must_use]
    pub const fn mebibytes(count: u64) -> Self {
        Self(count.saturating_mul(Self::MIB.0))
    }

    /// Number of MiB, rounded up.
    #[must_use]
    pub const fn in_mebibytes(self) -> u64 {
        self.0.div_ceil(Self::MIB.0)
    }

    /// Parses a size. A number without a unit counts in `unit`.
    ///
    /// # Errors
    /// [`Error::Size`], [`Error::SizeUnit`], [`Error::SizeTooLarge`].
    pub fn parse_counting(text: &str, unit: Self) -> Result<Self, Error> {
        let at = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, name) = text.split_at(at);
        let text = || Printable::excerpt(text);
        let number = Decimal::parse(number).ok_or_else(|| Error::Size { text: text() })?;
        let factor = match name.trim_start() {
            "" => unit.0,
            "k" | "m" | "g" | "t" => return Err(Error::SizeUnit { text: text() }),
            name => factor(name).ok_or_else(|| Error::Size { text: text() })?,
        };
        number
            .times(u128::from(factor))
            .and_then(|bytes| u64::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| Error::SizeTooLarge { text: text() })
    }
}

/// Size of a unit, in bytes.
fn factor(name: &str) -> Option<u64> {
    let (power, rest) = match name.as_bytes() {
        b"B" => return Some(1),
        b"kB" => return Some(1000),
        [b'K', ..] => (1, &name[1..]),
        [b'M', ..] => (2, &name[1..]),
        [b'G', ..] => (3, &name[1..]),
        [b'T', ..] => (4, &name[1..]),
        _ => return None,
    };
    match rest {
        "" | "B" => Some(1000_u64.pow(power)),
        "i" | "iB" => Some(1024_u64.pow(power)),
        _ => None,
    }
}

impl FromStr for Size {
    type Err = Error;

    /// Parses a size. A number without a unit counts bytes.
    ///
    /// # Errors
    /// [`Error::Size`], [`Error::SizeUnit`], [`Error::SizeTooLarge`].
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_counting(text, Self(1))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, factor) = BINARY
            .into_iter()
            .find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor))
            .unwrap_or(("B", 1));
        write!(f, "{}{name}", self.0 / factor)
    }
}

#[cfg(feature = "serde")]
crate::serde_by_text!(Size);
#[cfg(feature = "schemars")]
crate::schema_by_text!(Size, {
    "pattern": "^[0-9]+(\\.[0-9]+)? *([KMGT]i?B?|kB|B)?$",
    "examples": ["512KiB", "10GiB"],
});

#[cfg(test)]
mod tests;
