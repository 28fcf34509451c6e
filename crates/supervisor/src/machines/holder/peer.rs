//! The holder's end of the sessions of one client: one connection, many sessions.
//!
//! It is the counterpart of [`lazaret_vm::Channel`], which the client has, over the same frames as
//! between host and guest. No lock is held across a wait, and the connection is always read: what a
//! session does not take lies in its own window.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lazaret_protocol::mux::{GuestMux, Happened};
use lazaret_protocol::{Decoder, Ending, Failure, FailureKind, Hello, Stream, TerminalSize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, watch};

/// Number of bytes that are read or written at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// A session that the client has opened.
#[derive(Debug)]
pub(super) struct Peer {
    number: u32,
    shared: Arc<Shared>,
    changed: watch::Receiver<()>,
}

/// Something that the client did in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// It sent a signal.
    Signal(u8),
    /// Its terminal has another size.
    Resize(TerminalSize),
    /// It has gone.
    Gone,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notified when there may be frames to write.
    work: Notify,
}

#[derive(Debug, Default)]
struct State {
    mux: GuestMux,
    sessions: BTreeMap<u32, Session>,
    is_gone: bool,
    /// Whether the connection ends with its last session.
    is_closing: bool,
}

#[derive(Debug)]
struct Session {
    /// Changed with every frame that the session receives or sends.
    changed: watch::Sender<()>,
    acts: VecDeque<Act>,
}

/// Most acts that wait: signals and sizes replace earlier ones of their kind beyond it.
const MOST_ACTS: usize = 64;

/// Greets a client and carries its sessions until it hangs up; hands each to `serve`, with its
/// request. After `over`, it also ends when every session has ended and the client was told.
pub(super) async fn attend(
    stream: UnixStream,
    mut serve: impl FnMut(Peer, Vec<u8>),
    over: impl Future<Output = ()>,
) {
    let (mut reader, mut writer) = stream.into_split();
    let mut decoder = Decoder::default();
    if let Err(error) = greet(&mut reader, &mut writer, &mut decoder).await {
        tracing::debug!(error, "client refused");
        return;
    }
    let shared = Arc::new(Shared::default());
    tokio::select! {
        () = receive(&shared, reader, decoder, &mut serve) => {}
        () = send(&shared, writer) => {}
        () = async {
            over.await;
            shared.lock().is_closing = true;
            shared.work.notify_one();
            std::future::pending::<()>().await;
        } => {}
    }
    let mut state = shared.lock();
    state.is_gone = true;
    for session in state.sessions.values() {
        session.changed.send_replace(());
    }
}

async fn greet(
    reader: &mut OwnedReadHalf,
    writer: &mut OwnedWriteHalf,
    decoder: &mut Decoder,
) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let hello = Hello::new("").encode();
    writer
        .write_all(&hello)
        .await
        .map_err(|error| text(&error))?;
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        if let Some(frame) = decoder.next_frame().map_err(|error| text(&error))? {
            return Hello::read(&frame).map(drop).map_err(|error| text(&error));
        }
        match reader.read(&mut buffer).await {
            Ok(0) => return Err("it hung up".to_owned()),
            Ok(length) => decoder.push(&buffer[..length]),
            Err(error) => return Err(text(&error)),
        }
    }
}

/// Reads frames until the client hangs up or breaks the protocol.
async fn receive(
    shared: &Arc<Shared>,
    mut reader: OwnedReadHalf,
    mut decoder: Decoder,
    serve: &mut impl FnMut(Peer, Vec<u8>),
) {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match shared.receive(&mut decoder) {
            Ok(opened) => {
                for (peer, request) in opened {
                    serve(peer, request);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "client breaks the protocol");
                return;
            }
        }
        match reader.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(length) => decoder.push(&buffer[..length]),
        }
    }
}

async fn send(shared: &Shared, mut writer: OwnedWriteHalf) {
    let mut wire = Vec::with_capacity(2 * PIECE_BYTES);
    loop {
        wire.clear();
        let is_done = shared.next_frames(&mut wire);
        if is_done {
            return;
        }
        if wire.is_empty() {
            shared.work.notified().await;
        } else if writer.write_all(&wire).await.is_err() {
            return;
        }
    }
}

