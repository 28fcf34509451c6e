use super::*;

#[test]
fn numbers_that_are_no_signal_are_none() {
    assert_eq!(by_number(15), Some(Signal::TERM));
    assert!(by_number(37).is_some());
    for number in [0, 32, 33, 65, 255] {
        assert!(by_number(number).is_none(), "{number}");
    }
}
