//! The state of one session, on either side.

use std::collections::VecDeque;

use super::flow::{Incoming, Outgoing, Violation};
use crate::error::Error;
use crate::frame::{Frame, begin};
use crate::kind::{END, Kind};
use crate::outcome::Ending;
use crate::stream::Stream;
use crate::terminal::TerminalSize;

/// Most runs of bytes whose order of arrival is remembered. Beyond that, bytes join the last run of
/// their stream, so that a peer that sends single bytes costs no memory.
const MAX_RUNS: usize = 64;

/// The state of a session; see [`crate::mux`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Asked,
    Running,
    /// On the host: the ending was received and is not read yet. In the guest: it is not sent yet.
    Ended,
}

/// The side of a stream on which this multiplexer is.
#[derive(Debug)]
pub(super) enum Flow {
    Out(Outgoing),
    In(Incoming),
}

/// A session's streams, its state, and its messages that wait to be sent.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) state: State,
    /// The streams, in the order of [`Stream::ALL`].
    flows: [Flow; 3],
    /// The stream that had the last turn.
    turn: usize,
    /// The message to send before all others: the request, or the notice that it was started.
    pub(super) first: Option<(Kind, Vec<u8>)>,
    /// The message to send after all others: the ending.
    pub(super) last: Option<(Kind, Vec<u8>)>,
    /// Signals to send: bit `n - 1` is signal `n`.
    pub(super) signals: u64,
    /// The size of the terminal to send: only the last one counts.
    pub(super) size: Option<TerminalSize>,
    /// Streams and lengths in bytes, in the order in which the bytes came.
    runs: VecDeque<(Stream, usize)>,
    /// Whether the start was received and is not reported yet.
    pub(super) has_started: bool,
    /// The ending that was received, if any.
    pub(super) ending: Option<Ending>,
    /// Whether the reader has gone.
    pub(super) is_discarded: bool,
}

impl Session {
    /// A session in which this side sends the `outgoing` streams and receives the others.
    pub(super) fn new(outgoing: &[Stream]) -> Self {
        Self {
            state: State::Asked,
            flows: Stream::ALL.map(|stream| {
                if outgoing.contains(&stream) {
                    Flow::Out(Outgoing::new())
                } else {
                    Flow::In(Incoming::default())
                }
            }),
            turn: 0,
            first: None,
            last: None,
            signals: 0,
            size: None,
            runs: VecDeque::new(),
            has_started: false,
            ending: None,
            is_discarded: false,
        }
    }

    /// The stream, if this side sends it.
    pub(super) fn outgoing(&mut self, stream: Stream) -> Option<&mut Outgoing> {
        match self.flow_mut(stream) {
            Flow::Out(outgoing) => Some(outgoing),
            Flow::In(_) => None,
        }
    }

    /// The stream, if this side receives it.
    pub(super) fn incoming(&mut self, stream: Stream) -> Option<&mut Incoming> {
        match self.flow_mut(stream) {
            Flow::Out(_) => None,
            Flow::In(incoming) => Some(incoming),
        }
    }

    /// The stream, if this side receives it, for reading its state.
    pub(super) fn received(&self, stream: Stream) -> Option<&Incoming> {
        match &self.flows[index(stream)] {
            Flow::Out(_) => None,
            Flow::In(incoming) => Some(incoming),
        }
    }

    /// The stream, if this side sends it, for reading its state.
    pub(super) fn sent(&self, stream: Stream) -> Option<&Outgoing> {
        match &self.flows[index(stream)] {
            Flow::Out(outgoing) => Some(outgoing),
            Flow::In(_) => None,
        }
    }

    fn flow_mut(&mut self, stream: Stream) -> &mut Flow {
        &mut self.flows[index(stream)]
    }

    /// Takes a frame with bytes of a stream, or with credit for one.
    pub(super) fn receive(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        let unexpected = Error::Unexpected {
            kind: frame.kind,
            session: frame.session,
        };
        if let Some(stream) = frame.kind.stream() {
            let incoming = self.incoming(stream).ok_or(unexpected)?;
            let held = incoming
                .receive(frame.payload, frame.flags & END != 0)
                .map_err(|violation| error(violation, frame.session, stream))?;
            self.note_run(stream, held);
            return Ok(());
        }
        if frame.kind != Kind::Credit {
            return Err(unexpected);
        }
        let [kind, count @ ..] = frame.payload else {
            return Err(frame.damaged("it is empty"));
        };
        let stream = Kind::from_byte(*kind).and_then(Kind::stream);
        let stream = stream.ok_or_else(|| frame.damaged("it names no stream"))?;
        let count = count
            .try_into()
            .map_err(|_| frame.damaged("a count has four bytes"))?;
        let count = usize::try_from(u32::from_le_bytes(count)).unwrap_or(usize::MAX);
        self.outgoing(stream)
            .ok_or(unexpected)?
            .grant(count)
            .map_err(|violation| error(violation, frame.session, stream))
    }

    fn note_run(&mut self, stream: Stream, length: usize) {
        let is_full = self.runs.len() >= MAX_RUNS;
        let last_of_stream = match self.runs.back_mut() {
            Some(last) if last.0 == stream => Some(last),
            Some(_) if is_full => self.runs.iter_mut().rfind(|run| run.0 == stream),
            _ => None,
        };
        match last_of_stream {
            Some(run) => run.1 += length,
            None if length > 0 => self.runs.push_back((stream, length)),
            None => {}
        }
    }

