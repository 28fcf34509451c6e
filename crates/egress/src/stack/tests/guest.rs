//! A guest: its own TCP, and frames as one likes.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use lazaret_policy::{Document, Layer, Rule, Verdict};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, socketpair};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use tokio::sync::mpsc;

use super::super::wire::{GATEWAY, GUEST, MTU, NAMES, PREFIX, TCP};
use crate::desk::Desk;
use crate::frames::{ETHERNET, GATEWAY_MAC, GUEST_MAC};
use crate::message::{DecisionRecord, FromBoundary, Settings};
use crate::stack::Stack;

/// A stack that runs, its guest, and what its desk tells.
pub(crate) struct Network {
    pub(crate) stack: Rc<Stack>,
    pub(crate) guest: Guest,
    pub(crate) told: mpsc::UnboundedReceiver<FromBoundary>,
    pub(crate) running: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// The settings of tests.
pub(crate) fn settings() -> Settings {
    Settings {
        guest: GUEST,
        gateway: GATEWAY,
        prefix: PREFIX,
        names: NAMES,
        mtu: MTU,
        documents: Vec::new(),
        integrations: Vec::new(),
        authority: None,
        learn: false,
        hosts: Vec::new(),
        ask_seconds: 1,
        ports: Vec::new(),
    }
}

/// A desk that allows these hosts, and what it tells.
pub(crate) fn desk(allowed: &[&str]) -> (Rc<Desk>, mpsc::UnboundedReceiver<FromBoundary>) {
    let rules = allowed.iter().map(|pattern| Rule {
        pattern: (*pattern).to_owned(),
        ports: Vec::new(),
        methods: Vec::new(),
        paths: Vec::new(),
        verdict: Verdict::Allow,
        tls_terminate: None,
        description: None,
    });
    let document = Document {
        origin: "test".to_owned(),
        layer: Layer::Policy,
        default: None,
        rules: rules.collect(),
    };
    let (sender, told) = mpsc::unbounded_channel();
    let hold = Duration::from_secs(1);
    let desk = Desk::new(vec![document], Vec::new(), hold, sender);
    (Rc::new(desk), told)
}

/// Starts a stack and its guest, which may reach nothing.
pub(crate) fn network() -> Network {
    network_with(&[])
}

/// Starts a stack and its guest, which may reach these hosts.
pub(crate) fn network_with(allowed: &[&str]) -> Network {
    let (guest, frames) = Guest::new();
    let (desk, told) = desk(allowed);
    let stack = Rc::new(Stack::new(frames, &settings(), desk).unwrap());
    let run = Rc::clone(&stack);
    let running = tokio::task::spawn_local(async move { run.run().await });
    Network {
        stack,
        guest,
        told,
        running,
    }
}

impl Network {
    /// Lets everybody work until something is there.
    pub(crate) async fn until<R>(&mut self, mut found: impl FnMut(&mut Guest) -> Option<R>) -> R {
        loop {
            self.guest.poll();
            if let Some(result) = found(&mut self.guest) {
                return result;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Lets everybody work for so long.
    pub(crate) async fn wait(&mut self, time: Duration) {
        let end = Instant::now() + time;
        self.until(|_| (Instant::now() >= end).then_some(())).await;
    }

    /// Lets everybody work until a future is ready.
    pub(crate) async fn drive<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        loop {
            self.guest.poll();
            tokio::select! {
                biased;
                result = &mut future => return result,
                () = tokio::task::yield_now() => {}
            }
        }
    }

    /// Sends a frame and gives the first answer that is no TCP.
    pub(crate) async fn ask(&mut self, frame: &[u8]) -> Vec<u8> {
        self.guest.send(frame);
        self.until(|guest| guest.device.others.pop()).await
    }

    /// A connection of the guest that has been accepted.
    pub(crate) async fn connected(
        &mut self,
        address: Ipv4Addr,
        port: u16,
    ) -> (SocketHandle, crate::stack::Incoming) {
        let handle = self.guest.connect(address, port);
        let stack = Rc::clone(&self.stack);
        let incoming = self.drive(stack.accept()).await;
        self.until(|guest| (guest.socket(handle).state() == State::Established).then_some(()))
            .await;
        (handle, incoming)
    }

    /// What was told to be denied so far.
    pub(crate) fn denials(&mut self) -> Vec<DecisionRecord> {
        let mut denials = Vec::new();
        while let Ok(message) = self.told.try_recv() {
            if let FromBoundary::Decision(record) = message {
                assert_eq!(record.verdict, Verdict::Deny);
                denials.push(record);
            }
        }
        denials
    }
}

/// The guest.
pub(crate) struct Guest {
    device: Device,
    interface: Interface,
    sockets: SocketSet<'static>,
    began: Instant,
    port: u16,
    /// It takes no frames while this is set.
    pub(crate) deaf: bool,
}

impl Guest {
    /// A guest, and the stack's end of its frames.
    pub(crate) fn new() -> (Self, OwnedFd) {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (frames, far) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
        let began = Instant::now();
        let mut device = Device {
            frames,
            others: Vec::new(),
            waiting: VecDeque::new(),
        };
        let config = Config::new(HardwareAddress::Ip);
        let mut interface =
            Interface::new(config, &mut device, smoltcp::time::Instant::from_millis(0));
        interface.update_ip_addrs(|addresses| {
            addresses
                .push(IpCidr::new(IpAddress::Ipv4(GUEST), PREFIX))
                .unwrap();
        });
        interface
            .routes_mut()
            .add_default_ipv4_route(GATEWAY)
            .unwrap();
        let guest = Self {
            device,
            interface,
            sockets: SocketSet::new(Vec::new()),
            began,
            port: 40_000,
            deaf: false,
        };
        (guest, far)
    }

    /// Sends a frame.
    pub(crate) fn send(&self, frame: &[u8]) {
        while rustix::net::send(&self.device.frames, frame, SendFlags::empty()).is_err() {
            std::thread::yield_now();
        }
    }

    /// Sends a frame if there is a place for it.
    pub(crate) fn try_send(&self, frame: &[u8]) -> bool {
        rustix::net::send(&self.device.frames, frame, SendFlags::empty()).is_ok()
    }

    /// Takes a frame, before the guest's own TCP sees it.
    pub(crate) fn receive(&self) -> Option<Vec<u8>> {
        let mut frame = vec![0; usize::from(MTU) + ETHERNET];
        let (count, _) =
            rustix::net::recv(&self.device.frames, &mut frame[..], RecvFlags::empty()).ok()?;
        frame.truncate(count);
        Some(frame)
    }

    /// A socket that connects.
    pub(crate) fn connect(&mut self, address: Ipv4Addr, port: u16) -> SocketHandle {
        let mut socket = new_socket();
        self.port += 1;
        socket
            .connect(
                self.interface.context(),
                (IpAddress::Ipv4(address), port),
                self.port,
            )
            .unwrap();
        self.sockets.add(socket)
    }

    /// A socket that listens.
    pub(crate) fn listen(&mut self, port: u16) -> SocketHandle {
        let mut socket = new_socket();
        socket.listen(port).unwrap();
        self.sockets.add(socket)
    }

    /// A socket.
    pub(crate) fn socket(&mut self, handle: SocketHandle) -> &mut Socket<'static> {
        self.sockets.get_mut(handle)
    }

    /// Moves frames.
    pub(crate) fn poll(&mut self) {
        if self.deaf {
            return;
        }
        let now = i64::try_from(self.began.elapsed().as_millis()).unwrap();
        let now = smoltcp::time::Instant::from_millis(now);
        self.device.flush();
        self.interface
            .poll(now, &mut self.device, &mut self.sockets);
        self.device.flush();
    }
}

fn new_socket() -> Socket<'static> {
    let buffer = || SocketBuffer::new(vec![0; 256 << 10]);
    let mut socket = Socket::new(buffer(), buffer());
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(None);
    socket
}

struct Device {
    frames: OwnedFd,
    others: Vec<Vec<u8>>,
    /// Frames that the socket had no place for, as QEMU keeps them.
    waiting: VecDeque<Vec<u8>>,
}

impl Device {
    fn flush(&mut self) {
        while let Some(frame) = self.waiting.front() {
            if rustix::net::send(&self.frames, frame, SendFlags::empty()).is_err() {
                return;
            }
            self.waiting.pop_front();
        }
    }
}

struct Received(Vec<u8>);

struct Sent<'t>(&'t mut VecDeque<Vec<u8>>);

