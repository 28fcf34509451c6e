//! Entry points for the fuzz targets of what a guest sends.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;

use super::checksum::Sum;
use super::engine::Engine;
use super::memory::MOST;
use super::stream::GuestStream;
use super::wire::{GATEWAY, GUEST, IPV4_HEADER, MTU, NAMES, PREFIX, TCP, UDP};
use crate::desk::Desk;
use crate::dns::{self, Over};
use crate::frames::{ETHERNET, GATEWAY_MAC, GUEST_MAC};
use crate::message::Settings;
use crate::names::Names;

/// Servers that the guest knows.
const SERVERS: [Ipv4Addr; 4] = [
    Ipv4Addr::new(93, 184, 216, 34),
    NAMES.0,
    GATEWAY,
    Ipv4Addr::new(10, 0, 0, 1),
];

/// Answers a question for a name.
pub fn dns(question: &[u8]) {
    let mut names = Names::new(NAMES, 0);
    for over in [Over::Udp, Over::Tcp] {
        let answer = dns::answer(question, over, &mut names, |_| false);
        let Some(answer) = answer else { continue };
        assert_eq!(answer[..2], question[..2]);
        assert!(answer[2] & 0x80 != 0, "an answer");
        assert!(over == Over::Tcp || answer.len() <= 1232);
    }
}

/// Takes what a guest does one after the other: frames as they are, segments of TCP that fit to what was
/// answered, and whoever has the streams reads, writes and ends. The first byte of each says which.
pub fn frames(mut input: &[u8]) {
    let Some(mut guest) = Guest::new() else {
        return;
    };
    while let Some((kind, rest)) = input.split_first() {
        input = match kind % 8 {
            0 | 1 => guest.frame(rest),
            2..=5 => guest.segment(rest),
            _ => guest.stream(rest),
        };
        guest.settle();
    }
}

struct Guest {
    engine: Rc<RefCell<Engine>>,
    streams: Vec<GuestStream>,
    /// For each port of the guest, what it sends and expects next.
    sequences: [(u32, u32); 4],
}

impl Guest {
    fn new() -> Option<Self> {
        let settings = Settings {
            guest: GUEST,
            gateway: GATEWAY,
            prefix: PREFIX,
            names: NAMES,
            mtu: MTU,
            documents: Vec::new(),
            integrations: Vec::new(),
            hosts: Vec::new(),
            authority: None,
            learn: false,
            ask_seconds: 1,
            ports: Vec::new(),
        };
        let (holder, _) = mpsc::unbounded_channel();
        let hold = Duration::from_secs(1);
        let desk = Desk::new(Vec::new(), Vec::new(), hold, holder);
        let engine = Engine::new(&settings, Rc::new(desk)).ok()?;
        Some(Self {
            engine: Rc::new(RefCell::new(engine)),
            streams: Vec::new(),
            sequences: [(1, 0); 4],
        })
    }

