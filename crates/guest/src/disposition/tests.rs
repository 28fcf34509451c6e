use super::*;

#[test]
fn only_what_nobody_handles_has_its_default_effect() {
    // SIGINT is caught, SIGHUP ignored, SIGUSR1 blocked.
    let status = "Name:\tsleep\nSigBlk:\t0000000000000200\nSigIgn:\t0000000000000001\n\
                  SigCgt:\t0000000000000002\n";
    assert!(is_default(status, Signal::TERM));
    for signal in [Signal::INT, Signal::HUP, Signal::USR1] {
        assert!(!is_default(status, signal), "{signal:?}");
    }
    assert!(!is_default("", Signal::TERM));
}
