use super::{parse, text};

#[test]
fn what_is_written_is_read() {
    for (number, written) in [(0, "0"), (35, "z"), (36, "10"), (61_234_567, "10ggw7")] {
        assert_eq!(text(number), written);
        assert_eq!(parse(written), Some(number));
    }
    assert_eq!(parse(&text(u64::MAX)), Some(u64::MAX));
    for refused in ["", "+1", "-1", "1 ", "ä", "zzzzzzzzzzzzzz"] {
        assert_eq!(parse(refused), None, "{refused}");
    }
}