impl phy::Device for Device {
    type RxToken<'t> = Received;
    type TxToken<'t> = Sent<'t>;

    fn receive(&mut self, _: smoltcp::time::Instant) -> Option<(Received, Sent<'_>)> {
        loop {
            let mut frame = vec![0; usize::from(MTU) + ETHERNET];
            let (count, _) =
                rustix::net::recv(&self.frames, &mut frame[..], RecvFlags::empty()).ok()?;
            frame.truncate(count);
            if count == 0 {
                return None;
            }
            assert_eq!(frame[..6], GUEST_MAC);
            assert_eq!(frame[6..12], GATEWAY_MAC);
            if frame[12..14] == [8, 0] && frame[ETHERNET + 9] == TCP {
                return Some((Received(frame), Sent(&mut self.waiting)));
            }
            self.others.push(frame);
        }
    }

    fn transmit(&mut self, _: smoltcp::time::Instant) -> Option<Sent<'_>> {
        (self.waiting.len() < 64).then_some(Sent(&mut self.waiting))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = usize::from(MTU);
        capabilities
    }
}

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(&self.0[ETHERNET..])
    }
}

impl phy::TxToken for Sent<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut frame = vec![0; ETHERNET + length];
        frame[..6].copy_from_slice(&GATEWAY_MAC);
        frame[6..12].copy_from_slice(&GUEST_MAC);
        frame[12..14].copy_from_slice(&[8, 0]);
        let result = write(&mut frame[ETHERNET..]);
        self.0.push_back(frame);
        result
    }
}