    /// A frame: its length, then its bytes; the highest bit has its headers made right.
    fn frame<'i>(&mut self, input: &'i [u8]) -> &'i [u8] {
        let Some((length, rest)) = input.split_first() else {
            return &[];
        };
        let (bytes, rest) = rest.split_at(rest.len().min(usize::from(length & 0x7f)));
        let mut frame = bytes.to_vec();
        if length & 0x80 != 0 {
            right(&mut frame);
        }
        self.engine.borrow_mut().take(&frame);
        rest
    }

    /// A segment: which connection, its flags, by how much it is off, its window, its length.
    fn segment<'i>(&mut self, input: &'i [u8]) -> &'i [u8] {
        let Some((header, rest)) = input.split_first_chunk::<6>() else {
            return &[];
        };
        let [which, flags, off, window, length, options] = *header;
        let port = which & 3;
        let server = SERVERS[usize::from(which >> 2 & 3)];
        let (next, expected) = &mut self.sequences[usize::from(port)];
        let sequence = next.wrapping_add_signed(i32::from(off.cast_signed()) / 16);
        let options = vec![options; usize::from(options % 3) * 4];
        let payload = vec![length; usize::from(length) * 8];
        let mut body = vec![0xc0, port, 0, 80];
        body.extend(sequence.to_be_bytes());
        body.extend(expected.to_be_bytes());
        let offset = u8::try_from(5 + options.len() / 4).unwrap_or(5) << 4;
        body.extend([offset, flags, window, 0xff, 0, 0, 0, 0]);
        body.extend(&options);
        body.extend(&payload);
        let counted = payload.len() + usize::from(flags & 1) + usize::from(flags >> 1 & 1);
        if off == 0 {
            *next = next.wrapping_add(u32::try_from(counted).unwrap_or_default());
        }
        let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, TCP, 0, 0];
        packet.extend(GUEST.octets());
        packet.extend(server.octets());
        packet.extend(body);
        let mut frame = vec![0; ETHERNET];
        frame[12..].copy_from_slice(&[8, 0]);
        frame.extend(packet);
        right(&mut frame);
        self.engine.borrow_mut().take(&frame);
        rest
    }

    /// What is done with a stream: which, and what.
    fn stream<'i>(&mut self, input: &'i [u8]) -> &'i [u8] {
        let Some((&[which, what], rest)) = input.split_first_chunk::<2>() else {
            return &[];
        };
        let context = &mut Context::from_waker(Waker::noop());
        if self.streams.is_empty() {
            if what & 0x80 != 0
                && let Ok(id) = self.engine.borrow_mut().call(0xc000 | u16::from(which & 3))
            {
                self.streams
                    .push(GuestStream::new(Rc::clone(&self.engine), id));
            }
            return rest;
        }
        let place = usize::from(which) % self.streams.len();
        let stream = &mut self.streams[place];
        let mut buffer = [0; 4096];
        match what % 6 {
            0 => {
                let mut buffer = ReadBuf::new(&mut buffer);
                let _ = Pin::new(stream).poll_read(context, &mut buffer);
            }
            1 | 2 => {
                let _ = Pin::new(stream).poll_write(context, &buffer);
            }
            3 => stream.finish(),
            4 => stream.reset(),
            _ => drop(self.streams.swap_remove(place)),
        }
        rest
    }

    /// Serves, takes new streams, and learns from what is sent.
    fn settle(&mut self) {
        let context = &mut Context::from_waker(Waker::noop());
        let mut engine = self.engine.borrow_mut();
        engine.serve();
        while let Poll::Ready((id, _)) = engine.tcp.poll_accept(context) {
            self.streams
                .push(GuestStream::new(Rc::clone(&self.engine), id));
        }
        assert!(engine.tcp.len() <= MOST);
        let sequences = &mut self.sequences;
        engine.outbox.drain(|frame| {
            assert!(frame.len() <= usize::from(MTU) + ETHERNET);
            assert_eq!(
                (&frame[..6], &frame[6..12]),
                (&GUEST_MAC[..], &GATEWAY_MAC[..])
            );
            if frame[12..14] != [8, 0] || frame[ETHERNET + 9] != TCP {
                return;
            }
            let body = &frame[ETHERNET + IPV4_HEADER..];
            let number = |at: usize| {
                let bytes = body[at..].first_chunk().copied();
                u32::from_be_bytes(bytes.unwrap_or_default())
            };
            let payload = body.len() - usize::from(body[12] >> 4) * 4;
            let counted = payload + usize::from(body[13] & 1) + usize::from(body[13] >> 1 & 1);
            let (next, expected) = &mut sequences[usize::from(body[3] & 3)];
            *expected = number(4).wrapping_add(u32::try_from(counted).unwrap_or_default());
            if body[13] & 0x12 == 0x12 {
                *next = number(8);
            }
        });
    }
}

/// Sets stations, lengths and checksums right, so that what lies below is reached.
fn right(frame: &mut [u8]) {
    if frame.len() < ETHERNET {
        return;
    }
    frame[..6].copy_from_slice(&GATEWAY_MAC);
    frame[6..12].copy_from_slice(&GUEST_MAC);
    let packet = &mut frame[ETHERNET..];
    let Ok(length) = u16::try_from(packet.len()) else {
        return;
    };
    let Some((header, body)) = packet.split_at_mut_checked(IPV4_HEADER) else {
        return;
    };
    header[2..4].copy_from_slice(&length.to_be_bytes());
    header[10..12].fill(0);
    let sum = Sum::default().add(header).finish();
    header[10..12].copy_from_slice(&sum);
    let octets =
        |at: usize| Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]);
    let (from, to, protocol) = (octets(12), octets(16), header[9]);
    let place = match protocol {
        TCP if body.len() >= 20 => 16,
        UDP if body.len() >= 8 => {
            let length = u16::try_from(body.len()).unwrap_or_default();
            body[4..6].copy_from_slice(&length.to_be_bytes());
            6
        }
        _ => return,
    };
    body[place..place + 2].fill(0);
    let sum = Sum::default().pseudo(from, to, protocol, body.len());
    let sum = sum.add(body).finish();
    body[place..place + 2].copy_from_slice(&sum);
}
