//! Two multiplexers, connected by wires in memory.

use crate::mux::{Event, GuestMux, Happened, HostMux};
use crate::{Decoder, Ending, Error, Process, Request, TerminalSize};

/// Capacity of each wire in bytes; a writer waits when it is full, as with a device.
const WIRE_BYTES: usize = 100_000;

/// Host and guest with a wire in each direction.
#[derive(Default)]
pub(super) struct Pair {
    pub(super) host: HostMux,
    pub(super) guest: GuestMux,
    to_guest: Vec<u8>,
    to_host: Vec<u8>,
    guest_decoder: Decoder,
    host_decoder: Decoder,
}

pub(super) fn request() -> Request {
    Request::Exec(Process {
        argv: vec!["cat".to_owned()],
        env: Vec::new(),
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    })
}

impl Pair {
    /// Lets the host write up to `frames` frames; returns whether there was one.
    pub(super) fn host_writes(&mut self, frames: usize) -> bool {
        let before = self.to_guest.len();
        for _ in 0..frames {
            if self.to_guest.len() >= WIRE_BYTES
                || self.host.write_next(&mut self.to_guest).is_none()
            {
                break;
            }
        }
        self.to_guest.len() > before
    }

    /// Lets the guest write up to `frames` frames; returns whether there was one.
    pub(super) fn guest_writes(&mut self, frames: usize) -> bool {
        let before = self.to_host.len();
        for _ in 0..frames {
            if self.to_host.len() >= WIRE_BYTES
                || self.guest.write_next(&mut self.to_host).is_none()
            {
                break;
            }
        }
        self.to_host.len() > before
    }

    /// Lets the guest read up to `count` bytes of its wire.
    pub(super) fn guest_reads(&mut self, count: usize) -> Result<Vec<Happened>, Error> {
        let count = count.min(self.to_guest.len());
        self.guest_decoder.push(&self.to_guest[..count]);
        self.to_guest.drain(..count);
        let mut happened = Vec::new();
        while let Some(frame) = self.guest_decoder.next_frame()? {
            happened.extend(self.guest.receive(&frame)?);
        }
        Ok(happened)
    }

    /// Lets the host read up to `count` bytes of its wire.
    pub(super) fn host_reads(&mut self, count: usize) -> Result<(), Error> {
        let count = count.min(self.to_host.len());
        self.host_decoder.push(&self.to_host[..count]);
        self.to_host.drain(..count);
        while let Some(frame) = self.host_decoder.next_frame()? {
            self.host.receive(&frame)?;
        }
        Ok(())
    }

    /// Carries everything until both sides are silent; returns the events in the guest.
    pub(super) fn settle(&mut self) -> Result<Vec<Happened>, Error> {
        let mut happened = Vec::new();
        loop {
            let wrote = self.host_writes(usize::MAX) | self.guest_writes(usize::MAX);
            happened.extend(self.guest_reads(usize::MAX)?);
            self.host_reads(usize::MAX)?;
            if !wrote {
                return Ok(happened);
            }
        }
    }

    /// Opens a session and starts it.
    pub(super) fn running(&mut self) -> u32 {
        let session = self.host.open(&request()).unwrap();
        self.settle().unwrap();
        self.guest.started(session);
        self.settle().unwrap();
        assert_eq!(self.host.next_event(session), Some(Event::Started));
        session
    }

    /// Ends a session in the guest and carries the ending to the host.
    pub(super) fn finish(&mut self, session: u32, ending: &Ending) {
        self.guest.finish(session, ending);
        self.settle().unwrap();
    }
}

/// The size of a terminal.
pub(super) fn size(rows: u16, columns: u16) -> TerminalSize {
    TerminalSize { rows, columns }
}
