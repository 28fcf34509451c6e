//! The channel to the host: frames over a virtio-serial port.
//!
//! The port never blocks: bytes that cannot be written yet wait in a bounded queue. Three facts
//! about the kernel's driver shape this file:
//!
//! - Until the host's side is connected, reads return nothing and `poll` reports a hang-up;
//!   once it was connected, a hang-up means that the host is gone.
//! - A write returns when the kernel has taken the bytes, not when the host has: after its last
//!   frame the guest waits for the host to hang up.
//! - A port can be opened only once at a time, so the workload cannot open it as well.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lazaret_protocol::{CONTROL_PORT, Decoder, Frame, Hello, Kind};
use rustix::event::{PollFd, PollFlags};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::console;
use crate::error::{Context as _, Error, Result, one_line};
use crate::poll::wait_for;
use crate::queue::ByteQueue;

/// Time limit for the port to appear and to be connected. It is ample for an emulated CPU on a
/// busy host.
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// Interval at which to look for a port that will appear soon.
const POLL: Duration = Duration::from_millis(2);

/// Interval at which to look for a port or a host that may never come.
const SLOW_POLL: Duration = Duration::from_millis(200);

/// Time limit for the host to read the last frame and hang up. Only a host that fails to hang up
/// comes near it; a host that is delayed by a slow reader must not lose output.
pub(crate) const HANGS_UP_WITHIN: Duration = Duration::from_secs(600);

/// Number of bytes that may wait for the host; beyond it, no more are taken from the sessions.
const OUTGOING_LIMIT: usize = 128 * 1024;

/// The guest's end of the channel.
#[derive(Debug)]
pub(crate) struct Port {
    fd: OwnedFd,
    decoder: Decoder,
    outgoing: ByteQueue,
    buffer: Vec<u8>,
}

impl Port {
    /// Opens the control port, once it has appeared and the host is connected.
    pub(crate) fn open() -> Result<Self> {
        Self::connect(CONTROL_PORT)
    }

    /// Opens the port of that name, once it has appeared and the host is connected.
    pub(crate) fn connect(name: &'static str) -> Result<Self> {
        let deadline = Instant::now() + APPEARS_WITHIN;
        let port = loop {
            if let Some(port) = Self::find(name)? {
                break port;
            }
            if Instant::now() > deadline {
                return Err(Error::NoControlPort {
                    name,
                    seconds: APPEARS_WITHIN.as_secs(),
                });
            }
            std::thread::sleep(POLL);
        };
        while !port.is_connected()? {
            if Instant::now() > deadline {
                return Err(Error::HostGone);
            }
            std::thread::sleep(POLL);
        }
        Ok(port)
    }

