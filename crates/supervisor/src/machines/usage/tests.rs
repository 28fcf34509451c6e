use super::*;

#[test]
fn this_process_takes_memory_and_time() {
    let own = ProcessId::of(std::process::id()).unwrap();
    let before = of(own).unwrap();
    assert!(before.memory > 100_000);
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_millis(100) {
        std::hint::black_box(begin.elapsed());
    }
    assert!(of(own).unwrap().processor > before.processor);
    let gone = ProcessId {
        started: own.started + 1,
        ..own
    };
    assert_eq!(of(gone), None);
}
