//! Carries bytes and signals between a session and its command until the command ends.
//!
//! ```text
//!            first process ends            all output carried
//! Running ------------------------> Draining ----------------> (outcome)
//! ```
//!
//! The pump reads only bytes that it can keep: output while the session has room for it, so that a
//! host that does not read a session stops its command at the command's own full pipe; input waits
//! in the session until the command reads it. The pump itself never blocks: [`crate::sessions`]
//! polls for all pumps.

use std::collections::VecDeque;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lazaret_protocol::mux::GuestMux;
use lazaret_protocol::{Outcome, PIECE_BYTES, Stream, TerminalSize};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{Pid, Signal};

use crate::disposition::would_end_init;
use crate::drain::{Drain, QUIET};
use crate::error::{Context as _, Result};
use crate::memory;
use crate::process::Workload;
use crate::terminal;

/// Room in bytes below which output is not read: pieces of a few bytes would cost too much.
const LEAST_ROOM: usize = PIECE_BYTES / 4;

/// Most writes to a command's input in one turn.
const WRITES_PER_TURN: usize = 16;

/// Longest time before orphans are reaped when nothing else happens.
const REAP_INTERVAL: Duration = Duration::from_millis(200);

/// Number of processes that the kernel had ended for lack of memory when a command was last killed.
static KNOWN_TO_BE_ENDED: AtomicU64 = AtomicU64::new(0);

/// One session's command.
#[derive(Debug)]
pub(crate) struct Pump {
    session: u32,
    main: Pid,
    is_init: bool,
    /// The signal that stands for the SIGKILL that was sent in its place.
    meant: Option<Signal>,
    /// Readable once the first process has ended; `None` once it has told.
    ended: Option<OwnedFd>,
    /// `None` once either side has closed it.
    stdin: Option<OwnedFd>,
    /// Input from an earlier session, which comes before that of this one.
    earlier: VecDeque<u8>,
    /// Whether no input follows the earlier one.
    is_fed: bool,
    /// Whether the command has a terminal: then input and the first output are its master.
    has_terminal: bool,
    /// The slave of the terminal until the first process has ended; so the master does not tell of
    /// an end before.
    slave: Option<OwnedFd>,
    outputs: [Output; 2],
    /// Number of bytes of output that were carried in this turn.
    carried: usize,
    state: State,
}

/// One of the command's output streams.
#[derive(Debug)]
struct Output {
    /// The read end; `None` after its end, and for standard error with a terminal.
    pipe: Option<OwnedFd>,
    stream: Stream,
}

#[derive(Debug)]
enum State {
    Running,
    Draining(Drain),
}

/// A descriptor of a pump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The command's standard input.
    Input,
    /// One of its outputs, by index.
    Output(usize),
    /// The end of its first process.
    Ended,
}

impl Pump {
    /// The pump of the command of `session`.
    pub(crate) fn new(session: u32, workload: Workload) -> Self {
        Self {
            session,
            main: workload.main,
            is_init: workload.is_init,
            meant: None,
            ended: Some(workload.ended),
            stdin: Some(workload.stdin),
            earlier: VecDeque::new(),
            is_fed: false,
            has_terminal: workload.slave.is_some(),
            slave: workload.slave,
            outputs: [
                Output {
                    pipe: Some(workload.stdout),
                    stream: Stream::Output,
                },
                Output {
                    pipe: workload.stderr,
                    stream: Stream::Errors,
                },
            ],
            carried: 0,
            state: State::Running,
        }
    }

    /// Leaves its session, whose multiplexer ends: keeps the input that the command has not read.
    pub(crate) fn leave(&mut self, mux: &mut GuestMux) {
        loop {
            let bytes = mux.input(self.session);
            if bytes.is_empty() {
                break;
            }
            let count = bytes.len();
            self.earlier.extend(bytes);
            mux.consume(self.session, count);
        }
        self.is_fed |= mux.input_is_over(self.session) && !self.has_terminal;
    }

    /// Joins another session, after [`Pump::leave`], with the streams that are still open.
    pub(crate) fn join(&mut self, session: u32, mux: &mut GuestMux) {
        self.session = session;
        if self.stdin.is_none() || self.is_fed {
            mux.discard(session);
        }
        for output in &self.outputs {
            if output.pipe.is_none() {
                mux.end(session, output.stream);
            }
        }
    }

    /// The command's first process.
    pub(crate) fn main(&self) -> Pid {
        self.main
    }

    /// Longest time until its next turn.
    pub(crate) fn patience(&self) -> Duration {
        match self.state {
            State::Running => REAP_INTERVAL,
            State::Draining(_) => QUIET / 8,
        }
    }

