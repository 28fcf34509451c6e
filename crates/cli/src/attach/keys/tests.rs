use super::*;

#[test]
fn keys_that_are_not_the_sequence_pass() {
    let mut keys = DetachKeys::default();
    assert_eq!(keys.take(b"ls\n"), (b"ls\n".to_vec(), false));
    assert_eq!(keys.take(&[16]), (Vec::new(), false));
    assert_eq!(keys.take(b"x"), (vec![16, b'x'], false));
    assert_eq!(keys.take(&[16, 16, 16]), (vec![16, 16], false));
    assert_eq!(keys.take(&[17, b'y']), (Vec::new(), true));
}

#[test]
fn keys_are_read_as_container_tools_write_them() {
    let mut keys: DetachKeys = "ctrl-a,d".parse().unwrap();
    assert_eq!(keys.take(&[1, b'c', 1, b'd']), (vec![1, b'c'], true));
    let mut none: DetachKeys = "".parse().unwrap();
    assert_eq!(none.take(&[16, 17]), (vec![16, 17], false));
    assert!("ctrl-".parse::<DetachKeys>().is_err() && "meta-x".parse::<DetachKeys>().is_err());
}
