//! The version of the protocol.

/// Version of this protocol. Guest and host are usually of one build; a stale initramfs and the
/// agent on a disk of an earlier release are not.
pub const VERSION: u32 = 3;
