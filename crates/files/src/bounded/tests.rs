use super::*;

#[test]
fn a_stream_that_is_too_long_fails_and_does_not_end() {
    let read = |limit| {
        let mut bytes = Vec::new();
        let outcome = Bounded::new(&b"abcdef"[..], limit).read_to_end(&mut bytes);
        outcome.map(|_| bytes)
    };
    assert_eq!(read(6).unwrap(), b"abcdef");
    let error = read(5).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn a_small_file_may_not_fill_a_disk() {
    let mebibytes = |count: u64| count * 1024 * 1024;
    assert!(unpacked_limit(mebibytes(3)) < mebibytes(512));
    assert!(unpacked_limit(mebibytes(60)) > mebibytes(1024));
    assert_eq!(unpacked_limit(u64::MAX), u64::MAX);
}
