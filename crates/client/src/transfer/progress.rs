//! The progress of transfers, for those who show it.

use lazaret_oci::Descriptor;

/// Hears how transfers go. Calls come from several tasks.
pub trait Progress: Send + Sync {
    /// The transfer of `item` begins.
    fn started(&self, item: &Descriptor);
    /// `bytes` more of `item` went over the network. After a break, bytes may count again.
    fn advanced(&self, item: &Descriptor, bytes: u64);
    /// `item` is complete (or was there already).
    fn finished(&self, item: &Descriptor);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn started(&self, _: &Descriptor) {}
    fn advanced(&self, _: &Descriptor, _: u64) {}
    fn finished(&self, _: &Descriptor) {}
}
