//! Adds the parts of a boot configuration that are valid for one start only.

use lazaret_protocol::BootConfig;

use crate::clock;

/// Sets the current time and fresh entropy.
pub(crate) fn stamp(mut boot: BootConfig) -> BootConfig {
    boot.clock_nanos = clock::nanoseconds();
    boot.entropy = entropy();
    boot
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
