//! What a walk over a disk may take.

use lazaret_values::Ratio;

use super::image::damaged;
use super::stat::{ObjectKind, Stat};
use crate::error::Error;
use crate::options::Limits;

/// Bytes of names, targets and attributes, by the bytes that the disk takes on the host. On a
/// sound disk all of them have places of their own, of which only attributes are shared.
const METADATA: Ratio = Ratio {
    free: 1 << 20,
    times: 8,
};
/// Bytes that a name counts beside its text, each of the two times.
const NAME_BYTES: u64 = 100;
/// The same for an extended attribute.
const ATTRIBUTE_BYTES: u64 = 48;

/// The rest of the limits of a walk.
pub(crate) struct Budget {
    limits: Limits,
    entries: u64,
    metadata: u64,
    own: u64,
    own_limit: u64,
}

impl Budget {
    /// The budget for a disk that takes `allocated` bytes on the host.
    pub(super) fn new(limits: Limits, allocated: u64) -> Self {
        Self {
            limits,
            entries: 0,
            metadata: 0,
            own: 0,
            own_limit: METADATA.of(allocated),
        }
    }

    /// Counts a name. Each is counted twice: where it is found, and where it is visited.
    pub(crate) fn entry(&mut self, bytes: usize) -> Result<(), Error> {
        self.entries += 1;
        if self.entries / 2 > self.limits.entries {
            return Err(Error::LimitExceeded {
                what: "entries",
                limit: self.limits.entries,
            });
        }
        self.count(NAME_BYTES)?;
        self.bytes(bytes as u64)
    }

    /// Counts what is kept of an object beside its name.
    pub(crate) fn stat(&mut self, stat: &Stat) -> Result<(), Error> {
        let attributes = stat.attributes.xattrs.iter();
        let bytes = attributes
            .map(|(name, value)| ATTRIBUTE_BYTES + name.len() as u64 + value.len() as u64);
        self.bytes(bytes.sum())?;
        match stat.kind {
            ObjectKind::Symlink => self.bytes(stat.size),
            _ => Ok(()),
        }
    }

    /// Counts bytes of metadata.
    pub(super) fn bytes(&mut self, bytes: u64) -> Result<(), Error> {
        self.metadata = self.metadata.saturating_add(bytes);
        if self.metadata > self.limits.metadata.saturating_mul(2) {
            return Err(Error::LimitExceeded {
                what: "bytes of metadata",
                limit: self.limits.metadata,
            });
        }
        self.count(bytes)
    }

    fn count(&mut self, bytes: u64) -> Result<(), Error> {
        self.own = self.own.saturating_add(bytes);
        if self.own > self.own_limit {
            return Err(damaged("it has more names and attributes than it can hold"));
        }
        Ok(())
    }
}