    /// Opens the first of these ports that there is, and says which; waits for it without a limit.
    pub(crate) fn wait_for(names: &[&'static str]) -> Result<(Self, &'static str)> {
        loop {
            for name in names {
                if let Some(port) = Self::find(name)? {
                    return Ok((port, name));
                }
            }
            std::thread::sleep(SLOW_POLL);
        }
    }

    /// Waits for the next host without a limit.
    pub(crate) fn wait_until_connected(&self) -> Result<()> {
        while !self.is_connected()? {
            std::thread::sleep(SLOW_POLL);
        }
        Ok(())
    }

    /// The port as a descriptor that does not block.
    pub(crate) fn into_fd(self) -> OwnedFd {
        self.fd
    }

    /// Resets the port for the next host.
    pub(crate) fn reset(self) -> Self {
        Self::over(self.fd)
    }

    fn find(name: &str) -> Result<Option<Self>> {
        let Some(path) = find_device(name) else {
            return Ok(None);
        };
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        match rustix::fs::open(&path, flags, Mode::empty()) {
            // The name appears shortly before the device node.
            Err(Errno::NOENT | Errno::NXIO) => Ok(None),
            result => {
                let fd = result.context(|| format!("open {}", path.display()))?;
                Ok(Some(Self::over(fd)))
            }
        }
    }

    fn is_connected(&self) -> Result<bool> {
        let ready = self.poll_once(PollFlags::OUT, Duration::ZERO)?;
        Ok(!ready.contains(PollFlags::HUP))
    }

    /// Exchanges greetings with the host; bytes that follow the host's greeting are kept.
    pub(crate) fn greet(&mut self) -> Result<()> {
        let kernel = rustix::system::uname();
        let hello = Hello::new(&kernel.release().to_string_lossy()).encode();
        self.outgoing().extend(hello);
        loop {
            if let Some(frame) = self.next_frame()? {
                Hello::read(&frame).map_err(|source| Error::Greeting { source })?;
                return Ok(());
            }
            self.turn(Duration::from_secs(1))?;
        }
    }

    /// A channel over an open, non-blocking descriptor.
    pub(crate) fn over(fd: OwnedFd) -> Self {
        Self {
            fd,
            decoder: Decoder::default(),
            outgoing: ByteQueue::new(OUTGOING_LIMIT),
            buffer: vec![0; 64 * 1024],
        }
    }

    /// Whether more frames may be queued.
    pub(crate) fn has_room(&self) -> bool {
        self.outgoing.has_room()
    }

    /// Whether bytes wait to be written.
    pub(crate) fn wants_to_write(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// The end of what waits to be written, to which the caller appends frames.
    pub(crate) fn outgoing(&mut self) -> &mut Vec<u8> {
        self.outgoing.tail()
    }

    /// Writes as much as the host accepts without blocking.
    pub(crate) fn write_some(&mut self) -> Result<()> {
        self.outgoing
            .write_to(&self.fd)
            .map_err(|error| match error {
                Errno::PIPE | Errno::NODEV | Errno::NXIO | Errno::CONNRESET => Error::HostGone,
                error => Error::System {
                    action: "write to the control port".to_owned(),
                    source: error.into(),
                },
            })
    }

    /// Reads what has come, as far as the buffer holds it; [`Port::next_frame`] then returns the
    /// frames. One read gives a page at most.
    pub(crate) fn read_some(&mut self) -> Result<()> {
        let mut filled = 0;
        while let Some(rest) = self
            .buffer
            .get_mut(filled..)
            .filter(|rest| !rest.is_empty())
        {
            match rustix::io::read(&self.fd, rest) {
                // What was read comes first; the next turn finds the same.
                Ok(0) | Err(Errno::NODEV | Errno::CONNRESET) if filled > 0 => break,
                Ok(0) | Err(Errno::NODEV | Errno::CONNRESET) => return Err(Error::HostGone),
                Ok(read) => filled += read,
                Err(Errno::AGAIN | Errno::INTR) => break,
                Err(error) => {
                    return Err(error).context(|| "read from the control port".to_owned());
                }
            }
        }
        self.decoder
            .push(self.buffer.get(..filled).unwrap_or_default());
        Ok(())
    }

    /// The next frame among the bytes read so far.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        self.decoder
            .next_frame()
            .map_err(|source| Error::Frame { source })
    }

    /// Reports to the host why the conversation fails, and waits until it hangs up.
    pub(crate) fn give_up(&mut self, error: Error) -> Result<()> {
        if matches!(error, Error::HostGone) {
            return Err(error);
        }
        console::say(&one_line(&error));
        let reason = serde_json::to_vec(&error.failure());
        let reason = reason.map_err(|source| Error::Request { source })?;
        Frame::new(Kind::Failure, 0, &reason).encode_into(self.outgoing());
        let deadline = Instant::now() + HANGS_UP_WITHIN;
        while Instant::now() < deadline {
            match self.turn(Duration::from_secs(1)) {
                Err(Error::HostGone) => return Ok(()),
                result => result?,
            }
            // Bytes that still come cannot be decoded, or are not needed.
            self.decoder = Decoder::default();
        }
        Ok(())
    }

    /// One turn of reading and writing.
    pub(crate) fn turn(&mut self, timeout: Duration) -> Result<()> {
        let mut interest = PollFlags::IN;
        if self.wants_to_write() {
            interest |= PollFlags::OUT;
        }
        let ready = self.poll_once(interest, timeout)?;
        if ready.contains(PollFlags::OUT) {
            self.write_some()?;
        }
        if ready.contains(PollFlags::IN) {
            self.read_some()?;
        } else if ready.intersects(PollFlags::HUP | PollFlags::ERR) {
            return Err(Error::HostGone);
        }
        Ok(())
    }

    fn poll_once(&self, interest: PollFlags, timeout: Duration) -> Result<PollFlags> {
        let mut fds = [PollFd::new(&self.fd, interest)];
        wait_for(&mut fds, timeout)?;
        let [fd] = fds;
        Ok(fd.revents())
    }
}

impl AsFd for Port {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The device node of the port of that name.
fn find_device(wanted: &str) -> Option<PathBuf> {
    for port in std::fs::read_dir("/sys/class/virtio-ports").ok()?.flatten() {
        let name = std::fs::read_to_string(port.path().join("name")).unwrap_or_default();
        if name.trim() == wanted {
            return Some(PathBuf::from("/dev").join(port.file_name()));
        }
    }
    None
}
