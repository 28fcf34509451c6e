//! Serials of a machine's disks, by which the guest finds them under `/sys/block`.

pub(super) const ROOT: &str = "root";
pub(super) const SCRATCH: &str = "scratch";
/// The serial of a volume, by its position among the volumes of a machine.
pub(super) fn volume(position: usize) -> String {
    format!("vol{position}")
}

pub(super) const ARTIFACTS: &str = "artifacts";
