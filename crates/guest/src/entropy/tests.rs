use super::*;

/// The numbers as the kernel's headers make them, for x86-64 and arm64.
#[test]
fn requests_have_the_kernels_numbers() {
    assert_eq!(RNDADDENTROPY, 0x4008_5203);
    assert_eq!(RNDRESEEDCRNG, 0x5207);
}