impl Shared {
    fn receive(
        self: &Arc<Self>,
        decoder: &mut Decoder,
    ) -> Result<Vec<(Peer, Vec<u8>)>, lazaret_protocol::Error> {
        let mut opened = Vec::new();
        let mut state = self.lock();
        while let Some(frame) = decoder.next_frame()? {
            let number = frame.session;
            match state.mux.receive(&frame)? {
                None => {}
                Some(Happened::Opened { session, request }) => {
                    let (changed, receiver) = watch::channel(());
                    let acts = VecDeque::new();
                    state.sessions.insert(session, Session { changed, acts });
                    let peer = Peer {
                        number: session,
                        shared: self.clone(),
                        changed: receiver,
                    };
                    opened.push((peer, request));
                }
                Some(Happened::Signal { session, number }) => {
                    state.note(session, Act::Signal(number));
                }
                Some(Happened::Resize { session, size }) => {
                    state.note(session, Act::Resize(size));
                }
            }
            state.tell(number);
        }
        // Bytes that were discarded may allow more credit.
        self.work.notify_one();
        Ok(opened)
    }

    /// Puts what is to be sent into an empty buffer; whether there is nothing more and never will be. Both are
    /// told under one lock: between them a session could end, and its ending would not be sent.
    fn next_frames(&self, wire: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        while wire.len() < PIECE_BYTES && state.mux.write_next(wire).is_some() {}
        if wire.is_empty() {
            return state.is_closing && state.sessions.is_empty();
        }
        // Any session may have room again.
        for session in state.sessions.values() {
            session.changed.send_replace(());
        }
        false
    }

    /// Locks the state; poisoning is ignored, as the multiplexer does not panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn note(&mut self, session: u32, act: Act) {
        if let Some(session) = self.sessions.get_mut(&session) {
            if session.acts.len() >= MOST_ACTS {
                session.acts.pop_front();
            }
            session.acts.push_back(act);
        }
    }

    fn tell(&self, session: u32) {
        if let Some(session) = self.sessions.get(&session) {
            session.changed.send_replace(());
        }
    }
}

impl Peer {
    /// Tells the client that what it asked for goes on.
    pub(super) fn started(&self) {
        self.shared.lock().mux.started(self.number);
        self.shared.work.notify_one();
    }

    /// Writes all bytes of an output; waits while the client reads none. `false` when it has gone.
    pub(super) async fn write(&self, stream: Stream, mut bytes: &[u8]) -> bool {
        let mut changed = self.changed.clone();
        while !bytes.is_empty() {
            changed.mark_unchanged();
            let written = {
                let mut state = self.shared.lock();
                if state.is_gone {
                    return false;
                }
                state.mux.write(self.number, stream, bytes)
            };
            self.shared.work.notify_one();
            bytes = &bytes[written..];
            if !bytes.is_empty() && changed.changed().await.is_err() {
                return false;
            }
        }
        true
    }

    /// The next bytes of input; `None` at its end, or when the client has gone.
    pub(super) async fn read(&self) -> Option<Vec<u8>> {
        let mut changed = self.changed.clone();
        loop {
            changed.mark_unchanged();
            {
                let mut state = self.shared.lock();
                let bytes = state.mux.input(self.number).to_vec();
                if !bytes.is_empty() {
                    state.mux.consume(self.number, bytes.len());
                    drop(state);
                    self.shared.work.notify_one();
                    return Some(bytes);
                }
                if state.is_gone || state.mux.input_is_over(self.number) {
                    return None;
                }
            }
            changed.changed().await.ok()?;
        }
    }

    /// Waits for the next act. It is safe to cancel.
    pub(super) async fn act(&self) -> Act {
        let mut changed = self.changed.clone();
        loop {
            changed.mark_unchanged();
            {
                let mut state = self.shared.lock();
                let session = state.sessions.get_mut(&self.number);
                if let Some(act) = session.and_then(|session| session.acts.pop_front()) {
                    return act;
                }
                if state.is_gone {
                    return Act::Gone;
                }
            }
            if changed.changed().await.is_err() {
                return Act::Gone;
            }
        }
    }

    /// Whether the client has gone.
    pub(super) fn is_gone(&self) -> bool {
        self.shared.lock().is_gone
    }

    /// Waits until the client has gone; acts are dropped.
    pub(super) async fn gone(&self) {
        while self.act().await != Act::Gone {}
    }

    /// Ends the session. An exit status implies that something was started.
    pub(super) fn finish(&self, ending: &Ending) {
        let mut state = self.shared.lock();
        if matches!(ending, Ending::Exit(_)) {
            state.mux.started(self.number);
        }
        state.mux.finish(self.number, ending);
        drop(state);
        self.shared.work.notify_one();
    }

    /// Ends the session with a failure of the machine.
    pub(super) fn fail(&self, message: String) {
        self.finish(&Ending::Failure(Failure {
            kind: FailureKind::Machine,
            message,
        }));
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.sessions.remove(&self.number);
        // Nobody answers the client any more; after an ending this does nothing.
        let failure = Failure {
            kind: FailureKind::Machine,
            message: "the machine has ended".to_owned(),
        };
        state.mux.finish(self.number, &Ending::Failure(failure));
        self.shared.work.notify_one();
    }
}
