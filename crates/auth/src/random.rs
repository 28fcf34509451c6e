//! Random bytes of the system's random source.

use ring::rand::{SecureRandom as _, SystemRandom};

/// `N` random bytes.
pub(super) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random source cannot fail once the system is up");
    bytes
}

/// `N` random bytes as hexadecimal digits.
pub(super) fn hex<const N: usize>() -> String {
    lazaret_values::hex(&bytes::<N>())
}
