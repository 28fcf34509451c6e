//! Serials of a machine's disks, as the guest finds them under `/sys/block`.

pub(super) const ROOT: &str = "root";
pub(super) const SCRATCH: &str = "scratch";
pub(super) const ARTIFACTS: &str = "artifacts";