    /// Registers the descriptors to poll, and the events of interest.
    pub(crate) fn watch<'a>(
        &'a self,
        mux: &GuestMux,
        add: &mut impl FnMut(Part, BorrowedFd<'a>, PollFlags),
    ) {
        if let Some(pipe) = &self.stdin {
            // Even without interest in writing, poll reports that the reader is gone.
            let mut interest = PollFlags::empty();
            let waits = !self.earlier.is_empty() || !mux.input(self.session).is_empty();
            interest.set(PollFlags::OUT, waits);
            add(Part::Input, pipe.as_fd(), interest);
        }
        for (index, output) in self.outputs.iter().enumerate() {
            if let Some(pipe) = &output.pipe
                && self.has_room(mux, output)
            {
                add(Part::Output(index), pipe.as_fd(), PollFlags::IN);
            }
        }
        if let Some(pidfd) = &self.ended {
            add(Part::Ended, pidfd.as_fd(), PollFlags::IN);
        }
    }

    fn has_room(&self, mux: &GuestMux, output: &Output) -> bool {
        mux.room(self.session, output.stream) >= LEAST_ROOM
    }

    /// Handles the events of one descriptor.
    pub(crate) fn attend(
        &mut self,
        part: Part,
        told: PollFlags,
        mux: &mut GuestMux,
        buffer: &mut [u8],
    ) -> Result<()> {
        match part {
            Part::Input if told.contains(PollFlags::ERR) => self.close_input(mux),
            Part::Input => {}
            Part::Output(index) => self.carry(index, mux, buffer)?,
            Part::Ended => self.ended = None,
        }
        Ok(())
    }

    /// Writes as much input to the command as it accepts.
    pub(crate) fn feed(&mut self, mux: &mut GuestMux) {
        let Some(pipe) = &self.stdin else { return };
        let mut typed = None;
        for _ in 0..WRITES_PER_TURN {
            let earlier = self.earlier.as_slices().0;
            let is_earlier = !earlier.is_empty();
            let bytes = match is_earlier {
                true => earlier,
                false => mux.input(self.session),
            };
            if bytes.is_empty() {
                break;
            }
            match rustix::io::write(pipe, bytes) {
                Ok(written) => {
                    if self.is_init && self.has_terminal {
                        let keys = bytes.get(..written).unwrap_or_default();
                        typed = typed.or_else(|| terminal::typed_signal(pipe, keys));
                    }
                    match is_earlier {
                        true => drop(self.earlier.drain(..written)),
                        false => mux.consume(self.session, written),
                    }
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                // The command closed its standard input.
                Err(_) => return self.close_input(mux),
            }
        }
        // At a terminal a user types Ctrl-D.
        let is_over = self.is_fed || mux.input_is_over(self.session);
        if is_over && self.earlier.is_empty() && !self.has_terminal {
            self.stdin = None;
        }
        if let Some(signal) = typed
            && self.is_in_foreground()
        {
            // To anyone but such a PID 1, the kernel has delivered it.
            self.end_init(signal);
        }
    }

    /// Whether the keys of the terminal that are signals are meant for the first process.
    fn is_in_foreground(&self) -> bool {
        let master = self.stdin.as_ref();
        master.is_some_and(|master| rustix::termios::tcgetpgrp(master) == Ok(self.main))
    }

    /// Closes the input, and discards the bytes that have come and those to come.
    fn close_input(&mut self, mux: &mut GuestMux) {
        self.stdin = None;
        self.earlier.clear();
        mux.discard(self.session);
    }

    /// Reads one piece of output.
    fn carry(&mut self, index: usize, mux: &mut GuestMux, buffer: &mut [u8]) -> Result<()> {
        let Some(output) = self.outputs.get_mut(index) else {
            return Ok(());
        };
        let Some(pipe) = &output.pipe else {
            return Ok(());
        };
        let room = mux.room(self.session, output.stream).min(buffer.len());
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        match rustix::io::read(pipe, &mut *buffer) {
            Ok(0) if room > 0 => {
                output.pipe = None;
                mux.end(self.session, output.stream);
            }
            Ok(read) => {
                let piece = buffer.get(..read).unwrap_or_default();
                self.carried += mux.write(self.session, output.stream, piece);
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            // Nobody has the terminal open any more.
            Err(Errno::IO) if self.has_terminal => {
                output.pipe = None;
                mux.end(self.session, output.stream);
                self.close_input(mux);
            }
            Err(error) => {
                return Err(error).context(|| format!("read the command's {:?}", output.stream));
            }
        }
        Ok(())
    }

    /// Sets the size of the command's terminal, if it has one.
    pub(crate) fn resize(&self, size: TerminalSize) {
        if self.has_terminal
            && let Some(master) = &self.outputs[0].pipe
        {
            let _the_old_size_stays = terminal::resize(master, size);
        }
    }

    /// Sends a signal to the command's process group, or to its first process when that has left
    /// the group. A command that ended is left in peace: its id may be another's.
    ///
    /// A terminal changes nothing about this: a signal is meant for the command, such as a shell, and
    /// not for the job that it runs in a group of its own. What is meant for that is typed.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.ended.is_none() {
            return;
        }
        if self.end_init(signal) {
            return;
        }
        if rustix::process::kill_process_group(self.main, signal).is_err() {
            let _ended_meanwhile = rustix::process::kill_process(self.main, signal);
        }
    }

