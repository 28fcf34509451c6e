use super::*;

#[test]
fn slow_transactions_get_smaller_and_quick_ones_larger() {
    let target = Duration::from_millis(8);
    let (slow, quick) = (Duration::from_millis(20), Duration::from_millis(1));
    assert_eq!(adapted(200, 200, slow, target), 100);
    assert_eq!(adapted(9, 9, slow, target), LEAST);
    assert_eq!(adapted(1, 1, slow, target), 1);
    assert_eq!(adapted(100, 100, quick, target), 200);
    assert_eq!(adapted(100, 3, quick, target), 100);
    assert_eq!(adapted(100, 100, Duration::from_millis(6), target), 100);
}
