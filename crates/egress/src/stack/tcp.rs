//! TCP with the guest: smoltcp for each connection, and what lies between connections.
//!
//! smoltcp walks all sockets of a set for each packet, so every connection is a set of its own, which is
//! found by the packet's ends, and only those are looked at that have something to do.

use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::socket::tcp::{Socket, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, IpListenEndpoint};

use super::device::Device;
use super::drops::Kind;
use super::memory::{MOST, Memory};
use super::segment::Segment;
use super::table::{Id, Key, Stage, Table};
use super::wire::Link;
use crate::frames::Outbox;

/// How many packets a connection sends before the next has its turn.
const BURST: usize = 4;
/// How long opening takes at most.
const OPENING: Duration = Duration::from_secs(10);
/// How long the guest may take to receive the rest of a connection that nobody has any more.
const LEFT: Duration = Duration::from_secs(60);
/// How often a quiet guest is asked whether it still has a connection.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// How long a guest may say nothing at all on a connection. One that has forgotten it says so when it is
/// asked, so only one that is stopped says nothing, and it should find its connections afterwards.
const SILENT: Duration = Duration::from_secs(3600);
/// How long a connection has been quiet that gives way to a new one when there is no place.
const IDLE: Duration = Duration::from_secs(600);
/// When a socket says that it is to be served at once and then does nothing.
const AGAIN: Duration = Duration::from_millis(10);

/// Where packets go, and when it is.
#[derive(Debug)]
pub(super) struct Wire<'w> {
    /// The queue of frames.
    pub(super) outbox: &'w mut Outbox,
    /// The network.
    pub(super) link: &'w Link,
    /// Now.
    pub(super) now: Instant,
}

impl Wire<'_> {
    fn device<'d>(&'d mut self, packet: Option<&'d [u8]>) -> Device<'d> {
        Device::new(packet, self.outbox, self.link)
    }
}

/// All connections.
pub(super) struct Tcp {
    interface: Interface,
    table: Table,
    memory: Rc<Memory>,
    /// Connections of the guest that nobody has taken yet.
    accepted: VecDeque<Id>,
    accepting: Option<Waker>,
    /// Somebody waits for frames to be served.
    serving: Option<Waker>,
    next_port: u16,
}

impl std::fmt::Debug for Tcp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tcp").finish_non_exhaustive()
    }
}

impl Tcp {
    /// No connection yet; sequence numbers depend on `seed`.
    ///
    /// # Errors
    /// There is no memory.
    pub(super) fn new(seed: u64, wire: &mut Wire<'_>) -> io::Result<Self> {
        let mut config = Config::new(HardwareAddress::Ip);
        config.random_seed = seed;
        let gateway = wire.link.gateway;
        let now = wire.now;
        let mut interface = Interface::new(config, &mut wire.device(None), now);
        interface.update_ip_addrs(|addresses| {
            // There is room for one.
            let _ = addresses.push(IpCidr::new(IpAddress::Ipv4(gateway), 32));
        });
        interface.set_any_ip(true);
        Ok(Self {
            interface,
            table: Table::default(),
            memory: Memory::new()?,
            accepted: VecDeque::new(),
            accepting: None,
            serving: None,
            next_port: u16::try_from(seed % 0x4000).unwrap_or_default() + 0x8000,
        })
    }

    /// Takes a segment of a connection that exists; `false` if there is none.
    pub(super) fn segment(&mut self, segment: &Segment<'_>, wire: &mut Wire<'_>) -> bool {
        let Some(id) = self.table.find(&key(segment)) else {
            return false;
        };
        let Some(connection) = self.table.get_mut(id) else {
            return false;
        };
        if connection.stage == Stage::Left && segment.opens {
            // The guest has forgotten it.
            self.table.remove(id);
            return false;
        }
        let now = wire.now;
        let mut device = wire.device(Some(segment.packet));
        connection
            .endpoint
            .ingest(&mut self.interface, &mut device, now);
        connection.active = now;
        self.advance(id);
        true
    }

