//! Random names that cannot be guessed.

/// `bytes` random bytes of the system's random source, as hexadecimal digits.
#[must_use]
pub fn random_hex(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    let mut filled = 0;
    while filled < bytes {
        filled +=
            rustix::rand::getrandom(&mut buffer[filled..], rustix::rand::GetRandomFlags::empty())
                .expect("getrandom cannot fail for a valid buffer on Linux 3.17 and later");
    }
    lazaret_values::hex(&buffer)
}
