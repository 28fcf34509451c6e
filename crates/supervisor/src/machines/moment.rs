//! Adds the parts of a boot configuration that are valid for one start only.

use std::time::{SystemTime, UNIX_EPOCH};

use lazaret_protocol::BootConfig;

/// Sets the current time and fresh entropy.
pub(crate) fn stamp(mut boot: BootConfig) -> BootConfig {
    boot.clock_nanos = nanoseconds();
    boot.entropy = entropy();
    boot
}

/// The current time in nanoseconds since 1970.
pub(super) fn nanoseconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}

/// 64 random bytes as hexadecimal digits. Empty when the host cannot give any; the guest has a
/// random number device as well.
fn entropy() -> String {
    let mut bytes = [0u8; 64];
    match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()) {
        Ok(length) => lazaret_values::hex(&bytes[..length]),
        Err(_) => String::new(),
    }
}
