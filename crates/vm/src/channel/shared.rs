//! The state that the task and the handles of sessions share.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lazaret_protocol::mux::{Event, HostMux};
use lazaret_protocol::{Decoder, TerminalSize};
use serde::Serialize;
use tokio::sync::{Notify, watch};

use crate::Error;

/// The sessions, their waiting handles, and whether the guest is there.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Notified when there may be frames to write.
    work: Notify,
}

#[derive(Debug, Default)]
struct State {
    mux: HostMux,
    /// One for each session; changed with every frame that it receives or sends.
    watched: HashMap<u32, watch::Sender<()>>,
    closed: Option<Closed>,
    /// The session after whose request nothing is sent, and whether that went out.
    quiet: Option<(u32, bool)>,
}

/// The reason for which the channel is closed.
#[derive(Debug, Clone)]
pub(super) enum Closed {
    /// The guest or this side closed its end.
    Ended,
    /// Reading failed.
    Broken(String),
    /// The guest broke the protocol, or reported a failure.
    Protocol(lazaret_protocol::Error),
}

impl Shared {
    /// Opens a session; returns its number and a receiver of its changes.
    pub(super) fn open(
        &self,
        request: &impl Serialize,
    ) -> Result<(u32, watch::Receiver<()>), Error> {
        let mut state = self.lock();
        let number = state.mux.open(request)?;
        let (sender, receiver) = watch::channel(());
        state.watched.insert(number, sender);
        self.work.notify_one();
        Ok((number, receiver))
    }

    /// Opens a session whose request is the last frame that is sent until [`Shared::speak`].
    pub(super) fn open_last(
        &self,
        request: &impl Serialize,
    ) -> Result<(u32, watch::Receiver<()>), Error> {
        let mut state = self.lock();
        if state.quiet.is_some() {
            let reason = "it is being saved already".to_owned();
            return Err(Error::Restless { reason });
        }
        let number = state.mux.open(request)?;
        let (sender, receiver) = watch::channel(());
        state.watched.insert(number, sender);
        state.quiet = Some((number, false));
        self.work.notify_one();
        Ok((number, receiver))
    }

    /// Sends frames again.
    pub(super) fn speak(&self) {
        self.lock().quiet = None;
        self.work.notify_one();
    }

    /// The next event of a session, if there is one; `Err` when no more will come.
    pub(super) fn next_event(&self, number: u32) -> Result<Option<Event>, Closed> {
        let mut state = self.lock();
        let event = state.mux.next_event(number);
        if matches!(event, Some(Event::Ended(_))) {
            state.watched.remove(&number);
        }
        match (&event, &state.closed) {
            (None, Some(closed)) => return Err(closed.clone()),
            (None, None) => {}
            // The bytes that were read may allow more credit.
            (Some(_), _) => self.work.notify_one(),
        }
        Ok(event)
    }

    /// Stops reading a session.
    pub(super) fn discard(&self, number: u32) {
        let mut state = self.lock();
        state.mux.discard(number);
        state.forget_if_gone(number);
        self.work.notify_one();
    }

    /// Queues input of a session; `None` when it accepts no more.
    pub(super) fn write(&self, number: u32, bytes: &[u8]) -> Option<usize> {
        let mut state = self.lock();
        if state.closed.is_some() || !state.mux.is_running(number) {
            return None;
        }
        self.work.notify_one();
        Some(state.mux.write(number, bytes))
    }

    /// Ends the input of a session.
    pub(super) fn end(&self, number: u32) {
        self.lock().mux.end(number);
        self.work.notify_one();
    }

    /// Sends a signal to a session.
    pub(super) fn signal(&self, number: u32, signal: u8) {
        self.lock().mux.signal(number, signal);
        self.work.notify_one();
    }

    /// Sends a session the size of its terminal.
    pub(super) fn resize(&self, number: u32, size: TerminalSize) {
        self.lock().mux.resize(number, size);
        self.work.notify_one();
    }

    /// Handles the frames in the decoder.
    pub(super) fn receive(&self, decoder: &mut Decoder) -> Result<(), lazaret_protocol::Error> {
        let mut state = self.lock();
        while let Some(frame) = decoder.next_frame()? {
            let number = state.mux.receive(&frame)?;
            state.tell(number);
            state.forget_if_gone(number);
        }
        // Discarded bytes may allow more credit.
        self.work.notify_one();
        Ok(())
    }

    /// Appends the next frames for the guest to `wire`, about `limit` bytes of them.
    pub(super) fn next_frames(&self, limit: usize, wire: &mut Vec<u8>) {
        let mut state = self.lock();
        while wire.len() < limit
            && !state.quiet.is_some_and(|(_, is_sent)| is_sent)
            && let Some(number) = state.mux.write_next(wire)
        {
            // Short messages go first, and the request is the first one of its session.
            if let Some((last, is_sent)) = &mut state.quiet {
                *is_sent |= *last == number;
            }
            state.tell(number);
        }
    }

    /// Waits until there may be frames to write.
    pub(super) async fn work(&self) {
        self.work.notified().await;
    }

    /// Closes the channel and wakes all waiting sessions. The first reason counts.
    pub(super) fn close(&self, closed: Closed) {
        let mut state = self.lock();
        state.closed.get_or_insert(closed);
        for sender in state.watched.values() {
            sender.send_replace(());
        }
    }

    /// Locks the state; poisoning is ignored, as the multiplexer does not panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tell(&self, number: u32) {
        if let Some(sender) = self.watched.get(&number) {
            sender.send_replace(());
        }
    }

    fn forget_if_gone(&mut self, number: u32) {
        if !self.mux.is_open(number) {
            self.watched.remove(&number);
        }
    }
}
