use super::*;

#[test]
fn a_guest_gets_at_most_half_of_what_is_free() {
    assert_eq!(size(100 << 30), 16 << 30);
    assert_eq!(size((10 << 30) + 4097), 5 << 30);
    assert_eq!(size(0), 64 << 20);
}
