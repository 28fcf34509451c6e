//! The pseudoterminal of a command (pty(7)).
//!
//! The command has its *slave* as the three standard streams and as controlling terminal; what is
//! written to the *master* is typed, and what the command writes is read there. When the master is
//! closed, whoever still uses the slave is hung up.

use std::os::fd::{AsFd, OwnedFd};

use lazaret_protocol::TerminalSize;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Signal, Uid};
use rustix::pty::OpenptFlags;
use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Winsize};

use crate::error::{Context as _, Error, Result};

/// The files that give out masters: of the mounted devpts, and the one of devtmpfs, which looks for
/// a devpts beside itself.
const MULTIPLEXERS: [&str; 2] = ["/dev/pts/ptmx", "/dev/ptmx"];

/// Mode of a slave: its owner reads and writes, others of its group may send messages (`mesg`).
const SLAVE_MODE: Mode = Mode::RUSR.union(Mode::WUSR).union(Mode::WGRP);

/// Most bytes that the kernel holds between a command and the reader of its terminal, generously
/// rounded up: the buffer of a pseudoterminal has 8 KiB, that of its reader 4. Only a part of them
/// can be counted (`FIONREAD`).
pub(crate) const HELD_BYTES: usize = 64 * 1024;

/// Both ends of a pseudoterminal.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// This side's end, non-blocking.
    pub(crate) master: OwnedFd,
    /// The command's end.
    pub(crate) slave: OwnedFd,
}

impl Terminal {
    /// A new terminal of this size, which belongs to `owner`.
    pub(crate) fn open(size: TerminalSize, owner: Uid) -> Result<Self> {
        let terminal = Self::of(&MULTIPLEXERS).map_err(|source| Error::NoTerminals {
            source: source.into(),
        })?;
        terminal
            .set_up(size, owner)
            .context(|| "set up the command's terminal".to_owned())?;
        Ok(terminal)
    }

    /// A new terminal from the first of these multiplexers that works.
    fn of(multiplexers: &[&str]) -> Result<Self, Errno> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = multiplexers
            .iter()
            .map(|path| rustix::fs::open(*path, flags, Mode::empty()))
            .reduce(Result::or);
        let master = opened.unwrap_or(Err(Errno::NOENT))?;
        rustix::pty::unlockpt(&master)?;
        // By descriptor, not by name: names are the image's.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags)?;
        Ok(Self { master, slave })
    }

    fn set_up(&self, size: TerminalSize, owner: Uid) -> Result<(), Errno> {
        rustix::fs::fchown(&self.slave, Some(owner), None)?;
        rustix::fs::fchmod(&self.slave, SLAVE_MODE)?;
        let mut modes = rustix::termios::tcgetattr(&self.slave)?;
        // Erasing a character erases all its bytes.
        modes.input_modes |= InputModes::IUTF8;
        rustix::termios::tcsetattr(&self.slave, OptionalActions::Now, &modes)?;
        resize(&self.master, size)
    }
}

/// Sets the size of a terminal. The kernel sends SIGWINCH to its foreground process group if the
/// size is another one.
pub(crate) fn resize(master: impl AsFd, size: TerminalSize) -> Result<(), Errno> {
    let size = Winsize {
        ws_row: size.rows,
        ws_col: size.columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(master, size)
}

/// The signal that the terminal sends to its foreground process group for these keys, by its settings
/// at this moment: SIGINT for Ctrl-C, SIGQUIT for Ctrl-\\.
pub(crate) fn typed_signal(master: impl AsFd, keys: &[u8]) -> Option<Signal> {
    let modes = rustix::termios::tcgetattr(master).ok()?;
    if !modes.local_modes.contains(LocalModes::ISIG) {
        return None;
    }
    let codes = [
        (SpecialCodeIndex::VINTR, Signal::INT),
        (SpecialCodeIndex::VQUIT, Signal::QUIT),
    ];
    let codes = codes.map(|(index, signal)| (modes.special_codes[index], signal));
    keys.iter().find_map(|key| {
        // 0 stands for no key.
        let mut codes = codes.iter().filter(|(code, _)| *code != 0);
        codes
            .find(|(code, _)| code == key)
            .map(|(_, signal)| *signal)
    })
}

#[cfg(test)]
mod tests;
