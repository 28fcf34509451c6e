//! Serials of a machine's disks, by which the guest finds them under `/sys/block`.

pub(super) const ROOT: &str = "root";
pub(super) const SCRATCH: &str = "scratch";
pub(super) const ARTIFACTS: &str = "artifacts";
