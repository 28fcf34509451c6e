use super::*;

#[test]
fn all_parts_hold_at_least_500_gib() {
    let sizes = PartSizes::default();
    let total: u64 = (0..COUNT).map(|index| sizes.of(index).unwrap()).sum();
    assert!(total >= 500 * 1024 * MIB, "{total}");
    assert_eq!(sizes.of(COUNT), None);
}

#[test]
fn sizes_that_no_store_takes_are_refused() {
    for size in [0, LEAST - 1, MOST + 1] {
        assert!(PartSizes::new(Some(size)).is_err());
    }
    let sizes = PartSizes::new(Some(8 * MIB)).unwrap();
    assert_eq!(sizes.of(0), Some(8 * MIB));
    assert_eq!(sizes.of(COUNT - 1), Some(8 * MIB));
}
