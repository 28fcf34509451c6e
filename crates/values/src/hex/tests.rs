use proptest::prelude::*;

use super::*;

#[test]
fn digits_are_written_in_lower_case_and_read_in_both() {
    assert_eq!(hex(&[]), "");
    assert_eq!(hex(&[0x00, 0xab, 0xff]), "00abff");
    assert_eq!(unhex(""), Some(Vec::new()));
    assert_eq!(unhex("00aBFf"), Some(vec![0x00, 0xab, 0xff]));
    assert_eq!(unhex_array("00aBFf"), Some([0x00, 0xab, 0xff]));
}

#[test]
fn anything_else_is_refused() {
    for text in ["0", "0g", "+f", " 0", "0x", "é0", "00 "] {
        assert_eq!(unhex(text), None, "{text}");
        assert_eq!(unhex_array::<1>(text), None, "{text}");
    }
    for text in ["", "00", "000000"] {
        assert_eq!(unhex_array::<2>(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn bytes_come_back(bytes: Vec<u8>) {
        prop_assert_eq!(unhex(&hex(&bytes)), Some(bytes));
    }
}
