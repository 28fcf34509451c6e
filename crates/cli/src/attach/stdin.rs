//! Standard input in pieces.

use std::io::{IsTerminal, Read};

use tokio::sync::mpsc;

/// Bytes read at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Reads standard input on a thread of its own: a read of a terminal cannot be cancelled, so
/// the thread is left behind when the workload ends first.
pub(super) fn read() -> mpsc::Receiver<Vec<u8>> {
    let (pieces, receiver) = mpsc::channel(2);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = vec![0; PIECE_BYTES];
        // An error ends the input as an end does: there is nothing more to forward.
        while let Ok(length @ 1..) = stdin.read(&mut buffer) {
            if pieces.blocking_send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Whether standard input may be read: reading a terminal from the background would stop the
/// process.
pub(crate) fn is_ours() -> bool {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return true;
    }
    rustix::termios::tcgetpgrp(&stdin).is_ok_and(|group| group == rustix::process::getpgrp())
}
