use lazaret_protocol::FailureKind;

use super::*;

#[test]
fn keys_are_signals_as_the_terminal_is_set() {
    let size = TerminalSize {
        rows: 24,
        columns: 80,
    };
    let terminal = Terminal::open(size, rustix::process::geteuid()).unwrap();
    let typed = |keys: &[u8]| typed_signal(&terminal.master, keys);
    assert_eq!(typed(b"ls\x03"), Some(Signal::INT));
    assert_eq!(typed(b"\x1c\x03"), Some(Signal::QUIT));
    assert_eq!(typed(b"text\0\x1a"), None);
    let mut modes = rustix::termios::tcgetattr(&terminal.slave).unwrap();
    modes.special_codes[SpecialCodeIndex::VINTR] = b'x';
    modes.special_codes[SpecialCodeIndex::VQUIT] = 0;
    rustix::termios::tcsetattr(&terminal.slave, OptionalActions::Now, &modes).unwrap();
    assert_eq!(typed(b"\0\x1c\x03"), None);
    assert_eq!(typed(b"tex"), Some(Signal::INT));
    // An editor reads keys as they are.
    modes.make_raw();
    rustix::termios::tcsetattr(&terminal.slave, OptionalActions::Now, &modes).unwrap();
    assert_eq!(typed(b"tex\x03"), None);
}

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
