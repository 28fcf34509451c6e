//! The guest's network: its frames on one side, streams of its TCP connections on the other.
//!
//! ```text
//! frames -> segment (what a frame may be) -> engine -> tcp (a smoltcp socket for each connection)
//!                                               |        \-> stream
//!                                               \-> dhcp, dns, answers to ARP and echo; drops
//! ```
//! A stack lives on one thread, in a `LocalSet`. [`Stack::run`] moves frames; while it is polled,
//! [`Stack::accept`] gives connections of the guest and [`Stack::connect`] makes connections to it:
//!
//! ```ignore
//! let stack = Rc::new(Stack::new(frames, &settings, desk)?);
//! let running = stack.run();
//! loop {
//!     tokio::select! {
//!         ended = &mut running => return ended,
//!         Incoming { destination, stream } = stack.accept() => spawn_local(flow(destination, stream)),
//!     }
//! }
//! ```
//! Nothing of a guest leaves by this file: a connection that nobody accepts goes nowhere. The name service
//! is answered here too, so [`Stack::accept`] must be polled for it to work over TCP.

mod checksum;
mod device;
mod drops;
mod engine;
#[doc(hidden)]
pub mod fuzzing;
mod memory;
mod segment;
mod stream;
mod table;
mod tcp;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::time::Instant;

pub(crate) use engine::Engine;
pub use stream::GuestStream;
pub use wire::{GATEWAY, GUEST, MTU, NAMES, PREFIX};

use crate::desk::{Desk, Destination};
use crate::dns::{self, Over};
use crate::frames::{FrameSocket, Inbox, Taken};
use crate::message::Settings;

/// A connection of the guest.
#[derive(Debug)]
pub struct Incoming {
    /// Where it goes.
    pub destination: Destination,
    /// The guest's end.
    pub stream: GuestStream,
}

