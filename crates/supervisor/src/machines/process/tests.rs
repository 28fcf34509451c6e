use super::*;

#[test]
fn a_process_that_is_no_more_or_another_is_not_ended() {
    let own = ProcessId::of(std::process::id()).unwrap();
    assert!(own.is_alive());
    // This test's own process, with a wrong start time.
    let other = ProcessId {
        started: own.started - 1,
        ..own
    };
    assert!(!other.is_alive());
    other.end();
    assert_eq!(ProcessId::of(u32::MAX), None);
}

#[test]
fn a_process_is_ended() {
    let mut child = std::process::Command::new("sleep")
        .arg("600")
        .spawn()
        .unwrap();
    let process = ProcessId::of(child.id()).unwrap();
    process.end();
    assert!(!process.is_alive());
    child.wait().unwrap();
}
