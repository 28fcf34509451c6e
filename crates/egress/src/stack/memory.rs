//! The buffers of connections: one mapping of a fixed size, so that a guest cannot make this process take
//! more, whatever it opens and fills. A page counts only once it was written to, and is given back when
//! its connection ends.
//!
//! The first connections get large buffers, later ones smaller.

use std::cell::RefCell;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::{io, slice};

use smoltcp::iface::{Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::time::Instant;

use super::device::Device;

/// How many connections get buffers of how many bytes each way.
///
/// The smallest still hold a full segment on its way and the next one; below that, each waits for the
/// answer to the one before it.
const SIZES: [(usize, usize); 3] = [(16, 256 << 10), (112, 64 << 10), (1408, 16 << 10)];
/// The most connections.
pub(super) const MOST: usize = total(false);
/// Bytes of all buffers.
const BYTES: usize = total(true);

const fn total(bytes: bool) -> usize {
    let mut sum = 0;
    let mut class = 0;
    while class < SIZES.len() {
        let (count, size) = SIZES[class];
        sum += if bytes { 2 * count * size } else { count };
        class += 1;
    }
    sum
}

/// The mapping.
#[derive(Debug)]
pub(super) struct Memory {
    start: NonNull<u8>,
    /// For each size, the offsets of places that are free.
    free: RefCell<[Vec<usize>; SIZES.len()]>,
}

impl Memory {
    /// Maps the memory, of which nothing is used yet.
    ///
    /// # Errors
    /// The system has no more address space.
    #[allow(unsafe_code)]
    pub(super) fn new() -> io::Result<Rc<Self>> {
        // SAFETY: a new anonymous mapping at an address that the kernel chooses.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start: NonNull<u8> = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: the mapping was just made. Huge pages would make a byte cost two megabytes; without
        // this advice it only takes more memory.
        unsafe { libc::madvise(start.as_ptr().cast(), BYTES, libc::MADV_NOHUGEPAGE) };
        let mut offset = 0;
        let free = SIZES.map(|(count, size)| {
            let first = offset;
            offset += 2 * count * size;
            // The last is taken first.
            (0..count).rev().map(|at| first + 2 * at * size).collect()
        });
        Ok(Rc::new(Self {
            start,
            free: RefCell::new(free),
        }))
    }

    /// A new socket with the largest buffers that are left.
    #[allow(unsafe_code)]
    pub(super) fn socket(self: &Rc<Self>) -> Option<Endpoint> {
        let mut free = self.free.borrow_mut();
        let places = free.iter_mut().enumerate();
        let (class, offset) = places
            .filter_map(|(class, places)| Some((class, places.pop()?)))
            .next()?;
        let (_, size) = SIZES[class];
        let buffer = |at: usize| {
            // SAFETY: offset and size lie in the mapping, which lives as long as the `Rc` in `Room`.
            // No other socket has these bytes until the `Room` is dropped, and `Endpoint` drops the
            // socket before it, which nothing can take out of it.
            let bytes = unsafe { slice::from_raw_parts_mut(self.start.add(at).as_ptr(), size) };
            SocketBuffer::new(bytes)
        };
        let socket = Socket::new(buffer(offset), buffer(offset + size));
        let mut sockets = SocketSet::new(Vec::with_capacity(1));
        let handle = sockets.add(socket);
        Some(Endpoint {
            sockets,
            handle,
            _room: Room {
                memory: Rc::clone(self),
                class,
                offset,
            },
        })
    }
}

impl Drop for Memory {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `new`, and every `Room` keeps this value alive.
        unsafe { libc::munmap(self.start.as_ptr().cast(), BYTES) };
    }
}

/// A socket with its buffers, as the only one of a set: smoltcp looks at every socket of a set.
#[derive(Debug)]
pub(super) struct Endpoint {
    // Dropped before the room that its buffers have.
    sockets: SocketSet<'static>,
    handle: SocketHandle,
    _room: Room,
}

impl Endpoint {
    /// The socket.
    pub(super) fn socket_mut(&mut self) -> &mut Socket<'static> {
        self.sockets.get_mut(self.handle)
    }

    /// Gives the device's packet to the socket.
    pub(super) fn ingest(
        &mut self,
        interface: &mut Interface,
        device: &mut Device<'_>,
        now: Instant,
    ) {
        interface.poll_ingress_single(now, device, &mut self.sockets);
    }

    /// Lets the socket send one packet, and tells whether it did.
    pub(super) fn send(
        &mut self,
        interface: &mut Interface,
        device: &mut Device<'_>,
        now: Instant,
    ) -> bool {
        interface.poll_egress(now, device, &mut self.sockets) == PollResult::SocketStateChanged
    }

    /// When the socket has something to do without a packet: [`Instant::ZERO`] is now.
    pub(super) fn due(&self, interface: &mut Interface, now: Instant) -> Option<Instant> {
        interface.poll_at(now, &self.sockets)
    }
}

/// A part of the memory.
#[derive(Debug)]
struct Room {
    memory: Rc<Memory>,
    class: usize,
    offset: usize,
}

impl Drop for Room {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        let (_, size) = SIZES[self.class];
        // SAFETY: the bytes lie in the mapping and no socket uses them any more.
        unsafe {
            let start = self.memory.start.add(self.offset);
            libc::madvise(start.as_ptr().cast(), 2 * size, libc::MADV_DONTNEED);
        }
        self.memory.free.borrow_mut()[self.class].push(self.offset);
    }
}
