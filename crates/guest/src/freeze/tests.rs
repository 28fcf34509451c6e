use super::*;

#[test]
fn programs_are_told_from_threads_of_the_kernel() {
    let stat = |name: &str, state: &str, flags: u64| {
        is_program(&format!("7 ({name}) {state} 1 7 7 0 -1 {flags} 0 0"))
    };
    assert!(stat("sh", "S", 0x0040_0100));
    assert!(stat("odd) Z 1", "R", 0));
    assert!(!stat("kworker/0:1", "I", 0x0420_8060));
    assert!(!stat("gone", "Z", 0));
    assert!(!is_program(""));
    assert!(!is_program("7 (sh) S 1"));
}
