//! The host's channel: frames over a virtio-serial port.
//!
//! The port never blocks: what does not fit waits in a bounded queue. Three facts about the
//! kernel's driver shape this file:
//!
//! - Until the host's side is connected, reads return nothing and `poll` reports a hang-up;
//!   once it was connected, a hang-up means that the host is gone.
//! - A write returns when the kernel has taken the bytes, not when the host has. Hence
//!   [`Port::finish`]: after its last frame the guest waits for the host to hang up.
//! - A port can be opened once only, so the workload cannot open it behind our back.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lazaret_protocol::{CONTROL_PORT, Decoder, Frame, Hello, Kind, VERSION};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Context as _, Error, Result};
use crate::queue::ByteQueue;

/// How long the port may take to appear and to be connected. Ample for an emulated CPU on a
/// busy host.
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// How often a port that must come soon is looked for.
const POLL: Duration = Duration::from_millis(2);

/// How often one is that may never come, or its host.
const SLOW_POLL: Duration = Duration::from_millis(200);

/// How long the host may take to read the last frame and hang up. Only a host that forgot to
/// comes near it; one that is held up by a slow reader must not lose output.
const HANGS_UP_WITHIN: Duration = Duration::from_secs(600);

/// Bytes that may wait for the host before the workload's output is no longer read.
const OUTGOING_LIMIT: usize = 256 * 1024;

/// The guest's end of the channel.
#[derive(Debug)]
pub(crate) struct Port {
    fd: OwnedFd,
    decoder: Decoder,
    outgoing: ByteQueue,
    buffer: Vec<u8>,
}

impl Port {
    /// The control port, once it has appeared and the host is connected.
    pub(crate) fn open() -> Result<Self> {
        let deadline = Instant::now() + APPEARS_WITHIN;
        let port = loop {
            if let Some(port) = Self::find(CONTROL_PORT)? {
                break port;
            }
            if Instant::now() > deadline {
                return Err(Error::NoControlPort {
                    name: CONTROL_PORT,
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

    /// The port of that name, for as long as it takes to appear.
    pub(crate) fn wait_for(name: &str) -> Result<Self> {
        loop {
            if let Some(port) = Self::find(name)? {
                return Ok(port);
            }
            std::thread::sleep(SLOW_POLL);
        }
    }

    /// Waits for the next host, for as long as it takes to come.
    pub(crate) fn wait_until_connected(&self) -> Result<()> {
        while !self.is_connected()? {
            std::thread::sleep(SLOW_POLL);
        }
        Ok(())
    }

    /// The same port, ready for the next host.
    pub(crate) fn reset(self) -> Self {
        Self::over(self.fd)
    }

    fn find(name: &str) -> Result<Option<Self>> {
        let Some(path) = find_device(name) else {
            return Ok(None);
        };
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        match rustix::fs::open(&path, flags, Mode::empty()) {
            // The name is there a moment before the node.
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

    /// Queues the frame that every conversation begins with.
    pub(crate) fn say_hello(&mut self) -> Result<()> {
        let kernel = rustix::system::uname()
            .release()
            .to_string_lossy()
            .into_owned();
        let hello = Hello {
            version: VERSION,
            kernel,
        };
        let frame = Frame::json(Kind::Hello, &hello);
        self.queue(&frame.map_err(|source| Error::Frame { source })?);
        Ok(())
    }

    /// The channel over an open, non-blocking descriptor.
    pub(crate) fn over(fd: OwnedFd) -> Self {
        Self {
            fd,
            decoder: Decoder::default(),
            outgoing: ByteQueue::new(OUTGOING_LIMIT),
            buffer: vec![0; 64 * 1024],
        }
    }

    /// Whether more output may be queued; commands that must not be lost are queued anyway.
    pub(crate) fn has_room(&self) -> bool {
        self.outgoing.has_room()
    }

    /// Whether something waits to be written.
    pub(crate) fn wants_to_write(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Adds a frame to what is to be written.
    pub(crate) fn queue(&mut self, frame: &Frame) {
        self.outgoing.push(frame.encode());
    }

    /// Writes what the host takes without blocking.
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

    /// Reads once; [`Port::next_frame`] then has the frames.
    pub(crate) fn read_some(&mut self) -> Result<()> {
        match rustix::io::read(&self.fd, &mut self.buffer) {
            Ok(0) | Err(Errno::NODEV | Errno::CONNRESET) => Err(Error::HostGone),
            Ok(read) => {
                self.decoder
                    .push(self.buffer.get(..read).unwrap_or_default());
                Ok(())
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(()),
            Err(error) => Err(error).context(|| "read from the control port".to_owned()),
        }
    }

    /// The next frame among the bytes read so far.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>> {
        self.decoder
            .next_frame()
            .map_err(|source| Error::Frame { source })
    }

    /// Waits for the next frame, for as long as the host is there, and writes meanwhile.
    pub(crate) fn receive(&mut self) -> Result<Frame> {
        loop {
            if let Some(frame) = self.next_frame()? {
                return Ok(frame);
            }
            self.turn(Duration::from_secs(1))?;
        }
    }

    /// Sends the last frame and waits until the host, having read it, hangs up: what is still
    /// on its way when the machine ends is lost.
    pub(crate) fn finish(&mut self, last: &Frame) -> Result<()> {
        self.queue(last);
        let deadline = Instant::now() + HANGS_UP_WITHIN;
        loop {
            match self.turn(Duration::from_millis(100)) {
                Err(Error::HostGone) => return Ok(()),
                result => result?,
            }
            // Whatever still arrives is for a workload that is no more.
            while self.next_frame()?.is_some() {}
            reap();
            if Instant::now() > deadline {
                return Ok(());
            }
        }
    }

    /// One turn of reading and writing.
    fn turn(&mut self, timeout: Duration) -> Result<()> {
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

/// `poll` with a [`Duration`]; an interruption is an early return.
pub(crate) fn wait_for(fds: &mut [PollFd<'_>], timeout: Duration) -> Result<()> {
    let timeout = Timespec::try_from(timeout).ok();
    match rustix::event::poll(fds, timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error).context(|| "poll".to_owned()),
    }
}

/// Collects the children that have ended, orphans of the workload included. Whether any are left.
pub(crate) fn reap() -> bool {
    loop {
        match rustix::process::wait(rustix::process::WaitOptions::NOHANG) {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
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