    /// Ends a PID 1 for which the kernel drops this signal although its default is to end it. Returns
    /// whether it did.
    fn end_init(&mut self, signal: Signal) -> bool {
        let ends = self.is_init && would_end_init(signal);
        if ends {
            self.meant = Some(signal);
            let _ended_meanwhile = rustix::process::kill_process(self.main, Signal::KILL);
        }
        ends
    }

    /// Whether this end of the first process is that of a workload that called reboot(2): from
    /// within a PID namespace that ends its PID 1 by one of two signals which it could not have
    /// died of otherwise.
    pub(crate) fn stopped_the_machine(&self, outcome: &Outcome) -> bool {
        let number = |signal: Signal| u8::try_from(signal.as_raw()).ok();
        let signals = [Signal::INT, Signal::HUP].map(number);
        let is_one = |given: u8| signals.contains(&Some(given));
        self.is_init && matches!(outcome, Outcome::Signal(given) if is_one(*given))
    }

    /// Takes note of the end of the first process.
    pub(crate) fn note_end(&mut self, outcome: Outcome, mux: &mut GuestMux, now: Instant) {
        let killed = |signal: Signal| u8::try_from(signal.as_raw()).map(Outcome::Signal).ok();
        let outcome = match self.meant.and_then(killed) {
            Some(meant) if Some(&outcome) == killed(Signal::KILL).as_ref() => meant,
            _ => self.with_its_cause(outcome),
        };
        self.ended = None;
        self.slave = None;
        self.close_input(mux);
        self.carried = 0;
        self.state = State::Draining(Drain::new(outcome, self.pending_output(), now));
    }

    /// The outcome, with the lack of memory that has led to it. The workload answers for all processes
    /// that the kernel has ended for that, as the first process of a container does; another command
    /// for itself alone.
    fn with_its_cause(&self, outcome: Outcome) -> Outcome {
        const KILLED: Outcome = Outcome::Signal(9);
        let may_be = if self.is_init {
            outcome != Outcome::Code(0)
        } else {
            outcome == KILLED
        };
        if !may_be {
            return outcome;
        }
        let now = memory::ended_processes();
        let known = KNOWN_TO_BE_ENDED.swap(now, Ordering::Relaxed);
        let is_cause = if self.is_init { now > 0 } else { now > known };
        match is_cause {
            true => Outcome::OutOfMemory(outcome.exit_status()),
            false => outcome,
        }
    }

    /// Ends a turn; returns the outcome once all output was carried.
    pub(crate) fn conclude(&mut self, mux: &GuestMux, now: Instant) -> Option<Outcome> {
        let carried = std::mem::take(&mut self.carried);
        let mut open = self.outputs.iter().filter(|output| output.pipe.is_some());
        let host_reads = open.all(|output| self.has_room(mux, output));
        let is_closed = self.outputs.iter().all(|output| output.pipe.is_none());
        let is_empty = self.terminal_is_empty();
        let State::Draining(drain) = &mut self.state else {
            return None;
        };
        drain.note(carried, host_reads, now);
        if is_empty {
            drain.note_empty();
        }
        (is_closed || drain.is_over(now)).then(|| drain.outcome())
    }

    /// Whether the command has ended and its terminal has nothing to read.
    fn terminal_is_empty(&self) -> bool {
        let mut masters = self
            .outputs
            .iter()
            .filter_map(|output| output.pipe.as_ref());
        let is_empty = |master: &OwnedFd| {
            let mut fds = [PollFd::new(master, PollFlags::IN)];
            rustix::event::poll(&mut fds, Some(&Timespec::default())) == Ok(0)
        };
        self.has_terminal && self.ended.is_none() && masters.all(is_empty)
    }

    /// Number of bytes that wait in the output pipes; for a terminal, the most that there can be.
    fn pending_output(&self) -> usize {
        if self.has_terminal {
            return terminal::HELD_BYTES;
        }
        let pending = self.outputs.iter().filter_map(|output| {
            let bytes = rustix::io::ioctl_fionread(output.pipe.as_ref()?).ok()?;
            usize::try_from(bytes).ok()
        });
        pending.sum()
    }
}
