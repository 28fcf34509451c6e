use super::Ratio;

#[test]
fn grows_with_the_input_and_never_overflows() {
    let ratio = Ratio { free: 10, times: 3 };
    assert_eq!(ratio.of(0), 10);
    assert_eq!(ratio.of(4), 22);
    assert_eq!(ratio.of(u64::MAX), u64::MAX);
}
