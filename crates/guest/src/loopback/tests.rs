use super::*;

#[test]
fn the_request_is_as_long_as_it_says() {
    let request = request();
    assert_eq!(request.len(), 32);
    assert_eq!(request[..4], 32_u32.to_ne_bytes());
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