    /// Begins a connection of the guest.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn open(&mut self, segment: &Segment<'_>, wire: &mut Wire<'_>) -> Result<(), Kind> {
        if let Some(oldest) = self.table.surplus() {
            self.abort(oldest);
        }
        if self.table.is_crowded(segment.address, segment.port) {
            return Err(Kind::Connections);
        }
        if self.table.len() >= MOST {
            self.give_way(wire.now);
        }
        let mut endpoint = self.memory.socket().ok_or(Kind::Connections)?;
        let socket = endpoint.socket_mut();
        set_up(socket);
        let end = IpListenEndpoint {
            addr: Some(IpAddress::Ipv4(segment.address)),
            port: segment.port,
        };
        socket.listen(end).map_err(|_| Kind::Malformed)?;
        let id = self
            .table
            .add(endpoint, key(segment), Stage::Opening, wire.now);
        if let Some(connection) = self.table.get_mut(id) {
            connection.deadline = Some(wire.now + OPENING);
        }
        self.segment(segment, wire);
        Ok(())
    }

    /// Answers a segment of no connection with RST.
    pub(super) fn reject(&mut self, segment: &Segment<'_>, wire: &mut Wire<'_>) {
        let mut nobody = SocketSet::new(Vec::new());
        let now = wire.now;
        let mut device = wire.device(Some(segment.packet));
        self.interface
            .poll_ingress_single(now, &mut device, &mut nobody);
    }

    /// Begins a connection to the guest.
    ///
    /// # Errors
    /// There is no place, or no port.
    pub(super) fn call(&mut self, port: u16, link: &Link, now: Instant) -> io::Result<Id> {
        let mut endpoint = self.memory.socket().ok_or(io::ErrorKind::QuotaExceeded)?;
        // Half of the ports, each tried once at most.
        for _ in 0..0x8000 {
            let own = self.next_port;
            self.next_port = if own == u16::MAX { 0x8000 } else { own + 1 };
            let key = Key {
                guest: port,
                address: link.gateway,
                port: own,
            };
            if self.table.find(&key).is_some() {
                continue;
            }
            let socket = endpoint.socket_mut();
            set_up(socket);
            let guest = (IpAddress::Ipv4(link.guest), port);
            let gateway = (IpAddress::Ipv4(link.gateway), own);
            socket
                .connect(self.interface.context(), guest, gateway)
                .map_err(|_| io::ErrorKind::InvalidInput)?;
            let id = self.table.add(endpoint, key, Stage::Calling, now);
            if let Some(connection) = self.table.get_mut(id) {
                connection.deadline = Some(now + OPENING);
            }
            self.touch(id);
            return Ok(id);
        }
        Err(io::ErrorKind::AddrNotAvailable.into())
    }

    /// Ready when a connection to the guest has been made.
    pub(super) fn poll_called(
        &mut self,
        id: Id,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(connection) = self.table.get_mut(id) else {
            return Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into()));
        };
        let socket = connection.endpoint.socket_mut();
        match socket.state() {
            State::SynSent | State::SynReceived => {
                socket.register_send_waker(context.waker());
                Poll::Pending
            }
            State::Closed => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
            _ => {
                connection.stage = Stage::Open;
                connection.deadline = None;
                Poll::Ready(Ok(()))
            }
        }
    }

    /// The next connection of the guest that nobody has taken yet.
    pub(super) fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<(Id, Key)> {
        while let Some(id) = self.accepted.pop_front() {
            if let Some(connection) = self.table.get(id) {
                return Poll::Ready((id, connection.key));
            }
        }
        self.accepting = Some(context.waker().clone());
        Poll::Pending
    }

    /// Does something with the socket of a connection and serves it afterwards; `None` when the
    /// connection has ended.
    pub(super) fn with<R>(
        &mut self,
        id: Id,
        act: impl FnOnce(&mut Socket<'static>) -> R,
    ) -> Option<R> {
        let connection = self.table.get_mut(id)?;
        Some(act(connection.endpoint.socket_mut()))
    }

    /// Has a connection served soon, because its stream was used.
    pub(super) fn touch(&mut self, id: Id) {
        self.table.enqueue(id);
        if let Some(waker) = self.serving.take() {
            waker.wake();
        }
    }

    /// Resets a connection.
    pub(super) fn abort(&mut self, id: Id) {
        if let Some(connection) = self.table.get_mut(id) {
            connection.endpoint.socket_mut().abort();
            self.touch(id);
        }
    }

    /// Nobody has the stream any more.
    pub(super) fn leave(&mut self, id: Id, now: Instant) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        connection.stage = Stage::Left;
        connection.deadline = Some(now + LEFT);
        let socket = connection.endpoint.socket_mut();
        // Somebody who has not said that he ends has broken off.
        if socket.may_send() || matches!(socket.state(), State::SynSent | State::SynReceived) {
            socket.abort();
        }
        self.touch(id);
    }

    /// Serves those that have something to do, each for a bounded time, as far as QEMU takes frames.
    pub(super) fn serve(&mut self, wire: &mut Wire<'_>) {
        self.table.expire(wire.now);
        for _ in 0..self.table.queued() {
            if wire.outbox.is_full() {
                return;
            }
            let Some(id) = self.table.next() else { return };
            self.serve_one(id, wire);
        }
    }

    /// When something is to be done without a packet.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        self.table.next_timer()
    }

    /// Whether [`Self::serve`] has something to do; otherwise `context` is woken when it has.
    pub(super) fn poll_work(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.table.is_quiet() {
            return Poll::Ready(());
        }
        match &self.serving {
            Some(waker) if waker.will_wake(context.waker()) => {}
            _ => self.serving = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// How many connections there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Breaks every connection off: QEMU has gone.
    pub(super) fn end(&mut self) {
        for connection in self.table.iter_mut() {
            connection.endpoint.socket_mut().abort();
        }
        if let Some(waker) = self.accepting.take() {
            waker.wake();
        }
    }

    /// Looks at what a packet has made of a connection.
    fn advance(&mut self, id: Id) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        let socket = connection.endpoint.socket_mut();
        match (connection.stage, socket.state()) {
            (Stage::Opening, State::SynReceived) => {}
            // A reset makes it listen again.
            (Stage::Opening, State::Listen | State::Closed) => {
                self.table.remove(id);
                return;
            }
            (Stage::Opening, _) => {
                connection.stage = Stage::Open;
                connection.deadline = None;
                self.accepted.push_back(id);
                if let Some(waker) = self.accepting.take() {
                    waker.wake();
                }
            }
            // What the guest still sends is read by nobody.
            (Stage::Left, _) => {
                while socket
                    .recv(|bytes| (bytes.len(), bytes.len()))
                    .is_ok_and(|count| count > 0)
                {}
            }
            _ => {}
        }
        self.table.enqueue(id);
    }

    fn serve_one(&mut self, id: Id, wire: &mut Wire<'_>) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        let now = wire.now;
        if connection.deadline.is_some_and(|deadline| deadline <= now) {
            connection.deadline = None;
            connection.endpoint.socket_mut().abort();
        }
        let mut sent = 0;
        let mut device = wire.device(None);
        while sent < BURST
            && connection
                .endpoint
                .send(&mut self.interface, &mut device, now)
        {
            sent += 1;
        }
        if sent > 0 {
            connection.active = now;
        }
        let full = wire.outbox.is_full();
        let socket = connection.endpoint.socket_mut();
        let over = match socket.state() {
            // Its RST has been sent.
            State::Closed => socket.remote_endpoint().is_none(),
            // Both sides know that it is over; the last acknowledgement has been sent.
            State::TimeWait => sent < BURST && !full,
            _ => false,
        };
        // Whoever calls learns of it from the connection.
        if over && !matches!(connection.stage, Stage::Open | Stage::Calling) {
            self.table.remove(id);
            return;
        }
        if over {
            return;
        }
        let deadline = connection.deadline;
        let due = connection.endpoint.due(&mut self.interface, now);
        match due {
            Some(at) if at <= now && (full || sent == BURST) => self.table.enqueue(id),
            Some(at) if at <= now => self.table.set_timer(id, Some(now + AGAIN)),
            due => self.table.set_timer(id, due),
        }
        self.table.set_timer(id, deadline);
    }

    /// Ends the connection that was quiet longest, if it was for long.
    fn give_way(&mut self, now: Instant) {
        let since = now.total_micros() - i64::try_from(IDLE.total_micros()).unwrap_or(i64::MAX);
        if let Some(id) = self.table.quietest(Instant::from_micros(since)) {
            self.abort(id);
        }
    }
}

fn key(segment: &Segment<'_>) -> Key {
    Key {
        guest: segment.from,
        address: segment.address,
        port: segment.port,
    }
}

fn set_up(socket: &mut Socket<'static>) {
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(None);
    socket.set_keep_alive(Some(KEEP_ALIVE));
    socket.set_timeout(Some(SILENT));
}
