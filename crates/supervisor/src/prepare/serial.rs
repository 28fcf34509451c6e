//! Serials of a machine's disks, by which the guest finds them under `/sys/block`.

pub(crate) const ROOT: &str = "root";
pub(crate) const SCRATCH: &str = "scratch";
/// The serial of a volume, by its position among the volumes of a machine.
pub(super) fn volume(position: usize) -> String {
    format!("vol{position}")
}

pub(crate) const ARTIFACTS: &str = "artifacts";
