use lazaret_protocol::FailureKind;

use super::*;

#[test]
fn a_machine_without_pseudoterminals_is_a_failure_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ptmx");
    std::fs::write(&file, "").unwrap();
    let missing = folder.path().join("missing");
    let paths = [missing.to_str().unwrap(), file.to_str().unwrap()];
    for (paths, errno) in [(&paths[..1], Errno::NOENT), (&paths, Errno::NOTTY)] {
        let source = Terminal::of(paths).unwrap_err();
        assert_eq!(source, errno, "{paths:?}");
        let source = source.into();
        let failure = Error::NoTerminals { source }.failure();
        assert_eq!(failure.kind, FailureKind::Machine);
        let message = failure.message;
        assert!(message.contains("no pseudoterminals"), "{message}");
    }
}
