use super::decode_hex;

#[test]
fn hexadecimal_is_decoded_and_anything_else_refused() {
    assert_eq!(decode_hex("00fFa1"), Some(vec![0x00, 0xff, 0xa1]));
    assert_eq!(decode_hex(""), Some(vec![]));
    assert_eq!(decode_hex("abc"), None);
    assert_eq!(decode_hex("zz"), None);
}
