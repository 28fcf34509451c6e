//! Runs all sessions of one host, over one port: one thread, one `poll`.
//!
//! [`Sessions::next`] carries bytes and signals for every running command, and returns when the
//! caller has to act: a session was opened, or has ended.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use lazaret_protocol::mux::{GuestMux, Happened};
use lazaret_protocol::{Ending, Hello, Kind, Outcome, PIECE_BYTES, Request};
use rustix::event::{PollFd, PollFlags};
use rustix::process::Signal;

use crate::error::{Error, Result};
use crate::port::{HANGS_UP_WITHIN, Port};
use crate::process::Workload;
use crate::pump::{Part, Pump};
use crate::{children, console, poll, power, signal};

/// Timeout of `poll` when there is no command.
const IDLE: Duration = Duration::from_secs(1);

/// The sessions with one host.
#[derive(Debug)]
pub(crate) struct Sessions {
    port: Port,
    mux: GuestMux,
    pumps: BTreeMap<u32, Pump>,
    events: VecDeque<Event>,
    buffer: Vec<u8>,
    /// The workload of a machine that began as a copy, until its host says who it is.
    parked: Option<Pump>,
}

/// The host that speaks after a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waker {
    /// The same one: everything goes on.
    Same,
    /// That of a copy of the machine, which is this one: no session is left.
    Other,
}

/// An event on which the caller acts.
#[derive(Debug)]
pub(crate) enum Event {
    /// The host opened a session; [`Sessions::begin`] answers it.
    Opened {
        /// Number of the session.
        session: u32,
        /// The request that opened it.
        request: Request,
    },
    /// A session has ended, and this was reported to the host.
    Ended {
        /// Number of the session.
        session: u32,
    },
}

impl Sessions {
    /// Sessions over a port on which greetings were exchanged.
    pub(crate) fn over(port: Port) -> Self {
        Self {
            port,
            mux: GuestMux::default(),
            pumps: BTreeMap::new(),
            events: VecDeque::new(),
            buffer: vec![0; PIECE_BYTES],
            parked: None,
        }
    }

    /// Returns the port, when the host is gone.
    pub(crate) fn into_port(self) -> Port {
        self.port
    }

