//! Ethernet frames to and from QEMU, over one end of a pair of sequenced-packet sockets: a message is a
//! frame, and the end of messages means that QEMU has gone.

mod batch;
#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll, ready};

use rustix::net::sockopt;
use tokio::io::unix::AsyncFd;

pub(crate) use batch::BATCH;

/// The station address of the guest, which QEMU is told.
pub const GUEST_MAC: [u8; 6] = [0x02, 0x4c, 0x5a, 0x52, 0x00, 0x02];
/// The station address of the gateway.
pub const GATEWAY_MAC: [u8; 6] = [0x02, 0x4c, 0x5a, 0x52, 0x00, 0x01];
/// Bytes of an Ethernet header.
pub(crate) const ETHERNET: usize = 14;
/// From this many frames that wait for QEMU, connections send no more and no further frame is taken.
const ENOUGH: usize = 192;
/// Answers to frames that were taken still have a place: at most one for each.
const MOST: usize = ENOUGH + 2 * BATCH;
/// What the kernel should hold, so that QEMU and this process take turns less often.
const KERNEL_BYTES: usize = 1 << 20;

/// Frames that wait until QEMU takes them.
#[derive(Debug)]
pub(crate) struct Outbox {
    storage: Vec<u8>,
    lengths: Vec<usize>,
    size: usize,
    first: usize,
    waiting: usize,
    /// Where a frame is written that has no place.
    spare: Vec<u8>,
}

impl Outbox {
    /// A queue for frames with packets of up to `mtu` bytes.
    pub(crate) fn new(mtu: usize) -> Self {
        let size = mtu + ETHERNET;
        Self {
            storage: vec![0; size * MOST],
            lengths: vec![0; MOST],
            size,
            first: 0,
            waiting: 0,
            spare: vec![0; size],
        }
    }

    /// Whether connections have to wait.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting >= ENOUGH
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Adds a frame of `length` bytes that `write` fills in; without a place it is lost.
    pub(crate) fn push<R>(&mut self, length: usize, write: impl FnOnce(&mut [u8]) -> R) -> R {
        if length > self.size {
            return write(&mut vec![0; length]);
        }
        if self.waiting == MOST {
            return write(&mut self.spare[..length]);
        }
        let place = (self.first + self.waiting) % MOST;
        self.waiting += 1;
        self.lengths[place] = length;
        let start = place * self.size;
        write(&mut self.storage[start..start + length])
    }

    /// The frames that are to be sent next, in order: as many as lie together.
    fn next(&self) -> impl Iterator<Item = &[u8]> {
        let together = self.waiting.min(MOST - self.first).min(BATCH);
        (self.first..self.first + together).map(|place| {
            let start = place * self.size;
            &self.storage[start..start + self.lengths[place]]
        })
    }

    fn sent(&mut self, count: usize) {
        self.waiting -= count;
        self.first = (self.first + count) % MOST;
    }

    /// Takes every frame out, for tests and fuzzing without a socket.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(&[u8])) {
        while !self.is_empty() {
            let count = self.next().map(&mut each).count();
            self.sent(count);
        }
    }
}

/// The frames that came with one call.
#[derive(Debug)]
pub(crate) struct Inbox {
    storage: Vec<u8>,
    size: usize,
    lengths: [usize; BATCH],
}

impl Inbox {
    /// A place for frames with packets of up to `mtu` bytes; of a longer one, one byte too many is
    /// kept, by which it is known.
    pub(crate) fn new(mtu: usize) -> Self {
        let size = mtu + ETHERNET + 1;
        Self {
            storage: vec![0; size * BATCH],
            size,
            lengths: [0; BATCH],
        }
    }

    /// The first `count` frames.
    pub(crate) fn frames(&self, count: usize) -> impl Iterator<Item = &[u8]> {
        let places = self.storage.chunks_exact(self.size).zip(self.lengths);
        places
            .take(count)
            .map(|(storage, length)| &storage[..length])
    }
}

/// What came of an attempt to take frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// This many frames.
    Frames(usize),
    /// This many frames, and QEMU has gone.
    Gone(usize),
}

/// The socket.
#[derive(Debug)]
pub(crate) struct FrameSocket {
    socket: AsyncFd<OwnedFd>,
}

impl FrameSocket {
    /// Takes a connected socket over.
    ///
    /// # Errors
    /// It is no socket of sequenced packets, or the runtime does not take it.
    #[allow(unsafe_code)]
    pub(crate) fn new(socket: OwnedFd) -> io::Result<Self> {
        if sockopt::socket_type(&socket)? != rustix::net::SocketType::SEQPACKET {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // A smaller buffer is only slower.
        let _ = sockopt::set_socket_send_buffer_size(&socket, KERNEL_BYTES);
        // SAFETY: an `OwnedFd` is open and the same for as long as it exists.
        let socket = unsafe { AsyncFd::register(socket) }?;
        Ok(Self { socket })
    }

    /// Takes frames that have come.
    pub(crate) fn poll_receive(
        &self,
        context: &mut Context<'_>,
        inbox: &mut Inbox,
    ) -> Poll<io::Result<Taken>> {
        loop {
            let mut ready = ready!(self.socket.poll_read_ready(context))?;
            let size = inbox.size;
            let result = batch::receive(
                self.socket.as_fd(),
                &mut inbox.storage,
                size,
                &mut inbox.lengths,
            );
            match result {
                Ok(count) => {
                    // An empty message is the end.
                    let taken = match inbox.lengths[..count]
                        .iter()
                        .position(|&length| length == 0)
                    {
                        Some(end) => Taken::Gone(end),
                        None => Taken::Frames(count),
                    };
                    return Poll::Ready(Ok(taken));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_gone(&error) => return Poll::Ready(Ok(Taken::Gone(0))),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Sends what waits, as far as QEMU takes it; ready when nothing waits any more.
    pub(crate) fn poll_send(
        &self,
        context: &mut Context<'_>,
        outbox: &mut Outbox,
    ) -> Poll<io::Result<()>> {
        while !outbox.is_empty() {
            let mut ready = ready!(self.socket.poll_write_ready(context))?;
            match batch::send(self.socket.as_fd(), outbox.next()) {
                Ok(count) => outbox.sent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The end is seen where frames are taken.
                Err(error) if is_gone(&error) => outbox.sent(outbox.waiting),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected
    )
}
