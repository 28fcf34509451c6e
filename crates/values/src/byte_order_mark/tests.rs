use super::without_byte_order_mark;

#[test]
fn only_one_mark_at_the_start_is_skipped() {
    for (text, expected) in [
        ("", ""),
        ("a", "a"),
        ("\u{feff}", ""),
        ("\u{feff}a", "a"),
        ("\u{feff}\u{feff}a", "\u{feff}a"),
        ("a\u{feff}", "a\u{feff}"),
    ] {
        assert_eq!(without_byte_order_mark(text), expected, "{text:?}");
    }
}
