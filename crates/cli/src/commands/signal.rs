//! Flags that take a signal.

/// Parses the value of a flag that takes a signal.
pub(super) fn signal_number(text: &str) -> Result<u8, String> {
    lazaret_supervisor::signal_number(text).ok_or_else(|| {
        "expected the name or number of a signal, such as TERM, SIGKILL or 10".to_owned()
    })
}
