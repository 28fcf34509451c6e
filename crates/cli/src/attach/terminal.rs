//! The terminal of this process while it is that of a command in a machine.

use std::io::Write as _;

use lazaret_supervisor::TerminalSize;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

use crate::failure::Failure;

/// What every terminal is told when it is given back: no unfinished string, no insertion, all lines
/// scroll, visible cursor, plain characters and colours,
/// wrapped lines, plain keys, no mouse, no bracketed paste (XTerm Control Sequences, ECMA-48).
const PLAIN: &[u8] =
    b"\x1b\\\x1b[!p\x1b[4l\x1b7\x1b[r\x1b8\x1b[0m\x1b(B\x0f\x1b[?25h\x1b[?7h\x1b[?1l\x1b>\
    \x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l";
/// Shows the alternative screen; with `l` for the `h`, the usual one.
const SCREEN: &[u8] = b"\x1b[?1049";

/// A terminal in raw mode. It is as before when this is dropped, whatever the guest has done to it.
pub(crate) struct Terminal {
    before: Termios,
    /// The last bytes that were written to it.
    tail: Vec<u8>,
    /// Whether it shows the alternative screen.
    is_alternative: bool,
}

impl Terminal {
    /// Puts the terminal of standard input into raw mode: every key goes to the command.
    ///
    /// # Errors
    /// When standard input is no terminal.
    pub(crate) fn enter() -> Result<Self, Failure> {
        let failed = |error: rustix::io::Errno| Failure::io("use the terminal", error.into());
        let before = tcgetattr(rustix::stdio::stdin()).map_err(failed)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &raw).map_err(failed)?;
        Ok(Self {
            before,
            tail: Vec::new(),
            is_alternative: false,
        })
    }

    /// Takes note of what is written to the terminal.
    pub(super) fn note(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let switches = self.tail.windows(SCREEN.len() + 1);
        let last = switches.rev().find_map(|window| {
            let (sequence, switch) = window.split_at(SCREEN.len());
            match switch {
                [b'h'] if sequence == SCREEN => Some(true),
                [b'l'] if sequence == SCREEN => Some(false),
                _ => None,
            }
        });
        self.is_alternative = last.unwrap_or(self.is_alternative);
        let keep = self.tail.len().min(SCREEN.len());
        self.tail.drain(..self.tail.len() - keep);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut stdout = std::io::stdout().lock();
        // Where it cannot be told, there is no terminal any more.
        if self.is_alternative {
            let _ = stdout.write_all(&[SCREEN, b"l"].concat());
        }
        let _ = stdout.write_all(PLAIN);
        let _ = stdout.flush();
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &self.before);
    }
}

/// The size of the terminal of standard output, else of standard input.
pub(crate) fn size() -> Option<TerminalSize> {
    let size = tcgetwinsize(rustix::stdio::stdout())
        .or_else(|_| tcgetwinsize(rustix::stdio::stdin()))
        .ok()?;
    Some(TerminalSize {
        rows: size.ws_row,
        columns: size.ws_col,
    })
}
