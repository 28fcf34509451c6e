use super::*;

#[test]
fn only_what_nobody_handles_has_its_default_effect() {
    // SIGINT is caught, SIGHUP ignored, SIGUSR1 blocked.
    let status = "Name:\tsleep\nSigBlk:\t0000000000000200\nSigIgn:\t0000000000000001\n\
                  SigCgt:\t0000000000000002\n";
    assert_eq!(handling(status, Signal::TERM), Handling::Default);
    assert_eq!(handling(status, Signal::INT), Handling::Own);
    assert_eq!(handling(status, Signal::HUP), Handling::Own);
    assert_eq!(handling(status, Signal::USR1), Handling::Blocked);
    assert_eq!(handling("", Signal::TERM), Handling::Own);
}
