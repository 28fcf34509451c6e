//! Takes capabilities from a command, for good.
//!
//! The bounding set is what no program can go beyond, not even one that belongs to root or has
//! capabilities of its own in its file. It can only be made smaller with a capability, so it comes
//! first. What the process itself has is made smaller last: becoming a user takes capabilities, too.

use std::io;

use rustix::thread::{CapabilitySet, CapabilitySets};

/// Number of the last capability that a set of 64 has room for.
const LAST: u32 = 63;

/// The capabilities that a command can ever have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    kept: CapabilitySet,
}

impl Limit {
    /// Those with a bit.
    pub(crate) fn to(bits: u64) -> Self {
        Self {
            kept: CapabilitySet::from_bits_retain(bits),
        }
    }

    /// Makes the bounding set smaller. Neither allocates nor locks.
    pub(crate) fn before_the_user(self) -> io::Result<()> {
        for number in 0..=LAST {
            let one = CapabilitySet::from_bits_retain(1 << number);
            if self.kept.contains(one) {
                continue;
            }
            match rustix::thread::remove_capability_from_bounding_set(one) {
                Ok(()) => {}
                // The kernel has no capability of this number, and none of a larger one.
                Err(rustix::io::Errno::INVAL) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Makes the process's own sets smaller. Neither allocates nor locks.
    pub(crate) fn after_the_user(self) -> io::Result<()> {
        let has = rustix::thread::capabilities(None)?;
        let permitted = has.permitted & self.kept;
        let sets = CapabilitySets {
            effective: has.effective & permitted,
            permitted,
            inheritable: CapabilitySet::empty(),
        };
        rustix::thread::set_capabilities(None, sets)?;
        rustix::thread::clear_ambient_capability_set()?;
        Ok(())
    }
}