/// Why there is no stack.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The settings contradict themselves.
    #[error("set the machine's network up: {0}")]
    Settings(&'static str),
    /// The frames' socket is none, or there is no memory.
    #[error("set the machine's network up")]
    Io(#[from] io::Error),
}

/// The network of one guest.
#[derive(Debug)]
pub struct Stack {
    engine: Rc<RefCell<Engine>>,
    frames: FrameSocket,
    inbox: RefCell<Inbox>,
    asking: Rc<Cell<usize>>,
}

impl Stack {
    /// A stack for the guest whose frames come over `frames`: one end of a pair of sequenced-packet
    /// sockets, whose other end QEMU has (`-netdev dgram,local.type=fd`), with a device of the
    /// station address [`GUEST_MAC`](crate::GUEST_MAC).
    ///
    /// # Errors
    /// See [`StackError`].
    pub fn new(frames: OwnedFd, settings: &Settings, desk: Rc<Desk>) -> Result<Self, StackError> {
        check(settings)?;
        let engine = Engine::new(settings, desk)?;
        Ok(Self {
            engine: Rc::new(RefCell::new(engine)),
            frames: FrameSocket::new(frames)?,
            inbox: RefCell::new(Inbox::new(settings.mtu.into())),
            asking: Rc::default(),
        })
    }

    /// Moves frames until QEMU has gone; then every connection is broken off.
    ///
    /// # Errors
    /// The socket of the frames fails.
    pub async fn run(&self) -> io::Result<()> {
        let mut sleep = pin!(tokio::time::sleep_until(Instant::now()));
        loop {
            let gone = poll_fn(|context| {
                let at = self.engine.borrow().next_timer().map(Instant::from_std);
                if let Some(at) = at
                    && at != sleep.deadline()
                {
                    sleep.as_mut().reset(at);
                }
                let due = at.is_some() && sleep.as_mut().poll(context).is_ready();
                self.poll_turn(context, due)
            })
            .await?;
            if gone {
                let mut engine = self.engine.borrow_mut();
                engine.gone = true;
                engine.tcp.end();
                return Ok(());
            }
            // Whoever was woken by these frames goes first.
            tokio::task::yield_now().await;
        }
    }

    /// The next connection of the guest; it waits for as long as there is none.
    pub async fn accept(&self) -> Incoming {
        loop {
            let (id, key) =
                poll_fn(|context| self.engine.borrow_mut().tcp.poll_accept(context)).await;
            let stream = GuestStream::new(Rc::clone(&self.engine), id);
            let engine = self.engine.borrow();
            let destination = engine.destination(key.address, key.port);
            if !engine.is_for_names(&destination) {
                return Incoming {
                    destination,
                    stream,
                };
            }
            drop(engine);
            self.answer(stream);
        }
    }

    /// Connects to a TCP port of the guest.
    ///
    /// # Errors
    /// Nothing listens there, the guest does not answer in time, or there are too many connections.
    pub async fn connect(&self, port: u16) -> io::Result<GuestStream> {
        let id = self.engine.borrow_mut().call(port)?;
        let stream = GuestStream::new(Rc::clone(&self.engine), id);
        poll_fn(|context| stream.poll_called(context)).await?;
        Ok(stream)
    }

    /// How many connections there are.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.engine.borrow().tcp.len()
    }

    /// How many frames of the guest were dropped, by kind.
    #[must_use]
    pub fn dropped(&self) -> Vec<(&'static str, u64)> {
        self.engine.borrow().dropped()
    }

    /// Takes frames, serves connections and sends frames, as much of each as is there, but not more than
    /// a bounded number. Ready when something was done, with whether QEMU has gone.
    fn poll_turn(&self, context: &mut Context<'_>, due: bool) -> Poll<io::Result<bool>> {
        let mut engine = self.engine.borrow_mut();
        let mut progress = due;
        if !engine.outbox.is_full() {
            let mut inbox = self.inbox.borrow_mut();
            match self.frames.poll_receive(context, &mut inbox) {
                Poll::Ready(Ok(taken)) => {
                    progress = true;
                    let (Taken::Frames(count) | Taken::Gone(count)) = taken;
                    for frame in inbox.frames(count) {
                        engine.take(frame);
                    }
                    if matches!(taken, Taken::Gone(_)) {
                        return Poll::Ready(Ok(true));
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {}
            }
        }
        if due || engine.tcp.poll_work(context).is_ready() {
            let before = engine.outbox.is_full();
            engine.serve();
            // With a full queue, nobody could be served.
            progress |= !before;
        }
        match self.frames.poll_send(context, &mut engine.outbox) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => progress &= !engine.outbox.is_full(),
        }
        if progress {
            return Poll::Ready(Ok(false));
        }
        Poll::Pending
    }

    /// Answers questions for names over TCP.
    fn answer(&self, stream: GuestStream) {
        if self.asking.get() >= dns::MOST_STREAMS {
            return;
        }
        self.asking.set(self.asking.get() + 1);
        let (engine, asking) = (Rc::clone(&self.engine), Rc::clone(&self.asking));
        tokio::task::spawn_local(async move {
            let answer = |question: &[u8]| engine.borrow_mut().answer(question, Over::Tcp);
            dns::serve(stream, answer).await;
            asking.set(asking.get() - 1);
        });
    }
}

fn check(settings: &Settings) -> Result<(), StackError> {
    let (first, bits) = settings.names;
    let reason = if !(1..=30).contains(&settings.prefix) {
        "the network has between 1 and 30 bits"
    } else if !(576..=9216).contains(&settings.mtu) {
        "the largest packet is between 576 and 9216 bytes"
    } else if !(8..=24).contains(&bits) {
        "the range of names has between 8 and 24 bits"
    } else if first.is_multicast() || matches!(first.octets()[0], 0 | 127 | 240..) {
        "the range of names is no range of hosts"
    } else {
        let mask = u32::MAX << (32 - u32::from(settings.prefix));
        let network = |address: std::net::Ipv4Addr| address.to_bits() & mask;
        let names = u32::MAX << (32 - u32::from(bits));
        let guest = IpAddr::from(settings.guest);
        if settings.guest == settings.gateway || guest.is_multicast() || guest.is_loopback() {
            "the guest and the gateway have an address each"
        } else if network(settings.guest) != network(settings.gateway) {
            "the guest and the gateway are in one network"
        } else if (settings.guest.to_bits() ^ first.to_bits()) & names & mask == 0 {
            "the range of names lies outside the guest's network"
        } else {
            return Ok(());
        }
    };
    Err(StackError::Settings(reason))
}
