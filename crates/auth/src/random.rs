//! Random bytes.

use ring::rand::{SecureRandom as _, SystemRandom};

/// Bytes from the system's random source.
pub(super) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random source cannot fail once the system is up");
    bytes
}

/// `N` random bytes in hexadecimal.
pub(super) fn hex<const N: usize>() -> String {
    lazaret_values::hex(&bytes::<N>())
}
