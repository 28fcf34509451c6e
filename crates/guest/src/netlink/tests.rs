use super::*;

#[test]
fn requests_are_as_long_as_they_say() {
    let message = request(NEW_LINK, 0, &[7; 16], &[]);
    assert_eq!(message.len(), 32);
    assert_eq!(message[..4], 32_u32.to_ne_bytes());
    let message = request(NEW_ADDRESS, 0, &[7; 8], &[(1, [10, 0, 2, 15]); 2]);
    assert_eq!(message.len(), 40);
    assert_eq!(message[..4], 40_u32.to_ne_bytes());
    assert_eq!(message[24..], [8, 0, 1, 0, 10, 0, 2, 15].repeat(2));
}

#[test]
fn the_answer_carries_the_kernels_error() {
    let mut answer = vec![0; 36];
    answer[4..6].copy_from_slice(&ERROR.to_ne_bytes());
    check(&answer).unwrap();
    answer[16..20].copy_from_slice(&(-1_i32).to_ne_bytes());
    assert_eq!(
        check(&answer).unwrap_err().kind(),
        io::ErrorKind::PermissionDenied
    );
    check(&answer[..10]).unwrap_err();
}
