//! Reads standard input in pieces.

use std::io::{IsTerminal, Read};

use tokio::sync::mpsc;

/// Number of bytes that are read at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Reads standard input on a thread of its own. A read of a terminal cannot be cancelled, so the
/// thread is left behind when the workload ends first.
pub(crate) fn read() -> mpsc::Receiver<Vec<u8>> {
    let (pieces, receiver) = mpsc::channel(2);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = vec![0; PIECE_BYTES];
        // An error is treated as the end of the input: there is nothing more to forward.
        while let Ok(length @ 1..) = stdin.read(&mut buffer) {
            if pieces.blocking_send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Whether standard input may be read: a read of a terminal by a background process would stop the
/// process.
pub(crate) fn is_ours() -> bool {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return true;
    }
    rustix::termios::tcgetpgrp(&stdin).is_ok_and(|group| group == rustix::process::getpgrp())
}
