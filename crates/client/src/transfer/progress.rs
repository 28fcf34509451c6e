//! Reports the progress of transfers.

use lazaret_oci::Descriptor;

/// A receiver of progress. Calls come from several tasks.
pub trait Progress: Send + Sync {
    /// The transfer of `item` begins.
    fn started(&self, item: &Descriptor);
    /// `bytes` more of `item` were transferred. After a break, bytes may count again.
    fn advanced(&self, item: &Descriptor, bytes: u64);
    /// `item` is complete (or existed already).
    fn finished(&self, item: &Descriptor);
    /// Something else begins that takes its time, in words.
    fn note(&self, _what: &str) {}
}

/// Ignores progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn started(&self, _: &Descriptor) {}
    fn advanced(&self, _: &Descriptor, _: u64) {}
    fn finished(&self, _: &Descriptor) {}
}
