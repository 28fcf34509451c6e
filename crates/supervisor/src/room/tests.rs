use super::*;

#[test]
fn a_guest_gets_at_most_half_of_what_is_free() {
    assert_eq!(size(100 << 30, MOST), 16 << 30);
    assert_eq!(size((10 << 30) + 4097, MOST), 5 << 30);
    assert_eq!(size(0, MOST), 64 << 20);
}
