//! Adds the parts of a guest's configuration that are valid for one start only.

use lazaret_protocol::{BootConfig, ResumeConfig};

use crate::clock;

/// Sets the current time and fresh entropy.
pub(crate) fn stamp(mut boot: BootConfig) -> BootConfig {
    boot.clock_nanos = clock::nanoseconds();
    boot.entropy = entropy();
    boot
}

/// The identity of a machine with this id that goes on as a copy of another one.
pub(super) fn identity(boot: &BootConfig, id: &str) -> ResumeConfig {
    /// Number of digits in `/etc/machine-id` (machine-id(5)).
    const DIGITS: usize = 32;
    ResumeConfig {
        hostname: boot.hostname.clone(),
        clock_nanos: clock::nanoseconds(),
        entropy: entropy(),
        machine_id: id.get(..DIGITS).unwrap_or(id).to_owned(),
        trust: boot
            .network
            .as_ref()
            .and_then(|network| network.trust.clone()),
    }
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