    /// The next event. Requests that do not parse are refused without an
    /// event.
    pub(crate) fn next(&mut self) -> Result<Event> {
        // Frames that followed the greeting are already read, so `poll` will not report them.
        self.obey(false)?;
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            self.turn()?;
        }
    }

    /// Answers a session: with a command that was started, or with the reason for which none was.
    pub(crate) fn begin(&mut self, session: u32, workload: Result<Workload>) {
        match workload {
            Ok(workload) => {
                self.mux.started(session);
                self.pumps.insert(session, Pump::new(session, workload));
            }
            Err(error) => self.fail(session, &error),
        }
    }

    /// Answers a session that is done with the request itself.
    pub(crate) fn answer(&mut self, session: u32, done: Result<()>) {
        match done {
            Ok(()) => {
                self.mux.started(session);
                self.mux.finish(session, &Ending::Exit(Outcome::Code(0)));
                self.events.push_back(Event::Ended { session });
            }
            Err(error) => self.fail(session, &error),
        }
    }

    /// Waits until the host has read everything and hangs up, because data that is still in transit
    /// when the machine ends is lost. New sessions are refused.
    pub(crate) fn finish(&mut self) -> Result<()> {
        let deadline = Instant::now() + HANGS_UP_WITHIN;
        while Instant::now() < deadline {
            match self.turn() {
                Err(Error::HostGone) => return Ok(()),
                result => result?,
            }
            while let Some(event) = self.events.pop_front() {
                if let Event::Opened { session, .. } = event {
                    self.fail(session, &Error::Ending);
                }
            }
        }
        Ok(())
    }

    /// Rests in a session, whose workload has another one: sends everything that waits, tells the
    /// host that nothing follows, and returns when a host speaks.
    pub(crate) fn rest(&mut self, session: u32, workload: u32) -> Result<Waker> {
        self.flush()?;
        self.mux.started(session);
        self.flush()?;
        while !self.mux.input_is_over(session) {
            if self.obey(true)? {
                self.renew(workload);
                return Ok(Waker::Other);
            }
            if !self.mux.input_is_over(session) {
                self.port.turn(IDLE)?;
            }
        }
        self.mux.finish(session, &Ending::Exit(Outcome::Code(0)));
        self.events.push_back(Event::Ended { session });
        Ok(Waker::Same)
    }

    /// Begins anew for another host: keeps the workload, and kills all other commands.
    fn renew(&mut self, workload: u32) {
        self.parked = self.pumps.remove(&workload);
        if let Some(pump) = &mut self.parked {
            pump.leave(&mut self.mux);
        }
        for pump in self.pumps.values_mut() {
            pump.signal(Signal::KILL);
        }
        self.pumps.clear();
        self.events.clear();
        self.mux = GuestMux::default();
    }

    /// Gives the workload that went on in a copy to a session; `false` when there is none.
    pub(crate) fn adopt(&mut self, session: u32) -> bool {
        let Some(mut pump) = self.parked.take() else {
            return false;
        };
        self.mux.started(session);
        pump.join(session, &mut self.mux);
        self.pumps.insert(session, pump);
        true
    }

    /// Kills all commands of a host that is gone.
    pub(crate) fn kill_all(&mut self) {
        for pump in self.pumps.values_mut() {
            pump.signal(Signal::KILL);
        }
        self.pumps.clear();
        children::bury(|_, _| {});
    }

    fn fail(&mut self, session: u32, error: &Error) {
        self.mux.finish(session, &Ending::Failure(error.failure()));
        self.events.push_back(Event::Ended { session });
    }

    /// One turn: sends, waits for events, and handles them.
    fn turn(&mut self) -> Result<()> {
        self.send()?;
        for (part, told) in self.wait()? {
            match part {
                None => self.attend_port(told)?,
                Some((session, part)) => self.attend(session, part, told),
            }
        }
        for pump in self.pumps.values_mut() {
            pump.feed(&mut self.mux);
        }
        self.conclude();
        Ok(())
    }

    /// Polls; returns the descriptors with events. The entry of the port has no part.
    #[allow(clippy::type_complexity)]
    fn wait(&self) -> Result<Vec<(Option<(u32, Part)>, PollFlags)>> {
        let mut interest = PollFlags::IN;
        interest.set(PollFlags::OUT, self.port.wants_to_write());
        let mut parts = vec![None];
        let mut fds = vec![PollFd::from_borrowed_fd(self.port.as_fd(), interest)];
        let mut patience = IDLE;
        for (session, pump) in &self.pumps {
            patience = patience.min(pump.patience());
            pump.watch(&self.mux, &mut |part, fd, interest| {
                parts.push(Some((*session, part)));
                fds.push(PollFd::from_borrowed_fd(fd, interest));
            });
        }
        poll::wait_for(&mut fds, patience)?;
        let told = fds.iter().map(PollFd::revents);
        let told = parts.into_iter().zip(told);
        Ok(told.filter(|(_, told)| !told.is_empty()).collect())
    }

    fn attend_port(&mut self, told: PollFlags) -> Result<()> {
        if told.contains(PollFlags::OUT) {
            self.port.write_some()?;
        }
        if told.contains(PollFlags::IN) {
            self.port.read_some()?;
            self.obey(false).map(drop)
        } else if told.intersects(PollFlags::HUP | PollFlags::ERR) {
            Err(Error::HostGone)
        } else {
            Ok(())
        }
    }

    fn attend(&mut self, session: u32, part: Part, told: PollFlags) {
        let Some(pump) = self.pumps.get_mut(&session) else {
            return;
        };
        if let Err(error) = pump.attend(part, told, &mut self.mux, &mut self.buffer) {
            pump.signal(Signal::KILL);
            self.pumps.remove(&session);
            self.fail(session, &error);
        }
    }

    /// Handles the frames that have arrived. At rest another host may greet, after which this returns
    /// `true` and leaves the frames that follow.
    fn obey(&mut self, at_rest: bool) -> Result<bool> {
        while let Some(frame) = self.port.next_frame()? {
            if at_rest && frame.kind == Kind::Hello {
                Hello::read(&frame).map_err(|source| Error::Greeting { source })?;
                return Ok(true);
            }
            let happened = self.mux.receive(&frame);
            match happened.map_err(|source| Error::Frame { source })? {
                None => {}
                Some(Happened::Signal { session, number }) => {
                    if let (Some(pump), Some(signal)) =
                        (self.pumps.get_mut(&session), signal::by_number(number))
                    {
                        pump.signal(signal);
                    }
                }
                Some(Happened::Resize { session, size }) => {
                    if let Some(pump) = self.pumps.get(&session) {
                        pump.resize(size);
                    }
                }
                Some(Happened::Opened { session, request }) => {
                    match serde_json::from_slice(&request) {
                        Ok(request) => self.events.push_back(Event::Opened { session, request }),
                        Err(source) => self.fail(session, &Error::Request { source }),
                    }
                }
            }
        }
        Ok(false)
    }

    /// Reaps children, and ends the sessions whose output is complete.
    fn conclude(&mut self) {
        let now = Instant::now();
        let (pumps, mux) = (&mut self.pumps, &mut self.mux);
        let mut is_stopped = false;
        children::bury(|pid, outcome| {
            if let Some(pump) = pumps.values_mut().find(|pump| pump.main() == pid) {
                is_stopped |= pump.stopped_the_machine(&outcome);
                pump.note_end(outcome, mux, now);
            }
        });
        if is_stopped {
            console::say("the workload stopped the machine");
            power::kill_everything();
            power::off();
        }
        let (mux, events) = (&mut self.mux, &mut self.events);
        self.pumps.retain(|session, pump| {
            let Some(outcome) = pump.conclude(mux, now) else {
                return true;
            };
            mux.finish(*session, &Ending::Exit(outcome));
            events.push_back(Event::Ended { session: *session });
            false
        });
    }

    /// Gives the port as many frames as it has room for; sessions take turns. Returns whether it has
    /// taken all of them.
    fn send(&mut self) -> Result<bool> {
        let mut all = false;
        while self.port.has_room() && !all {
            all = self.mux.write_next(self.port.outgoing()).is_none();
        }
        if self.port.wants_to_write() {
            self.port.write_some()?;
        }
        Ok(all)
    }

    /// Sends everything that waits, and waits until it has gone.
    fn flush(&mut self) -> Result<()> {
        loop {
            let all = self.send()?;
            match (self.port.wants_to_write(), all) {
                (true, _) => self.port.turn(IDLE)?,
                (false, true) => return Ok(()),
                (false, false) => {}
            }
        }
    }
}
