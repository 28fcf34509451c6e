use super::*;

#[test]
fn names_numbers_and_real_time_signals_are_known() {
    let cases = [
        ("TERM", Some(15)),
        ("sigkill", Some(9)),
        ("SYS", Some(31)),
        ("28", Some(28)),
        ("RTMIN", Some(34)),
        ("SIGRTMIN+3", Some(37)),
        ("RTMAX-1", Some(63)),
        ("RTMIN+31", None),
        ("0", None),
        ("65", None),
        ("NONE", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(signal_number(text), expected, "{text}");
    }
}
