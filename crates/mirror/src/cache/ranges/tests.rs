use proptest::prelude::*;

use super::Ranges;

fn set(ranges: &[(u64, u64)]) -> Ranges {
    let mut set = Ranges::default();
    for &(start, end) in ranges {
        set.insert(start..end);
    }
    set
}

fn shown(set: &Ranges) -> Vec<(u64, u64)> {
    set.iter().map(|range| (range.start, range.end)).collect()
}

#[test]
fn ranges_that_touch_are_one() {
    assert_eq!(shown(&set(&[(0, 4), (4, 8), (10, 12)])), [(0, 8), (10, 12)]);
    assert_eq!(shown(&set(&[(5, 6), (0, 9)])), [(0, 9)]);
    assert_eq!(shown(&set(&[(3, 3), (9, 2)])), []);
}

#[test]
fn holes_are_found_in_order() {
    let ranges = set(&[(2, 4), (6, 8)]);
    assert_eq!(ranges.first_hole(0..10), Some(0..2));
    assert_eq!(ranges.first_hole(2..10), Some(4..6));
    assert_eq!(ranges.first_hole(3..5), Some(4..5));
    assert_eq!(ranges.first_hole(6..8), None);
    assert_eq!(ranges.first_hole(7..10), Some(8..10));
    assert_eq!(ranges.end_of(3), Some(4));
    assert_eq!(ranges.end_of(4), None);
}

proptest! {
    #[test]
    fn a_set_is_the_bytes_that_were_inserted(
        inserted in proptest::collection::vec((0_u64..60, 0_u64..60), 0..20),
        start in 0_u64..60, length in 0_u64..60,
    ) {
        let ranges = set(&inserted);
        let has = |offset: u64| inserted.iter().any(|&(a, b)| a <= offset && offset < b);
        for offset in 0..64 {
            prop_assert_eq!(ranges.end_of(offset).is_some(), has(offset));
        }
        prop_assert_eq!(ranges.total(), (0..64).filter(|&offset| has(offset)).count() as u64);
        let listed = shown(&ranges);
        prop_assert!(listed.windows(2).all(|pair| pair[0].1 < pair[1].0));
        let end = start + length;
        let first = (start..end).find(|&offset| !has(offset));
        let hole = ranges.first_hole(start..end);
        prop_assert_eq!(hole.as_ref().map(|hole| hole.start), first);
        if let Some(hole) = hole {
            prop_assert!((hole.clone()).all(|offset| !has(offset)));
            prop_assert!(hole.end == end || has(hole.end));
        }
    }
}
