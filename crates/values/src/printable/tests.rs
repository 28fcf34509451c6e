use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> String {
    Printable::new(text).to_string()
}

#[test]
fn what_could_drive_a_terminal_is_escaped() {
    for (text, expected) in [
        ("plain text, 100 %", "plain text, 100 %"),
        (
            "grüße, 世界, 👩\u{200d}👩\u{200d}👧",
            "grüße, 世界, 👩\u{200d}👩\u{200d}👧",
        ),
        ("it's a \"C:\\path\"", "it's a \"C:\\path\""),
        ("a\nerror: b\r\n\tc", "a\\nerror: b\\r\\n\\tc"),
        (
            "\u{1b}[2J\u{7}\u{9b}\u{7f}\0",
            "\\u{1b}[2J\\u{7}\\u{9b}\\u{7f}\\0",
        ),
        ("gpj\u{202e}exe", "gpj\\u{202e}exe"),
        ("\u{2066}x\u{2069}\u{200f}", "\\u{2066}x\\u{2069}\\u{200f}"),
        ("a\u{2028}b\u{2029}", "a\\u{2028}b\\u{2029}"),
        (
            "\u{feff}a\u{200b}\u{e0041}",
            "\\u{feff}a\\u{200b}\\u{e0041}",
        ),
    ] {
        assert_eq!(shown(text), expected);
    }
}

#[test]
fn lines_stay_where_they_are_asked_for() {
    let text = "a\n\tb\r\u{1b}";
    assert_eq!(Printable::new(text).lines().to_string(), "a\n\tb\\r\\u{1b}");
}

#[test]
fn long_text_is_cut_at_a_character() {
    assert_eq!(Printable::new("grüße").within(5).to_string(), "grüße");
    assert_eq!(Printable::new("grüße").within(4).to_string(), "grüß…");
    assert_eq!(Printable::new("").within(0).to_string(), "");
    assert_eq!(shown(&"x".repeat(100_000)).chars().count(), 1025);
    let whole = "x".repeat(100_000);
    assert_eq!(Printable::new(&whole).whole().to_string(), whole);
}

proptest! {
    #[test]
    fn the_result_is_printable_and_bounded(text: String, most in 0_usize..40) {
        let shown = Printable::new(&text).within(most).to_string();
        prop_assert!(!shown.chars().any(is_hidden), "{shown:?}");
        let longest = r"\u{e007f}".len();
        prop_assert!(shown.chars().count() <= most * longest + 1);
    }
}