    /// Removes and returns the bytes that came first, at most `limit`.
    pub(super) fn take(&mut self, limit: usize) -> Option<(Stream, Vec<u8>)> {
        let (stream, length) = *self.runs.front()?;
        let bytes = self.incoming(stream)?.take(length.min(limit));
        match self.runs.front_mut() {
            Some(run) if run.1 > bytes.len() => run.1 -= bytes.len(),
            _ => {
                self.runs.pop_front();
            }
        }
        Some((stream, bytes))
    }

    /// Discards the bytes that have come and those to come.
    pub(super) fn discard(&mut self) {
        self.is_discarded = true;
        self.runs.clear();
        for flow in &mut self.flows {
            if let Flow::In(incoming) = flow {
                incoming.discard();
            }
        }
    }

    /// Records the ending that was received; afterwards nothing is to be sent.
    pub(super) fn end(&mut self, ending: Ending) {
        self.state = State::Ended;
        self.ending = Some(ending);
        self.first = None;
        self.signals = 0;
        self.size = None;
        for flow in &mut self.flows {
            match flow {
                Flow::Out(outgoing) => *outgoing = Outgoing::ended(),
                Flow::In(incoming) => incoming.end(),
            }
        }
    }

    /// Accepts nothing more to be sent except this last message.
    pub(super) fn finish(&mut self, kind: Kind, payload: Vec<u8>) {
        self.state = State::Ended;
        self.last = Some((kind, payload));
        self.discard();
        for flow in &mut self.flows {
            if let Flow::Out(outgoing) = flow {
                outgoing.close();
            }
        }
    }

    /// Whether a short message waits to be sent.
    pub(super) fn has_message(&self) -> bool {
        self.first.is_some()
            || self.signals != 0
            || self.size.is_some()
            || self.flows.iter().any(|flow| match flow {
                Flow::In(incoming) => incoming.owes(),
                Flow::Out(_) => false,
            })
    }

    /// Appends the next short message to `wire`.
    pub(super) fn write_message(&mut self, number: u32, wire: &mut Vec<u8>) {
        if let Some((kind, payload)) = self.first.take() {
            return Frame::new(kind, number, &payload).encode_into(wire);
        }
        if let Some(size) = self.size.take() {
            return Frame::new(Kind::Resize, number, &size.encode()).encode_into(wire);
        }
        if self.signals != 0 {
            let bit = self.signals.trailing_zeros();
            self.signals &= self.signals - 1;
            let signal = u8::try_from(bit + 1).unwrap_or(u8::MAX);
            return Frame::new(Kind::Signal, number, &[signal]).encode_into(wire);
        }
        for (stream, flow) in Stream::ALL.into_iter().zip(&mut self.flows) {
            if let Flow::In(incoming) = flow
                && incoming.owes()
            {
                let count = u32::try_from(incoming.pay()).unwrap_or(u32::MAX);
                let mut payload = [Kind::of(stream) as u8, 0, 0, 0, 0];
                payload[1..].copy_from_slice(&count.to_le_bytes());
                return Frame::new(Kind::Credit, number, &payload).encode_into(wire);
            }
        }
    }

    /// Whether bytes, the end of a stream, or the last message can be sent.
    pub(super) fn has_bytes(&self) -> bool {
        self.last.is_some() || self.flows.iter().any(is_ready)
    }

    /// Appends the next piece to `wire`; streams that have one take turns. Without a piece, it
    /// appends the last message. Returns whether the session has nothing more to send, ever.
    pub(super) fn write_bytes(&mut self, number: u32, wire: &mut Vec<u8>) -> bool {
        let streams = Stream::ALL.len();
        for step in 1..=streams {
            let index = (self.turn + step) % streams;
            let kind = Kind::of(Stream::ALL[index]);
            if let Flow::Out(outgoing) = &mut self.flows[index]
                && outgoing.is_ready()
            {
                self.turn = index;
                let (length, is_last) = outgoing.next_piece();
                let flags = if is_last { END } else { 0 };
                begin(wire, kind, flags, number, length);
                outgoing.send(length, wire);
                return false;
            }
        }
        let Some((kind, payload)) = self.last.take() else {
            return false;
        };
        Frame::new(kind, number, &payload).encode_into(wire);
        true
    }

    /// Number of bytes that this session holds in both directions.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        let held = self.flows.iter().map(|flow| match flow {
            Flow::Out(outgoing) => outgoing.held(),
            Flow::In(incoming) => incoming.held(),
        });
        held.sum()
    }
}

fn is_ready(flow: &Flow) -> bool {
    match flow {
        Flow::Out(outgoing) => outgoing.is_ready(),
        Flow::In(_) => false,
    }
}

fn index(stream: Stream) -> usize {
    stream as usize
}

fn error(violation: Violation, session: u32, stream: Stream) -> Error {
    match violation {
        Violation::WindowExceeded => Error::WindowExceeded { session, stream },
        Violation::AfterEnd => Error::AfterEnd { session, stream },
        Violation::CreditExceeded => Error::CreditExceeded { session, stream },
    }
}
